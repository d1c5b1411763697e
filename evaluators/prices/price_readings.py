"""The plain sentences of the price probes: what was measured, beside the line, and its limit."""

from collections.abc import Mapping, Sequence
from typing import Any

from evaluators.judging import counted, equivalence, findings, readings, withholding
from evaluators.judging.findings import not_evaluable
from evaluators.judging.verdicts import spans
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.prices.price_lines import (
    ALERT,
    EQUIVALENCE,
    LINE_TEXT,
    SAME,
    alike,
    cells,
    dearer,
    interval,
    log_line,
    names,
    percent,
    severity,
    share,
    texts,
    under,
)
from evaluators.prices.price_spread import Spread
from evaluators.prices.pricing_frame import Frame
from evaluators.prices.pricing_ladder import Estimate, Step
from evaluators.probe import ProbeSpec
from registry.findings import Finding, Verdict
from registry.language import Text

SERIOUS = "serious"
"""The severity of what lies wholly beyond the second line."""
VERDICTS: dict[Verdict, Text] = {
    Verdict.DISPARITY: Text("差异超过提示界线。", "The difference is beyond the alert line."),
    Verdict.DIFFERENCE: Text(
        "差异是有的，没有证明超过提示界线。",
        "There is a difference; it is not shown to pass the alert line.",
    ),
    Verdict.EQUIVALENT: Text("已证明差异很小。", "The difference is shown to be small."),
    Verdict.INCONCLUSIVE: Text(
        "这些数据还不足以下结论。", "These data do not suffice for a conclusion."
    ),
}
SERIOUSLY = Text(
    "差异超过严重界线（本平台设定）。",
    "The difference is beyond the serious line (set by this platform).",
)
BELOW = Text(
    "差异是有的，但没有超过提示界线。",
    "There is a difference, but it does not pass the alert line.",
)
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
        "某一组的数量少于计划规定的最小数，所以无法评估。",
        "A group has fewer units than the plan's minimum, so this can't be evaluated.",
    ),
    "placebo_failed": Text(
        "用随机编造的分组去检验，“显著”的次数不在应有的范围内，说明这批数据上的误差不可信，所以无法评估。",
        "Invented groups were “significant” more or less often than they should be, so errors on "
        "these data can't be trusted and nothing is concluded.",
    ),
}


def ending(verdict: Verdict, passed: str | None) -> Text:
    """What a verdict says, with the highest line that is passed.

    Args:
        verdict: of the finding.
        passed: the severity of a disparity; see `price_lines.severity`.
    """
    serious = verdict is Verdict.DISPARITY and passed == SERIOUS
    return SERIOUSLY if serious else VERDICTS[verdict]


def concluded(
    verdict: Verdict,
    low: float | None,
    high: float | None,
    units: Mapping[str, Any] | None,
    passed: str | None,
) -> Text:
    """What a verdict on log-ratios says; a difference known to stay short of the line is told so.

    Args:
        verdict: of the finding.
        low: the lower end of its interval.
        high: the upper end.
        units: on each side; on a few accounts nothing is known to stay short.
        passed: the severity of a disparity.
    """
    inside = low is not None and high is not None and max(-low, high) <= log_line(ALERT)
    known = inside and units is not None and equivalence.enough(findings.sides(units))
    return BELOW if known and verdict is Verdict.DIFFERENCE else ending(verdict, passed)


def observational(
    estimate: Estimate,
    frame: Frame,
    verdict: Verdict,
    problem: str | None,
    *,
    joint: tuple[float, float] | None,
    plan: Plan,
    also: Text = Text("", ""),  # a constant
) -> Text:
    """What one finding of price_observational says."""
    if problem is not None or estimate.value is None:
        return PROBLEMS[problem or "no_variance"]
    low, high = joint or (None, None)
    who, held = _compared(frame, estimate, plan), _held(estimate, plan)
    size = dearer(estimate.value)
    said = Text(
        f"{held.zh}{who.zh}，价格{size.zh}{interval(low, high).zh}。",
        f"{held.en}{who.en}: the price is {size.en}{interval(low, high).en}. ",
    )
    passed = severity(*joint) if joint is not None else None
    told = concluded(verdict, low, high, frame.standing(estimate.contrast), passed)
    if verdict is Verdict.EQUIVALENT and joint is not None and not spans(joint):
        told = SMALL_BUT_REAL
    both = Text("", "")
    if frame.shared(estimate.contrast):
        several = counted.several([plan.plain(frame.attribute)], plan.content)
        both = Text(several.zh, f"{several.en} ")
    return texts(both, said, told, Text("", " "), LINE_TEXT, also)


def _compared(frame: Frame, estimate: Estimate, plan: Plan) -> Text:
    contrast, name = estimate.contrast, plan.plain(frame.attribute)
    if contrast.column == frame.attribute:
        return Text(
            f"“{name.zh}”在 {contrast.group} 与 {contrast.reference} 相比",
            f"“{name.en}” at {contrast.group} against {contrast.reference}",
        )
    group, reference = _levels(plan, frame.attribute, contrast.group, contrast.reference)
    return Text(
        f"“{name.zh}”为“{group.zh}”与“{reference.zh}”相比",
        f"“{name.en}” {group.en} against {reference.en}",
    )


def _levels(plan: Plan, column: str, group: str, reference: str) -> tuple[Text, Text]:
    return plan.plain_level(column, group), plan.plain_level(column, reference)


def _held(estimate: Estimate, plan: Plan) -> Text:
    step = estimate.step
    if estimate.metric == "unexplained_price_gap":
        return Text("按参照组的定价方式折算后仍未解释的部分：", "Left unexplained when everybody is priced as the reference group: ")  # fmt: skip
    if estimate.metric == "residual_quantile_gap":
        q = estimate.details["worst_quantile"]
        after = Text("扣除条件后", "After the conditions") if step.cells or step.factors else Text("不扣除任何条件", "With nothing held fixed")  # fmt: skip
        return Text(f"{after.zh}，在第 {q * 100:g} 百分位上（差异最明显处）：", f"{after.en}, at the {q * 100:g}th percentile, where the gap is clearest: ")  # fmt: skip
    return under(alike(cells(plan) if step.cells else Text("", ""), step.factors, plan))


def observational_limit(
    kind: str, step: Step, outcomes: Sequence[str], frame: Frame, plan: Plan
) -> Text:
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
        said = names(named, plan)
        parts.append(
            Text(
                f"条件{said.zh}本身可能是价格的结果，固定它会掩盖差异。",
                f"{said.en} may itself result from the price; holding it fixed can hide a difference. ",
            )
        )
    if not frame.clustered:
        parts.append(Text("每一行当作独立的一份。", "Every row is taken as independent. "))
    return texts(*parts)


REASON_LIMIT = Text(
    "理由只改变怎样读差异，不改变测得的数字；理由在法律上是否成立，本报告不作判断。",
    "A reason changes how a difference is read, never the numbers; whether it holds in law is not "
    "judged here.",
)


def nothing_to_compare(spec: ProbeSpec, plan: Plan, attribute: str | None = None) -> Finding:
    """There is no attribute, no price or only one group."""
    name = plan.plain(attribute or "")
    zh = (
        f"“{name.zh}”只有一组或没有完整的行，没有可比的价格。"
        if attribute
        else "计划没有指明要比较的特征，或数据里没有价格。"
    )
    en = (
        f"“{name.en}” has one group only or no complete rows; there are no prices to compare."
        if attribute
        else "The plan names no attribute to compare, or the data hold no price."
    )
    return not_evaluable(
        spec, "raw_price_gap", slice_={attribute: ""} if attribute else {}, why=Text(zh, en),
        limit=Text("没有测量任何差异。", "No difference was measured."),
    )  # fmt: skip


def absent(spec: ProbeSpec, plan: Plan, attribute: str, columns: Sequence[str]) -> Finding:
    """Columns that the options name are not in the data."""
    named = names(columns, plan)
    return not_evaluable(
        spec, "raw_price_gap", slice_={attribute: ""},
        why=Text(f"数据里没有{named.zh}这些列。", f"The data have no columns {named.en}."),
        limit=Text("没有测量任何差异。", "No difference was measured."),
    )  # fmt: skip


def crowded(spec: ProbeSpec, plan: Plan, attribute: str, columns: Sequence[str]) -> Finding:
    """A group column has so many levels that no regression can hold them."""
    named = names(columns, plan)
    return not_evaluable(
        spec, "raw_price_gap", slice_={attribute: ""},
        why=Text(
            f"{named.zh}的取值太多，分不成组来比较；请先把它们归成较少的几组（如区间、地区），或改成数。",
            f"{named.en} has too many levels to be compared as groups; put them in fewer groups first "
            "(ranges, regions), or make them numbers.",
        ),
        limit=Text("没有测量任何差异。", "No difference was measured."),
    )  # fmt: skip


def unvaried(name: Text, *, is_input: bool) -> Text:
    """Why a feature is not varied: it is no input, or has one value."""
    if not is_input:
        return withholding.NOT_AN_INPUT_OF_PRICES.format(name=name)
    return Text(
        f"“{name.zh}”在数据里只有一个值，没有可换的值；可以在计划里声明。",
        f"“{name.en}” has one value only in the data; declare the values to try in the plan.",
    )


OTHER_WAYS = Text(
    "不是输入的特征，仍可能通过别的输入（替代变量）影响价格。",
    "A feature that is no input may still act through others (proxies).",
)
MODEL_PROBLEMS: dict[str, Text] = {
    "unpriced": Text(
        "模型报出了零或负的价格，比不出比例，所以无法评估。",
        "The model quoted a price of zero or below, so no ratio exists and nothing is concluded.",
    ),
    "not_deterministic": Text(
        "同样的问题问两次，价格就不同，所以单次报价的差异说明不了什么，无法评估。",
        "The same question asked twice got another price, so a difference between two quotes shows "
        "nothing; not evaluable.",
    ),
    "batch": Text(
        "同样的行换一批来问，价格就不同，所以无法评估。",
        "The same rows in another batch got other prices, so nothing can be concluded.",
    ),
    "too_few_units": PROBLEMS["too_few_units"],
}


def model_gap(
    metric: str,
    slice_: Mapping[str, str],
    group: str,
    reference: str,
    *,
    spread: Spread | None,
    aa: float,
    verdict: Verdict,
    problem: str | None,
    plan: Plan,
    within: float | None = None,
) -> Text:
    """What one comparison of two profiles says.

    Args:
        metric: of the finding.
        slice_: what was changed.
        group: what it was changed to.
        reference: what from.
        spread: of its pairs of quotes.
        aa: the share that changes when asked twice alike.
        verdict: of the finding.
        problem: why there is nothing to say.
        plan: for plain names.
        within: of a range, the mean ratio of a row's dearest to its cheapest quote.
    """
    if problem is not None or spread is None:
        return MODEL_PROBLEMS[problem or "too_few_units"]
    size = dearer(spread.mean)
    asked = Text(
        f"{spread.pairs} 对报价中 {share(spread.different)} 有变化（同样问两次时 {share(aa)}），"
        f"{share(spread.dearer)} 变贵，{share(spread.cheaper)} 变便宜，{share(spread.beyond)} 超过 {share(EQUIVALENCE)}；"
        f"相差最大的一对，贵的比便宜的高 {percent(spread.largest)}。",
        f"Of {spread.pairs} pairs {share(spread.different)} change (asked twice alike: {share(aa)}), "
        f"{share(spread.dearer)} dearer, {share(spread.cheaper)} cheaper, {share(spread.beyond)} by more than "
        f"{share(EQUIVALENCE)}; in the pair furthest apart the dearer is {percent(spread.largest)} above the cheaper. ",
    )
    changed = _changed(metric, slice_, group, reference, size, plan)
    described = Text("", "") if within is None else WITHIN_A_ROW.format(size=percent(within - 1))
    return texts(
        changed,
        asked,
        described,
        ending(verdict, severity(spread.mean, spread.mean))
        if verdict in EXACT_SAME
        else EXACT[verdict],
        Text("", " "),
        LINE_TEXT,
    )


WITHIN_A_ROW = Text(
    "同一行里最贵的报价比最便宜的平均高 {size}：这总不会低于零，只作描述，不和界线比。",
    "Within a row the dearest quote is {size} above the cheapest on average: that can't be below "
    "zero, is described only and held against no line. ",
)
EXACT_SAME = (Verdict.DISPARITY, Verdict.EQUIVALENT)
EXACT: dict[Verdict, Text] = {
    Verdict.DIFFERENCE: Text(
        "价格有变化，平均没有超过提示界线。",
        "Prices change; on average not beyond the alert line.",
    ),
    Verdict.INCONCLUSIVE: VERDICTS[Verdict.INCONCLUSIVE],
}


def _changed(
    metric: str, slice_: Mapping[str, str], group: str, reference: str, size: Text, plan: Plan
) -> Text:  # fmt: skip
    named = names(slice_, plan)
    own, other = _levels(plan, next(iter(slice_)), group, reference)
    if metric == "price_range" and size == dearer(0.0):
        return Text(
            f"只改{named.zh}，各个取值的平均价格都相同。",
            f"Changing only {named.en}, the price is the same on average for every value. ",
        )
    if metric == "price_range":
        return Text(
            f"只改{named.zh}，平均最贵的是 {own.zh}，最便宜的是 {other.zh}：前者的价格平均{size.zh}。",
            f"Changing only {named.en}, prices are highest on average for {own.en} and lowest for {other.en}: {size.en} on average. ",
        )
    if metric == "main_effect":
        return Text(
            f"其他画像特征取遍各种组合，{named.zh}从 {other.zh} 到 {own.zh}，平均价格{size.zh}。",
            f"Over all settings of the other features, {named.en} from {other.en} to {own.en} makes the price {size.en} on average. ",
        )
    if metric == "pair_effect":
        return Text(
            f"{named.zh}同时改变，比分别改变之和：平均价格{size.zh}。",
            f"Changing {named.en} together, compared with one by one, makes the price {size.en} on average. ",
        )
    if metric == "bundle_gap":
        return Text(
            f"换成“{group}”这组画像，其余不变：平均价格{size.zh}。",
            f"With the profile “{group}”, all else equal, the price is {size.en} on average. ",
        )
    return Text(
        f"其他输入都不变，只把{named.zh}从 {other.zh} 改为 {own.zh}：平均价格{size.zh}。",
        f"All other inputs alike, only {named.en} changed from {other.en} to {own.en}: the price is {size.en} on average. ",
    )


def model_limit(rows: int, *, sampled: bool) -> Text:
    """What a designed audit of a model does not show."""
    drawn = Text("抽取的", "sampled ") if sampled else Text("", "")
    return Text(
        f"只描述计划指明的{drawn.zh} {rows} 行资料，不代表人群；检验的是送来的模型文件，不是线上服务。",
        f"Describes the {rows} {drawn.en}rows the plan names, no population; what was tested is the "
        "file submitted, not the service.",
    )


def clean_bill(
    spread: Spread | None, mean: float, verdict: Verdict, problem: str | None, *, needed: int, of: Text,
    whom: Text | None = None, barred: Text | None = None, widest: tuple[Spread, Text] | None = None,
) -> Text:  # fmt: skip
    """Whether all three parts of the clean bill hold.

    Args:
        spread: the widest of all comparisons.
        mean: the mean difference that is furthest from 0.
        verdict: of the finding.
        problem: why nothing is concluded.
        needed: the fewest that could show it.
        of: what was compared: `ROWS`, `ACCOUNTS` or `PAIRS`.
        whom: of which of several comparisons the spread is; None where it is of all that was compared.
        barred: why nothing is called small although what was compared is; None where nothing bars it.
        widest: the spread with the highest upper bound, and of which group it is; None where it is `spread`.
    """
    if problem is not None or spread is None:
        return MODEL_PROBLEMS[problem or "too_few_units"]
    size = dearer(mean)
    facts = _spread_of(spread, size, of, whom) if whom is not None else Text(
        f"任何一项改变中，平均差异最大的一项价格{size.zh}；{share(spread.beyond)} 的{of.zh}有超过 {share(EQUIVALENCE)} 的差异（上限 {_upper(spread)}）。",
        f"The largest mean difference of any change: the price is {size.en}; {share(spread.beyond)} of {of.en} have one "
        f"beyond {share(EQUIVALENCE)} (upper bound {_upper(spread)}). ",
    )  # fmt: skip
    ending = {
        Verdict.EQUIVALENT: Text(
            "三个条件都满足：差异很小。", "All three conditions hold: the differences are small."
        ),
        Verdict.INCONCLUSIVE: _unproven(*(widest or (spread, Text("", ""))), of, needed),
        Verdict.DIFFERENCE: Text(
            "有超过“很小”界线的差异。", "There are differences beyond what counts as small."
        ),
        Verdict.DISPARITY: Text(
            "至少一项平均差异超过提示界线。",
            "At least one mean difference is beyond the alert line.",
        ),
    }[verdict]
    if barred is not None:
        ending = (
            barred if verdict is Verdict.INCONCLUSIVE else texts(ending, Text("", " "), barred)
        )
    return texts(facts, ending)


def _unproven(spread: Spread, where: Text, of: Text, needed: int) -> Text:
    """Why nothing is called small: by the share that differs, its upper bound and how many there are.

    Args:
        spread: the one with the highest upper bound.
        where: of which group it is; empty where it is of all.
        of: what was compared.
        needed: the fewest that could show it.
    """
    line, count = POLICY.value("price_share_beyond"), round(spread.beyond * spread.pairs)
    if spread.beyond > line:
        return texts(where, SPREAD_WIDE.format(of=of))
    if spread.beyond_upper <= line:
        return MEANS_OPEN.format(of=of)
    if not count:
        return texts(where, NONE_SEEN.format(of=of, needed=needed))
    upper = readings.beside(spread.beyond_upper, line)
    units, some = ("行", "行") if of == ROWS else (f"个{of.zh}", "个")
    told = {"n": spread.pairs, "count": count, "upper": upper}
    return texts(where, FEW_SEEN.format(of=of, units=units, some=some, **told))


NONE_SEEN = Text(
    f"没有看到超过 {share(EQUIVALENCE)} 的差异，但{{of}}数不够作出“很小”的结论（{{of}}数至少 {{needed}}，每组也是）。",
    f"No difference beyond {share(EQUIVALENCE)} was seen, but there are too few {{of}} to call it small (at least {{needed}}, in every group too).",
)
FEW_SEEN = Text(
    f"{{n}} {{units}}里有 {{count}} {{some}}相差超过 {share(EQUIVALENCE)}；由此推算，比例的上限是 {{upper}}，超过规定的 "
    f"{share(POLICY.value('price_share_beyond'))}，所以不能说差异很小。",
    f"Of {{n}} {{of}} {{count}} differ by more than {share(EQUIVALENCE)}; that bounds the share by {{upper}}, not by the "
    f"{share(POLICY.value('price_share_beyond'))} allowed: nothing is called small.",
)
MEANS_OPEN = Text(
    f"相差超过 {share(EQUIVALENCE)} 的{{of}}不多于规定的 {share(POLICY.value('price_share_beyond'))}，但没有证明每一项平均差异（每组也是）都在 "
    f"{share(EQUIVALENCE)} 以内，所以不能说差异很小。",
    f"No more {{of}} than the {share(POLICY.value('price_share_beyond'))} allowed differ by more than {share(EQUIVALENCE)}, but not every mean "
    f"difference (in every group too) is shown to be within {share(EQUIVALENCE)}: nothing is called small.",
)
SPREAD_WIDE = Text(
    f"没有哪一项的平均差异证明超过提示界线；但相差超过 {share(EQUIVALENCE)} 的{{of}}，多于规定的 "
    f"{share(POLICY.value('price_share_beyond'))}，所以不能说差异很小。",
    f"No mean difference is shown to be beyond the alert line; but more {{of}} than the "
    f"{share(POLICY.value('price_share_beyond'))} allowed differ by more than {share(EQUIVALENCE)}: nothing is called small.",
)


def _upper(spread: Spread) -> str:
    """The upper bound of the share beyond the margin, told apart from the share that is allowed."""
    return readings.beside(spread.beyond_upper, POLICY.value("price_share_beyond"))


def _spread_of(spread: Spread, size: Text, of: Text, whom: Text) -> Text:
    """How many of one comparison differ, where several were made of different accounts."""
    return Text(
        f"各项比较里，平均差异最大的一项价格{size.zh}。上限最高的一项：{whom.zh}，{spread.pairs} 个{of.zh}里有 {share(spread.beyond)} "
        f"与对方的平均相差超过 {share(EQUIVALENCE)}（上限 {_upper(spread)}）。",
        f"The largest mean difference of any comparison: the price is {size.en}. The upper bound is highest for {whom.en}: of {spread.pairs} "
        f"{of.en} {share(spread.beyond)} differ from the others’ mean by more than {share(EQUIVALENCE)} (upper bound {_upper(spread)}). ",
    )


def whom(finding: Finding, part: str, plan: Plan) -> Text:
    """Which comparison of accounts a spread is of, in the plan's words.

    Args:
        finding: of one level of a feature against another.
        part: the registered group within which they were compared, as column=level; "" for all.
        plan: for plain names.
    """
    column = next(iter(finding.slice))
    name = plan.plain(column)
    own, other = _levels(plan, column, str(finding.group), str(finding.reference_group))
    said = Text(
        f"“{name.zh}”为“{own.zh}”对“{other.zh}”", f"“{name.en}” {own.en} against {other.en}"
    )
    if not part:
        return said
    within, _, level = part.partition("=")
    named, at = plan.plain(within), plan.plain_level(within, level)
    return Text(
        f"{said.zh}（只看“{named.zh}”为“{at.zh}”的）",
        f"{said.en} (with “{named.en}” {at.en} only)",
    )


WRITTEN_AGAIN = Text(
    "全部的行，或其中某一组的行，只来自 {n} 个不同的对象，少于所需的 {needed}；同一对象的几行不是几次独立的试验，所以不能说差异很小。",
    "All rows, or those of one group, are of only {n} different units, fewer than the {needed} needed; several rows of one unit are no further trials: nothing is called small.",
)
LEVELS_LEFT = Text(
    "有的取值没有试过，差异可能就在其中，所以不能说差异很小。",
    "Some values were not tried, and the difference may be with them: nothing is called small.",
)


def nothing_varied(spec: ProbeSpec) -> Finding:
    """No profile feature is an input, or no row could be asked about."""
    return not_evaluable(
        spec, "clean_bill", slice_={},
        why=Text("没有一个声明的画像特征是模型的输入，所以没有可以改变的东西。", "None of the declared profile features is an input of the model, so there is nothing to change."),
        limit=OTHER_WAYS,
    )  # fmt: skip


def no_accounts(spec: ProbeSpec) -> Finding:
    """Neither a model nor quotes to accounts."""
    return not_evaluable(
        spec, "price_gap", slice_={},
        why=Text("既没有模型可问，计划也没有写明价格列和账号列。", "There is no model to ask, and the plan names no price and account columns."),
        limit=Text("没有测量任何差异。", "No difference was measured."),
    )  # fmt: skip


ROWS, ACCOUNTS = Text("行", "rows"), Text("账号", "accounts")
PAIRS = Text("账号对", "matched pairs of accounts")
ACCOUNTS_LIMIT = Text(
    "只说明这些账号得到的报价；按账号计算，不把逐条报价当作独立样本。这里看不出画像是不是随机分给账号的；如果不是，账号之间别的不同也可能造成或掩盖差别。",
    "Speaks for these accounts; accounts count, since single quotes are no independent trials. Whether "
    "profiles were given to accounts at random can't be told here; if not, what else sets the accounts "
    "apart may cause or hide a difference.",
)


def accounts_gap(
    column: str, group: str, reference: str, *, value: float, low: float, high: float,
    verdict: Verdict, accounts: int, problem: str | None, plan: Plan, also: Text,
) -> Text:  # fmt: skip
    """What one profile of accounts against another says."""
    if problem is not None:
        return PROBLEMS["too_few_units"]
    size, span, name = dearer(value), interval(low, high), plan.plain(column)
    own, other = _levels(plan, column, group, reference)
    held = under(alike(cells(plan), (), plan))
    return texts(
        Text(
            f"{held.zh}“{name.zh}”为“{own.zh}”的账号与“{other.zh}”的账号相比，价格{size.zh}{span.zh}（{accounts} 个账号）。",
            f"{held.en}accounts with “{name.en}” {own.en} against {other.en}: the price is {size.en}{span.en}, {accounts} accounts. ",
        ),
        ending(verdict, severity(low, high)), also, Text("", " "), LINE_TEXT,
    )  # fmt: skip


def finest(smallest: float, replicates: int) -> Text:
    """Why no p-value can be small: too few accounts, or too few of their labels shuffled; else empty.

    Args:
        smallest: the smallest p-value that the design can give.
        replicates: how often labels were shuffled, or signs flipped.
    """
    if smallest <= 0.0005:
        return Text("", "")
    if smallest <= 1 / (replicates + 1) + SAME:  # with as many accounts as there may be
        return Text(
            f"打乱的次数（replicates）是 {replicates:,}：由此能得到的最小 p 值是 {smallest:.2g}，不可能低于 0.0005；至少要 1,999 次。",
            f" Labels were shuffled {replicates:,} times (replicates): the smallest p-value that can give is {smallest:.2g}, never "
            "below .0005; it takes at least 1,999.",
        )
    return Text(
        f"账号太少：这个设计能得到的最小 p 值是 {smallest:.2g}，不可能低于 0.0005。",
        f" Too few accounts: the smallest p-value this design can give is {smallest:.2g}, never below .0005.",
    )


def accounts_limit(
    smallest: float, replicates: int, same: float | None, other: float | None
) -> Text:
    """What quotes to accounts do not show, with the noise floor and the finest p-value."""
    parts = [ACCOUNTS_LIMIT]
    if same is not None and other is not None:
        parts.append(
            Text(
                f"同一画像的账号之间有 {share(same)} 的报价不同，不同画像之间有 {share(other)}。",
                f" Quotes differ in {share(same)} of pairs within a profile and {share(other)} between profiles.",
            )
        )
    return texts(*parts, finest(smallest, replicates))


def nothing_between(spec: ProbeSpec, plan: Plan, column: str) -> Finding:
    """No prices that can be held against each other were quoted to accounts of two levels."""
    name, held = plan.plain(column), alike(cells(plan), (), plan)
    told = Text(f"（{held.zh}）", f" with {held.en}") if held.zh else held
    return not_evaluable(
        spec, "price_gap", slice_={column: ""},
        why=Text(f"没有报给“{name.zh}”不同的账号、彼此可比的价格{told.zh}，比不了。", f"No prices{told.en} were quoted to accounts that differ in “{name.en}”."),
        limit=Text("没有测量任何差异。", "No difference was measured."),
    )  # fmt: skip


def bundle_refused(spec: ProbeSpec, name: str) -> Finding:
    """A bundle names a column that is no input, or a cost that must be held fixed."""
    why = Text(
        f"画像组“{name}”里有不是模型输入的列，或有应当固定的成本列，没有检验。",
        f"The bundle “{name}” names a column that is no input, or a cost that is held fixed; not tested.",
    )
    return not_evaluable(spec, "bundle_gap", slice_={"bundle": name}, why=why, limit=OTHER_WAYS)
