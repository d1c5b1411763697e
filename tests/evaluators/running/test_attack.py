"""Nobody works out of a publishable report how few people lack something: all of it is audited."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluators.plan import Plan
from evaluators.running import engine
from tests.evaluators.attack import Attacker, Row, Totals, grouped, report

LEVELS: dict[str, list[str | None]] = {"race": ["a", "b", "c"], "sex": ["f", "m"]}


def full(each: int = 60) -> dict[Row, int]:
    """Many people of every race and sex, with every decision and outcome."""
    return {
        (race, sex, got, due): each + 7 * at
        for at, (race, sex, got, due) in enumerate(
            (r, s, g, d) for r in "abc" for s in "fm" for g in (1, 0) for d in (1, 0)
        )
    }


SEVEN_LACK_RACE = {
    **full(),
    (None, "f", 1, 1): 4, (None, "m", 0, 0): 3,
}  # fmt: skip


@pytest.mark.parametrize("sensitive", [["race"], ["race", "sex"]])
@pytest.mark.parametrize(
    "probes",
    [["selection_parity"], ["error_parity"], ["performance"], ["intersection_scan"],
     ["selection_parity", "error_parity", "performance", "intersection_scan"]],
)  # fmt: skip
def test_who_lacks_a_feature_is_not_the_difference_of_two_totals(
    probes: list[str], sensitive: list[str]
) -> None:
    attacker = Attacker(SEVEN_LACK_RACE, report(SEVEN_LACK_RACE, probes, sensitive), sensitive)
    assert attacker.pinned() == []


def test_much_is_published_all_the_same() -> None:
    """By race the numbers stand; it is the number of all rows that is not told."""
    told = report(SEVEN_LACK_RACE, ["selection_parity"], ["race"])
    assert not any(each["suppressed"] for each in told["findings"])
    assert told["rows_read"]["rows"] is None


def test_where_all_counts_are_large_every_number_is_published() -> None:
    lack: dict[Row, int] = {
        (None, sex, got, due): 15 for sex in "fm" for got in (1, 0) for due in (1, 0)
    }
    counts = {**full(), **lack}
    told = report(counts, ["selection_parity", "error_parity"])
    assert not any(each["suppressed"] for each in told["findings"])
    assert told["rows_read"]["rows"] == sum(counts.values())
    assert [each["rows"] for each in told["rows_read"]["without"]] == [120]


@pytest.mark.parametrize(
    ("seed", "missing", "probes", "few"),
    [
        (344_636, {"sex", "due", "got", "race"}, ["selection_parity", "error_parity"], 8.0),
        (0, {"race"}, ["intersection_scan", "performance"], 1.0),
        (0, {"sex"}, ["intersection_scan", "performance"], 3.0),
    ],
)
def test_what_was_once_worked_out_is_not_any_more(
    seed: int, missing: set[str], probes: list[str], few: float
) -> None:
    """Who has a decision and no outcome, by two probes; who lacks a feature, by two others.

    And the right answers of everybody, less those of all groups.
    """
    assert _random(seed, missing, probes, few).pinned() == []


def accuracies(lack: int, kinds: int) -> dict[str, float | None]:
    """What a report says of everybody's answers, where so many of 600 people have no race."""
    rng = np.random.default_rng(4)
    words = ["x", "y", "z"][:kinds]
    due = rng.choice(words, 600)
    got = np.where(rng.random(600) < 0.97, due, rng.choice(words, 600))
    race: list[str | None] = rng.choice(["a", "b"], 600).tolist()
    race[:lack] = [None] * lack
    columns = {"sensitive": ["race"], "prediction": "got", "target": "due", "favourable": "x"}
    classes = {"classes": words} if kinds > 2 else {}
    plan = {"title": "t", "columns": {**columns, **classes}, "probes": [{"id": "performance"}]}
    table = pa.table({"race": race, "due": due.tolist(), "got": got.tolist()})
    made = engine.run(Plan.parse(plan), table, scorer=None, nonce="n")
    return {each.metric: each.estimate for each in made.findings if not each.slice}


@pytest.mark.parametrize("kinds", [2, 3])
def test_the_few_of_no_group_are_not_told_by_the_accuracy_of_everybody(kinds: int) -> None:
    """40 lack a race and few of them are judged wrongly."""
    assert set(accuracies(40, kinds).values()) == {None}


@pytest.mark.parametrize("kinds", [2, 3])
def test_the_accuracy_of_everybody_stands_where_nobody_lacks_anything(kinds: int) -> None:
    """Though fewer than ten are judged wrongly."""
    told = accuracies(0, kinds)
    assert told["accuracy"] is not None
    assert told["balanced_accuracy"] is None  # it would tell how few of one class are misjudged


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 2**32 - 1),
    missing=st.sampled_from([{"race"}, {"sex"}, {"race", "sex"}, {"got"}, {"race", "got"},
                             {"race", "sex", "got", "due"}]),
    probes=st.sampled_from([["selection_parity"], ["error_parity"],
                            ["selection_parity", "error_parity"],
                            ["intersection_scan", "performance"]]),
    few=st.floats(0.5, 30),
)  # fmt: skip
def test_no_small_count_follows_from_everything_that_is_published(
    seed: int, missing: set[str], probes: list[str], few: float
) -> None:
    attacker = _random(seed, missing, probes, few)
    assert attacker.pinned() == []


def _random(seed: int, missing: set[str], probes: list[str], few: float) -> Attacker:
    rng = np.random.default_rng(seed)
    levels: list[list[Any]] = [LEVELS["race"], LEVELS["sex"], [1, 0], [1, 0]]
    counts: dict[Row, int] = {}
    for at, name in enumerate(("race", "sex", "got", "due")):
        levels[at] = [*levels[at], None] if name in missing else levels[at]
    for row in ((r, s, g, d) for r in levels[0] for s in levels[1] for g in levels[2] for d in levels[3]):  # fmt: skip
        gaps = sum(value is None for value in row)
        counts[row] = int(rng.poisson(few / 2**gaps if gaps else rng.choice([12, 60, 150])))
    counts = {row: count for row, count in counts.items() if count}
    return Attacker(counts, report(counts, probes))


COUNTING = [
    "selection_parity", "intersection_scan", "error_parity", "performance", "score_parity",
    "calibration_by_group", "proxy_leakage", "conditional_parity", "subgroup_search",
]  # fmt: skip


def hidden_by_table(told: dict[str, Any]) -> list[set[str]]:
    return [
        {key[0] for key, counts in table["rows"] if counts is None}
        for tables in told["tables"].values()
        for table in tables
        if table["keys"] == ["race"] and len(table["rows"]) > 1
    ]


@pytest.mark.parametrize(
    "probes", [["selection_parity", other] for other in COUNTING if other != "selection_parity"]
)
def test_rows_of_no_weight_are_not_the_difference_of_two_probes(probes: list[str]) -> None:
    sizes = {"a": 180, "b": 180, "c": 60}
    told, rows = grouped(sizes, probes, seed=11, idle=5)
    assert Totals(told, rows).pinned({}) == []
    assert told["rows_read"]["rows"] is None


def test_what_ignores_weights_says_why_it_publishes_no_number() -> None:
    told, _ = grouped(
        {"a": 180, "b": 180}, ["selection_parity", "intersection_scan"], seed=1, idle=5
    )
    by_probe = {f["probe"]: f for f in told["findings"] if f["group"]}
    assert not by_probe["selection_parity"]["suppressed"]
    assert by_probe["intersection_scan"]["suppressed"]
    assert "weigh 0" in by_probe["intersection_scan"]["reading"]["en"]
    assert "权重为 0" in by_probe["intersection_scan"]["reading"]["zh"]
    without, _ = grouped({"a": 180, "b": 180}, ["selection_parity", "intersection_scan"], seed=1)
    assert not any(f["suppressed"] for f in without["findings"])


@pytest.mark.parametrize("seed", [14, 103, 104, 105, 112])
def test_the_rows_of_one_person_are_not_the_difference_of_two_probes(seed: int) -> None:
    """Each probe used to hide groups of its own; the rows of the findings added up exactly."""
    sizes = {"a": 120, "b": 90, "c": 20 + seed % 30, "t": 1 + seed % 3}
    told, rows = grouped(sizes, ["selection_parity", "intersection_scan", "error_parity", "performance"],
                         seed=seed, most=6)  # fmt: skip
    assert Totals(told, rows).pinned({"t": rows["t"]}) == []


@pytest.mark.parametrize("other", ["score_parity", "calibration_by_group", "subgroup_search"])
def test_probes_that_count_otherwise_hide_the_same_groups(other: str) -> None:
    sizes = {"a": 300, "b": 60, "c": 40, "t": 6}
    told, rows = grouped(sizes, ["selection_parity", other], seed=5)
    assert Totals(told, rows).pinned({"t": 6}) == []
    assert len({frozenset(each) for each in hidden_by_table(told)}) == 1


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 2**32 - 1),
    probes=st.lists(st.sampled_from(COUNTING), min_size=2, max_size=4, unique=True),
    most=st.sampled_from([1, 5]),
    idle=st.sampled_from([0, 0, 5]),
    few=st.integers(1, 9),
)
def test_a_group_hidden_by_one_probe_is_hidden_by_all(
    seed: int, probes: list[str], most: int, idle: int, few: int
) -> None:
    sizes = {"a": 200, "b": 50 + seed % 40, "c": 20 + seed % 30, "t": few}
    told, rows = grouped(sizes, probes, seed=seed, most=most, idle=idle)
    assert Totals(told, rows).pinned({"t": rows["t"]}) == []
    away = hidden_by_table(told)
    assert all(each == away[0] for each in away)
    assert not any(
        f["n"] is not None and f["slice"].get("race") in each
        for each in away for f in told["findings"]
    )  # fmt: skip


def test_regression_and_its_errors_hide_the_same_groups() -> None:
    told, rows = grouped({"a": 300, "b": 60, "c": 40, "t": 6}, ["regression_parity", "performance"], seed=2)  # fmt: skip
    assert Totals(told, rows).pinned({"t": 6}) == []
