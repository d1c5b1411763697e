"""Many changed lines are indexed in the background; who searches meanwhile is answered at once."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from benchmarks import filings
from filing import catalogue, search_index
from filing.search_index import AT_ONCE, BUILDER, IndexUnfinished, SearchIndex
from portal.app import create_app
from registry import database
from registry.settings import Settings

MANY = AT_ONCE + 50
SOON = 60.0


@pytest.fixture
def large(tmp_path: Path) -> Iterator[FastAPI]:
    """A register of more lines than a search reads itself."""
    app = create_app(Settings(data=tmp_path / "data", sandbox_tier="none"))
    database.Record.metadata.create_all(app.state.engine)
    filings.fill(app.state.settings.database_url, MANY, whole=60)
    yield app
    app.state.engine.dispose()


def _total(app: FastAPI, index: SearchIndex) -> int:
    with app.state.factory() as session:
        return catalogue.search(session, index).total


def _when_built(app: FastAPI, index: SearchIndex) -> int:
    until = time.monotonic() + SOON
    while True:
        try:
            return _total(app, index)
        except IndexUnfinished:
            assert time.monotonic() < until
            time.sleep(0.05)


def test_the_first_search_of_many_is_answered_at_once_and_the_next_finds_all(
    large: FastAPI,
) -> None:
    client = TestClient(large)
    first = client.get("/zh/catalogue")
    assert first.status_code == 503
    assert int(first.headers["retry-after"]) > 0
    assert search_index.BUILDING.zh in first.text
    assert _when_built(large, large.state.search) == MANY
    assert client.get("/zh/catalogue").status_code == 200


def test_an_index_of_another_form_is_built_anew_in_the_background(large: FastAPI) -> None:
    index: SearchIndex = large.state.search
    with pytest.raises(IndexUnfinished):
        _total(large, index)
    assert _when_built(large, index) == MANY
    with closing(sqlite3.connect(large.state.settings.search_index)) as other, other:
        other.execute("UPDATE state SET form = 'older'")
    upgraded = SearchIndex(large.state.settings.search_index, large.state.factory)
    with pytest.raises(IndexUnfinished):
        _total(large, upgraded)
    assert _when_built(large, upgraded) == MANY


def test_two_processes_build_it_once(large: FastAPI) -> None:
    here, there = (
        SearchIndex(large.state.settings.search_index, large.state.factory) for _ in range(2)
    )
    with here._alone() as alone:
        assert alone
        assert there.build() is False
        with pytest.raises(IndexUnfinished):
            _total(large, there)
        assert there._builder is not None
        there._builder.join()  # it finds the other at work; left running, it would build after this
    assert there.build() is True
    assert _total(large, here) == MANY


def test_a_building_that_was_cut_off_goes_on_where_it_was(
    large: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("filing.search_lines.BATCH", 100)
    monkeypatch.setattr("filing.search_index.TOGETHER", 100)
    index = SearchIndex(large.state.settings.search_index, _Ending(large.state.factory, after=2))
    with pytest.raises(KeyboardInterrupt):
        index.build()
    file = large.state.settings.search_index
    with closing(sqlite3.connect(file)) as other:
        assert other.execute("SELECT count(*) FROM line").fetchone() == (200,)
        assert other.execute("SELECT number FROM state").fetchone() == (-1,)
        written = other.execute("SELECT max(rowid) FROM line").fetchone()
    again = SearchIndex(file, large.state.factory)
    assert again.build() is True
    assert _total(large, again) == MANY
    with closing(sqlite3.connect(file)) as other:
        assert other.execute("SELECT count(*) FROM line").fetchone() == (MANY,)
        assert other.execute("SELECT count(*) FROM line WHERE id <= ?", written).fetchone() == (
            200,
        )


class _Ending:
    """Makes sessions that end with the process after so many readings of lines."""

    def __init__(self, factory: Callable[[], Session], *, after: int) -> None:
        self.factory, self.left = factory, after

    def __call__(self) -> Session:
        session: Session = self.factory()
        asked = session.execute

        def counting(*given: object, **more: object) -> object:
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
            return asked(*given, **more)  # type: ignore[call-overload]

        session.execute = counting  # type: ignore[method-assign, assignment]
        return session


def test_a_few_changes_are_read_within_the_search(large: FastAPI) -> None:
    index: SearchIndex = large.state.search
    assert index.build() is True
    with large.state.factory() as session:
        session.execute(text("UPDATE public_change SET number = 2"))
        session.execute(
            text("UPDATE listing SET change = 2 WHERE id < :few"), {"few": f"{50:032}"}
        )
        session.commit()
    assert _total(large, index) == MANY
    # Nothing is built aside; that the facets are gathered there is another matter.
    assert BUILDER not in {each.name for each in threading.enumerate()}
