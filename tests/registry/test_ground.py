"""The ground keeps what a process uses, and loses what none has used for long."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from registry.sandbox import ground, runtime

LONG_AGO = time.time() - ground.UNUSED_SECONDS - 60
HOLD = """
import sys
from pathlib import Path
from registry.sandbox import ground
print(ground.hold(Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""


def _stage(base: Path, name: str, *, used: float = LONG_AGO) -> Path:
    stage = base / name
    (stage / "lib").mkdir(parents=True)
    (stage / "lib" / "part").write_text("content")
    os.utime(stage, (used, used))
    return stage


def test_what_none_has_used_for_long_is_swept_finished_or_not(tmp_path: Path) -> None:
    old, half = _stage(tmp_path, "child-1"), _stage(tmp_path, "making-child-2")
    fresh = _stage(tmp_path, "child-3", used=time.time())
    other = _stage(tmp_path, "childish"), _stage(tmp_path, "plugin-1"), _stage(tmp_path, "models")
    assert sorted(ground.sweep(tmp_path, "child")) == [old.name, half.name]
    assert sorted(tmp_path.iterdir()) == sorted([fresh, *other])


def test_what_another_process_holds_stays_however_old_until_that_ends(tmp_path: Path) -> None:
    stage = _stage(tmp_path, "child-1")
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(stage)], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        assert stage.stat().st_mtime > time.time() - 60, "its use is noted"
        os.utime(stage, (LONG_AGO, LONG_AGO))
        assert ground.sweep(tmp_path, "child") == []
    finally:
        holder.kill()
        holder.communicate()
    assert ground.sweep(tmp_path, "child") == [stage.name]


def test_a_link_in_a_stages_place_is_not_followed(tmp_path: Path) -> None:
    away = _stage(tmp_path / "elsewhere", "kept")
    (tmp_path / "child-1").symlink_to(away, target_is_directory=True)
    os.utime(tmp_path / "child-1", (LONG_AGO, LONG_AGO), follow_symlinks=False)
    assert ground.sweep(tmp_path, "child") == []
    assert (away / "lib" / "part").exists()


def test_a_stage_that_was_swept_is_made_again_and_a_new_one_sweeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "ground", lambda: tmp_path)
    old = _stage(tmp_path, "child-old")

    def put(target: Path) -> None:
        (target / "part").write_text("content")

    first = runtime._stage("child", "1" * 64, put)
    assert (first / "part").exists()
    assert not old.exists()
    (first / "part").unlink()
    first.rmdir()
    assert runtime._stage("child", "1" * 64, put) == first
    assert (first / "part").read_text() == "content"
