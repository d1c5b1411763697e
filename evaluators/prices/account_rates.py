"""Rates and means of two groups of accounts, as they stand or over the same mix of goods.

The account is the unit: its rows move together. Over the same mix every cell of goods and moment
counts by the overlap of the two groups (Mantel and Haenszel's weights), the variance is the
linearised one between accounts (of amounts: within cells, since what goods cost on average is no
part of the comparison; the jackknife of Bell and McCaffrey 2002 for what an account adds to its
own cells), and a rate is then judged as one of so many independent trials as
would vary as much (Korn and Graubard 1998), by Koopman's (1984) score.
"""

import math
from dataclasses import dataclass

import numpy as np
import scipy

from evaluators.prices.quotes import Mask
from evaluators.statistics.intervals import koopman, ratio_score
from evaluators.statistics.regression import Codes, Floats, codes_of


@dataclass(frozen=True, slots=True)
class Mean:
    """A weighted mean over accounts.

    Args:
        value: the mean.
        variance: of the mean, between accounts.
        accounts, rows: how many.
        weight: the total weight.
        effective: Kish's (1965) effective number of accounts.
    """

    value: float
    variance: float
    accounts: int
    rows: int
    weight: float
    effective: float

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


def within(values: Floats, cells: Codes, rows: Mask, account: Codes) -> Floats:
    """What each value lies above its cell's mean, grown by the account's own part in that mean.

    An account's effect is in all its cells, so anything less rejects too often where cells are
    small; where only rows vary, this is careful.

    Args:
        values: one per row.
        cells: goods and moment of each row.
        rows: the rows of both groups whose value is known.
        account: the account of each row.
    """
    found = np.zeros(len(values))
    y, cell = values[rows], codes_of(cells[rows])
    if not len(y):
        return found
    size = np.bincount(cell)
    owner = codes_of(account[rows])
    own = codes_of(cell * (int(owner.max()) + 1) + owner)
    others = 1 - np.bincount(own)[own] / size[cell]
    left = y - (np.bincount(cell, y) / size)[cell]
    found[rows] = np.where(others > 0, left / np.where(others > 0, others, 1.0), 0.0)
    return found


def mean(
    values: Floats, weights: Floats, rows: Mask, account: Codes, left: Floats | None = None
) -> Mean | None:
    """The weighted mean over some rows; None where nothing has weight.

    Args:
        values: one per row; what is nan is left out.
        weights: one per row.
        rows: which rows.
        account: the account of each row.
        left: what the variance is taken of, where cells are compared (see `within`).
    """
    kept = rows & np.isfinite(values) & (weights > 0)
    if not kept.any():
        return None
    y, w, unit = values[kept], weights[kept], codes_of(account[kept])
    total = float(w.sum())
    value = float((w * y).sum()) / total
    off = y - value
    if left is not None:
        off = left[kept] - float((w * left[kept]).sum()) / total
    sums = np.bincount(unit, w * off)
    accounts = len(sums)
    variance = float((sums**2).sum()) / total**2 * accounts / max(accounts - 1, 1)
    if variance < 1e-24:
        variance = 0.0
    own = np.bincount(unit, w)
    effective = total**2 / float((own**2).sum())
    return Mean(value, variance, accounts, len(y), total, effective)


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
    critical = float(scipy.stats.t.ppf(1 - alpha / 2, freedom))
    found = koopman(k1, n1, k2, n2, 1 - 2 * float(scipy.stats.norm.sf(critical)))
    if found is None:
        return None
    z = ratio_score(k1, n1, k2, n2, 1.0)
    low, high = (ratio_score(k1, n1, k2, n2, margin) for margin in margins)
    small = max(float(scipy.stats.t.sf(low, freedom)), float(scipy.stats.t.cdf(high, freedom)))
    value = math.inf if k2 == 0 else group.value / reference.value
    error = None
    if k1 > 0 and k2 > 0:
        error = math.sqrt(
            group.variance / group.value**2 + reference.variance / reference.value**2
        )
    p = float(2 * scipy.stats.t.sf(abs(z), freedom))
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
    return Gap(value, error, freedom, float(2 * scipy.stats.t.sf(abs(t), freedom)), t)
