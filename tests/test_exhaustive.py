"""No walk is left to `make exhaustive` whole: each test keeps a case in `make test`."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.stages import LANES, UNREPEATED

TESTS = """
import pytest
from tests import exhaustive

@pytest.mark.parametrize("one", [exhaustive.case(each, kept=each == {kept}) for each in range(3)])
def test_walk(one: int) -> None:
    assert one < 3
"""
HOOK = "from tests.exhaustive import pytest_collection_modifyitems  # noqa: F401\n"


def collected(folder: Path, kept: int, *options: str) -> "subprocess.CompletedProcess[str]":
    (folder / "test_walk.py").write_text(TESTS.format(kept=kept), encoding="utf-8")
    (folder / "conftest.py").write_text(HOOK, encoding="utf-8")
    root = Path(__file__).parent.parent
    command = [sys.executable, "-m", "pytest", "-q", "-c", str(root / "pyproject.toml")]
    return subprocess.run(
        [*command, f"--rootdir={folder}", "-p", "no:cacheprovider", *options, str(folder)],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(("options", "passed"), [((), 3), (("-m", UNREPEATED), 1), (("-m", "exhaustive"), 2)])  # fmt: skip
def test_a_walk_is_shared_out(tmp_path: Path, options: tuple[str, ...], passed: int) -> None:
    done = collected(tmp_path, 1, *options)
    assert f"{passed} passed" in done.stdout, done.stdout + done.stderr


def test_a_walk_without_a_case_in_make_test_is_refused(tmp_path: Path) -> None:
    done = collected(tmp_path, 7)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "test_walk.py::test_walk" in done.stderr


def test_make_test_takes_what_is_not_left_to_make_exhaustive() -> None:
    (tests,) = (stage for lane in LANES for stage in lane if stage.name == "tests")
    assert UNREPEATED in tests.command
    makefile = (Path(__file__).parent.parent / "Makefile").read_text("utf-8")
    assert '-m "exhaustive or hypothesis"' in makefile
