"""JSON that somebody sent or wrote, read so that it means one thing only.

Readers differ about a key that stands twice: most keep the last value and say nothing, some the
first (RFC 8259, 4: "the names within an object SHOULD be unique"). What a person reads in a file
could then be other than what is evaluated or filed, so every door refuses it here, by name.
"""

import json
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

from registry import characters, json_places
from registry.errors import Invalid, Reason
from registry.json_places import Place
from registry.language import Text


class KeyTwice(Invalid):
    """A key stands twice in one object: keep one of them."""


class _Doubled(dict[str, Any]):
    """An object in which keys stand twice, until its place is known."""

    keys_twice: tuple[str, ...] = ()


def parse(text: str | bytes, *, within: str = "") -> Any:
    """The value of a JSON text.

    Args:
        text: as sent.
        within: what it is, put before the path of each item.

    Raises:
        KeyTwice: naming each key that stands twice, and its place.
        ValueError, RecursionError: when it is no JSON, as `json.loads` raises them.
    """
    doubled: list[_Doubled] = []

    def as_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) == len(pairs):
            return value
        times = Counter(key for key, _ in pairs)
        marked = _Doubled(value)
        marked.keys_twice = tuple(key for key, number in times.items() if number > 1)
        doubled.append(marked)
        return marked

    value = json.loads(text, object_pairs_hook=as_object)
    if doubled:
        # One below a value that lost against another of its key has no place.
        alone = (Place(None, key) for each in doubled for key in each.keys_twice)
        _refuse(_first(_places(value, within)) or _first(alone))
    return value


def _places(value: Any, within: str) -> Iterator[Place]:
    """Where each key stands that stands twice."""
    for place, each in json_places.walk(value, within):
        if isinstance(each, _Doubled):
            yield from (Place(place, key) for key in each.keys_twice)


def _first(places: Iterator[Place]) -> list[Place]:
    return list(islice(places, characters.MOST_REASONS))


def _refuse(places: list[Place]) -> None:
    raise KeyTwice(
        "同一个键写了两次，看不出以哪一个为准，没有保存任何内容。请按所列位置各留一个。",
        "A key stands twice, so which value counts cannot be told. Nothing was stored; keep one of "
        "each that is listed.",
        reasons=[_reason(place) for place in places],
    )


def _reason(place: Place) -> Reason:
    key = characters.shown(Place(None, place.name))
    return Reason(
        characters.shown(place),
        Text(
            f"键“{key}”在同一个对象里写了不止一次。",
            f"The key {key!r} stands twice in one object.",
        ),
        Text("请只留一个。", "Keep one of them."),
    )
