"""Of models whose truth is known every sentence stands that must, and none that must not."""

import re
import time
from pathlib import Path

import pytest

from tests.explainers.plateaus import PLATEAUS
from tests.explainers.several import PARTS
from tests.explainers.truth import CASES, Case, faults

BUDGET = 60.0
"""Seconds of processor time for the whole bench in process."""

spent: list[float] = []


@pytest.mark.parametrize("case", [*CASES, *PLATEAUS, *PARTS], ids=lambda case: case.name)
def test_the_explanation_of_a_model_of_known_truth(case: Case) -> None:
    before = time.process_time()
    assert faults(case) == []
    spent.append(time.process_time() - before)


def test_the_bench_costs_no_more_than_a_minute() -> None:
    assert sum(spent) < BUDGET


def test_each_fault_that_was_found_in_the_engine_has_a_test_of_its_kind() -> None:
    """public/S1 to public/S14: by a case of the bench, or named where it is tested."""
    tests = Path(__file__).parent.parent
    places = [each for each in tests.rglob("test_*.py") if each != Path(__file__)]
    named = " ".join([each.read_text(encoding="utf-8") for each in places] + [c.of for c in CASES])
    assert [n for n in range(1, 15) if not re.search(rf"public/S{n}\b", named)] == []
