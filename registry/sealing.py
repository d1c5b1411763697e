"""Sealing the journal: its rows in batches, each bound to the batch before, by one sealer at a time.

A seal holds a contiguous stretch of rows, so none may come into a stretch that is sealed. On
PostgreSQL a row's number is drawn before its transaction commits, and a lower one may commit after
a higher one; the sealer therefore keeps writers of the journal out while it looks, or puts the
sealing off where one is at work. SQLite has one writer anyway.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Integer, LargeBinary, Select, String, cast, func, select
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Mapped, Session, mapped_column, sessionmaker

from registry import attestation, environment, journal_proof, json_text
from registry.attestation import NotCanonical
from registry.database import Moment, Record, now, transaction
from registry.environment import DatabaseBusy
from registry.errors import Conflict
from registry.journal import Event
from registry.journal_proof import NOTHING_BEFORE, Entry, Proof
from registry.json_text import KeyTwice

AT_MOST_EVERY = timedelta(minutes=1)
BATCH = 1000
"""Rows of one seal, at most."""
BATCHES = 10
"""Seals of one sealing, at most: while it goes on, nobody else writes to the journal."""
PATIENCE_MILLISECONDS = 500
"""How long a sealer waits for those who write; the others wait behind it meanwhile."""
LOWEST = -(2**63)
"""Below every number that a row can have, also one that somebody chose to slip it in."""

UNREADABLE = "unreadable"
"""Under this key stand the bytes of a part of a row that is nothing this platform writes."""

SEQ = BigInteger().with_variant(Integer, "sqlite")


class JournalSeal(Record):
    """What binds one batch of rows: a root over their hashes, and the hash of the seal before.

    `leaves` are pairs of `seq` and hash: the root alone says that something changed, not what.
    `before` is unique, so that the chain cannot fork even where two sealers were let in.
    """

    __tablename__ = "journal_seal"

    number: Mapped[int] = mapped_column(SEQ, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Moment())
    before: Mapped[str] = mapped_column(String(64), unique=True)
    root: Mapped[str] = mapped_column(String(64))
    rows: Mapped[int] = mapped_column(Integer)
    first: Mapped[int] = mapped_column(SEQ)
    last: Mapped[int] = mapped_column(SEQ)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    leaves: Mapped[list[Any]]


SEALS = select(*(getattr(JournalSeal, name) for name in (*journal_proof.HEADER, "hash", "leaves")))


class SealUnreadable(Conflict):
    """The last seal cannot be read, so none can follow it: put it back from a backup or an export."""


@dataclass(frozen=True, slots=True)
class Newest:
    """The last seal, as far as another follows it.

    Args:
        number, hash: of the seal.
        last: the last row that it was made of.
        at: when it was made; None where that can no longer be read.
    """

    number: int
    hash: str
    last: int
    at: datetime | None


def seal(factory: sessionmaker[Session]) -> int:
    """Seal what is not sealed yet, unless that was done within the last minute; how many rows.

    Args:
        factory: sessions on the database.

    Raises:
        SealUnreadable: when the last seal is no seal any more, and nothing can be bound to it.
        Unavailable, OperationalError: when the database is away.
    """
    with factory() as session:  # most calls end here, and stand in no writer's way
        if _sealed_just_now(newest(session)) or not _unsealed(session, newest(session), limit=1):
            return 0
    try:
        with transaction(factory) as session:
            _keep_writers_out(session)
            return _seal(session)
    except OperationalError as error:
        if isinstance(environment.unavailable(error), DatabaseBusy):
            return 0  # somebody writes, or seals, at this moment: the next call will do it
        raise


def newest(session: Session) -> Newest | None:
    """The last seal; None before the first.

    Raises:
        SealUnreadable: when its parts are no longer those of a seal.
    """
    found = _read(session, SEALS.order_by(JournalSeal.number.desc()).limit(1), JournalSeal.number)
    if not found:
        return None
    last = found[0]
    reach = journal_proof.reach(_plain(last))
    if reach is None or not journal_proof.is_hash(last["hash"]):
        raise SealUnreadable(
            f"日志的第 {last['number']} 次封存已读不出来，不能接着封存。请与备份或以前的导出对照，查明是谁改了数据库，并恢复这一行。",
            f"Seal {last['number']} of the journal cannot be read any more, so nothing is sealed "
            "behind it. Compare with a backup or an earlier export, find out who changed the "
            "database, and put that row back.",
        )
    at = last["at"] if isinstance(last["at"], datetime) else None
    return Newest(last["number"], last["hash"], reach, at)


def waiting_since(session: Session) -> datetime | None:
    """When the oldest row that no seal holds was written; None when there is none.

    Raises:
        SealUnreadable: as `newest`.
    """
    last = newest(session)
    behind = 0 if last is None else last.last
    return session.scalar(select(func.min(Event.at)).where(Event.seq > behind))


def entries(factory: sessionmaker[Session]) -> Iterator[Entry]:
    """The whole journal with its seals, for `journal_proof`; rows without a seal stand at the end.

    Each batch is read in a transaction of its own: whoever reads slowly holds no connection.

    Args:
        factory: sessions on the database.
    """
    number, behind = LOWEST, LOWEST
    while True:
        following = SEALS.where(JournalSeal.number > number).order_by(JournalSeal.number).limit(1)
        with factory() as session:
            found = [_plain(each) for each in _read(session, following, JournalSeal.number)]
            reach = journal_proof.reach(found[0]) if found else None
            if reach is not None and found[0]["number"] < 1:  # no seal of ours: it takes no row
                reach = None
            rows = [] if reach is None else _rows(session, after=behind, until=reach)
        if not found:
            break
        yield from ({"row": each} for each in rows)
        yield {"seal": found[0]}
        number, behind = found[0]["number"], max(behind, reach or LOWEST)
    while True:
        with factory() as session:
            rows = _rows(session, after=behind, limit=BATCH)
        if not rows:
            return
        yield from ({"row": each} for each in rows)
        behind = rows[-1]["seq"]


def sealed_late(factory: sessionmaker[Session], seconds: float) -> list[int]:
    """The seals whose first row waited for longer than that.

    Args:
        factory: sessions on the database.
        seconds: how long a row may wait.
    """
    pairs = select(JournalSeal.number, JournalSeal.at, Event.at).join(
        Event, Event.seq == JournalSeal.first
    )
    with factory() as session:
        rows = session.execute(pairs.order_by(JournalSeal.number)).all()
    return [number for number, at, made in rows if (at - made).total_seconds() > seconds]


def exported(factory: sessionmaker[Session]) -> Iterator[Entry]:
    """Every entry, and then the rows whose details on record say more than an entry can.

    Args:
        factory: sessions on the database.
    """
    yield from entries(factory)
    yield from ({"twice": seq} for seq in ambiguous(factory))


def ambiguous(factory: sessionmaker[Session]) -> Iterator[int]:
    """The rows whose details have a key twice: which value counts, readers would decide differently.

    Args:
        factory: sessions on the database.
    """
    behind = LOWEST
    while True:
        with factory() as session:
            lite = session.get_bind().dialect.name == "sqlite"  # where text can be no text
            written: Any = cast(Event.details, LargeBinary if lite else String)
            asked = select(Event.seq, written).where(Event.seq > behind)
            rows = session.execute(asked.order_by(Event.seq).limit(BATCH)).all()
        if not rows:
            return
        for seq, details in rows:
            try:
                json_text.parse(details or "null")
            except KeyTwice:
                yield seq
            except (ValueError, RecursionError):
                pass  # `unreadable` names it
        behind = rows[-1][0]


def unreadable(factory: sessionmaker[Session]) -> Iterator[int]:
    """The rows of which a part is nothing that this platform writes: bytes for text, or no JSON.

    Args:
        factory: sessions on the database.
    """
    for entry in entries(factory):
        if "row" in entry and not _as_written(entry["row"]):
            yield entry["row"]["seq"]


def _as_written(row: Entry) -> bool:
    details = row["details"]
    rest = (value for name, value in row.items() if name != "details")
    sound = isinstance(details, dict) and set(details) != {UNREADABLE}
    return sound and not any(isinstance(value, dict) for value in rest)


def check(factory: sessionmaker[Session]) -> Proof:
    """Hold every row on record against its seal.

    Args:
        factory: sessions on the database.
    """
    return journal_proof.check(entries(factory))


def _sealed_just_now(last: Newest | None) -> bool:
    """A clock that was set back does not stop the sealing."""
    if last is None or last.at is None:
        return False
    return timedelta(0) <= now() - last.at < AT_MOST_EVERY


def _keep_writers_out(session: Session) -> None:
    """Let nobody write to the journal, or seal, before this transaction ends."""
    if session.get_bind().dialect.name == "postgresql":
        connection = session.connection()
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {PATIENCE_MILLISECONDS}")
        connection.exec_driver_sql("LOCK TABLE event IN SHARE ROW EXCLUSIVE MODE")


def _seal(session: Session) -> int:
    last = newest(session)
    if _sealed_just_now(last):  # by another sealer, while this one waited
        return 0
    done = 0
    for _ in range(BATCHES):
        rows = _unsealed(session, last, limit=BATCH)
        if not rows:
            break
        made = _sealed(rows, last)
        session.add(made)
        session.flush()
        last = Newest(made.number, made.hash, made.last, made.at)
        done += len(rows)
    return done


def _sealed(rows: Sequence[dict[str, Any]], last: Newest | None) -> JournalSeal:
    leaves = [[row["seq"], journal_proof.leaf_of(row)] for row in rows]
    made = JournalSeal(
        number=1 if last is None else last.number + 1,
        at=now(),
        before=NOTHING_BEFORE if last is None else last.hash,
        root=journal_proof.root_of(each for _, each in leaves),
        rows=len(rows),
        first=rows[0]["seq"],
        last=rows[-1]["seq"],
        hash="",
        leaves=leaves,
    )
    parts = {name: getattr(made, name) for name in journal_proof.HEADER}
    made.hash = journal_proof.hash_of(_plain(parts))
    return made


def _unsealed(session: Session, last: Newest | None, *, limit: int) -> list[dict[str, Any]]:
    return _rows(session, after=0 if last is None else last.last, limit=limit)


def _rows(
    session: Session, *, after: int, until: int | None = None, limit: int | None = None
) -> list[dict[str, Any]]:
    """Rows as they are hashed and exported, in the order of their numbers."""
    columns = [getattr(Event, name) for name in journal_proof.ROW]
    query = select(*columns).where(Event.seq > after).order_by(Event.seq).limit(limit)
    if until is not None:
        query = query.where(Event.seq <= until)
    return [_plain(row) for row in _read(session, query, Event.seq)]


def _read(session: Session, query: Select[Any], key: Any) -> list[dict[str, Any]]:
    """The rows of a query; where a part of one is not what its column holds, each part by itself."""
    try:
        return [dict(row) for row in session.execute(query).mappings()]
    except (ValueError, TypeError, DBAPIError):  # SQLite keeps anything in any column
        if session.get_bind().dialect.name != "sqlite":
            raise
        numbers = session.scalars(query.with_only_columns(key)).all()
        columns = list(query.selected_columns)
        return [
            {each.name: _part(session, each, key == number) for each in columns}
            for number in numbers
        ]


def _part(session: Session, column: Any, row: Any) -> Any:
    """One part of a row; one that can't be read is told as it is kept."""
    try:
        return session.scalar(select(column).where(row))
    except (ValueError, TypeError, DBAPIError):
        return _unreadable(session.scalar(select(cast(column, LargeBinary)).where(row)))


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row, or a seal, as JSON has it. A part that this platform never writes is told as bytes: it fits no hash."""
    at = row["at"]
    row = {**row, "at": _written(at) if isinstance(at, datetime) else at}
    try:
        attestation.canonical(row)
    except NotCanonical:
        row = {name: _told(value) for name, value in row.items()}
    return row


def _told(value: Any) -> Any:
    try:
        attestation.canonical([value])
    except NotCanonical:
        return _unreadable(value)
    return value


def _unreadable(value: Any) -> dict[str, str]:
    kept = bytes(value) if isinstance(value, bytes) else repr(value).encode()
    return {UNREADABLE: kept.hex()}


def _written(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")
