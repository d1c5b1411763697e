"""The batches of an Arrow file by their headers: how many rows, and how large when decompressed.

A compressed buffer carries its decompressed length in its first eight bytes, and that is what a
reader allocates. The headers are FlatBuffers (Apache Arrow columnar format, `Footer`, `Message`).
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO

from registry.expansion import MIB, Expands, Meter, part_reason

MAX_BLOCKS = 100_000
MAX_BATCH = 128 * MIB
BATCH_RATIO = 8
MAX_HEADER = 4 << 20
_DICTIONARIES, _BATCHES = 2, 3
_DICTIONARY_BATCH, _RECORD_BATCH = 2, 3


class BadBlock(ValueError):
    """A header cannot be read: the file is damaged, or made to look so."""


def examine(stream: BinaryIO, size: int) -> int:
    """Look at the header of every batch and dictionary.

    Args:
        stream: the file's bytes.
        size: of the file, bytes.

    Returns:
        How many rows the batches have.

    Raises:
        Expands: when they are too large.
        BadBlock: when a header cannot be read.
    """
    meter = Meter(size)
    most = max(MAX_BATCH, BATCH_RATIO * size)
    rows = 0
    try:
        for batch, length in _batches(stream, size):
            if length > most:
                raise Expands(part_reason("Arrow", length, most))
            meter.take("Arrow", length)
            rows += batch
    except (struct.error, IndexError) as broken:
        raise BadBlock(str(broken)) from broken
    return rows


def _batches(stream: BinaryIO, size: int) -> Iterator[tuple[int, int]]:
    """The rows of each batch (none for a dictionary) and its size when decompressed."""
    footer = _Table.root(_footer(stream, size))
    blocks = [*footer.structs(_DICTIONARIES, 24), *footer.structs(_BATCHES, 24)]
    if len(blocks) > MAX_BLOCKS:
        raise BadBlock("too many batches")
    for block in blocks:
        offset, header, _ = struct.unpack("<qi4xq", block)
        message = _Table.root(_message(stream, offset, header))
        kind = message.byte(1)
        content = message.table(2)
        if kind == _DICTIONARY_BATCH:
            content = content.table(1)
        elif kind != _RECORD_BATCH:
            raise BadBlock(f"a message of kind {kind}")
        rows = content.long(0) if kind == _RECORD_BATCH else 0
        yield rows, sum(_sizes(stream, content, offset + header))


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
    if not 0 < length <= min(size, MAX_HEADER):
        raise BadBlock("no footer")
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
