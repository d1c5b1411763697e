"""States are exact: any split, any order, one result."""

from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.accumulating.accumulators import (
    Cells,
    Rows,
    Sums,
    coded,
    fixed,
    merge_cells,
    merge_rows,
    merge_sums,
    wide_sums,
)  # fmt: skip

LEVELS = st.lists(
    st.tuples(st.sampled_from(["a", "b", None]), st.sampled_from([1, 2, 3]), st.booleans()),
    min_size=1, max_size=40,
)  # fmt: skip


def _cells(rows: list[tuple[str | None, int, bool]]) -> Cells:
    empty = Cells(("x", "y"), ("n", "k"))
    if not rows:
        return empty
    first, second = pa.array([r[0] for r in rows], pa.string()), pa.array([r[1] for r in rows])
    mark = np.array([r[2] for r in rows])
    return empty.add([coded(first), coded(second)], [np.ones_like(mark), mark])


@given(LEVELS, st.integers(0, 40), st.integers(0, 40))
def test_cells_merge_to_the_same_state_however_split(
    rows: list[tuple[str | None, int, bool]], first: int, second: int
) -> None:
    low, high = sorted((first, second))
    parts = [_cells(rows[:low]), _cells(rows[low:high]), _cells(rows[high:])]
    whole = _cells(rows).as_json()
    assert merge_cells(parts).as_json() == whole
    assert merge_cells(reversed(parts)).as_json() == whole
    nested = merge_cells([parts[0], merge_cells(parts[1:])])
    assert nested.as_json() == merge_cells([merge_cells(parts[:2]), parts[2]]).as_json()


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60), st.integers(1, 59))
def test_sums_do_not_depend_on_the_split(values: list[float], cut: int) -> None:
    column, empty = np.array(values), Sums(("v",))
    codes = np.zeros(column.size, dtype=np.int64)
    whole = empty.add([("g",)], codes, [column])
    parts = [
        empty.add([("g",)], codes[part], [column[part]]) for part in (slice(cut), slice(cut, None))
    ]
    assert merge_sums(parts).as_json() == merge_sums(parts[::-1]).as_json() == whole.as_json()


def test_wide_sums_are_exact_beyond_64_bits() -> None:
    values = np.array([2**61, 2**61, 2**61, 2**61 - 1, -(2**61), 3], dtype=np.int64)
    assert wide_sums(np.zeros(6, dtype=np.int64), values, 1) == [sum(int(v) for v in values)]


def test_fixed_point_says_when_a_value_does_not_fit() -> None:
    assert fixed(np.array([0.1, -2.5]), 10).tolist() == [1, -25]
    with pytest.raises(OverflowError):
        fixed(np.array([1e12]))


def test_levels_are_named_alike_whatever_their_type() -> None:
    assert coded(pa.array([1, 0, None])).names == ("0", "1")
    assert coded(pa.array([1.0, 0.5, float("nan")])).codes.tolist() == [1, 0, -1]
    assert coded(pa.array([True, False])).names == ("false", "true")
    assert coded(pa.array(["b", "a"]).dictionary_encode()).codes.tolist() == [1, 0]


def test_a_mean_without_rows_does_not_exist() -> None:
    sums = Sums(("v",)).add([("a",)], np.zeros(2, dtype=np.int64), [np.array([0.25, 0.5])])
    assert sums.mean(("a",), "v") == float(Fraction(3, 8))
    assert sums.mean(("b",), "v") is None


def test_rows_come_back_in_an_order_of_their_own() -> None:
    one = Rows().add({"k": np.array([3, 1]), "v": np.array([0.1, 0.2])})
    two = Rows().add({"k": np.array([2]), "v": np.array([0.3])})
    found = [merge_rows(parts).columns() for parts in ([one, two], [two, one])]
    assert found[0]["k"].tolist() == found[1]["k"].tolist() == [1, 2, 3]
    assert found[0]["v"].tolist() == [0.2, 0.3, 0.1]
