"""Facets that lie in memory count what facets in the file count, whatever was written meanwhile."""

import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from filing import search_facets, search_hits, search_lines, search_words
from filing.search_facets import CODED, SEVERAL, Facets
from filing.search_hits import Asked, Filters, Hits
from filing.search_index import SearchIndex
from filing.search_lines import Line
from portal.app import create_app
from registry import database
from registry.database import transaction
from registry.settings import Settings
from tests import tables
from tests.filing.papers import Scene
from tests.portal.published import publish

DAY = datetime(2026, 1, 1, tzinfo=UTC)
VALID = DAY.timestamp()
WORDS = ("房贷", "评分", "房贷评分")
VALUES = {name: ("|a|", "|a|b|", "|c|") if name in SEVERAL else ("x", "y", "") for name in CODED}


def _line(listing: int, day: int, word: str, values: tuple[str, ...], made: float) -> Line:
    text = " ".join(search_words.tokens(word))
    return Line(
        listing=str(listing),
        change=1,
        published=DAY + timedelta(days=day),
        name=word,
        latin=frozenset(),
        texts=(text, text, text, str(listing)),
        values=values,
        claims=(),
        made=made,
    )


LINES = st.builds(
    _line,
    st.integers(0, 7),
    st.integers(0, 3),
    st.sampled_from(WORDS),
    st.tuples(*(st.sampled_from(VALUES[name]) for name in CODED)),
    st.sampled_from((float("nan"), VALID - 1, VALID, VALID + 1)),
)
STEPS = st.lists(
    st.one_of(
        st.lists(LINES, min_size=1, max_size=4, unique_by=lambda each: each.listing),
        st.sampled_from(("read", "empty", "count")),
    ),
    max_size=14,
)
FILTERS = st.builds(
    Filters,
    grade=st.sampled_from(((), ("x",), ("x", "y"))),
    kind=st.sampled_from(((), ("b",), ("a", "c"))),
    evaluated=st.sampled_from((None, True, False)),
)


@contextmanager
def _index() -> Iterator[sqlite3.Connection]:
    index = sqlite3.connect(":memory:", isolation_level=None)
    index.executescript(search_lines.TABLES)
    try:
        yield index
    finally:
        index.close()


def _counted(
    index: sqlite3.Connection, facets: Facets | None, word: str, filters: Filters
) -> search_hits.Counted:
    asked = Asked(word, filters, valid=DAY)
    index.execute("BEGIN")
    try:
        return Hits(index, search_words.match(word), "", asked, facets).counted()
    finally:
        index.execute("ROLLBACK")


def _plainly(lines: list[Line], filters: Filters) -> dict[str, dict[str, int]]:
    """Per facet, each value of the lines that pass all other filters."""
    facets = (*CODED, "evaluated")
    told = [
        {
            **dict(zip(CODED, each.values, strict=True)),
            "evaluated": "yes" if each.made >= VALID else "no",
        }
        for each in lines
    ]

    def values(row: dict[str, Any], name: str) -> list[str]:
        value: str = row[name]
        return [each for each in value.split("|") if each] if name in SEVERAL else [value]

    def passes(row: dict[str, Any], but: str) -> bool:
        wanted = {name: filters.wanted(name) for name in facets if name != but}
        return all(not some or set(values(row, name)) & set(some) for name, some in wanted.items())

    return {
        name: dict(
            Counter(value for row in told if passes(row, name) for value in values(row, name))
        )
        for name in facets
    }


@given(steps=STEPS, word=st.sampled_from(WORDS), filters=FILTERS)
def test_facets_in_memory_count_what_is_counted_plainly(
    steps: list[Any], word: str, filters: Filters
) -> None:
    facets: Facets | None = None
    lines = dict[str, Line]()
    with _index() as index:
        for step in [*steps, "count", "read", "count"]:
            if step == "count":
                there = [each for each in lines.values() if word in each.name]
                expected = _plainly(there, filters)
                found = [_counted(index, each, word, filters) for each in (facets, None)]
                assert [each.by_facet for each in found] == [expected, expected]
                assert found[0] == found[1]
                continue
            if step == "read":
                facets = Facets.read(index) if search_facets.latest(index) is not None else None
                continue
            index.execute("BEGIN IMMEDIATE")
            if step == "empty":
                search_lines.empty(index)
                lines.clear()
            else:
                search_lines.write(index, step)
                lines |= {each.listing: each for each in step}
            index.execute("COMMIT")


@pytest.mark.parametrize("most", [1, 2, 3, 4])
def test_beyond_the_newest_the_same_hits_are_counted(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("filing.search_hits.NEWEST", most)
    values = [("|a|",) * 2 + (each,) * 9 for each in ("x", "y", "x")]
    lines = [_line(place, place, "房贷", each, VALID) for place, each in enumerate(values)]
    with _index() as index:
        search_lines.write(index, lines)
        facets = Facets.read(index)
        found = [_counted(index, each, "房贷", Filters()) for each in (facets, None)]
        assert found[0] == found[1]
        assert found[0].partial == (most < 3)
        newest = Counter(each[-1] for each in values[-most:])
        assert found[0].by_facet["filer"] == newest


def test_what_was_kept_of_another_file_or_before_too_many_changes_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("filing.search_facets.MOST_MOVED", 3)
    line = _line(1, 1, "房贷", ("|a|",) * 2 + ("x",) * 9, VALID)
    with _index() as index, _index() as other:
        for each in (index, other):
            search_lines.write(each, [line])
        facets = Facets.read(index)
        assert facets.later(index) == []
        assert facets.later(other) is None
        search_lines.write(index, [line])  # removed, and written again
        assert set(facets.later(index) or ()) == {int(line.published.timestamp() * 1000)}
        search_lines.write(index, [line])
        assert facets.later(index) is None
        search_lines.empty(index)
        assert Facets.read(index).later(index) == []
        assert facets.later(index) is None


def test_a_server_reads_them_after_its_first_search_and_follows_every_change(
    tmp_path: Path,
) -> None:
    app = create_app(Settings(data=tmp_path / "data", sandbox_tier="none"))
    tables.make(app.state.engine)
    index: SearchIndex = app.state.search
    with TestClient(app) as client:
        for count in range(1, 5):
            with transaction(app.state.factory) as session:
                publish(Scene(session))
            told = client.get("/zh/catalogue.json").json()
            assert told["facets"]["status"] == {"published": count}
            until = time.monotonic() + 20
            while index.gathered is None and time.monotonic() < until:
                time.sleep(0.01)
            assert index.gathered is not None


@pytest.mark.parametrize(
    "error", [sqlite3.OperationalError("disk I/O error"), FileNotFoundError("search.db")]
)
def test_a_file_thrown_away_while_its_facets_are_read_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Another thread or process throws a damaged file away at any moment; the next search reads it."""
    engine = database.connect(f"sqlite:///{tmp_path / 'record.db'}")
    index = SearchIndex(tmp_path / "search.db", database.sessions(engine))

    def thrown_away() -> None:
        raise error

    monkeypatch.setattr(index, "gather", thrown_away)
    index._gather_aside()
    assert index.gathered is None
    engine.dispose()
