"""When a difference is shown to be small: one rule for every probe.

Two one-sided tests against the margins (Schuirmann 1987), adjusted by the size of the family
(Bonferroni, so that a family of differences at the margin calls one of them small with probability
at most α), and enough units on both sides: a few people, accounts or items that happen to agree
show nothing, however narrow their interval is.
"""

from collections.abc import Iterable

from evaluators.policy import POLICY

MIN_UNITS = int(POLICY.value("min_units"))
"""The fewest units of either side (people, accounts, items, lists, pairs) that show smallness."""


def adjusted(p: float, family: float) -> float:
    """The p-value of equivalence within a family of so many comparisons."""
    return min(1.0, p * max(1.0, family))


def enough(units: Iterable[float | None]) -> bool:
    """Whether every side has the least number of units; a side that is None is not there."""
    return all(side >= MIN_UNITS for side in units if side is not None)


def shown(p: float | None, *, family: float, alpha: float, units: Iterable[float | None]) -> bool:
    """Whether a difference is shown to be small.

    Args:
        p: of the two one-sided tests; None where there are none.
        family: how many comparisons could be called small.
        alpha: the level of the family.
        units: how many independent units stand on each side.
    """
    return p is not None and adjusted(p, family) <= alpha and enough(units)
