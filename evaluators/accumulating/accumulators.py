"""Mergeable states: counts of cells, exact sums by group, and rows in canonical order.

Everything is exact, so the merged state is the same for every number and order of shards:
counts are integers, reals are fixed-point integers whose sums are Python integers. (Compensated
floating-point sums are not associative.)
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from evaluators.accumulating.levels import level_name

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Level = str | None
Key = tuple[Level, ...]

SCALE = 10**9
"""Fixed-point units per one, unless a probe chooses another scale."""


@dataclass(frozen=True, slots=True)
class Coded:
    """A column as integer codes of named levels; −1 stands for a missing value."""

    codes: Integers
    names: tuple[str, ...]


def coded(column: pa.Array | pa.ChunkedArray) -> Coded:
    """The levels of a column, sorted by name; null and NaN are missing."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    raw = column.dictionary.to_pylist()
    named = [None if v is None or v != v else level_name(v) for v in raw]  # noqa: PLR0124  # NaN
    names = tuple(sorted({name for name in named if name is not None}))
    place = {name: code for code, name in enumerate(names)}
    lookup = np.array([-1 if n is None else place[n] for n in named] + [-1], dtype=np.int64)
    indices = pc.fill_null(column.indices.cast(pa.int64()), len(raw))
    return Coded(lookup[indices.to_numpy(zero_copy_only=False)], names)


def truth(column: pa.Array) -> Integers:
    """A boolean column as 1, 0, and −1 for missing."""
    filled: Integers = pc.fill_null(column.cast(pa.int8()), -1).to_numpy(zero_copy_only=False)
    return filled.astype(np.int64)


def numbers(column: pa.Array) -> Floats:
    """A numeric column as float64, NaN for missing."""
    filled: Floats = pc.fill_null(column.cast(pa.float64()), float("nan")).to_numpy(
        zero_copy_only=False
    )
    return filled


@dataclass(frozen=True)
class Cells:
    """Counts by cell: level names → one count per measure.

    Args:
        keys: what the levels of a cell are levels of.
        measures: what is counted.
        table: cell → counts; cells without rows are absent.
    """

    keys: tuple[str, ...]
    measures: tuple[str, ...]
    table: Mapping[Key, tuple[int, ...]] = field(default_factory=dict)

    def add(
        self,
        columns: Sequence[Coded],
        marks: Sequence[Integers | None],
        amounts: Sequence[Integers] = (),
    ) -> "Cells":
        """Count rows.

        Args:
            columns: one coded column per key.
            marks: per measure the 0/1 marks of the rows (None counts every row).
            amounts: for the measures after those, 64-bit integers that are summed exactly.
        """
        rows = columns[0].codes.size if columns else 0
        flat, sizes = np.zeros(rows, dtype=np.int64), [len(c.names) + 1 for c in columns]
        for column, size in zip(columns, sizes, strict=True):
            flat = flat * size + (column.codes + 1)
        distinct, inverse = _compact(flat, int(np.prod(sizes, dtype=object)))
        counts = [
            np.bincount(inverse, weights=mark, minlength=distinct.size).astype(np.int64).tolist()
            for mark in marks
        ]
        counts += [wide_sums(inverse, amount, distinct.size) for amount in amounts]
        table = dict(self.table)
        for place, code in enumerate(distinct.tolist()):
            key = _unravel(code, sizes, columns)
            old = table.get(key, (0,) * len(self.measures))
            table[key] = tuple(o + c[place] for o, c in zip(old, counts, strict=True))
        return Cells(self.keys, self.measures, table)

    def plus(self, key: Key, counts: Sequence[int]) -> "Cells":
        """The cells with `counts` added to one of them."""
        old = self.table.get(key, (0,) * len(self.measures))
        table = {**self.table, key: tuple(a + b for a, b in zip(old, counts, strict=True))}
        return Cells(self.keys, self.measures, table)

    def margin(self, keep: Sequence[str]) -> "Cells":
        """The counts summed over all keys but those kept; missing levels are dropped."""
        places = [self.keys.index(name) for name in keep]
        table: dict[Key, tuple[int, ...]] = {}
        for key, counts in self.table.items():
            kept = tuple(key[place] for place in places)
            if None not in kept:
                old = table.get(kept, (0,) * len(counts))
                table[kept] = tuple(a + b for a, b in zip(old, counts, strict=True))
        return Cells(tuple(keep), self.measures, table)

    def total(self) -> tuple[int, ...]:
        """The counts over all cells, missing levels included."""
        columns = zip(*self.table.values(), strict=True)
        return tuple(sum(column) for column in columns) or (0,) * len(self.measures)

    def as_json(self) -> dict[str, Any]:
        """The cells in canonical order."""
        order = sorted(self.table, key=_missing_last)
        rows = [[list(key), list(self.table[key])] for key in order]
        return {"keys": list(self.keys), "measures": list(self.measures), "rows": rows}


def merge_cells(parts: Iterable[Cells]) -> Cells:
    """The cells of all parts; a cell that some part has not seen counts as zero there."""
    found = list(parts)
    table: dict[Key, tuple[int, ...]] = {}
    for part in found:
        for key, counts in part.table.items():
            old = table.get(key)
            table[key] = (
                counts if old is None else tuple(a + b for a, b in zip(old, counts, strict=True))
            )
    return Cells(found[0].keys, found[0].measures, table)


def _missing_last(key: Key) -> tuple[tuple[bool, str], ...]:
    return tuple((level is None, level or "") for level in key)


def _compact(flat: Integers, size: int) -> tuple[Integers, Integers]:
    """Distinct codes and their positions; by counting where the code space is small."""
    if size > max(65_536, 4 * flat.size):
        distinct, inverse = np.unique(flat, return_inverse=True)
        return distinct, inverse
    seen = np.bincount(flat, minlength=size) > 0
    distinct = np.flatnonzero(seen)
    return distinct, (np.cumsum(seen) - 1)[flat]


def _unravel(code: int, sizes: Sequence[int], columns: Sequence[Coded]) -> Key:
    levels: list[Level] = []
    for column, size in zip(reversed(columns), reversed(sizes), strict=True):
        code, place = divmod(code, size)
        levels.append(column.names[place - 1] if place else None)
    return tuple(reversed(levels))


def fixed(values: Floats, scale: int = SCALE) -> Integers:
    """Reals as fixed-point integers, rounded half to even; NaN must have been removed.

    Raises:
        OverflowError: a value does not fit into 63 bits at this scale.
    """
    scaled = np.rint(values * scale)
    if scaled.size and not np.abs(scaled).max() < 2**62:
        raise OverflowError("a value is too large for the fixed-point scale")
    return scaled.astype(np.int64)


def wide_sums(codes: Integers, values: Integers, groups: int) -> list[int]:
    """Exact sums of 64-bit integers by group, as Python integers of any size.

    The values are split into three 21-bit limbs, so that float64 sums of 2^31 rows stay exact.
    """
    limbs = (values & 0x1FFFFF, (values >> 21) & 0x1FFFFF, values >> 42)
    parts = [np.bincount(codes, weights=limb, minlength=groups) for limb in limbs]
    return [int(a) + (int(b) << 21) + (int(c) << 42) for a, b, c in zip(*parts, strict=True)]


@dataclass(frozen=True)
class Sums:
    """Exact fixed-point sums by group.

    Args:
        measures: what is summed.
        scale: fixed-point units per one.
        table: group → (rows, one sum per measure).
    """

    measures: tuple[str, ...]
    scale: int = SCALE
    table: Mapping[Key, tuple[int, ...]] = field(default_factory=dict)

    def add(self, groups: Sequence[Key], codes: Integers, values: Sequence[Floats]) -> "Sums":
        """Add rows.

        Args:
            groups: the names of the groups.
            codes: the group of each row.
            values: one column of reals per measure.
        """
        counts = np.bincount(codes, minlength=len(groups))
        sums = [wide_sums(codes, fixed(column, self.scale), len(groups)) for column in values]
        table = dict(self.table)
        for place, group in enumerate(groups):
            new = (int(counts[place]), *(column[place] for column in sums))
            if new[0]:
                old = table.get(group, (0,) * len(new))
                table[group] = tuple(a + b for a, b in zip(old, new, strict=True))
        return Sums(self.measures, self.scale, table)

    def mean(self, group: Key, measure: str) -> float | None:
        """The mean of a measure in a group; None where there are no rows."""
        row = self.table.get(group)
        if row is None or not row[0]:
            return None
        return row[1 + self.measures.index(measure)] / self.scale / row[0]

    def as_json(self) -> dict[str, Any]:
        """The sums in canonical order, as decimal text (they may exceed 64 bits)."""
        order = sorted(self.table, key=_missing_last)
        rows = [[list(key), [str(value) for value in self.table[key]]] for key in order]
        return {"measures": list(self.measures), "scale": self.scale, "rows": rows}


def merge_sums(parts: Iterable[Sums]) -> Sums:
    """The sums of all parts."""
    found = list(parts)
    table: dict[Key, tuple[int, ...]] = {}
    for part in found:
        for key, row in part.table.items():
            old = table.get(key)
            table[key] = (
                row if old is None else tuple(a + b for a, b in zip(old, row, strict=True))
            )
    return Sums(found[0].measures, found[0].scale, table)


@dataclass(frozen=True)
class Rows:
    """Rows kept for statistics that need them all, read back in an order that is theirs alone.

    Args:
        parts: batches of named columns; every part has the same names.
    """

    parts: tuple[Mapping[str, npt.NDArray[Any]], ...] = ()

    def add(self, columns: Mapping[str, npt.NDArray[Any]]) -> "Rows":
        """The rows with one more batch."""
        return Rows((*self.parts, columns))

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """All rows, sorted by every column in the order of the names: no trace of arrival."""
        if not self.parts:
            return {}
        names = sorted(self.parts[0])
        joined = {name: np.concatenate([part[name] for part in self.parts]) for name in names}
        order = np.lexsort([joined[name] for name in reversed(names)])
        return {name: column[order] for name, column in joined.items()}


def merge_rows(parts: Iterable[Rows]) -> Rows:
    """The rows of all parts."""
    return Rows(tuple(batch for part in parts for batch in part.parts))
