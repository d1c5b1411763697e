"""Which workers there are, by their own word: when each was last here, and what it waits for.

A worker looks at store and signer before it claims anything. So while they are away no piece of work
can say why it stands still; the worker says it here, and whoever looks at the work is told.
"""

from datetime import UTC, datetime

from sqlalchemy import Float, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry import legal_day, worklist
from registry.database import Record
from registry.errors import RegisterError
from registry.language import Text
from registry.worklist import State, Work

SILENT = 120.0
"""Seconds after which a worker that said nothing counts as gone; it speaks every half minute."""
FORGOTTEN = 7 * 86400.0
"""Seconds after which a worker that went without a word is struck off."""


class Worker(Record):
    """One worker process; all moments are seconds of the database's clock.

    `cause` is what keeps it from working, in both languages; empty while it can. `since` is when
    it came to be so.
    """

    __tablename__ = "worker"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    version: Mapped[str] = mapped_column(String(40))
    seen: Mapped[float] = mapped_column(Float, index=True)
    since: Mapped[float] = mapped_column(Float)
    cause_zh: Mapped[str] = mapped_column(String(400), default="", info={"quotes": True})
    cause_en: Mapped[str] = mapped_column(String(400), default="", info={"quotes": True})


def report(session: Session, *, name: str, version: str, cause: RegisterError | None) -> None:
    """Say that a worker is here, and what keeps it from working.

    Args:
        session: a short writing transaction.
        name: the worker's.
        version: of its program.
        cause: what is away; None when it can work.
    """
    moment = worklist.moment(session)
    zh, en = ("", "") if cause is None else (cause.said.zh[:400], cause.said.en[:400])
    row = session.get(Worker, name, with_for_update=True)
    if row is None:
        row = Worker(name=name, version=version, seen=moment, since=moment)
        session.add(row)
        _strike_off(session, moment)
    elif bool(row.cause_zh) != bool(zh):
        row.since = moment
    row.version, row.seen, row.cause_zh, row.cause_en = version, moment, zh, en
    session.flush()


def leave(session: Session, name: str) -> None:
    """Strike off a worker that ends as it was told to."""
    row = session.get(Worker, name)
    if row is not None:
        session.delete(row)
        session.flush()


def why_queued(session: Session, work: Work) -> Text | None:
    """Why a queued piece of work stands still, where no worker could take it.

    Args:
        session: any session.
        work: the row.

    Returns:
        The sentence; None when it is not queued, is put off with a cause of its own, or a worker
        is there that can work or is working.
    """
    if work.state != State.QUEUED or work.returned:
        return None
    return nobody_ready(session)


def nobody_ready(session: Session) -> Text | None:
    """That no worker can take anything up, why and since when; None when one can."""
    moment = worklist.moment(session)
    held = select(Work.id).where(Work.state == State.RUNNING, Work.lease_until > moment)
    if session.scalar(held.limit(1)) is not None:
        return None
    known = session.scalars(select(Worker).order_by(Worker.seen.desc())).all()
    present = [row for row in known if moment - row.seen <= SILENT]
    if not present:
        return _nobody(known[0].seen if known else None)
    if any(not row.cause_zh for row in present):
        return None
    first = min(present, key=lambda row: row.since)
    return _waiting(len(present), first)


def _strike_off(session: Session, moment: float) -> None:
    for row in session.scalars(select(Worker).where(Worker.seen < moment - FORGOTTEN)):
        session.delete(row)


def _nobody(last: float | None) -> Text:
    if last is None:
        return Text(
            "没有工作进程在运行，所以还没有开始。请管理员启动：mingsuan worker（或 mingsuan serve）。",
            "No worker runs, so this has not begun. Ask the operator to start one: `mingsuan worker` "
            "(or `mingsuan serve`).",
        )
    when = _at(last)
    return Text(
        f"{when}（北京时间）之后没有见到工作进程，所以还没有开始。请管理员启动：mingsuan worker。",
        f"No worker has been seen since {when} (China time), so this has not begun. Ask the operator "
        "to start one: `mingsuan worker`.",
    )


def _waiting(number: int, first: Worker) -> Text:
    when = _at(first.since)
    count_en = "The one worker waits" if number == 1 else f"All {number} workers wait"
    return Text(
        f"{number} 个工作进程都在等待，所以还没有开始；从 {when}（北京时间）起：{first.cause_zh} 恢复后自动开始。",
        f"{count_en}, so this has not begun; since {when} (China time): {first.cause_en} It begins "
        "by itself once that is over.",
    )


def _at(moment: float) -> str:
    return f"{legal_day.in_china(datetime.fromtimestamp(moment, UTC)):%Y-%m-%d %H:%M}"
