"""A process behind the walls of a tier: how it is started, held and ended.

Cells and zygotes are such processes. Each has a user id and a control group of its own where the
machine offers them, and lives no longer than the thread that starts it (the kernel ends it).
"""

import json
import os
import select
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from registry.sandbox import launch, pool_uids, seccomp
from registry.sandbox.cgroups import ControlGroup
from registry.sandbox.frames import sealed
from registry.sandbox.limits import Limits
from registry.sandbox.runtime import Runtime, runtime


@dataclass(frozen=True, slots=True)
class Ways:
    """How sandboxes are made here: the tier's name and what it stands on.

    Args:
        tier: `A` or `B`.
        pool_uid: whether each has a user id of its own.
        cgroup: whether each has a control group.
        warm: whether rounds are forked from a warmed interpreter.
        limits: of one round.
    """

    tier: str
    pool_uid: bool
    cgroup: bool
    warm: bool
    limits: Limits

    @property
    def runtime(self) -> Runtime:
        """The interpreter and packages, reachable for the sandbox's user id."""
        return runtime(for_others=self.pool_uid)

    @property
    def resources(self) -> dict[str, int]:
        """The limits that the kernel keeps per process; threads where they are counted apart."""
        return self.limits.resources(count_threads=self.tier == "A" or self.pool_uid)


@dataclass(frozen=True, slots=True)
class Start:
    """What is to be started.

    Args:
        told: what the program is told (JSON).
        model: the folder it may read.
        inherited: the handles it inherits, beside its log.
        log: where it prints to.
        outer: the seccomp filter that bubblewrap starts it under.
    """

    told: dict[str, Any]
    model: Path
    inherited: tuple[int, ...]
    log: int
    outer: int


class Confined:
    """One process behind the walls, and whatever is behind them with it.

    Args:
        ways: tier and limits.
        runtime: what it runs on.
    """

    def __init__(self, ways: Ways, runtime: Runtime) -> None:
        self._ways, self._runtime = ways, runtime
        self._first: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._gone = False
        self.uid = pool_uids.take() if ways.pool_uid else None
        self.group: ControlGroup | None = None
        try:
            self.group = ControlGroup(ways.limits) if ways.cgroup else None
        except OSError:
            self.end()
            raise

    @property
    def pid(self) -> int:
        """The number of the process that was started (in tier A bubblewrap's own)."""
        return self._process.pid if self._process else 0

    def start(self, start: Start) -> None:
        """Start it, once."""
        if self._ways.tier == "A":
            self._bubblewrap(start)
        else:
            command = launch.by_landlock(self._runtime, start.told, start.model)
            surroundings = launch.environment(self._runtime)
            self._process = self._spawn(command, start.log, start.inherited, surroundings)
            if self.group:  # still importing: trusted code, whose memory is charged from here on
                self.group.add(self._process.pid)

    def _bubblewrap(self, start: Start) -> None:
        named_r, named_w = os.pipe2(os.O_CLOEXEC)
        block_r, block_w = os.pipe2(os.O_CLOEXEC)
        try:
            command = launch.by_bubblewrap(
                self._runtime,
                start.told,
                start.model,
                outer=start.outer,
                information=named_w,
                block=block_r,
            )
            inherited = (*start.inherited, start.outer, named_w, block_r)
            self._process = self._spawn(command, start.log, inherited, {})
            os.close(named_w)
            named_w = -1
            first = _first_process(named_r)
            if first is not None:
                with suppress(ProcessLookupError):
                    self._first = os.pidfd_open(first)
                if self.group:
                    self.group.add(first)
            os.write(block_w, b"g")
        except BrokenPipeError:
            return  # bubblewrap gave up; its message is in the log
        finally:
            for fd in (named_r, named_w, block_r, block_w):
                if fd >= 0:
                    os.close(fd)

    def _spawn(
        self,
        command: list[str],
        log: int,
        inherited: tuple[int, ...],
        surroundings: dict[str, str],
    ) -> subprocess.Popen[bytes]:
        ids: dict[str, Any] = {}
        if self.uid:
            ids = {"user": self.uid.uid, "group": self.uid.gid, "extra_groups": []}
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=inherited,
            env=surroundings,
            cwd="/",
            start_new_session=True,
            **ids,
        )

    def code(self) -> int | None:
        """How it ended, as `subprocess` has it; None while it runs."""
        return self._process.poll() if self._process else None

    def kill(self) -> None:
        """End every process inside, and return when they are gone."""
        if self._gone or self._process is None:
            return
        if self._first is not None:
            # The first process of a pid namespace dies last, when all others in it are gone.
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._first, signal.SIGKILL)
            select.select([self._first], [], [], 10)
        self._process.kill()
        self._process.wait()
        if self.uid:
            pool_uids.sweep(self.uid.uid)
        self._gone = True

    def end(self) -> None:
        """Kill, and let go of user id and control group; may be called twice."""
        self.kill()
        if self.group:
            self.group.remove()
        if self.uid:
            self.uid.release()
        if self._first is not None:
            os.close(self._first)
        self.group, self.uid, self._first = None, None, None


def filter_handle(purpose: seccomp.Filter) -> int:
    """A sealed handle on a seccomp filter; the caller closes it."""
    return sealed(_filter(purpose), purpose)


@lru_cache
def _filter(purpose: seccomp.Filter) -> bytes:
    return seccomp.program(purpose)


def _first_process(handle: int) -> int | None:
    """The sandbox's first process as bubblewrap names it; None when it gave up before."""
    told = b""
    while piece := os.read(handle, 4096):
        told += piece
    try:
        return int(json.loads(told)["child-pid"])
    except (ValueError, KeyError):
        return None
