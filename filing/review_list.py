"""What a reviewer looks up: every filing that was ever submitted, whatever became of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from filing import computed
from filing.dossier import Filing
from filing.lifecycle import STATUS_NAMES, Status
from filing.meanings import Meaning
from filing.risk import Level
from registry import legal_day
from registry.language import Text
from registry.organisations import Actor, Organisation, Role

MOST = 200
"""Lines of a list; who has more narrows the search."""
SUBMITTED_ONCE = tuple(Status)
"""A filing that was submitted can be in any state again, a draft that was taken back too."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; None and nothing narrow nothing."""

    status: Status | None = None
    level: Level | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One filing: what it is called, whose it is, where it stands and for how many days."""

    id: str
    title: Mapping[str, str]
    filer: Text
    status: Status
    level: Level | None
    days: int
    number: str | None

    @property
    def status_name(self) -> Text:
        """The state in words."""
        return STATUS_NAMES[self.status]


@dataclass(frozen=True, slots=True)
class Found:
    """The lines that stand in their state longest, and how many there are in all."""

    lines: tuple[Line, ...]
    total: int


def every(session: Session, *, by: Actor, wanted: Wanted = Wanted()) -> Found:
    """The filings that were ever submitted, those that stand in their state longest first.

    Args:
        session: any session.
        by: a reviewer.
        wanted: what to narrow it to; the words are looked for in name, number and filer.

    Raises:
        WrongRole: when the actor is not a reviewer.
    """
    by.require(Role.REVIEWER)
    asked = select(Filing, Organisation).join(
        Organisation, Organisation.id == Filing.organisation_id
    )
    asked = asked.where(Filing.submissions > 0)
    if wanted.status is not None:
        asked = asked.where(Filing.status == wanted.status)
    lines = [
        _line(filing, owner)
        for filing, owner in session.execute(asked.order_by(Filing.since, Filing.id))
    ]
    found = [each for each in lines if _fits(each, wanted)]
    return Found(tuple(found[:MOST]), len(found))


def _line(filing: Filing, owner: Organisation) -> Line:
    named = filing.told.value(Meaning.NAME)
    return Line(
        id=filing.id,
        title=named or {"zh": filing.id, "en": filing.id},
        filer=owner.name,
        status=Status(filing.status),
        level=computed.level(filing),
        days=(legal_day.today() - legal_day.of(filing.since)).days,
        number=filing.number,
    )


def _fits(line: Line, wanted: Wanted) -> bool:
    if wanted.level is not None and line.level is not wanted.level:
        return False
    said = (*line.title.values(), line.filer.zh, line.filer.en, line.number or "")
    return wanted.text.casefold() in "\n".join(said).casefold()
