"""A third party's report that counts and that the filer left out is told: to both sides and to all."""

from datetime import timedelta
from typing import Any

import pytest

from filing import catalogue, changes, guards, numbers, unattached
from filing.dossier import Filing
from filing.standing import Standing
from registry.database import now
from registry.errors import RegisterError
from registry.organisations import Kind, Role
from registry.reports import Report
from tests import cast
from tests.filing.papers import Scene, report
from tests.filing.test_independence import join

GRAVE = {"selection_parity": "disparity", "error_parity": "disparity"}


def told(scene: Scene, filing: Filing) -> Standing:
    return catalogue.entry(scene.session, str(filing.number)).standing


def second(scene: Scene, **changed: Any) -> Report:
    return report(scene.session, scene.version, scene.tester, verdicts=GRAVE, **changed)


def test_the_milder_of_two_reports_alone_is_not_accepted(scene: Scene) -> None:
    filing, grave = scene.submitted(), second(scene)

    gate = guards.gate_of(scene.session, filing)
    assert gate is not None
    (hurdle,) = (each for each in gate.hurdles if each.name == "every_report")
    assert not hurdle.passed
    who = unattached.evidence(scene.session, filing, at=now(), days=365)[0]
    assert who.report_id == grave.id
    for said, name in (
        (hurdle.said.zh, who.organisation.zh),
        (hurdle.said.en, who.organisation.en),
    ):
        assert name in said
        assert now().date().isoformat()[:4] in said
        assert "2" in said
    with pytest.raises(RegisterError) as refused:
        scene.rule(filing, "accept")
    assert [each.item for each in refused.value.reasons] == ["every_report"]


def test_a_report_that_comes_in_before_publication_has_to_be_attached(scene: Scene) -> None:
    filing = scene.rule(scene.submitted(), "accept", "file")
    second(scene)
    with pytest.raises(RegisterError):
        scene.rule(filing, "publish")


def test_with_both_attached_the_gate_is_open_and_nothing_more_is_said(scene: Scene) -> None:
    filing = scene.evaluated()
    scene.attach(filing, second(scene))
    scene.rule(scene.file(filing, "check", "submit"), "accept", "file", "publish")
    assert told(scene, filing).unattached is None
    assert told(scene, filing).as_json()["reports_not_attached"] is None


def test_a_report_that_came_later_stands_beside_the_edition(scene: Scene) -> None:
    filing = scene.published()
    second(scene)

    found = told(scene, filing)

    assert found.unattached is not None
    assert (found.unattached.count, found.unattached.beyond) == (1, 2)
    assert "没有附上" in found.unattached.said.zh
    assert "2项" in found.unattached.said.zh
    assert "did not attach" in found.unattached.said.en
    assert found.as_json()["reports_not_attached"]["beyond"] == 2
    (hit,) = scene.search().hits
    assert hit.standing.unattached == found.unattached


@pytest.mark.parametrize("changed", [{"signed": False}, {"age": timedelta(days=400)}])
def test_a_report_that_does_not_count_is_not_told(scene: Scene, changed: dict[str, Any]) -> None:
    filing = scene.published()
    second(scene, **changed)
    assert told(scene, filing).unattached is None


def test_the_filers_own_report_may_be_left_out(scene: Scene) -> None:
    filing = scene.published()
    report(scene.session, scene.version, scene.filer, verdicts=GRAVE)
    assert told(scene, filing).unattached is None


def test_a_report_on_the_same_bytes_of_somebody_else_is_not_this_filers(scene: Scene) -> None:
    filing = scene.published()
    other = cast.version(scene.session, cast.actor(scene.session, Kind.ENTERPRISE))
    other.digest = scene.version.digest
    scene.session.flush()
    report(scene.session, other, scene.tester, verdicts=GRAVE)
    assert told(scene, filing).unattached is None


def test_a_countersignature_moves_the_filed_page(scene: Scene) -> None:
    """A kept page would go on saying what was true before."""
    filing = scene.published()
    made = second(scene, signed=False)
    slug = numbers.parse(str(filing.number)).slug
    before = changes.revision(scene.session, slug)
    made.countersigned, made.countersigned_by = now(), scene.tester.person_id
    scene.session.flush()
    assert changes.revision(scene.session, slug) != before


def test_a_tie_that_the_filer_makes_later_hides_no_report(scene: Scene) -> None:
    """It was enough to invite somebody of the tester's: the hurdle was gone, and nobody was told."""
    filing, grave = scene.submitted(), second(scene)
    join(scene.session, scene.tester, scene.filer, Role.FILER)

    gate = guards.gate_of(scene.session, filing)

    assert gate is not None
    (hurdle,) = (each for each in gate.hurdles if each.name == "every_report")
    assert "后来与备案主体有了关联" in hurdle.said.zh
    assert grave.id in hurdle.said.zh
    assert "差异超过界线2项" in hurdle.said.zh
    assert "findings beyond a line: 2" in hurdle.said.en
