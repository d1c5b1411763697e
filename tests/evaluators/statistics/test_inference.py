"""Tests agree with SciPy and scikit-learn."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from evaluators.statistics import inference


@pytest.mark.parametrize("table", [(3, 10, 8, 9), (0, 5, 5, 5), (40, 100, 30, 100), (1, 2, 0, 3)])
def test_fisher_equals_scipy(table: tuple[int, int, int, int]) -> None:
    k1, n1, k2, n2 = table
    theirs = stats.fisher_exact([[k1, n1 - k1], [k2, n2 - k2]]).pvalue
    assert inference.fisher_exact(*table) == pytest.approx(theirs)


def test_small_expected_counts_are_tested_exactly_and_large_ones_by_chi_square() -> None:
    assert inference.two_rates(1, 10, 5, 100).name == "fisher_exact"
    found = inference.two_rates(30, 100, 50, 100)
    theirs = stats.chi2_contingency([[30, 70], [50, 50]], correction=False)
    assert found.name == "chi_square"
    assert found.statistic == pytest.approx(theirs.statistic)
    assert found.p_value == pytest.approx(theirs.pvalue)


def test_cells_are_small_by_what_is_expected_and_not_by_what_was_seen() -> None:
    """statistics/19: 3 of 15 against 25 of 43. The least expected count is 7.2, and the interval has
    the same test behind it; Fisher's p would stand beside an interval that contradicts it."""
    seen = inference.two_rates(3, 15, 25, 43)
    assert seen.name == "chi_square"
    assert seen.p_value == pytest.approx(0.0109, abs=5e-5)
    fewer = inference.two_rates(1, 8, 13, 24)
    assert fewer.name == "fisher_exact"
    assert fewer.p_value == pytest.approx(stats.fisher_exact([[1, 7], [13, 11]])[1])


def test_the_sign_test_equals_the_binomial_test() -> None:
    for wins, losses in ((0, 0), (5, 1), (7, 7), (12, 30)):
        expected = stats.binomtest(wins, wins + losses).pvalue if wins + losses else 1.0
        assert inference.sign_test(wins, losses).p_value == pytest.approx(min(1.0, expected))


def test_auc_equals_scikit_learn_and_its_test_mann_whitney() -> None:
    rng = np.random.default_rng(0)
    score, member = np.round(rng.random(300), 2), rng.random(300) < 0.3
    found = inference.auc(score, member)
    assert found is not None
    assert found.value == pytest.approx(roc_auc_score(member, score))
    theirs = stats.mannwhitneyu(
        score[member], score[~member], use_continuity=False, method="asymptotic"
    )
    assert found.test is not None
    assert found.test.p_value == pytest.approx(theirs.pvalue)


def test_delong_by_hand() -> None:
    # Members 3, 1; others 2, 0: placements 1, .5 and .5, 1 → AUC .75, each variance .125.
    found = inference.auc(np.array([3.0, 1.0, 2.0, 0.0]), np.array([True, True, False, False]))
    assert found is not None
    assert found.value == 0.75
    assert found.error == pytest.approx((0.125 / 2 + 0.125 / 2) ** 0.5)


def test_repeating_every_row_does_not_shrink_the_clustered_error() -> None:
    rng = np.random.default_rng(1)
    score, member = rng.random(200), rng.random(200) < 0.5
    units = np.arange(200, dtype=np.uint64)
    once = inference.auc(score, member)
    often = inference.auc(np.tile(score, 5), np.tile(member, 5), units=np.tile(units, 5))
    assert once is not None
    assert often is not None
    assert often.error == pytest.approx(once.error, rel=0.02)


def test_equivalence_needs_both_sides() -> None:
    margin = {"low": 0.9, "high": 1.11}
    assert inference.tost_ratio(9000, 10000, 9010, 10000, **margin) < 1e-6
    assert inference.tost_ratio(80, 100, 80, 100, **margin) > 0.05
    assert inference.tost_ratio(9000, 10000, 7500, 10000, **margin) > 0.99


def test_the_detectable_difference_does_not_look_at_the_effect() -> None:
    # z(.975) + z(.8) = 2.8016; sqrt(.25 · 2/100) = .0707.
    found = inference.detectable_difference(100, 100, rate=0.5, alpha=0.05, power=0.8)
    assert found == pytest.approx(2.8016 * 0.070711, rel=1e-4)
    assert inference.detectable_difference(0, 100, rate=0.5, alpha=0.05, power=0.8) is None
