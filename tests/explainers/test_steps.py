"""n7/3: a step is told where there is one, and no number beside it speaks for values it is not of.

Random shapes over a few whole numbers, of which it is known how many of 100 would be approved if
everybody had each of them.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explainers.explanation import explain, sentences_of
from explainers.plan import ExplanationPlan
from tests.explainers.toys import Scores, Toy, text

N = 700
ASKED: Sequence[Mapping[str, Any]] = (
    {"name": "late", "plain": text("晚还次数", "times paid late")},
    {"name": "rank", "plain": text("名次", "rank")},
)
SMALL = 0.05  # of the people: whoever has a rarer value is not what a side's number is about


def people(weights: Sequence[float]) -> pa.Table:
    """A whole number for each, by these weights, beside a rank from 0 to 1 that all differ in."""
    random = np.random.default_rng(3)
    late = random.choice(len(weights), N, p=np.asarray(weights) / sum(weights))
    return pa.table({"late": late, "rank": random.permutation(N) / N})


def told(shares: Sequence[float], weights: Sequence[float]) -> dict[str, Any] | None:
    """What the page says of a step where so large a share has a low enough rank."""
    table = people(weights)

    def rule(x: Mapping[str, Any]) -> Scores:
        return np.where(x["rank"] < np.asarray(shares)[x["late"].astype(int)], 0.9, 0.1)

    plan = ExplanationPlan.make(table, ASKED, cut=0.5, nonce="n")
    content = explain(plan, table, Toy(rule), nonce="n")
    steps = ("step", "stairs")
    found = [s for s in sentences_of(content) if s["kind"] in steps and s["columns"] == ["late"]]
    return found[0] if found else None


def common(weights: Sequence[float]) -> list[int]:
    """The values that enough people have."""
    counts = np.bincount(np.asarray(people(weights)["late"]), minlength=len(weights))
    return [value for value, n in enumerate(counts) if n >= SMALL * N]


WEIGHTS = st.lists(st.floats(0.15, 1), min_size=3, max_size=6)


@settings(max_examples=20, deadline=None)
@given(st.data(), WEIGHTS, st.booleans())
def test_both_sides_of_a_step_are_what_each_value_on_them_is(
    data: st.DataObject, weights: list[float], down: bool
) -> None:
    n = len(weights)
    shares = sorted(data.draw(st.lists(st.floats(0, 1), min_size=n, max_size=n)), reverse=down)
    said = told(shares, weights)
    if said is None:
        return
    shown = said["evidence"]
    if said["kind"] == "stairs":
        jump = min(abs(b - a) for a, b in pairwise(shown["levels"]))
        for value in common(weights):
            part = sum(value >= step for step in shown["at"])
            assert abs(shares[value] - shown["levels"][part]) < 0.5 * jump + 0.05, said["zh"]
        return
    jump = abs(shown["above"] - shown["below"])
    for value in common(weights):
        if value < shown["at"][0]:
            side = "below"
        elif value >= shown["at"][-1]:
            side = "above"
        else:
            side = "between"  # a number is told of every value
        assert abs(shares[value] - shown[side]) <= 0.3 * jump + 0.06, (shares, said["zh"])


@settings(max_examples=15, deadline=None)
@given(WEIGHTS, st.floats(0.2, 1.8), st.floats(0.3, 0.7), st.booleans())
def test_a_logistic_curve_has_no_step(
    weights: list[float], slope: float, middle: float, down: bool
) -> None:
    """Wherever some other two neighbours are a third as far apart as the furthest."""
    at = slope * (np.arange(len(weights)) - middle * (len(weights) - 1))
    shares = 1 / (1 + np.exp(at if down else -at))
    moves = sorted(np.abs(np.diff(shares[common(weights)])))
    if moves[-2] > moves[-1] / 3:
        assert told(shares.tolist(), weights) is None


@settings(max_examples=10, deadline=None)
@given(WEIGHTS, st.data(), st.booleans())
def test_a_step_among_whole_numbers_is_found_and_told_with_the_value_under_it(
    weights: list[float], data: st.DataObject, down: bool
) -> None:
    at = data.draw(st.integers(1, len(weights) - 1))
    shares = np.where(np.arange(len(weights)) < at, *((0.9, 0.1) if down else (0.1, 0.9)))
    said = told(shares.tolist(), weights)
    assert said is not None
    assert said["evidence"]["at"] == [at]
    assert said["evidence"]["below"] == pytest.approx(shares[0], abs=0.06)
    assert said["evidence"]["above"] == pytest.approx(shares[-1], abs=0.06)
    assert re.search(f"不到{at}，", said["zh"])
