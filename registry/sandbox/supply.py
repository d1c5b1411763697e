"""Where a model's rounds come from: cells started one by one, or children of warmed interpreters.

Both hand out rounds that are ready for a frame; which of them a model gets changes what a round
costs and nothing of what it answers.
"""

import time
from abc import ABC, abstractmethod
from collections import deque

import numpy as np
import numpy.typing as npt

from registry.sandbox.cell import Cell
from registry.sandbox.listening import Heard
from registry.sandbox.model import Model
from registry.sandbox.process import Ways
from registry.sandbox.round import Lost, Round
from registry.sandbox.verdict import Contained, killed
from registry.sandbox.zygote import WarmRound, Zygote

AT_ONCE = 2
"""How many rounds of a model work at the same time, at most."""
_MOST_LOST = 3


class Unfit(Exception):
    """No zygote of this format can be forked from on this machine: use cells."""


class Supply(ABC):
    """Rounds of one model, for one thread.

    Args:
        ways: tier and limits.
    """

    def __init__(self, ways: Ways) -> None:
        self._ways = ways
        self._spare: deque[Round] = deque()
        self._lost = 0

    @abstractmethod
    def provide(self, wanted: int, waiting: int) -> None:
        """See to it that rounds are ready soon.

        Args:
            wanted: how many could begin now.
            waiting: how many frames have none yet.
        """

    @abstractmethod
    def keep(self) -> None:
        """Start what is kept for rounds to come, without waiting for it."""

    @abstractmethod
    def kept(self) -> bool:
        """Whether what is kept for rounds to come stands ready."""

    def take(self) -> Round | None:
        """A round that is ready for its frame; None while there is none.

        Raises:
            Contained: when a sandbox did not start.
            Unfit: when only cells can be had.
        """
        for round_ in [round_ for round_ in self._spare if round_.over]:
            self._spare.remove(round_)
            self.finish(round_)
        ready = next((round_ for round_ in self._spare if round_.ready), None)
        if ready is not None:
            self._spare.remove(ready)
        return ready

    def finish(self, round_: Round) -> npt.NDArray[np.float64] | None:
        """The answers of a round that was taken and is over; None when it must be asked again.

        The round may be another supply's, which was closed under it.

        Raises:
            Contained: when there are none to take; its cause says why.
        """
        try:
            return round_.finish()
        except Lost:
            self._lost += 1
        if self._lost >= _MOST_LOST:
            raise killed()
        return None

    def heard(self) -> list[Heard]:
        """What must be waited on beside the rounds that were taken."""
        return list(self._spare)

    def close(self) -> None:
        """End all that waits."""
        while self._spare:
            self._spare.pop().end()


class Cells(Supply):
    """Every round is a process of its own, a few of them started ahead of time.

    Args:
        ways: tier and limits.
        model: what they are started for.
        ahead: how many are kept started.
    """

    def __init__(self, ways: Ways, model: Model, ahead: int) -> None:
        super().__init__(ways)
        self._model, self._ahead = model, ahead

    def provide(self, wanted: int, waiting: int) -> None:  # noqa: ARG002  # all cost the same
        """Start cells until as many as are wanted, or kept ahead, wait."""
        while len(self._spare) < max(self._ahead, wanted):
            self._spare.append(Cell(self._ways, self._model))

    def keep(self) -> None:
        """Start the cells that are kept ahead."""
        self.provide(0, 0)

    def kept(self) -> bool:
        """Whether they have imported their packages."""
        return all(round_.ready or round_.over for round_ in self._spare)


class Zygotes(Supply):
    """Rounds forked from warmed interpreters, one child of each at a time.

    A second interpreter is started when the rounds that wait would take the first longer than a
    start takes.

    Args:
        ways: tier and limits.
        model: what they stand ready for.
        ahead: whether one is kept started for rounds to come.
    """

    def __init__(self, ways: Ways, model: Model, *, ahead: bool) -> None:
        super().__init__(ways)
        self._model, self._ahead = model, ahead
        self._zygotes: list[Zygote] = []
        self._begun: dict[Round, float] = {}
        self._rounds, self._seconds = 0, 0.0

    def provide(self, wanted: int, waiting: int) -> None:
        """Have free zygotes fork, and start one where that pays."""
        self._zygotes = [zygote for zygote in self._zygotes if not zygote.over]
        while len(self._spare) < wanted and (zygote := self._free(waiting)) is not None:
            self._spare.append(WarmRound(zygote))

    def _free(self, waiting: int) -> Zygote | None:
        free = sorted((z for z in self._zygotes if z.free), key=lambda z: not z.started)
        if free:
            return free[0]
        if not self._zygotes or (len(self._zygotes) < AT_ONCE and self._pays(waiting)):
            self._zygotes.append(Zygote(self._ways, self._model))
            return self._zygotes[-1]
        return None

    def _pays(self, waiting: int) -> bool:
        """Whether another zygote would have started before the rounds that wait are done."""
        now = time.monotonic()
        each = (
            self._seconds / self._rounds
            if self._rounds
            else max((now - begun for begun in self._begun.values()), default=0.0)
        )
        started = [zygote.seconds for zygote in self._zygotes if zygote.started]
        return bool(started) and each * waiting > max(started)

    def take(self) -> Round | None:
        """A round that is ready for its frame; None while there is none."""
        if any(zygote.unfit for zygote in self._zygotes):
            raise Unfit
        if (round_ := super().take()) is not None:
            self._begun[round_] = time.monotonic()
        return round_

    def finish(self, round_: Round) -> npt.NDArray[np.float64] | None:
        """The answers of a round; None when its zygote was lost and it must be asked again."""
        begun = self._begun.pop(round_, None)
        try:
            answers = super().finish(round_)
        except Contained:
            self._took(begun)
            raise
        if answers is not None:
            self._took(begun)
            self._lost = 0
        return answers

    def _took(self, begun: float | None) -> None:
        """Remember how long a round took that was taken at `begun`."""
        if begun is not None:
            self._rounds += 1
            self._seconds += time.monotonic() - begun

    def heard(self) -> list[Heard]:
        """The rounds that wait, and every zygote."""
        return [*self._zygotes, *super().heard()]

    def keep(self) -> None:
        """Start a zygote, unless there is one."""
        if self._ahead and not any(not zygote.over for zygote in self._zygotes):
            self._zygotes = [Zygote(self._ways, self._model)]

    def kept(self) -> bool:
        """Whether it has imported its packages."""
        return all(zygote.started or zygote.over for zygote in self._zygotes)

    def close(self) -> None:
        """End the rounds that wait, and the zygotes."""
        super().close()
        while self._zygotes:
            self._zygotes.pop().end()
