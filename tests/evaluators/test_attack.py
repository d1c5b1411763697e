"""Nobody works out of a publishable report how few people lack something: all of it is audited."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.evaluators.attack import Attacker, Row, report

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
    ],
)
def test_what_was_once_worked_out_is_not_any_more(
    seed: int, missing: set[str], probes: list[str], few: float
) -> None:
    """Who has a decision and no outcome, by two probes; who lacks a feature, by two others."""
    assert _random(seed, missing, probes, few).pinned() == []


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
