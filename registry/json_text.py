"""JSON that somebody sent or wrote, read so that it means one thing only.

Readers differ about a key that stands twice: most keep the last value and say nothing, some the
first (RFC 8259, 4: "the names within an object SHOULD be unique"). What a person reads in a file
could then be other than what is evaluated or filed, so every door refuses it here, by name.
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from registry import characters
from registry.errors import Invalid, Reason
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
        _refuse(
            list(_places(value, within)) or [key for each in doubled for key in each.keys_twice]
        )
    return value


def _places(value: Any, within: str) -> Iterator[str]:
    """The path of every key that stands twice; one below a value that lost has none."""
    waiting = [(within, value)]
    while waiting:
        path, each = waiting.pop()
        if isinstance(each, _Doubled):
            yield from (f"{path}.{key}".lstrip(".") for key in each.keys_twice)
        if isinstance(each, dict):
            waiting += [(f"{path}.{key}".lstrip("."), inner) for key, inner in each.items()]
        elif isinstance(each, list):
            waiting += [(f"{path}.{n}".lstrip("."), inner) for n, inner in enumerate(each)]


def _refuse(places: list[str]) -> None:
    raise KeyTwice(
        "同一个键写了两次，看不出以哪一个为准，没有保存任何内容。请按所列位置各留一个。",
        "A key stands twice, so which value counts cannot be told. Nothing was stored; keep one of "
        "each that is listed.",
        reasons=[_reason(place) for place in places[: characters.MOST_REASONS]],
    )


def _reason(place: str) -> Reason:
    key = characters.visible(place.rpartition(".")[2])[: characters.SHOWN_PATH]
    return Reason(
        characters.visible(place)[: characters.SHOWN_PATH],
        Text(
            f"键“{key}”在同一个对象里写了不止一次。",
            f"The key {key!r} stands twice in one object.",
        ),
        Text("请只留一个。", "Keep one of them."),
    )
