"""A running site with its MLflow door, and what an enterprise's client does there, call by call."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import exhaustive, servers
from tests.processes import FORKING

ON_POSTGRES = [
    exhaustive.case("sqlite", kept=False, name="sqlite"),
    pytest.param("postgresql", marks=pytest.mark.postgres),
]
"""A walk over wrong requests: of the two databases the one that is strict about what it stores."""
ON_BOTH = pytest.mark.parametrize("door", ["sqlite", ON_POSTGRES[1]], indirect=True)
"""What a database decides: clients that meet, and a walk over every route."""
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


@dataclass(frozen=True)
class Serving:
    """A running site.

    Args:
        url: of the site.
        tokens: by who holds them; none where another server has founded the organisations.
        process: that it runs in.
    """

    url: str
    tokens: Mapping[str, str]
    process: ForkServerProcess


@contextmanager
def serving(
    folder: Path, more: Mapping[str, str] | None = None, *, first: bool = True
) -> Iterator[Serving]:
    """A site in a process of its own, which MLflow's server needs.

    Args:
        folder: for its data and its log.
        more: of its environment.
        first: whether there is nobody yet.
    """
    port, log = servers.free_port(), folder / "server.log"
    process = FORKING.Process(
        target=_forked,
        args=(os.environ | dict(more or {}), log, folder / "data", port),
        kwargs={"first": first},
    )
    process.start()
    try:
        servers.wait_for(port, lambda: process.exitcode, 300)
        yield Serving(
            f"http://127.0.0.1:{port}", json.loads(log.read_text().splitlines()[0]), process
        )
    finally:
        process.terminate()
        process.join(30)


@contextmanager
def opened(folder: Path, database: str = "", **more: str) -> Iterator[Door]:
    """The door of such a site, and a filer's token.

    Args:
        folder: for its data and its log.
        database: its PostgreSQL database; empty for SQLite.
        more: of its environment.
    """
    named = {"MINGSUAN_DATABASE": database} if database else {}
    with serving(folder, named | more) as site:
        yield Door(f"{site.url}/mlflow", site.tokens["ours"])


def _forked(
    environment: Mapping[str, str], log: Path, data: Path, port: int, *, first: bool
) -> None:
    """Serve with the environment and the output of a process that was started for it."""
    from tests.portal import door_server  # long imported where this is forked from

    os.environ.clear()
    os.environ.update(environment)
    with log.open("wb", buffering=0) as said:
        for stream in (1, 2):
            os.dup2(said.fileno(), stream)
    door_server.main(data, port, first=first)
