"""Quotes and purchases as the price probes keep them: the rows they need, in an order of their own.

Both probes rank rows and fit regressions, so their state is the rows. The rows are put in the
order of their own content before any arithmetic; the result is then the same whatever shards
and batches they came in. Texts are codes of sorted names, so that sorting, crossing and counting
are arithmetic on whole numbers.
"""

import base64
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from evaluators.plan import Plan, level_name
from evaluators.probe import UNIT
from evaluators.statistics.regression import Codes, Floats, codes_of
from registry import attestation

Mask = npt.NDArray[np.bool_]
Bits = npt.NDArray[np.uint64]

_SEALED_ROWS = 50_000  # beyond it the sealed evidence holds the digest of the rows only
_TEXT = pa.dictionary(pa.int32(), pa.string())
_WORD = 64
LARGEST = 1e100  # beyond it products of squares overflow


@dataclass(frozen=True)
class Kept:
    """Rows as they came, and once in the order of their content.

    Args:
        wanted: the columns that are needed; others are not kept.
        parts: the rows of each batch.
    """

    wanted: tuple[str, ...]
    parts: tuple[pa.Table, ...] = ()

    def add(self, batch: pa.RecordBatch) -> "Kept":
        """With the rows of one more batch."""
        return Kept(self.wanted, (*self.parts, keep(batch, self.wanted)))

    @cached_property
    def rows(self) -> pa.Table:
        """All rows in the order of their content."""
        return ordered(join(self.parts))

    def sealed(self) -> dict[str, Any]:
        """The rows as JSON content; a long table by its digest."""
        return _sealed(self.rows)


def keep(batch: pa.RecordBatch, columns: Sequence[str]) -> pa.Table:
    """The named columns of a batch: numbers as float64, hashes as uint64, all else as text."""
    wanted = [name for name in dict.fromkeys(columns) if name in batch.schema.names]
    arrays = [_plain(batch.column(name)) for name in wanted]
    return pa.table(arrays, names=wanted) if wanted else pa.table({})


def own(batch: pa.RecordBatch) -> list[str]:
    """The columns of the data themselves, and the unit of each row."""
    return [n for n in batch.schema.names if not n.startswith("mingsuan:") or n == UNIT]


def account(plan: Plan) -> str | None:
    """The column of the account: the plan's unit, else its user; None where rows are units."""
    if plan.columns.unit:
        return UNIT
    return plan.columns.user


def _plain(array: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(array.type):
        if pa.types.is_string(array.type.value_type):
            return array.cast(_TEXT)
        array = array.dictionary_decode()
    kind = array.type
    if pa.types.is_uint64(kind) or pa.types.is_null(kind):
        return array
    if pa.types.is_boolean(kind):
        array = pc.if_else(array, "true", "false")
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return array.cast(pa.float64(), safe=False)
    return array.cast(pa.string())


def join(tables: Sequence[pa.Table]) -> pa.Table:
    """All rows together."""
    full = [table for table in tables if table.num_columns]
    if not full:
        return pa.table({})
    return pa.concat_tables(full, promote_options="permissive")


def ordered(rows: pa.Table) -> pa.Table:
    """The rows in the order of their content: column by column, by name; what is missing last.

    Numbers lose the sign of zero, texts become codes of sorted names.
    """
    columns = {name: _content(rows.column(name)) for name in rows.schema.names}
    keys = [columns[name] for name in sorted(columns) if columns[name].size]
    order = _order(keys) if keys else np.arange(rows.num_rows)
    return pa.table({name: column.of(order).array() for name, column in columns.items()})


@dataclass(frozen=True, slots=True)
class _Content:
    """A column as numbers.

    Args:
        values: numbers (float64), hashes (uint64), or codes of names, -1 for missing.
        names: the sorted names of a text column.
        missing: where a number is null, which is not NaN; None if nowhere.
    """

    values: npt.NDArray[Any]
    names: pa.Array | None = None
    missing: Mask | None = None

    @property
    def size(self) -> int:
        """How many bits `bits` needs."""
        return _WORD if self.names is None else len(self.names).bit_length()

    def bits(self) -> Bits:
        """Whole numbers that sort as the column does, what is missing last."""
        if self.names is not None:
            codes = np.where(self.values < 0, len(self.names), self.values)
            return np.asarray(codes, dtype=np.uint64)
        if self.values.dtype == np.uint64:
            return self.values
        raw = self.values.view(np.uint64)
        sign = np.uint64(1) << np.uint64(_WORD - 1)
        found = np.where(raw & sign, ~raw, raw | sign)
        if self.missing is not None:
            found[self.missing] = ~np.uint64(0)
        return found

    def of(self, rows: Codes) -> "_Content":
        """The column of some rows."""
        missing = None if self.missing is None else self.missing[rows]
        return _Content(np.take(self.values, rows), self.names, missing)

    def array(self) -> pa.Array:
        """The column for a table."""
        if self.names is None:
            return pa.array(self.values, mask=self.missing)
        missing = self.values < 0
        codes = pa.array(self.values, mask=missing if missing.any() else None)
        return pa.DictionaryArray.from_arrays(codes, self.names)


def _content(column: pa.ChunkedArray) -> _Content:
    kind = column.type
    if pa.types.is_floating(kind):
        values = numbers(column)
        missing = column.is_null().to_numpy() if column.null_count else None
        return _Content(np.where(np.isnan(values), np.nan, values), None, missing)
    if pa.types.is_uint64(kind):
        return _Content(np.asarray(column.fill_null(0).to_numpy()))
    codes, names = _coded(column)
    return _Content(codes.astype(np.int32), names)


def _order(keys: Sequence[_Content]) -> Codes:
    """The order of rows by several keys, the first first.

    The keys are read as one string of bits. Its first 64 mostly decide; rows that agree in them
    are sorted by the rest.
    """
    first = next(_words(keys))
    order = np.argsort(first)
    sorted_ = np.take(first, order)
    same = sorted_[1:] == sorted_[:-1]
    if not same.any():
        return order
    tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
    rows = order[tied]
    words = tuple(_words([key.of(rows) for key in keys]))
    order[tied] = rows[np.lexsort(words[::-1])]
    return order


def _words(keys: Sequence[_Content]) -> Iterator[Bits]:
    """The keys' bits, one after another, cut into words of 64."""
    word, room = np.zeros(len(keys[0].values), dtype=np.uint64), _WORD
    for key in keys:
        values, left = key.bits(), key.size
        while left:
            part = min(left, room)
            chosen = values >> np.uint64(left - part)
            if part < _WORD:
                chosen = (chosen & np.uint64((1 << part) - 1)) << np.uint64(room - part)
            word, left, room = word | chosen, left - part, room - part
            if not room:
                yield word
                word, room = np.zeros_like(word), _WORD
    if room < _WORD:
        yield word


def sealed(rows: pa.Table) -> dict[str, Any]:
    """The rows as JSON content; a long table by its digest."""
    return _sealed(ordered(rows))


def _sealed(kept: pa.Table) -> dict[str, Any]:
    short = kept.num_rows <= _SEALED_ROWS
    blobs = {
        name: (_bytes if short else _coded_bytes)(kept.column(name))
        for name in sorted(kept.schema.names)
    }
    content: dict[str, Any] = {
        "rows": kept.num_rows,
        "columns": {name: attestation.sha256(blob) for name, blob in blobs.items()},
    }
    if short:
        content["content"] = {
            name: base64.b64encode(zlib.compress(blob, 6)).decode() for name, blob in blobs.items()
        }
    return content


def _coded_bytes(column: pa.ChunkedArray) -> bytes:
    """As `_bytes`; texts as their sorted names in canonical JSON, then four bytes per row."""
    if pa.types.is_floating(column.type) or pa.types.is_uint64(column.type):
        return _bytes(column)
    found = levels(column)
    return attestation.canonical(list(found.names)) + found.codes.astype("<i4").tobytes()


def _bytes(column: pa.ChunkedArray) -> bytes:
    """Numbers as little-endian bytes, texts as canonical JSON."""
    kind = column.type
    if pa.types.is_floating(kind):
        values = numbers(column)
        return values.astype("<f8").tobytes()
    if pa.types.is_uint64(kind):
        return np.asarray(column.fill_null(0).to_numpy()).astype("<u8").tobytes()
    return attestation.canonical(column.to_pylist())


def numbers(column: pa.ChunkedArray) -> Floats:
    """A number column with nan for what is missing.

    Texts that are no numbers are missing, and so is what is too large to be squared: no price, cost
    or distance is, and a single one would leave every regression without a result.
    """
    found = _numbers(column)
    return np.where(np.abs(found) < LARGEST, found, np.nan)


def _numbers(column: pa.ChunkedArray) -> Floats:
    kind = column.type
    if pa.types.is_null(kind):
        return np.full(len(column), np.nan)
    if pa.types.is_dictionary(kind):
        return _named_numbers(column)
    if not pa.types.is_floating(kind):
        return np.array([_number(value) for value in column.to_pylist()], dtype=np.float64)
    return np.asarray(column.to_numpy(), dtype=np.float64) + 0.0


def _named_numbers(column: pa.ChunkedArray) -> Floats:
    found = levels(column)
    values = np.array([*(_number(name) for name in found.names), np.nan], dtype=np.float64)
    return np.take(values, found.codes)


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def is_number(column: pa.ChunkedArray) -> bool:
    """Whether the data hold the column as numbers."""
    return bool(pa.types.is_floating(column.type))


@dataclass(frozen=True, slots=True)
class Levels:
    """A column of groups.

    Args:
        names: the levels, sorted.
        codes: one per row, -1 where the value is missing.
    """

    names: tuple[str, ...]
    codes: Codes

    def counts(self) -> Codes:
        """Rows per level."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.names)).astype(np.int64)

    def most_common(self) -> str:
        """The level with the most rows, the first by name where several tie."""
        return self.names[int(np.argmax(self.counts()))]


def levels(column: pa.ChunkedArray) -> Levels:
    """A column read as groups; numbers by their names."""
    if pa.types.is_floating(column.type):
        return _numbered(numbers(column))
    codes, names = _coded(column)
    return Levels(tuple(names.to_pylist()), codes)


def _coded(column: pa.ChunkedArray) -> tuple[Codes, pa.Array]:
    """A text column as codes of its sorted names, those without rows left out."""
    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string()).dictionary_encode()
    encoded = column.combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):  # without any chunk
        return np.empty(0, dtype=np.int64), pa.array([], pa.string())
    names = encoded.dictionary
    codes = np.asarray(encoded.indices.cast(pa.int64()).fill_null(-1).to_numpy())
    counts = np.bincount(codes + 1, minlength=len(names) + 1)[1:]
    if counts.all() and pc.all(pc.less(names[:-1], names[1:]), min_count=0).as_py():
        return codes, names
    order = pc.sort_indices(names).to_numpy()
    order = order[counts[order] > 0].astype(np.int64)
    ranks = np.full(len(names) + 1, -1, dtype=np.int64)
    ranks[order] = np.arange(len(order))
    return np.take(ranks, codes), names.take(pa.array(order))


def _numbered(values: Floats) -> Levels:
    """Numbers as levels, by their names."""
    distinct, inverse = np.unique(values, return_inverse=True)
    named = [None if np.isnan(value) else level_name(float(value)) for value in distinct]
    names = tuple(sorted({name for name in named if name is not None}))
    ranks = {name: place for place, name in enumerate(names)}
    place = np.array([-1 if name is None else ranks[name] for name in named], dtype=np.int64)
    return Levels(names, place[inverse.reshape(-1)] if len(place) else place)


def units(rows: pa.Table, column: str) -> Codes:
    """The unit of each row as codes from 0."""
    held = rows.column(column)
    if pa.types.is_floating(held.type) or pa.types.is_uint64(held.type):
        return codes_of(np.asarray(held.to_numpy()))
    return codes_of(levels(held).codes)


def cell_codes(rows: pa.Table, columns: Sequence[str]) -> Codes:
    """Codes of the combinations of several columns that occur; missing is a level of its own."""
    joint = np.zeros(rows.num_rows, dtype=np.int64)
    for name in columns:
        found = levels(rows.column(name))
        joint = codes_of(joint * (len(found.names) + 1) + found.codes + 1)
    return joint


def known(column: pa.ChunkedArray) -> Mask:
    """Where the column has a value; NaN is none."""
    if pa.types.is_floating(column.type):
        return ~np.isnan(numbers(column))
    if not column.null_count:
        return np.ones(len(column), dtype=np.bool_)
    return np.asarray(column.is_valid().to_numpy(), dtype=np.bool_)
