"""A model in the sandbox: a whole evaluation beside plain scoring, and a warm round beside the call.

A gradient-boosted classifier (scikit-learn, 500 trees of 31 leaves, 20 numbers) in a skops file.
The evaluation asks about a million people and gives selection_parity and error_parity with all
intervals, tests and readings; plain scoring sends the same number of rows through the same
sandboxes in frames of the same size and does nothing with the answers. The warm round is one frame
of 100,000 × 50 and 100 trees in a sandbox that has started, from the call to the answers, its end
and the order for the next sandbox included; beside it the same estimator in this process.

Seconds by the clock, in turns: what a sandbox spends is not counted among a process's children.
Every turn begins with the sandboxes that are kept ahead, started and waiting.
"""

import statistics
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
from mlflow.models import infer_signature
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from benchmarks.measuring import Line, wall_seconds
from evaluators import engine
from evaluators.data import BLOCK
from evaluators.plan import Plan
from registry import screening
from registry.sandbox.child.trusted_types import SKOPS_TYPES
from registry.scoring import SandboxScorer
from registry.settings import Settings

ROWS, COLUMNS, TREES = 1_000_000, 20, 500
WARM_ROWS, WARM_COLUMNS, WARM_TREES = 100_000, 50, 100
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


def scorer(folder: Path) -> SandboxScorer:
    """The sandboxes of a model."""
    limits = Settings(sandbox_seconds=600)
    return SandboxScorer(folder, inputs=screening.screen(folder).inputs, settings=limits)


def plan(columns: int) -> Plan:
    """Two probes that ask about every row once."""
    return Plan.parse({
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
    """Both, each with a model of its own."""
    with tempfile.TemporaryDirectory() as name:
        yield from evaluation(Path(name))
        yield from warm_round(Path(name))
