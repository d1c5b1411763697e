"""The worker process: claims work, runs it, hands it in; any number may run on any machines.

A worker may be killed at any moment. What it had begun is taken over when its lease has run out,
with the same nonce and therefore the same rounds and findings; what it hands in too late is
fenced off.
"""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from types import FrameType

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from portal import enrolment, request_log, runs
from portal.enrolment import UnknownPlatformKey
from portal.runs import Place
from portal.signer import SignerUnreachable
from portal.watch import Watch
from registry import artifacts, database, mlflow_store, modes, outbox, submission, worklist
from registry.artifacts import StoreUnreachable
from registry.database import transaction
from registry.errors import RegisterError
from registry.outbox import Apply
from registry.settings import Settings
from registry.worklist import Cancelled, Claim, ClaimLost

IDLE_SECONDS = 0.5

log = structlog.get_logger(__name__)


class Unforeseen(RegisterError):
    """The run ended by an error nobody foresaw; the log has it."""


def run(settings: Settings, *, once: bool = False) -> None:
    """Work until told to stop.

    Args:
        settings: the installation.
        once: stop when nothing is queued and no effect is due.

    Raises:
        SignerUnreachable: with `once`, when no signer answers.
        UnknownPlatformKey: when the signer's key is not on record; no work is claimed.
    """
    request_log.configure(settings.log_level)
    modes.close_to_others()
    signal.signal(signal.SIGTERM, _interrupt)
    modes.folder(settings.data)
    engine = database.connect(settings.database_url)
    place = Place(settings, database.sessions(engine), artifacts.open_store(settings))
    appliers = {submission.MLFLOW_VERSION: mlflow_store.applier(settings)}
    name = f"{socket.gethostname()}:{os.getpid()}"
    structlog.contextvars.bind_contextvars(worker=name)
    log.info("worker_ready")
    try:
        while True:
            if not _turn(place, name, appliers, must=once):
                if once:
                    return
                time.sleep(IDLE_SECONDS)
    except KeyboardInterrupt:
        log.info("worker_stopped")
    finally:
        engine.dispose()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _turn(place: Place, name: str, appliers: Mapping[str, Apply], *, must: bool) -> bool:
    """One piece of work and the effects that are due; whether there was anything to do."""
    try:
        worked = _next(place, name, must=must)
        return outbox.apply(place.factory, appliers).done > 0 or worked
    except OperationalError as error:  # the database restarts, or is busy: it will be back
        if must:
            raise
        log.warning("waiting_for_database", error=str(error.orig))
        return False


def _next(place: Place, name: str, *, must: bool) -> bool:
    """Do one piece of work, if there is any and its result could be signed."""
    with place.factory() as session:
        if not worklist.waiting(session):
            return False
    try:
        enrolment.require_known(place.settings, place.factory)
    except SignerUnreachable as error:
        if must:
            raise
        log.warning("waiting_for_signer", reason=error.said.en)
        return False
    with transaction(place.factory) as session:
        held = worklist.claim(session, worker=name, lease=place.settings.lease)
    if held is None:
        return False
    with structlog.contextvars.bound_contextvars(work=held.work_id, claim=held.token):
        _work(place, held)
    return True


def _work(place: Place, held: Claim) -> None:
    """Run what was claimed; every way to end is recorded, or left for another worker."""
    with place.factory() as session:
        work = worklist.get(session, held.work_id)
    log.info("work_begun", kind=work.kind, subject=work.subject_id, attempt=work.attempts)
    try:
        with Watch(place.factory, held, lease=place.settings.lease) as watch:
            runs.run(place, watch, kind=work.kind, subject_id=work.subject_id)
    except (KeyboardInterrupt, UnknownPlatformKey):
        _note(place, lambda session: worklist.give_back(session, held))
        raise
    except ClaimLost:
        log.warning("claim_lost")
    except Cancelled:
        with transaction(place.factory) as session:
            worklist.stop(session, held)
        log.info("work_cancelled")
    except (SignerUnreachable, StoreUnreachable, OperationalError):
        # Not the requester's business: the lease runs out, and a worker that is better off tries.
        log.exception("work_dropped")
    except RegisterError as error:
        _fail(place, held, error)
    except Exception as error:  # a plugin may raise anything; see the log
        log.exception("unforeseen")
        _fail(place, held, _unforeseen(held, error))
    else:
        log.info("work_done")


def _fail(place: Place, held: Claim, error: RegisterError) -> None:
    log.warning("work_failed", error=type(error).__name__, reason=error.said.en)
    _note(place, lambda session: worklist.fail(session, held, error))


def _note(place: Place, change: Callable[[Session], None]) -> None:
    """Record how the work ended, unless that is another worker's to say by now."""
    try:
        with transaction(place.factory) as session:
            change(session)
    except (ClaimLost, Cancelled) as late:
        log.warning("too_late", reason=late.said.en)


def _unforeseen(held: Claim, error: Exception) -> Unforeseen:
    kind = type(error).__name__
    return Unforeseen(
        f"程序内部出错（{kind}）。这不是您的计划或数据的格式问题；请把工作编号 {held.work_id} 告诉平台管理员。",
        f"An internal error ({kind}). It is no fault in the form of your plan or data; give the "
        f"operator the work's identifier {held.work_id}.",
    )


def main() -> None:
    """Run with the settings of the environment (`python -m portal.worker [--once]`)."""
    try:
        run(Settings(), once="--once" in sys.argv[1:])
    except RegisterError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
