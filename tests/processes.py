"""The product's own processes as the tests start them: a signer, workers."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.work import signer
from registry.settings import Settings


def environment(settings: Settings) -> dict[str, str]:
    """The environment in which a process reads the same settings."""
    stated = settings.model_dump(exclude_defaults=True, exclude={"s3_secret"})
    mine = {f"MINGSUAN_{name.upper()}": str(value) for name, value in stated.items()}
    secret = settings.s3_secret.get_secret_value()
    return os.environ | mine | ({"MINGSUAN_S3_SECRET": secret} if secret else {})


@contextmanager
def signer_process(settings: Settings) -> Iterator["subprocess.Popen[bytes]"]:
    """A running signer; ended at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "portal.work.signer"], env=environment(settings)
    )
    try:
        _wait_for_signer(settings, process)
        yield process
    finally:
        process.terminate()
        process.wait(20)


def _wait_for_signer(settings: Settings, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            signer.health(settings)
        except signer.SignerUnreachable:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


@contextmanager
def worker_process(settings: Settings, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A running worker that writes its log to `log`; killed at the end if it still runs."""
    command = [sys.executable, "-m", "portal.work.worker"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=environment(settings), stderr=out)
    try:
        yield process
    finally:
        process.kill()
        process.wait(20)
