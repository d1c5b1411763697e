"""Security stranger on issue 7: a small JSON text costs little, however long its keys are."""

import tracemalloc
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.web import incoming
from registry import characters, json_places, json_text, lengths
from registry.errors import Invalid, Reason

MEBIBYTES = 32
LONG, MANY = "k" * 20_000, 20_000
"""60 kB; a path for each of the values would be 400 MB."""

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3)
    ),
    max_leaves=12,
)


def listed(inner: str) -> str:
    """A key of 20,000 letters above 20,000 equal values."""
    return f'{{"{LONG}": [{",".join([inner] * MANY)}]}}'


CHECKS: dict[str, Callable[[], Any]] = {
    "numbers": lambda: incoming.check_document(json_text.parse(listed("1"))),
    "numbers beyond": lambda: incoming.check_document(json_text.parse(listed("1e999"))),
    "words": lambda: incoming.check_document(json_text.parse(listed('"a"'))),
    "hidden": lambda: incoming.check_document(json_text.parse(listed('"\\u202e"'))),
    "lists": lambda: incoming.check_document(json_text.parse(listed("[]"))),
    "keys twice": lambda: json_text.parse(listed('{"a":1,"a":2}')),
    "a key twice and more": lambda: json_text.parse(f'[{listed("1")},{{"a":1,"a":2}}]'),
    "keys": lambda: incoming.check_document({LONG: {str(n): n for n in range(MANY)}}),
    "too long": lambda: lengths.within(json_text.parse(listed('"ab"')), 1),
    "short enough": lambda: lengths.within(json_text.parse(listed('"a"')), 1),
}


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_a_place_is_spelt_only_where_somebody_is_told_it(check: Callable[[], Any]) -> None:
    """Memory goes by what was sent, not by the length of a key times what stands below it."""
    tracemalloc.start()
    try:
        reasons = refusals(check)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < MEBIBYTES * 2**20, f"{peak:,}"
    assert len(reasons) <= characters.MOST_REASONS
    assert all(len(each.item) <= characters.SHOWN_PATH for each in reasons)


def refusals(check: Callable[[], Any]) -> Sequence[Reason]:
    """Why it is refused; none where it is not."""
    try:
        check()
    except Invalid as refused:
        return refused.reasons
    return []


def spelt(value: Any, path: str) -> list[tuple[str, Any]]:
    """What `walk` is to give, by recursion and with every place spelt."""
    inside = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    below = [each for name, inner in inside for each in spelt(inner, f"{path}.{name}".lstrip("."))]
    return [(path, value), *below]


@given(VALUES, st.sampled_from(["", "body"]))
def test_every_value_is_met_once_at_its_place(value: Any, within: str) -> None:
    """Lists by number, objects by key, in the order of the text."""
    walked = [(str(place), each) for place, each in json_places.walk(value, within)]
    assert walked == spelt(value, within)


def test_depth_is_no_recursion() -> None:
    """Ten thousand lists in one another."""
    value: list[Any] = []
    for _ in range(10_000):
        value = [value]
    *_, (place, _) = json_places.walk(value)
    assert str(place) == ".".join(["0"] * 10_000)
