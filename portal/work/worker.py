"""The worker process: claims work, runs it, hands it in; any number may run on any machines.

A worker may be killed at any moment. What it had begun is taken over when its lease has run out,
with the same nonce and therefore the same rounds and findings; what it hands in too late is
fenced off.

What the environment stops (`registry.environment`) is not the work's fault: the worker puts the
work off and waits, longer each time. It claims nothing while store, signer or an unprepared sandbox
would fail it.
"""

import importlib.metadata
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from types import FrameType

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from filing import forgetting
from filing.recommended import lapsing
from portal.web import request_log
from portal.work import abandoned, effects, enrolment, runs
from portal.work.at_rest import Sweeper
from portal.work.enrolment import UnknownPlatformKey
from portal.work.runs import Place
from portal.work.watch import Watch
from registry import (
    attendance,
    backoff,
    database,
    environment,
    last_seal,
    modes,
    outbox,
    store_mark,
    worklist,
)
from registry.artifacts import BlobNotFound
from registry.database import transaction
from registry.errors import RegisterError, Unavailable
from registry.outbox import Apply
from registry.sandbox import probe_tier
from registry.settings import Settings
from registry.worklist import Cancelled, Claim, ClaimLost

IDLE_SECONDS = 0.5
LOGGED = 500
"""Letters of an error of the environment that go into the log."""
WITHIN_LEASE = 10
"""A worker that gives work back tries so many times within a lease, at least."""
LONGEST_WAIT = 30.0
"""Seconds between two looks of a worker that cannot work, at most."""
SEAL_SECONDS = 10.0
"""Seconds between two looks at what of the journal is to be sealed."""
FORGET_SECONDS = 600.0
LAPSE_SECONDS = 600.0
"""Seconds between two looks at what people wrote and is to be deleted."""
TELL_SECONDS = 30.0
"""Seconds between two signs of life while nothing changes; see `attendance.SILENT`."""

log = structlog.get_logger(__name__)


class Unforeseen(RegisterError):
    """The run ended by an error nobody foresaw; the log has it."""


def run(settings: Settings, *, once: bool = False) -> None:
    """Work until told to stop.

    Args:
        settings: the installation.
        once: stop when nothing is due and no effect is due.

    Raises:
        Unavailable: with `once`, when something that work needs is away; otherwise it is waited
            for.
        UnknownPlatformKey: when the signer's key is not on record; no work is claimed.
    """
    request_log.configure(settings.log_level)
    modes.close_to_others()
    signal.signal(signal.SIGTERM, _interrupt)
    modes.folder(settings.data)
    engine = database.connect(settings.database_url)
    factory = database.sessions(engine)
    place = Place(settings, factory, store_mark.open_store(settings, factory))
    appliers = effects.appliers(settings)
    name = f"{socket.gethostname()}:{os.getpid()}"
    structlog.contextvars.bind_contextvars(worker=name)
    log.info("worker_ready")
    try:
        work(place, name, appliers, once=once)
    except KeyboardInterrupt:
        log.info("worker_stopped")
    finally:
        Present(place, name).leave()
        engine.dispose()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def work(
    place: Place,
    name: str,
    appliers: Mapping[str, Apply],
    *,
    once: bool = False,
    ending: threading.Event | None = None,
) -> None:
    """Turn after turn, with pauses: short ones when idle, growing ones while something is away.

    Args:
        place: the worker's surroundings.
        name: who claims, for people to read.
        appliers: for the effects that are due.
        once: stop when nothing is due.
        ending: set by whoever wants it to stop after its present turn.

    Raises:
        Unavailable: with `once`, when something that work needs is away.
        KeyboardInterrupt: when the process is told to end.
    """
    ending = ending or threading.Event()
    failures = 0
    present = Present(place, name)
    clear = partial(abandoned.clear, place.settings, place.factory, place.store)
    sweeper = Sweeper(place.settings, clear)
    chores = (
        Chore(
            place,
            partial(last_seal.seal, place=place.settings.last_seal),
            seconds=SEAL_SECONDS,
            done="journal_sealed",
        ),
        Chore(
            place,
            partial(forgetting.run, store=place.store),
            seconds=FORGET_SECONDS,
            done="concerns_forgotten",
        ),
        Chore(place, lapsing.run, seconds=LAPSE_SECONDS, done="entries_lapsed"),
    )
    pending = outbox.Effects(place.factory, appliers, wait=once)
    while not ending.is_set():
        try:
            busy = _turn(place, name, pending)
        except Unavailable as away:
            present.tell(away)
            if once:
                raise
            failures += 1
            log.warning("waiting", cause=type(away).__name__, **away.operators.as_json())
            ending.wait(_pause(place, failures))
            continue
        failures = 0
        present.tell(None)
        for each in chores:
            each.look()
        if not busy:
            sweeper.sweep()
            if once:
                return
            ending.wait(IDLE_SECONDS)


class Chore:
    """Something small to be done on the record between two turns, now and then.

    Args:
        place: the worker's surroundings.
        act: does what is due and says how much that was; several workers may do it at once.
        seconds: between two looks.
        done: what the log calls it.
    """

    def __init__(
        self,
        place: Place,
        act: Callable[[sessionmaker[Session]], int],
        *,
        seconds: float,
        done: str,
    ) -> None:
        self._place, self._act, self._seconds, self._done = place, act, seconds, done
        self._due = 0.0

    def look(self) -> None:
        """Do it if it is time; what cannot be done waits for the next time."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + self._seconds
        try:
            rows = self._act(self._place.factory)
        except Exception as error:  # noqa: BLE001  # a row that cannot be read ends no worker
            told = f"{type(error).__name__}: {error}"[:LOGGED]
            log.warning("chore_put_off", chore=self._done, error=told)
        else:
            if rows:
                log.info(self._done, rows=rows)


class Present:
    """Writes down that this worker is there, and what it waits for; seldom, unless that changes.

    Args:
        place: the worker's surroundings.
        name: the worker's.
    """

    def __init__(self, place: Place, name: str) -> None:
        self._place, self._name = place, name
        self._told: tuple[str, float] | None = None

    def tell(self, cause: Unavailable | None) -> None:
        """Say it, unless the same was said a moment ago, or the database is what is away."""
        said, present = "" if cause is None else cause.said.en, time.monotonic()
        if self._told and self._told[0] == said and present - self._told[1] < TELL_SECONDS:
            return
        version = importlib.metadata.version("mingsuan")
        with suppress(SQLAlchemyError, Unavailable), transaction(self._place.factory) as session:
            attendance.report(session, name=self._name, version=version, cause=cause)
            self._told = said, present

    def leave(self) -> None:
        """Say that the worker ends; where the database is away, it is missed in a while."""
        with suppress(SQLAlchemyError, Unavailable), transaction(self._place.factory) as session:
            attendance.leave(session, self._name)


def _pause(place: Place, failures: int) -> float:
    first = min(place.settings.retry_seconds, LONGEST_WAIT) / 5
    return backoff.jittered(failures, first=first, longest=LONGEST_WAIT)


def _turn(place: Place, name: str, effects: outbox.Effects) -> bool:
    """One piece of work and the effects that are due; whether there was anything to do.

    Raises:
        Unavailable: when something that either needs is away.
    """
    try:
        worked = _next(place, name)
        return effects.apply().done > 0 or worked
    except Exception as error:
        environment.check(error)
        raise


def _next(place: Place, name: str) -> bool:
    """Do one piece of work, if there is any, and if it could be done and its result signed.

    Raises:
        Unavailable: when store or signer is away or the sandbox's runtime is not ready, before
            anything is claimed; or when something went away meanwhile, after the work was put off.
    """
    with place.factory() as session:
        if not worklist.waiting(session):
            return False
    place.store.check()
    enrolment.require_known(place.settings, place.factory)
    probe_tier(place.settings)  # once per process; it prepares what a sandbox runs on
    with transaction(place.factory) as session:
        held = worklist.claim(session, worker=name, lease=place.settings.lease)
    if held is None:
        return False
    with structlog.contextvars.bound_contextvars(work=held.work_id, claim=held.token):
        _work(place, held)
    return True


def _work(place: Place, held: Claim) -> None:
    """Run what was claimed; every way to end is recorded, or left for another worker.

    Raises:
        Unavailable: when something was away; the work is put off by then.
    """
    try:
        _run(place, held)
    except (KeyboardInterrupt, UnknownPlatformKey):
        _note(place, lambda session: worklist.give_back(session, held))
        raise
    except ClaimLost:
        log.warning("claim_lost")
    except Cancelled:
        _insist(place, lambda session: worklist.stop(session, held))
        log.info("work_cancelled")
    except Exception as error:  # a plugin may raise anything; see the log
        away = _away(place, error)
        if away is not None:
            log.warning("work_put_off", error=f"{type(error).__name__}: {error}"[:LOGGED])
            _insist(place, lambda session: _put_off(place, session, held, away))
            raise away from error
        if isinstance(error, RegisterError):
            _fail(place, held, error)
        else:
            log.exception("unforeseen")
            _fail(place, held, _unforeseen(held, error))
    else:
        log.info("work_done")


def _away(place: Place, error: Exception) -> Unavailable | None:
    """What the environment did; what a store lacks is its fault unless it is proven to be ours."""
    try:
        environment.check(error)
        if any(isinstance(cause, BlobNotFound) for cause in environment.causes(error)):
            with place.factory() as session:
                store_mark.prove(session, place.store)
    except Exception as found:
        away = environment.unavailable(found)
        if away is None:
            raise
        return away
    return None


def _run(place: Place, held: Claim) -> None:
    with place.factory() as session:
        row = worklist.get(session, held.work_id)
    log.info("work_begun", kind=row.kind, subject=row.subject_id, lost=row.attempts)
    with Watch(place.factory, held, lease=place.settings.lease) as watch:
        runs.run(place, watch, kind=row.kind, subject_id=row.subject_id)


def _put_off(place: Place, session: Session, held: Claim, away: Unavailable) -> None:
    """Return the work; where it was taken over while we were cut off, nobody had died."""
    chosen = place.settings
    try:
        row = worklist.put_off(
            session,
            held,
            away,
            first=chosen.retry_seconds,
            park_after=chosen.park_hours * 3600,
        )
        log.info("work_returned", state=row.state, returned=row.returned)
    except ClaimLost:
        worklist.excuse(session, held)
        log.warning("claim_lost")
    except Cancelled:
        worklist.stop(session, held)
        log.info("work_cancelled")


def _fail(place: Place, held: Claim, error: RegisterError) -> None:
    log.warning("work_failed", error=type(error).__name__, reason=error.said.en)
    _insist(place, lambda session: worklist.fail(session, held, error))


def _note(place: Place, change: Callable[[Session], None]) -> None:
    """Record how the work ended, unless that is another worker's to say by now."""
    try:
        with transaction(place.factory) as session:
            change(session)
    except (ClaimLost, Cancelled) as late:
        log.warning("too_late", reason=late.said.en)


def _insist(place: Place, change: Callable[[Session], None]) -> None:
    """Record how the work ended, waiting for a database that is away: we alone know it."""
    failures = 0
    while True:
        try:
            _note(place, change)
        except Exception as error:
            away = environment.unavailable(error)
            if away is None:
                raise
            failures += 1
            log.warning("waiting", cause=type(away).__name__, **away.operators.as_json())
            # Asked for again well within the lease: past it, somebody else has to begin anew.
            time.sleep(min(_pause(place, failures), place.settings.lease / WITHIN_LEASE))
        else:
            return


def _unforeseen(held: Claim, error: Exception) -> Unforeseen:
    kind = type(error).__name__
    return Unforeseen(
        f"程序内部出错（{kind}）。这不是您的计划或数据的格式问题；请把工作编号 {held.work_id} 告诉平台管理员。",
        f"An internal error ({kind}). It is no fault in the form of your plan or data; give the "
        f"operator the work's identifier {held.work_id}.",
    )


def main() -> None:
    """Run with the settings of the environment (`python -m portal.work.worker [--once]`)."""
    try:
        run(Settings(), once="--once" in sys.argv[1:])
    except RegisterError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
