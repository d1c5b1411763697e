"""Visits to a third party's package: one process behind the walls, and questions to it.

The process has no network, no writable disk and no environment, limits on memory and time, and
lives from the first question to the end of the run. What it answers is held against the schema
of what was asked, or it is ended.
"""

import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from evaluators.guests import outsider_wire as wire
from evaluators.guests.outsider_failures import PluginFailed
from evaluators.guests.outsider_wire import LARGE, SMALL, Nonsense
from registry.sandbox import Cause, Tier
from registry.sandbox.ground import GroundNotOurs
from registry.sandbox.limits import Limits
from registry.sandbox.pool_uids import NoFreeUid
from registry.sandbox.stage import Foreign
from registry.sandbox.talk import Ended, Talk
from registry.settings import settings

MAIN = "evaluators.guests.outsider_child"
Made = TypeVar("Made")


@dataclass(frozen=True)
class Plugin:
    """An installed package with a probe, before anything of it has run.

    Args:
        entry: the entry point.
        foreign: its files.
        stage: the folder it runs from.
        tier: the walls.
    """

    entry: EntryPoint
    foreign: Foreign
    stage: Path
    tier: Tier

    @property
    def name(self) -> str:
        """The package and its version, for sentences."""
        return f"{self.foreign.name} {self.foreign.version}"

    @property
    def key(self) -> str:
        """The same class of the same files."""
        return f"{self.foreign.digest} {self.entry.value}"

    def begin(self) -> "Visit":
        """A process of its own, with the plugin imported.

        Raises:
            PluginFailed: when it does not come that far.
        """
        kept = _kept.get()
        if kept is not None and (there := kept.get(self.key)) and not there.talk.over:
            return there
        limits = Limits.of(settings())
        ways = self.tier.ways(limits)
        try:
            talk = Talk.of(self.tier, ways, stage=self.stage, main=MAIN)
        except (OSError, NoFreeUid, GroundNotOurs) as error:
            raise PluginFailed(self.name, Cause.NOT_STARTED, str(error)) from error
        visit = Visit(self, talk, limits.seconds)
        visit.hear(limits.start_seconds)
        visit.spec = visit.ask(wire.described, SMALL, do="open", entry=self.entry.value)
        return visit


@dataclass(eq=False)
class Visit:
    """One process of a plugin, from its start to its end."""

    plugin: Plugin
    talk: Talk
    seconds: float
    spec: wire.Described | None = None
    unused: list[int] = field(default_factory=list)
    failure: PluginFailed | None = None

    def __post_init__(self) -> None:
        weakref.finalize(self, self.talk.end)
        if (kept := _kept.get()) is not None:
            kept[self.plugin.key] = self
        elif (guests := _guests.get()) is not None:
            guests.append(self)

    def hear(self, seconds: float) -> None:
        """Wait until the process is ready."""
        self._reply((), SMALL, seconds)

    def ask(
        self,
        check: Callable[[Any], Made],
        most: int,
        *,
        rows: memoryview | None = None,
        **words: Any,
    ) -> Made:
        """The answer to one question, checked.

        Raises:
            PluginFailed: when there is none, or it makes no sense; the process is gone then.
        """
        free, self.unused[:] = list(self.unused), ()
        head = wire.written({**words, "free": free})
        parts: list[bytes | memoryview] = [len(head).to_bytes(8, "little"), head]
        content = self._reply(parts + ([] if rows is None else [rows]), most, self.seconds)
        try:
            return check(self._answer(wire.read(content)))
        except Nonsense as error:
            raise self._failed("nonsense", str(error)) from error

    def _answer(self, reply: Any) -> Any:
        if not isinstance(reply, Mapping) or not {"answer", "error"} & set(reply):
            raise Nonsense("no answer")
        if "error" in reply:
            raise self._failed(_word(reply["error"]), str(reply.get("said", "")))
        return reply["answer"]

    def _reply(self, parts: Sequence[bytes | memoryview], most: int, seconds: float) -> bytes:
        try:
            return self.talk.ask(parts, seconds=seconds, most=most)
        except Ended as ended:
            raise self._failed(str(ended.cause), ended.log) from ended

    def _failed(self, cause: str, told: str) -> PluginFailed:
        self.talk.end()
        self.failure = self.failure or PluginFailed(self.plugin.name, cause, told[:16_384])
        return self.failure


_guests: ContextVar[list[Visit] | None] = ContextVar("guests", default=None)
_kept: ContextVar[dict[str, Visit] | None] = ContextVar("kept", default=None)


@contextmanager
def visiting() -> Iterator[None]:
    """Whatever process of a plugin is started inside ends with it."""
    guests: list[Visit] = []
    token = _guests.set(guests)
    try:
        yield
    finally:
        _guests.reset(token)
        for visit in guests:
            visit.talk.end()


@contextmanager
def staying() -> Iterator[None]:
    """One process per plugin for all runs inside: for trials, where starting one is what takes long."""
    kept: dict[str, Visit] = {}
    token = _kept.set(kept)
    try:
        yield
    finally:
        _kept.reset(token)
        for visit in kept.values():
            visit.talk.end()


class Held:
    """The number of a state that the child keeps; the child may forget it with this object."""

    def __init__(self, visit: Visit, number: int) -> None:
        self.number = number
        weakref.finalize(self, visit.unused.append, number)


class Service:
    """A simulated service that lives in the child."""

    def __init__(self, visit: Visit, number: int) -> None:
        self._visit, self._number = visit, number

    def score(self, frames: Sequence[pa.Table]) -> list[npt.NDArray[np.float64]]:
        """One array of answers per frame."""
        return [self._answers(frame) for frame in frames]

    def _answers(self, frame: pa.Table) -> npt.NDArray[np.float64]:
        (batch,) = frame.combine_chunks().to_batches() or [
            pa.RecordBatch.from_pylist([], frame.schema)
        ]
        check = partial(wire.answers_in, rows=frame.num_rows)
        return self._visit.ask(
            check, LARGE, do="score", scorer=self._number, rows=wire.batch_out(batch)
        )


def _word(name: Any) -> str:
    """The type of an error as one word, whatever was sent."""
    word = "".join(sign for sign in str(name)[:60] if sign.isalnum() or sign in "_.")
    return word or "Exception"
