"""Error parity: conditional denominators, undefined rates, and where others differ."""

from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from fairlearn.metrics import (
    MetricFrame,
    equalized_odds_difference,
    false_positive_rate,
    true_positive_rate,
)

from evaluators.decisions.error_parity import MOST_PAIRED
from evaluators.plan import Plan
from evaluators.running import engine
from registry.findings import Finding, Verdict
from tests.evaluators.decision_data import counted, plan

# due and granted 1/0: per group tp, fn, fp, tn.
CELLS = {
    ("a", 1, 1): 80, ("a", 1, 0): 20, ("a", 0, 1): 10, ("a", 0, 0): 90,
    ("b", 1, 1): 50, ("b", 1, 0): 50, ("b", 0, 1): 30, ("b", 0, 0): 70,
}  # fmt: skip


def _run(table: pa.Table, **more: object) -> dict[str, Finding]:
    content = Plan.parse(plan("error_parity", **more))
    found = engine.measure(content, table, scorer=None, nonce="n")
    return {finding.metric: finding for finding in found}


def test_every_rate_has_its_own_denominator() -> None:
    found = _run(counted(CELLS), reference={"race": "a"})
    by_hand = {
        "false_negative_rate": (0.5, 0.2, 100),
        "false_positive_rate": (0.3, 0.1, 100),
        "false_discovery_rate": (30 / 80, 10 / 90, 80),
        "false_omission_rate": (50 / 120, 20 / 110, 120),
    }
    for metric, (own, reference, n) in by_hand.items():
        assert found[metric].estimate == pytest.approx(own)
        assert found[metric].reference_estimate == pytest.approx(reference)
        assert found[metric].n == n
    assert found["false_negative_rate"].details["complement"] == {
        "metric": "true_positive_rate", "estimate": 0.5, "reference_estimate": 0.8,
    }  # fmt: skip
    assert "wrongly refused" in found["false_negative_rate"].reading["en"]
    # The share is of those whom the rate is about, and the sentence says of whom.
    assert "among those who deserved" in found["false_negative_rate"].reading["en"]
    assert "该得到有利结果的人里" in found["false_negative_rate"].reading["zh"]
    assert "among those who did not deserve" in found["false_positive_rate"].reading["en"]
    assert "不该得到有利结果的人里" in found["false_positive_rate"].reading["zh"]
    assert "错误给予" in found["false_positive_rate"].reading["zh"]


def test_equalised_odds_agrees_with_fairlearn_where_it_is_defined() -> None:
    table = counted(CELLS).to_pandas()
    theirs = equalized_odds_difference(
        table["due"], table["granted"], sensitive_features=table["race"]
    )
    found = _run(counted(CELLS))["equalized_odds_difference"]
    assert found.estimate == pytest.approx(theirs)
    assert found.verdict is Verdict.DISPARITY
    frame = MetricFrame(
        metrics={"tpr": true_positive_rate, "fpr": false_positive_rate},
        y_true=table["due"], y_pred=table["granted"], sensitive_features=table["race"],
    )  # fmt: skip
    assert frame.by_group.loc["b", "fpr"] == pytest.approx(0.3)
    assert frame.by_group.loc["b", "tpr"] == pytest.approx(0.5)


def test_a_group_without_positives_is_not_evaluable_where_fairlearn_says_zero() -> None:
    cells = {key: n for key, n in CELLS.items() if key[:2] != ("b", 1)}
    frame: pd.DataFrame = counted(cells).to_pandas()
    chosen = frame[frame["race"] == "b"]
    assert true_positive_rate(chosen["due"], chosen["granted"]) == 0.0
    found = _run(counted(cells))
    assert found["false_negative_rate"].verdict is Verdict.NOT_EVALUABLE
    assert found["false_negative_rate"].estimate is None
    assert found["equalized_odds_difference"].verdict is Verdict.NOT_EVALUABLE
    assert found["false_positive_rate"].verdict is not Verdict.NOT_EVALUABLE


def test_different_base_rates_alone_are_no_error_disparity() -> None:
    # The same FPR and FNR in both groups; a test of FPR over all rows would reject.
    cells = {
        ("a", 1, 1): 720, ("a", 1, 0): 180, ("a", 0, 1): 10, ("a", 0, 0): 90,
        ("b", 1, 1): 80, ("b", 1, 0): 20, ("b", 0, 1): 90, ("b", 0, 0): 810,
    }  # fmt: skip
    found = _run(counted(cells))
    for metric in ("false_negative_rate", "false_positive_rate"):
        assert found[metric].p_value == pytest.approx(1.0)
        assert found[metric].verdict is not Verdict.DISPARITY


def test_human_decisions_as_target_give_agreement_not_error() -> None:
    found = _run(counted(CELLS), target_kind="human_decision")["false_negative_rate"]
    assert found.details["wording"] == "agreement"
    assert "wrongly" not in found.reading["en"]
    assert "agreement" in found.limit["en"]


def test_complementary_rates_count_once_in_the_family() -> None:
    found = _run(counted(CELLS))
    assert {f.family["size"] for f in found.values() if f.family} == {4}


def test_either_line_breached_is_a_disparity() -> None:
    # FNR 2 % against 0.4 %: a gap under 10 points, a ratio of 5.
    cells = {("a", 1, 1): 9960, ("a", 1, 0): 40, ("b", 1, 1): 9800, ("b", 1, 0): 200,
             ("a", 0, 0): 100, ("b", 0, 0): 100}  # fmt: skip
    found = _run(counted(cells))["false_negative_rate"]
    assert found.verdict is Verdict.DISPARITY
    assert abs(found.details["difference"]) < 0.1


def test_hundreds_of_groups_are_compared_with_one_but_not_in_pairs() -> None:
    many = {
        (f"g{group}", *key[1:]): count // 2
        for group in range(MOST_PAIRED + 1)
        for key, count in CELLS.items()
        if key[0] == "b"
    }
    found = _run(counted(many))

    odds = found["equalized_odds_difference"]
    assert odds.verdict is Verdict.NOT_EVALUABLE
    assert "join small ones" in odds.reading["en"]
    assert found["false_negative_rate"].estimate == pytest.approx(0.5)


THREE = {
    ("a", 1, 1): 450, ("a", 1, 0): 50, ("a", 0, 1): 50, ("a", 0, 0): 450,
    ("b", 1, 1): 430, ("b", 1, 0): 70, ("b", 0, 1): 30, ("b", 0, 0): 470,
    ("c", 1, 1): 470, ("c", 1, 0): 30, ("c", 0, 1): 72, ("c", 0, 0): 428,
}  # fmt: skip


def _odds(cells: Any, **more: Any) -> Any:
    return _run(counted(cells), **more)["equalized_odds_difference"]


def test_equalised_odds_see_all_pairs_whatever_the_reference() -> None:
    """statistics/5: with a reference between two others only half of their gap was seen."""
    table = counted(THREE).to_pandas()
    theirs = equalized_odds_difference(
        table["due"], table["granted"], sensitive_features=table["race"]
    )
    free, held = _odds(THREE), _odds(THREE, reference={"race": "a"})
    assert held.estimate == free.estimate == pytest.approx(theirs) == pytest.approx(0.084)
    assert "3 groups" in held.reading["en"]
    # 2 + 2 comparisons with the reference of two rates, 3 + 3 pairs of the two of the odds.
    assert held.family["size"] == 10
    assert free.family["size"] == 12
    assert held.ci["low"] <= held.estimate <= held.ci["high"]


def test_a_declared_reference_costs_nothing_more_where_there_are_two_groups() -> None:
    two = {key: n for key, n in THREE.items() if key[0] != "c"}
    free, held = _odds(two), _odds(two, reference={"race": "a"})
    assert (held.family["size"], held.ci) == (free.family["size"], free.ci)


@pytest.mark.parametrize("more", [{}, {"reference": {"race": "a"}}, {"reference": {"race": "d"}}])
def test_one_group_that_is_too_small_leaves_the_others_to_be_told(more: Any) -> None:
    """statistics/5: a fourth group of eight people made the whole not evaluable."""
    small = {("d", 1, 1): 3, ("d", 1, 0): 1, ("d", 0, 1): 2, ("d", 0, 0): 2}
    found = _odds({**THREE, **small}, **more)
    assert found.verdict is not Verdict.NOT_EVALUABLE
    assert found.estimate == pytest.approx(0.084)
    assert "3 groups" in found.reading["en"]
    assert "not counted: 1;" in found.reading["en"]
    assert "另有 1 组" in found.reading["zh"]
    assert "not counted" not in _odds(THREE, **more | {"reference": {}}).reading["en"]


def test_rates_of_zero_are_no_distance_apart() -> None:
    cells = {key: n for key, n in THREE.items() if not (key[1:] == (0, 1) and key[0] != "c")}
    found = _odds(cells)
    assert found.verdict is not Verdict.NOT_EVALUABLE
    assert found.estimate == pytest.approx(72 / 500)


def test_one_large_group_is_not_said_to_be_small() -> None:
    """statistics/16: one group of 2,000 was told that no group has 30 people."""
    one = {key: n for key, n in CELLS.items() if key[0] == "a"}
    for finding in _run(counted(one)).values():
        assert finding.verdict is Verdict.NOT_EVALUABLE
        assert "No group" not in finding.reading["en"]
    told = _run(counted(one))["false_negative_rate"].reading
    assert "Fewer than two groups" in told["en"]
    assert "不到两组" in told["zh"]
