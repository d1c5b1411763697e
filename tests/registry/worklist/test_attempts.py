"""What counts as an attempt, and work that is put off, parked and goes on, on both databases."""

import time

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from registry import worklist
from registry.database import transaction
from registry.errors import Unavailable
from registry.organisations import NotYours
from registry.worklist import Claim, ClaimLost, State, Work
from tests import cast
from tests.registry.worklist.work import LONG, ask, lose, read, take, taken

AWAY = Unavailable("存储不在。", "The store is away.")


def put_off(
    factory: sessionmaker[Session], held: Claim, *, first: float, park_after: float = LONG
) -> None:
    with transaction(factory) as session:
        worklist.put_off(session, held, AWAY, first=first, park_after=park_after)


def test_work_whose_workers_keep_dying_is_parked_with_advice(
    factory: sessionmaker[Session], organisation: str
) -> None:
    """security/A4: both languages say that the same work goes on and nothing is charged twice."""
    work_id = ask(factory, organisation)
    lose(factory, worklist.MAX_ATTEMPTS)
    assert take(factory) is None
    work = read(factory, work_id)
    assert (work.state, work.attempts) == (State.PARKED, worklist.MAX_ATTEMPTS)
    assert work.error is not None
    assert work.error["kind"] == "LostTooOften"
    assert "doctor" in work.error["zh"]
    assert "doctor" in work.error["en"]
    assert "不再计费" in work.error["zh"]
    assert "not charged again" in work.error["en"]


def test_asking_again_for_parked_work_lets_the_same_work_go_on(
    factory: sessionmaker[Session], organisation: str
) -> None:
    """security/A4: the request stays one, so its rounds and its charge stay what they were."""
    work_id = ask(factory, organisation)
    lose(factory, worklist.MAX_ATTEMPTS)
    assert take(factory) is None
    assert ask(factory, organisation) == work_id
    work = read(factory, work_id)
    assert (work.state, work.attempts, work.error) == (State.QUEUED, 0, None)
    assert taken(factory).work_id == work_id


def test_only_the_takeover_of_a_lapsed_lease_counts_an_attempt(
    factory: sessionmaker[Session], organisation: str
) -> None:
    """scale/1: claiming and putting off count none; a process that went away counts one."""
    work_id = ask(factory, organisation)
    for returned in range(1, 6):
        put_off(factory, taken(factory), first=0.0)
        work = read(factory, work_id)
        assert (work.state, work.attempts, work.returned) == (State.QUEUED, 0, returned)
    lose(factory, 1)
    held = taken(factory)
    assert read(factory, work_id).attempts == 1
    with transaction(factory) as session:
        worklist.finish(session, held)


def test_work_that_is_put_off_waits_longer_each_time_and_says_why(
    factory: sessionmaker[Session], organisation: str
) -> None:
    work_id = ask(factory, organisation)
    pauses = []
    for _ in range(4):
        put_off(factory, taken(factory), first=100.0)
        assert take(factory) is None
        work = read(factory, work_id)
        assert work.not_before is not None
        assert work.returned_since is not None
        assert (work.lease_until, AWAY.said.zh in work.said_zh) == (None, True)
        assert AWAY.said.en in work.said_en
        pauses.append(work.not_before - work.returned_since)
        with transaction(factory) as session:
            session.execute(update(Work).values(not_before=0.0))
    for place, pause in enumerate(pauses):
        most = min(100.0 * 2**place, worklist.LONGEST_PAUSE)
        assert 0.5 * most <= pause <= 1.5 * most + 30


def test_work_that_is_put_off_for_too_long_is_parked_until_someone_lets_it_go_on(
    factory: sessionmaker[Session],
) -> None:
    """scale/1: parked, never failed; the requester reads the true cause and what to do."""
    with transaction(factory) as session:
        by, stranger = cast.actor(session), cast.actor(session)
    work_id = ask(factory, by.organisation_id)
    put_off(factory, taken(factory), first=0.0)
    time.sleep(0.05)
    put_off(factory, taken(factory), first=0.0, park_after=0.02)
    assert take(factory) is None
    work = read(factory, work_id)
    assert (work.state, work.attempts, work.returned) == (State.PARKED, 0, 2)
    assert work.error is not None
    assert work.error["kind"] == "PutOffTooLong"
    assert AWAY.said.zh in work.error["zh"]
    assert AWAY.said.en in work.error["en"]
    with pytest.raises(NotYours), transaction(factory) as session:
        worklist.resume(session, by=stranger, work_id=work_id)
    with transaction(factory) as session:
        worklist.resume(session, by=by, work_id=work_id)
    work = read(factory, work_id)
    assert (work.state, work.returned, work.returned_since) == (State.QUEUED, 0, None)
    with pytest.raises(worklist.NotParked), transaction(factory) as session:
        worklist.resume(session, by=by, work_id=work_id)
    assert taken(factory).work_id == work_id


def test_the_operator_lets_all_parked_work_go_on(
    factory: sessionmaker[Session], organisation: str
) -> None:
    asked = {ask(factory, organisation, dedup=name) for name in "ab"}
    for _ in asked:
        put_off(factory, taken(factory), first=0.0, park_after=0.0)
    assert {read(factory, each).state for each in asked} == {State.PARKED}
    with transaction(factory) as session:
        assert worklist.resume_all(session) == 2
    assert {taken(factory).work_id, taken(factory).work_id} == asked


def test_parked_work_is_cancelled_at_once(factory: sessionmaker[Session]) -> None:
    with transaction(factory) as session:
        by = cast.actor(session)
    work_id = ask(factory, by.organisation_id)
    put_off(factory, taken(factory), first=0.0, park_after=0.0)
    with transaction(factory) as session:
        worklist.cancel(session, by=by, work_id=work_id)
    assert read(factory, work_id).state == State.CANCELLED


def test_a_worker_that_was_cut_off_takes_the_counted_attempt_back(
    factory: sessionmaker[Session], organisation: str
) -> None:
    """scale/1: the lease lapsed while the database was away; nobody had died."""
    work_id = ask(factory, organisation)
    cut_off = taken(factory, lease=0.0)
    time.sleep(0.01)
    successor = taken(factory)
    assert read(factory, work_id).attempts == 1
    with pytest.raises(ClaimLost):
        put_off(factory, cut_off, first=0.0)
    with transaction(factory) as session:
        worklist.excuse(session, cut_off)
    assert read(factory, work_id).attempts == 0
    with transaction(factory) as session:
        worklist.finish(session, successor)
        worklist.excuse(session, cut_off)
    assert read(factory, work_id).state == State.DONE


def test_work_that_is_given_back_is_taken_at_once_and_counts_no_attempt(
    factory: sessionmaker[Session], organisation: str
) -> None:
    ask(factory, organisation)
    held = taken(factory)
    with transaction(factory) as session:
        assert not worklist.waiting(session)
        worklist.give_back(session, held)
        assert worklist.waiting(session)
    assert taken(factory).token == held.token + 1
    assert read(factory, held.work_id).attempts == 0
    with pytest.raises(ClaimLost), transaction(factory) as session:
        worklist.finish(session, held)
