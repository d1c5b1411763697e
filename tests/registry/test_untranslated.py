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
