"""Two Dask workers on two cores against one.

Both cell probes on 60,000,000 rows: a folder of sixty names for one file of a million rows,
read from the page cache. Seconds by the clock; the cluster stands before the clock starts, every
worker has one thread, and both have the same sixteen shards.
"""

import os
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks import fairness, parquet
from benchmarks.measuring import Line, wall_seconds

ROWS = 1_000_000
FILES = 60
SHARDS = 16


def lines() -> Iterator[Line]:
    """One worker's time over two workers'."""
    from distributed import Client, LocalCluster

    from evaluators import dask_workers

    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "rows" / "000.parquet"
        whole.parent.mkdir()
        parquet.write(whole, ROWS)
        for at in range(1, FILES):
            os.link(whole, whole.with_name(f"{at:03}.parquet"))
        taken = {}
        for workers in (1, 2):
            with (
                LocalCluster(
                    n_workers=workers, threads_per_worker=1, dashboard_address=None,
                    silence_logs=50,
                ) as cluster,
                Client(cluster) as client,
            ):  # fmt: skip
                run = partial(
                    dask_workers.run, fairness.plan(1000), whole.parent, client=client,
                    nonce="benchmark", shards=SHARDS,
                )  # fmt: skip
                run()  # the workers import what they need
                taken[workers] = wall_seconds(run)
        yield Line("two workers", taken[2], "one worker", taken[1], "s", promise=("least", 1.6))
