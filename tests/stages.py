"""What `make test` runs: stages in two lanes side by side, each with a time budget.

Run as `python -m tests.stages [NAME …]`; without a name every stage runs. What a stage prints comes
out whole when it ends, but for the tests, which are seen as they go. A stage that exceeds its
budget is reported, and far beyond it fails under CI, so that the suite can't grow slow unseen.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent
CI = bool(os.environ.get("CI"))
UNREPEATED = "not browser and not exhaustive"
MEMORY, ROOM, SPARE = Path("/dev/shm"), 4 << 30, 8 << 30
"""A file system in memory; what must be free in it, and of the machine's memory, to be used."""
CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The shell first: a whole browser draws a window of its own that nobody sees."""
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""As in a sandbox: what is computed here is small, and a second thread mostly spins beside the first."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the test command.

    Args:
        name: what it is called on the command line.
        command: what runs, without the environment's folder.
        budget: seconds it may take on a two-core machine, beside the other lane.
        seen: whether its output is shown as it comes.
        files: whether it is pytest, whose files go where there is room for them in memory.
    """

    name: str
    command: tuple[str, ...]
    budget: int
    seen: bool = False
    files: bool = False


LANES = (
    (
        Stage("lint", ("ruff", "check", "--quiet", "."), 20),
        Stage("format", ("ruff", "format", "--check", "--quiet", "."), 20),
        Stage("imports", ("lint-imports", "--no-cache"), 40),
        Stage("types", ("mypy",), 120),
        Stage("browser", ("pytest", "-q", "-m", "browser", "tests/journeys"), 240, files=True),
    ),
    (
        Stage(
            "tests",
            ("pytest", "-q", "-n", "3", "--dist", "worksteal", "-m", UNREPEATED),
            1400,
            seen=True,
            files=True,
        ),
    ),
)


def main(names: Sequence[str]) -> int:
    """Run the stages called `names`, or all; 0 when every one passed."""
    ready_browser()
    lanes = [[s for s in lane if not names or s.name in names] for lane in LANES]
    with ThreadPoolExecutor(len(lanes)) as side_by_side:
        ended = side_by_side.map(lambda lane: [(stage, *_run(stage)) for stage in lane], lanes)
    results = [result for lane in ended for result in lane]
    print("\nstage      result   seconds  budget")
    for stage, code, seconds in results:
        late = " over budget" if seconds > stage.budget else ""
        print(
            f"{stage.name:10} {'passed' if code == 0 else 'FAILED':8} {seconds:7.0f} {stage.budget:7}{late}"
        )
    return 0 if all(code == 0 for _, code, _ in results) else 1


def ready_browser() -> None:
    """Install Debian's Chromium and a Chinese font where root can; elsewhere say what is skipped."""
    if any(map(shutil.which, CHROMIUM)):
        return
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        print("no Chromium here: browser journeys are skipped (under CI they fail)")
        return
    print("installing Chromium for the browser journeys …", flush=True)
    subprocess.run([apt, "-qq", "update"], check=False, stdout=subprocess.DEVNULL)
    subprocess.run(
        [apt, "-qq", "-y", "install", "--no-install-recommends", CHROMIUM[0], "fonts-noto-cjk"],
        check=False,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdout=subprocess.DEVNULL,
    )


def in_memory(place: Path = MEMORY) -> bool:
    """Whether there is room in memory for the tests' files (1.5 GB).

    Every database and store writes its file through to the disk: nine times in a test, thousands of
    times in one that starts a server of MLflow's, and nothing is computed meanwhile.

    Args:
        place: a file system in memory.
    """
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        (spare,) = (int(each.split()[1]) << 10 for each in lines if "MemAvailable" in each)
        return os.access(place, os.W_OK) and spare > SPARE and shutil.disk_usage(place).free > ROOM
    except (OSError, ValueError):
        return False


def _run(stage: Stage) -> tuple[int, float]:
    with ExitStack() as kept:
        program, *rest = stage.command
        if stage.files and in_memory():
            # What a test made unreadable must not fail the stage.
            folder = tempfile.TemporaryDirectory(dir=MEMORY, ignore_cleanup_errors=True)
            rest += ["--basetemp", kept.enter_context(folder)]
        return _timed(stage, [program, *rest])


def _timed(stage: Stage, command: Sequence[str]) -> tuple[int, float]:
    program, *rest = command
    header = f"\n== {stage.name}: {' '.join(command)}"
    if stage.seen:
        print(header, flush=True)
    start = time.monotonic()
    done = subprocess.run(
        [str(BIN / program), *rest],
        check=False,
        env=ONE_THREAD | os.environ,
        stdout=None if stage.seen else subprocess.PIPE,
        stderr=None if stage.seen else subprocess.STDOUT,
        text=True,
    )
    seconds = time.monotonic() - start
    if not stage.seen:
        print(f"{header}\n{done.stdout}", end="", flush=True)
    if CI and seconds > 2 * stage.budget:
        print(f"{stage.name} took {seconds:.0f} s, more than twice its budget")
        return done.returncode or 1, seconds
    return done.returncode, seconds


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
