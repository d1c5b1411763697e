"""Waits on sandboxes: takes in what has arrived, looks at every clock, and returns."""

import select
from collections.abc import Sequence
from typing import Protocol

_PATIENCE = 0.25


class Heard(Protocol):
    """What is waited on: a round, or a zygote."""

    def handles(self) -> dict[int, str]:
        """The handles to wait on, by what they are for."""
        ...

    def hear(self, name: str) -> None:
        """Take in what has arrived."""
        ...

    def left(self) -> float:
        """Seconds until the deadline."""
        ...

    def tick(self) -> None:
        """Look at the clock and at whether it has ended."""
        ...


def listen(heard: Sequence[Heard]) -> None:
    """Wait a little for any of them, once.

    Args:
        heard: the zygotes, then the rounds that hang on them.
    """
    handles = {fd: (each, name) for each in heard for fd, name in each.handles().items()}
    patience = max(0.0, min(_PATIENCE, *(each.left() for each in heard), _PATIENCE))
    for fd in select.select(list(handles), [], [], patience)[0]:
        each, name = handles[fd]
        if name in each.handles().values():
            each.hear(name)
    for each in heard:
        each.tick()
