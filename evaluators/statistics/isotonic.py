"""Order-restricted inference: does something rise along ordered levels, and by how much?

The isotonic fit is by pooling adjacent violators (Ayer et al. 1955). Its rise from the first level
to the last is the largest of the contrasts "mean of the levels from s up, less mean of the levels
up to t" (the min-max formula of Robertson, Wright and Dykstra 1988), so simultaneous intervals of
these contrasts bound it. The rank test is Jonckheere's (1954) and Terpstra's (1952), with ties as
in Hollander and Wolfe.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from evaluators.statistics.regression import Codes, Floats

SAME = 9  # decimals up to which two log prices are the same


def pava(values: Floats, weights: Floats) -> Floats:
    """The closest rising sequence, by weighted least squares.

    Args:
        values: one per level, in order.
        weights: one per level, positive.
    """
    blocks: list[tuple[float, float, int]] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        mean, mass, size = value, weight, 1
        while blocks and blocks[-1][0] > mean:
            before, heavy, many = blocks.pop()
            mean = (before * heavy + mean * mass) / (heavy + mass)
            mass, size = heavy + mass, many + size
        blocks.append((mean, mass, size))
    return np.repeat([block[0] for block in blocks], [block[2] for block in blocks])


def rise_contrasts(weights: Floats) -> Floats:
    """Every "levels from s up, less levels up to t" with t before s; last against first is last.

    Args:
        weights: one per level.

    Returns:
        Contrasts × levels.
    """
    levels = len(weights)
    found = []
    for last in range(levels - 1, 0, -1):  # the reference: levels 0 … last - 1
        for first in range(last, levels):  # the group: levels first … the top
            row = np.zeros(levels)
            row[first:] = weights[first:] / weights[first:].sum()
            row[:last] -= weights[:last] / weights[:last].sum()
            found.append(row)
    return np.stack(found)


def line_contrast(weights: Floats) -> Floats:
    """The change along the weighted straight line from the first level to the last."""
    score = np.arange(len(weights), dtype=np.float64)
    centred = score - np.average(score, weights=weights)
    slope = weights * centred / float((weights * centred**2).sum())
    return np.asarray(slope * (len(weights) - 1), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Jonckheere:
    """The rank test for a trend.

    Args:
        superiority: the share of pairs of different levels whose higher level has the higher
            value, ties half: .5 is no trend.
        z: the standardised statistic.
        p: two-sided.
    """

    superiority: float
    z: float
    p: float


def jonckheere(values: Floats, levels: Codes) -> Jonckheere | None:
    """Test values of independent units for a trend along levels; None where there is no pair.

    Args:
        values: one per unit.
        levels: their levels, 0 the lowest.
    """
    rounded = np.round(values, SAME)
    groups = [np.sort(rounded[levels == code]) for code in np.unique(levels)]
    sizes = np.array([len(group) for group in groups], dtype=np.float64)
    pairs = float((sizes.sum() ** 2 - (sizes**2).sum()) / 2)
    if pairs <= 0:
        return None
    wins = sum(_wins(low, high) for i, low in enumerate(groups) for high in groups[i + 1 :])
    ties = np.unique(rounded, return_counts=True)[1].astype(np.float64)
    spread = math.sqrt(max(0.0, _variance(sizes, ties)))
    z = (wins - pairs / 2) / spread if spread > 0 else 0.0
    return Jonckheere(wins / pairs, z, float(2 * scipy.stats.norm.sf(abs(z))))


def _wins(low: Floats, high: Floats) -> float:
    left, right = (np.searchsorted(low, high, side=side) for side in ("left", "right"))
    return float((left + right).sum()) / 2


def _variance(sizes: Floats, ties: Floats) -> float:
    n = float(sizes.sum())

    def cubic(counts: Floats) -> float:
        return float((counts * (counts - 1) * (2 * counts + 5)).sum())

    def falling(counts: Floats, order: int) -> float:
        steps: Sequence[Floats] = [counts - i for i in range(order)]
        return float(np.prod(steps, axis=0).sum())

    total = n * (n - 1) * (2 * n + 5)
    found = (total - cubic(sizes) - cubic(ties)) / 72
    if n > 2:
        found += falling(sizes, 3) * falling(ties, 3) / (36 * n * (n - 1) * (n - 2))
    return found + falling(sizes, 2) * falling(ties, 2) / (8 * n * (n - 1))
