"""One reading of the rows for all probes: what a worker must know, and the states it folds.

A pass can be sent to another process: it holds the plan and the probes, never rows or a model.
Probes that only count (`Probe.counts`) get their rows grouped (see `evaluators.accumulating.tally`); the others
get every row.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from evaluators import probe
from evaluators.accumulating import weights
from evaluators.accumulating.accumulators import Cells, coded, truth
from evaluators.accumulating.tally import Tally
from evaluators.plan import Columns, Plan, level_name
from evaluators.probe import Probe, ScoreRequest, keyed_hash
from evaluators.running import census, missing
from evaluators.running.data import BLOCK, Hashes, Source, unit_hashes
from evaluators.running.lacking import Cause, Lacking, Seen
from evaluators.running.rounds import Questioner

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Tell = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Reading:
    """One probe in a pass, and what it asks the model."""

    probe: Probe[Any]
    requests: Mapping[str, ScoreRequest] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """Which blocks of the rows one worker reads: from `start` to before `stop`; None is the end."""

    start: int = 0
    stop: int | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """The rows with the smallest keyed hashes: all below `bound`, and the first `ties` at it."""

    bound: int
    ties: int


@dataclass
class Folded:
    """What one worker brings back.

    Args:
        states: per probe its states; none where it failed.
        failed: number of the probe → the name and the words of its error.
        base: block → the model's answers to the rows as they are.
        asked: predictions.
        broken: identity of a risky request → why rounds of it ended without answers.
        weighing: rows that weigh more than 0; None where the plan has no weights.
        decided: rows with another decision, and rows with the favourable one; None where no probe
            of the pass reads decisions.
        lacking: what its rows lack, where that is counted (`Pass.watched`).
        census: the distinct units behind its rows, where that is counted (`Pass.first`).
    """

    states: list[list[Any]]
    failed: dict[int, tuple[str, str]] = field(default_factory=dict)
    base: dict[int, Floats] = field(default_factory=dict)
    asked: int = 0
    broken: dict[str, str] = field(default_factory=dict)
    weighing: int | None = None
    decided: tuple[int, int] | None = None
    lacking: Lacking = field(default_factory=Lacking)
    census: Cells | None = None


class Reader(Protocol):
    """Who reads the rows of a pass."""

    def fold(self, work: "Pass", tell: Tell) -> Iterable[Folded]:
        """The states of every part of the rows."""


@dataclass(frozen=True)
class Pass:
    """One reading of the rows.

    Args:
        plan: the plan.
        nonce: keys the hashes of units.
        seed: keys samples and the shuffling of rounds.
        readings: the probes that are at work.
        names: the columns of the data.
        scored: whether a model answers.
        shards: how many states to fold side by side.
        watched: why rows may not count, in the one pass in which that is counted.
        first: whether it is the first pass, in which units are counted.
    """

    plan: Plan
    nonce: str
    seed: str
    readings: tuple[Reading, ...]
    names: tuple[str, ...]
    scored: bool
    shards: int = 1
    watched: tuple[Cause, ...] = ()
    first: bool = False

    @property
    def counts_units(self) -> bool:
        """Whether distinct units are counted in this pass."""
        return self.first and self.plan.columns.unit is not None

    @cached_property
    def asked(self) -> dict[str, ScoreRequest]:
        """The requests of all probes by identity: what two probes ask is asked once."""
        every = [r for reading in self.readings for r in reading.requests.values()]
        return {request.identity(): request for request in every}

    def turns(self, number: int) -> list[str]:
        """The identities of all requests as one block is asked about them.

        What a model may break on is asked one by one: in an order drawn from the nonce, because a
        model can tell how many rounds there were before. The others share frames, whose order is
        drawn where they are asked.

        Args:
            number: the number of the block.
        """
        calm = [key for key, request in self.asked.items() if not request.risky]
        risky = [key for key, request in self.asked.items() if request.risky]
        drawn = keyed_hash(np.arange(len(risky), dtype=np.uint64), f"{self.seed} turns {number}")
        return calm + [risky[at] for at in np.argsort(drawn)]

    @cached_property
    def needs(self) -> frozenset[str]:
        """The engine's columns that some probe reads row by row."""
        rows = [r.probe for r in self.readings if not self.grouped(r.probe)]
        return frozenset(name for one in rows for name in one.derives(self.plan))

    @property
    def sampled(self) -> dict[str, int]:
        """The requests that cover a sample of the rows, and its size."""
        return {k: r.sample for k, r in self.asked.items() if r.sample is not None}

    def grouped(self, one: Probe[Any]) -> bool:
        """Whether a probe's rows may come grouped."""
        return one.counts and not {probe.UNIT, probe.WEIGHT} & {*one.derives(self.plan)}

    @cached_property
    def tallied(self) -> tuple[str, ...]:
        """The columns by which rows are grouped: levels, answers and outcomes."""
        mine = [r.probe for r in self.readings if self.grouped(r.probe)]
        found = {name for one in mine for name in (*one.keys(self.plan), *one.derives(self.plan))}
        return tuple(sorted(found))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns of the data that the pass reads."""
        plan, found = self.plan, set[str]()
        for reading in self.readings:
            one = reading.probe
            derives = one.derives(plan)
            if probe.UNIT in derives and plan.columns.unit is None:
                return self.names  # the unit is the row's content
            found |= set(one.keys(plan)) if self.grouped(one) else plan.columns.named()
            found |= {*one.columns(plan), *(n for d in derives for n in _behind(plan, d))}
        if self.sampled and plan.columns.unit is None:
            return self.names
        found |= {plan.columns.unit or ""} if self.sampled else set()
        found |= set(plan.columns.inputs) if self.scored else set()
        found |= plan.columns.named() if self.counts_units else set()
        found |= {plan.columns.weight or "", *(cause.column for cause in self.watched)}
        return tuple(name for name in self.names if name in found)

    def smallest(self, source: Source, part: Part) -> dict[str, Hashes]:
        """Per sampled request the smallest keyed hashes of a part, one more than the sample."""
        kept = {key: np.empty(0, dtype=np.uint64) for key in self.sampled}
        if kept:
            for block in source.blocks(self.columns, start=part.start, stop=part.stop):
                rows = missing.told(block, self.plan.columns, self.columns).rows
                hashes = keyed_hash(
                    unit_hashes(rows, self.plan, self.nonce, self.names), self.seed
                )
                for key, size in self.sampled.items():
                    kept[key] = np.sort(np.concatenate([kept[key], hashes]))[: size + 1]
        return kept

    def fold(
        self,
        source: Source,
        part: Part,
        *,
        asker: Questioner | None,
        base: Mapping[int, Floats],
        samples: Mapping[str, Sample],
        tell: Tell,
    ) -> Folded:
        """Read a part of the rows once.

        Args:
            source: the rows.
            part: which of them.
            asker: the model; None where the answers stand in the data.
            base: block → the answers to the rows as they are, from an earlier pass.
            samples: per sampled request the rows it covers here.
            tell: hears how many rows are done.
        """
        return _Fold(self, asker, base, samples).run(source, part, tell)


class Here:
    """Reads the rows in this process.

    Args:
        source: the rows.
        asker: the model; None where the answers stand in the data.
    """

    def __init__(self, source: Source, asker: Questioner | None = None) -> None:
        self.source, self.asker = source, asker
        self.base: dict[int, Floats] = {}

    def fold(self, work: Pass, tell: Tell) -> list[Folded]:
        """The states of all rows."""
        samples = {
            key: share_out([smallest], work.sampled[key])[0]
            for key, smallest in work.smallest(self.source, Part()).items()
        }
        folded = work.fold(
            self.source, Part(), asker=self.asker, base=self.base, samples=samples, tell=tell
        )
        self.base.update(folded.base)
        return [folded]


def share_out(smallest: Sequence[Hashes], size: int) -> list[Sample]:
    """The sample of each part, from the smallest hashes of every part."""
    joined = np.sort(np.concatenate(smallest))
    if joined.size <= size:
        return [Sample(2**64 - 1, int(hashes.size)) for hashes in smallest]
    bound = int(joined[size])
    left = size - int(np.searchsorted(joined, np.uint64(bound)))
    found = []
    for hashes in smallest:
        here = min(left, int((hashes == np.uint64(bound)).sum()))
        found.append(Sample(bound, here))
        left -= here
    return found


class _Fold:
    """One part of a pass under way."""

    def __init__(
        self,
        work: Pass,
        asker: Questioner | None,
        base: Mapping[int, Floats],
        samples: Mapping[str, Sample],
    ) -> None:
        self.work, self.asker, self.base = work, asker, base
        self.left = {key: sample.ties for key, sample in samples.items()}
        self.bounds = {key: np.uint64(sample.bound) for key, sample in samples.items()}
        self.made = Folded([[] for _ in work.readings])
        self.wanted = dict(_wanted(work.plan, work.scored)) if work.tallied else {}
        self.tallies = [
            Tally(work.tallied, {n: v for n, v in self.wanted.items() if n in work.tallied})
            for _ in range(work.shards if work.tallied else 0)
        ]

    def run(self, source: Source, part: Part, tell: Tell) -> Folded:
        """Read the part, block by block."""
        work, done = self.work, part.start * BLOCK
        before = self.asker.asked if self.asker else 0
        for at, reading in enumerate(work.readings):
            self._guarded(at, partial(self._open, at, reading.probe))
        coded_text = work.plan.columns.sensitive if not work.needs and not work.scored else ()
        blocks = source.blocks(work.columns, start=part.start, stop=part.stop, coded=coded_text)
        for number, block in enumerate(blocks, start=part.start):
            self._block(number, block)
            done += block.num_rows
            tell(done)
        if probe.FAVOURED in work.tallied and probe.FAVOURED not in work.needs:
            for tally in self.tallies:
                for batch in tally.batches():
                    self._count(batch[probe.FAVOURED], batch[probe.COUNT])
        for at, reading in enumerate(work.readings):
            if work.grouped(reading.probe):
                self._guarded(at, partial(self._feed_tallies, at, reading.probe))
        if self.asker is not None:
            self.made.asked = self.asker.asked - before
            self.made.broken = dict(self.asker.broken)
        return self.made

    def _open(self, at: int, one: Probe[Any]) -> None:
        plan = self.work.plan
        self.made.states[at] = [one.create_accumulator(plan) for _ in range(self.work.shards)]

    def _guarded(self, at: int, call: Callable[[], None]) -> None:
        """Run a plugin's code; its failure is kept, and takes no other probe down."""
        if at in self.made.failed:
            return
        try:
            call()
        except Exception as error:  # noqa: BLE001  # a plugin may do anything
            self.made.failed[at], self.made.states[at] = (type(error).__name__, str(error)), []

    def _block(self, number: int, block: pa.Table) -> None:
        work, sent = self.work, block
        told = missing.told(sent, work.plan.columns, work.columns)
        block = told.rows
        hashes = None
        if probe.UNIT in work.needs or self.bounds or work.counts_units:
            hashes = unit_hashes(block, work.plan, work.nonce, work.names)
        answers = self._answers(number, sent, hashes)
        score = self.base.get(number, self.made.base.get(number))
        if work.watched:
            unanswered = None if score is None else np.isnan(score)
            repeated = hashes if work.counts_units else None
            self.made.lacking.add(
                work.watched, told, unanswered, units=repeated,
                seen=partial(seen, work.plan, block, score),
            )  # fmt: skip
        if work.counts_units and hashes is not None:
            self._census(block, hashes, score)
        derived = dict(_derived(work.plan, block, work.needs, score))
        if work.plan.columns.weight is not None:
            derived |= self._weights(number, block, work.plan.columns.weight)
        if hashes is not None and probe.UNIT in work.needs:
            derived[probe.UNIT] = pa.array(hashes)
        step = math.ceil(block.num_rows / work.shards)
        if probe.FAVOURED in derived:
            self._count(derived[probe.FAVOURED])
        if self.tallies:
            lines = [_line(work.plan, name, block, score) for name in work.tallied]
            for shard, tally in enumerate(self.tallies):
                tally.add([line.slice(shard * step, step) for line in lines])
        for at, reading in enumerate(work.readings):
            if not work.grouped(reading.probe):
                self._guarded(at, partial(self._feed, at, reading, block, derived, answers, step))

    def _census(self, block: pa.Table, hashes: Hashes, score: Floats | None) -> None:
        """Count the distinct units of a block."""
        plan = self.work.plan
        truths = dict(_derived(plan, block, frozenset({probe.FAVOURED, probe.DESERVED}), score))
        before = self.made.census or census.empty(plan)
        if before is not None:
            self.made.census = census.add(before, block, hashes, truths, plan.columns.weight)

    def _answers(self, number: int, block: pa.Table, hashes: Hashes | None) -> dict[str, pa.Array]:
        """Ask the model about one block: the requests, and the rows as they are if new."""
        if self.asker is None:
            return {}
        turns = self.work.turns(number)
        requests = [self.work.asked[key] for key in turns]
        masks = [self._chosen(key, block, hashes) for key in turns]
        fresh = number not in self.base
        if fresh:
            requests.append(ScoreRequest("base"))
            masks.append(np.ones(block.num_rows, dtype=bool))
        if not requests:
            return {}
        values = self.asker.answer(block, requests, masks, number=number)
        if fresh:
            self.made.base[number] = values.pop()
        found = zip(turns, values, strict=True)
        scored = self.work.plan.columns.as_score
        return {key: pa.array(scored(column), from_pandas=True) for key, column in found}

    def _count(self, favoured: pa.Array, times: pa.Array | None = None) -> None:
        """Count decisions, whoever reads them."""
        found = decisions(favoured, times)
        before = self.made.decided or (0, 0)
        self.made.decided = (before[0] + found[0], before[1] + found[1])

    def _weights(self, number: int, block: pa.Table, name: str) -> dict[str, pa.Array]:
        """The weights of a block, checked whoever reads them."""
        found = weights.read(block[name], name, first=number * BLOCK)
        self.made.weighing = (self.made.weighing or 0) + int((found > 0).sum())
        return {probe.WEIGHT: pa.array(found)} if probe.WEIGHT in self.work.needs else {}

    def _chosen(self, key: str, block: pa.Table, hashes: Hashes | None) -> Mask:
        """The rows of a block that a request covers."""
        if hashes is None or key not in self.bounds:
            return np.ones(block.num_rows, dtype=bool)
        keyed = keyed_hash(hashes, self.work.seed)
        covered: Mask = keyed < self.bounds[key]
        ties = np.flatnonzero(keyed == self.bounds[key])[: self.left[key]]
        covered[ties] = True
        self.left[key] -= ties.size
        return covered

    def _feed(
        self,
        at: int,
        reading: Reading,
        block: pa.Table,
        derived: Mapping[str, pa.Array],
        answers: Mapping[str, pa.Array],
        step: int,
    ) -> None:
        mine = {probe.answer(k): answers[r.identity()] for k, r in reading.requests.items()}
        columns = {name: block[name] for name in block.column_names}
        whole = pa.table({**columns, **derived, **mine}).combine_chunks()
        states = self.made.states[at]
        for shard in range(self.work.shards):
            for batch in whole.slice(shard * step, step).to_batches():
                states[shard] = reading.probe.add_batch(states[shard], batch)

    def _feed_tallies(self, at: int, one: Probe[Any]) -> None:
        states = self.made.states[at]
        for shard, tally in enumerate(self.tallies):
            for batch in tally.batches():
                states[shard] = one.add_batch(states[shard], batch)


def _behind(plan: Plan, derived: str) -> Iterator[str]:
    """The columns of the data from which the engine derives one of its own."""
    columns = plan.columns
    named = {
        probe.SCORE: columns.score,
        probe.FAVOURED: columns.prediction if columns.score is None else columns.score,
        probe.DESERVED: columns.target,
        probe.UNIT: columns.unit,
        probe.CLASS: columns.prediction,
        probe.WEIGHT: columns.weight,
    }.get(derived)
    if named is not None:
        yield named
    if derived == probe.FAVOURED and columns.prediction is not None and not columns.decides:
        yield columns.prediction


def _wanted(plan: Plan, scored: bool) -> Iterator[tuple[str, str]]:
    """Which level is the true one, in the columns of truth as `_line` gives them."""
    columns = plan.columns
    decided = (scored or columns.score is not None) and columns.decides
    yield probe.FAVOURED, "true" if decided else level_name(columns.good(columns.prediction))
    yield probe.DESERVED, level_name(columns.favourable)


def _line(plan: Plan, name: str, block: pa.Table, answered: Floats | None) -> Any:
    """A column by which rows are told apart."""
    columns = plan.columns
    if name == probe.DESERVED:
        return block[columns.target]
    if name != probe.FAVOURED:
        return block[name]
    score = _score(plan, block, answered)
    if score is None or not columns.decides:
        return block[columns.prediction]
    return pa.array(columns.favours(score), mask=np.isnan(score))


def _score(plan: Plan, block: pa.Table, answered: Floats | None) -> Floats | None:
    """The model's answers as scores, or the score column."""
    if answered is not None:
        return plan.columns.as_score(answered)
    if plan.columns.score is None:
        return None
    filled = block[plan.columns.score].cast(pa.float64()).combine_chunks().fill_null(math.nan)
    found: Floats = filled.to_numpy(zero_copy_only=False)
    return found


def _derived(
    plan: Plan, block: pa.Table, needs: frozenset[str], answered: Floats | None
) -> Iterator[tuple[str, pa.Array]]:
    """The engine's own columns, as far as a probe of this pass needs them."""
    columns = plan.columns
    score = _score(plan, block, answered) if {probe.SCORE, probe.FAVOURED} & needs else None
    if probe.CLASS in needs:
        yield from _classes(columns, answered, block)
    if probe.SCORE in needs and score is not None:
        yield probe.SCORE, pa.array(score, from_pandas=True)
    if probe.FAVOURED in needs and score is not None and columns.decides:
        yield probe.FAVOURED, pa.array(columns.favours(score), mask=np.isnan(score))
    elif probe.FAVOURED in needs and columns.prediction and columns.favourable is not None:
        good = columns.good(columns.prediction)
        yield probe.FAVOURED, equals(block[columns.prediction], good)
    if probe.DESERVED in needs and columns.target and columns.favourable is not None:
        yield probe.DESERVED, equals(block[columns.target], columns.favourable)


def seen(plan: Plan, block: pa.Table, answered: Floats | None = None) -> Seen:
    """What is known of rows besides what they lack: compared features, decisions and outcomes.

    Args:
        plan: names the columns.
        block: the rows, as far as the pass reads them.
        answered: the model's answers to them.
    """
    names, none = block.column_names, np.full(block.num_rows, -1, dtype=np.int64)
    readable = {
        derived
        for derived in (probe.FAVOURED, probe.DESERVED)
        if all(name in names for name in _behind(plan, derived))
        or (derived == probe.FAVOURED and answered is not None and plan.columns.decides)
    }
    truths = dict(_derived(plan, block, frozenset(readable), answered))
    features = dict.fromkeys((*plan.columns.sensitive, *plan.columns.profile))
    return Seen(
        {name: coded(block[name]) for name in features if name in names},
        *(truth(truths[name]) if name in truths else none
          for name in (probe.FAVOURED, probe.DESERVED)),
    )  # fmt: skip


def decisions(favoured: pa.Array, times: pa.Array | None = None) -> tuple[int, int]:
    """How many rows have another decision, and how many the favourable one.

    Args:
        favoured: whether each is favourable; null where there is none.
        times: how many rows each line stands for; one by default.
    """
    marks = truth(favoured)
    many = np.ones(marks.size, dtype=np.int64) if times is None else times.to_numpy()
    return int(many[marks == 0].sum()), int(many[marks == 1].sum())


def _classes(
    columns: Columns, raw: Floats | None, block: pa.Table
) -> Iterator[tuple[str, pa.Array]]:
    """The names of the classes answered, if the answers are classes."""
    if raw is not None and columns.names_class:
        places = pa.array(np.where(np.isnan(raw), 0, raw).astype(np.int32), mask=np.isnan(raw))
        yield probe.CLASS, pa.DictionaryArray.from_arrays(places, list(columns.classes))
    elif raw is None and columns.prediction is not None:
        yield probe.CLASS, block[columns.prediction].combine_chunks()


def equals(column: pa.Array | pa.ChunkedArray, level: Any) -> pa.Array:
    """Whether each value is the level, by name, so that 1, 1.0 and "1" agree; null stays null."""
    found = coded(column)
    wanted = found.names.index(level_name(level)) if level_name(level) in found.names else -2
    return pa.array(found.codes == wanted, mask=found.codes < 0)
