"""Commas within numbers are read as points only where they can be nothing else (statistics/25)."""

import pyarrow as pa
import pytest

from registry.decimal_commas import Commas, with_points


@pytest.mark.parametrize(
    ("words", "clear"),
    [
        (["1840,0", "359,333"], True),
        (["0,125"], True),
        (["1234,567"], True),
        (["1,234", "12,500"], False),
        (["1,5", "2.5"], False),
        (["1", "2.5"], True),
        (["-1,234", "-1,23"], True),
    ],
)
def test_what_a_comma_is_shows_over_the_whole_column(words: list[str], clear: bool) -> None:
    commas = Commas()
    for at, word in enumerate(words):
        commas.see(pa.array([word, None]), 2 * at)
    reason = commas.doubt("due")
    assert (reason is None) == clear
    if reason is not None:
        assert "Row 1 " in reason.said.en


def test_words_and_amounts_with_thousands_stay_as_they_are() -> None:
    words = pa.array(["1,5", "-,5", "a,5", "1.234,5", None, "1"])
    assert with_points(words).to_pylist() == ["1.5", "-.5", "a,5", "1.234,5", None, "1"]
