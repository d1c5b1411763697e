"""The state of review as tags in MLflow."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from filing import gate
from portal.work import mlflow_tags
from registry import database, outbox, reports, submission
from registry.database import transaction
from registry.findings import Verdict
from registry.reports import Report
from registry.settings import Settings
from tests import tables
from tests.filing import papers
from tests.filing.papers import Scene


@pytest.fixture
def scene(session: Session) -> Scene:
    """An enterprise with a version."""
    return Scene(session)


def told(scene: Scene) -> dict[str, str | None]:
    return mlflow_tags.tags(scene.session, scene.version, days=365)


def test_a_version_that_was_neither_filed_nor_evaluated(scene: Scene) -> None:
    found = told(scene)
    assert found.pop("mingsuan.filing") == "none"
    assert set(found.values()) == {None}


def test_the_tags_follow_the_filing(scene: Scene) -> None:
    filing = scene.evaluated()
    states = [told(scene)["mingsuan.filing"]]
    for act, action in (
        (scene.file, "check"), (scene.file, "submit"), (scene.rule, "accept"), (scene.rule, "file"),
        (scene.rule, "publish"),
    ):  # fmt: skip
        act(filing, action)
        states.append(told(scene)["mingsuan.filing"])
    assert states == ["draft", "self_checked", "submitted", "accepted", "filed", "published"]
    assert told(scene)["mingsuan.filing.number"] == filing.number


def test_verdicts_are_those_of_the_third_party_and_valid_as_the_gate_has_it(scene: Scene) -> None:
    own = papers.report(scene.session, scene.version, scene.filer)
    assert told(scene)["mingsuan.evaluation.by"] == "own"
    assert told(scene)["mingsuan.evaluation.valid_until"] is None
    unsigned = papers.report(scene.session, scene.version, scene.tester, signed=False)
    assert told(scene)["mingsuan.evaluation.by"] == "own", "not countersigned yet"
    report = papers.report(scene.session, scene.version, scene.tester, age=timedelta(days=3))
    found = told(scene)
    assert found["mingsuan.evaluation.by"] == "third_party"
    until = gate.expires(report.created, 365)
    assert found["mingsuan.evaluation.valid_until"] == until.isoformat(timespec="seconds")
    counts = [int(found[f"mingsuan.evaluation.{verdict}"] or 0) for verdict in Verdict]
    assert sum(counts) == len(reports.findings(report))
    assert own.id != unsigned.id


def test_what_is_found_of_the_same_bytes_counts_for_a_copy(scene: Scene) -> None:
    """mlflow/F13: the same digest under another name; the filing does not move."""
    first = scene.published()
    copied = submission.copy(
        scene.session, scene.version, by=scene.filer, model_name="生产"
    ).version
    assert copied.digest == scene.version.digest
    found = mlflow_tags.tags(scene.session, copied, days=365)
    assert found["mingsuan.filing"] == "none"
    assert found["mingsuan.evaluation.by"] == "third_party"
    again = scene.opened(version=copied)
    offered = reports.for_version(scene.session, copied.id)
    assert offered == scene.session.query(Report).all() != []
    for report in offered:
        scene.attach(again, report)
    scene.file(first, "cancel", reason="改用另一名称")  # a model is filed once
    scene.file(again, "check", "submit")
    assert str(again.status) == "submitted"


def test_a_new_state_asks_for_its_tags_once(scene: Scene) -> None:
    filing = scene.submitted()
    kinds = [each for each in outbox.pending(scene.session) if each.kind == "mlflow_tags"]
    states = [each.key.split(":")[3] for each in kinds if filing.id in each.key]
    assert states == ["draft", "self_checked", "submitted"]
    assert all(len(each.key) <= 120 for each in kinds)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """An installation on each database."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    (tmp_path / "data").mkdir()
    return Settings(data=tmp_path / "data", database=url)


@pytest.mark.slow
def test_the_outbox_writes_the_tags_into_mlflow(settings: Settings) -> None:
    engine: Engine = database.connect(settings.database_url)
    tables.make(engine)
    factory: sessionmaker[Session] = database.sessions(engine)
    with transaction(factory) as session:
        scene = Scene(session)
        filing = scene.submitted()
        version, filing_id = scene.version, filing.id
    appliers = mlflow_tags.appliers(settings)
    applied = outbox.apply(factory, appliers, at_once=True)
    assert (applied.failed, applied.done > 0) == (0, True)
    with transaction(factory) as session:
        number = session.get_one(submission.Version, version.id).mlflow_version
        name = submission.model_of(session, version).name
        assert filing_id
    writer = appliers[submission.MLFLOW_TAGS]
    assert isinstance(writer, mlflow_tags.TagWriter)
    store = writer.mlflow_registry._store
    from mlflow.utils.workspace_context import ServerWorkspaceContext

    with ServerWorkspaceContext(version.organisation_id):
        tags = store.get_model_version(name, number).tags
    assert tags["mingsuan.filing"] == "submitted"
    assert tags["mingsuan.evaluation.by"] == "third_party"
    assert tags["mingsuan.evaluation.disparity"].isdigit()
    engine.dispose()
