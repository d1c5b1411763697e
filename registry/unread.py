"""Keys of a document that nothing reads, which would be left unread without a word."""

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from registry.errors import Reason
from registry.language import Text


def reasons(given: Mapping[str, Any], known: Collection[str], place: str = "") -> Iterator[Reason]:
    """Each key that nothing reads, with what may have been meant.

    Args:
        given: the document, or an object within it.
        known: the keys that are read.
        place: where the object stands in the document; empty for the document itself.
    """
    there = ", ".join(known)
    for key in sorted(set(map(str, given)) - set(known)):
        near = get_close_matches(key.casefold(), known, n=1)
        remedy = (
            Text(f"是不是 {near[0]}", f"did you mean {near[0]}")
            if near
            else Text(f"请去掉；可用的有：{there}", f"leave it out; there are: {there}")
        )
        item = f"{place}.{key}" if place else key
        yield Reason(item, Text("没有这一项", "there is no such key"), remedy)
