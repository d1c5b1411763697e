import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest

from portal.commands import serving
from registry.settings import Settings

ROOT = Path(__file__).parents[3]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(data: Path, log: Path) -> Iterator[int]:
    port = free_port()
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "portal", "serve", "--port", str(port)],
            cwd=ROOT,
            env={**os.environ, "MINGSUAN_DATA": str(data)},
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    try:
        yield port
    finally:
        process.terminate()
        process.wait(30)


def waited(log: Path, word: str, times: int) -> bool:
    for _ in range(600):
        if log.read_text().count(word) >= times:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.slow
def test_the_address_is_told_once_it_answers(tmp_path: Path) -> None:
    """It was printed some seconds before, and whoever followed it was refused."""
    log = tmp_path / "log"
    with served(tmp_path / "data", log) as port:
        assert waited(log, f"http://127.0.0.1:{port}/en/", 1)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=60) as answer:
            assert answer.status == 200


@pytest.mark.slow
def test_a_killed_worker_is_started_again(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with served(tmp_path / "data", log) as port:
        assert waited(log, "worker_ready", 1)
        (worker,) = children(tmp_path, "worker")
        os.kill(worker, signal.SIGKILL)

        assert waited(log, "worker_ready", 2)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            assert answer.status == 200


@pytest.mark.slow
def test_nothing_outlives_a_killed_server(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with served(tmp_path / "data", log):
        assert waited(log, "worker_ready", 1)
        (server,) = children(tmp_path, "serve")
        os.kill(server, signal.SIGKILL)

        gone = time.monotonic() + 30
        while children(tmp_path, "worker") or children(tmp_path, "signer"):
            assert time.monotonic() < gone
            time.sleep(0.1)


def children(folder: Path, name: str) -> list[int]:
    listed = subprocess.run(
        ["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True
    ).stdout
    return [
        int(line.split()[0])
        for line in listed.splitlines()
        if f"-m portal {name}" in line and _data_of(int(line.split()[0])) == folder
    ]


def _data_of(process: int) -> Path | None:
    try:
        told = Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
    except OSError:  # it ended meanwhile
        return None
    found = [each for each in told if each.startswith(b"MINGSUAN_DATA=")]
    return Path(found[0].partition(b"=")[2].decode()).parent if found else None


def test_a_taken_port_is_told_before_anything_starts() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        chosen = Settings(port=taken.getsockname()[1])

        with pytest.raises(click.ClickException, match="--port"):
            serving.check_port(chosen)


@pytest.mark.parametrize("host", ["999.1.1.1", "192.0.2.1", "a" * 300])
def test_an_address_of_another_machine_is_told_with_the_option_to_change(host: str) -> None:
    with pytest.raises(click.ClickException, match="--host"):
        serving.check_port(Settings(host=host, port=0))


def test_children_get_the_settings_of_their_parent(tmp_path: Path) -> None:
    chosen = Settings(data=tmp_path, s3_key="k").model_copy(update={"port": 8099})

    told = serving.environment(chosen)

    assert told["MINGSUAN_DATA"] == str(tmp_path)
    assert told["MINGSUAN_PORT"] == "8099"
    assert told["MINGSUAN_S3_KEY"] == "k"


def test_a_signer_that_is_slow_to_start_is_waited_for_as_long_as_it_lives(tmp_path: Path) -> None:
    """Breaker, issue 7, F7: "did not start; see what it printed" of one that was importing still."""
    chosen = Settings(data=tmp_path)
    log = tmp_path / "log"
    with subprocess.Popen(["/bin/sh", "-c", "sleep 1; exit 3"]) as process:
        begun = time.monotonic()
        with pytest.raises(click.ClickException) as told:
            serving._wait_for_signer(chosen, process, log)

    assert time.monotonic() - begun > 0.9, "not given up while it lived"
    for word in ("自己结束了（退出码 3）", "ended by itself", str(log), "再运行", "again"):
        assert word in told.value.message


def test_a_signer_that_lives_and_never_answers_is_named_as_slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "SIGNER_SECONDS", 0.5)
    with subprocess.Popen(["/bin/sleep", "60"]) as process:
        with pytest.raises(click.ClickException) as told:
            serving._wait_for_signer(Settings(data=tmp_path), process, None)
        process.kill()

    for word in ("还没有应答", "太忙", "has not answered", "above"):
        assert word in told.value.message


DEAF = """
import signal, time
from portal.commands import serving
serving.STOP_SECONDS = 0.2
signal.signal(signal.SIGTERM, lambda *_: None)  # as where a callback swallows what it raises
serving.end_with_parent()
print("ready", flush=True)
time.sleep(60)
"""


def test_a_process_that_misses_the_end_of_its_parent_does_not_work_on() -> None:
    """A worker lost its order to stop and claimed work beside the servers that followed."""
    process = subprocess.Popen(
        [sys.executable, "-c", DEAF], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"ready\n"
        process.stdin.close()  # as the kernel does for a parent that was killed
        assert process.wait(30) == -signal.SIGKILL
