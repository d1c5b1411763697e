"""Requested work: leased rows of our own database, claimed with the database's clock."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    ForeignKey,
    Integer,
    Select,
    String,
    literal_column,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry import journal
from registry.database import Identified, Record, now
from registry.errors import Conflict, NotFound, RegisterError
from registry.language import Text
from registry.organisations import Actor

MAX_ATTEMPTS = 3
# One clock decides about leases, whatever the clocks of the workers' machines say.
CLOCKS = {
    "sqlite": literal_column("((julianday('now') - 2440587.5) * 86400.0)", Float),
    "postgresql": literal_column("extract(epoch from clock_timestamp())::float8", Float),
}
FRESH = {"populate_existing": True}


class State(StrEnum):
    """Where a piece of work stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


LIVE = (State.QUEUED, State.RUNNING)


class Work(Identified, Record):
    """One requested piece of work; the request row is the job.

    `claim` is the fencing token: it grows with every claim, and a result commits only while the
    worker's claim is still the row's. `lease_until` is in seconds of the database's clock.
    `dedup` is what the work is about; it becomes the row's own id when the work ends, so that the
    same may be requested again.
    """

    __tablename__ = "work"

    kind: Mapped[str] = mapped_column(String(30))
    subject_id: Mapped[str] = mapped_column(String(32), index=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    dedup: Mapped[str] = mapped_column(String(200), unique=True)
    state: Mapped[State] = mapped_column(String(12), default=State.QUEUED, index=True)
    claim: Mapped[int] = mapped_column(Integer, default=0)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    worker: Mapped[str | None] = mapped_column(String(80))
    lease_until: Mapped[float | None] = mapped_column(Float)
    done: Mapped[int] = mapped_column(Integer, default=0)
    total: Mapped[int] = mapped_column(Integer, default=0)
    said_zh: Mapped[str] = mapped_column(String(400), default="", info={"quotes": True})
    said_en: Mapped[str] = mapped_column(String(400), default="", info={"quotes": True})
    cancel: Mapped[bool] = mapped_column(default=False)
    error: Mapped[dict[str, Any] | None] = mapped_column(info={"quotes": True})
    finished: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's hold on one piece of work; `token` is the fencing token."""

    work_id: str
    token: int


class WorkNotFound(NotFound):
    """No such work."""


class ClaimLost(Conflict):
    """Another worker has taken the work over, or it has ended: drop what you have."""


class Cancelled(Conflict):
    """The work was cancelled: stop."""


class LostTooOften(Conflict):
    """Every worker that took the work on went away before the end."""


def request(
    session: Session, *, kind: str, subject_id: str, organisation_id: str, dedup: str
) -> Work:
    """Ask for work; the same `dedup` while it is queued or running is the same work.

    Args:
        session: the transaction in which the subject itself is recorded.
        kind: what a worker shall do.
        subject_id: the record that the work is about.
        organisation_id: who asked.
        dedup: what makes two requests one.

    Returns:
        The new work, or the one that stands; `subject_id` tells which.
    """
    work = Work(kind=kind, subject_id=subject_id, organisation_id=organisation_id, dedup=dedup)
    if (same := standing(session, dedup)) is not None:
        return same
    try:
        with session.begin_nested():
            session.add(work)
    except IntegrityError:  # requested elsewhere at this very moment
        return session.scalars(select(Work).where(Work.dedup == dedup)).one()
    return work


def standing(session: Session, dedup: str) -> Work | None:
    """The queued or running work that is about `dedup`."""
    return session.scalar(select(Work).where(Work.dedup == dedup))


def claim(session: Session, *, worker: str, lease: float) -> Claim | None:
    """Take the oldest work that is queued or whose lease has run out; None when there is none.

    Args:
        session: a short writing transaction, to be committed before the work begins.
        worker: who claims, for people to read.
        lease: seconds without a beat after which another worker may take over.
    """
    oldest = _ready(session).limit(1).with_for_update(skip_locked=True)
    while (work := session.scalar(oldest, execution_options=FRESH)) is not None:
        if work.cancel:
            _end(session, work, State.CANCELLED)
        elif work.attempts >= MAX_ATTEMPTS:
            _end(session, work, State.FAILED, _lost_too_often())
        else:
            work.state, work.worker = State.RUNNING, worker
            work.claim, work.attempts = work.claim + 1, work.attempts + 1
            _extend(session, work, lease)
            return Claim(work.id, work.claim)
    return None


def waiting(session: Session) -> bool:
    """Whether there is anything to claim; only reads, so idle workers hold nobody up."""
    return session.scalar(_ready(session).limit(1)) is not None


def _ready(session: Session) -> Select[Work]:
    lapsed = (Work.state == State.RUNNING) & (Work.lease_until < _clock(session))
    ready = select(Work).where((Work.state == State.QUEUED) | lapsed)
    return ready.order_by(Work.created, Work.id)


def hold(session: Session, held: Claim) -> Work:
    """The row, locked, while the claim still stands; what commits with it commits once.

    Raises:
        ClaimLost: when another worker has taken over or the work has ended.
        Cancelled: when someone asked for the work to stop.
    """
    mine = select(Work).where(
        Work.id == held.work_id, Work.claim == held.token, Work.state == State.RUNNING
    )
    work = session.scalar(mine.with_for_update(), execution_options=FRESH)
    if work is None:
        raise ClaimLost(
            "这项工作已由另一个进程接手或已结束，本次结果作废。",
            "Another worker has taken this work over, or it has ended; this result is dropped.",
        )
    if work.cancel:
        raise Cancelled("这项工作已被取消。", "This work was cancelled.")
    return work


def beat(session: Session, held: Claim, *, lease: float) -> None:
    """Extend the lease; raises as `hold` does."""
    _extend(session, hold(session, held), lease)


def progress(session: Session, held: Claim, *, done: int, total: int, said: Text) -> None:
    """Say how far the work is; raises as `hold` does."""
    work = hold(session, held)
    work.done, work.total = done, total
    work.said_zh, work.said_en = said.zh[:400], said.en[:400]
    session.flush()


def finish(session: Session, held: Claim) -> Work:
    """End the work well, in the transaction that records its result; raises as `hold` does."""
    work = hold(session, held)
    _end(session, work, State.DONE)
    return work


def fail(session: Session, held: Claim, error: RegisterError) -> None:
    """End the work with what its requester needs to know; raises as `hold` does."""
    _end(session, hold(session, held), State.FAILED, error)


def give_back(session: Session, held: Claim) -> None:
    """Let another worker take the work at once; what a worker does that is told to end."""
    work = hold(session, held)
    work.state, work.lease_until, work.attempts = State.QUEUED, None, work.attempts - 1
    session.flush()


def stop(session: Session, held: Claim) -> None:
    """End cancelled work, as the worker that held it does when `hold` said so."""
    locked = select(Work).where(Work.id == held.work_id, Work.claim == held.token, Work.cancel)
    work = session.scalar(locked.with_for_update(), execution_options=FRESH)
    if work is not None and work.state in LIVE:
        _end(session, work, State.CANCELLED)


def cancel(session: Session, *, by: Actor, work_id: str) -> Work:
    """Ask for the work to stop: at once when it is queued, between two rounds when it runs.

    Raises:
        WorkNotFound: when there is no such work.
        NotYours: when another organisation asked for it.
    """
    by.own(get(session, work_id).organisation_id)
    locked = select(Work).where(Work.id == work_id).with_for_update()
    work = session.scalars(locked, execution_options=FRESH).one()
    if work.state in LIVE and not work.cancel:
        work.cancel = True
        event = {"person_id": by.person_id, "organisation_id": by.organisation_id}
        journal.record(session, "work:cancellation:requested", work.id, **event)
        if work.state == State.QUEUED:
            _end(session, work, State.CANCELLED)
    session.flush()
    return work


def get(session: Session, work_id: str) -> Work:
    """The row as it stands now.

    Raises:
        WorkNotFound: when there is no such work.
    """
    work = session.get(Work, work_id, populate_existing=True)
    if work is None:
        raise WorkNotFound("没有这项工作，请检查编号。", "No such work: check its identifier.")
    return work


def _end(session: Session, work: Work, state: State, error: RegisterError | None = None) -> None:
    work.state, work.finished, work.lease_until, work.dedup = state, now(), None, work.id
    if error is not None:
        reasons = [
            {"item": each.item, "said": each.said.as_json(), "remedy": each.remedy.as_json()}
            for each in error.reasons
        ]
        work.error = {**error.said.as_json(), "kind": type(error).__name__, "reasons": reasons}
    session.flush()
    journal.record(
        session, f"work:{work.kind}:{state}", work.id, organisation_id=work.organisation_id
    )


def _extend(session: Session, work: Work, lease: float) -> None:
    session.flush()
    later = update(Work).where(Work.id == work.id).values(lease_until=_clock(session) + lease)
    session.execute(later.execution_options(synchronize_session=False))
    session.refresh(work)


def _clock(session: Session) -> ColumnElement[float]:
    return CLOCKS[session.get_bind().dialect.name]


def _lost_too_often() -> LostTooOften:
    return LostTooOften(
        f"处理这项工作的进程 {MAX_ATTEMPTS} 次中断，已停止重试。请先请管理员运行 mingsuan doctor 检查内存与沙箱，"
        "再重新提交；已计费的查询不会重复扣减。",
        f"The process working on this went away {MAX_ATTEMPTS} times, so it is not tried again. "
        "Ask the operator to run `mingsuan doctor` (memory, sandbox), then request it anew.",
    )
