"""One single-use sandbox: started ahead of time, given one frame, killed, then read.

The order is what makes it safe: everything inside is dead before the answers are looked at, so
nothing can change them afterwards; and what comes out of the control pipe can only end a round,
never vouch for it.
"""

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from registry.archives import shown
from registry.sandbox import launch, pool_uids, seccomp
from registry.sandbox.cgroups import ControlGroup
from registry.sandbox.child.classes import Classes
from registry.sandbox.frames import AnswersOut, FrameIn, sealed, unanswered
from registry.sandbox.limits import Limits
from registry.sandbox.runtime import Runtime, runtime
from registry.sandbox.verdict import Cause, Contained, reasons

_LOG_KEPT = 16 * 1024
_PIECE = 64 * 1024
_CAUSE_OF_SIGNAL: dict[int, Cause] = {
    signal.SIGSYS: Cause.FORBIDDEN_CALL,
    signal.SIGXCPU: Cause.WALL_CLOCK,
    signal.SIGXFSZ: Cause.DISK,
}
_TELLABLE = frozenset(Cause) - {Cause.NOT_STARTED}


@dataclass(frozen=True, slots=True)
class Ways:
    """How cells are made here: the tier's name and what it stands on."""

    tier: str
    pool_uid: bool
    cgroup: bool
    limits: Limits

    @property
    def runtime(self) -> Runtime:
        """The interpreter and packages, reachable for the cell's user id."""
        return runtime(for_others=self.pool_uid)


class Cell:
    """A sandbox in the making, ready, at work, or over.

    It lives no longer than the thread that starts it (the kernel ends it with that thread).

    Args:
        ways: tier and limits.
        model: the model's folder, where the cell's user id can read it.
        trial: a file that must stay out of reach: try the walls instead of opening a model.
        classes: how a classifier's answers are read; None reads numbers.
    """

    def __init__(
        self,
        ways: Ways,
        model: Path,
        *,
        trial: Path | None = None,
        classes: Classes | None = None,
    ) -> None:
        self._limits = ways.limits
        self._ways, self._classes = ways, classes
        self.ready = False
        self.over = self._gone = False
        self._rows: int | None = None
        self._verdict: Cause | None = None
        self._items: tuple[str, ...] = ()
        self._log = b""
        self._control = b""
        self._received = {"log": 0, "control": 0}
        self._deadline = time.monotonic() + ways.limits.start_seconds
        self._frame, self._answers = FrameIn(), AnswersOut()
        self._uid: pool_uids.PoolUid | None = None
        self._group: ControlGroup | None = None
        self._first: int | None = None
        self._pipes: dict[str, int] = {}
        try:
            self._start(model, trial)
        except BaseException:
            self.end()
            raise

    def _start(self, model: Path, trial: Path | None) -> None:
        self._uid = pool_uids.take() if self._ways.pool_uid else None
        self._group = ControlGroup(self._limits) if self._ways.cgroup else None
        inside = self._open_pipes()
        try:
            started = self._bubblewrap if self._ways.tier == "A" else self._landlock
            started(self._handles(inside), inside["log"], model, trial)
        finally:
            for fd in inside.values():
                os.close(fd)

    def _open_pipes(self) -> dict[str, int]:
        """Make the pipes; the sandbox's ends are returned, ours are kept."""
        inside = {
            "outer": sealed(_filter(inner=False), "outer"),
            "inner": sealed(_filter(inner=True), "inner"),
        }
        for name in ("control", "log"):
            self._pipes[name], inside[name] = os.pipe2(os.O_CLOEXEC)
            os.set_blocking(self._pipes[name], False)
        inside["go"], self._pipes["go"] = os.pipe2(os.O_CLOEXEC)
        return inside

    def _handles(self, inside: dict[str, int]) -> launch.Handles:
        return launch.Handles(
            frame=self._frame.reader,
            answers=self._answers.fd,
            control=inside["control"],
            go=inside["go"],
            inner=inside["inner"],
            outer=inside["outer"],
        )

    def _told(
        self, handles: launch.Handles, trial: Path | None, *, threads: bool
    ) -> dict[str, Any]:
        return launch.order(
            handles,
            model="",
            limits=self._limits.resources(count_threads=threads),
            site=self._ways.runtime.site,
            trial=str(trial) if trial else None,
            classes=self._classes.as_json() if self._classes else None,
        )

    def _bubblewrap(
        self, handles: launch.Handles, log: int, model: Path, trial: Path | None
    ) -> None:
        named_r, named_w = os.pipe2(os.O_CLOEXEC)
        block_r, block_w = os.pipe2(os.O_CLOEXEC)
        try:
            command = launch.by_bubblewrap(
                self._ways.runtime,
                self._told(handles, trial, threads=True),  # counted in its own user namespace
                model,
                limits=self._limits,
                information=named_w,
                block=block_r,
            )
            self._spawn(command, log, (*handles.all(), named_w, block_r), {})
            os.close(named_w)
            named_w = -1
            first = _first_process(named_r)
            if first is not None:
                with suppress(ProcessLookupError):
                    self._first = os.pidfd_open(first)
                if self._group:
                    self._group.add(first)
            os.write(block_w, b"g")
        except BrokenPipeError:
            return  # bubblewrap gave up; its message is in the log
        finally:
            for fd in (named_r, named_w, block_r, block_w):
                if fd >= 0:
                    os.close(fd)

    def _landlock(
        self, handles: launch.Handles, log: int, model: Path, trial: Path | None
    ) -> None:
        told = self._told(handles, trial, threads=self._uid is not None)
        command = launch.by_landlock(self._ways.runtime, told, model)
        self._spawn(
            command, log, handles.all(), launch.environment("/nowhere", self._ways.runtime)
        )
        if self._group:  # still importing: trusted code, whose memory is charged from here on
            self._group.add(self._process.pid)

    def _spawn(
        self, command: list[str], log: int, kept: tuple[int, ...], environment: dict[str, str]
    ) -> None:
        ids: dict[str, Any] = {}
        if self._uid:
            ids = {"user": self._uid.uid, "group": self._uid.gid, "extra_groups": []}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=kept,
            env=environment,
            cwd="/",
            start_new_session=True,
            **ids,
        )

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
                self.ready = True
            elif words.get("event") == "done" and self._rows is not None:
                self.over = True
            elif words.get("event") == "failed" and words.get("cause") in _TELLABLE:
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
        elif self._process.poll() is not None:
            for name in set(self.handles().values()):
                self.hear(name)
            if not self.over:
                self._decide(self._cause_of_exit())

    def _cause_of_exit(self) -> Cause:
        if self._rows is None:
            return Cause.NOT_STARTED
        code = self._process.returncode
        number = -code if code < 0 else code - 128
        if number == signal.SIGKILL and self._group and self._group.out_of_memory():
            return Cause.MEMORY
        return _CAUSE_OF_SIGNAL.get(number, Cause.CRASHED)

    def finish(self) -> npt.NDArray[np.float64]:
        """Kill everything inside, then read and check the answers.

        Raises:
            Contained: when there are none to take; its cause says why.
        """
        self.kill()
        for name in set(self.handles().values()):
            self.hear(name)
        starved = self._group is not None and self._group.out_of_memory()
        answers = self._answers.read() if self._verdict is None else None
        self.end()
        if self._verdict is None and answers is not None:
            if unanswered(answers):
                self._verdict = Cause.TRUNCATED
            elif not np.isfinite(answers).all():
                self._verdict = Cause.NON_FINITE
            else:
                return answers
        cause = Cause.MEMORY if starved else self._verdict or Cause.TRUNCATED
        raise Contained(
            cause, log=self._log.decode("utf-8", "replace"), reasons=reasons(cause, self._items)
        )

    def kill(self) -> None:
        """End every process inside, and return when they are gone."""
        if self._gone or not hasattr(self, "_process"):
            return
        if self._first is not None:
            # The first process of a pid namespace dies last, when all others in it are gone.
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._first, signal.SIGKILL)
            select.select([self._first], [], [], 10)
        self._process.kill()
        self._process.wait()
        if self._uid:
            pool_uids.sweep(self._uid.uid)
        self._gone = True

    def end(self) -> None:
        """Kill, and let go of everything; may be called twice."""
        self.over = True
        self.kill()
        closers: list[Callable[[], None]] = []
        if self._frame is not None:
            closers += [self._frame.close, self._answers.close]
        if self._group:
            closers.append(self._group.remove)
        if self._uid:
            closers.append(self._uid.release)
        for close in closers:
            close()
        for fd in (*self._pipes.values(), *([self._first] if self._first is not None else [])):
            os.close(fd)
        self._pipes, self._group, self._uid, self._first = {}, None, None, None
        self._frame = None  # type: ignore[assignment]


@lru_cache
def _filter(*, inner: bool) -> bytes:
    return seccomp.program(inner=inner)


def _first_process(handle: int) -> int | None:
    """The sandbox's first process as bubblewrap names it; None when it gave up before."""
    said = b""
    while piece := os.read(handle, 4096):
        said += piece
    try:
        return int(json.loads(said)["child-pid"])
    except (ValueError, KeyError):
        return None


def _names(items: Any) -> tuple[str, ...]:
    if not isinstance(items, list):
        return ()
    return tuple(shown(str(item)) for item in items[:50])
