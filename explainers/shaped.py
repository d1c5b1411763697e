"""Whether the parts of a plan are of the kind that they are read as, before anything reads them."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from registry.errors import Reason
from registry.language import LANGUAGES, Text

LEAST_PEOPLE = 1_000
"""Fewer than these show of nothing that it changes fewer than 1 of 100 results: whoever is examined
does not shorten the examination (ours). Of fewer in the data all are asked about."""
TABLE = Text("要写成一张表（对象）。", "It is a table (an object).")
TABLES = Text(
    "要写成一个列表，一项一张表，每张表有 name。", "It is a list of tables, each with its name."
)
WORDS = Text("要写成一段文字。", "It is a text.")
BOTH = Text("请写成 {zh, en}，两种语言都是文字。", "Write {zh, en}, a text in each language.")
ONE_LINE = Text("写成一行，去掉换行。", "Write it in one line.")
PAIRS = Text(
    '请写成 {zh = ["高", "低"], en = ["higher", "lower"]}，每种语言两个不同的词。',
    'Write {zh = ["高", "低"], en = ["higher", "lower"]}, two different words in each language.',
)
LISTED = Text(
    '例如 [{"name": "income", "plain": {"zh": "收入", "en": "income"}}]；只有 TOML 文件里按列名写。',
    'Such as [{"name": "income", "plain": {"zh": "收入", "en": "income"}}]; by name only in a TOML file.',
)
TOP: dict[str, tuple[Callable[[Any], bool], Text, Text]] = {
    "task": (
        lambda given: given in ("decision", "price", "score"),
        Text("不是这三种任务。", "It is no task."),
        Text("请写 decision、price 或 score。", "Write decision, price or score."),
    ),
    "cut": (
        lambda given: not isinstance(given, bool) and isinstance(given, int | float) and math.isfinite(given),
        Text("分数线不是一个数。", "The cut is no number."),
        Text("请写一个数，例如 0.5。", "Write a number, such as 0.5."),
    ),
    "favourable_above": (
        lambda given: isinstance(given, bool),
        Text("不是“是”或“否”。", "It is neither true nor false."),
        Text("请写 true 或 false。", "Write true or false."),
    ),
    "people": (
        lambda given: isinstance(given, int) and not isinstance(given, bool) and given >= LEAST_PEOPLE,
        Text(f"不是{LEAST_PEOPLE}以上的整数；问得太少，什么都测不出来。", f"It is no whole number of {LEAST_PEOPLE} or more; of fewer the tests show nothing."),
        Text("不写就是10000；数据里没有这么多的，会全部问到。", "Leave it out, for 10000; of fewer in the data all are asked about."),
    ),
    "unit": (
        lambda given: isinstance(given, str),
        Text("不是列名。", "It is no name of a column."),
        Text("请写分得清谁是谁的那一列的列名。", "Write the column that tells people apart."),
    ),
}  # fmt: skip
"""By key of the plan: what it may be, what is wrong where it is not, and the remedy."""
PAIRED = ("plain", "unit")
LEVELS = ("values", "phrases")


def faults(plan: Mapping[str, Any]) -> list[Reason]:
    """Each part that is of another kind than the one it is read as.

    Args:
        plan: as it came, of which nothing is known but that it is a table.
    """
    reasons = [
        Reason(name, said, remedy)
        for name, (fits, said, remedy) in TOP.items()
        if plan.get(name) is not None and not fits(plan[name])
    ]
    for name in ("columns", "protected"):
        reasons += _list(name, plan.get(name))
    for name in ("wording", "declared"):
        reasons += _texts(name, plan.get(name), one_line=name == "wording")
    if plan.get("sealed"):
        reasons += _pair("sealed", plan["sealed"], one_line=False)
    return reasons


def _list(name: str, given: object) -> Iterator[Reason]:
    if given is None:
        return
    if not isinstance(given, list | tuple):
        yield Reason(name, TABLES, LISTED)
        return
    for at, each in enumerate(given):
        if not isinstance(each, Mapping):
            yield Reason(f"{name}.{at}", TABLE, LISTED)
            continue
        called = each.get("name")
        if called is not None and not isinstance(called, str):
            yield Reason(f"{name}.{at}.name", WORDS, LISTED)
        yield from _column(f"{name}.{called or at}", each)


def _column(place: str, given: Mapping[str, Any]) -> Iterator[Reason]:
    for name in PAIRED:
        if given.get(name) is not None:
            yield from _pair(f"{place}.{name}", given[name])
    for name in LEVELS:
        yield from _texts(f"{place}.{name}", given.get(name))
    if given.get("direction") is not None and not _directed(given["direction"]):
        yield Reason(
            f"{place}.direction",
            Text("不是一大一小两个词。", "It is no pair of words for more and for less."),
            PAIRS,
        )
    if given.get("protected") is not None and not isinstance(given["protected"], bool):
        yield Reason(f"{place}.protected", TOP["favourable_above"][1], TOP["favourable_above"][2])
    for name in ("kind", "effect", "influence"):
        if given.get(name) is not None and not isinstance(given[name], str):
            yield Reason(f"{place}.{name}", WORDS, WORDS)
    if isinstance(given.get("actionable"), list | dict | bool):
        may = Text("请写 0、1、-1 或 any。", "Write 0, 1, -1 or any.")
        yield Reason(f"{place}.actionable", may, may)


def _directed(given: object) -> bool:
    if not isinstance(given, Mapping) or set(given) - set(LANGUAGES):
        return False
    return all(
        isinstance(words, list | tuple)
        and len(words) == 2
        and all(isinstance(word, str) and word.strip() and not _broken(word) for word in words)
        and words[0].strip().casefold() != words[1].strip().casefold()
        for words in given.values()
    )


def _texts(place: str, given: object, *, one_line: bool = True) -> Iterator[Reason]:
    if given is None:
        return
    if not isinstance(given, Mapping):
        yield Reason(
            place, TABLE, Text("请按名称写，一项一个 {zh, en}。", "Write {zh, en} by name.")
        )
        return
    for name, said in given.items():
        if said is not None:
            yield from _pair(f"{place}.{name}", said, one_line=one_line)


def _pair(place: str, given: object, *, one_line: bool = True) -> Iterator[Reason]:
    if not isinstance(given, Mapping):
        yield Reason(place, Text("不是两种语言的文字。", "It is no text in two languages."), BOTH)
        return
    for language, said in given.items():
        if said is not None and not isinstance(said, str):
            yield Reason(f"{place}.{language}", WORDS, BOTH)
        elif said and one_line and _broken(said):
            yield Reason(
                f"{place}.{language}", Text("里面有换行。", "It has a line break."), ONE_LINE
            )


def _broken(said: str) -> bool:
    return len(said.strip().splitlines()) > 1
