"""The footer of a Parquet file, read within bounds before anything else opens the file.

A footer of a few megabytes may name a hundred thousand columns, row groups or remarks, and every
reader builds an object for each. How many there are stands before them, so it is looked at first.
Format: https://parquet.apache.org/docs/file-format/metadata/ (`FileMetaData`).
"""

from collections.abc import Iterator
from typing import BinaryIO

from registry.errors import Reason
from registry.expansion import MAX_COLUMNS, MIB, Expands, columns_reason
from registry.language import Text
from registry.thrift import BadThrift, Compact, Fields

MAX_FOOTER = 32 * MIB
FOOTER_SHARE = 16
"""Above `MAX_FOOTER` a footer may take one part in so many of the file."""
MAX_CHUNKS = 10_000
CHUNK_SIZE = 1024
"""Bytes of the file for each column of a row group, once there are more than `MAX_CHUNKS`."""
MAX_REMARKS = 1000
VALUES_OF_A_FILE, VALUES_OF_A_CHUNK = 100_000, 64
_SCHEMA, _GROUPS, _REMARKS = 2, 4, 5


def chunks(stream: BinaryIO, size: int) -> Iterator[Fields]:
    """The `ColumnMetaData` of every column in every row group.

    Read here, because pyarrow's own view of a damaged footer can end the process.

    Args:
        stream: the file's bytes.
        size: how many there are.

    Raises:
        Expands: when it names too many columns, row groups or remarks, or is too long.
        BadThrift: when it cannot be read.
    """
    try:
        groups = _groups(_footer(stream, size), size)
    except IndexError:
        raise BadThrift("the footer has no end") from None
    for group in _structs(groups):
        for column in _structs(group.get(1)):
            yield from _structs([column.get(3)])


def _footer(stream: BinaryIO, size: int) -> bytes:
    stream.seek(max(0, size - 8))
    length = int.from_bytes(stream.read(4), "little")
    if not 0 < length <= size - 8:
        raise BadThrift("no footer")
    if length > max(MAX_FOOTER, size // FOOTER_SHARE):
        raise Expands(_too_long(length))
    stream.seek(size - 8 - length)
    return stream.read(length)


def _groups(footer: bytes, size: int) -> object:
    """The row groups; what their number and that of the columns would cost is bounded first."""
    most = max(MAX_CHUNKS, size // CHUNK_SIZE)
    reader = Compact(footer, most=VALUES_OF_A_FILE + VALUES_OF_A_CHUNK * most)
    columns, groups = 0, None
    for number, kind in reader.fields():
        if number == _SCHEMA:
            columns = reader.length() - 1  # the root is listed, too
            if columns > MAX_COLUMNS:
                raise Expands(columns_reason())
        elif number == _GROUPS and reader.length() * max(columns, 1) > most:
            raise Expands(_too_many(reader.length(), most))
        elif number == _REMARKS and reader.length() > MAX_REMARKS:
            raise Expands(_remarks(reader.length()))
        value = reader.value(kind)
        groups = value if number == _GROUPS else groups
    return groups


def _structs(given: object) -> list[Fields]:
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise BadThrift("the footer lacks a part")
    return given


_AGAIN = Text(
    "请用更大的行组重新保存（pandas、pyarrow 的默认设置就是）。",
    "Save it again with larger row groups (the default of pandas and pyarrow).",
)
_PLAIN = Text(
    "请去掉文件说明（schema metadata）后重新保存。",
    "Save it again without the remarks in its schema's metadata.",
)


def _too_many(groups: int, most: int) -> Reason:
    zh = f"文件分成了 {groups:,} 个行组，行组数乘列数的上限是 {most:,}。"
    en = f"The file has {groups:,} row groups; groups times columns may be {most:,} at most."
    return Reason("Parquet", Text(zh, en), _AGAIN)


def _remarks(number: int) -> Reason:
    zh = f"文件尾带有 {number:,} 条说明，上限是 {MAX_REMARKS:,} 条。"
    en = f"Its footer holds {number:,} remarks; the limit is {MAX_REMARKS:,}."
    return Reason("Parquet", Text(zh, en), _PLAIN)


def _too_long(length: int) -> Reason:
    zh = f"文件尾有 {length:,} 字节，超过 {MAX_FOOTER:,} 字节，也超过文件的 1/{FOOTER_SHARE}。"
    en = (
        f"Its footer takes {length:,} bytes: more than {MAX_FOOTER:,}, and more than "
        f"1/{FOOTER_SHARE} of the file."
    )
    return Reason("Parquet", Text(zh, en), _PLAIN)
