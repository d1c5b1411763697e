"""The one metadata object, the engine and the kinds of column that every noun uses.

Who reads never waits for who writes: each has connections of its own. A writer takes one of few
(on SQLite, which knows one writer at a time, of one) and stands in a short queue for it; when
that is full, it is told so at once instead of holding a thread.
"""

import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVarTuple

from sqlalchemy import (
    JSON,
    DateTime,
    Engine,
    MetaData,
    Row,
    Select,
    String,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.exc import ArgumentError, InvalidatePoolError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from sqlalchemy.orm.attributes import QueryableAttribute
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection, QueuePool
from sqlalchemy.types import TypeDecorator

from registry import characters, environment, modes
from registry.environment import DatabaseBusy, ReadOnly
from registry.errors import Invalid

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
BUSY_MILLISECONDS = 5_000
"""How long a statement waits for somebody else's lock; then the answer is 503, and nothing is lost."""
IDLE_MILLISECONDS = 60_000
WAITING_WRITERS = 16
"""Writers of one process that may wait for a connection; the next one is told to come back."""
READERS: dict[str, dict[str, int]] = {
    "sqlite": {"pool_size": 10, "max_overflow": 30, "pool_timeout": 10},
    "postgresql": {"pool_size": 10, "max_overflow": 10, "pool_timeout": 10},
}
WRITERS: dict[str, dict[str, int]] = {
    "sqlite": {"pool_size": 1, "max_overflow": 0, "pool_timeout": 10},
    "postgresql": {"pool_size": 5, "max_overflow": 5, "pool_timeout": 20},
}
"""Connections of one process: how many, and seconds to wait for one."""
IDENTITY = "mingsuan.identity"
Columns = TypeVarTuple("Columns")
Identity = tuple[tuple[int, int] | None, tuple[int, int] | None]


class NoDatabaseAddress(Invalid):
    """The setting names no database that can be used: correct the address."""


class WritersWaiting(DatabaseBusy):
    """Too many wait to write, or one has waited too long: try again in a moment."""


class Moment(TypeDecorator[datetime]):
    """A point in time, kept in UTC by both databases and always read back aware."""

    impl = DateTime(timezone=False)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002
        """Store UTC without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment without a time zone: {value!r}")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002
        """Read UTC back."""
        return None if value is None else value.replace(tzinfo=UTC)


class Record(DeclarativeBase):
    """What every table of the register is made from."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012
        datetime: Moment(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
        str: String(),
    }


@event.listens_for(Record, "attribute_instrument", propagate=True)
def _read_texts(_table: type[Record], name: str, column: QueryableAttribute[Any]) -> None:
    """Have every text that enters a record read first, by whichever door it came.

    A column with `info={"quotes": True}` holds what the product tells about others' texts: there
    an unwanted character is written out instead, for a failure has to be told.
    """
    kinds = [each.type for each in getattr(column.property, "columns", [])]
    if not any(isinstance(kind, String | JSON) for kind in kinds):
        return
    quotes = column.property.columns[0].info.get("quotes", False)

    @event.listens_for(column, "set", retval=True)
    def read(_record: Record, value: Any, _before: object, _initiator: object) -> Any:
        if quotes:
            return characters.all_visible(value)
        characters.check_all(value, within=name)
        return value


def new_id() -> str:
    """A fresh identifier: 32 hexadecimal digits that follow the order in which one process asks.

    Twelve of them are the clock in milliseconds, four count within one, sixteen are random.
    """
    return f"{_stamps.next():016x}{secrets.token_hex(8)}"


class _Stamps:
    """Numbers that always rise: the clock, and a count of those drawn in the same millisecond."""

    def __init__(self) -> None:
        self._last, self._lock = 0, threading.Lock()

    def next(self) -> int:
        """The next number."""
        with self._lock:
            self._last = max(int(time.time() * 1000) << 16, self._last + 1)
            return self._last


_stamps = _Stamps()


def now() -> datetime:
    """The present moment, in UTC, to the microsecond."""
    return datetime.now(UTC)


class Identified:
    """The identifier and the moment of creation that most records carry."""

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    created: Mapped[datetime] = mapped_column(default=now)


def connect(url: str) -> Engine:
    """An engine for `url`; SQLite gets WAL, foreign keys, a busy timeout and real transactions.

    Args:
        url: a SQLAlchemy URL; `postgresql://` means psycopg 3.

    Raises:
        NoDatabaseAddress: when it is none, or of a kind that is not installed.
    """
    try:
        return _engine(url)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise NoDatabaseAddress(
            "MINGSUAN_DATABASE 不是可用的数据库地址。请写成 postgresql://用户:口令@主机/库，"
            "或者留空，用数据目录里的 SQLite。",
            "MINGSUAN_DATABASE is no usable database address. Write "
            "postgresql://user:password@host/name, or leave it empty for SQLite in the data "
            "directory.",
        ) from error


def _engine(url: str) -> Engine:
    address = make_url(url)
    kind = address.get_backend_name()
    prepare = partial(_file, seen=set()) if kind == "sqlite" else _served
    options: dict[str, Any] = {"pool_pre_ping": True}
    if kind not in READERS:
        raise ArgumentError(f"{kind} is no database that the record can lie in")
    if kind == "sqlite":
        options = {
            "connect_args": {"check_same_thread": False, "timeout": BUSY_MILLISECONDS / 1000}
        }
        if address.database in {None, "", ":memory:"}:  # one connection has all of it
            readers = prepare(create_engine(url, **options))
            return _with_writers(readers, readers.execution_options(writing=True))
    readers = prepare(create_engine(url, **options, **READERS[kind]))
    writers = prepare(create_engine(url, **options, **WRITERS[kind], poolclass=_Writers))
    event.listen(readers, "engine_disposed", lambda _engine: writers.dispose())
    return _with_writers(readers, writers.execution_options(writing=True))


def _with_writers(readers: Engine, writers: Engine) -> Engine:
    readers.update_execution_options(writers=writers)
    return readers


class _Writers(QueuePool):
    """Connections for writing, with a queue of bounded length before them."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._asking, self._counting = 0, threading.Lock()

    def connect(self) -> PoolProxiedConnection:
        """A connection, after those who asked before.

        Raises:
            WritersWaiting: when too many wait already, or none came free for too long.
        """
        with self._counting:
            if self._asking >= WAITING_WRITERS:
                raise _writers_waiting()
            self._asking += 1
        try:
            return super().connect()
        except PoolTimeout as error:
            raise _writers_waiting() from error
        finally:
            with self._counting:
                self._asking -= 1


def _writers_waiting() -> WritersWaiting:
    return WritersWaiting(
        "正在写入的人太多，这次没有写入。请稍后再试。",
        "Too many others are writing, and nothing was written this time. Try again in a moment.",
    )


def _file(engine: Engine, seen: set[Path]) -> Engine:
    """The engine of an SQLite file; `seen` is shared by those on the same file."""
    _keep_to_file(engine, seen)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # BEGIN is ours, below
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_MILLISECONDS}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        # A deferred transaction that reads first and writes later fails with SQLITE_BUSY at once,
        # whatever the busy timeout; a session that will write says so with `writing`.
        options = connection.get_execution_options()
        if not options.get("writing"):
            connection.exec_driver_sql("BEGIN")
            return
        if options.get("giving_way"):
            connection.exec_driver_sql("PRAGMA busy_timeout=0")
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        finally:
            if options.get("giving_way"):
                connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")

    return engine


def _keep_to_file(engine: Engine, seen: set[Path]) -> None:
    """Make the file of a SQLite database once, for our account alone, and use no other.

    SQLite gives `-wal`, `-shm` and the journal the mode of the database file. A file that was there
    and is moved away is missed: an empty one in its place would be taken for the record. Where
    another was put in its place, connections to the one before are closed.
    """

    @event.listens_for(engine, "do_connect")
    def _before(_dialect: object, _record: object, arguments: Any, _named: object) -> None:
        place = Path(str(arguments[0])) if arguments else Path()
        if not arguments or arguments[0] in ("", ":memory:") or not place.parent.is_dir():
            return
        if place in seen:
            _check_there(place)
        else:
            seen.add(modes.file(place))

    @event.listens_for(engine, "checkout")
    def _taken(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        for place in seen:
            _check_there(place)
            if IDENTITY not in record.info:  # the log lies beside the file from the first query on
                connection.execute("SELECT 1 FROM sqlite_master").fetchone()
                record.info[IDENTITY] = identity(place)
            elif record.info[IDENTITY] != identity(place):
                raise InvalidatePoolError("another file lies in the place of the database")


def _check_there(place: Path) -> None:
    if not place.exists():
        raise environment.made(environment.DatabaseClosed)


def identity(place: Path) -> Identity:
    """Which SQLite file lies at a path now, with the log beside it: another one was put there else.

    Args:
        place: of the database file.
    """
    return modes.identity(place), modes.identity(f"{place}-wal")


def _served(engine: Engine) -> Engine:
    """The engine of a database server, on which nobody keeps a lock without working."""

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        # A worker that is stopped within a transaction would hold its row, and nobody could take
        # the work over; the server ends such a session and lets the row go.
        with connection.cursor() as cursor:
            cursor.execute(f"SET idle_in_transaction_session_timeout = {IDLE_MILLISECONDS}")
            cursor.execute(f"SET lock_timeout = {BUSY_MILLISECONDS}")
        connection.commit()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        if connection.get_execution_options().get("giving_way"):
            connection.exec_driver_sql("SET LOCAL lock_timeout = 1")

    return engine


def writers(engine: Engine) -> Engine:
    """The connections through which changes go, apart from those that only read.

    Args:
        engine: what `connect` returned.
    """
    found: Engine = engine.get_execution_options()["writers"]
    return found


def sessions(engine: Engine) -> sessionmaker[Session]:
    """A factory of sessions that read; objects stay readable after the commit."""
    return sessionmaker(engine, expire_on_commit=False)


def ends_at_once(session: Session) -> bool:
    """Whether to close a session waits for nothing: nothing was begun, or it has read a file of ours.

    Args:
        session: any session.
    """
    if not session.in_transaction():
        return True
    bind = session.get_bind()
    return bind.dialect.name == "sqlite" and not bind.get_execution_options().get("writing")


def rows(session: Session, statement: Select[*Columns], **values: Any) -> Sequence[Row[*Columns]]:
    """Columns of what the session sees, read past its records: in a third of the time.

    Args:
        session: any session; what it has not written yet is written first.
        statement: a query of columns; the same object each time, so that it is compiled once.
        values: its named parameters.
    """
    session.flush()
    return session.connection().execute(statement, values).all()


@contextmanager
def transaction(factory: sessionmaker[Session]) -> Iterator[Session]:
    """One writing transaction at the edge: committed at the end, rolled back on any error.

    Args:
        factory: what `sessions` returned.

    Raises:
        WritersWaiting: when too many others write.
    """
    with factory(bind=writers(factory.kw["bind"])) as session:
        session.connection()
        yield session
        session.commit()


@contextmanager
def giving_way(factory: sessionmaker[Session]) -> Iterator[Session]:
    """A writing transaction for what can wait: it fails at once where others are writing.

    Args:
        factory: what `sessions` returned.

    Raises:
        OperationalError: when another writer is at work.
    """
    with factory(bind=_at_once(factory.kw["bind"])) as session:
        session.connection()
        yield session
        session.commit()


def check_writing(engine: Engine) -> None:
    """See that the database takes changes, without waiting for those who make some.

    Args:
        engine: what `connect` returned.

    Raises:
        SQLAlchemyError, Unavailable: when it is away, full or read-only.
    """
    try:
        with _at_once(engine).connect() as connection:
            if connection.dialect.name == "sqlite":  # begins on a read-only file, and then refuses
                connection.exec_driver_sql("CREATE TABLE written (anything)")
            elif connection.exec_driver_sql("SHOW transaction_read_only").scalar() == "on":
                raise environment.made(ReadOnly)
            connection.rollback()
    except OperationalError as error:
        if not isinstance(environment.unavailable(error), DatabaseBusy):
            raise


def _at_once(engine: Engine) -> Engine:
    """Of the readers' connections, so that it stands in no queue."""
    return engine.execution_options(writing=True, giving_way=True)
