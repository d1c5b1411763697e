"""Error parity: conditional denominators, undefined rates, and where others differ."""

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
from registry.reports import Finding, Verdict
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
    assert "[reference]" in odds.reading["en"]
    assert found["false_negative_rate"].estimate == pytest.approx(0.5)
