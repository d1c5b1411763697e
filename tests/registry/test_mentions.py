"""A text names an input by the filer's own names alone; words that resemble one name nothing."""

from typing import Any

import pytest

from registry import mentions
from registry.language import Language


def text(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


COLUMNS: list[dict[str, Any]] = [
    {"name": "income_month", "plain": text("每月收入", "monthly income")},
    {"name": "debt", "plain": text("债务", "debt")},
    {"name": "debt2", "plain": text("债务记录", "record of debts")},
    {
        "name": "pubrec",
        "plain": text("是否破产过", "a past bankruptcy"),
        "values": {"0": text("没有", "no"), "1": text("有", "yes")},
        "phrases": {
            "0": text("没有破产过的人", "people without a past bankruptcy"),
            "1": text("破产过的人", "people with a past bankruptcy"),
        },
    },
    {
        "name": "married",
        "plain": text("是否已婚", "marital status"),
        "values": {"0": text("未婚", "not married"), "1": text("已婚", "married")},
    },
    {
        "name": "a",
        "plain": text("甲地", "place A"),
        "values": {"1": text("同一个", "the same one")},
    },
    {
        "name": "b",
        "plain": text("乙地", "place B"),
        "values": {"1": text("同一个", "the same one")},
    },
]


@pytest.mark.parametrize(
    ("language", "said", "named"),
    [
        ("zh", "看每月收入和债务。", [("income_month", None), ("debt", None)]),
        ("zh", "看債務記錄。", [("debt2", None)]),
        ("zh", "income_month越高越好。", [("income_month", None)]),
        ("zh", "收入越高越好。", []),  # resembles a name
        ("zh", "没有破产过的人分数更高。", [("pubrec", "没有破产过的人")]),
        ("zh", "破产过的人分数更低。", [("pubrec", "破产过的人")]),
        ("zh", "一个人破产过，一个人没有破产过。", [("pubrec", "破产过的人"), ("pubrec", "没有破产过的人")]),
        ("zh", "从未破产过的人。", [("pubrec", None)]),  # which level it is takes a guess
        ("zh", "看是否破产过。", [("pubrec", None)]),
        ("zh", "不看您是否已婚，已婚的人一样。", [("married", None), ("married", "已婚")]),
        ("zh", "没有，有，同一个。", []),
        ("en", "The higher the monthly income, the better.", [("income_month", None)]),
        ("en", "Debts, and the record of debts.", [("debt", None), ("debt2", None)]),
        ("en", "Indebted people.", []),
        ("en", "People without a past bankruptcy score higher.", [("pubrec", "没有破产过的人")]),
        ("en", "A past bankruptcy lowers it.", [("pubrec", "破产过的人")]),
        ("en", "No past bankruptcy.", [("pubrec", None)]),
        ("en", "Married people and people who are not married.", [("married", "已婚"), ("married", "未婚")]),
        ("en", "Yes or no, the same one.", []),
    ],
)  # fmt: skip
def test_what_a_text_names(
    language: Language, said: str, named: list[tuple[str, str | None]]
) -> None:
    found = mentions.found(said, COLUMNS, language)
    assert [(each.name, each.level.zh if each.level else None) for each in found] == named
    assert all(0 <= each.start < each.end <= len(said) for each in found)
