"""How much comes from one network in a day: what is more goes to be looked at first, and waits.

Nobody is refused: what comes after the first few from one network, about one filing on one route,
is held until a person has looked at it. Whoever sends very much must pause for a minute between two.
After how many that begins is drawn by chance for each network and day, and nothing else differs
for the sender: from one's own tries nobody can tell what others on the same network have sent.

Only digests are kept, and only until the next legal day. The numbers are ours.
"""

import hashlib
import secrets
from datetime import date, datetime, timedelta

from sqlalchemy import String, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry import guesses, legal_day
from registry.database import Record, now
from registry.errors import Refused

FREE = 3
"""About one filing on one route from one network in a day, before the next is looked at first."""
LEAST_BEFORE_PAUSES = 100
MOST_BEFORE_PAUSES = 200
PAUSE = timedelta(minutes=1)


class Sender(Record):
    """How many came under one key on one legal day, and when the last one did."""

    __tablename__ = "sender"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    day: Mapped[date] = mapped_column(index=True)
    count: Mapped[int] = mapped_column(default=0)
    free: Mapped[int]
    last: Mapped[datetime] = mapped_column(default=now)


class TooManySent(Refused):
    """Very much came from this network today: wait a moment and send it again.

    `retry_after` is the number of seconds to wait.
    """

    def __init__(self, zh: str, en: str, *, retry_after: int) -> None:
        super().__init__(zh, en)
        self.retry_after = retry_after


def count(session: Session, *, address: str, filing_id: str, route: str) -> bool:
    """Count one that came in.

    Args:
        session: the caller's writing transaction.
        address: the sender's network address.
        filing_id: about which filing.
        route: on which route.

    Returns:
        Whether it is to be looked at first.

    Raises:
        TooManySent: very much came from this network today; with the seconds to wait.
    """
    day = legal_day.today()
    session.execute(
        delete(Sender).where(Sender.day < day).execution_options(synchronize_session=False)
    )
    place = guesses.place_of(address)
    whole = _pausing(session, f"{day}\n{place}", day)
    narrow = _locked(session, f"{day}\n{place}\n{filing_id}\n{route}", day, FREE)
    for row in (whole, narrow):
        row.count += 1
        row.last = now()
    session.flush()
    return narrow.count > narrow.free


def count_reading(session: Session, *, address: str) -> None:
    """Count one try to have attachments read, whatever becomes of it: reading costs more than words.

    Args:
        session: the caller's writing transaction.
        address: the sender's network address.

    Raises:
        TooManySent: very many came from this network today; with the seconds to wait.
    """
    day = legal_day.today()
    row = _pausing(session, f"{day}\n{guesses.place_of(address)}\nfiles", day)
    row.count += 1
    row.last = now()
    session.flush()


def _pausing(session: Session, name: str, day: date) -> Sender:
    """The row of a network, which must pause once it has sent very much."""
    spread = MOST_BEFORE_PAUSES - LEAST_BEFORE_PAUSES
    row = _locked(session, name, day, LEAST_BEFORE_PAUSES + secrets.randbelow(spread))
    wait = row.last + PAUSE - now()
    if row.count >= row.free and wait > timedelta(0):
        seconds = int(wait.total_seconds()) + 1
        raise TooManySent(
            f"今天从这个网络收到的很多，请{seconds}秒后再发。没有丢失，也没有锁定。",
            f"Very much came from this network today. Send it again in {seconds} seconds; nobody "
            "is locked out.",
            retry_after=seconds,
        )
    return row


def _locked(session: Session, name: str, day: date, free: int) -> Sender:
    """The row of a key, made if it is new, and locked where the database locks rows."""
    key = hashlib.sha256(name.encode()).hexdigest()
    query = select(Sender).where(Sender.key == key).with_for_update()
    row = session.scalar(query.execution_options(populate_existing=True))
    if row is not None:
        return row
    row = Sender(key=key, day=day, count=0, free=free, last=now())
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # another server was first
        return session.scalars(query).one()
    return row
