"""Quotes and purchases as the price probes keep them: the rows they need, in an order of their own.

Both probes rank rows and fit regressions, so their state is the rows. The rows are put in the
order of their own content before any arithmetic; the result is then the same whatever shards
and batches they came in.
"""

import base64
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from evaluators.plan import Plan, level_name
from evaluators.probe import UNIT
from evaluators.regression import Codes, Floats, codes_of
from registry import attestation

Mask = npt.NDArray[np.bool_]

_SEALED_ROWS = 50_000  # beyond it the sealed evidence holds the digest of the rows only


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
        array = array.dictionary_decode()
    kind = array.type
    if pa.types.is_uint64(kind) or pa.types.is_null(kind):
        return array
    if pa.types.is_boolean(kind):
        return pc.if_else(array, "true", "false")
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return array.cast(pa.float64(), safe=False)
    return array.cast(pa.string())


def join(tables: Sequence[pa.Table]) -> pa.Table:
    """All rows together."""
    full = [table for table in tables if table.num_columns]
    if not full:
        return pa.table({})
    return pa.concat_tables(full, promote_options="permissive")


def ordered(rows: pa.Table) -> pa.Table:
    """The rows in the order of their content."""
    if not rows.num_columns or rows.num_rows < 2:
        return rows.combine_chunks()
    keys = [(name, "ascending") for name in sorted(rows.schema.names)]
    return rows.take(pc.sort_indices(rows, sort_keys=keys)).combine_chunks()


def sealed(rows: pa.Table) -> dict[str, Any]:
    """The rows as JSON content; a long table by its digest."""
    kept = ordered(rows)
    blobs = {name: _bytes(kept.column(name)) for name in sorted(kept.schema.names)}
    content: dict[str, Any] = {
        "rows": kept.num_rows,
        "columns": {name: attestation.sha256(blob) for name, blob in blobs.items()},
    }
    if kept.num_rows <= _SEALED_ROWS:
        content["content"] = {
            name: base64.b64encode(zlib.compress(blob, 6)).decode() for name, blob in blobs.items()
        }
    return content


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
    """A number column with nan for what is missing; texts that are no numbers are missing too."""
    kind = column.type
    if pa.types.is_null(kind):
        return np.full(len(column), np.nan)
    if not pa.types.is_floating(kind):
        return np.array([_number(value) for value in column.to_pylist()], dtype=np.float64)
    return np.asarray(column.to_numpy(), dtype=np.float64) + 0.0


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
    encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    found = encoded.dictionary.to_pylist()
    names = sorted(found)
    ranks = {name: place for place, name in enumerate(names)}
    place = np.array([ranks[name] for name in found] + [-1], dtype=np.int64)
    indices = np.asarray(encoded.indices.fill_null(len(found)).to_numpy(zero_copy_only=False))
    return Levels(tuple(names), place[indices])


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
    return codes_of(np.asarray(rows.column(column).to_numpy()))


def cell_codes(rows: pa.Table, columns: Sequence[str]) -> Codes:
    """Codes of the combinations of several columns that occur; missing is a level of its own."""
    joint = np.zeros(rows.num_rows, dtype=np.int64)
    for name in columns:
        found = levels(rows.column(name))
        joint = codes_of(joint * (len(found.names) + 1) + found.codes + 1)
    return joint
