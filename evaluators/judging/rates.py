"""Rates of groups compared: reference, family, tests, simultaneous intervals, equivalence, verdict.

A ratio is group over reference. Without a declared reference it is the best-off group with a
sufficient denominator. That choice looks at the data, so the family then holds all pairs of
groups: what is valid for every pair at once is valid for the pair the data chose.

One directional line per statistic is crossed with probability at most α/2 per comparison; the
line of the difference and the line of the ratio together stay within α, at the family's level.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any

from scipy.special import ndtr

from evaluators.accumulating import weights
from evaluators.judging import equivalence, findings, verdicts
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.statistics import inference, intervals
from evaluators.statistics.inference import Test
from evaluators.statistics.intervals import Interval
from evaluators.statistics.multiplicity import holm
from registry.findings import Verdict


@dataclass(frozen=True, slots=True)
class Group:
    """One group's rate.

    Args:
        name: its level.
        k, n: how many of how many.
        spread: the design effect of repeated units and of weights: variance over the binomial
            variance of n rows, at least 1.
        units: how many distinct units the rows belong to.
        mass: weighted k and n, where rows have weights; the rate is theirs.
        kish: Kish's (1965) effective number of units, where they weigh unequally.
    """

    name: str
    k: int
    n: int
    spread: float = 1.0
    units: int | None = None
    mass: tuple[float, float] | None = None
    kish: float | None = None

    @property
    def rate(self) -> float | None:
        """The rate; None without a denominator, never 0."""
        if self.mass is not None and self.n:
            return self.mass[0] / self.mass[1]
        return self.k / self.n if self.n else None

    @property
    def people(self) -> int:
        """How many independent units stand behind the rate."""
        return self.n if self.units is None else self.units

    @property
    def effective_people(self) -> float:
        """As many units of equal weight would say as much: never more than there are."""
        return self.people if self.kish is None else min(float(self.people), self.kish)

    def enough(self, plan: Plan) -> bool:
        """Whether there are enough units of equal weight to judge."""
        return weights.enough([self.effective_people], plan.min_n)

    def effective(self) -> tuple[float, float]:
        """Counts deflated by the design effect (Rao and Scott 1992)."""
        if self.mass is not None:
            return (self.rate or 0.0) * self.n / self.spread, self.n / self.spread
        return self.k / self.spread, self.n / self.spread

    def interval(self, level: float) -> Interval | None:
        """Wilson's interval."""
        return intervals.wilson(*self.effective(), level)


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines a comparison is held against.

    Args:
        ratio: lower and upper line of the ratio.
        difference: the line of the difference in either direction; None if there is none.
        equivalence: the margin of the ratio within which the groups are shown to be alike.
        source: where the lines come from.
    """

    ratio: tuple[float, float]
    difference: float | None
    equivalence: tuple[float, float]
    source: str

    def rule(self) -> str:
        """The rule in one line, as it stands in a finding."""
        low, high = self.ratio
        said = f"ratio < {low:g} or > {high:g}"
        return (
            said
            if self.difference is None
            else f"{said}, or difference beyond ±{self.difference:g}"
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """One group held against its reference; `why` is set where nothing can be said."""

    group: Group
    reference: Group
    level: float
    ratio: float | None = None
    difference: float | None = None
    ratio_ci: Interval | None = None
    difference_ci: Interval | None = None
    test: Test | None = None
    p_adjusted: float | None = None
    equivalence_p: float | None = None
    mde: float | None = None
    family: int = 1
    verdict: Verdict = Verdict.NOT_EVALUABLE
    why: str | None = None


def reference(
    groups: Sequence[Group],
    declared: str | None,
    plan: Plan,
    *,
    high: bool,
    untold: Collection[str] = (),
) -> Group | None:
    """The reference group: the declared one, else the best-off with a sufficient denominator.

    The best-off of those that are told: which of two hidden groups fares better is theirs alone.
    Where all are hidden, the largest.

    Args:
        groups: all groups.
        declared: the plan's reference group.
        plan: for the least denominator.
        high: whether a high rate is good for the person.
        untold: the groups that are hidden in the report (see `Run`).
    """
    if declared is not None:
        return next((group for group in groups if group.name == declared), None)
    enough = [group for group in groups if group.enough(plan)]
    sign = 1 if high else -1
    told = [group for group in enough if group.name not in untold]
    if not told:
        return max(enough, key=lambda g: (g.n, g.name), default=None)
    return max(told, key=lambda g: (sign * (g.rate or 0.0), g.n, g.name))


def together(found: Sequence[Group]) -> Group:
    """Everyone."""
    masses = [g.mass for g in found if g.mass is not None]
    mass = (sum(m[0] for m in masses), sum(m[1] for m in masses)) if masses else None
    return Group("*", sum(g.k for g in found), sum(g.n for g in found), mass=mass)


def family_size(groups: Sequence[Group], declared: str | None, plan: Plan) -> int:
    """How many comparisons stand in the family.

    With a declared reference one per other group, else all pairs.
    """
    enough = [group for group in groups if group.enough(plan)]
    if declared is None:
        return math.comb(len(enough), 2)
    return sum(group.name != declared for group in enough)


def compare(
    groups: Sequence[Group],
    against: Group,
    lines: Lines,
    plan: Plan,
    *,
    family: int,
    pairs: Mapping[tuple[str, str], float],
) -> list[Comparison]:
    """Compare every group with the reference.

    Args:
        groups: all groups, the reference among them.
        against: the reference.
        lines: what the comparison is held against.
        plan: alpha and the least denominator.
        family: the size of the family, over all registered plans.
        pairs: adjusted p-values of the family's pairs, by the two names (see `adjusted`).
    """
    pooled = together(groups).rate or 0.0
    found = []
    for group in groups:
        if group.name == against.name:
            continue
        why = _why_not(group, against, plan)
        level = 1 - plan.alpha / max(1, family)
        if why is not None:
            found.append(Comparison(group, against, level, why=why, family=family))
            continue
        p_adjusted = pairs[pair(group.name, against.name)]
        found.append(
            _compared(
                group, against, lines, plan, family=family, pooled=pooled, p_adjusted=p_adjusted
            )
        )
    return found


def _why_not(group: Group, against: Group, plan: Plan) -> str | None:
    for side, one in (("group", group), ("reference", against)):
        if not one.enough(plan):
            return f"{side}_small" if one.people < plan.min_n else f"{side}_uneven"
    nobody = group.rate in {None, 0.0} and against.rate in {None, 0.0}
    return "undefined" if nobody else None


def _compared(
    group: Group,
    against: Group,
    lines: Lines,
    plan: Plan,
    *,
    family: int,
    pooled: float,
    p_adjusted: float,
) -> Comparison:
    level = 1 - plan.alpha / max(1, family)
    counts = (*group.effective(), *against.effective())
    held = partial(verdicts.reaching, p_adjusted=p_adjusted, alpha=plan.alpha)
    ratio_ci = held(intervals.koopman(*counts, level), none=1.0)
    difference_ci = held(intervals.newcombe(*counts, level))
    low, high = lines.equivalence
    alike = inference.tost_ratio(*counts, low=low, high=high)
    rates = (group.rate or 0.0, against.rate or 0.0)
    mde = inference.detectable_difference(
        counts[1], counts[3], rate=pooled, alpha=1 - level, power=POLICY.value("power")
    )
    return Comparison(
        group, against, level,
        ratio=rates[0] / rates[1] if rates[1] else None,
        difference=rates[0] - rates[1],
        ratio_ci=ratio_ci, difference_ci=difference_ci,
        test=two_groups(group, against), p_adjusted=p_adjusted, equivalence_p=alike,
        mde=mde / pooled if mde is not None and pooled else None, family=family,
        verdict=verdicts.judge(
            evaluable=True,
            beyond=beyond(ratio_ci, difference_ci, lines),
            equivalent=equivalence.shown(
                alike, family=family, alpha=plan.alpha, units=sides(group, against),
                interval=ratio_ci, near=lines.equivalence,
            ),
            p_adjusted=p_adjusted, alpha=plan.alpha, spanned=verdicts.spans(ratio_ci, 1.0),
        ),
    )  # fmt: skip


def sides(group: Group, against: Group) -> tuple[float, float]:
    """How many units stand on each side of a comparison."""
    return group.effective_people, against.effective_people


def beyond(ratio: Interval | None, difference: Interval | None, lines: Lines) -> bool:
    """Whether an interval lies wholly beyond one of its lines."""
    if ratio is not None and (ratio.high < lines.ratio[0] or ratio.low > lines.ratio[1]):
        return True
    if lines.difference is None or difference is None:
        return False
    return difference.low > lines.difference or difference.high < -lines.difference


def two_groups(group: Group, against: Group) -> Test:
    """The test that two rates are equal; with repeated units Rao and Scott's adjusted χ²."""
    if group.spread == against.spread == 1.0 and group.mass is None:
        return inference.two_rates(group.k, group.n, against.k, against.n)
    (k1, n1), (k2, n2) = group.effective(), against.effective()
    pooled = (k1 + k2) / (n1 + n2)
    error = math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
    z = (k1 / n1 - k2 / n2) / error if error else 0.0
    return Test("rao_scott", z * z, float(2 * ndtr(-abs(z))))


def adjusted(
    families: Sequence[tuple[Sequence[Group], str | None]], plan: Plan, plans: int
) -> list[dict[tuple[str, str], float]]:
    """Holm-adjusted p-values over one family that may span several rates of the same attribute.

    Args:
        families: per rate its groups and the declared reference.
        plan: the least denominator.
        plans: registered plans that share the family; their hypotheses count as its members.

    Returns:
        Per rate: pair of names → adjusted p.
    """
    keys: list[tuple[int, tuple[str, str]]] = []
    p_values: list[float] = []
    for place, (groups, declared) in enumerate(families):
        enough = [group for group in groups if group.enough(plan)]
        for first, second in combinations(enough, 2):
            if declared is None or declared in {first.name, second.name}:
                keys.append((place, pair(first.name, second.name)))
                p_values.append(two_groups(first, second).p_value)
    found: list[dict[tuple[str, str], float]] = [{} for _ in families]
    for (place, key), p in zip(keys, holm(p_values) if p_values else [], strict=True):
        found[place][key] = min(1.0, float(p) * plans)
    return found


def pair(first: str, second: str) -> tuple[str, str]:
    """The key of two groups, in either order."""
    return (first, second) if first < second else (second, first)


def numbers(
    found: Comparison, *, lines: Lines, family: str, adjustment: str = "holm"
) -> dict[str, Any]:
    """The comparison as the numbers of a finding about the ratio."""
    ci = found.ratio_ci
    low, high = lines.equivalence
    return {
        "group": found.group.name, "reference_group": found.reference.name,
        "n": found.group.n, "n_reference": found.reference.n,
        "estimate": found.group.rate, "reference_estimate": found.reference.rate,
        "effect": {"kind": "ratio", "value": found.ratio},
        "ci": ci.as_json(simultaneous=True) if ci else None,
        "test": {"name": found.test.name, "statistic": found.test.statistic} if found.test else None,
        "p_value": found.test.p_value if found.test else None,
        "p_adjusted": found.p_adjusted,
        "adjustment": adjustment if found.p_adjusted is not None else None,
        "family": {"id": family, "size": found.family},
        "equivalence": None if found.equivalence_p is None else {
            "low": low, "high": high, "p": found.equivalence_p,
            "p_adjusted": equivalence.adjusted(found.equivalence_p, found.family),
        },
        "units": findings.units("people", *sides(found.group, found.reference)),
        "mde": found.mde,
        "threshold": {"value": lines.ratio[0], "rule": lines.rule(), "source": lines.source},
    }  # fmt: skip
