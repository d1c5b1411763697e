"""The worker's side of a zygote: the process, what it reports, and the rounds forked from it.

The zygote is trusted code that never meets a model, so its reports are believed as far as they
choose a cause; what ends a round, and proves that it has ended, is the handle of the child's
process (a pidfd), which the kernel vouches for. See `registry.sandbox.child.zygote`.
"""

import os
import select
import signal
import socket
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from registry.sandbox import launch, pool_uids
from registry.sandbox.cgroups import ControlGroup
from registry.sandbox.child import messages
from registry.sandbox.child.messages import HANDLES, Garbled, Message, Word
from registry.sandbox.listening import listen
from registry.sandbox.model import Model
from registry.sandbox.process import Confined, Start, Ways, filter_handle
from registry.sandbox.round import Lost, Round
from registry.sandbox.seccomp import Filter
from registry.sandbox.verdict import Cause, not_started

ROUNDS = 32
"""How many rounds a zygote forks before another takes its place."""
IDLE = 60.0
"""Seconds without a round after which a zygote ends itself."""
_REPORT_SECONDS = 10.0
_LOG_KEPT = 16 * 1024
_KILLED = frozenset({os.CLD_KILLED, os.CLD_DUMPED})
_BY_US = (os.CLD_KILLED, signal.SIGKILL)
"""How a child ends that did as it should, whether it answered or said why it could not: it waits to
be killed. Any other end is a word that the model chose, and it has passed through the zygote's
memory, where the next child could find it."""


class Zygote:
    """A warmed interpreter behind the walls, and at most one child of it.

    Like every sandbox it lives no longer than the thread that starts it.

    Args:
        ways: tier and limits.
        model: what it stands ready for.
    """

    def __init__(self, ways: Ways, model: Model) -> None:
        self.ways, self.model = ways, model
        self.started = self.over = self.unfit = False
        self.rounds = 0
        self.round: WarmRound | None = None
        self.log = b""
        self._begun = time.monotonic()
        self._printed: int | None = None
        self.seconds = 0.0
        main = "registry.sandbox.child.zygote"
        self.confined = Confined(ways, replace(ways.runtime, main=main))
        self._link, inside = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._link.setblocking(False)
        try:
            self._start(inside.fileno())
        except BaseException:
            self.end()
            raise
        finally:
            inside.close()

    def _start(self, link: int) -> None:
        filters = (Filter.ZYGOTE_START, Filter.ZYGOTE, Filter.INNER)
        inside: dict[str, int] = {purpose: filter_handle(purpose) for purpose in filters}
        self._printed, log = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._printed, False)
        try:
            told = launch.order(
                {"link": link, **{name: inside[name] for name in filters[1:]}},
                limits=self.ways.resources,
                site=self.ways.runtime.site,
                model=self.model,
            )
            told |= {"idle": IDLE}
            inherited = (link, *(inside[name] for name in filters[1:]))
            start = Start(told, self.model.folder, inherited, log, inside[filters[0]])
            self.confined.start(start)
        finally:
            for fd in (log, *inside.values()):
                os.close(fd)

    @property
    def free(self) -> bool:
        """Whether a round can be asked of it, at once or when it has started."""
        return not self.over and self.round is None

    def handles(self) -> dict[int, str]:
        """What to wait on: handle and its name, for `hear`."""
        if self.over:
            return {}
        printed = {} if self._printed is None else {self._printed: "log"}
        return {self._link.fileno(): "link"} | printed

    def hear(self, name: str) -> None:
        """Take in what has arrived on one of the `handles`."""
        if self.over:
            return
        if name == "log" and self._printed is not None:
            with suppress(BlockingIOError):
                piece = os.read(self._printed, _LOG_KEPT)
                self.log = (self.log + piece)[:_LOG_KEPT]
                if not piece:
                    os.close(self._printed)
                    self._printed = None
        elif name == "link":
            self._hear_message()

    def _hear_message(self) -> None:
        try:
            message = messages.receive(self._link)
        except BlockingIOError:
            return
        except (Garbled, ConnectionError):
            message = None
        if message is None:
            self.end()
        elif message.word is Word.STARTED and not self.started:
            self.started = True
            self.seconds = time.monotonic() - self._begun
            self._ask()
        elif message.word is Word.UNFIT:
            self.unfit = True
            self.end()
        elif self.round is None or not self.round.take(message):
            for fd in message.handles:
                os.close(fd)
            self.end()

    def left(self) -> float:
        """Seconds until it must have started; one that has started has no deadline."""
        begun = self._begun + self.ways.limits.start_seconds
        return 3600.0 if self.started else begun - time.monotonic()

    def tick(self) -> None:
        """Look at the clock and at whether the zygote has ended by itself."""
        if self.over or (self.left() > 0 and self.confined.code() is None):
            return
        for name in set(self.handles().values()):
            self.hear(name)
        self.end()

    def engage(self, round_: "WarmRound") -> None:
        """Fork for this round, now or once it has started."""
        self.round = round_
        if self.started:
            self._ask()

    def _ask(self) -> None:
        if self.round is None:
            return
        self.rounds += 1
        try:
            messages.send(self._link, Message(Word.ROUND, handles=self.round.given_away()))
            self.round.sent()
        except OSError:  # it has just ended, idle
            self.end()

    def release(self, *, again: bool) -> None:
        """Its round is over and dead.

        Args:
            again: whether another may be forked: the round ended as it should.
        """
        self.round = None
        if not again or self.rounds >= ROUNDS:
            self.end()

    def end(self) -> None:
        """Kill it and its child, and let go of everything; may be called twice."""
        if self.over:
            return
        self.over = True
        self._link.close()
        if self.round is not None:
            self.round.kill_child()
        self.confined.end()
        if self._printed is not None:
            os.close(self._printed)
            self._printed = None


class WarmRound(Round):
    """A round in a process that a zygote forks for it.

    Args:
        zygote: a free one; the round is ready soon after it has started.
    """

    def __init__(self, zygote: Zygote) -> None:
        ways = zygote.ways
        super().__init__(ways.limits, seconds=ways.limits.start_seconds)
        self._zygote = zygote
        self._child: int | None = None
        self._report: tuple[int, int] | None = None
        self.lost = self._asked = self._reaped = self._placed = False
        self._group: ControlGroup | None = None
        self._inside: dict[str, int] = {}
        try:
            self._group = ControlGroup(ways.limits) if ways.cgroup else None
            self._inside = self._open_pipes()
        except BaseException:
            self.end()
            raise
        zygote.engage(self)

    @property
    def group(self) -> ControlGroup | None:
        """A control group of the round's own, beside the zygote's."""
        return self._group

    def given_away(self) -> tuple[int, ...]:
        """The handles that the child gets."""
        inside = self._inside | {"in": self._frame.reader, "out": self._answers.fd}
        return tuple(inside[name] for name in HANDLES)

    def sent(self) -> None:
        """The child has its handles: from here on it may be there."""
        self._asked = True
        self._close_inside()

    def _close_inside(self) -> None:
        while self._inside:
            os.close(self._inside.popitem()[1])

    def take(self, message: Message) -> bool:
        """Take in what the zygote reports of the round; whether it makes sense."""
        if message.word is Word.FORKED and self._child is None:
            self._child = message.handles[0]
            return self._place(self._child)
        if message.word is Word.ENDED and self._child is not None and self._report is None:
            self._report = message.first, message.second
            return True
        return False

    def _place(self, child: int) -> bool:
        """Put the child into the round's control group, if it is the zygote's and alive."""
        pid = _number(child)
        uid = self._zygote.confined.uid
        with suppress(ProcessLookupError):  # it has ended before; the report will say how
            if pid > 0 and uid is not None and _uid_of(pid) != uid.uid:
                return False
            if pid > 0 and self._group is not None:
                self._group.add(pid)
            self._placed = pid > 0
        return True

    def _held(self) -> bool:
        return self._placed

    def tick(self) -> None:
        """Look at the clock, at whether the child has ended, and at whether the zygote has."""
        super().tick()
        if not self.over and self._zygote.over:
            self.lost = self.over = True

    def _own_end(self) -> Cause | None:
        if self._child is None or not select.select([self._child], [], [], 0)[0]:
            return None
        self._await_report()
        if self._report is None:
            return None
        how, status = self._report
        return self._cause_of_signal(status if how in _KILLED else 0)

    def finish(self) -> npt.NDArray[np.float64]:
        """Kill the child, then read and check the answers.

        Raises:
            Contained: when there are none to take; its cause says why.
            Lost: when it or the zygote was killed in the midst of it; it may be asked again.
        """
        if not self.lost:
            return super().finish()
        self.end()
        if self._zygote.started or self._zygote.unfit:
            raise Lost
        log = self._zygote.log.decode("utf-8", "replace")
        raise not_started(self._zygote.ways.limits.start_seconds, log=log)

    def kill(self) -> None:
        """End the child, and return when it is gone and the zygote has said how it ended."""
        if not self._asked or self._reaped:
            return
        self.kill_child()
        if self._child is not None:
            self._await_report()
        if self._report is None:
            self._zygote.end()
        self._reaped = True

    def kill_child(self) -> None:
        """End the child, by the handle of its process, and return when it is gone."""
        if self._child is None:
            return
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._child, signal.SIGKILL)
        if not select.select([self._child], [], [], _REPORT_SECONDS)[0]:
            self._decide(Cause.CRASHED)  # what is not dead is not read

    def _await_report(self) -> None:
        deadline = time.monotonic() + _REPORT_SECONDS
        while self._report is None and not self._zygote.over and time.monotonic() < deadline:
            listen([self._zygote])

    def _release(self) -> None:
        self._close_inside()
        if self._child is not None:
            os.close(self._child)
            self._child = None
        if self._group is not None:
            self._group.remove()
            self._group = None
        as_it_should = self.told and self._report == _BY_US
        self._zygote.release(again=as_it_should or not self._asked)


def _uid_of(pid: int) -> int:
    """The user id of a process.

    Raises:
        ProcessLookupError: when it is gone.
    """
    try:
        return pool_uids.real_uid(pid)
    except FileNotFoundError as gone:
        raise ProcessLookupError(pid) from gone


def _number(process: int) -> int:
    """The number of a process in our own namespace; 0 or less when it is gone."""
    for line in Path(f"/proc/self/fdinfo/{process}").read_text(encoding="ascii").splitlines():
        if line.startswith("Pid:"):
            return int(line.split()[1])
    return -1
