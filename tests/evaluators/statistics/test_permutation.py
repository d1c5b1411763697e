"""Whole-account randomisation: exact p-values that can be counted by hand."""

import numpy as np
import pytest

from evaluators.statistics.permutation import flip_pairs, shuffle_accounts, smallest_p


def test_three_pairs_that_all_agree_give_p_of_one_quarter() -> None:
    found = flip_pairs(
        np.array([[0.01], [0.02], [0.03]]), rng=np.random.default_rng(0), alpha=0.05
    )
    assert found.replicates == 8
    assert found.p[0] == pytest.approx(2 / 8)
    assert found.smallest == smallest_p(3) == 0.25


def test_fewer_than_twelve_pairs_cannot_give_a_p_below_one_in_two_thousand() -> None:
    assert smallest_p(11) > 0.0005
    assert smallest_p(12) < 0.0005


def test_an_account_effect_on_every_account_is_found() -> None:
    rng = np.random.default_rng(1)
    labels = np.repeat([0, 1], 30)
    values = (rng.normal(0, 0.01, 60) + 0.03 * labels)[:, None]
    found = shuffle_accounts(values, labels, [(1, 0)], rng=rng, alpha=0.05, replicates=999)
    assert found.p[0] == pytest.approx(1 / 1000)
    low, high = found.interval(0)
    assert low < 0.03 < high


def test_the_adjusted_p_is_never_below_the_unadjusted() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(size=(40, 5))
    found = shuffle_accounts(
        values, np.repeat([0, 1], 20), [(1, 0)], rng=rng, alpha=0.05, replicates=499
    )
    assert np.all(found.adjusted >= found.p)


def test_no_difference_anywhere_has_p_one() -> None:
    found = shuffle_accounts(
        np.zeros((20, 1)),
        np.repeat([0, 1], 10),
        [(1, 0)],
        rng=np.random.default_rng(3),
        alpha=0.05,
        replicates=99,
    )
    assert found.p[0] == 1.0


def test_the_same_difference_in_every_pair_is_as_extreme_as_signs_allow() -> None:
    found = flip_pairs(np.full((5, 1), 0.02), rng=np.random.default_rng(4), alpha=0.05)
    assert found.p[0] == pytest.approx(2 / 32)
