"""Passwords are checked a few at a time: who comes meanwhile stands in line and is not refused.

A check takes 64 MiB and a tenth of a second of a core, on purpose. A burst of good sign-ins must
neither fill the memory nor hold every thread of the server, and a try under way must not be taken
for a wrong one. So tries wait in one line per process, without a thread, and those for one account
are made one after the other. Only a line that nobody would wait through to its end is an overload.
"""

import os
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import anyio
from fastapi import Depends

from registry import credentials
from registry.errors import Unavailable

AT_ONCE = max(2, os.cpu_count() or 1)
"""Passwords that are checked side by side in one process; far below `guesses.FREE_WIDE`."""
LONGEST_LINE = 200
"""Tries that may wait in one process: some fifteen seconds on two cores."""
LOOK_SECONDS = 0.01
STRIPES = 64


class TooManySignIns(Unavailable):
    """More passwords are waiting to be checked than can be in good time: try again."""

    retry_after = 10


class Line:
    """Who is being served and who waits, in the order in which they came; for any event loop.

    Args:
        at_once: how many are served side by side.
        longest: how many may be in the line, those who are served included.
    """

    def __init__(self, at_once: int, longest: int) -> None:
        self._at_once, self._longest = at_once, longest
        self._tickets: list[object] = []
        self._lock = threading.Lock()

    async def turn(self) -> AsyncIterator[None]:
        """Wait for one's turn, and hold it until the caller is done.

        Raises:
            TooManySignIns: the line is full.
        """
        ticket = object()
        self._join(ticket)
        try:
            while not self._served(ticket):  # noqa: ASYNC110  # an event belongs to one loop
                await anyio.sleep(LOOK_SECONDS)
            yield
        finally:
            with self._lock:
                self._tickets.remove(ticket)

    def _join(self, ticket: object) -> None:
        with self._lock:
            if len(self._tickets) >= self._longest:
                raise TooManySignIns(
                    "同时登录的人太多，请稍后再试。账号没有问题，也没有计入输错次数。",
                    "Too many people are signing in at once; try again in a moment. Nothing is wrong "
                    "with the account, and this try is not counted.",
                )
            self._tickets.append(ticket)

    def _served(self, ticket: object) -> bool:
        with self._lock:
            return ticket in self._tickets[: self._at_once]


_line = Line(AT_ONCE, LONGEST_LINE)
_accounts = [threading.Lock() for _ in range(STRIPES)]


async def _in_turn() -> AsyncIterator[None]:
    async for _ in _line.turn():
        yield


in_turn = Depends(_in_turn)
"""For every route that checks a password or makes the hash of one; the gate has read the body."""


@contextmanager
def alone(email: str) -> Iterator[None]:
    """Let no other try for the same account be under way: its count is of decided tries only.

    Args:
        email: of the account, as typed.
    """
    with _accounts[hash(credentials.plain(email)) % STRIPES]:
        yield
