"""Commands, each in a process of its own, forked from one that has imported what commands import.

`Commands` starts that process; it runs this module. A start of Python and its imports are two thirds
of a command of 0.35 s. What a start itself reads in is what `tests/portal/commands/test_cli.py` tests.
"""

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

IMPORTED = (
    "portal.commands.client",
    "portal.commands.showing",
    "portal.commands.filing_view",
    "portal.commands.exploring",
    "portal.home.exploratory",
    "portal.home.verify",
    "evaluators.running.repetition",
    "evaluators.judging.captions",
    "filing.forms",
    "filing.wording",
)
ALONE = {
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
"""No library starts a thread when it is imported: a fork would not have it."""


class Commands:
    """A process that forks one for each command.

    Args:
        folder: where the output of commands is kept until it is read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        self._process = subprocess.Popen(
            [sys.executable, "-W", "default", "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | ALONE,
        )

    def run(
        self, words: Sequence[str], *, cwd: Path, env: Mapping[str, str]
    ) -> "subprocess.CompletedProcess[str]":
        """Run one command.

        Args:
            words: of the command, without its program.
            cwd: where it runs.
            env: its whole environment.
        """
        assert self._process.stdin
        assert self._process.stdout
        out, err = (self._folder / name for name in ("out", "err"))
        asked = [[*words], str(cwd), dict(env), str(out), str(err)]
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        return subprocess.CompletedProcess([*words], code, out.read_text(), err.read_text())

    def close(self) -> None:
        """End it."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


def _serve() -> None:
    import importlib

    from portal import cli

    for name in (*IMPORTED, *(each.place.partition(":")[0] for each in cli.COMMANDS.values())):
        importlib.import_module(name)
    threads = [*Path("/proc/self/task").iterdir()]
    assert len(threads) == 1, "a fork would not have the others"
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _command(*json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _command(words: Sequence[str], cwd: str, env: Mapping[str, str], out: str, err: str) -> None:
    """Become the command; its standard streams are of its own."""
    from portal import cli

    for stream, place, way in (
        (0, os.devnull, os.O_RDONLY),
        (1, out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, err, os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        opened = os.open(place, way, 0o600)
        os.dup2(opened, stream)
        os.close(opened)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    code = 1
    try:
        cli.main(words)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    except Exception:  # noqa: BLE001  # told as the interpreter tells it
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _serve()
