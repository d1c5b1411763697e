"""Leases, fencing and cancelling on both databases: each piece of work is done once."""

import threading
import time

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from registry import journal, worklist
from registry.database import transaction
from registry.errors import Invalid, NotFound, Reason
from registry.language import Text
from registry.organisations import NotYours
from registry.worklist import Cancelled, Claim, ClaimLost, State, Work
from tests import cast
from tests.registry.worklist.work import LONG, ask, read, take, taken

HALF = Text("过半", "half")


def test_the_same_request_is_one_while_it_stands_and_may_be_made_again_after(
    factory: sessionmaker[Session], organisation: str
) -> None:
    first = ask(factory, organisation)
    assert ask(factory, organisation) == first
    held = taken(factory)
    assert ask(factory, organisation) == first
    with transaction(factory) as session:
        worklist.finish(session, held)
    assert ask(factory, organisation) != first


def test_work_is_taken_oldest_first_and_by_one_worker_only(
    factory: sessionmaker[Session], organisation: str
) -> None:
    asked = [ask(factory, organisation, dedup=str(n)) for n in range(3)]
    assert [taken(factory).work_id for _ in asked] == asked
    assert take(factory) is None


def test_a_beat_keeps_the_work_and_progress_is_seen(
    factory: sessionmaker[Session], organisation: str
) -> None:
    ask(factory, organisation)
    held = taken(factory, lease=0.2)
    with transaction(factory) as session:
        worklist.beat(session, held, lease=LONG)
        worklist.progress(session, held, done=1, total=2, said=HALF)
    time.sleep(0.3)
    assert take(factory) is None
    work = read(factory, held.work_id)
    assert (work.done, work.total, work.said_zh, work.said_en) == (1, 2, "过半", "half")


def test_a_silent_worker_loses_the_work_and_can_change_nothing_any_more(
    factory: sessionmaker[Session], organisation: str
) -> None:
    work_id = ask(factory, organisation)
    silent = taken(factory, lease=0.05)
    time.sleep(0.1)
    successor = taken(factory)
    assert successor == Claim(work_id, silent.token + 1)
    deeds = (
        lambda session: worklist.beat(session, silent, lease=LONG),
        lambda session: worklist.progress(session, silent, done=9, total=9, said=HALF),
        lambda session: worklist.finish(session, silent),
        lambda session: worklist.fail(session, silent, Invalid("坏", "bad")),
    )
    for deed in deeds:
        with pytest.raises(ClaimLost), transaction(factory) as session:
            deed(session)
    with transaction(factory) as session:
        worklist.finish(session, successor)
    assert read(factory, work_id).state == State.DONE


def test_a_failure_keeps_its_reasons_in_both_languages(
    factory: sessionmaker[Session], organisation: str
) -> None:
    work_id = ask(factory, organisation)
    why = Reason("income", Text("缺列", "missing"), Text("补上", "add it"))
    with transaction(factory) as session:
        held = worklist.claim(session, worker="w", lease=LONG)
        assert held is not None
        worklist.fail(session, held, Invalid("坏", "bad", reasons=[why]))
    assert read(factory, work_id).error == {
        "zh": "坏",
        "en": "bad",
        "kind": "Invalid",
        "reasons": [
            {
                "item": "income",
                "said": {"zh": "缺列", "en": "missing"},
                "remedy": {"zh": "补上", "en": "add it"},
            }
        ],
    }


def test_queued_work_is_cancelled_at_once_and_never_taken(factory: sessionmaker[Session]) -> None:
    with transaction(factory) as session:
        by = cast.actor(session)
    work_id = ask(factory, by.organisation_id)
    with transaction(factory) as session:
        worklist.cancel(session, by=by, work_id=work_id)
    assert take(factory) is None
    assert read(factory, work_id).state == State.CANCELLED
    with factory() as session:
        names = [event.name for event in journal.history(session, work_id)]
    assert names == ["work:cancellation:requested", "work:evaluation:cancelled"]


def test_running_work_learns_of_its_cancelling_at_the_next_beat(
    factory: sessionmaker[Session],
) -> None:
    with transaction(factory) as session:
        by = cast.actor(session)
    work_id = ask(factory, by.organisation_id)
    held = taken(factory, lease=0.3)
    with transaction(factory) as session:
        worklist.cancel(session, by=by, work_id=work_id)
    for deed in (worklist.finish, worklist.hold):
        with pytest.raises(Cancelled), transaction(factory) as session:
            deed(session, held)
    with transaction(factory) as session:
        worklist.stop(session, held)
    assert read(factory, work_id).state == State.CANCELLED
    with transaction(factory) as session:  # a second click changes nothing
        worklist.cancel(session, by=by, work_id=work_id)


def test_cancelled_work_whose_worker_died_is_closed_by_the_next(
    factory: sessionmaker[Session],
) -> None:
    with transaction(factory) as session:
        by = cast.actor(session)
    work_id = ask(factory, by.organisation_id)
    taken(factory, lease=0.0)
    with transaction(factory) as session:
        worklist.cancel(session, by=by, work_id=work_id)
    time.sleep(0.01)
    assert take(factory) is None
    assert read(factory, work_id).state == State.CANCELLED


def test_only_the_organisation_that_asked_may_cancel(
    factory: sessionmaker[Session], organisation: str
) -> None:
    work_id = ask(factory, organisation)
    with transaction(factory) as session:
        stranger = cast.actor(session)
        with pytest.raises(NotYours):
            worklist.cancel(session, by=stranger, work_id=work_id)
        with pytest.raises(NotFound):
            worklist.get(session, "no such work")


def test_a_result_that_is_rolled_back_leaves_the_work_running(
    factory: sessionmaker[Session], organisation: str
) -> None:
    work_id = ask(factory, organisation)
    held = taken(factory)
    with pytest.raises(ZeroDivisionError), transaction(factory) as session:  # noqa: PT012
        worklist.finish(session, held)
        raise ZeroDivisionError
    assert read(factory, work_id).state == State.RUNNING


def test_many_threads_take_every_piece_exactly_once(
    factory: sessionmaker[Session], organisation: str
) -> None:
    asked = {ask(factory, organisation, dedup=str(n)) for n in range(24)}
    got: list[str] = []

    def drain() -> None:
        while (held := take(factory)) is not None:
            got.append(held.work_id)
            with transaction(factory) as session:
                worklist.finish(session, held)

    threads = [threading.Thread(target=drain) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == sorted(asked)


def test_two_requests_at_the_same_moment_are_one(
    factory: sessionmaker[Session], organisation: str
) -> None:
    start, got = threading.Barrier(4), []

    def run() -> None:
        start.wait()
        got.append(ask(factory, organisation))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 4
    assert len(set(got)) == 1


def test_the_lease_is_judged_by_the_clock_of_the_database(
    factory: sessionmaker[Session], organisation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(factory, organisation)
    monkeypatch.setattr(time, "time", lambda: 0.0)  # a worker's machine may say what it likes
    held = taken(factory, lease=LONG)
    assert take(factory) is None
    with transaction(factory) as session:
        session.execute(update(Work).where(Work.id == held.work_id).values(lease_until=1.0))
    assert taken(factory).token == 2
