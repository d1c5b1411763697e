"""The batches of an Arrow file or stream by their headers: how many columns and rows, how large.

A compressed buffer carries its decompressed length in its first eight bytes, and that is what a
reader allocates. The headers are FlatBuffers (Apache Arrow columnar format, `Footer`, `Message`).
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO

from registry.expansion import MAX_COLUMNS, MIB, Expands, Meter, columns_reason, part_reason

MAX_BLOCKS = 100_000
MAX_BATCH = 128 * MIB
BATCH_RATIO = 8
MAX_HEADER = 4 << 20
WHOLE, CONTINUED = b"ARROW1", b"\xff\xff\xff\xff"
"""The first bytes of a file, and of each message of a stream."""
_SCHEMA, _DICTIONARIES, _BATCHES = 1, 2, 3
_SCHEMA_MESSAGE, _DICTIONARY_BATCH, _RECORD_BATCH = 1, 2, 3
_FIELDS, _CHILDREN = 1, 5


class BadBlock(ValueError):
    """A header cannot be read: the file is damaged, or made to look so."""


def examine(stream: BinaryIO, size: int, meter: Meter) -> int:
    """Look at the schema and at the header of every batch and dictionary.

    Args:
        stream: the bytes of a file (`WHOLE`) or a stream (`CONTINUED`).
        size: how many there are.
        meter: counts what comes out of the batches.

    Returns:
        How many rows the batches have.

    Raises:
        Expands: when they are too large, or there are too many columns.
        BadBlock: when a header cannot be read.
    """
    most = max(MAX_BATCH, BATCH_RATIO * size)
    rows = 0
    stream.seek(0)
    messages = _of_file if stream.read(len(WHOLE)) == WHOLE else _of_stream
    try:
        for message, body in messages(stream, size):
            batch, length = _batch(stream, message, body)
            if length > most:
                raise Expands(part_reason("Arrow", length, most))
            meter.take("Arrow", length)
            rows += batch
    except (struct.error, IndexError) as broken:
        raise BadBlock(str(broken)) from broken
    return rows


def _of_file(stream: BinaryIO, size: int) -> Iterator[tuple["_Table", int]]:
    """Each batch or dictionary that the footer lists, and where its content begins."""
    footer = _Table.root(_footer(stream, size))
    _check_columns(footer.table(_SCHEMA))
    blocks = [*footer.structs(_DICTIONARIES, 24), *footer.structs(_BATCHES, 24)]
    if len(blocks) > MAX_BLOCKS:
        raise BadBlock("too many batches")
    for block in blocks:
        offset, header, _ = struct.unpack("<qi4xq", block)
        yield _Table.root(_message(stream, offset, header)), offset + header


def _of_stream(stream: BinaryIO, size: int) -> Iterator[tuple["_Table", int]]:
    """Each batch or dictionary, one behind the other, and where its content begins."""
    offset, count = 0, 0
    while offset + 8 <= size:
        stream.seek(offset)
        mark, length = struct.unpack("<4si", stream.read(8))
        if mark != CONTINUED or count > MAX_BLOCKS:
            raise BadBlock("no message, or too many")
        if length == 0:
            return
        message = _Table.root(_message(stream, offset, length + 8))
        if message.byte(1) == _SCHEMA_MESSAGE:
            _check_columns(message.table(2))
        else:
            yield message, offset + 8 + length
        body = message.long(3)
        if body < 0:
            raise BadBlock("a message of negative size")
        offset, count = offset + 8 + length + body, count + 1


def _check_columns(schema: "_Table") -> None:
    """Raise `Expands` for a schema of too many columns, those within columns included."""
    waiting, columns = [schema.tables(_FIELDS)], 0
    while waiting:
        for field in waiting.pop():
            columns += 1
            if columns > MAX_COLUMNS:
                raise Expands(columns_reason())
            waiting.append(field.tables(_CHILDREN))


def _batch(stream: BinaryIO, message: "_Table", body: int) -> tuple[int, int]:
    """The rows of a batch (none for a dictionary) and its size when decompressed."""
    kind, content = message.byte(1), message.table(2)
    if kind == _DICTIONARY_BATCH:
        content = content.table(1)
    elif kind != _RECORD_BATCH:
        raise BadBlock(f"a message of kind {kind}")
    rows = content.long(0) if kind == _RECORD_BATCH else 0
    return rows, sum(_sizes(stream, content, body))


def _sizes(stream: BinaryIO, batch: "_Table", body: int) -> Iterator[int]:
    """The decompressed length of each buffer."""
    compressed = batch.has(3)
    for each in batch.structs(2, 16):
        offset, length = struct.unpack("<qq", each)
        if length < 0 or offset < 0:
            raise BadBlock("a buffer of negative size")
        if not compressed or length < 8:
            yield length
            continue
        stream.seek(body + offset)
        (whole,) = struct.unpack("<q", stream.read(8))
        yield length if whole < 0 else whole


def _footer(stream: BinaryIO, size: int) -> bytes:
    stream.seek(size - 10)
    (length,) = struct.unpack("<i", stream.read(4))
    if not 0 < length <= size - 10:
        raise BadBlock("no footer")
    if length > MAX_HEADER:
        raise Expands(part_reason("Arrow", length, MAX_HEADER))
    stream.seek(size - 10 - length)
    return stream.read(length)


def _message(stream: BinaryIO, offset: int, header: int) -> bytes:
    if offset < 0 or not 8 <= header <= MAX_HEADER:
        raise BadBlock("a header of impossible size")
    stream.seek(offset)
    data = stream.read(header)
    return data[8:] if data[:4] == b"\xff\xff\xff\xff" else data[4:]


class _Table:
    """One FlatBuffers table."""

    def __init__(self, data: bytes, place: int) -> None:
        self._data, self._place = data, place
        self._index = place - self._at("<i", place)
        self._slots = (self._at("<H", self._index) - 4) // 2

    @classmethod
    def root(cls, data: bytes) -> "_Table":
        """The table that a buffer begins with."""
        return cls(data, struct.unpack_from("<I", data)[0])

    def has(self, slot: int) -> bool:
        """Whether the field is there."""
        return self._field(slot) is not None

    def byte(self, slot: int) -> int:
        """A field of one byte; 0 where it is left out."""
        place = self._field(slot)
        return 0 if place is None else self._at("<B", place)

    def long(self, slot: int) -> int:
        """A field of eight bytes; 0 where it is left out."""
        place = self._field(slot)
        return 0 if place is None else self._at("<q", place)

    def table(self, slot: int) -> "_Table":
        """A field that is a table."""
        place = self._field(slot)
        if place is None:
            raise BadBlock("a field is missing")
        return _Table(self._data, place + self._at("<I", place))

    def structs(self, slot: int, size: int) -> Iterator[bytes]:
        """A field that is a vector of structures of `size` bytes."""
        place = self._field(slot)
        if place is None:
            return
        start = place + self._at("<I", place)
        count = self._at("<I", start)
        if start + 4 + count * size > len(self._data):
            raise BadBlock("a vector beyond its header")
        for number in range(count):
            begin = start + 4 + number * size
            yield self._data[begin : begin + size]

    def tables(self, slot: int) -> "Iterator[_Table]":
        """A field that is a vector of tables."""
        place = self._field(slot)
        if place is None:
            return
        start = place + self._at("<I", place)
        for number in range(self._at("<I", start)):
            each = start + 4 + 4 * number
            yield _Table(self._data, each + self._at("<I", each))

    def _field(self, slot: int) -> int | None:
        if slot >= self._slots:
            return None
        offset = self._at("<H", self._index + 4 + 2 * slot)
        return self._place + offset if offset else None

    def _at(self, form: str, place: int) -> int:
        if place < 0:
            raise BadBlock("an offset before the header")
        value: int = struct.unpack_from(form, self._data, place)[0]
        return value
