"""Empirical-Bayes shrinkage of many rates, and how far apart the rates of groups are over all."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv

from evaluators.statistics.intervals import Interval, quantile

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shrunk:
    """A rate drawn towards the common rate, by as much as chance would explain.

    Args:
        rate: the posterior mean.
        interval: the posterior's central interval.
        weight: of the group's own rate, 0 to 1.
    """

    rate: float
    interval: Interval
    weight: float


def shrink(k: Floats, n: Floats, level: float = 0.95) -> list[Shrunk]:
    """Beta-binomial empirical Bayes with moments (Kleinman 1973).

    Args:
        k: favoured, per group (deflated where units repeat).
        n: all, per group.
        level: of the intervals.
    """
    total = float(n.sum())
    mean = float(k.sum()) / total if total else 0.0
    spread = float((n * (k / np.maximum(n, 1e-12) - mean) ** 2).sum())
    room = total - float((n**2).sum()) / total if total else 0.0
    plain = mean * (1 - mean)
    excess = (spread - (len(n) - 1) * plain) / room if room > 0 else 0.0
    share = min(1.0, max(0.0, excess / plain)) if plain > 0 else 0.0
    if share <= 0:
        return [Shrunk(mean, Interval(mean, mean, level, "beta_posterior"), 0.0) for _ in n]
    size = max(1e-6, 1 / share - 1)
    found = []
    for own_k, own_n in zip(k.tolist(), n.tolist(), strict=True):
        a, b = own_k + mean * size, own_n - own_k + (1 - mean) * size
        tail = (1 - level) / 2
        low, high = float(betaincinv(a, b, tail)), float(betaincinv(a, b, 1 - tail))
        found.append(
            Shrunk(
                a / (a + b), Interval(low, high, level, "beta_posterior"), own_n / (own_n + size)
            )
        )
    return found


def epsilon(k: Floats, n: Floats) -> Floats:
    """Differential-fairness ε of the favourable outcome (Foulds et al. 2020), smoothed by ½.

    Args:
        k: favoured; draws × groups, or groups alone.
        n: all.

    Returns:
        The largest |log ratio| of two groups' rates, per draw.
    """
    rates = (k + 0.5) / (n + 1)
    found: Floats = np.log(rates.max(axis=-1)) - np.log(rates.min(axis=-1))
    return found


def epsilon_interval(k: Sequence[float], n: Sequence[float], level: float) -> Interval | None:
    """Simultaneous bounds on ε: from the log ratios of all pairs, Bonferroni, smoothed by ½.

    Args:
        k: favoured, per group.
        n: all, per group.
        level: that ε is between the bounds.
    """
    pairs = list(combinations(range(len(k)), 2))
    if not pairs:
        return None
    rates = [(a + 0.5) / (b + 1) for a, b in zip(k, n, strict=True)]
    spreads = [(1 - r) / (r * (b + 1)) for r, b in zip(rates, n, strict=True)]
    limit = quantile(1 - (1 - level) / len(pairs))
    low = high = 0.0
    for i, j in pairs:
        gap = abs(math.log(rates[i] / rates[j]))
        half = limit * math.sqrt(spreads[i] + spreads[j])
        low, high = max(low, gap - half), max(high, gap + half)
    return Interval(low, high, level, "pairwise_log")
