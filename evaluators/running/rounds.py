"""Rounds of predictions: rows shuffled, copies of one row dealt over different frames."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from evaluators.behaviour import wording
from evaluators.plan import level_name
from evaluators.policy import POLICY
from evaluators.probe import Change, Oracle, Scorer, ScoreRequest, keyed_hash
from registry import scoring
from registry.errors import Invalid

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
APART = 16
"""Frames of risky requests that are made at a time."""


class AnswersUnfit(Invalid):
    """The scorer gave another number of answers than rows: check the model's output."""


@dataclass
class Questioner:
    """Asks the model, and counts what was asked.

    Args:
        scorer: the sandboxed model.
        inputs: its input columns.
        seed: keys the shuffling; fixed by plan and nonce.
        asked: predictions so far.
        broken: identity of a risky request → the words of the failure that ended a round of it.
    """

    scorer: Scorer
    inputs: tuple[str, ...]
    seed: str
    asked: int = field(default=0)
    broken: dict[str, str] = field(default_factory=dict)

    def answer(
        self,
        block: pa.Table,
        requests: Sequence[ScoreRequest],
        chosen: Sequence[Mask],
        *,
        number: int,
    ) -> list[Floats]:
        """The answers to all requests on one block of rows, in the order of the rows.

        Args:
            block: the rows.
            requests: distinct questions.
            chosen: per request the rows it covers; the others get NaN.
            number: the number of the block, part of the shuffling key.
        """
        calm = [at for at, request in enumerate(requests) if not request.risky]
        found = [np.full(block.num_rows, np.nan) for _ in requests]
        if calm:
            made = self._mixed(
                block, [requests[a] for a in calm], [chosen[a] for a in calm], number=number
            )
            for at, values in zip(calm, made, strict=True):
                found[at] = values
        risky = [at for at in range(len(requests)) if at not in calm]
        for few in (risky[at : at + APART] for at in range(0, len(risky), APART)):
            asked = [requests[at] for at in few]
            made = self._apart(block, asked, [chosen[at] for at in few], number=number)
            for at, values in zip(few, made, strict=True):
                found[at] = values
        return found

    def _apart(
        self,
        block: pa.Table,
        requests: Sequence[ScoreRequest],
        chosen: Sequence[Mask],
        *,
        number: int,
    ) -> list[Floats]:
        """The answers to risky requests; NaN throughout where the model broke."""
        rows = [self._generator(number, -1).permutation(np.flatnonzero(mask)) for mask in chosen]
        asked = [at for at, mine in enumerate(rows) if mine.size]
        frames = [altered(block.take(rows[at]), requests[at], self.inputs) for at in asked]
        answers = [np.full(block.num_rows, np.nan) for _ in requests]
        for at, found in zip(asked, scoring.apart(self.scorer, frames), strict=True):
            if isinstance(found, np.ndarray):
                answers[at][rows[at]] = self._counted([found], [rows[at].size])[0]
            else:
                cause = str(getattr(found, "cause", "wrong_frame"))
                self.broken[requests[at].identity()] = cause
        return answers

    def _mixed(
        self,
        block: pa.Table,
        requests: Sequence[ScoreRequest],
        chosen: Sequence[Mask],
        *,
        number: int,
    ) -> list[Floats]:
        """The answers to requests whose copies share frames."""
        copies = [altered(block, request, self.inputs) for request in requests]
        stacked = pa.concat_tables(copies, promote_options="permissive").combine_chunks()
        order = self._generator(number).permutation(block.num_rows)
        rows = block.num_rows
        placed: list[list[npt.NDArray[np.int64]]] = [[] for _ in requests]
        for at in range(len(requests)):
            slot = (np.arange(rows) + at) % len(requests)
            for frame in range(len(requests)):
                mine = order[(slot == frame) & chosen[at][order]]
                placed[frame].append(mine + at * rows)
        frames = [np.concatenate(parts) for parts in placed]
        frames = [
            self._generator(number, i).permutation(f) for i, f in enumerate(frames) if f.size
        ]
        answers = np.full(rows * len(requests), np.nan)
        for places, values in zip(
            frames, self._score([stacked.take(f) for f in frames]), strict=True
        ):
            answers[places] = values
        return [answers[at * rows : (at + 1) * rows] for at in range(len(requests))]

    def check(self, block: pa.Table) -> Oracle:
        """Ask a sample twice in one shape and once in others: is the model steady?

        The same frame twice shows whether answers are deterministic; the same rows in another
        order and in two frames of other sizes show whether they depend on the batch.
        """
        size = min(block.num_rows, int(POLICY.value("rebatch_sample")))
        order = self._generator(-1).permutation(block.num_rows)[:size]
        sample = altered(block, ScoreRequest("check"), self.inputs).take(order)
        mixed = self._generator(-2).permutation(size)
        cut = size // 3
        halves = [part for part in (mixed[:cut], mixed[cut:]) if part.size]
        first, again, *others = self._score([sample, sample, *(sample.take(h) for h in halves)])
        rebatched = np.empty(size)
        rebatched[mixed] = np.concatenate(others)
        scale = np.maximum(1.0, np.abs(first))
        repeat = float(np.max(np.abs(again - first) / scale, initial=0.0))
        shape = float(np.max(np.abs(rebatched - first) / scale, initial=0.0))
        tolerance = POLICY.value("rebatch_tolerance")
        steady = repeat <= tolerance
        stable = shape <= tolerance if steady else None
        served = bool(getattr(self.scorer, "served", False))
        shown = None if steady and served else steady
        return Oracle("model", self.inputs, shown, stable, max(repeat, shape))

    def _score(self, frames: Sequence[pa.Table]) -> list[Floats]:
        return self._counted(self.scorer.score(frames), [frame.num_rows for frame in frames])

    def _counted(self, answers: list[Floats], sizes: Sequence[int]) -> list[Floats]:
        if [len(values) for values in answers] != sizes:
            raise AnswersUnfit(
                "模型给出的结果个数与行数不同，请检查模型的输出。",
                "The model gave another number of answers than rows; check its output.",
            )
        self.asked += sum(sizes)
        return answers

    def _generator(self, *numbers: int) -> np.random.Generator:
        key = keyed_hash(np.array([n % 2**32 for n in numbers], dtype=np.uint64), self.seed)
        return np.random.Generator(np.random.Philox(seed=np.random.SeedSequence(key.tolist())))


def altered(block: pa.Table, request: ScoreRequest, inputs: Sequence[str]) -> pa.Table:
    """The model's input columns with the request's changes applied."""
    columns = {
        name: _changed(block, name, request.changes[name])
        if name in request.changes
        else block[name]
        for name in inputs
    }
    return pa.table(columns)


def _changed(block: pa.Table, name: str, change: Change) -> pa.ChunkedArray | pa.Array:
    column = block[name]
    plain = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if change.kind == "set":
        return _constant(change.value, block.num_rows, plain)
    if change.kind == "take":
        return block[change.value]
    if change.kind == "swap":
        return wording.exchanged(column, change.value)
    if change.kind == "map":
        return _mapped(column.cast(plain), change.value, plain)
    number = pc.cast(column, pa.float64())
    factor = pa.scalar(float(change.value))
    return pc.multiply(number, factor) if change.kind == "scale" else pc.add(number, factor)


def _constant(value: Any, rows: int, plain: pa.DataType) -> pa.Array:
    """`value` for every row, in the column's type where it fits."""
    try:
        return pa.repeat(pa.scalar(_typed(value, plain), plain), rows)
    except (pa.ArrowInvalid, pa.ArrowTypeError, ValueError):
        return pa.repeat(pa.scalar(value), rows)


def _typed(value: Any, plain: pa.DataType) -> Any:
    """A level named in text as a value of the column's type."""
    if not isinstance(value, str) or pa.types.is_string(plain) or pa.types.is_large_string(plain):
        return value
    if pa.types.is_boolean(plain):
        return value == "true"
    if pa.types.is_integer(plain):
        return int(value)
    return float(value) if pa.types.is_floating(plain) else value


def _mapped(column: pa.ChunkedArray, levels: Mapping[str, Any], plain: pa.DataType) -> pa.Array:
    encoded = column.combine_chunks().dictionary_encode()
    names = encoded.dictionary.to_pylist()
    renamed = [
        name if name is None else _typed(levels.get(level_name(name), name), plain)
        for name in names
    ]
    return pa.array(renamed, plain).take(encoded.indices)
