"""Databases for tests: every table, made once for each process and copied from then on.

Working out and sending the statements of forty tables takes ten times as long as copying the
pages of the file that they make.
"""

import sqlite3
from functools import cache
from typing import cast

from sqlalchemy import Engine, inspect

from registry import database
from registry.database import Record


def make(engine: Engine) -> None:
    """Give an empty database every table that has been imported, as `create_all` would.

    Args:
        engine: what `registry.database.connect` returned.
    """
    if engine.dialect.name == "sqlite" and not inspect(engine).get_table_names():
        restore(engine, _every(frozenset(Record.metadata.tables)))
    else:
        Record.metadata.create_all(engine)


def copy(engine: Engine) -> sqlite3.Connection:
    """A copy in memory of what an SQLite database holds now, for `restore`."""
    made = sqlite3.connect(":memory:", check_same_thread=False)
    with engine.connect() as connection:
        _file_of(connection.connection).backup(made)
    return made


def restore(engine: Engine, copied: sqlite3.Connection) -> None:
    """Put what `copy` returned in the place of all that an SQLite database holds."""
    writers = database.writers(engine)
    taken = writers.raw_connection()
    try:
        copied.backup(_file_of(taken))
    finally:
        taken.close()


@cache
def _every(_names: frozenset[str]) -> sqlite3.Connection:
    engine = database.connect("sqlite://")
    Record.metadata.create_all(engine)
    made = copy(engine)
    engine.dispose()
    return made


def _file_of(connection: object) -> sqlite3.Connection:
    return cast(sqlite3.Connection, connection.driver_connection)  # type: ignore[attr-defined]
