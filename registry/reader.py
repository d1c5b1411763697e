"""A connection to the record that stays open, for a small question before each answer.

A session takes a hundred times as long as such a question itself, and a thread of its own another
twenty. It is asked where the requests are served, so it must never wait: of an SQLite file in WAL
mode a reader waits for no writer, and PostgreSQL is awaited. What it cannot tell at once it does not
tell; the caller then goes the long way, which waits and says what is wrong.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import psycopg
from psycopg import pq
from psycopg.adapt import Transformer
from sqlalchemy import Dialect, Engine, event
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.sql import ClauseElement

from registry import database, environment
from registry.environment import DatabaseAway, DatabaseClosed

ASK_SECONDS = 5.0
"""How long a database server may take to answer one question."""
Rows = list[tuple[Any, ...]]
GIVEN = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)


class _Connection(Protocol):
    """What a question goes through, and the dialect that it is put in."""

    @property
    def dialect(self) -> Dialect: ...

    async def ask(self, statement: str, values: Sequence[object]) -> Rows: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question in a dialect, with the names of its values in their order, and what is told of them."""

    statement: str
    values: tuple[tuple[str, Any], ...]

    @classmethod
    def of(cls, statement: ClauseElement, dialect: Dialect) -> "_Asked":
        """The question as it is sent."""
        compiled = statement.compile(dialect=dialect)
        order: list[str] = getattr(compiled, "positiontup", None) or []
        return cls(str(compiled), tuple((each, compiled.params[each]) for each in order))


class Reader:
    """Asks the record without a session; each question sees all that was committed before it.

    Args:
        engine: what `registry.database.connect` returned; disposing of it closes this too.
    """

    def __init__(self, engine: Engine) -> None:
        self._asked: dict[ClauseElement, _Asked] = {}
        served = engine.dialect.name != "sqlite"
        self._connection: _Connection = _Served(engine) if served else _File(engine)
        event.listen(engine, "engine_disposed", lambda _engine: self._connection.close())

    async def ask(self, statement: ClauseElement, **values: object) -> Rows:
        """The rows of one small query, which holds nothing afterwards.

        Args:
            statement: the same object each time; of plain texts and numbers.
            values: its named parameters.

        Raises:
            Unavailable: when the record does not answer at once.
        """
        asked = self._asked.get(statement)
        if asked is None:
            asked = self._asked[statement] = _Asked.of(statement, self._connection.dialect)
        given = [values.get(each, told) for each, told in asked.values]
        try:
            return await self._connection.ask(asked.statement, given)
        except (sqlite3.Error, psycopg.Error, OSError) as error:
            environment.check(error)
            raise environment.made(DatabaseAway) from error


class _File:
    """An SQLite file, opened again where another lies in its place."""

    def __init__(self, engine: Engine) -> None:
        self.path, self.dialect = Path(engine.url.database or ""), engine.dialect
        self._open: tuple[sqlite3.Connection, database.Identity] | None = None
        self._alone = threading.Lock()  # whoever closes it may be another thread

    async def ask(self, statement: str, values: Sequence[Any]) -> Rows:
        """The rows, at once."""
        with self._alone:
            if self._open is not None and self._open[1] != database.identity(self.path):
                self._drop()
            if self._open is None:
                self._open = self._opened()
            try:
                return self._open[0].execute(statement, values).fetchall()
            except sqlite3.Error:
                self._drop()
                raise

    def _opened(self) -> tuple[sqlite3.Connection, database.Identity]:
        if not self.path.is_file():
            raise environment.made(DatabaseClosed)
        found = sqlite3.connect(
            f"file:{quote(str(self.path))}?mode=rw",
            uri=True,
            timeout=0,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            found.execute("PRAGMA query_only=ON")
            found.execute(
                "SELECT 1 FROM sqlite_master"
            ).fetchone()  # the log lies there from now on
        except sqlite3.Error:
            found.close()
            raise
        return found, database.identity(self.path)

    def close(self) -> None:
        """Let go of the file; the next question opens it again."""
        with self._alone:
            self._drop()

    def _drop(self) -> None:
        if self._open is not None:
            with suppress(sqlite3.Error):
                self._open[0].close()
        self._open = None


class _Link:
    """A connection to a database server, whose questions go past psycopg's cursors: in half the time.

    Each is prepared when it is first asked, and sent and read as libpq's own manual says (section
    "Asynchronous Command Processing").

    Args:
        connection: an open one, in no transaction.
    """

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._server = connection.pgconn
        self._types = Transformer.from_context(connection)
        self._prepared: dict[str, bytes] = {}

    async def ask(self, statement: str, values: Sequence[object]) -> Rows:
        """The rows of one question.

        Args:
            statement: with $1, $2 and so on for its values.
            values: plain texts and numbers, whose types the server tells from where they stand.
        """
        name = self._prepared.get(statement)
        if name is None:
            name = b"asked%d" % len(self._prepared)
            self._server.send_prepare(name, statement.encode())
            await self._answered()
            self._prepared[statement] = name
        self._server.send_query_prepared(name, [str(each).encode() for each in values])
        found = await self._answered()
        self._types.set_pgresult(found)
        return self._types.load_rows(0, found.ntuples, tuple)

    async def _answered(self) -> pq.abc.PGresult:
        """What came of what was sent last, awaited without holding anybody up."""
        loop, place = asyncio.get_running_loop(), self._server.socket
        whole: asyncio.Future[None] = loop.create_future()
        results: list[pq.abc.PGresult] = []
        self._server.flush()
        loop.add_reader(place, self._read, results, whole)
        try:
            await whole
        finally:
            loop.remove_reader(place)
        failed = not results or results[0].status not in GIVEN
        if not results or (failed and self._server.status != pq.ConnStatus.OK):
            raise psycopg.OperationalError("the database server has ended the connection")
        if failed:
            raise psycopg.errors.error_from_result(results[0])
        return results[0]

    def _read(self, results: list[pq.abc.PGresult], whole: asyncio.Future[None]) -> None:
        """Take in what has arrived; `whole` is over when that is all."""
        try:
            self._server.consume_input()
            self._server.flush()  # whatever of the question its socket did not take at once
            while not whole.done() and not self._server.is_busy():
                if (result := self._server.get_result()) is None:
                    whole.set_result(None)
                else:
                    results.append(result)
        except psycopg.Error as error:
            if not whole.done():
                whole.set_exception(error)

    def end(self) -> None:
        """End the connection."""
        self._server.finish()


class _Line:
    """The connection of one event loop, and whose turn it is."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.link: _Link | None = None

    def drop(self) -> None:
        """End the connection."""
        if self.link is not None:
            self.link.end()
        self.link = None


class _Served:
    """A database server, connected to again where it has ended the connection."""

    def __init__(self, engine: Engine) -> None:
        given, named = engine.dialect.create_connect_args(engine.url)
        self._connect = partial(psycopg.AsyncConnection.connect, *given, **named, autocommit=True)
        self._lines: dict[asyncio.AbstractEventLoop, _Line] = {}
        self.dialect = PGDialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]

    async def ask(self, statement: str, values: Sequence[object]) -> Rows:
        """The rows, asked after those who asked before."""
        loop = asyncio.get_running_loop()
        line = self._lines.get(loop)
        if line is None:
            self._forget_ended()
            line = self._lines[loop] = _Line()
        async with line.turn:
            kept = line.link is not None
            try:
                return await self._asked(line, statement, values)
            except psycopg.OperationalError:
                if not kept:
                    raise
                return await self._asked(line, statement, values)

    async def _asked(self, line: _Line, statement: str, values: Sequence[object]) -> Rows:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                if line.link is None:
                    line.link = _Link(await self._connect())
                return await line.link.ask(statement, values)
        except BaseException:  # also when the request is given up in the middle
            line.drop()
            raise

    def _forget_ended(self) -> None:
        for loop in [each for each in self._lines if each.is_closed()]:
            self._lines.pop(loop).drop()

    def close(self) -> None:
        """End the connections; the next question opens one."""
        for loop in list(self._lines):
            self._lines.pop(loop).drop()
