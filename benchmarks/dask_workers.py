"""Two Dask workers on two cores against one.

Both cell probes on 120,000,000 rows: a folder of thirty names for one file of four million rows,
read from the page cache. Both clusters stand before the clock starts and run in turns; every
worker has one thread, and both have the same sixteen shards. Seconds by the clock need two cores
that are free; the second line holds on a busy machine too: the CPU seconds of this process and of
its busiest worker, which is what the clock shows where nobody else wants the cores.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import fairness, parquet
from benchmarks.measuring import Line, wall_seconds

ROWS = 4_000_000
FILES = 30
SHARDS = 16
RUNS = 3


def lines() -> Iterator[Line]:
    """One worker's time over two workers'."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        one = folder / "one"
        many = folder / "many"
        for place in (one, many):
            place.mkdir()
        parquet.write(one / "000.parquet", ROWS)
        for at in range(FILES):
            os.link(one / "000.parquet", many / f"{at:03}.parquet")
        clients = {workers: cluster(stack, workers) for workers in (1, 2)}
        for client in clients.values():
            _run(client, one)  # the workers import what they need
        taken: dict[int, list[tuple[float, float]]] = {workers: [] for workers in clients}
        for _ in range(RUNS):
            for workers, client in clients.items():
                taken[workers].append(_measured(client, many))
    clock, busy = (
        {workers: statistics.median(run[at] for run in runs) for workers, runs in taken.items()}
        for at in (0, 1)
    )
    yield Line("two workers", clock[2], "one worker", clock[1], "s", promise=("least", 1.6))
    yield Line("two workers: this process and the busiest worker", busy[2],
               "one worker: this process and the worker", busy[1])  # fmt: skip


def cluster(stack: ExitStack, workers: int) -> Any:
    """A client of so many workers of one thread, which end with the stack."""
    from distributed import Client, LocalCluster

    made = LocalCluster(
        n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=50
    )
    return stack.enter_context(Client(stack.enter_context(made)))


def _run(client: Any, folder: Path) -> None:
    from evaluators.running import dask_workers

    dask_workers.run(fairness.plan(1000), folder, client=client, nonce="benchmark", shards=SHARDS)


def _measured(client: Any, folder: Path) -> tuple[float, float]:
    """Seconds by the clock, and CPU seconds of this process and its busiest worker."""
    before, mine = client.run(time.process_time), time.process_time()
    clock = wall_seconds(lambda: _run(client, folder), runs=1)
    mine = time.process_time() - mine
    after = client.run(time.process_time)
    return clock, mine + max(after[name] - before[name] for name in before)
