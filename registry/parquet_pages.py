"""The pages of a Parquet file by their headers, without decoding one.

The footer may say anything; what a reader allocates for a page is what the page's own header says.
The headers are Thrift structures in the compact protocol (Apache Parquet format, `PageHeader`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from registry.errors import Reason
from registry.expansion import MAX_PART, Expands, Meter, part_reason
from registry.language import Text

MAX_PAGES = 200_000
MAX_HEADER = 1 << 20
MAX_DEPTH = 12
DICTIONARY_PAGE = 2
DELTA_BYTE_ARRAY = 7
_SIZE, _STORED = 2, 3
_DATA, _DICTIONARY, _DATA_2 = 5, 7, 8
_ENCODING = {_DATA: 2, _DICTIONARY: 2, _DATA_2: 4}


class BadPage(ValueError):
    """A page's header cannot be read: the file is damaged, or made to look so."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page.

    Args:
        column: its column's path.
        size: of its content when decompressed, bytes.
        dictionary: whether it is a dictionary.
        encoding: how its values are encoded (Parquet's number).
    """

    column: str
    size: int
    dictionary: bool
    encoding: int


def examine(stream: BinaryIO, size: int) -> frozenset[str]:
    """Look at every page's header.

    Args:
        stream: the file's bytes.
        size: how many there are.

    Returns:
        The columns that have a dictionary, whose values may come out any number of times.

    Raises:
        Expands: when the pages are too large, too many, or of an encoding that hides its size.
        BadPage: when a header cannot be read.
    """
    meter = Meter(size)
    dictionaries = set[str]()
    for count, page in enumerate(_pages(stream, size), start=1):
        if page.size > MAX_PART:
            raise Expands(part_reason(page.column, page.size, MAX_PART))
        if page.encoding == DELTA_BYTE_ARRAY:
            raise Expands(_hidden(page.column))
        if count > MAX_PAGES:
            raise Expands(_too_many())
        meter.take(page.column, page.size)
        if page.dictionary:
            dictionaries.add(page.column)
    return frozenset(dictionaries)


_Fields = dict[int, object]


def _pages(stream: BinaryIO, size: int) -> Iterator[Page]:
    for chunk in _chunks(stream, size):
        path = chunk.get(3)
        names = path if isinstance(path, list) else []
        column = ".".join(n.decode(errors="replace") for n in names if isinstance(n, bytes))
        begin = _number(chunk, 9)
        dictionary = chunk.get(11)
        if isinstance(dictionary, int) and 0 < dictionary < begin:
            begin = dictionary
        end = begin + _number(chunk, 7)
        while begin < end:
            fields, length = _header(stream, begin)
            yield _page(column, fields)
            begin += length + _number(fields, _STORED)


def _chunks(stream: BinaryIO, size: int) -> Iterator[_Fields]:
    """The `ColumnMetaData` of every column in every row group, from the file's footer.

    Read here, because pyarrow's own view of a damaged footer can end the process.
    """
    stream.seek(size - 8)
    length = int.from_bytes(stream.read(4), "little")
    if not 0 < length <= size - 8:
        raise BadPage("no footer")
    stream.seek(size - 8 - length)
    try:
        footer = _Compact(stream.read(length)).struct(0)
    except IndexError:
        raise BadPage("the footer has no end") from None
    for group in _structs(footer.get(4)):
        for column in _structs(group.get(1)):
            yield from _structs([column.get(3)])


def _structs(given: object) -> list[_Fields]:
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise BadPage("the footer lacks a part")
    return given


def _page(column: str, fields: _Fields) -> Page:
    encoding = -1
    for struct, place in _ENCODING.items():
        inner = fields.get(struct)
        if isinstance(inner, dict):
            encoding = _number(inner, place)
    return Page(column, _number(fields, _SIZE), fields.get(1) == DICTIONARY_PAGE, encoding)


def _number(fields: _Fields, place: int) -> int:
    value = fields.get(place)
    if not isinstance(value, int) or value < 0:
        raise BadPage("a header lacks a number")
    return value


def _header(stream: BinaryIO, begin: int) -> tuple[_Fields, int]:
    """The fields of the page header at `begin`, and how many bytes it takes."""
    wanted = 512
    while True:
        stream.seek(begin)
        reader = _Compact(stream.read(wanted))
        try:
            return reader.struct(0), reader.place
        except IndexError:
            if wanted > MAX_HEADER or wanted > len(reader.data):
                raise BadPage("a page's header has no end") from None
            wanted *= 16


class _Compact:
    """Reads a Thrift structure in the compact protocol; an end too early is an IndexError."""

    def __init__(self, data: bytes) -> None:
        self.data, self.place = data, 0

    def struct(self, depth: int) -> _Fields:
        """The fields of a structure by their numbers."""
        if depth > MAX_DEPTH:
            raise BadPage("a header is nested too deeply")
        fields: _Fields = {}
        number = 0
        while kind := self._byte():
            step = kind >> 4
            number = number + step if step else self._signed()
            fields[number] = self._value(kind & 15, depth)
        return fields

    def _value(self, kind: int, depth: int) -> object:
        if kind in (1, 2):
            return kind == 1
        if kind == 3:
            return self._byte()
        if kind in (4, 5, 6):
            return self._signed()
        if kind in (7, 8):
            return self._bytes(8 if kind == 7 else self._unsigned())
        if kind in (9, 10):
            return self._list(depth + 1)
        if kind == 12:
            return self.struct(depth + 1)
        raise BadPage(f"a header has a field of type {kind}")

    def _list(self, depth: int) -> list[object]:
        head = self._byte()
        length = head >> 4 if head >> 4 < 15 else self._unsigned()
        kind = head & 15
        if depth > MAX_DEPTH or length > len(self.data):
            raise BadPage("a header is nested too deeply, or has no end")
        return [
            self._byte() if kind in (1, 2) else self._value(kind, depth) for _ in range(length)
        ]

    def _bytes(self, length: int) -> bytes:
        begin, self.place = self.place, self.place + length
        if self.place > len(self.data):
            raise IndexError
        return self.data[begin : self.place]

    def _byte(self) -> int:
        value = self.data[self.place]
        self.place += 1
        return value

    def _unsigned(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
            if shift > 63:
                raise BadPage("a number in a header has no end")

    def _signed(self) -> int:
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)


def _hidden(column: str) -> Reason:
    return Reason(
        column,
        Text(
            "这一列用 DELTA_BYTE_ARRAY 编码，解码前看不出有多大，不能接收。",
            "This column is encoded as DELTA_BYTE_ARRAY, whose size shows only when it is decoded.",
        ),
        Text(
            "请用字典或普通编码重新保存（pandas、pyarrow 的默认设置就是）。",
            "Save it again with dictionary or plain encoding (the default of pandas and pyarrow).",
        ),
    )


def _too_many() -> Reason:
    return Reason(
        "Parquet",
        Text(f"文件分成了 {MAX_PAGES:,} 页以上。", f"The file has more than {MAX_PAGES:,} pages."),
        Text("请用更大的行组和页重新保存。", "Save it again with larger row groups and pages."),
    )
