"""Worker processes that are killed or stall: another takes over, and the first changes nothing."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from registry import journal
from registry.worklist import State, Work
from tests.registry.worklist.work import ask, read

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
