"""Cells counted by DuckDB: one query over Parquet files in place of a reading of the rows.

It serves plans whose probes only count (`Probe.counts`) on answers that stand in the data. The
query groups by the columns as the file has them; names of levels, missing values and what is
favourable are worked out from the groups by the same code as from rows, so the findings are the
same. DuckDB is an extra: `pip install mingsuan[duckdb]`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from evaluators import probe
from evaluators.accumulating.accumulators import coded, truth
from evaluators.plan import Plan
from evaluators.running import engine, missing, passes
from evaluators.running.data import Source
from evaluators.running.files import ParquetRows
from evaluators.running.lacking import Lacking, Seen
from registry import tables
from registry.errors import Invalid, Reason
from registry.language import Text

FOLDERS, FILE = "mingsuan_folders", "mingsuan:file"


class NotOnlyCounts(Invalid):
    """DuckDB serves probes that only count: run the listed ones by the stream."""


def run(plan: Plan, path: Path, *, nonce: str, registered: Sequence[Plan] = ()) -> engine.Outcome:
    """Run a plan of cell probes on a Parquet file or folder.

    Args:
        plan: what to test.
        path: the file or folder.
        nonce: keys the random numbers.
        registered: the other plans registered on this model version before the nonce.

    Raises:
        NotOnlyCounts: naming the probes that need rows.
        DataUnfit, FileUnfit: with every reason.
    """
    rows = ParquetRows(path)
    reader = Query(rows)
    return engine.run(
        plan, Source(rows), scorer=None, nonce=nonce, registered=registered, through=reader
    )


class Query:
    """Reads groups in place of rows.

    Args:
        rows: the files.
    """

    def __init__(self, rows: ParquetRows) -> None:
        self.rows = rows

    def fold(self, work: passes.Pass, tell: passes.Tell) -> Iterable[passes.Folded]:
        """The states of all rows, from one query."""
        unfit = [r.probe.spec.id for r in work.readings if not work.grouped(r.probe)]
        if unfit or work.scored:
            raise _unfit(unfit)
        lacking = Lacking()
        batches = list(self._groups(work, lacking))
        states = []
        for reading in work.readings:
            state = reading.probe.create_accumulator(work.plan)
            for batch in batches:
                state = reading.probe.add_batch(state, batch)
            states.append([state])
        tell(self.rows.rows)
        decided = None
        if probe.FAVOURED in work.tallied:
            each = [passes.decisions(b[probe.FAVOURED], b[probe.COUNT]) for b in batches]
            decided = sum(no for no, _ in each), sum(yes for _, yes in each)
        return [passes.Folded(states, decided=decided, lacking=lacking)]

    def _groups(self, work: passes.Pass, lacking: Lacking) -> Iterator[pa.RecordBatch]:
        import duckdb

        with duckdb.connect() as database:
            files = [str(piece.path) for piece in self.rows.files]
            if self.rows.named:
                database.register(FOLDERS, self._folders())
            asked = _sql(work, self.rows)
            found: Any = database.sql(asked, params=[files]).to_arrow_table()
        for batch in found.combine_chunks().to_batches():
            yield self._typed(work, batch, lacking)

    def _folders(self) -> pa.Table:
        """File → the values of the columns that stand in the names of its folders."""
        pieces, kinds = self.rows.files, self.rows.kinds
        columns = {
            name: pa.array([piece.values.get(name) for piece in pieces], tables.TYPES[kinds[name]])
            for name in self.rows.named
        }
        return pa.table({FILE: [str(piece.path) for piece in pieces], **columns})

    def _typed(self, work: passes.Pass, batch: pa.RecordBatch, lacking: Lacking) -> pa.RecordBatch:
        """The groups with the register's types, and truths in place of outcomes."""
        columns = work.plan.columns
        made = {probe.COUNT: batch[probe.COUNT].cast(pa.int64())}
        sources = {probe.FAVOURED: columns.prediction, probe.DESERVED: columns.target}
        held = dict[str, pa.Array]()
        for name in work.tallied:
            values = batch[name]
            if pa.types.is_boolean(values.type) and name == probe.FAVOURED and _by_score(work):
                made[name] = values
                held[str(columns.score)] = values  # null where there is no score
                continue
            source = str(sources.get(name) or name)
            held[source] = self.rows.typed(values, source)
        told = missing.told(pa.table(held), columns)
        for name in (n for n in work.tallied if n not in made):
            values = told.rows[str(sources.get(name) or name)].combine_chunks()
            truth = name in sources
            made[name] = passes.equals(values, columns.good(sources[name])) if truth else values
        times = made[probe.COUNT].to_numpy()
        lacking.add(work.watched, told, times=times, seen=partial(_seen, work, made))
        return pa.RecordBatch.from_pydict(made)


def _seen(work: passes.Pass, made: Mapping[str, pa.Array]) -> Seen:
    """What is known of the groups besides what they lack."""
    none = pa.nulls(len(made[probe.COUNT]), pa.bool_())
    features = {n: coded(made[n]) for n in work.plan.columns.sensitive if n in made}
    return Seen(
        features, *(truth(made.get(name, none)) for name in (probe.FAVOURED, probe.DESERVED))
    )


def _by_score(work: passes.Pass) -> bool:
    columns = work.plan.columns
    return columns.score is not None and columns.decides


def _sql(work: passes.Pass, rows: ParquetRows) -> str:
    """How many rows there are of each kind."""
    columns = work.plan.columns
    selected = []
    for name in work.tallied:
        if name == probe.FAVOURED and _by_score(work):
            wanted = _favours(work)
        elif name in {probe.FAVOURED, probe.DESERVED}:
            source = columns.prediction if name == probe.FAVOURED else columns.target
            wanted = _quoted(str(source))
        else:
            wanted = _quoted(name)
        selected.append(f"{wanted} AS {_quoted(name)}")
    counted = f"count(*) AS {_quoted(probe.COUNT)}"
    listed = ", ".join([*selected, counted])
    return f"SELECT {listed} FROM {_rows(rows)} GROUP BY ALL"  # noqa: S608  # names are quoted


def _rows(rows: ParquetRows) -> str:
    """The relation of all rows; what stands in the names of folders is joined to them."""
    if not rows.named:
        return "read_parquet(?, hive_partitioning = false)"
    file, left_out = _quoted(FILE), ", ".join(_quoted(n) for n in (FILE, *rows.shared))
    added = ", ".join(
        f"coalesce(held.{name}, folders.{name}) AS {name}" if plain in rows.shared
        else f"folders.{name} AS {name}"
        for plain in rows.named
        for name in [_quoted(plain)]
    )  # fmt: skip
    return (
        f"(SELECT held.* EXCLUDE ({left_out}), {added} FROM read_parquet(?, filename = '{FILE}', "  # noqa: S608  # names are quoted
        f"hive_partitioning = false, union_by_name = true) AS held "
        f"JOIN {FOLDERS} AS folders USING ({file}))"
    )


def _favours(work: passes.Pass) -> str:
    """Whether a score is favourable; a missing one is neither."""
    columns = work.plan.columns
    score = f"CAST({_quoted(str(columns.score))} AS DOUBLE)"
    cut = 0.5 if columns.cut is None else columns.cut
    sign = ">=" if columns.favours(np.array([cut]))[0] else "<"
    return f"CASE WHEN isnan({score}) THEN NULL ELSE {score} {sign} {cut!r} END"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _unfit(probes: Sequence[str]) -> NotOnlyCounts:
    said = Text("要逐行读数据。", "It needs the rows.")
    return NotOnlyCounts(
        "DuckDB 只能用于只计数的检验，请去掉列出的检验，或改用逐行读取。",
        "DuckDB serves probes that only count: leave the listed ones out, or read the rows.",
        reasons=[Reason(name, said, Text("改用逐行读取。", "Read the rows.")) for name in probes],
    )
