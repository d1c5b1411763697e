"""Stability: are answers the same when asked again, and the same as when the model was filed?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from evaluators.accumulating import weights
from evaluators.accumulating.accumulators import Rows, coded, merge_rows, numbers
from evaluators.behaviour import alterations
from evaluators.behaviour import stability_readings as say
from evaluators.behaviour.alterations import TWIN, Asked, Counts, Trials
from evaluators.designs.answer_nulls import stability_nulls, stability_planted
from evaluators.judging import equivalence, findings, readings, verdicts
from evaluators.judging.findings import draft, not_evaluable
from evaluators.plan import Plan, level_name
from evaluators.policy import POLICY
from evaluators.probe import (
    FAVOURED,
    SCORE,
    UNIT,
    Details,
    NullDesign,
    Options,
    Probe,
    ProbeSpec,
    Run,
    ScoreRequest,
    State,
    Table,
)
from evaluators.statistics import drift, intervals
from evaluators.statistics.drift import Drift
from evaluators.statistics.multiplicity import holm
from registry import attestation
from registry.findings import Finding, Verdict
from registry.language import Text

ASKED, FILED = "asked_again", "as_filed"
PERIOD, EARLIER = "period", "mingsuan:earlier"


class Period(BaseModel):
    """Which rows are earlier and which are later.

    Args:
        column: that tells.
        earlier: its levels that count as earlier; all others are later.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    column: str = Field(min_length=1)
    earlier: tuple[str | int | float | bool, ...] = Field(min_length=1)


class StabilityOptions(Options):
    """What to compare.

    Args:
        repeat: whether to ask the model twice.
        baseline: a column with the model's answers to the same rows at an earlier time, such as
            when it was filed: scores, or the decision where it holds names.
        period: earlier and later rows, to see whether scores (and `features`) have drifted.
        features: further columns whose drift is measured.
    """

    repeat: bool = True
    baseline: str | None = None
    period: Period | None = None
    features: tuple[str, ...] = ()


class StabilityDetails(Details):
    """Counts and indices behind the finding.

    Args:
        people, changed, silent, tests, flips, flip_rate, to_favourable, to_unfavourable, without,
            twin_changed, deterministic, bound: as for counterfactual flips.
        mean_shift: the mean change of the score.
        batch_stable, largest_gap: the re-batched sample.
        psi, ks, bins: population stability index, Kolmogorov-Smirnov distance, number of bins.
    """

    people: int | None = None
    changed: int | None = None
    silent: int | None = None
    tests: int | None = None
    flips: int | None = None
    flip_rate: float | None = None
    to_favourable: int | None = None
    to_unfavourable: int | None = None
    without: int | None = None
    twin_changed: int | None = None
    mean_shift: dict[str, float | None] = Field(default_factory=dict)
    deterministic: bool | None = None
    bound: float | None = None
    batch_stable: bool | None = None
    largest_gap: float | None = None
    psi: float | None = None
    ks: float | None = None
    bins: int | None = None


@dataclass(frozen=True)
class StabilityState:
    """Trials of asking again and of answers as filed; rows of the two periods."""

    trials: Trials
    rows: Rows = field(default_factory=Rows)


class Stability(Probe[StabilityState]):
    """Are answers the same when asked again, and the same as when the model was filed?

    Every row is asked twice, in different company: the share of people whose decision differs has
    Clopper and Pearson's interval. A sample is asked in other batches; its largest gap is held
    against the declared tolerance (a service that may change is not cleared by it). Answers to the same rows from an earlier time must be
    reproduced for 99.9 % of people. Two periods are compared by the population stability index
    over deciles of the earlier one (Siddiqi 2006; test and interval by the non-central χ² at the
    unit: Yurdakul and Naranjo 2020, Rao and Scott 1984), with the Kolmogorov-Smirnov distance
    beside; Holm over score and features.
    """

    spec = ProbeSpec(
        id="stability",
        version="1.0.0",
        task="decision",
        state=State.ROWS,
        roles=(),
        optional=("unit",),
        derived=(SCORE, UNIT),
        welcome=(FAVOURED,),
        judges_steadiness=True,
        options=StabilityOptions,
        details=StabilityDetails,
        legal_refs=("SH16-test", "SZ36"),
        question=Text(
            "同样的问题再问一遍，结果一样吗？与备案时相比，有没有变？",
            "Are answers the same when asked again, and the same as when the model was filed?",
        ),
    )  # fmt: skip
    options: StabilityOptions

    def columns(self, plan: Plan) -> tuple[str, ...]:  # noqa: ARG002
        period = self.options.period.column if self.options.period else None
        named = (self.options.baseline, period, *self.options.features)
        return tuple(name for name in named if name is not None)

    def needs(self, plan: Plan, metric: str, slice_: Mapping[str, str]) -> tuple[str, ...]:
        """Drift is each column's own; a replay needs the filed answer too."""
        if "drift" in slice_:
            period = (self.options.period.column,) if self.options.period else ()
            return (SCORE if slice_["drift"] == "score" else slice_["drift"], *period)
        own = super().needs(plan, metric, slice_)
        filed = self.options.baseline if metric == "replay_change_share" else None
        return (*own, filed) if filed else own

    def create_accumulator(self, plan: Plan) -> StabilityState:
        self.plan = plan
        names = [ASKED] * self.asks(plan) + [FILED] * (self.options.baseline is not None)
        return StabilityState(Trials.of(names, plan))

    def asks(self, plan: Plan) -> bool:
        """Whether the model is asked again: where it is asked at all."""
        return self.options.repeat and bool(plan.columns.inputs)

    def requests(self, acc: StabilityState, plan: Plan) -> Iterator[ScoreRequest]:  # noqa: ARG002
        if self.asks(plan):
            yield ScoreRequest(TWIN, copy=1)

    def answers_per_row(self, plan: Plan) -> int:
        return int(self.asks(plan))

    def add_batch(self, acc: StabilityState, batch: pa.RecordBatch) -> StabilityState:
        given = {FILED: self._filed(batch)} if self.options.baseline else {}
        asked, trials, every = (
            Asked(batch, self.plan, given),
            acc.trials,
            np.ones(batch.num_rows, bool),
        )
        if self.asks(self.plan):
            trials = asked.twins(asked.add(trials, ASKED, [TWIN], every))
        if given:
            known = np.isfinite(given[FILED])
            trials = asked.add(trials, FILED, [FILED], known)
        return StabilityState(trials, self._periods(acc.rows, batch))

    def _filed(self, batch: pa.RecordBatch) -> npt.NDArray[np.float64]:
        """The earlier answers as scores; a decision by name is one on the right side of the cut."""
        column, roles = batch[str(self.options.baseline)], self.plan.columns
        if _number(column.type) and not roles.names_class:
            return numbers(column)
        if not roles.decides:
            return np.full(len(column), np.nan)  # names, and nothing says what they mean
        found = coded(column)
        wanted = level_name(roles.good_answer if roles.classes else roles.favourable)
        good = np.array([name == wanted for name in (*found.names, "")])
        cut = 0.5 if roles.cut is None else roles.cut
        sides = (1.0, 0.0) if roles.names_class else (cut, float(np.nextafter(cut, -np.inf)))
        if roles.falls:
            sides = (sides[1], sides[0])
        return np.where(found.codes < 0, np.nan, np.where(good[found.codes], *sides))

    def _periods(self, rows: Rows, batch: pa.RecordBatch) -> Rows:
        period = self.options.period
        if period is None:
            return rows
        when = coded(batch[period.column])
        levels = {level_name(level) for level in period.earlier}
        early = np.array([name in levels for name in (*when.names, "")])[when.codes]
        kept: dict[str, npt.NDArray[Any]] = {
            EARLIER: np.where(when.codes < 0, -1, early.astype(np.int64)),
            UNIT: batch[UNIT].to_numpy(zero_copy_only=False).astype(np.uint64),
            f"of:{SCORE}": numbers(batch[SCORE]),
        }
        for name in self.options.features:
            kept[f"of:{name}"] = _values(batch[name])
        return rows.add(kept)

    def merge(self, accs: Sequence[StabilityState]) -> StabilityState:
        trials = alterations.merged([acc.trials for acc in accs])
        return StabilityState(trials, merge_rows(acc.rows for acc in accs))

    def sealed(self, acc: StabilityState) -> Any:
        """The counts; rows stay where they are and are told by number and digest."""
        columns = acc.rows.columns()
        digests = {n: attestation.sha256(np.array(c.tolist(), dtype=str).tobytes())
                   for n, c in columns.items()}  # fmt: skip
        return {"trials": acc.trials.as_json(), "rows": digests}

    def public(self, acc: StabilityState, plan: Plan) -> Sequence[Table]:  # noqa: ARG002
        return [
            alterations.published(acc.trials, self.spec, "asked", steady=not acc.trials.twins[1])
        ]

    def recompute(self, tables: Sequence[Table], plan: Plan, run: Run) -> list[Finding]:  # noqa: ARG002
        found = list[Finding]()
        for table in tables:
            seen, _ = alterations.unpublished(table)
            found += [
                self._same(name, seen[name], {}, plan) for name in (ASKED, FILED) if name in seen
            ]
        return found

    def extract_findings(self, acc: StabilityState, plan: Plan, run: Run) -> list[Finding]:
        found = list[Finding]()
        for name in acc.trials.people:
            more = {"mean_shift": alterations.shift_by_direction(acc.trials, name)}
            known = run.oracle.deterministic
            steady = None if known is None else known and not acc.trials.twins[1]
            found.append(
                self._same(name, alterations.counts(acc.trials, name), more, plan, steady)
            )
        if run.oracle.kind == "model":
            found.append(self._rebatched(acc.trials, plan, run))
        columns = acc.rows.columns()
        if columns:
            found += self._drifts(columns, plan, run)
        if not found:
            found.append(not_evaluable(self.spec, "repeat_change_share", slice_={},
                                       why=say.NOTHING, limit=say.LIMIT))  # fmt: skip
        return found

    def _same(
        self, name: str, seen: Counts, more: Mapping[str, Any], plan: Plan,
        steady: bool | None = None,
    ) -> Finding:  # fmt: skip
        """Asked again, or as filed: the share of people with another decision."""
        alert, margin = POLICY.value("repeat_share"), POLICY.value("repeat_equivalence")
        source = POLICY.source("repeat_share")
        if name == FILED:
            alert = margin = POLICY.value("replay_share")
            source = POLICY.source("replay_share")
        enough, answered = seen.people >= plan.min_n, seen.people - seen.silent
        share = seen.share if enough else None
        ci = intervals.clopper_pearson(seen.changed, answered, 1 - plan.alpha) if enough else None
        # That these answers are the same again is no proof that others are: the interval decides.
        verdict = verdicts.judge(
            evaluable=ci is not None, beyond=ci is not None and ci.low > alert,
            equivalent=ci is not None and ci.high <= margin,
            p_adjusted=None, alpha=plan.alpha, exact=bool(seen.changed),
        )  # fmt: skip
        metric = "repeat_change_share" if name == ASKED else "replay_change_share"
        return draft(
            self.spec, metric, slice_={}, verdict=verdict,
            reading=say.same(name == FILED, seen, verdict, ci, plan, lines=(alert, margin)),
            limit=readings.joined(say.LIMIT, readings.frame(plan)), n=answered, estimate=share,
            effect={"kind": "share", "value": share}, ci=ci.as_json() if ci else None,
            equivalence={"low": 0.0, "high": margin, "p": None},
            threshold={"value": alert, "rule": f"share > {alert:g}", "source": source},
            units=findings.units("people", answered),
            details=alterations.details(seen, steady=steady) | dict(more),
        )  # fmt: skip

    def _rebatched(self, trials: Trials, plan: Plan, run: Run) -> Finding:
        """The largest gap of a sample that was asked in other batches."""
        tolerance, oracle = POLICY.value("rebatch_tolerance"), run.oracle
        size = min(run.rows, int(POLICY.value("rebatch_sample")))
        limit = readings.joined(say.LIMIT, readings.frame(plan))
        if oracle.batch_stable is None or size < plan.min_n:
            why = say.DICED if oracle.deterministic is False else say.SMALL.format(
                people=size, least=plan.min_n)  # fmt: skip
            return not_evaluable(self.spec, "rebatch_gap", slice_={}, why=why,
                                 limit=limit, n=size)  # fmt: skip
        verdict = Verdict.EQUIVALENT if oracle.batch_stable else Verdict.DISPARITY
        if oracle.batch_stable and oracle.deterministic is not True:
            verdict = (
                Verdict.INCONCLUSIVE
            )  # exact are only the answers of a model shown to be steady
        bound = intervals.clopper_pearson(0, size, 1 - plan.alpha)
        said = say.BATCHED[verdict].format(n=size, gap=f"{oracle.largest_gap or 0.0:.2g}",
                                           bound=readings.small_share(bound.high if bound else 1.0))  # fmt: skip
        return draft(
            self.spec, "rebatch_gap", slice_={}, verdict=verdict, reading=said,
            limit=limit, n=size, estimate=oracle.largest_gap,
            effect={"kind": "amount", "value": oracle.largest_gap},
            units=_asked_about(trials, size, plan),
            threshold={"value": tolerance, "rule": f"gap > {tolerance:g}",
                       "source": POLICY.source("rebatch_tolerance")},
            details={"batch_stable": oracle.batch_stable, "largest_gap": oracle.largest_gap,
                     "deterministic": oracle.deterministic},
        )  # fmt: skip

    def _drifts(
        self, columns: Mapping[str, npt.NDArray[Any]], plan: Plan, run: Run
    ) -> list[Finding]:
        made = {name: _drift(columns, name, plan) for name in (SCORE, *self.options.features)}
        able = [name for name, (one, _, _) in made.items() if one is not None]
        size = max(1, len(able)) * run.plans
        p = dict(zip(able, holm([d.p_value for d, _, _ in made.values() if d]), strict=True))
        return [
            self._drifted(name, *made[name], plan, p=min(1.0, float(p.get(name, 1)) * run.plans),
                          size=size)
            for name in made
        ]  # fmt: skip

    def _drifted(
        self,
        name: str,
        one: Drift | None,
        sizes: tuple[int, int],
        sides: tuple[float, float],
        plan: Plan,
        *,
        p: float,
        size: int,
    ) -> Finding:
        slice_ = {"drift": "score" if name == SCORE else name}
        n, earlier = sizes
        plain = say.THE_SCORE if name == SCORE else plan.plain(name)
        limit = readings.joined(say.DRIFT_LIMIT, readings.frame(plan))
        if one is None:
            return not_evaluable(
                self.spec, "population_stability_index", slice_=slice_, n=n, n_reference=earlier,
                why=say.few(plain, sizes, plan), limit=limit,
            )  # fmt: skip
        alert, margin = POLICY.value("drift_alert"), POLICY.value("drift_equivalence")
        own, held = one.interval(1 - plan.alpha / size), one.within(margin)
        low, high = verdicts.reached((own.low, own.high), p, plan.alpha)
        ci = replace(own, low=low, high=high)
        small = equivalence.shown(
            held, family=size, alpha=plan.alpha, units=sides, interval=ci, near=(0.0, margin)
        )
        verdict = verdicts.judge(evaluable=True, beyond=ci.low > alert, equivalent=small,
                                 p_adjusted=p, alpha=plan.alpha, spanned=verdicts.spans(ci))  # fmt: skip
        return draft(
            self.spec, "population_stability_index", slice_=slice_, verdict=verdict,
            reading=say.drifted(plain, one, verdict, alert, real=p < plan.alpha and not verdicts.spans(ci)), limit=limit,
            n=n, n_reference=earlier, estimate=one.psi,
            effect={"kind": "amount", "value": one.psi}, ci=ci.as_json(simultaneous=True),
            test={"name": "psi_chi2", "statistic": one.statistic}, p_value=one.p_value,
            p_adjusted=p, adjustment="holm",
            family={"id": f"{self.spec.id}/drift", "size": size},
            equivalence={"low": 0.0, "high": margin, "p": held,
                         "p_adjusted": equivalence.adjusted(held, size)},
            units=findings.units("people", *sides),
            mde=one.detectable(plan.alpha / size, POLICY.value("power")),
            threshold={"value": alert, "rule": f"PSI > {alert:g}",
                       "source": POLICY.source("drift_alert")},
            details={"psi": one.psi, "ks": one.ks, "bins": one.bins},
        )  # fmt: skip

    @classmethod
    def nulls(cls) -> Mapping[str, NullDesign]:
        return stability_nulls()

    @classmethod
    def planted(cls) -> Mapping[str, NullDesign]:
        return stability_planted()


def _asked_about(trials: Trials, rows: int, plan: Plan) -> dict[str, Any] | None:
    """Of how many units a sample of rows tells; None where rows repeat and nobody counted them."""
    if plan.columns.unit is None:
        return findings.units("rows", rows)
    seen = [alterations.counts(trials, name).people for name in trials.people]
    return findings.units("people", min(rows, max(seen))) if seen else None


def _drift(
    columns: Mapping[str, npt.NDArray[Any]], name: str, plan: Plan
) -> tuple[Drift | None, tuple[int, int], tuple[float, float]]:
    """The drift of a column, how many later and earlier units there are, and Kish's numbers."""
    values, when = columns[f"of:{name}"], columns[EARLIER]
    known = np.isfinite(values) if values.dtype.kind == "f" else values != ""
    units = columns[UNIT] if plan.columns.unit else np.arange(when.size, dtype=np.uint64)
    before, after = known & (when == 1), known & (when == 0)
    rows = [np.unique(units[mask], return_counts=True)[1] for mask in (after, before)]
    sizes = rows[0].size, rows[1].size
    kish = weights.kish(rows[0].astype(float)), weights.kish(rows[1].astype(float))
    if not weights.enough(kish, plan.min_n):
        return None, sizes, kish
    made = drift.measure(values[before], values[after], (units[before], units[after]))
    return made, sizes, kish


def _number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def _values(column: pa.Array) -> npt.NDArray[Any]:
    """Numbers as they are, other levels by name."""
    if _number(column.type):
        return numbers(column)
    found = coded(column)
    return np.array(("", *found.names))[found.codes + 1]
