"""The count of changes to the public record, raised in the transaction that makes the change.

Everything that follows the public record (the search's index and the kept pages on every node)
asks this one number whether it is behind, and then the lines of the catalogue that carry a later
one. The number is raised in one place, before anything is written: whoever changes a filing raises
it without knowing. It lies in one row, so that two who publish at once do it one after the other,
and nobody who reads sees a number whose smaller one is still to come.

What stands on a filed page is told from all filings of its model (a newer version elsewhere, a
filing that took its place, a change that was handed in), so the lines of all of them carry the
number of a change of any.
"""

import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, String, bindparam, event, inspect, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from filing.concerns import Concern
from filing.dossier import Filing
from filing.editions import Edition
from filing.listings import Listing
from filing.recommended.records import RecommendedApplication, RecommendedCatalogue
from filing.recommended.steps import EVER_ENTERED, Status, seen_outside
from registry.database import Record, rows
from registry.datasets import Dataset
from registry.explanations import Explanation
from registry.finding_answers import FindingAnswer
from registry.reader import Reader
from registry.reports import Report
from registry.submission import Version

RAISE = text(
    "INSERT INTO public_change (id, number, mark) VALUES (1, 1, :mark) "
    "ON CONFLICT (id) DO UPDATE SET number = public_change.number + 1 RETURNING number"
)


COUNTED_BY = ("status", "put", "outcome")
"""What of a concern its filing's counts are told from."""
OF_NO_PAGE = (Report, FindingAnswer, Dataset, RecommendedCatalogue, RecommendedApplication)
"""What touches no line of its own: reports and data through the models they are about, if any.

A page tells of every report on its version that counts, so a countersignature moves it, and so do
a withdrawal and an answer to a finding.
"""
OF_LISTS = (Report, RecommendedCatalogue, RecommendedApplication)
"""What is read on pages of the whole record, also where no filed page changes."""


class PublicChange(Record):
    """The one row: how many changes there were, and which record they are of.

    `mark` is drawn by chance with the first change: what was made from another database is told
    by it.
    """

    __tablename__ = "public_change"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(Integer)
    mark: Mapped[str] = mapped_column(String(32))


Revision = tuple[int, str]
"""The number of a change, and the mark of the record that it is of."""
LATEST = select(PublicChange.number, PublicChange.mark)
OF_PAGE = (
    select(Listing.change, PublicChange.mark)
    .join(PublicChange, PublicChange.id == 1)
    .where(Listing.slug == bindparam("slug"))
)


def latest(session: Session) -> Revision:
    """The number of the newest change that the session sees, and the record's mark.

    Args:
        session: any session.
    """
    return _only(rows(session, LATEST))


def revision(session: Session, slug: str) -> Revision:
    """The number of the newest change that one filed page can show, and the record's mark.

    Args:
        session: any session.
        slug: of the page's address.

    Returns:
        (0, "") where nothing is published under it, and before the first change that was counted.
    """
    return _only(rows(session, OF_PAGE, slug=slug))


async def latest_now(reader: Reader) -> Revision:
    """What `latest` says, asked without a session.

    Args:
        reader: of the record.

    Raises:
        Unavailable: when the record does not answer at once.
    """
    return _only(await reader.ask(LATEST))


async def revision_now(reader: Reader, slug: str) -> Revision:
    """What `revision` says, asked without a session.

    Args:
        reader: of the record.
        slug: of the page's address.

    Raises:
        Unavailable: when the record does not answer at once.
    """
    return _only(await reader.ask(OF_PAGE, slug=slug))


def _only(found: Sequence[Any]) -> Revision:
    return (found[0][0], found[0][1]) if found else (0, "")


@event.listens_for(Session, "before_flush")
def _raise(session: Session, _context: object, _given: object) -> None:
    """Count a change of what the public reads, and write its number on the lines that it touches."""
    changed = [each for each in (*session.new, *session.dirty) if _is_public(session, each)]
    if not changed:
        return
    with session.no_autoflush:
        lines = _lines(session, changed)
    if not lines and not any(isinstance(each, OF_LISTS) for each in changed):
        return  # handed in, and nothing of its model was ever published
    mark = secrets.token_hex(16)
    number: int = session.connection().execute(RAISE, {"mark": mark}).scalar_one()
    for line in lines:
        line.change = number


def _is_public(session: Session, row: Any) -> bool:
    """Whether a row that is about to be written shows on a public page."""
    if isinstance(row, Listing | Edition):
        return row in session.new or session.is_modified(row)
    if isinstance(row, Concern):  # one that is not counted yet leaves no trace, not even a number
        told = inspect(row).attrs
        moved = any(told[name].history.has_changes() for name in COUNTED_BY)
        return row.counted and (row in session.new or moved)
    if isinstance(row, Filing):
        return bool(row.editions or row.submissions) and session.is_modified(row)
    if isinstance(row, FindingAnswer):
        return row in session.new
    if isinstance(row, RecommendedCatalogue):  # proposed weights leave no trace
        return row in session.new or _moved(row, "public_revision")
    if isinstance(row, RecommendedApplication):
        return _recommended(row)
    later = isinstance(row, Report | Dataset) and row not in session.new
    return later and session.is_modified(row)


def _moved(row: Any, name: str) -> bool:
    return bool(inspect(row).attrs[name].history.has_changes())


def _recommended(row: RecommendedApplication) -> bool:
    """Whether an entry came, went or was refused; an application or a proposal leaves no trace."""
    told = inspect(row).attrs
    status = told["status"].history
    before, after = (
        {seen_outside(Status(each)) for each in values if each} & EVER_ENTERED
        for values in (status.deleted or (), status.added or ())
    )
    return before != after or (told["refusals"].history.has_changes() and bool(row.refusals))


def _lines(session: Session, changed: list[Any]) -> list[Listing]:
    """The lines of all filings of the models whose filings changed, and those not yet written."""
    rows = [each for each in changed if not isinstance(each, OF_NO_PAGE)]
    filings = [
        row if isinstance(row, Filing) else session.get_one(Filing, row.filing_id) for row in rows
    ]
    models = {each.model_id for each in filings} | _explained(session, changed)
    models |= _evaluated(session, changed)
    if not models:
        return []
    lines = select(Listing).join(Filing, Filing.id == Listing.filing_id)
    written = session.scalars(lines.where(Filing.model_id.in_(models))).all()
    return [*written, *(each for each in rows if isinstance(each, Listing))]


def _evaluated(session: Session, changed: list[Any]) -> set[str]:
    """The models with a version of the bytes that a report which changed, or was answered, is about."""
    answered = [each.report_id for each in changed if isinstance(each, FindingAnswer)]
    about = [session.get_one(Report, each) for each in answered]
    about += [each for each in changed if isinstance(each, Report)]
    digests = {each.model_digest for each in about}
    if not digests:
        return set()
    return set(session.scalars(select(Version.model_id).where(Version.digest.in_(digests))))


def _explained(session: Session, changed: list[Any]) -> set[str]:
    """The models that were explained on data whose record changed: their pages name the data."""
    data = [each.id for each in changed if isinstance(each, Dataset)]
    if not data:
        return set()
    models = select(Version.model_id).join(Explanation, Explanation.version_id == Version.id)
    return set(session.scalars(models.where(Explanation.dataset_id.in_(data))))
