"""Conditional parity: does a difference over all hold among people in the same conditions?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import Field, field_validator

from evaluators.accumulating.accumulators import (
    Cells,
    Coded,
    Key,
    Rows,
    coded,
    merge_cells,
    merge_rows,
    truth,
)
from evaluators.accumulating.columns import real
from evaluators.decisions import conditional_model, conditional_readings
from evaluators.decisions.conditional_model import Estimate, ModelOptions
from evaluators.decisions.conditions import Compared, Conditions, Pooled
from evaluators.decisions.model_findings import Modelled
from evaluators.decisions.selection_parity import selection_lines
from evaluators.decisions.strata_nulls import strata_nulls, strata_planted
from evaluators.judging import rates, readings
from evaluators.judging.findings import draft, not_evaluable
from evaluators.judging.parity import (
    ARTICLES,
    RateDetails,
    declared,
    details,
    missing_share,
    no_reference,
    unpublished,
)
from evaluators.judging.rates import Comparison, together
from evaluators.plan import Plan
from evaluators.probe import (
    FAVOURED,
    UNIT,
    Gathered,
    NullDesign,
    Options,
    Probe,
    ProbeSpec,
    Run,
    State,
    Table,
)
from registry.findings import Finding
from registry.language import Text

MOST_LEVELS = 50
MODELLED = frozenset({"model_coefficient", "standardised_rate_ratio"})


class ConditionalOptions(Options):
    """How the strata are formed, and a model to run beside them.

    Args:
        edges: control column → rising cut points that turn its numbers into classes.
        model: a regression whose coefficient of the attribute is given too.
    """

    edges: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    model: ModelOptions | None = None

    @field_validator("edges")
    @classmethod
    def _rising(cls, edges: dict[str, tuple[float, ...]]) -> dict[str, tuple[float, ...]]:
        for name, cuts in edges.items():
            if not cuts or list(cuts) != sorted(set(cuts)) or not np.isfinite(cuts).all():
                raise ValueError(f"the cut points of '{name}' must be finite numbers that rise")
        return edges


class ConditionalDetails(RateDetails):
    """Beside the ratio: what holds over all, how the strata differ, and the declared model."""

    overall_ratio: float | None = None
    strata: int | None = None
    comparable_share: float | None = None
    heterogeneity: dict[str, Any] | None = None
    odds_heterogeneity: dict[str, Any] | None = None
    model: dict[str, Any] | None = None


@dataclass(frozen=True)
class Kept:
    """Joint cells, and the rows of the declared model if there is one."""

    cells: Cells
    rows: Rows


class ConditionalParity(Probe[Kept]):
    """Does a difference over all hold among people in the same conditions?

    Over all first: rate, ratio (Koopman) and test as in selection parity. Then within strata of
    the control features: Mantel and Haenszel's (1959) risk ratio with the Cochran-Mantel-Haenszel
    test and a score interval, given only if the strata may share one ratio (Gart and Nam 1988;
    Breslow and Day 1980 with Tarone's 1985 term beside it); then every stratum by itself. On
    request the coefficient in a declared least-squares or logit model. One Holm family per
    attribute. The line of 0.8 is 29 CFR 1607.4(D); see the policy file.
    """

    measures = ("n", "favoured")
    spec = ProbeSpec(
        id="conditional_parity",
        version="1.0.0",
        task="decision",
        state=State.ROWS,  # cells alone unless a model is declared
        roles=("sensitive", "control"),
        optional=("unit",),
        derived=(FAVOURED, UNIT),
        options=ConditionalOptions,
        details=ConditionalDetails,
        legal_refs=ARTICLES,
        question=Text(
            "条件相同的人，各组得到有利结果的比例相近吗？总体上又如何？",
            "Among people in the same conditions, do all groups get the favourable result about as "
            "often, and how is it over all?",
        ),
    )
    options: ConditionalOptions

    def columns(self, plan: Plan) -> tuple[str, ...]:  # noqa: ARG002
        model = self.options.model
        return (model.outcome,) if model is not None and model.outcome else ()

    def needs(self, plan: Plan, metric: str, slice_: Mapping[str, str]) -> tuple[str, ...]:
        model = self.options.model if metric in MODELLED else None
        held = () if metric == "selection_rate_ratio" else plan.columns.control
        own = (name for name in plan.columns.sensitive if name in slice_)
        return ((model.outcome if model else "") or FAVOURED, *held, *own)

    def gathers(self, plan: Plan, metric: str, slice_: Mapping[str, str]) -> Gathered | None:
        """What is pooled over strata, or estimated in a model, comes of every stratum."""
        by = (*slice_, *plan.columns.control)
        if metric == "selection_rate_ratio":
            return Gathered(by, (conditional_readings.NEXT,), conditional_readings.NOT_WITHIN)
        return None if metric == "stratum_rate_ratio" else Gathered(by)

    def create_accumulator(self, plan: Plan) -> Kept:
        self.plan = plan
        keys = (*plan.columns.sensitive, *plan.columns.control)
        keys = tuple(dict.fromkeys(keys)) + ((UNIT,) if plan.columns.unit else ())
        return Kept(Cells(keys, self.measures), Rows())

    def add_batch(self, acc: Kept, batch: pa.RecordBatch) -> Kept:
        mark = truth(batch[FAVOURED])
        columns = [self._coded(name, batch[name]) for name in acc.cells.keys]
        cells = acc.cells.add(
            columns, [(mark >= 0).astype(np.int64), (mark == 1).astype(np.int64)]
        )
        if self.options.model is None:
            return Kept(cells, acc.rows)
        return Kept(
            cells, acc.rows.add(conditional_model.kept(batch, self.plan, self.options.model))
        )

    def _coded(self, name: str, column: pa.Array) -> Coded:
        """The levels of a column, or the classes of its numbers."""
        edges = self.options.edges.get(name)
        if edges is None or name not in self.plan.columns.control:
            return coded(column)
        values = real(column)
        codes = np.searchsorted(np.array(edges), values, side="right").astype(np.int64)
        names = _classes(edges)
        order = sorted(range(len(names)), key=lambda place: names[place])
        places = np.empty(len(names), dtype=np.int64)
        places[order] = np.arange(len(names))
        return Coded(
            np.where(np.isnan(values), -1, places[codes]), tuple(names[place] for place in order)
        )

    def merge(self, accs: Sequence[Kept]) -> Kept:
        return Kept(merge_cells([a.cells for a in accs]), merge_rows([a.rows for a in accs]))

    def sealed(self, acc: Kept) -> Any:
        return acc.cells.as_json()

    def extract_findings(self, acc: Kept, plan: Plan, run: Run) -> list[Finding]:
        model, found = self.options.model, []
        for name in plan.columns.sensitive:
            if model is not None and name in model.numeric:
                found += list(
                    _Said(self, name, plan, run).modelled(self._estimates(acc, name, ""), None)
                )
                continue
            overall, joint = self._tables(acc.cells, name)
            found += self._attribute(name, overall, joint, plan, run, acc)
        return found

    def _tables(self, cells: Cells, attribute: str) -> tuple[Cells, Cells]:
        unit = [UNIT] if UNIT in cells.keys else []
        controls = [name for name in self.plan.columns.control if name != attribute]
        return cells.margin([attribute, *unit]), cells.margin([attribute, *controls, *unit])

    def _estimates(self, acc: Kept | None, attribute: str, reference: str) -> list[Estimate]:
        if acc is None or self.options.model is None:
            return []
        return conditional_model.estimate(
            acc.rows.columns(), attribute, reference, self.plan, self.options.model
        )

    def _attribute(
        self, attribute: str, overall: Cells, joint: Cells, plan: Plan, run: Run, acc: Kept | None
    ) -> Iterator[Finding]:
        said = _Said(self, attribute, plan, run)
        if acc is not None:
            said.missing = missing_share(acc.cells, attribute, ("n",))
        why = self._unfit(joint, plan)
        named = declared(plan, attribute)
        conditions = Conditions(
            attribute,
            named,
            overall,
            None if why else joint,
            plan,
            selection_lines(),
            run.untold.get(attribute, ()),
        )
        first = conditions.compared(run.plans, {})
        if first.against is None:
            yield no_reference(self.spec, "selection_rate_ratio", attribute, plan, said.limit)
            return
        estimates = self._estimates(acc, attribute, first.against.name)
        tested = {one.level: one.p_value for one in estimates if one.why is None}
        found = conditions.compared(run.plans, tested) if tested else first
        yield from said.all(found, why)
        yield from said.modelled(estimates, found)

    def _unfit(self, joint: Cells, plan: Plan) -> Text | None:
        """Why the controls form no strata."""
        for name in sorted(set(self.options.edges) - set(plan.columns.control)):
            return conditional_readings.EDGES_ASTRAY.format(control=name)
        for place, name in enumerate(joint.keys):
            many = len({key[place] for key in joint.table})
            if name in plan.columns.control and many > MOST_LEVELS:
                return conditional_readings.MANY_LEVELS.format(control=plan.plain(name), many=many)
        return None

    def public(self, acc: Kept, plan: Plan) -> Sequence[Table]:
        if UNIT in acc.cells.keys:
            return ()
        tables = []
        numeric = self.options.model.numeric if self.options.model else ()
        for name in plan.columns.sensitive:
            overall, joint = self._tables(acc.cells, name)
            if name in numeric or self._unfit(joint, plan) is not None:
                continue
            for part in (overall, joint):
                rows = tuple(
                    (tuple(map(str, key)), (row[1], row[0] - row[1]))
                    for key, row in sorted(part.table.items(), key=lambda entry: str(entry[0]))
                )
                tables.append(Table(self.spec.id, part.keys, ("favoured", "refused"), rows))
        return tables

    def recompute(self, tables: Sequence[Table], plan: Plan, run: Run) -> list[Finding]:
        """An attribute's family follows if nothing of it is suppressed and no model is in it."""
        if self.options.model is not None:
            return []
        self.plan = plan
        found: list[Finding] = []
        whole = {t.keys: t for t in tables if None not in [counts for _, counts in t.rows]}
        for name in plan.columns.sensitive:
            controls = tuple(n for n in plan.columns.control if n != name)
            if (name,) in whole and (name, *controls) in whole:
                overall, joint = (
                    unpublished(whole[keys], self.measures, lambda row: (row[0] + row[1], row[0]))
                    for keys in ((name,), (name, *controls))
                )
                found += self._attribute(name, overall, joint, plan, run, None)
        return found

    @classmethod
    def nulls(cls) -> Mapping[str, NullDesign]:
        return strata_nulls()

    @classmethod
    def planted(cls) -> Mapping[str, NullDesign]:
        return strata_planted()


def _classes(edges: Sequence[float]) -> list[str]:
    inner = [f"{low:g}–{high:g}" for low, high in pairwise(edges)]
    return [f"< {edges[0]:g}", *inner, f"≥ {edges[-1]:g}"]


@dataclass
class _Said:
    """The findings of one attribute."""

    probe: ConditionalParity
    attribute: str
    plan: Plan
    run: Run
    missing: float | None = None

    @property
    def limit(self) -> Text:
        return readings.joined(conditional_readings.LIMIT, readings.frame(self.plan))

    @property
    def family(self) -> str:
        return f"{self.probe.spec.id}/{self.attribute}"

    def all(self, found: Compared, why: Text | None) -> Iterator[Finding]:
        """Per group what holds over all, what holds within strata, and every stratum."""
        for one in found.overall:
            pooled, strata = found.pooled[one.group.name], found.strata[one.group.name]
            both = self._both(one, pooled, strata, why)
            yield self._overall(one, found, both)
            yield self._pooled(one, pooled, both, why, found)
            for key, there in strata.items():
                yield self._stratum(key, there)

    def _both(
        self, one: Comparison, pooled: Pooled, strata: Mapping[Key, Comparison], why: Text | None
    ) -> Text:
        """Both in one reading: conditioning never erases what holds over all."""
        lines, plan = selection_lines(), self.plan
        overall = conditional_readings.over_all(
            one, lines, plan, slice_={self.attribute: one.group.name}, who=readings.who(self.run)
        )
        within = why or conditional_readings.within(pooled, strata, lines, plan, self.attribute)
        return _capital(readings.joined(overall, within))

    def _overall(self, one: Comparison, found: Compared, reading: Text) -> Finding:
        named = declared(self.plan, self.attribute)
        return draft(
            self.probe.spec,
            "selection_rate_ratio",
            slice_={self.attribute: one.group.name},
            verdict=one.verdict,
            reading=reading,
            limit=self.limit,
            details=details(
                one, together(found.groups),
                chosen="declared" if named else "highest_rate", missing=self.missing,
            ),
            **rates.numbers(one, lines=selection_lines(), family=self.family),
        )  # fmt: skip

    def _pooled(
        self, raw: Comparison, pooled: Pooled, reading: Text, why: Text | None, found: Compared
    ) -> Finding:
        one, spec = pooled.comparison, self.probe.spec
        slice_ = {self.attribute: one.group.name}
        more = {
            "overall_ratio": raw.ratio, "strata": pooled.strata, "comparable_share": pooled.share,
            "heterogeneity": pooled.heterogeneity.as_json() if pooled.heterogeneity else None,
            "odds_heterogeneity": pooled.odds.as_json() if pooled.odds else None,
        }  # fmt: skip
        if why is not None or one.why is not None:
            return not_evaluable(
                spec, "conditional_rate_ratio", slice_=slice_, why=reading, limit=self.limit,
                group=one.group.name, reference_group=one.reference.name, n=one.group.n,
                n_reference=one.reference.n, family={"id": self.family, "size": found.size},
                details={} if why is not None else more,
            )  # fmt: skip
        numbers = rates.numbers(one, lines=selection_lines(), family=self.family)
        if pooled.standardised is not None:
            numbers["estimate"], numbers["reference_estimate"] = pooled.standardised
        return draft(
            spec, "conditional_rate_ratio", slice_=slice_, verdict=one.verdict, reading=reading,
            limit=self.limit, details=more, **numbers,
        )  # fmt: skip

    def _stratum(self, key: Key, one: Comparison) -> Finding:
        controls = [name for name in self.plan.columns.control if name != self.attribute]
        own = {self.attribute: one.group.name}
        where = dict(zip(controls, map(str, key), strict=True))
        reading = conditional_readings.in_stratum(
            one, key, selection_lines(), self.plan, slice_=own, who=readings.who(self.run)
        )
        return draft(
            self.probe.spec,
            "stratum_rate_ratio",
            slice_={**own, **where},
            verdict=one.verdict,
            reading=_capital(reading),
            limit=readings.joined(conditional_readings.ONE_STRATUM, readings.frame(self.plan)),
            details=details(
                one, together([one.group, one.reference]), chosen="as_over_all", missing=None
            ),
            **rates.numbers(one, lines=selection_lines(), family=self.family),
        )

    def modelled(self, estimates: Sequence[Estimate], found: Compared | None) -> Iterator[Finding]:
        """The declared model's coefficients, in the same family."""
        options = self.probe.options.model
        if options is not None:
            said = Modelled(self.probe.spec, options, self.attribute, self.plan, self.family)
            yield from said.all(estimates, found, self.run.plans)


def _capital(said: Text) -> Text:
    return Text(said.zh, said.en[:1].upper() + said.en[1:])
