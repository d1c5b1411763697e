"""An answer as somebody types it: the boxes of the form of the dossier, and what goes into each."""

from collections.abc import Mapping
from typing import Any

from filing.fields import Kind, Part


def places(place: str, part: Part, value: Any) -> list[tuple[str, str]]:
    """The boxes of a form of the dossier that an answer is typed into, by name.

    Args:
        place: under which the answer stands, such as `a/B7`.
        part: the field's value, or a part of it.
        value: the answer.
    """
    if part.kind is Kind.MULTI:
        return [(place, each) for each in value]
    if part.kind is Kind.PARTS:
        return [
            found
            for each in part.parts
            if each.id in value
            for found in places(f"{place}/{each.id}", each, value[each.id])
        ]
    if part.kind is Kind.ROWS:
        return [
            found
            for number, row in enumerate(value, 1)
            for each in part.parts
            if each.id in row
            for found in places(f"{place}/{number}/{each.id}", each, row[each.id])
        ]
    if isinstance(value, Mapping):  # wordings by language, answers by question
        return [(f"{place}/{name}", str(text)) for name, text in value.items()]
    return [(f"{place}/zh" if part.kind is Kind.TEXT else place, str(value))]
