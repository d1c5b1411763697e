"""Robustness: do answers hold when inputs are shaken, missing, or outside of what the data know?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from evaluators.accumulating.accumulators import numbers
from evaluators.behaviour import alterations
from evaluators.behaviour import robustness_readings as say
from evaluators.behaviour.alterations import TWIN, Asked, Counts, Question, Trials
from evaluators.designs.answer_nulls import robustness_nulls, robustness_planted
from evaluators.judging import findings, readings, verdicts
from evaluators.judging.findings import draft, not_evaluable
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.probe import (
    FAVOURED,
    SCORE,
    UNIT,
    Change,
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
from evaluators.statistics import intervals
from registry.findings import Finding, Verdict
from registry.language import Text

Kind = Literal["noise", "missing", "out_of_range"]
KEPT = 2000
BEYOND = 10.0
STRANGE = "从未见过的值 never seen"


class RobustnessOptions(Options):
    """What to try, and on how many rows.

    Args:
        kinds: what is done to the inputs.
        columns: the inputs it is done to; by default all.
        noise: how far a number is moved up and down, in standard deviations of its column.
        sample: rows that are tried, chosen by the keyed hash of their unit.
    """

    kinds: tuple[Kind, ...] = ("noise", "missing", "out_of_range")
    columns: tuple[str, ...] = ()
    noise: float = Field(default=0.01, gt=0, le=1)
    sample: int = Field(default=1000, ge=30, le=100_000)


class RobustnessDetails(Details):
    """Counts behind the share.

    Args:
        people, changed, silent: with an answer, with another one, and without any.
        tests, flips, flip_rate, to_favourable, to_unfavourable, without: the same by rows.
        mean_shift: the mean change of the score, by version.
        values: what was set, or by how much numbers were moved.
        changed_share: of those with an answer.
        failures: version → why a round ended without answers.
        deterministic, twin_changed: whether the same row got the same answer twice.
        bound: the share of such people at most, with 95 % confidence.
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
    mean_shift: dict[str, float | None] = Field(default_factory=dict)
    values: dict[str, float | str | None] = Field(default_factory=dict)
    changed_share: float | None = None
    failures: dict[str, str] = Field(default_factory=dict)
    deterministic: bool | None = None
    twin_changed: int | None = None
    bound: float | None = None


LARGEST = 1e100
"""Beyond it a range or a spread is no float any more: such a number says nothing of a column."""


@dataclass(frozen=True)
class Seen:
    """What a column is like: its kind, its range, and a sample that merges in any order.

    Args:
        kind: of values.
        low, high: the range; infinite bounds where there is no number.
        sample: (hash of the unit, value), those with the smallest hashes.
    """

    kind: Literal["real", "whole", "text", "other"]
    low: float = np.inf
    high: float = -np.inf
    sample: tuple[tuple[int, float], ...] = ()

    def plus(self, other: "Seen") -> "Seen":
        """Both together."""
        sample = tuple(sorted((*self.sample, *other.sample))[:KEPT])
        return Seen(self.kind, min(self.low, other.low), max(self.high, other.high), sample)

    @property
    def spread(self) -> float:
        """The standard deviation of the sample."""
        values = np.array([value for _, value in self.sample])
        return float(values.std()) if values.size else 0.0


@dataclass(frozen=True, slots=True)
class Trial:
    """One thing done to one input.

    Args:
        kind: what is done.
        column: to what.
        versions: key of a request → the change.
    """

    kind: Kind
    column: str
    versions: Mapping[str, Change]

    @property
    def name(self) -> str:
        """As tables name it."""
        return f"{self.kind}:{self.column}"


@dataclass(frozen=True)
class RobustnessState:
    """First what the columns are like, then the trials."""

    seen: Mapping[str, Seen] = field(default_factory=dict)
    trials: Trials | None = None


class Robustness(Probe[RobustnessState]):
    """Do answers hold when inputs are shaken, missing, or outside of what the data know?

    Each input is, on a sample of rows, moved up and down by a hundredth of its standard deviation
    (whole numbers by whole numbers, if that is at least one half), left out, or set far outside
    of its range (by ten times its width; a name that nobody knows). Of shaken inputs the share of
    people whose decision changes is held against the line, as in `counterfactual_flip`. Of missing
    and strange ones a changed answer may be right, so the line is about people who get no answer
    at all; how many answers change stands beside. Each of these is asked in a sandbox of its own,
    so that a model that breaks is named and takes nothing else down. ISO/IEC TR 24029-1:2021 gives an
    overview of such methods; sizes and lines are ours.
    """

    spec = ProbeSpec(
        id="robustness",
        version="1.0.0",
        task="decision",
        state=State.MULTI_PASS,
        roles=("inputs",),
        optional=("unit",),
        derived=(SCORE, UNIT),
        welcome=(FAVOURED,),
        asks_model=True,
        options=RobustnessOptions,
        details=RobustnessDetails,
        legal_refs=("SH16-test", "SZ36"),
        question=Text(
            "输入稍有出入、缺了一项或超出常见范围时，模型还靠得住吗？",
            "Do answers hold when inputs are slightly off, missing, or outside of the usual range?",
        ),
    )  # fmt: skip
    options: RobustnessOptions

    def names(self, plan: Plan) -> list[str]:
        """The inputs to try."""
        return [name for name in self.options.columns or plan.columns.inputs
                if name in plan.columns.inputs]  # fmt: skip

    def create_accumulator(self, plan: Plan) -> RobustnessState:
        self.plan = plan
        return RobustnessState()

    def add_batch(self, acc: RobustnessState, batch: pa.RecordBatch) -> RobustnessState:
        seen = dict(acc.seen)
        for name in self.names(self.plan):
            new = _seen(batch[name], batch[UNIT])
            seen[name] = seen[name].plus(new) if name in seen else new
        return RobustnessState(seen)

    def merge(self, accs: Sequence[RobustnessState]) -> RobustnessState:
        seen: dict[str, Seen] = {}
        for acc in accs:
            for name, new in acc.seen.items():
                seen[name] = seen[name].plus(new) if name in seen else new
        return RobustnessState(seen)

    def refine(self, acc: RobustnessState, plan: Plan) -> "Probe[RobustnessState] | None":
        trials = [
            trial for name in self.names(plan) if name in acc.seen
            for kind in self.options.kinds
            if (trial := _trial(kind, name, acc.seen[name], self.options.noise))
            and (kind != "noise" or plan.columns.decides)
        ]  # fmt: skip
        return RobustnessTrials(self.options, trials, plan) if trials else None

    def answers_per_row(self, plan: Plan) -> int:
        return 1 + 5 * len(self.names(plan))

    def answers_in_all(self, plan: Plan, rows: int) -> int:
        return min(rows, self.options.sample) * self.answers_per_row(plan)

    def sealed(self, acc: RobustnessState) -> Any:
        seen = {name: [one.kind, one.low, one.high, one.spread] for name, one in acc.seen.items()}
        return {"seen": seen, "trials": acc.trials.as_json() if acc.trials else None}

    def extract_findings(self, acc: RobustnessState, plan: Plan, run: Run) -> list[Finding]:  # noqa: ARG002
        return self._untried(plan, run, ())

    def _untried(self, plan: Plan, run: Run, tried: Sequence[Trial]) -> list[Finding]:
        """One finding per kind for the inputs on which it was not tried."""
        found = []
        for kind in self.options.kinds:
            done = {trial.column for trial in tried if trial.kind == kind}
            left = [n for n in self.options.columns or plan.columns.inputs if n not in done]
            if not left and tried:
                continue
            names = Text("、".join(plan.plain(n).zh for n in left),
                         ", ".join(plan.plain(n).en for n in left))  # fmt: skip
            why = say.UNTRIED[kind].format(names=names)
            if run.oracle.kind == "column":
                why = say.NO_MODEL
            elif kind == "noise" and not plan.columns.decides:
                why = say.NO_CUT
            found.append(not_evaluable(self.spec, say.METRICS[kind], slice_={}, why=why,
                                       limit=say.LIMIT))  # fmt: skip
        return found

    @classmethod
    def nulls(cls) -> Mapping[str, NullDesign]:
        return robustness_nulls()

    @classmethod
    def planted(cls) -> Mapping[str, NullDesign]:
        return robustness_planted()


class RobustnessTrials(Robustness):
    """The second pass: what is done to which input is known.

    Args:
        options: of the probe.
        trials: what is tried.
        plan: the cut and the unit.
    """

    def __init__(self, options: Options, trials: Sequence[Trial], plan: Plan) -> None:
        super().__init__(options)
        self.trials, self.plan = trials, plan

    def create_accumulator(self, plan: Plan) -> RobustnessState:
        return RobustnessState({}, Trials.of([trial.name for trial in self.trials], plan))

    def requests(self, acc: RobustnessState, plan: Plan) -> Iterator[ScoreRequest]:  # noqa: ARG002
        yield ScoreRequest(TWIN, copy=1, sample=self.options.sample)
        for trial in self.trials:
            for key, change in trial.versions.items():
                yield ScoreRequest(key, {trial.column: change}, sample=self.options.sample,
                                   risky=trial.kind != "noise")  # fmt: skip

    def add_batch(self, acc: RobustnessState, batch: pa.RecordBatch) -> RobustnessState:
        asked, trials = Asked(batch, self.plan), acc.trials
        assert trials is not None  # noqa: S101  # the second pass
        for trial in self.trials:
            held = pc.is_valid(batch[trial.column]).to_numpy(zero_copy_only=False)
            trials = asked.add(trials, trial.name, list(trial.versions), asked.again & held)
        return RobustnessState({}, asked.twins(trials))

    def merge(self, accs: Sequence[RobustnessState]) -> RobustnessState:
        return RobustnessState({}, alterations.merged([a.trials for a in accs if a.trials]))

    def refine(self, acc: RobustnessState, plan: Plan) -> Probe[RobustnessState] | None:  # noqa: ARG002
        return None

    def public(self, acc: RobustnessState, plan: Plan) -> Sequence[Table]:  # noqa: ARG002
        assert acc.trials is not None  # noqa: S101
        return [
            alterations.published(acc.trials, self.spec, "trial", steady=not acc.trials.twins[1])
        ]

    def extract_findings(self, acc: RobustnessState, plan: Plan, run: Run) -> list[Finding]:
        trials = acc.trials
        assert trials is not None  # noqa: S101
        steady = run.oracle.deterministic is True and not trials.twins[1]
        seen = {trial.name: alterations.counts(trials, trial.name) for trial in self.trials}
        shaken = [self._noise(t, trials, plan) for t in self.trials if t.kind == "noise"]
        found = alterations.judged(self.spec, shaken, seen, plan, run, steady=steady)
        broken = self._broken(run)
        for trial in self.trials:
            if trial.kind != "noise":
                found.append(self._failure(trial, seen[trial.name], trials, plan, broken))
        return found + self._untried(plan, run, self.trials)

    def _noise(self, trial: Trial, acc: Trials, plan: Plan) -> Question:
        moved = max((abs(float(c.value)) for c in trial.versions.values()), default=0.0)

        def said(seen: Counts, verdict: Verdict, ci: intervals.Interval | None) -> Text:
            return say.noise(plan.plain(trial.column), moved, seen, verdict, plan, ci)

        more = {
            "mean_shift": alterations.shift_by_direction(acc, trial.name),
            "values": _values(trial),
        }
        return Question(
            trial.name, say.METRICS["noise"], {"noise": trial.column},
            ("noise_share", "noise_equivalence"), said,
            readings.joined(say.LIMIT, readings.frame(plan)), more,
        )  # fmt: skip

    def _broken(self, run: Run) -> dict[str, str]:
        """Key of a request → why a round of it ended without answers."""
        asked = self.requests(RobustnessState(), self.plan)
        causes = ((request.key, run.oracle.broken.get(request.identity())) for request in asked)
        return {key: cause for key, cause in causes if cause is not None}

    def _failure(
        self, trial: Trial, seen: Counts, acc: Trials, plan: Plan, broken: Mapping[str, str]
    ) -> Finding:
        """Who gets no answer where an input is missing or strange: a fact about these rows."""
        why = {key: broken[key] for key in trial.versions if key in broken}
        enough = seen.people >= plan.min_n
        share = seen.silent / seen.people if enough else None
        alert, margin = POLICY.value("failure_share"), POLICY.value("failure_equivalence")
        ci = None
        if enough and not why:  # a round that ended altogether is no share of people
            ci = intervals.clopper_pearson(seen.silent, seen.people, 1 - plan.alpha)
        verdict = verdicts.judge_exact(share, alert=alert, equivalence=margin, interval=ci)
        details = alterations.details(seen, steady=not acc.twins[1]) | {
            "failures": why, "values": _values(trial), "changed_share": seen.share,
            "mean_shift": alterations.shift_by_direction(acc, trial.name),
        }  # fmt: skip
        return draft(
            self.spec, say.METRICS[trial.kind], slice_={trial.kind: trial.column}, verdict=verdict,
            reading=say.failure(trial.kind, plan.plain(trial.column), seen, verdict, why, plan, ci),
            limit=readings.joined(say.LIMIT, readings.frame(plan)), n=seen.people, estimate=share,
            units=findings.units("people", seen.people),
            effect={"kind": "share", "value": share},
            ci=ci.as_json() if ci else None,
            equivalence={"low": 0.0, "high": margin, "p": None},
            threshold={"value": alert, "rule": f"share > {alert:g}",
                       "source": POLICY.source("failure_share")},
            details=details,
        )  # fmt: skip


def _seen(column: pa.Array, units: pa.Array) -> Seen:
    """What a batch shows of a column."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return Seen("text")
    whole = pa.types.is_integer(kind)
    if not (whole or pa.types.is_floating(kind)):
        return Seen("other")
    values = numbers(column)
    known = np.abs(values) < LARGEST
    hashes: npt.NDArray[np.uint64] = units.to_numpy(zero_copy_only=False).astype(np.uint64)
    if not known.any():
        return Seen("whole" if whole else "real")
    kept = np.lexsort([values[known], hashes[known]])[:KEPT]
    pairs = zip(hashes[known][kept].tolist(), values[known][kept].tolist(), strict=True)
    return Seen("whole" if whole else "real", float(values[known].min()),
                float(values[known].max()), tuple(pairs))  # fmt: skip


def _trial(kind: Kind, name: str, seen: Seen, noise: float) -> Trial | None:
    """What is done to an input, or None where it makes no sense."""
    numeric, wide = seen.kind in {"real", "whole"}, seen.high > seen.low
    if kind == "missing":
        return Trial(kind, name, {f"missing:{name}": Change("set", None)})
    if kind == "out_of_range":
        if seen.kind == "text":
            return Trial(kind, name, {f"strange:{name}": Change("set", STRANGE)})
        if not numeric or not wide:
            return None
        far = BEYOND * (seen.high - seen.low)
        ends: dict[str, Any] = {"high": seen.high + far, "low": seen.low - far}
        if seen.kind == "whole":
            ends = {end: int(value) for end, value in ends.items()}
        return Trial(kind, name, {f"{end}:{name}": Change("set", v) for end, v in ends.items()})
    step = noise * seen.spread
    if seen.kind == "whole":
        step = float(round(step)) if step >= 0.5 else 0.0
    if not numeric or step <= 0 or len({value for _, value in seen.sample}) < 3:
        return None
    return Trial(kind, name, {f"up:{name}": Change("shift", step),
                              f"down:{name}": Change("shift", -step)})  # fmt: skip


def _values(trial: Trial) -> dict[str, float | str | None]:
    """What was set or added, by version."""
    return {key: change.value for key, change in trial.versions.items()}
