"""Groups compared over all and within strata of control features, in one family per attribute."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np

from evaluators.accumulating import weights
from evaluators.accumulating.accumulators import Cells, Key
from evaluators.judging import equivalence, rates, verdicts
from evaluators.judging.parity import groups
from evaluators.judging.rates import Comparison, Group, Lines
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.probe import UNIT
from evaluators.statistics.intervals import quantile
from evaluators.statistics.multiplicity import holm
from evaluators.statistics.stratified import (
    Counts,
    Heterogeneity,
    Strata,
    breslow_day_tarone,
    ratios_differ,
)

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Pooled:
    """A group against its reference within strata, as one ratio.

    Args:
        comparison: the ratio with its test, interval and verdict; `why` where there is none.
        standardised: both rates with the strata weighted alike.
        heterogeneity: whether the strata could share one risk ratio.
        odds: whether they could share one odds ratio.
        share: of the group's rows in strata where the reference occurs too.
        strata: in how many strata both occur.
    """

    comparison: Comparison
    standardised: tuple[float, float] | None = None
    heterogeneity: Heterogeneity | None = None
    odds: Heterogeneity | None = None
    share: float | None = None
    strata: int = 0


@dataclass(frozen=True)
class Compared:
    """One attribute over all and within strata.

    Args:
        groups: all groups over all rows.
        against: the reference; None if there is none.
        overall: every other group over all rows.
        pooled: group → within strata.
        strata: group → stratum → the comparison there; only where both groups are large enough.
        size: of the family, over all registered plans.
        modelled: group → adjusted p of the declared model's coefficient.
    """

    groups: Sequence[Group]
    against: Group | None = None
    overall: Sequence[Comparison] = ()
    pooled: Mapping[str, Pooled] = field(default_factory=dict)
    strata: Mapping[str, Mapping[Key, Comparison]] = field(default_factory=dict)
    size: int = 1
    modelled: Mapping[str, float] = field(default_factory=dict)


@dataclass
class Conditions:
    """One attribute's counts, and what follows from them.

    Args:
        attribute: the sensitive feature.
        named: its declared reference.
        overall: counts by attribute (and unit).
        joint: counts by attribute, controls (and unit); None where the strata can't be formed.
        plan: alpha and the least denominator.
        lines: what ratios are held against.
        untold: the attribute's groups that are hidden in the report.
    """

    attribute: str
    named: str | None
    overall: Cells
    joint: Cells | None
    plan: Plan
    lines: Lines
    untold: Collection[str] = ()

    def compared(self, plans: int, modelled: Mapping[str, float]) -> Compared:
        """Every comparison, adjusted together.

        Args:
            plans: registered plans that share the family.
            modelled: group → p of the declared model's coefficient, part of the same family.
        """
        every = groups(self.overall, self.attribute, "favoured", ("n",))
        against = rates.reference(every, self.named, self.plan, high=True, untold=self.untold)
        if against is None or len(every) < 2:
            return Compared(every)
        self._divide()
        pairs = self._pairs(every)
        tests: dict[tuple[object, str, str], float] = {
            ("overall", *pair): rates.two_groups(one, other).p_value for pair, one, other in pairs
        }
        for (low, high), one, other in pairs:
            strata = self._strata(one.name, other.name)
            if strata is not None and self._enough(strata):
                tests["pooled", low, high] = strata.test().p_value
            for key, first, second in self._large(one.name, other.name):
                tests[key, low, high] = rates.two_groups(first, second).p_value
        tests |= {("model", level, ""): p for level, p in modelled.items()}
        adjusted = [min(1.0, p * plans) for p in holm(list(tests.values())).tolist()]
        self.adjusted = dict(zip(tests, adjusted, strict=True))
        size = max(1, len(tests)) * plans
        others = [group for group in every if group.name != against.name]
        return Compared(
            every, against,
            self._held(every, against, "overall", size),
            {group.name: self._pooled(group, against, size) for group in others},
            {group.name: dict(self._within(group, against, size)) for group in others},
            size, {level: self.adjusted["model", level, ""] for level in modelled},
        )  # fmt: skip

    def _divide(self) -> None:
        """The groups of every stratum, and the counts behind them."""
        parts: dict[Key, dict[Key, tuple[int, ...]]] = {}
        clustered = UNIT in self.overall.keys
        for key, row in self.joint.table.items() if self.joint else ():
            stratum = key[1:-1] if clustered else key[1:]
            parts.setdefault(stratum, {})[(key[0], key[-1]) if clustered else key[:1]] = row
        keys = (self.attribute, UNIT) if clustered else (self.attribute,)
        self.parts = {key: parts[key] for key in sorted(parts, key=str)}
        self.by_stratum = {
            key: {g.name: g for g in groups(Cells(keys, ("n", "favoured"), part), self.attribute, "favoured", ("n",))}
            for key, part in self.parts.items()
        }  # fmt: skip

    def _pairs(self, every: Sequence[Group]) -> list[tuple[Pair, Group, Group]]:
        enough = [group for group in every if group.enough(self.plan)]
        return [
            (rates.pair(one.name, other.name), one, other)
            for one, other in combinations(enough, 2)
            if self.named is None or self.named in {one.name, other.name}
        ]

    def _both(self, one: str, other: str) -> list[Key]:
        return [
            key for key, found in self.by_stratum.items()
            if one in found and other in found and found[one].n and found[other].n
        ]  # fmt: skip

    def _large(self, one: str, other: str) -> Iterator[tuple[Key, Group, Group]]:
        """The strata in which both groups are large enough for a verdict of their own."""
        for key in self._both(one, other):
            first, second = self.by_stratum[key][one], self.by_stratum[key][other]
            if first.enough(self.plan) and second.enough(self.plan) and first.k + second.k:
                yield key, first, second

    def _strata(self, one: str, other: str) -> Strata | None:
        keys = self._both(one, other)
        if not keys:
            return None
        found = [(self.by_stratum[key][one], self.by_stratum[key][other]) for key in keys]
        k1, n1, k0, n0 = np.array([(a.k, a.n, b.k, b.n) for a, b in found], dtype=np.float64).T
        if UNIT not in self.overall.keys:
            return Strata(k1, n1, k0, n0)
        rows, units, places = [], [], []
        for place, key in enumerate(keys):
            for (name, unit), (n, k) in self.parts[key].items():
                if name in {one, other} and n:
                    rows.append((k, n, 0, 0) if name == one else (0, 0, k, n))
                    units.append(str(unit))
                    places.append(place)
        split = Counts(*np.array(rows, dtype=np.float64).T)
        codes = np.unique(np.array(units), return_inverse=True)[1]
        return Strata(k1, n1, k0, n0, split, codes, np.array(places, dtype=np.int64))

    def _people(self, strata: Strata) -> tuple[int, int]:
        """How many independent units of each group stand in comparable strata."""
        if strata.units is None:
            return int(strata.n1.sum()), int(strata.n0.sum())
        own = [np.unique(strata.unit[n > 0]).size for n in (strata.units.n1, strata.units.n0)]
        return own[0], own[1]

    def _enough(self, strata: Strata) -> bool:
        favoured = float(strata.k1.sum() + strata.k0.sum())
        sides = (*self._people(strata), *(strata.kish(first=first) for first in (True, False)))
        return weights.enough(sides, self.plan.min_n) and favoured > 0

    def _held(
        self, every: Sequence[Group], against: Group, place: object, size: int
    ) -> list[Comparison]:
        keys = [(rates.pair(g.name, against.name), g) for g in every if g.name != against.name]
        pairs = {pair: self.adjusted.get((place, *pair), 1.0) for pair, _ in keys}
        return rates.compare(every, against, self.lines, self.plan, family=size, pairs=pairs)

    def _within(self, group: Group, against: Group, size: int) -> Iterator[tuple[Key, Comparison]]:
        for key, first, second in self._large(group.name, against.name):
            (made,) = self._held([first, second], second, key, size)
            yield key, made

    def _pooled(self, group: Group, against: Group, size: int) -> Pooled:
        strata, level = self._strata(group.name, against.name), 1 - self.plan.alpha / size
        if strata is None:
            none = Group(group.name, 0, 0), Group(against.name, 0, 0)
            return Pooled(Comparison(*none, level, why="no_overlap", family=size), share=0.0)
        people = self._people(strata)
        units = strata.units is not None
        first = Group(group.name, int(strata.k1.sum()), int(strata.n1.sum()), 1.0,
                      people[0] if units else None, kish=strata.kish(first=True))  # fmt: skip
        second = Group(against.name, int(strata.k0.sum()), int(strata.n0.sum()), 1.0,
                       people[1] if units else None, kish=strata.kish(first=False))  # fmt: skip
        made = Comparison(first, second, level, family=size)
        share, many = first.n / group.n, strata.n1.size
        if not self._enough(strata):
            why = "no_overlap" if first.k + second.k else "undefined"
            return Pooled(replace(made, why=why), share=share, strata=many)
        large = list(self._large(group.name, against.name))
        counts = Counts(
            *np.array([(*a.effective(), *b.effective()) for _, a, b in large]).reshape(-1, 4).T
        )
        apart = ratios_differ(counts, strata.ratio or 0.0)
        odds = breslow_day_tarone(counts)
        low, high = self.lines.equivalence
        p = self.adjusted["pooled", *rates.pair(group.name, against.name)]
        ratio_ci = verdicts.reaching(strata.interval(level), p, self.plan.alpha, none=1.0)
        alike = strata.equivalence(low, high)
        error = strata.null_error()
        made = replace(
            made, ratio=strata.ratio, ratio_ci=ratio_ci, test=strata.test(), p_adjusted=p,
            equivalence_p=alike, mde=None if error is None else error * self._power(level),
            verdict=verdicts.judge(
                evaluable=True, beyond=rates.beyond(ratio_ci, None, self.lines),
                equivalent=equivalence.shown(
                    alike, family=size, alpha=self.plan.alpha,
                    units=rates.sides(first, second), interval=ratio_ci, near=(low, high),
                ),
                p_adjusted=p, alpha=self.plan.alpha, spanned=verdicts.spans(ratio_ci, 1.0),
            ),
        )  # fmt: skip
        if apart is not None and apart.p_value < POLICY.value("heterogeneity"):
            made = Comparison(first, second, level, family=size, why="strata_differ")
        return Pooled(made, strata.standardised, apart, odds, share, many)

    @staticmethod
    def _power(level: float) -> float:
        return quantile(level) + quantile(2 * POLICY.value("power") - 1)
