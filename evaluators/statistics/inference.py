"""Tests for rates, paired shares, equivalence and AUC, and what a planned sample could detect.

Intervals stand in `evaluators.statistics.intervals`, adjustments in `evaluators.statistics.multiplicity`, the rule that
turns them into a verdict in `evaluators.judging.verdicts`.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy
from scipy.special import expit, gammaln, logit, ndtr, ndtri, stdtr

from evaluators.statistics.intervals import Interval, quantile, ratio_score

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Test:
    """A test of "no difference".

    Args:
        name: the test.
        statistic: its statistic; None for exact tests that have none.
        p_value: two-sided, unadjusted.
    """

    name: str
    statistic: float | None
    p_value: float


def two_rates(k1: int, n1: int, k2: int, n2: int) -> Test:
    """Test p1 = p2: Fisher's exact test where an expected count is under 5, else Pearson's χ².

    The χ² has no continuity correction; the rule of 5 is Cochran's (1954).
    """
    favoured, total = k1 + k2, n1 + n2
    least = min(n1, n2) * min(favoured, total - favoured) / total
    if least < 5:
        return Test("fisher_exact", None, fisher_exact(k1, n1, k2, n2))
    pooled = favoured / total
    z = (k1 / n1 - k2 / n2) / math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
    return Test("chi_square", z * z, float(2 * ndtr(-abs(z))))


def fisher_exact(k1: int, n1: int, k2: int, n2: int) -> float:
    """Fisher's exact p: the tables no more likely than the one seen (Fisher 1935; Irwin's rule)."""
    favoured = k1 + k2
    k = np.arange(max(0, favoured - n2), min(favoured, n1) + 1)
    log_p = _log_choose(n1, k) + _log_choose(n2, favoured - k)
    p = np.exp(log_p - log_p.max())
    seen = p[k1 - k[0]]
    return float(min(1.0, p[p <= seen * (1 + 1e-7)].sum() / p.sum()))


def _log_choose(n: int, k: Integers) -> Floats:
    found: Floats = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return found


def sign_test(wins: int, losses: int) -> Test:
    """The exact sign test of discordant pairs: McNemar's exact test (McNemar 1947)."""
    n = wins + losses
    if n == 0:
        return Test("mcnemar_exact", None, 1.0)
    k = np.arange(n + 1)
    log_p = _log_choose(n, k) - n * math.log(2)
    tail = float(np.exp(log_p[: min(wins, losses) + 1]).sum())
    return Test("mcnemar_exact", None, min(1.0, 2 * tail))


def tost_ratio(k1: float, n1: float, k2: float, n2: float, *, low: float, high: float) -> float:
    """Two one-sided score tests that p1 / p2 lies within (low, high) (Schuirmann 1987).

    Each one-sided test is Koopman's score statistic at the margin. The p-value is the larger.
    """
    if k2 == 0 or min(n1, n2) == 0:
        return 1.0
    above = float(ndtr(-ratio_score(k1, n1, k2, n2, low)))
    below = float(ndtr(ratio_score(k1, n1, k2, n2, high)))
    return max(above, below)


def detectable_difference(
    n1: float, n2: float, *, rate: float, alpha: float, power: float
) -> float | None:
    """The smallest difference of two rates that a planned sample finds with this power.

    Uses planned sizes, the variance under "no difference" and the adjusted level, never the
    effect that was seen (Hoenig and Heisey 2001).
    """
    if min(n1, n2) <= 0:
        return None
    error = math.sqrt(rate * (1 - rate) * (1 / n1 + 1 / n2))
    return (quantile(1 - alpha) + float(ndtri(power))) * error


@dataclass(frozen=True, slots=True)
class Auc:
    """How well a score tells one group from the rest.

    Args:
        value: the probability that a member scores above a non-member, ties counting one half.
        error: its standard error by DeLong's method; None where it can't be had.
        interval: on the logit scale, back-transformed.
        test: of 0.5, with the variance under "no difference" (Mann-Whitney, ties corrected),
            or the clustered statistic where units repeat.
    """

    value: float
    error: float | None
    interval: Interval | None
    test: Test | None


def auc(
    scores: Floats,
    member: npt.NDArray[np.bool_],
    level: float = 0.95,
    units: npt.NDArray[np.uint64] | None = None,
) -> Auc | None:
    """The AUC with DeLong's variance (DeLong 1988, by midranks: Sun and Xu 2014).

    Args:
        scores: the score of each row.
        member: whether the row belongs to the group.
        level: of the interval.
        units: the unit of each row; repeated units give Obuchowski's (1997) clustered variance.

    Returns:
        None when one of the two groups is empty.
    """
    m, n = int(member.sum()), int((~member).sum())
    if m == 0 or n == 0:
        return None
    ranks = scipy.stats.rankdata(scores)
    above = (ranks[member] - scipy.stats.rankdata(scores[member])) / n
    below = 1 - (ranks[~member] - scipy.stats.rankdata(scores[~member])) / m
    value = float(above.mean())
    parts = np.empty(member.size)
    parts[member], parts[~member] = (above - value) / m, (below - value) / n
    clustered = units is not None and np.unique(units).size < units.size
    if clustered and units is not None:
        codes = np.unique(units, return_inverse=True)[1]
        sums = np.bincount(codes, weights=parts)
        error = math.sqrt(sums.size / max(1, sums.size - 1) * float(sums @ sums))
    elif min(m, n) < 2:
        return Auc(value, None, None, None)
    else:
        error = math.sqrt(float(above.var(ddof=1)) / m + float(below.var(ddof=1)) / n)
    test = _auc_clustered(value, error) if clustered else _mann_whitney(value, ranks, m, n)
    return Auc(value, error, _auc_interval(value, error, m, n, level), test)


def _auc_interval(value: float, error: float, m: int, n: int, level: float) -> Interval:
    """The logit interval; at 0 and 1, where DeLong's variance vanishes, the rule of three."""
    if not 0 < value < 1 or error == 0:
        bound = (1 - level) ** (1 / min(m, n))
        low, high = (
            (bound, 1.0) if value == 1 else (0.0, 1 - bound) if value == 0 else (value, value)
        )
        return Interval(low, high, level, "delong")
    half = quantile(level) * error / (value * (1 - value))
    centre = float(logit(value))
    return Interval(
        float(expit(centre - half)), float(expit(centre + half)), level, "delong_logit"
    )


def _mann_whitney(value: float, ranks: Floats, m: int, n: int) -> Test:
    total = m + n
    ties = np.unique(ranks, return_counts=True)[1].astype(np.float64)
    spread = total + 1 - float((ties**3 - ties).sum()) / (total * (total - 1))
    if spread <= 0:
        return Test("mann_whitney", 0.0, 1.0)
    z = (value - 0.5) / math.sqrt(spread / (12 * m * n))
    return Test("mann_whitney", z, float(2 * ndtr(-abs(z))))


def _auc_clustered(value: float, error: float) -> Test:
    if error == 0:
        return Test("delong_clustered", 0.0, 1.0)
    z = (value - 0.5) / error
    return Test("delong_clustered", z, float(2 * ndtr(-abs(z))))


NOISE = 1e-7
"""An error up to this, of an effect on a scale without units, is what sums of floats leave behind.

The square root of a double's precision: a variance is a difference of two sums."""


def two_one_sided(
    value: float,
    error: float,
    *,
    low: float,
    high: float,
    df: float = math.inf,
) -> float:
    """The larger p of two one-sided t tests that a quantity lies within the margins.

    Args:
        value: the estimate.
        error: its standard error.
        low: the lower margin; an infinite one is none.
        high: the upper one.
        df: degrees of freedom behind the error; infinite for a normal statistic.

    Returns:
        p; 1 where the error is 0: a sample in which nothing varies has no spread to measure.
    """
    if math.isnan(value) or math.isnan(error):
        return 1.0
    if error <= 0:
        return 1.0
    df = max(df, 1.0)
    return max(_below((low - value) / error, df), _below((value - high) / error, df))


def _below(t: float, df: float) -> float:
    return float(ndtr(t) if math.isinf(df) else stdtr(df, t))
