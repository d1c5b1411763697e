"""Statistics of scores by group, from histograms: ranking, distance of distributions, the median.

Each comes with what the grid of the histogram leaves open: where no bits are left out (fewer than
`histogram.MOST_BINS` distinct scores) the bounds meet.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import kolmogorov

from evaluators.accumulating.histogram import Histogram

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Ranking:
    """How well a score ranks those who deserved above those who did not.

    Args:
        value: the AUC, ties counting one half.
        low, high: the AUC if all ties were lost, or won.
        error: DeLong's standard error (DeLong 1988; by midranks as Sun and Xu 2014).
        df: Welch's degrees of freedom of its two parts.
        m, n: how many deserved, and how many did not.
        above, below: by bin the influence of one who deserved, and of one who did not.
    """

    value: float
    low: float
    high: float
    error: float
    df: float
    m: int
    n: int
    above: Floats
    below: Floats


def ranking(positive: Integers, negative: Integers) -> Ranking | None:
    """The AUC of a histogram; None where one of the two kinds is missing.

    Args:
        positive: by bin those who deserved.
        negative: by bin those who did not.
    """
    m, n = int(positive.sum()), int(negative.sum())
    if not m or not n:
        return None
    under = np.cumsum(negative) - negative
    over = m - np.cumsum(positive)
    won = (under + negative / 2) / n
    lost = (over + positive / 2) / m
    value = _mean(positive, won)
    parts = (
        _variance(positive, won, value) / m,
        _variance(negative, lost, value) / n,
    )
    whole = sum(parts)
    shares = sum(v**2 / max(1, size - 1) for v, size in zip(parts, (m, n), strict=True))
    return Ranking(
        value,
        _mean(positive, under / n),
        _mean(positive, (under + negative) / n),
        math.sqrt(whole),
        whole**2 / shares if shares else 1.0,
        m,
        n,
        (won - value) / m,
        (lost - value) / n,
    )


@dataclass(frozen=True, slots=True)
class Distance:
    """How far apart two distributions are.

    Args:
        ks: the Kolmogorov-Smirnov distance at the edges of the bins; ks_high: what it can be at
            most within them.
        wasserstein: the area between the two distribution functions, in units of the score.
        wasserstein_error: by how much the grid can have moved it.
    """

    ks: float
    ks_high: float
    wasserstein: float
    wasserstein_error: float


def distance(scores: Histogram, first: Integers, second: Integers) -> Distance:
    """The distances of two groups.

    Args:
        scores: the histogram, for the edges of its bins.
        first: one group's counts by bin.
        second: the other's.
    """
    f, g = first / first.sum(), second / second.sum()
    upper_f, upper_g = np.cumsum(f), np.cumsum(g)
    ks = float(np.abs(upper_f - upper_g).max())
    within = np.maximum(np.abs(upper_f - (upper_g - g)), np.abs((upper_f - f) - upper_g))
    low, high = scores.edges
    steps = np.diff(scores.middles)
    area = float((np.abs(upper_f - upper_g)[:-1] * steps).sum())
    moved = float(((f + g) * (high - low) / 2).sum())
    return Distance(ks, max(ks, float(within.max())) if scores.shift else ks, area, moved)


def kolmogorov_p(ks: float, n1: float, n2: float) -> float:
    """Smirnov's two-sample p-value from Kolmogorov's limit; conservative where scores are tied.

    Args:
        ks: the distance.
        n1: one group's (effective) size.
        n2: the other's.
    """
    return float(kolmogorov(math.sqrt(n1 * n2 / (n1 + n2)) * ks))


def band(n1: float, n2: float, level: float) -> float:
    """How far the distance can be from the true one: Massart's bound for both groups.

    Source: Dvoretzky, Kiefer, Wolfowitz (1956) with the constant of Massart (1990); each group has
    half of the error, so the two bands hold together.
    """
    tail = math.log(4 / (1 - level)) / 2
    return math.sqrt(tail / n1) + math.sqrt(tail / n2)


@dataclass(frozen=True, slots=True)
class Cut:
    """Where everyone's scores are split in two.

    Args:
        bins: per bin whether all of it lies above.
        value: a score is above if it is greater than this.
        exact: whether the split is at the quantile itself and not at an edge of its bin.
        within: the bin in which the quantile lies, where that bin holds several values.
        inner: per bin of the finer histogram of that bin whether it lies above.
    """

    bins: npt.NDArray[np.bool_]
    value: float
    exact: bool
    within: int | None = None
    inner: npt.NDArray[np.bool_] | None = None


def cut(scores: Histogram, counts: Integers, share: float = 0.5) -> Cut:
    """Split at a quantile: above is what is greater than it.

    New York's rules count those "above the sample's median score" (6 RCNY § 5-300). Where the
    quantile falls within a bin of several values, the split is at the nearer edge of that bin
    until a finer histogram of the bin is there (see `finer`).

    Args:
        scores: the histogram.
        counts: everyone's counts by bin.
        share: which quantile.
    """
    return _split(scores, counts, max(1, math.ceil(share * int(counts.sum()))))


def finer(first: Cut, counts: Integers, share: float, inner: Histogram, inside: Integers) -> Cut:
    """The split with the finer histogram of the bin in which the quantile lies.

    Args:
        first: the split of the histogram of all scores.
        counts: everyone's counts by its bins.
        share: which quantile.
        inner: the histogram of the scores in that one bin.
        inside: everyone's counts by the bins of the finer one.
    """
    if first.within is None:
        return first
    rank = max(1, math.ceil(share * int(counts.sum())))
    below = int(counts[: first.within].sum())
    found = _split(inner, inside, rank - below)
    bins = np.arange(counts.size) > first.within
    return Cut(bins, found.value, found.exact, first.within, found.bins)


def _split(scores: Histogram, counts: Integers, rank: int) -> Cut:
    upper = np.cumsum(counts)
    at = int(np.searchsorted(upper, rank))
    low, high = scores.edges
    exact = int(upper[at]) == rank or bool(low[at] == high[at])
    place = at
    if not exact and at > 0 and 2 * rank < int(upper[at] + upper[at - 1]):
        place = at - 1
    above = np.arange(counts.size) > place
    return Cut(above, float(high[place]), exact, None if exact else at)


@dataclass(frozen=True, slots=True)
class Shape:
    """The moments of a group's scores.

    Args:
        n: how many.
        mean, variance: exact; the variance has the divisor n − 1.
        third, fourth: central moments, from the histogram.
    """

    n: int
    mean: float
    variance: float
    third: float
    fourth: float


@dataclass(frozen=True, slots=True)
class Standardised:
    """A standardised mean difference with its error.

    Args:
        value: the difference of means in standard deviations.
        error: by the delta method, with third and fourth moments (so no normal scores are needed).
        df: Welch's degrees of freedom.
        weights: per group the weight of its centred score and of its centred square, in units of
            its own standard deviation and variance.
    """

    value: float
    error: float
    df: float
    weights: tuple[tuple[float, float], tuple[float, float]]


def standardised(first: Shape, second: Shape) -> Standardised | None:
    """The difference over the root of the mean of both variances; None without any spread.

    Cohen's d where variances differ (1988, 2.3.2), which Austin (2009) uses for balance; not the
    pooled one, in which the larger group weighs more.

    Its influence is linear in the centred score and its centred square (delta method).
    """
    scale = math.sqrt((first.variance + second.variance) / 2)
    if not scale > 0:
        return None
    value = (first.mean - second.mean) / scale
    parts, weights = [], []
    for shape, sign in ((first, 1.0), (second, -1.0)):
        linear = sign * math.sqrt(shape.variance) / scale
        square = -value * shape.variance / (4 * scale**2)
        skew = shape.third / shape.variance**1.5 if shape.variance else 0.0
        tails = shape.fourth / shape.variance**2 - 1 if shape.variance else 0.0
        parts.append(
            max(0.0, linear**2 + 2 * linear * square * skew + square**2 * tails) / shape.n
        )
        weights.append((linear / shape.n, square / shape.n))
    whole = sum(parts)
    if not whole > 0:
        return None
    below = sum(v**2 / (s.n - 1) for v, s in zip(parts, (first, second), strict=True))
    return Standardised(value, math.sqrt(whole), whole**2 / below, (weights[0], weights[1]))


def welch(first: Shape, second: Shape) -> tuple[float, float]:
    """Welch's (1947) t statistic of two means, and its degrees of freedom."""
    parts = (first.variance / first.n, second.variance / second.n)
    whole = sum(parts)
    below = sum(v**2 / (s.n - 1) for v, s in zip(parts, (first, second), strict=True))
    return (first.mean - second.mean) / math.sqrt(whole), whole**2 / below


def _mean(weights: Integers, values: Floats) -> float:
    return float((weights * values).sum() / weights.sum())


def _variance(weights: Integers, values: Floats, mean: float) -> float:
    size = int(weights.sum())
    return float((weights * (values - mean) ** 2).sum() / max(1, size - 1))
