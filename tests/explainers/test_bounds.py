import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from explainers.bounds import Family


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_bounds_are_scipys_exact_ones(counts: tuple[int, int]) -> None:
    k, n = counts
    family = Family(claims=10)
    exact = binomtest(k, n).proportion_ci(1 - 2 * family.each, method="exact")
    assert family.lower(k, n) == pytest.approx(exact.low, abs=1e-9)
    assert family.upper(k, n) == pytest.approx(exact.high, abs=1e-9)


def test_never_seen_in_n_has_the_bound_of_the_design() -> None:
    assert Family(claims=7).upper(0, 10_000) == pytest.approx(1 - (0.05 / 7) ** (1 / 10_000))


def test_nobody_tested_means_nothing_known() -> None:
    assert (Family(1).lower(0, 0), Family(1).upper(0, 0)) == (0.0, 1.0)
