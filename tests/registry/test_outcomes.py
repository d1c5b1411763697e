"""What findings showed, where they are counted without their sentences."""

from typing import Any

import pytest

from evaluators.judging import conclusions
from registry import outcomes
from registry.findings import REQUIREMENT, VERDICT_NAMES, Verdict
from registry.language import LANGUAGES, Text

SMALL = {"loyalty_rise", "ndkl", "defence_cost_drivers", "defence_new_user_offer", "defence_random_experiment"}  # fmt: skip
"""Metrics with words of their own that do ask for a difference."""


@pytest.mark.parametrize("metric", sorted({*conclusions.WORDS, *outcomes.OF_EVERYBODY} - SMALL))
def test_what_is_no_small_difference_is_not_counted_as_one(metric: str) -> None:
    """F7c/9: 500 of 500 changed answers, and a kept requirement, were "shown to be small"."""
    for name in (metric, f"{metric}{outcomes.OUTSIDE}"):
        finding = {"metric": name, "verdict": "equivalent", "threshold": {"value": 0.9}}
        found = outcomes.of(finding)
        assert found != Verdict.EQUIVALENT
        own = conclusions.of(finding)
        for language in LANGUAGES:
            assert outcomes.OUTCOME_NAMES[found].in_(language) != VERDICT_NAMES[
                Verdict.EQUIVALENT
            ].in_(language)
        assert outcomes.OUTCOME_NAMES[found].zh[:4] in own.zh or found in ("kept", "stable")


def test_counts_name_what_was_shown_gravest_first() -> None:
    findings: list[dict[str, Any]] = [
        {"metric": "out_of_range_failure_share", "verdict": "equivalent"},
        {"metric": "accuracy", "verdict": "equivalent", "threshold": {"value": 0.45}},
        {"metric": "selection_rate_ratio", "verdict": "equivalent"},
        {"metric": "accuracy", "verdict": "disparity"},
        {"metric": "selection_rate_ratio", "verdict": "disparity"},
        {"verdict": "not_evaluable"},
    ]
    assert list(outcomes.counted(findings).items()) == [
        ("disparity", 1), ("missed", 1), ("not_evaluable", 1), ("equivalent", 1), ("kept", 1),
        ("answered", 1),
    ]  # fmt: skip
    assert outcomes.differences(findings) == {"disparity": 1, "equivalent": 1, "not_evaluable": 1}
    kept = {"metric": "accuracy_by_group", "threshold": {"value": 0.6, "source": REQUIREMENT}}
    assert outcomes.counted([kept | {"verdict": "equivalent"}]) == {"kept": 1}, "issue 7/3: H15"
    assert outcomes.counted([kept | {"verdict": "disparity"}]) == {"missed": 1}
    assert outcomes.differences([kept | {"verdict": "disparity"}]) == {}
    assert set(outcomes.OUTCOMES) == set(outcomes.OUTCOME_NAMES)


def test_a_measurement_without_a_line_is_not_counted_as_inconclusive() -> None:
    """X7d/4: eleven "inconclusive", of which three were measured only."""
    measured = {"metric": "auc", "verdict": "inconclusive"}
    asked = measured | {"threshold": {"value": 0.7, "source": REQUIREMENT}}
    between = {"metric": "auc_difference", "verdict": "inconclusive"}
    found = outcomes.counted([measured, asked, between])
    assert found == {"inconclusive": 2, "measured": 1}
    assert outcomes.OUTCOME_NAMES["measured"] == Text(
        "只是测量值，不作判断", "measured, nothing is judged"
    )


def test_a_make_up_of_the_top_is_held_against_chance_and_no_line() -> None:
    """It counted among "a difference, not shown to exceed the line", and there is none."""
    found = {"metric": "ndkl", "verdict": "difference"}
    assert outcomes.counted([found, {"metric": "exposure_ratio", "verdict": "difference"}]) == {
        "difference": 1, "dealt": 1,
    }  # fmt: skip
    for language in LANGUAGES:
        told = outcomes.OUTCOME_NAMES["dealt"].in_(language)
        assert told != VERDICT_NAMES[Verdict.DIFFERENCE].in_(language)
        assert outcomes.counted([{**found, "verdict": "inconclusive"}]) == {"inconclusive": 1}
