"""Estimates held against lines: test, simultaneous interval, equivalence, verdict, numbers.

For statistics that are no rates (means, areas, slopes, ratios of errors) and come with a standard
error. A ratio is judged on the log scale. Intervals and tests use Student's t with the degrees of
freedom that stand behind the error (infinite for a normal statistic).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from scipy.special import ndtr, ndtri, stdtr, stdtrit

from evaluators.judging import equivalence, findings, verdicts
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.statistics import inference
from evaluators.statistics.intervals import Interval
from evaluators.statistics.multiplicity import holm
from registry.findings import Verdict


@dataclass(frozen=True, slots=True)
class Line:
    """What an effect is held against.

    Args:
        kind: `ratio` (judged on the log scale) or `difference`.
        low, high: the lines; beyond them lies a disparity.
        near: the margins of equivalence.
        source: where the lines come from.
        ladder: sizes beyond `high` with the names of their severity.
    """

    kind: Literal["ratio", "difference"]
    low: float
    high: float
    near: tuple[float, float]
    source: str
    ladder: tuple[tuple[float, str], ...] = ()

    def scale(self, value: float) -> float:
        """A value on the scale where it is judged."""
        return math.log(value) if self.kind == "ratio" else value

    def back(self, value: float) -> float:
        """A value on the scale where it is stated."""
        return math.exp(min(value, 700.0)) if self.kind == "ratio" else value

    def rule(self) -> str:
        """The rule in one line, as it stands in a finding."""
        return f"{self.kind} < {self.low:g} or > {self.high:g}"


@dataclass(frozen=True, slots=True)
class Effect:
    """One estimate against its reference, or against a fixed value.

    Args:
        metric: what was measured.
        group, reference: the groups; no reference where the comparison is with a fixed value.
        value: the effect on the scale where it is judged; 0 means no difference.
        error: its standard error.
        df: the degrees of freedom behind the error.
        estimate, reference_estimate: the statistic in the two groups.
        n, n_reference: denominators.
        test: the name of the test.
        statistic, p_given: of a test other than the effect over its error.
        why: set where nothing can be said; names the sentence.
        details: further numbers.
        units: how many independent units stand on each side (Kish's effective number where they
            weigh unequally); those of n where every row is a unit.
    """

    metric: str
    group: str
    reference: str | None
    value: float = 0.0
    error: float = 0.0
    df: float = math.inf
    estimate: float | None = None
    reference_estimate: float | None = None
    n: int = 0
    n_reference: int | None = None
    test: str = ""
    statistic: float | None = None
    p_given: float | None = None
    why: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    units: tuple[float, float | None] | None = None

    @property
    def sides(self) -> tuple[float, float | None]:
        """How many independent units stand on each side."""
        return (self.n, self.n_reference) if self.units is None else self.units

    @property
    def tested(self) -> float | None:
        """The statistic of the test."""
        return self.value / self.error if self.p_given is None and self.error else self.statistic

    @property
    def p_value(self) -> float:
        """Two-sided p of "no difference"."""
        if self.p_given is not None:
            return self.p_given
        return student(self.value / self.error, self.df) if self.error > 0 else 1.0


@dataclass(frozen=True, slots=True)
class Judged:
    """An effect with what follows from it."""

    effect: Effect
    line: Line
    level: float
    family: int
    interval: Interval | None = None
    p_adjusted: float | None = None
    equivalence_p: float | None = None
    mde: float | None = None
    verdict: Verdict = Verdict.NOT_EVALUABLE
    severity: str | None = None


def adjusted(effects: Sequence[Effect], share: int) -> tuple[int, dict[tuple[str, str], float]]:
    """Adjust the p-values of one statistic of one attribute.

    Holm over its comparisons, times the statistics and registered plans that share the family
    (Bonferroni between them), so that what is published of one statistic can be computed again
    without the others.

    Args:
        effects: every comparison that could be reported, each once.
        share: how many statistics, times how many plans.

    Returns:
        The size of the family, and the adjusted p by the names of the two groups, in either order.
    """
    able = [one for one in effects if one.why is None]
    found = holm([one.p_value for one in able]).tolist() if able else []
    named = [(one.group, one.reference or "") for one in able]
    p_adjusted = {
        pair: min(1.0, p * share)
        for (first, second), p in zip(named, found, strict=True)
        for pair in ((first, second), (second, first))
    }
    return len(able) * share, p_adjusted


def judge(
    effect: Effect, line: Line, plan: Plan, *, family: int, p_adjusted: float | None
) -> Judged:
    """Hold an effect against its lines.

    Args:
        effect: the effect.
        line: the lines.
        plan: for α.
        family: the size of the family, over all registered plans.
        p_adjusted: the adjusted p; None where nothing can be said.
    """
    level = 1 - plan.alpha / max(1, family)
    if effect.why is not None or p_adjusted is None:
        return Judged(effect, line, level, family)
    reach = critical(level, effect.df) * effect.error
    ends = effect.value - reach, effect.value + reach
    low, high = verdicts.reached(ends, p_adjusted, plan.alpha)
    alike = two_one_sided(effect, line)
    verdict = verdicts.judge(
        evaluable=True,
        beyond=high < line.scale(line.low) or low > line.scale(line.high),
        equivalent=equivalence.shown(
            alike,
            family=family,
            alpha=plan.alpha,
            units=effect.sides,
            interval=(low, high),
            near=(line.scale(line.near[0]), line.scale(line.near[1])),
        ),
        p_adjusted=p_adjusted,
        alpha=plan.alpha,
        spanned=verdicts.spans((low, high)),
    )
    method = "student_log" if line.kind == "ratio" else "student"
    mde = (critical(level, effect.df) + float(ndtri(POLICY.value("power")))) * effect.error
    return Judged(
        effect, line, level, family,
        Interval(line.back(low), line.back(high), level, method),
        p_adjusted, alike, line.back(mde) - (1 if line.kind == "ratio" else 0), verdict,
        severity(low, high, line) if verdict is Verdict.DISPARITY else None,
    )  # fmt: skip


def two_one_sided(effect: Effect, line: Line) -> float:
    """The larger p of two one-sided t tests that the effect is within the margins (Schuirmann 1987)."""
    low, high = line.scale(line.near[0]), line.scale(line.near[1])
    return inference.two_one_sided(effect.value, effect.error, low=low, high=high, df=effect.df)


def severity(low: float, high: float, line: Line) -> str | None:
    """The highest rung of the ladder that the interval lies wholly beyond."""
    passed = [name for size, name in line.ladder if low > size or high < -size]
    return passed[-1] if passed else None


def critical(level: float, df: float) -> float:
    """The two-sided quantile of Student's t; the normal one for infinite degrees of freedom."""
    tail = 1 - (1 - level) / 2
    return float(ndtri(tail) if math.isinf(df) else stdtrit(df, tail))


def student(value: float, df: float) -> float:
    """The two-sided p of a t statistic."""
    return 2 * _tail(value, df)


def _below(value: float, df: float) -> float:
    return float(ndtr(value) if math.isinf(df) else stdtr(df, value))


def _tail(value: float, df: float) -> float:
    return _below(-abs(value), df)


def numbers(found: Judged, *, family: str) -> dict[str, Any]:
    """The numbers of a finding."""
    one, line = found.effect, found.line
    judged, (low, high) = found.p_adjusted is not None, line.near
    return {
        "group": one.group, "reference_group": one.reference, "n": one.n,
        "n_reference": one.n_reference, "estimate": one.estimate,
        "reference_estimate": one.reference_estimate,
        "effect": {"kind": line.kind, "value": line.back(one.value) if judged else None},
        "ci": found.interval.as_json(simultaneous=True) if found.interval else None,
        "test": {"name": one.test, "statistic": one.tested} if judged else None,
        "p_value": one.p_value if judged else None, "p_adjusted": found.p_adjusted,
        "adjustment": "holm" if judged else None,
        "family": {"id": family, "size": found.family},
        "equivalence": None if found.equivalence_p is None else {
            "low": low, "high": high, "p": found.equivalence_p,
            "p_adjusted": equivalence.adjusted(found.equivalence_p, found.family),
        },
        "units": findings.units("people", *one.sides),
        "mde": found.mde,
        "threshold": {"value": line.high if line.kind == "difference" else line.low,
                      "rule": line.rule(), "source": line.source,
                      **({"lines": dict(_named(line))} if line.ladder else {})},
        "severity": found.severity,
    }  # fmt: skip


def _named(line: Line) -> list[tuple[str, float]]:
    return [(name, size) for size, name in line.ladder]
