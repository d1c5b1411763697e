"""Security stranger on issue 7, F7d/2 and 3: `MLmodel` is read cheaply, as plain values or not at all."""

import math
import time
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from registry.sandbox.child import plain_yaml
from registry.screening import MAX_MLMODEL

SECONDS = 2.0
ROOM = MAX_MLMODEL - 16

COSTLY: dict[str, Callable[[], str]] = {
    "a number to the base of sixty": lambda: "x: 1" + ":1" * (ROOM // 2),
    "many such numbers": lambda: "".join(f"k{n}: 1{':1' * 1000}\n" for n in range(ROOM // 2010)),
    "a fraction to the base of sixty": lambda: "x: 1" + ":1" * 300 + ":1.5",
    "a number of many digits": lambda: "x: " + "9" * ROOM,
    "a hexadecimal number": lambda: "x: 0x" + "f" * ROOM,
    "a binary number": lambda: "x: 0b" + "1" * ROOM,
    "underscores": lambda: "x: 1" + "_" * ROOM,
    "a fraction of many digits": lambda: "x: 1." + "1" * ROOM,
    "an exponent of many digits": lambda: "x: 1.0e+" + "9" * ROOM,
    "a year that is none": lambda: "x: 2024-13-45",
    "the last hour of all": lambda: "x: 9999-12-31T23:59:59-23:59",
    "the hour before the first": lambda: "x: 0001-01-01T00:00:00+23:59",
    "open brackets": lambda: "x: " + "[" * ROOM,
    "open braces": lambda: "{" * ROOM,
    "commas": lambda: "x: [" + "a," * (ROOM // 2),
    "dashes": lambda: "- " * (ROOM // 2),
    "questions": lambda: "? " * (ROOM // 2),
    "blanks": lambda: "x: 1\n" + " " * ROOM,
    "a remark": lambda: "#" * ROOM,
    "empty lines in a text": lambda: 'x: "' + "\n" * ROOM + '"',
    "lines of a text": lambda: "x: |\n" + " a\n" * (ROOM // 3),
    "lines of a plain text": lambda: "x: a\n" + " a\n" * (ROOM // 3),
    "escapes": lambda: 'x: "' + "\\x41" * (ROOM // 4) + '"',
    "a merge": lambda: "<<: {a: 1}\nb: 2",
    "a default": lambda: "x: =",
    "a name for a value": lambda: "&a x",
    "documents": lambda: "--- a\n" * 1000,
    "long keys": lambda: "k" * 2000 + ": 1",
    "a lone surrogate": lambda: 'x: "\\ud800"',
    "a letter that is none": lambda: 'x: "\\UFFFFFFFF"',
}


@pytest.mark.parametrize("make", COSTLY.values(), ids=COSTLY)
def test_what_is_no_plain_value_costs_little_and_is_text_or_refused(
    make: Callable[[], str],
) -> None:
    """Two seconds of the processor for the longest `MLmodel`, and no error of another kind."""
    begun = time.process_time()
    try:
        value = plain_yaml.read(make())
    except (yaml.YAMLError, ValueError) as refused:
        assert str(refused)  # noqa: PT017  # both outcomes are right
    else:
        assert isinstance(value, dict | str | None)
    assert time.process_time() - begun < SECONDS


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@given(PLAIN)
def test_what_mlflow_writes_is_read_as_the_library_reads_it(value: Any) -> None:
    """MLflow writes by `safe_dump`: texts that look like times or numbers stand in quotes there."""
    written = yaml.safe_dump(value, default_flow_style=False, allow_unicode=True)
    assert _same(plain_yaml.read(written), yaml.safe_load(written))


def _same(read: Any, value: Any) -> bool:
    if isinstance(value, dict):
        return read.keys() == value.keys() and all(
            _same(read[each], value[each]) for each in value
        )
    if isinstance(value, list):
        return len(read) == len(value) and all(map(_same, read, value))
    if isinstance(value, float) and math.isnan(value):
        return isinstance(read, float) and math.isnan(read)
    return type(read) is type(value) and bool(read == value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1:30", "1:30"), ("1:1:1.5", "1:1:1.5"), ("0x1F", "0x1F"), ("017", "017"), ("1_000", "1_000"),
        ("2024-01-01", "2024-01-01"), ("'1'", "1"), ("9" * 19, "9" * 19), ("-17", -17), ("1.5e+3", 1500.0),
        ("yes", True), ("~", None), ("<<", "<<"), ("0", 0), ("1e3", "1e3"), ("+1", 1), (".inf", math.inf),
    ],
)  # fmt: skip
def test_plain_words_are_read_by_one_table(text: str, value: Any) -> None:
    """Whatever is no truth, nothing, or short number stays the text that stands there."""
    assert plain_yaml.read(f"x: {text}\n") == {"x": value}


@pytest.mark.parametrize("text", ["a: &a 1", "a: *a", "a: !!int 1", "a: !!python/none", "[" * 21])
def test_what_a_model_never_holds_is_refused(text: str) -> None:
    """Names for values, tags, and depth."""
    with pytest.raises((ValueError, yaml.YAMLError)):
        plain_yaml.read(text)
