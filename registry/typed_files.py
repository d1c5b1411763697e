"""Files that carry their own types: Parquet, and Arrow's file format (Feather), behind one face.

Both are looked at by their headers before anything in them is decoded, and texts that a dictionary
repeats stay numbers until they have been counted (see `registry.expansion`).
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from registry import arrow_blocks, parquet_pages
from registry.arrow_blocks import BadBlock
from registry.expansion import MAX_CELL, MAX_PART, Expands, Meter, cell_reason, table_limit
from registry.thrift import BadThrift

PARQUET, ARROW = "parquet", "arrow"
MAGIC = {b"PAR1": PARQUET, arrow_blocks.WHOLE: ARROW}
DAMAGE = (pa.ArrowException, OSError, BadThrift, BadBlock)


@dataclass(frozen=True, slots=True)
class TypedFile:
    """An open file of typed columns, read piece by piece.

    Args:
        schema: its columns.
        rows: how many rows it has.
        size: of the file, bytes.
        source: the reader.
    """

    schema: pa.Schema
    rows: int
    size: int
    source: pq.ParquetFile | pa.ipc.RecordBatchFileReader

    def pieces(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """All rows of these columns, in the file's order, in pieces that may be decoded at once.

        Raises:
            Expands: when more comes out than the file may hold, before it is decoded.
            ArrowException: when the file is damaged.
        """
        self._check_least(columns)
        meter = Meter(table_limit(self.size))
        rows = 0
        for batch in self._batches(columns):
            rows += batch.num_rows
            if rows > self.rows:
                raise pa.ArrowInvalid(f"more rows than the {self.rows} it states")
            yield from in_parts(batch, meter)

    def _check_least(self, columns: Sequence[str]) -> None:
        """Raise `Expands` where rows and columns alone come to too much, before a row is decoded."""
        meter = Meter(table_limit(self.size))
        for name in columns:
            meter.take(name, self.rows * _least(self.schema.field(name).type))

    def _batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        if isinstance(self.source, pq.ParquetFile):
            yield from self.source.iter_batches(columns=list(columns))
            return
        for place in range(self.source.num_record_batches):
            batch = self.source.get_batch(place).select(list(columns))
            batch.validate(full=True)  # a reader believes the offsets of texts
            yield batch


def in_parts(batch: pa.RecordBatch, meter: Meter) -> Iterator[pa.RecordBatch]:
    """The batch, or parts of it that may be decoded at once.

    Args:
        batch: its texts may still be numbers into a dictionary.
        meter: counts what comes out.

    Raises:
        Expands: for a cell that is too long, or when too much comes out.
    """
    whole, widest = _measured(batch, meter)
    if whole <= MAX_PART:
        yield batch
        return
    rows = max(1, MAX_PART // max(widest, 1))
    for begin in range(0, batch.num_rows, rows):
        yield batch.slice(begin, rows)


def _measured(batch: pa.RecordBatch, meter: Meter) -> tuple[int, int]:
    """How large a batch becomes when it is decoded, and one row at the most, both in bytes."""
    whole = widest = 0
    for field, values in zip(batch.schema, batch.columns, strict=True):
        size, longest = _decoded(values)
        if longest > MAX_CELL:
            raise Expands(cell_reason(field.name, longest))
        meter.take(field.name, size)
        whole, widest = whole + size, widest + longest
    return whole, widest


def _decoded(values: pa.Array) -> tuple[int, int]:
    """How large a column becomes when its dictionary is written out, and its longest cell."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        if not _is_text(kind.value_type):
            return len(values) * 8, 8
        lengths = pc.cast(pc.binary_length(values.dictionary), pa.int64())
        total = pc.sum(pc.take(lengths, values.indices)).as_py() or 0
        return total + 4 * len(values), pc.max(lengths).as_py() or 0
    if _is_text(kind):
        lengths = pc.cast(pc.binary_length(values), pa.int64())
        return (pc.sum(lengths).as_py() or 0) + 4 * len(values), pc.max(lengths).as_py() or 0
    return len(values) * 8, 8


def _least(kind: pa.DataType) -> int:
    """What a cell of a column takes at the least, as `_decoded` counts it, in bytes."""
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    return 4 if _is_text(inner) else 8


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def format_of(head: bytes) -> str | None:
    """The format that a file with these first bytes has; None for one without types."""
    return next((form for magic, form in MAGIC.items() if head.startswith(magic)), None)


def open_typed(stream: BinaryIO, form: str) -> TypedFile:
    """Open a typed file and look at its headers.

    Args:
        stream: its bytes.
        form: `PARQUET` or `ARROW`.

    Raises:
        DAMAGE: when it is not a whole file of that format.
        Expands: when its headers say that it comes to more than it may.
    """
    size = stream.seek(0, 2)
    meter = Meter(table_limit(size))
    if form == PARQUET:
        repeated = parquet_pages.examine(stream, size, meter)
        stream.seek(0)
        parquet = pq.ParquetFile(stream)
        texts = repeated_texts(parquet.schema_arrow, repeated)
        stream.seek(0)
        source = pq.ParquetFile(stream, metadata=parquet.metadata, read_dictionary=texts)
        return TypedFile(parquet.schema_arrow, parquet.metadata.num_rows, size, source)
    rows = arrow_blocks.examine(stream, size, meter)
    stream.seek(0)
    reader = pa.ipc.open_file(stream)
    return TypedFile(reader.schema, rows, size, reader)


def repeated_texts(schema: pa.Schema, repeated: Collection[str]) -> list[str]:
    """The columns of text that a reader must leave as numbers until they are counted.

    Args:
        schema: of a Parquet file.
        repeated: its columns with a dictionary, by `parquet_pages.examine`.
    """
    return [field.name for field in schema if _is_text(field.type) and field.name in repeated]
