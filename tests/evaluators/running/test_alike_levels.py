"""Levels that are taken for one another are asked about before they are groups of people."""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators.plan import Plan
from evaluators.running import alike_levels, engine, files, planning
from evaluators.running.data import DataUnfit
from portal.home import plan_start
from registry import characters
from tests.evaluators import decision_data as decisions

ALIKE = [
    ("F", "f"), ("F", "F "), ("f", "\u3000f"), ("A", "Ａ"), ("é", "e\u0301"), ("A", "А"), ("Han", "Hаn"),
    ("汉族", "漢族"), ("01", "1"), ("1.10", "1.1"), ("1", "1.0"), ("1e3", "1000"), ("+1", "1"), ("１", "1"),
    ("a-b", "a–b"), ("White", "WHITE"), ("两  江", "两 江"), ("O型", "0型"),
]  # fmt: skip
APART = [
    ("F", "M"), ("A", "A+"), ("A", "A-"), ("-1", "1"), ("1.1", "11"), ("1", "10"), ("男", "女"),
    ("18-25", "18-26"), ("<30", ">30"), ("汉族", "满族"), ("123456789012345678901", "123456789012345678902"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_levels_that_are_taken_for_one_another_are_seen(one: str, other: str) -> None:
    assert alike_levels.clusters([other, "x", one]) == [sorted([one, other])]


@pytest.mark.parametrize(("one", "other"), APART)
def test_levels_that_differ_are_two(one: str, other: str) -> None:
    assert alike_levels.clusters([one, other]) == []


def _table(words: list[str], rows: int = 600) -> pa.Table:
    rng = np.random.default_rng(3)
    race = np.array(words, dtype=object)[np.arange(rows) % len(words)]
    return pa.table({"种 族": pa.array(race, pa.string()), "granted": rng.integers(0, 2, rows)})


def _plan(**content: Any) -> Plan:
    roles = {"sensitive": ["种 族"], "target": None, "favourable": 1}
    return planning.parse(decisions.plan("selection_parity", columns=roles) | content)


def _refused(plan: Plan, rows: Any) -> Any:
    with pytest.raises(DataUnfit) as said:
        engine.run(plan, rows, scorer=None, nonce="n")
    (reason,) = said.value.reasons
    return reason


def test_the_question_names_column_values_rows_and_both_answers() -> None:
    reason = _refused(_plan(), _table(["a", "b", "А"]))
    assert "种 族" in reason.item
    assert "“a” 200 行" in reason.said.zh
    assert "'А‹U+0410›' 200 rows" in reason.said.en
    assert "统一写法" in reason.remedy.zh
    assert 'names."种 族"' in reason.remedy.en


def test_the_plan_may_say_that_they_are_different_groups() -> None:
    remedy = _refused(_plan(), _table(["a", "A"])).remedy.en
    written = remedy[remedy.index("names.") :]
    for word in ("feature", "upper", "lower"):
        written = written.replace("…", word, 2)
    plan = _plan(**tomllib.loads(written))
    found = engine.measure(plan, _table(["a", "A"]), scorer=None, nonce="n")
    assert {each for f in found for each in (f.group, f.reference_group)} == {"a", "A"}


def test_one_name_for_both_says_nothing() -> None:
    same = {"zh": "甲", "en": "same"}
    names = {"种 族": {"plain": same, "levels": {"a": same, "A": same}}}
    _refused(_plan(names=names), _table(["a", "A"]))


def test_missing_words_are_no_levels() -> None:
    assert engine.measure(_plan(), _table(["a", "b", "NA", "na"]), scorer=None, nonce="n")


@pytest.mark.parametrize("words", [["1.10", "1.1", "2"], ["1", "1.0", "2"]])
def test_two_words_that_a_guess_would_make_one_number_are_asked_about(
    words: list[str], tmp_path: Path
) -> None:
    lines = [f"{words[n % 3]},{n % 7 % 2}" for n in range(600)]
    path = tmp_path / "data.csv"
    path.write_text("种 族,granted\n" + "\n".join(lines) + "\n")
    rows = files.open_rows(path)
    reason = _refused(_plan(), rows)
    assert reason.item == "种 族"
    assert f"“{words[0]}” 200 行" in reason.said.zh
    assert f"'{words[1]}' 200 rows" in reason.said.en
    path.write_text("race,approved\n" + "\n".join(lines) + "\n")
    assert f"“{words[0]}” 200 行" in plan_start.draft(path)


def test_numbers_in_one_spelling_are_read_as_ever(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text(
        "种 族,granted\n" + "".join(f"{n % 2 + 0.5},{n % 7 % 2}\n" for n in range(600))
    )
    rows = files.open_rows(path)
    assert rows.kinds["种 族"] == "double"
    assert engine.measure(_plan(), rows, scorer=None, nonce="n")


def test_a_draft_remarks_on_them(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text(
        "race,approved\n" + "".join(f"{'aAb'[n % 3]},{n % 7 % 2}\n" for n in range(600))
    )
    written = plan_start.draft(path)
    assert "#   “race”里有几个值看上去是同一组" in written
    assert "“A” 200 行、“a” 200 行" in written
    assert tomllib.loads(written)["columns"]["sensitive"] == ["race"]
    assert characters.reasons("draft", written) == []
