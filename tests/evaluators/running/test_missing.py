"""What is missing does not depend on the type that a column was taken for."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from evaluators.doors import metric_frame
from evaluators.plan import Plan, PlanInvalid
from evaluators.running import cell_query, engine, files, planning
from evaluators.running.data import DataUnfit
from registry import tables
from registry.findings import Finding, Verdict
from tests.evaluators import decision_data as decisions

CASES = Path(__file__).parents[1] / "words"
WORDS = ["NA", "N/A", "#N/A", "nan", "NaN", "NULL", "null", "None", "", " ", " na "]


def _plan(**columns: Any) -> Plan:
    roles = {"sensitive": ["grp"], "target": None, "favourable": "approved", **columns}
    return planning.parse(decisions.plan("selection_parity", columns=roles))


def _found(plan: Plan, source: Any) -> tuple[list[Finding], str]:
    made = engine.run(plan, source, scorer=None, nonce="n")
    return [f for f in made.findings if f.group is not None], made.findings_digest


def test_na_among_words_is_as_missing_as_among_numbers() -> None:
    """statistics/23: 60 unknown decisions counted as refusals (n 200/200, 'difference')."""
    (words,), _ = _found(_plan(), files.open_source(CASES / "prNAw.csv"))
    (numbers,), _ = _found(_plan(favourable=1), files.open_source(CASES / "prNA.csv"))

    for one in (words, numbers):
        assert (one.n, one.n_reference) == (170, 170)
        assert one.estimate == pytest.approx(0.4)
        assert one.reference_estimate == pytest.approx(0.6235, abs=5e-5)
        assert one.effect["value"] == pytest.approx(0.6415, abs=5e-5)
        assert one.verdict is Verdict.DISPARITY


def test_na_in_a_sensitive_column_is_no_group() -> None:
    """statistics/23: NA, nan, NULL, #N/A and blank became groups."""
    plan = _plan(favourable=1)
    found, _ = _found(plan, files.open_source(CASES / "code_NA.csv"))
    groups = {f.group for f in found} | {f.reference_group for f in found}
    assert groups == {"a", "b"}


def _table() -> pa.Table:
    rng = np.random.default_rng(5)
    levels = pa.array(["a", "b", *WORDS[:8]])
    race = levels.take(pa.array(rng.choice(10, 3000, p=[0.4, 0.4, *[0.025] * 8])))
    said = pa.array(["approved", "denied", *WORDS[:8]])
    granted = said.take(pa.array(rng.choice(10, 3000, p=[0.4, 0.4, *[0.025] * 8])))
    return pa.table({"grp": race, "granted": granted, "other": rng.integers(0, 9, 3000)})


def _nulled(table: pa.Table) -> pa.Table:
    gone = {word.strip().lower() for word in WORDS}
    clean = {
        name: [None if v.strip().lower() in gone else v for v in table[name].to_pylist()]
        for name in ("grp", "granted")
    }
    return pa.table({**clean, "other": table["other"]})


@pytest.mark.parametrize("columns", [{}, {"unit": "other"}])
@pytest.mark.parametrize("shards", [1, 7])
def test_every_way_in_reads_missing_words_alike(
    tmp_path: Path, columns: dict[str, str], shards: int
) -> None:
    """statistics/23: the same rows with nulls and with words give the same findings digest."""
    table, plan = _table(), _plan(**columns)
    pq.write_table(table, tmp_path / "words.parquet")
    pq.write_table(_nulled(table), tmp_path / "nulls.parquet")
    pyarrow.feather.write_feather(table, str(tmp_path / "words.arrow"), compression="uncompressed")
    pyarrow.csv.write_csv(table, tmp_path / "words.csv")
    back = table.take(pa.array(np.arange(table.num_rows)[::-1]))
    wanted = engine.run(plan, _nulled(table), scorer=None, nonce="n").findings_digest

    ways = [files.open_source(path) for path in sorted(tmp_path.iterdir())]
    digests = {
        engine.run(plan, way, scorer=None, nonce="n", shards=shards).findings_digest
        for way in (*ways, table, back, iter(table.to_batches(100)))
    }
    assert digests == {wanted}


def test_duckdb_reads_missing_words_alike(tmp_path: Path) -> None:
    """statistics/23: the same rule by every reader."""
    pytest.importorskip("duckdb")
    pq.write_table(_table(), tmp_path / "words.parquet")
    made = cell_query.run(_plan(), tmp_path / "words.parquet", nonce="n")
    assert made.findings_digest == _found(_plan(), _nulled(_table()))[1]


def test_a_metric_frame_and_its_nulls_read_alike() -> None:
    """statistics/23: arrays that never were a file."""
    frames = [
        metric_frame.inputs(
            t["granted"].to_pandas(), t["granted"].to_pandas(), favourable="approved",
            sensitive_features=pd.Series(t["grp"].to_pandas(), name="grp"),
            probes=("selection_parity", "error_parity"),
        )
        for t in (_table(), _nulled(_table()))
    ]  # fmt: skip
    digests = {_found(each.checked(), each.table)[1] for each in frames}
    assert len(digests) == 1


MARKS = ("<NA>", "NaT", "#NULL!", "\\N", "(null)", "-nan", "1.#IND", "-1.#QNAN", "#NA", "#N/A N/A")
"""What other programs write for a missing value."""


@pytest.mark.parametrize("word", [*WORDS, *MARKS])
def test_each_word_of_the_list_is_missing(word: str) -> None:
    """statistics/23: one list, the register's own."""
    assert word.strip().lower() in tables.EMPTY
    rows = {("a", 0, 1): 40, ("a", 0, 0): 40, ("b", 0, 1): 40, ("b", 0, 0): 40, (word, 0, 1): 40}
    table = decisions.counted(rows)
    found, _ = _found(_plan(sensitive=["race"], favourable=1), table)
    assert {f.group for f in found} | {f.reference_group for f in found} == {"a", "b"}


def test_the_plan_may_keep_a_word_as_a_level() -> None:
    """statistics/23: NA is Namibia, where the plan says so; blank stays missing."""
    table = pa.table({
        "country": ["NA"] * 100 + ["ZA"] * 100 + ["x"] * 50 + [" "] * 50,
        "granted": ["approved", "denied"] * 150,
    })  # fmt: skip
    roles = {"sensitive": ["country"]}
    plain, _ = _found(_plan(**roles), table)
    kept, _ = _found(_plan(**roles, missing={"country": ["X"]}), table)
    assert {f.group for f in plain} | {f.reference_group for f in plain} == {"ZA", "x"}
    assert {f.group for f in kept} | {f.reference_group for f in kept} == {"NA", "ZA"}


def test_a_reference_that_counts_as_missing_is_refused_with_the_remedy() -> None:
    """statistics/23: a plan cannot mean a word that would never be read."""
    with pytest.raises(PlanInvalid) as said:
        planning.parse({
            **decisions.plan("selection_parity", columns={"favourable": "None"}),
            "reference": {"race": "NA"},
        })  # fmt: skip
    items = {reason.item: reason.remedy.en for reason in said.value.reasons}
    assert set(items) == {"reference.race", "columns.favourable"}
    assert "missing.race" in items["reference.race"]
    planning.parse({
        **decisions.plan("selection_parity", columns={"missing": {"race": []}}),
        "reference": {"race": "NA"},
    })  # fmt: skip


def test_a_plan_that_says_nothing_of_words_keeps_its_digest() -> None:
    """Plans on record stay what they were."""
    content = _plan().as_json()["columns"]
    assert {"missing", "unfavourable"}.isdisjoint(content)
    again = _plan(missing={"grp": ["x"]}, unfavourable=["denied"])
    assert planning.parse(again.as_json()).digest == again.digest != _plan().digest


def _three(*, numbers: bool = False) -> pa.Table:
    words: list[Any] = [1, 0, 2] if numbers else ["approved", "denied", "pending"]
    granted = [w for w, n in zip(words, (90, 60, 50), strict=True) for _ in range(n)]
    return pa.table({"grp": ["a", "b"] * 100, "granted": granted})


@pytest.mark.parametrize("numbers", [False, True])
def test_a_third_word_is_asked_about_before_the_run(*, numbers: bool) -> None:
    """statistics/23: any word other than the favourable one was a refusal without a question."""
    plan = _plan(favourable=1 if numbers else "approved")
    with pytest.raises(DataUnfit) as said:
        engine.run(plan, _three(numbers=numbers), scorer=None, nonce="n")
    (reason,) = said.value.reasons
    first, second, third = ("1", "0", "2") if numbers else ("approved", "denied", "pending")
    assert reason.item == "columns.unfavourable"
    assert f"“{first}” 90、“{second}” 60、“{third}” 50" in reason.said.zh
    assert f"'{first}' 90, '{second}' 60, '{third}' 50" in reason.said.en
    listed = f"{second}, {third}" if numbers else f'"{second}", "{third}"'
    assert reason.remedy.zh.endswith(f"unfavourable = [{listed}]")


def test_a_third_word_beyond_the_first_block_is_seen(tmp_path: Path) -> None:
    """statistics/23: the whole file is asked, not its beginning."""
    granted = ["approved", "denied"] * 40_000 + ["withdrawn"]
    table = pa.table({"grp": ["a"] * len(granted), "granted": granted})
    pq.write_table(table, tmp_path / "rows.parquet")
    with pytest.raises(DataUnfit, match="plan"):
        engine.run(_plan(), files.open_source(tmp_path / "rows.parquet"), scorer=None, nonce="n")


def test_the_plan_says_which_words_are_refusals_and_the_rest_is_left_out() -> None:
    """statistics/23: pending is neither; a boolean and a number work alike."""
    found, _ = _found(_plan(unfavourable=["denied"]), _three())
    assert (found[0].n, found[0].n_reference) == (75, 75)
    both, _ = _found(_plan(unfavourable=["denied", "pending"]), _three())
    assert (both[0].n, both[0].n_reference) == (100, 100)
    numbers, _ = _found(_plan(favourable=1, unfavourable=[0]), _three(numbers=True))
    assert (numbers[0].n, numbers[0].estimate) == (found[0].n, found[0].estimate)
    with pytest.raises(DataUnfit):  # a misspelt word would leave every refusal out
        engine.run(_plan(unfavourable=["deny"]), _three(), scorer=None, nonce="n")
    with pytest.raises(PlanInvalid):
        _plan(unfavourable=["approved"])


def test_a_model_is_asked_with_the_rows_as_sent() -> None:
    """statistics/23: 'None' may be a level that the model knows; only what we read is told apart."""
    table = pa.table({"grp": ["a", "b"] * 50, "x": ["None", "some"] * 50})
    model = decisions.Reading(lambda frame: decisions.column(frame, "x") == "None")
    roles = {"inputs": ["x"], "prediction": None, "cut": 0.5, "favourable": 1}
    engine.run(_plan(**roles), table, scorer=model, nonce="n")
    assert {v for frame in model.frames for v in frame["x"].to_pylist()} == {"None", "some"}
