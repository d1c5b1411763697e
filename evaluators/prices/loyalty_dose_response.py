"""loyalty_dose_response: do regular customers pay more than new ones, the more so the longer?

The question behind 大数据杀熟. Per measure of loyalty (tenure, orders, spend, device tier) accounts
are put in ordered levels, and the log price for the same item, moment and costs is followed along
them: the rise of the isotonic fit with simultaneous bounds (Robertson, Wright and Dykstra 1988),
the highest level against the lowest, and the change along the straight line through the levels; beside
them how often the higher of two accounts pays more (Jonckheere 1954, Terpstra 1952).
The unit is the account. A declared new-user window is measured as it stands and then left out, so
that an offer to new users is seen, and what regulars pay beside it is seen too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from evaluators.judging.findings import draft, not_evaluable
from evaluators.plan import Plan, Scalar
from evaluators.policy import POLICY
from evaluators.prices import dose_response, loyalty_readings, price_defences, price_family, quotes
from evaluators.prices.dose import Doses, doses
from evaluators.prices.dose_response import Effect, Question, Response, level_names
from evaluators.prices.loyalty_nulls import loyalty_nulls, loyalty_planted
from evaluators.prices.price_family import PRICE, Judged, Line, Result
from evaluators.prices.price_lines import EQUIVALENCE, LEGAL, log_line, severity
from evaluators.prices.price_readings import REASON_LIMIT
from evaluators.prices.pricing_frame import Recipe, build, repeated
from evaluators.prices.pricing_ladder import Step, fit_step
from evaluators.prices.uncompared import Side, Uncompared, side_of, uncompared
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
from evaluators.statistics.regression import Codes, Coefficient, Floats
from registry.findings import Finding, Verdict
from registry.language import Text

WINDOW = "mingsuan:window"
RISE_VALUE = POLICY.value("price_rise")
RISE = Line(
    float("-inf"), log_line(RISE_VALUE), (-log_line(EQUIVALENCE), log_line(EQUIVALENCE)),
    {**(PRICE.threshold or {}), "value": RISE_VALUE, "source": POLICY.source("price_rise"),
     "rule": "rise of the price along the levels, as a share of it"},
    lambda low, high: severity(low, high) or "rise",
)  # fmt: skip


class LoyaltyOptions(Options):
    """What a plan may say to loyalty_dose_response.

    Attributes:
        measures: the measures of loyalty; left out, the profile columns are.
        order: measure → its levels from the lowest to the highest, for measures that are words.
        levels: the most levels a number is cut into.
        kind: quotes, or purchases (which can never show that a difference is small).
        fixed_effects: item and moment held fixed together ("crossed"), side by side or not at all.
    """

    measures: tuple[str, ...] = ()
    order: Mapping[str, tuple[Scalar, ...]] = Field(default_factory=dict)
    levels: int = Field(default=5, ge=2, le=10)
    kind: Literal["quotes", "purchases"] = "quotes"
    fixed_effects: Literal["crossed", "additive", "none"] = "crossed"


class LoyaltyDetails(Details):
    """The numbers of loyalty_dose_response beside a finding's own.

    Attributes:
        window: "all" accounts, or "outside" the declared new-user window.
        levels: level → accounts, log-ratio to the lowest level, isotonic fit.
        superiority: of two accounts at different levels, how often the higher one pays more.
        rank_p: of the rank test for that (Jonckheere and Terpstra); no verdict goes by it.
        raw: the highest level against the lowest with nothing held fixed.
        factors, cells: what was held fixed.
        rows, dropped, unpriced: complete rows; without a named column; without a price.
        alone: rows left out because no other row has their item, or their moment.
        freedom, draws: of the t distribution; from the joint distribution.
        kind: quotes or purchases.
        problem: why there is no estimate.
        more: further numbers.
    """

    window: str = "all"
    levels: list[dict[str, Any]] = Field(default_factory=list)
    superiority: float | None = None
    rank_p: float | None = None
    raw: float | None = None
    factors: tuple[str, ...] = ()
    cells: bool = False
    rows: int = 0
    dropped: int = 0
    unpriced: int = 0
    alone: int | None = None
    freedom: int = 0
    draws: int = 0
    kind: str = ""
    problem: str | None = None
    more: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Side:
    """The rows looked at: all, or those outside the declared window."""

    rows: pa.Table
    outside: bool

    @property
    def suffix(self) -> str:
        return "_outside" if self.outside else ""


class LoyaltyDoseResponse(Probe[pa.Table]):
    """Prices along loyalty."""

    holds = ("item", "time", "cost", "control")
    spec = ProbeSpec(
        id="loyalty_dose_response",
        version="1",
        task="pricing",
        state=State.ROWS,
        roles=("price",),
        derived=(UNIT,),
        options=LoyaltyOptions,
        details=LoyaltyDetails,
        legal_refs=LEGAL,
        question=Text(
            "同样的商品，在计划列出的条件（例如时间、成本）都相同时，用得越久、买得越多的账号，价格是不是越高？",
            "For the same goods and with the plan's conditions (such as moment or cost) held equal, is the price "
            "higher the longer and the more an account has bought?",
        ),
        optional=("profile", "item", "time", "user", "unit", "cost", "control", "weight"),
    )  # fmt: skip
    options: LoyaltyOptions

    def create_accumulator(self, plan: Plan) -> pa.Table:  # noqa: ARG002
        return pa.table({})

    def add_batch(self, acc: pa.Table, batch: pa.RecordBatch) -> pa.Table:
        return quotes.join([acc, quotes.keep(batch, quotes.own(batch))])

    def merge(self, accs: Sequence[pa.Table]) -> pa.Table:
        return quotes.join(accs)

    def sealed(self, acc: pa.Table) -> Any:
        return quotes.sealed(acc)

    def columns(self, plan: Plan) -> tuple[str, ...]:
        return (*self.options.measures, *price_defences.named(plan.defences))

    @classmethod
    def nulls(cls) -> Mapping[str, NullDesign]:
        return loyalty_nulls()

    @classmethod
    def planted(cls) -> Mapping[str, NullDesign]:
        return loyalty_planted()

    def measures(self, plan: Plan) -> tuple[str, ...]:
        """The measures of loyalty."""
        return tuple(dict.fromkeys(self.options.measures or plan.columns.profile))

    def extract_findings(self, acc: pa.Table, plan: Plan, run: Run) -> list[Finding]:
        rows = quotes.ordered(acc)
        sides = [_Side(rows, outside=False), *self._outside(rows, plan)]
        found: list[Finding] = []
        for measure in self.measures(plan):
            found += self._measure(measure, sides, plan, run)
        if not found:
            limit = loyalty_readings.limit(self.options.kind, clustered=True)
            return [not_evaluable(self.spec, "loyalty_rise", slice_={}, why=loyalty_readings.NOTHING,
                                  limit=limit)]  # fmt: skip
        return [*found, *self._windows(rows, plan, run)]

    def public(self, acc: pa.Table, plan: Plan) -> Sequence[Table]:
        """How many accounts each level has."""
        rows, tables = quotes.ordered(acc), []
        for measure in self.measures(plan):
            levels = self._doses(rows, measure, plan)
            counted = tuple(
                ((label,), (n,)) for label, n in zip(levels.labels, levels.accounts, strict=True)
            )
            if counted:
                name = f"{self.spec.id}:{measure}"
                tables.append(Table(name, (f"{measure}:levels",), ("accounts",), counted))
        return tables

    def _account(self, rows: pa.Table, plan: Plan) -> Codes:
        column = quotes.account(plan)
        return quotes.units(rows, column) if column else np.arange(rows.num_rows)

    def _doses(self, rows: pa.Table, measure: str, plan: Plan) -> Doses:
        if not rows.num_rows or measure not in rows.schema.names:
            problem = "no_rows" if measure in rows.schema.names else "absent"
            return Doses((), np.full(rows.num_rows, -1), (), problem)
        return doses(
            rows.column(measure), self._account(rows, plan),
            order=self.options.order.get(measure, ()), least=plan.min_n, most=self.options.levels,
        )  # fmt: skip

    def _recipe(self, plan: Plan, measure: str, extra: Sequence[str] = ()) -> Recipe:
        columns = plan.columns
        held = dict.fromkeys((*columns.cost, *columns.control, *extra))
        named = tuple(name for name in (columns.item, columns.time) if name)
        cells: tuple[tuple[str, ...], ...] = (named,) if named else ()
        if self.options.fixed_effects != "crossed":
            cells = tuple((n,) for n in named) if self.options.fixed_effects == "additive" else ()
        return Recipe(
            price=str(columns.price),
            scale="log",
            factors=tuple(name for name in held if name != measure),
            cells=cells,
            unit=quotes.account(plan),
            weight=columns.weight,
        )

    def _measure(
        self, measure: str, sides: Sequence[_Side], plan: Plan, run: Run
    ) -> list[Finding]:
        size = 3 * len(sides) * run.plans
        results: list[tuple[Result, Response | str, _Side]] = []
        for side in sides:
            rng = run.rng(f"{self.spec.id}:{measure}{side.suffix}")
            levels = self._doses(side.rows, measure, plan)
            question = Question(self._recipe(plan, measure), plan.min_n, plan.alpha / size)
            response = dose_response.respond(side.rows, levels, question, rng)
            results += [(r, response, side) for r in self._results(measure, response, side, plan)]
        judged = price_family.settle([r for r, _, _ in results], size=size, alpha=plan.alpha)
        examined = self._reasons(measure, sides[0].rows, plan)
        found = []
        for one, (_, response, side) in zip(judged, results, strict=True):
            made = self._finding(one, response, measure, side, plan=plan, size=size)
            found.append(made if side.outside else price_defences.beside(made, examined))
        return [*found, *(self._reason(entry, measure, found) for entry in examined)]

    def _results(
        self, measure: str, response: Response | str, side: _Side, plan: Plan
    ) -> Iterator[Result]:
        if isinstance(response, str):
            details = self._details(None, side, response)
            yield Result(f"loyalty_rise{side.suffix}", {measure: ""}, "", "", 0, 0, RISE,
                         problem=response, details=details)  # fmt: skip
            return
        top, bottom = response.labels[-1], response.labels[0]
        common: dict[str, Any] = {
            "slice": {measure: top}, "group": top, "reference": bottom,
            "n": response.accounts[-1], "n_reference": response.accounts[0],
            "units": response.frame.standing(response.frame.contrasts[-1]),
            "method": f"joint t of all monotone contrasts, {response.freedom} degrees of freedom",
            "details": self._details(response, side, None),
        }  # fmt: skip
        quiet = self.options.kind == "purchases"
        several, ends = self._gone(response, measure, plan)

        def made(
            name: str,
            effect: Effect,
            p: float,
            test: tuple[str, float],
            line: Line,
            gone: Uncompared,
        ) -> Result:
            return Result(
                f"{name}{side.suffix}",
                line=line,
                value=effect.value,
                low=effect.low,
                high=effect.high,
                p=p,
                test=test,
                small=None if quiet else effect.small,
                gone=gone,
                mde=price_family.detectable(effect.error, response.critical, response.freedom),
                **common,
            )

        rise, gap, line = response.rise, response.gap, response.line
        risen = made(
            "loyalty_rise", rise, rise.p, ("largest monotone contrast", rise.t), RISE, several
        )
        if response.broken and not loyalty_readings.falling(risen):
            problem = loyalty_readings.NOT_THROUGHOUT
            risen = replace(risen, problem=problem, mde=None,
                            details={**risen.details, "problem": problem})  # fmt: skip
        yield risen
        yield made(
            "loyalty_trend",
            line,
            line.p,
            ("t, clustered by account", line.t),
            PRICE,
            several,
        )
        yield made("loyalty_gap", gap, gap.p, ("t, clustered by account", gap.t), PRICE, ends)

    @staticmethod
    def _gone(response: Response, measure: str, plan: Plan) -> tuple[Uncompared, Uncompared]:
        """What is left out of the comparison of all levels, and of the highest with the lowest."""
        counts = [response.frame.free.get(name, (0, 0)) for name in level_names(response.labels)]
        sides = [side_of(plan, measure, label, own)
                 for label, own in zip(response.labels, counts, strict=True)]  # fmt: skip
        alone = response.frame.alone
        every = uncompared(sides, least=plan.min_n, alone=alone)
        return every, uncompared([sides[-1], sides[0]], least=plan.min_n, alone=alone)

    def _details(
        self, response: Response | None, side: _Side, problem: str | None
    ) -> dict[str, Any]:
        frame = response.frame if response else None
        return LoyaltyDetails(
            window="outside" if side.outside else "all",
            levels=[dict(entry) for entry in dose_response.levels_json(response)]
            if response
            else [],
            superiority=response.trend.superiority if response else None,
            rank_p=response.trend.p if response else None,
            raw=response.raw if response else None,
            factors=tuple(frame.factors) if frame else (),
            cells=bool(frame and frame.effects),
            rows=frame.rows if frame else 0,
            dropped=frame.dropped if frame else 0,
            unpriced=frame.unpriced if frame else 0,
            alone=(frame.alone or None) if frame else None,
            freedom=response.freedom if response else 0,
            draws=response.draws if response else 0,
            kind=self.options.kind,
            problem=problem,
        ).model_dump(mode="json")

    def _finding(
        self, judged: Judged, response: Response | str, measure: str, side: _Side, *, plan: Plan,
        size: int,
    ) -> Finding:  # fmt: skip
        reading = (
            loyalty_readings.problem(plan.plain(measure), response)
            if isinstance(response, str)
            else loyalty_readings.reading(judged, response, plan, measure, outside=side.outside)
        )
        limit = loyalty_readings.limit(
            self.options.kind, clustered=quotes.account(plan) is not None
        )
        return price_family.finding(
            self.spec, judged, plan=plan, family=f"{self.spec.id}|{measure}", size=size,
            reading=reading, limit=limit,
        )  # fmt: skip

    def _outside(self, rows: pa.Table, plan: Plan) -> list[_Side]:
        """The rows outside every declared new-user window, where there is one."""
        marks = [mask for _, mask in self._marks(rows, plan)]
        if not marks:
            return []
        return [_Side(rows.filter(pa.array(~np.any(marks, axis=0))), outside=True)]

    def _marks(
        self, rows: pa.Table, plan: Plan
    ) -> Iterator[tuple[Mapping[str, Any], quotes.Mask]]:
        for defence in plan.defences:
            named = price_defences.columns(defence)
            if defence["kind"] == "new_user_offer" and named and named[0] in rows.schema.names:
                yield defence, price_defences.inside(rows, named[0], defence)

    def _windows(self, rows: pa.Table, plan: Plan, run: Run) -> Iterator[Finding]:
        """Every declared window as it stands: those inside against all others."""
        for defence, mask in self._marks(rows, plan):
            column = price_defences.columns(defence)[0]
            result, units = self._window(rows, mask, column, plan, plan.alpha / run.plans)
            (judged,) = price_family.settle([result], size=run.plans, alpha=plan.alpha)
            reading = (
                loyalty_readings.problem(plan.plain(column), result.problem)
                if result.problem
                else loyalty_readings.window(judged, units=units)
            )
            yield price_family.finding(
                self.spec, judged, plan=plan, family=f"{self.spec.id}|new_user_offer:{column}",
                size=run.plans, reading=reading, limit=REASON_LIMIT,
            )  # fmt: skip

    def _window(
        self, rows: pa.Table, mask: quotes.Mask, column: str, plan: Plan, alpha: float
    ) -> tuple[Result, tuple[int, int]]:
        account = self._account(rows, plan)
        new = np.isin(account, np.unique(account[mask]))
        kept = pa.array(mask | ~new)  # of a new account only what it saw as a new one
        names = np.where(mask, "inside", "outside")
        marked = rows.append_column(WINDOW, pa.array(names.tolist(), pa.string())).filter(kept)
        recipe = self._recipe(plan, WINDOW)
        frame = repeated(build(marked, WINDOW, recipe, "outside"))
        units, own = (0, 0), None
        if frame.contrasts:
            units = frame.contrasts[0].n, frame.contrasts[0].n_reference
            step = Step("held", recipe.factors, cells=bool(recipe.cells))
            own = fit_step(frame, step).of(frame.contrasts[0].column)
        problem = "no_rows" if not frame.contrasts else None
        if problem is None and min(units) < plan.min_n:
            problem = "too_few_units"
        elif problem is None and own is None:
            problem = "no_variance"
        details = LoyaltyDetails(window="inside", kind=self.options.kind, problem=problem,
                                 rows=frame.rows, dropped=frame.dropped, unpriced=frame.unpriced,
                                 alone=frame.alone or None)  # fmt: skip
        standing = frame.standing(frame.contrasts[0]) if frame.contrasts else None
        sides = [Side(name, words, *frame.free.get(name, (0, 0)))
                 for name, words in loyalty_readings.WINDOW_SIDES.items()]  # fmt: skip
        blank = Result(
            "new_user_offer_gap", {column: "inside"}, "inside", "outside", *units, PRICE,
            units=standing, problem=problem, details=details.model_dump(mode="json"),
            gone=uncompared(sides, least=plan.min_n, alone=frame.alone),
        )  # fmt: skip
        if own is None or problem is not None:
            return blank, units
        # Errors rest on the smaller side's accounts, so they have no more degrees of freedom.
        own = replace(own, freedom=max(1, min(own.freedom, min(units) - 1)))
        low, high = own.interval(alpha)
        small = own.within(*PRICE.margins) if self.options.kind == "quotes" else None
        return replace(blank, value=own.value, low=low, high=high, p=own.p, small=small,
                       test=("t, clustered by account", own.t), method="CRV1 by account"), units  # fmt: skip

    def _reasons(self, measure: str, rows: pa.Table, plan: Plan) -> list[price_defences.Examined]:
        """The declared reasons, tested on the highest level against the lowest."""
        levels = self._doses(rows, measure, plan)
        if levels.problem is not None or not plan.defences:
            return []
        top, bottom = levels.labels[-1], levels.labels[0]

        def gaps(some: pa.Table, extra: tuple[str, ...]) -> dict[str, Coefficient]:
            own = dose_response.gap(
                some, self._doses(some, measure, plan), self._recipe(plan, measure, extra)
            )
            return {top: own} if own is not None else {}

        def membership(group: str, reference: str) -> tuple[Floats, quotes.Mask]:  # noqa: ARG001
            high = levels.codes == len(levels.labels) - 1
            return high.astype(np.float64), high | (levels.codes == 0)

        case = price_defences.Case(
            rows,
            measure,
            ((top, bottom),),
            self._account(rows, plan),
            plan.alpha,
            gaps,
            membership,
            plan.plain,
        )
        return price_defences.tested(case, plan.defences)

    def _reason(
        self, entry: price_defences.Examined, measure: str, beside: Sequence[Finding]
    ) -> Finding:
        problem = "untested" if entry.verdict is Verdict.NOT_EVALUABLE else None
        details = LoyaltyDetails(kind=self.options.kind, problem=problem, more=dict(entry.numbers))
        return draft(
            self.spec,
            f"defence_{entry.kind}",
            slice_={measure: entry.group},
            group=entry.group or None,
            reference_group=entry.reference or None,
            **price_defences.sizes(beside, entry),
            effect={"kind": "log_ratio", "value": entry.effect},
            p_value=entry.p,
            verdict=entry.verdict,
            defences=(entry.kind,),
            details=details.model_dump(mode="json"),
            reading=entry.said,
            limit=REASON_LIMIT,
        )
