"""What a search can be narrowed by, and what of an address is nothing that a search knows.

Nothing that an address names is left out in silence: a page says what it did not know and leads to
the address without it; a call is refused by parameter.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

from filing import search_words
from filing.fields import Option
from filing.forms import current
from filing.lifecycle import PUBLIC, STATUS_NAMES
from filing.meanings import Meaning
from filing.risk import LEVEL_NAMES, Level
from registry import districts
from registry.errors import Invalid, Reason
from registry.language import Text

YES_NO = {"yes": Text("有", "yes"), "no": Text("没有", "no")}
MOST_VALUES = 20
"""Values of one facet that an address may name."""
REPEATED = 40
"""Characters of what was not known that are said again."""
Knows = Callable[[str, str], bool]
"""Whether the record has a value: of which facet, which value."""

LABELS = {
    "kind": Text("算法类型", "Kind"),
    "effect": Text("对个人的影响", "Effect on a person"),
    "sector": Text("领域", "Sector"),
    "grade": Text("风险等级", "Risk grade"),
    "status": Text("状态", "Status"),
    "evaluated": Text("未过期的第三方评估", "Third-party evaluation that has not expired"),
    "beyond": Text(
        "附的报告里超过界线的差异", "A difference beyond its line in an attached report"
    ),
    "personal": Text("数据里的个人信息", "Personal information in the data"),
    "choice": Text("“您可以怎样选择”的说明", "An answer to “what you can choose”"),
    "city": Text("备案城市", "City of filing"),
    "district": Text("所在区", "District"),
    "filer": Text("备案主体", "Filer"),
}
OPEN = ("district", "filer")
"""Facets whose values are the record's and no options of ours."""
Given = Sequence[tuple[str, str]]
"""The parameters of an address, in their order."""
REMEDY = Text("请改正，或者从地址里去掉。", "Correct it, or take it out of the address.")


class UnknownParameters(Invalid):
    """The address names what no search knows: correct it, or leave it out."""


def chosen(given: Given, knows: Knows) -> dict[str, list[str]]:
    """The values by which an address narrows; what is left out, `unknown` tells.

    Args:
        given: the address's parameters.
        knows: whether the record has a value that is no option of ours.
    """
    found: dict[str, list[str]] = {}
    for name, value in dict.fromkeys(given):
        if name in LABELS and value and _is_known(name, value, knows):
            found.setdefault(name, []).append(value)
    return {name: found[name][:MOST_VALUES] for name in LABELS if name in found}


def unknown(given: Given, knows: Knows, *, once: Mapping[str, str]) -> list[Reason]:
    """What an address names and no search knows, or only in part, by parameter.

    Args:
        given: the address's parameters.
        knows: whether the record has a value that is no option of ours.
        once: the parameters that this search takes once, with the pattern of their values.
    """
    return list(_unknown(given, knows, once))


def _unknown(given: Given, knows: Knows, once: Mapping[str, str]) -> Iterator[Reason]:
    by_name: dict[str, list[str]] = {}
    for name, value in given:
        by_name.setdefault(name, []).append(value)
    for name, values in by_name.items():
        if name in once:
            yield from _of_one(name, values, once[name])
        elif name in LABELS:
            yield from _of_several(name, list(dict.fromkeys(filter(None, values))), knows)
        else:
            yield _reason(name, Text("搜索没有这个参数", "the search has no such parameter"))


def _of_one(name: str, values: Sequence[str], pattern: str) -> Iterator[Reason]:
    *before, last = values
    if before:
        said = Text("只能写一次，现在只按最后一个查", "may stand once; only the last one counts")
        yield _reason(name, said)
    if not re.fullmatch(pattern, last, re.DOTALL):
        yield _strange(name, last)
    if name == "q" and search_words.is_cut(last):
        words, characters = search_words.MOST_WORDS, search_words.MOST_CHARACTERS
        said = Text(
            f"最多{words}个词、{characters}个字，其余没有查",
            f"at most {words} words and {characters} characters; the rest is not looked for",
        )
        yield _reason(name, said)


def _of_several(name: str, values: Sequence[str], knows: Knows) -> Iterator[Reason]:
    for value in values:
        if not _is_known(name, value, knows):
            yield _strange(name, value)
    if len(values) > MOST_VALUES:
        said = Text(
            f"最多{MOST_VALUES}个值，其余没有用",
            f"at most {MOST_VALUES} values; the rest is unused",
        )
        yield _reason(name, said)


def _strange(name: str, value: str) -> Reason:
    shown = _short(value)
    return _reason(name, Text(f"没有“{shown}”这个值", f"there is no value “{shown}”"))


def _reason(name: str, said: Text) -> Reason:
    return Reason(f"query.{_short(name)}", said, REMEDY)


def _short(written: str) -> str:
    return written if len(written) <= REPEATED else f"{written[:REPEATED]}…"


def _is_known(name: str, value: str, knows: Knows) -> bool:
    if name not in OPEN:
        return value in options()[name]
    return value in districts.ENGLISH or knows(name, value)


def check(reasons: Sequence[Reason]) -> None:
    """Refuse a call whose address names what no search knows.

    Args:
        reasons: see `unknown`.

    Raises:
        UnknownParameters: with each of them.
    """
    if reasons:
        raise UnknownParameters(
            "地址里有搜索不认识的部分。",
            "The address has parts that the search does not know.",
            reasons=reasons,
        )


def check_page(page: int, pages: int) -> None:
    """Refuse a call for a page beyond the last.

    Args:
        page: which.
        pages: how many there are.

    Raises:
        UnknownParameters: when there is no such page.
    """
    if page > pages:
        check([_reason("page", Text(f"最后一页是第{pages}页", f"the last page is {pages}"))])


@cache
def options() -> Mapping[str, Mapping[str, Text]]:
    """The values of each facet that are options of ours, in words."""
    form = current()
    return {
        "kind": _options(form.part(Meaning.KINDS).options),
        "effect": _options(form.part(Meaning.EFFECT).options),
        "sector": _options(form.part(Meaning.SECTORS).options),
        "city": _options(form.part(Meaning.CITY).options),
        "grade": {level.value: LEVEL_NAMES[level] for level in Level},
        "status": {each.value: STATUS_NAMES[each] for each in PUBLIC},
        **dict.fromkeys(("evaluated", "beyond", "personal", "choice"), YES_NO),
    }


def _options(options: Sequence[Option]) -> dict[str, Text]:
    return {each.id: each.name for each in options}
