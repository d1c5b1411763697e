"""Every value of a JSON value with its place, for checks that name what is wrong.

A place is spelt only when somebody is told it: a key of half a megabyte above a list of as many
numbers would otherwise be written out for every one of them, a small request for all the memory
there is.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple


class Place(NamedTuple):
    """Where a value stands: inside another, by its key or number.

    Args:
        around: the place of what holds it; None for the whole.
        name: its key, its number in a list, or what the whole is called, which may be nothing.
    """

    around: "Place | None"
    name: str

    def __str__(self) -> str:
        names, place = [self.name], self.around
        while place is not None:
            names.append(place.name)
            place = place.around
        if not names[-1]:
            names.pop()
        return ".".join(reversed(names))


def walk(value: object, within: str = "") -> Iterator[tuple[Place, object]]:
    """The value and every value inside it, each with its place, in the order of the text.

    Args:
        value: texts, numbers, lists and objects; no recursion, for it may be deep.
        within: what the value is, put before each place.
    """
    open_ones = [iter([(Place(None, within), value)])]
    while open_ones:
        for place, each in open_ones[-1]:
            yield place, each
            if isinstance(each, Mapping | list | tuple):
                open_ones.append(_inside(place, each))
                break
        else:
            open_ones.pop()


def _inside(
    around: Place, value: Mapping[object, object] | list[object] | tuple[object, ...]
) -> Iterator[tuple[Place, object]]:
    named = value.items() if isinstance(value, Mapping) else enumerate(value)
    return ((Place(around, str(name)), inner) for name, inner in named)
