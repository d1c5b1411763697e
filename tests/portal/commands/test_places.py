"""Files are written whole or not at all, and what cannot be written is said before the work."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal import cli
from portal.commands import places
from portal.commands.places import FileThere, NotWritable


def test_all_files_are_written_and_sealed_ones_are_for_their_owner(tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    written = places.write_all(out, {"report.json": b"1", "sealed-evidence.json": b"2"})
    assert [path.read_bytes() for path in written] == [b"1", b"2"]
    assert (out / "sealed-evidence.json").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in out.iterdir()) == ["report.json", "sealed-evidence.json"]


def test_a_name_that_is_taken_stops_all_of_them(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("mine")
    with pytest.raises(FileThere):
        places.write_all(tmp_path, {"a": b"1", "b": b"2"})
    assert [path.name for path in tmp_path.iterdir()] == ["b"]
    assert (tmp_path / "b").read_text() == "mine"


class _FullDisk(dict[str, bytes]):
    """Contents of which the second can't be had any more."""

    def items(self) -> Iterator[tuple[str, bytes]]:  # type: ignore[override]
        yield "a", b"1"
        raise OSError(28, "No space left on device")


def test_nothing_is_half_written(tmp_path: Path) -> None:
    with pytest.raises(NotWritable, match="No space left"):
        places.write_all(tmp_path, _FullDisk(a=b"1", b=b"2"))
    assert list(tmp_path.iterdir()) == []


def test_a_place_is_tried_before_the_work_and_left_as_it_was(tmp_path: Path) -> None:
    places.writable(tmp_path / "one" / "two")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("x")
    with pytest.raises(NotWritable, match="什么也没有写"):
        places.writable(tmp_path / "file")
    with pytest.raises(NotWritable):
        places.writable(tmp_path / "file" / "below")
    assert (tmp_path / "file").read_text() == "x"


def test_a_fault_of_the_disk_is_one_clear_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data.csv").write_text("a\n1\n")
    data = str(tmp_path / "data.csv")
    for words in (["--init", data, "x" * 300], ["none.toml", "--data", data]):
        with pytest.raises(SystemExit):
            cli.main(["evaluate", *words])
    said = capsys.readouterr().err
    assert "请检查路径、权限和剩余空间" in said
    assert "“none.toml”不存在，请检查路径" in said
    assert "PosixPath" not in said


def test_a_new_folder_is_for_its_owner_to_write_in(tmp_path: Path) -> None:
    """Security stranger on issue 7, F7d/12: whoever writes there could put another sealed file in."""
    before = os.umask(0)
    try:
        places.write_all(tmp_path / "one" / "two", {"sealed-evidence.json": b"1"})
    finally:
        os.umask(before)
    for folder in (tmp_path / "one", tmp_path / "one" / "two"):
        assert folder.stat().st_mode & 0o022 == 0


def test_nan_and_inf_are_named_by_their_place(tmp_path: Path) -> None:
    """X12e/C1: `cut = nan` ended in a traceback."""
    plan = tmp_path / "plan.toml"
    plan.write_text("[explanation]\ncut = nan\nother = [1.0, inf]\n")
    with pytest.raises(places.NoNumber) as refused:
        places.read_toml(plan)
    assert [each.item for each in refused.value.reasons] == [
        "explanation.cut",
        "explanation.other.1",
    ]
