"""`make clients`: the tests of this folder in environments of their own, one for each client.

Run as `python -m tests.clients [VERSION …]`. The oldest client that the core takes, one between,
and the one that the server is pinned to; each with the newest packages that it allows.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
VERSIONS = ("2.22.5", "3.9.0", "3.17.2")
NEEDED = ("pytest", "pytest-timeout", "hypothesis", "httpx2", "setuptools>=80")


def main(versions: Sequence[str]) -> int:
    """Make an environment for each version where there is none, and run the tests in it.

    Args:
        versions: of MLflow; all three where none is named.

    Returns:
        0 when every client passed.
    """
    return max([_tested(version) for version in versions or VERSIONS])


def _tested(version: str) -> int:
    started, home = time.monotonic(), ROOT / ".venv" / "clients" / version
    python = home / "bin" / "python"
    uv = str(Path(sys.executable).parent / "uv")
    if not python.exists():
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(home)], check=True)
    subprocess.run(
        [uv, "pip", "install", "--quiet", "--python", str(python), f"mlflow=={version}",
         *NEEDED, "--editable", f"{ROOT}[boosting]"],
        check=True,
    )  # fmt: skip
    done = subprocess.run(
        [str(python), "-m", "pytest", "-q", "tests/clients"], cwd=ROOT, check=False
    )
    print(
        f"MLflow {version}: {time.monotonic() - started:.0f} s, exit {done.returncode}", flush=True
    )
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
