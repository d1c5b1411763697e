"""Sentences on two groups: margins are said in numbers that people can read."""

import pytest

from evaluators.judging import readings
from evaluators.judging.rates import Comparison, Group, Lines
from evaluators.plan import Columns, Plan
from registry.reports import Verdict


@pytest.mark.parametrize("verdict", [Verdict.EQUIVALENT, Verdict.DISPARITY])
def test_a_margin_is_said_with_at_most_three_significant_digits(verdict: Verdict) -> None:
    wide = (0.95, 1 / 0.95)
    lines = Lines(ratio=wide, difference=None, equivalence=wide, source="policy")
    found = Comparison(Group("a", 90, 100), Group("b", 90, 100), 0.95, verdict=verdict)
    said = readings.ending(found, lines, PLAN)
    for text in (said.zh, said.en):
        assert "0.95" in text
        assert "1.05" in text
        assert "1.052" not in text


PLAN = Plan(title="t", columns=Columns(target="y", favourable=1), probes=())
