"""Confidence intervals for rates, differences and ratios of rates, and paired shares.

Where nothing can be said the interval is None; where one side is unbounded the bound is infinite
inside this module and None in a finding.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import scipy
from scipy.special import betaincinv, ndtri


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval.

    Args:
        low, high: the bounds.
        level: the coverage aimed at.
        method: the name of the method.
    """

    low: float
    high: float
    level: float
    method: str

    def as_json(self, *, simultaneous: bool = False) -> dict[str, object]:
        """The interval as it stands in a finding; an unbounded side is None."""
        return {
            "low": self.low if math.isfinite(self.low) else None,
            "high": self.high if math.isfinite(self.high) else None,
            "level": self.level,
            "method": self.method,
            "simultaneous": simultaneous,
        }


def quantile(level: float) -> float:
    """The two-sided normal quantile of a level: 1.96 for 0.95."""
    return float(ndtri(1 - (1 - level) / 2))


def wilson(k: float, n: float, level: float = 0.95) -> Interval | None:
    """Wilson's score interval for a rate (Wilson 1927)."""
    if n <= 0:
        return None
    z2 = quantile(level) ** 2
    centre = (k + z2 / 2) / (n + z2)
    half = math.sqrt(z2 * (k * (n - k) / n + z2 / 4)) / (n + z2)
    low = 0.0 if k == 0 else max(0.0, centre - half)
    high = 1.0 if k == n else min(1.0, centre + half)
    return Interval(low, high, level, "wilson")


def clopper_pearson(k: float, n: float, level: float = 0.95) -> Interval | None:
    """The exact interval for a rate (Clopper and Pearson 1934); one-sided bounds share its tails."""
    if n <= 0:
        return None
    tail = (1 - level) / 2
    low = 0.0 if k == 0 else float(betaincinv(k, n - k + 1, tail))
    high = 1.0 if k == n else float(betaincinv(k + 1, n - k, 1 - tail))
    return Interval(low, high, level, "clopper_pearson")


def newcombe(k1: float, n1: float, k2: float, n2: float, level: float = 0.95) -> Interval | None:
    """Newcombe's hybrid score interval for p1 - p2 (Newcombe 1998, method 10)."""
    first, second = wilson(k1, n1, level), wilson(k2, n2, level)
    if first is None or second is None:
        return None
    p1, p2 = k1 / n1, k2 / n2
    low = p1 - p2 - math.hypot(p1 - first.low, second.high - p2)
    high = p1 - p2 + math.hypot(first.high - p1, p2 - second.low)
    return Interval(low, high, level, "newcombe")


def katz_log(k1: float, n1: float, k2: float, n2: float, level: float = 0.95) -> Interval | None:
    """Katz's log interval for p1 / p2 (Katz et al. 1978); None when a count is zero."""
    if min(k1, k2) <= 0 or min(n1, n2) <= 0:
        return None
    half = quantile(level) * math.sqrt(max(0.0, 1 / k1 - 1 / n1 + 1 / k2 - 1 / n2))
    ratio = (k1 / n1) / (k2 / n2)
    return Interval(ratio * math.exp(-half), ratio * math.exp(half), level, "katz_log")


def ratio_score(k1: float, n1: float, k2: float, n2: float, ratio: float) -> float:
    """Koopman's signed score statistic for the hypothesis p1 / p2 = ratio.

    The restricted estimate solves Koopman's (1984) quadratic; the statistic is the form of
    Miettinen and Nurminen (1985) without their n/(n-1).
    """
    p2 = _restricted(k1, n1, k2, n2, ratio)
    p1 = min(1.0, ratio * p2)
    gap = k1 / n1 - ratio * k2 / n2
    variance = p1 * (1 - p1) / n1 + ratio**2 * p2 * (1 - p2) / n2
    if variance <= 0:
        return 0.0 if abs(gap) < 1e-12 else math.copysign(math.inf, gap)
    return gap / math.sqrt(variance)


def _restricted(k1: float, n1: float, k2: float, n2: float, ratio: float) -> float:
    """The estimate of p2 when p1 = ratio · p2 is given."""
    a = ratio * (n1 + n2)
    b = -(ratio * (n1 + k2) + k1 + n2)
    c = k1 + k2
    square = b * b - 4 * a * c
    sum_of_roots = math.sqrt(square) - b if square > 0.0 else -b
    largest = 1.0 / ratio if ratio > 1 else 1.0
    root = 2 * c / sum_of_roots if sum_of_roots > 0 else 0.0
    return min(largest, root)


def koopman(k1: float, n1: float, k2: float, n2: float, level: float = 0.95) -> Interval | None:
    """Koopman's asymptotic score interval for p1 / p2 (Koopman 1984).

    Defined for zero counts: with k2 = 0 the upper bound is infinite, with k1 = 0 the lower is 0;
    with both zero nothing can be said.
    """
    if min(n1, n2) <= 0 or k1 + k2 == 0:
        return None
    z = quantile(level)
    point = (k1 / n1) / (k2 / n2) if k2 else math.inf
    low = 0.0 if k1 == 0 else _cross(k1, n1, k2, n2, target=z, point=point, upward=False)
    high = math.inf if k2 == 0 else _cross(k1, n1, k2, n2, target=-z, point=point, upward=True)
    return Interval(low, high, level, "koopman")


def _cross(
    k1: float, n1: float, k2: float, n2: float, *, target: float, point: float, upward: bool
) -> float:
    """Where the score statistic, falling in the ratio, meets `target` on one side of the point."""

    def gap(log_ratio: float) -> float:
        score = ratio_score(k1, n1, k2, n2, math.exp(log_ratio))
        return max(-1e6, min(1e6, score)) - target

    if 0 < point < math.inf and k1 < n1 and k2 < n2:
        found = _secant(gap, k1, n1, k2, n2, target=target)
        if found is not None and (found > math.log(point)) == upward:
            return math.exp(found)
    start = math.log(point) if 0 < point < math.inf else 0.0
    step = 0.25 if upward else -0.25
    inner, outer = start, start + step
    if not 0 < point < math.inf:  # no finite point: begin far outside and walk in
        inner = -60.0 if upward else 60.0
        outer = inner + step
    while abs(outer) < 80 and (gap(outer) > 0) == upward:
        inner, outer, step = outer, outer + step, step * 1.5
    if (gap(outer) > 0) == upward:
        return math.inf if upward else 0.0
    if gap(inner) == 0:
        return math.exp(inner)
    return math.exp(float(scipy.optimize.brentq(gap, inner, outer, xtol=1e-13, rtol=1e-13)))


def _secant(
    gap: Callable[[float], float], k1: float, n1: float, k2: float, n2: float, *, target: float
) -> float | None:
    """The root of a nearly straight, falling function, from Katz's bound; None if it strays."""
    start = math.log((k1 / n1) / (k2 / n2))
    half = target * math.sqrt(max(0.0, 1 / k1 - 1 / n1 + 1 / k2 - 1 / n2))
    if half == 0:
        return None
    before, value_before, now = start, -target, start - half
    for _ in range(12):
        value = gap(now)
        if value == value_before:
            return None
        step = value * (now - before) / (value - value_before)
        before, value_before, now = now, value, now - step
        if abs(step) <= 1e-13:
            return now
        if not abs(now - start) < 3 * abs(half):
            return None
    return None
