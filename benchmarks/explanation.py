"""An explanation of a tabular model beside plain scoring of as many predictions in the same sandboxes.

A gradient-boosted classifier (scikit-learn, 500 trees of 31 leaves) in a skops file, 8 columns of numbers
of which one is protected, 10,000 rows. The explanation is whole: its plan is made of the table, everybody
asked about, each sentence chosen and filled in both languages. Plain scoring sends as many rows
through the same sandboxes in one round of frames of 65,536, the size at which an evaluation scores, and does
nothing with the answers. Seconds by the clock, in turns, each from sandboxes that stand ready.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benchmarks.measuring import Line
from benchmarks.sandbox import RUNS, TREES, in_turns, people, saved, scorer
from evaluators.running.data import BLOCK
from explainers.explanation import explain
from explainers.people import Scorer
from explainers.plan import ExplanationPlan
from registry.language import Text

ROWS, COLUMNS = 10_000, 8


@dataclass(slots=True)
class Counting:
    """A scorer that counts the rows it is asked about."""

    asked: Scorer
    rows: int = 0

    def score(self, frames: Sequence[pa.Table]) -> list[npt.NDArray[np.float64]]:
        """The answers of the scorer behind."""
        self.rows += sum(frame.num_rows for frame in frames)
        return self.asked.score(frames)


def lines() -> Iterator[Line]:
    """A whole explanation against plain scoring of as many rows."""
    frame = people(20_000, COLUMNS)
    told = [
        {
            "name": f"x{i}",
            "plain": Text(f"第{i + 1}项", f"item {i + 1}").as_json(),
            "protected": i == 0,
            "actionable": "any" if i in (1, 2) else 0,
        }
        for i in range(COLUMNS)
    ]
    table = pa.Table.from_pandas(frame.iloc[:ROWS, :COLUMNS], preserve_index=False)
    with tempfile.TemporaryDirectory() as name:
        model, _ = saved(Path(name) / "model", frame, COLUMNS, TREES)
        with scorer(model) as sandboxes:

            def made(through: Scorer) -> None:
                plan = ExplanationPlan.make(table, told, cut=0.5, nonce="n")
                explain(plan, table, through, nonce="n")

            counting = Counting(sandboxes)
            made(counting)
            rows = table.take(np.arange(counting.rows) % ROWS).combine_chunks()
            frames = [rows.slice(at, BLOCK) for at in range(0, counting.rows, BLOCK)]
            ours, theirs = in_turns(
                sandboxes, lambda: made(sandboxes), lambda: sandboxes.score(frames), RUNS
            )
    yield Line(
        f"explanation, {COLUMNS} columns, {ROWS:,} rows, {counting.rows:,} predictions",
        ours,
        "scoring as many rows in the same sandboxes",
        theirs,
        unit="s",
        promise=("most", 1.3),
    )
