import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from typing import cast as cast_type

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session, sessionmaker

from registry import artifacts, mlflow_store, outbox, submission
from registry.artifacts import ArtifactStore
from registry.database import transaction
from registry.mlflow_store import MlflowFailed, MlflowRegistry
from registry.settings import Settings
from tests import cast
from tests.models import credit_model

DIGEST = "a" * 64
OURS, THEIRS = "0" * 32, "1" * 32


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings of this test, which MLflow's plugin reads from the environment as well."""
    from registry import settings as module

    monkeypatch.setenv("MINGSUAN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("MLFLOW_ENABLE_WORKSPACES", "")  # restored at the end
    module.settings.cache_clear()
    yield module.settings()
    module.settings.cache_clear()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def mlflow_registry(request: pytest.FixtureRequest, settings: Settings) -> MlflowRegistry:
    """MLflow's registry on either database."""
    if request.param == "postgresql":
        settings.database = request.getfixturevalue("postgres_url")
    return MlflowRegistry(settings)


def test_a_version_is_filed_once_per_workspace(mlflow_registry: MlflowRegistry) -> None:
    assert mlflow_registry.file(OURS, "信用 审批", DIGEST) == "1"
    assert mlflow_registry.file(OURS, "信用 审批", DIGEST) == "1"
    assert mlflow_registry.file(OURS, "信用 审批", "b" * 64) == "2"
    assert mlflow_registry.file(THEIRS, "信用 审批", DIGEST) == "1"
    assert mlflow_registry.sources(OURS, "信用 审批") == {
        "1": f"mingsuan://sha256/{DIGEST}",
        "2": f"mingsuan://sha256/{'b' * 64}",
    }
    assert mlflow_registry.sources(THEIRS, "别的") == {}


def test_what_mlflow_refuses_is_said_in_our_words(mlflow_registry: MlflowRegistry) -> None:
    with pytest.raises(MlflowFailed, match="Run mingsuan doctor --repair"):
        mlflow_registry.file(OURS, "a/b", DIGEST)


def test_tags_that_several_write_at_once_are_written(mlflow_registry: MlflowRegistry) -> None:
    """All but one were refused in the words of the database: each saw no tag, and added it."""
    number = mlflow_registry.file(OURS, "credit", DIGEST)
    for turn in range(8):
        marks = {f"mingsuan.{turn}.{each}": "x" for each in range(4)}
        gate = threading.Barrier(4)

        def write(marks: Mapping[str, str] = marks, gate: threading.Barrier = gate) -> None:
            gate.wait()
            mlflow_registry.mark(OURS, "credit", number, marks)

        with ThreadPoolExecutor(4) as many:
            for each in [many.submit(write) for _ in range(4)]:
                each.result()


def test_no_word_of_a_database_is_in_what_is_said(mlflow_registry: MlflowRegistry) -> None:
    number = mlflow_registry.file(OURS, "credit", DIGEST)
    engine = create_engine(mlflow_store.database_url(mlflow_registry._settings))
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE model_version_tags"))
    engine.dispose()
    with pytest.raises(MlflowFailed) as refused:
        mlflow_registry.mark(OURS, "credit", number, {"mingsuan.filing": "x"})
    for said in (refused.value.said.zh, refused.value.said.en):
        assert not re.search("SQL|model_version|sqlite|psycopg|relation|none|None", said), said
        assert OURS not in said
        assert "mingsuan doctor --repair" in said


def test_the_outbox_files_a_submission_and_mlflow_reads_back_what_was_filed(
    settings: Settings, factory: sessionmaker[Session], tmp_path: Path
) -> None:
    store = artifacts.open_store(settings)
    folder = credit_model(tmp_path / "model")
    with transaction(factory) as session:
        by = cast.actor(session)
        version = submission.submit(
            session, store, by=by, model_name="信用审批", directory=folder
        ).version
    filer = mlflow_store.VersionFiler(MlflowRegistry(settings))
    appliers = {submission.MLFLOW_VERSION: filer}
    assert outbox.apply(factory, appliers).done == 1
    with factory() as session:
        assert submission.get(session, version.id).mlflow_version == "1"

    import mlflow.artifacts

    source = MlflowRegistry(settings).sources(by.organisation_id, "信用审批")["1"]
    back = Path(mlflow.artifacts.download_artifacts(source))
    for name in ("MLmodel", "model.skops"):
        assert (back / name).read_bytes() == (folder / name).read_bytes()
    one = Path(mlflow.artifacts.download_artifacts(f"{source}/MLmodel"))
    assert one.read_bytes() == (folder / "MLmodel").read_bytes()


def test_a_snapshot_lists_its_folders_and_refuses_every_change(
    settings: Settings, store: ArtifactStore, tmp_path: Path
) -> None:
    mlflow_store.prepare(settings)
    folder = credit_model(tmp_path / "model")
    (folder / "extra").mkdir()
    (folder / "extra" / "notes.md").write_text("x")
    kept = submission.keep(store, folder)

    from mlflow.exceptions import MlflowException

    repository = cast_type(Any, mlflow_store.SnapshotRepository)
    snapshot = repository(mlflow_store.source_of(kept.digest), store=store)
    listed = [(entry.path, entry.is_dir) for entry in snapshot.list_artifacts()]
    assert listed == [("MLmodel", False), ("extra", True), ("model.skops", False)]
    assert [entry.path for entry in snapshot.list_artifacts("extra")] == ["extra/notes.md"]
    assert snapshot.list_artifacts("MLmodel") == []
    changes: list[Callable[[], Any]] = [
        lambda: snapshot.log_artifact(str(folder / "MLmodel")),
        lambda: snapshot.log_artifacts(str(folder)),
        lambda: snapshot.delete_artifacts("MLmodel"),
    ]
    for change in changes:
        with pytest.raises(MlflowException, match="are fixed") as refused:
            change()
        assert refused.value.error_code == "PERMISSION_DENIED"
    missing = repository(mlflow_store.source_of(DIGEST), store=store)
    with pytest.raises(MlflowException, match="holds nothing"):
        missing.list_artifacts()
    with pytest.raises(MlflowException, match="No such file"):
        snapshot._download_file("absent", str(tmp_path / "absent"))


def test_importing_our_modules_does_not_import_mlflow() -> None:
    program = (
        "import sys, registry.mlflow_store, registry.submission; print('mlflow' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "False"
