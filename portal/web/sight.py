"""Who may see a record: its owner, those engaged on it, and the authority.

The pages and the API look records up here; changes are checked by the domain functions.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry import (
    datasets,
    engagements,
    evaluations,
    explanations,
    reports,
    submission,
    worklist,
)
from registry.datasets import Dataset
from registry.engagements import Engagement
from registry.errors import Refused
from registry.evaluations import Evaluation
from registry.explanations import Explanation
from registry.organisations import Actor, Kind, Role
from registry.reports import Report
from registry.submission import Version
from registry.worklist import Work


class OutOfSight(Refused):
    """The record is not public, and the actor has no part in it."""


def reviews(by: Actor) -> bool:
    """Whether the actor is a reviewer of an authority."""
    return by.kind is Kind.AUTHORITY and Role.REVIEWER in by.roles


def version(session: Session, by: Actor, version_id: str) -> Version:
    """A version, for its owner, a tester who was ever engaged on it, and the authority.

    Raises:
        VersionNotFound: there is none.
        OutOfSight: the actor has no part in it.
    """
    found = submission.get(session, version_id)
    if found.organisation_id != by.organisation_id and not reviews(by):
        engaged = select(Engagement.id).where(
            Engagement.version_id == version_id, Engagement.tester_id == by.organisation_id
        )
        _check(session.scalar(engaged.limit(1)) is not None)
    return found


def engagement(session: Session, by: Actor, engagement_id: str) -> Engagement:
    """An engagement, for its two sides and the authority.

    Raises:
        EngagementNotFound: there is none.
        OutOfSight: the actor has no part in it.
    """
    found = engagements.get(session, engagement_id)
    _check(by.organisation_id in {found.enterprise_id, found.tester_id} or reviews(by))
    return found


def dataset(session: Session, by: Actor, dataset_id: str) -> Dataset:
    """A data set, for its owner alone: the filer never sees the tester's, nor the reverse.

    Raises:
        DatasetNotFound: there is none.
        NotYours: it belongs to another organisation.
    """
    found = datasets.get(session, dataset_id)
    by.own(found.organisation_id)
    return found


def evaluation(session: Session, by: Actor, evaluation_id: str) -> Evaluation:
    """A registered evaluation, for those who run it, the version's owner and the authority.

    Raises:
        EvaluationNotFound: there is none.
        OutOfSight: the actor has no part in it.
    """
    found = evaluations.get(session, evaluation_id)
    owner = submission.get(session, found.version_id).organisation_id
    _check(by.organisation_id in {found.organisation_id, owner} or reviews(by))
    return found


def report(session: Session, by: Actor, report_id: str) -> Report:
    """A report, for those who ran it, the version's owner and the authority.

    Raises:
        ReportNotFound: there is none.
        OutOfSight: the actor has no part in it.
    """
    found = reports.get(session, report_id)
    owner = submission.get(session, found.version_id).organisation_id
    _check(by.organisation_id in {found.organisation_id, owner} or reviews(by))
    return found


def explanation(session: Session, by: Actor, explanation_id: str) -> Explanation:
    """An explanation, for its owner and the authority; the public reads it beside the filing.

    Raises:
        ExplanationNotFound: there is none.
        OutOfSight: the actor has no part in it.
    """
    found = explanations.get(session, explanation_id)
    _check(by.organisation_id == found.organisation_id or reviews(by))
    return found


def work(session: Session, by: Actor, work_id: str) -> Work:
    """A piece of work, for the organisation that asked for it.

    Raises:
        WorkNotFound: there is none.
        NotYours: another organisation asked for it.
    """
    found = worklist.get(session, work_id)
    by.own(found.organisation_id)
    return found


def outdated(session: Session, bound: Report | Explanation) -> bool:
    """Whether the model has a newer version than the one a report or explanation is about."""
    about = submission.get(session, bound.version_id)
    newest = submission.latest(session, about.model_id)
    return newest is not None and reports.about_earlier_version(bound.model_digest, newest)


def _check(holds: bool) -> None:
    if not holds:
        raise OutOfSight(
            "这条记录不公开，您所在的单位与它无关。",
            "This record is not public, and your organisation has no part in it.",
        )
