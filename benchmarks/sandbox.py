"""A model in the sandbox: evaluations beside plain scoring, rounds beside cells and the bare call.

A gradient-boosted classifier (scikit-learn, 500 trees of 31 leaves, 20 numbers) in a skops file.
The evaluation asks about a million people and gives selection_parity and error_parity with all
intervals, tests and readings; plain scoring sends the same number of rows through the same
sandboxes in frames of the same size and does nothing with the answers. The warm round is one frame
of 100,000 × 50 and 100 trees in a sandbox that has started, from the call to the answers, its end
and the order for the next sandbox included; beside it the same estimator in this process.

Then what a round costs of an interpreter that stands warm, beside a cell with nothing kept ahead,
in each tier that the machine has: CPU seconds of worker and sandbox up to "ready", and seconds by the
clock. An evaluation of 1,000 rows with four probes stands beside one process that imports the same
packages, opens the model and answers the same frames: in CPU seconds of tier B, whose sandboxes are
children of this process; what tier A's spend is not counted there, so where there is no tier B the
line is missing.

All else is seconds by the clock, in turns.
Every turn begins with the sandboxes that are kept ahead, started and waiting.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, cast

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
from mlflow.models import infer_signature
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from benchmarks.measuring import Line, beside, wall_seconds
from evaluators.plan import Plan
from evaluators.running import engine, planning
from evaluators.running.data import BLOCK
from registry import screening
from registry.sandbox import probe_tier
from registry.sandbox.cell import Cell
from registry.sandbox.child.trusted_types import SKOPS_TYPES
from registry.sandbox.listening import listen
from registry.sandbox.pool_uids import survivors
from registry.sandbox.process import Confined
from registry.sandbox.supply import Zygotes
from registry.sandbox.zygote import WarmRound, Zygote
from registry.scoring import SandboxScorer
from registry.settings import Settings

ROWS, COLUMNS, TREES = 1_000_000, 20, 500
WARM_ROWS, WARM_COLUMNS, WARM_TREES = 100_000, 50, 100
SMALL_ROWS = 1_000
TIERS: tuple[Literal["A", "B"], ...] = ("A", "B")
RUNS, WARM_RUNS = 3, 7


def people(rows: int, columns: int) -> pd.DataFrame:
    """Simulated inputs, a group and an outcome."""
    rng = np.random.default_rng(5)
    found = pd.DataFrame(
        rng.normal(size=(rows, columns)), columns=[f"x{i}" for i in range(columns)]
    )
    found["group"] = rng.integers(0, 3, rows)
    found["due"] = (found["x0"] + found["x1"] * found["x2"] + rng.normal(size=rows) > 0).astype(
        int
    )
    return found


def saved(folder: Path, frame: pd.DataFrame, columns: int, trees: int) -> tuple[Path, Any]:
    """The classifier, trained on the first rows, as an MLflow model; and itself."""
    inputs = frame.iloc[:20_000, :columns]
    model = HistGradientBoostingClassifier(max_iter=trees, random_state=0)
    model.fit(inputs, frame["due"].iloc[:20_000])
    mlflow.sklearn.save_model(
        model, folder, serialization_format="skops", pyfunc_predict_fn="predict_proba",
        signature=infer_signature(inputs.iloc[:2], np.zeros(2)), pip_requirements=["scikit-learn"],
        skops_trusted_types=list(SKOPS_TYPES),
    )  # fmt: skip
    return folder, model


def scorer(
    folder: Path,
    *,
    ahead: int | None = None,
    tier: Literal["auto", "A", "B"] = "auto",
    warm: bool = True,
) -> SandboxScorer:
    """The sandboxes of a model."""
    limits = Settings(sandbox_seconds=600, sandbox_tier=tier, sandbox_warm=warm)
    inputs = screening.screen(folder).inputs
    return SandboxScorer(folder, inputs=inputs, settings=limits, ahead=ahead)


def plan(columns: int) -> Plan:
    """Two probes that ask about every row once."""
    return planning.parse({
        "title": "benchmark",
        "columns": {"target": "due", "favourable": 1, "cut": 0.5, "sensitive": ["group"],
                    "inputs": [f"x{i}" for i in range(columns)]},
        "probes": [{"id": "selection_parity"}, {"id": "error_parity"}],
    })  # fmt: skip


def evaluation(folder: Path) -> Iterator[Line]:
    """A whole evaluation against plain scoring of as many rows."""
    frame, made = people(ROWS, COLUMNS), plan(COLUMNS)
    model, _ = saved(folder / "model", frame, COLUMNS, TREES)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    asked = engine.predictions_needed(made, ROWS)
    places = np.arange(asked) % ROWS
    rows = table.select(made.columns.inputs).take(places).combine_chunks()
    frames = [rows.slice(at, BLOCK) for at in range(0, asked, BLOCK)]
    with scorer(model) as asking:

        def evaluate() -> None:
            done = engine.run(made, table, scorer=asking, nonce="0" * 64)
            assert done.predictions == asked  # noqa: S101  # or the two do not compare

        ours, theirs = in_turns(asking, evaluate, lambda: asking.score(frames), RUNS)
    yield Line(f"evaluation, {ROWS:,} rows, {asked:,} predictions", ours,
               "scoring as many rows in the same sandboxes", theirs, unit="s",
               promise=("most", 1.25))  # fmt: skip


def warm_round(folder: Path) -> Iterator[Line]:
    """One frame in a sandbox that waits, against the same call here."""
    frame = people(WARM_ROWS, WARM_COLUMNS)
    model, here = saved(folder / "warm", frame, WARM_COLUMNS, WARM_TREES)
    inputs = frame.iloc[:, :WARM_COLUMNS]
    table = pa.Table.from_pandas(inputs, preserve_index=False)
    with scorer(model) as asking, threadpool_limits(1):  # one thread, as in the sandbox
        ours, theirs = in_turns(
            asking, lambda: asking.score([table]), lambda: here.predict_proba(inputs), WARM_RUNS
        )
    yield Line(f"one frame of {WARM_ROWS:,} × {WARM_COLUMNS} in a warm sandbox", ours,
               "the same call in this process", theirs, unit="s", note="one thread each",
               promise=("most", 1.5))  # fmt: skip


class Recording:
    """A scorer that keeps the frames it is asked about."""

    def __init__(self, asking: SandboxScorer) -> None:
        self.asking, self.frames = asking, list[pa.Table]()

    def score(self, frames: Sequence[pa.Table]) -> list[Any]:
        """The answers of the sandbox."""
        self.frames += frames
        return self.asking.score(frames)

    @property
    def provenance(self) -> Any:
        """Of the sandbox."""
        return self.asking.provenance


BARE = """
import sys, pyarrow as pa, pandas, skops.io, sklearn.ensemble
folder, frames = sys.argv[1:]
path = folder + "/model.skops"
model = skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))
with pa.OSFile(frames) as file, pa.ipc.open_stream(file) as batches:
    for batch in batches:
        model.predict_proba(batch.to_pandas())
"""


def small_evaluation(folder: Path) -> Iterator[Line]:
    """1,000 rows and four probes, from nothing, against one interpreter that answers the same."""
    if probe_tier(Settings(sandbox_tier="B")).name != "B":
        return
    frame = people(SMALL_ROWS, COLUMNS)
    frame["other"] = frame["group"] % 2
    model, _ = saved(folder / "small", frame, COLUMNS, WARM_TREES)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    made = planning.parse({
        "title": "benchmark",
        "columns": {"target": "due", "favourable": 1, "cut": 0.5, "sensitive": ["group", "other"],
                    "inputs": [f"x{i}" for i in range(COLUMNS)]},
        "probes": [{"id": "selection_parity"}, {"id": "error_parity"}, {"id": "counterfactual_flip"},
                   {"id": "stability"}],
    })  # fmt: skip
    kept: list[Recording] = []

    def evaluate() -> None:
        with scorer(model, ahead=0, tier="B") as asking:
            kept[:] = [Recording(asking)]
            engine.run(made, table, scorer=kept[0], nonce="0" * 64)

    evaluate()
    frames = folder / "frames.arrow"
    with pa.OSFile(str(frames), "wb") as file:
        inputs = [each.select(made.columns.inputs).combine_chunks() for each in kept[0].frames]
        with pa.ipc.new_stream(file, inputs[0].schema) as writer:
            for each in inputs:
                writer.write_table(each)
    bare = [sys.executable, "-c", BARE, str(model), str(frames)]

    def alone() -> None:
        subprocess.run(bare, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"})

    ours, theirs = beside(evaluate, alone, runs=RUNS, warm=0)
    rounds = len(inputs)
    yield Line(f"evaluation, {SMALL_ROWS:,} rows, four probes, {rounds} rounds, nothing kept ahead",
               ours, "one interpreter: imports and the same predictions", theirs, note="tier B",
               promise=("most", 3.0))  # fmt: skip


def rounds(folder: Path) -> Iterator[Line]:
    """Ready, and a whole round, of a warmed interpreter and of cells."""
    frame = people(WARM_ROWS, COLUMNS)
    model, _ = saved(folder / "rounds", frame, COLUMNS, WARM_TREES)
    table = pa.Table.from_pandas(frame.iloc[:SMALL_ROWS, :COLUMNS], preserve_index=False)
    for tier in TIERS:
        found = probe_tier(Settings(sandbox_tier=tier))
        if found.name != tier or not found.warm:
            continue
        warm, cold = (scorer(model, ahead=0, tier=tier, warm=each) for each in (True, False))
        with warm, cold:
            warm.score([table])  # the interpreter stands
            (zygote,) = cast("Zygotes", warm._supply)._zygotes  # noqa: SLF001
            model_of_cell = replace(zygote.model, folder=cold._model)  # noqa: SLF001
            cell = partial(Cell, cold._ways, model_of_cell)  # noqa: SLF001
            taken = [
                (_ready(partial(WarmRound, zygote), table, zygote), _ready(cell, table))
                for _ in range(WARM_RUNS)
            ]
            ours, theirs = (statistics.median(each[at][0] for each in taken) for at in (0, 1))
            clock = statistics.median(each[0][1] for each in taken)
            yield Line(f"tier {tier}: a round is ready", ours, "a cell", theirs,
                       promise=("most", 0.1))  # fmt: skip
            yield Line(f"tier {tier}: a round is ready, nothing kept ahead", clock, "150 ms", 0.15,
                       unit="s", promise=("most", 1.0))  # fmt: skip
            turns = [
                (wall_seconds(partial(warm.score, [table]), runs=1),
                 wall_seconds(partial(cold.score, [table]), runs=1))
                for _ in range(WARM_RUNS)
            ]  # fmt: skip
            ours, theirs = (statistics.median(each[at] for each in turns) for at in (0, 1))
            yield Line(f"tier {tier}: a whole round of {SMALL_ROWS:,} rows", ours, "in a cell", theirs,
                       unit="s", promise=("most", 0.2))  # fmt: skip


def _ready(
    make: Callable[[], WarmRound | Cell], table: pa.Table, *zygotes: Zygote
) -> tuple[float, float]:
    """CPU seconds of worker and sandbox, and seconds by the clock, until a round is ready."""
    before = sum(_spent(zygote.confined) for zygote in zygotes)
    mine, clock = time.process_time(), time.perf_counter()
    made = make()
    while not made.ready and not made.over:
        listen([*zygotes, made])
    clock, mine = time.perf_counter() - clock, time.process_time() - mine
    inside = [zygote.confined for zygote in zygotes] or [cast("Cell", made).confined]
    spent = mine + sum(_spent(each) for each in inside) - before
    made.give(table)
    while not made.over:
        listen([*zygotes, made])
    made.finish()
    return spent, clock


def _spent(confined: Confined) -> float:
    """CPU seconds of what runs under a sandbox's user id, to the nanosecond."""
    if confined.uid is None:
        raise SystemExit("the CPU seconds of a sandbox are told apart by its user id: run as root")
    found = 0
    for pid in survivors(confined.uid.uid):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += int((task / "schedstat").read_text(encoding="ascii").split()[0])
    return found / 1e9


def in_turns(
    asking: SandboxScorer, ours: Callable[[], object], theirs: Callable[[], object], runs: int
) -> tuple[float, float]:
    """The median seconds of two calls, each turn from sandboxes that stand ready."""
    taken = []
    for _ in range(runs):
        for call in (ours, theirs):
            asking.await_warm()
            taken.append(wall_seconds(call, runs=1))
    return statistics.median(taken[::2]), statistics.median(taken[1::2])


def lines() -> Iterator[Line]:
    """All, each with a model of its own."""
    with tempfile.TemporaryDirectory() as name:
        yield from evaluation(Path(name))
        yield from warm_round(Path(name))
        yield from rounds(Path(name))
        yield from small_evaluation(Path(name))
