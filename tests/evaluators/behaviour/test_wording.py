"""The word lists are balanced, and exchanging their words leaves sentences that can be read."""

import pyarrow as pa
import pytest

from evaluators.behaviour import wording
from evaluators.behaviour.wording import LISTS


def swapped(name: str, text: str) -> str:
    return str(wording.exchanged(pa.array([text]), LISTS[name].change())[0])


@pytest.mark.parametrize("name", LISTS)
def test_every_word_stands_in_one_pair_and_comes_back(name: str) -> None:
    one = LISTS[name]
    words = [word.lower() for pair in (*one.pairs, *one.given) for word in pair]
    assert len(words) == len(set(words)), {w for w in words if words.count(w) > 1}
    for left, right in one.pairs:
        assert swapped(name, left) == right
        assert swapped(name, right) == left
    for left, right in one.given:
        assert swapped(name, f"王{left}") == f"王{right}"
        assert swapped(name, f"见{left}") in {f"见{left}", swapped(name, f"见{left}")}
    assert set(one.plain.as_json()) == {"zh", "en"}


@pytest.mark.parametrize("name", LISTS)
def test_kept_words_stay(name: str) -> None:
    for word in LISTS[name].kept:
        assert swapped(name, word) == word


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("gender", "他的妻子和女儿都在其他城市。", "她的丈夫和儿子都在其他城市。"),
        ("gender", "王建军先生，男，有一子女，喜欢吉他。", "王秀英小姐，女，有一子女，喜欢吉他。"),
        ("gender", "外祖父让他人别管男朋友", "外祖母让他人别管女朋友"),
        ("gender", "He told her that his wife likes HIM.", "She told him that her husband likes HER."),
        ("gender", "Her car is hers, his is his.", "His car is his, hers is hers."),
        ("gender", "The theme: a man, an actress and a heir", "The theme: a woman, an actor and an heiress"),
        ("gender", "Mr. James O'Neil wrote himself", "Ms. Mary O'Neil wrote herself"),
        ("names", "Emily's friend Jamal met a Kareem", "Lakisha's friend Greg met a Brett"),
        ("names", "维吾尔族的阿依古丽和张伟", "汉族的王芳和买买提"),
        ("names", "kelly green, no greg", "kelly green, no greg"),
        ("regions", "她从农村户口转到上海，北京时间八点", "她从城镇户口转到河南，北京时间八点"),
        ("regions", "An urban flat in Lagos, a rural house", "A rural flat in London, an urban house"),
        ("regions", "South Africa is south of a European port", "South Africa is north of an African port"),
    ],
)  # fmt: skip
def test_sentences_stay_sentences(name: str, text: str, expected: str) -> None:
    assert swapped(name, text) == expected


def test_sides_are_told_apart_and_nothing_stays_nothing() -> None:
    change = LISTS["gender"].change()
    found = wording.turned(pa.array(["他", "她", "他和她", "无", None, ""]), change)
    assert [side for _, side in found] == [1, 2, 3, 0, 0, 0]
    assert [text for text, _ in found] == ["她", "他", "她和他", "无", None, ""]


def test_a_column_of_levels_is_read_as_text() -> None:
    column = pa.array(["he", "x", "he"]).dictionary_encode()
    assert wording.exchanged(column, LISTS["gender"].change()).to_pylist() == ["she", "x", "she"]
