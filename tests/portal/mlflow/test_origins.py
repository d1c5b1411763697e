"""What a version may be registered from, and under which name."""

from pathlib import Path

import pytest

from tests import models
from tests.portal.doors import API, FILES, Door

pytestmark = pytest.mark.slow


def test_nothing_is_registered_from_a_deleted_experiment(door: Door, tmp_path: Path) -> None:
    """A model that was logged without a run, or files that lie in the experiment."""
    files = models.credit_model(tmp_path / "model", seed=151)
    experiment = door.experiment()
    made = door.post("logged-models", experiment_id=experiment, name="alone").json()
    info = made["model"]["info"]
    root = info["artifact_uri"].removeprefix("mlflow-artifacts:/")
    for file in files.iterdir():
        path = f"{FILES}/{root}/{file.name}"
        assert door.ask("PUT", path, content=file.read_bytes()).status_code == 200
    assert door.post("experiments/delete", experiment_id=experiment).status_code == 200

    for source in (f"models:/{info['model_id']}", info["artifact_uri"]):
        answer = door.register("from deleted 151", source)
        assert (answer.status_code, answer.json()["error_code"]) == (409, "RESOURCE_CONFLICT")
        assert "restore" in answer.json()["message"]
        assert "恢复" in answer.json()["message"]
    assert door.post("experiments/restore", experiment_id=experiment).status_code == 200
    assert door.register("from deleted 151", f"models:/{info['model_id']}").status_code == 200


def test_a_misspelt_name_makes_no_registered_model(door: Door, tmp_path: Path) -> None:
    """It became a model with a version, neither of which can be deleted."""
    run_id = door.run(models.credit_model(tmp_path / "model", seed=161))
    kept = door.register("spelt 161", f"runs:/{run_id}/model")
    assert kept.status_code == 200
    for source in (f"runs:/{run_id}/model", "models:/spelt 161/1"):
        answer = door.post("model-versions/create", name="mispelt 161", source=source)
        assert (answer.status_code, answer.json()["error_code"]) == (
            404,
            "RESOURCE_DOES_NOT_EXIST",
        )
        assert "create_registered_model" in answer.json()["message"]
        asked = {"name": "mispelt 161"}
        assert door.ask("GET", f"{API}/registered-models/get", params=asked).status_code == 404


def test_a_version_made_of_another_keeps_its_run(door: Door, tmp_path: Path) -> None:
    """register_model("models:/NAME/1", "other") lost it; MLflow keeps it."""
    run_id = door.run(models.credit_model(tmp_path / "model", seed=171))
    kept = door.register("first 171", f"runs:/{run_id}/model")
    assert kept.json()["model_version"]["run_id"] == run_id
    made = door.register("other 171", "models:/first 171/1")
    assert made.status_code == 200
    assert made.json()["model_version"]["run_id"] == run_id
