"""A word that stands for a number is told with what it seems to be, its row and a remedy (statistics/16)."""

import pytest

from registry import amounts


@pytest.mark.parametrize(
    ("word", "said", "remedy"),
    [
        ("1,234.50", "thousands", "1234.5"),
        ("1’234", "thousands", "1234.5"),
        ("12 500", "thousands", "1234.5"),
        ("1.234,50", "decimal comma", "1234.5"),
        ("12,5", "decimal comma", "1234.5"),
        ("¥12.00", "currency", "one currency"),
        ("￥1,200", "currency", "one currency"),
        ("12元", "currency", "one currency"),
        ("USD 12", "currency", "one currency"),
        ("HK$ 12", "currency", "one currency"),
        ("12.5%", "percentage", "0.125"),
        ("１２％", "percentage", "0.125"),
        ("inf", "infinite", "empty"),
        ("-Infinity", "infinite", "empty"),
        ("3 km", "unit", "one unit"),
        ("12元/晚", "unit", "one unit"),
        ("unknown", "no number", "correct"),
    ],
)
def test_what_a_word_was_meant_to_be(word: str, said: str, remedy: str) -> None:
    reason = amounts.reason("price", 1234, word)
    assert reason.item == "price"
    assert "1,234" in reason.said.zh
    assert word in reason.said.zh
    assert said in reason.said.en
    assert remedy in reason.remedy.en


def test_a_long_word_is_cut() -> None:
    assert "x" * 41 not in amounts.reason("price", 1, "x" * 500).said.en
