"""Which way a sentence says that an input moves the result, for the person."""

import pytest

from registry import directions
from registry.directions import Named
from registry.language import Language

A, B = "\ue000", "\ue001"


def read(
    coded: str, language: Language, *, levels: bool = False, same: bool = False
) -> list[tuple[int, bool]]:
    sides = ("多", "少") if language == "zh" else ("more", "less")
    named = [
        Named(letter, "x" if same else letter, levels, sides)
        for letter in (A, B)
        if letter in coded
    ]
    results = ("通过", "不通过") if language == "zh" else ("approved", "refused")
    return list(directions.read(coded, named, language, results))


@pytest.mark.parametrize(
    ("language", "coded", "moves"),
    [
        ("zh", f"{A}越高，越容易通过。", [(0, True)]),
        ("zh", f"{A}越少，越容易通过。", [(0, False)]),
        ("zh", f"{A}高、{B}少的人分数更高。", [(0, True), (1, False)]),
        ("zh", f"{A}越高越容易通过，{B}越多越难通过。", [(0, True), (1, False)]),
        ("zh", f"{A}高低不限，更容易通过。", []),
        ("zh", f"{A}越高，越不容易通过。", [(0, False)]),
        ("zh", f"{A}越高，不一定更容易通过。", []),
        ("zh", f"{A}越高，越容易看懂。", []),
        ("en", f"the higher the {A}, the more likely you are to be approved.", [(0, True)]),
        ("en", f"with less {A} you are more likely to be refused.", [(0, True)]),
        ("en", f"more {A} does not make it easier to be approved.", []),
        ("en", f"you get a lower score with a higher {A}.", [(0, False)]),
        ("en", f"more {A} makes the form longer.", []),
    ],
)
def test_the_words_for_more_and_for_a_result(
    language: Language, coded: str, moves: list[tuple[int, bool]]
) -> None:
    assert read(coded, language) == moves


def test_of_two_levels_that_wait_for_one_result_neither_is_guessed() -> None:
    assert read(f"{A}和{B}分数更高。", "zh", levels=True, same=True) == []
    assert read(f"{A}比{B}分数更高。", "zh", levels=True, same=True) == [(0, True)]
    assert read(f"一个{A}，一个{B}，第二个人分数更高。", "zh", levels=True, same=True) == [
        (1, True)
    ]
    assert read(f"{A} score higher than {B}.", "en", levels=True, same=True) == [(0, True)]
