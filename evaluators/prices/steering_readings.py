"""The plain sentences of price_steering."""

import math
from collections.abc import Mapping

from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.prices.loyalty_readings import ending
from evaluators.prices.price_family import Judged
from evaluators.prices.price_lines import LINE_TEXT, SAME, dearer, interval, share, texts
from evaluators.prices.price_readings import VERDICTS, finest
from registry.findings import Verdict
from registry.language import Text

_NDCG = POLICY.value("steering_ndcg")
PROBLEMS: Mapping[str, Text] = {
    "unordered": Text(
        "这个特征不能分组，所以无法评估。",
        "This attribute can't be cut into groups; not evaluable.",
    ),
    "one_level": Text(
        "所有账号在这个特征上都一样（或都没有记录），没有可比的，所以无法评估。",
        "All accounts are alike in this attribute, or it is missing; nothing to compare.",
    ),
    "too_few_units": Text(
        "账号太少，分不出两组，所以无法评估。", "Too few accounts for two groups; not evaluable."
    ),
    "few_accounts": Text(
        "其中一组只有一个账号，所以无法评估。",
        "One of the groups has a single account; not evaluable.",
    ),
    "no_common_query": Text(
        "没有同一个查询同时展示给两组账号，所以无法评估。",
        "No query was shown to accounts of both groups; not evaluable.",
    ),
    "no_pairs": Text(
        "没有账号在同一个查询上既看到个性化结果又看到非个性化结果，所以无法评估。",
        "No account saw both the personalised and the non-personalised list of a query; not evaluable.",
    ),
    "not_alike": Text(
        "每组内部没有两个账号看过同一个查询，不知道同组之间本来有多像，所以无法评估。",
        "No two accounts of one group saw the same query, so how alike lists normally are is not known.",
    ),
}
OWN_LISTS = Text("个性化结果", "accounts in personalised lists")
NOTHING = Text(
    "计划没有指明要比较的特征，也没有非个性化的结果可比。",
    "The plan names no attribute to compare and no non-personalised option.",
)
NO_ACCOUNT = Text(
    "计划没有写明账号（unit 或 user），逐条结果不能当作独立样本，所以无法评估。",
    "The plan names no account (unit or user); single lists are no independent trials; not evaluable.",
)
_LIST: Mapping[Verdict, Text] = {
    Verdict.DIFFERENCE: Text(
        "不同组看到的结果确实不同。这只说明结果因人而异，不说明更贵。",
        "Lists of different groups do differ. That they differ says nothing about dearer.",
    ),
    Verdict.EQUIVALENT: Text(
        "已证明不同组看到的结果几乎一样像。",
        "Lists of different groups are shown to be as alike as lists within one.",
    ),
    Verdict.INCONCLUSIVE: VERDICTS[Verdict.INCONCLUSIVE],
}
_GAP = Text("", " ")


def _noise(judged: Judged) -> Text:
    """The A/A band beside the line."""
    noise = float(judged.result.details.get("aa_band") or 0.0)
    band = share(noise if noise > SAME else 0.0)  # a sum's last bits are no noise
    return Text(
        f"同组账号之间本来的波动（A/A）约 {band}；差异不大于它就不算超过界线。",
        f" Accounts of one group differ by about {band} (A/A); what is not beyond that is not beyond the line.",
    )


def problem(attribute: Text, word: str) -> Text:
    """Why an attribute can't be evaluated."""
    why = PROBLEMS[word]
    return Text(f"“{attribute.zh}”：{why.zh}", f"“{attribute.en}”: {why.en}")


def who(plan: Plan, attribute: str, judged: Judged) -> Text:
    """Which accounts are compared."""
    found, name = judged.result, plan.plain(attribute)
    group, reference = (plan.plain_level(attribute, v) for v in (found.group, found.reference))
    return Text(
        f"“{name.zh}”为“{group.zh}”的 {found.n} 个账号与“{reference.zh}”的 {found.n_reference} 个账号相比，同样的查询，",
        f"Same queries, {found.n} accounts with “{name.en}” {group.en} against {found.n_reference} with {reference.en}: ",
    )


def personalised(judged: Judged) -> Text:
    """Each account's personalised lists against the non-personalised ones of the same query."""
    n = judged.result.n
    return Text(
        f"{n} 个账号的个性化结果与同一账号、同一查询的非个性化结果相比，",
        f"Personalised lists of {n} accounts against the non-personalised ones of the same query: ",
    )


def reading(judged: Judged, opening: Text) -> Text:
    """What one finding says.

    Args:
        judged: the finding.
        opening: who is compared.
    """
    said = _SENTENCES[_kind(judged)](judged)
    if _kind(judged) in {"list_overlap", "list_order"}:
        return texts(opening, said, _LIST[judged.verdict])
    line = _NDCG_LINE if _kind(judged) == "price_ndcg" else LINE_TEXT
    return texts(opening, said, ending(judged), line, _noise(judged))


def _kind(judged: Judged) -> str:
    return judged.result.metric.removesuffix("_gap").removeprefix("personalised_")


def _exposed(judged: Judged) -> Text:
    found, more = judged.result, judged.result.details.get("parts") or {}
    size, span = dearer(found.value or 0.0), interval(found.low, found.high)
    shown, same = (dearer(float(more.get(name, 0.0))) for name in ("items_shown", "same_item"))
    return Text(
        f"按展示位置加权，看到的价格{size.zh}{span.zh}：其中换成别的商品使其{shown.zh}，同一商品的价格{same.zh}。",
        f"weighted by rank, the price shown is {size.en}{span.en}: other goods make it {shown.en}, the same goods {same.en}. ",
    )


def _items(judged: Judged) -> Text:
    size, span = (
        dearer(judged.result.value or 0.0),
        interval(judged.result.low, judged.result.high),
    )
    return Text(f"展示的商品本身的价位{size.zh}{span.zh}（同一商品按同价计）。",
                f"the goods shown are {size.en}{span.en}, each counted at one price. ")  # fmt: skip


def _same(judged: Judged) -> Text:
    size, span = (
        dearer(judged.result.value or 0.0),
        interval(judged.result.low, judged.result.high),
    )
    return Text(f"同一商品的价格{size.zh}{span.zh}。", f"the same goods are {size.en}{span.en}. ")


def _ndcg(judged: Judged) -> Text:
    found = judged.result
    span = (
        Text(f"置信区间 {found.low:+.3f} … {found.high:+.3f}", f"interval {found.low:+.3f} … {found.high:+.3f}")
        if 2 * SAME < found.high - found.low < math.inf
        else Text("给不出区间", "no interval can be given")
    )  # fmt: skip
    return Text(
        f"把贵的排在前面的程度（以价格为增益的 nDCG）相差 {found.value:+.3f}（{span.zh}；正数表示更靠前的更贵）。",
        f"how far dear goods come first (nDCG with the price as gain) differs by {found.value:+.3f} "
        f"({span.en}; above 0, dearer first). ",
    )


def _overlap(judged: Judged) -> Text:
    return _similar(judged, Text("商品重合度（Jaccard）", "share of goods in common (Jaccard)"))


def _order(judged: Judged) -> Text:
    return _similar(
        judged, Text("排序相似度（RBO）", "likeness of the order (rank-biased overlap)")
    )


def _similar(judged: Judged, name: Text) -> Text:
    within, between = judged.result.reference_estimate or 0.0, judged.result.estimate or 0.0
    return Text(
        f"{name.zh}：同组之间 {percent_of(within)}，两组之间 {percent_of(between)}。",
        f"{name.en}: {percent_of(within)} within a group, {percent_of(between)} between them. ",
    )


def percent_of(value: float) -> str:
    """A similarity as a percentage."""
    return f"{100 * value:.1f}%"


_SENTENCES = {
    "exposed_price": _exposed, "items_shown": _items, "same_item": _same, "price_ndcg": _ndcg,
    "list_overlap": _overlap, "list_order": _order,
}  # fmt: skip
_NDCG_LINE = Text(
    f"界线是 ±{_NDCG:g}，在 ±{_NDCG / 2:g} 以内为很小（本平台设定）。",
    f"The line is ±{_NDCG:g}; small means within ±{_NDCG / 2:g} (set by this platform).",
)


def limit(*, smallest: float, replicates: int, depth: int, twins: float | None) -> Text:
    """What a finding does not show."""
    parts = [
        Text(
            f"只说明这些账号在这些查询上看到的前 {depth} 位；账号是随机单位，逐条结果不能当作独立样本；相关性和质量没有检验。",
            f"Speaks for the first {depth} ranks these accounts saw; the account is the unit, single lists are no "
            "independent trials; relevance and quality were not tested. ",
        )
    ]
    if twins is not None:
        parts.append(
            Text(
                f"同一账号同一查询问两次，{share(twins)} 的结果不同（A/A）。",
                f"Asked twice alike, {share(twins)} of lists differ (A/A). ",
            )
        )
    why = finest(smallest, replicates)
    return texts(*parts, Text(why.zh, why.en.lstrip()))
