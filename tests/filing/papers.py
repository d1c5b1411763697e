"""A complete set of answers, and reports on record, for the tests of filing."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from filing import catalogue, dossier, review
from filing.dossier import Filing
from filing.forms import current
from filing.lifecycle import Action
from filing.meanings import Meaning
from filing.search_hits import Filters
from filing.search_index import SearchIndex
from registry import attestation, statements
from registry.database import new_id, now
from registry.evaluations import Evaluation
from registry.explanations import Explanation
from registry.organisations import Actor, Kind
from registry.reports import Report
from registry.submission import Version
from tests import cast

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
DECISION = ("counterfactual_flip", "error_parity", "selection_parity")
PRICING = ("price_counterfactual", "price_observational")

LOW = {
    "scene_public": "no",
    "scene_sector": "none",
    "scene_effect": "informs",
    "scene_human": "always",
    "scene_information": "none",
    "scope_people": "thousand",
    "scope_area": "site",
    "scope_groups": "no",
    "scope_choice": "free",
    "severity_safety": "no",
    "severity_money": "little",
    "severity_rights": "no",
    "severity_undo": "at_once",
    "severity_order": "no",
}
HIGH = LOW | {
    "scene_public": "commerce",
    "scene_sector": "livelihood",
    "scene_effect": "decides",
    "severity_money": "notable",
}


ON_RECORD: dict[str, Any] = {
    "A1": {"zh": "示例信贷公司", "en": "Example Credit Co."},
    "A2": "91350100M000100Y43",
    "A3": {"kind": "company", "city": "shanghai", "district": "浦东新区"},
}
"""What an organisation's record fills in, for tests that know no organisation."""


ACTS = next(part.options for part in current().part(Meaning.FORBIDDEN_ACTS).parts if part.options)
"""The acts that the two cities' regulations forbid."""


OTHERS_MODEL: dict[str, Any] = {
    "E3": {"model": {"zh": "示例模型"}, "licence": "Apache-2.0"},
    "B15": [{"name": {"zh": "示例模型"}, "supplier": {"zh": "甲"}, "use": {"zh": "打分"}}],
}
"""What is asked where somebody else's model is tuned or called."""


def answers(**changed: Any) -> dict[str, Any]:
    """Answers that leave nothing to do, about a high-risk loan model; `changed` by key."""
    text = {"zh": "写得清楚的内容", "en": "plain content"}
    whole: dict[str, Any] = {
        "A3": {"kind": "company", "city": "shanghai"},
        "A4": "provider",
        "A6": {"post": {"zh": "首席风险官", "en": "Chief risk officer"}, "person": "王小明"},
        "A5": {"used": "no"},
        "A7": {"systems": ["mechanism", "ethics", "emergency"]},
        "A8": 3,
        "A9": {"statement": "true", "post": "总经理", "date": "2026-11-01"},
        "A10": {"norms": "yes", "training": "none"},
        "B1": {"zh": "住房贷款审批算法", "en": "Home loan approval"},
        "B2": {"zh": "判断贷款能不能批。", "en": "It judges whether a loan is approved."},
        "B4": ["dispatch"],
        "B5": {"sectors": ["finance", "housing"], "situations": text},
        "B6": "public_interest",
        "B7": {"purpose": text, "non_uses": text},
        "B8": "in_service",
        "B9": {"start": "2026-11-21"},
        "B10": [{"product": text, "form": "app", "path": text}],
        "B11": {"served": ["public"], "people": "ten_thousand"},
        "B12": ["none"],
        "B13": [{"direction": "input", "modality": "table", "formats": text}],
        "B14": "decides",
        "B19": ["none"],
        "C1#1": {"name": {"zh": "贷款申请记录", "en": "Loan applications"}, "version": "1"},
        "C2#1": ["training", "test"],
        "C3#1": {"source": "own", "how": text},
        "C4#1": {"basis": ["consent"], "where": text},
        "C5#1": {"records": 1200, "first": "2022-01-01", "last": "2025-12-31"},
        "C6#1": {"forms": ["table"]},
        "C7#1": ["ordinary"],
        "C8#1": {"how": text, "kept": text},
        "C9#1": text,
        "C10#1": {"source": "outcome"},
        "C11#1": text,
        "C12#1": text,
        "C13#1": {"way": "yearly", "last": "2026-01-15"},
        "C14#1": {"where": "own", "leaves": "no"},
        "C16#1": {"handed": "no"},
        "D1": text,
        "D2": {"steps": [{"kind": "model", "does": text}, {"kind": "human", "does": text}]},
        "D3": ["tree"],
        "D4": text,
        "D5": [{"factor": text, "influence": "strong"}],
        "D6": [{"factor": text, "why": text, "proxies": text}],
        "D9": text,
        "D10": {"differs": "no_price"},
        "D11": text,
        "D12": {"method": "factors", "how": text},
        "E1": "trained",
        "E2": {"structure": text, "size": "small"},
        "E4": {"environment": text},
        "E5": text,
        "E6": {"settings": text},
        "E7": text,
        "E8": {"used": "no"},
        "E9": {"learns": "no"},
        "E10": text,
        "E11": "a" * 64,
        "E13": {"how": text, "duplicates": "none_found"},
        "G1": HIGH,
        "G3": [{"who": text, "harm": text, "severity": "notable", "undone": "yes"}],
        "G4": [
            {"aspect": each, "found": "none", "said": text}
            for each in ("national", "safety", "order", "rights", "other")
        ],
        "G5": [{"kind": "misuse", "what": text, "against": text}],
        "G6": [{"measure": text, "post": text}],
        "G7": text,
        "G8": [{"body": text, "kind": "first", "date": "2026-09-01", "conclusion": "agreed"}],
        "G9": [{"act": each.id, "tested": "not_tested"} for each in ACTS],
        "G10": {"done": "yes", "date": "2026-08-20"},
        "G12": {"trigger": text, "stop": text},
        "G14": {"listed": "no_list", "reviewed": "no"},
        "H1": text,
        "H2": text,
        "H3": text,
        "H4": text,
        "H5": [{"what": text, "effect": "better"}],
        "H6": text,
        "H7": text,
        "H8": {"how": text},
        "H9": {"how": text},
        "I1": {"online": "help@bank.example", "offline": "各网点服务台"},
        "I2": {
            "phone": "021-00000000",
            "link": "https://bank.example/appeal",
            "steps": text,
            "days": 15,
        },
        "I3": {"phone": "021-00000001"},
        "I4": {"place": text},
        "I5": {"post": text, "phone": "021-00000002", "mailbox": "compliance@bank.example"},
        "I6": {"contact": "test@bank.example", "account": "yes"},
    }
    low: dict[str, Any] = {"B6": "other", "B14": "informs"} if changed.get("G1") == LOW else {}
    if "G1" in changed:  # another grade may ask for a plan of what is watched
        low |= {"G11": [{"watched": text, "rhythm": "monthly", "next": "2027-01-15"}]}
    if "B4" in changed:
        low |= {"D8": {"rules": text, "delete": text}}
    return whole | low | changed


def another(**changed: Any) -> dict[str, Any]:
    """A second data set with every answer; `changed` by code, without the number of the set."""
    first = {key.removesuffix("#1"): each for key, each in answers().items() if "#1" in key}
    return {f"{code}#2": each for code, each in (first | changed).items()}


def report(
    session: Session,
    version: Version,
    by: Actor,
    *,
    age: timedelta = timedelta(),
    signed: bool = True,
    task: str = "decision",
    run: Sequence[str] = DECISION,
    required: Sequence[str] | None = None,
    verdicts: dict[str, str] | None = None,
    plan: dict[str, Any] | None = None,
    findings: Sequence[dict[str, Any]] = (),
) -> Report:
    """A report on record by the actor's organisation, with a real statement in its envelope."""
    data = cast.dataset(session, by)
    made = Evaluation(
        version_id=version.id,
        dataset_id=data.id,
        organisation_id=by.organisation_id,
        registered_by=by.person_id,
        plan="{}",
        plan_digest=attestation.digest({}),
    )
    session.add(made)
    session.flush()
    outside = by.organisation_id != version.organisation_id
    wanted = required or (PRICING if task == "pricing" else DECISION)
    predicate = _predicate(made.id, outside, task, wanted, run, verdicts or {})
    predicate["plan"]["content"] |= plan or {}
    predicate["findings"] += findings
    statement = statements.make(
        statements.REPORT,
        subject=f"model/x/credit@{version.number}",
        digest=version.digest,
        predicate=predicate,
    )
    row = Report(
        id=made.id,
        evaluation_id=made.id,
        version_id=version.id,
        organisation_id=by.organisation_id,
        third_party=outside,
        model_digest=version.digest,
        envelope=attestation.encode(attestation.sign(statement, KEY)),
        statement_digest=attestation.sha256(statement),
        findings_digest=attestation.digest([]),
        sealed_digest=attestation.digest([]),
        created=now() - age,
        countersigned=now() - age if signed else None,
        countersigned_by=by.person_id if signed else None,
    )
    session.add(row)
    session.flush()
    return row


def _predicate(
    report_id: str,
    outside: bool,
    task: str,
    wanted: Sequence[str],
    run: Sequence[str],
    verdicts: dict[str, str],
) -> dict[str, Any]:
    party = {"id": "x", "zh": "甲", "en": "A"}
    nothing = attestation.digest({})
    return {
        "report": {
            "id": report_id,
            "evaluation": report_id,
            "kind": "third_party" if outside else "own",
            "evaluator": party,
            "owner": party,
            "engagement": None,
            "registered": [],
        },
        "task": task,
        "required_probes": list(wanted),
        "plan": {"digest": nothing, "content": {"title": {"zh": "甲", "en": "A"}}},
        "data": {"digest": nothing, "name": "x", "rows": 1, "columns": [], "held_out": ""},
        "nonce": "0",
        "probes": [{"id": each, "version": "1", "digest": nothing} for each in run],
        "findings": [{"probe": each, "verdict": verdicts.get(each, "equivalent")} for each in run],
        "findings_digest": nothing,
        "evidence": {
            "public": {"digest": nothing, "content": {}},
            "sealed": {"digest": nothing},
        },
        "provenance": {},
        "test_result": {
            "result": "PASSED",
            "configuration": [],
            "passedTests": [],
            "warnedTests": [],
            "failedTests": [],
        },
        "statements": [],
    }


def explanation(session: Session, version: Version, by: Actor) -> Explanation:
    """A finished explanation on record."""
    row = Explanation(
        version_id=version.id,
        dataset_id=cast.dataset(session, by).id,
        organisation_id=by.organisation_id,
        requested_by=by.person_id,
        plan={},
        plan_digest=attestation.digest({}),
        model_digest=version.digest,
        content={},
        digest=attestation.digest(new_id()),
        finished=now(),
        approved=now(),
    )
    session.add(row)
    session.flush()
    return row


class Scene:
    """An enterprise with a version, a tester and a reviewer, and steps taken in short form."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.filer = cast.actor(session, Kind.ENTERPRISE)
        self.tester = cast.actor(session, Kind.TESTER)
        self.reviewer = cast.actor(session, Kind.AUTHORITY)
        self.publisher = cast.actor(session, Kind.AUTHORITY)
        self.version = cast.version(session, self.filer)

    def search(self, query: str = "", filters: Filters = Filters(), **how: Any) -> catalogue.Page:
        """A search of what this scene's session sees, with an index made for it."""
        return catalogue.search(self.session, SearchIndex(), query, filters, **how)

    def opened(self, version: Version | None = None, **changed: Any) -> Filing:
        """A draft with every answer given."""
        made = dossier.open_filing(
            self.session, by=self.filer, version_id=(version or self.version).id
        )
        return dossier.fill(
            self.session,
            by=self.filer,
            filing_id=made.id,
            revision=made.revision,
            answers=answers(**changed),
        )

    def evaluated(self, **changed: Any) -> Filing:
        """A draft with every answer and a third-party report that opens the gate."""
        filing = self.opened(**changed)
        self.attach(filing, report(self.session, self.version, self.tester))
        return filing

    def attach(self, filing: Filing, made: Report) -> None:
        """Attach a report."""
        dossier.attach(
            self.session,
            by=self.filer,
            filing_id=filing.id,
            revision=filing.revision,
            report_id=made.id,
        )

    def file(self, filing: Filing, *actions: str, **said: Any) -> Filing:
        """The filer takes steps."""
        for action in actions:
            self.step(filing, self.filer, action, **said)
        return filing

    def rule(self, filing: Filing, *actions: str, **said: Any) -> Filing:
        """The reviewer takes steps; the second one publishes."""
        for action in actions:
            by = self.publisher if action == "publish" else self.reviewer
            self.step(filing, by, action, **said)
        return filing

    def step(self, filing: Filing, by: Actor, action: str, **said: Any) -> Filing:
        """Somebody takes a step, having read the filing as it is now."""
        said = {"revision": filing.revision} | said
        return review.take(self.session, by=by, filing_id=filing.id, action=Action(action), **said)

    def submitted(self, **changed: Any) -> Filing:
        """A filing that waits for the reviewer."""
        return self.file(self.evaluated(**changed), "check", "submit")

    def published(self, **changed: Any) -> Filing:
        """A published filing."""
        return self.rule(self.submitted(**changed), "accept", "file", "publish")


def at(year: int, month: int, day: int) -> datetime:
    """Midnight of a day, in UTC."""
    return datetime(year, month, day, tzinfo=UTC)
