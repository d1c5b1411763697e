"""The work list on both databases: leases, fencing, cancelling, and workers that die or stall."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session, sessionmaker

from registry import database, journal, worklist
from registry.database import transaction
from registry.errors import Invalid, NotFound, Reason, Unavailable
from registry.language import Text
from registry.organisations import NotYours
from registry.worklist import Cancelled, Claim, ClaimLost, State, Work
from tests import cast

LONG = 600.0
HALF = Text("过半", "half")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'work.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = database.connect(url)
    database.Record.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def organisation(factory: sessionmaker[Session]) -> str:
    with transaction(factory) as session:
        return cast.actor(session).organisation_id


def ask(
    factory: sessionmaker[Session], organisation: str, dedup: str = "a", kind: str = "evaluation"
) -> str:
    with transaction(factory) as session:
        work = worklist.request(
            session,
            kind=kind,
            subject_id=database.new_id(),
            organisation_id=organisation,
            dedup=dedup,
        )
        return work.id


def take(factory: sessionmaker[Session], worker: str = "w", lease: float = LONG) -> Claim | None:
    with transaction(factory) as session:
        return worklist.claim(session, worker=worker, lease=lease)


def taken(factory: sessionmaker[Session], lease: float = LONG) -> Claim:
    held = take(factory, lease=lease)
    assert held is not None
    return held


def read(factory: sessionmaker[Session], work_id: str) -> Work:
    with factory() as session:
        return worklist.get(session, work_id)


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


def lose(factory: sessionmaker[Session], times: int) -> None:
    """Let so many workers take the work and go away."""
    for _ in range(times):
        taken(factory, lease=0.0)
        time.sleep(0.01)


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


AWAY = Unavailable("存储不在。", "The store is away.")


def put_off(
    factory: sessionmaker[Session], held: Claim, *, first: float, park_after: float = LONG
) -> None:
    with transaction(factory) as session:
        worklist.put_off(session, held, AWAY, first=first, park_after=park_after)


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


# What a worker process of the tests does: twenty steps of 0.1 s, a beat after each.
WORKER = """
import sys, time
from registry import credentials, database, datasets, engagements, journal, keys, organisations
from registry import outbox, reports, submission, worklist
from registry.language import Text
url, lease = sys.argv[1], float(sys.argv[2])
factory = database.sessions(database.connect(url))
print("up", flush=True)
while True:
    with database.transaction(factory) as session:
        held = worklist.claim(session, worker=sys.argv[3], lease=lease)
    if held is None:
        time.sleep(0.05)
        continue
    try:
        for step in range(20):
            time.sleep(0.1)
            with database.transaction(factory) as session:
                worklist.beat(session, held, lease=lease)
                worklist.progress(session, held, done=step + 1, total=20, said=Text("", ""))
        with database.transaction(factory) as session:
            journal.record(session, "test:work:handed_in", held.work_id, worker=sys.argv[3])
            worklist.finish(session, held)
    except worklist.ClaimLost:
        print("lost", flush=True)
"""


class Workers:
    """Real worker processes by name."""

    def __init__(self, url: str) -> None:
        self.url, self.running = url, dict[str, "subprocess.Popen[str]"]()

    def start(self, name: str) -> None:
        command = [sys.executable, "-c", WORKER, self.url, "1.5", name]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.running[name] = process
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"

    def signal(self, name: str, number: signal.Signals) -> None:
        self.running[name].send_signal(number)

    def line(self, name: str) -> str:
        out = self.running[name].stdout
        assert out is not None
        return out.readline()


@pytest.fixture
def workers(url: str, engine: Engine) -> Iterator[Workers]:
    made = Workers(url)
    for name in ("first", "second"):
        made.start(name)
    yield made
    for process in made.running.values():
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def wait_until(factory: sessionmaker[Session], work_id: str, done: int | State) -> Work:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        work = read(factory, work_id)
        if work.state == done or (isinstance(done, int) and work.done >= done):
            return work
        time.sleep(0.05)
    raise TimeoutError(f"{work_id} never reached {done}")


def handed_in(factory: sessionmaker[Session], work_id: str) -> list[str]:
    with factory() as session:
        events = journal.history(session, work_id)
    return [event.details["worker"] for event in events if event.name == "test:work:handed_in"]


@pytest.mark.slow
def test_another_worker_finishes_what_a_killed_one_began(
    factory: sessionmaker[Session], organisation: str, workers: Workers
) -> None:
    work_id = ask(factory, organisation)
    victim = wait_until(factory, work_id, 3).worker
    assert victim is not None
    workers.signal(victim, signal.SIGKILL)
    work = wait_until(factory, work_id, State.DONE)
    (other,) = {"first", "second"} - {victim}
    assert (work.worker, work.claim, work.attempts, work.done) == (other, 2, 1, 20)
    assert handed_in(factory, work_id) == [other]


@pytest.mark.slow
def test_a_stalled_worker_that_wakes_up_is_fenced_off(
    factory: sessionmaker[Session], organisation: str, workers: Workers
) -> None:
    work_id = ask(factory, organisation)
    zombie = wait_until(factory, work_id, 3).worker
    assert zombie is not None
    workers.signal(zombie, signal.SIGSTOP)
    (other,) = {"first", "second"} - {zombie}
    deadline = time.monotonic() + 60
    while read(factory, work_id).worker != other:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    workers.signal(zombie, signal.SIGCONT)
    assert workers.line(zombie) == "lost\n"
    work = wait_until(factory, work_id, State.DONE)
    assert (work.worker, work.claim) == (other, 2)
    assert handed_in(factory, work_id) == [other]


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
