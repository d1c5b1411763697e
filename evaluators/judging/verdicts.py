"""The verdict of a finding: one pure rule, exhaustive and exclusive (evaluation.md, section 2)."""

from dataclasses import replace
from typing import Protocol

from evaluators.statistics.intervals import Interval
from registry.findings import Verdict


class Ends(Protocol):
    """An interval: what has a low and a high end."""

    @property
    def low(self) -> float:
        """Its low end; infinite where it is open."""

    @property
    def high(self) -> float:
        """Its high end; infinite where it is open."""


def spans(interval: Ends | tuple[float, float] | None, none: float = 0.0) -> bool:
    """Whether an interval holds the value of "no difference"; False where there is no interval.

    Args:
        interval: of the effect, as it is printed beside the verdict.
        none: the value where there is no difference, on the interval's scale.
    """
    if interval is None:
        return False
    low, high = interval if isinstance(interval, tuple) else (interval.low, interval.high)
    return low <= none <= high


def reaching(
    interval: Interval | None, p_adjusted: float | None, alpha: float, none: float = 0.0
) -> Interval | None:
    """An interval as far as its test goes: one that excludes "no difference" where the test does not.

    Test and interval may be made by different procedures (a score test and a bootstrap, an exact
    test and a formula); the more cautious of the two gives the verdict and is what is printed.

    Args:
        interval: simultaneous over the family; None where there is none.
        p_adjusted: of "no difference" within the family; None where it is not tested.
        alpha: of the family.
        none: the value where there is no difference, on the interval's scale.
    """
    if interval is None:
        return None
    low, high = reached((interval.low, interval.high), p_adjusted, alpha, none)
    return replace(interval, low=low, high=high)


def reached(
    ends: tuple[float, float], p_adjusted: float | None, alpha: float, none: float = 0.0
) -> tuple[float, float]:
    """The same of an interval that is given by its ends.

    Args:
        ends: the low and the high one.
        p_adjusted: see `reaching`.
        alpha: of the family.
        none: the value where there is no difference.
    """
    if p_adjusted is None or p_adjusted < alpha:
        return ends
    return min(ends[0], none), max(ends[1], none)


def judge(
    *,
    evaluable: bool,
    beyond: bool,
    equivalent: bool,
    p_adjusted: float | None,
    alpha: float,
    exact: bool = False,
    spanned: bool = False,
) -> Verdict:
    """Decide what a finding says.

    Args:
        evaluable: the denominators suffice, the rate is defined, the answers are stable.
        beyond: the simultaneous interval lies wholly beyond the line (the exact value, if `exact`).
        equivalent: shown to be small (`equivalence.shown`), the interval wholly inside the margins;
            where no interval is printed the exact value is.
        p_adjusted: adjusted p of "no difference"; None where there is none.
        alpha: the level.
        exact: the value is a fact about a deterministic model; there is no p-value, and what is
            neither beyond the line nor within the margin is a difference.
        spanned: the interval that is printed beside it holds "no difference" (`spans`): one interval
            gives all verdicts, so that a test adjusted step by step (Holm) finds none beside it.
    """
    if not evaluable:
        return Verdict.NOT_EVALUABLE
    if beyond:
        return Verdict.DISPARITY
    if equivalent:
        return Verdict.EQUIVALENT
    if not spanned and (exact or (p_adjusted is not None and p_adjusted < alpha)):
        return Verdict.DIFFERENCE
    return Verdict.INCONCLUSIVE


def judge_exact(
    value: float | None,
    *,
    alert: float,
    equivalence: float,
    interval: Ends | tuple[float, float] | None = None,
) -> Verdict:
    """Hold the exact size of an effect against both lines.

    Args:
        value: the size among those who were asked, without a sign; None when it is not defined.
        alert: beyond it lies a disparity.
        equivalence: up to it the effect is small.
        interval: of the size among people like those who were asked, as it is printed; nothing is
            small that it does not show to be. None where nothing is said beyond those asked.
    """
    size = 0.0 if value is None else abs(value)
    most = size
    if interval is not None:
        most = interval[1] if isinstance(interval, tuple) else interval.high
    return judge(
        evaluable=value is not None,
        beyond=size > alert,
        equivalent=most <= equivalence,
        p_adjusted=None,
        alpha=0.0,
        exact=True,
        spanned=spans(interval),
    )
