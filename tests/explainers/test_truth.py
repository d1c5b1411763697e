"""Of models whose truth is known every sentence stands that must, and none that must not."""

import time

import pytest

from tests.explainers.plateaus import PLATEAUS
from tests.explainers.truth import CASES, Case, faults

BUDGET = 60.0
"""Seconds of processor time for the whole bench in process."""

spent: list[float] = []


@pytest.mark.parametrize("case", [*CASES, *PLATEAUS], ids=lambda case: case.name)
def test_the_explanation_of_a_model_of_known_truth(case: Case) -> None:
    before = time.process_time()
    assert faults(case) == []
    spent.append(time.process_time() - before)


def test_the_bench_costs_no_more_than_a_minute() -> None:
    assert sum(spent) < BUDGET
