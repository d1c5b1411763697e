"""The plain sentences of the price probes: what was measured, beside the line, and its limit."""

from collections.abc import Sequence

from evaluators.findings import not_evaluable
from evaluators.plan import Plan
from evaluators.price_lines import LINE_TEXT, dearer, interval, names, texts
from evaluators.pricing_frame import Frame
from evaluators.pricing_ladder import Estimate, Step
from evaluators.probe import ProbeSpec
from registry.language import Text
from registry.reports import Finding, Verdict

VERDICTS: dict[Verdict, Text] = {
    Verdict.DISPARITY: Text("差异超过提示界线。", "The difference is beyond the alert line."),
    Verdict.DIFFERENCE: Text(
        "差异是有的，但是否超过界线还不能确定。",
        "There is a difference; whether it passes the line is open.",
    ),
    Verdict.EQUIVALENT: Text("已证明差异很小。", "The difference is shown to be small."),
    Verdict.INCONCLUSIVE: Text(
        "这些数据还不足以下结论。", "These data do not suffice for a conclusion."
    ),
}
SMALL_BUT_REAL = Text("差异很小，但确实存在。", "The difference is small but real.")

PROBLEMS: dict[str, Text] = {
    "determined": Text(
        "在这一步固定的条件下，这个特征没有变化可比（条件已经决定了它），所以无法评估。",
        "Under what this step holds fixed, the attribute does not vary, so nothing can be compared.",
    ),
    "no_span": Text(
        "这个特征的两个分位数相同，没有高低可比；可以把它声明为分组。",
        "The two quantiles of this attribute are the same; declare it as groups instead.",
    ),
    "not_semidefinite": Text(
        "双向聚类的方差矩阵有负特征值，本平台不作修补，所以无法评估。",
        "The two-way covariance has a negative eigenvalue; it is not repaired, so this can't be "
        "evaluated.",
    ),
    "no_variance": Text(
        "误差算不出来（数据没有波动），所以无法评估。",
        "There is no error to measure against (the data do not vary), so this can't be evaluated.",
    ),
    "too_few_rows": Text(
        "某一组的行数不够估计这些条件，所以无法评估。",
        "A group has too few rows to estimate these conditions, so this can't be evaluated.",
    ),
    "too_few_units": Text(
        "某一组的人数少于计划规定的最小数，所以无法评估。",
        "A group has fewer units than the plan's minimum, so this can't be evaluated.",
    ),
    "placebo_failed": Text(
        "用随机编造的分组去检验，“显著”的次数不在应有的范围内，说明这批数据上的误差不可信，所以无法评估。",
        "Invented groups were “significant” more or less often than they should be, so errors on "
        "these data can't be trusted and nothing is concluded.",
    ),
}


def observational(
    estimate: Estimate, frame: Frame, verdict: Verdict, problem: str | None, plan: Plan
) -> Text:
    """What one finding of price_observational says."""
    if problem is not None or estimate.value is None:
        return PROBLEMS[problem or "no_variance"]
    joint = estimate.interval(plan.alpha)
    low, high = joint or (None, None)
    who = _compared(frame, estimate)
    size = dearer(estimate.value)
    said = Text(
        f"{_held(estimate).zh}{who.zh}，价格{size.zh}{interval(low, high).zh}。",
        f"{_held(estimate).en}{who.en}: the price is {size.en}{interval(low, high).en}. ",
    )
    ending = VERDICTS[verdict]
    significant = estimate.p is not None and estimate.p < plan.alpha
    if verdict is Verdict.EQUIVALENT and significant:
        ending = SMALL_BUT_REAL
    return texts(said, ending, Text("", " "), LINE_TEXT)


def _compared(frame: Frame, estimate: Estimate) -> Text:
    contrast, name = estimate.contrast, frame.attribute
    if contrast.column == name:
        return Text(
            f"“{name}”在 {contrast.group} 与 {contrast.reference} 相比",
            f"“{name}” at {contrast.group} against {contrast.reference}",
        )
    return Text(
        f"“{name}”为“{contrast.group}”与“{contrast.reference}”相比",
        f"“{name}” {contrast.group} against {contrast.reference}",
    )


def _held(estimate: Estimate) -> Text:
    step = estimate.step
    if estimate.metric == "unexplained_price_gap":
        return Text("按参照组的定价方式折算后仍未解释的部分：", "Left unexplained when everybody is priced as the reference group: ")  # fmt: skip
    if estimate.metric == "residual_quantile_gap":
        q = estimate.details["worst_quantile"]
        return Text(f"扣除条件后，在第 {q * 100:g} 百分位上（差异最明显处）：", f"After the conditions, at the {q * 100:g}th percentile, where the gap is clearest: ")  # fmt: skip
    if not step.cells and not step.factors:
        return Text(
            "不考虑任何条件，直接比较：", "Compared as they stand, with nothing held fixed: "
        )
    cells = Text("商品和时间相同", "the same item and moment") if step.cells else Text("", "")
    factors = names(step.factors)
    held = Text(f"{factors.zh}相同", f"equal {factors.en}") if step.factors else Text("", "")
    both = Text("、" if step.cells and step.factors else "", " and " if step.cells and step.factors else "")  # fmt: skip
    return Text(
        f"在{cells.zh}{both.zh}{held.zh}的条件下：", f"With {cells.en}{both.en}{held.en}: "
    )


def observational_limit(kind: str, step: Step, outcomes: Sequence[str], frame: Frame) -> Text:
    """What one finding of price_observational does not show."""
    parts = [
        Text(
            "这是观察到的差别，不是实验；没有记录的因素可能造成它，也可能掩盖它。",
            "This is an observed difference, no experiment; what was not recorded may cause or hide it. ",
        )
    ]
    if not step.factors and not step.cells:
        parts.append(
            Text(
                "成本等正当因素尚未考虑。",
                "Costs and other legitimate factors are not yet considered. ",
            )
        )
    if kind == "purchases":
        parts.append(
            Text(
                "数据只有成交价：嫌贵没买的人不在其中，所以不能据此说差异很小。",
                "Only purchases are seen: those who found it too dear are missing, so it can't show "
                "that a difference is small. ",
            )
        )
    named = [name for name in outcomes if name in step.factors]
    if named:
        said = names(named)
        parts.append(
            Text(
                f"条件{said.zh}本身可能是价格的结果，固定它会掩盖差异。",
                f"{said.en} may itself result from the price; holding it fixed can hide a difference. ",
            )
        )
    if not frame.clustered:
        parts.append(Text("每一行当作独立的一份。", "Every row is taken as independent. "))
    return texts(*parts)


def nothing_to_compare(spec: ProbeSpec, attribute: str | None = None) -> Finding:
    """There is no attribute, no price or only one group."""
    zh = (
        f"“{attribute}”只有一组或没有完整的行，没有可比的价格。"
        if attribute
        else "计划没有指明要比较的特征，或数据里没有价格。"
    )
    en = (
        f"“{attribute}” has one group only or no complete rows; there are no prices to compare."
        if attribute
        else "The plan names no attribute to compare, or the data hold no price."
    )
    return not_evaluable(
        spec, "raw_price_gap", slice_={attribute: ""} if attribute else {}, why=Text(zh, en),
        limit=Text("没有测量任何差异。", "No difference was measured."),
    )  # fmt: skip


def absent(spec: ProbeSpec, attribute: str, columns: Sequence[str]) -> Finding:
    """Columns that the options name are not in the data."""
    named = names(list(columns))
    return not_evaluable(
        spec, "raw_price_gap", slice_={attribute: ""},
        why=Text(f"数据里没有{named.zh}这些列。", f"The data have no columns {named.en}."),
        limit=Text("没有测量任何差异。", "No difference was measured."),
    )  # fmt: skip
