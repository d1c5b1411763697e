"""Dask workers read the rows: one run of a plan over shards, the model in sandboxes beside them.

A shard is a range of the plan-fixed blocks, so every model call has the same frame whoever makes
it, and states are exact: the findings digest is that of one process, on any number of shards, in
any order, and after the loss of a worker, whose shards Dask gives to another. What travels is the
plan, the probes and their states; rows are read where they are counted, so every worker must see
the files under the same path. A thread of a worker opens the model once for a run: the parts it is
given are asked of one warmed interpreter, and so is the sample that shows whether it is steady; where
the run is started, no sandbox is needed. Dask is an extra: `pip install mingsuan[dask]`.
"""

import secrets
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from evaluators.plan import Plan
from evaluators.probe import Scorer
from evaluators.running import engine, passes
from evaluators.running.data import BLOCK, Source
from evaluators.running.files import Stored, open_rows
from evaluators.running.rounds import Questioner
from registry import scoring
from registry.sandbox.child.classes import Classes
from registry.scoring import Answers, Failure
from registry.settings import Settings

Opening = Callable[[], AbstractContextManager[Scorer]]
"""Opens the model where it is called; it travels to the workers."""


@dataclass(frozen=True)
class InSandbox:
    """Opens a submitted model in this machine's sandbox.

    Args:
        model: its directory, the same on every worker.
        inputs: the declared columns, a list of {name, type}.
        settings: limits and the tier.
        classes: how a classifier's answers become numbers (`Columns.reading`).
        ahead: how many sandboxes each thread of a worker keeps started for rounds to come.
    """

    model: Path
    inputs: Sequence[Mapping[str, Any]]
    settings: Settings
    classes: Classes | None = None
    ahead: int = 1

    def __call__(self) -> AbstractContextManager[Scorer]:
        from registry.scoring import SandboxScorer

        return SandboxScorer(
            self.model, inputs=self.inputs, settings=self.settings, ahead=self.ahead,
            classes=self.classes,
        )  # fmt: skip


def run(
    plan: Plan,
    path: Path,
    *,
    client: Any,
    nonce: str,
    opening: Opening | None = None,
    words: Collection[str] = (),
    shards: int | None = None,
    registered: Sequence[Plan] = (),
    progress: engine.Progress = engine.silent,
) -> engine.Outcome:
    """Run a plan on a file or folder, over the workers of a Dask client.

    Args:
        plan: what to test.
        path: the file or folder, seen under this path by every worker; Parquet is read in parts,
            other formats are read from their beginning by every worker.
        client: a `distributed.Client`.
        nonce: keys the random numbers.
        opening: opens the model; None when the answers stand in the data.
        words: the columns of a CSV file that the model takes as text (see `files.open_rows`).
        shards: how many parts; None makes four for every thread of a worker.
        registered: the other plans registered on this model version before the nonce.
        progress: told what is done, of how much, in words.

    Raises:
        DataUnfit, FileUnfit: with every reason.
    """
    rows = open_rows(path, words)
    wanted = shards or 4 * max(1, sum(client.nthreads().values()))
    with ExitStack() as stack:
        reader = stack.enter_context(Workers(client, rows, opening=opening, shards=wanted))
        return engine.run(
            plan, Source(rows), scorer=reader.scorer, nonce=nonce, progress=progress,
            registered=registered, through=reader,
        )  # fmt: skip


class Workers:
    """Reads the rows of a pass on Dask workers.

    Args:
        client: a `distributed.Client`.
        rows: the files.
        opening: opens the model on a worker; None when the answers stand in the data.
        shards: how many parts.
    """

    def __init__(
        self, client: Any, rows: Stored, *, opening: Opening | None = None, shards: int
    ) -> None:
        self.client, self.rows = client, rows
        self.opening = None if opening is None else Kept(secrets.token_hex(16), opening)
        blocks = ceil(rows.rows / BLOCK)
        each = max(1, ceil(blocks / shards))
        self.parts = [passes.Part(at, at + each) for at in range(0, blocks, each)]
        self._base: list[Any] = [{} for _ in self.parts]
        self._started = list[Any]()

    def __enter__(self) -> Self:
        """Have every worker open the model, without waiting: what starts slowly starts at once."""
        if self.opening is not None:
            self._started = [
                self.client.submit(_begin, self.opening, workers=[name], pure=False)
                for name, threads in self.client.nthreads().items()
                for _ in range(threads)
            ]
        return self

    @property
    def scorer(self) -> "OnWorkers | None":
        """The model as this process asks it: by a worker, which has it open."""
        return None if self.opening is None else OnWorkers(self.client, self.opening)

    def __exit__(self, *_: object) -> None:
        """Close the model on every worker."""
        self._started.clear()
        if self.opening is not None:
            self.client.run(_close, self.opening.claim, on_error="ignore")  # one may be gone

    def fold(self, work: passes.Pass, tell: passes.Tell) -> Iterator[passes.Folded]:
        """The states of every part, as the workers bring them back."""
        from distributed import as_completed

        samples = self._samples(work)
        whole = [
            self.client.submit(
                _fold, work, self.rows, part, sample, base, self.opening, pure=False
            )
            for part, sample, base in zip(self.parts, samples, self._base, strict=True)
        ]
        states = [self.client.submit(_without_base, one, pure=False) for one in whole]
        done = 0
        size = {future.key: part for future, part in zip(states, self.parts, strict=True)}
        # By default it would listen on the loop of the client that was opened last.
        loop = self.client.loop
        for future, folded in as_completed(states, loop=loop, with_results=True):
            part = size[future.key]
            done += min(self.rows.rows, (part.stop or 0) * BLOCK) - part.start * BLOCK
            tell(done)
            yield folded
        if work.scored:  # the answers to the rows as they are stay with the workers
            fresh = [
                self.client.submit(_joined, b, w) for b, w in zip(self._base, whole, strict=True)
            ]
            self._base = fresh

    def _samples(self, work: passes.Pass) -> list[dict[str, passes.Sample]]:
        """Per part the rows that each sampled request covers."""
        found: list[dict[str, passes.Sample]] = [{} for _ in self.parts]
        if not work.sampled:
            return found
        futures = [
            self.client.submit(_smallest, work, self.rows, part, pure=False) for part in self.parts
        ]
        smallest = self.client.gather(futures)
        for key, size in work.sampled.items():
            for at, sample in enumerate(passes.share_out([each[key] for each in smallest], size)):
                found[at][key] = sample
        return found


def _fold(
    work: passes.Pass,
    rows: Stored,
    part: passes.Part,
    samples: Mapping[str, passes.Sample],
    base: Mapping[int, Any],
    opening: "Kept | None",
) -> passes.Folded:
    """Read one part, on a worker."""
    asker = None
    if work.scored and opening is not None:
        asker = Questioner(opening.scorer(), work.plan.columns.inputs, work.seed)
    return work.fold(
        Source(rows), part, asker=asker, base=base, samples=samples, tell=lambda _: None
    )


@dataclass(frozen=True)
class Kept:
    """A model that each thread of a worker opens once, and keeps open for the parts of one run.

    Args:
        claim: names the run.
        opening: opens the model.
    """

    claim: str
    opening: Opening

    def scorer(self) -> Scorer:
        """The open model of this thread; one that it has kept for another run is closed."""
        thread = threading.get_ident()
        with _LOCK:
            other = _OPEN.pop(thread, None) if not self._mine(thread) else None
        if other is not None:
            other.stack.close()
        if (mine := _OPEN.get(thread)) is None:
            stack = ExitStack()
            mine = _Open(self.claim, stack, stack.enter_context(self.opening()))
            with _LOCK:
                _OPEN[thread] = mine
        return mine.scorer

    def _mine(self, thread: int) -> bool:
        return thread in _OPEN and _OPEN[thread].claim == self.claim


@dataclass(frozen=True)
class OnWorkers:
    """The model that the threads of the workers have open, asked from here.

    Args:
        client: a `distributed.Client`.
        kept: opens the model on a worker.
    """

    client: Any
    kept: Kept

    def score(self, frames: Sequence[pa.Table]) -> list[Answers]:
        """One array per frame, from one worker."""
        asked = self.client.submit(_score, self.kept, list(frames), pure=False)
        found: list[Answers] = asked.result()
        return found

    def apart(self, frames: Sequence[pa.Table]) -> list[Answers | Failure]:
        """Per frame its answers or why there are none, from one worker."""
        asked = self.client.submit(_apart, self.kept, list(frames), pure=False)
        found: list[Answers | Failure] = asked.result()
        return found


def _score(kept: Kept, frames: Sequence[pa.Table]) -> list[Answers]:
    return kept.scorer().score(frames)


def _apart(kept: Kept, frames: Sequence[pa.Table]) -> list[Answers | Failure]:
    return scoring.apart(kept.scorer(), frames)


def _begin(kept: Kept) -> None:
    """Open the model in this thread of a worker, and have its sandbox start."""
    warm = getattr(kept.scorer(), "warm", None)
    if warm is not None:
        warm()


@dataclass(frozen=True)
class _Open:
    claim: str
    stack: ExitStack
    scorer: Scorer


_LOCK = threading.Lock()
_OPEN: dict[int, _Open] = {}  # by the number of the thread that opened it


def _close(claim: str) -> None:
    """Close what the threads of this worker have kept open for a run that is over."""
    with _LOCK:
        over = {thread: each for thread, each in _OPEN.items() if each.claim == claim}
        for thread in over:
            del _OPEN[thread]
    for each in over.values():
        each.stack.close()


def _smallest(work: passes.Pass, rows: Stored, part: passes.Part) -> dict[str, Any]:
    return work.smallest(Source(rows), part)


def _without_base(folded: passes.Folded) -> passes.Folded:
    return replace(folded, base={})


def _joined(base: Mapping[int, Any], folded: passes.Folded) -> dict[int, Any]:
    return {**base, **folded.base}
