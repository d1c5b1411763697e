"""A sandbox started for one round: a process of its own, ahead of time where that is wished."""

import os
from typing import Any

from registry.sandbox import launch
from registry.sandbox.cgroups import ControlGroup
from registry.sandbox.model import Model
from registry.sandbox.process import Confined, Start, Ways, filter_handle
from registry.sandbox.round import Round
from registry.sandbox.seccomp import Filter
from registry.sandbox.verdict import Cause


class Cell(Round):
    """A round in a process of its own.

    It lives no longer than the thread that starts it (the kernel ends it with that thread).

    Args:
        ways: tier and limits.
        model: what it is started for.
    """

    def __init__(self, ways: Ways, model: Model) -> None:
        self._ways, self._model = ways, model
        self.confined = Confined(ways, ways.runtime)
        super().__init__(ways.limits, seconds=ways.limits.start_seconds)
        try:
            self._start()
        except BaseException:
            self.end()
            raise

    @property
    def group(self) -> ControlGroup | None:
        """The control group of its process."""
        return self.confined.group

    def _start(self) -> None:
        inside = self._open_pipes()
        inside |= {purpose: filter_handle(purpose) for purpose in (Filter.OUTER, Filter.INNER)}
        try:
            told = self._told(
                {
                    "in": self._frame.reader,
                    "out": self._answers.fd,
                    **{name: fd for name, fd in inside.items() if name != "log"},
                }
            )
            inherited = tuple(fd for name, fd in inside.items() if name != "log")
            inherited += (self._frame.reader, self._answers.fd)
            log, outer = inside["log"], inside[Filter.OUTER]
            self.confined.start(Start(told, self._model.folder, inherited, log, outer))
        finally:
            for fd in inside.values():
                os.close(fd)

    def _told(self, handles: dict[str, int]) -> dict[str, Any]:
        return launch.order(
            handles,
            limits=self._ways.resources,
            site=self._ways.runtime.site,
            model=self._model,
        )

    def _own_end(self) -> Cause | None:
        code = self.confined.code()
        if code is None:
            return None
        if code < 0:
            return self._cause_of_signal(-code)
        cause = self._cause_of_signal(max(0, code - 128))
        return (
            Cause.CRASHED if cause is Cause.KILLED else cause
        )  # a model may leave with that code

    def kill(self) -> None:
        """End every process inside, and return when they are gone."""
        self.confined.kill()

    def _release(self) -> None:
        self.confined.end()
