"""The demonstration's site is served beside the job, and says where it is not."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests import servers

PROGRAM = """
from portal.commands import demo, serving
from registry.settings import settings

chosen = settings()
serving.prepare(chosen)
demo.Site(chosen).wait()
"""
SECONDS = 120


def started(folder: Path, port: int) -> subprocess.Popen[str]:
    mine = {"MINGSUAN_DATA": str(folder / "data"), "MINGSUAN_PORT": str(port)}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, **mine},
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_site_of_the_demonstration_answers(tmp_path: Path) -> None:
    """It ended with its own start, and `make demo` printed addresses at which nothing was."""
    port = servers.free_port()
    process = started(tmp_path, port)
    try:
        end = time.monotonic() + SECONDS
        while process.poll() is None and time.monotonic() < end:
            try:
                found = httpx.get(f"http://127.0.0.1:{port}/zh/")
            except httpx.ConnectError:
                time.sleep(0.2)
                continue
            assert found.status_code == 200
            return
        pytest.fail(f"no site: {process.poll()}")
    finally:
        process.kill()
        process.communicate()


def test_a_site_that_never_listened_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = started(tmp_path, taken.getsockname()[1])
        _, said = process.communicate(timeout=SECONDS)
    assert process.returncode != 0
    assert "The site did not start" in said
