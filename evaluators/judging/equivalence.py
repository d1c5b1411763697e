"""When a difference is shown to be small: one rule for every probe.

Two one-sided tests against the margins (Schuirmann 1987), adjusted by the size of the family
(Bonferroni, so that a family of differences at the margin calls one of them small with probability
at most α), the interval that is printed beside the verdict wholly inside the margins, and enough
units on both sides: a few people, accounts or items that happen to agree show nothing, however
narrow their interval is.
"""

from collections.abc import Iterable

from evaluators.judging.verdicts import Ends
from evaluators.policy import POLICY

MIN_UNITS = int(POLICY.value("min_units"))
"""The fewest units of either side (people, accounts, items, lists, pairs) that show smallness."""


def adjusted(p: float, family: float) -> float:
    """The p-value of equivalence within a family of so many comparisons."""
    return min(1.0, p * max(1.0, family))


def enough(units: Iterable[float | None]) -> bool:
    """Whether every side has the least number of units; a side that is None is not there."""
    return all(side >= MIN_UNITS for side in units if side is not None)


def inside(interval: Ends | tuple[float, float] | None, near: tuple[float, float]) -> bool:
    """Whether an interval lies wholly inside the margins, an end on a margin included.

    Args:
        interval: of the effect, as it is printed beside the verdict; None is inside of nothing.
        near: the margins, on the interval's scale; infinite on a side without one.
    """
    if interval is None:
        return False
    low, high = interval if isinstance(interval, tuple) else (interval.low, interval.high)
    return near[0] <= low and high <= near[1]


def passed(p: float | None, *, family: float, alpha: float, units: Iterable[float | None]) -> bool:
    """Whether the two tests pass, on enough units; what is *equivalent* has its interval inside too.

    Args:
        p: of the two one-sided tests; None where there are none.
        family: how many comparisons could be called small.
        alpha: the level of the family.
        units: how many independent units stand on each side.
    """
    return p is not None and adjusted(p, family) <= alpha and enough(units)


def shown(
    p: float | None,
    *,
    family: float,
    alpha: float,
    units: Iterable[float | None],
    interval: Ends | tuple[float, float] | None,
    near: tuple[float, float],
) -> bool:
    """Whether a difference is shown to be small.

    The tests leave α on each side, the printed interval half of it: what passes the tests by a hair
    has an interval that reaches over a margin, and one interval gives all verdicts.

    Args:
        p: of the two one-sided tests; None where there are none.
        family: how many comparisons could be called small.
        alpha: the level of the family.
        units: how many independent units stand on each side.
        interval: of the effect, as it is printed beside the verdict.
        near: the margins, on the interval's scale.
    """
    return passed(p, family=family, alpha=alpha, units=units) and inside(interval, near)
