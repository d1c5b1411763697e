"""Families of results about prices and offers: adjusted together, judged, written down."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import scipy

from evaluators.judging import equivalence, findings
from evaluators.judging.findings import draft
from evaluators.judging.verdicts import judge, reached, spans
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.prices import price_lines
from evaluators.prices.price_lines import SAME
from evaluators.prices.uncompared import EVERY_ROW, Uncompared
from evaluators.probe import ProbeSpec
from evaluators.statistics import inference
from evaluators.statistics.multiplicity import holm
from registry.findings import Finding, Verdict
from registry.language import Text


@dataclass(frozen=True, slots=True)
class Line:
    """What an effect is held against.

    Args:
        low, high: beyond them the effect exceeds the line; infinite where there is no line.
        margins: within them it is small.
        threshold: as it stands in the finding.
        severity: names the highest line that an interval lies beyond.
        none: the effect where there is no difference.
    """

    low: float
    high: float
    margins: tuple[float, float]
    threshold: Mapping[str, Any] | None
    severity: Callable[[float, float], str | None]
    none: float = 0.0

    def beyond(self, low: float, high: float) -> bool:
        """Whether an interval lies wholly beyond the line."""
        return low > self.high or high < self.low


_MARGIN = price_lines.log_line(price_lines.EQUIVALENCE)
PRICE = Line(
    -price_lines.log_line(price_lines.ALERT), price_lines.log_line(price_lines.ALERT),
    (-_MARGIN, _MARGIN), price_lines.threshold(), price_lines.severity,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """One measured effect, before multiplicity and verdict.

    Args:
        metric, slice, group, reference, n, n_reference: as in a finding.
        line: what it is held against.
        kind: of the effect.
        value: the effect.
        low, high: its simultaneous interval.
        p: unadjusted.
        units: of what there are so many on each side, and what else must be enough.
        test: name and statistic of the test.
        method: of the interval.
        small: the p-value of the equivalence test; None where small can't be shown.
        estimate, reference_estimate: the statistic in the group and in the reference.
        mde: the planned minimum detectable effect.
        problem: why there is nothing to say.
        shuffled: whether p is of labels shuffled, and holds where no account differs from another.
        told: whether it may count as beyond the line at all (a noise band may forbid it).
        details: of the probe's own schema.
        gone: the rows that the comparison leaves out.
    """

    metric: str
    slice: Mapping[str, str]
    group: str
    reference: str
    n: int
    n_reference: int
    line: Line
    kind: str = "log_ratio"
    value: float | None = None
    low: float = -math.inf
    high: float = math.inf
    p: float | None = None
    test: tuple[str, float] | None = None
    method: str = ""
    small: float | None = None
    estimate: float | None = None
    reference_estimate: float | None = None
    mde: float | None = None
    problem: str | None = None
    told: bool = True
    shuffled: bool = False
    units: Mapping[str, Any] | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    gone: Uncompared = EVERY_ROW


@dataclass(frozen=True, slots=True)
class Judged:
    """A result with what follows from it."""

    result: Result
    adjusted: float | None
    verdict: Verdict
    family: int = 1

    @property
    def small(self) -> float | None:
        """The p-value of equivalence, within its family."""
        p = self.result.small
        return None if p is None else equivalence.adjusted(p, self.family)

    @property
    def small_but_real(self) -> bool:
        """Whether what is shown to be small is shown to be there: its interval does not hold none."""
        known = math.isfinite(self.result.low) and math.isfinite(self.result.high)
        apart = not spans((self.result.low, self.result.high), self.result.line.none)
        return self.verdict is Verdict.EQUIVALENT and known and apart


def settle(results: Sequence[Result], *, size: int, alpha: float) -> list[Judged]:
    """Holm over a family; what could not be tested still counts.

    Args:
        results: of one family.
        size: of the family, over all registered plans.
        alpha: the family-wise level.
    """
    tested = [i for i, r in enumerate(results) if r.p is not None and r.problem is None]
    spare = [1.0] * max(0, size - len(tested))
    p_values = [results[i].p or 0.0 for i in tested]
    adjusted = dict(zip(tested, holm([*p_values, *spare]).tolist(), strict=False))
    return [decide(r, adjusted.get(i), alpha, size=size) for i, r in enumerate(results)]


def decide(result: Result, adjusted: float | None, alpha: float, *, size: int) -> Judged:
    """The verdict, by an interval that reaches as far as the test (a rank test may disagree).

    Args:
        result: what was measured.
        adjusted: its p-value within the family.
        alpha: the family-wise level.
        size: of the family: so many differences could be called small.
    """
    units = result.units or findings.units("accounts", result.n, result.n_reference)
    # Without an interval a shuffle alone tells them apart, where it found no other such labelling.
    apart = result.shuffled and result.value not in (None, result.line.none) and _still(result)
    result = _bounded(result)
    low, high = reached((result.low, result.high), adjusted, alpha, result.line.none)
    result = replace(result, low=low, high=high)
    small = equivalence.passed(result.small, family=size, alpha=alpha, units=findings.sides(units))
    if small and result.value is not None and not math.isfinite(result.high - result.low):
        low, high = unvaried(result.value, min(findings.sides(units)), alpha / size)
        result = replace(result, low=low, high=high, method=UNVARIED)
    verdict = judge(
        evaluable=result.problem is None and result.value is not None,
        beyond=result.told and result.line.beyond(result.low, result.high),
        equivalent=small
        and not result.gone.uneven
        and equivalence.inside((result.low, result.high), result.line.margins),
        p_adjusted=adjusted,
        alpha=alpha,
        spanned=spans((result.low, result.high), result.line.none) and not apart,
    )
    return Judged(replace(result, units=units), adjusted, verdict, size)


def _bounded(result: Result) -> Result:
    """The result without an interval of no width, which bounds nobody who was not drawn."""
    if _still(result) and not result.line.beyond(result.low, result.high):
        return replace(result, low=-math.inf, high=math.inf)
    return result


def _still(result: Result) -> bool:
    return result.high - result.low <= 2 * SAME


def finding(
    spec: ProbeSpec, judged: Judged, *, plan: Plan, family: str, size: int, reading: Text,
    limit: Text, adjustment: str = "Holm",
) -> Finding:  # fmt: skip
    """A judged result as a finding."""
    result, sound = judged.result, judged.verdict is not Verdict.NOT_EVALUABLE
    bounded = sound and (math.isfinite(result.low) or math.isfinite(result.high))
    bounded = bounded and not _still(result)
    margins = result.line.margins
    said = result.gone.said if sound else Text("", "")
    return draft(
        spec,
        result.metric,
        slice_=result.slice,
        group=result.group or None,
        reference_group=result.reference or None,
        n=result.n,
        n_reference=result.n_reference,
        estimate=result.estimate,
        reference_estimate=result.reference_estimate,
        effect={"kind": result.kind, "value": result.value if sound else None},
        ci={"low": _finite(result.low), "high": _finite(result.high), "level": 1 - plan.alpha,
            "method": result.method, "simultaneous": True} if bounded else None,
        test={"name": result.test[0], "statistic": _finite(result.test[1])} if result.test and sound else None,
        p_value=result.p if sound else None,
        p_adjusted=judged.adjusted if sound else None,
        adjustment=adjustment,
        family={"id": family, "size": size},
        equivalence=None if result.small is None or not sound
        else {"low": margins[0], "high": margins[1], "p": result.small,
              "p_adjusted": judged.small},
        units=result.units,
        mde=result.mde,
        threshold=result.line.threshold,
        verdict=judged.verdict,
        severity=result.line.severity(result.low, result.high)
        if judged.verdict is Verdict.DISPARITY else None,
        defences=tuple(dict.fromkeys(str(defence["kind"]) for defence in plan.defences)),
        details=dict(result.details),
        left_out=result.gone.left_out if sound else {},
        reading=Text(reading.zh + said.zh, (reading.en.rstrip() if said.en else reading.en) + said.en),
        limit=limit,
    )  # fmt: skip


def within(
    value: float, error: float, freedom: int, margins: tuple[float, float], *, accounts: int
) -> float:
    """The p-value of equivalence of a price among accounts that were drawn.

    Where none of them varies there is no error to go by: of thirty accounts none differs in a fifth
    of the audits of a price that is 30 % dearer for one account in twenty. The p-value is then that of
    meeting no account that differs although more than the policy's share (1 %) do: (1 - share)ⁿ; with
    299 accounts on a side it is under .05, as in the clean bill (`price_spread.pairs_needed`). A
    share of 1 % moves the mean by no more than the margin unless the price of those doubles.

    Args:
        value: the difference of log prices.
        error: its standard error; up to `SAME` it is a sum's last bits.
        freedom: degrees of freedom behind the error.
        margins: within them the difference is small.
        accounts: on the side that has fewer; pairs, where they are matched.
    """
    if not error <= SAME:
        return inference.two_one_sided(value, error, low=margins[0], high=margins[1], df=freedom)
    inside = margins[0] - SAME <= value <= margins[1] + SAME
    return float((1 - price_lines.SHARE_BEYOND) ** accounts) if inside else 1.0


UNVARIED = "no account drawn differs: exact bound of the share that does, none by more than double"


def unvaried(value: float, accounts: float, alpha: float) -> tuple[float, float]:
    """The interval of a mean log-ratio among accounts of which none that was drawn differs.

    At most 1 - α^(1/n) of the others do (Clopper and Pearson 1934, none of n); as in `within`, none
    of them pays more than double or less than half.

    Args:
        value: the difference of log prices.
        accounts: on the side that has fewer; pairs, where they are matched.
        alpha: of the interval, within its family.
    """
    half = (1 - alpha ** (1 / accounts)) * math.log(2)
    return value - half, value + half


def detectable(error: float, critical: float, freedom: int) -> float | None:
    """The effect that this error and critical value find with the policy's power."""
    if error <= SAME or freedom < 1:
        return None
    return (critical + float(scipy.stats.t.ppf(POLICY.value("power"), freedom))) * error


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
