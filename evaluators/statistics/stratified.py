"""Two groups compared within strata: one common ratio, its test and interval, and whether it is common.

Strata are weighted as Mantel and Haenszel (1959) weigh them. Test, interval and equivalence come
from one score statistic, so they never contradict each other.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import scipy
from scipy.special import chdtrc, ndtr

from evaluators.statistics.inference import Test
from evaluators.statistics.intervals import Interval, quantile

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

FURTHEST = 40.0
EXACT_BELOW = 5.0
MOST_EXACT = 4000


@dataclass(frozen=True)
class Counts:
    """Counts of one group and its reference by stratum, or by unit and stratum.

    Args:
        k1, n1: favoured and all of the group.
        k0, n0: favoured and all of the reference.
    """

    k1: Floats
    n1: Floats
    k0: Floats
    n0: Floats


@dataclass(frozen=True)
class Strata(Counts):
    """The strata in which both groups occur.

    Args:
        units: the same counts by repeated unit and stratum; None where every row is a unit.
        unit, stratum: the unit and the stratum of each of those.
    """

    units: Counts | None = None
    unit: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    stratum: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @property
    def standardised(self) -> tuple[float, float]:
        """Both groups' rates with the strata weighted alike: n1·n0/N."""
        total = self.n1 + self.n0
        weight = float((self.n1 * self.n0 / total).sum())
        group = float((self.n0 * self.k1 / total).sum()) / weight
        return group, float((self.n1 * self.k0 / total).sum()) / weight

    @property
    def ratio(self) -> float | None:
        """Mantel and Haenszel's risk ratio; None where the reference has no favoured row."""
        group, reference = self.standardised
        return group / reference if reference else None

    def score(self, ratio: float) -> float:
        """The signed score statistic of "the ratio is this in every stratum".

        Mantel-Haenszel weights; Miettinen and Nurminen's (1985) variance with each stratum's
        restricted estimate, or the sum over units of squared scores where units repeat. At 1 and
        without units it is the root of the Cochran-Mantel-Haenszel statistic.
        """
        gap, variance = self._score(ratio)
        if variance <= 0:
            return 0.0 if abs(gap) < 1e-9 else math.copysign(math.inf, gap)
        return gap / math.sqrt(variance)

    def _score(self, ratio: float) -> tuple[float, float]:
        total = self.n1 + self.n0
        low = _restricted(self, ratio)
        high = np.minimum(1.0, ratio * low)
        w1, w0 = self.n0 / total, ratio * self.n1 / total
        gap = float((w1 * self.k1 - w0 * self.k0).sum())
        if self.units is None:
            spread = w1**2 * self.n1 * high * (1 - high) + w0**2 * self.n0 * low * (1 - low)
            return gap, float((spread * total / (total - 1)).sum())
        at, one = self.stratum, self.units
        parts = w1[at] * (one.k1 - high[at] * one.n1) - w0[at] * (one.k0 - low[at] * one.n0)
        sums = np.bincount(self.unit, weights=parts)
        sums = np.sort(sums[np.bincount(self.unit) > 0])
        return gap, sums.size / max(1, sums.size - 1) * float(sums @ sums)

    def test(self) -> Test:
        """The test that the ratio is 1 in every stratum.

        Cochran-Mantel-Haenszel without continuity correction; exact (the sum of hypergeometric
        counts) where Mantel and Fleiss' (1980) criterion calls the χ² too coarse.
        """
        if self.units is not None:
            z = self.score(1.0)
            return Test("mantel_haenszel_clustered", z * z, float(2 * ndtr(-abs(z))))
        if self._coarse():
            return Test("mantel_haenszel_exact", None, self._exact())
        z = self.score(1.0)
        return Test("mantel_haenszel", z * z, float(2 * ndtr(-abs(z))))

    def _coarse(self) -> bool:
        favoured, total = self.k1 + self.k0, self.n1 + self.n0
        expected = float((self.n1 * favoured / total).sum())
        least = float(np.maximum(0, favoured - self.n0).sum())
        most = float(np.minimum(self.n1, favoured).sum())
        small = min(expected - least, most - expected) < EXACT_BELOW
        return small and most - least <= MOST_EXACT

    def _exact(self) -> float:

        joint, start = np.ones(1), 0
        for k1, n1, k0, n0 in zip(self.k1, self.n1, self.k0, self.n0, strict=True):
            low, high = max(0, int(k1 + k0 - n0)), int(min(n1, k1 + k0))
            here = scipy.stats.hypergeom.pmf(
                np.arange(low, high + 1), int(n1 + n0), int(k1 + k0), int(n1)
            )
            joint, start = np.convolve(joint, here), start + low
        seen = joint[int(self.k1.sum()) - start]
        return float(min(1.0, joint[joint <= seen * (1 + 1e-7)].sum()))

    def interval(self, level: float) -> Interval | None:
        """The ratios that the score statistic does not reject; None if nobody was favoured."""
        point, limit = self.ratio, quantile(level)
        if point is None and not self.k1.any():
            return None
        start = math.log(point) if point else (-FURTHEST if point == 0 else FURTHEST)
        low = 0.0 if point == 0 else _cross(self.score, start, limit, upward=False)
        high = math.inf if point is None else _cross(self.score, start, -limit, upward=True)
        return Interval(low, high, level, "stratified_score")

    def equivalence(self, low: float, high: float) -> float:
        """Two one-sided score tests that the ratio lies between the margins (Schuirmann 1987)."""
        if self.ratio is None:
            return 1.0
        return max(float(ndtr(-self.score(low))), float(ndtr(self.score(high))))

    def kish(self, *, first: bool) -> float | None:
        """Kish's (1965) effective number of a group's units; None where every row is one."""
        if self.units is None:
            return None
        rows = self.units.n1 if first else self.units.n0
        sizes = np.sort(np.bincount(self.unit, weights=rows))
        squared = float(sizes @ sizes)
        return float(sizes.sum()) ** 2 / squared if squared else 0.0

    def null_error(self) -> float | None:
        """The standard error of the ratio if it were 1, as a share of the rate."""
        total = self.n1 + self.n0
        expected = float((self.n1 * self.n0 * (self.k1 + self.k0) / total**2).sum())
        return math.sqrt(self._score(1.0)[1]) / expected if expected else None


def _restricted(counts: Counts, ratio: float) -> Floats:
    """Per stratum the reference's rate when the group's is `ratio` times it (Koopman 1984)."""
    a = ratio * (counts.n1 + counts.n0)
    b = -(ratio * (counts.n1 + counts.k0) + counts.k1 + counts.n0)
    c = counts.k1 + counts.k0
    root = np.sqrt(np.maximum(0.0, b * b - 4 * a * c))
    return np.asarray(np.minimum(min(1.0, 1.0 / ratio), 2 * c / (root - b)), dtype=np.float64)


def _cross(score: Callable[[float], float], start: float, target: float, *, upward: bool) -> float:
    """Where the score meets the target on one side of `start`, on the log scale."""

    def gap(log_ratio: float) -> float:
        return max(-1e6, min(1e6, score(math.exp(log_ratio)))) - target

    inner, step = start, 0.1 if upward else -0.1
    while abs(inner) <= FURTHEST + 1:
        outer = inner + step
        if (gap(outer) > 0) != upward:
            if gap(inner) == 0:
                return math.exp(inner)
            return math.exp(float(scipy.optimize.brentq(gap, inner, outer, xtol=1e-12)))
        inner, step = outer, step * 1.5
    return math.inf if upward else 0.0


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """Whether the strata could share one ratio.

    Args:
        name: the test.
        statistic, df: a χ² and its degrees of freedom.
        p_value: of "they share it".
    """

    name: str
    statistic: float
    df: int
    p_value: float

    def as_json(self) -> dict[str, object]:
        """The test as it stands in the details of a finding."""
        return {"name": self.name, "statistic": self.statistic, "df": self.df, "p": self.p_value}


def ratios_differ(counts: Counts, ratio: float) -> Heterogeneity | None:
    """The score test that all strata share the risk ratio (Gart and Nam 1988).

    Args:
        counts: the strata, large enough for a χ² each.
        ratio: their common ratio.
    """
    if counts.k1.size < 2 or not 0 < ratio < math.inf:
        return None
    low = _restricted(counts, ratio)
    high = np.minimum(1.0, ratio * low)
    gap = counts.k1 / counts.n1 - ratio * counts.k0 / counts.n0
    variance = high * (1 - high) / counts.n1 + ratio**2 * low * (1 - low) / counts.n0
    able = variance > 0
    statistic = float((gap[able] ** 2 / variance[able]).sum())
    df = int(able.sum()) - 1
    return None if df < 1 else _heterogeneity("gart_nam", statistic, df)


def breslow_day_tarone(counts: Counts) -> Heterogeneity | None:
    """Breslow and Day's (1980) test that all strata share the odds ratio, as Tarone (1985) mends it."""
    k1, n1, k0, n0 = counts.k1, counts.n1, counts.k0, counts.n0
    total = n1 + n0
    favoured = k1 + k0
    able = (favoured > 0) & (favoured < total)
    above, below = (k1 * (n0 - k0) / total)[able].sum(), (k0 * (n1 - k1) / total)[able].sum()
    if able.sum() < 2 or not above or not below:
        return None
    odds = float(above / below)
    k1, n1, n0, favoured = k1[able], n1[able], n0[able], favoured[able]
    expected = _expected(odds, n1, n0, favoured)
    variance = 1 / (
        1 / expected
        + 1 / (favoured - expected)
        + 1 / (n1 - expected)
        + 1 / (n0 - favoured + expected)
    )
    gap = k1 - expected
    statistic = float((gap**2 / variance).sum() - gap.sum() ** 2 / variance.sum())
    return _heterogeneity("breslow_day_tarone", max(0.0, statistic), int(able.sum()) - 1)


def _expected(odds: float, n1: Floats, n0: Floats, favoured: Floats) -> Floats:
    """Per stratum the group's favoured count that this odds ratio implies, margins fixed."""
    if abs(odds - 1) < 1e-12:
        return np.asarray(n1 * favoured / (n1 + n0), dtype=np.float64)
    a = 1 - odds
    b = n0 - favoured + odds * (n1 + favoured)
    c = -odds * n1 * favoured
    root = np.sqrt(b * b - 4 * a * c)
    return np.asarray(-2 * c / (b + root), dtype=np.float64)


def _heterogeneity(name: str, statistic: float, df: int) -> Heterogeneity:
    return Heterogeneity(name, statistic, df, float(chdtrc(df, statistic)))
