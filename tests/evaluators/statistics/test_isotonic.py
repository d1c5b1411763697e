"""Order-restricted inference against brute force and scikit-learn."""

from itertools import permutations

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from evaluators.statistics.isotonic import jonckheere, line_contrast, pava, rise_contrasts


def test_the_isotonic_fit_agrees_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        values, weights = rng.normal(size=6), rng.uniform(1, 9, 6)
        ours = pava(values, weights)
        theirs = IsotonicRegression().fit_transform(np.arange(6), values, sample_weight=weights)
        assert ours == pytest.approx(theirs)


def test_the_rise_is_the_largest_monotone_contrast_or_nothing() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        values, weights = rng.normal(size=5), rng.uniform(1, 9, 5)
        fitted = pava(values, weights)
        assert fitted[-1] - fitted[0] == pytest.approx(max(0, *(rise_contrasts(weights) @ values)))


def test_the_last_contrast_is_last_against_first_and_the_line_is_exact_on_a_line() -> None:
    weights = np.array([3.0, 1.0, 2.0])
    assert rise_contrasts(weights)[-1].tolist() == [-1, 0, 1]
    assert line_contrast(weights) @ np.array([5.0, 6.0, 7.0]) == pytest.approx(2)


def test_jonckheere_has_the_mean_and_variance_of_all_permutations_ties_included() -> None:
    values = np.array([1.0, 1.0, 2.0, 3.0, 3.0, 3.0, 4.0])
    levels = np.array([0, 0, 0, 1, 1, 2, 2])
    pairs = 3 * 2 + 3 * 2 + 2 * 2
    every = []
    for order in set(permutations(levels.tolist())):
        found = jonckheere(values, np.array(order))
        assert found is not None
        every.append(found.superiority * pairs)
    observed = jonckheere(values, levels)
    assert observed is not None
    assert np.mean(every) == pytest.approx(pairs / 2)
    z = (observed.superiority * pairs - pairs / 2) / np.std(every)
    assert observed.z == pytest.approx(z)


def test_no_two_levels_no_trend() -> None:
    assert jonckheere(np.ones(3), np.zeros(3, dtype=np.int64)) is None
