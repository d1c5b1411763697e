"""The page of a tester: its reports that editions carry, withdrawn ones too, and nothing that rates."""

import pytest

from filing import testers, withdrawing
from registry.organisations import OrganisationNotFound
from tests import cast
from tests.filing.papers import Scene, report

GRAVE = {"selection_parity": "disparity", "error_parity": "disparity"}


def told(scene: Scene) -> testers.Tester:
    scene.session.flush()
    return testers.of(scene.session, scene.tester.organisation_id)


def test_a_tester_whose_reports_nobody_published_has_none_on_its_page(scene: Scene) -> None:
    scene.submitted()
    found = told(scene)
    assert found.reports == ()
    assert "核验" in found.identity.zh


def test_reports_that_editions_carry_stand_there_with_what_was_found(scene: Scene) -> None:
    filing = scene.opened()
    scene.attach(filing, report(scene.session, scene.version, scene.tester, verdicts=GRAVE))
    scene.rule(scene.file(filing, "check", "submit"), "accept", "file", "publish")
    report(scene.session, scene.version, scene.tester)  # attached nowhere
    (found,) = told(scene).reports
    assert (found.id, found.number, found.beyond) == (filing.report_ids[0], filing.number, 2)
    assert found.withdrawal is None


def test_a_withdrawn_report_stays_with_when_and_why(scene: Scene) -> None:
    filing = scene.published()
    why = {"zh": "数据用错了一列"}
    withdrawing.withdraw(
        scene.session, by=scene.tester, report_id=filing.report_ids[0], reason=why
    )
    (found,) = told(scene).reports
    assert found.withdrawal is not None
    assert found.withdrawal.reason == why
    assert told(scene).as_json()["reports"][0]["withdrawal"]["reason"] == why


def test_reports_of_another_organisation_are_not_there(scene: Scene) -> None:
    scene.published()
    assert "rating" not in told(scene).as_json()
    other = cast.actor(scene.session, scene.tester.kind)
    assert testers.of(scene.session, other.organisation_id).reports == ()


def test_only_tester_organisations_have_such_a_page(scene: Scene) -> None:
    for other in (scene.filer, scene.reviewer):
        with pytest.raises(OrganisationNotFound):
            testers.of(scene.session, other.organisation_id)
