"""Wherever a stretch of values that are alike begins and ends, what is told of it is not beside it."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from explainers.explanation import sentences_of
from tests.explainers.toys import columns
from tests.explainers.truth import Case, Columns, adults, made

OFF = 2
"""Years by which an end may be off: it is told as "about"."""


@settings(max_examples=12, deadline=None)
@given(st.integers(20, 60), st.integers(4, 40), st.booleans(), st.sampled_from([0, 1_500, 3_000]))
def test_the_ends_that_are_told_are_those_of_the_model(
    low: int, width: int, top: bool, income: int
) -> None:
    high = min(low + width, 76)

    def model(x: Columns) -> np.ndarray:
        inside = (x["age"] >= low) & (x["age"] < high)
        earns = x["income"] >= income
        return np.where((inside if top else ~inside) & earns, 0.9, 0.1)

    content = made(Case("a band", adults, model, columns("age", "income")))
    for said in sentences_of(content):
        if said["kind"] == "turn" and said["columns"] == ["age"]:
            assert ("最容易" in said["zh"]) is top
            first, last = said["evidence"]["at"][0], said["evidence"]["at"][-1]
            assert abs(first - low) <= OFF, said["zh"]
            assert abs(last - (high - 1)) <= OFF, said["zh"]
