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


@contextmanager
def started(arguments: list[str], data: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    assert entry() == ["mingsuan"]
    environment = {**os.environ, "MINGSUAN_DATA": str(data), "MINGSUAN_PORT": str(port)}
    process = subprocess.Popen(
        [sys.executable, "-m", "portal", *arguments],
        cwd=ROOT,
        env=environment,
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


def says(process: subprocess.Popen[str], word: str) -> bool:
    assert process.stdout is not None
    return any(word in line for line in process.stdout)


def test_the_image_copies_every_package() -> None:
    for name in ("registry", "evaluators", "explainers", "filing", "portal"):
        assert f"COPY {name} {name}\n" in DOCKERFILE


@pytest.mark.slow
def test_the_server_of_the_compose_file_becomes_healthy(tmp_path: Path) -> None:
    port = free_port()
    with started(COMPOSE["services"]["server"]["command"], tmp_path, port):
        assert answers(port, "/healthz") == 200


@pytest.mark.slow
def test_signer_and_worker_of_the_compose_file_become_ready(tmp_path: Path) -> None:
    port = free_port()
    with started(COMPOSE["services"]["server"]["command"], tmp_path, port):
        answers(port, "/healthz")
        with started(COMPOSE["services"]["signer"]["command"], tmp_path, port) as signer:
            assert says(signer, "signer_ready")
            with started(COMPOSE["services"]["worker"]["command"], tmp_path, port) as worker:
                assert says(worker, "worker_ready")
