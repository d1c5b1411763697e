import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from registry import database, journal
from registry.database import Moment, WritersWaiting, transaction


def test_identifiers_rise_in_the_order_in_which_they_are_drawn() -> None:
    drawn = [database.new_id() for _ in range(5000)]

    assert drawn == sorted(drawn)
    assert {len(each) for each in drawn} == {32}


def test_threads_never_draw_the_same_identifier() -> None:
    with ThreadPoolExecutor(8) as pool:
        drawn = list(pool.map(lambda _: database.new_id(), range(4000)))

    assert len(set(drawn)) == len(drawn)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a time zone"):
        Moment().process_bind_param(datetime(2026, 11, 21), None)  # noqa: DTZ001


def test_a_moment_is_read_back_in_utc(factory: sessionmaker[Session]) -> None:
    with transaction(factory) as session:
        made = journal.record(session, "a:b:c", "x")
        seq = made.seq
    with factory() as session:
        read = session.get_one(journal.Event, seq)

    assert read.at.tzinfo is UTC


def test_an_error_leaves_nothing_of_a_transaction(factory: sessionmaker[Session]) -> None:
    with pytest.raises(RuntimeError), transaction(factory) as session:  # noqa: PT012
        journal.record(session, "a:b:c", "x")
        raise RuntimeError

    with factory() as session:
        assert session.scalar(text("SELECT count(*) FROM event")) == 0


@pytest.mark.parametrize("name", ["", "one", "one:two", "one:two:three:four", "one::three"])
def test_an_event_is_named_in_three_parts(session: Session, name: str) -> None:
    with pytest.raises(ValueError, match="three parts"):
        journal.record(session, name, "x")


@pytest.mark.postgres
def test_a_server_ends_a_session_that_idles_in_a_transaction(postgres_url: str) -> None:
    engine = database.connect(postgres_url)
    try:
        with engine.connect() as connection:
            told = connection.scalar(text("SHOW idle_in_transaction_session_timeout"))
    finally:
        engine.dispose()

    assert told == "1min"


@pytest.mark.parametrize(
    "kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def test_so_many_wait_to_write_and_one_more_is_refused_at_once(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    """security/S5: one writes on SQLite and 16 wait; who comes then is not kept waiting in vain."""
    url = f"sqlite:///{tmp_path / 'queue.db'}"
    if kind == "postgresql":
        url = request.getfixturevalue("postgres_url")
    engine = database.connect(url)
    factory = database.sessions(engine)
    at_once = sum(database.WRITERS[kind][name] for name in ("pool_size", "max_overflow"))
    writing, let_go = threading.Semaphore(0), threading.Event()

    def write() -> None:
        with database.transaction(factory) as session:
            session.execute(text("SELECT 1"))
            writing.release()
            let_go.wait(60)

    many = at_once + database.WAITING_WRITERS
    with ThreadPoolExecutor(many) as pool:
        writers = [pool.submit(write) for _ in range(at_once)]
        for _ in range(at_once):
            assert writing.acquire(timeout=30)
        writers += [pool.submit(write) for _ in range(database.WAITING_WRITERS)]
        waiting = engine.get_execution_options()["writers"].pool
        deadline = time.monotonic() + 15
        while waiting._asking < database.WAITING_WRITERS and time.monotonic() < deadline:
            time.sleep(0.01)
        began = time.monotonic()
        with pytest.raises(WritersWaiting), database.transaction(factory):
            raise AssertionError("it wrote")
        assert time.monotonic() - began < database.WRITERS[kind]["pool_timeout"] / 4
        let_go.set()
        for each in writers:
            each.result()
    engine.dispose()
