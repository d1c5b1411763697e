"""How findings are captioned for people: plain names of metrics, groups and numbers.

A caption never shows a metric's code or a raw column name where the plan has a plain one.
"""

import re
from collections.abc import Mapping
from math import exp, expm1
from typing import Any

from evaluators.judging import conclusions
from registry.language import Text

SHARES = frozenset({"difference", "share"})
SIGNED = frozenset({"deviations", "errors", "number"})
OF_PEOPLE = frozenset({
    "selection_rate_ratio", "slice_rate_ratio", "scoring_rate_ratio", "success_rate_ratio",
    "false_negative_rate", "false_positive_rate", "false_discovery_rate", "false_omission_rate",
    "false_negative_rate_ratio", "false_positive_rate_ratio", "accuracy", "accuracy_by_group",
    "counterfactual_flip_share", "counterfactual_flip_share_beyond_twin",
    "text_swap_share", "text_swap_share_beyond_twin", "noise_change_share",
    "noise_change_share_beyond_twin", "missing_failure_share", "out_of_range_failure_share",
    "repeat_change_share", "replay_change_share",
})  # fmt: skip
"""Metrics whose own numbers are so many of the people, or accounts, that a finding is about.

Not among them is what only lies between 0 and 1: scores, errors, slopes, distances, AUCs, shares of
places, shares of an account's quotes, and rates that a model or a stratification has weighted.
"""
METRICS: dict[str, Text] = {
    "selection_rate_ratio": Text("得到有利结果的比例，与对照组之比", "favourable results, as a ratio to the reference"),
    "false_negative_rate": Text("错误拒绝的比例", "wrongly refused"),
    "false_positive_rate": Text("错误给予的比例", "wrongly granted"),
    "false_discovery_rate": Text("得到的人里不该得的比例", "undeserved among those granted"),
    "false_omission_rate": Text("被拒的人里该得的比例", "deserving among those refused"),
    "equalized_odds_difference": Text("两种错误里较大的差距", "the larger gap of the two errors"),
    "counterfactual_flip_share": Text("只改这一项，结果就变的比例", "share whose result changes when only this does"),
    "counterfactual_flip_share_beyond_twin": Text("扣除随机波动后，结果会变的比例", "share whose result changes, beyond chance"),
    "score_auc": Text("从评分能不能看出属于哪一组", "whether the score tells the group"),
    "features_auc": Text("从其他输入能不能看出属于哪一组", "whether the other inputs tell the group"),
    "price_gap": Text("只改这一项，价格的差距", "price gap when only this changes"),
    "bundle_gap": Text("几项一起改，价格的差距", "price gap when several change together"),
    "main_effect": Text("单独一项的作用", "effect of one thing alone"),
    "pair_effect": Text("两项叠加的额外作用", "extra effect of two together"),
    "price_range": Text("平均最贵的取值与最便宜的取值", "the value with the highest price on average against that with the lowest"),
    "clean_bill": Text("三项合起来：是否没有差价", "all three together: no price differences"),
    "raw_price_gap": Text("未排除其他因素的差价", "price gap before other factors"),
    "conditional_price_gap": Text("计划列出的条件相同时的差价", "price gap with the plan's conditions held equal"),
    "unexplained_price_gap": Text("计划列出的条件解释不了的差价", "price gap that the plan's conditions do not explain"),
    "text_swap_share": Text("换了词，结果就变的比例", "share whose result changes with the words"),
    "text_swap_share_beyond_twin": Text("扣除随机波动后，换了词结果会变的比例", "share whose result changes with the words, beyond chance"),
    "noise_change_share": Text("输入稍有出入，结果就变的比例", "share whose result changes with a slight inaccuracy"),
    "noise_change_share_beyond_twin": Text("扣除随机波动后，输入稍有出入结果会变的比例", "share whose result changes with a slight inaccuracy, beyond chance"),
    "missing_failure_share": Text("缺一项就得不到结果的比例", "share that gets no result when an input is missing"),
    "out_of_range_failure_share": Text("一项超出范围就得不到结果的比例", "share that gets no result when an input is out of range"),
    "repeat_change_share": Text("再问一遍，结果就变的比例", "share whose result changes when asked again"),
    "replay_change_share": Text("与当时记录的结果不同的比例", "share whose result is not the one recorded earlier"),
    "rebatch_gap": Text("换一种分批，最大的差别", "largest gap when asked in other batches"),
    "population_stability_index": Text("前后两段时间变了多少（PSI）", "how much changed between the two periods (PSI)"),
    "accuracy": Text("答对的比例", "share of right answers"),
    "balanced_accuracy": Text("各类答对比例的平均", "mean share of right answers over the classes"),
    "auc": Text("分数高低排得对不对（AUC）", "whether scores rank rightly (AUC)"),
    "macro_f1": Text("各类 F1 的平均", "mean F1 over the classes"),
    "mae": Text("平均差多少", "mean absolute error"),
    "rmse": Text("均方根误差", "root mean square error"),
    "r2": Text("解释了多少变动（R²）", "share of the variation explained (R²)"),
    "ndcg": Text("排序得分（NDCG）", "ranking score (NDCG)"),
    "accuracy_by_group": Text("答对的比例，组间之差", "share of right answers, difference of groups"),
    "balanced_accuracy_by_group": Text("各类答对比例的平均，组间之差", "mean share of right answers over the classes, difference of groups"),
    "macro_f1_by_group": Text("各类 F1 的平均，组间之差", "mean F1 over the classes, difference of groups"),
    "mae_by_group": Text("平均误差，组间之比", "mean absolute error, ratio of groups"),
    "rmse_by_group": Text("均方根误差，组间之比", "root mean square error, ratio of groups"),
    "ndcg_by_group": Text("排序得分，组间之差", "ranking score, difference of groups"),
    "cells_too_small": Text("人数太少、没有判断的组", "groups too small to judge"),
    "crossings_too_small": Text("人数太少、没有判断的交叉组", "combined groups too small to judge"),
    "false_negative_rate_ratio": Text("错误拒绝的比例，与其他人之比", "wrongly refused, as a ratio to the others"),
    "false_positive_rate_ratio": Text("错误给予的比例，与其他人之比", "wrongly granted, as a ratio to the others"),
    "differential_fairness": Text("差得最远的两组之比（ε）", "the two groups furthest apart, as a ratio (ε)"),
    "slice_rate_ratio": Text("这一小群人得到有利结果的比例，与其他人之比", "favourable results in this small group, as a ratio to the others"),
    "conditional_rate_ratio": Text("条件相同时得到有利结果的比例之比", "favourable results in like circumstances, as a ratio"),
    "model_coefficient": Text("按声明的模型扣除条件后还剩的差别", "difference left by the declared model"),
    "standardised_rate_ratio": Text("按声明的模型扣除条件后的比例之比", "favourable results by the declared model, as a ratio"),
    "standardised_outcome_ratio": Text("按声明的模型扣除条件后，所声明的结果出现的比例之比", "how often the declared outcome occurs by the declared model, as a ratio"),
    "stratum_rate_ratio": Text("同一类条件之内的比例之比", "favourable results within one set of circumstances, as a ratio"),
    "scoring_rate_ratio": Text("得分在较好的一半里的比例，与对照组之比", "scores in the better half, as a ratio to the reference"),
    "standardised_mean_difference": Text("平均得分相差多少", "difference of the average scores"),
    "kolmogorov_smirnov_distance": Text("各组得分最不一样的地方（KS）", "where the groups' scores differ most (KS)"),
    "auc_difference": Text("组内排得准不准之差（AUC）", "difference of how rightly scores rank within the groups (AUC)"),
    "observed_expected_ratio": Text("实际比例与分数所说的比例之比，组间相比", "what happened against what scores said, groups compared"),
    "calibration_slope": Text("分数拉开的差距与实际是否一致（0 = 一致）", "whether scores spread as far as outcomes do (0 = they do)"),
    "expected_calibration_error": Text("分数所说的与实际平均差多少", "average gap of what scores say and what happens"),
    "success_rate_ratio": Text("预测排在前列的比例，与对照组之比", "predictions among the most favourable, as a ratio to the reference"),
    "mean_signed_error_difference": Text("说高或说低的程度之差", "difference of how far predictions lie too high or too low"),
    "mae_ratio": Text("平均误差，与对照组之比", "mean absolute error, as a ratio to the reference"),
    "rmse_ratio": Text("均方根误差，与对照组之比", "root mean square error, as a ratio to the reference"),
    "exposure_ratio": Text("得到的曝光，与按相关程度应得的之比", "exposure received against exposure deserved"),
    "skew_at_k": Text("在最前几位所占的份额，与整份列表之比", "share of the first places against share of the list"),
    "ndkl": Text("各段前列的构成与整份列表相差多少（NDKL）", "how far the top differs in make-up from the whole list (NDKL)"),
    "loyalty_rise": Text("按只升不降的线拟合，价格随档位上升多少", "rise of the price along the levels, fitted by a line that never falls"),
    "loyalty_trend": Text("从最低档到最高档的价格趋势", "trend of the price from the lowest step to the highest"),
    "loyalty_gap": Text("最高一档与最低一档的差价", "price gap of the highest and the lowest step"),
    "new_user_offer_gap": Text("声明的新用户优惠：窗口内外的差价", "declared new-user offer: price gap inside and outside its window"),
    "exposed_price_gap": Text("看到的价格相差多少", "gap of the prices shown"),
    "items_shown_gap": Text("展示的商品本身贵多少", "how much dearer the goods shown are"),
    "same_item_gap": Text("同一商品贵多少", "how much dearer the same goods are"),
    "price_ndcg_gap": Text("贵的商品排得更靠前的程度", "how much further up dear goods stand"),
    "list_overlap_gap": Text("看到的商品有多少相同", "how many of the goods shown are the same"),
    "list_order_gap": Text("排列顺序有多像", "how alike the order is"),
    "offer_rate": Text("什么条件都不算，得到优惠或有货的比例，与对照组之比", "offers or stock received as they stand, as a ratio to the reference"),
    "offer_rate_same_goods": Text("同样条件下得到优惠或有货的比例之比", "offers or stock received under the same conditions, as a ratio"),
    "total_cost_gap": Text("什么条件都不算，最终应付的价格相差多少", "gap of what is paid in the end, as they stand"),
    "total_cost_gap_same_goods": Text("同样条件下最终应付的价格相差多少", "gap of what is paid in the end under the same conditions"),
    "residual_quantile_gap": Text("高价或低价部分的差价", "price gap among the dear or the cheap"),
}  # fmt: skip
HUMAN = "human_decision"
AGREEMENT: dict[str, Text] = {
    "error_parity": Text("各组里模型与人工不一致的比例", "How often the model and people disagree, by group"),
    "performance": Text("模型与人工有多一致", "How well the model agrees with people, by group"),
    "regression_parity": Text("估出来的数与人工定的数，对各组是否一样接近", "Are estimates as close to what people set for every group?"),
    "calibration_by_group": Text("同样的评分，各组里人工的决定是否一样", "Does the same score go with the same decisions of people in every group?"),
    "false_negative_rate": Text("人工同意的人里，模型拒绝的比例", "refused by the model, among those whom a person favoured"),
    "false_positive_rate": Text("人工拒绝的人里，模型同意的比例", "favoured by the model, among those whom a person refused"),
    "false_discovery_rate": Text("模型同意的人里，人工拒绝的比例", "refused by a person, among those the model favoured"),
    "false_omission_rate": Text("模型拒绝的人里，人工同意的比例", "favoured by a person, among those the model refused"),
    "equalized_odds_difference": Text("两种不一致里较大的差距", "the larger gap of the two disagreements"),
    "false_negative_rate_ratio": Text("人工同意的人里，模型拒绝的比例，与其他人之比", "refused by the model among those whom a person favoured, as a ratio to the others"),
    "false_positive_rate_ratio": Text("人工拒绝的人里，模型同意的比例，与其他人之比", "favoured by the model among those whom a person refused, as a ratio to the others"),
    "accuracy": Text("与人工一致的比例", "share of answers that agree with people's"),
    "balanced_accuracy": Text("各类与人工一致的比例的平均", "mean share of answers that agree with people's over the classes"),
    "auc": Text("分数高低与人工的决定合不合（AUC）", "whether scores rank as people decided (AUC)"),
    "accuracy_by_group": Text("与人工一致的比例，组间之差", "share of answers that agree with people's, difference of groups"),
    "balanced_accuracy_by_group": Text("各类与人工一致的比例的平均，组间之差", "mean share of answers that agree with people's over the classes, difference of groups"),
    "mae": Text("与人工平均差多少", "mean distance from people's"),
    "mae_by_group": Text("与人工的平均差距，组间之比", "mean distance from people's, ratio of groups"),
    "auc_difference": Text("组内分数与人工的决定合不合之差（AUC）", "difference of how far scores rank as people decided within the groups (AUC)"),
}  # fmt: skip
"""Probes and metrics where people decided what results are held against: they are not the truth."""
WITH_COSTS: dict[str, Text] = {
    "conditional_price_gap": Text("排除成本等因素后的差价", "price gap with costs held equal"),
    "unexplained_price_gap": Text(
        "成本等因素解释不了的差价", "price gap that costs do not explain"
    ),
}
"""Price gaps where the plan names costs; without them no sentence speaks of any."""
UNSIDED: dict[str, Text] = {
    "scoring_rate_ratio": Text("得分在较高的一半里的比例，与对照组之比", "scores in the higher half, as a ratio to the reference"),
    "success_rate_ratio": Text("预测值排在最高一段的比例，与对照组之比", "predictions among the highest, as a ratio to the reference"),
}  # fmt: skip
"""Metrics of scores of which a plan does not say whether a high one is good for the person."""
OF_ACCOUNTS: dict[str, Text] = {
    "price_gap": Text("不同账号之间，价格的差距", "price gap between different accounts"),
    "clean_bill": Text("不同账号之间：是否没有差价", "between different accounts: no price differences"),
}  # fmt: skip
"""Metrics of a price probe that compares the quotes of different accounts: nothing was changed."""
ACCOUNTS = "accounts"
"""The design of that probe."""
PERSONALISED = "personalised_"
OUTSIDE = "_outside"
PATTERNS: tuple[tuple[str, Text], ...] = (
    (r"price_gap_step_(\d+)", Text("逐步排除因素的差价（第 {0} 步）", "price gap, step {0} of factors")),
    (r"defence_new_user_offer", Text("理由核对：新用户优惠", "reason checked: new-user offer")),
    (r"defence_cost_drivers", Text("理由核对：成本不同", "reason checked: different costs")),
    (r"defence_random_experiment", Text("理由核对：随机试验", "reason checked: random experiment")),
    (r"defence_disclosure", Text("理由核对：已告知用户", "reason checked: disclosure")),
    (r"defence_(\w+)", Text("理由核对", "reason checked")),
)  # fmt: skip

SCALES: dict[str, str] = {
    "standardised_mean_difference": "deviations",
    "mean_signed_error_difference": "errors",
    "calibration_slope": "number",
    "auc_difference": "number",
    "price_ndcg_gap": "number",
    "differential_fairness": "times",
    "exposure_ratio": "times",
    "skew_at_k": "times",
}
"""Metrics whose effects are no shares of a hundred, or are shown as a ratio and stored as its log."""

KINDS: dict[str, Text] = {
    "difference": Text("相差几个百分点", "difference in points"),
    "ratio": Text("倍数", "times the reference"),
    "log_ratio": Text("高出（+）或低于（−）", "above (+) or below (−)"),
    "mark_up": Text("加价", "mark-up"),
    "share": Text("占比", "share"),
    "auc": Text("0.5 = 看不出，1 = 完全看得出", "0.5 = can't tell, 1 = tells fully"),
    "coefficient": Text("系数", "coefficient"),
    "deviations": Text("相差几个标准差", "in standard deviations"),
    "errors": Text("相差平常误差的几倍", "in multiples of the usual error"),
    "number": Text("差", "difference"),
    "times": Text("倍数", "times"),
    "divergence": Text("0 = 一样", "0 = the same"),
    "amount": Text("数值", "value"),
    "none": Text("", ""),
}
ABOUT: dict[str, Text] = {
    "words": Text("换的词", "words exchanged"),
    "noise": Text("稍有出入的输入", "slightly wrong input"),
    "missing": Text("留空的输入", "missing input"),
    "out_of_range": Text("超出范围的输入", "input out of range"),
    "drift": Text("前后两段时间", "between two periods"),
    "offer": Text("优惠", "offer"),
}
"""What a probe's own slices are about; their levels are inputs, lists of words, or the score."""
LEVELS: dict[tuple[str, str], Text] = {
    ("words", "gender"): Text("性别用词", "gender words"),
    ("words", "names"): Text("姓名", "names"),
    ("words", "regions"): Text("地区", "regions"),
    ("drift", "score"): Text("模型的分数", "the model's score"),
}
SIDES: dict[str, dict[str, Text]] = {
    "new_user_offer_gap": {
        "inside": Text("窗口之内", "inside the window"),
        "outside": Text("窗口之外", "outside the window"),
    },
    "price_range": {
        "dearest": Text("最贵的报价", "the dearest quote"),
        "cheapest": Text("最便宜的报价", "the cheapest quote"),
    },
    "pair_effect": {
        "together": Text("同时改", "together"),
        "one by one": Text("分别改", "one by one"),
    },
    "bundle_gap": {"against": Text("对照的画像", "the other profile")},
}
"""What a metric itself compares, where that is no level of a column."""
FREE = "free:"


def by_people(plan: Mapping[str, Any] | None) -> bool:
    """Whether people decided what the results of a plan's content are held against."""
    return plan is not None and plan.get("target_kind") == HUMAN


def unsided(plan: Mapping[str, Any] | None) -> bool:
    """Whether a plan's content does not say which side of an answer is good for the person."""
    columns = None if plan is None else plan.get("columns")
    said = ("favourable", "score_favourable")
    return columns is not None and all(columns.get(each) is None for each in said)


RIGHT_IN_SLICE = Text(
    "这一小群人里判断正确的比例，与其他人之比",
    "judged rightly in this small group, as a ratio to the others",
)
"""What a search compares whose plan asks where the model is right, and not whom it favours."""


def _searched_for_right_answers(plan: Mapping[str, Any] | None) -> bool:
    probes = (plan or {}).get("probes") or ()
    return any(one.get("id") == "subgroup_search" and _rate(one) == "correct" for one in probes)


def _rate(probe: Mapping[str, Any]) -> str | None:
    return probe.get("rate") or (probe.get("options") or {}).get("rate")


def costs_held(plan: Mapping[str, Any] | None) -> bool:
    """Whether observed prices are compared at equal costs: the plan names some, and its ladder all of them.

    Args:
        plan: the content of the plan; a ladder of its own stands in place of costs and controls.
    """
    costs = set(((plan or {}).get("columns") or {}).get("cost") or ())
    for probe in (plan or {}).get("probes") or ():
        ladder = probe.get("ladder") or (probe.get("options") or {}).get("ladder")
        if probe.get("id") == "price_observational" and ladder:
            costs = costs if costs <= {name for rung in ladder for name in rung} else set()
    return bool(costs)


def metric(name: str, plan: Mapping[str, Any] | None = None) -> Text:
    """What was measured, in plain words; the code in words where nobody captioned it.

    Args:
        name: of the metric.
        plan: the content of the plan it was measured by; where people decided, it is agreement, and
            only where it names costs does a price gap speak of them.
    """
    if name in AGREEMENT and by_people(plan):
        return AGREEMENT[name]
    if name in UNSIDED and unsided(plan):
        return UNSIDED[name]
    if name == "slice_rate_ratio" and _searched_for_right_answers(plan):
        return RIGHT_IN_SLICE
    if name in WITH_COSTS and costs_held(plan):
        return WITH_COSTS[name]
    if name in METRICS:
        return METRICS[name]
    if name.startswith(PERSONALISED):
        rest = metric(name.removeprefix(PERSONALISED), plan)
        return Text(f"个性化的影响：{rest.zh}", f"what personalisation changes: {rest.en}")
    if name.endswith(OUTSIDE) and name.removesuffix(OUTSIDE) in METRICS:
        rest = metric(name.removesuffix(OUTSIDE), plan)
        return Text(f"新用户优惠窗口之外：{rest.zh}", f"outside the new-user window: {rest.en}")
    for pattern, said in PATTERNS:
        if found := re.fullmatch(pattern, name):
            return Text(said.zh.format(*found.groups()), said.en.format(*found.groups()))
    words = name.replace("_", " ")
    return Text(words, words)


def measured(finding: Mapping[str, Any], plan: Mapping[str, Any] | None = None) -> Text:
    """What a finding measured, in plain words, by how it was measured.

    Args:
        finding: as JSON.
        plan: the content of the plan it was measured by.
    """
    name, details = str(finding["metric"]), finding.get("details") or {}
    if name in OF_ACCOUNTS and details.get("design") == ACCOUNTS:
        return OF_ACCOUNTS[name]
    return metric(name, plan)


def column(plan: Mapping[str, Any], name: str) -> Text:
    """The plain name of a column, from the plan's content."""
    if name == "bundle":
        return Text("几项一起", "together")
    plain = (plan.get("names") or {}).get(name, {}).get("plain")
    return Text(**plain) if plain else ABOUT.get(name, Text(name, name))


def level(plan: Mapping[str, Any], name: str, value: str) -> Text:
    """The plain name of a level, from the plan's content."""
    if value == "*":
        return Text("各组", "all groups")
    said = (plan.get("names") or {}).get(name, {}).get("levels", {}).get(value)
    if said:
        return Text(**said)
    if name == "offer":  # a column of offers, or a fee that is not charged
        about = column(plan, value.removeprefix(FREE))
        free = value.startswith(FREE)
        return Text(f"不收{about.zh}", f"no {about.en}") if free else about
    if name in ABOUT:
        return LEVELS.get((name, value)) or column(plan, value)
    return Text(value, value)


def group(finding: Mapping[str, Any], plan: Mapping[str, Any]) -> Text:
    """Whom or what a finding is about."""
    named = (plan.get("names") or {}).keys()
    zh, en = [], []
    for name, value in (finding["slice"] or {}).items():
        about, at = column(plan, name), _side(finding, value) or level(plan, name, value)
        known = name in named and value in plan["names"][name].get("levels", {})
        if not at.zh:  # about the feature, not about one of its levels
            at, known = about, True
        zh.append(at.zh if known else f"{about.zh}：{at.zh}")
        en.append(at.en if known else f"{about.en}: {at.en}")
    if zh:
        return Text("，".join(zh), ", ".join(en))
    own = finding["group"]
    return Text(str(own), str(own)) if own else Text("全部", "everyone")


def about(finding: Mapping[str, Any], plan: Mapping[str, Any], *, levels: bool = True) -> Text:
    """The features that a finding is about with their levels in quotes, to begin a sentence with.

    Args:
        finding: as JSON.
        plan: the plan's content.
        levels: whether the levels may be told as well.
    """
    zh, en = [], []
    for name, value in (finding["slice"] or {}).items():
        of, at = column(plan, name), _side(finding, value) or level(plan, name, value)
        told = levels and at.zh and value != "*"
        zh.append(f"{of.zh}“{at.zh}”" if told else of.zh)
        en.append(f"{of.en} “{at.en}”" if told else of.en)
    return Text("，".join(zh), ", ".join(en))


def concluded(finding: Mapping[str, Any], plan: Mapping[str, Any], *, levels: bool = True) -> Text:
    """About whom, what was measured and what came of it, in one sentence without a number.

    Args:
        finding: as JSON.
        plan: the plan's content.
        levels: whether the levels that it is about may be told.
    """
    whom, what = about(finding, plan, levels=levels), measured(finding, plan)
    verdict = conclusions.of(finding)
    zh = "，".join(filter(None, (whom.zh, what.zh)))
    en = ", ".join(filter(None, (whom.en, what.en)))
    return Text(f"{zh}：{verdict.zh}。", f"{en[:1].upper()}{en[1:]}: {verdict.en}.")


def _side(finding: Mapping[str, Any], value: str) -> Text | None:
    """What a metric itself compares; None where the value is a level of a column."""
    metric = str(finding.get("metric", ""))  # a row of counts has none
    if metric.startswith(PERSONALISED):
        shown = "个性化的结果", "personalised lists"
        plain = "非个性化的结果", "lists without personalisation"
        return Text(*(shown if value == "personalised" else plain))
    return SIDES.get(metric, {}).get(value)


def reference(finding: Mapping[str, Any], plan: Mapping[str, Any]) -> Text:
    """Whom it is compared with; empty where there is nobody."""
    own = finding["reference_group"]
    if own is None:
        return Text("", "")
    if own == "*":
        return _everyone_else(finding, plan)
    if side := _side(finding, str(own)):
        return side
    names = [name for name in finding["slice"] or {} if name != "offer"]
    sensitive = (plan.get("columns") or {}).get("sensitive") or ()
    about = names if len(names) == 1 else [name for name in names if name in sensitive]
    return level(plan, about[0], str(own)) if len(about) == 1 else Text(str(own), str(own))


def _everyone_else(finding: Mapping[str, Any], plan: Mapping[str, Any]) -> Text:
    """All others: of those whose features are known, where some lack one."""
    said = (finding.get("left_out") or {}).get("without", ())
    lacking = {each["column"] for each in said if each["cause"] == "missing"}
    compared = (*(finding["slice"] or {}), *((plan.get("columns") or {}).get("sensitive") or ()))
    names = [column(plan, name) for name in dict.fromkeys(compared) if name in lacking]
    if not names:
        return Text("其余所有人", "everyone else")
    return Text(
        f"其余已知{'、'.join(each.zh for each in names)}的人",
        f"everyone else of known {' and '.join(each.en for each in names)}",
    )


def scale(finding: Mapping[str, Any]) -> str:
    """In what the effect of a finding is shown: a kind of effect, or a scale of the metric's own."""
    kind = str((finding["effect"] or {}).get("kind", ""))
    return kind if kind == "none" else SCALES.get(finding["metric"], kind)


def both(said: Text) -> str:
    """Chinese and English on one line, or once where they are the same."""
    return said.zh if said.zh == said.en else f"{said.zh} / {said.en}"


def amount(value: float | None, kind: str) -> str:
    """An effect for people: shares and mark-ups in percent, log ratios as the percentage.

    Args:
        value: of the effect; None where there is none.
        kind: its `scale`.
    """
    if value is None:
        return "—"
    if kind in SIGNED:
        return f"{value:+.2f}" if kind != "number" else f"{value:+.3f}"
    if kind == "times":
        return f"{exp(value):.2f}"
    if kind in SHARES:
        return f"{100 * value:.1f}%"
    if kind == "mark_up":
        return f"{100 * value:+.2f}%"
    if kind == "log_ratio":
        return f"{100 * expm1(value):+.2f}%"
    if kind in {"ratio", "auc"}:
        return f"{value:.2f}"
    if isinstance(value, int) or (float(value).is_integer() and abs(value) >= 100):
        return f"{int(value):,}"
    return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"
