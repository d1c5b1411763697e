"""Histograms over float bits: exact while values are few, bounded when many, the same in any order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats
from sklearn.metrics import roc_auc_score

from evaluators.accumulating import histogram
from evaluators.accumulating.accumulators import Coded
from evaluators.accumulating.histogram import Classes, Histogram, merge_histograms, ordered
from evaluators.scores import score_statistics

REALS = arrays.arrays(
    np.float64, st.integers(1, 40), elements=st.floats(-1e300, 1e300, allow_subnormal=True)
)


def _counted(values: np.ndarray, groups: np.ndarray, outcome: np.ndarray) -> Histogram:
    column = Coded(groups, ("a", "b"))
    return Histogram().add(values, [Classes.of("g", column, outcome)])


@given(REALS)
def test_the_bits_are_in_the_order_of_the_values(values: np.ndarray) -> None:
    assert (np.argsort(ordered(values), kind="stable") == np.argsort(values, kind="stable")).all()
    grid = Histogram().add(values, [Classes.of("g", Coded(np.zeros(values.size, int), ("a",)))])
    low, high = grid.edges
    assert (low == high).all()
    assert set(low.tolist()) == set((values + 0.0).tolist())


def test_few_values_give_the_statistics_of_the_rows() -> None:
    rng = np.random.default_rng(1)
    values, groups = np.round(rng.normal(size=900), 2), rng.integers(0, 2, 900)
    outcome = rng.integers(0, 2, 900)
    grid = _counted(values, groups, outcome)
    first = grid.column(lambda key: key[1] == "a")
    second = grid.column(lambda key: key[1] == "b")
    found = score_statistics.distance(grid, first, second)
    one, other = values[groups == 0], values[groups == 1]
    assert found.ks == pytest.approx(stats.ks_2samp(one, other).statistic, abs=1e-12)
    assert found.wasserstein == pytest.approx(stats.wasserstein_distance(one, other), abs=1e-12)
    assert found.ks_high == found.ks
    ranked = score_statistics.ranking(
        grid.column(lambda key: key[2] == "1"), grid.column(lambda key: key[2] == "0")
    )
    assert ranked is not None
    assert ranked.value == pytest.approx(roc_auc_score(outcome, values), abs=1e-12)
    assert ranked.low < ranked.value < ranked.high


def test_many_values_stay_bounded_and_the_bounds_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histogram, "MOST_BINS", 256)
    rng = np.random.default_rng(2)
    values, groups, outcome = rng.random(4000), rng.integers(0, 2, 4000), rng.integers(0, 2, 4000)
    whole = _counted(values, groups, outcome)
    assert 64 < whole.bins.size <= 256
    first = whole.column(lambda key: key[1] == "a")
    second = whole.column(lambda key: key[1] == "b")
    found = score_statistics.distance(whole, first, second)
    one, other = values[groups == 0], values[groups == 1]
    assert found.ks <= stats.ks_2samp(one, other).statistic <= found.ks_high
    gap = abs(found.wasserstein - stats.wasserstein_distance(one, other))
    assert gap <= found.wasserstein_error
    ranked = score_statistics.ranking(
        whole.column(lambda key: key[2] == "1"), whole.column(lambda key: key[2] == "0")
    )
    assert ranked is not None
    assert ranked.low <= roc_auc_score(outcome, values) <= ranked.high


@pytest.mark.parametrize("parts", [2, 7])
def test_the_merged_state_is_the_same_for_any_shards(
    parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(histogram, "MOST_BINS", 100)
    rng = np.random.default_rng(parts)
    values = np.r_[rng.normal(size=500) * 10.0 ** rng.integers(-9, 9, 500), np.zeros(20), -0.0]
    groups, outcome = rng.integers(-1, 2, values.size), rng.integers(-1, 2, values.size)
    whole = _counted(values, groups, outcome)
    dealt = np.array_split(rng.permutation(values.size), parts)
    pieces = [_counted(values[rows], groups[rows], outcome[rows]) for rows in dealt]
    nested = merge_histograms([pieces[-1], merge_histograms([Histogram(), *pieces[:-1]])])
    assert nested.as_json() == whole.as_json()
    assert whole.counts[:, :, 0].sum() == values.size


def test_the_median_is_where_half_are_above() -> None:
    for size in (9, 10):
        values = np.arange(size, dtype=np.float64)
        grid = _counted(values, np.zeros(size, int), np.zeros(size, int))
        cut = score_statistics.cut(grid, grid.column(lambda _: True))
        assert cut.exact
        assert cut.bins.sum() == (values > np.median(values)).sum()


def test_many_groups_make_the_grid_coarser_not_the_state_larger(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(histogram, "MOST_CELLS", 2000)
    rng = np.random.default_rng(9)
    values, codes = rng.random(3000), rng.integers(-1, 50, 3000)
    names = tuple(f"{n:02}" for n in range(50))

    def counted(rows: np.ndarray) -> Histogram:
        column = Coded(codes[rows], names)
        return Histogram().add(values[rows], [Classes.of("g", column)])

    whole = counted(np.arange(3000))
    assert whole.counts.size <= 2000
    parts = [counted(rows) for rows in np.array_split(np.argsort(codes), 4)]
    assert merge_histograms(parts[::-1]).as_json() == whole.as_json()
