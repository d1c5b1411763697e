"""People who stand in both groups are told of, wherever groups are compared."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators.plan import Plan
from evaluators.running import engine
from registry.findings import Finding, Verdict

PROBES = ("selection_parity", "error_parity", "conditional_parity", "intersection_scan",
          "subgroup_search", "performance")  # fmt: skip
SAID = "together the groups count more", "加起来比总数多"


def rows(varies: bool) -> dict[str, list[Any]]:
    """400 applicants with three rows each; race is theirs, or the row's."""
    rng, ids = np.random.default_rng(1), np.repeat(np.arange(400), 3)
    own = rng.choice(["A", "B"], 400)[ids]
    race = rng.choice(["A", "B"], ids.size) if varies else own
    got = (rng.random(ids.size) < np.where(race == "A", 0.6, 0.35)).astype(int)
    return {"pid": ids.tolist(), "race": race.tolist(), "got": got.tolist(),
            "due": rng.integers(0, 2, ids.size).tolist(),
            "income": rng.choice(["1", "2"], 400)[ids].tolist()}  # fmt: skip


def found(data: dict[str, list[Any]], **names: Any) -> list[Finding]:
    plan = {"title": "t", "reference": {"race": "A"}, "probes": [{"id": each} for each in PROBES],
            "columns": {"prediction": "got", "favourable": 1, "target": "due", "unit": "pid",
                        "sensitive": ["race"], "control": ["income"]}, **names}  # fmt: skip
    return list(engine.measure(Plan.parse(plan), pa.table(data), scorer=None, nonce="n"))


def about(each: Finding) -> bool:
    return "race" in each.slice or each.metric == "differential_fairness"


def test_who_stands_in_both_groups_is_told() -> None:
    """Issue 7, F7a/2: 349 people with A and 349 with B of 400, and not a word."""
    named = {"pid": {"plain": {"zh": "申请人", "en": "applicant"}}}
    judged = [
        f for f in found(rows(varies=True), names=named) if f.verdict is not Verdict.NOT_EVALUABLE
    ]
    assert {f.probe for f in judged if about(f)} == set(PROBES)
    for each in judged:
        said = "together the groups count more than there are" in each.reading["en"]
        assert said is about(each), each.reading["en"]
        if said:
            assert "By race, rows of one applicant fall in different groups" in each.reading["en"]
            assert "按“race”，同一个申请人的行有的落在不同的组里" in each.reading["zh"]
            assert each.reading["zh"].count(SAID[1]) == 1


def test_a_feature_that_is_the_units_own_is_told_of_nobody() -> None:
    for each in found(rows(varies=False)):
        assert SAID[1] not in each.reading["zh"]


def test_a_unit_without_a_name_is_called_by_its_column() -> None:
    told = [f for f in found(rows(varies=True)) if SAID[1] in f.reading["zh"]]
    assert told
    assert all(
        "unit of 'pid'" in f.reading["en"] and "单位（列“pid”）" in f.reading["zh"] for f in told
    )


@pytest.mark.parametrize("times", [1, 3])
def test_a_group_that_was_searched_for_says_so_of_any_feature(times: int) -> None:
    """Of a control nobody counts the units; the search itself sees who is inside and outside."""
    rng, ids = np.random.default_rng(3), np.repeat(np.arange(1200), times)
    shift = rng.choice(["day", "night"], ids.size)
    got = (rng.random(ids.size) < np.where(shift == "day", 0.7, 0.3)).astype(int)
    data = pa.table(
        {"pid": ids, "race": rng.choice(["A", "B"], 1200)[ids], "got": got, "shift": shift}
    )
    plan = {"title": "t", "probes": [{"id": "subgroup_search"}],
            "columns": {"prediction": "got", "favourable": 1, "unit": "pid", "sensitive": ["race"],
                        "control": ["shift"]}}  # fmt: skip
    made = engine.measure(Plan.parse(plan), data, scorer=None, nonce="n")
    (night,) = [f for f in made if dict(f.slice) == {"shift": "night"}]
    assert ("By shift, rows of one" in night.reading["en"]) is (times > 1)
