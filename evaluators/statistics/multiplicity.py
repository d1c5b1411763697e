"""Many tests at once: adjusted p-values and simultaneous critical values."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def holm(p_values: Sequence[float] | Floats) -> Floats:
    """Holm's step-down adjusted p-values (Holm 1979): family-wise, under any dependence."""
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    factors = np.arange(p.size, 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * factors), 1.0)
    return adjusted


def benjamini_hochberg(p_values: Sequence[float] | Floats) -> Floats:
    """Benjamini and Hochberg's (1995) adjusted p-values: false discovery rate."""
    return _step_up(np.asarray(p_values, dtype=np.float64), 1.0)


def benjamini_yekutieli(p_values: Sequence[float] | Floats) -> Floats:
    """Benjamini and Yekutieli's (2001): false discovery rate under any dependence."""
    p = np.asarray(p_values, dtype=np.float64)
    return _step_up(p, float(np.sum(1.0 / np.arange(1, p.size + 1))))


def _step_up(p: Floats, penalty: float) -> Floats:
    order = np.argsort(p, kind="stable")[::-1]
    factors = penalty * p.size / np.arange(p.size, 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.minimum.accumulate(p[order] * factors), 1.0)
    return adjusted


@dataclass(frozen=True, slots=True)
class MaxT:
    """What max-T says.

    Args:
        p_values: single-hypothesis Monte-Carlo p-values.
        p_adjusted: step-down adjusted p-values, in the order of the hypotheses.
        critical: the single-step critical value of |T| for simultaneous intervals.
        replicates: how many draws.
    """

    p_values: Floats
    p_adjusted: Floats
    critical: float
    replicates: int


def step_down_max_t(observed: Floats, null: Floats, *, alpha: float) -> MaxT:
    """Studentised step-down max-T (Westfall-Young 1993; Romano-Wolf 2005, 2016).

    Args:
        observed: one studentised statistic per hypothesis.
        null: replicates × hypotheses, studentised and centred, drawn jointly.
        alpha: the level of the simultaneous critical value.
    """
    size, draws = np.abs(observed), np.abs(null)
    replicates = draws.shape[0]
    order = np.argsort(-size, kind="stable")
    tails = np.maximum.accumulate(draws[:, order[::-1]], axis=1)[:, ::-1]
    hits = (tails >= size[order]).sum(axis=0)
    adjusted = np.empty_like(size)
    adjusted[order] = np.maximum.accumulate(monte_carlo_p(hits, replicates))
    single = monte_carlo_p((draws >= size).sum(axis=0), replicates)
    rank = min(replicates, int(np.ceil((1 - alpha) * (replicates + 1))))
    critical = float(np.sort(tails[:, 0])[rank - 1])
    return MaxT(single, adjusted, critical, replicates)


def monte_carlo_p(hits: npt.ArrayLike, replicates: int) -> Floats:
    """(1 + hits) / (replicates + 1), which is never zero (Phipson and Smyth 2010)."""
    return (1.0 + np.asarray(hits, dtype=np.float64)) / (replicates + 1.0)


def replicates_needed(hypotheses: int, alpha: float, *, least: int = 2000) -> int:
    """At least 20·m/α draws, so that the smallest adjusted p can fall well below α."""
    return max(least, int(np.ceil(20 * hypotheses / alpha)))
