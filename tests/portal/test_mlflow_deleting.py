"""Deleting through the MLflow door while somebody registers from what is deleted."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from typing import Any

import httpx
import pytest

from tests import models, servers

HERE = Path(__file__).parent
API = "/api/2.0/mlflow"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
TURNS = 2

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Door:
    """A running site, somebody's token, and an experiment of theirs."""

    url: str
    token: str

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.request(method, self.url + path, headers=headers, timeout=120, **more)

    def run(self, files: Path) -> str:
        """A run with the files of a model below `model`."""
        experiment = self.ask(
            "POST", f"{API}/experiments/create", json={"name": os.urandom(8).hex()}
        ).json()["experiment_id"]
        made = self.ask("POST", f"{API}/runs/create", json={"experiment_id": experiment})
        info = made.json()["run"]["info"]
        root = info["artifact_uri"].removeprefix("mlflow-artifacts:/")
        for file in sorted(files.iterdir()):
            path = f"{FILES}/{root}/model/{file.name}"
            assert self.ask("PUT", path, content=file.read_bytes()).status_code == 200
        return str(info["run_id"])

    def stage(self, run_id: str) -> str:
        """`active` or `deleted`."""
        found = self.ask("GET", f"{API}/runs/get", params={"run_id": run_id})
        return str(found.json()["run"]["info"]["lifecycle_stage"])

    def delete_run(self, run_id: str) -> httpx.Response:
        return self.ask("POST", f"{API}/runs/delete", json={"run_id": run_id})

    def delete_experiment(self, run_id: str) -> httpx.Response:
        found = self.ask("GET", f"{API}/runs/get", params={"run_id": run_id}).json()
        body = {"experiment_id": found["run"]["info"]["experiment_id"]}
        return self.ask("POST", f"{API}/experiments/delete", json=body)

    def register(self, name: str, source: str, run_id: str = "") -> httpx.Response:
        """A version from a source."""
        self.ask("POST", f"{API}/registered-models/create", json={"name": name})
        body = {"name": name, "source": source, "run_id": run_id}
        return self.ask("POST", f"{API}/model-versions/create", json=body)


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def door(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Door]:
    """A site in a process of its own."""
    folder, port = tmp_path_factory.mktemp("door"), servers.free_port()
    environment = os.environ | {"PYTHONPATH": str(HERE.parents[1])}
    command = [sys.executable, str(HERE / "door_server.py"), str(folder / "data"), str(port)]
    with ExitStack() as stack, (folder / "server.log").open("wb") as log:
        if request.param == "postgresql":
            server = request.getfixturevalue("postgres_server")
            environment |= {
                "MINGSUAN_DATABASE": stack.enter_context(servers.fresh_database(server))
            }
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            servers.wait_for(port, process, 120)
            tokens = json.loads((folder / "server.log").read_text().splitlines()[0])
            yield Door(f"http://127.0.0.1:{port}/mlflow", tokens["ours"])
        finally:
            process.terminate()
            process.wait(30)


@pytest.mark.parametrize("delete", [Door.delete_run, Door.delete_experiment])
def test_nothing_is_registered_from_a_deleted_run(
    door: Door, tmp_path: Path, delete: Callable[[Door, str], httpx.Response]
) -> None:
    seed = 100 + (delete is Door.delete_run)
    run_id = door.run(models.credit_model(tmp_path / "model", seed=seed))
    kept = door.run(models.credit_model(tmp_path / "other", seed=seed + 10))
    assert door.register(f"kept {seed}", f"runs:/{kept}/model").status_code == 200
    assert delete(door, run_id).status_code == 200

    sources = {"runs": f"runs:/{run_id}/model", "a copy": f"models:/kept {seed}/1"}
    for name, source in sources.items():
        answer = door.register(f"{name} {seed}", source, run_id)
        assert answer.status_code == 409, answer.text
        assert "was deleted" in answer.json()["message"]
        assert "已删除" in answer.json()["message"]
    restored = door.ask("POST", f"{API}/runs/restore", json={"run_id": run_id})
    if restored.status_code == 200:
        assert door.register(f"runs {seed}", sources["runs"]).status_code == 200


@pytest.mark.parametrize("delete", [Door.delete_run, Door.delete_experiment])
def test_deleting_and_registering_at_once_follow_each_other(
    door: Door, tmp_path: Path, delete: Callable[[Door, str], httpx.Response]
) -> None:
    """Either the version is there and its run with it, or the run is deleted and no version is."""
    for turn in range(TURNS):
        seed = 200 + 2 * turn + (delete is Door.delete_run)
        run_id = door.run(models.credit_model(tmp_path / f"{turn}", seed=seed))
        start = Barrier(2)

        def register(run_id: str = run_id, start: Barrier = start, seed: int = seed) -> int:
            start.wait()
            return door.register(f"race {seed}", f"runs:/{run_id}/model").status_code

        def remove(run_id: str = run_id, start: Barrier = start, turn: int = turn) -> int:
            start.wait()
            # The later it comes, the further has the other one read and screened.
            time.sleep(turn * 0.15)
            return delete(door, run_id).status_code

        with ThreadPoolExecutor(2) as both:
            registered, removed = both.submit(register), both.submit(remove)
            outcome = registered.result(), removed.result()
        assert outcome in ((200, 403), (409, 200)), outcome
        assert door.stage(run_id) == ("active" if outcome[0] == 200 else "deleted")
