"""What each probe asks, short enough for a heading; third parties' by their own question."""

from collections.abc import Mapping
from typing import Any

from evaluators.guests import installed
from evaluators.judging import captions
from registry.language import Text

PROBES: dict[str, Text] = {
    "selection_parity": Text(
        "各组得到有利结果的比例", "How often each group gets the favourable result"
    ),
    "error_parity": Text("各组被判错的比例", "How often each group is judged wrongly"),
    "counterfactual_flip": Text(
        "只改一项信息，结果会不会变", "Does changing one input alone change the result?"
    ),
    "proxy_leakage": Text("评分会不会泄露敏感特征", "Does the score tell the sensitive feature?"),
    "price_counterfactual": Text(
        "只改个人或地区信息，价格会不会变",
        "Does the price move when only profile or area features change?",
    ),
    "price_observational": Text(
        "同类条件下，实际价格是否因组而异", "Do observed prices differ under like conditions?"
    ),
    "score_parity": Text(
        "各组的评分是否一样高、一样准", "Are scores as high and as sharp for all?"
    ),
    "calibration_by_group": Text(
        "同样的评分，各组的实际结果是否一样", "Does the same score mean the same in every group?"
    ),
    "intersection_scan": Text("几个特征叠加的人群有没有落下", "Is a combined group left behind?"),
    "subgroup_search": Text(
        "有没有一小群人明显吃亏", "Is there a small group that fares clearly worse?"
    ),
    "regression_parity": Text(
        "估出来的数对各组是否一样准", "Are estimates as accurate for every group?"
    ),
    "conditional_parity": Text(
        "条件相同的人，结果是否也相同", "Do people in like circumstances get like results?"
    ),
    "ranking_exposure": Text(
        "排序给各组的露出是否公平", "Does the ranking show every group fairly?"
    ),
    "loyalty_dose_response": Text(
        "老用户是不是付得更多", "Do regular customers pay more than new ones?"
    ),
    "price_steering": Text(
        "是不是给一些人看更贵的商品",
        "Are some people shown dearer goods, or the same ones dearer?",
    ),
    "offer_access": Text(
        "优惠、库存、费用和最后付的钱是否一样",
        "Same offers, stock and fees, and the same final price?",
    ),
    "text_swap": Text("换个名字或称呼，结果会不会变", "Does another name change the result?"),
    "performance": Text("对各组的整体准确程度", "How well it works for every group"),
    "robustness": Text("输入有点乱时还靠不靠得住", "Does it hold up when inputs are noisy?"),
    "stability": Text("同样的问题，答案是否一致", "Does the same question get the same answer?"),
}


def caption(name: str, plan: Mapping[str, Any] | None = None) -> Text:
    """What a probe asks, short enough for a heading.

    Args:
        name: of the probe.
        plan: the content of the plan it runs by; where people decided, it asks for agreement.
    """
    if name in captions.AGREEMENT and captions.by_people(plan):
        return captions.AGREEMENT[name]
    if name in PROBES:
        return PROBES[name]
    if name in installed.names():
        try:
            return installed.probe_class(name).spec.question
        except installed.ProbeMissing:
            pass
    return Text(name, name.replace("_", " "))
