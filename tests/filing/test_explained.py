"""public/B2: an explanation by another measure than the report's joins no filing and no edition."""

from typing import Any

import pytest

from filing import dossier
from filing.dossier import Filing
from registry.explanations import Explanation, OtherYardstick
from tests.filing import papers
from tests.filing.papers import Scene

REPORTED: dict[str, Any] = {
    "columns": {"cut": 0.8, "favourable": 1, "sensitive": ["sex"]},
    "probes": [],
}
SAME = {"cut": 0.8, "columns": [{"name": "sex", "protected": True}]}
OTHER = {"cut": 0.3, "columns": [{"name": "sex", "protected": False}]}


def explained(scene: Scene, plan: dict[str, Any]) -> Explanation:
    made = papers.explanation(scene.session, scene.version, scene.filer)
    made.plan = plan
    scene.session.flush()
    return made


def attach(scene: Scene, filing: Filing, made: Explanation) -> None:
    dossier.attach(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        explanation_id=made.id,
    )


def test_it_is_not_attached(scene: Scene) -> None:
    filing = scene.opened()
    papers.report(scene.session, scene.version, scene.tester, plan=REPORTED)
    with pytest.raises(OtherYardstick) as refused:
        attach(scene, filing, explained(scene, OTHER))
    said = {reason.item: reason.said.zh for reason in refused.value.reasons}
    assert set(said) == {"cut", "sex"}
    assert "“0.3”" in said["cut"]
    assert "“0.8”" in said["cut"]
    assert filing.explanation_id is None
    attach(scene, filing, explained(scene, SAME))


def test_it_is_not_published_when_the_report_came_later(scene: Scene) -> None:
    filing = scene.evaluated()
    attach(scene, filing, explained(scene, OTHER))
    scene.file(filing, "check", "submit")
    scene.rule(filing, "accept", "file")
    made = papers.report(scene.session, scene.version, scene.tester, plan=REPORTED)
    filing.report_ids = [*filing.report_ids, made.id]  # as no step lets it come
    with pytest.raises(OtherYardstick), scene.session.begin_nested():
        scene.rule(filing, "publish")
    scene.session.refresh(filing)
    assert filing.editions == 0


def test_it_is_published_when_it_goes_by_the_report(scene: Scene) -> None:
    filing = scene.evaluated()
    attach(scene, filing, explained(scene, SAME))
    scene.attach(filing, papers.report(scene.session, scene.version, scene.tester, plan=REPORTED))
    scene.file(filing, "check", "submit")
    scene.rule(filing, "accept", "file", "publish")
    assert filing.editions == 1
