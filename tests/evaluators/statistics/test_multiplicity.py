"""Adjustments agree with SciPy and statsmodels, and max-T with a table worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control
from statsmodels.stats.multitest import multipletests

from evaluators.statistics import multiplicity

PS = st.lists(st.floats(0, 1, allow_subnormal=False), min_size=1, max_size=30)


@given(PS)
def test_benjamini_hochberg_equals_scipy(p_values: list[float]) -> None:
    assert multiplicity.benjamini_hochberg(p_values) == pytest.approx(
        false_discovery_control(p_values)
    )


@given(PS)
def test_benjamini_yekutieli_equals_scipy(p_values: list[float]) -> None:
    assert multiplicity.benjamini_yekutieli(p_values) == pytest.approx(
        false_discovery_control(p_values, method="by")
    )


@settings(max_examples=20)  # statsmodels collects garbage at every call
@given(PS)
def test_holm_equals_statsmodels(p_values: list[float]) -> None:
    assert multiplicity.holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])


def test_max_t_by_hand() -> None:
    # Four draws; the second hypothesis is compared with the maximum of what remains.
    null = np.array([[0.5, 1.0], [2.5, 0.1], [0.2, -3.5], [1.0, 1.5]])
    found = multiplicity.step_down_max_t(np.array([3.0, -1.2]), null, alpha=0.5)
    # |T1| = 3: maxima 1.0, 2.5, 3.5, 1.5 → one hit. |T2| = 1.2: own values 1.0, .1, 3.5, 1.5 → two.
    assert found.p_adjusted == pytest.approx([2 / 5, 3 / 5])
    assert found.p_values == pytest.approx([1 / 5, 3 / 5])
    assert found.critical == pytest.approx(2.5)


def test_a_monte_carlo_p_is_never_zero() -> None:
    assert multiplicity.monte_carlo_p(0, 999) == pytest.approx(0.001)


def test_max_t_keeps_its_level_where_the_largest_gap_does_not() -> None:
    rng = np.random.default_rng(3)
    rejected = 0
    for _ in range(400):
        observed, null = rng.standard_normal(20), rng.standard_normal((400, 20))
        rejected += (
            multiplicity.step_down_max_t(observed, null, alpha=0.05).p_adjusted.min() < 0.05
        )
    assert rejected / 400 < 0.05 + 0.03
