"""What `make test` runs: one stage after the other, each with a time budget, printed at the end.

Run as `python -m tests.stages [NAME …]`; without a name every stage runs. A stage that exceeds
its budget is reported, and fails under CI, so that the suite can't grow slow unseen.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent
CI = bool(os.environ.get("CI"))
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the test command.

    Args:
        name: what it is called on the command line.
        command: what runs, without the environment's folder.
        budget: seconds it may take on a two-core machine.
    """

    name: str
    command: tuple[str, ...]
    budget: int


STAGES = (
    Stage("lint", ("ruff", "check", "--quiet", "."), 20),
    Stage("format", ("ruff", "format", "--check", "--quiet", "."), 20),
    Stage("imports", ("lint-imports", "--no-cache"), 40),
    Stage("types", ("mypy",), 200),
    Stage(
        "tests",
        (
            "pytest",
            "-q",
            "-n",
            "4",  # much of the time is waiting
            "--dist",
            "worksteal",
            "-m",
            "not browser",
        ),
        600,
    ),
    Stage("browser", ("pytest", "-q", "-n", "2", "-m", "browser"), 240),
)


def main(names: Sequence[str]) -> int:
    """Run the stages called `names`, or all; 0 when every one passed."""
    ready_browser()
    chosen = [stage for stage in STAGES if not names or stage.name in names]
    results = [_run(stage) for stage in chosen]
    print("\nstage      result   seconds  budget")
    for stage, (code, seconds) in zip(chosen, results, strict=True):
        late = " over budget" if seconds > stage.budget else ""
        print(
            f"{stage.name:10} {'passed' if code == 0 else 'FAILED':8} {seconds:7.0f} {stage.budget:7}{late}"
        )
    return 0 if all(code == 0 for code, _ in results) else 1


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
        [apt, "-qq", "-y", "install", "--no-install-recommends", "chromium", "fonts-noto-cjk"],
        check=False,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdout=subprocess.DEVNULL,
    )


def _run(stage: Stage) -> tuple[int, float]:
    print(f"\n== {stage.name}: {' '.join(stage.command)}", flush=True)
    start = time.monotonic()
    program, *rest = stage.command
    code = subprocess.run([str(BIN / program), *rest], check=False).returncode
    seconds = time.monotonic() - start
    if CI and seconds > 2 * stage.budget:
        print(f"{stage.name} took {seconds:.0f} s, more than twice its budget")
        code = code or 1
    return code, seconds


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
