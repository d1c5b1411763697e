"""Engagements: an enterprise lets one tester organisation score one version, so many times."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Integer,
    String,
    UniqueConstraint,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry import inbox, independence, journal, lengths, submission
from registry.database import Identified, Record, now
from registry.errors import Conflict, Invalid, NotFound, Refused
from registry.inbox import Waiting, Waits
from registry.journal import Event
from registry.language import Text
from registry.lengths import Limit
from registry.organisations import Actor, Kind, Organisation, Role

MOST_QUERIES = 10**12
"""The largest budget of one engagement."""
TIES = Text("利益关系声明", "declaration of ties")
MOST_TIES = 1000
PAID_BY = Limit("paid_by", Text("费用由谁承担", "statement of who pays"), 200)
WIDE = BigInteger().with_variant(Integer, "sqlite")


class Engagement(Identified, Record):
    """The grant: version, tester, budget of predictions, conflicts declared by both sides.

    `conflict_filer` and `conflict_tester` are statements ("none" is one); `accepted` is when the
    tester took the engagement on, which is when its own statement became part of the record.
    """

    __tablename__ = "engagement"

    version_id: Mapped[str] = mapped_column(ForeignKey("version.id"), index=True)
    enterprise_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    tester_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    query_budget: Mapped[int] = mapped_column(WIDE)
    conflict_filer: Mapped[str] = mapped_column(String(1000))
    conflict_tester: Mapped[str] = mapped_column(String(1000), default="")
    paid_by: Mapped[str] = mapped_column(String(200), default="")
    accepted: Mapped[datetime | None]
    ended: Mapped[datetime | None]
    granted_by: Mapped[str] = mapped_column(ForeignKey("person.id"))


class Round(Identified, Record):
    """One scoring round charged to an evaluation or an explanation, counted once however often it ran."""

    __tablename__ = "round"
    __table_args__ = (UniqueConstraint("subject_id", "digest"),)

    subject_id: Mapped[str] = mapped_column(String(32), index=True)
    engagement_id: Mapped[str | None] = mapped_column(ForeignKey("engagement.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    predictions: Mapped[int] = mapped_column(WIDE)


class EngagementNotFound(NotFound):
    """No such engagement."""


class NotIndependent(Refused):
    """A tester is another organisation than the enterprise, with other people: see each tie."""


class ConflictUndeclared(Invalid):
    """Each side says in writing what ties it to the other; "none" is a statement too."""


class AlreadyEngaged(Conflict):
    """The tester has a running engagement on this version."""


class NotRunning(Conflict):
    """The engagement was not taken on yet, or has ended."""


class BudgetInvalid(Invalid):
    """The number of predictions is out of range: grant one within it."""


class BudgetSpent(Conflict):
    """The predictions that the enterprise granted do not suffice."""


def grant(
    session: Session,
    *,
    by: Actor,
    version_id: str,
    tester_id: str,
    query_budget: int,
    conflict_filer: str,
    paid_by: str = "",
) -> Engagement:
    """Let one tester organisation score one version, so many predictions.

    Args:
        session: the caller's transaction.
        by: a filer of the enterprise that owns the version.
        version_id: what may be scored.
        tester_id: by whom.
        query_budget: how many predictions, counted once each.
        conflict_filer: what ties the enterprise to the tester; "none" is a statement.
        paid_by: who pays for the evaluation.

    Raises:
        VersionNotFound, NotRunning: when there is no such version, or it was withdrawn.
        WrongRole, NotYours: unless `by` may grant this version.
        NotIndependent: when the tester is the enterprise itself, no tester, or tied to it by people.
        ConflictUndeclared, BudgetSpent: when a declaration or a budget within bounds is missing.
        AlreadyEngaged: while another grant of the same version to the same tester runs.
    """
    by.require(Role.FILER)
    version = submission.get(session, version_id)
    by.own(version.organisation_id)
    if version.withdrawn is not None:
        raise NotRunning(
            "这个版本已撤回，不能再委托评估。",
            "This version was withdrawn; nobody can be engaged on it.",
        )
    _check_independent(session, by, tester_id)
    _check_people(session, version, tester_id, filers={by.person_id})
    if not 0 < query_budget <= MOST_QUERIES:
        raise BudgetInvalid(
            f"查询次数是 1 到 {MOST_QUERIES:,} 之间的整数，请按评估计划估算。",
            f"Grant a whole number of predictions from 1 to {MOST_QUERIES:,}; the evaluation "
            "plan says how many it needs.",
        )
    if _running(session, version_id, tester_id):
        raise AlreadyEngaged(
            "这家测试机构对该版本已有进行中的委托，请先结束它。",
            "This tester already has a running engagement on the version; end that one first.",
        )
    lengths.check([(PAID_BY, paid_by)])
    engagement = Engagement(
        version_id=version_id,
        enterprise_id=by.organisation_id,
        tester_id=tester_id,
        query_budget=query_budget,
        conflict_filer=_declared("conflict_filer", conflict_filer),
        paid_by=paid_by.strip(),
        granted_by=by.person_id,
    )
    session.add(engagement)
    session.flush()
    granted = _record(session, "granted", engagement, by, tester=tester_id, budget=query_budget)
    place = f"/engagements/{engagement.id}"
    called = submission.named(session, version)
    inbox.turn(session, granted, Waits(tester_id, Waiting.TAKE_ON, place, called))
    return engagement


def _check_independent(session: Session, by: Actor, tester_id: str) -> None:
    tester = session.get(Organisation, tester_id)
    if tester is None or tester.kind != Kind.TESTER or tester_id == by.organisation_id:
        raise NotIndependent(
            "测试机构必须是另一个单位，并以测试机构身份登记。",
            "The tester must be another organisation that is on record as a tester.",
        )


def _check_people(
    session: Session,
    version: submission.Version,
    tester_id: str,
    *,
    filers: set[str],
    testers: set[str] | None = None,
) -> None:
    tied = independence.ties(
        session,
        enterprise_id=version.organisation_id,
        tester_id=tester_id,
        filers=filers | independence.submitters(session, version.model_id),
        testers=testers or set(),
    )
    if tied:
        raise NotIndependent(
            "测试机构和备案主体有人员关联，不能作第三方评估。",
            "People tie the tester to the filer, so it cannot be the third party.",
            reasons=tied,
        )


def check_tester(session: Session, by: Actor, engagement: Engagement) -> None:
    """Raise `NotIndependent` when the person who acts for the tester is tied to the enterprise.

    Args:
        session: any session.
        by: who takes the engagement on, registers a plan under it, or countersigns its report.
        engagement: under which engagement.
    """
    version = submission.get(session, engagement.version_id)
    _check_people(
        session,
        version,
        engagement.tester_id,
        filers={engagement.granted_by},
        testers={by.person_id},
    )


def _declared(item: str, statement: str) -> str:
    if not statement.strip():
        raise ConflictUndeclared(
            "请写明与对方有无利益关系；没有请写“无”。",
            "State what ties you to the other side; if nothing does, write “none”.",
        )
    lengths.check([(Limit(item, TIES, MOST_TIES), statement)])
    return statement.strip()


def _running(session: Session, version_id: str, tester_id: str) -> Engagement | None:
    return session.scalar(
        select(Engagement).where(
            Engagement.version_id == version_id,
            Engagement.tester_id == tester_id,
            Engagement.ended.is_(None),
        )
    )


def take_on(
    session: Session, *, by: Actor, engagement_id: str, conflict_tester: str
) -> Engagement:
    """Take an engagement on, with the tester's own declaration.

    Raises:
        EngagementNotFound: when there is no such engagement.
        WrongRole, NotYours: unless `by` is a tester of the organisation it was granted to.
        ConflictUndeclared: without a declaration.
        NotRunning: when the engagement has ended or was taken on already.
        NotIndependent: when people tie the tester to the enterprise.
    """
    by.require(Role.TESTER)
    engagement = get(session, engagement_id, lock=True)
    by.own(engagement.tester_id)
    check_tester(session, by, engagement)
    if engagement.ended is not None or engagement.accepted is not None:
        raise NotRunning(
            "这项委托已经接受过，或已结束。", "This engagement was taken on already, or has ended."
        )
    engagement.conflict_tester = _declared("conflict_tester", conflict_tester)
    engagement.accepted = now()
    session.flush()
    inbox.turn(session, _record(session, "taken_on", engagement, by))
    return engagement


def end(session: Session, *, by: Actor, engagement_id: str) -> Engagement:
    """End an engagement from either side; work that runs may finish, none begins.

    Raises:
        EngagementNotFound: when there is no such engagement.
        NotYours: unless `by` belongs to one of the two sides.
        WrongRole: unless `by` is a filer there or a tester here.
    """
    engagement = get(session, engagement_id, lock=True)
    tester = by.organisation_id == engagement.tester_id
    by.own(engagement.tester_id if tester else engagement.enterprise_id)
    by.require(Role.TESTER if tester else Role.FILER)
    if engagement.ended is None:
        engagement.ended = now()
        session.flush()
        inbox.turn(session, _record(session, "ended", engagement, by))
    return engagement


def get(session: Session, engagement_id: str, *, lock: bool = False) -> Engagement:
    """One engagement; `lock` keeps its budget still until the transaction ends.

    Raises:
        EngagementNotFound: when there is no such engagement.
    """
    found = select(Engagement).where(Engagement.id == engagement_id)
    engagement = session.scalar(
        found.with_for_update() if lock else found, execution_options={"populate_existing": True}
    )
    if engagement is None:
        raise EngagementNotFound(
            "没有这项委托，请检查编号。", "No such engagement: check its identifier."
        )
    return engagement


def of_organisation(session: Session, organisation_id: str) -> Sequence[Engagement]:
    """Every engagement in which the organisation is one side, newest first."""
    sides = or_(
        Engagement.enterprise_id == organisation_id, Engagement.tester_id == organisation_id
    )
    return session.scalars(select(Engagement).where(sides).order_by(Engagement.id.desc())).all()


def of_version(session: Session, version_id: str) -> Sequence[Engagement]:
    """Every engagement on a version, oldest first."""
    mine = select(Engagement).where(Engagement.version_id == version_id)
    return session.scalars(mine.order_by(Engagement.id)).all()


def check_running(engagement: Engagement, *, version_id: str) -> None:
    """Raise `NotRunning` unless the engagement stands, on this version.

    Args:
        engagement: what the tester relies on.
        version_id: what it wants to score.
    """
    if engagement.accepted is None or engagement.ended is not None:
        raise NotRunning(
            "这项委托尚未接受或已结束，不能据此评估。",
            "This engagement was not taken on yet, or has ended; nothing can be scored under it.",
        )
    if engagement.version_id != version_id:
        raise NotRunning(
            "这项委托针对另一个版本，请请企业为本版本另行委托。",
            "This engagement is about another version; ask the enterprise to grant this one.",
        )


def spent(session: Session, engagement_id: str) -> int:
    """How many predictions were charged to the engagement."""
    total = select(func.sum(Round.predictions)).where(Round.engagement_id == engagement_id)
    return session.scalar(total) or 0


def charge(
    session: Session,
    *,
    subject_id: str,
    digest: str,
    predictions: int,
    engagement_id: str | None = None,
    kept: int = 0,
) -> bool:
    """Charge one scoring round, once however often it ran; call it before the round.

    Args:
        session: a transaction that also holds the worker's claim.
        subject_id: the evaluation or explanation that asks.
        digest: what identifies the round within its subject.
        predictions: how many rows are scored.
        engagement_id: whose budget pays; None for an organisation that scores its own version.
        kept: predictions of the same budget that other runs have reserved.

    Returns:
        Whether the round was charged now; False when an earlier run paid for it.

    Raises:
        BudgetSpent: when the granted budget does not suffice.
    """
    if engagement_id is not None:
        engagement = get(session, engagement_id, lock=True)
    same = select(Round.id).where(Round.subject_id == subject_id, Round.digest == digest)
    if session.scalar(same) is not None:
        return False
    if engagement_id is not None:
        check_budget(engagement, taken=spent(session, engagement_id) + kept, wanted=predictions)
    session.add(
        Round(
            subject_id=subject_id,
            engagement_id=engagement_id,
            digest=digest,
            predictions=predictions,
        )
    )
    session.flush()
    return True


def check_budget(engagement: Engagement, *, taken: int, wanted: int) -> None:
    """Raise `BudgetSpent` when `wanted` more predictions would pass the budget.

    Args:
        engagement: whose budget.
        taken: predictions charged or reserved so far.
        wanted: predictions to come.
    """
    left = engagement.query_budget - taken
    if wanted > left:
        raise BudgetSpent(
            f"本次需要 {wanted} 次查询，授权还剩 {left} 次。请缩小计划，或请企业另行授权。",
            f"This needs {wanted} predictions and {left} are left of the grant. "
            "Make the plan smaller, or ask the enterprise for a larger grant.",
        )


def _record(session: Session, what: str, on: Engagement, by: Actor, **details: Any) -> Event:
    return journal.record(
        session,
        f"version:engagement:{what}",
        on.id,
        person_id=by.person_id,
        organisation_id=by.organisation_id,
        version=on.version_id,
        **details,
    )
