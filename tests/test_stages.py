"""What `make test` runs its stages with."""

import sys
from pathlib import Path

import pytest

from tests import stages
from tests.stages import Stage, in_memory


@pytest.mark.parametrize(("named", "given"), [(None, "1"), ("3", "3")])
def test_what_the_tests_compute_takes_one_thread_unless_another_number_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str | None, given: str
) -> None:
    for name in stages.ONE_THREAD:
        monkeypatch.delenv(name, raising=False)
        if named:
            monkeypatch.setenv(name, named)
    told = f"import os, sys; sys.exit([*map(os.environ.get, {[*stages.ONE_THREAD]})] != ['{given}'] * 2)"
    stage = Stage("told", (Path(sys.executable).name, "-c", told), 60)

    assert stages._timed(stage, stage.command)[0] == 0


def test_the_tests_keep_their_files_on_the_disk_where_memory_has_no_room(small_disk: Path) -> None:
    assert not in_memory(small_disk)
    assert not in_memory(small_disk / "nowhere")
