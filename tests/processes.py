"""The product's own processes as the tests start them: a signer, workers.

They are forked from a process that has imported them, and with them MLflow's server for the sites
with a door: a start of Python that reads it all takes 0.3 seconds for a signer, 1.6 for a worker.
"""

import multiprocessing
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from portal.work import signer
from registry.settings import Settings
from registry.settings import settings as of_this_process

FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(
    ["tests.portal.door_server", "tests.portal.doors", "portal.work.worker", __name__]
)


class Running:
    """A forked process, with what tests ask of a `subprocess.Popen`.

    Args:
        process: which has been started.
    """

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process
        self.pid = int(process.pid or 0)

    def poll(self) -> int | None:
        """How it ended; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and say how it ended.

        Raises:
            subprocess.TimeoutExpired: when it still runs after `timeout` seconds.
        """
        self._process.join(timeout)
        if (code := self._process.exitcode) is None:
            raise subprocess.TimeoutExpired(str(self._process.name), timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


def started(module: str, settings: Settings, log: Path | None = None) -> Running:
    """Start what `python -m` starts, with the settings in its environment.

    Args:
        module: whose `main` it is.
        settings: of the installation.
        log: for what it writes to its standard error.
    """
    process = FORKING.Process(target=_main, args=(module, environment(settings), log))
    process.start()
    return Running(process)


def _main(module: str, surroundings: Mapping[str, str], log: Path | None) -> None:
    import importlib
    import sys

    os.environ.clear()
    os.environ.update(surroundings)
    of_this_process.cache_clear()
    sys.argv = [module]
    if log is not None:
        with log.open("wb") as out:
            os.dup2(out.fileno(), 2)
    importlib.import_module(module).main()


def environment(settings: Settings) -> dict[str, str]:
    """The environment in which a process reads the same settings."""
    stated = settings.model_dump(exclude_defaults=True, exclude={"s3_secret"})
    mine = {f"MINGSUAN_{name.upper()}": str(value) for name, value in stated.items()}
    secret = settings.s3_secret.get_secret_value()
    return os.environ | mine | ({"MINGSUAN_S3_SECRET": secret} if secret else {})


@contextmanager
def signer_process(settings: Settings) -> Iterator[Running]:
    """A running signer; ended at the end."""
    process = started("portal.work.signer", settings)
    try:
        _wait_for_signer(settings, process)
        yield process
    finally:
        process.terminate()
        process.wait(20)


def _wait_for_signer(settings: Settings, process: Running) -> None:
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
def worker_process(settings: Settings, log: Path) -> Iterator[Running]:
    """A running worker that writes its log to `log`; killed at the end if it still runs."""
    process = started("portal.work.worker", settings, log)
    try:
        yield process
    finally:
        process.kill()
        process.wait(20)
