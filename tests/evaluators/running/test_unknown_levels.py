"""A level whose word says "not known" is asked about before it is a group of people."""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from evaluators.plan import Plan
from evaluators.running import engine, files, planning
from evaluators.running.data import DataUnfit
from portal.home import plan_start
from registry.unknown_words import means_unknown
from tests.evaluators import decision_data as decisions

SAID = [
    "未知", "不详", "未说明", "性别未知", "（未知）", "无", "空", "暂无", "不愿透露", "Unknown", "UNKNOWN.", "unk",
    "Gender unknown", "not stated", "Not-Specified", "prefer not to say", "declined to answer", "don't know",
    "missing", "?", "??", "-", "——", ".", "/", "n.a.", "Ｎ／Ａ",
]  # fmt: skip
REAL = [
    "男", "女", "汉族", "其他", "other", "无锡", "无神论", "空军", "female", "Nanjing", "Noneya", "no", "a-b",
    "declined offer", "缺口镇", "white", "mixed", "C++", "0", "-1",
]  # fmt: skip


@pytest.mark.parametrize("word", SAID)
def test_a_word_for_not_known_is_seen(word: str) -> None:
    assert means_unknown(word)


@pytest.mark.parametrize("word", REAL)
def test_a_real_word_is_not_asked_about(word: str) -> None:
    assert not means_unknown(word)


def _table(word: str, *, rows: int = 600, few: int = 45) -> pa.Table:
    rng = np.random.default_rng(3)
    race = np.array(["a", "b"], dtype=object)[np.arange(rows) % 2]
    race[:few] = word
    return pa.table({"种 族": pa.array(race, pa.string()), "granted": rng.integers(0, 2, rows)})


def _plan(**columns: Any) -> Plan:
    roles = {"sensitive": ["种 族"], "target": None, "favourable": 1, **columns}
    return planning.parse(decisions.plan("selection_parity", columns=roles))


def _groups(plan: Plan, table: Any) -> set[str | None]:
    found = engine.measure(plan, table, scorer=None, nonce="n")
    return {each for f in found for each in (f.group, f.reference_group)}


def _asked(plan: Plan, table: Any) -> Any:
    with pytest.raises(DataUnfit) as said:
        engine.run(plan, table, scorer=None, nonce="n")
    (reason,) = said.value.reasons
    return reason


def test_the_question_names_column_word_rows_and_both_answers() -> None:
    reason = _asked(_plan(), _table("未知"))
    assert reason.item == "columns.missing.种 族"
    assert "“种 族”" in reason.said.zh
    assert "“未知” 45 行" in reason.said.zh
    assert "'未知' 45 rows" in reason.said.en
    for said in (reason.remedy.zh, reason.remedy.en):
        assert 'missing."种 族" = ["未知"]' in said
        assert 'missing."种 族" = []' in said


@pytest.mark.parametrize("word", ["未知", "-", "无", "Unknown"])
def test_either_answer_is_taken_as_written_in_the_question(word: str) -> None:
    gone = tomllib.loads(f'missing."种 族" = ["{word}"]')
    kept = tomllib.loads('missing."种 族" = []')
    assert _groups(_plan(**gone), _table(word)) == {"a", "b"}
    assert _groups(_plan(**kept), _table(word)) == {"a", "b", word}


def test_codes_that_are_missing_by_themselves_stay_so_in_both_answers() -> None:
    table = pa.concat_tables([_table("未知"), _table("NA")])
    reason = _asked(_plan(), table)
    assert 'missing."种 族" = ["未知", "NA"]' in reason.remedy.en
    assert 'missing."种 族" = ["NA"]' in reason.remedy.en
    assert _groups(_plan(missing={"种 族": ["未知", "NA"]}), table) == {"a", "b"}
    assert _groups(_plan(missing={"种 族": ["NA"]}), table) == {"a", "b", "未知"}


def test_a_misspelt_answer_is_none() -> None:
    assert "未知" in _asked(_plan(missing={"种 族": ["末知"]}), _table("未知")).said.zh


@pytest.mark.parametrize("word", ["None", "Nan", "NA"])
def test_a_code_that_is_a_real_word_can_be_declared_one(word: str) -> None:
    """ "None" as a religion, Nan as a name, NA as Namibia."""
    assert _groups(_plan(), _table(word)) == {"a", "b"}
    assert _groups(_plan(missing={"种 族": []}), _table(word)) == {"a", "b", word}


def test_a_word_beyond_the_first_block_is_seen(tmp_path: Path) -> None:
    levels = ["a", "b"] * 40_000 + ["不详"]
    table = pa.table({"种 族": levels, "granted": [0, 1] * 40_000 + [1]})
    pq.write_table(table, tmp_path / "rows.parquet")
    source = files.open_source(tmp_path / "rows.parquet")
    assert "'不详' 1 rows" in _asked(_plan(), source).said.en


def test_a_column_of_conditions_is_not_asked_about() -> None:
    table = _table("a").append_column("job", pa.array(["未知", "x"] * 300))
    assert "a" in _groups(_plan(control=["job"]), table)


def test_a_profile_of_prices_is_asked_about_too() -> None:
    table = pa.table({
        "price": [10.0, 11.0] * 60, "account": np.arange(120), "item": ["i"] * 120,
        "tier": ["gold", "未知", "plain"] * 40,
    })  # fmt: skip
    plan = planning.parse({
        "title": "t", "probes": [{"id": "price_observational"}],
        "columns": {"price": "price", "user": "account", "item": "item", "profile": ["tier"]},
    })  # fmt: skip
    assert _asked(plan, table).item == "columns.missing.tier"


def test_a_drafted_plan_proposes_the_missing_mark_and_no_such_reference(tmp_path: Path) -> None:
    rows = 900
    race = ["未知"] * 500 + ["a", "b"] * 200
    path = tmp_path / "people.csv"
    pyarrow.csv.write_csv(pa.table({"race": race, "approved": [0, 1] * (rows // 2)}), path)
    drafted = plan_start.draft(path)
    content = tomllib.loads(drafted)
    assert content["columns"]["missing"] == {"race": ["未知"]}
    assert content["reference"] == {"race": "a"}
    assert "请核对" in drafted
    table = pyarrow.csv.read_csv(path)
    assert _groups(planning.parse(content), table) == {"a", "b"}
