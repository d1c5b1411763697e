"""Evaluations: a sealed plan on one version and one data set, and the run that follows."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry import (
    attestation,
    datasets,
    engagements,
    journal,
    lookalikes,
    reidentification,
    submission,
    worklist,
)
from registry.database import Identified, Record, new_id, now
from registry.datasets import Dataset, Use
from registry.engagements import WIDE, Engagement, Round
from registry.errors import Invalid, NotFound, Refused
from registry.organisations import Actor, Role
from registry.submission import Version
from registry.worklist import Work

KIND = "evaluation"


class Evaluation(Identified, Record):
    """A registered plan on one version and one data set, and the run that follows from it.

    `plan` is canonical JSON text, `plan_digest` its SHA-256; `nonce` is issued after both plan and
    data are sealed. `engagement_id` is None when the enterprise evaluates its own version.
    `predictions` is what the plan needs at most, reserved from the engagement's budget.
    """

    __tablename__ = "evaluation"

    version_id: Mapped[str] = mapped_column(ForeignKey("version.id"), index=True)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"), index=True)
    engagement_id: Mapped[str | None] = mapped_column(ForeignKey("engagement.id"), index=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    registered_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    plan: Mapped[str]
    plan_digest: Mapped[str] = mapped_column(String(64))
    predictions: Mapped[int] = mapped_column(WIDE, default=0)
    nonce: Mapped[str | None] = mapped_column(String(64))
    nonce_issued: Mapped[datetime | None]
    work_id: Mapped[str | None] = mapped_column(ForeignKey("work.id"))


class EvaluationNotFound(NotFound):
    """No such evaluation."""


class NotEngaged(Refused):
    """Only the owner and an engaged tester may score a version."""


class NotForThis(Invalid):
    """The version or the data set cannot be used for this."""


class TitleMisread(Invalid):
    """A report is called by its plan's title: write it so that it is taken for no other."""


def _check_title(plan: Mapping[str, Any]) -> None:
    title = plan.get("title") or {}
    said = title if isinstance(title, Mapping) else {"zh": title}
    reasons = [
        reason
        for language, words in said.items()
        for reason in lookalikes.reasons(f"title.{language}", str(words))
        if words
    ]
    if reasons:
        raise TitleMisread(
            "计划的标题容易看错，没有登记。请逐项改正。",
            "The plan's title is easily misread, and it was not registered. Correct each item.",
            reasons=reasons,
        )


def register_plan(
    session: Session,
    *,
    by: Actor,
    version_id: str,
    dataset_id: str,
    plan: Mapping[str, Any],
    predictions: int = 0,
    engagement_id: str | None = None,
) -> Evaluation:
    """Seal a plan on a version and a data set, and request the run.

    The same plan on the same data and version by the same organisation is one evaluation until it
    has ended; one that is parked goes on.

    Args:
        session: the caller's transaction; work is requested in it.
        by: a tester under an engagement, or a filer of the enterprise that owns the version.
        version_id: what is evaluated.
        dataset_id: a data set of the actor's own organisation.
        plan: a checked plan (`evaluators.plan.Plan.as_json`).
        predictions: what the run needs at most (`evaluators.running.engine.predictions_needed`).
        engagement_id: under which engagement; None for one's own version.

    Raises:
        VersionNotFound, DatasetNotFound, EngagementNotFound: when a record does not exist.
        WrongRole, NotYours, NotEngaged: unless `by` may score this version with these data.
        NotForThis: when the data set is not registered for evaluation, or the version withdrawn.
        NotChecked: when the data set has no re-identification check.
        NotRunning, BudgetSpent: when the engagement does not carry the run.
        NotIndependent: when the person is tied to the enterprise.
        TitleMisread: when the plan's title is easily taken for another one.
    """
    _check_title(plan)
    version = open_version(session, version_id)
    engagement = _entitled(session, by, version, engagement_id)
    dataset = own_dataset(session, by, dataset_id, Use.EVALUATION)
    reidentification.require(session, dataset.id)
    sealed = attestation.canonical(plan)
    digest = attestation.sha256(sealed)
    made = Evaluation(
        id=new_id(),
        version_id=version_id,
        dataset_id=dataset_id,
        engagement_id=engagement_id,
        organisation_id=by.organisation_id,
        registered_by=by.person_id,
        plan=sealed.decode(),
        plan_digest=digest,
        predictions=predictions,
    )
    same = f"{KIND}:{attestation.digest([by.organisation_id, version_id, dataset_id, digest])}"
    if (running := worklist.asked_again(session, same)) is not None:
        return get(session, running.subject_id)
    if engagement is not None:
        taken = engagements.spent(session, engagement.id) + _reserved(session, engagement.id)
        engagements.check_budget(engagement, taken=taken, wanted=predictions)
    work = worklist.request(
        session,
        kind=KIND,
        subject_id=made.id,
        organisation_id=by.organisation_id,
        dedup=same,
    )
    if work.subject_id != made.id:  # another request got there first
        return get(session, work.subject_id)
    made.work_id = work.id
    session.add(made)
    session.flush()
    journal.record(
        session,
        "evaluation:plan:registered",
        made.id,
        person_id=by.person_id,
        organisation_id=by.organisation_id,
        version=version_id,
        plan=digest,
        data=dataset.digest,
        predictions=predictions,
    )
    return made


def open_version(session: Session, version_id: str) -> Version:
    """A version that may still be evaluated and explained.

    Raises:
        VersionNotFound: when there is none.
        NotForThis: when it was withdrawn.
    """
    version = submission.get(session, version_id)
    if version.withdrawn is not None:
        raise NotForThis(
            "这个版本已撤回。请选择另一个版本。", "This version was withdrawn. Choose another."
        )
    return version


def own_dataset(session: Session, by: Actor, dataset_id: str, use: Use) -> Dataset:
    """A data set of the actor's organisation, registered for this use.

    Raises:
        DatasetNotFound: when there is none.
        NotYours: when it belongs to another organisation.
        NotForThis: when it was registered for another use.
    """
    dataset = datasets.get(session, dataset_id)
    by.own(dataset.organisation_id)
    if dataset.use != use:
        raise NotForThis(
            "这份数据是为另一种用途登记的。请按本次用途重新登记。",
            "This data set was registered for another use. Register it for this one.",
        )
    return dataset


def _entitled(
    session: Session, by: Actor, version: Version, engagement_id: str | None
) -> Engagement | None:
    if by.organisation_id == version.organisation_id:
        by.require(Role.FILER)
        return None
    by.require(Role.TESTER)
    if engagement_id is None:
        raise NotEngaged(
            "评估别家的模型，要给出委托的编号（engagement_id；命令行 --engagement）。还没有委托的，请企业先授权，再接受委托。",
            "Another organisation's model is evaluated under an engagement: name it (engagement_id; "
            "--engagement at the command line). Where there is none yet, ask the enterprise to grant "
            "one, and take it on.",
        )
    engagement = engagements.get(session, engagement_id, lock=True)
    by.own(engagement.tester_id)
    engagements.check_running(engagement, version_id=version.id)
    engagements.check_tester(session, by, engagement)
    return engagement


def _reserved(session: Session, engagement_id: str, *, besides: str = "") -> int:
    """Predictions that queued and running evaluations may still ask of the engagement."""
    charged = select(func.coalesce(func.sum(Round.predictions), 0)).where(
        Round.subject_id == Evaluation.id
    )
    live = (
        select(Evaluation.predictions, charged.scalar_subquery())
        .join(Work, Work.id == Evaluation.work_id)
        .where(
            Evaluation.engagement_id == engagement_id,
            Evaluation.id != besides,
            Work.state.in_(worklist.LIVE),
        )
    )
    return sum(max(needed - used, 0) for needed, used in session.execute(live))


def charge(session: Session, made: Evaluation, *, digest: str, predictions: int) -> bool:
    """Charge one round of an evaluation, leaving what other evaluations reserved.

    Args:
        session: a transaction that also holds the worker's claim.
        made: the evaluation that asks.
        digest: what identifies the round within the evaluation.
        predictions: how many rows are scored.

    Returns:
        Whether it was charged now; False when an earlier run paid for it.

    Raises:
        BudgetSpent: when the granted budget does not suffice.
    """
    engaged = made.engagement_id
    return engagements.charge(
        session,
        subject_id=made.id,
        digest=digest,
        predictions=predictions,
        engagement_id=engaged,
        kept=_reserved(session, engaged, besides=made.id) if engaged else 0,
    )


def draw_nonce() -> str:
    """A fresh nonce: 256 bits that nobody could foresee."""
    return secrets.token_hex(32)


def issue_nonce(session: Session, evaluation_id: str) -> str:
    """The run's random number, drawn once, after plan and data are sealed.

    The caller commits before the run begins, so that no seed can be tried and dropped.

    Raises:
        EvaluationNotFound: when there is no such evaluation.
    """
    made = session.get(Evaluation, evaluation_id, with_for_update=True, populate_existing=True)
    if made is None:
        raise _no_evaluation()
    if made.nonce is None:
        made.nonce, made.nonce_issued = draw_nonce(), now()
        session.flush()
        journal.record(session, "evaluation:nonce:issued", made.id, nonce=made.nonce)
    return made.nonce


def get(session: Session, evaluation_id: str) -> Evaluation:
    """One registered evaluation.

    Raises:
        EvaluationNotFound: when there is none.
    """
    made = session.get(Evaluation, evaluation_id)
    if made is None:
        raise _no_evaluation()
    return made


def of_organisation(
    session: Session, organisation_id: str, *, limit: int = 50
) -> Sequence[Evaluation]:
    """The evaluations that an organisation registered, newest first."""
    own = select(Evaluation).where(Evaluation.organisation_id == organisation_id)
    return session.scalars(own.order_by(Evaluation.id.desc()).limit(limit)).all()


def _no_evaluation() -> EvaluationNotFound:
    return EvaluationNotFound(
        "没有这项评估，请检查编号。", "No such evaluation: check its identifier."
    )
