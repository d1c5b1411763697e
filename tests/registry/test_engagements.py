"""Who may score whose version, how often, and who said what about conflicts."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from registry import engagements, journal
from registry.database import new_id, now
from registry.engagements import (
    AlreadyEngaged,
    BudgetInvalid,
    BudgetSpent,
    ConflictUndeclared,
    EngagementNotFound,
    NotIndependent,
    NotRunning,
)
from registry.errors import RegisterError
from registry.organisations import Actor, Kind, NotYours, WrongRole
from registry.submission import VersionNotFound
from tests import cast


def grant(session: Session, by: Actor, version_id: str, tester: Actor, **changed: Any) -> Any:
    stated: dict[str, Any] = {"query_budget": 100, "conflict_filer": "无"}
    return engagements.grant(
        session, by=by, version_id=version_id, tester_id=tester.organisation_id, **stated | changed
    )


@pytest.fixture
def filer(session: Session) -> Actor:
    return cast.actor(session)


@pytest.fixture
def tester(session: Session) -> Actor:
    return cast.actor(session, Kind.TESTER)


def test_an_engagement_is_granted_taken_on_and_ended(
    session: Session, filer: Actor, tester: Actor
) -> None:
    version = cast.version(session, filer)
    made = grant(session, filer, version.id, tester, paid_by=" 企业 ")
    with pytest.raises(NotRunning):
        engagements.check_running(made, version_id=version.id)
    engagements.take_on(
        session, by=tester, engagement_id=made.id, conflict_tester=" 去年有过合作 "
    )
    engagements.check_running(made, version_id=version.id)
    assert (made.conflict_filer, made.conflict_tester, made.paid_by) == (
        "无",
        "去年有过合作",
        "企业",
    )
    for by in (filer, tester):
        assert list(engagements.of_organisation(session, by.organisation_id)) == [made]
    assert list(engagements.of_version(session, version.id)) == [made]
    engagements.end(session, by=tester, engagement_id=made.id)
    engagements.end(session, by=filer, engagement_id=made.id)
    with pytest.raises(NotRunning):
        engagements.check_running(made, version_id=version.id)
    names = [event.name.rpartition(":")[2] for event in journal.history(session, made.id)]
    assert names == ["granted", "taken_on", "ended"]


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"conflict_filer": "  "}, ConflictUndeclared),
        ({"query_budget": 0}, BudgetInvalid),
        ({"query_budget": 10**12 + 1}, BudgetInvalid),
        ({"query_budget": 10**30}, BudgetInvalid),
    ],
)
def test_a_grant_needs_a_budget_and_a_declaration(
    session: Session,
    filer: Actor,
    tester: Actor,
    changed: dict[str, Any],
    error: type[RegisterError],
) -> None:
    with pytest.raises(error):
        grant(session, filer, cast.version(session, filer).id, tester, **changed)


def test_the_tester_is_another_organisation_on_record_as_a_tester(
    session: Session, filer: Actor
) -> None:
    version = cast.version(session, filer)
    for other in (filer, cast.actor(session), cast.actor(session, Kind.AUTHORITY)):
        with pytest.raises(NotIndependent):
            grant(session, filer, version.id, other)


def test_only_the_owner_grants_and_only_the_named_tester_takes_on(
    session: Session, filer: Actor, tester: Actor
) -> None:
    version = cast.version(session, filer)
    with pytest.raises(NotYours):
        grant(session, cast.actor(session), version.id, tester)
    with pytest.raises(WrongRole):
        grant(session, tester, version.id, tester)
    with pytest.raises(VersionNotFound):
        grant(session, filer, "none", tester)
    made = grant(session, filer, version.id, tester)
    stranger = cast.actor(session, Kind.TESTER)
    with pytest.raises(NotYours):
        engagements.take_on(session, by=stranger, engagement_id=made.id, conflict_tester="无")
    with pytest.raises(NotYours):
        engagements.end(session, by=stranger, engagement_id=made.id)
    with pytest.raises(EngagementNotFound):
        engagements.get(session, "none")
    with pytest.raises(ConflictUndeclared):
        engagements.take_on(session, by=tester, engagement_id=made.id, conflict_tester="")


def test_one_engagement_of_a_tester_on_a_version_runs_at_a_time(
    session: Session, filer: Actor, tester: Actor
) -> None:
    version = cast.version(session, filer)
    first = grant(session, filer, version.id, tester)
    with pytest.raises(AlreadyEngaged):
        grant(session, filer, version.id, tester)
    grant(session, filer, version.id, cast.actor(session, Kind.TESTER))
    engagements.end(session, by=filer, engagement_id=first.id)
    with pytest.raises(NotRunning):
        engagements.take_on(session, by=tester, engagement_id=first.id, conflict_tester="无")
    second = grant(session, filer, version.id, tester)
    engagements.take_on(session, by=tester, engagement_id=second.id, conflict_tester="无")
    with pytest.raises(NotRunning):
        engagements.take_on(session, by=tester, engagement_id=second.id, conflict_tester="无")


def test_a_withdrawn_version_is_granted_to_nobody(
    session: Session, filer: Actor, tester: Actor
) -> None:
    version = cast.version(session, filer)
    version.withdrawn = now()
    with pytest.raises(NotRunning):
        grant(session, filer, version.id, tester)


def test_an_engagement_is_for_one_version_only(
    session: Session, filer: Actor, tester: Actor
) -> None:
    made = cast.engaged(session, cast.version(session, filer), filer=filer, tester=tester)
    with pytest.raises(NotRunning):
        engagements.check_running(made, version_id=cast.version(session, filer).id)


def test_a_round_is_charged_once_however_often_it_ran(
    session: Session, filer: Actor, tester: Actor
) -> None:
    made = cast.engaged(
        session, cast.version(session, filer), filer=filer, tester=tester, budget=100
    )
    subject = new_id()

    def charge(digest: str, predictions: int, kept: int = 0) -> bool:
        return engagements.charge(
            session,
            subject_id=subject,
            digest=digest * 64,
            predictions=predictions,
            engagement_id=made.id,
            kept=kept,
        )

    assert charge("a", 60)
    assert not charge("a", 60)
    assert engagements.spent(session, made.id) == 60
    with pytest.raises(BudgetSpent, match="40"):
        charge("b", 41)
    with pytest.raises(BudgetSpent):
        charge("b", 40, kept=1)
    assert charge("b", 40)
    assert not charge("a", 60)
    assert engagements.spent(session, made.id) == 100


def test_scoring_ones_own_version_is_counted_and_costs_no_budget(session: Session) -> None:
    subject = new_id()
    assert engagements.charge(session, subject_id=subject, digest="a" * 64, predictions=10**9)
    assert not engagements.charge(session, subject_id=subject, digest="a" * 64, predictions=10**9)
