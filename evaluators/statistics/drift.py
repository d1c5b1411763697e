"""Whether two samples of a number or a name come from the same distribution: PSI and KS.

The population stability index over k bins is Σ (q − p) ln(q / p). Without drift it is about
(1/n + 1/m) χ² with k − 1 degrees of freedom (Yurdakul and Naranjo 2020); here its scale and degrees
of freedom come from the covariance of the bins' shares, summed by unit (Rao and Scott 1984, second
order), which gives the same for independent rows. With drift it is the non-central χ², whose
inversion gives the interval and the test of equivalence.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from evaluators.statistics.intervals import Interval

Floats = npt.NDArray[np.float64]
MOST_BINS = 10
LEAST_PER_BIN = 10
HALF = 0.5


@dataclass(frozen=True, slots=True)
class Drift:
    """How far a sample has moved from an earlier one.

    Args:
        psi: the population stability index.
        scale, freedom: without drift psi is about scale · χ² with this freedom.
        ks: the largest gap of the two distribution functions; None for names.
        bins: how many.
    """

    psi: float
    scale: float
    freedom: float
    ks: float | None
    bins: int

    @property
    def statistic(self) -> float:
        """On the scale of χ²."""
        return self.psi / self.scale

    @property
    def p_value(self) -> float:
        """Of "no drift"."""
        return float(scipy.stats.chi2.sf(self.statistic, self.freedom))

    def within(self, margin: float) -> float:
        """The p-value of "the index is at least the margin"."""
        return float(scipy.stats.ncx2.cdf(self.statistic, self.freedom, margin / self.scale))

    def detectable(self, alpha: float, power: float) -> float:
        """The smallest index that this many rows would find with this power."""
        critical = float(scipy.stats.chi2.isf(alpha, self.freedom))

        def gap(place: float) -> float:
            return float(scipy.stats.ncx2.sf(critical, self.freedom, place) - power)

        return float(scipy.optimize.brentq(gap, 1e-9, 10 * critical + 100)) * self.scale

    def interval(self, level: float) -> Interval:
        """The interval of the index, by inversion of the non-central χ² (Venables 1975)."""
        tail = (1 - level) / 2
        return Interval(self._bound(1 - tail), self._bound(tail), level, "noncentral_chi2")

    def _bound(self, share: float) -> float:
        """The non-centrality at which the statistic has this share of values below it."""
        if scipy.stats.chi2.cdf(self.statistic, self.freedom) <= share:
            return 0.0
        top = 2 * self.statistic + 40.0
        while scipy.stats.ncx2.cdf(self.statistic, self.freedom, top) > share:
            top *= 2

        def gap(place: float) -> float:
            return float(scipy.stats.ncx2.cdf(self.statistic, self.freedom, place) - share)

        return float(scipy.optimize.brentq(gap, 1e-12, top)) * self.scale


def measure(
    earlier: npt.NDArray[Any],
    later: npt.NDArray[Any],
    units: tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]],
) -> Drift | None:
    """The drift from an earlier to a later sample; None where a sample is too small.

    Numbers are binned by the deciles of the earlier sample (by fewer where rows are few), names
    by themselves, rare ones together.

    Args:
        earlier: numbers or names.
        later: the same of the other sample.
        units: whose values they are.
    """
    sizes = tuple(int(np.unique(u).size) for u in units)
    most = min(MOST_BINS, min(sizes) // LEAST_PER_BIN)
    if most < 2:
        return None
    before, after, bins = _binned(earlier, later, most)
    if bins < 2:
        return Drift(0.0, 1.0, 1.0, _ks(earlier, later), 1)
    counts = [np.bincount(codes, minlength=bins) + HALF for codes in (before, after)]
    p, q = (count / count.sum() for count in counts)
    psi = float(((q - p) * np.log(q / p)).sum())
    scale, freedom = _reference(before, after, units, bins)
    return Drift(psi, scale, freedom, _ks(earlier, later), bins)


def _binned(
    earlier: npt.NDArray[Any], later: npt.NDArray[Any], most: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], int]:
    if earlier.dtype.kind == "f":
        edges = np.unique(np.quantile(earlier, np.arange(1, most) / most))
        before, after = (np.searchsorted(edges, v, side="left") for v in (earlier, later))
        used = np.unique(np.concatenate([before, after]))
        return np.searchsorted(used, before), np.searchsorted(used, after), int(used.size)
    names, counts = np.unique(np.concatenate([earlier, later]), return_counts=True)
    common = names[np.sort(np.argsort(-counts, kind="stable")[: most - 1])]
    if names.size == most:
        common = names
    codes = [
        np.where(np.isin(v, common), np.searchsorted(common, v), common.size)
        for v in (earlier, later)
    ]
    used = np.unique(np.concatenate(codes))
    return np.searchsorted(used, codes[0]), np.searchsorted(used, codes[1]), int(used.size)


def _reference(
    before: npt.NDArray[np.int64],
    after: npt.NDArray[np.int64],
    units: tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]],
    bins: int,
) -> tuple[float, float]:
    """Scale and freedom of χ² for the index without drift (Satterthwaite's two moments)."""
    n, m = before.size, after.size
    if all(np.unique(u).size == u.size for u in units):
        return 1 / n + 1 / m, bins - 1.0
    pooled = (np.bincount(before, minlength=bins) + np.bincount(after, minlength=bins)) / (n + m)
    owners, codes = np.unique(np.concatenate(units), return_inverse=True)
    sums = np.zeros((owners.size, bins))
    for start, values, weight in ((0, before, 1 / n), (n, after, -1 / m)):
        mine = codes[start : start + values.size]
        np.add.at(sums, (mine, values), weight)
        sums -= np.bincount(mine, minlength=owners.size)[:, None] * weight * pooled
    spread = sums.T @ sums * owners.size / max(1, owners.size - 1)
    shaped = spread / np.sqrt(np.outer(pooled, pooled))
    trace, square = float(np.trace(shaped)), float((shaped**2).sum())
    return square / trace, trace**2 / square


def _ks(earlier: npt.NDArray[Any], later: npt.NDArray[Any]) -> float | None:
    """The Kolmogorov-Smirnov distance."""
    if earlier.dtype.kind != "f":
        return None
    first, second = np.sort(earlier), np.sort(later)
    places = np.concatenate([first, second])
    shares = [np.searchsorted(v, places, side="right") / v.size for v in (first, second)]
    return float(np.abs(shares[0] - shares[1]).max())
