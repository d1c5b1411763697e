"""Rates and means of two groups of accounts, as they stand or over the same mix of goods.

The account is the unit: its rows move together. Over the same mix every cell of goods and moment
counts by the overlap of the two groups (Mantel and Haenszel's weights), the variance is the
linearised one between accounts, and a rate is then judged as one of so many independent trials as
would vary as much (Korn and Graubard 1998), by Koopman's (1984) score.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from evaluators.intervals import koopman, ratio_score
from evaluators.quotes import Mask
from evaluators.regression import Codes, Floats, codes_of


@dataclass(frozen=True, slots=True)
class Mean:
    """A weighted mean over accounts.

    Args:
        value: the mean.
        variance: of the mean, between accounts.
        accounts, rows: how many.
        weight: the total weight.
    """

    value: float
    variance: float
    accounts: int
    rows: int
    weight: float

    @property
    def trials(self) -> float:
        """How many independent trials would vary as much; one per account where nothing varies."""
        spread = self.value * (1 - self.value)
        if spread <= 0 or self.variance <= 0:
            return float(self.accounts)
        return min(float(self.rows), spread / self.variance)


@dataclass(frozen=True, slots=True)
class Ratio:
    """Two rates compared.

    Args:
        value: their ratio; infinite over a reference of zero.
        low, high: its interval.
        z, p: Koopman's score of equality, and its p-value on a t distribution.
        small: the p-value of the equivalence test.
        error: of the log-ratio; None where a rate is zero.
        critical, freedom: of the t distribution.
    """

    value: float
    low: float
    high: float
    z: float
    p: float
    small: float
    error: float | None
    critical: float
    freedom: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Two means compared by Welch's t."""

    value: float
    error: float
    freedom: int
    p: float
    t: float


def overlap(cells: Codes | None, group: Mask, reference: Mask) -> Floats:
    """The weight of each row: the other side's share of its cell; 1 without cells."""
    if cells is None:
        return (group | reference).astype(np.float64)
    size = int(cells.max(initial=0)) + 1
    of_group = np.bincount(cells[group], minlength=size).astype(np.float64)
    of_reference = np.bincount(cells[reference], minlength=size).astype(np.float64)
    both = np.maximum(of_group + of_reference, 1)
    return np.where(group, (of_reference / both)[cells],
                    np.where(reference, (of_group / both)[cells], 0.0))  # fmt: skip


def mean(values: Floats, weights: Floats, rows: Mask, account: Codes) -> Mean | None:
    """The weighted mean over some rows; None where nothing has weight.

    Args:
        values: one per row; what is nan is left out.
        weights: one per row.
        rows: which rows.
        account: the account of each row.
    """
    kept = rows & np.isfinite(values) & (weights > 0)
    if not kept.any():
        return None
    y, w, unit = values[kept], weights[kept], codes_of(account[kept])
    total = float(w.sum())
    value = float((w * y).sum()) / total
    sums = np.bincount(unit, w * (y - value))
    accounts = len(sums)
    variance = float((sums**2).sum()) / total**2 * accounts / max(accounts - 1, 1)
    if variance < 1e-24:
        variance = 0.0
    return Mean(value, variance, accounts, len(y), total)


def compare_rates(
    group: Mean, reference: Mean, *, alpha: float, margins: tuple[float, float]
) -> Ratio | None:
    """The ratio of two rates; None where both are zero.

    Args:
        group: the rate of the group.
        reference: the rate of the reference.
        alpha: the level of the two-sided interval.
        margins: within them the ratio is small.
    """
    n1, n2 = group.trials, reference.trials
    k1, k2 = group.value * n1, reference.value * n2
    if k1 + k2 <= 0:
        return None
    freedom = max(min(group.accounts, reference.accounts) - 1, 1)
    critical = float(stats.t.ppf(1 - alpha / 2, freedom))
    found = koopman(k1, n1, k2, n2, 1 - 2 * float(stats.norm.sf(critical)))
    if found is None:
        return None
    z = ratio_score(k1, n1, k2, n2, 1.0)
    low, high = (ratio_score(k1, n1, k2, n2, margin) for margin in margins)
    small = max(float(stats.t.sf(low, freedom)), float(stats.t.cdf(high, freedom)))
    value = math.inf if k2 == 0 else group.value / reference.value
    error = None
    if k1 > 0 and k2 > 0:
        error = math.sqrt(
            group.variance / group.value**2 + reference.variance / reference.value**2
        )
    p = float(2 * stats.t.sf(abs(z), freedom))
    return Ratio(value, found.low, found.high, z, p, small, error, critical, freedom)


def compare_means(group: Mean, reference: Mean) -> Gap:
    """The difference of two means."""
    value = group.value - reference.value
    error = math.sqrt(group.variance + reference.variance)
    freedom = max(min(group.accounts, reference.accounts) - 1, 1)
    t = (
        value / error
        if error > 0
        else math.copysign(math.inf, value)
        if abs(value) > 1e-12
        else 0.0
    )
    return Gap(value, error, freedom, float(2 * stats.t.sf(abs(t), freedom)), t)
