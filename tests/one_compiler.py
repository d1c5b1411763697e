"""A statement is compiled once for a test's process, and not once for each of its databases.

SQLAlchemy keeps compiled statements by engine and dialect, and every test has engines of its own: a
fifth of what such tests took went into compiling the same statements again.
"""

from typing import Any

import sqlalchemy
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

from registry import database

SHARED = (SQLiteDialect_pysqlite, PGDialect_psycopg)
_compiled: LRUCache[Any, Any] = LRUCache(4_000)


def install() -> None:
    """Have every engine that `registry.database.connect` makes from now on share what is compiled."""
    for each in SHARED:  # one is as good as another in the key of a compiled statement
        each.__eq__ = _of_one_class  # type: ignore[method-assign]
        each.__hash__ = _of_its_class  # type: ignore[method-assign, assignment]
    database.create_engine = _create_engine  # type: ignore[attr-defined]


def _of_one_class(one: object, other: object) -> bool:
    return type(one) is type(other)


def _of_its_class(one: object) -> int:
    return hash(type(one))


def _create_engine(*given: Any, **options: Any) -> Engine:
    engine = sqlalchemy.create_engine(*given, **options)
    if type(engine.dialect) in SHARED:
        engine._compiled_cache = _compiled
    return engine
