"""For users of Fairlearn: `MetricFrame`'s inputs become a plan and a table, our results its shape.

`MetricFrame(metrics=…, y_true=…, y_pred=…, sensitive_features=…, control_features=…,
sample_params=…)` takes arrays side by side; here the same arguments become what `engine.run` takes.
The other way, findings are laid out as `overall`, `by_group`, `difference()`, `ratio()`. A value
that does not exist is NaN, never 0: Fairlearn reports a true positive rate of 0.0 for a group
without positives, and a difference of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from evaluators.doors.arrays import arrow
from evaluators.plan import Plan
from evaluators.running import planning
from registry.errors import Invalid
from registry.findings import Finding

TRUE, PREDICTED, WEIGHT = "y_true", "y_pred", "sample_weight"
OF_DECISION = ("selection_parity", "error_parity")
Method = Literal["between_groups", "to_overall"]


class FramesDiffer(Invalid):
    """Every argument has one value per row, and the features have names of their own."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What `engine.run` takes.

    Args:
        plan: as written; `planning.parse` checks it.
        table: the rows.
    """

    plan: dict[str, Any]
    table: pa.Table

    def checked(self) -> Plan:
        """The plan, checked.

        Raises:
            PlanInvalid: with every reason.
        """
        return planning.parse(self.plan)


def inputs(
    y_true: Any,
    y_pred: Any,
    *,
    sensitive_features: Any,
    control_features: Any = None,
    sample_params: Mapping[str, Any] | None = None,
    favourable: Any = 1,
    probes: Sequence[str] = OF_DECISION,
    title: str = "MetricFrame",
) -> Inputs:
    """The plan and the table of a `MetricFrame`.

    Args:
        y_true: the observed outcomes.
        y_pred: the decisions.
        sensitive_features: a Series, DataFrame, array, list, or mapping of name to values.
        control_features: the same; what must be equal to be compared.
        sample_params: `sample_weight`, by itself or per metric as Fairlearn takes it.
        favourable: the value of outcome and decision that is good for the person.
        probes: which probes run.
        title: of the report.

    Raises:
        FramesDiffer: when the arguments do not go together.
    """
    sensitive = _features(sensitive_features, "sensitive_feature")
    control = _features(control_features, "control_feature")
    weight = _weight(sample_params or {})
    beside = {} if weight is None else {WEIGHT: weight}
    columns = {TRUE: y_true, PREDICTED: y_pred, **beside, **sensitive, **control}
    lengths = {name: len(np.asarray(values)) for name, values in columns.items()}
    expected = 2 + len(beside) + len(sensitive) + len(control)
    if len(set(lengths.values())) > 1 or len(columns) != expected:
        said = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise FramesDiffer(
            f"每个参数每行要有一个值，各列名不能相同。现在是：{said}。",
            f"Every argument needs one value per row, and every column a name of its own: {said}.",
        )
    roles: dict[str, Any] = {
        "target": TRUE,
        "prediction": PREDICTED,
        "favourable": favourable,
        "sensitive": list(sensitive),
        "control": list(control),
    }
    if weight is not None:
        roles["weight"] = WEIGHT
    plan = {"title": title, "columns": roles, "probes": [{"id": name} for name in probes]}
    return Inputs(plan, arrow({name: _plain(values) for name, values in columns.items()}))


@dataclass(frozen=True, slots=True)
class Frame:
    """Findings in the shape of Fairlearn's `MetricFrame`; NaN where there is no value.

    Args:
        by_group: one row per group, one column per metric: the statistic in the group.
        overall: per metric the statistic over everyone, where the probe gives it.
        verdicts: the same shape as `by_group`: what the findings say.
    """

    by_group: pd.DataFrame
    overall: "pd.Series[float]"
    verdicts: pd.DataFrame

    def group_max(self) -> "pd.Series[float]":
        """The largest value over the groups; NaN where a group has none."""
        return self.by_group.max(skipna=False)

    def group_min(self) -> "pd.Series[float]":
        """The smallest value over the groups; NaN where a group has none."""
        return self.by_group.min(skipna=False)

    def difference(self, method: Method = "between_groups") -> "pd.Series[float]":
        """The largest difference between two groups, or of a group to everyone.

        Args:
            method: as Fairlearn names it.
        """
        if method == "between_groups":
            return self.group_max() - self.group_min()
        return (self.by_group - self.overall).abs().max(skipna=False)

    def ratio(self, method: Method = "between_groups") -> "pd.Series[float]":
        """The smallest ratio between two groups, or of a group and everyone; 0/0 is NaN.

        Args:
            method: as Fairlearn names it.
        """
        if method == "between_groups":
            return self.group_min() / self.group_max().replace(0.0, np.nan)
        ratios = self.by_group / self.overall.replace(0.0, np.nan)
        return ratios.where(ratios <= 1, 1 / ratios).min(skipna=False)


def frame(findings: Sequence[Finding | Mapping[str, Any]], attribute: str) -> Frame:
    """The findings about one sensitive feature as a frame.

    A statistic of the reference group stands in the findings about the others. What a report
    leaves out for the sake of small groups is NaN; whoever has the rows gives the full findings,
    `outcome.sealed_evidence["findings"]`.

    Args:
        findings: of one run, as objects or as JSON.
        attribute: the sensitive feature.
    """
    values: dict[str, dict[str, float]] = {}
    said: dict[str, dict[str, str]] = {}
    overall: dict[str, float] = {}
    for each in findings:
        finding = each.as_json() if isinstance(each, Finding) else each
        slice_, reference = finding["slice"], finding["reference_group"]
        if set(slice_) != {attribute} or slice_[attribute] == "*":
            continue
        metric = f"{finding['probe']}:{finding['metric']}"
        column = values.setdefault(metric, {})
        column[slice_[attribute]] = _number(finding["estimate"])
        said.setdefault(metric, {})[slice_[attribute]] = str(finding["verdict"])
        if reference not in {None, "*"}:
            column.setdefault(str(reference), _number(finding["reference_estimate"]))
        overall.setdefault(metric, _number((finding["details"].get("overall") or {}).get("rate")))
    groups = sorted({group for column in values.values() for group in column})
    index = pd.Index(groups, name=attribute)
    by_group = pd.DataFrame(
        {m: [column.get(g, np.nan) for g in groups] for m, column in values.items()}, index=index
    )
    verdicts = pd.DataFrame(
        {m: [column.get(g) for g in groups] for m, column in said.items()}, index=index
    )
    return Frame(by_group, pd.Series(overall, dtype=float), verdicts)


def _features(given: Any, prefix: str) -> dict[str, Any]:
    """Name → values, named as Fairlearn names features without a name."""
    if given is None:
        return {}
    if isinstance(given, pd.DataFrame):
        return {str(name): given[name] for name in given.columns}
    if isinstance(given, pd.Series):
        return {str(given.name) if given.name is not None else f"{prefix}_0": given}
    if isinstance(given, Mapping):
        return {str(name): values for name, values in given.items()}
    array = np.asarray(given)
    if array.ndim == 1:
        return {f"{prefix}_0": array}
    return {f"{prefix}_{place}": array[:, place] for place in range(array.shape[1])}


def _weight(params: Mapping[str, Any]) -> Any:
    """The weights, given once or for every metric alike."""
    if WEIGHT in params:
        return params[WEIGHT]
    found = [each[WEIGHT] for each in params.values()
             if isinstance(each, Mapping) and each.get(WEIGHT) is not None]  # fmt: skip
    if any(not np.array_equal(np.asarray(found[0]), np.asarray(each)) for each in found[1:]):
        raise FramesDiffer(
            "各指标的 sample_weight 不同。一次评估用一种权重。",
            "The metrics have different sample weights. One run takes one weight.",
        )
    return found[0] if found else None


def _plain(values: Any) -> Any:
    return values if isinstance(values, pd.Series) else np.asarray(values)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")
