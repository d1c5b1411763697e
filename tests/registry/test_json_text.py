"""A key that stands twice is refused by name, wherever it stands."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import json_text
from registry.json_text import KeyTwice
from registry.sandbox.child import plain_yaml

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@given(VALUES)
def test_what_holds_every_key_once_is_read_as_it_is(value: Any) -> None:
    """The same value as the standard library's."""
    assert json_text.parse(json.dumps(value)) == value
    assert json_text.parse(json.dumps(value).encode()) == value


@given(VALUES, st.text(), VALUES, VALUES)
def test_a_key_that_stands_twice_is_refused_at_any_depth(
    around: Any, key: str, one: Any, other: Any
) -> None:
    """Equal values or not: which one counts is nobody's to guess."""
    name = json.dumps(key)
    twice = f"{{{name}: {json.dumps(one)}, {name}: {json.dumps(other)}}}"
    text = f'{{"around": {json.dumps(around)}, "list": [0, {twice}]}}'
    with pytest.raises(KeyTwice) as told:
        json_text.parse(text)
    assert told.value.reasons


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ('{"a": 1, "a": 1}', "a"),
        ('{"plan": {"k": [1, {"b": 1, "c": 2, "b": 3}]}}', "plan.k.1.b"),
        ('{"a": {"b": 1, "b": 2}, "a": 3}', "a"),
        ('{"\\u0061": 1, "a": 2}', "a"),
    ],
)
def test_the_place_is_named_in_both_languages(text: str, item: str) -> None:
    """Key, place and remedy; another spelling of a letter is the same key."""
    with pytest.raises(KeyTwice) as told:
        json_text.parse(text)
    (reason,) = told.value.reasons
    assert reason.item == item
    key = item.rpartition(".")[2]
    assert f"“{key}”" in reason.said.zh
    assert f"'{key}'" in reason.said.en
    assert reason.remedy.zh
    assert reason.remedy.en


def test_where_it_stands_comes_before_the_path_of_the_item() -> None:
    """A form's field, for instance."""
    with pytest.raises(KeyTwice) as told:
        json_text.parse('{"a": {"b": 1, "b": 2}}', within="metadata")
    assert told.value.reasons[0].item == "metadata.a.b"


@pytest.mark.parametrize("text", ["a: 1\na: 2\n", "x:\n  - {b: 1, b: 2}\n", "{a: {c: 1}, a: 2}"])
def test_a_key_that_stands_twice_in_yaml_is_refused(text: str) -> None:
    """MLmodel says one thing only, too."""
    with pytest.raises(ValueError, match="twice"):
        plain_yaml.read(text)
    assert plain_yaml.read("a: {a: 1, b: [a, a]}\nb: 1\n") == {
        "a": {"a": 1, "b": ["a", "a"]},
        "b": 1,
    }
