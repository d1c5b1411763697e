"""Counterfactual flips: does the answer change when only one thing about the person changes?"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.special import ndtri

from evaluators.accumulating.accumulators import (
    Cells,
    Sums,
    coded,
    merge_cells,
    merge_sums,
    numbers,
    truth,
)
from evaluators.behaviour import flip_readings as say
from evaluators.behaviour.flip_options import FlipDetails, FlipOptions, Thing
from evaluators.designs.nulls import flip_nulls, flip_planted
from evaluators.judging import equivalence, findings, readings, verdicts, withholding
from evaluators.judging.findings import draft, not_evaluable
from evaluators.plan import Plan, level_name
from evaluators.policy import POLICY
from evaluators.probe import (
    FAVOURED,
    SCORE,
    UNIT,
    Change,
    NullDesign,
    Options,
    Probe,
    ProbeSpec,
    Run,
    ScoreRequest,
    State,
    answer,
    keyed_hash,
)
from evaluators.statistics import inference, intervals
from evaluators.statistics.multiplicity import holm
from registry.findings import Finding, Verdict
from registry.language import Text

MOST_LEVELS = 12
TWIN = "twin"


@dataclass(frozen=True)
class FlipState:
    """What is kept: first the levels of the columns to change, then the counts of flips.

    Args:
        levels: column → how often each level occurs.
        tests: thing → version → (tests, flips, to favourable, to unfavourable).
        people: thing → person → (rows, rows changed, changed but not its twin, the reverse).
        shifts: (thing, from → to) → sum of the change of the score.
        twins: (rows, rows whose twin got another answer).
    """

    levels: Mapping[str, Cells] = field(default_factory=dict)
    tests: Mapping[str, Cells] = field(default_factory=dict)
    people: Mapping[str, Cells] = field(default_factory=dict)
    shifts: Sums = field(default_factory=lambda: Sums(("shift",)))
    twins: tuple[int, int] = (0, 0)


class CounterfactualFlip(Probe[FlipState]):
    """Does the answer change when only one thing about the person changes?

    The model answers each row as it is and with one input (or a declared bundle) set to each
    other version. One trial per person: their answer changes under some version, or it does not;
    the share has a Clopper-Pearson interval. A model that was asked twice and gave the same answers
    has no p-value: the share is a fact about these rows, beyond the line or not; small is only what
    the interval shows to be (from about 3,700 people, none changed). A randomised model, or a service
    that may change, is held against its own A/A twin: each person gets one keyed version, and the exact sign test compares flips that the
    twin did not show with the reverse. An attribute that is not an input can't be tested here.
    """

    spec = ProbeSpec(
        id="counterfactual_flip",
        version="1.0.0",
        task="decision",
        state=State.MULTI_PASS,
        roles=("sensitive",),
        optional=("unit",),
        derived=(FAVOURED, SCORE, UNIT),
        asks_model=True,
        options=FlipOptions,
        details=FlipDetails,
        legal_refs=("SZ72-4", "SH67-3"),
        question=Text(
            "只改变一个人的某一项情况，结果会变吗？",
            "Does the answer change when only one thing about the person changes?",
        ),
    )  # fmt: skip
    options: FlipOptions

    def names(self, plan: Plan) -> list[str]:
        """The columns to change, inputs or not."""
        return list(self.options.change or plan.columns.sensitive)

    def columns(self, plan: Plan) -> tuple[str, ...]:  # noqa: ARG002  # the contract
        return tuple(self.options.change)

    def needs(self, plan: Plan, metric: str, slice_: Mapping[str, str]) -> tuple[str, ...]:  # noqa: ARG002
        """Who lacks the feature is asked with every level of it, and counts."""
        return (FAVOURED,)

    def learnt(self, plan: Plan) -> list[str]:
        """Those whose levels must be learnt from the data."""
        named = [name for name in self.names(plan) if name in plan.columns.inputs]
        return [name for name in named if name not in self.options.values]

    def create_accumulator(self, plan: Plan) -> FlipState:
        return FlipState(levels={name: Cells((name,), ("n",)) for name in self.learnt(plan)})

    def add_batch(self, acc: FlipState, batch: pa.RecordBatch) -> FlipState:
        return FlipState(
            {name: cells.add([coded(batch[name])], [None]) for name, cells in acc.levels.items()}
        )

    def merge(self, accs: Sequence[FlipState]) -> FlipState:
        return FlipState({n: merge_cells(a.levels[n] for a in accs) for n in accs[0].levels})

    def refine(self, acc: FlipState, plan: Plan) -> Probe[FlipState] | None:
        if not plan.columns.decides:
            return None
        things = [
            self._thing(name, acc) for name in self.names(plan) if name in plan.columns.inputs
        ]
        for bundle in self.options.bundles:
            if all(set(v) <= set(plan.columns.inputs) for v in bundle.versions.values()):
                things.append(Thing(bundle.name, bundle.versions, "bundle"))
        able = [thing for thing in things if len(thing.versions) > 1]
        return FlipTests(self.options, able, plan) if able else None

    def _thing(self, name: str, acc: FlipState) -> Thing:
        given = self.options.values.get(name)
        levels = [level_name(v) for v in given] if given else spread_levels(acc.levels[name])
        return Thing(name, {level: {name: level} for level in levels}, "column")

    def answers_per_row(self, plan: Plan) -> int:
        each = [len(self.options.values.get(name, [])) or MOST_LEVELS for name in self.names(plan)
                if name in plan.columns.inputs]  # fmt: skip
        return sum(each) + sum(len(b.versions) for b in self.options.bundles) + 1

    def sealed(self, acc: FlipState) -> Any:
        return {
            "levels": {name: cells.as_json() for name, cells in acc.levels.items()},
            "tests": {name: cells.as_json() for name, cells in acc.tests.items()},
            "people": {name: cells.as_json() for name, cells in acc.people.items()},
            "shifts": acc.shifts.as_json(),
            "twins": list(acc.twins),
        }

    def extract_findings(self, acc: FlipState, plan: Plan, run: Run) -> list[Finding]:  # noqa: ARG002
        return _unable(self.spec, self.names(plan), plan, run, tested=())

    @classmethod
    def nulls(cls) -> Mapping[str, NullDesign]:
        return flip_nulls()

    @classmethod
    def planted(cls) -> Mapping[str, NullDesign]:
        return flip_planted()


class FlipTests(CounterfactualFlip):
    """The second pass: the things to change are known, the answers come with the rows.

    Args:
        options: of the probe.
        things: what is changed.
        plan: the cut and the unit.
    """

    def __init__(self, options: Options, things: Sequence[Thing], plan: Plan) -> None:
        super().__init__(options)
        self.things, self.plan = things, plan

    def create_accumulator(self, plan: Plan) -> FlipState:
        key = UNIT if plan.columns.unit else "everyone"
        names = [thing.name for thing in self.things]
        return FlipState(
            tests={n: Cells(("version",), ("tests", "flips", "up", "down")) for n in names},
            people={n: Cells((key,), ("rows", "changed", "wins", "losses")) for n in names},
        )

    def requests(self, acc: FlipState, plan: Plan) -> Iterator[ScoreRequest]:  # noqa: ARG002  # the contract
        yield ScoreRequest(TWIN, copy=1)
        for thing in self.things:
            for version, inputs in thing.versions.items():
                changes = {name: Change("set", value) for name, value in inputs.items()}
                yield ScoreRequest(thing.key(version), changes)

    def add_batch(self, acc: FlipState, batch: pa.RecordBatch) -> FlipState:
        rows = _Answers(batch, self.plan)
        shifts, tests, people = acc.shifts, dict(acc.tests), dict(acc.people)
        for thing in self.things:
            tests[thing.name], shifts, flips, known = _versions(
                thing, rows, tests[thing.name], shifts
            )
            picked = rows.pick(flips, known)
            marks = [known.any(0), flips.any(0), picked & ~rows.twin, rows.twin & ~picked]
            if self.plan.columns.unit:
                people[thing.name] = people[thing.name].add([coded(batch[UNIT])], marks)
            else:
                each = [marks[0], marks[0] & marks[1], marks[0] & marks[2], marks[0] & marks[3]]
                people[thing.name] = people[thing.name].plus(("*",), [int(m.sum()) for m in each])
        twins = (acc.twins[0] + batch.num_rows, acc.twins[1] + int(rows.twin.sum()))
        return FlipState({}, tests, people, shifts, twins)

    def merge(self, accs: Sequence[FlipState]) -> FlipState:
        return FlipState(
            {},
            {n: merge_cells(a.tests[n] for a in accs) for n in accs[0].tests},
            {n: merge_cells(a.people[n] for a in accs) for n in accs[0].people},
            merge_sums(a.shifts for a in accs),
            (sum(a.twins[0] for a in accs), sum(a.twins[1] for a in accs)),
        )

    def refine(self, acc: FlipState, plan: Plan) -> Probe[FlipState] | None:  # noqa: ARG002
        return None

    def extract_findings(self, acc: FlipState, plan: Plan, run: Run) -> list[Finding]:
        sums = [_counts(acc, thing) for thing in self.things]
        steady = run.oracle.deterministic is True and acc.twins[1] == 0
        if steady:
            found = [
                _fact(self.spec, t, c, acc, plan) for t, c in zip(self.things, sums, strict=True)
            ]
        else:
            found = _noisy(self.spec, self.things, sums, acc, plan=plan, run=run)
        tested = [thing.name for thing in self.things]
        return found + _unable(self.spec, self.names(plan), plan, run, tested=tested)


class _Answers:
    """The answers of one batch, as decisions."""

    def __init__(self, batch: pa.RecordBatch, plan: Plan) -> None:
        self.batch, self.plan = batch, plan
        self.score = numbers(batch[SCORE])
        self.favoured = truth(batch[FAVOURED]) == 1
        again, decided = self.decide(TWIN)
        answered = np.isfinite(again) & np.isfinite(self.score)
        self.twin = answered & (decided != self.favoured)
        self.units = batch[UNIT].to_numpy(zero_copy_only=False).astype(np.uint64)

    def decide(self, key: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
        """Score and decision for a request."""
        score = numbers(self.batch[answer(key)])
        return score, self.plan.columns.favours(score)

    def pick(
        self, flips: npt.NDArray[np.bool_], known: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.bool_]:
        """Per row whether it flips under one version, drawn by the keyed hash of its unit."""
        count = np.maximum(known.sum(0), 1)
        wanted = (keyed_hash(self.units, "version") % count.astype(np.uint64)).astype(np.int64)
        place = (np.cumsum(known, axis=0) - 1 == wanted) & known
        picked: npt.NDArray[np.bool_] = (flips & place).any(0)
        return picked


def _versions(
    thing: Thing, rows: _Answers, tests: Cells, shifts: Sums
) -> tuple[Cells, Sums, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Count one thing's tests: versions × rows of flips, and of tests that are tests."""
    score, favoured, own = rows.score, rows.favoured, None
    if thing.kind == "bundle":
        score, favoured = rows.decide(thing.key(next(iter(thing.versions))))
    else:
        own = coded(rows.batch[thing.name])
    flips, known = [], []
    for place, version in enumerate(thing.versions):
        new, decided = rows.decide(thing.key(version))
        is_test = np.full(new.size, place > 0)
        groups, codes = [(thing.name, f"→{version}")], np.zeros(new.size, dtype=np.int64)
        if own is not None:
            here = own.names.index(version) if version in own.names else -2
            is_test = own.codes != here
            groups = [(thing.name, f"{name}→{version}") for name in (*own.names, "?")]
            codes = np.where(own.codes < 0, len(own.names), own.codes)
        is_test &= np.isfinite(new) & np.isfinite(score)
        flip = is_test & (decided != favoured)
        up, down = flip & decided, flip & ~decided
        tests = tests.plus((version,), [int(m.sum()) for m in (is_test, flip, up, down)])
        shifts = shifts.add(groups, codes[is_test], [(new - score)[is_test]])
        flips.append(flip)
        known.append(is_test)
    return tests, shifts, np.array(flips), np.array(known)


@dataclass(frozen=True, slots=True)
class _Counts:
    tests: int
    flips: int
    up: int
    down: int
    people: int
    changed: int
    wins: int
    losses: int


def _counts(acc: FlipState, thing: Thing) -> _Counts:
    tests, flips, up, down = acc.tests[thing.name].total() or (0, 0, 0, 0)
    cells = acc.people[thing.name]
    if cells.keys == (UNIT,):
        rows = [row for row in cells.table.values() if row[0]]
        gaps = [row[2] - row[3] for row in rows]
        return _Counts(tests, flips, up, down, len(rows), sum(r[1] > 0 for r in rows),
                       sum(g > 0 for g in gaps), sum(g < 0 for g in gaps))  # fmt: skip
    people, changed, wins, losses = cells.total() or (0, 0, 0, 0)
    return _Counts(tests, flips, up, down, people, changed, wins, losses)


def spread_levels(cells: Cells) -> list[str]:
    """The versions to try: all levels if few.

    For many numbers the 10th, 50th and 90th percentile; for many names the most frequent.
    """
    counted = {str(key[0]): row[0] for key, row in cells.table.items() if key[0] is not None}
    if len(counted) <= MOST_LEVELS:
        return sorted(counted)
    try:
        values = sorted((float(name), name) for name in counted)
    except ValueError:
        return sorted(sorted(counted, key=lambda name: (-counted[name], name))[:MOST_LEVELS])
    sums = np.cumsum([counted[name] for _, name in values])
    places = np.searchsorted(sums, np.array([0.1, 0.5, 0.9]) * sums[-1])
    return list(dict.fromkeys(values[place][1] for place in places.tolist()))


def _details(thing: Thing, counts: _Counts, acc: FlipState, *, steady: bool) -> dict[str, Any]:
    pairs = [key for key in acc.shifts.table if key[0] == thing.name]
    bound = intervals.clopper_pearson(counts.changed, counts.people, 0.9)
    return {
        "tests": counts.tests,
        "flips": counts.flips,
        "flip_rate": counts.flips / counts.tests if counts.tests else None,
        "people": counts.people,
        "changed": counts.changed,
        "to_favourable": counts.up,
        "to_unfavourable": counts.down,
        "mean_shift": {str(k[1]): acc.shifts.mean(k, "shift") for k in sorted(pairs, key=str)},
        "versions": list(thing.versions),
        "deterministic": steady,
        "twin_changed": acc.twins[1],
        "bound": bound.high if bound else None,
    }


def _fact(spec: ProbeSpec, thing: Thing, counts: _Counts, acc: FlipState, plan: Plan) -> Finding:
    """The finding about a deterministic model: the share is a fact about these rows."""
    alert, margin = POLICY.value("flip_share"), POLICY.value("flip_equivalence")
    enough = counts.people >= plan.min_n
    share = counts.changed / counts.people if enough else None
    ci = (
        intervals.clopper_pearson(counts.changed, counts.people, 1 - plan.alpha)
        if enough
        else None
    )
    verdict = verdicts.judge_exact(share, alert=alert, equivalence=margin, interval=ci)
    details = _details(thing, counts, acc, steady=True)
    return draft(
        spec, "counterfactual_flip_share", slice_={thing.name: "*"}, verdict=verdict,
        reading=_said(thing, counts, verdict, details, plan, ci=ci), limit=_limit(plan),
        n=counts.people, estimate=share, effect={"kind": "share", "value": share},
        units=findings.units("people", counts.people),
        ci=ci.as_json() if ci else None, equivalence={"low": 0.0, "high": margin, "p": None},
        threshold={"value": alert, "rule": f"share > {alert:g}", "source": POLICY.source("flip_share")},
        details=details,
    )  # fmt: skip


def _noisy(
    spec: ProbeSpec,
    things: Sequence[Thing],
    sums: Sequence[_Counts],
    acc: FlipState,
    *,
    plan: Plan,
    run: Run,
) -> list[Finding]:
    """The findings about a randomised service, held against its own A/A twin."""
    tests = [inference.sign_test(c.wins, c.losses) for c in sums]
    size = len(things) * run.plans
    adjusted = [min(1.0, float(p) * run.plans) for p in holm([t.p_value for t in tests])]
    alert, margin = POLICY.value("flip_share"), POLICY.value("flip_equivalence")
    found = []
    for thing, counts, test, p in zip(things, sums, tests, adjusted, strict=True):
        enough = counts.people >= plan.min_n
        gap, ci = paired_gap(counts.wins, counts.losses, counts.people, 1 - plan.alpha / size)
        low, high = verdicts.reached((ci.low, ci.high), p, plan.alpha)
        ci = replace(ci, low=low, high=high)
        small = equivalence.enough([counts.people]) and equivalence.inside(ci, (-math.inf, margin))
        verdict = verdicts.judge(evaluable=enough, beyond=ci.low > alert, equivalent=small,
                                 p_adjusted=p, alpha=plan.alpha, spanned=verdicts.spans(ci))  # fmt: skip
        details = _details(thing, counts, acc, steady=False)
        found.append(draft(
            spec, "counterfactual_flip_share_beyond_twin", slice_={thing.name: "*"}, verdict=verdict,
            reading=_said(thing, counts, verdict, details, plan), limit=_limit(plan),
            n=counts.people, estimate=gap, effect={"kind": "difference", "value": gap},
            units=findings.units("people", counts.people),
            ci=ci.as_json(simultaneous=True), equivalence={"low": None, "high": margin, "p": None},
            test={"name": test.name, "statistic": None},
            p_value=test.p_value, p_adjusted=p, adjustment="holm",
            family={"id": f"{spec.id}", "size": size},
            threshold={"value": alert, "rule": f"share > {alert:g}", "source": POLICY.source("flip_share")},
            mde=paired_detectable(counts.wins + counts.losses, counts.people, plan.alpha / size),
            details=details,
        ))  # fmt: skip
    return found


def paired_gap(wins: int, losses: int, n: int, level: float) -> tuple[float, intervals.Interval]:
    """The difference of two paired shares with Agresti and Min's (2005) adjusted Wald interval."""
    gap, more = (wins - losses) / max(1, n), n + 2
    centre, spread = (wins - losses) / more, wins + losses + 1 - (wins - losses) ** 2 / more
    half = intervals.quantile(level) * spread**0.5 / more
    return gap, intervals.Interval(centre - half, centre + half, level, "agresti_min")


def paired_detectable(discordant: int, n: int, alpha: float) -> float | None:
    """The smallest difference of paired shares found with the policy's power at this noise."""
    if not n:
        return None
    z = intervals.quantile(1 - alpha) + float(ndtri(POLICY.value("power")))
    return float(z * max(1, discordant) ** 0.5 / n)


def _said(
    thing: Thing, counts: _Counts, verdict: Verdict, details: Mapping[str, Any], plan: Plan,
    *, ci: intervals.Interval | None = None,
) -> Text:  # fmt: skip
    lines = POLICY.value("flip_equivalence"), POLICY.value("flip_share")
    values = {
        "name": plan.plain(thing.name), "versions": _versions_said(thing, plan), "tests": counts.tests,
        "people": counts.people, "changed": counts.changed, "least": plan.min_n,
        "share": readings.beside(counts.changed / counts.people if counts.people else None, *lines),
        "bound": readings.beside(ci.high if ci else details["bound"], *lines), "twin": details["twin_changed"],
        "margin": readings.small_share(POLICY.value("flip_equivalence")),
        "line": readings.percent(POLICY.value("flip_share")),
    }  # fmt: skip
    if verdict is Verdict.NOT_EVALUABLE:
        return say.SMALL.format(**values)
    noise = () if details["deterministic"] else (say.NOISE.format(**values),)
    unseen = (
        ci is not None and verdict is Verdict.INCONCLUSIVE
    )  # of a fact only where none changed
    ending = say.UNSEEN if unseen else say.ENDINGS[verdict]
    return readings.joined(say.ASKED.format(**values), *noise, ending.format(**values))


def _versions_said(thing: Thing, plan: Plan) -> Text:
    return readings.listed([plan.plain_level(thing.name, version) for version in thing.versions])


def _limit(plan: Plan) -> Text:
    return readings.joined(say.LIMIT, readings.frame(plan))


def _unable(
    spec: ProbeSpec, names: Sequence[str], plan: Plan, run: Run, *, tested: Sequence[str]
) -> list[Finding]:
    """One finding for everything that was to be changed and could not be."""
    found = []
    for name in names:
        if name in tested:
            continue
        why = withholding.NOT_AN_INPUT if name not in plan.columns.inputs else say.ONE_LEVEL
        if run.oracle.kind == "column":
            why = say.NO_MODEL
        elif not plan.columns.decides:
            why = say.NO_CUT
        found.append(not_evaluable(
            spec, "counterfactual_flip_share", slice_={name: "*"}, why=why.format(name=plan.plain(name)),
            limit=say.INDIRECT.format(name=plan.plain(name)) if why is withholding.NOT_AN_INPUT else say.LIMIT,
        ))  # fmt: skip
    return found
