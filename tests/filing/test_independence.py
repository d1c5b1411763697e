"""filing/B3: filer, tester and reviewer are different people, whatever organisations they act for."""

import pytest
from sqlalchemy.orm import Session

from filing import catalogue, dossier, review
from filing.dossier import Filing
from filing.lifecycle import Action, Status
from filing.review import NotIndependent, NotReady
from registry import engagements, evaluations, organisations
from registry.engagements import NotIndependent as Tied
from registry.organisations import Actor, Kind, Membership, Organisation, Role
from tests import cast
from tests.filing import papers
from tests.filing.papers import Scene


def join(session: Session, person: Actor, organisation: Actor, role: Role) -> Actor:
    """The person joins the other's organisation, as an invitation lets them."""
    place = session.get_one(Organisation, organisation.organisation_id)
    organisations.give_role(
        session, person_id=person.person_id, organisation=place, role=role, by=None
    )
    return organisations.acting(session, person.person_id, place.id)


def leave(session: Session, person: Actor, organisation: Actor) -> None:
    """Every role of the person there is withdrawn; the journal keeps that they were held."""
    for held in session.query(Membership).filter_by(
        person_id=person.person_id, organisation_id=organisation.organisation_id
    ):
        session.delete(held)
    session.flush()


def engaged(scene: Scene, tester: Actor) -> engagements.Engagement:
    granted = engagements.grant(
        scene.session,
        by=scene.filer,
        version_id=scene.version.id,
        tester_id=tester.organisation_id,
        query_budget=1000,
        conflict_filer="无",
    )
    return engagements.take_on(
        scene.session, by=tester, engagement_id=granted.id, conflict_tester="无"
    )


def refused(scene: Scene, filing: Filing, action: str) -> list[str]:
    with pytest.raises(NotReady) as caught:
        scene.rule(filing, action)
    return [each.item for each in caught.value.reasons]


def test_the_filer_cannot_take_the_engagement_on_from_the_testers_chair(scene: Scene) -> None:
    """filing/B3: the trial of the finding: the tester invites the filer's person."""
    granted = engagements.grant(
        scene.session,
        by=scene.filer,
        version_id=scene.version.id,
        tester_id=scene.tester.organisation_id,
        query_budget=1000,
        conflict_filer="无",
    )
    both = join(scene.session, scene.filer, scene.tester, Role.TESTER)
    with pytest.raises(Tied) as caught:
        engagements.take_on(scene.session, by=both, engagement_id=granted.id, conflict_tester="无")
    assert "tester_person" in [each.item for each in caught.value.reasons]
    name = scene.session.get_one(Organisation, scene.filer.organisation_id).name
    assert any(
        name.zh in each.said.zh and name.en in each.said.en for each in caught.value.reasons
    )
    assert "王明" not in str(caught.value.reasons)  # organisations are named, people are not


def test_a_former_colleague_does_not_test_either(scene: Scene) -> None:
    join(scene.session, scene.tester, scene.filer, Role.FILER)
    leave(scene.session, scene.tester, scene.filer)
    with pytest.raises(Tied):
        engaged(scene, scene.tester)


def test_a_former_tester_does_not_engage_their_old_house(scene: Scene) -> None:
    """The reverse: whoever acts for the filer has no past at the tester."""
    join(scene.session, scene.filer, scene.tester, Role.TESTER)
    leave(scene.session, scene.filer, scene.tester)
    with pytest.raises(Tied) as caught:
        engaged(scene, scene.tester)
    assert [each.item for each in caught.value.reasons] == ["filer_person"]


def test_two_organisations_that_share_a_member_are_not_independent(scene: Scene) -> None:
    third = cast.actor(scene.session)
    for side, role in ((scene.filer, Role.ADMINISTRATOR), (scene.tester, Role.ADMINISTRATOR)):
        join(scene.session, third, side, role)
    with pytest.raises(Tied) as caught:
        engaged(scene, scene.tester)
    assert [each.item for each in caught.value.reasons] == ["shared_member"]


def test_strangers_are_engaged_and_a_later_tie_stops_the_plan(scene: Scene) -> None:
    """filing/B3: it is asked at every act of the tester."""
    engagement = engaged(scene, scene.tester)
    data = cast.dataset(scene.session, scene.tester)
    join(scene.session, scene.tester, scene.filer, Role.FILER)
    with pytest.raises(Tied):
        evaluations.register_plan(
            scene.session,
            by=scene.tester,
            version_id=scene.version.id,
            dataset_id=data.id,
            plan={},
            engagement_id=engagement.id,
        )


@pytest.mark.parametrize("answers", [papers.HIGH, papers.LOW])
def test_the_gate_fails_for_a_report_whose_people_overlap(
    scene: Scene, answers: dict[str, str]
) -> None:
    """filing/B3: at acceptance, for every grade that shows the report as a third party's."""
    filing = scene.opened(G1=answers)
    scene.attach(filing, papers.report(scene.session, scene.version, scene.tester))
    scene.file(filing, "check", "submit")
    join(scene.session, scene.tester, scene.filer, Role.FILER)
    assert "independent_people" in refused(scene, filing, "accept")


def test_the_gate_looks_again_at_publication(scene: Scene) -> None:
    """filing/B3: who joins between acceptance and publication stops it; the filing can be mended."""
    filing = scene.file(scene.evaluated(), "check", "submit")
    scene.rule(filing, "accept", "file")
    join(scene.session, scene.tester, scene.filer, Role.FILER)
    assert refused(scene, filing, "publish") == ["independent_people"]

    scene.rule(filing, "return", remarks=[{"code": "B1", "zh": "评估人与备案主体有关联"}])
    dossier.detach(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        report_id=filing.report_ids[0],
    )
    other = cast.actor(scene.session, Kind.TESTER)
    scene.attach(filing, papers.report(scene.session, scene.version, other))
    dossier.fill(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        answers={"B1": "住房贷款算法"},
    )
    scene.file(filing, "submit")
    scene.rule(filing, "accept", "file", "publish")
    assert filing.status == Status.PUBLISHED


def test_a_tester_who_writes_in_the_dossier_is_no_third_party(scene: Scene) -> None:
    """filing/B3, the reverse: acts in the filing count, without any membership on record."""
    filing = scene.evaluated()
    disguised = Actor(
        scene.tester.person_id,
        scene.filer.organisation_id,
        Kind.ENTERPRISE,
        frozenset({Role.FILER}),
    )
    dossier.fill(
        scene.session,
        by=disguised,
        filing_id=filing.id,
        revision=filing.revision,
        answers={"B1": "住房贷款算法"},
    )
    scene.file(filing, "check", "submit")
    assert "independent_people" in refused(scene, filing, "accept")


@pytest.mark.parametrize("party", ["filer", "tester"])
def test_a_former_member_of_a_party_does_not_review(scene: Scene, party: str) -> None:
    """filing/B3: reviewers by persons and memberships, past ones too."""
    filing = scene.file(scene.evaluated(), "check", "submit")
    side = getattr(scene, party)
    join(scene.session, scene.reviewer, side, Role.ADMINISTRATOR)
    leave(scene.session, scene.reviewer, side)
    with pytest.raises(NotIndependent) as caught:
        scene.rule(filing, "accept")
    assert [each.item for each in caught.value.reasons] == ["membership"]


def test_who_granted_or_explained_does_not_review(scene: Scene) -> None:
    """filing/B3: acts beside the dossier count, too."""
    filing = scene.evaluated()
    colleague = cast.actor(scene.session)
    papers.explanation(scene.session, scene.version, colleague)
    scene.file(filing, "check", "submit")
    reviewing = Actor(
        colleague.person_id,
        scene.reviewer.organisation_id,
        Kind.AUTHORITY,
        frozenset({Role.REVIEWER}),
    )
    with pytest.raises(NotIndependent) as caught:
        review.take(
            scene.session,
            by=reviewing,
            filing_id=filing.id,
            revision=filing.revision,
            action=Action.ACCEPT,
        )
    assert "person" in [each.item for each in caught.value.reasons]


def test_no_person_is_named_to_the_public(scene: Scene) -> None:
    filing = scene.published()
    content = str(catalogue.entry(scene.session, str(filing.number)).content)
    for actor in (scene.filer, scene.tester, scene.reviewer, scene.publisher):
        assert actor.person_id not in content
