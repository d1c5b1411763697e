"""One round: a sandbox that gets one frame, answers it, is killed, and only then is read.

The order is what makes it safe: everything inside is dead before the answers are looked at, so
nothing can change them afterwards; and what comes out of the control pipe can only end a round,
never vouch for it. A `Cell` is a process started for one round; a `WarmRound` is forked for it.
"""

import json
import os
import signal
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from registry.archives import shown
from registry.sandbox.cgroups import ControlGroup
from registry.sandbox.frames import AnswersOut, FrameIn, unanswered
from registry.sandbox.limits import Limits
from registry.sandbox.verdict import Cause, Contained, not_started, reasons

_LOG_KEPT = 16 * 1024
_PIECE = 64 * 1024
_CAUSE_OF_SIGNAL: dict[int, Cause] = {
    signal.SIGSYS: Cause.FORBIDDEN_CALL,
    signal.SIGXCPU: Cause.WALL_CLOCK,
    signal.SIGXFSZ: Cause.OUTSIDE,
}
_TELLABLE = frozenset(Cause) - {Cause.NOT_STARTED, Cause.KILLED}


class Lost(Exception):
    """What no model can bring about ended a round or its zygote: ask the round again."""


class Round(ABC):
    """A sandbox in the making, ready, at work, or over.

    Args:
        limits: of the round.
        seconds: how long it may take to be ready.
    """

    def __init__(self, limits: Limits, *, seconds: float) -> None:
        self._limits = limits
        self.over = self.done = self.told = False
        self._waits = False
        self._rows: int | None = None
        self._verdict: Cause | None = None
        self._items: tuple[str, ...] = ()
        self._log = b""
        self._control = b""
        self._received = {"log": 0, "control": 0}
        self._deadline = time.monotonic() + seconds
        self._frame, self._answers = FrameIn(), AnswersOut()
        self._closed = False
        self._pipes: dict[str, int] = {}

    @property
    def ready(self) -> bool:
        """Whether it waits for its frame, and we hold all that ends it."""
        return self._waits and self._held()

    def _held(self) -> bool:
        return True

    @property
    @abstractmethod
    def group(self) -> ControlGroup | None:
        """The control group in which the model runs."""

    @abstractmethod
    def _own_end(self) -> Cause | None:
        """What ended it from inside; None while it runs."""

    @abstractmethod
    def kill(self) -> None:
        """End every process of the round, and return when they are gone."""

    @abstractmethod
    def _release(self) -> None:
        """Let go of what the round stood on; it is dead."""

    def _open_pipes(self) -> dict[str, int]:
        """Make the pipes; the sandbox's ends are returned, ours are kept."""
        inside = {}
        for name in ("control", "log"):
            self._pipes[name], inside[name] = os.pipe2(os.O_CLOEXEC)
            os.set_blocking(self._pipes[name], False)
        inside["go"], self._pipes["go"] = os.pipe2(os.O_CLOEXEC)
        return inside

    def handles(self) -> dict[int, str]:
        """What to wait on: handle and its name, for `hear`."""
        return {fd: name for name, fd in self._pipes.items() if name in {"control", "log"}}

    def give(self, table: pa.Table) -> None:
        """Hand over the frame and let the sandbox go; untrusted code runs from here on."""
        self._frame.fill(table)
        self._answers.size(table.num_rows)
        self._rows = table.num_rows
        self._deadline = time.monotonic() + self._limits.seconds
        with suppress(BrokenPipeError):
            os.write(self._pipes["go"], b"g")

    def left(self) -> float:
        """Seconds until the deadline; a cell that waits ready has none."""
        if self.ready and self._rows is None:
            return 3600.0
        return self._deadline - time.monotonic()

    def hear(self, name: str) -> None:
        """Take in what has arrived on one of the `handles`."""
        try:
            piece = os.read(self._pipes[name], _PIECE)
        except BlockingIOError:
            return
        if not piece:
            os.close(self._pipes.pop(name))
            return
        self._received[name] += len(piece)
        if name == "log":
            self._log = (self._log + piece)[:_LOG_KEPT]
            if self._received["log"] > self._limits.log:
                self._decide(Cause.OUTPUT_FLOOD)
        elif self._received["control"] > self._limits.control:
            self._decide(Cause.PROTOCOL)
        else:
            self._control += piece
            self._obey()

    def _obey(self) -> None:
        while b"\n" in self._control and not self.over:
            line, self._control = self._control.split(b"\n", 1)
            try:
                words = json.loads(line)
            except (ValueError, RecursionError):
                words = None
            if not isinstance(words, dict):
                self._decide(Cause.PROTOCOL)
            elif words.get("event") == "ready" and self._rows is None:
                self._waits = True
            elif words.get("event") == "done" and self._rows is not None:
                self.done = self.told = self.over = True
            elif words.get("event") == "failed" and words.get("cause") in _TELLABLE:
                self.told = True
                self._items = _names(words.get("items"))
                self._decide(Cause(words["cause"]))
            else:
                self._decide(Cause.PROTOCOL)

    def _decide(self, cause: Cause) -> None:
        self._verdict = self._verdict or cause
        self.over = True

    def tick(self) -> None:
        """Look at the clock and at whether the sandbox has ended by itself."""
        if self.over:
            return
        if self.left() <= 0:
            self._decide(Cause.WALL_CLOCK if self._rows is not None else Cause.NOT_STARTED)
        elif (cause := self._own_end()) is not None:
            self._hear_the_rest()
            if not self.over:
                self._decide(cause if self._rows is not None else Cause.NOT_STARTED)

    def _hear_the_rest(self) -> None:
        for name in set(self.handles().values()):
            self.hear(name)

    def _cause_of_signal(self, number: int) -> Cause:
        """What a signal that ended the process says; 0 is none."""
        if number == signal.SIGKILL:  # a model can send itself none: the filter has no call for it
            return Cause.MEMORY if self._starved() else Cause.KILLED
        return _CAUSE_OF_SIGNAL.get(number, Cause.CRASHED)

    def _starved(self) -> bool:
        return self.group is not None and self.group.out_of_memory()

    def finish(self) -> npt.NDArray[np.float64]:
        """Kill everything inside, then read and check the answers.

        Raises:
            Contained: when there are none to take; its cause says why.
            Lost: when it was killed from outside; the round may be asked again.
        """
        self.kill()
        self._hear_the_rest()
        starved = self._starved()
        answers = self._answers.read() if self._verdict is None else None
        self._verdict = self._verdict or _fault(answers)
        self.end()
        if self._verdict is None and answers is not None:
            return answers
        cause = Cause.MEMORY if starved else self._verdict or Cause.TRUNCATED
        if cause is Cause.KILLED:
            raise Lost
        if cause is Cause.NOT_STARTED:
            log = self._log.decode("utf-8", "replace")
            raise not_started(self._limits.start_seconds, log=log)
        raise Contained(
            cause, log=self._log.decode("utf-8", "replace"), reasons=reasons(cause, self._items)
        )

    def end(self) -> None:
        """Kill, and let go of everything; may be called twice."""
        self.over = True
        if self._closed:
            return
        self.kill()
        self._release()
        self._frame.close()
        self._answers.close()
        for fd in self._pipes.values():
            os.close(fd)
        self._pipes, self._closed = {}, True


def _fault(answers: npt.NDArray[np.float64] | None) -> Cause | None:
    """Why answers are not taken."""
    if answers is None or unanswered(answers):
        return Cause.TRUNCATED
    return None if np.isfinite(answers).all() else Cause.NON_FINITE


def _names(items: Any) -> tuple[str, ...]:
    if not isinstance(items, list):
        return ()
    return tuple(shown(str(item)) for item in items[:50])
