"""A column that the plan does not name is left alone, whatever it holds (statistics/24)."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evaluators.running import engine, planning
from evaluators.running.data import DataUnfit, Source
from evaluators.running.files import open_rows
from portal.home import plan_start
from tests.evaluators import decision_data as decisions

ROWS = 200
ODD: dict[str, Any] = {
    "null": pa.nulls(ROWS),
    "list": pa.array([[1, 2]] * ROWS),
    "struct": pa.array([{"a": 1}] * ROWS),
    "binary": pa.array([b"a", b"b"] * (ROWS // 2)),
    "time": pa.array([1] * ROWS, pa.time64("us")),
}


def _table(**more: Any) -> pa.Table:
    rng = np.random.default_rng(5)
    columns = {"grp": ["a", "b"] * (ROWS // 2), "granted": rng.integers(0, 2, ROWS)}
    return pa.table(columns | more)


def _plan(sensitive: str = "grp") -> Any:
    roles = {"sensitive": [sensitive], "target": None, "favourable": 1}
    return planning.parse(decisions.plan("selection_parity", columns=roles))


def _numbers(path: Path) -> list[Any]:
    found = engine.measure(_plan(), Source(open_rows(path)), scorer=None, nonce="n")
    return [(f.metric, f.group, f.estimate, f.verdict) for f in found]


@pytest.mark.parametrize("kind", sorted(ODD))
@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_numbers_are_those_without_the_unused_column(tmp_path: Path, kind: str, form: str) -> None:
    def write(name: str, table: pa.Table) -> Path:
        path = tmp_path / name
        if form == "parquet":
            pq.write_table(table, path)
        else:
            with pa.OSFile(str(path), "wb") as out, pa.ipc.new_file(out, table.schema) as file:
                file.write_table(table)
        return path

    odd = write("odd", _table(note=ODD[kind]))
    assert _numbers(odd) == _numbers(write("plain", _table()))
    rows = open_rows(odd)
    assert ("note" in rows.unfit) == (kind != "null")
    assert ("note" in " ".join(note.en for note in rows.remarks())) == (kind != "null")
    assert "note" in plan_start.draft(odd)


@pytest.mark.parametrize("kind", ["list", "binary"])
def test_one_that_the_plan_names_is_refused_with_a_remedy(tmp_path: Path, kind: str) -> None:
    pq.write_table(_table(note=ODD[kind]), tmp_path / "rows")
    with pytest.raises(DataUnfit) as unfit:
        engine.check(_plan("note"), Source(open_rows(tmp_path / "rows")), scored=False)
    (reason,) = unfit.value.reasons
    assert reason.item == "note"
    assert "类型" in reason.said.zh
    assert ("str.decode" in reason.remedy.en) == (kind == "binary")


def test_a_part_in_which_a_column_is_all_missing_fits_the_others(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    pq.write_table(_table(income=pa.nulls(ROWS)), folder / "0.parquet")
    pq.write_table(_table(income=pa.array([1.5] * ROWS)), folder / "1.parquet")
    rows = open_rows(folder)
    assert rows.kinds["income"] == "double"
    assert sum(batch["income"].null_count for batch in rows.read(["income"])) == ROWS


def test_stray_words_in_an_unused_column_of_a_csv_stop_nothing(tmp_path: Path) -> None:
    lines = [f"{'ab'[at % 2]},{at % 3 % 2},{at or 'inf'}" for at in range(ROWS)]
    (tmp_path / "rows.csv").write_text("grp,granted,note\n" + "\n".join(lines), encoding="utf-8")
    assert _numbers(tmp_path / "rows.csv")
    with pytest.raises(DataUnfit) as unfit:
        engine.check(_plan("note"), Source(open_rows(tmp_path / "rows.csv")), scored=False)
    assert "'inf', infinite" in unfit.value.reasons[0].said.en


@pytest.mark.parametrize(
    ("word", "said"),
    [("1,234.50", "a thousands sign"), ("¥12.00", "a currency"), ("approx", "no number")],
)
def test_a_price_of_words_is_told_with_row_word_and_remedy(
    tmp_path: Path, word: str, said: str
) -> None:  # statistics/16
    lines = [f'{"ab"[at % 2]},{at % 7},"{word if at > 3 else at}"' for at in range(ROWS)]
    (tmp_path / "rows.csv").write_text("grp,item,price\n" + "\n".join(lines), encoding="utf-8")
    plan = planning.parse({
        "title": "t",
        "columns": {"price": "price", "item": "item", "sensitive": ["grp"]},
        "probes": [{"id": "price_observational"}],
    })  # fmt: skip
    with pytest.raises(DataUnfit) as unfit:
        engine.check(plan, Source(open_rows(tmp_path / "rows.csv")), scored=False)
    (reason,) = unfit.value.reasons
    assert reason.item == "price"
    assert f"row 5 holds '{word}', " in reason.said.en
    assert said in reason.said.en


def test_an_infinite_number_is_told_with_its_row(tmp_path: Path) -> None:  # statistics/16
    values = np.ones(ROWS)
    values[136] = np.inf
    pq.write_table(_table(income=values), tmp_path / "rows")
    with pytest.raises(Exception, match="read as data") as unfit:
        list(open_rows(tmp_path / "rows").read(["income"]))
    assert "Row 137 " in str(getattr(unfit.value, "reasons", ""))
