"""What the public reads of a catalogue: one JSON object, of which page, API and signed file are made.

Nothing of an application is in it before it was decided; of refusals, their number alone. People are not
named: the decision is the industry body's, by two of its people.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from filing import basis, wording
from filing.forms import told_by
from filing.law import FILING_STATEMENT
from filing.meanings import Meaning
from filing.recommended import log, order, reading
from filing.recommended.applying import OFFERED
from filing.recommended.criteria import CRITERIA, Measures, Published, Weights, measured
from filing.recommended.lapse import WHY_COMING, End
from filing.recommended.reading import Recorded
from filing.recommended.records import (
    CITY_NAMES,
    RecommendedApplication,
    RecommendedCatalogue,
    catalogues,
    ever_entered,
)
from filing.recommended.steps import STANDING
from registry import attestation, statements
from registry.database import now
from registry.findings import Verdict
from registry.language import Text
from registry.law import RULES, City
from registry.organisations import Organisation

FORMAT = 1
TITLE = Text("人工智能算法模型推荐目录", "Catalogue of recommended algorithm models")
NOT_A_PERMIT = Text(
    "由{body}编制，不是行政许可或认定。",
    "Compiled by {body}; not an administrative licence or finding.",
)
NO_ARTICLE = Text(
    "深圳的条例没有写推荐目录，这是在本平台的服务。",
    "Shenzhen's regulation has no article on such a catalogue; this is a service of this platform.",
)
DECIDED_NOW = Text(
    "决定针对的就是现在公示的内容（第{edition}次公示）。",
    "Decided on what is published now (edition {edition}).",
)
DECIDED_BEFORE = Text(
    "决定针对第{edition}次公示的内容；备案以后又公示过，现在是第{newest}次公示{changed}。",
    "Decided on edition {edition}; the filing was published anew since and is now at edition "
    "{newest}{changed}.",
)
CHANGED = Text("，改过的是{names}", "; changed: {names}")
ELSEWHERE = Text("在{city}备案", "filed in {city}")


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry that stands, with what is read of it."""

    made: RecommendedApplication
    known: Recorded
    read: Published
    end: End
    measures: Measures

    @property
    def number(self) -> str:
        return str(self.read.content["number"])


def listed(session: Session) -> list[dict[str, Any]]:
    """Every catalogue, with the number of its entries that stand.

    Args:
        session: any session.
    """
    moment = now()
    return [
        {
            **_catalogue(each, body),
            "entries": len(_standing(_recorded(session, each), moment)),
        }
        for each, body in catalogues(session)
    ]


def told(
    session: Session,
    catalogue: RecommendedCatalogue,
    *,
    weights: Weights | None = None,
    at: datetime | None = None,
) -> dict[str, Any]:
    """The catalogue as everybody reads it.

    Args:
        session: any session.
        catalogue: which.
        weights: a reader's own, by criterion; None for those that the body published.
        at: the moment at which entries lapse; None for now.
    """
    moment = at or now()
    body = session.get_one(Organisation, catalogue.organisation_id)
    every = _recorded(session, catalogue)
    standing = _standing(every, moment)
    whose = log.weights_set(session, catalogue)
    ordered = order.order(
        {each.number: each.measures for each in standing},
        catalogue.weights if weights is None else weights,
    )
    return {
        "format": FORMAT,
        "catalogue": _catalogue(catalogue, body),
        "at": moment.isoformat(),
        "rule": order.RULE.as_json(),
        "weights_set": whose and whose.as_json(),
        "criteria": [
            {
                "id": each.id,
                **each.name.as_json(),
                "told": each.told.as_json(),
                "weight": catalogue.weights[each.id],
            }
            for each in CRITERIA
        ],
        "entries": [_entry(each, catalogue) for each in standing],
        "order": ordered.as_json(),
        "log": log.told(session, catalogue, every, moment),
        "refused": _refused(session, catalogue),
    }


def statement(session: Session, catalogue: RecommendedCatalogue) -> bytes:
    """The catalogue by its own weights, as the platform signs it.

    Args:
        session: any session.
        catalogue: which.
    """
    content = told(session, catalogue)
    digest = attestation.digest(content)
    return statements.make(
        statements.RECOMMENDED,
        subject=f"recommended/{catalogue.organisation_id}/{catalogue.slug}@{catalogue.public_revision}",
        digest=digest,
        predicate={
            "content": content,
            "content_digest": digest,
            "statements": [content["catalogue"]["statement"], FILING_STATEMENT.as_json()],
        },
    )


def _catalogue(catalogue: RecommendedCatalogue, body: Organisation) -> dict[str, Any]:
    ground = RULES["SH16-catalogue"].shown if catalogue.city == City.SHANGHAI else NO_ARTICLE
    return {
        "id": catalogue.id,
        "slug": catalogue.slug,
        "title": TITLE.as_json(),
        "body": {"id": body.id, **body.name.as_json()},
        "statement": NOT_A_PERMIT.format(body=body.name).as_json(),
        "city": {"id": catalogue.city, **CITY_NAMES[catalogue.city].as_json()},
        "ground": ground.as_json(),
        "guidance": dict(catalogue.guidance),
        "revision": catalogue.public_revision,
    }


def _recorded(
    session: Session, catalogue: RecommendedCatalogue
) -> list[tuple[RecommendedApplication, Recorded]]:
    """Every entry, those that ended too, with what is on record of its filing."""
    every = ever_entered(session, catalogue)
    known = reading.recorded(session, [filing for _, filing in every])
    return [(made, known[filing.id]) for made, filing in every]


def _standing(
    every: Sequence[tuple[RecommendedApplication, Recorded]], at: datetime
) -> list[_Entry]:
    """The entries that stand at a moment, by filing number."""
    found = []
    for made, known in every:
        if made.status not in STANDING:
            continue
        over, read = known.ends(made), known.published(at)
        if read is not None and over.at > at:
            found.append(_Entry(made, known, read, over, measured(read)))
    return sorted(found, key=lambda each: each.number)


def _entry(entry: _Entry, catalogue: RecommendedCatalogue) -> dict[str, Any]:
    made, content = entry.made, entry.read.content
    told = told_by(content)
    city = str(told.value(Meaning.CITY) or "other")
    return {
        "number": entry.number,
        "slug": content["slug"],
        "name": told.of(Meaning.NAME)["said"],
        "filer": {name: content["filer"][name] for name in ("id", "zh", "en")},
        "city": {"id": city, **CITY_NAMES[city].as_json()},
        "elsewhere": _elsewhere(city, catalogue.city),
        "edition": content["edition"],
        "decided_on": _decided_on(entry.known.decided_on(made), content),
        "edition_digest": attestation.digest(content),
        "model": {name: content["model"][name] for name in ("model", "version", "sha256")},
        "beyond": _beyond(content["reports"]),
        "measured": {
            name: found.as_json() if found else None for name, found in entry.measures.items()
        },
        "reports": [
            {
                "id": each["id"],
                "organisation": each["organisation"],
                "made": each["made"],
                "until": entry.read.expires(each).isoformat(),
                "statement_digest": each["statement_digest"],
            }
            for each in entry.read.counted_reports
        ],
        "explanation": content["explanation"]["digest"] if content["explanation"] else None,
        "offer": {name: dict(made.offer[name]) for name in OFFERED},
        "licence_until": made.licence_until.isoformat() if made.licence_until else None,
        "said": dict(made.said or {}),
        "ties": [dict(each) for each in made.ties or ()],
        "decided": made.decided.isoformat() if made.decided else None,
        "until": made.until.isoformat() if made.until else None,
        "ends": {
            "at": entry.end.at.isoformat(),
            "why": {"id": entry.end.why.value, **WHY_COMING[entry.end.why].as_json()},
        },
    }


def _beyond(reports: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """How many findings of the attached reports are beyond a line; None where none is."""
    many = sum(each["verdicts"].get(Verdict.DISPARITY, 0) for each in reports)
    said = wording.beyond(many)
    return {"count": many, **said.as_json()} if said else None


def _decided_on(seen: Mapping[str, Any], content: Mapping[str, Any]) -> dict[str, Any]:
    """On which edition was decided, and what the filing says otherwise since."""
    edition, newest = seen["edition"], content["edition"]
    if edition == newest:
        return {"edition": edition, "changed": [], **DECIDED_NOW.format(edition=edition).as_json()}
    changed = basis.all_differing(seen["answers"], content["answers"])
    names = Text(
        "、".join(f"“{each['zh']}”" for each in changed),
        ", ".join(f"“{each['en']}”" for each in changed),
    )
    said = DECIDED_BEFORE.format(
        edition=edition,
        newest=newest,
        changed=CHANGED.format(names=names) if changed else "",
    )
    return {"edition": edition, "changed": changed, **said.as_json()}


def _elsewhere(city: str, own: str) -> dict[str, str] | None:
    """That an entry is filed in another city than the catalogue's; None where it is not."""
    return None if city == own else ELSEWHERE.format(city=CITY_NAMES[city]).as_json()


def _refused(session: Session, catalogue: RecommendedCatalogue) -> int:
    total = select(func.coalesce(func.sum(RecommendedApplication.refusals), 0))
    mine = total.where(RecommendedApplication.catalogue_id == catalogue.id)
    return int(session.scalar(mine) or 0)
