"""Ten million rows from a Parquet file: peak memory, time linear in the rows.

Both cell probes, on a file of ten columns of which five are needed. Every run is a process of its
own, the imports included; the peak is that of its resident memory. The time is the median of three
runs inside it.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import fairness
from benchmarks.measuring import Line

MOST = 10_000_000
STEPS = (2_500_000, 5_000_000, MOST)
MEMORY = 500.0

CHILD = r"""
import json, re, statistics, sys, time
from pathlib import Path
from benchmarks import fairness
from evaluators.running import cell_query, engine, files
source = files.open_source(Path(sys.argv[1]))
engine.run(fairness.plan(1000), source.first(), scorer=None, nonce="warm")
times = []
for _ in range(3):
    before = time.process_time()
    if sys.argv[2] == "duckdb":
        made = cell_query.run(fairness.plan(1000), Path(sys.argv[1]), nonce="benchmark")
    else:
        made = engine.run(fairness.plan(1000), source, scorer=None, nonce="benchmark")
    times.append(time.process_time() - before)
taken = statistics.median(times)
# ru_maxrss would hold the peak of the process that forked this one
peak = int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024
print(json.dumps({"rows": made.rows, "seconds": taken, "peak": peak, "digest": made.findings_digest}))
"""


def write(path: Path, rows: int) -> None:
    """A file of so many simulated people, a million rows at a time.

    Args:
        path: where.
        rows: how many.
    """
    first = fairness.table(fairness.columns(500_000), "text")
    rng = np.random.default_rng(3)
    for at in range(5):
        first = first.append_column(f"more{at}", pa.array(rng.random(first.num_rows)))
    with pq.ParquetWriter(path, first.schema) as writer:
        for _ in range(rows // first.num_rows):
            writer.write_table(first)


def measure(path: Path, engine: str = "stream") -> dict[str, Any]:
    """Run the plan on the file in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(path), engine],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def lines() -> Iterator[Line]:
    """Peak memory against the promise, and the time of each size against the one before."""
    with tempfile.TemporaryDirectory() as folder:
        before: dict[str, Any] | None = None
        for rows in STEPS:
            path = Path(folder) / "rows.parquet"
            write(path, rows)
            found = measure(path)
            yield Line(f"peak memory, {rows:,} rows", found["peak"], "promise", MEMORY, "MB",
                       promise=("most", 1.0))  # fmt: skip
            if before is not None:
                yield Line(f"{rows:,} rows", found["seconds"], f"{before['rows']:,} rows",
                           before["seconds"], note="twice the rows", promise=("most", 2.3))  # fmt: skip
            before = found
        duckdb = measure(path, "duckdb")
        yield Line("the stream", found["seconds"], "DuckDB counts the cells", duckdb["seconds"],
                   note="the same findings" if duckdb["digest"] == found["digest"] else "OTHER FINDINGS")  # fmt: skip
