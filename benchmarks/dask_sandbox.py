"""A model in the sandboxes of two Dask workers on two cores against one worker.

Two million people, the classifier of the benchmark `sandbox` with 100 trees, two probes that ask
about everyone once: seconds by the clock of whole runs, the start of the sandboxes included, in turns.
Both clusters stand before the clock starts; every worker has one thread.
"""

import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import dask_workers as clusters
from benchmarks import sandbox
from benchmarks.measuring import Line, wall_seconds
from evaluators.running import dask_workers
from evaluators.running.data import BLOCK
from registry import screening
from registry.settings import Settings

ROWS = 2_000_000
RUNS = 3


def lines() -> Iterator[Line]:
    """One worker's time over two workers'."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        frame = sandbox.people(ROWS, sandbox.COLUMNS)
        model, _ = sandbox.saved(folder / "model", frame, sandbox.COLUMNS, sandbox.WARM_TREES)
        rows = folder / "rows.parquet"
        table = pa.Table.from_pandas(frame, preserve_index=False)
        pq.write_table(table, rows, row_group_size=BLOCK)
        opening = dask_workers.InSandbox(model, screening.screen(model).inputs, Settings())
        asked = partial(
            dask_workers.run,
            sandbox.plan(sandbox.COLUMNS),
            rows,
            nonce="benchmark",
            opening=opening,
        )
        clients = {workers: clusters.cluster(stack, workers) for workers in (1, 2)}
        for client in clients.values():
            asked(client=client)  # the workers import what they need
        taken: dict[int, list[float]] = {workers: [] for workers in clients}
        for _ in range(RUNS):
            for workers, client in clients.items():
                taken[workers].append(wall_seconds(partial(asked, client=client), runs=1))
    clock = {workers: statistics.median(each) for workers, each in taken.items()}
    yield Line(f"{ROWS:,} people in the sandboxes of two workers", clock[2], "of one worker",
               clock[1], "s", promise=("least", 1.5))  # fmt: skip
