"""What says something, and what only fills a box."""

import pytest

from registry import substance


@pytest.mark.parametrize(
    "filler",
    [
        *("", "—", "——", "-", "...", "。", "？？？", "n/a", "N / A", "NA.", "ｎ／ａ", "无", "暂无。", "無", "略", "同上"),
        *("无。无。无。", "待补充……", "TBD", "To be added.", "test", "aaaa", "xxxx", "啊啊啊", "12345", "(none)", "没有；暂无"),
    ],
)  # fmt: skip
def test_a_filler_says_nothing(filler: str) -> None:
    assert not substance.says_something(filler)


@pytest.mark.parametrize(
    "answer",
    [
        *("某公司。", "某校", "华为", "IBM", "a school", "A company.", "没有人看，由程序决定。", "打12345。"),
        *("不知道找谁，就打电话。", "Nobody.", "None of us decides; the program does.", "无人审核，程序直接决定。"),
    ],
)  # fmt: skip
def test_an_answer_says_something_however_short(answer: str) -> None:
    assert substance.says_something(answer)


def test_what_is_repeated_counts_once() -> None:
    assert substance.unrepeated("甲乙，甲乙，甲乙丙") == "甲乙丙"
    assert substance.han("甲a乙1甲。") == {"甲", "乙"}
