"""A sandboxed process that is asked questions: started once, asked often, then ended.

It stands behind the same walls as a model's sandbox (see `registry.sandbox.cell`). A model's
answers are read after its death; here questions follow each other, so an answer is read while the
process lives. Therefore an answer is bytes that are copied out, of a bounded length, within a
bounded time; what they mean is for the asker to check. A process that breaks this is ended.
"""

import fcntl
import os
import select
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from registry.sandbox.cell import Cell
from registry.sandbox.model import Model
from registry.sandbox.process import Ways
from registry.sandbox.runtime import Runtime, runtime
from registry.sandbox.tiers import Tier
from registry.sandbox.verdict import Cause

HEAD = 8
"""Every message begins with its length, so many bytes, little-endian."""
_PIECE = 1 << 18
_SET_PIPE_SIZE = 1031
_SIGNALLED = 128
"""An exit code beyond it names the signal that ended the process, as a shell has it."""
_CPU_SECONDS = 4 * 3600


class Ended(Exception):
    """The process was ended, or ended itself: `cause` says why, `log` what it printed.

    Args:
        cause: the one cause.
        log: the process's output, capped; written by whoever wrote the code, never to be believed.
    """

    def __init__(self, cause: Cause, log: str = "") -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.log = log


@dataclass(frozen=True, slots=True)
class TalkWays(Ways):
    """How a process that is asked questions is made.

    Args:
        stage: the folder its modules are imported from.
        main: the module in it whose `main` is run.
        trusted: whether only code of ours chooses how the process ends. A kill from outside tells
            itself by an exit code where a wall stands between, and a plugin may leave with it too.
    """

    stage: Path
    main: str
    trusted: bool = False

    @property
    def runtime(self) -> Runtime:
        """The interpreter and packages, with the stage in the place of the model's worker."""
        return replace(runtime(for_others=self.pool_uid), child=self.stage, main=self.main)


class Talk(Cell):
    """A process behind the walls of `tier`, and the way to ask it.

    Like every cell it lives no longer than the thread that starts it.

    Args:
        tier: a tier that exists.
        ways: limits and what is run.

    Raises:
        OSError, NoFreeUid, GroundNotOurs: when no process can be started.
    """

    def __init__(self, ways: TalkWays) -> None:
        self._answer = bytearray()
        self._trusted = ways.trusted
        super().__init__(ways, Model(ways.stage, None))

    @classmethod
    def of(
        cls, tier: Tier, ways: Ways, *, stage: Path, main: str, trusted: bool = False
    ) -> "Talk":
        """A process of this tier.

        Args:
            tier: a tier that exists.
            ways: its limits (`Tier.ways`).
            stage: the folder with the modules.
            main: the module whose `main` is run.
            trusted: whether only code of ours chooses how it ends.
        """
        return cls(
            TalkWays(
                tier.name,
                tier.pool_uid,
                tier.cgroup,
                warm=False,
                limits=ways.limits,
                stage=stage,
                main=main,
                trusted=trusted,
            )
        )

    def _open_pipes(self) -> dict[str, int]:
        inside = super()._open_pipes()
        os.set_blocking(self._pipes["go"], False)
        for fd in (self._pipes["go"], inside["control"]):
            with suppress(OSError):  # a wider pipe is faster, and needs a permission
                fcntl.fcntl(fd, _SET_PIPE_SIZE, 1 << 20)
        return inside

    def _told(self, handles: dict[str, int]) -> dict[str, Any]:
        told = super()._told(handles)
        # Each answer has its own deadline; the processor time of all of them has this one.
        return told | {"limits": told["limits"] | {"RLIMIT_CPU": _CPU_SECONDS}}

    def _own_end(self) -> Cause | None:
        code = self.confined.code()
        if self._trusted and code is not None and code > _SIGNALLED:
            return self._cause_of_signal(code - _SIGNALLED)
        return super()._own_end()

    @property
    def log(self) -> str:
        """What the process has printed so far, capped."""
        return self._log.decode("utf-8", "replace")

    def ask(self, question: Sequence[bytes | memoryview], *, seconds: float, most: int) -> bytes:
        """One answer to one question.

        Args:
            question: its parts, sent one after the other behind their length; none is sent for
                an empty one, and the answer is awaited all the same.
            seconds: how long both may take.
            most: bytes of the longest answer that is taken.

        Raises:
            Ended: when there is no such answer; the process is gone then.
        """
        if self.over:
            raise Ended(self._verdict or Cause.CRASHED, self.log)
        self._rows = 0  # from here on an end is no failure to start
        waiting = [memoryview(part).cast("B") for part in question if len(part)]
        length = sum(len(part) for part in waiting)
        if waiting:
            waiting.insert(0, memoryview(length.to_bytes(HEAD, "little")))
        self._deadline = time.monotonic() + seconds
        while True:
            if (answer := self._taken(most)) is not None:
                return answer
            self._exchange(waiting)
            if self.over:
                self._give_up()

    def _taken(self, most: int) -> bytes | None:
        """The answer, once it is whole."""
        if len(self._answer) < HEAD:
            return None
        length = int.from_bytes(self._answer[:HEAD], "little")
        if length > most or len(self._answer) > HEAD + length:
            self._decide(Cause.OUTPUT_FLOOD if length > most else Cause.PROTOCOL)
            self._give_up()
        if len(self._answer) < HEAD + length:
            return None
        answer = bytes(self._answer[HEAD:])
        self._answer.clear()
        return answer

    def _exchange(self, waiting: list[memoryview]) -> None:
        """Send and hear what can be sent and heard now, and look at the clock."""
        readable = list(self.handles())
        writable = [self._pipes["go"]] if waiting else []
        ready = select.select(readable, writable, [], max(0.0, min(0.25, self.left())))
        for fd in ready[0]:
            self.hear(self.handles()[fd])
        if ready[1]:
            self._send(waiting)
        self.tick()

    def _send(self, waiting: list[memoryview]) -> None:
        try:
            sent = os.write(self._pipes["go"], waiting[0][:_PIECE])
        except BlockingIOError:
            return
        except BrokenPipeError:
            waiting.clear()
            return
        waiting[0] = waiting[0][sent:]
        if not waiting[0]:
            waiting.pop(0)

    def hear(self, name: str) -> None:
        """Take in what has arrived on one of the `handles`."""
        if name != "control":
            super().hear(name)
            return
        try:
            piece = os.read(self._pipes[name], _PIECE)
        except BlockingIOError:
            return
        if piece:
            self._answer += piece
        else:
            os.close(self._pipes.pop(name))

    def _give_up(self) -> None:
        """End the process and say why."""
        self.kill()
        for name in set(self.handles().values()) - {"control"}:
            self.hear(name)
        cause = Cause.MEMORY if self._starved() else self._verdict or Cause.CRASHED
        self._verdict, log = cause, self.log
        self.end()
        raise Ended(cause, log)
