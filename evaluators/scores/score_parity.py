"""Score parity: do all groups get alike scores, and does the score rank well in each of them?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from evaluators.accumulating.accumulators import Coded, coded, numbers, truth
from evaluators.accumulating.exact_sums import ExactSums, merge_exact_sums, squares, usable
from evaluators.accumulating.histogram import Classes, Histogram, merge_histograms
from evaluators.accumulating.unit_sums import UnitSums, merge_unit_sums
from evaluators.judging import contrast_readings, contrasts, rates, readings
from evaluators.judging.contrast_readings import Wording
from evaluators.judging.contrasts import Effect, Judged, Line
from evaluators.judging.findings import draft
from evaluators.judging.parity import (
    ARTICLES,
    NoOptions,
    RateDetails,
    declared,
    details,
    no_reference,
)
from evaluators.judging.rates import Group, Lines, together
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.probe import DESERVED, SCORE, UNIT, NullDesign, Probe, ProbeSpec, Run, State, Table
from evaluators.scores.score_groups import MEASURES, ScoreGroups, judge_distance
from evaluators.scores.score_nulls import score_nulls, score_planted
from evaluators.scores.score_readings import (
    DISTANCE,
    HIGHER,
    HIGHER_IS_WORSE,
    HIGHER_LEAD,
    HIGHER_ROWS_LEAD,
    LIMIT,
    MEAN,
    RANKED,
    RANKING,
    RATE_LEAD,
    RISK,
    ROWS_LEAD,
    SCORING_RATE,
    UNSIDED,
    WHY,
    WHY_AGREEMENT,
    WORDING,
)
from registry.findings import Finding
from registry.language import Text

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class ScoreDetails(RateDetails):
    """Beside the effect: everyone's median (rough, as it is one person's), spreads, bounds left open by ties and by the grid, further distances."""

    median: float | None = None
    median_exact: bool | None = None
    above_median: float | None = None
    sd: float | None = None
    reference_sd: float | None = None
    tie_bounds: list[float] | None = None
    reference_tie_bounds: list[float] | None = None
    ks_high: float | None = None
    wasserstein: float | None = None
    wasserstein_error: float | None = None
    wasserstein_in_sd: float | None = None
    effective_n: list[float] | None = None
    unanswered: int | None = None


@dataclass(frozen=True)
class Scores:
    """The state: everyone's scores by group, and in a second pass sums per unit.

    Args:
        grid: histogram by feature, level and outcome.
        sums: exact sums of scores and their squares, by feature and level.
        units: sums per unit.
        unanswered: rows without a usable score.
        inner: finer histogram of the bin of the median, where that bin holds several scores.
    """

    grid: Histogram = field(default_factory=Histogram)
    sums: ExactSums = field(default_factory=lambda: ExactSums(("score", "square")))
    units: UnitSums | None = None
    unanswered: int = 0
    inner: Histogram | None = None

    def groups(self, name: str) -> ScoreGroups:
        """The scores by group of one feature."""
        return ScoreGroups(name, self.grid, self.sums, self.units, inner=self.inner)


class ScoreParity(Probe[Scores]):
    """Do all groups get alike scores, and does the score rank well in each of them?

    Four statistics, each group against the reference, all in the direction of what is good for
    the person:

    - the scoring rate: the share above everyone's median score, and the ratio of two groups'
      rates, as New York's Local Law 144 defines it (6 RCNY § 5-300); Koopman's interval;
    - the standardised mean difference with the mean of both variances
      (Cohen 1988, 2.3.2; Austin 2009), delta method with the scores' own
      third and fourth moments;
    - the Kolmogorov-Smirnov distance with Massart's band, and Wasserstein's beside it;
    - where the outcome is known, the AUC within each group (DeLong 1988) and its difference.

    Where a unit is named, errors come from sums per unit in a second pass (Binder 1983;
    Obuchowski 1997 for the AUC), and the distance counts every unit once (Kish's effective size:
    conservative).

    State: a histogram of at most 16,384 bins per feature, level and outcome, and exact sums; where
    its bins hold several scores another pass finds the median within its bin; with a unit a last
    pass keeps four 64-bit numbers per group and unit. Without a declared reference it is the group
    with the highest scoring rate, and the family holds all pairs.
    """

    spec = ProbeSpec(
        id="score_parity",
        version="1.0.0",
        task="decision",
        state=State.BY_CLUSTER,
        roles=("sensitive",),
        optional=("target", "unit"),
        derived=(SCORE, UNIT),
        welcome=(DESERVED,),
        options=NoOptions,
        details=ScoreDetails,
        legal_refs=ARTICLES,
        question=Text(
            "各组人的得分相近吗？在每一组里，分数都能把该得到有利结果的人排在前面吗？",
            "Do all groups get alike scores, and does the score rank the deserving first in each?",
        ),
    )
    first: Scores | None = None
    finer: bool = False

    def derives(self, plan: Plan) -> tuple[str, ...]:
        every = (*self.spec.derived, *self.spec.welcome)
        return tuple(name for name in every if name != UNIT or plan.columns.unit)

    def needs(self, plan: Plan, metric: str, slice_: Mapping[str, str]) -> tuple[str, ...]:
        """The outcome too, where rankings are judged."""
        own = super().needs(plan, metric, slice_)
        return (*own, DESERVED) if metric == RANKING else own

    def create_accumulator(self, plan: Plan) -> Scores:
        self.plan = plan
        if self.first is None:
            return Scores()
        self.seen = [self.first.groups(name) for name in plan.columns.sensitive]
        if self.finer:
            return Scores(inner=Histogram())
        return Scores(units=UnitSums(MEASURES))

    def add_batch(self, acc: Scores, batch: pa.RecordBatch) -> Scores:
        plan, score = self.plan, numbers(batch[SCORE])
        there = usable(score)
        known = toward_favour(score[there], plan)
        known_outcome = DESERVED in batch.schema.names
        outcome = truth(batch[DESERVED]) if known_outcome else np.full(score.size, -1)
        outcome = outcome[there]
        levels = {name: coded(batch[name]) for name in plan.columns.sensitive}
        levels = {n: Coded(column.codes[there], column.names) for n, column in levels.items()}
        if acc.inner is not None:
            inside = self.seen[0].straddled(known)
            near = [Coded(c.codes[inside], c.names) for c in levels.values()]
            within = [Classes.of(n, c) for n, c in zip(levels, near, strict=True)]
            return Scores(inner=acc.inner.add(known[inside], within))
        if acc.units is not None:
            units = batch[UNIT].to_numpy(zero_copy_only=False)[there]
            return Scores(units=self._owed(acc.units, known, outcome, levels, units=units))
        sums = acc.sums
        for name, column in levels.items():
            one = Classes.of(name, column)
            sums = sums.add(one.keys, one.codes, [[known], list(squares(known))])
        classes = [Classes.of(name, column, outcome) for name, column in levels.items()]
        gone = acc.unanswered + int((~there).sum())
        return Scores(acc.grid.add(known, classes), sums, None, gone)

    def _owed(
        self,
        acc: UnitSums,
        known: Floats,
        outcome: Integers,
        levels: Mapping[str, Coded],
        *,
        units: npt.NDArray[np.uint64],
    ) -> UnitSums:
        """What the estimates owe to each unit, by the groups of each feature."""
        for seen in self.seen:
            column, bins = levels[seen.name], seen.grid.places(known)
            values = np.zeros((4, known.size))
            values[0] = known > seen.cut.value
            for code, level in enumerate(column.names):
                mine, shape, ranked = column.codes == code, seen.shape(level), seen.ranking(level)
                scale = shape.variance**0.5 or 1.0
                values[1, mine] = (known[mine] - shape.mean) / scale
                values[2, mine] = values[1, mine] ** 2 - (shape.n - 1) / shape.n
                if ranked is not None:
                    size = ranked.m + ranked.n
                    yes, no = mine & (outcome == 1), mine & (outcome == 0)
                    values[3, yes] = size * ranked.above[bins[yes]]
                    values[3, no] = size * ranked.below[bins[no]]
            keys = [(seen.name, level) for level in column.names]
            acc = acc.add(keys, column.codes, units, list(values))
        return acc

    def merge(self, accs: Sequence[Scores]) -> Scores:
        units = [acc.units for acc in accs if acc.units is not None]
        inner = [acc.inner for acc in accs if acc.inner is not None]
        return Scores(
            merge_histograms(acc.grid for acc in accs),
            merge_exact_sums(acc.sums for acc in accs),
            merge_unit_sums(units) if units else None,
            sum(acc.unanswered for acc in accs),
            merge_histograms(inner) if inner else None,
        )

    def refine(self, acc: Scores, plan: Plan) -> "ScoreParity | None":
        whole, again = self._whole(acc), ScoreParity(self.options)
        again.first = whole
        if self.first is None and whole.grid.bins.size:
            again.finer = not whole.groups(plan.columns.sensitive[0]).cut.exact
        wanted = again.finer or (plan.columns.unit is not None and whole.units is None)
        return again if wanted else None

    def sealed(self, acc: Scores) -> Any:
        whole = self._whole(acc)
        return {
            "scores": whole.grid.as_json(),
            "median": whole.inner.as_json() if whole.inner else None,
            "sums": whole.sums.as_json(),
            "units": whole.units.as_json() if whole.units else None,
            "unanswered": whole.unanswered,
        }

    def _whole(self, acc: Scores) -> Scores:
        """The state of all passes."""
        if self.first is None:
            return acc
        inner = acc.inner if self.finer else self.first.inner
        return replace(self.first, units=acc.units, inner=inner)

    def extract_findings(self, acc: Scores, plan: Plan, run: Run) -> list[Finding]:
        whole = self._whole(acc)
        found: list[Finding] = []
        for name in plan.columns.sensitive:
            seen = whole.groups(name)
            if whole.sums.rows((name, None)) + sum(g.n for g in seen.rates() if seen.levels) == 0:
                found.append(no_reference(self.spec, SCORING_RATE, name, plan, self._limit(plan)))
                continue
            extra = {
                "median": None
                if seen.rough_cut is None
                else float(toward_favour(np.array([seen.rough_cut]), plan)[0]),
                "median_exact": seen.cut.exact,
                "above_median": seen.share_above(),
                "unanswered": whole.unanswered,
            }
            missing = whole.sums.rows((name, None)) / max(1, int(seen.everyone.sum()))
            found += self._rates(seen.rates(), name, plan, run, missing=missing, extra=extra)
            found += self._effects(seen, plan, run)
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
        """Scoring rates: the share above everyone's median."""
        named, limit = declared(plan, attribute), self._limit(plan)
        against = rates.reference(
            every, named, plan, high=True, untold=run.untold.get(attribute, ())
        )
        if against is None or len(every) < 2:
            yield no_reference(self.spec, SCORING_RATE, attribute, plan, limit)
            return
        share = len(_metrics(plan)) * run.plans
        size = rates.family_size(every, named, plan) * share
        pairs = rates.adjusted([(every, named)], plan, share)[0]
        chosen = "declared" if named else "highest_rate"
        for one in rates.compare(every, against, scoring_lines(), plan, family=size, pairs=pairs):
            slice_ = {attribute: one.group.name}
            yield draft(
                self.spec, SCORING_RATE, slice_=slice_, verdict=one.verdict, limit=limit,
                reading=readings.comparison(
                    one, scoring_lines(), plan, _lead(plan, by_rows=one.group.units is not None),
                    slice_=slice_, rows=one.group.n, rows_reference=one.reference.n,
                ),
                details={**details(one, together(every), chosen=chosen, missing=missing), **extra},
                **rates.numbers(one, lines=scoring_lines(), family=_family(attribute)),
            )  # fmt: skip

    def _effects(self, seen: ScoreGroups, plan: Plan, run: Run) -> Iterator[Finding]:
        """The statistics that are no rates."""
        every, named = seen.rates(), declared(plan, seen.name)
        against = rates.reference(
            every, named, plan, high=True, untold=run.untold.get(seen.name, ())
        )
        if against is None or len(every) < 2:
            return
        enough = [g.name for g in every if g.enough(plan)]
        share = len(_metrics(plan)) * run.plans
        for metric in _metrics(plan)[1:]:
            pairs = [p for p in combinations(enough, 2) if named is None or named in p]
            made = {pair: _effect(seen, metric, pair, plan) for pair in pairs}
            size, p_adjusted = contrasts.adjusted(list(made.values()), share)
            for group in every:
                if group.name == against.name:
                    continue
                pair = (group.name, against.name)
                judged = _judged(
                    _effect(seen, metric, pair, plan)
                    if {*pair} <= {*enough}
                    else Effect(metric, *pair, n=group.n, n_reference=against.n, why="small",
                                units=seen.sides(*pair)),
                    plan, size, p_adjusted.get(pair),
                )  # fmt: skip
                yield draft(
                    self.spec, metric, slice_={seen.name: group.name}, verdict=judged.verdict,
                    reading=contrast_readings.sentence(judged, _wording(metric, plan), plan, seen.name, _why(plan)),
                    limit=self._limit(plan), details=_plain(judged.effect),
                    **contrasts.numbers(judged, family=_family(seen.name)),
                )  # fmt: skip

    def _limit(self, plan: Plan) -> Text:
        worse = (HIGHER_IS_WORSE,) if falls(plan) else () if plan.columns.sided else (UNSIDED,)
        return readings.joined(*worse, LIMIT, readings.frame(plan))

    def public(self, acc: Scores, plan: Plan) -> Sequence[Table]:
        """How many of each group score above everyone's median, and how many do not."""
        if plan.columns.unit is not None:
            return ()
        tables = []
        for name in plan.columns.sensitive:
            groups = self._whole(acc).groups(name).rates()
            rows = tuple(((g.name,), (g.k, g.n - g.k)) for g in groups)
            tables.append(Table(self.spec.id, (name,), ("above", "not_above"), rows))
        return tables

    def recompute(self, tables: Sequence[Table], plan: Plan, run: Run) -> list[Finding]:
        """The scoring rates and all that follows from them."""
        found: list[Finding] = []
        for table in tables:
            shown = [(key[0], counts) for key, counts in table.rows if counts is not None]
            groups = [Group(str(name), c[0], c[0] + c[1]) for name, c in shown]
            if groups:
                found += self._rates(groups, table.keys[0], plan, run, missing=None, extra={})
        return found

    @classmethod
    def nulls(cls) -> Mapping[str, NullDesign]:
        return score_nulls()

    @classmethod
    def planted(cls) -> Mapping[str, NullDesign]:
        return score_planted()


def falls(plan: Plan) -> bool:
    """Whether a higher score is worse for the person: a risk score."""
    return plan.columns.falls


def toward_favour(score: Floats, plan: Plan) -> Floats:
    """Scores that rise towards the favourable outcome."""
    return -score if falls(plan) else score


def as_scored(effect: Effect) -> Effect:
    """A difference of means of turned scores, as the scores stand in the data."""
    return replace(
        effect, value=-effect.value, estimate=_turned(effect.estimate),
        reference_estimate=_turned(effect.reference_estimate), statistic=_turned(effect.statistic),
    )  # fmt: skip


def _turned(value: float | None) -> float | None:
    return None if value is None else -value


def ranked(plan: Plan) -> bool:
    """Whether the plan says which outcome is favourable, so that rankings can be judged."""
    return plan.columns.target is not None and plan.columns.favourable is not None


def scoring_lines() -> Lines:
    """The lines of scoring rates, from the policy file."""
    value = POLICY.value
    return Lines(
        ratio=(value("scoring_ratio_low"), value("scoring_ratio_high")),
        difference=None,
        equivalence=(value("rate_equivalence_low"), value("rate_equivalence_high")),
        source=POLICY.source("scoring_ratio_low"),
    )


def line_of(metric: str) -> Line:
    """The line of a statistic that is no rate."""
    value = POLICY.value
    if metric == MEAN:
        ladder = ((value("score_smd_medium"), "medium"), (value("score_smd_large"), "large"))
        low, near = value("score_smd"), value("score_smd_equivalence")
        return Line("difference", -low, low, (-near, near), POLICY.source("score_smd"), ladder)
    if metric == RANKING:
        low, near = value("score_auc"), value("score_auc_equivalence")
        return Line("difference", -low, low, (-near, near), POLICY.source("score_auc"))
    low, near = value("score_ks"), value("score_ks_equivalence")
    return Line("difference", -low, low, (-near, near), POLICY.source("score_ks"))


def _metrics(plan: Plan) -> tuple[str, ...]:
    return (
        (SCORING_RATE, MEAN, DISTANCE, RANKING) if ranked(plan) else (SCORING_RATE, MEAN, DISTANCE)
    )


def _effect(seen: ScoreGroups, metric: str, pair: tuple[str, str], plan: Plan) -> Effect:
    if metric == MEAN:
        found = seen.mean_difference(*pair)
        return as_scored(found) if falls(plan) else found
    if metric == RANKING:
        return seen.ranking_difference(*pair, plan.min_n)
    return seen.distance(*pair)


def _judged(effect: Effect, plan: Plan, size: int, p_adjusted: float | None) -> Judged:
    judge = judge_distance if effect.metric == DISTANCE else contrasts.judge
    return judge(effect, line_of(effect.metric), plan, family=size, p_adjusted=p_adjusted)


def _wording(metric: str, plan: Plan) -> Wording:
    if metric == RANKING and plan.target_kind != "outcome":
        return RANKED
    if metric != MEAN:
        return WORDING[metric]
    return RISK if falls(plan) else WORDING[MEAN] if plan.columns.sided else HIGHER


def _lead(plan: Plan, *, by_rows: bool) -> Text:
    """How the scoring rate is told: better than the median only where the plan says what is better."""
    if plan.columns.sided:
        return ROWS_LEAD if by_rows else RATE_LEAD
    return HIGHER_ROWS_LEAD if by_rows else HIGHER_LEAD


def _why(plan: Plan) -> Mapping[str, Text]:
    return WHY if plan.target_kind == "outcome" else WHY_AGREEMENT


def _plain(effect: Effect) -> dict[str, Any]:
    return dict(effect.details)


def _family(attribute: str) -> str:
    return f"score_parity/{attribute}"
