"""A name of a model that is refused is told what of it may not stand."""

import re

import pytest

from registry import model_names

OLD = re.compile(r"[^\W_](?:[\w .\-]{0,118}[\w])?")
"""The rule as one expression."""


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("信用 评分（二）", "“（”, “）” may not stand"),
        ("《评分》", "“《”, “》” may not stand"),
        ("a·b", "“·” may not stand"),
        ("a@b/c", "“@”, “/” may not stand"),
        ("汉" * 121, "it has 121 characters, 120 are the most"),
        ("_a", "it may not begin with “_”"),
        (".a", "it may not begin with “.”"),
        ("a.", "it may not end with “.”"),
        ("a-", "it may not end with “-”"),
        ("a..b", "dots may not follow each other"),
    ],
)
def test_a_refused_name_is_told_which_of_its_characters_it_is(name: str, why: str) -> None:
    """Every one was told the whole rule, and of 121 characters all were repeated."""
    with pytest.raises(model_names.NameNotAllowed) as refused:
        model_names.checked(name)
    assert why in " ".join(reason.said.en for reason in refused.value.reasons)
    assert all(reason.remedy.zh for reason in refused.value.reasons)
    assert len(refused.value.said.zh) < 150


@pytest.mark.parametrize(
    "name",
    ["a", "信用评分", "a b", "a.b-c_d", "汉" * 120, "1", "a_", "", "-", "a b ", "é", "x" * 121, "_", "a…"],
)  # fmt: skip
def test_the_same_names_are_taken_as_before(name: str) -> None:
    spelt = name.strip()
    taken = OLD.fullmatch(spelt) is not None and ".." not in spelt
    try:
        assert model_names.checked(name) == spelt
    except model_names.NameNotAllowed:
        assert not taken
    else:
        assert taken


@pytest.mark.parametrize("alias", ["сhampion", "ｃhampion", "champion\u200d"])
def test_an_alias_that_looks_like_another_word_is_refused(alias: str) -> None:
    with pytest.raises(model_names.AliasNotAllowed) as refused:
        model_names.require_alias(alias)
    assert refused.value.reasons
    for plain in ("champion", "冠军", "v2", ""):
        model_names.require_alias(plain)
