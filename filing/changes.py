"""The count of changes to the public record, raised in the transaction that makes the change.

Everything that follows the public record (the search's index on every node) asks this one number
whether it is behind, and then the lines of the catalogue that carry a later one. The number is
raised in one place, before anything is written: whoever changes a filing raises it without
knowing. It lies in one row, so that two who publish at once do it one after the other, and nobody
who reads sees a number whose smaller one is still to come.
"""

import secrets
from typing import Any

from sqlalchemy import Integer, String, event, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from filing.dossier import Filing
from filing.editions import Edition
from filing.listings import Listing
from registry.database import Record

RAISE = text(
    "INSERT INTO public_change (id, number, mark) VALUES (1, 1, :mark) "
    "ON CONFLICT (id) DO UPDATE SET number = public_change.number + 1 RETURNING number"
)


class PublicChange(Record):
    """The one row: how many changes there were, and which record they are of.

    `mark` is drawn by chance with the first change: what was made from another database is told
    by it.
    """

    __tablename__ = "public_change"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(Integer)
    mark: Mapped[str] = mapped_column(String(32))


def latest(session: Session) -> tuple[int, str]:
    """The number of the newest change that the session sees, and the record's mark.

    Args:
        session: any session.
    """
    found = session.execute(select(PublicChange.number, PublicChange.mark)).first()
    return (found.number, found.mark) if found else (0, "")


@event.listens_for(Session, "before_flush")
def _raise(session: Session, _context: object, _given: object) -> None:
    """Count a change of what the public reads, and write its number on the lines that changed."""
    changed = [each for each in (*session.new, *session.dirty) if _is_public(session, each)]
    if not changed:
        return
    mark = secrets.token_hex(16)
    number: int = session.connection().execute(RAISE, {"mark": mark}).scalar_one()
    for each in changed:
        listing = each if isinstance(each, Listing) else _line(session, each)
        if listing is not None:
            listing.change = number


def _is_public(session: Session, row: Any) -> bool:
    """Whether a row that is about to be written is of a filing that was ever published."""
    if isinstance(row, Listing | Edition):
        return row in session.new or session.is_modified(row)
    return isinstance(row, Filing) and bool(row.editions) and session.is_modified(row)


def _line(session: Session, row: Filing | Edition) -> Listing | None:
    filing_id = row.id if isinstance(row, Filing) else row.filing_id
    with session.no_autoflush:
        return session.scalars(select(Listing).where(Listing.filing_id == filing_id)).first()
