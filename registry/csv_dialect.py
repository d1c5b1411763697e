"""How a table of text is written: its separator, its columns' names, and what is no table at all.

The first lines decide, and nothing else, so that the same bytes are always the same table.
"""

import codecs
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from registry.errors import Reason
from registry.expansion import MAX_COLUMNS
from registry.language import Text

SEPARATORS: dict[str, Text] = {
    ",": Text("逗号", "commas"),
    ";": Text("分号", "semicolons"),
    "\t": Text("制表符", "tabs"),
    "|": Text("竖线", "bars"),
}
MAX_NAME = 200
MAX_FIRST_LINE = MAX_COLUMNS * MAX_NAME
MARK = "sep="
"""How a spreadsheet says the separator, in a line before the names."""
OTHERS: dict[bytes, Text] = {
    b"{": Text("JSON 文件", "a JSON file"),
    b"[": Text("JSON 文件", "a JSON file"),
    b"<": Text("网页或 XML 文件", "a web page or an XML file"),
    b"PK\x03\x04": Text("Excel 工作簿或压缩包", "an Excel workbook or a zip archive"),
    b"\xd0\xcf\x11\xe0": Text("旧版 Excel 工作簿", "an old Excel workbook"),
    b"\x1f\x8b": Text("gzip 压缩文件", "a file packed by gzip"),
}
"""First bytes → what a file is that is taken for a table now and then."""


class BadHeader(ValueError):
    """The first lines name no columns; `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.said.en)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the rows of a text file are to be read.

    Args:
        separator: between cells.
        written: the names in the first line, as they stand there.
        marked: whether a line before them says the separator.
    """

    separator: str
    written: tuple[str, ...]
    marked: bool = False

    @property
    def lines(self) -> int:
        """How many lines stand before the first row."""
        return 2 if self.marked else 1

    @property
    def places(self) -> tuple[int, ...]:
        """The columns that are read: nameless ones at either edge are left alone.

        A frame's index has no name, and a separator too many ends a line.
        """
        named = [place for place, name in enumerate(self.written) if name.strip()]
        return tuple(range(named[0], named[-1] + 1)) if named else ()

    @property
    def names(self) -> list[str]:
        """The names of the columns that are read, without blanks about them."""
        return [self.written[place].strip() for place in self.places]

    @property
    def every(self) -> list[str]:
        """A name for each place; those that are left alone have one that no file can write."""
        read = {*self.places}
        return [
            name.strip() if place in read else f"\0{place}"
            for place, name in enumerate(self.written)
        ]

    def notes(self) -> list[Text]:
        """What a reader is told where the file is not plain CSV."""
        found = []
        if self.separator != ",":
            own = SEPARATORS.get(self.separator, Text(self.separator, self.separator))
            found.append(
                Text(
                    f"按{own.zh}分隔读取；小数逗号读作小数点",
                    f"read as separated by {own.en}; decimal commas are read as points",
                )
            )
        trimmed = [self.written[place] for place in self.places]
        if blank := [name.strip() for name in trimmed if name != name.strip()]:
            listed = ", ".join(blank[:8]) + (" …" if len(blank) > 8 else "")
            found.append(
                Text(f"列名前后的空格已去掉：{listed}", f"blanks about names dropped: {listed}")
            )
        if left := len(self.written) - len(self.places):
            found.append(
                Text(f"有 {left} 列没有名称，没有读", f"not read, for want of a name: {left}")
            )
        return found


def other(begin: bytes) -> Reason | None:
    """Why a file is no table of text, where its first bytes say what else it is.

    Args:
        begin: its first bytes, sixteen or more.
    """
    bare = begin.removeprefix(codecs.BOM_UTF8).lstrip()
    kind = next((said for head, said in OTHERS.items() if bare.startswith(head)), None)
    return None if kind is None else Reason("文件", _OTHER.format(kind=kind), _TABLE)


def of(stream: BinaryIO, encoding: str) -> Dialect:
    """How a text file is written, by its first lines; the stream is at its beginning afterwards.

    Args:
        stream: its bytes, which can be sought.
        encoding: of the text, a mark of the byte order included.

    Raises:
        BadHeader: with the reason.
    """
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding=encoding, newline="")
    try:
        first, second = text.readline(MAX_FIRST_LINE), text.readline(MAX_FIRST_LINE)
    finally:
        text.detach()
        stream.seek(0)
    mark = first.strip("\r\n ").strip('"')
    if mark.lower().startswith(MARK) and len(mark) == len(MARK) + 1:
        return _named(Dialect(mark[-1], tuple(_cells(second, mark[-1])), marked=True))
    separator = _separator(first, second)
    return _named(Dialect(separator, tuple(_cells(first, separator))))


def _named(found: Dialect) -> Dialect:
    """The same where it names a column at all."""
    if not found.places:
        raise BadHeader(_no_names())
    return found


def _separator(names: str, row: str) -> str:
    """The separator by which names and first row have as many cells, the more the better."""
    counts = {each: len(_cells(names, each)) for each in SEPARATORS}
    agreeing = [each for each, n in counts.items() if n > 1 and _count(row, each) == n]
    if agreeing:
        return max(agreeing, key=lambda each: counts[each])
    return "," if counts[","] > 1 else max(counts, key=lambda each: counts[each])


def _count(row: str, separator: str) -> int:
    """How many cells a row has; none where its first line does not tell."""
    try:
        return len(next(csv.reader(io.StringIO(row), delimiter=separator), []))
    except csv.Error:
        return 0


def _cells(line: str, separator: str) -> Sequence[str]:
    """The cells of the first line of a file.

    Raises:
        BadHeader: when the line is empty or too long.
    """
    if not line.endswith(("\n", "\r")) and len(line) >= MAX_FIRST_LINE:
        raise BadHeader(_first_line_too_long())
    if not line.strip("\r\n"):  # pyarrow would take a later line, of any length
        raise BadHeader(_no_names())
    try:
        return next(csv.reader(io.StringIO(line), delimiter=separator))
    except csv.Error as broken:  # its one fault here: a name of more than 131,072 characters
        raise BadHeader(_first_line_too_long()) from broken


def _first_line_too_long() -> Reason:
    zh = f"第一行（列名）超过 {MAX_FIRST_LINE:,} 字。"
    en = f"The first line, of the columns' names, is longer than {MAX_FIRST_LINE:,} characters."
    return Reason("CSV", Text(zh, en), NAME_IT)


def _no_names() -> Reason:
    said = Text("第一行是空的，没有列名。", "The first line is empty: it names no column.")
    return Reason("CSV", said, NAME_IT)


NAME_IT = Text(
    "请在文件第一行给每一列一个不同的名称。",
    "Give every column a name of its own in the file's first line.",
)
_OTHER = Text("看来是{kind}，不是数据表。", "It seems to be {kind} and no table.")
_TABLE = Text(
    "请把表格另存为 CSV（UTF-8）或 Parquet，例如用 pandas 读入后 to_csv(…, index=False)。",
    "Save the table as CSV (UTF-8) or Parquet, for instance read it by pandas and use "
    "to_csv(…, index=False).",
)
