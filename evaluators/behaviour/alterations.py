"""Trials of a model with altered rows: whose answer changes, against whose changes anyway.

What `text_swap`, `robustness` and `stability` have in common. One trial per person: their answer
changes under some version of an alteration, or it does not. A deterministic model's share is a fact
about these rows, with Clopper and Pearson's interval for people like them; a randomised service is
held against its own A/A twin by the exact sign test (McNemar 1947).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from evaluators.accumulating.accumulators import (
    Cells,
    Coded,
    Integers,
    Sums,
    coded,
    merge_cells,
    merge_sums,
    numbers,
    truth,
)
from evaluators.behaviour.counterfactual_flip import paired_detectable, paired_gap
from evaluators.judging import equivalence, findings, verdicts
from evaluators.judging.findings import draft
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.probe import FAVOURED, SCORE, UNIT, ProbeSpec, Run, Table, answer, keyed_hash
from evaluators.statistics import inference, intervals
from evaluators.statistics.multiplicity import holm
from registry.findings import Finding, Verdict
from registry.language import Text

TWIN = "twin"
TESTS = ("tests", "flips", "up", "down", "without")
PEOPLE = ("rows", "changed", "wins", "losses", "silent")
PUBLIC = ("people", "changed", "wins", "losses", "silent", "steady")
Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Trials:
    """What is kept.

    Args:
        people: alteration → person → (rows tried, changed, changed but not its twin, the
            reverse, without an answer).
        tests: alteration → (answers, flips, to favourable, to unfavourable, rows without a try).
        shifts: (alteration, direction) → sum of the change of the score.
        twins: (rows asked again, rows whose twin got another answer).
    """

    people: Mapping[str, Cells]
    tests: Cells
    shifts: Sums
    twins: tuple[int, int] = (0, 0)

    @classmethod
    def of(cls, names: Sequence[str], plan: Plan) -> "Trials":
        """No trial yet of these alterations."""
        key = UNIT if plan.columns.unit else "everyone"
        people = {name: Cells((key,), PEOPLE) for name in names}
        return cls(people, Cells(("alteration",), TESTS), Sums(("shift",)))

    def as_json(self) -> dict[str, Any]:
        """The state in canonical order."""
        return {
            "people": {name: self.people[name].as_json() for name in sorted(self.people)},
            "tests": self.tests.as_json(),
            "shifts": self.shifts.as_json(),
            "twins": list(self.twins),
        }


def merged(parts: Sequence[Trials]) -> Trials:
    """The trials of all parts."""
    return Trials(
        {name: merge_cells(p.people[name] for p in parts) for name in parts[0].people},
        merge_cells(p.tests for p in parts),
        merge_sums(p.shifts for p in parts),
        (sum(p.twins[0] for p in parts), sum(p.twins[1] for p in parts)),
    )


class Asked:
    """The answers of one batch, and whether they are other answers.

    Another answer is the other decision; where the plan says nothing about decisions, another
    number.

    Args:
        batch: with `SCORE`, `UNIT`, the answers, and `FAVOURED` if there are decisions.
        plan: the cut and the unit.
        given: name → answers that stand in the data, read like those to a request.
    """

    def __init__(
        self, batch: pa.RecordBatch, plan: Plan, given: Mapping[str, Floats] | None = None
    ) -> None:
        self.batch, self.plan, self.given = batch, plan, given or {}
        self.score = numbers(batch[SCORE])
        self.decides = FAVOURED in batch.schema.names
        self.favoured: Mask = (
            truth(batch[FAVOURED]) == 1 if self.decides else np.zeros(self.score.size, dtype=bool)
        )
        self.units = batch[UNIT].to_numpy(zero_copy_only=False).astype(np.uint64)
        again = np.full(self.score.size, np.nan)
        if answer(TWIN) in batch.schema.names:
            again = self.answers(TWIN)
        self.again: Mask = np.isfinite(again) & np.isfinite(self.score)
        self.twin: Mask = self.again & self.turned(again)

    def answers(self, key: str) -> Floats:
        """The answers to a request, or those given under its name."""
        return self.given[key] if key in self.given else numbers(self.batch[answer(key)])

    def turned(self, new: Floats) -> Mask:
        """Whether answers are others than the row's own."""
        if self.decides:
            other: Mask = self.plan.columns.favours(new) != self.favoured
            return other
        far: Mask = np.abs(new - self.score) > POLICY.value("rebatch_tolerance") * np.maximum(
            1.0, np.abs(self.score)
        )
        return far

    def twins(self, acc: Trials) -> Trials:
        """The trials with this batch's twins."""
        twins = (acc.twins[0] + int(self.again.sum()), acc.twins[1] + int(self.twin.sum()))
        return Trials(acc.people, acc.tests, acc.shifts, twins)

    def add(
        self,
        acc: Trials,
        name: str,
        keys: Sequence[str],
        tried: Mask,
        directions: Coded | None = None,
    ) -> Trials:
        """The trials with one alteration of this batch.

        Args:
            acc: the trials so far.
            name: of the alteration.
            keys: the requests that are its versions.
            tried: the rows that it alters.
            directions: by what the mean shift is told apart; by default the versions.
        """
        tried = tried & np.isfinite(self.score)
        flips, known, tests, shifts = [], [], acc.tests, acc.shifts
        for key in keys:
            new = self.answers(key)
            there = tried & np.isfinite(new)
            flip = there & self.turned(new)
            more = self.plan.columns.favours(new) if self.decides else new > self.score
            seen = [int(mark.sum()) for mark in (there, flip, flip & more, flip & ~more)]
            tests = tests.plus((name,), [*seen, 0])
            ways = directions or Coded(np.zeros(new.size, dtype=np.int64), (key,))
            groups = [(name, way) for way in ways.names]
            shifts = shifts.add(groups, ways.codes[there], [(new - self.score)[there]])
            flips.append(flip)
            known.append(there)
        tests = tests.plus((name,), [0, 0, 0, 0, int((~tried).sum())])
        picked = self._pick(np.array(flips), np.array(known))
        some, changed = np.any(known, axis=0), np.any(flips, axis=0)
        silent = tried & ~np.all(known, axis=0)
        marks = (some | silent, changed, picked & ~self.twin, tried & self.twin & ~picked, silent)
        people = {**acc.people, name: self._people(acc.people[name], marks)}
        return Trials(people, tests, shifts, acc.twins)

    def _people(self, cells: Cells, marks: Sequence[Mask]) -> Cells:
        if cells.keys == (UNIT,):
            return cells.add([coded(self.batch[UNIT])], [_whole(mark) for mark in marks])
        return cells.plus(("*",), [int((marks[0] & mark).sum()) for mark in marks])

    def _pick(self, flips: Mask, known: Mask) -> Mask:
        """Per row whether it flips under one version, drawn by the keyed hash of its unit."""
        count = np.maximum(known.sum(0), 1)
        wanted = (keyed_hash(self.units, "version") % count.astype(np.uint64)).astype(np.int64)
        place = (np.cumsum(known, axis=0) - 1 == wanted) & known
        picked: Mask = (flips & place).any(0)
        return picked


def _whole(mark: Mask) -> Integers:
    return mark.astype(np.int64)


@dataclass(frozen=True, slots=True)
class Counts:
    """The trials of one alteration, by person.

    Args:
        people: tried; changed: whose answer changed; wins, losses: beyond their twin, and their
            twin beyond them; silent: who got no answer under it.
        tests, flips, up, down, without: see `Trials.tests`.
        twins, twin_changed: see `Trials.twins`.
    """

    people: int
    changed: int
    wins: int
    losses: int
    silent: int
    tests: int = 0
    flips: int = 0
    up: int = 0
    down: int = 0
    without: int = 0
    twins: int = 0
    twin_changed: int = 0

    @property
    def share(self) -> float | None:
        """The share of people whose answer changed, of those who got one."""
        answered = self.people - self.silent
        return self.changed / answered if answered > 0 else None


def counts(acc: Trials, name: str) -> Counts:
    """The counts of one alteration."""
    cells = acc.people[name]
    tests, flips, up, down, without = acc.tests.table.get((name,), (0,) * len(TESTS))
    people, changed, wins, losses, silent = cells.total()
    if cells.keys == (UNIT,):
        rows = [row for row in cells.table.values() if row[0]]
        gaps = [row[2] - row[3] for row in rows]
        people, changed = len(rows), sum(row[1] > 0 for row in rows)
        wins, losses = sum(gap > 0 for gap in gaps), sum(gap < 0 for gap in gaps)
        silent = sum(row[4] > 0 and row[0] == row[4] for row in rows)
    return Counts(people, changed, wins, losses, silent, tests=tests, flips=flips, up=up,
                  down=down, without=without, twins=acc.twins[0], twin_changed=acc.twins[1])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """One finding to be made.

    Args:
        name: of the alteration.
        metric: of the finding.
        slice_: what it is about.
        lines: the policy's names of the alert line and of the equivalence margin.
        said: counts, verdict, and the interval of a fact about the rows asked → the sentence.
        limit: what it does not show.
        more: further details.
    """

    name: str
    metric: str
    slice_: Mapping[str, str]
    lines: tuple[str, str]
    said: Callable[[Counts, Verdict, intervals.Interval | None], Text]
    limit: Text
    more: Mapping[str, Any]


def judged(
    spec: ProbeSpec,
    questions: Sequence[Question],
    found: Mapping[str, Counts],
    plan: Plan,
    run: Run,
    *,
    steady: bool,
) -> list[Finding]:
    """The findings: facts about a steady model, tests of a randomised one.

    Args:
        spec: of the probe.
        questions: what is asked.
        found: alteration → counts.
        plan: the level and the least number of people.
        run: how many plans the family spans.
        steady: the same question got the same answer throughout.
    """
    if steady:
        return [_fact(spec, one, found[one.name], plan) for one in questions]
    tests = [inference.sign_test(found[q.name].wins, found[q.name].losses) for q in questions]
    size = max(1, len(questions)) * run.plans
    adjusted = [min(1.0, float(p) * run.plans) for p in holm([t.p_value for t in tests])]
    return [
        _tested(spec, one, found[one.name], plan, test=test, p=p, size=size)
        for one, test, p in zip(questions, tests, adjusted, strict=True)
    ]


def _fact(spec: ProbeSpec, one: Question, seen: Counts, plan: Plan) -> Finding:
    alert, margin = (POLICY.value(name) for name in one.lines)
    answered = seen.people - seen.silent
    share = seen.share if answered >= plan.min_n else None
    ci = (
        None
        if share is None
        else intervals.clopper_pearson(seen.changed, answered, 1 - plan.alpha)
    )
    verdict = verdicts.judge_exact(share, alert=alert, equivalence=margin, interval=ci)
    return draft(
        spec, one.metric, slice_=one.slice_, verdict=verdict, reading=one.said(seen, verdict, ci),
        limit=one.limit, n=answered, estimate=share, effect={"kind": "share", "value": share},
        units=findings.units("people", answered),
        ci=ci.as_json() if ci else None, equivalence={"low": 0.0, "high": margin, "p": None},
        threshold={"value": alert, "rule": f"share > {alert:g}", "source": POLICY.source(one.lines[0])},
        details=details(seen, steady=True) | dict(one.more),
    )  # fmt: skip


def _tested(
    spec: ProbeSpec,
    one: Question,
    seen: Counts,
    plan: Plan,
    *,
    test: inference.Test,
    p: float,
    size: int,
) -> Finding:
    alert, margin = (POLICY.value(name) for name in one.lines)
    answered = seen.people - seen.silent
    gap, ci = paired_gap(seen.wins, seen.losses, answered, 1 - plan.alpha / size)
    low, high = verdicts.reached((ci.low, ci.high), p, plan.alpha)
    ci = replace(ci, low=low, high=high)
    verdict = verdicts.judge(evaluable=answered >= plan.min_n, beyond=ci.low > alert,
                             equivalent=equivalence.enough([answered]) and equivalence.inside(ci, (-math.inf, margin)),
                             p_adjusted=p, alpha=plan.alpha, spanned=verdicts.spans(ci))  # fmt: skip
    return draft(
        spec, f"{one.metric}_beyond_twin", slice_=one.slice_, verdict=verdict,
        reading=one.said(seen, verdict, None), limit=one.limit, n=answered, estimate=gap,
        effect={"kind": "difference", "value": gap}, ci=ci.as_json(simultaneous=True),
        equivalence={"low": None, "high": margin, "p": None},
        units=findings.units("people", answered),
        test={"name": test.name, "statistic": None}, p_value=test.p_value, p_adjusted=p,
        adjustment="holm", family={"id": f"{spec.id}", "size": size},
        threshold={"value": alert, "rule": f"share > {alert:g}", "source": POLICY.source(one.lines[0])},
        mde=paired_detectable(seen.wins + seen.losses, answered, plan.alpha / size),
        details=details(seen, steady=False) | dict(one.more),
    )  # fmt: skip


def details(seen: Counts, *, steady: bool | None) -> dict[str, Any]:
    """The counts behind a share, as details of its finding; what public tables lack is left out."""
    answered = seen.people - seen.silent
    bound = intervals.clopper_pearson(seen.changed, answered, 0.9)
    kept: dict[str, Any] = {
        "people": answered, "changed": seen.changed, "silent": seen.silent,
        "deterministic": steady, "bound": bound.high if bound else None,
    }  # fmt: skip
    if seen.tests or seen.without:
        kept |= {
            "tests": seen.tests, "flips": seen.flips, "without": seen.without,
            "flip_rate": seen.flips / seen.tests if seen.tests else None,
            "to_favourable": seen.up, "to_unfavourable": seen.down,
            "twin_changed": seen.twin_changed,
        }  # fmt: skip
    return kept


def shift_by_direction(acc: Trials, name: str) -> dict[str, float | None]:
    """The mean change of the score, by direction."""
    keys = sorted((key for key in acc.shifts.table if key[0] == name), key=str)
    return {str(key[1]): acc.shifts.mean(key, "shift") for key in keys}


def published(acc: Trials, spec: ProbeSpec, key: str, *, steady: bool) -> Table:
    """The counts per alteration: what the model did with altered rows, so nothing is suppressed."""
    rows = []
    for name in sorted(acc.people):
        one = counts(acc, name)
        values = (one.people, one.changed, one.wins, one.losses, one.silent, int(steady))
        rows.append(((name,), values))
    return Table(spec.id, (key,), PUBLIC, tuple(rows), kind="answers")


def unpublished(table: Table) -> tuple[dict[str, Counts], bool]:
    """The counts behind a published table, and whether the model was steady."""
    shown = {key[0]: row for key, row in table.rows if row is not None}
    found = {name: Counts(*row[:5]) for name, row in shown.items()}
    return found, all(row[5] for row in shown.values())
