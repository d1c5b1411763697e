"""The entry commands of the image, run as they stand; the image can't be built without an engine."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())


def entry() -> list[str]:
    found = re.search(r"^ENTRYPOINT (\[.*\])$", DOCKERFILE, re.MULTILINE)
    assert found is not None
    command: list[str] = json.loads(found[1])
    return command


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def surroundings(service: str, folder: Path, port: int) -> dict[str, str]:
    """The environment of a service of the compose file, its volumes below `folder`."""
    stated = {"MINGSUAN_DATA": "/data"} | COMPOSE["services"][service]["environment"]
    stated.pop("MINGSUAN_DATABASE", None)  # the tests' own is the SQLite file in the data
    placed = {
        name: f"{folder}{value}" if value.startswith("/") else value
        for name, value in stated.items()
    }
    return {**os.environ, **placed, "MINGSUAN_HOST": "127.0.0.1", "MINGSUAN_PORT": str(port)}


@contextmanager
def started(service: str, folder: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    assert entry() == ["mingsuan"]
    process = subprocess.Popen(
        [sys.executable, "-m", "portal", *COMPOSE["services"][service]["command"]],
        cwd=ROOT,
        env=surroundings(service, folder, port),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)
        assert process.stdout is not None
        process.stdout.close()


def answers(port: int, path: str) -> int:
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return int(answer.status)
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the server did not answer")


def ask(port: int, path: str) -> list[dict[str, str]]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        told: list[dict[str, str]] = json.load(answer)
        return told


def says(process: subprocess.Popen[str], word: str) -> bool:
    assert process.stdout is not None
    return any(word in line for line in process.stdout)


def test_the_image_copies_every_package() -> None:
    for name in ("registry", "evaluators", "explainers", "filing", "portal"):
        assert f"COPY {name} {name}\n" in DOCKERFILE


def mounted(service: str) -> dict[str, str]:
    """Where a service sees which volume."""
    volumes = COMPOSE["services"][service]["volumes"]
    return dict(each.split(":", 1) for each in volumes)


def test_only_the_signer_has_the_key_and_it_has_nothing_else() -> None:
    """security/S2: a user and a volume of its own; no data, no store, no database, no network."""
    signer = COMPOSE["services"]["signer"]
    assert signer["user"].partition(":")[0] not in ("", "0", "root")
    assert set(mounted("signer")) == {"key", "socket"}
    assert set(signer["environment"]) == {"MINGSUAN_SIGNER_KEY", "MINGSUAN_SIGNER_SOCKET"}
    assert signer["environment"]["MINGSUAN_SIGNER_KEY"].startswith(mounted("signer")["key"] + "/")
    assert signer["network_mode"] == "none"
    assert "secrets" not in signer
    for service in ("server", "worker", "database"):
        assert "key" not in mounted(service)
        assert "MINGSUAN_SIGNER_KEY" not in COMPOSE["services"][service]["environment"]
        assert COMPOSE["services"][service].get("user") != signer["user"]
    sockets = {mounted(each)["socket"] for each in ("server", "worker", "signer")}
    assert len(sockets) == 1


def test_the_image_makes_the_signers_folders_its_own() -> None:
    """security/S2: a new volume takes owner and mode from the image."""
    user = COMPOSE["services"]["signer"]["user"].replace(":", " -g ")
    made = re.search(r"install -d -m 0700 -o (\d+ -g \d+) (.*)", DOCKERFILE)
    assert made is not None
    assert made[1] == user
    assert set(made[2].split()) == set(mounted("signer").values())
    assert re.search(r"install -d -m 0700 /data", DOCKERFILE)


@pytest.mark.slow
def test_the_server_of_the_compose_file_becomes_healthy(tmp_path: Path) -> None:
    port = free_port()
    with started("server", tmp_path, port):
        assert answers(port, "/healthz") == 200


@pytest.mark.slow
def test_signer_and_worker_of_the_compose_file_become_ready(tmp_path: Path) -> None:
    """security/S2: the signer starts first; the server's first start enrols its key."""
    port = free_port()
    with started("signer", tmp_path, port) as signer:
        assert says(signer, "signer_ready")
        assert not (tmp_path / "data").exists()  # it makes nothing there
        with started("server", tmp_path, port):
            answers(port, "/healthz")
            (key,) = ask(port, "/api/v1/keys/platform")
            assert key["key_id"]
            with started("worker", tmp_path, port) as worker:
                assert says(worker, "worker_ready")
    assert list((tmp_path / "signer" / "key").iterdir())
    assert not list((tmp_path / "data").rglob("*signer*"))
