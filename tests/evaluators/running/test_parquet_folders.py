"""Folders of Parquet: every file counts, folder names are columns, what stays unread is named."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

from evaluators.plan import Plan
from evaluators.running import cell_query, engine, files
from portal.home import exploratory
from tests.evaluators import decision_data as decisions

CASES = Path(__file__).parents[1] / "folders"
PLAN = Plan.parse(
    decisions.plan("selection_parity", columns={"sensitive": ["grp"], "target": "deserved"})
)


def _digest(path: Path) -> str:
    return engine.run(PLAN, files.open_source(path), scorer=None, nonce="n").findings_digest


def _refused(path: Path) -> dict[str, Any]:
    with pytest.raises(files.FileUnfit) as said:
        files.open_rows(path)
    assert all(r.said.zh and r.said.en and r.remedy.zh for r in said.value.reasons)
    return {reason.item: reason.said for reason in said.value.reasons}


@pytest.mark.parametrize("layout", ["mixed", "part"])
def test_subfolders_are_read(layout: str) -> None:
    """statistics/24: 200 of 400 rows were read; the Hive layout was refused with a wrong remedy."""
    rows = files.open_rows(CASES / layout)

    assert rows.rows == 400
    assert rows.kinds == {"grp": "string", "deserved": "long", "granted": "long", "income": "long"}
    assert _digest(CASES / layout) == _digest(CASES / "mixed")
    whole = pa.Table.from_batches(rows.read(["grp"]))
    assert whole["grp"].to_pylist() == ["a"] * 200 + ["b"] * 200
    part = pa.Table.from_batches(rows.read(["grp", "income"], start=150, stop=250))
    assert part["grp"].to_pylist() == ["a"] * 50 + ["b"] * 50
    assert part["income"].null_count == 0


@pytest.mark.parametrize("layout", ["mixed", "part"])
def test_duckdb_reads_the_same_folders(layout: str) -> None:
    """statistics/24: the same rule by every reader."""
    pytest.importorskip("duckdb")

    made = cell_query.run(PLAN, CASES / layout, nonce="n")

    assert made.rows == 400
    assert made.findings_digest == _digest(CASES / "mixed")


def test_folder_names_hold_numbers_text_and_missing_values(tmp_path: Path) -> None:
    """statistics/24: the types are those that pyarrow infers, save that 007 stays a code."""
    table = pa.table({
        "year": [2023, 2023, 2024, None], "city": ["上海", "a b/c=d", None, "x"],
        "code": ["007", "8", "007", "8"], "v": [1, 2, 3, 4],
    })  # fmt: skip
    pyarrow.dataset.write_dataset(
        table, tmp_path / "p", format="parquet",
        partitioning=pa.dataset.partitioning(
            pa.schema([table.schema.field(n) for n in ("year", "city", "code")]), flavor="hive"
        ),
    )  # fmt: skip

    rows = files.open_rows(tmp_path / "p")

    assert rows.kinds == {"v": "long", "year": "long", "city": "string", "code": "string"}
    found = pa.Table.from_batches(rows.read()).to_pylist()
    assert (
        sorted(found, key=lambda row: int(row["v"]))
        == table.select(["v", "year", "city", "code"]).to_pylist()
    )


def test_a_column_may_stand_in_files_here_and_in_names_there(tmp_path: Path) -> None:
    """statistics/24: a mixed layout with the same columns is one table, by every reader."""
    pytest.importorskip("duckdb")
    half = pq.read_table(CASES / "mixed" / "0.parquet")
    other = pq.ParquetFile(CASES / "mixed" / "grp=b" / "1.parquet").read().drop(["grp"])
    (tmp_path / "later" / "grp=b").mkdir(parents=True)
    pq.write_table(half, tmp_path / "0.parquet")
    pq.write_table(other, tmp_path / "later" / "grp=b" / "1.parquet")

    assert _digest(tmp_path) == _digest(CASES / "mixed")
    assert cell_query.run(PLAN, tmp_path, nonce="n").findings_digest == _digest(CASES / "mixed")


def test_a_mixed_layout_is_refused_with_what_is_lacking(tmp_path: Path) -> None:
    """statistics/24: no row is left out in silence."""
    (tmp_path / "grp=b").mkdir()
    pq.write_table(pa.table({"v": [1]}), tmp_path / "0.parquet")
    pq.write_table(pa.table({"v": [1]}), tmp_path / "grp=b" / "1.parquet")

    said = _refused(tmp_path)

    assert list(said) == ["grp=b/1.parquet"]
    assert said["grp=b/1.parquet"].en == (
        "Its columns differ from those of 0.parquet: it also has grp."
    )


def test_a_folder_name_may_not_contradict_its_file(tmp_path: Path) -> None:
    """statistics/24: which of the two is right, nobody but the owner knows."""
    (tmp_path / "grp=b").mkdir()
    pq.write_table(pa.table({"grp": ["b", "c"]}), tmp_path / "grp=b" / "1.parquet")

    assert _refused(tmp_path)["grp=b/1.parquet"].en == (
        "Its folder's name says 'grp' is 'b'; the file holds 'c'."
    )


@pytest.mark.parametrize(
    "name", ["b.csv", "sub/b.pq", "b.PARQUET", "no-suffix", "_temporary/b.parquet", "._b.parquet"]
)
def test_what_would_stay_unread_is_refused_by_its_name(tmp_path: Path, name: str) -> None:
    """statistics/24: a file that looks like data is never passed over."""
    pq.write_table(pa.table({"v": [1]}), tmp_path / "a.parquet")
    (tmp_path / name).parent.mkdir(exist_ok=True)
    pq.write_table(pa.table({"v": [2]}), tmp_path / name)

    assert list(_refused(tmp_path)) == [name]


def test_a_linked_folder_is_refused_by_its_name(tmp_path: Path) -> None:
    """statistics/24: what is not followed is not passed over either."""
    pq.write_table(pa.table({"v": [1]}), tmp_path / "a.parquet")
    (tmp_path / "link").symlink_to(CASES / "part")
    assert list(_refused(tmp_path)) == ["link"]


def test_marks_and_notes_do_not_stop_a_folder(tmp_path: Path) -> None:
    """What Spark, pyarrow and people leave beside the data."""
    pq.write_table(pa.table({"v": [1]}), tmp_path / "a.parquet")
    for name in ("_SUCCESS", "_metadata", ".a.parquet.crc", "README.md"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    assert files.open_rows(tmp_path).rows == 1


def test_the_digest_of_a_folder_covers_its_subfolders(tmp_path: Path) -> None:
    """statistics/24: the record names all that was read."""
    for name in ("x=1", "x=2"):
        (tmp_path / name / "x=1").mkdir(parents=True)
    pq.write_table(pa.table({"v": [1]}), tmp_path / "x=1" / "a.parquet")
    first = exploratory.digest_of(tmp_path)
    (tmp_path / "x=1" / "a.parquet").rename(tmp_path / "x=2" / "a.parquet")
    assert exploratory.digest_of(tmp_path) != first
