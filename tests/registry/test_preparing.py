"""issue 7, line 13: what a sandbox runs on is prepared at the machine's pace, and nothing is lost."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from registry import environment
from registry.sandbox import runtime
from registry.sandbox.runtime import RuntimeNotReady

NAME = f"python{sys.version_info[0]}.{sys.version_info[1]}"


def stage(tmp_path: Path, program: str) -> Path:
    """A stage whose interpreter is a program of the shell's."""
    (tmp_path / "bin").mkdir(parents=True)
    interpreter = tmp_path / "bin" / NAME
    interpreter.write_text(f"#!/bin/sh\n{program}\n", encoding="utf-8")
    interpreter.chmod(0o755)
    return tmp_path


def test_preparing_waits_as_long_as_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaker, issue 7, F2: it was given 120 s of wall clock on a machine with a load of 15."""
    monkeypatch.setattr(runtime, "STALLED_SECONDS", 0.6)
    busy = 'n=0; while [ $n -lt 1000000 ]; do n=$((n+1)); done; echo done > "$0.done"'

    runtime._compile(stage(tmp_path, busy), NAME, tmp_path)

    assert (tmp_path / "bin" / f"{NAME}.done").exists()


def test_preparing_that_stands_still_is_the_machines_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "STALLED_SECONDS", 0.6)

    with pytest.raises(RuntimeNotReady) as told:
        runtime._compile(stage(tmp_path, "exec sleep 37.25"), NAME, tmp_path)

    assert environment.unavailable(told.value) is told.value, "work is put off, not failed"
    said = told.value.said
    assert "沙箱" in said.zh
    assert "Timeout" not in said.zh + said.en
    assert "sandbox" in said.en
    assert "doctor" in said.en
    left = subprocess.run(["pgrep", "-f", r"^sleep 37\.25$"], capture_output=True, check=False)
    assert left.returncode, "the process was ended"


def test_what_never_ends_by_itself_is_left_to_the_model_that_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package that calculates for ever is no slow machine: models without it still open."""
    monkeypatch.setattr(runtime, "MOST_WORK_SECONDS", 0.3)

    runtime._compile(stage(tmp_path, "while :; do :; done"), NAME, tmp_path)


def test_a_stage_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F2 again: each try began from nothing, so that on a slow machine none ever came to its end."""
    monkeypatch.setattr(runtime, "ground", lambda: tmp_path)
    source = tmp_path / "source"
    source.write_text("x", encoding="utf-8")
    copied: list[str] = []
    link = runtime._put_file

    def counted(of: Path, to: Path) -> None:
        copied.extend([] if to.exists() else [to.name])
        link(of, to)

    def put(target: Path) -> None:
        for name in ("one", "two", "three"):
            if name == "three" and not (target / "again").exists():
                (target / "again").touch()
                raise runtime.not_ready()
            counted(source, target / name)

    with pytest.raises(RuntimeNotReady):
        runtime._stage("runtime", "a" * 64, put, goes_on=True)
    assert copied == ["one", "two"]
    found = runtime._stage("runtime", "a" * 64, put, goes_on=True)

    assert copied == ["one", "two", "three"]
    assert {path.name for path in found.iterdir()} == {"one", "two", "three", "again"}
    assert not list(tmp_path.glob("making-*"))


def test_a_file_that_was_half_copied_is_copied_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What goes on after a killed process may find no half of a file under its name."""
    source, target = tmp_path / "source", tmp_path / "stage" / "target"
    source.write_text("whole", encoding="utf-8")
    source.chmod(0o666)  # never linked: others could change it

    def half(_source: Path, place: Path) -> None:
        place.write_text("who", encoding="utf-8")
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(shutil, "copy2", half)
        with pytest.raises(KeyboardInterrupt):
            runtime._put_file(source, target)
    runtime._put_file(source, target)

    assert target.read_text(encoding="utf-8") == "whole"
    assert {path.name for path in target.parent.iterdir()} == {"target"}
