"""Proxy leakage: how well does the model's score tell a sensitive feature?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field
from scipy.special import ndtri
from sklearn.linear_model import LogisticRegression

from evaluators.accumulating import weights
from evaluators.accumulating.accumulators import Rows, coded, merge_rows, numbers
from evaluators.designs.nulls import leakage_nulls, leakage_planted
from evaluators.judging import equivalence, findings, readings, verdicts, withholding
from evaluators.judging.findings import draft, not_evaluable
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.probe import (
    SCORE,
    UNIT,
    Details,
    NullDesign,
    Options,
    Probe,
    ProbeSpec,
    Run,
    State,
    Table,
    keyed_hash,
)
from evaluators.statistics import inference
from evaluators.statistics.inference import Auc
from evaluators.statistics.intervals import Interval, quantile
from evaluators.statistics.multiplicity import holm
from registry import attestation
from registry.findings import Finding, Verdict
from registry.language import Text

FOLDS = 5
MOST_FEATURE_LEVELS = 20
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


class LeakageOptions(Options):
    """What to set beside the score.

    Args:
        features: whether to measure how well the other inputs tell the feature.
    """

    features: bool = True


class LeakageDetails(Details):
    """The features' own AUC, cross-fitted, and each feature's share of it."""

    features_auc: float | None = None
    features_ci: dict[str, Any] | None = None
    feature_share: dict[str, float] = Field(default_factory=dict)
    units: int | None = None
    missing_share: float | None = None


class ProxyLeakage(Probe[Rows]):
    """How well does the model's score tell a sensitive feature?

    For each level against the rest: the AUC of the score (DeLong; Obuchowski where units repeat).
    0.5 tells nothing, 0 and 1 tell everything; the line is 0.7, or 0.3 on the other side. Beside
    it stands the AUC of the inputs without those that are sensitive themselves: a logistic
    regression, cross-fitted over folds chosen by the keyed hash of the unit, with each input's
    share of the gap in the fitted logit.
    """

    spec = ProbeSpec(
        id="proxy_leakage",
        version="1.0.0",
        task="decision",
        state=State.ROWS,
        roles=("sensitive",),
        optional=("inputs", "unit"),
        derived=(SCORE, UNIT),
        options=LeakageOptions,
        details=LeakageDetails,
        legal_refs=("SZ72-4", "SH67-3"),
        question=Text(
            "从模型的分数能猜出敏感特征吗？", "Can a sensitive feature be told from the model's score?"
        ),
    )  # fmt: skip
    options: LeakageOptions

    def create_accumulator(self, plan: Plan) -> Rows:
        self.sensitive = plan.columns.sensitive
        self.inputs = [n for n in plan.columns.inputs if n not in self.sensitive]
        return Rows()

    def add_batch(self, acc: Rows, batch: pa.RecordBatch) -> Rows:
        columns: dict[str, npt.NDArray[Any]] = {
            SCORE: numbers(batch[SCORE]),
            UNIT: batch[UNIT].to_numpy(zero_copy_only=False).astype(np.uint64),
        }
        for name in self.sensitive:
            columns[f"sensitive:{name}"] = _names(batch[name])
        for name in self.inputs if self.options.features else ():
            kind = batch.schema.field(name).type
            number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
            columns[f"input:{name}"] = numbers(batch[name]) if number else _names(batch[name])
        return acc.add(columns)

    def merge(self, accs: Sequence[Rows]) -> Rows:
        return merge_rows(accs)

    def sealed(self, acc: Rows) -> Any:
        """Rows stay where they are: the sealed evidence has their number and digest."""
        columns = acc.columns()
        content = {name: attestation.sha256(_bytes(column)) for name, column in columns.items()}
        return {"rows": len(columns.get(SCORE, ())), "columns": content}

    def public(self, acc: Rows, plan: Plan) -> Sequence[Table]:
        """How many people each level has."""
        columns, tables = acc.columns(), []
        for name in plan.columns.sensitive if columns else ():
            levels, counts = np.unique(columns[f"sensitive:{name}"], return_counts=True)
            pairs = zip(levels.tolist(), counts.tolist(), strict=True)
            rows = tuple(((level,), (count,)) for level, count in pairs if level)
            tables.append(Table(self.spec.id, (name,), ("people",), rows))
        return tables

    def extract_findings(self, acc: Rows, plan: Plan, run: Run) -> list[Finding]:
        columns = acc.columns()
        return [f for n in plan.columns.sensitive for f in self._attribute(columns, n, plan, run)]

    def _attribute(
        self, columns: Mapping[str, npt.NDArray[Any]], name: str, plan: Plan, run: Run
    ) -> Iterator[Finding]:
        limit = readings.joined(LIMIT, readings.frame(plan))
        levels, score = columns[f"sensitive:{name}"], columns[SCORE]
        known = (levels != "") & ~np.isnan(score)
        there, codes, counts = np.unique(levels[known], return_inverse=True, return_counts=True)
        many = dict(zip(there.tolist(), counts.tolist(), strict=True))
        # Two levels are one question; the second level is told exactly as well as the first.
        asked = list(many)[1:] if len(many) == 2 else list(many)
        units = columns[UNIT][known] if plan.columns.unit else None
        size = max(1, len(asked)) * run.plans
        # One score for all tells nobody from anybody: an interval without width would say it surely.
        alike = bool((score[known] == score[known][:1]).all())
        found: list[tuple[str, Mask, Auc | None]] = []
        for level in asked:
            if (
                alike or many[level] < plan.min_n
            ):  # of perhaps thousands of levels most are that small
                found.append((level, NOBODY, None))
                continue
            member = codes == there.searchsorted(level)
            made = inference.auc(score[known], member, 1 - plan.alpha / size, units)
            found.append((level, member, made if _enough(member, units, plan) else None))
        able = [a.test.p_value for _, _, a in found if a is not None and a.test is not None]
        adjusted = iter(holm(able).tolist())
        missing = float((levels == "").mean()) if levels.size else None
        if len(many) < 2:
            yield not_evaluable(self.spec, "score_auc", slice_={name: "*"}, limit=limit,
                                why=ONE_LEVEL.format(name=name))  # fmt: skip
            return
        for level, member, made in found:
            if made is None or made.test is None or made.interval is None:
                yield not_evaluable(
                    self.spec, "score_auc", slice_={name: level}, limit=limit, group=level,
                    n=many[level], why=withholding.ONE_SCORE if alike else _small(name, level, plan),
                )  # fmt: skip
                continue
            details = {
                "missing_share": missing,
                "units": int(np.unique(units).size) if units is not None else None,
            }
            if self.options.features and self.inputs:
                rows = {n: columns[f"input:{n}"][known] for n in self.inputs}
                owners = _owners(columns[UNIT][known], units)
                details |= feature_auc(rows, member, owners, clustered=units is not None)
            p = min(1.0, next(adjusted) * run.plans)
            yield self._one((name, level), member, made, plan, p=p, size=size,
                            sides=_sides(member, units), details=details)  # fmt: skip

    def _one(
        self,
        slice_: tuple[str, str],
        member: Mask,
        made: Auc,
        plan: Plan,
        *,
        p: float,
        size: int,
        sides: tuple[float, float],
        details: dict[str, Any],
    ) -> Finding:
        name, level = slice_
        line, near = POLICY.value("leakage_auc"), POLICY.value("leakage_equivalence")
        test, ci = made.test, verdicts.reaching(made.interval, p, plan.alpha, none=0.5)
        made = replace(made, interval=ci)
        assert ci is not None  # noqa: S101  # the caller has seen to it
        assert test is not None  # noqa: S101
        alike = inference.two_one_sided(made.value, made.error or 0.0, low=1 - near, high=near)
        verdict = verdicts.judge(
            evaluable=True, beyond=ci.low > line or ci.high < 1 - line,
            equivalent=equivalence.shown(
                alike, family=size, alpha=plan.alpha, units=sides, interval=ci, near=(1 - near, near)
            ),
            p_adjusted=p, alpha=plan.alpha, spanned=verdicts.spans(ci, 0.5),
        )  # fmt: skip
        return draft(
            self.spec, "score_auc", slice_={name: level}, verdict=verdict,
            reading=_said(slice_, made, verdict, details, plan=plan, real=p < plan.alpha and not verdicts.spans(ci, 0.5)),
            limit=readings.joined(LIMIT, readings.frame(plan)), group=level, reference_group="*",
            n=int(member.sum()), n_reference=int((~member).sum()), estimate=made.value,
            reference_estimate=0.5, effect={"kind": "auc", "value": made.value},
            ci=ci.as_json(simultaneous=True), test={"name": test.name, "statistic": test.statistic},
            p_value=test.p_value, p_adjusted=p, adjustment="holm",
            family={"id": f"{self.spec.id}/{name}", "size": size},
            equivalence={"low": 1 - near, "high": near, "p": alike, "p_adjusted": equivalence.adjusted(alike, size)},
            units=findings.units("people", *sides),
            mde=_detectable(member, plan.alpha / size),
            threshold={"value": line, "rule": f"AUC > {line:g} or < {1 - line:g}", "source": POLICY.source("leakage_auc")},
            details=details,
        )  # fmt: skip

    @classmethod
    def nulls(cls) -> Mapping[str, NullDesign]:
        return leakage_nulls()

    @classmethod
    def planted(cls) -> Mapping[str, NullDesign]:
        return leakage_planted()


NOBODY: Mask = np.zeros(0, dtype=bool)


def feature_auc(
    features: Mapping[str, npt.NDArray[Any]],
    member: Mask,
    units: npt.NDArray[np.uint64],
    *,
    clustered: bool,
) -> dict[str, Any]:
    """How well the inputs tell the feature: cross-fitted logistic regression.

    Args:
        features: input → its values.
        member: who belongs to the level.
        units: keyed hashes; folds are chosen by them, never by position.
        clustered: whether units repeat.
    """
    matrix, owners = _design(features)
    folds = (keyed_hash(units, "fold") % np.uint64(FOLDS)).astype(np.int64)
    predicted, shares = np.full(member.size, np.nan), np.zeros(matrix.shape[1])
    for fold in range(FOLDS):
        test, train = folds == fold, folds != fold
        if not test.any():
            continue
        if not 1 < member[train].sum() < train.sum() - 1:
            return {}
        mean, spread = matrix[train].mean(0), matrix[train].std(0)
        scaled = (matrix - mean) / np.where(spread > 0, spread, 1.0)
        fitted = LogisticRegression(C=1.0, max_iter=500).fit(scaled[train], member[train])
        predicted[test] = np.round(fitted.decision_function(scaled[test]), 6)
        gap = scaled[train][member[train]].mean(0) - scaled[train][~member[train]].mean(0)
        shares += fitted.coef_[0] * gap
    found = inference.auc(predicted, member, 0.95, units if clustered else None)
    if found is None:
        return {}
    total = float(np.abs(shares).sum())
    by_feature = {n: float(shares[[o == n for o in owners]].sum()) for n in features}
    return {
        "features_auc": found.value,
        "features_ci": found.interval.as_json() if found.interval else None,
        "feature_share": {n: round(v / total, 6) for n, v in by_feature.items()} if total else {},
    }


def _owners(
    rows: npt.NDArray[np.uint64], units: npt.NDArray[np.uint64] | None
) -> npt.NDArray[np.uint64]:
    """What folds are made of: the units, or every row by itself.

    Rows of equal content are told apart by their rank among their equals, which does not depend
    on the order of arrival: equal rows are interchangeable.
    """
    if units is not None:
        return units
    order = np.argsort(rows, kind="stable")
    placed = rows[order]
    starts = np.flatnonzero(np.r_[True, placed[1:] != placed[:-1]]) if placed.size else order
    ranks = np.arange(placed.size) - np.repeat(starts, np.diff(np.r_[starts, placed.size]))
    found = np.empty_like(rows)
    found[order] = keyed_hash(placed ^ keyed_hash(ranks.astype(np.uint64), "rank"), "row")
    return found


def _design(features: Mapping[str, npt.NDArray[Any]]) -> tuple[Floats, list[str]]:
    """Numbers with missing values at the median and marked; names as indicators."""
    columns: list[Floats] = []
    owners: list[str] = []
    for name, values in features.items():
        if values.dtype.kind == "f":
            gone = np.isnan(values)
            middle = float(np.median(values[~gone])) if (~gone).any() else 0.0
            made = [np.where(gone, middle, values)]
            made += [gone.astype(np.float64)] if gone.any() else []
        else:
            levels, counts = np.unique(values, return_counts=True)
            kept = levels[np.argsort(-counts, kind="stable")][:MOST_FEATURE_LEVELS]
            made = [(values == level).astype(np.float64) for level in kept]
        columns += made
        owners += [name] * len(made)
    return np.column_stack(columns), owners


def _names(column: pa.Array) -> npt.NDArray[Any]:
    found = coded(column)
    return np.array([*found.names, ""], dtype=str)[found.codes]


def _bytes(column: npt.NDArray[Any]) -> bytes:
    if column.dtype.kind == "U":
        return "\x00".join(column.tolist()).encode()
    return column.tobytes()


def _sides(member: Mask, units: npt.NDArray[np.uint64] | None) -> tuple[float, float]:
    """Kish's effective number of units in a group and in the rest."""
    if units is None:
        return float(member.sum()), float((~member).sum())
    rows = (np.unique(units[inside], return_counts=True)[1] for inside in (member, ~member))
    one, other = (weights.kish(each.astype(np.float64)) for each in rows)
    return one, other


def _enough(member: Mask, units: npt.NDArray[np.uint64] | None, plan: Plan) -> bool:
    return weights.enough(_sides(member, units), plan.min_n)


def _small(name: str, level: str, plan: Plan) -> Text:
    """Why nothing is said about a level."""
    group = plan.plain_level(name, level)
    return readings.few(SMALL.format(name=plan.plain(name), group=group, least=plan.min_n), plan)


def _detectable(member: Mask, alpha: float) -> float:
    """The smallest distance of an AUC from one half that these numbers find with the policy's power."""
    m, n = int(member.sum()), int((~member).sum())
    error = float(np.sqrt((m + n + 1) / (12 * m * n)))
    return error * (quantile(1 - alpha) + float(ndtri(POLICY.value("power"))))


def _said(
    slice_: tuple[str, str],
    made: Auc,
    verdict: Verdict,
    details: Mapping[str, Any],
    *,
    plan: Plan,
    real: bool,
) -> Text:
    ci = made.interval
    values = {
        "name": plan.plain(slice_[0]), "group": plan.plain_level(*slice_), "auc": readings.number(made.value),
        "low": readings.number(ci.low if ci else None), "high": readings.number(ci.high if ci else None),
        "line": readings.number(POLICY.value("leakage_auc")),
        "features": readings.number(details.get("features_auc")),
    }  # fmt: skip
    parts = [SCORE_TELLS.format(**values)]
    if details.get("features_auc") is not None:
        left_out = [
            plan.plain(name) for name in plan.columns.inputs if name in plan.columns.sensitive
        ]
        told = OTHERS_TELL if left_out else FEATURES_TELL
        parts.append(told.format(**values, left_out=_listed(left_out)))
    parts.append(_ending(verdict, ci).format(**values))
    if verdict is Verdict.EQUIVALENT and real:
        parts.append(readings.REAL)
    return readings.joined(*parts)


def _listed(names: Sequence[Text]) -> Text:
    return Text("、".join(f"“{n.zh}”" for n in names), ", ".join(f"'{n.en}'" for n in names))


def _ending(verdict: Verdict, ci: Interval | None) -> Text:
    """What it comes to; of a difference, whether it is known to lie below the line."""
    line = POLICY.value("leakage_auc")
    below = ci is not None and 1 - line < ci.low and ci.high < line
    return BELOW if below and verdict is Verdict.DIFFERENCE else ENDINGS[verdict]


SCORE_TELLS = Text(
    "只看模型的分数来猜一个人的“{name}”是不是“{group}”：随机取一个是“{group}”的人和一个不是的人，前者分数更高的机会是 {auc}（区间 {low}–{high}；0.5 表示完全猜不出，0 或 1 表示完全猜得出）。",
    "Telling from the score alone whether a person's {name} is '{group}': of one who is and one who is not, the first scores higher with chance {auc} (interval {low}–{high}; 0.5 tells nothing, 0 or 1 tells everything).",
)
FEATURES_TELL = Text(
    "直接用模型的全部输入来猜，对应的数是 {features}。",
    "From all the model's inputs directly the figure is {features}.",
)
OTHERS_TELL = Text(
    "模型的输入里除去{left_out}，直接用其余的来猜，对应的数是 {features}。",
    "From the model's inputs without {left_out} directly the figure is {features}.",
)
ENDINGS: dict[Verdict, Text] = {
    Verdict.DISPARITY: Text("分数明显泄露这一特征，超过 {line} 的界线。", "The score gives the feature away, beyond the line of {line}."),
    Verdict.DIFFERENCE: Text("分数带有这一特征的信息；是否超过 {line} 的界线，还不能确定。", "The score carries information on it; whether it passes the line of {line} is open."),
    Verdict.EQUIVALENT: Text("已证明从分数几乎猜不出。", "It is shown that the score tells next to nothing."),
    Verdict.INCONCLUSIVE: Text("还不能下结论。", "Inconclusive."),
}  # fmt: skip
BELOW = Text(
    "分数带有这一特征的信息，但没有超过 {line} 的界线。",
    "The score carries information on it, but does not pass the line of {line}.",
)
SMALL = Text(
    "“{name}”为“{group}”的人或其余的人不足 {least} 人，不作判断。",
    "Fewer than {least} people have {name} '{group}', or do not: nothing is said.",
)
ONE_LEVEL = Text(
    "“{name}”在数据里只有一个值，没有什么可猜。",
    "'{name}' has only one value in the data; there is nothing to tell.",
)
LIMIT = Text(
    "猜得出不等于用了它：分数与这一特征相关，也可能是因为两组人的条件不同。",
    "Telling a feature is not using it: a score may go with it because the groups' circumstances differ.",
)
