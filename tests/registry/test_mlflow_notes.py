"""What is read beside a version is what MLflow's own store tells of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from registry import mlflow_notes
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


def test_what_is_not_in_mlflow_has_no_notes_and_nothing_is_made_by_looking(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    assert MlflowNotes(settings).of(OURS, NAME, "1") == Notes()
    assert MlflowNotes(settings).of(OURS, NAME, None) == Notes()
    assert not any(tmp_path.iterdir())
    (tmp_path / "mlflow.db").write_bytes(b"no database")
    assert MlflowNotes(settings).of(OURS, NAME, "1") == Notes()
