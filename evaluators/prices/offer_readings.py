"""The plain sentences of offer_access."""

from collections.abc import Mapping, Sequence

from evaluators.judging.readings import DIFFERS
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.prices.loyalty_readings import PROBLEMS as LOYALTY_PROBLEMS
from evaluators.prices.loyalty_readings import ending
from evaluators.prices.price_family import Judged
from evaluators.prices.price_lines import (
    LINE_TEXT,
    alike,
    cells,
    dearer,
    interval,
    percent,
    share,
    texts,
)
from evaluators.prices.price_readings import SMALL_BUT_REAL
from registry.findings import Verdict
from registry.language import Text

LOW, HIGH = POLICY.value("rate_ratio_low"), POLICY.value("rate_ratio_high")
NEAR = POLICY.value("rate_equivalence_low"), POLICY.value("rate_equivalence_high")

PROBLEMS: Mapping[str, Text] = {
    **LOYALTY_PROBLEMS,
    "everyone": Text(
        "数据里每一条都得到了这种优惠，没有一条例外；人人都有的，比不出差别，所以无法评估。",
        "Every row of the data got this offer, without exception: what all have tells nothing of a difference; not evaluable.",
    ),
    "undefined": Text(
        "两组都没有得到过这种优惠，两个比例之比没有定义，所以无法评估。",
        "Neither group ever got this offer, so the ratio is not defined; not evaluable.",
    ),
    "no_overlap": Text(
        "两组没有在这里固定的条件都相同时出现过，所以无法评估。",
        "The two groups were never seen under the same values of what is held fixed here; not evaluable.",
    ),
    "few_accounts": Text(
        "其中一组的账号少于计划规定的最小数，所以无法评估。",
        "One of the groups has fewer accounts than the plan's minimum; not evaluable.",
    ),
}
NOTHING = Text(
    "计划没有写明任何优惠、库存或费用的列，也没有价格列，所以没有可比的。",
    "The plan names no column of offers, stock or fees and no price; there is nothing to compare.",
)
NOBODY = Text(
    "计划没有指明要比较的人群特征（sensitive 或 profile）。",
    "The plan names no attribute to compare (sensitive or profile).",
)
_RATES: Mapping[Verdict, Text] = {
    Verdict.DISPARITY: Text(
        f"整个区间都在 {LOW:g} 至 {HIGH:g} 倍之外：差异超过界线。",
        f"The whole interval lies outside {LOW:g} to {HIGH:g}: the difference exceeds the line.",
    ),
    Verdict.DIFFERENCE: DIFFERS.format(
        line=Text(f"{LOW:g} 至 {HIGH:g} 倍", f"{LOW:g} to {HIGH:g} times")
    ),
    Verdict.EQUIVALENT: Text(
        f"已证明差别很小：两者之比在 {NEAR[0]:g} 与 {NEAR[1]:g} 之间。",
        f"Shown to be small: the ratio lies between {NEAR[0]:g} and {NEAR[1]:g}.",
    ),
}
_GAP = Text("", " ")
RAW = Text("（不考虑任何条件）", " as they stand")


def problem(attribute: Text, word: str) -> Text:
    """Why an attribute or an offer can't be evaluated."""
    why = PROBLEMS[word]
    return Text(f"“{attribute.zh}”：{why.zh}", f"“{attribute.en}”: {why.en}")


def fixed(plan: Plan, strata: Sequence[str]) -> Text:
    """What two groups' rows have in common, in brackets: goods and moment as far as the plan names them.

    Args:
        plan: names the columns.
        strata: further ones that are held the same.
    """
    held = alike(cells(plan), strata, plan)
    return Text(f"（{held.zh}时）", f" with {held.en}")


def rate(judged: Judged, plan: Plan, attribute: str, offer: Text, *, held: Text) -> Text:
    """What two rates of an offer say."""
    found, name = judged.result, plan.plain(attribute)
    if found.problem is not None:
        return problem(Text(f"{name.zh} · {offer.zh}", f"{name.en} · {offer.en}"), found.problem)
    group, reference = (plan.plain_level(attribute, v) for v in (found.group, found.reference))
    own, other = share(found.estimate or 0.0), share(found.reference_estimate or 0.0)
    return texts(
        Text(
            f"“{name.zh}”为“{group.zh}”的 {found.n} 个账号，{own} 的时候{offer.zh}；"
            f"为“{reference.zh}”的 {found.n_reference} 个账号，{other}{held.zh}。{_times(found.value, found.low, found.high).zh}",
            f"{offer.en}: {own} for {found.n} accounts with “{name.en}” {group.en}, {other} for {found.n_reference} with "
            f"{reference.en},{held.en}. {_times(found.value, found.low, found.high).en} ",
        ),
        _rate_ending(judged),
    )  # fmt: skip


def _times(value: float | None, low: float, high: float) -> Text:
    if value is None or value == float("inf"):
        return Text(f"参照组从未得到，倍数没有上限（区间从 {low:.2f} 起）。",
                    f"The reference never got it; the ratio is unbounded (interval from {low:.2f}).")  # fmt: skip
    top = (
        Text("没有上限", "unbounded")
        if high == float("inf")
        else Text(f"{high:.2f}", f"{high:.2f}")
    )
    return Text(f"前者是后者的 {value:.2f} 倍（区间 {low:.2f}–{top.zh}）。",
                f"That is {value:.2f} times as often (interval {low:.2f}–{top.en}).")  # fmt: skip


def _rate_ending(judged: Judged) -> Text:
    if judged.verdict is Verdict.INCONCLUSIVE:
        size = judged.result.mde
        seen = Text("", "") if size is None else Text(
            f"按这批数据的误差，相对差别要到 {percent(size)} 左右才看得出来。",
            f" With errors like these a relative difference of about {percent(size)} would show.",
        )  # fmt: skip
        return texts(Text("还不能下结论。", "Inconclusive."), seen)
    if judged.small_but_real:
        return texts(_RATES[judged.verdict], _GAP, SMALL_BUT_REAL)
    return _RATES[judged.verdict]


def cost(judged: Judged, plan: Plan, attribute: str, *, held: Text) -> Text:
    """What two final prices say, and where the difference comes from."""
    found, name = judged.result, plan.plain(attribute)
    if found.problem is not None:
        return problem(name, found.problem)
    group, reference = (plan.plain_level(attribute, v) for v in (found.group, found.reference))
    size, span = dearer(found.value or 0.0), interval(found.low, found.high)
    return texts(
        Text(
            f"最终应付的价格（标价 − 优惠 + 费用）：“{name.zh}”为“{group.zh}”的账号与“{reference.zh}”的相比，价格{size.zh}{span.zh}{held.zh}。",
            f"The final price (list − coupons + fees): accounts with “{name.en}” {group.en} against {reference.en}: "
            f"{size.en}{span.en},{held.en}. ",
        ),
        _parts(found.details.get("parts") or {}),
        ending(judged),
        LINE_TEXT,
    )  # fmt: skip


def _parts(parts: Mapping[str, float]) -> Text:
    if not parts:
        return Text("", "")
    said = {name: dearer(value) for name, value in parts.items()}
    return Text(
        f"其中标价{said['list'].zh}，优惠使价格{said['coupons'].zh}，费用使价格{said['fees'].zh}。",
        f"Of this the list price is {said['list'].en}, coupons make it {said['coupons'].en}, fees {said['fees'].en}. ",
    )


def limit(*, mismatch: float | None, clustered: bool, left_out: int) -> Text:
    """What a finding does not show."""
    parts = [
        Text(
            "只说明记录下来的这些报价；谁会用优惠、为什么得到，没有检验。以账号为单位。",
            "Speaks for the quotes recorded; who would use an offer and why it was made were not tested. The account is the unit. ",
        )
    ]
    if mismatch:
        parts.append(
            Text(
                f"{share(mismatch)} 的行里，计划的价格列不等于标价 − 优惠 + 费用；这里用算出来的数。",
                f"In {share(mismatch)} of rows the plan's price is not list − coupons + fees; the computed one is used. ",
            )
        )
    if left_out:
        parts.append(
            Text(
                f"{left_out} 行的账号没有记录这个特征，或前后不一致，没有计入。",
                f"{left_out} rows of accounts without this attribute, or with several values of it, are left out. ",
            )
        )
    if not clustered:
        parts.append(Text("计划没有写明账号，每一行当作一个账号。",
                          "The plan names no account; every row is taken as one. "))  # fmt: skip
    return texts(*parts)
