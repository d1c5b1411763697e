"""Who may take which step of a filing: the role, the own organisation, nobody in their own cause."""

import pytest

from filing import dossier, review
from filing.lifecycle import STEPS, Action, NotYourStep, Status, Step
from filing.review import NotIndependent
from registry.organisations import Actor, Kind, Membership, NotYours, Role
from tests import cast
from tests.filing.papers import Scene

ROWS = [(step, source) for step in STEPS for source in sorted(step.sources)]


@pytest.mark.parametrize(("step", "source"), ROWS, ids=lambda each: getattr(each, "action", each))
def test_nobody_but_the_role_takes_a_step(scene: Scene, step: Step, source: Status) -> None:
    filing = scene.evaluated()
    filing.status, filing.submissions = source, 1
    scene.session.flush()
    actors = {Role.FILER: scene.filer, Role.REVIEWER: scene.reviewer}
    for role, actor in actors.items():
        if role is not step.role:
            with pytest.raises(NotYourStep):
                review.take(
                    scene.session,
                    by=actor,
                    filing_id=filing.id,
                    revision=filing.revision,
                    action=step.action,
                    reason="理由",
                )
    assert filing.status == source


def test_a_colleague_of_another_enterprise_sees_nothing(scene: Scene) -> None:
    filing = scene.submitted()
    stranger = cast.actor(scene.session, Kind.ENTERPRISE)
    with pytest.raises(dossier.NotAssigned):
        review.take(
            scene.session,
            by=stranger,
            filing_id=filing.id,
            revision=filing.revision,
            action=Action.WITHDRAW,
            reason="x",
        )


def test_nobody_takes_the_platforms_step(scene: Scene) -> None:
    filing = scene.published()
    with pytest.raises(NotYourStep):
        scene.rule(filing, "supersede")


def test_nobody_reviews_what_they_tested(scene: Scene) -> None:
    filing = scene.submitted()
    both = Actor(
        scene.tester.person_id,
        scene.reviewer.organisation_id,
        Kind.AUTHORITY,
        frozenset({Role.REVIEWER}),
    )
    with pytest.raises(NotIndependent) as caught:
        review.take(
            scene.session,
            by=both,
            filing_id=filing.id,
            revision=filing.revision,
            action=Action.ACCEPT,
        )
    assert [each.item for each in caught.value.reasons] == ["person"]


def test_nobody_reviews_what_their_organisation_tested(scene: Scene) -> None:
    filing = scene.submitted()
    authority = Actor(
        scene.reviewer.person_id,
        scene.tester.organisation_id,
        Kind.AUTHORITY,
        frozenset({Role.REVIEWER}),
    )
    with pytest.raises(NotIndependent) as caught:
        review.take(
            scene.session,
            by=authority,
            filing_id=filing.id,
            revision=filing.revision,
            action=Action.ACCEPT,
        )
    assert [each.item for each in caught.value.reasons] == ["organisation"]


@pytest.mark.parametrize("party", ["filer", "tester"])
def test_nobody_reviews_for_an_organisation_they_belong_to(scene: Scene, party: str) -> None:
    filing = scene.submitted()
    scene.session.add(
        Membership(
            person_id=scene.reviewer.person_id,
            organisation_id=getattr(scene, party).organisation_id,
            role=Role.ADMINISTRATOR,
        )
    )
    scene.session.flush()
    with pytest.raises(NotIndependent) as caught:
        scene.rule(filing, "accept")
    assert [each.item for each in caught.value.reasons] == ["membership"]


def test_nobody_reviews_what_they_filled_in(scene: Scene) -> None:
    filing = scene.submitted()
    colleague = Actor(
        scene.filer.person_id,
        scene.reviewer.organisation_id,
        Kind.AUTHORITY,
        frozenset({Role.REVIEWER}),
    )
    with pytest.raises(NotIndependent):
        review.take(
            scene.session,
            by=colleague,
            filing_id=filing.id,
            revision=filing.revision,
            action=Action.RETURN,
            remarks=[{"code": "B1", "zh": "x"}],
        )


def test_a_filing_of_another_enterprise_is_not_ones_own(scene: Scene) -> None:
    filing = scene.submitted()
    mixed = Actor(
        scene.reviewer.person_id, scene.reviewer.organisation_id, Kind.AUTHORITY, frozenset(Role)
    )
    with pytest.raises(NotYours):
        review.take(
            scene.session,
            by=mixed,
            filing_id=filing.id,
            revision=filing.revision,
            action=Action.WITHDRAW,
            reason="x",
        )
