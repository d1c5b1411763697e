"""Published filings of every kind that a sentence on a public page could be false of."""

import copy
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from fastapi import FastAPI

from filing import (
    catalogue,
    computed,
    dossier,
    editions,
    handling,
    listings,
    receiving,
    withdrawing,
)
from filing.concern_steps import Action, Outcome
from filing.dossier import Filing
from filing.fields import Kind as FieldKind
from filing.fields import Part
from filing.forms import current
from filing.guards import Case
from filing.handling import Taken
from filing.receiving import Given
from filing.recommended import keeping
from filing.recommended.keeping import Opening
from filing.risk import Level
from filing.routes import Route
from registry import attestation, finding_answers, statements
from registry.contradictions import Contradiction
from registry.contradictions import Kind as About
from registry.database import now, transaction
from registry.explanations import Explanation
from registry.language import LANGUAGES, Text
from registry.organisations import Actor, Kind
from registry.reports import Report
from registry.submission import Version
from tests import cast
from tests.filing import papers
from tests.filing.papers import KEY, Scene
from tests.portal.recommended import SAID, colleague, enter

SEAL = {"reason": "商业秘密", "ground": "trade_secret", "review": "2027-06-01"}


DIFFERING = Contradiction(
    About.DIRECTION,
    "columns.age",
    Text("说明的计划里，年龄", "In the plan of the explanation, age"),
    ("age",),
    Text("大的时候，结果更差", "when higher, the result gets worse"),
    Text("试了900次，900次更容易得到有利的结果", "of 900 tests, 900 better"),
    900,
)


TAKEN_BACK = {"zh": "数据用错了一列", "en": "A wrong column was used"}


class Records:
    """The filings by name, each on a model of its own; the addresses of their pages.

    Args:
        site: the application on whose register they are made.
        predicate: of a real report, whose findings are given other verdicts.
        explained: a real explanation by the same measure.
    """

    def __init__(
        self, site: FastAPI, predicate: Mapping[str, Any], explained: Explanation
    ) -> None:
        self.site, self.explained = site, explained
        self.predicate = {**predicate, "evidence": predicate["evidence"]}
        self.pages: dict[str, str] = {}
        self.numbers: dict[str, str] = {}
        self.reports: dict[str, str] = {}
        with transaction(site.state.factory) as session:
            self.session, self.scene = session, Scene(session)
            self._make()

    def _make(self) -> None:
        scene = self.scene
        self._third_party("clear", verdicts=["inconclusive"])
        self._third_party("beyond", verdicts=["disparity"])
        self._third_party("other verdicts", verdicts=["equivalent", "not_evaluable", "difference"])
        self._third_party("far beyond", verdicts=["disparity"] * 5)
        self._third_party("demonstration", B8="demonstration", B9=None)
        self._third_party("other city", A3={"kind": "company", "city": "shenzhen"})
        self._third_party("not applicable", D6={"not_applicable": "没有排除"})
        self._third_party(
            "sealed", D7={"value": [{"rule": "六十分", "effect": "批准"}], "sealed": SEAL}
        )
        self._third_party("said approved", B2="获政府批准，用来决定是否放贷。")
        self._named_approved("named approved")
        self._hard("hard H4")
        self._own("own")
        self._own("unsigned", by=scene.tester, signed=False)
        self._bare("bare")
        self._concerned("appealed", Route.APPEAL, closed=True)
        self._concerned("complained", Route.COMPLAINT, closed=False)
        self._regraded("regraded")
        self._changed("changed", publish=True)
        self._changed("pending", publish=False)
        unsigned = self._own("pending alone", by=scene.tester, signed=False)
        self._amend(unsigned, E7="换了一个标准")
        self._explained("explained")
        self._explained("explained before", earlier=True)
        self._explained("hard words", kept="阈值")
        self._explained("differing", differs=True)
        self._outgrown("outgrown")
        self._moved("earlier", "newer")
        self._third_party("left out")
        self.report(scene.tester, verdicts=["disparity"] * 2)
        self._attached_later("unquoted")
        ended = self._third_party("ended")
        scene.file(ended, "cancel", reason="服务结束")
        answered = self._third_party("answered", verdicts=["disparity"])
        finding_answers.answer(
            self.session,
            by=scene.filer,
            report_id=answered.report_ids[0],
            finding=1,
            said={"zh": "已经改好", "en": "Mended since"},
        )
        taken_back = self._third_party("withdrawn", verdicts=["disparity"])
        withdrawing.withdraw(
            self.session, by=scene.tester, report_id=taken_back.report_ids[0], reason=TAKEN_BACK
        )
        self._lengthy("lengthy")
        self._third_party("many", verdicts=["disparity"] * 24)
        self._recommended("many", "shanghai", ("clear", "beyond", "other verdicts", "other city"))
        self._recommended("one", "shenzhen", ("explained",))
        self._recommended("none", "shanghai", ())
        self._recommended("named", "shanghai", ("named approved",))

    def report(
        self,
        by: Actor,
        *,
        version: Version | None = None,
        verdicts: Sequence[str] = ("inconclusive",),
        signed: bool = True,
    ) -> Report:
        """A report on record whose findings have these verdicts, with ties where it is engaged."""
        about = version or self.scene.version
        made = papers.report(self.session, about, by, signed=signed)
        predicate = copy.deepcopy(dict(self.predicate))
        own = by.organisation_id == about.organisation_id
        ties = {"id": "e", "query_budget": 1, "conflict_filer": "曾经合作",
                "conflict_tester": "没有", "paid_by": "备案主体"}  # fmt: skip
        predicate["report"] |= {
            "id": made.id,
            "kind": "own" if own else "third_party",
            "engagement": None if own else ties,
        }
        predicate["findings"] = [
            {
                **self._finding(),
                "verdict": verdict,
                "slice": {f"c{place}": "x"},
                # An interval that reaches over the margins would make "small" inconclusive.
                **({"ci": None} if verdict == "equivalent" else {}),
            }
            for place, verdict in enumerate(verdicts)
        ]
        statement = statements.make(
            statements.REPORT,
            subject=f"model/x/credit@{about.number}",
            digest=about.digest,
            predicate=predicate,
        )
        made.envelope = attestation.encode(attestation.sign(statement, KEY))
        made.statement_digest = attestation.sha256(statement)
        self.session.flush()
        return made

    def _finding(self) -> dict[str, Any]:
        compared = (f for f in self.predicate["findings"] if f["reference_estimate"] is not None)
        return copy.deepcopy(next(each for each in compared if not each["suppressed"]))

    def _recommended(self, slug: str, city: str, names: Sequence[str]) -> None:
        """A catalogue with these filings."""
        one = cast.actor(self.session, Kind.INDUSTRY_BODY)
        opening = Opening(slug, city, SAID)
        keeping.open_catalogue(self.session, by=one, opening=opening)
        people = (one, colleague(self.session, one))
        for name in names:
            filing = catalogue.find(self.session, self.numbers[name])
            enter(self.session, self.scene.filer, filing, people, slug)

    def _opened(self, name: str, **answers: Any) -> Filing:
        self.scene.version = cast.version(self.session, self.scene.filer, name=name)
        return self.scene.opened(**answers)

    def _publish(self, name: str, filing: Filing) -> Filing:
        self.scene.file(filing, "check", "submit")
        self.scene.rule(filing, "accept", "file", "publish")
        return self._shown(name, filing)

    def _shown(self, name: str, filing: Filing) -> Filing:
        edition = editions.newest(self.session, filing.id)
        assert edition is not None
        content = edition.read()
        self.pages[name] = f"f/{content['slug']}"
        self.numbers[name] = content["slug"]
        self.reports.update((name, each["id"]) for each in content["reports"])
        return filing

    def _third_party(
        self, name: str, verdicts: Sequence[str] = ("inconclusive",), **answers: Any
    ) -> Filing:
        filing = self._opened(name, **answers)
        self.scene.attach(filing, self.report(self.scene.tester, verdicts=verdicts))
        return self._publish(name, filing)

    def _named_approved(self, name: str) -> None:
        """A filing whose name claims an approval, kept with the reasons of both sides."""
        filing = self._opened(name, B1="国家认证的公平信贷算法")
        self.scene.attach(filing, self.report(self.scene.tester))
        self.scene.file(filing, "check")
        self.scene.file(filing, "submit", reason="“国家认证”是本单位注册商标的一部分。")
        self.scene.rule(filing, "accept", "file")
        self._shown(name, self.scene.rule(filing, "publish", reason="已核对商标注册证。"))

    def _hard(self, name: str) -> None:
        """A filing whose group H has a word of the trade, kept with a reason."""
        filing = self._opened(name, H4="看分数过没过阈值。")
        self.scene.attach(filing, self.report(self.scene.tester))
        self.scene.file(filing, "check")
        reason = Text("合同里用的就是这个词，旁边有解释。", "The contract uses this very word.")
        self.scene.file(filing, "submit", differing={"words:H4": reason})
        self.scene.rule(filing, "accept", "file", "publish")
        self._shown(name, filing)

    def _own(self, name: str, *, by: Actor | None = None, signed: bool = True) -> Filing:
        filing = self._opened(name, G1=papers.LOW)
        self.scene.attach(filing, self.report(by or self.scene.filer, signed=signed))
        return self._publish(name, filing)

    def _bare(self, name: str) -> None:
        """An edition without report and with a gap in the explanation, as no step makes one today."""
        filing = self._own(name)
        filing.report_ids = []
        filing.answers = {
            key: each for key, each in filing.answers.items() if key not in ("H5", "H9", "I2")
        }
        self.session.flush()
        case = Case(self.session, filing, self.scene.reviewer)
        assert case.gate is not None
        making = editions.Making([], case.gate, now())
        edition = editions.make(self.session, filing, by=self.scene.reviewer, making=making)
        self.session.flush()
        listings.list_edition(self.session, filing, edition)
        self.session.flush()

    def _concerned(self, name: str, route: Route, *, closed: bool) -> None:
        """A filing about which somebody sent something, which its filer dealt with or did not."""
        filing = self._third_party(name)
        sent = receiving.receive(
            self.session,
            number=str(filing.number),
            given=Given(route, "other", "结果不对，请重新看一看。", consent=True),
            address="test",
        )
        if closed:
            taken = Taken(Action.CLOSE, sent.concern.revision, "已更正。", Outcome.UPHELD)
            handling.take(
                self.session, by=self.scene.filer, number=sent.concern.number, taken=taken
            )

    def _regraded(self, name: str) -> None:
        filing = self._opened(name, G1=papers.LOW)
        self.scene.attach(filing, self.report(self.scene.tester))
        filing.grade_change = {
            "level": Level.MEDIUM.value,
            "reason": {"zh": "有人把关", "en": "A person decides"},
            "proposed": now().isoformat(),
            "confirmed": now().isoformat(),
            "answers": computed.answered(filing),
        }
        self.session.flush()
        self._publish(name, filing)

    def _lengthy(self, name: str) -> None:
        """A filing whose filer writes as much everywhere as the form lets them."""
        answers = {
            key: _at_length(current().field(key).value, raw)
            for key, raw in papers.answers().items()
            if not key.startswith("A")  # what the organisation's record has is not typed
        }
        self._third_party(name, verdicts=["disparity"] * 7, **answers)

    def _changed(self, name: str, *, publish: bool) -> None:
        filing = self._third_party(name)
        self._amend(filing, E7="换了一个标准")
        if publish:
            self.scene.rule(filing, "accept", "file", "publish")

    def _outgrown(self, name: str) -> None:
        """A filing whose principle and state of service were changed after its explanation."""
        filing = self._explained(name)
        self._amend(filing, D1={"zh": "换了一个原理", "en": "Another principle"}, B8="suspended")
        self.scene.rule(filing, "accept", "file", "publish")
        self._shown(name, filing)

    def _amend(self, filing: Filing, **answers: Any) -> None:
        self.scene.file(filing, "amend")
        dossier.fill(
            self.session,
            by=self.scene.filer,
            filing_id=filing.id,
            revision=filing.revision,
            answers=answers,
        )
        self.scene.file(filing, "submit", reason="更新")

    def _explained(
        self, name: str, *, earlier: bool = False, kept: str = "", differs: bool = False
    ) -> Filing:
        filing = self._opened(name)
        about = self.scene.version
        if earlier:
            filing = self._opened(name, B1={"zh": name, "en": name})
        made = papers.explanation(self.session, about, self.scene.filer)
        made.plan, made.content = self.explained.plan, self.explained.content
        if kept:
            words = [{"language": each, "quoted": kept} for each in LANGUAGES]
            reason = {"zh": "合同里就是这样写的。", "en": "The contract calls it so."}
            made.overruled = {"reason": reason, "words": words}
        if differs:
            why = Text("写的是制度的本意，模型还没有照着改好。", "That is what the rules intend. ")
            reason = {"zh": why.zh * 5, "en": why.en * 5}  # more than has room in sight
            made.overruled = {"contradictions": [DIFFERING.as_json() | {"reason": reason}]}
        self.session.flush()
        self.scene.attach(filing, self.report(self.scene.tester))
        dossier.attach(
            self.session,
            by=self.scene.filer,
            filing_id=filing.id,
            revision=filing.revision,
            explanation_id=made.id,
        )
        return self._publish(name, filing)

    def _attached_later(self, name: str) -> None:
        """A filing with a report of its version that came after its explanation."""
        filing = self._explained(name)
        self.scene.file(filing, "amend")
        self.scene.attach(filing, self.report(self.scene.tester, verdicts=["disparity"]))
        self.scene.file(filing, "submit", reason="更新")
        self._shown(name, self.scene.rule(filing, "accept", "file", "publish"))

    def _moved(self, earlier: str, newer: str) -> None:
        """A filing that a newer one takes the place of; the newer one carries the old report too."""
        self._third_party(earlier)
        old = self.scene.version
        second = self._opened(earlier)
        self.scene.attach(second, self.report(self.scene.tester))
        self.scene.attach(second, self.report(self.scene.tester, version=old))
        self._publish(newer, second)


SENTENCES = 70
"""Texts that may not be so long are names, which may be one long word."""


def _at_length(part: Part, raw: Any) -> Any:
    """An answer with every text as long as it may be, and every list of some rows."""
    if part.kind is FieldKind.TEXT and part.limit and not part.format:
        said = "Kraftfahrzeughaftpflicht" if part.limit < SENTENCES else "We write at length. "
        zh, en = "这里写了很长的一段。" * part.limit, said * part.limit
        return {"zh": zh[: part.limit], "en": en[: part.limit].strip()}
    if part.kind is FieldKind.PARTS:
        asked = [each for each in part.parts if each.id in raw or each.kind is FieldKind.TEXT]
        return {each.id: _at_length(each, raw.get(each.id)) for each in asked}
    if part.kind is FieldKind.ROWS:
        rows = [
            {each.id: _at_length(each, row[each.id]) for each in part.parts if each.id in row}
            for row in raw
        ]
        return rows if part.each else rows[:1] * 4  # of what each row is may be fixed
    return raw


LATER = timedelta(days=366)
