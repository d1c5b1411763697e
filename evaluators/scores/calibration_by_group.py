"""Calibration by group: does a probability mean the same for everyone?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field
from scipy.special import expit, logit

from evaluators.accumulating.accumulators import Coded, coded, numbers, truth
from evaluators.accumulating.histogram import Classes, Histogram, merge_histograms
from evaluators.accumulating.unit_sums import UnitSums, merge_unit_sums
from evaluators.judging import contrast_readings, contrasts, readings
from evaluators.judging.contrast_readings import Wording
from evaluators.judging.contrasts import Judged, Line
from evaluators.judging.findings import draft, not_evaluable
from evaluators.judging.parity import ARTICLES, NoOptions, declared, no_reference
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.probe import (
    DESERVED,
    SCORE,
    UNIT,
    Details,
    NullDesign,
    Probe,
    ProbeSpec,
    Run,
    State,
    Table,
)
from evaluators.scores.calibration_groups import (
    ERROR,
    FINE,
    MEASURES,
    RATIO,
    SLOPE,
    CalibrationGroups,
    judge_error,
)
from evaluators.scores.score_nulls import calibration_nulls, calibration_planted
from evaluators.statistics import calibration_statistics as statistics
from registry.findings import Finding
from registry.language import Text

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class CalibrationDetails(Details):
    """Beside the effect: counts, the bands of the reliability diagram, intercepts.

    `bands` go from low to high scores; neighbours are joined until ten people had the outcome and
    ten had not, and there are none where units repeat. `clipped` counts scores of almost 0 or 1.
    """

    observed: int | None = None
    expected: float | None = None
    reference_observed: int | None = None
    reference_expected: float | None = None
    intercept: float | None = None
    intercept_at_slope_one: float | None = None
    bands: list[dict[str, float]] = Field(default_factory=list)
    replicates: int | None = None
    reference_chosen: str | None = None
    missing_share: float | None = None
    unanswered: int | None = None
    clipped: int | None = None


@dataclass(frozen=True)
class Calibrated:
    """The state: outcomes by score and group, and in a second pass sums per unit.

    Args:
        grid: histogram of the scores' logits by feature and level, with outcomes and scores.
        units: sums per unit.
        unanswered: rows without a score or an outcome.
        outside: scores that are no probability.
        clipped: scores within 10⁻⁶ of 0 or 1.
    """

    grid: Histogram = field(default_factory=lambda: Histogram(MEASURES))
    units: UnitSums | None = None
    unanswered: int = 0
    outside: int = 0
    clipped: int = 0


class CalibrationByGroup(Probe[Calibrated]):
    """Does a probability mean the same for everyone?

    Of people with a score of 70 %, about 70 % should have the outcome, in every group:

    - observed over expected outcomes of a group, over the same in the reference (linearised ratio
      of sums); below 1 the score promises this group more than comes true;
    - the calibration slope of each group (Cox 1958; Van Calster et al. 2019), a logistic
      regression of the outcome on the score's logit, shown to lie in 0.8–1.25 by two one-sided
      tests; the intercept beside it;
    - the expected calibration error of each group over tenths of everyone's scores, against its
      null: chance alone makes it positive, so it is held against draws of outcomes that follow
      the scores, at the level of the unit (binomial; where units repeat, normal draws with the
      bands' covariance over units). Its interval is the triangle inequality's.

    State: a histogram of at most 16,384 bins of the logit per feature and level; with a unit a
    second pass keeps fourteen 64-bit numbers per group and unit. Without a declared reference it
    is the largest group: size says nothing about the outcome, so the choice needs no correction.
    """

    spec = ProbeSpec(
        id="calibration_by_group",
        version="1.0.0",
        task="decision",
        state=State.BY_CLUSTER,
        roles=("sensitive", "target"),
        optional=("unit",),
        derived=(SCORE, DESERVED, UNIT),
        options=NoOptions,
        details=CalibrationDetails,
        legal_refs=ARTICLES,
        question=Text(
            "同样的分数，对各组人的含义相同吗？",
            "Does a score mean the same for every group?",
        ),
    )
    first: Calibrated | None = None

    def derives(self, plan: Plan) -> tuple[str, ...]:
        every = (*self.spec.derived, *self.spec.welcome)
        return tuple(name for name in every if name != UNIT or plan.columns.unit)

    def create_accumulator(self, plan: Plan) -> Calibrated:
        self.plan = plan
        if self.first is None:
            return Calibrated()
        self.seen = [CalibrationGroups(name, self.first.grid) for name in plan.columns.sensitive]
        return Calibrated(units=UnitSums(statistics.measures()))

    def add_batch(self, acc: Calibrated, batch: pa.RecordBatch) -> Calibrated:
        score, due = toward_favour(numbers(batch[SCORE]), self.plan), truth(batch[DESERVED])
        there = np.isfinite(score) & (due >= 0)
        fits = there & (score >= 0) & (score <= 1)
        known, outcome = score[fits], due[fits]
        names = self.plan.columns.sensitive
        levels = {n: Coded(c.codes[fits], c.names) for n in names for c in [coded(batch[n])]}
        least = float(expit(-statistics.MOST_LOGIT))
        x = logit(known.clip(least, 1 - least))
        if acc.units is not None:
            units = batch[UNIT].to_numpy(zero_copy_only=False)[fits]
            return Calibrated(
                units=self._owed(acc.units, known, outcome, levels, x=x, units=units)
            )
        classes = [Classes.of(name, column) for name, column in levels.items()]
        edge = (known < least) | (known > 1 - least)
        return Calibrated(
            acc.grid.add(x, classes, [outcome, np.rint(known * FINE)]),
            None,
            acc.unanswered + int((~there).sum()),
            acc.outside + int((there & ~fits).sum()),
            acc.clipped + int(edge.sum()),
        )

    def _owed(
        self,
        acc: UnitSums,
        known: Floats,
        outcome: Integers,
        levels: Mapping[str, Coded],
        *,
        x: Floats,
        units: npt.NDArray[np.uint64],
    ) -> UnitSums:
        """What the estimates owe to each unit, by the groups of each feature."""
        for seen in self.seen:
            column = levels[seen.name]
            values = np.zeros((len(acc.measures), known.size))
            values[0], values[1] = outcome, known
            for code, level in enumerate(column.names):
                mine, fitted = column.codes == code, seen.recalibration(level)
                if fitted is not None and mine.any():
                    values[2, mine] = fitted.residuals(x[mine], outcome[mine].astype(np.float64))
            values[3] = values[2] * x
            if known.size:
                values[4 + seen.band[seen.grid.places(x)], np.arange(known.size)] = outcome - known
            keys = [(seen.name, level) for level in column.names]
            acc = acc.add(keys, column.codes, units, list(values))
        return acc

    def merge(self, accs: Sequence[Calibrated]) -> Calibrated:
        units = [acc.units for acc in accs if acc.units is not None]
        return Calibrated(
            merge_histograms(acc.grid for acc in accs),
            merge_unit_sums(units) if units else None,
            sum(acc.unanswered for acc in accs),
            sum(acc.outside for acc in accs),
            sum(acc.clipped for acc in accs),
        )

    def refine(self, acc: Calibrated, plan: Plan) -> "CalibrationByGroup | None":
        if plan.columns.unit is None or self.first is not None or acc.outside:
            return None
        again = CalibrationByGroup(self.options)
        again.first = acc
        return again

    def sealed(self, acc: Calibrated) -> Any:
        whole = self._whole(acc)
        return {
            "scores": whole.grid.as_json(),
            "units": whole.units.as_json() if whole.units else None,
            "unanswered": whole.unanswered,
            "outside": whole.outside,
            "clipped": whole.clipped,
        }

    def _whole(self, acc: Calibrated) -> Calibrated:
        """The state of both passes."""
        seen = self.first
        if seen is None:
            return acc
        return Calibrated(seen.grid, acc.units, seen.unanswered, seen.outside, seen.clipped)

    def extract_findings(self, acc: Calibrated, plan: Plan, run: Run) -> list[Finding]:
        whole, limit = self._whole(acc), _limit(plan)
        found: list[Finding] = []
        for name in plan.columns.sensitive:
            if whole.outside:
                why = OUTSIDE.format(n=whole.outside)
                slice_ = {name: "*"}
                found += [not_evaluable(self.spec, metric, slice_=slice_, why=why, limit=limit)
                          for metric in METRICS]  # fmt: skip
            else:
                found += self._attribute(whole, name, plan, run)
        return found

    def _attribute(self, whole: Calibrated, name: str, plan: Plan, run: Run) -> Iterator[Finding]:
        seen = CalibrationGroups(name, whole.grid, whole.units)
        total = int(whole.grid.under(name).sum())
        missing = int(whole.grid.under(name, None).sum())
        extra = {
            "reference_chosen": "declared" if declared(plan, name) else "largest",
            "missing_share": missing / total if total else None,
            "unanswered": whole.unanswered,
            "clipped": whole.clipped,
        }
        against = _reference(seen, plan)
        judged = _slopes(seen, plan, run) + _errors(seen, plan, run)
        if against is None or len(seen.levels) < 2:
            yield no_reference(self.spec, RATIO, name, plan, _limit(plan))
        else:
            judged = _ratios(seen, against, plan, run) + judged
        each = Text("人", "people") if whole.units is None else Text("次", "cases")
        for one in judged:
            words = {
                k: f"{v:.0f}" for k, v in one.effect.details.items() if "ed" in k and k != "bands"
            }
            yield draft(
                self.spec, one.effect.metric, slice_={name: one.effect.group},
                verdict=one.verdict, limit=_limit(plan),
                reading=readings.joined(
                    contrast_readings.sentence(
                        one, _wording(one.effect.metric, plan), plan, name, _why(plan), each=each, **words
                    ),
                    *([readings.against(plan)] if _turned(one) else []),
                ),
                details={**one.effect.details, **extra},
                **contrasts.numbers(one, family=f"{self.spec.id}/{name}"),
            )  # fmt: skip

    def public(self, acc: Calibrated, plan: Plan) -> Sequence[Table]:
        """How many of each group had the favourable outcome, and how many had not."""
        if plan.columns.unit is not None:
            return ()
        tables = []
        for name in plan.columns.sensitive:
            rows = []
            seen = CalibrationGroups(name, acc.grid)
            for level in seen.levels:
                n, due = seen.outcomes(level)
                rows.append(((level,), (due, n - due)))
            tables.append(Table(self.spec.id, (name,), ("deserved", "undeserved"), tuple(rows)))
        return tables

    @classmethod
    def nulls(cls) -> Mapping[str, NullDesign]:
        return calibration_nulls()

    @classmethod
    def planted(cls) -> Mapping[str, NullDesign]:
        return calibration_planted()


METRICS = (RATIO, SLOPE, ERROR)


def toward_favour(score: Floats, plan: Plan) -> Floats:
    """The probability of the favourable outcome."""
    return 1 - score if plan.columns.falls else score


def _reference(seen: CalibrationGroups, plan: Plan) -> str | None:
    """The declared reference, else the largest group."""
    named = declared(plan, seen.name)
    if named is not None:
        return named if named in seen.levels else None
    enough = [level for level in seen.levels if seen.judged(level, plan)]
    return max(enough, key=lambda level: (seen.people(level), level), default=None)


def _ratios(seen: CalibrationGroups, against: str, plan: Plan, run: Run) -> list[Judged]:
    made = [seen.ratio(level, against, plan) for level in seen.levels if level != against]
    size, p = contrasts.adjusted(made, len(METRICS) * run.plans)
    return [
        contrasts.judge(
            one, line_of(RATIO), plan, family=size, p_adjusted=p.get((one.group, against))
        )
        for one in made
    ]


def _slopes(seen: CalibrationGroups, plan: Plan, run: Run) -> list[Judged]:
    made = [seen.slope(level, plan) for level in seen.levels]
    size, p = contrasts.adjusted(made, len(METRICS) * run.plans)
    return [
        contrasts.judge(one, line_of(SLOPE), plan, family=size, p_adjusted=p.get((one.group, "")))
        for one in made
    ]


def _errors(seen: CalibrationGroups, plan: Plan, run: Run) -> list[Judged]:
    share = len(METRICS) * run.plans
    least = sum(seen.enough(level, plan) is None for level in seen.levels) * share
    made = [seen.error(level, plan, run, least) for level in seen.levels]
    size, p = contrasts.adjusted([one for one, _ in made], share)
    return [
        judge_error(
            one, draws, line_of(ERROR), plan, family=size, p_adjusted=p.get((one.group, ""))
        )
        for one, draws in made
    ]


def line_of(metric: str) -> Line:
    """The line of a statistic, from the policy file."""
    value, source = POLICY.value, POLICY.source
    if metric == SLOPE:
        low, high = value("calibration_slope_low") - 1, value("calibration_slope_high") - 1
        return Line("difference", low, high, (low, high), source("calibration_slope_low"))
    if metric == ERROR:
        high, near = value("calibration_error"), value("calibration_error_equivalence")
        return Line("difference", -high, high, (-near, near), source("calibration_error"))
    near_low, near_high = value("rate_equivalence_low"), value("rate_equivalence_high")
    low, high = value("calibration_ratio_low"), value("calibration_ratio_high")
    return Line("ratio", low, high, (near_low, near_high), source("calibration_ratio_low"))


def _limit(plan: Plan) -> Text:
    said = LIMIT if plan.target_kind == "outcome" else LIMIT_AGREEMENT
    return readings.joined(said, readings.frame(plan))


def _turned(judged: Judged) -> bool:
    """Whether a group's scores fall, beyond chance, where its outcomes rise: the slope is below 0."""
    of_slope, within = judged.effect.metric == SLOPE, judged.interval
    return of_slope and within is not None and within.high is not None and 1 + within.high < 0


def _slope(value: float | None) -> str:
    return "–" if value is None else f"{1 + value:.2f}"


WORDING = {
    RATIO: Wording(
        Text(
            "{attribute}为“{group}”的人，按分数该有 {expected} {each}得到有利结果，实际有 {observed} {each}（{own} 倍）；“{reference}”按分数该有 {reference_expected} {each}，实际 {reference_observed} {each}（{other} 倍）。两个倍数之比是 {size}（区间 {low}–{high}；低于 1 表示分数把这一组说得太好，高于 1 表示说得太差）。",
            "By their scores {expected} {each} with {attribute} '{group}' should have had the favourable outcome, and {observed} had ({own} times as many); with '{reference}' {reference_expected} should have, and {reference_observed} had ({other} times as many). The one ratio over the other is {size} (interval {low}–{high}; below 1 the score makes this group look too good, above 1 too bad).",
        ),
        Text("{low} 至 {high} 倍", "{low} to {high} times"),
        Text("两者之比在 {low} 与 {high} 之间", "the ratio lies between {low} and {high}"),
        readings.number,
    ),
    SLOPE: Wording(
        Text(
            "在{attribute}为“{group}”的人里，分数拉开的差距与实际的差距相比，斜率是 {own}（区间 {low}–{high}；1 表示正好，低于 1 表示分数太极端，高于 1 表示分数太接近）。",
            "Among people with {attribute} '{group}', the spread of the scores against that of the outcomes has slope {own} (interval {low}–{high}; 1 is right, below 1 the scores are too extreme, above 1 too much alike).",
        ),
        Text("斜率在 {low} 至 {high} 之外", "a slope outside {low} to {high}"),
        Text("斜率在 {low} 与 {high} 之间", "the slope lies between {low} and {high}"),
        _slope,
    ),
    ERROR: Wording(
        Text(
            "把分数从低到高分成十档，{attribute}为“{group}”的人在各档里，分数所说的比例与实际比例平均相差 {size}（区间 {low}–{high}）。",
            "With the scores cut into ten bands, the share that the score promises people with {attribute} '{group}' and the share that came true differ by {size} on average (interval {low}–{high}).",
        ),
        Text("平均相差 {high}", "{high} on average"),
        Text("平均相差不到 {high}", "under {high} on average"),
        readings.percent,
    ),
}  # fmt: skip
AGREEMENT = {
    RATIO: (
        "{attribute}为“{group}”的人，按分数该有 {expected} {each}得到有利的决定，人实际给了 {observed} {each}（{own} 倍）；“{reference}”按分数该有 {reference_expected} {each}，人给了 {reference_observed} {each}（{other} 倍）。两个倍数之比是 {size}（区间 {low}–{high}；低于 1 表示人对这一组比分数所说的严，高于 1 表示更宽）。",
        "By their scores {expected} {each} with {attribute} '{group}' would get the favourable decision, and people gave it to {observed} ({own} times as many); with '{reference}' {reference_expected} would, and people gave it to {reference_observed} ({other} times as many). The one ratio over the other is {size} (interval {low}–{high}; below 1 people were stricter on this group than the score says, above 1 more lenient).",
    ),
    SLOPE: (
        "在{attribute}为“{group}”的人里，分数拉开的差距与人的决定的差距相比，斜率是 {own}（区间 {low}–{high}；1 表示相符，低于 1 表示分数比人的决定极端，高于 1 表示分数比人的决定接近）。",
        "Among people with {attribute} '{group}', the spread of the scores against that of people's decisions has slope {own} (interval {low}–{high}; 1 agrees, below 1 the scores are more extreme than the decisions, above 1 more alike).",
    ),
    ERROR: (
        "把分数从低到高分成十档，{attribute}为“{group}”的人在各档里，分数所说的比例与人给了有利决定的比例平均相差 {size}（区间 {low}–{high}）。",
        "With the scores cut into ten bands, the share that the score says of people with {attribute} '{group}' and the share whom people favoured differ by {size} on average (interval {low}–{high}).",
    ),
}  # fmt: skip
"""The openings where people decided what the score is held against."""


def _wording(metric: str, plan: Plan) -> Wording:
    said = WORDING[metric]
    return (
        said if plan.target_kind == "outcome" else replace(said, opening=Text(*AGREEMENT[metric]))
    )


def _why(plan: Plan) -> Mapping[str, Text]:
    return WHY if plan.target_kind == "outcome" else WHY_AGREEMENT


WHY = {
    "small": Text(
        "“{group}”（或参照组）既有分数又有结果的人不足 {least} 人，不作判断。",
        "Fewer than {least} people of '{group}' (or of the reference) have both a score and an outcome: nothing is said.",
    ),
    "events": Text(
        "“{group}”（或参照组）里得到有利结果的人太少，或者没有得到的人太少，看不出分数准不准。",
        "Too few people of '{group}' (or of the reference) had the favourable outcome, or had not: how right the score is can't be told.",
    ),
    "certain": Text(
        "“{group}”和参照组里，分数全是 0 或 1，而且全都应验，误差无从估计，不作判断。",
        "In '{group}' and the reference every score is 0 or 1 and came true, so the error can't be estimated: nothing is said.",
    ),
    "no_slope": Text(
        "“{group}”的人分数都一样，或者分数把结果完全分开，斜率算不出来。",
        "In '{group}' all scores are alike, or they split the outcomes completely: there is no slope.",
    ),
}  # fmt: skip
WHY_AGREEMENT = {
    **WHY,
    "small": Text(
        "“{group}”（或参照组）既有分数又有人的决定的人不足 {least} 人，不作判断。",
        "Fewer than {least} people of '{group}' (or of the reference) have both a score and a person's decision: nothing is said.",
    ),
    "events": Text(
        "“{group}”（或参照组）里人给了有利决定的太少，或者没有给的太少，看不出分数与人的决定合不合。",
        "People favoured too few of '{group}' (or of the reference), or all but too few: how far the score agrees with them can't be told.",
    ),
    "certain": Text(
        "“{group}”和参照组里，分数全是 0 或 1，而且全都与人的决定相符，有多不确定无从估计，不作判断。",
        "In '{group}' and the reference every score is 0 or 1 and agrees with people's decisions, so how uncertain that is can't be estimated: nothing is said.",
    ),
    "no_slope": Text(
        "“{group}”的人分数都一样，或者分数把人的决定完全分开，斜率算不出来。",
        "In '{group}' all scores are alike, or they split people's decisions completely: there is no slope.",
    ),
}  # fmt: skip
OUTSIDE = Text(
    "有 {n} 行的分数不在 0 与 1 之间，所以分数不是概率，不能与比例相比；请先把分数换算成概率。",
    "{n} rows have a score outside 0 to 1, so the score is no probability and can't be compared with a share; turn it into a probability first.",
)
LIMIT = Text(
    "分数准，不等于决定公平；实际结果若受过不公平的影响，这里看不出来。",
    "A score that is right does not make the decision fair; unfairness that shaped the outcomes does not show here.",
)
LIMIT_AGREEMENT = Text(
    "这里的“结果”是人作的决定，所以说的是分数与人的决定是否相符，不是分数对不对。",
    "The outcome here is a person's decision, so this is about agreement with people, not about being right.",
)
