"""Regression parity: does a numeric prediction err alike for everyone?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field

from evaluators.accumulating.accumulators import Coded, coded, numbers
from evaluators.accumulating.exact_sums import ExactSums, merge_exact_sums, squares, usable
from evaluators.accumulating.histogram import Classes, Histogram, merge_histograms
from evaluators.accumulating.unit_sums import UnitSums, merge_unit_sums
from evaluators.judging import contrast_readings, contrasts, rates, readings
from evaluators.judging.contrast_readings import Wording
from evaluators.judging.contrasts import Line
from evaluators.judging.findings import draft, not_evaluable
from evaluators.judging.parity import ARTICLES, RateDetails, declared, details, no_reference
from evaluators.judging.rates import Group, Lines, together
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.probe import (
    SCORE,
    UNIT,
    NullDesign,
    Options,
    Probe,
    ProbeSpec,
    Run,
    State,
    Table,
)
from evaluators.scores.regression_groups import BIAS, MAE, MEASURES, RMSE, SUMS, RegressionGroups
from evaluators.scores.score_groups import ScoreGroups
from evaluators.scores.score_nulls import regression_nulls, regression_planted
from evaluators.scores.score_readings import UNSIDED
from registry.findings import Finding
from registry.language import Text

Floats = npt.NDArray[np.float64]

SUCCESS = "success_rate_ratio"
METRICS = (SUCCESS, BIAS, MAE, RMSE)


class RegressionOptions(Options):
    """What counts as a high prediction.

    Args:
        quantile: predictions above this quantile of everyone's count as a success: 0.8 is the
            top fifth (the bottom one where a low prediction is favourable).
    """

    quantile: float = Field(default=0.8, ge=0.05, le=0.95)


class RegressionDetails(RateDetails):
    """Beside the effect: the cut of the success rate, everyone's error, rows left out."""

    quantile: float | None = None
    cut: float | None = None
    cut_exact: bool | None = None
    share_beyond: float | None = None
    typical_error: float | None = None
    unanswered: int | None = None


@dataclass(frozen=True)
class Predictions:
    """The state: predictions and errors by group, and in a second pass sums per unit.

    Args:
        grid: histogram of the predictions by feature and level.
        sums: exact sums of errors, their squares, sizes and fourth powers.
        units: sums per unit.
        unanswered: rows without a prediction or an outcome.
        worded: rows whose outcome is no number.
        inner: finer histogram of the bin of the quantile, where that bin holds several values.
    """

    grid: Histogram = field(default_factory=Histogram)
    sums: ExactSums = field(default_factory=lambda: ExactSums(SUMS))
    units: UnitSums | None = None
    unanswered: int = 0
    worded: int = 0
    inner: Histogram | None = None


class RegressionParity(Probe[Predictions]):
    """Does a numeric prediction err alike for everyone?

    An error is prediction − outcome. Each group against the reference:

    - the mean signed error, in units of everyone's root mean square error: whom does the model
      over- or underestimate?
    - the ratio of mean absolute errors and of root mean square errors, on the log scale (delta
      method, Welch's degrees of freedom);
    - the quantile success rate: the share of predictions beyond a quantile of everyone's, and the
      ratio of two groups' shares (Koopman's interval).

    The lines of 0.8 and 1.25 are the convention of the field's audit tools for these ratios; the
    policy file says so. Where a unit is named, errors come from sums per unit in a second pass.

    State: exact sums and a histogram of at most 16,384 bins per feature and level; where its bins
    hold several predictions another pass finds the quantile within its bin; with a unit a last
    pass keeps four 64-bit numbers per group and unit. Without a declared reference it is the group with the
    smallest mean absolute error (for the success rate the highest rate), and the family holds all
    pairs.
    """

    spec = ProbeSpec(
        id="regression_parity",
        version="1.0.0",
        task="decision",
        state=State.BY_CLUSTER,
        roles=("sensitive", "target"),
        optional=("unit",),
        derived=(SCORE, UNIT),
        options=RegressionOptions,
        details=RegressionDetails,
        legal_refs=ARTICLES,
        question=Text(
            "模型预测的数，对各组人差得一样多吗？",
            "Is a predicted number as far off for every group?",
        ),
    )
    options: RegressionOptions
    first: Predictions | None = None
    finer: bool = False

    def derives(self, plan: Plan) -> tuple[str, ...]:
        return self.spec.derived if plan.columns.unit else (SCORE,)

    def create_accumulator(self, plan: Plan) -> Predictions:
        self.plan = plan
        if self.first is None:
            return Predictions()
        self.seen = [self._groups(name, self.first) for name in plan.columns.sensitive]
        if self.finer:
            return Predictions(inner=Histogram())
        return Predictions(units=UnitSums(MEASURES))

    def _groups(self, name: str, acc: Predictions) -> tuple[ScoreGroups, RegressionGroups]:
        shares = ScoreGroups(name, acc.grid, acc.sums, acc.units, self.options.quantile, acc.inner)
        return shares, RegressionGroups(name, acc.sums, acc.units)

    def add_batch(self, acc: Predictions, batch: pa.RecordBatch) -> Predictions:
        said, real = numbers(batch[SCORE]), batch[self.plan.columns.target]
        if not _numeric(real.type):
            return Predictions(acc.grid, acc.sums, acc.units, 0, acc.worded + batch.num_rows)
        outcome = numbers(real)
        there = usable(said) & usable(outcome)
        error, value = said[there] - outcome[there], toward_favour(said[there], self.plan)
        names = self.plan.columns.sensitive
        levels = {n: Coded(c.codes[there], c.names) for n in names for c in [coded(batch[n])]}
        if acc.inner is not None:
            inside = self.seen[0][0].straddled(value)
            near = [Coded(c.codes[inside], c.names) for c in levels.values()]
            within = [Classes.of(n, c) for n, c in zip(levels, near, strict=True)]
            return Predictions(inner=acc.inner.add(value[inside], within))
        if acc.units is not None:
            units = batch[UNIT].to_numpy(zero_copy_only=False)[there]
            return Predictions(units=self._owed(acc.units, error, value, levels, units=units))
        classes = [Classes.of(name, column) for name, column in levels.items()]
        sums, size = acc.sums, np.abs(error)
        for one in classes:
            columns = [[error], list(squares(error)), [size], [(error * error) ** 2]]
            sums = sums.add(one.keys, one.codes, columns)
        gone = acc.unanswered + int((~there).sum())
        return Predictions(acc.grid.add(value, classes), sums, None, gone, acc.worded)

    def _owed(
        self,
        acc: UnitSums,
        error: Floats,
        value: Floats,
        levels: Mapping[str, Coded],
        *,
        units: npt.NDArray[np.uint64],
    ) -> UnitSums:
        """What the estimates owe to each unit, by the groups of each feature."""
        for shares, groups in self.seen:
            column, values = levels[groups.name], np.zeros((4, error.size))
            values[0] = value > shares.cut.value
            typical = groups.typical or 1.0
            for code, level in enumerate(column.names):
                mine = column.codes == code
                if mine.any():
                    seen = groups.errors(level)
                    values[1, mine] = (error[mine] - seen.mean) / typical
                    values[2, mine] = np.abs(error[mine]) / (seen.absolute or 1.0) - 1
                    values[3, mine] = error[mine] ** 2 / (seen.square or 1.0) - 1
            keys = [(groups.name, level) for level in column.names]
            acc = acc.add(keys, column.codes, units, list(values))
        return acc

    def merge(self, accs: Sequence[Predictions]) -> Predictions:
        units = [acc.units for acc in accs if acc.units is not None]
        inner = [acc.inner for acc in accs if acc.inner is not None]
        return Predictions(
            merge_histograms(acc.grid for acc in accs),
            merge_exact_sums(acc.sums for acc in accs),
            merge_unit_sums(units) if units else None,
            sum(acc.unanswered for acc in accs),
            sum(acc.worded for acc in accs),
            merge_histograms(inner) if inner else None,
        )

    def refine(self, acc: Predictions, plan: Plan) -> "RegressionParity | None":
        whole, again = self._whole(acc), RegressionParity(self.options)
        again.first = whole
        if whole.worded:
            return None
        if self.first is None and whole.grid.bins.size:
            again.finer = not self._groups(plan.columns.sensitive[0], whole)[0].cut.exact
        wanted = again.finer or (plan.columns.unit is not None and whole.units is None)
        return again if wanted else None

    def sealed(self, acc: Predictions) -> Any:
        whole = self._whole(acc)
        return {
            "predictions": whole.grid.as_json(),
            "quantile": whole.inner.as_json() if whole.inner else None,
            "errors": whole.sums.as_json(),
            "units": whole.units.as_json() if whole.units else None,
            "unanswered": whole.unanswered,
        }

    def _whole(self, acc: Predictions) -> Predictions:
        """The state of all passes."""
        if self.first is None:
            return acc
        inner = acc.inner if self.finer else self.first.inner
        return replace(self.first, units=acc.units, inner=inner)

    def extract_findings(self, acc: Predictions, plan: Plan, run: Run) -> list[Finding]:
        whole = self._whole(acc)
        found: list[Finding] = []
        for name in plan.columns.sensitive:
            shares, groups = self._groups(name, whole)
            if whole.worded or not groups.levels:
                why = WORDED if whole.worded else NO_NUMBERS
                found += [
                    not_evaluable(
                        self.spec, metric, slice_={name: "*"}, why=why, limit=_limit(plan)
                    )
                    for metric in METRICS
                ]
                continue
            missing = whole.sums.rows((name, None)) / int(shares.everyone.sum())
            extra = {
                "quantile": self.options.quantile, "cut_exact": shares.cut.exact,
                "cut": _rough(shares, plan),
                "share_beyond": shares.share_above(), "unanswered": whole.unanswered,
            }  # fmt: skip
            found += self._rates(shares.rates(), name, plan, run, missing=missing, extra=extra)
            found += self._errors(groups, plan, run, unanswered=whole.unanswered)
        return found

    def _rates(
        self,
        every: list[Group],
        attribute: str,
        plan: Plan,
        run: Run,
        *,
        missing: float | None,
        extra: Mapping[str, Any],
    ) -> Iterator[Finding]:
        """Quantile success rates."""
        named, limit = declared(plan, attribute), _limit(plan)
        against = rates.reference(
            every, named, plan, high=True, untold=run.untold.get(attribute, ())
        )
        if against is None or len(every) < 2:
            yield no_reference(self.spec, SUCCESS, attribute, plan, limit)
            return
        share, chosen = len(METRICS) * run.plans, "declared" if named else "highest_rate"
        size = rates.family_size(every, named, plan) * share
        pairs = rates.adjusted([(every, named)], plan, share)[0]
        lead = RATE_LEAD if against.units is None else ROWS_LEAD
        end = MOST_FAVOURABLE if plan.columns.sided else HIGHEST
        for one in rates.compare(every, against, success_lines(), plan, family=size, pairs=pairs):
            slice_ = {attribute: one.group.name}
            yield draft(
                self.spec, SUCCESS, slice_=slice_, verdict=one.verdict, limit=limit,
                reading=readings.comparison(
                    one, success_lines(), plan, lead, end=end, slice_=slice_, rows=one.group.n,
                    rows_reference=one.reference.n, top=f"{1 - self.options.quantile:.0%}",
                ),
                details={**details(one, together(every), chosen=chosen, missing=missing), **extra},
                **rates.numbers(one, lines=success_lines(), family=_family(attribute)),
            )  # fmt: skip

    def _errors(
        self, groups: RegressionGroups, plan: Plan, run: Run, *, unanswered: int
    ) -> Iterator[Finding]:
        """Signed errors and the two ratios."""
        named, levels = declared(plan, groups.name), groups.levels
        enough = [level for level in levels if groups.judged(level, plan)]
        told = [level for level in enough if level not in run.untold.get(groups.name, ())]
        best = min(told, key=lambda level: (groups.errors(level).absolute, level), default=None)
        if best is None:  # all are hidden: as `rates.reference` has it
            best = max(enough, key=lambda one: (groups.errors(one).n, one), default=None)
        against = best if named is None else named if named in levels else None
        if against is None or len(levels) < 2:
            yield from (
                no_reference(self.spec, metric, groups.name, plan, _limit(plan))
                for metric in METRICS[1:]
            )
            return
        extra = {
            "typical_error": groups.typical, "unanswered": unanswered,
            "reference_chosen": "declared" if named else "smallest_error",
        }  # fmt: skip
        for metric in METRICS[1:]:
            pairs = [p for p in combinations(enough, 2) if named is None or named in p]
            every = [groups.effect(metric, pair, plan) for pair in pairs]
            size, p = contrasts.adjusted(every, len(METRICS) * run.plans)
            for level in levels:
                if level == against:
                    continue
                judged = contrasts.judge(
                    groups.effect(metric, (level, against), plan), line_of(metric), plan,
                    family=size, p_adjusted=p.get((level, against)),
                )  # fmt: skip
                yield draft(
                    self.spec, metric, slice_={groups.name: level}, verdict=judged.verdict,
                    reading=contrast_readings.sentence(
                        judged, WORDING[metric], plan, groups.name, WHY
                    ),
                    limit=_limit(plan), details=extra,
                    **contrasts.numbers(judged, family=_family(groups.name)),
                )  # fmt: skip

    def public(self, acc: Predictions, plan: Plan) -> Sequence[Table]:
        """How many of each group have a prediction beyond the quantile, and how many have not."""
        if plan.columns.unit is not None:
            return ()
        tables = []
        for name in plan.columns.sensitive:
            groups = self._groups(name, self._whole(acc))[0].rates()
            rows = tuple(((g.name,), (g.k, g.n - g.k)) for g in groups)
            tables.append(Table(self.spec.id, (name,), ("above", "not_above"), rows))
        return tables

    def recompute(self, tables: Sequence[Table], plan: Plan, run: Run) -> list[Finding]:
        """The success rates and all that follows from them."""
        found: list[Finding] = []
        for table in tables:
            shown = [(key[0], counts) for key, counts in table.rows if counts is not None]
            groups = [Group(str(name), c[0], c[0] + c[1]) for name, c in shown]
            if groups:
                found += self._rates(groups, table.keys[0], plan, run, missing=None, extra={})
        return found

    @classmethod
    def nulls(cls) -> Mapping[str, NullDesign]:
        return regression_nulls()

    @classmethod
    def planted(cls) -> Mapping[str, NullDesign]:
        return regression_planted()


def toward_favour(value: Floats, plan: Plan) -> Floats:
    """Predictions that rise towards what is favourable."""
    return -value if plan.columns.falls else value


def success_lines() -> Lines:
    """The lines of success rates, from the policy file."""
    value = POLICY.value
    return Lines(
        ratio=(value("regression_ratio_low"), value("regression_ratio_high")),
        difference=None,
        equivalence=(value("rate_equivalence_low"), value("rate_equivalence_high")),
        source=POLICY.source("regression_ratio_low"),
    )


def line_of(metric: str) -> Line:
    """The line of a statistic of errors, from the policy file."""
    value = POLICY.value
    if metric == BIAS:
        line, near = value("regression_bias"), value("regression_bias_equivalence")
        return Line("difference", -line, line, (-near, near), POLICY.source("regression_bias"))
    return Line(
        "ratio",
        value("regression_ratio_low"),
        value("regression_ratio_high"),
        (value("rate_equivalence_low"), value("rate_equivalence_high")),
        POLICY.source("regression_ratio_low"),
    )


def _numeric(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))


def _limit(plan: Plan) -> Text:
    unsided = () if plan.columns.sided else (UNSIDED,)
    return readings.joined(*unsided, LIMIT, readings.frame(plan))


def _rough(shares: ScoreGroups, plan: Plan) -> float | None:
    """The cut as it is told."""
    told = shares.rough_cut
    return None if told is None else float(toward_favour(np.array([told]), plan)[0])


def _family(attribute: str) -> str:
    return f"regression_parity/{attribute}"


def _amount(value: float | None) -> str:
    """A number in the data's own unit, with four digits."""
    return "–" if value is None else f"{value:.4g}"


MOST_FAVOURABLE = Text("最有利", "most favourable")
HIGHEST = Text("最高", "highest")
"""Where the plan does not say whether a high number is good for the person."""
RATE_LEAD = Text(
    "{attribute}为“{group}”的 {n} 人里有 {k} 人的预测结果排在全体{end}的 {top} 之内（{rate}），“{reference}”的 {n_reference} 人里有 {k_reference} 人（{rate_reference}）。",
    "{k} of {n} people with {attribute} '{group}' have a prediction among the {end} {top} of everyone ({rate}), "
    "and {k_reference} of {n_reference} with '{reference}' ({rate_reference}).",
)
ROWS_LEAD = Text(
    "{attribute}为“{group}”的 {n} 人有 {rows} 个预测，其中 {k} 个排在全体{end}的 {top} 之内（{rate}）；“{reference}”的 {n_reference} 人有 {rows_reference} 个，其中 {k_reference} 个（{rate_reference}）。",
    "{n} people with {attribute} '{group}' have {rows} predictions, of which {k} are among the {end} {top} of all ({rate}); "
    "{n_reference} with '{reference}' have {rows_reference}, of which {k_reference} ({rate_reference}).",
)
RATIO_NEAR = Text("两者之比在 {low} 与 {high} 之间", "the ratio lies between {low} and {high}")
RATIO_LINE = Text("{low} 至 {high} 倍", "{low} to {high} times")
WORDING = {
    BIAS: Wording(
        Text(
            "模型对{attribute}为“{group}”的人，预测比实际平均偏离 {own}（正数是说高了，负数是说低了），对“{reference}”平均偏离 {other}。两者相差的是全体平常误差的 {size} 倍（区间 {low} 至 {high}；0 表示一样）。",
            "For people with {attribute} '{group}' the predictions are off by {own} on average (above 0 too high, below 0 too low), for '{reference}' by {other}. The gap is {size} of everyone's usual error (interval {low} to {high}; 0 is the same).",
        ),
        Text("相差平常误差的 {low} 至 {high} 倍", "{low} to {high} of the usual error"),
        Text("相差在平常误差的 {low} 至 {high} 倍之间", "the gap is within {low} to {high} of the usual error"),
        contrast_readings.signed,
        _amount,
    ),
    MAE: Wording(
        Text(
            "不论高低，模型对{attribute}为“{group}”的人平均差 {own}，对“{reference}”平均差 {other}；前者是后者的 {size} 倍（区间 {low}–{high}）。",
            "Whether too high or too low, the predictions for people with {attribute} '{group}' miss by {own} on average, and those for '{reference}' by {other}; that is {size} times as much (interval {low}–{high}).",
        ),
        RATIO_LINE,
        RATIO_NEAR,
        readings.number,
        _amount,
    ),
    RMSE: Wording(
        Text(
            "让大的误差算得更重（均方根误差），模型对{attribute}为“{group}”的人差 {own}，对“{reference}”差 {other}；前者是后者的 {size} 倍（区间 {low}–{high}）。",
            "Counting large errors for more (root mean square error), the predictions for people with {attribute} '{group}' miss by {own}, and those for '{reference}' by {other}; that is {size} times as much (interval {low}–{high}).",
        ),
        RATIO_LINE,
        RATIO_NEAR,
        readings.number,
        _amount,
    ),
}  # fmt: skip
WHY = {
    "small": Text(
        "“{group}”或参照组“{reference}”既有预测又有实际结果的人不足 {least} 人，不作判断。",
        "Fewer than {least} people of '{group}' or of the reference '{reference}' have both a prediction and an outcome: nothing is said.",
    ),
    "perfect": Text(
        "“{group}”或“{reference}”的预测全都不差分毫，或者差得全都一样，无从比较误差。",
        "In '{group}' or '{reference}' every prediction is exactly right, or all are off alike: the errors can't be compared.",
    ),
}  # fmt: skip
WORDED = Text(
    "实际结果这一列不是数，算不出误差；请给出数，或者改用 error_parity。",
    "The outcomes are no numbers, so there are no errors to measure; give numbers, or use error_parity.",
)
NO_NUMBERS = Text(
    "没有一行既有预测又有实际结果，算不出误差。",
    "No row has both a prediction and an outcome: there are no errors to measure.",
)
LIMIT = Text(
    "误差以数据里的实际结果为准；那些结果若受过不公平的影响，这里看不出来。误差相同也不等于预测对每个人都公平。",
    "Errors follow the outcomes in the data; unfairness that shaped those outcomes does not show here. Nor do alike errors mean that every prediction is fair.",
)
