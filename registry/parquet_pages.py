"""The pages of a Parquet file by their headers, without decoding one.

The footer may say anything; what a reader allocates for a page is what the page's own header says.
The headers are Thrift structures in the compact protocol (Apache Parquet format, `PageHeader`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from registry import parquet_footer
from registry.errors import Reason
from registry.expansion import MAX_PART, Expands, Meter, part_reason
from registry.language import Text
from registry.thrift import BadThrift, Compact, Fields

MAX_PAGES = 60_000
PAGE_SIZE = 1024
"""Bytes of the file for each page, once there are more than `MAX_PAGES`."""
MAX_HEADER = 1 << 20
VALUES_OF_A_PAGE = 24
DICTIONARY_PAGE = 2
DELTA_BYTE_ARRAY = 7
_SIZE, _STORED = 2, 3
_DATA, _DICTIONARY, _DATA_2 = 5, 7, 8
_ENCODING = {_DATA: 2, _DICTIONARY: 2, _DATA_2: 4}


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


def examine(stream: BinaryIO, size: int, meter: Meter) -> frozenset[str]:
    """Look at every page's header.

    Args:
        stream: the file's bytes.
        size: how many there are.
        meter: counts what comes out of the pages.

    Returns:
        The columns that have a dictionary, whose values may come out any number of times.

    Raises:
        Expands: when the pages are too large, too many, or of an encoding that hides its size.
        BadThrift: when a header cannot be read.
    """
    dictionaries = set[str]()
    most = max(MAX_PAGES, size // PAGE_SIZE)
    for count, page in enumerate(_pages(stream, size, most), start=1):
        if page.size > MAX_PART:
            raise Expands(part_reason(page.column, page.size, MAX_PART))
        if page.encoding == DELTA_BYTE_ARRAY:
            raise Expands(_hidden(page.column))
        if count > most:
            raise Expands(_too_many(most))
        meter.take(page.column, page.size)
        if page.dictionary:
            dictionaries.add(page.column)
    return frozenset(dictionaries)


def _pages(stream: BinaryIO, size: int, most: int) -> Iterator[Page]:
    left = VALUES_OF_A_PAGE * most  # of all headers together
    for chunk in parquet_footer.chunks(stream, size):
        path = chunk.get(3)
        names = path if isinstance(path, list) else []
        column = ".".join(n.decode(errors="replace") for n in names if isinstance(n, bytes))
        begin = _number(chunk, 9)
        dictionary = chunk.get(11)
        if isinstance(dictionary, int) and 0 < dictionary < begin:
            begin = dictionary
        end = begin + _number(chunk, 7)
        while begin < end:
            fields, reader = _header(stream, begin, left)
            left = reader.left
            yield _page(column, fields)
            begin += reader.place + _number(fields, _STORED)


def _page(column: str, fields: Fields) -> Page:
    encoding = -1
    for struct, place in _ENCODING.items():
        inner = fields.get(struct)
        if isinstance(inner, dict):
            encoding = _number(inner, place)
    return Page(column, _number(fields, _SIZE), fields.get(1) == DICTIONARY_PAGE, encoding)


def _number(fields: Fields, place: int) -> int:
    value = fields.get(place)
    if not isinstance(value, int) or value < 0:
        raise BadThrift("a header lacks a number")
    return value


def _header(stream: BinaryIO, begin: int, left: int) -> tuple[Fields, Compact]:
    """The fields of the page header at `begin`, and the reader behind it."""
    wanted = 512
    while True:
        stream.seek(begin)
        reader = Compact(stream.read(wanted), most=left)
        try:
            return reader.struct(), reader
        except IndexError:
            if wanted > MAX_HEADER or wanted > len(reader.data):
                raise BadThrift("a page's header has no end") from None
            wanted *= 16


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


def _too_many(most: int) -> Reason:
    return Reason(
        "Parquet",
        Text(f"文件分成了 {most:,} 页以上。", f"The file has more than {most:,} pages."),
        Text("请用更大的行组和页重新保存。", "Save it again with larger row groups and pages."),
    )
