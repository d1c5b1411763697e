"""Intervals agree with published examples, with SciPy, and cover what they promise."""

import math

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from evaluators.statistics import intervals


@pytest.mark.parametrize(("k", "n"), [(0, 20), (3, 20), (15, 148), (20, 20)])
def test_wilson_and_clopper_pearson_equal_scipy(k: int, n: int) -> None:
    for method, ours in (("wilson", intervals.wilson), ("exact", intervals.clopper_pearson)):
        theirs = binomtest(k, n).proportion_ci(0.95, method)
        mine = ours(k, n, 0.95)
        assert mine is not None
        assert (mine.low, mine.high) == pytest.approx((theirs.low, theirs.high), abs=1e-10)


def test_newcombe_gives_the_published_example() -> None:
    # Newcombe 1998, table II, case (a), method 10: 56/70 − 48/80.
    found = intervals.newcombe(56, 70, 48, 80)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_koopman_gives_the_published_example() -> None:
    # Koopman 1984: 36/40 against 16/80 has the 95 % interval (2.94, 7.15).
    found = intervals.koopman(36, 40, 16, 80)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((2.94, 7.15), abs=5e-3)


def test_koopman_stands_when_a_count_is_zero() -> None:
    none_here, none_there = intervals.koopman(0, 20, 5, 30), intervals.koopman(5, 20, 0, 30)
    assert none_here is not None
    assert none_here.low == 0.0
    assert none_there is not None
    assert math.isinf(none_there.high)
    assert none_there.as_json()["high"] is None
    assert intervals.koopman(0, 20, 0, 30) is None


def test_koopman_of_swapped_groups_is_the_reciprocal() -> None:
    one, other = intervals.koopman(30, 80, 20, 90), intervals.koopman(20, 90, 30, 80)
    assert one is not None
    assert other is not None
    assert one.low == pytest.approx(1 / other.high, rel=1e-9)


@pytest.mark.parametrize("p", [0.05, 0.3, 0.9])
def test_wilson_covers_at_small_n_where_a_percentile_bootstrap_does_not(p: float) -> None:
    n = 30
    hold = [k for k in range(n + 1) if (ci := intervals.wilson(k, n)) and ci.low <= p <= ci.high]
    assert sum(binom.pmf(hold, n, p)) > 0.92


def test_koopman_covers_the_ratio() -> None:
    rng = np.random.default_rng(1)
    held = 0
    for first, second in zip(
        rng.binomial(60, 0.6, 600), rng.binomial(200, 0.75, 600), strict=True
    ):
        ci = intervals.koopman(int(first), 60, int(second), 200)
        held += ci is not None and ci.low <= 0.8 <= ci.high
    assert held / 600 > 0.925


def test_no_denominator_means_no_interval() -> None:
    assert intervals.wilson(0, 0) is None
    assert intervals.clopper_pearson(0, 0) is None
    assert intervals.newcombe(0, 0, 1, 2) is None
    assert intervals.katz_log(0, 5, 1, 2) is None
