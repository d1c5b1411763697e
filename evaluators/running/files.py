"""Data files as rows that can be read again and again: Parquet, Arrow and CSV, in bounded memory.

Nothing is held beyond one batch, and only the columns that are asked for are read. Headers are looked
at before a file is opened, by the rules for files that are sent (`registry.typed_files`); only how
much comes out in all is not limited here, because rows pass by and the machine is one's own. A folder holds
Parquet files, in subfolders too, that are read in the order of their names, as if they were one
(see `evaluators.running.parquet_folders`). The types are those of the register (`registry.tables`), so a
file gives the same table here and there.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc
import pyarrow.parquet as pq

from evaluators.running import parquet_folders
from evaluators.running.data import Source
from evaluators.running.parquet_folders import Piece
from registry import arrow_blocks, parquet_pages, tables, typed_files
from registry.errors import Invalid, Reason
from registry.expansion import Expands, Meter
from registry.language import Text
from registry.spellings import Spelt

BATCH = 65_536
BUFFER = 1024 * 1024
LISTED = 8
ARROW = (arrow_blocks.WHOLE[:4], arrow_blocks.CONTINUED)

_AGAIN = Text("请换一份完整的文件。", "Use a whole file.")
_CORRECT = Text(
    "请改正这个值（不知道的请留空）后再试。",
    "Correct the value (leave it empty where it is not known) and try again.",
)


class FileUnfit(Invalid):
    """The file cannot be read as a table: correct every listed item."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a Parquet file's headers say.

    Args:
        kinds: column → type, in the register's words, of those that can be used.
        unfit: column → why it cannot be used.
        rows: how many.
        repeated: the columns of text with a dictionary, read as numbers until they are counted.
        void: the columns without a type, in which every value is missing.
    """

    kinds: Mapping[str, str]
    unfit: Mapping[str, tuple[Reason, ...]]
    rows: int
    repeated: frozenset[str]
    void: frozenset[str]


class Stored(ABC):
    """Rows on disk.

    Args:
        path: the file or folder.
        kinds: column → type, in the register's words (`registry.tables.TYPES`).
        rows: how many there are.
    """

    path: Path
    kinds: Mapping[str, str]
    rows: int
    spelt: Mapping[str, Spelt] = MappingProxyType({})
    """The columns of a file without types in which a number has several spellings."""
    unfit: Mapping[str, tuple[Reason, ...]] = MappingProxyType({})
    """Column → why it cannot be used; a plan that does not name it leaves it alone."""
    notes: tuple[Text, ...] = ()
    """How the file was read where it is no plain table."""

    def remarks(self) -> list[Text]:
        """How the file was read, where it is no plain table, and which columns cannot be used."""
        found = list(self.notes)
        if self.unfit:
            names = ", ".join(list(self.unfit)[:LISTED]) + (
                " …" if len(self.unfit) > LISTED else ""
            )
            found.append(
                Text(
                    f"不能用的列，没有读：{names}",
                    f"columns that cannot be used, not read: {names}",
                )
            )
        return found

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns and their Arrow types."""
        return pa.schema([(name, tables.TYPES[kind]) for name, kind in self.kinds.items()])

    def read(
        self,
        columns: Sequence[str] | None = None,
        *,
        start: int = 0,
        stop: int | None = None,
        coded: Collection[str] = (),
    ) -> Iterator[pa.RecordBatch]:
        """Rows `start` to `stop`, in order.

        Args:
            columns: the columns to read; None reads all.
            start: the first row.
            stop: the row after the last; None reads to the end.
            coded: text columns that may come dictionary-encoded.
        """
        names = list(self.kinds) if columns is None else [n for n in self.kinds if n in columns]
        end = self.rows if stop is None else min(stop, self.rows)
        at = start
        for piece in self._bounded(names, start, end, coded):
            if at >= end:
                return
            batch, before = piece.slice(0, end - at), at
            at += batch.num_rows
            arrays = [self.typed(batch.column(name), name, coded, before=before) for name in names]
            yield pa.RecordBatch.from_arrays(arrays, names=names)

    def _bounded(
        self, columns: list[str], start: int, stop: int, coded: Collection[str]
    ) -> Iterator[pa.RecordBatch]:
        """The batches in parts that may be decoded at once."""
        meter = Meter(math.inf)
        try:
            for piece in self.pieces(columns, start, stop, coded):
                yield from typed_files.in_parts(piece, meter)
        except Expands as swollen:
            raise _unfit(self.path, [swollen.reason]) from swollen

    def typed(
        self, values: pa.Array, name: str, coded: Collection[str] = (), *, before: int = 0
    ) -> pa.Array:
        """Values of one column with the register's type; missing ones are null.

        Args:
            values: as the file has them.
            name: of the column.
            coded: text columns that may stay dictionary-encoded.
            before: the rows of the file before these.

        Raises:
            FileUnfit: for an infinite number.
        """
        kind = self.kinds[name]
        if kind == "string" and name in coded and pa.types.is_dictionary(values.type):
            levels = tables.typed(values.dictionary, kind)
            if levels.null_count:  # a missing value may not stand in a dictionary
                return tables.typed(values, kind).dictionary_encode()
            return pa.DictionaryArray.from_arrays(values.indices, levels)
        found = tables.typed(values, kind)
        if kind == "double" and pc.any(pc.is_inf(found), min_count=0).as_py():
            row = before + pc.index(pc.is_inf(pc.fill_null(found, 0.0)), True).as_py() + 1
            said = Text(f"第 {row} 行是无穷大。", f"Row {row} is infinite.")
            raise _unfit(self.path, [Reason(name, said, _CORRECT)])
        return found

    @abstractmethod
    def pieces(
        self, columns: list[str], start: int, stop: int, coded: Collection[str]
    ) -> Iterator[pa.RecordBatch]:
        """Batches from row `start` on, to `stop` at least; values as the file has them."""


class ParquetRows(Stored):
    """One Parquet file, or a folder of them.

    `shared` are the columns that some files hold and others have from the names of their folders.

    Args:
        path: the file or folder.

    Raises:
        FileUnfit: with every reason.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files, named, faults = [Piece(path, path.name)], dict[str, str](), list[Reason]()
        if path.is_dir():
            self.files, named, faults = parquet_folders.pieces(path)
        if not self.files and not faults:
            said = Text("文件夹里没有 .parquet 文件。", "The folder has no .parquet file.")
            faults.append(Reason(path.name, said, _AGAIN))
        if faults:
            raise _unfit(path, faults)
        self.heads = [_parquet_head(piece.path) for piece in self.files]
        self.rows = sum(head.rows for head in self.heads)
        self.unfit = {name: why for head in self.heads for name, why in head.unfit.items()}
        filled = {n: k for h in self.heads for n, k in h.kinds.items() if n not in h.void}
        held = [
            {
                n: filled.get(n, k) if n in head.void else k
                for n, k in head.kinds.items()
                if n not in self.unfit
            }
            for head in self.heads
        ]
        both = list(zip(self.files, held, strict=True))
        kinds = [{**{n: named[n] for n in piece.values}, **stored} for piece, stored in both]
        self.kinds = {**held[0], **kinds[0]}
        self.shared = frozenset(n for n in named if any(n in stored for _, stored in both))
        faults = [
            parquet_folders.differing(piece.name, found, self.files[0].name, self.kinds)
            for piece, found in zip(self.files, kinds, strict=True)
            if found != self.kinds
        ]
        against = (parquet_folders.contradiction(piece, stored) for piece, stored in both)
        if faults := [*faults, *(fault for fault in against if fault is not None)]:
            raise _unfit(path, faults)
        self.files = [piece.beside(stored) for piece, stored in both]

    @property
    def named(self) -> tuple[str, ...]:
        """The columns that some file has from the names of its folders alone."""
        return tuple(dict.fromkeys(name for piece in self.files for name in piece.values))

    def bounds(self, name: str) -> tuple[Any, Any]:
        """The least and the greatest value of a column by the files' own statistics; None if unsaid.

        Args:
            name: of the column.
        """
        lows, highs = list[Any](), list[Any]()
        for piece in self.files:
            if name in piece.values:
                return None, None
            with pq.ParquetFile(piece.path) as file:
                at = file.schema_arrow.names.index(name)
                for group in range(file.num_row_groups):
                    said = file.metadata.row_group(group).column(at).statistics
                    if said is None or not said.has_min_max:
                        return None, None
                    lows.append(said.min)
                    highs.append(said.max)
        return min(lows, default=None), max(highs, default=None)

    def pieces(
        self, columns: list[str], start: int, stop: int, coded: Collection[str]
    ) -> Iterator[pa.RecordBatch]:
        """Batches of the row groups that hold the rows; other groups are not touched."""
        text = [name for name in columns if name in coded and self.kinds[name] == "string"]
        first = 0
        for piece, head in zip(self.files, self.heads, strict=True):
            size = head.rows
            if first < stop and first + size > start:
                stored = [name for name in columns if name not in piece.values]
                known = {n: piece.values[n] for n in columns if n in piece.values}
                if not stored:
                    left = size - max(0, start - first)
                    for at in range(0, left, BATCH):
                        yield self._beside({}, known, min(BATCH, left - at), text)
                else:
                    with pq.ParquetFile(
                        piece.path,
                        read_dictionary=[n for n in stored if n in head.repeated or n in text],
                        buffer_size=BUFFER,
                    ) as file:
                        for batch in _between(file, stored, start - first, stop - first):
                            own = dict(zip(batch.schema.names, batch.columns, strict=True))
                            yield self._beside(own, known, batch.num_rows, text)
            first += size

    def _beside(
        self, stored: dict[str, Any], values: Mapping[str, Any], rows: int, coded: Collection[str]
    ) -> pa.RecordBatch:
        """Rows with the columns that their folders' names give them."""
        for name, value in values.items():
            whole = pa.repeat(pa.scalar(value, tables.TYPES[self.kinds[name]]), rows)
            stored[name] = whole.dictionary_encode() if name in coded else whole
        return pa.RecordBatch.from_pydict(stored)


class CsvRows(Stored):
    """A CSV file, its types found by looking at every value once.

    Args:
        path: the file.
        words: the columns that are read as the words that stand in the file.

    Raises:
        FileUnfit: with every reason.
    """

    def __init__(self, path: Path, words: Collection[str] = ()) -> None:
        self.path = path
        try:
            found = tables.survey(path, dict.fromkeys(words, "string"))
        except tables.TableRefused as refused:
            raise _unfit(path, list(refused.reasons)) from refused
        self.kinds, self.rows, self.format = found.columns, found.rows, found.format
        self.spelt, self.unfit, self.notes = found.spelt, found.unfit, found.notes

    def pieces(
        self, columns: list[str], start: int, stop: int, coded: Collection[str]
    ) -> Iterator[pa.RecordBatch]:
        """Batches of the file, from its beginning."""
        del coded, stop
        with self.path.open("rb") as stream:
            whole = tables.batches(stream, self.format, dict(self.kinds))
            yield from _from_row((batch.select(columns) for batch in whole), start)


class ArrowRows(Stored):
    """An Arrow IPC file or stream (also known as Feather).

    Args:
        path: the file.

    Raises:
        FileUnfit: with every reason.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as stream:
                self.rows = arrow_blocks.examine(stream, path.stat().st_size, Meter(math.inf))
            with self._open() as reader:
                self.kinds, self.unfit = _kinds(path, reader.schema)
        except Expands as swollen:
            raise _unfit(path, [swollen.reason]) from swollen
        except typed_files.DAMAGE as broken:
            said = Text(f"不是完整的 Arrow 文件：{broken}", f"It is no whole Arrow file: {broken}")
            raise _unfit(path, [Reason("Arrow", said, _AGAIN)]) from broken

    def _open(self) -> Any:
        with self.path.open("rb") as stream:
            whole = stream.read(4) == ARROW[0]
        kind = pa.ipc.open_file if whole else pa.ipc.open_stream
        return kind(pa.memory_map(str(self.path)))

    def pieces(
        self, columns: list[str], start: int, stop: int, coded: Collection[str]
    ) -> Iterator[pa.RecordBatch]:
        """Batches of the file, mapped into memory."""
        del coded, stop
        with self._open() as reader:
            yield from _from_row((batch.select(columns) for batch in _every(reader)), start)


def open_rows(path: Path, words: Collection[str] = ()) -> Stored:
    """The rows of a file or folder, told apart by its first bytes.

    Args:
        path: a Parquet, Arrow IPC or CSV file, or a folder of Parquet files.
        words: the columns of a CSV file that are read as the words that stand in it, such as
            those that a model declares as text; other files have types of their own.

    Raises:
        FileUnfit: with every reason.
    """
    if not path.exists():
        said = Text("没有这个文件。", "There is no such file.")
        raise _unfit(path, [Reason(str(path), said, Text("检查路径。", "Check the path."))])
    if path.is_dir():
        return ParquetRows(path)
    with path.open("rb") as stream:
        head = stream.read(4)
    if head == b"PAR1":
        return ParquetRows(path)
    return ArrowRows(path) if head in ARROW else CsvRows(path, words)


def open_source(path: Path, words: Collection[str] = ()) -> Source:
    """A source for `engine.run` over a file or folder, in constant memory.

    Args:
        path: see `open_rows`.
        words: see `open_rows`.

    Raises:
        FileUnfit: with every reason.
    """
    return Source(open_rows(path, words))


def _parquet_head(path: Path) -> Head:
    try:
        with path.open("rb") as stream:
            repeated = parquet_pages.examine(stream, path.stat().st_size, Meter(math.inf))
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            texts = frozenset(typed_files.repeated_texts(schema, repeated))
            void = frozenset(f.name for f in schema if pa.types.is_null(f.type))
            return Head(*_kinds(path, schema), int(file.metadata.num_rows), texts, void)
    except Expands as swollen:
        raise _unfit(path, [swollen.reason]) from swollen
    except typed_files.DAMAGE as broken:
        said = Text(f"不是完整的 Parquet 文件：{broken}", f"It is no whole Parquet file: {broken}")
        raise _unfit(path, [Reason(path.name, said, _AGAIN)]) from broken


def _kinds(path: Path, schema: pa.Schema) -> tuple[dict[str, str], dict[str, tuple[Reason, ...]]]:
    """The register's name of each column's type, and why the others cannot be used."""
    if reasons := list(tables.name_faults(schema.names)):
        raise _unfit(path, reasons)
    found = {field.name: tables.kind_of(field.type) for field in schema}
    unfit: dict[str, tuple[Reason, ...]] = {
        f.name: (tables.unusable(f.name, f.type),) for f in schema if found[f.name] is None
    }
    return {name: kind for name, kind in found.items() if kind is not None}, unfit


def _between(
    file: pq.ParquetFile, columns: list[str], start: int, stop: int
) -> Iterator[pa.RecordBatch]:
    """Batches from row `start` of one file on, from the row groups before row `stop`."""
    first, groups, skipped = 0, [], 0
    for number in range(file.num_row_groups):
        size = file.metadata.row_group(number).num_rows
        if first + size <= start:
            skipped = first + size
        elif first < stop:
            groups.append(number)
        first += size
    found = file.iter_batches(BATCH, row_groups=groups, columns=columns, use_threads=False)
    yield from _from_row(found, max(0, start - skipped))


def _from_row(batches: Iterator[pa.RecordBatch], start: int) -> Iterator[pa.RecordBatch]:
    """The batches without their first `start` rows."""
    for batch in batches:
        if start < batch.num_rows:
            yield batch.slice(start)
        start = max(0, start - batch.num_rows)


def _every(reader: Any) -> Iterator[pa.RecordBatch]:
    """The batches of an Arrow file or stream."""
    if hasattr(reader, "num_record_batches"):
        yield from (reader.get_batch(at) for at in range(reader.num_record_batches))
    else:
        yield from reader


def _unfit(path: Path, reasons: Sequence[Reason]) -> FileUnfit:
    return FileUnfit(
        f"{path.name} 不能作为数据读取，请逐项改正。",
        f"{path.name} cannot be read as data; correct each item.",
        reasons=list(reasons),
    )
