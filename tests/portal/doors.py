"""A running site with its MLflow door, and what an enterprise's client does there, call by call."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests import servers

HERE = Path(__file__).parent
API = "/api/2.0/mlflow"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
MPU = "/api/2.0/mlflow-artifacts/mpu"


@dataclass(frozen=True)
class Door:
    """A running site and somebody's token.

    Args:
        url: of the door.
        token: of a filer.
    """

    url: str
    token: str

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request."""
        headers = {"Authorization": f"Bearer {self.token}"} | more.pop("headers", {})
        return httpx.request(method, self.url + path, headers=headers, timeout=120, **more)

    def post(self, path: str, **body: Any) -> httpx.Response:
        """One request to change something, below `/api/2.0/mlflow`."""
        return self.ask("POST", f"{API}/{path}", json=body)

    def experiment(self) -> str:
        """A new experiment."""
        made = self.post("experiments/create", name=os.urandom(8).hex())
        return str(made.json()["experiment_id"])

    def run(self, files: Path) -> str:
        """A run, in an experiment of its own, with the files of a model below `model`."""
        made = self.post("runs/create", experiment_id=self.experiment())
        info = made.json()["run"]["info"]
        root = info["artifact_uri"].removeprefix("mlflow-artifacts:/")
        for file in sorted(files.iterdir()):
            path = f"{FILES}/{root}/model/{file.name}"
            assert self.ask("PUT", path, content=file.read_bytes()).status_code == 200
        return str(info["run_id"])

    def stage(self, run_id: str) -> str:
        """`active` or `deleted`."""
        return str(self.info(run_id)["lifecycle_stage"])

    def info(self, run_id: str) -> Mapping[str, Any]:
        """What MLflow says about a run."""
        found = self.ask("GET", f"{API}/runs/get", params={"run_id": run_id}).json()
        info: Mapping[str, Any] = found["run"]["info"]
        return info

    def delete_run(self, run_id: str) -> httpx.Response:
        """An attempt to delete a run."""
        return self.post("runs/delete", run_id=run_id)

    def delete_experiment(self, run_id: str) -> httpx.Response:
        """An attempt to delete the experiment of a run."""
        return self.post("experiments/delete", experiment_id=self.info(run_id)["experiment_id"])

    def register(self, name: str, source: str, run_id: str = "", **more: Any) -> httpx.Response:
        """A version from a source."""
        self.post("registered-models/create", name=name)
        return self.post("model-versions/create", name=name, source=source, run_id=run_id, **more)

    def version(self, name: str, number: str = "1") -> Mapping[str, Any]:
        """A registered version, its tags as a mapping."""
        asked = {"name": name, "version": number}
        found = self.ask("GET", f"{API}/model-versions/get", params=asked).json()["model_version"]
        tags = {each["key"]: each.get("value", "") for each in found.get("tags", [])}
        return {**found, "tags": tags}


@contextmanager
def opened(folder: Path, database: str = "", **more: str) -> Iterator[Door]:
    """A site in a process of its own, which MLflow's server needs.

    Args:
        folder: for its data and its log.
        database: its PostgreSQL database; empty for SQLite.
        more: of its environment.
    """
    port = servers.free_port()
    environment = os.environ | {"PYTHONPATH": str(HERE.parents[1])} | more
    environment |= {"MINGSUAN_DATABASE": database} if database else {}
    command = [sys.executable, str(HERE / "door_server.py"), str(folder / "data"), str(port)]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            servers.wait_for(port, process, 300)
            tokens = json.loads((folder / "server.log").read_text().splitlines()[0])
            yield Door(f"http://127.0.0.1:{port}/mlflow", tokens["ours"])
        finally:
            process.terminate()
            process.wait(30)
