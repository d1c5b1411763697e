"""Exact sums of floats, and sums per unit."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from evaluators.accumulating.exact_sums import (
    LARGEST,
    ExactSums,
    merge_exact_sums,
    squares,
    usable,
)
from evaluators.accumulating.unit_sums import UnitSums, merge_unit_sums, spread

REALS = arrays.arrays(
    np.float64, st.integers(1, 30), elements=st.floats(-1e70, 1e70, allow_subnormal=True)
)
KEY = ("g", "a")


def _summed(values: np.ndarray) -> ExactSums:
    return ExactSums(("v",)).add([KEY], np.zeros(values.size, dtype=np.int64), [[values]])


@given(REALS)
def test_sums_are_exact_in_every_order(values: np.ndarray) -> None:
    whole = _summed(values)
    total = sum((Fraction(v) for v in values.tolist()), Fraction(0))
    assert whole.mean(KEY, "v") == total / values.size
    parts = [_summed(values[::-1][:3]), _summed(values[::-1][3:])]
    assert merge_exact_sums(parts).as_json() == whole.as_json()


def test_squares_are_exact_so_a_constant_has_no_variance() -> None:
    values = np.full(1000, 0.1) * 3
    columns = [[values], list(squares(values))]
    sums = ExactSums(("v", "q")).add([KEY], np.zeros(1000, dtype=np.int64), columns)
    assert sums.mean(KEY, "q") - sums.mean(KEY, "v") ** 2 == 0


def test_what_can_not_be_added_up_is_told_apart() -> None:
    given_ = np.array([np.nan, np.inf, -np.inf, 2 * LARGEST, 0.0, -1.0])
    assert usable(given_).tolist() == [False] * 4 + [True] * 2


def test_sums_per_unit_merge_and_give_the_clustered_variance() -> None:
    rng = np.random.default_rng(3)
    units, values = rng.integers(0, 40, 300).astype(np.uint64), rng.normal(size=300)
    codes, empty = np.zeros(300, dtype=np.int64), UnitSums(("v",))
    whole = empty.add([KEY], codes, units, [values])
    halves = [
        empty.add([KEY], codes[p], units[p], [values[p]]) for p in (slice(100), slice(100, None))
    ]
    assert merge_unit_sums(halves[::-1]).as_json() == whole.as_json()
    found, _, sums = whole.sums(KEY)
    by_hand = np.array([values[units == unit].sum() for unit in found])
    assert sums[:, 0] == pytest.approx(by_hand, abs=1e-6)
    error = np.sqrt((by_hand**2).sum() * found.size / (found.size - 1))
    assert spread([(found, sums[:, 0])]).error == pytest.approx(error, rel=1e-6)
