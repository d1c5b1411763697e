"""What a plan counts, in its own word: an order or a shop is neither a person nor an account.

Probes are written for people and for accounts. A plan whose unit is something else says so by the
name that it gives the unit's column, and every sentence that counts units takes its word from here.
A unit's column without a name may hold people, shops or orders: nobody said, so no sentence does.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from registry import findings
from registry.findings import Finding, Verdict
from registry.language import Text

ALIKE = {"people": Text("人", "people"), "accounts": Text("账号", "accounts"),
         "pairs": Text("账号", "accounts")}  # fmt: skip
"""What the sentences call units that a plan may know by another name."""
COUNTING = re.compile(r"(?<!与)人(?!工)|账号|\b(?:people|accounts)\b(?!['’]s)")
"""Where a sentence counts them; 人工, 与人 and "people's" are of those who decide."""
UNITS: dict[str, Text] = {
    "people": Text("{n} 人", "{n} people"),
    "accounts": Text("{n} 个账号", "{n} accounts"),
    "pairs": Text("{n} 对账号", "{n} pairs of accounts"),
    "items": Text("{n} 件商品", "{n} items"),
    "lists": Text("{n} 份列表", "{n} lists"),
    "profiles": Text("{n} 个试问的对象", "{n} profiles"),
    "rows": Text("{n} 行", "{n} rows"),
}
"""So many units, in words."""
CELLS = {"people": "people", "accounts": "accounts", "pairs": "accounts"}
"""Of what a cell that is too small counts, by the units of the finding; rows of every other."""
OPENING = Text("这里按“{alike}”数的是“{own}”。", "What is counted here as {alike} is: {own}.")
SO_MANY = Text("{n} 个“{own}”", "{n} units ({own})")
OPENING_UNNAMED = Text(
    "这里写“{alike}”的，数的是列“{column}”里不同的值；计划没有说明它们是什么。",
    "Where this says {alike}, it counts different values of the column '{column}'; the plan does "
    "not say what they are.",
)
ROW_BY_ROW = Text(
    "这一条没有用计划里的权重，每一行算作一个，所以说的不是加权后的人群。",
    "This does not use the plan's weights: every row counts as one, so it is not about the weighted population.",
)
SEVERAL = Text(
    "按“{features}”，同一个{one}的行有的落在不同的组里，每一组都把它算了一次，各组的数加起来比总数多。",
    "By {features}, rows of one {one} fall in different groups for some, and each of these groups counts "
    "them: together the groups count more than there are.",
)
SO_MANY_UNNAMED = Text("{n} 个单位（列“{column}”）", "{n} units of '{column}'")


def own(plan: Mapping[str, Any]) -> Text | None:
    """What the plan calls its unit; None where it has none, or gives it no name.

    Args:
        plan: its content.
    """
    unit = _column(plan)
    plain = (plan.get("names") or {}).get(unit, {}).get("plain") if unit else None
    return Text(**plain) if plain else None


def unnamed(plan: Mapping[str, Any]) -> str | None:
    """The column of units of which nobody said what they are; None where there is none.

    Users are said to be such: whoever pays or is shown a price is a person with an account.

    Args:
        plan: its content.
    """
    unit = _column(plan)
    return unit if own(plan) is None and unit != (plan.get("columns") or {}).get("user") else None


def by_person(finding: Mapping[str, Any], plan: Mapping[str, Any]) -> bool:
    """Whether a rate of a finding is so many of a hundred people: each row one, and none weighted.

    Args:
        finding: as JSON.
        plan: the content of the plan it was measured by.
    """
    named = own(plan)
    people = unnamed(plan) is None and (named is None or named.zh == ALIKE["people"].zh)
    return people and unweighted(plan) and findings.row_by_row(finding)


def unweighted(plan: Mapping[str, Any]) -> bool:
    """Whether a plan gives its rows no weights.

    Args:
        plan: its content.
    """
    return (plan.get("columns") or {}).get("weight") is None


def told(said: Text, of: str | None, plan: Mapping[str, Any]) -> Text:
    """A sentence that first says what it counts, where that is no person or account.

    Args:
        said: the sentence, in the words for people and accounts.
        of: the units of its finding; None where it states none, which are people's.
        plan: the plan's content.
    """
    alike = ALIKE.get(of or "people")
    if alike is None or not (COUNTING.search(said.zh) or COUNTING.search(said.en)):
        return said
    named, column = own(plan), unnamed(plan)
    if named is not None and named.zh != alike.zh:
        first = OPENING.format(alike=alike, own=named)
    elif column is not None:
        first = OPENING_UNNAMED.format(alike=alike, column=column)
    else:
        return said
    return Text(f"{first.zh}{said.zh}", f"{first.en} {said.en}")


def opened(finding: Finding, plan: Mapping[str, Any]) -> Finding:
    """The finding with such a sentence.

    Args:
        finding: as a probe made it.
        plan: the plan's content.
    """
    said = told(Text(**finding.reading), _of(finding), plan)
    return replace(finding, reading=said.as_json())


def row_by_row(finding: Finding) -> Finding:
    """The finding of a probe that uses no weights, in a plan that has some: its sentence says so first.

    Another probe may find the opposite of the weighted population; both sentences are true.

    Args:
        finding: as judged; where nothing is said of anybody the sentence stays.
    """
    if finding.verdict is Verdict.NOT_EVALUABLE:
        return finding
    return _after(ROW_BY_ROW, finding)


def in_several(finding: Finding, features: Sequence[Text], plan: Mapping[str, Any]) -> Finding:
    """The finding of groups that share units: its sentence says first that each counts them.

    Args:
        finding: as judged; where nothing is said of anybody the sentence stays.
        features: the plain names of those that vary among the rows of one unit.
        plan: the plan's content.
    """
    told = SEVERAL.zh.rpartition("}")[2] in finding.reading["zh"]  # a probe may have said it
    if finding.verdict is Verdict.NOT_EVALUABLE or not features or told:
        return finding
    return _after(several(features, plan), finding)


def several(features: Sequence[Text], plan: Mapping[str, Any]) -> Text:
    """That rows of one unit fall in several groups by these features, and what follows.

    Args:
        features: their plain names.
        plan: the plan's content.
    """
    column = unnamed(plan)
    plain = Text("账号", "account")
    if column is not None:
        plain = Text(f"单位（列“{column}”）", f"unit of '{column}'")
    one = own(plan) or plain
    names = Text(
        "”和“".join(each.zh for each in features), " and ".join(each.en for each in features)
    )
    return SEVERAL.format(features=names, one=one)


def _after(first: Text, finding: Finding) -> Finding:
    said = Text(first.zh + finding.reading["zh"], f"{first.en} {finding.reading['en']}")
    return replace(finding, reading=said.as_json())


def by_row(finding: Finding) -> bool:
    """Whether a finding says so.

    Args:
        finding: any.
    """
    return finding.reading["zh"].startswith(ROW_BY_ROW.zh)


def so_many(finding: Finding, plan: Mapping[str, Any], n: int, *, cells: bool = False) -> Text:
    """So many of what a finding counts, in words.

    Args:
        finding: any.
        plan: the plan's content.
        n: how many.
        cells: of what a cell of its tables counts; of lists, goods or questions that is rows.
    """
    of = _of(finding)
    return many(CELLS.get(of, "rows") if cells else of, plan, n)


def many(of: str, plan: Mapping[str, Any], n: int) -> Text:
    """So many units of a kind, in the plan's words.

    Args:
        of: as the units of a finding.
        plan: the plan's content.
        n: how many.
    """
    named, column = own(plan), unnamed(plan)
    if of not in ALIKE or (named is None and column is None):
        return UNITS[of].format(n=n)
    if named is not None:
        return SO_MANY.format(n=n, own=named)
    return SO_MANY_UNNAMED.format(n=n, column=column)


def _column(plan: Mapping[str, Any]) -> str | None:
    return (plan.get("columns") or {}).get("unit")


def _of(finding: Finding) -> str:
    return str((finding.units or {}).get("of", "people"))
