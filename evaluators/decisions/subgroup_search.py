"""Subgroup search: where do people fare worst, and does it hold up on data that were not searched?"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field

from evaluators.accumulating import weights
from evaluators.accumulating.accumulators import Rows, merge_rows, truth
from evaluators.accumulating.columns import is_level, is_number, names, real
from evaluators.decisions import search_readings, slices
from evaluators.decisions.halves import held_out
from evaluators.decisions.search_nulls import search_nulls, search_planted
from evaluators.decisions.slices import Binned, Slice
from evaluators.judging import counted, rates, readings
from evaluators.judging.findings import draft, not_evaluable
from evaluators.judging.parity import ARTICLES
from evaluators.judging.rates import Comparison, Group, Lines
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.probe import (
    DESERVED,
    FAVOURED,
    UNIT,
    Details,
    NullDesign,
    Options,
    Probe,
    ProbeSpec,
    Run,
    State,
    Table,
)
from evaluators.statistics.multiplicity import benjamini_yekutieli, holm
from registry import attestation
from registry.findings import Finding, Verdict
from registry.language import Text

Array = npt.NDArray[Any]
MARK = "mark"
COUNTS = ("held_out_yes", "held_out_no", "others_yes", "others_no")


class SearchOptions(Options):
    """What is searched, and how deep.

    Args:
        rate: the favourable result, or being judged rightly (needs a target).
        columns: more columns to make slices of; the sensitive features, the controls and the
            model's inputs always are.
        depth: most conditions of a slice.
        most: most slices that are tested.
    """

    rate: Literal["selection", "correct"] = "selection"
    columns: tuple[str, ...] = ()
    depth: int = Field(default=2, ge=1, le=3)
    most: int = Field(default=5, ge=1, le=20)


class SearchDetails(Details):
    """Beside the ratio: how the slice looked where it was found, and the other adjustment."""

    rate: str | None = None
    score_in_search: float | None = None
    overlapping: bool | None = None
    holm: float | None = None
    difference: float | None = None
    difference_ci: dict[str, Any] | None = None
    rate_ci: dict[str, Any] | None = None
    searched: int | None = None
    tested: int | None = None


class SubgroupSearch(Probe[Rows]):
    """Where do people fare worst, and does it hold up on data that were not searched?

    All slices of up to three conditions are ranked on one half of the data by how far their rate
    falls short of everyone else's; each of the worst is tested once on the other half (Fisher or
    χ², ratio by Koopman). The halves follow the keyed hash of the unit. Holm over the slices, or
    Benjamini and Yekutieli (2001) where slices overlap. Lines of 5 and 10 %: see the policy file.
    """

    spec = ProbeSpec(
        id="subgroup_search",
        version="1.0.0",
        task="decision",
        state=State.ROWS,
        roles=("sensitive",),
        optional=("unit", "control", "inputs", "target"),
        derived=(FAVOURED, UNIT),
        options=SearchOptions,
        details=SearchDetails,
        legal_refs=ARTICLES,
        question=Text(
            "哪些人受到的对待最差？换一半没有搜过的数据，还是这样吗？",
            "Where do people fare worst, and does it hold up on the half that was not searched?",
        ),
    )
    options: SearchOptions

    def columns(self, plan: Plan) -> tuple[str, ...]:  # noqa: ARG002
        return self.options.columns

    def needs(self, plan: Plan, metric: str, slice_: Mapping[str, str]) -> tuple[str, ...]:  # noqa: ARG002
        """A row without a feature belongs to everyone else."""
        correct = self.options.rate == "correct" and plan.columns.target is not None
        return (FAVOURED, DESERVED) if correct else (FAVOURED,)

    shared: frozenset[tuple[tuple[str, str], ...]] = frozenset()
    """The slices of which some unit has rows inside and outside."""

    def create_accumulator(self, plan: Plan) -> Rows:
        used = (
            *plan.columns.sensitive,
            *plan.columns.control,
            *plan.columns.inputs,
            *self.options.columns,
        )
        gone = {
            plan.columns.target,
            plan.columns.prediction,
            plan.columns.score,
            plan.columns.unit,
        }
        self.features = [name for name in dict.fromkeys(used) if name not in gone]
        self.target, self.favourable = plan.columns.target, plan.columns.favourable
        return Rows()

    def add_batch(self, acc: Rows, batch: pa.RecordBatch) -> Rows:
        mark = truth(batch[FAVOURED])
        if self.options.rate == "correct" and self.target is not None:
            due = is_level(batch[self.target], self.favourable)
            mark = np.where((mark < 0) | (due < 0), -1, (due == mark).astype(np.int64))
        columns: dict[str, Array] = {
            MARK: mark,
            UNIT: batch[UNIT].to_numpy(zero_copy_only=False).astype(np.uint64),
        }
        for name in self.features:
            columns[f"x:{name}"] = (
                real(batch[name]) if is_number(batch[name]) else names(batch[name])
            )
        return acc.add(columns)

    def merge(self, accs: Sequence[Rows]) -> Rows:
        return merge_rows(accs)

    def sealed(self, acc: Rows) -> Any:
        """Rows stay where they are: the sealed evidence has their number and digest."""
        columns = acc.columns()
        marks = columns.get(MARK, np.zeros(0, dtype=np.int64))
        return {"rows": int(marks.size), "marks": attestation.sha256(marks.tobytes())}

    def extract_findings(self, acc: Rows, plan: Plan, run: Run) -> list[Finding]:
        if self.options.rate == "correct" and plan.columns.target is None:
            return [self._nothing(search_readings.NO_TARGET, plan)]
        found, searched = self._found(acc, plan)
        if not found:
            why = search_readings.NONE.format(least=plan.min_n)
            return [self._nothing(why, plan, searched=searched)]
        return self._tested(found, plan, run, searched=searched)

    def _nothing(self, why: Text, plan: Plan, **details: Any) -> Finding:
        limit = readings.joined(search_readings.LIMIT, readings.frame(plan))
        return not_evaluable(
            self.spec, "slice_rate_ratio", slice_={}, why=why, limit=limit, details=details
        )

    def _found(self, acc: Rows, plan: Plan) -> tuple[list[tuple[Slice, Group, Group]], int]:
        """The slices that the search half chose, with their counts on the held-out half."""
        columns = acc.columns()
        if not columns:
            return [], 0
        clustered = plan.columns.unit is not None
        away = held_out(columns[UNIT], repeated=clustered)
        table = {name: slices.binned(columns[f"x:{name}"], ~away) for name in self.features}
        mark = columns[MARK]
        each = mark.size / np.unique(columns[UNIT]).size if clustered else 1.0
        least = int(np.ceil(1.2 * plan.min_n * each))  # so that the other half has enough, too
        chosen = slices.search(
            table, mark, ~away, depth=self.options.depth, least=least, most=self.options.most
        )
        known = away & (mark >= 0)
        bins, units = list(table.values()), columns[UNIT] if clustered else None
        self.shared = frozenset(
            one.conditions for one in chosen
            if units is not None and _share(one.member(bins), known, units)
        )  # fmt: skip
        return [_sides(one, bins, known, mark, units) for one in chosen], len(table)

    def _tested(
        self, found: Sequence[tuple[Slice, Group, Group]], plan: Plan, run: Run, *, searched: int | None
    ) -> list[Finding]:  # fmt: skip
        able = [
            (s, one, rest) for s, one, rest in found
            if one.enough(plan) and rest.enough(plan) and one.k + rest.k
        ]  # fmt: skip
        overlapping = any(
            a.overlaps(b) for i, (a, _, _) in enumerate(able) for b, _, _ in able[:i]
        )
        p_values = [rates.two_groups(one, rest).p_value for _, one, rest in able]
        stepped = holm(p_values).tolist()
        adjusted = benjamini_yekutieli(p_values).tolist() if overlapping else stepped
        made = [self._small(s, one, plan) for s, one, rest in found if (s, one, rest) not in able]
        for (slice_, one, rest), p, by_holm in zip(able, adjusted, stepped, strict=True):
            size, line = len(able) * run.plans, search_lines()
            pairs = {rates.pair(one.name, "*"): min(1.0, p * run.plans)}
            (held,) = rates.compare([one, rest], rest, line, plan, family=size, pairs=pairs)
            more = {
                "rate": self.options.rate, "overlapping": overlapping, "score_in_search": slice_.score or None,
                "holm": min(1.0, by_holm * run.plans), "searched": searched, "tested": len(able),
            }  # fmt: skip
            method = "benjamini_yekutieli" if overlapping else "holm"
            made.append(self._one(slice_, held, plan, run, more, method))
        return made

    def _small(self, slice_: Slice, one: Group, plan: Plan) -> Finding:
        name, level = readings.slice_name(dict(slice_.conditions), plan)
        why = search_readings.SMALL.format(attribute=name, group=level, least=plan.min_n)
        why = readings.few(why, plan)
        limit = readings.joined(search_readings.LIMIT, readings.frame(plan))
        return not_evaluable(self.spec, "slice_rate_ratio", slice_=dict(slice_.conditions), why=why,
                             limit=limit, group=one.name, n=one.n)  # fmt: skip

    def _one(
        self, slice_: Slice, made: Comparison, plan: Plan, run: Run, more: dict[str, Any], method: str
    ) -> Finding:  # fmt: skip
        lines, own, gap = search_lines(), made.group.interval(0.95), made.difference_ci
        reading = readings.comparison(
            made, lines, plan, search_readings.lead(self.options.rate, plan),
            slice_=dict(slice_.conditions), who=readings.who(run),
        )  # fmt: skip
        severity = _severity(made)
        if severity is not None:
            reading = readings.joined(reading, search_readings.SEVERITY[severity])
        reading = Text(reading.zh, reading.en[:1].upper() + reading.en[1:])
        if slice_.conditions in self.shared:
            names = [plan.plain(name) for name, _ in slice_.conditions]
            reading = readings.joined(counted.several(names, plan.content), reading)
        return draft(
            self.spec, "slice_rate_ratio", slice_=dict(slice_.conditions), verdict=made.verdict,
            reading=reading,
            limit=readings.joined(search_readings.LIMIT, readings.frame(plan)), severity=severity,
            details={
                **more, "difference": made.difference,
                "difference_ci": gap.as_json(simultaneous=True) if gap else None,
                "rate_ci": own.as_json() if own else None,
            },
            **rates.numbers(
                made, lines=lines, family=f"{self.spec.id}/slices", adjustment=method
            ),
        )  # fmt: skip

    def public(self, acc: Rows, plan: Plan) -> Sequence[Table]:
        """One table per slice: itself and everyone else on the held-out half."""
        if plan.columns.unit is not None or (
            self.options.rate == "correct" and plan.columns.target is None
        ):
            return ()
        found, _ = self._found(acc, plan)
        return [
            Table(
                self.spec.id, tuple(n for n, _ in s.conditions), COUNTS,
                ((tuple(v for _, v in s.conditions), (one.k, one.n - one.k, rest.k, rest.n - rest.k)),),
            )
            for s, one, rest in found
        ]  # fmt: skip

    def recompute(self, tables: Sequence[Table], plan: Plan, run: Run) -> list[Finding]:
        """The tests on the held-out half follow from its counts, if none is suppressed."""
        found = []
        for table in tables:
            for key, row in table.rows:
                if row is None:
                    return []
                conditions = tuple(zip(table.keys, key, strict=True))
                one = Group(_label(conditions), row[0], row[0] + row[1])
                found.append(
                    (Slice(conditions, (), 0.0), one, Group("*", row[2], row[2] + row[3]))
                )
        return self._tested(found, plan, run, searched=None) if found else []

    @classmethod
    def nulls(cls) -> Mapping[str, NullDesign]:
        return search_nulls()

    @classmethod
    def planted(cls) -> Mapping[str, NullDesign]:
        return search_planted()


def search_lines() -> Lines:
    """The minor line on either side, from the policy file."""
    minor, near = POLICY.value("slice_minor"), POLICY.value("slice_equivalence")
    return Lines(
        ratio=(1 - minor, 1 / (1 - minor)),
        difference=None,
        equivalence=(1 - near, 1 / (1 - near)),
        source=POLICY.source("slice_minor"),
    )


def _severity(made: Comparison) -> str | None:
    """Beyond the minor line, or beyond the major one."""
    if made.verdict is not Verdict.DISPARITY or made.ratio_ci is None:
        return None
    major = POLICY.value("slice_major")
    return (
        "major"
        if made.ratio_ci.high < 1 - major or made.ratio_ci.low > 1 / (1 - major)
        else "minor"
    )


def _sides(
    one: Slice, columns: Sequence[Binned], known: Array, mark: Array, units: Array | None
) -> tuple[Slice, Group, Group]:
    """A slice and everyone else on the held-out half."""
    inside = one.member(columns)
    mine = _group(inside & known, mark, units, _label(one.conditions))
    return one, mine, _group(~inside & known, mark, units, "*")


def _share(inside: Array, known: Array, units: Array) -> bool:
    """Whether some unit has rows in the slice and rows outside of it."""
    return bool(np.intersect1d(units[inside & known], units[~inside & known]).size)


def _label(conditions: Sequence[tuple[str, str]]) -> str:
    return " × ".join(level for _, level in conditions)


def _group(rows: Array, mark: Array, units: Array | None, name: str) -> Group:
    """A rate on some rows; with repeated units their number and design effect (linearised ratio)."""
    k, n = int(mark[rows].sum()), int(rows.sum())
    if units is None or not n:
        return Group(name, k, n, 1.0, None if units is None else 0)
    codes = np.unique(units[rows], return_inverse=True)[1]
    own_n = np.bincount(codes).astype(np.float64)
    own_k = np.bincount(codes, weights=mark[rows])
    many, rate = own_n.size, k / n
    if many < 2 or not 0 < rate < 1:
        spread = max(1.0, float((own_n**2).sum() / n))
        return Group(name, k, n, spread, many, kish=weights.kish(own_n))
    variance = many / (many - 1) * float(np.sort((own_k - rate * own_n) ** 2).sum()) / n**2
    spread = max(1.0, variance / (rate * (1 - rate) / n))
    return Group(name, k, n, spread, many, kish=weights.kish(own_n))
