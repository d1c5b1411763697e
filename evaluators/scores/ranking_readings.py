"""The sentences of ranking exposure."""

import math
from collections.abc import Mapping

from evaluators.judging import readings
from evaluators.plan import Plan
from evaluators.statistics.exposure import Share
from evaluators.statistics.intervals import Interval
from registry.findings import Verdict
from registry.language import Text

BY: Mapping[str, Text] = {
    "target": Text("按记录的相关程度", "by the recorded relevance"),
    "score": Text("按分数", "by the score"),
    "equal": Text("按条目数", "by the number of items"),
}
FAVOURED = Text("按记录的有利结果", "by the recorded favourable results")
JUDGED = Text("按人评的相关程度", "by the relevance that people judged")
DECIDED = Text("按人作的有利决定", "by the favourable decisions of people")
EXPOSURE = Text(
    "在 {lists} 份列表里（越靠前越被看到），{attribute}为“{group}”的条目平均得到 {got} 的曝光，{by}应得 {due}：得到的是应得的 {ratio} 倍（区间 {low}–{high}）。",
    "In {lists} lists (higher places are seen more), items with {attribute} '{group}' get {got} of "
    "the exposure on average and are due {due} {by}: {ratio} times their due (interval {low}–{high}).",
)
SKEW = Text(
    "在 {lists} 份多于 {k} 条的列表里，{attribute}为“{group}”的条目占前 {k} 位的 {got}，占整份列表的 {due}：前者是后者的 {ratio} 倍（区间 {low}–{high}）。",
    "In {lists} lists of more than {k} items, items with {attribute} '{group}' hold {got} of the "
    "first {k} places and {due} of the whole list: {ratio} times (interval {low}–{high}).",
)
NONE = Text(
    "在 {lists} 份多于 {k} 条的列表里，前 {k} 位没有一位是{attribute}为“{group}”的条目；列表里的 {items} 条中，这一组有 {mine} 条，平均占整份列表的 {due}。这样的列表里，它在前 {k} 位得到的至多是应占的 {bound} 倍。",
    "In {lists} lists of more than {k} items, none of the first {k} places is held by an item with "
    "{attribute} '{group}'; of the {items} items in these lists {mine} are of this group, {due} of a list on "
    "average. In such lists it holds at most {bound} times what that would be.",
)
ENDINGS: Mapping[Verdict, Text] = {
    Verdict.DISPARITY: Text("整个区间都在界线（{line_low} 至 {line_high} 倍）之外：差异超过界线。", "The whole interval lies beyond the line ({line_low} to {line_high} times): the difference exceeds it."),
    Verdict.DIFFERENCE: readings.DIFFERS.format(line=Text("{line_low} 至 {line_high} 倍", "{line_low} to {line_high} times")),
    Verdict.EQUIVALENT: Text("已证明差别很小：在 {near_low} 与 {near_high} 倍之间。", "The difference is shown to be small: between {near_low} and {near_high} times."),
    Verdict.INCONCLUSIVE: Text("还不能下结论：按计划的列表数，要差到 {mde} 左右才看得出来。", "Inconclusive: with the planned lists only a relative difference of about {mde} would show."),
}  # fmt: skip
OPEN = Text("还不能下结论。", "Inconclusive.")
NDKL = Text(
    "在 {lists} 份列表里，各组在前面各位的构成与整份列表的构成相差（NDKL）{value}；若名次与“{attribute}”无关，平均也会有 {mean}，二十次里有一次到 {high}。",
    "Over {lists} lists, the make-up of the top differs from that of the whole list by (NDKL) {value}; "
    "were places dealt without regard to {attribute} it would be {mean} on average, and {high} one "
    "time in twenty.",
)
NDKL_ENDINGS: Mapping[Verdict, Text] = {
    Verdict.DIFFERENCE: Text("这超出偶然所及：名次与它有关。这个数没有界线可对。", "That is more than chance: places go with it. No line applies to this figure."),
    Verdict.INCONCLUSIVE: Text("还不能下结论：这样的差别可以是偶然。", "Inconclusive: a gap like this may be chance."),
}  # fmt: skip
LIMIT = Text(
    "曝光按名次估计，没有看人是否真的看了；严格按相关程度排序时，相关程度高的一组得到的会多于按比例应得的。相关程度的记录本身如果不公平，这里看不出来。",
    "Exposure is reckoned from places, not from what people looked at; a ranking strictly by "
    "relevance gives the more relevant group more than its proportion. Unfairness in the record of "
    "relevance does not show here.",
)
WHY: Mapping[str, Text] = {
    "bad_rank": Text(
        "名次列里有 {many} 行不是从 1 开始的整数，无法评估；请改正数据。",
        "{many} ranks are not whole numbers from 1 upwards: not evaluable; correct the data.",
    ),
    "tied": Text(
        "有 {many} 行与同一列表的另一行名次相同，无法评估；请给每个条目一个名次。",
        "{many} rows share a place with another row of the same list: not evaluable; give every item its own place.",
    ),
    "negative": Text(
        "相关程度里有 {many} 行是负数，份额没有定义，无法评估；请换成不小于 0 的数。",
        "{many} values of relevance are negative, so shares are not defined: not evaluable; use values of 0 or more.",
    ),
    "risk": Text(
        "favourable 写明分数越高越不利，这样的分数不是应得的依据，无法评估；请把选项 relevance 写成 target 或 equal。",
        "By `favourable` a higher score is worse, so it is no measure of what an item is due: not evaluable; set the option `relevance` to target or equal.",
    ),
    "one_group": Text("“{attribute}”在列表里只有一个值，没有可比的。", "'{attribute}' has only one value in the lists: nothing to compare."),
    "few": Text(
        "{attribute}为“{group}”的条目只出现在 {many} 份独立的列表（或只有 {many} 个不同条目）里，少于 {least}，不作判断。",
        "Items with {attribute} '{group}' occur in only {many} independent lists (or are only {many} different items), fewer than {least}: nothing is said.",
    ),
    "short": Text(
        "多于 {k} 条的列表不足 {least} 份，前 {k} 位说明不了什么；可在选项 k 里写小一些的数。",
        "Fewer than {least} lists have more than {k} items, so the first {k} say nothing; a smaller option `k` may.",
    ),
    "no_relevance": Text(
        "{attribute}为“{group}”的条目没有记录任何相关程度，应得的份额是 0，倍数没有定义，不作判断。",
        "Items with {attribute} '{group}' have no recorded relevance, so their due is 0, the ratio is not defined and nothing is said.",
    ),
    "even": Text(
        "每一份列表里，{attribute}为“{group}”的条目得到的份额都恰好是应有的份额，没有一份不同；没有波动可以估计，所以不给区间，也不作判断。",
        "In every list items with {attribute} '{group}' get exactly the share that they should have; nothing varies, so no interval can be given and nothing is said.",
    ),
    "not_positive": Text(
        "按列表和按条目两个方向合算的方差不是正数，区间无从给出；不作修补，也不作判断。",
        "The variance by list and by item together is not positive, so no interval can be given; it is not repaired and nothing is said.",
    ),
}  # fmt: skip


def ending(verdict: Verdict, *, line: float, near: float, mde: float | None, real: bool) -> Text:
    """What the verdict says of a ratio of shares."""
    known = verdict is not Verdict.INCONCLUSIVE or mde is not None
    said = (ENDINGS[verdict] if known else OPEN).format(
        line_low=f"{math.exp(-line):.3g}", line_high=f"{math.exp(line):.3g}",
        near_low=f"{math.exp(-near):.2g}", near_high=f"{math.exp(near):.3g}",
        mde=readings.percent(None if mde is None else math.expm1(mde)),
    )  # fmt: skip
    return readings.joined(said, readings.REAL) if verdict is Verdict.EQUIVALENT and real else said


def by(due: str, plan: Plan) -> Text:
    """What an item's due is taken from, as the plan has it.

    Args:
        due: "target", "score" or "equal".
        plan: says which result of the target is favourable, if any, and whether people decided.
    """
    if due != "target":
        return BY[due]
    if plan.target_kind != "outcome":
        return DECIDED if plan.columns.favourable is not None else JUDGED
    return BY[due] if plan.columns.favourable is None else FAVOURED


def none(found: Share, ci: Interval | None, **values: object) -> Text:
    """The opening of a finding about a group that holds none of the first places.

    Args:
        found: its shares.
        ci: of the log ratio; it has no low end.
        values: names, and how many items the group and all groups have.
    """
    high = None if ci is None else math.exp(ci.high)
    return NONE.format(
        **values, lists=found.lists, due=readings.percent(found.due), bound=readings.number(high)
    )


def ratio(lead: Text, found: Share, ci: Interval | None, **values: object) -> Text:
    """The opening of a finding about two shares."""
    low, high = (None, None) if ci is None else (math.exp(ci.low), math.exp(ci.high))
    return lead.format(
        **values, lists=found.lists, got=readings.percent(found.got), due=readings.percent(found.due),
        ratio=readings.number(math.exp(found.log_ratio or 0.0)), low=readings.number(low), high=readings.number(high),
    )  # fmt: skip
