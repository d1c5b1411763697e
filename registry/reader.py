"""A connection to the record that stays open, for a small question before each answer.

A session takes a hundred times as long as such a question itself, and a thread of its own another
twenty. It is asked where the requests are served, so it must never wait: of an SQLite file in WAL
mode a reader waits for no writer, and PostgreSQL is awaited. What it cannot tell at once it does not
tell; the caller then goes the long way, which waits and says what is wrong.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.engine import Compiled
from sqlalchemy.sql import ClauseElement

from registry import database, environment
from registry.environment import DatabaseAway, DatabaseClosed

ASK_SECONDS = 5.0
"""How long a database server may take to answer one question."""
Rows = list[tuple[Any, ...]]


class _Connection(Protocol):
    """What a question goes through."""

    async def ask(self, statement: str, values: Any) -> Rows: ...

    def close(self) -> None: ...


class Reader:
    """Asks the record without a session; each question sees all that was committed before it.

    Args:
        engine: what `registry.database.connect` returned; disposing of it closes this too.
    """

    def __init__(self, engine: Engine) -> None:
        self._dialect = engine.dialect
        self._asked: dict[ClauseElement, Compiled] = {}
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
        compiled = self._asked.get(statement)
        if compiled is None:
            compiled = self._asked[statement] = statement.compile(dialect=self._dialect)
        named: Mapping[str, Any] = compiled.construct_params(values) or {}
        order: list[str] | None = getattr(compiled, "positiontup", None)
        given = named if order is None else [named[each] for each in order]
        try:
            return await self._connection.ask(str(compiled), given)
        except (sqlite3.Error, psycopg.Error, OSError) as error:
            environment.check(error)
            raise environment.made(DatabaseAway) from error


class _File:
    """An SQLite file, opened again where another lies in its place."""

    def __init__(self, engine: Engine) -> None:
        self.path = Path(engine.url.database or "")
        self._open: tuple[sqlite3.Connection, database.Identity] | None = None
        self._alone = threading.Lock()  # whoever closes it may be another thread

    async def ask(self, statement: str, values: Any) -> Rows:
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


class _Line:
    """One connection to a database server, for one event loop."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.connection: psycopg.AsyncConnection[tuple[Any, ...]] | None = None

    def drop(self) -> None:
        """End the connection."""
        if self.connection is not None:
            self.connection.pgconn.finish()
        self.connection = None


class _Served:
    """A database server, connected to again where it has ended the connection."""

    def __init__(self, engine: Engine) -> None:
        given, named = engine.dialect.create_connect_args(engine.url)
        self._connect = partial(psycopg.AsyncConnection.connect, *given, **named, autocommit=True)
        self._lines: dict[asyncio.AbstractEventLoop, _Line] = {}

    async def ask(self, statement: str, values: Any) -> Rows:
        """The rows, asked after those who asked before."""
        loop = asyncio.get_running_loop()
        line = self._lines.get(loop)
        if line is None:
            self._forget_ended()
            line = self._lines[loop] = _Line()
        async with line.turn:
            kept = line.connection is not None
            try:
                return await self._asked(line, statement, values)
            except psycopg.OperationalError:
                if not kept:
                    raise
                return await self._asked(line, statement, values)

    async def _asked(self, line: _Line, statement: str, values: Any) -> Rows:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                if line.connection is None:
                    line.connection = await self._connect()
                found = await line.connection.execute(statement, values)
                return await found.fetchall()
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
