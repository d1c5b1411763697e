"""What is read beside a version is what MLflow's own store tells of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from registry import mlflow_notes, mlflow_store
from registry.mlflow_notes import MlflowNotes, Notes
from registry.mlflow_store import MlflowRegistry
from registry.settings import Settings

OURS, THEIRS, NAME = "0" * 32, "1" * 32, "信用 审批"
RUN = "r" * 32


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def settings(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """Settings of this test, which MLflow's plugin reads from the environment as well."""
    from registry import settings as module

    monkeypatch.setenv("MINGSUAN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("MLFLOW_ENABLE_WORKSPACES", "")  # restored at the end
    module.settings.cache_clear()
    made = module.settings()
    if request.param == "postgresql":
        made.database = request.getfixturevalue("postgres_url")
    yield made
    module.settings.cache_clear()


def test_what_users_wrote_is_read_as_mlflow_tells_it(settings: Settings) -> None:
    registry = MlflowRegistry(settings)
    for workspace in (OURS, THEIRS):
        registry.file(workspace, NAME, "a" * 64, run_id=RUN if workspace == OURS else "")
        registry.file(workspace, NAME, "b" * 64)
    registry.mark(OURS, NAME, "1", {"mingsuan.source": "runs:/x/model", "team": "风控",
                                    "long": "x" * 600})  # fmt: skip
    store = registry._store
    from mlflow.utils.workspace_context import ServerWorkspaceContext

    with ServerWorkspaceContext(OURS):
        store.update_model_version(NAME, "1", "说明 <b>")
        store.set_registered_model_alias(NAME, "champion", "1")
        store.set_registered_model_alias(NAME, "other", "2")
        told = store.get_model_version(NAME, "1")
    found = MlflowNotes(settings).of(OURS, NAME, "1")
    assert (found.description, found.run_id) == (told.description, told.run_id)
    assert found.aliases == tuple(told.aliases) == ("champion",)
    assert found.source == "runs:/x/model"
    assert {key for key in told.tags if not key.startswith("mingsuan.")} == set(found.tags)
    assert found.tags["team"] == "风控"
    assert len(found.tags["long"]) == mlflow_notes.LONGEST + 1
    assert not MlflowNotes(settings).of(THEIRS, NAME, "1")
    assert MlflowNotes(settings).of(OURS, NAME, "9") == Notes()


def test_the_run_of_a_version_is_read_as_mlflow_tells_it(settings: Settings) -> None:
    """When it began and ended and its parameters; of another workspace, or deleted, it is none."""
    registry = MlflowRegistry(settings)
    registry.open()
    from mlflow.entities import Param
    from mlflow.store.tracking.sqlalchemy_workspace_store import WorkspaceAwareSqlAlchemyStore
    from mlflow.utils.workspace_context import ServerWorkspaceContext

    tracking = WorkspaceAwareSqlAlchemyStore(
        mlflow_store.database_url(settings), str(settings.data / "runs")
    )
    with ServerWorkspaceContext(OURS):
        place = tracking.create_experiment("credit")
        made = tracking.create_run(place, "a", 1_788_274_800_000, [], "训练")
        run_id = made.info.run_id
        tracking.log_batch(run_id, [], [Param("seed", "7"), Param("lr", "0.1")], [])
        told = tracking.get_run(run_id)
    for workspace in (OURS, THEIRS):
        registry.file(workspace, NAME, "a" * 64, run_id=run_id)
    notes = MlflowNotes(settings)
    found = notes.run(OURS, NAME, "1")
    assert found is not None
    assert found.start is not None
    assert int(found.start.timestamp() * 1000) == told.info.start_time
    assert found.end is told.info.end_time is None
    assert dict(found.parameters) == told.data.params == {"lr": "0.1", "seed": "7"}
    assert notes.run(THEIRS, NAME, "1") is None
    assert notes.run(OURS, NAME, "2") is None
    with ServerWorkspaceContext(OURS):
        tracking.delete_run(run_id)
    assert notes.run(OURS, NAME, "1") is None


def test_what_is_not_in_mlflow_has_no_notes_and_nothing_is_made_by_looking(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    assert MlflowNotes(settings).of(OURS, NAME, "1") == Notes()
    assert MlflowNotes(settings).of(OURS, NAME, None) == Notes()
    assert not any(tmp_path.iterdir())
    (tmp_path / "mlflow.db").write_bytes(b"no database")
    assert MlflowNotes(settings).of(OURS, NAME, "1") == Notes()
