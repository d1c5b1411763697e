"""Files that carry their own types: Parquet, and Arrow's file format (Feather), behind one face."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

PARQUET, ARROW = "parquet", "arrow"
MAGIC = {b"PAR1": PARQUET, b"ARROW1": ARROW}


@dataclass(frozen=True, slots=True)
class TypedFile:
    """An open file of typed columns, read piece by piece.

    Args:
        schema: its columns.
        rows: how many rows it has.
        source: the reader.
    """

    schema: pa.Schema
    rows: int
    source: pq.ParquetFile | pa.ipc.RecordBatchFileReader

    def pieces(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """All rows of these columns, in the file's order."""
        if isinstance(self.source, pq.ParquetFile):
            yield from self.source.iter_batches(columns=list(columns))
            return
        for place in range(self.source.num_record_batches):
            yield self.source.get_batch(place).select(list(columns))


def format_of(head: bytes) -> str | None:
    """The format that a file with these first bytes has; None for one without types."""
    return next((form for magic, form in MAGIC.items() if head.startswith(magic)), None)


def open_typed(stream: BinaryIO, form: str) -> TypedFile:
    """Open a typed file.

    Args:
        stream: its bytes.
        form: `PARQUET` or `ARROW`.

    Raises:
        ArrowException, OSError: when it is not a whole file of that format.
    """
    if form == PARQUET:
        parquet = pq.ParquetFile(stream)
        return TypedFile(parquet.schema_arrow, parquet.metadata.num_rows, parquet)
    reader = pa.ipc.open_file(stream)
    counts = (reader.get_batch(place).num_rows for place in range(reader.num_record_batches))
    return TypedFile(reader.schema, sum(counts), reader)
