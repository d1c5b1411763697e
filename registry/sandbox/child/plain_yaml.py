"""YAML that somebody sent, read so that it costs little and holds plain values alone.

`MLmodel` is YAML, and YAML is more than it needs: aliases that stand for a million values, tags that
make objects, numbers to the base of sixty that take quadratic time, times of day. What is read here is
one document of lists, objects, texts, truths, nothing, whole numbers and fractions; every other plain
word is a text. Screening and the sandbox read by this one rule, so that both mean the same.
"""

import re
from typing import Any

import yaml

MAX_EVENTS = 5_000
MAX_DEPTH = 20
_TAG = "tag:yaml.org,2002:"
_WORDS = (f"{_TAG}null", f"{_TAG}bool")
_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})\Z")
_FRACTION = re.compile(
    r"(?:[-+]?(?:[0-9]{1,40}\.[0-9]{0,40}(?:[eE][-+][0-9]{1,3})?|\.[0-9]{1,40}|\.(?:inf|Inf|INF))"
    r"|\.(?:nan|NaN|NAN))\Z"
)


class _Keys:
    """Which keys the objects around the present event hold; None stands for a list."""

    def __init__(self) -> None:
        self._around: list[tuple[set[str], bool] | None] = []

    def see(self, event: yaml.Event) -> None:
        """Raise ValueError for a key that its object holds already."""
        if isinstance(event, yaml.CollectionEndEvent):
            self._around.pop()
        if not isinstance(event, yaml.NodeEvent):
            return
        if self._around and (inside := self._around[-1]) is not None:
            keys, expected = inside
            if expected and isinstance(event, yaml.ScalarEvent):
                if event.value in keys:
                    raise ValueError(f"the key {event.value[:80]!r} stands twice")
                keys.add(event.value)
            self._around[-1] = keys, not expected
        if isinstance(event, yaml.CollectionStartEvent):
            self._around.append(
                (set(), True) if isinstance(event, yaml.MappingStartEvent) else None
            )


class _Plain(yaml.SafeLoader):
    """Judges every event while the values are made: one reading, which ends at the first fault."""

    yaml_implicit_resolvers = {  # noqa: RUF012  # as the library declares it
        first: [each for each in every if each[0] in _WORDS]
        for first, every in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._keys = _Keys()
        self._depth = self._count = 0

    def get_event(self) -> Any:
        event = super().get_event()  # type: ignore[no-untyped-call]
        self._keys.see(event)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ValueError("aliases and anchors")
        if tag := getattr(event, "tag", None):
            raise ValueError(f"the tag {tag[:80]}")
        self._depth += isinstance(event, yaml.CollectionStartEvent)
        self._depth -= isinstance(event, yaml.CollectionEndEvent)
        self._count += 1
        if self._depth > MAX_DEPTH or self._count > MAX_EVENTS:
            raise ValueError("too deep or too long")
        return event


_Plain.add_implicit_resolver(f"{_TAG}int", _WHOLE, list("-+0123456789"))
_Plain.add_implicit_resolver(f"{_TAG}float", _FRACTION, list("-+.0123456789"))


def read(text: str) -> Any:
    """The value of one YAML document of plain values.

    Args:
        text: the document.

    Raises:
        ValueError: at an alias, a tag, a key that stands twice, or where it is too deep or too long.
        yaml.YAMLError: when it is no YAML.
    """
    loader = _Plain(text)
    try:
        return loader.get_single_data()
    except OverflowError as error:  # of the library, at a letter beyond all letters
        raise ValueError("a letter that is none") from error
    finally:
        loader.dispose()
