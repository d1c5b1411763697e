"""The inside of a talk: questions that come in, answers that go out, each behind its length.

Standard library only, since it is read before and after the walls go up; see `registry.sandbox.talk`.
"""

import os
from collections.abc import Mapping
from typing import Any

HEAD = 8
"""Every message begins with its length, so many bytes, little-endian."""


def heard(order: Mapping[str, Any]) -> memoryview | None:
    """The next question; None when nobody asks any more.

    Args:
        order: what the process was told: its handles.
    """
    head = _exactly(order["go"], HEAD)
    return None if head is None else _exactly(order["go"], int.from_bytes(head, "little"))


def say(order: Mapping[str, Any], *parts: bytes) -> None:
    """Send one answer.

    Args:
        order: what the process was told: its handles.
        parts: the answer, one piece after the other.
    """
    os.write(order["control"], sum(map(len, parts)).to_bytes(HEAD, "little"))
    for part in parts:
        whole = memoryview(part)
        while whole:
            whole = whole[os.write(order["control"], whole) :]


def _exactly(handle: int, length: int) -> memoryview | None:
    content, at = memoryview(bytearray(length)), 0
    while at < length:
        got = os.readv(handle, [content[at:]])
        if not got:
            return None
        at += got
    return content
