"""Rows grouped before they are counted: one joint code per row, one count per distinct row.

A probe that only counts does not need the rows, only how many there are of each kind. The columns
are coded as small integers (most arrive that way), joined to one code, and counted once for all
probes; what the probes get is a table with one line per kind of row. Levels are named as everywhere
(`accumulators.coded`), so the counts are the same as from the rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from evaluators.accumulating.accumulators import Integers, Key, Level
from evaluators.accumulating.levels import level_name

COUNT = "mingsuan:count"
"""The column of how many equal rows a row stands for."""
_SMALL = 256
_CELLS = 65_536

Codes = npt.NDArray[Any]


class Tally:
    """Counts of distinct rows.

    Args:
        names: the columns that tell rows apart.
        wanted: columns of truth: name → the level that is true.
    """

    def __init__(self, names: Sequence[str], wanted: Mapping[str, str]) -> None:
        self.names, self.wanted = tuple(names), dict(wanted)
        self._dense: tuple[tuple[tuple[Level, ...], ...], Integers] | None = None
        self._table: dict[Key, int] = {}

    def add(self, columns: Sequence[Any]) -> None:
        """Count rows.

        Args:
            columns: one Arrow column per name.
        """
        found = [small(column) for column in columns]
        levels, sizes = tuple(f[1] for f in found), [len(f[1]) for f in found]
        code = _joined([f[0] for f in found], sizes)
        if prod(sizes) > max(_CELLS, code.size):
            self._keep(levels, *np.unique(code, return_counts=True))
        else:
            self._count(levels, np.bincount(code, minlength=prod(sizes)))

    def _count(self, levels: tuple[tuple[Level, ...], ...], counts: Integers) -> None:
        if self._dense is not None and self._dense[0] == levels:
            self._dense = (levels, self._dense[1] + counts)
            return
        self._settle()
        self._dense = (levels, counts)

    def _settle(self) -> None:
        if self._dense is not None:
            levels, counts = self._dense
            seen = np.flatnonzero(counts)
            self._keep(levels, seen, counts[seen])
            self._dense = None

    def _keep(
        self, levels: tuple[tuple[Level, ...], ...], codes: Integers, counts: Integers
    ) -> None:
        places = np.unravel_index(codes, [len(names) for names in levels])
        named = zip(
            *(map(n.__getitem__, p.tolist()) for n, p in zip(levels, places, strict=True)),
            strict=True,
        )
        for key, count in zip(named, counts.tolist(), strict=True):
            self._table[key] = self._table.get(key, 0) + count

    def batches(self) -> Iterator[pa.RecordBatch]:
        """One batch with a line per kind of row; none without rows."""
        self._settle()
        if not self._table:
            return
        columns: dict[str, pa.Array] = {}
        for at, name in enumerate(self.names):
            levels = [key[at] for key in self._table]
            if name in self.wanted:
                true = self.wanted[name]
                columns[name] = pa.array(
                    [None if v is None else v == true for v in levels], pa.bool_()
                )
            else:
                columns[name] = pa.array(levels, pa.string())
        columns[COUNT] = pa.array(list(self._table.values()), pa.int64())
        yield pa.RecordBatch.from_pydict(columns)


def small(column: pa.Array | pa.ChunkedArray) -> tuple[Codes, tuple[Level, ...]]:
    """A column as small integer codes, and the name of the level behind each (None is missing)."""
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    kind = column.type
    if pa.types.is_boolean(kind):
        filled = column.cast(pa.uint8()).fill_null(2).to_numpy(zero_copy_only=False)
        return filled, ("false", "true", None) if column.null_count else ("false", "true")
    if pa.types.is_integer(kind) and not column.null_count and len(column):
        values = column.to_numpy(zero_copy_only=False)
        low, high = int(values.min()), int(values.max())
        if high - low < _SMALL:
            codes = values if low == 0 else values - values.dtype.type(low)
            return codes.astype(np.uint8), tuple(map(level_name, range(low, high + 1)))
    if not pa.types.is_dictionary(kind):
        column = column.dictionary_encode()
    raw = column.dictionary.to_pylist()
    named = tuple(None if v is None or v != v else level_name(v) for v in raw)  # noqa: PLR0124  # NaN
    indices = column.indices
    if indices.null_count:
        indices = indices.cast(pa.int64()).fill_null(len(raw))
        named = (*named, None)
    return indices.to_numpy(zero_copy_only=False), named


def _joined(codes: Sequence[Codes], sizes: Sequence[int]) -> Codes:
    """One code per row, in the smallest integers that hold it."""
    whole = prod(sizes)
    kind = next((k for k in (np.uint8, np.uint16, np.int32) if whole <= np.iinfo(k).max), np.int64)
    joined: Codes = codes[0].astype(kind)
    for code, size in zip(codes[1:], sizes[1:], strict=True):
        np.multiply(joined, kind(size), out=joined)
        np.add(joined, code, out=joined, casting="unsafe")
    return joined
