"""What the probes that count people by group have in common: joint cells, groups, public tables."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from evaluators.accumulating import weights
from evaluators.accumulating.accumulators import Cells, Coded, Key, coded, merge_cells
from evaluators.judging import readings
from evaluators.judging.findings import not_evaluable
from evaluators.judging.rates import Comparison, Group
from evaluators.plan import Plan
from evaluators.probe import COUNT, UNIT, WEIGHT, Details, Options, Probe, ProbeSpec, Table
from registry.findings import Finding
from registry.language import Text

ARTICLES = ("SZ72-4", "SH67-3")


class NoOptions(Options):
    """Nothing to choose."""


class RateDetails(Details):
    """Beside the ratio: the difference, both rates' intervals, and everyone's rate."""

    rate_ci: dict[str, Any] | None = None
    reference_rate_ci: dict[str, Any] | None = None
    difference: float | None = None
    difference_ci: dict[str, Any] | None = None
    overall: dict[str, Any] | None = None
    missing_share: float | None = None
    reference_chosen: str | None = None
    cells_too_small: int | None = None
    complement: dict[str, Any] | None = None
    wording: str | None = None
    gaps: dict[str, float | None] | None = None


class Counting(Probe[Cells]):
    """What the two have in common: joint cells over the sensitive features (and the unit)."""

    measures: ClassVar[tuple[str, ...]]

    def create_accumulator(self, plan: Plan) -> Cells:
        keys = plan.columns.sensitive + ((UNIT,) if plan.columns.unit else ())
        if plan.columns.weight is None:
            return Cells(keys, self.measures)
        # Where units repeat, variances are between them: the squares of rows are not asked for.
        kinds = ("", ":weight") if plan.columns.unit else ("", ":weight", ":square")
        return Cells(keys, tuple(name + kind for kind in kinds for name in self.measures))

    def keys(self, plan: Plan) -> tuple[str, ...]:
        return plan.columns.sensitive

    def derives(self, plan: Plan) -> tuple[str, ...]:
        named = {UNIT: plan.columns.unit, WEIGHT: plan.columns.weight}
        return tuple(n for n in (*self.spec.derived, *self.spec.welcome) if named.get(n, n))

    def add_batch(self, acc: Cells, batch: pa.RecordBatch) -> Cells:
        marks = self.marks(batch)
        levels = [coded(batch[name]) for name in acc.keys]
        if WEIGHT in batch.schema.names:
            return merge_cells([acc, self._weighed(acc, levels, marks, batch[WEIGHT].to_numpy())])
        if COUNT in batch.schema.names:
            times = batch[COUNT].to_numpy()
            marks = [mark * times for mark in marks]
        return acc.add(levels, marks)

    def _weighed(
        self, acc: Cells, levels: Sequence[Coded], marks: Sequence[Any], own: Any
    ) -> Cells:
        """The cells of rows with weights: counts, sums of weights, and of squares where asked for."""
        powers, parts = weights.parts(own)
        kinds = len(acc.measures) // len(self.measures)
        marks = [mark & (own > 0) for mark in marks]
        amounts = [mark * part for mark in marks for part in parts[: 1 if kinds == 2 else None]]
        named = tuple(str(place) for place in range(len(marks) + len(amounts)))
        by_power = Cells((*acc.keys, "power"), named).add(
            [*levels, coded(pa.array(powers))], marks, amounts
        )
        made, size = list[Cells](), len(amounts) // len(marks)
        for (*key, power), row in by_power.table.items():
            sums = [
                weights.joined(int(str(power)), row[at : at + size])
                for at in range(len(marks), len(row), size)
            ]
            whole = (*row[: len(marks)], *(n for kind in zip(*sums, strict=True) for n in kind))
            made.append(Cells(acc.keys, acc.measures, {tuple(key): whole}))
        return merge_cells([Cells(acc.keys, acc.measures), *made])

    @abstractmethod
    def marks(self, batch: pa.RecordBatch) -> list[Any]:
        """Per measure the rows that count."""

    def merge(self, accs: Sequence[Cells]) -> Cells:
        return merge_cells(accs)

    def sealed(self, acc: Cells) -> Any:
        return acc.as_json()


def groups(acc: Cells, attribute: str, top: str, bottom: Sequence[str]) -> list[Group]:
    """The groups of one attribute with a rate: `top` over the sum of `bottom`.

    With weights or repeated units the design effect comes from the linearised variance of a ratio.
    """
    clustered = UNIT in acc.keys
    margin = acc.margin([attribute, UNIT] if clustered else [attribute])
    sums: dict[str, list[list[tuple[int, int]]]] = {}
    kinds = [kind for kind in ("", ":weight", ":square") if top + kind in acc.measures]
    places = [
        (acc.measures.index(top + kind), [acc.measures.index(name + kind) for name in bottom])
        for kind in kinds
    ]
    for key, row in margin.table.items():
        pairs = [(row[k], sum(row[p] for p in over)) for k, over in places]
        if pairs[0][1]:
            sums.setdefault(str(key[0]), []).append(pairs)
        else:
            sums.setdefault(str(key[0]), [])
    return [_group(name, sums[name], clustered=clustered) for name in sorted(sums)]


def _group(name: str, found: Sequence[Sequence[tuple[int, int]]], *, clustered: bool) -> Group:
    """One group from the sums of its units, or of all its rows at once."""
    k, n = (sum(pairs[0][at] for pairs in found) for at in (0, 1))
    units = len(found) if clustered else None
    if not found or len(found[0]) == 1:
        counts = np.array([pairs[0] for pairs in found], dtype=np.float64)
        alone = not clustered or not found
        spread, kish = (1.0, None) if alone else (_spread(counts), weights.kish(counts[:, 1]))
        return Group(name, k, n, spread, units, kish=kish)
    mass = tuple(sum(pairs[1][at] for pairs in found) for at in (0, 1))
    rate, plain = mass[0] / mass[1], (mass[0] / weights.UNIT, mass[1] / weights.UNIT)
    if clustered:
        own = np.array([[part / mass[1] for part in pairs[1]] for pairs in found])
        variance, kish = weights.unit_variance(own[:, 0], own[:, 1]), weights.kish(own[:, 1])
    else:
        square = tuple(sum(pairs[2][at] for pairs in found) for at in (0, 1))
        variance = weights.row_variance((mass[0], mass[1]), (square[0], square[1]), n)
        kish = weights.row_kish(mass[1], square[1])
    spread = weights.design_effect(rate, variance, n, kish=n / kish)
    return Group(name, k, n, spread, units, plain, kish)


def _spread(pairs: Any) -> float:
    """The design effect of a ratio of sums over units; at least 1."""
    k, n = pairs[:, 0], pairs[:, 1]
    units, total, rate = len(pairs), n.sum(), k.sum() / n.sum()
    if units < 2 or not 0 < rate < 1:
        return max(1.0, float((n**2).sum() / total))
    gaps = np.sort(k - rate * n)
    variance = units / (units - 1) * float((gaps**2).sum()) / total**2
    return max(1.0, float(variance / (rate * (1 - rate) / total)))


def declared(plan: Plan, attribute: str) -> str | None:
    """The plan's reference group of an attribute, if it has one."""
    return plan.reference.get(attribute)


def details(
    found: Comparison, overall: Group, *, chosen: str, missing: float | None
) -> dict[str, Any]:
    """What stands beside the ratio in a finding.

    Args:
        found: the comparison.
        overall: everyone's rate.
        chosen: how the reference came about.
        missing: the share of people whose attribute is missing.
    """
    level = found.level
    own, other = found.group.interval(0.95), found.reference.interval(0.95)
    gap = found.difference_ci
    everyone = overall.rate
    return {
        "rate_ci": own.as_json() if own else None,
        "reference_rate_ci": other.as_json() if other else None,
        "difference": found.difference,
        "difference_ci": gap.as_json(simultaneous=level > 0.95) if gap else None,
        "overall": {
            "n": overall.n,
            "rate": everyone,
            "ratio": found.group.rate / everyone
            if everyone and found.group.rate is not None
            else None,
            "difference": found.group.rate - everyone
            if everyone is not None and found.group.rate is not None
            else None,
        },
        "missing_share": missing,
        "reference_chosen": chosen,
    }


def missing_share(acc: Cells, attribute: str, people: Sequence[str]) -> float | None:
    """The share of counted rows whose attribute is missing."""
    places = [acc.measures.index(name) for name in people]
    at = acc.keys.index(attribute)
    rows = [(key[at], sum(row[p] for p in places)) for key, row in acc.table.items()]
    total = sum(count for _, count in rows)
    return sum(count for level, count in rows if level is None) / total if total else None


NO_GROUP = Text(
    "“{attribute}”里，与这一项有关的人达到 {least} 人的不到两组，无法比较。",
    "Fewer than two groups of '{attribute}' have {least} people whom this is about: nothing can be "
    "compared.",
)
NO_REFERENCE = Text(
    "数据里没有计划所定的参照组“{reference}”，无法比较。",
    "The data have no rows of the declared reference '{reference}': nothing can be compared.",
)


def no_reference(spec: ProbeSpec, metric: str, attribute: str, plan: Plan, limit: Text) -> Finding:
    """The finding of an attribute whose groups can't be compared."""
    named = declared(plan, attribute)
    why = readings.few(NO_GROUP.format(attribute=plan.plain(attribute), least=plan.min_n), plan)
    if named is not None:
        why = NO_REFERENCE.format(reference=plan.plain_level(attribute, named))
    return not_evaluable(spec, metric, slice_={attribute: "*"}, why=why, limit=limit)


Row = tuple[int, ...]


def published(
    acc: Cells, plan: Plan, name: str, *, counts: tuple[str, ...], people: Callable[[Row], Row]
) -> list[Table]:
    """Tables of disjoint counts of people: one per attribute and one per intersection.

    Args:
        acc: the joint cells.
        plan: names the attributes.
        name: of the probe.
        counts: what `people` counts.
        people: a row of measures as disjoint counts.
    """
    attributes = plan.columns.sensitive
    if UNIT in acc.keys:
        return []
    plain = sum(":" not in measure for measure in acc.measures)
    tables = []
    for size in range(1, min(3, len(attributes)) + 1):
        for keys in combinations(attributes, size):
            margin = acc.margin(keys).table
            rows = tuple(
                (tuple(map(str, key)), people(margin[key][:plain]))
                for key in sorted(margin, key=str)
            )
            tables.append(Table(name, keys, counts, rows))
    return tables


def unpublished(table: Table, measures: tuple[str, ...], back: Callable[[Row], Row]) -> Cells:
    """The cells behind a published table, suppressed rows left out."""
    rows: dict[Key, Row] = {key: back(counts) for key, counts in table.rows if counts is not None}
    return Cells(table.keys, measures, rows)
