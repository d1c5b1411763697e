"""Selection parity: is the favourable decision given to every group about as often?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pyarrow as pa
from pydantic import Field

from evaluators.accumulating.accumulators import Cells, truth
from evaluators.decisions import intersections
from evaluators.designs.nulls import decision_nulls, selection_planted
from evaluators.judging import equivalence, rates, readings, verdicts
from evaluators.judging.findings import draft, not_evaluable
from evaluators.judging.parity import (
    ARTICLES,
    Counting,
    RateDetails,
    declared,
    details,
    groups,
    missing_share,
    no_reference,
    published,
    unpublished,
)
from evaluators.judging.rates import Comparison, Lines
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.probe import (
    FAVOURED,
    UNIT,
    WEIGHT,
    Gathered,
    NullDesign,
    Options,
    ProbeSpec,
    Run,
    Share,
    State,
    Table,
)
from evaluators.statistics import intervals
from evaluators.statistics.inference import Test
from registry.findings import Finding
from registry.language import Text

FAVOURABLE = Share(frozenset({"tp", "fp"}), frozenset({"tp", "fp", "fn", "tn"}))
"""What a selection rate counts."""


class SelectionOptions(Options):
    """How many draws the intersections get.

    Args:
        replicates: bootstrap draws; None takes what step-down max-T needs for the family, while
            fewer give single-step max-T.
    """

    replicates: int | None = Field(default=None, ge=999, le=1_000_000)


NOT_CROSSED = Text(
    "每个单位有好几行，或者各行有权重时，这里不比较特征的交叉组；请加上 intersection_scan。",
    "Where units repeat or rows have weights, intersections are not tested here; add "
    "intersection_scan.",
)


class SelectionParity(Counting):
    """Is the favourable decision given to every group about as often?

    Rate of favourable decisions per group; ratio (Koopman) and difference (Newcombe) to the
    reference group; Fisher's exact or χ² test, Holm over the groups of an attribute; max-T over
    intersections. The line of 0.8 is 29 CFR 1607.4(D); see the policy file.
    """

    measures = ("n", "favoured")
    counts = True
    spec = ProbeSpec(
        id="selection_parity",
        version="1.0.0",
        task="decision",
        state=State.CELLS,
        roles=("sensitive",),
        optional=("unit", "weight"),
        welcome=(WEIGHT,),
        derived=(FAVOURED, UNIT),
        options=SelectionOptions,
        details=RateDetails,
        legal_refs=ARTICLES,
        question=Text(
            "各组人得到有利结果的比例相近吗？",
            "Do all groups get the favourable result about as often?",
        ),
    )
    lead = Text(
        "{who}：{attribute}为“{group}”的{of}得到有利结果（{rate}），“{reference}”的{of_reference}（{rate_reference}）。",
        "{who}: {of} with {attribute} '{group}' got the favourable result ({rate}), "
        "and {of_reference} with '{reference}' ({rate_reference}).",
    )
    limit = Text(
        "这里只比较比例，没有看两组人的条件是否相同。",
        "This compares rates only; it does not ask whether the groups' circumstances are alike.",
    )

    def marks(self, batch: pa.RecordBatch) -> list[Any]:
        mark = truth(batch[FAVOURED])
        return [mark >= 0, mark == 1]

    def gathers(self, plan: Plan, metric: str, slice_: Mapping[str, str]) -> Gathered | None:  # noqa: ARG002
        """The bounds of a crossing come of draws over all crossings."""
        if len(slice_) < 2:
            return None
        return Gathered(plan.columns.sensitive, readings.RATIO, readings.OF_ALL, bounds=True,
                        details=("difference_ci",))  # fmt: skip

    def share(self, plan: Plan, metric: str) -> Share:  # noqa: ARG002
        """Favourable decisions among all decisions, whatever came of them."""
        return FAVOURABLE

    def extract_findings(self, acc: Cells, plan: Plan, run: Run) -> list[Finding]:
        found = [
            f for name in plan.columns.sensitive for f in self._attribute(acc, name, plan, run)
        ]
        return found + self._intersections(acc, plan, run)

    def _attribute(self, acc: Cells, attribute: str, plan: Plan, run: Run) -> Iterator[Finding]:
        every, named = groups(acc, attribute, "favoured", ("n",)), declared(plan, attribute)
        limit = readings.joined(self.limit, readings.frame(plan), readings.weighted(plan))
        against = rates.reference(
            every, named, plan, high=True, untold=run.untold.get(attribute, ())
        )
        if against is None or len(every) < 2:
            yield no_reference(self.spec, "selection_rate_ratio", attribute, plan, limit)
            return
        size = rates.family_size(every, named, plan) * run.plans
        pairs = rates.adjusted([(every, named)], plan, run.plans)[0]
        family = f"{self.spec.id}/{attribute}"
        chosen = "declared" if named else "highest_rate"
        missing = missing_share(acc, attribute, ("n",))
        everyone = rates.together(every)
        for one in rates.compare(
            every, against, selection_lines(), plan, family=size, pairs=pairs
        ):
            yield draft(
                self.spec,
                "selection_rate_ratio",
                slice_={attribute: one.group.name},
                verdict=one.verdict,
                reading=self._said(one, plan, run, {attribute: one.group.name}),
                limit=limit,
                details=details(one, everyone, chosen=chosen, missing=missing),
                **rates.numbers(one, lines=selection_lines(), family=family),
            )

    def _said(self, one: Comparison, plan: Plan, run: Run, slice_: Mapping[str, str]) -> Text:
        said = readings.comparison(
            one, selection_lines(), plan, self.lead, slice_=slice_, who=readings.who(run)
        )
        return Text(said.zh, said.en[:1].upper() + said.en[1:])

    def _intersections(self, acc: Cells, plan: Plan, run: Run) -> list[Finding]:
        names = plan.columns.sensitive
        if len(names) < 2:
            return []
        limit = readings.joined(self.limit, readings.frame(plan), readings.weighted(plan))
        if UNIT in acc.keys or plan.columns.weight is not None:
            return [not_evaluable(self.spec, "selection_rate_ratio", slice_={},
                                  why=NOT_CROSSED, limit=limit)]  # fmt: skip
        rng = run.rng(f"{self.spec.id}/intersections")
        draws = getattr(self.options, "replicates", None)
        found, small = intersections.cells(
            acc, names, plan, rng, plans=run.plans, replicates=draws
        )
        made = [self._cell(cell, len(found) * run.plans, plan, run) for cell in found]
        if small:
            why = Text(
                f"另有 {small} 个交叉组的人数太少（组内或组外不足 {plan.min_n} 人），不作判断。",
                f"{small} further intersections are too small (fewer than {plan.min_n} people in or outside them): nothing is said.",
            )
            made.append(
                not_evaluable(
                    self.spec,
                    "selection_rate_ratio",
                    slice_={},
                    why=why,
                    limit=limit,
                    details={"cells_too_small": small},
                )
            )
        return made

    def _cell(self, cell: intersections.Cell, size: int, plan: Plan, run: Run) -> Finding:
        one = _against_rest(cell, plan, size)
        reading = self._said(one, plan, run, dict(cell.slice_))
        numbers = rates.numbers(
            one,
            lines=selection_lines(),
            family=f"{self.spec.id}/intersections",
            adjustment=cell.method,
        )
        return draft(
            self.spec,
            "selection_rate_ratio",
            slice_=dict(cell.slice_),
            verdict=one.verdict,
            reading=reading,
            limit=readings.joined(self.limit, readings.frame(plan), readings.weighted(plan)),
            details=details(
                one, rates.together([cell.group, cell.rest]), chosen="everyone_else", missing=None
            ),
            **numbers,
        )

    def public(self, acc: Cells, plan: Plan) -> Sequence[Table]:
        return published(
            acc,
            plan,
            self.spec.id,
            counts=("favoured", "refused"),
            people=lambda row: (row[1], row[0] - row[1]),
        )

    def recompute(self, tables: Sequence[Table], plan: Plan, run: Run) -> list[Finding]:
        found: list[Finding] = []
        for table in () if plan.columns.weight else tables:  # published counts have no weights
            acc = unpublished(table, self.measures, lambda row: (row[0] + row[1], row[0]))
            if len(table.keys) == 1:
                found += self._attribute(acc, table.keys[0], plan, run)
            elif table.keys == plan.columns.sensitive and None not in [c for _, c in table.rows]:
                found += self._intersections(acc, plan, run)
        return found

    @classmethod
    def nulls(cls) -> Mapping[str, NullDesign]:
        return decision_nulls(cls.spec.id)

    @classmethod
    def planted(cls) -> Mapping[str, NullDesign]:
        return selection_planted()


def selection_lines() -> Lines:
    """The lines of selection rates, from the policy file."""
    value = POLICY.value
    return Lines(
        ratio=(value("rate_ratio_low"), value("rate_ratio_high")),
        difference=None,
        equivalence=(value("rate_equivalence_low"), value("rate_equivalence_high")),
        source=POLICY.source("rate_ratio_low"),
    )


def _against_rest(cell: intersections.Cell, plan: Plan, size: int) -> Comparison:
    lines = selection_lines()
    against = replace(cell.rest, name="*")
    pair = {rates.pair(cell.group.name, "*"): cell.p_adjusted}
    made = rates.compare([cell.group, against], against, lines, plan, family=size, pairs=pair)[0]
    if made.why is not None:
        return made
    counts = (cell.group.k, cell.group.n, cell.rest.k, cell.rest.n)
    held = partial(verdicts.reaching, p_adjusted=cell.p_adjusted, alpha=plan.alpha)
    ratio = held(intervals.koopman(*counts, cell.level), none=1.0)
    verdict = verdicts.judge(
        evaluable=True,
        beyond=rates.beyond(ratio, None, lines),
        equivalent=equivalence.shown(
            made.equivalence_p,
            family=size,
            alpha=plan.alpha,
            units=rates.sides(cell.group, cell.rest),
            interval=ratio,
            near=lines.equivalence,
        ),
        p_adjusted=cell.p_adjusted,
        alpha=plan.alpha,
        spanned=verdicts.spans(ratio, 1.0),
    )
    test = Test(cell.method, None, cell.p_value)
    gap = held(intervals.newcombe(*counts, cell.level))
    return replace(
        made, level=cell.level, ratio_ci=ratio, difference_ci=gap, test=test, verdict=verdict
    )
