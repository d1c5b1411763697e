"""Sentences on two groups: margins are said in numbers that people can read."""

import pytest

from evaluators.judging import readings
from evaluators.judging.rates import Comparison, Group, Lines
from evaluators.plan import Columns, Plan
from registry.findings import Verdict


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


@pytest.mark.parametrize(
    ("value", "lines", "told"),
    [
        (0.00123, (0.001, 0.05), "0.12%"),
        (0.00104, (0.001,), "0.10%"),
        (0.001004, (0.001,), "0.1004%"),
        (0.01004, (0.01,), "1.00%"),
        (0.0501, (0.05,), "5.01%"),
        (0.01, (0.01,), "1.0%"),
        (0.0, (0.001,), "0.0%"),
        (0.25, (0.001,), "25.0%"),
    ],
)
def test_a_share_is_told_apart_from_the_line_beside_it(
    value: float, lines: tuple[float, ...], told: str
) -> None:
    """Stranger F7e/m2: "at most 0.1 % … up to 0.1 % cannot be ruled out; small up to 0.1 %"."""
    said = readings.beside(value, *lines)
    assert float(said.rstrip("%")) == pytest.approx(float(told.rstrip("%")), rel=5e-3)
    for line in lines:
        assert (said == readings.small_share(line)) is (value == line)


def test_a_share_that_is_unknown_is_a_dash() -> None:
    assert readings.beside(None, 0.1) == "–"
