"""price_observational: do some people see or pay other prices for the same goods?

Regresses the log price (or the price) of quotes or purchases on an attribute of the person or the
area, first raw, then with item and moment, cost factors and declared controls held fixed, with
errors clustered by the plan's unit. Sources: Cameron and Miller (2015) for the inference,
Kitagawa (1955), Oaxaca (1973) and Blinder (1973) for the decomposition, Cinelli and Hazlett (2020)
for the sensitivity. What the data do not hold can't be ruled out, and every finding says so.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa
from pydantic import Field

from evaluators.judging import equivalence, findings
from evaluators.judging.findings import draft
from evaluators.judging.verdicts import judge, reached, spans
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.prices import price_defences, price_readings, quotes
from evaluators.prices.price_lines import EQUIVALENCE, beyond, cells, log_line, severity, threshold
from evaluators.prices.price_nulls import quote_nulls, quotes_planted
from evaluators.prices.pricing_frame import Frame, Recipe, build, distinct, repeated
from evaluators.prices.pricing_ladder import (
    Estimate,
    Ladder,
    Step,
    estimates,
    residual_quantiles,
    unexplained,
)
from evaluators.prices.pricing_placebo import Placebo, check
from evaluators.prices.uncompared import side_of, uncompared
from evaluators.probe import (
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
from evaluators.statistics.multiplicity import holm
from registry.findings import Finding, Verdict
from registry.language import Text

LEGAL = ("SZ72-5", "SH67-4", "算法推荐21", "PIPL24", "消保条例9", "SZDATA69")
MOST_LEVELS = 1000
"""Every level beyond the first is a column of the regression."""
OUTCOMES = re.compile(
    r"discount|coupon|subsid|rebate|quantity|qty|spend|gmv|orders|revenue|优惠|折扣|补贴|数量|消费|销量",
    re.IGNORECASE,
)


class ObservationalOptions(Options):
    """What a plan may say to price_observational.

    Attributes:
        attributes: the attributes tested; left out, the sensitive and profile columns are.
        scale: log price, or the price itself (a share of the mean price is then judged).
        kind: quotes, or purchases (which can never show that a difference is small, because
            those who were asked too much did not buy).
        log: columns that enter as logarithms.
        categorical: number columns that are codes of groups.
        ladder: what each further step adds; left out: the cost factors, then the controls.
        fixed_effects: whether item and moment are held fixed together ("crossed"), one beside
            the other ("additive"), or not at all.
        cluster: one or two of unit, user and item; left out: the unit, else the user, else rows.
        outcomes: covariates that the price itself may have changed; they are named in the finding.
        tails: the two quantiles between which a number attribute is compared.
        quantiles: the quantiles of what is left of the price.
        placebos: how many invented groups are tried; left out: the policy's number.
    """

    attributes: tuple[str, ...] = ()
    scale: Literal["log", "level"] = "log"
    kind: Literal["quotes", "purchases"] = "quotes"
    log: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    ladder: tuple[tuple[str, ...], ...] = ()
    fixed_effects: Literal["crossed", "additive", "none"] = "crossed"
    cluster: tuple[Literal["unit", "user", "item"], ...] = ()
    outcomes: tuple[str, ...] = ()
    tails: tuple[float, float] = (0.1, 0.9)
    quantiles: tuple[float, ...] = (0.1, 0.25, 0.5, 0.75, 0.9)
    placebos: int | None = None


class ObservationalDetails(Details):
    """The numbers of price_observational beside a finding's own.

    Attributes:
        step: what was held fixed: "raw", or what the last step added.
        factors, cells: all that was held fixed.
        scale, kind: as in the options.
        coefficient, standard_error: of the regression, in its own units.
        interval_95: the interval of the effect at 95 %, this finding alone.
        rows, dropped, unpriced: complete rows; rows without a named column; without a price.
        alone: rows left out because no other row has their item, or their moment.
        placebo: the check with invented groups.
        outcome_covariates: covariates that the price itself may have changed.
        problem: why there is no estimate.
        more: further numbers of the metric.
    """

    step: str = ""
    factors: tuple[str, ...] = ()
    cells: bool = False
    scale: str = ""
    kind: str = ""
    coefficient: float | None = None
    standard_error: float | None = None
    interval_95: tuple[float, float] | None = None
    rows: int = 0
    units: int = 0
    dropped: int = 0
    unpriced: int = 0
    alone: int | None = None
    placebo: dict[str, Any] | None = None
    outcome_covariates: tuple[str, ...] = ()
    problem: str | None = None
    more: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Family:
    """What all findings of one attribute share; `whole` has the rows, too, that are compared with no other."""

    whole: Frame
    frame: Frame
    plan: Plan
    run: Run
    placebo: Placebo | None
    size: int
    outcomes: tuple[str, ...]

    def of(self, step: Step) -> Frame:
        """The rows of one step."""
        return self.frame if step.cells else self.whole


class PriceObservational(Probe[quotes.Kept]):
    """Price differences in observed quotes or purchases."""

    holds = ("item", "time", "cost", "control")
    spec = ProbeSpec(
        id="price_observational",
        version="1",
        task="pricing",
        state=State.ROWS,
        roles=("price",),
        derived=(UNIT,),
        options=ObservationalOptions,
        details=ObservationalDetails,
        legal_refs=LEGAL,
        question=Text(
            "同样的商品，在计划列出的条件（例如时间、成本）都相同时，不同的人（或地区）看到或付出的价格是否不同？",
            "For the same goods and with the plan's conditions (such as moment or cost) held equal, do "
            "different people or areas see or pay different prices?",
        ),
        optional=(
            "sensitive", "profile", "cost", "control", "item", "time", "user", "unit", "weight",
        ),
    )  # fmt: skip
    options: ObservationalOptions

    def create_accumulator(self, plan: Plan) -> quotes.Kept:
        return quotes.Kept(tuple(sorted({*plan.columns.named(), *self.columns(plan), UNIT})))

    def add_batch(self, acc: quotes.Kept, batch: pa.RecordBatch) -> quotes.Kept:
        return acc.add(batch)

    def merge(self, accs: Sequence[quotes.Kept]) -> quotes.Kept:
        return quotes.Kept(accs[0].wanted, tuple(part for acc in accs for part in acc.parts))

    def columns(self, plan: Plan) -> tuple[str, ...]:
        held = (name for step in self.options.ladder for name in step)
        return (*self.options.attributes, *held, *price_defences.named(plan.defences))

    def sealed(self, acc: quotes.Kept) -> Any:
        return acc.sealed()

    def extract_findings(self, acc: quotes.Kept, plan: Plan, run: Run) -> list[Finding]:
        rows = acc.rows
        found: list[Finding] = []
        for attribute in self.attributes(plan):
            needed = {attribute, *self.steps(plan, attribute)[-1].factors}
            absent = sorted(needed - set(rows.schema.names))
            crowded = [
                name
                for name in sorted(needed - set(absent))
                if self._crowded(rows.column(name), name)
            ]
            if absent:
                found.append(price_readings.absent(self.spec, plan, attribute, absent))
            elif crowded:
                found.append(price_readings.crowded(self.spec, plan, attribute, crowded))
            elif rows.num_rows:
                found += self._attribute(rows, attribute, plan, run)
        return found or [price_readings.nothing_to_compare(self.spec, plan)]

    def _crowded(self, column: pa.ChunkedArray, name: str) -> bool:
        grouped = name in self.options.categorical or not quotes.is_number(column)
        return grouped and len(quotes.levels(column).names) > MOST_LEVELS

    def attributes(self, plan: Plan) -> tuple[str, ...]:
        """The attributes that are tested."""
        named = self.options.attributes or (*plan.columns.sensitive, *plan.columns.profile)
        return tuple(dict.fromkeys(named))

    def steps(self, plan: Plan, attribute: str) -> list[Step]:
        """The ladder: raw first, then each condition on top of those before it."""
        within = bool(self._cells(plan))
        found = [Step("raw")]
        if within:
            found.append(Step(cells(plan).en, (), cells=True))
        held: list[str] = []
        for added in self.options.ladder or (plan.columns.cost, plan.columns.control):
            new = [name for name in added if name != attribute and name not in held]
            if new:
                held += new
                found.append(Step(", ".join(new), tuple(held), within))
        return found

    @classmethod
    def nulls(cls) -> Mapping[str, NullDesign]:
        return quote_nulls()

    @classmethod
    def planted(cls) -> Mapping[str, NullDesign]:
        return quotes_planted()

    def public(self, acc: quotes.Kept, plan: Plan) -> Sequence[Table]:
        """Rows and units by level of every group attribute."""
        tables, rows = [], acc.rows
        for attribute in self.attributes(plan):
            if attribute not in rows.schema.names or quotes.is_number(rows.column(attribute)):
                continue
            found = quotes.levels(rows.column(attribute))
            unit = quotes.units(rows, self._recipe(plan, ()).unit or UNIT)
            counts = tuple(
                ((name,), (int(members.sum()), distinct(unit, members)))
                for name, members in (
                    (name, found.codes == place) for place, name in enumerate(found.names)
                )
            )
            name = f"{self.spec.id}:{attribute}"
            tables.append(Table(name, (attribute,), ("rows", "units"), counts))
        return tables

    def _cells(self, plan: Plan) -> tuple[tuple[str, ...], ...]:
        named = tuple(name for name in (plan.columns.item, plan.columns.time) if name)
        if not named or self.options.fixed_effects == "none":
            return ()
        return (named,) if self.options.fixed_effects == "crossed" else tuple((n,) for n in named)

    def _recipe(self, plan: Plan, factors: Sequence[str]) -> Recipe:
        columns = plan.columns
        chosen = [
            UNIT if name == "unit" else getattr(columns, name) for name in self.options.cluster
        ]
        if not chosen and (columns.unit or columns.user):
            chosen = [UNIT if columns.unit else columns.user]
        return Recipe(
            price=str(columns.price),
            scale=self.options.scale,
            factors=tuple(factors),
            logs=frozenset(self.options.log),
            categorical=frozenset(self.options.categorical),
            cells=self._cells(plan),
            unit=chosen[0] if chosen else None,
            second=chosen[1] if len(chosen) > 1 else None,
            weight=columns.weight,
            tails=self.options.tails,
        )

    def _attribute(self, rows: pa.Table, attribute: str, plan: Plan, run: Run) -> list[Finding]:
        steps = self.steps(plan, attribute)
        recipe = self._recipe(plan, steps[-1].factors)
        whole = build(rows, attribute, recipe, plan.reference.get(attribute))
        if not whole.contrasts:
            return [price_readings.nothing_to_compare(self.spec, plan, attribute)]
        frame = repeated(whole)
        parts = len(steps) + (2 if frame.groups else 1)
        size = len(frame.contrasts) * parts * run.plans
        found = list(self._estimates(whole, frame, steps, plan, run, size))
        placebo = self._placebo(frame, steps[-1], plan, run)
        outcomes = tuple(
            name for name in steps[-1].factors
            if name in self.options.outcomes or OUTCOMES.search(name)
        )  # fmt: skip
        family = _Family(whole, frame, plan, run, placebo, size, outcomes)
        examined = price_defences.examine(
            rows,
            frame,
            recipe,
            steps[-1],
            defences=plan.defences,
            reference=plan.reference.get(attribute),
            alpha=plan.alpha,
            names=plan.plain,
        )
        told = [
            price_defences.beside(finding, examined) for finding in self._judged(found, family)
        ]
        return [*told, *(self._reason(entry, family, steps[-1], told) for entry in examined)]

    def _reason(
        self, entry: price_defences.Examined, family: _Family, step: Step, beside: list[Finding]
    ) -> Finding:
        """A declared reason as a finding of its own."""
        frame = family.frame
        details = ObservationalDetails(
            step=step.name,
            factors=step.factors,
            cells=step.cells,
            scale=self.options.scale,
            kind=self.options.kind,
            coefficient=None,
            standard_error=None,
            interval_95=None,
            rows=frame.rows,
            units=frame.units,
            dropped=frame.dropped,
            unpriced=frame.unpriced,
            alone=frame.alone or None,
            placebo=None,
            outcome_covariates=(),
            more=dict(entry.numbers),
            problem="untested" if entry.verdict is Verdict.NOT_EVALUABLE else None,
        )
        return draft(
            self.spec,
            f"defence_{entry.kind}",
            slice_={frame.attribute: entry.group},
            group=entry.group or None,
            reference_group=entry.reference or None,
            **(price_defences.sizes(beside, entry) or {"n": frame.units}),
            effect={"kind": "log_ratio", "value": entry.effect},
            p_value=entry.p,
            verdict=entry.verdict,
            defences=(entry.kind,),
            details=details.model_dump(mode="json"),
            reading=entry.said,
            limit=price_readings.REASON_LIMIT,
        )

    def _estimates(
        self,
        whole: Frame,
        frame: Frame,
        steps: Sequence[Step],
        plan: Plan,
        run: Run,
        size: int,
    ) -> Iterator[Estimate]:
        rng, ladder = run.rng(f"{self.spec.id}:{frame.attribute}"), Ladder(frame)
        openly = ladder if whole is frame else Ladder(whole)
        for place, step in enumerate(steps):
            metric, own = _metric(place, len(steps)), ladder if step.cells else openly
            yield from estimates(own, step, metric, size=size, alpha=plan.alpha, rng=rng)
        if frame.groups:
            yield from unexplained(ladder, steps[-1])
        yield from residual_quantiles(
            ladder, steps[-1], self.options.quantiles, rng=rng, alpha=plan.alpha / size
        )

    def _placebo(self, frame: Frame, step: Step, plan: Plan, run: Run) -> Placebo | None:
        draws = self.options.placebos
        wanted = int(POLICY.value("placebos")) if draws is None else draws
        if not wanted or frame.units < 2:
            return None
        key = f"{run.nonce}\x00{frame.attribute}"
        return check(frame, step, draws=wanted, alpha=plan.alpha, key=key)

    def _judged(self, found: Sequence[Estimate], family: _Family) -> list[Finding]:
        problems = [e.problem or self._problem(e, family) for e in found]
        tested = [i for i, e in enumerate(found) if e.p is not None and problems[i] is None]
        p_values = [found[i].p or 0.0 for i in tested]
        spare = [1.0] * (family.size - len(p_values))  # the family counts what could be tested
        adjusted = dict(zip(tested, holm([*p_values, *spare]).tolist(), strict=False))
        return [
            self._finding(e, adjusted.get(i), problems[i], family) for i, e in enumerate(found)
        ]

    def _finding(
        self, estimate: Estimate, adjusted: float | None, problem: str | None, family: _Family
    ) -> Finding:
        plan, frame, contrast = family.plan, family.of(estimate.step), estimate.contrast
        joint = estimate.interval(plan.alpha / family.size) if problem is None else None
        joint = None if joint is None else reached(joint, adjusted, plan.alpha)
        margin = log_line(EQUIVALENCE)
        small = estimate.within(margin) if problem is None else None
        tails = estimate.metric == "residual_quantile_gap" and not frame.groups
        units = frame.standing(contrast, tails=tails)
        gone = uncompared(
            [side_of(plan, frame.attribute, n, frame.free.get(n, (0, 0)))
             for n in (contrast.group, contrast.reference)],
            least=plan.min_n, alone=frame.alone,
        )  # fmt: skip
        verdict = judge(
            evaluable=problem is None,
            beyond=joint is not None and beyond(*joint),
            equivalent=self.options.kind == "quotes"
            and not gone.uneven
            and equivalence.shown(
                small,
                family=family.size,
                alpha=plan.alpha,
                units=findings.sides(units),
                interval=joint,
                near=(-margin, margin),
            ),
            p_adjusted=adjusted,
            alpha=plan.alpha,
            spanned=spans(joint),
        )
        details = self._details(estimate, family, problem)
        return draft(
            self.spec,
            estimate.metric,
            slice_={frame.attribute: contrast.group},
            group=contrast.group,
            reference_group=contrast.reference,
            n=contrast.n,
            n_reference=contrast.n_reference,
            estimate=_level(frame, contrast.members, estimate),
            reference_estimate=_level(frame, contrast.others, estimate),
            effect={
                "kind": "log_ratio" if self.options.scale == "log" else "mark_up",
                "value": estimate.value,
            },
            ci=None
            if joint is None
            else {
                "low": joint[0], "high": joint[1], "level": 1 - plan.alpha / family.size,
                "method": f"{estimate.test[0] if estimate.test else ''}, Bonferroni over {family.size}",
                "simultaneous": True,
            },
            test={"name": estimate.test[0], "statistic": estimate.test[1]} if estimate.test else None,
            p_value=estimate.p if problem is None else None,
            p_adjusted=adjusted,
            adjustment="Holm",
            family={"id": f"{self.spec.id}|{frame.attribute}", "size": family.size},
            equivalence=None if small is None else {
                "low": -margin, "high": margin, "p": small,
                "p_adjusted": equivalence.adjusted(small, family.size),
            },
            units=units,
            mde=estimate.detectable(plan.alpha / family.size),
            threshold=threshold(),
            verdict=verdict,
            severity=severity(*joint) if verdict is Verdict.DISPARITY and joint else None,
            defences=tuple(str(defence["kind"]) for defence in plan.defences),
            details=details.model_dump(mode="json"),
            left_out={} if problem is not None else gone.left_out,
            reading=price_readings.observational(
                estimate, frame, verdict, problem, joint=joint, plan=plan, also=gone.said
            ),
            limit=price_readings.observational_limit(
                self.options.kind, estimate.step, family.outcomes, frame, plan
            ),
        )  # fmt: skip

    def _problem(self, estimate: Estimate, family: _Family) -> str | None:
        contrast, unit = estimate.contrast, family.of(estimate.step).unit
        fewest = min(contrast.n, contrast.n_reference)
        if (
            estimate.metric == "residual_quantile_gap"
        ):  # only the two tails of a number are compared
            fewest = min(distinct(unit, contrast.members), distinct(unit, contrast.others))
        if fewest < family.plan.min_n:
            return "too_few_units"
        few = estimate.details.get("few_clusters", False)
        if family.placebo is not None and not family.placebo.passed and not few:
            return "placebo_failed"
        return None

    def _details(
        self, estimate: Estimate, family: _Family, problem: str | None
    ) -> ObservationalDetails:
        frame, step = family.of(estimate.step), estimate.step
        coefficient, error = estimate.coefficient or (None, None)
        return ObservationalDetails(
            step=step.name,
            factors=step.factors,
            cells=step.cells,
            scale=self.options.scale,
            kind=self.options.kind,
            coefficient=coefficient,
            standard_error=error,
            interval_95=estimate.interval(0.05),
            rows=frame.rows,
            units=frame.units,
            dropped=frame.dropped,
            unpriced=frame.unpriced,
            alone=frame.alone or None,
            placebo=family.placebo.as_json() if family.placebo else None,
            outcome_covariates=tuple(n for n in family.outcomes if n in step.factors),
            problem=problem,
            more=dict(estimate.details),
        )


def _metric(place: int, count: int) -> str:
    if place == 0:
        return "raw_price_gap"
    return "conditional_price_gap" if place == count - 1 else f"price_gap_step_{place}"


def _level(frame: Frame, mark: quotes.Mask, estimate: Estimate) -> float | None:
    """The mean (geometric on the log scale) price of the marked rows, for the raw step."""
    if estimate.step.name != "raw" or not mark.any():
        return None
    mean = float(frame.outcome[mark].mean())
    return math.exp(mean) if frame.log else mean
