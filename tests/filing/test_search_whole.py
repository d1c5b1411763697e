"""Somebody changes the search's index: it is told, and made anew from the record."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from filing import search_index, search_lines, search_whole
from filing.changes import PublicChange
from filing.search_hits import Asked, Filters
from filing.search_index import IndexUnfinished, SearchIndex
from registry import database
from registry.database import now
from registry.language import Text
from tests import exhaustive, tables
from tests.filing.papers import Scene

TORN = (
    *(f"DELETE FROM {each}" for each in ("line", "facet", "value")),
    *(
        f"INSERT INTO {each}({each}) VALUES ('delete-all')"
        for each in ("named", "short", "digits")
    ),
    *(f"DROP TABLE {each}" for each in ("line", "facet", "value", "claim", "moved", "spelled")),
    *(f"DROP TABLE {each}" for each in ("named", "short", "state")),
    "UPDATE facet SET packed = NULL",
    "UPDATE facet SET id = id + 1",
    "UPDATE line SET id = id + 1",
)
"""What a search meets by itself."""
OTHER = (
    "DELETE FROM line; DELETE FROM facet; " + "".join(
        f"INSERT INTO {each}({each}) VALUES ('delete-all');" for each in ("named", "short", "whole", "digits")
    ),
    "UPDATE state SET number = number + 1000",
)  # fmt: skip
"""What only the record tells."""


@pytest.fixture
def register(tmp_path: Path) -> Iterator[sessionmaker[Session]]:
    """A record with one published filing."""
    engine = database.connect(f"sqlite:///{tmp_path / 'record.db'}")
    tables.make(engine)
    factory = database.sessions(engine)
    with database.transaction(factory) as session:
        Scene(session).published()
    yield factory
    engine.dispose()


def found(index: SearchIndex, register: sessionmaker[Session], query: str = "示例") -> int:
    with register() as session:
        asked = Asked(query=query, filters=Filters(), valid=now())
        hits = index.find(session, asked, skip=0, size=5)
    assert len(hits.listings) == hits.total
    return hits.total


def changed(place: Path, statements: str) -> None:
    """Somebody writes into the file."""
    with closing(sqlite3.connect(place)) as other:
        other.executescript(statements)
        other.commit()


def settled(index: SearchIndex) -> None:
    for each in (index._builder, index._gatherer):
        if isinstance(each, threading.Thread):
            each.join()


@pytest.mark.parametrize(
    ("statements", "query"),
    [
        exhaustive.case(statements, query, kept=at % 2 == bool(query))
        for at, statements in enumerate(TORN)
        for query in ("示例", "")
    ],
)
def test_a_search_never_tells_of_a_torn_index_and_makes_it_anew(
    register: sessionmaker[Session], tmp_path: Path, statements: str, query: str
) -> None:
    """Issue 13: each was a 500 for ever, or told that nothing is filed."""
    place = tmp_path / "search.db"
    index, beside = SearchIndex(place, register), SearchIndex(place, register)
    assert found(index, register, query) == found(beside, register, query) == 1
    settled(index)
    settled(beside)
    changed(place, statements)
    assert found(index, register, query) == 1
    assert found(beside, register, query) == 1
    assert found(SearchIndex(place, register), register, query) == 1
    assert search_index.examined(place, register)[0]


@pytest.mark.parametrize(
    "statements", [*(each for each in TORN if "state" not in each and "NULL" not in each), *OTHER]
)
def test_it_is_told_by_who_examines_and_healed_by_who_asks_whether_the_server_is_ready(
    register: sessionmaker[Session], tmp_path: Path, statements: str
) -> None:
    """Issue 13: `readyz` said true and `doctor` “ok … 0 lines” of a record that has some."""
    place = tmp_path / "search.db"
    index = SearchIndex(place, register)
    assert found(index, register) == 1
    settled(index)
    index.check()
    assert search_index.examined(place, register)[0]
    changed(place, statements)
    ok, said = search_index.examined(place, register)
    assert not ok
    assert "不符" in said.zh
    with pytest.raises(IndexUnfinished) as caught:
        index.check()
    assert caught.value.said.zh in said.zh
    settled(index)
    index.check()
    assert search_index.examined(place, register)[0]
    assert found(index, register) == 1


def test_an_index_ahead_of_the_record_freezes_no_server(
    register: sessionmaker[Session], tmp_path: Path
) -> None:
    """Issue 13: no change was indexed any more."""
    place = tmp_path / "search.db"
    index = SearchIndex(place, register)
    assert found(index, register) == 1
    changed(place, "UPDATE state SET number = number + 1000")
    with database.transaction(register) as session:
        session.execute(update(PublicChange).values(number=PublicChange.number + 1))
    assert found(index, register) == 1
    with closing(sqlite3.connect(place)) as other, register() as session:
        kept = other.execute("SELECT number FROM state").fetchone()[0]
        assert kept == session.get_one(PublicChange, 1).number


def test_who_saw_less_of_the_record_than_another_makes_nothing_anew(
    register: sessionmaker[Session], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = SearchIndex(tmp_path / "search.db", register)
    asked = Asked(query="", filters=Filters(), valid=now())
    with register() as early:
        index.find(early, asked, skip=0, size=5)
        with database.transaction(register) as session:
            session.execute(update(PublicChange).values(number=PublicChange.number + 1))
        assert found(index, register) == 1
        made: list[object] = []
        monkeypatch.setattr(search_lines, "empty", made.append)
        assert index.find(early, asked, skip=0, size=5).total == 1
    assert not made


def test_a_search_counts_the_tables_once_and_not_again(
    register: sessionmaker[Session], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, counted = SearchIndex(tmp_path / "search.db", register), list[object]()
    plain = search_whole.torn

    def torn(given: sqlite3.Connection) -> Text | None:
        counted.append(given)
        return plain(given)

    monkeypatch.setattr(search_whole, "torn", torn)
    for _ in range(5):
        found(index, register)
        settled(index)
    assert len(counted) <= 2  # once more where the facets were first noted
