"""Fairlearn's arguments come in, its shape goes out, and what does not exist is NaN."""

import math
from typing import Any

import fairlearn.metrics
import numpy as np
import pandas as pd
import pytest

from evaluators.doors import metric_frame
from evaluators.doors.metric_frame import FramesDiffer
from evaluators.running import engine
from registry.errors import Invalid

NONCE = "1" * 64


def people() -> tuple[list[int], list[int], list[str]]:
    """Groups a, b of 100 with 60 and 40 granted; 50 of each deserve it; of c nobody does."""
    true, pred, group = [], [], []
    for name, granted, due in (("a", 60, 50), ("b", 40, 50), ("c", 50, 0)):
        for place in range(100):
            true.append(int(place < due))
            pred.append(int(place < granted))
            group.append(name)
    return true, pred, group


def found(**given: Any) -> metric_frame.Frame:
    true, pred, group = people()
    features = pd.Series(group, name="group")
    made = metric_frame.inputs(true, pred, sensitive_features=features, **given)
    outcome = engine.run(made.checked(), made.table, scorer=None, nonce=NONCE)
    return metric_frame.frame(outcome.sealed_evidence["findings"], "group")


def test_rates_by_group_overall_difference_and_ratio_are_fairlearns() -> None:
    true, pred, group = people()
    theirs = fairlearn.metrics.MetricFrame(
        metrics=fairlearn.metrics.selection_rate, y_true=true, y_pred=pred,
        sensitive_features=pd.Series(group, name="group"),
    )  # fmt: skip
    ours, name = found(), "selection_parity:selection_rate_ratio"
    pd.testing.assert_series_equal(
        ours.by_group[name], theirs.by_group, check_names=False, check_dtype=False
    )
    assert ours.overall[name] == pytest.approx(theirs.overall)
    assert ours.difference()[name] == pytest.approx(theirs.difference())
    assert ours.ratio()[name] == pytest.approx(theirs.ratio())
    for method in ("difference", "ratio"):
        own = getattr(ours, method)("to_overall")[name]
        assert own == pytest.approx(getattr(theirs, method)(method="to_overall"))


def test_a_group_without_positives_has_no_rate_where_fairlearn_says_nought() -> None:
    true, pred, group = people()
    theirs = fairlearn.metrics.MetricFrame(
        metrics=fairlearn.metrics.true_positive_rate, y_true=true, y_pred=pred,
        sensitive_features=pd.Series(group, name="group"),
    )  # fmt: skip
    ours, name = found(), "error_parity:false_negative_rate"
    assert theirs.by_group["c"] == 0
    assert math.isnan(ours.by_group.loc["c", name])
    assert math.isnan(ours.difference()[name])
    assert math.isnan(ours.ratio()[name])
    assert ours.verdicts.loc["c", name] == "not_evaluable"


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (np.array(["x", "y"]), ["sensitive_feature_0"]),
        (["x", "y"], ["sensitive_feature_0"]),
        (pd.Series(["x", "y"]), ["sensitive_feature_0"]),
        (pd.Series(["x", "y"], name="sex", dtype="category"), ["sex"]),
        (np.array([["x", "p"], ["y", "q"]]), ["sensitive_feature_0", "sensitive_feature_1"]),
        (pd.DataFrame({"sex": ["x", "y"], "age": [1, 2]}), ["sex", "age"]),
        ({"sex": ["x", "y"]}, ["sex"]),
    ],
)
def test_features_are_taken_as_fairlearn_takes_them(given: Any, names: list[str]) -> None:
    made = metric_frame.inputs([0, 1], [1, 1], sensitive_features=given)
    assert made.plan["columns"]["sensitive"] == names
    assert set(names) < set(made.table.column_names)
    assert made.checked().columns.target == "y_true"


def test_control_features_and_weights_get_their_roles() -> None:
    weights = [0.5, 2.0]
    made = metric_frame.inputs(
        [0, 1], [1, 1], sensitive_features=["x", "y"], control_features={"town": ["s", "s"]},
        sample_params={"rate": {"sample_weight": weights}, "other": {"sample_weight": weights}},
    )  # fmt: skip
    assert made.plan["columns"]["control"] == ["town"]
    assert made.plan["columns"]["weight"] == "sample_weight"
    assert made.table["sample_weight"].to_pylist() == weights


def test_arguments_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(FramesDiffer, match="y_true 2"):
        metric_frame.inputs([0, 1], [1], sensitive_features=["x", "y"])
    with pytest.raises(Invalid, match="name of its own"):
        metric_frame.inputs(
            [0, 1], [1, 1], sensitive_features={"a": [1, 2]}, control_features={"a": [1, 2]}
        )
    with pytest.raises(FramesDiffer, match="weights"):
        metric_frame.inputs(
            [0, 1], [1, 1], sensitive_features=["x", "y"],
            sample_params={"p": {"sample_weight": [1, 2]}, "q": {"sample_weight": [2, 1]}},
        )  # fmt: skip


def test_what_a_report_leaves_out_is_not_there_for_others() -> None:
    group, true = ["a"] * 100 + ["b"] * 100, [1] * 200
    granted = [1] * 97 + [0] * 3 + [1] * 60 + [0] * 40
    made = metric_frame.inputs(true, granted, sensitive_features={"group": group})
    outcome = engine.run(made.checked(), made.table, scorer=None, nonce=NONCE)
    name = "error_parity:false_negative_rate"
    shown = metric_frame.frame(outcome.findings, "group")
    full = metric_frame.frame(outcome.sealed_evidence["findings"], "group")
    assert math.isnan(shown.by_group.loc["a", name])
    assert full.by_group.loc["a", name] == pytest.approx(0.03)
    assert full.by_group.loc["b", name] == pytest.approx(0.4)
