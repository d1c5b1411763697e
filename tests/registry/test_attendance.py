"""scale/1, 9: why nobody takes work up is on record, by the workers' own word."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from registry import attendance, database, worklist
from registry.attendance import FORGOTTEN, SILENT, Worker
from registry.database import transaction
from registry.errors import Unavailable
from registry.language import Text
from registry.worklist import Work
from tests import cast, tables

CAUSE = Unavailable("存储拒绝了密钥。", "The store refuses the key.")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def factory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sessionmaker[Session]]:
    url = f"sqlite:///{tmp_path / 'attendance.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    engine = database.connect(url)
    tables.make(engine)
    yield database.sessions(engine)
    engine.dispose()


def told(factory: sessionmaker[Session]) -> Text | None:
    with factory() as session:
        return attendance.nobody_ready(session)


def say(factory: sessionmaker[Session], name: str, cause: Unavailable | None = None) -> None:
    with transaction(factory) as session:
        attendance.report(session, name=name, version="1.0", cause=cause)


def pass_time(factory: sessionmaker[Session], seconds: float) -> None:
    with transaction(factory) as session:
        for row in session.scalars(select(Worker)):
            row.seen, row.since = row.seen - seconds, row.since - seconds


def test_without_any_worker_that_is_said(factory: sessionmaker[Session]) -> None:
    """The remedy names the command."""
    said = told(factory)
    assert said is not None
    assert "没有工作进程在运行" in said.zh
    assert "No worker runs" in said.en
    assert "mingsuan worker" in said.en


def test_one_that_can_work_is_enough(factory: sessionmaker[Session]) -> None:
    """Its neighbour waits; nothing is said of a piece of work."""
    say(factory, "a", CAUSE)
    assert told(factory) is not None
    say(factory, "b")
    assert told(factory) is None


def test_what_all_wait_for_is_named_with_the_moment_it_began(
    factory: sessionmaker[Session],
) -> None:
    """The cause in both languages; `since` outlasts further signs of life."""
    say(factory, "a")
    say(factory, "a", CAUSE)
    pass_time(factory, 60.0)
    with factory() as session:
        since = session.get_one(Worker, "a").since
    say(factory, "a", CAUSE)
    with factory() as session:
        assert session.get_one(Worker, "a").since == since
    said = told(factory)
    assert said is not None
    assert CAUSE.said.zh in said.zh
    assert CAUSE.said.en in said.en
    assert attendance._at(since) in said.zh
    assert attendance._at(since) in said.en
    say(factory, "a")
    assert told(factory) is None


def test_one_that_fell_silent_counts_as_gone(factory: sessionmaker[Session]) -> None:
    """Killed, or cut off: the last moment is told."""
    say(factory, "a")
    pass_time(factory, SILENT + 1)
    said = told(factory)
    assert said is not None
    assert "没有见到工作进程" in said.zh
    assert "No worker has been seen since" in said.en
    pass_time(factory, FORGOTTEN)
    say(factory, "b")
    with factory() as session:
        assert list(session.scalars(select(Worker.name))) == ["b"]
    with transaction(factory) as session:
        attendance.leave(session, "b")
        attendance.leave(session, "b")
    said = told(factory)
    assert said is not None
    assert "No worker runs" in said.en


def test_one_that_works_says_nothing_and_is_there(factory: sessionmaker[Session]) -> None:
    """A run may take longer than the silence; its lease speaks for it, until that runs out."""
    with transaction(factory) as session:
        place = cast.actor(session).organisation_id
        work = Work(kind="x", subject_id="s", organisation_id=place, dedup="d")
        other = Work(kind="x", subject_id="t", organisation_id=place, dedup="e")
        session.add_all([work, other])
        session.flush()
        held = worklist.claim(session, worker="a", lease=60.0)
        assert held is not None
        waiting = other if held.work_id == work.id else work
        assert attendance.why_queued(session, waiting) is None
        worklist.beat(session, held, lease=-1.0)
        said = attendance.why_queued(session, waiting)
        assert said is not None
        worklist.put_off(session, held, CAUSE, first=1.0, park_after=60.0)
        returned = worklist.get(session, held.work_id)
        assert attendance.why_queued(session, returned) is None  # it has a cause of its own
