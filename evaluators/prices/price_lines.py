"""The lines a price difference is held against, and the sentences that say a number plainly."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

from evaluators.plan import Plan
from evaluators.policy import POLICY
from registry.language import Text

LEGAL = ("SZ72-5", "SH67-4", "算法推荐21", "PIPL24", "消保条例9", "SZDATA69")
EQUIVALENCE = POLICY.value("price_equivalence")
ALERT = POLICY.value("price_alert")
SERIOUS = POLICY.value("price_serious")
SHARE_BEYOND = POLICY.value("price_share_beyond")
SAME = 1e-9  # log-ratios up to this are arithmetic noise, not another price


def log_line(share: float) -> float:
    """A line given as a share of the price, on the log scale; the same up and down."""
    return math.log1p(share)


def threshold() -> dict[str, Any]:
    """The lines as they stand in a finding."""
    return {
        "value": ALERT,
        "rule": "|ratio - 1| of the amount paid, alert line; the same up and down on the log scale",
        "source": POLICY.source("price_alert"),
        "lines": {"equivalence": EQUIVALENCE, "alert": ALERT, "serious": SERIOUS},
    }


def severity(low: float, high: float) -> str | None:
    """The highest line that a log-ratio between `low` and `high` lies wholly beyond."""
    nearest = low if low > 0 else -high if high < 0 else 0.0
    if nearest > log_line(SERIOUS):
        return "serious"
    return "alert" if nearest > log_line(ALERT) else None


def beyond(low: float, high: float) -> bool:
    """Whether an interval of log-ratios lies wholly beyond the alert line, on either side."""
    return severity(low, high) is not None


def percent(log_ratio: float) -> str:
    """A log-ratio as a percentage of the price: 0.0198 → "2.0%"."""
    return share(math.expm1(log_ratio))


def share(value: float) -> str:
    """A share as a percentage, with as many digits as it needs."""
    size = abs(value * 100)
    return f"{value * 100:.1f}%" if size >= 0.1 or size == 0 else f"{value * 100:.2g}%"


def dearer(log_ratio: float) -> Text:
    """Dearer or cheaper, and by how much, in words."""
    if abs(log_ratio) < 1e-12:
        return Text("相同", "the same")
    size = percent(abs(log_ratio)) if log_ratio > 0 else share(-math.expm1(log_ratio))
    if log_ratio > 0:
        return Text(f"高 {size}", f"{size} higher")
    return Text(f"低 {size}", f"{size} lower")


def interval(low: float | None, high: float | None) -> Text:
    """An interval of log-ratios in percent; where a side is unbounded the sentence says so."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return Text("（给不出区间）", " (no interval can be given)")
    ends = [math.expm1(end) for end in (low, high)]
    written = list(map(share, ends))
    for digits in (2, 3, 4):
        if written[0] == written[1] and low < high:  # so narrow that it needs more of them
            written = [f"{100 * end:.{digits}f}%" for end in ends]
    if written[0] == written[1]:
        return STILL
    span = " … ".join(written)
    return Text(f"（置信区间 {span}）", f" (interval {span})")


STILL = Text("（数据没有波动，给不出区间）", " (no interval: the data do not vary)")

LINE_TEXT = Text(
    f"提示界线是 {share(ALERT)}，严重界线是 {share(SERIOUS)}，“很小”的界线是 {share(EQUIVALENCE)}（均为本平台设定）。",
    f"The alert line is {share(ALERT)}, the serious line {share(SERIOUS)}, and small means within "
    f"{share(EQUIVALENCE)} (all set by this platform).",
)


def texts(*parts: Text, gap: str = "") -> Text:
    """Sentences one after another."""
    return Text("".join(part.zh for part in parts), gap.join(part.en for part in parts))


def names(columns: Iterable[str], plan: Plan) -> Text:
    """Columns in quotes, as the plan calls them."""
    said = [plan.plain(name) for name in columns]
    return Text("、".join(f"“{n.zh}”" for n in said), ", ".join(f"“{n.en}”" for n in said))


def cells(plan: Plan) -> Text:
    """What makes two quotes alike: item and moment, as far as the plan has columns for them."""
    columns = plan.columns
    said = [Text("商品", "item")] * bool(columns.item) + [Text("时间", "moment")] * bool(
        columns.time
    )
    return Text("和".join(word.zh for word in said), " and ".join(word.en for word in said))


def alike(cell: Text, factors: Sequence[str], plan: Plan) -> Text:
    """What is held fixed, as the plan has it; empty where nothing is.

    Args:
        cell: item and moment, as far as they are held.
        factors: further columns that are.
        plan: for their plain names.
    """
    said = [Text(f"{cell.zh}相同", f"the same {cell.en}")] * bool(cell.zh)
    if factors:
        named = names(factors, plan)
        said.append(Text(f"{named.zh}相同", f"equal {named.en}"))
    return Text("、".join(part.zh for part in said), " and ".join(part.en for part in said))


def under(held: Text) -> Text:
    """How a comparison opens that holds something fixed, or nothing."""
    if not held.zh:
        return Text(
            "不考虑任何条件，直接比较：", "Compared as they stand, with nothing held fixed: "
        )
    return Text(f"在{held.zh}的条件下：", f"With {held.en}: ")
