"""Requested work: leased rows of our own database, claimed with the database's clock.

Work ends by its own merits only. What another's trouble stops (a store or a database that is
away, a full disk) is put off and tried again; what was put off for too long, or lost its process
too often, is parked: it stands as it is until someone lets it go on.
"""

from collections.abc import Sequence
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

from registry import backoff, inbox, journal
from registry.database import Identified, Record, now
from registry.errors import Conflict, NotFound, RegisterError
from registry.inbox import Waiting, Waits
from registry.language import Text
from registry.organisations import Actor

MAX_ATTEMPTS = 3
LONGEST_PAUSE = 300.0
"""Seconds after which work that was put off is tried again at the latest."""
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
    PARKED = "parked"


STATE_NAMES: dict[State, Text] = {
    State.QUEUED: Text("排队中", "queued"),
    State.RUNNING: Text("进行中", "running"),
    State.DONE: Text("已完成", "done"),
    State.FAILED: Text("没有完成", "failed"),
    State.CANCELLED: Text("已取消", "cancelled"),
    State.PARKED: Text(
        "已搁置，等提出者或管理员处理", "parked until its requester or the operator acts"
    ),
}
LIVE = (State.QUEUED, State.RUNNING, State.PARKED)
"""What has not ended: the same cannot be requested beside it, and what it reserved is kept."""


class Work(Identified, Record):
    """One requested piece of work; the request row is the job.

    `claim` is the fencing token: it grows with every claim, and a result commits only while the
    worker's claim is still the row's. `lease_until` is in seconds of the database's clock.
    `dedup` is what the work is about; it becomes the row's own id when the work ends, so that the
    same may be requested again.
    `attempts` counts the processes that went away with it; `returned` how often it was put off
    since `returned_since`, and `not_before` is when it may be claimed next (both in seconds of
    the database's clock).
    """

    __tablename__ = "work"

    kind: Mapped[str] = mapped_column(String(30))
    subject_id: Mapped[str] = mapped_column(String(32), index=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    dedup: Mapped[str] = mapped_column(String(200), unique=True)
    state: Mapped[State] = mapped_column(String(12), default=State.QUEUED, index=True)
    claim: Mapped[int] = mapped_column(Integer, default=0)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    returned: Mapped[int] = mapped_column(Integer, default=0)
    returned_since: Mapped[float | None] = mapped_column(Float)
    not_before: Mapped[float | None] = mapped_column(Float)
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


class PutOffTooLong(Conflict):
    """What the work needs was away for too long, so nobody tries any more until asked."""


class NotParked(Conflict):
    """Only parked work can be let go on."""


def request(
    session: Session, *, kind: str, subject_id: str, organisation_id: str, dedup: str
) -> Work:
    """Ask for work; the same `dedup` while it has not ended is the same work.

    Asking for what is parked lets it go on.

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
    if (same := asked_again(session, dedup)) is not None:
        return same
    try:
        with session.begin_nested():
            session.add(work)
    except IntegrityError:  # requested elsewhere at this very moment
        return session.scalars(select(Work).where(Work.dedup == dedup)).one()
    return work


def asked_again(session: Session, dedup: str) -> Work | None:
    """The work about `dedup` that has not ended; it goes on when it was parked.

    So nobody pays twice for one thing: the evaluation or explanation stays the one it was, with
    its nonce and with the rounds that were charged.
    """
    same = select(Work).where(Work.dedup == dedup)
    work = session.scalar(same.with_for_update(), execution_options=FRESH)
    if work is not None and work.state == State.PARKED:
        _go_on(session, work, journal_by={"organisation_id": work.organisation_id})
    return work


def claim(session: Session, *, worker: str, lease: float) -> Claim | None:
    """Take the oldest work that is queued or whose lease has run out; None when there is none.

    An attempt is counted here alone, when a lease has run out: then a process went away.

    Args:
        session: a short writing transaction, to be committed before the work begins.
        worker: who claims, for people to read.
        lease: seconds without a beat after which another worker may take over.
    """
    oldest = _ready(session).limit(1).with_for_update(skip_locked=True)
    while (work := session.scalar(oldest, execution_options=FRESH)) is not None:
        work.attempts += work.state == State.RUNNING
        if work.cancel:
            _end(session, work, State.CANCELLED)
        elif work.attempts >= MAX_ATTEMPTS:
            _park(session, work, _lost_too_often())
        else:
            work.state, work.worker, work.not_before = State.RUNNING, worker, None
            work.claim += 1
            _extend(session, work, lease)
            return Claim(work.id, work.claim)
    return None


def waiting(session: Session) -> bool:
    """Whether there is anything to claim; only reads, so idle workers hold nobody up."""
    return session.scalar(_ready(session).limit(1)) is not None


def _ready(session: Session) -> Select[Work]:
    lapsed = (Work.state == State.RUNNING) & (Work.lease_until < _clock(session))
    due = Work.not_before.is_(None) | (Work.not_before <= _clock(session))
    ready = select(Work).where(((Work.state == State.QUEUED) & due) | lapsed)
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
    work.state, work.lease_until = State.QUEUED, None
    session.flush()


def put_off(
    session: Session, held: Claim, cause: RegisterError, *, first: float, park_after: float
) -> Work:
    """Return work that another's trouble stopped: it is tried again later, or parked.

    Args:
        session: the transaction.
        held: the worker's claim.
        cause: what was away, in words that are true of it.
        first: seconds until it may be claimed again after the first return; each later pause is
            twice as long, up to `LONGEST_PAUSE`, and shifted at random.
        park_after: seconds of returns after which nobody tries any more until asked.

    Raises:
        ClaimLost, Cancelled: as `hold` does.
    """
    work = hold(session, held)
    present = moment(session)
    since = present if work.returned_since is None else work.returned_since
    work.returned, work.returned_since, work.lease_until = work.returned + 1, since, None
    if present - since >= park_after:
        _park(session, work, _put_off_too_long(work.returned, cause))
        return work
    pause = backoff.jittered(work.returned, first=first, longest=LONGEST_PAUSE)
    work.state, work.not_before = State.QUEUED, present + pause
    said = Text(f"稍后自动重试：{cause.said.zh}", f"Tried again later by itself: {cause.said.en}")
    work.said_zh, work.said_en = said.zh[:400], said.en[:400]
    session.flush()
    journal.record(
        session,
        f"work:{work.kind}:put_off",
        work.id,
        organisation_id=work.organisation_id,
        cause=type(cause).__name__,
        returned=work.returned,
    )
    return work


def excuse(session: Session, held: Claim) -> None:
    """Take back the attempt that a takeover counted: the process was cut off, it had not died.

    For a worker that finds its claim gone after it was kept from giving the work back; call it
    once for a claim.
    """
    later = select(Work).where(Work.id == held.work_id, Work.claim > held.token)
    work = session.scalar(later.with_for_update(), execution_options=FRESH)
    if work is not None and work.state in LIVE and work.attempts > 0:
        work.attempts -= 1
        session.flush()


def resume(session: Session, *, by: Actor, work_id: str) -> Work:
    """Let parked work go on, from the rounds that were charged, with all its attempts.

    Raises:
        WorkNotFound: when there is no such work.
        NotYours: when another organisation asked for it.
        NotParked: when it is not parked.
    """
    by.own(get(session, work_id).organisation_id)
    locked = select(Work).where(Work.id == work_id).with_for_update()
    work = session.scalars(locked, execution_options=FRESH).one()
    if work.state != State.PARKED:
        raise NotParked(
            "这项工作没有搁置，不需要继续。请看它现在的状态。",
            "This work is not parked, so there is nothing to let go on; see its present state.",
        )
    _go_on(
        session,
        work,
        journal_by={"person_id": by.person_id, "organisation_id": by.organisation_id},
    )
    return work


def resume_all(session: Session) -> int:
    """Let all parked work go on, as the operator does once the cause is gone; how many it was."""
    parked = select(Work).where(Work.state == State.PARKED).with_for_update()
    rows = session.scalars(parked, execution_options=FRESH).all()
    for work in rows:
        _go_on(session, work, journal_by={"organisation_id": work.organisation_id})
    return len(rows)


def stop(session: Session, held: Claim) -> None:
    """End cancelled work, as the worker that held it does when `hold` said so."""
    locked = select(Work).where(Work.id == held.work_id, Work.claim == held.token, Work.cancel)
    work = session.scalar(locked.with_for_update(), execution_options=FRESH)
    if work is not None and work.state in LIVE:
        _end(session, work, State.CANCELLED)


def cancel(session: Session, *, by: Actor, work_id: str) -> Work:
    """Ask for the work to stop: between two rounds when it runs, otherwise at once.

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
        if work.state != State.RUNNING:
            _end(session, work, State.CANCELLED)
    session.flush()
    return work


def owned(
    session: Session, organisation_id: str, *, limit: int, before: str | None = None
) -> Sequence[Work]:
    """What an organisation asked for, newest first.

    Args:
        session: on the register's database.
        organisation_id: who asked.
        limit: rows at most.
        before: only what was asked for before this piece of work.
    """
    rows = select(Work).where(Work.organisation_id == organisation_id)
    if before is not None:
        rows = rows.where(Work.id < before)
    return session.scalars(rows.order_by(Work.id.desc()).limit(limit)).all()


def get(session: Session, work_id: str) -> Work:
    """The row as it stands now.

    Raises:
        WorkNotFound: when there is no such work.
    """
    work = session.get(Work, work_id, populate_existing=True)
    if work is None:
        raise WorkNotFound(
            "没有这项工作。本单位的工作和编号：mingsuan work list。",
            "No such work. `mingsuan work list` lists your organisation's, with identifiers.",
        )
    return work


def _end(session: Session, work: Work, state: State, error: RegisterError | None = None) -> None:
    work.finished, work.dedup = now(), work.id
    _leave(session, work, state, error)


def _park(session: Session, work: Work, why: RegisterError) -> None:
    _leave(session, work, State.PARKED, why)


def _leave(session: Session, work: Work, state: State, error: RegisterError | None) -> None:
    was_parked = work.state == State.PARKED
    work.state, work.lease_until, work.not_before = state, None, None
    work.error = None if error is None else error_as_json(error)
    session.flush()
    left = journal.record(
        session, f"work:{work.kind}:{state}", work.id, organisation_id=work.organisation_id
    )
    if state is State.PARKED:
        place = f"/{work.kind}s/{work.subject_id}"
        inbox.turn(session, left, Waits(work.organisation_id, Waiting.PARKED_WORK, place))
    elif was_parked:
        inbox.turn(session, left)


def error_as_json(error: RegisterError) -> dict[str, Any]:
    """An error as it is kept on record: what was said in both languages, its kind, its reasons."""
    reasons = [
        {"item": each.item, "said": each.said.as_json(), "remedy": each.remedy.as_json()}
        for each in error.reasons
    ]
    return {**error.said.as_json(), "kind": type(error).__name__, "reasons": reasons}


def _go_on(session: Session, work: Work, *, journal_by: dict[str, str]) -> None:
    work.state, work.error, work.not_before = State.QUEUED, None, None
    work.attempts, work.returned, work.returned_since = 0, 0, None
    work.said_zh = work.said_en = ""
    session.flush()
    resumed = journal.record(session, f"work:{work.kind}:resumed", work.id, **journal_by)
    inbox.turn(session, resumed)


def _extend(session: Session, work: Work, lease: float) -> None:
    session.flush()
    later = update(Work).where(Work.id == work.id).values(lease_until=_clock(session) + lease)
    session.execute(later.execution_options(synchronize_session=False))
    session.refresh(work)


def moment(session: Session) -> float:
    """Seconds of the database's clock, by which leases and pauses are judged."""
    return session.scalars(select(_clock(session))).one()


def _clock(session: Session) -> ColumnElement[float]:
    return CLOCKS[session.get_bind().dialect.name]


def _lost_too_often() -> LostTooOften:
    return LostTooOften(
        f"处理这项工作的进程 {MAX_ATTEMPTS} 次中断，工作已搁置，不再自动重试。请管理员查看工作进程的日志，"
        "并运行 mingsuan doctor；原因排除后点“继续”（或 mingsuan work resume），或重新提出同样的请求。两种做法都是接着做同一项工作，"
        "已计费的查询不再计费。",
        f"The process working on this went away {MAX_ATTEMPTS} times, so the work is parked and not "
        "tried again by itself. Ask the operator to look at the workers' logs and to run `mingsuan "
        "doctor`; once the cause is gone, let it go on (`mingsuan work resume`), or request the same again. Either goes on "
        "with the same work, and predictions already charged are not charged again.",
    )


def _put_off_too_long(returned: int, cause: RegisterError) -> PutOffTooLong:
    return PutOffTooLong(
        f"这项工作因环境故障被放回 {returned} 次，时间过长，已搁置，不再自动重试；这不是计划或数据的问题。"
        f"最近一次的原因：{cause.said.zh} 请管理员排除原因，然后点“继续”，或重新提出同样的请求："
        "都是接着做同一项工作，已计费的查询不再计费。",
        f"Trouble of the installation stopped this work {returned} times over too long a time, so it "
        "is parked and not tried again by itself; it is no fault of the plan or the data. The last "
        f"cause: {cause.said.en} Ask the operator to remove it, then let the work go on, or request "
        "the same again: either goes on with the same work, and predictions already charged are not "
        "charged again.",
    )
