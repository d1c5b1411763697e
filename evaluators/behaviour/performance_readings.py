"""The plain sentences about performance."""

from collections.abc import Mapping
from typing import Protocol

from evaluators.judging import readings
from evaluators.plan import Plan
from evaluators.statistics.intervals import Interval
from evaluators.statistics.task_metrics import Estimate
from registry.findings import Verdict
from registry.language import Text

NAMES: Mapping[str, Text] = {
    "accuracy": Text("答对的比例（准确率）", "the share of right answers (accuracy)"),
    "balanced_accuracy": Text("各类答对比例的平均（均衡准确率）", "the mean share of right answers over the classes (balanced accuracy)"),
    "auc": Text("把该有利的排在前面的概率（AUC）", "the chance that the score puts a favourable case before another (AUC)"),
    "macro_f1": Text("各类 F1 的平均（宏 F1）", "the mean F1 over the classes (macro F1)"),
    "mae": Text("平均差多少（MAE）", "the mean absolute error (MAE)"),
    "rmse": Text("均方根误差（RMSE）", "the root mean square error (RMSE)"),
    "r2": Text("解释了多少变动（R²）", "the share of the variation explained (R²)"),
    "ndcg": Text("排序得分（NDCG，1 为最好）", "the ranking score (NDCG, 1 is best)"),
}  # fmt: skip
AGREEMENT: Mapping[str, Text] = {
    "accuracy": Text("与人的决定一致的比例", "the share of answers that agree with people's"),
    "balanced_accuracy": Text("各类与人的决定一致的比例的平均", "the mean share of answers that agree with people's over the classes"),
    "auc": Text("把人给了有利决定的排在前面的概率（AUC）", "the chance that the score puts a case that a person favoured before another (AUC)"),
    "mae": Text("与人定的数平均差多少（MAE）", "the mean distance from what people set (MAE)"),
    "rmse": Text("与人定的数的均方根差（RMSE）", "the root mean square distance from what people set (RMSE)"),
}  # fmt: skip
"""What the metrics say where people decided what answers are held against; the rest keep their names."""
UNFIT: Mapping[str, Text] = {
    "binary": Text(
        "没有可比的结果：请在计划里写 favourable，并给出模型和 cut，或写 prediction。",
        "There is nothing to compare: name a favourable value in the plan, and give a model and a cut, or a prediction.",
    ),
    "multiclass": Text(
        "没有类别可比：请在计划里写 classes 而不写 cut，或写 prediction。",
        "There are no classes to compare: list the classes in the plan without a cut, or name a prediction.",
    ),
    "regression": Text(
        "没有数可比：target 要是数，并要有模型或 score。",
        "There are no numbers to compare: the target must hold numbers, and a model or a score is needed.",
    ),
    "ranking": Text(
        "没有排序可比：要写 query，target 要是相关程度（数），并要有模型或 score。",
        "There is no ranking to compare: name a query; the target must hold relevance as numbers; a model or a score is needed.",
    ),
}
CHANCE = 0.5
"""The AUC of a score that tells nothing."""
SMALL = Text(
    "{metric}：只有 {n} 个可用（不足 {least}），或只有一类结果，不作判断。",
    "For {metric} only {n} can be used (fewer than {least}), or there is one class only: nothing is said.",
)
NO_GROUPS = Text(
    "“{name}”没有两个可比的组，不作比较。",
    "'{name}' has no two groups to compare: nothing is said.",
)
GROUP_SMALL = Text(
    "{name}为“{group}”的人或与之相比的人不足 {least}，或只有一类结果：{metric}不作比较。",
    "Of '{group}' ({name}), or of those compared with, there are fewer than {least}, or one class "
    "only: no comparison of {metric}.",
)
WHOLE = Text(
    "{metric}：{value}（区间 {low}–{high}）。",
    "For everyone {metric} is {value} (interval {low}–{high}).",
)
MEASURED = Text(
    "这是一个测量值；计划没有申报要求，法规也没有定界线，所以不作判断。",
    "This is a measurement: the plan declares no requirement and no rule sets a line, so nothing is judged.",
)
DECLARED: Mapping[Verdict, Text] = {
    Verdict.DISPARITY: Text("没有达到申报的 {line}。", "It falls short of the declared {line}."),
    Verdict.EQUIVALENT: Text("达到了申报的 {line}。", "It keeps the declared {line}."),
    Verdict.INCONCLUSIVE: Text("是否达到申报的 {line}，这些数据还不能确定。", "Whether it keeps the declared {line} these data leave open."),
}  # fmt: skip
COMPARED = Text(
    "{metric}：{name}为“{group}”的是 {own}，{other}是 {value}。",
    "Of '{group}' ({name}) {metric} is {own}; of {other} it is {value}.",
)
ENDINGS: Mapping[Verdict, Text] = {
    Verdict.DISPARITY: Text("整个区间都在界线（{line}）之外：差别超过界线。", "The whole interval lies beyond the line ({line}): the difference exceeds it."),
    Verdict.DIFFERENCE: readings.DIFFERS,
    Verdict.EQUIVALENT: Text("已证明差别很小。", "The difference is shown to be small."),
    Verdict.INCONCLUSIVE: Text("还不能下结论。", "Inconclusive."),
}  # fmt: skip
LIMIT = Text(
    "准不准是对照数据里记录的结果说的；记录本身若有偏差，这里看不出来。",
    "Right and wrong are held against the outcomes recorded in the data; a bias in those records does not show here.",
)
LIMIT_AGREEMENT = Text(
    "用来对照的是人作的决定，所以这里说的是与人是否一致，不是对不对。",
    "Answers are held against people's decisions, so this is about agreement with people, not about being right.",
)
REST = Text("其他各组的人", "all other groups")


class Held(Protocol):
    """Lines with a rule in words."""

    @property
    def kind(self) -> str:
        """Of the effect."""
        ...

    @property
    def alert(self) -> tuple[float, float]:
        """The lines."""
        ...


def limit(plan: Plan) -> Text:
    """What the numbers do not show."""
    said = LIMIT if plan.target_kind == "outcome" else LIMIT_AGREEMENT
    return readings.joined(said, readings.frame(plan))


def named(metric: str, plan: Plan) -> Text:
    """What a metric says: of outcomes, or of people's decisions."""
    judged = plan.target_kind == "outcome"
    return NAMES[metric] if judged else AGREEMENT.get(metric, NAMES[metric])


def shown(metric: str, value: float) -> str:
    """A value of a metric: shares in percent, the rest as numbers."""
    return (
        readings.percent(value) if metric in {"accuracy", "balanced_accuracy"} else f"{value:.4g}"
    )


def whole(seen: Estimate, ci: Interval, line: float | None, verdict: Verdict, plan: Plan) -> Text:
    """The sentence about everyone.

    Args:
        seen: the estimate.
        ci: its interval.
        line: what was declared, if anything.
        verdict: of the finding.
        plan: says whether people decided.
    """
    name = named(seen.metric, plan)
    said = WHOLE.format(metric=name, value=shown(seen.metric, seen.value),
                        low=shown(seen.metric, ci.low), high=shown(seen.metric, ci.high))  # fmt: skip
    if seen.metric == "auc" and ci.high is not None and ci.high < CHANCE:
        said = readings.joined(said, readings.against(plan))
    if line is None:
        return readings.joined(said, MEASURED)
    return readings.joined(said, DECLARED[verdict].format(line=shown(seen.metric, line)))


def group_small(slice_: tuple[str, str], metric: str, plan: Plan) -> Text:
    """Why two groups are not compared."""
    name, level = slice_
    said = GROUP_SMALL.format(name=plan.plain(name), group=plan.plain_level(name, level),
                              metric=named(metric, plan), least=plan.min_n)  # fmt: skip
    return readings.few(said, plan)


def small(metric: str, many: int, plan: Plan) -> Text:
    """Why a metric of everyone is not told."""
    return readings.few(SMALL.format(metric=named(metric, plan), n=many, least=plan.min_n), plan)


def compared(
    slice_: tuple[str, str],
    own: Estimate,
    other: Estimate,
    verdict: Verdict,
    plan: Plan,
    *,
    reference: str | None,
    real: bool,
    lines: Held,
) -> Text:
    """The sentence about two groups.

    Args:
        slice_: attribute and group.
        own: the metric of the group.
        other: the metric of those it is compared with.
        verdict: of the finding.
        plan: for plain names.
        reference: the declared reference, None for everyone else.
        real: whether the adjusted test rejects.
        lines: what the difference was held against.
    """
    name, level = slice_
    against = REST
    if reference is not None:
        plain = plan.plain_level(name, reference)
        against = Text(f"“{plain.zh}”", f"'{plain.en}'")
    low, high = map(readings.margin, lines.alert)
    line = Text(f"{low} 至 {high} 倍", f"{low} to {high} times")
    if lines.kind == "difference":
        line = Text(f"相差 {high}", f"a gap of {high}")
    lead = COMPARED.format(
        metric=named(own.metric, plan), name=plan.plain(name), group=plan.plain_level(name, level),
        own=shown(own.metric, own.value), other=against, value=shown(own.metric, other.value),
    )  # fmt: skip
    small = [readings.REAL] * (verdict is Verdict.EQUIVALENT and real)
    return readings.joined(lead, ENDINGS[verdict].format(line=line), *small)
