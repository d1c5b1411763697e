import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session, sessionmaker

from registry import database, outbox
from registry.database import now, transaction
from registry.errors import Conflict
from registry.outbox import Applied, Effect
from tests import tables


class Seen:
    """An applier that notes what it was given, and fails while told to."""

    def __init__(self) -> None:
        self.given: list[Mapping[str, Any]] = []
        self.fails: Exception | None = None

    def __call__(self, _session: Session, payload: Mapping[str, Any]) -> None:
        self.given.append(payload)
        if self.fails:
            raise self.fails


def add(factory: sessionmaker[Session], key: str = "k", kind: str = "notice") -> None:
    with transaction(factory) as session:
        outbox.add(session, kind, key, {"key": key})


def test_an_effect_is_applied_once(factory: sessionmaker[Session]) -> None:
    seen = Seen()
    add(factory)
    assert outbox.apply(factory, {"notice": seen}) == Applied(1, 0)
    assert outbox.apply(factory, {"notice": seen}) == Applied(0, 0)
    assert seen.given == [{"key": "k"}]
    with factory() as session:
        assert outbox.pending(session) == []


def test_asking_twice_under_one_key_is_asking_once(factory: sessionmaker[Session]) -> None:
    add(factory)
    add(factory)
    with factory() as session:
        assert len(outbox.pending(session)) == 1


def test_an_effect_lives_and_dies_with_the_change_that_asked_for_it(
    factory: sessionmaker[Session],
) -> None:
    with factory() as session:
        outbox.add(session, "notice", "k", {})
        session.rollback()
        assert outbox.pending(session) == []


def test_a_failure_is_kept_and_tried_again_later(factory: sessionmaker[Session]) -> None:
    seen = Seen()
    seen.fails = Conflict("稍后再试。", "Try later.")
    add(factory)
    assert outbox.apply(factory, {"notice": seen}) == Applied(0, 1)
    assert outbox.apply(factory, {"notice": seen}) == Applied(0, 0)  # not due yet
    with factory() as session:
        (effect,) = outbox.pending(session)
        assert effect.error == "Conflict: 稍后再试。 / Try later."
        assert effect.attempts == 1
        assert effect.due > now()
    seen.fails = None
    assert outbox.apply(factory, {"notice": seen}, at_once=True) == Applied(1, 0)
    with factory() as session:
        (effect,) = session.query(Effect).all()
        assert effect.error is None
        assert effect.applied is not None


def test_what_the_applier_wrote_is_undone_when_it_fails(factory: sessionmaker[Session]) -> None:
    def half(session: Session, _payload: Mapping[str, Any]) -> None:
        outbox.add(session, "other", "half", {})
        raise OSError("no network")

    add(factory)
    outbox.apply(factory, {"notice": half})
    with factory() as session:
        assert [effect.key for effect in outbox.pending(session)] == ["k"]


def test_effects_of_other_kinds_wait_for_their_applier(factory: sessionmaker[Session]) -> None:
    add(factory, "a", kind="leaf")
    assert outbox.apply(factory, {"notice": Seen()}) == Applied(0, 0)
    with factory() as session:
        assert len(outbox.pending(session, kinds=["leaf"])) == 1
        assert outbox.pending(session, kinds=["notice"]) == []


def test_a_worker_that_dies_in_the_middle_leaves_the_effect_to_the_next(
    factory: sessionmaker[Session],
) -> None:
    def dies(_session: Session, _payload: Mapping[str, Any]) -> None:
        raise KeyboardInterrupt

    add(factory)
    with pytest.raises(KeyboardInterrupt):
        outbox.apply(factory, {"notice": dies})
    seen = Seen()
    assert outbox.apply(factory, {"notice": seen}) == Applied(0, 0)
    with transaction(factory) as session:
        session.execute(update(Effect).values(due=now() - timedelta(seconds=1)))
    assert outbox.apply(factory, {"notice": seen}) == Applied(1, 0)


def test_what_keeps_failing_is_called_stuck(factory: sessionmaker[Session]) -> None:
    seen = Seen()
    seen.fails = OSError("no")
    add(factory)
    for _ in range(outbox.STUCK_AFTER):
        with factory() as session:
            assert outbox.stuck(session) == []
        outbox.apply(factory, {"notice": seen}, at_once=True)
    with factory() as session:
        assert [effect.key for effect in outbox.stuck(session)] == ["k"]


def test_the_wait_doubles_up_to_an_hour() -> None:
    waits = [outbox.wait_after(attempts).total_seconds() for attempts in (1, 2, 3, 11, 1000)]
    assert waits == [5, 10, 20, 3600, 3600]


def together(engine: Engine) -> list[str]:
    """Ten effects, four workers at once; the keys in the order they were applied."""
    tables.make(engine)
    factory = database.sessions(engine)
    for number in range(10):
        add(factory, f"k{number}")
    seen = Seen()
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        outbox.apply(factory, {"notice": seen})

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [payload["key"] for payload in seen.given]


def test_workers_at_once_share_the_effects(engine: Engine) -> None:
    assert sorted(together(engine)) == [f"k{number}" for number in range(10)]


@pytest.mark.postgres
def test_workers_at_once_share_the_effects_on_postgresql(postgres_url: str) -> None:
    engine = database.connect(postgres_url)
    try:
        assert sorted(together(engine)) == [f"k{number}" for number in range(10)]
    finally:
        engine.dispose()


class Slow(Seen):
    """An applier whose start takes until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go, self.starts = threading.Event(), list[int]()

    def ready(self) -> None:
        self.starts.append(threading.get_ident())
        assert self.go.wait(30)


def test_a_slow_start_keeps_nobody_waiting(factory: sessionmaker[Session]) -> None:
    slow = Slow()
    effects = outbox.Effects(factory, {"notice": slow})
    assert effects.apply() == Applied(0, 0)
    assert slow.starts == []  # nothing was due
    add(factory)
    for _ in range(3):
        assert effects.apply() == Applied(0, 0)
    assert slow.given == []
    slow.go.set()
    effects.await_start()
    assert effects.apply() == Applied(1, 0)
    begun, *_ = slow.starts
    assert begun != threading.get_ident()
    assert slow.given == [{"key": "k"}]


def test_who_stops_when_nothing_is_due_waits_for_a_slow_start(
    factory: sessionmaker[Session],
) -> None:
    slow = Slow()
    slow.go.set()
    add(factory)
    assert outbox.Effects(factory, {"notice": slow}, wait=True).apply() == Applied(1, 0)
    assert slow.starts == [threading.get_ident()]
