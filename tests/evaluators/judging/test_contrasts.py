"""Estimates held against lines: every verdict, in words that fit it."""

import math

import pytest

from evaluators.judging import contrast_readings, contrasts, readings
from evaluators.judging.contrasts import Effect, Line
from evaluators.plan import Plan
from registry.findings import Verdict
from registry.language import Text
from tests.evaluators.decision_data import plan as plan_of

PLAN = Plan.parse(plan_of("score_parity", columns={"score": "score"}))
RATIO = Line("ratio", 0.8, 1.25, (0.9, 1.11), "ours")
LADDER = Line("difference", -0.2, 0.2, (-0.1, 0.1), "ours", ((0.5, "medium"), (0.8, "large")))


def _judge(value: float, error: float, line: Line, why: str | None = None) -> contrasts.Judged:
    effect = Effect("m", "a", "b", value, error, math.inf, 1.0, 1.0, 50, 50, "z", why=why)
    size, p = contrasts.adjusted([effect], 1)
    return contrasts.judge(effect, line, PLAN, family=size, p_adjusted=p.get(("a", "b")))


@pytest.mark.parametrize(
    ("value", "error", "verdict"),
    [
        (math.log(0.5), 0.05, Verdict.DISPARITY),
        (math.log(0.85), 0.05, Verdict.DIFFERENCE),
        (0.0, 0.01, Verdict.EQUIVALENT),
        (0.0, 0.2, Verdict.INCONCLUSIVE),
    ],
)
def test_the_verdict_follows_from_interval_and_p(
    value: float, error: float, verdict: Verdict
) -> None:
    found = _judge(value, error, RATIO)
    assert found.verdict is verdict
    assert found.interval is not None
    assert found.interval.low == pytest.approx(math.exp(value - 1.959964 * error), rel=1e-6)


def test_what_has_no_number_is_not_evaluable_and_counts_in_no_family() -> None:
    found = _judge(0.0, 0.1, RATIO, why="small")
    assert (found.verdict, found.family, found.p_adjusted) == (Verdict.NOT_EVALUABLE, 0, None)


def test_severity_is_the_highest_rung_passed_by_the_whole_interval() -> None:
    assert _judge(0.3, 0.01, LADDER).severity is None
    assert _judge(-0.6, 0.01, LADDER).severity == "medium"
    assert _judge(0.9, 0.01, LADDER).severity == "large"
    assert _judge(0.9, 0.1, LADDER).severity == "medium"


def test_holm_within_a_statistic_and_bonferroni_between() -> None:
    effects = [Effect("m", g, "z", value, 1.0) for g, value in (("a", 3.0), ("b", 2.5))]
    size, p = contrasts.adjusted(effects, 4)
    assert size == 8
    assert p["a", "z"] == pytest.approx(8 * effects[0].p_value)
    assert p["z", "b"] == pytest.approx(max(8 * effects[0].p_value, 4 * effects[1].p_value))


def test_a_difference_short_of_the_line_is_said_to_be() -> None:
    wording = contrast_readings.Wording(
        Text("{size}", "{size}"), Text("{low} 至 {high}", "{low} to {high}"),
        Text("近", "near"), readings.number,
    )  # fmt: skip
    said = contrast_readings.sentence(
        _judge(math.log(0.88), 0.02, RATIO), wording, PLAN, "race", {}
    )
    assert "没有超过界线" in said.zh
    assert "does not pass the line (0.80 to 1.25)" in said.en
    said = contrast_readings.sentence(
        _judge(math.log(0.84), 0.05, RATIO), wording, PLAN, "race", {}
    )
    assert "没有证明超过界线" in said.zh
