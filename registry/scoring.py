"""The oracle: what a submitted model answers, one number per row, without ever holding the model.

One frame meets one single-use sandbox. Sandboxes are forked from an interpreter that has imported
the packages, or, where that cannot be, a few are kept started ahead of time, so that a round costs
opening the model and answering; at most two work at once.
"""

import hashlib
import logging
import platform
import secrets
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from registry import environment, model_inputs
from registry.model_inputs import WrongFrame
from registry.sandbox import Contained, NoSandbox, pool_uids, probe_tier
from registry.sandbox.child import flavours, plain_yaml
from registry.sandbox.child.asking import ROW_BLOCK
from registry.sandbox.child.classes import Classes
from registry.sandbox.child.opening import LOADER_VERSION
from registry.sandbox.limits import Limits
from registry.sandbox.listening import listen
from registry.sandbox.model import Model
from registry.sandbox.process import Ways
from registry.sandbox.round import Round
from registry.sandbox.runtime import packages, reachable_model
from registry.sandbox.supply import AT_ONCE, Cells, Supply, Unfit, Zygotes
from registry.settings import Settings

_LOG = logging.getLogger(__name__)
__all__ = ["AsksApart", "SandboxScorer", "Scorer", "WrongFrame", "apart"]

Answers: TypeAlias = npt.NDArray[np.float64]
Failure: TypeAlias = Contained | WrongFrame


class Answering(Protocol):
    """Answers frames of inputs."""

    def score(self, frames: Sequence[pa.Table]) -> list[Answers]:
        """One array per frame, one float64 per row; each frame meets the model on its own."""
        ...


class Scorer(Answering, Protocol):
    """Answers frames of inputs, and says how."""

    @property
    def provenance(self) -> Mapping[str, Any]:
        """How the answers came about: tier, limits, loader, format, packages."""
        ...


@runtime_checkable
class AsksApart(Protocol):
    """Answers frames of which any may break the model, several at a time."""

    def apart(self, frames: Sequence[pa.Table]) -> list[Answers | Failure]:
        """Per frame its answers, or why there are none; no frame takes another down."""
        ...


def apart(scorer: Answering, frames: Sequence[pa.Table]) -> list[Answers | Failure]:
    """Per frame its answers or why there are none, from any scorer.

    Args:
        scorer: one that cannot ask several apart is asked about one after another.
        frames: what it is asked.
    """
    if isinstance(scorer, AsksApart):
        return scorer.apart(frames)
    return [_alone(scorer, frame) for frame in frames]


def _alone(scorer: Answering, frame: pa.Table) -> Answers | Failure:
    try:
        (answers,) = scorer.score([frame])
    except (Contained, WrongFrame) as failure:
        environment.check(failure)  # the machine's trouble is no answer of the model
        return failure
    return answers


class SandboxScorer:
    """A scorer that opens the model in single-use sandboxes, one per frame.

    Use it as a context manager, or `close` it, and call it from one thread that outlives it:
    sandboxes end with the thread that started them.

    Args:
        model_directory: the submission, materialised and read-only.
        inputs: the declared columns, a list of {name, type}.
        settings: limits and the tier.
        ahead: how many sandboxes are kept started for rounds to come, of warmed interpreters one
            at most; None as the settings say.
        classes: how a classifier's answers become numbers; None takes numbers only.
        nonce: keys the order in which frames are asked; None draws a key.

    Raises:
        NoSandbox: when this machine offers no tier.
    """

    def __init__(
        self,
        model_directory: Path,
        *,
        inputs: Sequence[Mapping[str, Any]],
        settings: Settings,
        ahead: int | None = None,
        classes: Classes | None = None,
        nonce: str | None = None,
    ) -> None:
        tier = probe_tier(settings)
        if tier.name == "none":
            said = tier.describe()
            raise NoSandbox(said.zh, said.en)
        self._ways: Ways = tier.ways(Limits.of(settings))
        self._schema = model_inputs.schema(inputs)
        group = pool_uids.first() if tier.pool_uid else None
        self._remove: Callable[[], None] = lambda: None
        self._model = model_directory.resolve()
        if group is not None:
            self._model, self._remove = reachable_model(self._model, group)
        self._ahead = settings.sandbox_ahead if ahead is None else ahead
        self._classes = classes
        self._order_key = secrets.token_hex(32) if nonce is None else nonce
        self._calls = 0
        mlmodel = plain_yaml.read((model_directory / "MLmodel").read_text(encoding="utf-8"))
        self._format = flavours.of(mlmodel)[0].name
        self._supply = self._supplied()
        self._provenance = tier.as_json() | {
            "limits": self._ways.limits.as_json(),
            "loader": LOADER_VERSION,
            "model_format": self._format,
            "row_block": ROW_BLOCK,
            "classes": classes.as_json() if classes else None,
            "packages": packages(),
            "python": platform.python_version(),
            "machine": platform.machine(),
        }

    def _supplied(self) -> Supply:
        model = Model(self._model, self._format, self._classes)
        if not self._ways.warm:
            return Cells(self._ways, model, self._ahead)
        return Zygotes(self._ways, model, ahead=self._ahead > 0)

    @property
    def provenance(self) -> Mapping[str, Any]:
        """How the answers come about: tier, limits, loader, format, packages."""
        return self._provenance

    def score(self, frames: Sequence[pa.Table]) -> list[Answers]:
        """One array per frame, in the order of `frames`.

        Raises:
            WrongFrame: when a frame does not carry the model's columns.
            Contained: when a round was ended without answers; the cause says why.
        """
        tables = {at: model_inputs.fitted(one, self._schema) for at, one in enumerate(frames)}
        found = self._asked(tables, _raise)
        return [answers for _, answers in sorted(found.items())]

    def apart(self, frames: Sequence[pa.Table]) -> list[Answers | Failure]:
        """Per frame its answers, or why its round was ended without any.

        Raises:
            Unavailable: when the machine could not start a sandbox.
        """
        tables, failed = dict[int, pa.Table](), dict[int, Failure]()
        for place, frame in enumerate(frames):
            try:
                tables[place] = model_inputs.fitted(frame, self._schema)
            except WrongFrame as failure:
                failed[place] = failure

        def fail(place: int, failure: Contained) -> None:
            environment.check(failure)  # the machine's trouble is no answer of the model
            failed[place] = failure

        answered = self._asked(tables, fail)
        return [
            failed[place] if place in failed else answered[place] for place in range(len(frames))
        ]

    def _asked(
        self, tables: Mapping[int, pa.Table], fail: Callable[[int, Contained], None]
    ) -> dict[int, Answers]:
        """The answers by place.

        Args:
            tables: what is asked, by place.
            fail: hears of a place that has none; what it raises ends the call.
        """
        answers = {place: np.empty(0) for place, table in tables.items() if not table.num_rows}
        places = list(tables)
        order = [places[at] for at in drawn_order(self._order_key, self._calls, len(places))]
        self._calls += 1
        waiting = deque(place for place in order if place not in answers)
        working: dict[Round, int] = {}
        try:
            while waiting or working:
                try:
                    self._hand_out(tables, waiting, working)
                except Contained as failure:  # a sandbox did not start
                    fail(waiting.popleft(), failure)
                    continue
                listen([*self._supply.heard(), *working])
                self._take_in(waiting, working, answers, fail)
        finally:
            for round_ in working:
                round_.end()
        self._supply.keep()
        return answers

    def _hand_out(
        self, tables: Mapping[int, pa.Table], waiting: deque[int], working: dict[Round, int]
    ) -> None:
        """Give frames to the sandboxes that are ready, and see to it that more are soon.

        Raises:
            Contained: when a sandbox did not start; something waits then.
        """
        try:
            while waiting and len(working) < AT_ONCE and (round_ := self._supply.take()):
                working[round_] = waiting.popleft()
                round_.give(tables[working[round_]])
        except Unfit:
            self._use_cells()
        self._supply.provide(min(AT_ONCE - len(working), len(waiting)), len(waiting))

    def _take_in(
        self,
        waiting: deque[int],
        working: dict[Round, int],
        answers: dict[int, Answers],
        fail: Callable[[int, Contained], None],
    ) -> None:
        """Read what has ended; a round that was lost by no fault of its own waits again."""
        for round_ in [round_ for round_ in working if round_.over]:
            place = working.pop(round_)
            try:
                found = self._supply.finish(round_)
            except Contained as failure:
                fail(place, failure)
                continue
            if found is None:
                waiting.appendleft(place)
            else:
                answers[place] = found

    def _use_cells(self) -> None:
        """No interpreter of this format can be forked: its packages start threads, or the like."""
        _LOG.warning(
            "%s: sandboxes cannot be forked warm; each is started by itself", self._format
        )
        self._supply.close()
        self._ways = replace(self._ways, warm=False)
        self._supply = self._supplied()

    def warm(self) -> None:
        """Start what is kept ahead, without waiting for it."""
        self._supply.keep()

    def await_warm(self) -> None:
        """Wait until what is kept ahead has its packages imported."""
        self.warm()
        while not self._supply.kept():
            listen(self._supply.heard())

    def close(self) -> None:
        """End the sandboxes that wait, and remove the staged model."""
        self._supply.close()
        self._remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _raise(_place: int, failure: Contained) -> None:
    raise failure


def drawn_order(key: str, call: int, frames: int) -> list[int]:
    """The order in which the frames of a call are asked, which no model can foresee.

    A model can tell how many rounds of its version an interpreter has forked before; which frames
    are two of a kind must not follow from that.

    Args:
        key: the nonce of the run.
        call: how many calls were before.
        frames: how many there are.
    """
    digest = hashlib.sha256(f"order of rounds {key} {call}".encode()).digest()
    generator = np.random.Generator(np.random.Philox(int.from_bytes(digest[:16], "big")))
    return [int(place) for place in generator.permutation(frames)]
