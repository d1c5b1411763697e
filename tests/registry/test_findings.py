"""S5b: a difference beside an interval that holds none says why, in one place for every reader."""

from typing import Any

import pytest

from registry.findings import (
    OTHERWISE,
    REQUIREMENT,
    STEP_DOWN,
    as_told,
    holds_none,
    reading,
    required,
    told,
    why,
)


def finding(**changed: Any) -> dict[str, Any]:
    return {
        "verdict": "difference",
        "effect": {"kind": "ratio", "value": 1.23},
        "ci": {"low": 0.96, "high": 1.44, "simultaneous": True},
        "adjustment": "holm",
        "reading": {"zh": "是 1.23 倍。", "en": "1.23 times."},
        **changed,
    }


def test_it_says_why_once() -> None:
    said = reading(finding())
    assert said == {"zh": f"是 1.23 倍。{STEP_DOWN.zh}", "en": f"1.23 times. {STEP_DOWN.en}"}
    assert reading(finding(reading=said)) == said


@pytest.mark.parametrize(
    ("effect", "low", "high"),
    [("ratio", 1.01, 1.4), ("ratio", 0.5, 0.9), ("difference", 0.01, 0.2), ("auc", 0.51, 0.6),
     ("log_ratio", -0.3, -0.1), ("ratio", None, 1.2), ("ratio", 0.9, None)],
)  # fmt: skip
def test_an_interval_without_none_needs_no_word(
    effect: str, low: float | None, high: float | None
) -> None:
    told = finding(effect={"kind": effect, "value": 0.2}, ci={"low": low, "high": high})
    assert not holds_none(told)
    assert reading(told) == told["reading"]


@pytest.mark.parametrize("verdict", ["inconclusive", "equivalent", "not_evaluable"])
def test_a_verdict_that_claims_no_difference_needs_no_word(verdict: str) -> None:
    assert why(finding(verdict=verdict)) is None


@pytest.mark.parametrize(
    "changed", [{"adjustment": "max_t"}, {"ci": {"low": 0.9, "high": 1.2, "simultaneous": False}}]
)
def test_holm_is_named_only_where_it_is_the_reason(changed: dict[str, Any]) -> None:
    assert why(finding(**changed)) == OTHERWISE


def test_without_an_interval_nothing_is_said() -> None:
    assert why(finding(ci=None)) is None


def test_a_difference_beside_an_interval_that_holds_none_is_told_as_open() -> None:
    """n7/16: "inconclusive" in answer 5, "a difference" in the section below, of one finding."""
    one = finding()
    assert told(one) == "inconclusive"
    assert as_told(one)["verdict"] == "inconclusive"
    assert as_told(one)["reading"] == reading(one)
    apart = finding(ci={"low": 1.01, "high": 1.44})
    assert told(apart) == "difference"
    assert as_told(apart) is apart


@pytest.mark.parametrize("verdict", ["disparity", "inconclusive", "equivalent", "not_evaluable"])
def test_every_other_verdict_is_told_as_it_is_signed(verdict: str) -> None:
    assert told(finding(verdict=verdict)) == verdict


def test_a_requirement_that_is_kept_is_told_from_a_small_difference() -> None:
    kept = finding(verdict="equivalent") | {"threshold": {"value": 0.6, "source": REQUIREMENT}}
    assert required(kept)
    assert not required(finding(verdict="equivalent"))
