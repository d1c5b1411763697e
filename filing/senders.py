"""How much comes from one network in a day: what is more goes to be looked at first, and waits.

Nobody is refused: what comes after the first few from one network, about one filing on one route,
is held until a person has looked at it. Past very many, that network sends about that filing on
that route only in the first seconds of every third of a minute, by the clock.

A filer may sit in the network of whoever reports it. So what the filer reads is counted apart from
what it may not know of; after how many the clock begins is drawn by chance for each count and day;
and when it opens follows from the count's name and the time alone, not from when somebody sent.
From one's own tries nobody can tell what others on the same network have sent.

Only digests are kept, keyed with a secret that is drawn for each legal day and deleted with them:
networks are few enough to be tried one by one. A worker deletes both once the day is over
(`filing.forgetting`), and so does the next one that is sent. The numbers are ours.
"""

import hashlib
import hmac
import secrets
from datetime import date, datetime

from sqlalchemy import String, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry import guesses, legal_day
from registry.database import Record, now
from registry.errors import Refused

FREE = 3
"""About one filing on one route from one network in a day, before the next is looked at first."""
LEAST_BEFORE_CLOCK = 100
MOST_BEFORE_CLOCK = 200
ROUND, OPEN = 20, 5
"""Seconds from one opening to the next, and how many of them are open."""


class Sender(Record):
    """How many came under one key on one legal day, and from how many on the clock begins."""

    __tablename__ = "sender"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    day: Mapped[date] = mapped_column(index=True)
    count: Mapped[int] = mapped_column(default=0)
    free: Mapped[int]


class SenderSecret(Record):
    """What the keys of one legal day are made with."""

    __tablename__ = "sender_secret"

    day: Mapped[date] = mapped_column(primary_key=True)
    secret: Mapped[str] = mapped_column(String(64))


class TooManySent(Refused):
    """Very much came from this network today: wait a moment and send it again.

    `retry_after` is the number of seconds to wait.
    """

    def __init__(self, zh: str, en: str, *, retry_after: int) -> None:
        super().__init__(zh, en)
        self.retry_after = retry_after


def count(session: Session, *, address: str, filing_id: str, route: str, by_filer: bool) -> bool:
    """Count one that came in.

    Args:
        session: the caller's writing transaction.
        address: the sender's network address.
        filing_id: about which filing.
        route: on which route.
        by_filer: whether the filer reads it; what it does not read is another count.

    Returns:
        Whether it is to be looked at first.

    Raises:
        TooManySent: very many of its kind came from this network today; with the seconds to wait.
    """
    forget(session)
    return _counted(session, address, f"{filing_id}\n{route}\n{by_filer}") > FREE


def count_reading(session: Session, *, address: str) -> None:
    """Count one try to have attachments read, whatever becomes of it: reading costs more than words.

    Args:
        session: the caller's writing transaction.
        address: the sender's network address.

    Raises:
        TooManySent: very many came from this network today; with the seconds to wait.
    """
    _counted(session, address, "files")


def closed_for(key: str, at: datetime) -> int:
    """How many seconds until a count's clock is open; 0 while it is.

    Args:
        key: the count's, in hexadecimal; it says when in each round the clock opens.
        at: the moment, aware of its zone.
    """
    since = (int(at.timestamp()) + int(key[:8], 16)) % ROUND
    return 0 if since < OPEN else ROUND - since


def forget(session: Session) -> None:
    """Delete every count of a day that is over, and what its keys were made with.

    Args:
        session: the caller's writing transaction.
    """
    for kind in (Sender, SenderSecret):
        over = delete(kind).where(kind.day < legal_day.today())
        session.execute(over.execution_options(synchronize_session=False))


def any_over(session: Session) -> bool:
    """Whether something of a day that is over is still there."""
    over = select(SenderSecret.day).where(SenderSecret.day < legal_day.today()).limit(1)
    return session.scalar(over) is not None


def _secret(session: Session, day: date) -> str:
    """What the keys of a day are made with, drawn when the first is."""
    query = select(SenderSecret.secret).where(SenderSecret.day == day)
    known = session.scalar(query)
    if known is not None:
        return known
    drawn = secrets.token_hex(32)
    try:
        with session.begin_nested():
            session.add(SenderSecret(day=day, secret=drawn))
    except IntegrityError:  # another server was first
        return session.scalars(query).one()
    return drawn


def _counted(session: Session, address: str, what: str) -> int:
    """How many came from one network today, this one among them; or raise while the clock is closed."""
    day = legal_day.today()
    row = _locked(session, f"{day}\n{guesses.place_of(address)}\n{what}", day)
    seconds = closed_for(row.key, now()) if row.count >= row.free else 0
    if seconds:
        raise TooManySent(
            f"今天从这个网络收到的很多，请{seconds}秒后再发。没有丢失，也没有锁定。",
            f"Very much came from this network today. Send it again in {seconds} seconds; nobody "
            "is locked out.",
            retry_after=seconds,
        )
    row.count += 1
    session.flush()
    return row.count


def _locked(session: Session, name: str, day: date) -> Sender:
    """The row of a count, made if it is new, and locked where the database locks rows."""
    key = hmac.new(_secret(session, day).encode(), name.encode(), hashlib.sha256).hexdigest()
    query = select(Sender).where(Sender.key == key).with_for_update()
    row = session.scalar(query.execution_options(populate_existing=True))
    if row is not None:
        return row
    free = LEAST_BEFORE_CLOCK + secrets.randbelow(MOST_BEFORE_CLOCK - LEAST_BEFORE_CLOCK)
    row = Sender(key=key, day=day, count=0, free=free)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # another server was first
        return session.scalars(query).one()
    return row
