"""One table in many formats: the same rows, the same findings, whatever is read first."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

from evaluators.plan import Plan
from evaluators.running import cell_query, data, engine, files, planning
from registry.errors import Invalid
from tests.evaluators import decision_data as decisions

ROWS = data.BLOCK + 1000
PLAN = Plan.parse(decisions.plan("selection_parity", "error_parity"))


def _table() -> pa.Table:
    rng = np.random.default_rng(3)
    race = pa.array([None, "", "a", "b", "c"]).take(pa.array(rng.integers(0, 5, ROWS)))
    due, granted = (pa.array(rng.integers(0, 2, ROWS)) for _ in range(2))
    return pa.table({"other": rng.random(ROWS), "race": race, "due": due, "granted": granted})


TABLE = _table()


def _written(folder: Path, form: str) -> Path:
    path = folder / f"rows.{form}"
    if form == "csv":
        pa.csv.write_csv(TABLE, path)
    elif form == "parquet":
        pq.write_table(TABLE, path, row_group_size=7_000)
    elif form == "folder":
        path.mkdir()
        for at, start in enumerate(range(0, ROWS, 20_000)):
            pq.write_table(TABLE.slice(start, 20_000), path / f"part-{at:03}.parquet")
    else:
        kind = pa.ipc.new_file if form == "arrow" else pa.ipc.new_stream
        with kind(path, TABLE.schema) as writer:
            writer.write_table(TABLE, max_chunksize=9_000)
    return path


@pytest.mark.parametrize("form", ["csv", "parquet", "folder", "arrow", "arrows"])
def test_every_format_gives_the_same_findings(tmp_path: Path, form: str) -> None:
    plain = TABLE.set_column(1, "race", _without_blanks())
    wanted = engine.run(PLAN, plain, scorer=None, nonce="n").findings_digest

    source = files.open_source(_written(tmp_path, form))

    assert source.rows == ROWS
    assert source.schema.names == TABLE.column_names
    assert engine.run(PLAN, source, scorer=None, nonce="n").findings_digest == wanted
    assert engine.run(PLAN, source, scorer=None, nonce="n", shards=3).findings_digest == wanted


def _without_blanks() -> pa.Array:
    return pa.array([name or None for name in TABLE["race"].to_pylist()])


@pytest.mark.parametrize("form", ["csv", "parquet", "folder", "arrow"])
def test_a_part_of_the_rows_is_that_part(tmp_path: Path, form: str) -> None:
    rows = files.open_rows(_written(tmp_path, form))

    part = pa.Table.from_batches(rows.read(["due", "other"], start=19_998, stop=41_003))

    wanted = TABLE.select(["other", "due"]).slice(19_998, 21_005)
    assert part["due"].combine_chunks() == wanted["due"].combine_chunks()
    assert part.column_names == wanted.column_names


def test_text_may_come_coded_and_an_empty_text_is_missing(tmp_path: Path) -> None:
    rows = files.open_rows(_written(tmp_path, "parquet"))

    batch = next(rows.read(["race"], coded=["race"]))

    assert pa.types.is_dictionary(batch["race"].type)
    assert set(batch["race"].to_pylist()) == {None, "a", "b", "c"}


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    for name, content in (
        ("a.parquet", b"PAR1 no more"),
        ("a.arrow", b"ARROW1??"),
        ("a.csv", b""),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(files.FileUnfit) as said:
            files.open_source(tmp_path / name)
        assert said.value.reasons
    with pytest.raises(files.FileUnfit):
        files.open_source(tmp_path / "absent.csv")
    (tmp_path / "folder").mkdir()
    with pytest.raises(files.FileUnfit):
        files.open_source(tmp_path / "folder")


def test_files_of_a_folder_must_agree(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "1.parquet")
    pq.write_table(pa.table({"a": ["x"]}), tmp_path / "2.parquet")
    with pytest.raises(files.FileUnfit) as said:
        files.open_source(tmp_path)
    assert [reason.item for reason in said.value.reasons] == ["2.parquet"]


def test_an_infinite_number_is_refused_when_it_is_read(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1.0, float("inf")]}), tmp_path / "1.parquet")
    rows = files.open_rows(tmp_path / "1.parquet")
    with pytest.raises(files.FileUnfit):
        list(rows.read())


SCORED = {"score": "other", "cut": 0.3, "prediction": None}


@pytest.mark.parametrize("columns", [{}, SCORED])
@pytest.mark.parametrize("favourable", [1, 0])
def test_duckdb_counts_the_same_cells(
    tmp_path: Path, columns: dict[str, object], favourable: int
) -> None:
    pytest.importorskip("duckdb")
    content = decisions.plan("selection_parity", "error_parity")
    content["columns"] |= {**columns, "favourable": favourable}
    path = _written(tmp_path, "folder")

    made = cell_query.run(Plan.parse(content), path, nonce="n")

    streamed = engine.run(Plan.parse(content), files.open_source(path), scorer=None, nonce="n")
    assert made.findings_digest == streamed.findings_digest
    assert made.rows == ROWS


def test_duckdb_leaves_probes_that_need_rows_to_the_stream(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    content = Plan.parse(decisions.plan("selection_parity", columns={"unit": "other"}))
    with pytest.raises(cell_query.NotOnlyCounts) as said:
        cell_query.run(content, _written(tmp_path, "parquet"), nonce="n")
    assert [reason.item for reason in said.value.reasons] == ["selection_parity"]


@pytest.mark.parametrize("form", ["csv", "parquet", "feather", "folder"])
def test_a_cell_that_nobody_sees_is_refused_whatever_the_file(form: str, tmp_path: Path) -> None:
    """Registration, a CSV file at home, and since then every other file: one rule for all readers."""
    race = ["a", "b"] * 300
    race[7] = race[500] = "a\u200b"
    table = pa.table({"race": race, "other": ["\u202e"] * 600, "granted": [0, 1, 1] * 200})
    path = tmp_path / "data"
    if form == "folder":
        path.mkdir()
    if form == "csv":
        pa.csv.write_csv(table.select(["race", "granted"]), path)
    elif form == "feather":
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
    else:
        pq.write_table(table, path / "part.parquet" if form == "folder" else path)
    plan = planning.parse(decisions.plan(
        "selection_parity", columns={"sensitive": ["race"], "target": None, "favourable": 1}
    ))  # fmt: skip
    with pytest.raises(Invalid) as refused:
        engine.run(plan, files.open_source(path), scorer=None, nonce="n")
    said = [(each.item, each.said.en.split(" holds")[0]) for each in refused.value.reasons]
    assert said == [("race", "Row 8"), ("race", "Row 501")]
    assert "U+200B" in refused.value.reasons[0].said.zh
