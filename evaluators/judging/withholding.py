"""Why numbers are not published, as far as it was counted: a cell of few is told only where one is.

The authority and the assigned tester read the numbers. The reason is public, so it may tell no more
than the tables do: which features are counted stands in the plan, and where an audit was too large
one sentence serves every group that it closed, those with a small cell and those without.
"""

import re
from collections.abc import Mapping
from enum import StrEnum

from registry.language import LANGUAGES, Text


class Why(StrEnum):
    """Why a number is not published."""

    SMALL = "a cell of few"
    EFFECTIVE = "of few by weight"
    UNCOUNTED = "nobody counted the units of its groups"
    UNAUDITED = "what follows could not be worked out"


_SEEN_BY = (
    "主管部门和受托测试机构可以看到。",
    "the authority and the assigned tester can see them.",
)
ALONE: Mapping[Why, Text] = {
    Why.SMALL: Text(
        f"这一组（或与它相减可得的组）中有不足 {{few}}（也可能一个没有）的格子，数字不公开；{_SEEN_BY[0]}",
        "A cell of this group, or of one it could be subtracted from, has fewer than {few} (or none), "
        f"so its numbers are not published; {_SEEN_BY[1]}",
    ),
    Why.EFFECTIVE: Text(
        f"权重或行数不等的，折算成份量相同的来数；这里至少有一边折合不足 {{few}}，数字不公开；{_SEEN_BY[0]}",
        "Where weights or numbers of rows are uneven, what counts is so many of equal weight; here "
        f"that is fewer than {{few}} on one side at least, so the numbers are not published; {_SEEN_BY[1]}",
    ),
    Why.UNCOUNTED: Text(
        "背后有多少个不同的单位，只按所比较的特征数过，没有按区分这些组的其他特征数，"
        f"由这些数字能推出什么也就没有算出来，数字不公开；{_SEEN_BY[0]}",
        "How many units stand behind it was counted by the features that are compared, not by the others "
        "that tell these groups apart, so what could be worked out from its numbers is not known and they "
        f"are not published; {_SEEN_BY[1]}",
    ),
    Why.UNAUDITED: Text(
        "由这些数字能不能推出不足 {few}的格子没有算出来（也可能就有这样的格子），"
        f"数字不公开；{_SEEN_BY[0]}",
        "Whether a cell of fewer than {few} follows from its numbers could not be worked out (there may "
        f"be such a cell), so they are not published; {_SEEN_BY[1]}",
    ),
}
"""Of a finding's own group and its reference; {few} are so many people, or units."""
BESIDE_OTHERS = Text(
    "有少数几行缺少这项检验要用、别的检验不用的内容，或者相反；由这些数字和别的检验的数字相减可得这些行，"
    "所以这项检验的数字不公开，别的检验的照常公开；主管部门和受托测试机构可以看到。",
    "A few rows lack what this probe needs and another does not, or the other way round; its numbers "
    "less the others' would tell of these rows, so they are not published and the others' are; the "
    "authority and the assigned tester can see them.",
)
"""Of all numbers of one probe, which is withheld so that those of every other can stand."""
TOGETHER: Mapping[Why, Text] = {
    Why.SMALL: Text(
        "这些数字由几组一起算出，其中有不足 {few}（也可能一个没有）的格子，由它们可以推出这些格子，数字不公开；"
        f"{_SEEN_BY[0]}",
        "Several groups give these numbers together, and some of them have cells of fewer than {few} (or "
        f"none) that could be worked out, so they are not published; {_SEEN_BY[1]}",
    ),
    Why.UNCOUNTED: ALONE[Why.UNCOUNTED],
    Why.UNAUDITED: ALONE[Why.UNAUDITED],
}
"""Of numbers that several groups give together."""
EITHER_WAY = Text(
    "差在哪一边也不公开，不一定对这一组不利。",
    "Which way it goes is not published either; it may be in this group's favour.",
)
"""Beside a verdict of two sides whose numbers go: "beyond the line" reads as a disadvantage."""
WITHIN: Mapping[Why, Text] = {
    Why.SMALL: Text(
        "其中有的组有不足 {few}（也可能一个没有）的格子，数字不公开。",
        "some of these groups have cells of fewer than {few} (or none), so these numbers are not published.",
    ),
    Why.UNCOUNTED: Text(
        "每一组里有多少个不同的单位没有数过，数字不公开。",
        "how many units stand in each of these groups was not counted, so these numbers are not published.",
    ),
    Why.UNAUDITED: Text(
        "由这些数字能不能推出不足 {few}的格子没有算出来，数字不公开。",
        "whether a cell of fewer than {few} follows from these numbers could not be worked out, so they "
        "are not published.",
    ),
}
"""The same, to go on a sentence with that began with what they are."""
ONE_SCORE = Text(
    "所有人的分数都一样，没有什么可用来猜，不作判断。",
    "The score is the same for all; there is nothing to tell by, and nothing is said.",
)
NOT_AN_INPUT = Text(
    "“{name}”不是模型的输入，改变它不会影响模型的结果，所以这项检验不适用。",
    "'{name}' is not an input of the model, so changing it can't affect the answer and this probe does not apply.",
)
NOT_AN_INPUT_OF_PRICES = Text(
    "“{name}”不是这个模型的输入，改它不会改变报价，所以这里无法评估。",
    "“{name}” is not an input of this model, so changing it can't change a quote; not evaluable here.",
)
OF_NOBODY = (ONE_SCORE, NOT_AN_INPUT, NOT_AN_INPUT_OF_PRICES)
"""Reasons for *not evaluable* that hold of everybody alike and state no number: they stay."""


def of_nobody(reading: Mapping[str, str]) -> Text | None:
    """Such a reason, where a sentence begins with it.

    Args:
        reading: of a finding.
    """
    for one in OF_NOBODY:
        told = [_begun(getattr(one, language), reading[language]) for language in LANGUAGES]
        if all(told):
            return Text(*told)
    return None


def _begun(template: str, said: str) -> str:
    """What a sentence begins with of a template whose only place is a feature's name; else nothing."""
    pattern = re.escape(template).replace(re.escape("{name}"), ".{1,200}?")
    found = re.match(pattern, said)
    return found[0] if found else ""
