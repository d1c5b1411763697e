"""Numbers in sentences are the numbers that were measured, in three digits that count."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainers import numbers


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (149.9, "150"),
        (199.6, "200"),
        (99.97, "100"),
        (999.6, "1,000"),
        (-349.7, "-350"),
        (5.20, "5.2"),
        (0.0300, "0.03"),
        (1_234.5, "1,234"),
        (40, "40"),
    ],
)
def test_no_zero_before_the_point_is_lost(number: float, written: str) -> None:
    """A mean of 149.9 yuan was told as 15."""
    assert numbers.value(number) == written


@given(st.floats(-1e9, 1e9).filter(lambda number: abs(number) > 1e-6))
def test_a_number_is_written_within_its_third_digit(number: float) -> None:
    """Whatever the number."""
    written = float(numbers.value(number).replace(",", ""))
    assert math.isclose(written, number, rel_tol=0.0051)
