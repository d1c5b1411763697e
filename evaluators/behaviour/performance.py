"""Performance: how well does the model do its task, for everyone and for each group?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field

from evaluators.accumulating import weights
from evaluators.accumulating.accumulators import Rows, coded, merge_rows, numbers, truth
from evaluators.behaviour import class_counts
from evaluators.behaviour import performance_readings as say
from evaluators.designs.answer_nulls import performance_nulls, performance_planted
from evaluators.judging import equivalence, findings, verdicts
from evaluators.judging.findings import draft, not_evaluable
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.probe import (
    CLASS,
    DESERVED,
    FAVOURED,
    SCORE,
    UNIT,
    Details,
    Gathered,
    NullDesign,
    Options,
    Probe,
    ProbeSpec,
    Run,
    State,
    Table,
)
from evaluators.statistics import task_metrics
from evaluators.statistics.intervals import Interval
from evaluators.statistics.multiplicity import holm
from evaluators.statistics.task_metrics import COMPARED, ERRORS, METRICS, Estimate, Gap, Task
from registry import attestation
from registry.findings import Finding
from registry.language import Text

Columns = Mapping[str, npt.NDArray[Any]]
Metric = Literal["accuracy", "balanced_accuracy", "auc", "macro_f1", "mae", "rmse", "r2", "ndcg"]
RIGHT = ("right", "wrong")
COUNTS = ("tp", "fp", "fn", "tn")


class PerformanceOptions(Options):
    """What the task is, and what was promised.

    Args:
        task: what the model does; by default it follows from the plan: ranking with a query,
            multiclass with `classes` and no cut, regression without a favourable value, else
            binary.
        required: metric → the least value that is declared (the most for mae and rmse).
        depth: ranks that count towards NDCG.
    """

    task: Literal["auto", "binary", "multiclass", "regression", "ranking"] = "auto"
    required: dict[Metric, float] = Field(default_factory=dict)
    depth: int = Field(default=10, ge=1, le=1000)


class PerformanceDetails(Details):
    """Beside the metric: both intervals, and the AUC where there is one.

    Args:
        task: as evaluated.
        own_ci, reference_ci: 95 % intervals of the metric itself.
        auc: of the group.
        units: sampled units.
        left_out: rows without an answer or an outcome.
    """

    task: str | None = None
    own_ci: dict[str, Any] | None = None
    reference_ci: dict[str, Any] | None = None
    auc: float | None = None
    units: int | None = None
    left_out: int | None = None


class Performance(Probe[Rows]):
    """How well does the model do its task, for everyone and for each group?

    Accuracy, balanced accuracy and AUC of two classes; accuracy, balanced accuracy and macro F1
    of several; MAE, RMSE and R² of numbers; NDCG of rankings. Variances come from the influence
    of every unit on the estimate (Hampel 1974; DeLong 1988), so that repeated units are one. A
    metric for everyone is a measurement: without a declared requirement nothing tests it and no
    line judges it, so its verdict is *inconclusive* by the rule; with one, the interval is held
    against it. Groups are compared with the declared reference or with everyone else by Welch's
    test, Holm over the groups and metrics of an attribute; errors by their ratio.
    """

    spec = ProbeSpec(
        id="performance",
        version="1.0.0",
        task="decision",
        state=State.ROWS,
        roles=("target",),
        optional=("sensitive", "query", "unit"),
        derived=(UNIT,),
        welcome=(SCORE, FAVOURED, DESERVED, CLASS),
        options=PerformanceOptions,
        details=PerformanceDetails,
        legal_refs=("SH16-test", "SZ36", "SZ72-4", "SH67-3"),
        question=Text(
            "模型做得有多准？对各组人一样准吗？",
            "How well does the model do its task, and as well for every group?",
        ),
    )  # fmt: skip
    options: PerformanceOptions

    def task(self, plan: Plan) -> Task:
        """What the model does."""
        if self.options.task != "auto":
            return self.options.task
        columns = plan.columns
        if columns.query is not None:
            return "ranking"
        named_alike = columns.score_favourable is None
        if len(columns.classes) > 2 and columns.cut is None and named_alike:
            return "multiclass"
        return "regression" if columns.favourable is None else "binary"

    def needs(self, plan: Plan, metric: str, slice_: Mapping[str, str]) -> tuple[str, ...]:
        """Of two classes an outcome that is one of them: a third word is neither right nor wrong."""
        known = super().needs(plan, metric, slice_)
        return (*known, DESERVED) if self.task(plan) == "binary" else known

    def gathers(self, plan: Plan, metric: str, slice_: Mapping[str, str]) -> Gathered | None:
        """Of several classes every metric but the accuracy comes of the counts of each class."""
        if self.task(plan) != "multiclass":
            return None
        by_class = not metric.startswith("accuracy")
        return Gathered(
            (*slice_, *([class_counts.CLASS] if by_class or plan.columns.unit else []))
        )

    def create_accumulator(self, plan: Plan) -> Rows:
        self.plan = plan
        return Rows()

    def add_batch(self, acc: Rows, batch: pa.RecordBatch) -> Rows:
        columns = self._pair(batch)
        if columns is None:
            return acc
        if self.plan.columns.unit:
            columns[UNIT] = batch[UNIT].to_numpy(zero_copy_only=False).astype(np.uint64)
        for name in self.plan.columns.sensitive:
            columns[f"sensitive:{name}"] = _names(batch[name])
        return acc.add(columns)

    def _pair(self, batch: pa.RecordBatch) -> dict[str, npt.NDArray[Any]] | None:
        """What was due and what was answered; None where the plan or the data give neither."""
        task, roles, there = self.task(self.plan), self.plan.columns, set(batch.schema.names)
        target = batch[str(roles.target)]
        if task == "multiclass":
            return (
                {"due": _names(target), "answered": _names(batch[CLASS])}
                if CLASS in there
                else None
            )
        if task == "binary":
            if not {FAVOURED, DESERVED} <= there:
                return None
            found: dict[str, npt.NDArray[Any]] = {
                "due": truth(batch[DESERVED]), "answered": truth(batch[FAVOURED]),
            }  # fmt: skip
            if SCORE in there:
                found["score"] = numbers(batch[SCORE]) * self._sense()
            return found
        if SCORE not in there or not _number(target.type):
            return None
        found = {"due": numbers(target), "score": numbers(batch[SCORE])}
        if task == "ranking":
            if roles.query is None:
                return None
            found["query"] = _names(batch[roles.query])
        return found

    def _sense(self) -> float:
        """−1 where a score falls towards the favourable outcome."""
        return -1.0 if self.plan.columns.falls else 1.0

    def merge(self, accs: Sequence[Rows]) -> Rows:
        return merge_rows(accs)

    def sealed(self, acc: Rows) -> Any:
        """Rows stay where they are: the sealed evidence has their number and digests."""
        columns = acc.columns()
        digests = {n: attestation.sha256(np.array(c.tolist(), dtype=str).tobytes())
                   for n, c in columns.items()}  # fmt: skip
        return {"rows": len(columns.get("due", ())), "columns": digests}

    def extract_findings(self, acc: Rows, plan: Plan, run: Run) -> list[Finding]:
        columns, task = acc.columns(), self.task(plan)
        if not columns:
            return [not_evaluable(self.spec, METRICS[task][0], slice_={}, why=say.UNFIT[task],
                                  limit=say.limit(plan))]  # fmt: skip
        rows, left_out = _known(_each_its_own(columns), task)
        if task == "ranking":
            rows = self._queries(rows, plan)
        found = [
            self._whole(metric, task, rows, plan, left_out=left_out)
            for metric in METRICS[task]
            if metric != "auc" or "score" in rows
        ]
        for name in plan.columns.sensitive:
            found += self._attribute(name, task, rows, plan, run)
        return found

    def _queries(self, rows: Columns, plan: Plan) -> Columns:
        """One row per query, with its NDCG; a feature that varies within a query is missing."""
        made = task_metrics.ndcg(rows["query"], rows["score"], rows["due"], self.options.depth)
        first = {}
        names, at, codes = np.unique(rows["query"], return_index=True, return_inverse=True)
        kept = np.isin(names, made["query"])
        for attribute in plan.columns.sensitive:
            levels = rows[f"sensitive:{attribute}"]
            mixed = np.bincount(codes, weights=levels != levels[at][codes]) > 0
            first[f"sensitive:{attribute}"] = np.where(mixed, "", levels[at])[kept]
        units = (
            rows[UNIT][at][kept] if plan.columns.unit else np.arange(kept.sum(), dtype=np.uint64)
        )
        return {"score": made["score"], "due": made["score"], UNIT: units, **first}

    def _whole(
        self, metric: str, task: Task, rows: Columns, plan: Plan, *, left_out: int
    ) -> Finding:
        """A metric for everyone: a measurement, held against what was declared if anything was."""
        limit, seen = say.limit(plan), task_metrics.estimate(metric, _view(rows))
        if seen is None or not weights.enough([seen.effective], plan.min_n):
            size = 0 if seen is None else seen.size
            why = say.small(metric, size, plan)
            return not_evaluable(self.spec, metric, slice_={}, why=why, limit=limit, n=size,
                                 details={"task": task})  # fmt: skip
        ci = seen.interval(1 - plan.alpha)
        line = self.options.required.get(metric)  # type: ignore[call-overload]
        short, kept = _held(ci, line, more=metric not in ERRORS)
        kept = kept and equivalence.enough([seen.effective])
        verdict = verdicts.judge(evaluable=True, beyond=short, equivalent=kept, p_adjusted=None,
                                 alpha=plan.alpha)  # fmt: skip
        kind = "auc" if metric == "auc" else "amount" if metric in {*ERRORS, "r2"} else "share"
        details = {"task": task, "units": seen.size, "left_out": left_out}
        return draft(
            self.spec, metric, slice_={}, verdict=verdict,
            reading=say.whole(seen, ci, line, verdict, plan), limit=limit, n=int(seen.parts.size),
            estimate=seen.value, effect={"kind": kind, "value": seen.value}, ci=ci.as_json(),
            threshold=None if line is None else {
                "value": line, "rule": f"{'≤' if metric in ERRORS else '≥'} {line:g}",
                "source": "plan: performance.required"},
            units=findings.units("people", seen.effective), details=details,
        )  # fmt: skip

    def _attribute(
        self, name: str, task: Task, rows: Columns, plan: Plan, run: Run
    ) -> Iterator[Finding]:
        levels = rows[f"sensitive:{name}"]
        there = sorted(set(levels[levels != ""].tolist()))
        named = plan.reference.get(name)
        asked = [level for level in there if level != named]
        if named is None and len(there) == 2:
            asked = there[1:]  # two groups are one question
        counts = dict(zip(*map(list, np.unique(levels, return_counts=True)), strict=True))
        known = sum(int(n) for level, n in counts.items() if level)
        pairs = [
            _pair_of(metric, rows, (name, level), named, plan)
            if counts[level] >= plan.min_n
            else _Pair(
                metric, (name, level), named, None, None, None, int(counts[level]),
                int(counts.get(named, 0)) if named else known - int(counts[level]),
            )
            for metric in COMPARED[task] for level in asked
        ]  # fmt: skip
        if not pairs or len(there) < 2:
            yield not_evaluable(self.spec, COMPARED[task][0], slice_={name: "*"},
                                why=say.NO_GROUPS.format(name=plan.plain(name)),
                                limit=say.limit(plan))  # fmt: skip
            return
        able = [p.gap.p_value for p in pairs if p.gap is not None]
        size = max(1, len(able)) * run.plans
        adjusted = iter([min(1.0, float(p) * run.plans) for p in holm(able)])
        for pair in pairs:
            p = next(adjusted) if pair.gap is not None else None
            yield self._compared(pair, task, rows, plan, p=p, size=size)

    def _compared(
        self, pair: "_Pair", task: Task, rows: Columns, plan: Plan, *, p: float | None, size: int
    ) -> Finding:
        limit, (name, level) = say.limit(plan), pair.slice_
        metric, against = f"{pair.metric}_by_group", pair.reference or "*"
        if pair.gap is None or p is None or pair.own is None or pair.other is None:
            why = say.group_small(pair.slice_, pair.metric, plan)
            return not_evaluable(self.spec, metric, slice_={name: level}, why=why, limit=limit,
                                 group=level, reference_group=against, n=pair.n,
                                 n_reference=pair.n_reference, details={"task": task})  # fmt: skip
        lines = _lines(pair.metric)
        own_ci, held = lines.interval(pair.gap, 1 - plan.alpha / size), lines.held(pair.gap)
        low, high = verdicts.reached((own_ci.low, own_ci.high), p, plan.alpha, lines.none)
        ci = replace(own_ci, low=low, high=high)
        sides = pair.own.effective, pair.other.effective
        verdict = verdicts.judge(
            evaluable=True, beyond=ci.low > lines.alert[1] or ci.high < lines.alert[0],
            equivalent=equivalence.shown(
                held, family=size, alpha=plan.alpha, units=sides, interval=ci, near=lines.near
            ),
            p_adjusted=p, alpha=plan.alpha,
            spanned=verdicts.spans(ci, lines.none),
        )  # fmt: skip
        value = lines.shown(pair.gap.value)
        own, other = pair.own.interval(0.95), pair.other.interval(0.95)
        inside = _view(rows, rows[f"sensitive:{name}"] == level)
        auc = (
            task_metrics.estimate("auc", inside) if "score" in rows and task == "binary" else None
        )
        return draft(
            self.spec, metric, slice_={name: level}, verdict=verdict,
            reading=say.compared(pair.slice_, pair.own, pair.other, verdict, plan,
                                 reference=pair.reference, real=p < plan.alpha and not verdicts.spans(ci, lines.none), lines=lines),
            limit=limit, group=level, reference_group=against, n=pair.n,
            n_reference=pair.n_reference, estimate=pair.own.value,
            reference_estimate=pair.other.value, effect={"kind": lines.kind, "value": value},
            ci=ci.as_json(simultaneous=True), test={"name": "welch_influence", "statistic": None},
            p_value=pair.gap.p_value, p_adjusted=p, adjustment="holm",
            family={"id": f"{self.spec.id}/{name}", "size": size},
            equivalence={"low": lines.near[0], "high": lines.near[1], "p": held,
                         "p_adjusted": equivalence.adjusted(held, size)},
            units=findings.units("people", *sides),
            mde=lines.detectable(pair.gap, plan.alpha / size),
            threshold={"low": lines.alert[0], "high": lines.alert[1], "rule": lines.rule,
                       "source": POLICY.source(lines.source)},
            details={"task": task, "own_ci": own.as_json(), "reference_ci": other.as_json(),
                     "units": pair.own.size, "auc": auc.value if auc else None},
        )  # fmt: skip

    def public(self, acc: Rows, plan: Plan) -> Sequence[Table]:
        """Outcomes and answers of all and by group, of several classes class by class.

        Of numbers and rankings there is only the commitment.
        """
        columns, tables = acc.columns(), list[Table]()
        if not columns or plan.columns.unit:
            return tables
        if self.task(plan) == "multiclass":
            known, _ = _known(columns, "multiclass")
            return list(class_counts.tables(self.spec.id, known, plan.columns.sensitive))
        if self.task(plan) != "binary":
            return tables
        rows, _ = _known(columns, "binary")
        marks = [(rows["due"] == due) & (rows["answered"] == told)
                 for due, told in ((1, 1), (0, 1), (1, 0), (0, 0))]  # fmt: skip
        tp, fp, fn, tn = (int(mark.sum()) for mark in marks)
        tables += [Table(self.spec.id, (), RIGHT, (((), (tp + tn, fp + fn)),)),
                   Table(self.spec.id, (), COUNTS, (((), (tp, fp, fn, tn)),))]  # fmt: skip
        for name in plan.columns.sensitive:
            levels, at = np.unique(rows[f"sensitive:{name}"], return_inverse=True)
            counts = np.stack([np.bincount(at[mark], minlength=levels.size) for mark in marks])
            cells = tuple(
                ((level,), tuple(row))
                for level, row in zip(levels.tolist(), counts.T.tolist(), strict=True)
                if level != ""
            )
            tables.append(Table(self.spec.id, (name,), COUNTS, cells))
        return tables

    def recompute(self, tables: Sequence[Table], plan: Plan, run: Run) -> list[Finding]:
        found = list[Finding]()
        for table in tables:
            if table.counts != COUNTS or not table.keys:
                continue
            if any(counts is None for _, counts in table.rows) or not table.rows:
                continue  # everyone else can't be had without a suppressed group
            name = table.keys[0]
            levels = np.concatenate([np.full(sum(c or ()), key[0]) for key, c in table.rows])
            kinds = np.concatenate([np.repeat(np.arange(4), c or ()) for _, c in table.rows])
            rows = {
                "due": np.where(kinds % 2 == 0, 1, 0), "answered": np.where(kinds < 2, 1, 0),
                UNIT: np.arange(kinds.size, dtype=np.uint64), f"sensitive:{name}": levels,
            }  # fmt: skip
            found += self._attribute(name, "binary", rows, plan, run)
        return found

    @classmethod
    def nulls(cls) -> Mapping[str, NullDesign]:
        return performance_nulls()

    @classmethod
    def planted(cls) -> Mapping[str, NullDesign]:
        return performance_planted()


@dataclass(frozen=True, slots=True)
class _Pair:
    """A group and what it is compared with; `gap` is None where nothing can be said."""

    metric: str
    slice_: tuple[str, str]
    reference: str | None
    own: Estimate | None
    other: Estimate | None
    gap: Gap | None
    n: int
    n_reference: int


def _pair_of(
    metric: str, rows: Columns, slice_: tuple[str, str], named: str | None, plan: Plan
) -> _Pair:
    name, level = slice_
    levels = rows[f"sensitive:{name}"]
    outside = levels == named if named is not None else (levels != "") & (levels != level)
    inside = levels == level
    own, other = (task_metrics.estimate(metric, _view(rows, m)) for m in (inside, outside))
    sides = [0.0 if side is None else side.effective for side in (own, other)]
    enough = weights.enough(sides, plan.min_n)
    gap = task_metrics.gap(own, other) if enough and own and other else None
    return _Pair(metric, slice_, named, own, other, gap, int(inside.sum()), int(outside.sum()))


@dataclass(frozen=True, slots=True)
class Lines:
    """What a difference of groups is held against: of a share the gap, of an error the ratio."""

    kind: Literal["difference", "ratio"]
    alert: tuple[float, float]
    near: tuple[float, float]
    rule: str
    source: str

    @property
    def none(self) -> float:
        """The value of no difference."""
        return self.shown(0.0)

    def shown(self, value: float) -> float:
        """A gap as the finding states it."""
        return float(np.exp(value)) if self.kind == "ratio" else value

    def interval(self, gap: Gap, level: float) -> Interval:
        """The interval of the gap."""
        half = gap.quantile(level) * gap.error
        low, high = self.shown(gap.value - half), self.shown(gap.value + half)
        return Interval(low, high, level, "welch_influence")

    def held(self, gap: Gap) -> float:
        """The p-value of equivalence."""
        low, high = np.log(self.near) if self.kind == "ratio" else self.near
        return gap.within(float(low), float(high))

    def detectable(self, gap: Gap, alpha: float) -> float:
        """The smallest gap that would be found with the policy's power at this spread."""
        z = gap.quantile(1 - alpha) + gap.quantile(2 * POLICY.value("power") - 1)
        found = self.shown(z * gap.error)
        return found - 1 if self.kind == "ratio" else found


def _lines(metric: str) -> Lines:
    value = POLICY.value
    if metric in ERRORS:
        alert = value("performance_ratio_low"), value("performance_ratio_high")
        near = value("rate_equivalence_low"), value("rate_equivalence_high")
        rule = f"outside {alert[0]:g}–{alert[1]:g}"
        return Lines("ratio", alert, near, rule, "performance_ratio_low")
    line, margin = value("performance_gap"), value("performance_equivalence")
    return Lines("difference", (-line, line), (-margin, margin), f"|gap| > {line:g}",
                 "performance_gap")  # fmt: skip


def _held(ci: Interval, line: float | None, *, more: bool) -> tuple[bool, bool]:
    """Whether an interval lies wholly short of a declared value, and whether it keeps it."""
    if line is None:
        return False, False
    return (ci.high < line, ci.low >= line) if more else (ci.low > line, ci.high <= line)


def _each_its_own(columns: Columns) -> Columns:
    """Without a unit in the plan every row is one, however alike two rows are."""
    return {UNIT: np.arange(columns["due"].size, dtype=np.uint64), **columns}


def _known(columns: Columns, task: Task) -> tuple[Columns, int]:
    """The rows with an outcome and an answer, and how many have not."""
    if task == "multiclass":
        known = (columns["due"] != "") & (columns["answered"] != "")
    elif task == "binary":
        known = (columns["due"] >= 0) & (columns["answered"] >= 0)
        if "score" in columns:
            known &= np.isfinite(columns["score"])
    else:
        known = np.isfinite(columns["due"]) & np.isfinite(columns["score"])
    if task == "ranking":
        known &= (columns["query"] != "") & (columns["due"] >= 0)
    return {name: column[known] for name, column in columns.items()}, int((~known).sum())


def _view(rows: Columns, mask: npt.NDArray[np.bool_] | None = None) -> Columns:
    """The rows of a group, as the metrics read them."""
    names = {"due": "due", "answered": "answered", "score": "score", UNIT: "unit"}
    chosen: npt.NDArray[np.bool_] | slice = slice(None) if mask is None else mask
    return {to: rows[name][chosen] for name, to in names.items() if name in rows}


def _names(column: pa.Array) -> npt.NDArray[Any]:
    """The names of a column's levels; missing is the empty name."""
    found = coded(column)
    return np.array(("", *found.names))[found.codes + 1]


def _number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )
