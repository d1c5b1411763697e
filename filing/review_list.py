"""What a reviewer looks up: every filing that was ever submitted, whatever became of it.

A dossier is large and its grade takes a while to work out, so what a line shows of it is written beside
it with every change, in the same transaction and in one place: who changes a filing does not know.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ForeignKey, Row, String, event, inspect, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from filing import computed
from filing.dossier import Filing
from filing.lifecycle import STATUS_NAMES, Status
from filing.meanings import Meaning
from filing.risk import Level
from registry import legal_day
from registry.database import Record
from registry.language import Text
from registry.memo import Memo
from registry.organisations import Actor, Organisation, Role

MOST = 200
"""Lines of a list; who has more narrows the search."""
SUBMITTED_ONCE = tuple(Status)
"""A filing that was submitted can be in any state again, a draft that was taken back too."""
SHOWN_OF = ("answers", "grade_change", "schema_version", "submissions")
"""What of a filing its line is told from, beside columns that are read as they are."""


class ReviewLine(Record):
    """What a reviewer's list shows of one dossier: its name, and its grade where it has one."""

    __tablename__ = "review_line"

    filing_id: Mapped[str] = mapped_column(ForeignKey("filing.id"), primary_key=True)
    title: Mapped[dict[str, Any]]
    grade: Mapped[str | None] = mapped_column(String(10))


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


@dataclass(frozen=True, slots=True)
class _Told:
    """What a line says of a dossier."""

    title: Mapping[str, str]
    grade: str | None


UNWRITTEN: Memo[_Told] = Memo(10_000)
"""Of filings that nobody has changed since lines are written, by identifier and revision."""
ROWS = (
    select(
        Filing.id,
        Filing.revision,
        Filing.status,
        Filing.since,
        Filing.number,
        Organisation.name_zh,
        Organisation.name_en,
        ReviewLine.title,
        ReviewLine.grade,
    )
    .join(Organisation, Organisation.id == Filing.organisation_id)
    .outerjoin(ReviewLine, ReviewLine.filing_id == Filing.id)
    .where(Filing.submissions > 0)
    .order_by(Filing.since, Filing.id)
)


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
    asked = ROWS if wanted.status is None else ROWS.where(Filing.status == wanted.status)
    fitting = [
        (row, told)
        for row in session.execute(asked)
        if _fits(row, told := _told(session, row), wanted)
    ]
    return Found(tuple(_line(*each) for each in fitting[:MOST]), len(fitting))


def _told(session: Session, row: Row[Any]) -> _Told:
    """What is written of a dossier; worked out, and kept in memory, where nothing is."""
    if row.title is not None:
        return _Told(row.title, row.grade)
    return UNWRITTEN.get((row.id, row.revision), lambda: _of(session.get_one(Filing, row.id)))


def _of(filing: Filing) -> _Told:
    named = filing.told.value(Meaning.NAME)
    level = computed.level(filing)
    return _Told(named or {"zh": filing.id, "en": filing.id}, level.value if level else None)


@event.listens_for(Session, "before_flush")
def _write(session: Session, _context: object, _given: object) -> None:
    """Write the line of every filing that was submitted and is about to say something else."""
    changed = [
        each
        for each in session.dirty
        if isinstance(each, Filing) and each.submissions and _says_something_else(each)
    ]
    for filing in changed:
        told = _of(filing)
        with session.no_autoflush:
            line = session.get(ReviewLine, filing.id)
        if line is None:
            line = ReviewLine(filing_id=filing.id)
            session.add(line)
        line.title, line.grade = dict(told.title), told.grade


def _says_something_else(filing: Filing) -> bool:
    now = inspect(filing).attrs
    return any(now[name].history.has_changes() for name in SHOWN_OF)


def _line(row: Row[Any], told: _Told) -> Line:
    return Line(
        id=row.id,
        title=told.title,
        filer=Text(row.name_zh, row.name_en),
        status=Status(row.status),
        level=Level(told.grade) if told.grade else None,
        days=(legal_day.today() - legal_day.of(row.since)).days,
        number=row.number,
    )


def _fits(row: Row[Any], told: _Told, wanted: Wanted) -> bool:
    if wanted.level is not None and told.grade != wanted.level.value:
        return False
    said = (*told.title.values(), row.name_zh, row.name_en, row.number or "")
    return wanted.text.casefold() in "\n".join(said).casefold()
