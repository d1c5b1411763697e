"""What a plan counts, in its own word: an order or a shop is neither a person nor an account.

Probes are written for people and for accounts. A plan whose unit is something else says so by the
name that it gives the unit's column, and every sentence that counts units takes its word from here.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from registry.findings import Finding
from registry.language import Text

ALIKE = {"people": Text("人", "people"), "accounts": Text("账号", "accounts"),
         "pairs": Text("账号", "accounts")}  # fmt: skip
"""What the sentences call units that a plan may know by another name."""
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


def own(plan: Mapping[str, Any]) -> Text | None:
    """What the plan calls its unit; None where it has none, or gives it no name.

    Args:
        plan: its content.
    """
    unit = (plan.get("columns") or {}).get("unit")
    plain = (plan.get("names") or {}).get(unit, {}).get("plain") if unit else None
    return Text(**plain) if plain else None


def told(said: Text, of: str | None, plan: Mapping[str, Any]) -> Text:
    """A sentence that first says what it counts, where that is no person or account.

    Args:
        said: the sentence, in the words for people and accounts.
        of: the units of its finding; None where it states none, which are people's.
        plan: the plan's content.
    """
    alike, named = ALIKE.get(of or "people"), own(plan)
    if alike is None or named is None or (alike.zh not in said.zh and alike.en not in said.en):
        return said
    first = OPENING.format(alike=alike, own=named)
    return Text(f"{first.zh}{said.zh}", f"{first.en} {said.en}")


def opened(finding: Finding, plan: Mapping[str, Any]) -> Finding:
    """The finding with such a sentence.

    Args:
        finding: as a probe made it.
        plan: the plan's content.
    """
    said = told(Text(**finding.reading), _of(finding), plan)
    return replace(finding, reading=said.as_json())


def so_many(finding: Finding, plan: Mapping[str, Any], n: int, *, cells: bool = False) -> Text:
    """So many of what a finding counts, in words.

    Args:
        finding: any.
        plan: the plan's content.
        n: how many.
        cells: of what a cell of its tables counts; of lists, goods or questions that is rows.
    """
    of, named = _of(finding), own(plan)
    if of in ALIKE and named is not None:
        return SO_MANY.format(n=n, own=named)
    return UNITS[CELLS.get(of, "rows") if cells else of].format(n=n)


def _of(finding: Finding) -> str:
    return str((finding.units or {}).get("of", "people"))
