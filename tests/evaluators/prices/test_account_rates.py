"""Rates of accounts are compared with the power of an exact test on accounts (statistics/15)."""

import math

import pytest
from scipy import stats

from evaluators.prices.account_rates import Mean, compare_rates

MARGINS = (0.9, 1 / 0.9)


def _mean(k: int, n: int) -> Mean:
    """n accounts of three rows each, of which k got the offer on all of them."""
    rate = k / n
    return Mean(rate, rate * (1 - rate) / n, n, 3 * n, 3.0 * n, float(n))


@pytest.mark.parametrize("k", range(11))
def test_the_p_value_is_about_that_of_fishers_test_on_accounts(k: int) -> None:
    """40 and 160 accounts, the design in which offers to 14 % against 35 % were found in .28 of sets."""
    found = compare_rates(_mean(k, 40), _mean(56, 160), alpha=0.05, margins=MARGINS)
    assert found is not None
    exact = float(stats.fisher_exact([[k, 40 - k], [56, 104]])[1])
    if exact > 0.004:
        assert abs(math.log(found.p / exact)) < math.log(1.5)
    assert (
        found.p < 0.0125 or exact > 0.0125
    )  # what a family of four finds by one it finds by the other


def test_rows_of_one_account_are_no_further_accounts() -> None:
    thrice = _mean(6, 40)
    once = Mean(thrice.value, thrice.variance, 40, 40, 40.0, 40.0)
    other = _mean(56, 160)
    assert compare_rates(thrice, other, alpha=0.05, margins=MARGINS) == compare_rates(
        once, other, alpha=0.05, margins=MARGINS
    )
