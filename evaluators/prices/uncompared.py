"""Rows that a comparison of prices leaves out: told by side, and enough of one side bars *equivalent*.

One rule for all price probes: a quote without a price above 0 has no log price, and a quote that
shares its item or moment with no other row is held against nothing. What is left may look alike
because of what is not there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.prices.price_lines import EQUIVALENCE, share, texts
from registry.language import Text

NOTHING = Text("", "")
UNEVEN = Text(
    "一边有较多报价没有大于 0 的价格，没有算进比较，所以不能说差异很小。",
    "More quotes of one side than of the other have no price above 0 and are not compared: nothing is called small.",
)
ONE_SIDED = Text(
    "没有算进的多在一边，足以改变结论，所以不能说差异很小。",
    " They are mostly of one side, enough to turn the result: the difference is not called small.",
)
ALONE = Text(
    "{0}的商品或时刻只有它自己，没有可比的，没有算进去。",
    " Left out, having no other row of their item or moment to be compared with: {0}.",
)
APART = Text(
    "{0}在固定的条件上没有可比的另一组的行，没有算进去。",
    " Left out, as what is held fixed is shared with no row of the other group: {0}.",
)
SEVERAL = Text(
    "{0}在这一特征上前后不一致，它们的行没有算进去。",
    " Left out, having several values of what is compared: {0}.",
)
LISTS = Text(
    "{0}的查询没有展示给所有组，没有算进去。",
    " Left out, as their queries were not shown to every group: {0}.",
)


@dataclass(frozen=True, slots=True)
class Side:
    """The quotes of one group that is compared.

    Args:
        level: the group.
        name: what it is called.
        free: its quotes without a price above 0.
        rows: all its quotes.
    """

    level: str
    name: Text
    free: int
    rows: int

    @property
    def share(self) -> float:
        """The share of its quotes that have no price above 0."""
        return self.free / self.rows if self.rows else 0.0


@dataclass(frozen=True, slots=True)
class Uncompared:
    """What a comparison leaves out.

    Args:
        said: in words; empty where nothing is.
        uneven: whether what has no price is so much of one side that it could turn the result.
        left_out: as data, for the finding.
    """

    said: Text = NOTHING
    uneven: bool = False
    left_out: Mapping[str, Any] = field(default_factory=dict)


def side_of(plan: Plan, column: str, level: str, counts: tuple[int, int]) -> Side:
    """A group by the plan's words.

    Args:
        plan: for plain names.
        column: the feature.
        level: of it.
        counts: its quotes without a price above 0, and all its quotes.
    """
    return Side(level, plan.plain_level(column, level), *counts)


def uncompared(
    sides: Sequence[Side],
    *,
    least: int,
    alone: int = 0,
    apart: int = 0,
    several: int = 0,
    lists: int = 0,
) -> Uncompared:
    """What a comparison of prices leaves out, by side, and whether that could turn the result.

    A free quote lowers a side's mean price by its share of the quotes: shares further apart than the
    margin are a difference that is not small.

    Args:
        sides: the groups that are compared.
        least: from how many quotes on a share is told.
        alone: rows without another one of their item or moment.
        apart: rows whose conditions are shared with no row of another group.
        several: accounts that have several levels of the feature; none of their rows is compared.
        lists: lists of queries that were not shown to every group.
    """
    shares = [each.share for each in sides]
    uneven = bool(shares) and max(shares) - min(shares) > EQUIVALENCE
    free = [each for each in sides if each.free]
    left_out: dict[str, Any] = {}
    if free:
        left_out["unpriced"] = [
            {"level": each.level, "share": round(each.share, 3) if each.free >= least else None}
            for each in free
        ]
        left_out["uneven"] = uneven
    said = [_free(free, least=least)] if free else []
    said += [ONE_SIDED] if free and uneven else []
    rows, shown = ("行", "rows"), ("份结果", "lists")
    counts = {"alone": (alone, ALONE, rows), "apart": (apart, APART, rows),
              "several": (several, SEVERAL, ("个账号", "accounts")), "lists": (lists, LISTS, shown)}  # fmt: skip
    for name, (count, words, (zh, en)) in counts.items():
        if count:
            few = count < POLICY.value("small_cell")
            left_out[name] = None if few else count
            many = Text(f"有 {count:,} {zh}", f"{count:,} {en}")
            if few:
                many = Text(f"有些{zh.removeprefix('个')}", f"some {en}")
            said.append(Text(words.zh.format(many.zh), words.en.format(many.en)))
    return Uncompared(texts(*said) if said else NOTHING, uneven and bool(free), left_out)


def _free(sides: Sequence[Side], *, least: int) -> Text:
    """Which side's quotes have no price above 0, and so are not compared."""
    told = [
        Text(
            f"“{each.name.zh}”的报价中有 {share(each.share)}" if each.free >= least
            else f"“{each.name.zh}”的报价中有极少数",
            f"{share(each.share)} of the quotes to “{each.name.en}”" if each.free >= least
            else f"a few of the quotes to “{each.name.en}”",
        )
        for each in sides
    ]  # fmt: skip
    return Text(
        f"{'，'.join(t.zh for t in told)}没有大于 0 的价格，没有算进比较。",
        f" {' and '.join(t.en for t in told)} have no price above 0 and are not compared.",
    )


EVERY_ROW = Uncompared()
