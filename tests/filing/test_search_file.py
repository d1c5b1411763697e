"""The index's file goes wrong: it is made anew where that helps, and told with its cause where not."""

import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from filing import changes, search_file
from filing.search_hits import Asked, Filters
from filing.search_index import SearchIndex
from registry import environment, modes
from registry.database import now
from registry.environment import DatabaseBusy, DatabaseClosed, DiskFull
from tests.filing.papers import Scene

LONG = 3.0
"""Seconds after which somebody who searches has waited too long."""


def found(index: SearchIndex, scene: Scene) -> int:
    """How many filings the index has, brought up to the scene's record."""
    asked = Asked(query="", filters=Filters(), valid=now())
    return index.find(scene.session, asked, skip=0, size=5).total


@contextmanager
def written_elsewhere(place: Path) -> Iterator[None]:
    """Another process, stopped in the middle of a write."""
    other = sqlite3.connect(place, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@pytest.fixture
def place(scene: Scene, tmp_path: Path) -> Path:
    """The file of an index that has one filing."""
    scene.published()
    place = tmp_path / "search.db"
    made = SearchIndex(place)
    assert found(made, scene) == 1
    if made._gatherer is not None:  # it has the file open, as no test below expects
        made._gatherer.join()
    return place


def _raised(scene: Scene) -> None:
    changed = scene.session.get_one(changes.PublicChange, 1)
    changed.number += 1
    scene.session.flush()


def test_nobody_waits_long_for_another_who_writes(scene: Scene, place: Path) -> None:
    index = SearchIndex(place)
    with written_elsewhere(place):
        assert found(index, scene) == 1  # nothing is to be written: nobody is waited for
        _raised(scene)
        begun = time.monotonic()
        with pytest.raises(DatabaseBusy) as caught:
            found(index, scene)
        assert time.monotonic() - begun < LONG
        assert caught.value.said == search_file.BUSY
        assert caught.value.retry_after > 0
    assert found(index, scene) == 1


def test_nobody_waits_long_for_another_thread(scene: Scene, place: Path) -> None:
    index = SearchIndex(place)
    _raised(scene)
    begun = time.monotonic()
    with index._file.writing(), pytest.raises(DatabaseBusy):
        _in_a_thread(lambda: found(index, scene))
    assert time.monotonic() - begun < LONG
    assert found(index, scene) == 1


def _in_a_thread(work: Callable[[], object]) -> None:
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  # handed over
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]


@pytest.mark.parametrize("open_already", [False, True])
@pytest.mark.parametrize("how", ["other words", "empty", "cut", "overwritten"])
def test_a_damaged_file_is_thrown_away_and_made_anew(
    scene: Scene, place: Path, *, open_already: bool, how: str
) -> None:
    index = SearchIndex(place)
    if open_already:
        assert found(index, scene) == 1
    other = sqlite3.connect(place)
    other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    other.close()
    size = place.stat().st_size
    with place.open("r+b") as file:
        if how in ("cut", "empty"):
            file.truncate(4096 if how == "cut" else 0)
        elif how == "overwritten":  # behind a heading that is right
            file.seek(4096)
            file.write(b"\xff" * (size - 4096))
        else:
            file.write(b"no database at all\n" * 1000)
    assert found(index, scene) == 1
    assert found(SearchIndex(place), scene) == 1
    assert not [each for file in place.parent.glob("search.db*") for each in modes.exposed(file)]


def test_a_file_of_other_tables_is_made_anew(scene: Scene, place: Path) -> None:
    place.unlink()
    other = sqlite3.connect(place)
    other.execute("CREATE TABLE state (something TEXT)")
    other.close()
    assert found(SearchIndex(place), scene) == 1


def test_a_file_that_was_taken_away_is_made_anew(scene: Scene, place: Path) -> None:
    index = SearchIndex(place)
    assert found(index, scene) == 1
    place.rename(place.with_name("elsewhere.db"))
    assert found(index, scene) == 1
    assert place.is_file()


def test_a_folder_in_its_place_is_told_and_stays(scene: Scene, place: Path) -> None:
    for each in place.parent.glob("search.db*"):
        each.unlink()
    place.mkdir()
    (place / "kept").write_text("somebody's")
    index = SearchIndex(place)
    with pytest.raises(DatabaseClosed) as caught:
        found(index, scene)
    assert caught.value.said == search_file.CLOSED
    assert (place / "kept").read_text() == "somebody's"
    shutil.rmtree(place)
    assert found(index, scene) == 1


def test_a_full_disk_is_told_as_that(scene: Scene, small_disk: Path) -> None:
    scene.published()
    index = SearchIndex(small_disk / "search.db")
    filling = small_disk / "filling"
    filling.write_bytes(bytes(shutil.disk_usage(small_disk).free))
    with pytest.raises(Exception) as caught:  # noqa: PT011  # which one is what is asked
        found(index, scene)
    assert type(environment.unavailable(caught.value)) is DiskFull
    filling.unlink()
    assert found(index, scene) == 1


def test_a_full_disk_leaves_the_index_readable_as_it_is(scene: Scene, small_disk: Path) -> None:
    """Issue 7: a search, which only reads, was refused."""
    scene.published()
    index = SearchIndex(small_disk / "search.db")
    asked = Asked(query="", filters=Filters(), valid=now())
    assert not index.find(scene.session, asked, skip=0, size=5).behind
    if index._gatherer is not None:
        index._gatherer.join()
    _raised(scene)
    scene.session.execute(text("UPDATE listing SET change = change + 1"))
    filling = small_disk / "filling"
    filling.write_bytes(bytes(shutil.disk_usage(small_disk).free))
    for _ in range(2):
        found = index.find(scene.session, asked, skip=0, size=5)
        assert (found.total, found.behind) == (1, True)
    assert not index.knows(scene.session, "grade", "no grade")
    filling.unlink()
    found = index.find(scene.session, asked, skip=0, size=5)
    assert (found.total, found.behind) == (1, False)


def test_a_write_that_fails_leaves_the_index_usable(
    scene: Scene, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = SearchIndex(place)
    assert found(index, scene) == 1
    _raised(scene)
    monkeypatch.setattr("filing.search_lines.changed", _full)
    with pytest.raises(sqlite3.OperationalError) as caught:
        index.refresh(scene.session)
    assert type(environment.unavailable(caught.value)) is DiskFull
    assert found(index, scene) == 1
    monkeypatch.undo()
    assert found(index, scene) == 1


def _full(*_given: object) -> None:
    made = sqlite3.connect(":memory:")
    made.execute("CREATE TABLE t (a)")
    made.execute("PRAGMA max_page_count = 2")
    made.execute("INSERT INTO t VALUES (randomblob(100000))")
