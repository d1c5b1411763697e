"""How far a file may grow when it is unpacked or decoded: one rule for archives, tables, pickles.

A few kilobytes can stand for gigabytes. What comes out of a file is counted while it comes out, or
before, where the file says it itself in a place that the decoder relies on. Up to `FLOOR` nobody
asks how small the file was: sparse data are real. Above it the ratio to the file's size counts.
The figures are ours: real models shrink to a tenth, real tables to a fiftieth, rarely further.
"""

from dataclasses import dataclass

from registry.errors import Invalid, Reason
from registry.language import Text

MIB = 1024**2
FLOOR = 64 * MIB
ARCHIVE_RATIO = 50
TABLE_RATIO = 200
MAX_TABLE = 8 * 1024 * MIB
MAX_CELL = 256 * 1024
MAX_COLUMNS = 2000
MAX_PART = 32 * MIB

_STORE_PLAINLY = Text(
    "请用常见的设置重新保存（不必压得更小），或只登记需要的行和列。",
    "Save it again with usual settings (it need not be that small), or keep only the rows and columns "
    "that are needed.",
)
_FEWER = Text("请缩小数据后重新登记。", "Register a smaller data set.")
_SHORTEN = Text(
    "请缩短这一列的文字，或不登记这一列。", "Shorten the texts of this column, or leave it out."
)


class Expands(Invalid):
    """A file comes to more than it may; `reason` says which part, the limit and the remedy."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(
            "文件解开后太大，不能使用。请按所列原因修改。",
            "The file comes to too much when it is decoded. Correct what is listed.",
            reasons=[reason],
        )
        self.reason = reason


def allowed(size: int, ratio: int) -> int:
    """How many bytes may come out of a file.

    Args:
        size: of the file, bytes.
        ratio: how many times its size, once more than `FLOOR` has come out.
    """
    return max(FLOOR, ratio * size)


def archive_reason(limit: int) -> Reason:
    """Why an archive that grows beyond `limit` bytes, by its size, is refused."""
    return Reason(
        "total",
        Text(
            f"解开后超过 {limit:,} 字节，是压缩包大小的 {ARCHIVE_RATIO} 倍以上",
            f"it comes to more than {limit:,} bytes, over {ARCHIVE_RATIO} times the archive's size",
        ),
        Text(
            "请去掉只有重复内容的大文件，或不压缩（zip -0、tar）后重新提交",
            "leave out large files of repeated content, or pack without compression (zip -0, tar)",
        ),
    )


def table_reason(item: str, limit: int) -> Reason:
    """Why a table that decodes to more than `limit` bytes is refused."""
    zh = f"解码后超过 {limit:,} 字节的上限（{FLOOR // MIB} MiB 以上不得超过文件大小的 {TABLE_RATIO} 倍）。"
    en = (
        f"It decodes to more than the limit of {limit:,} bytes (above {FLOOR // MIB} MiB, at most "
        f"{TABLE_RATIO} times the file's size)."
    )
    return Reason(item, Text(zh, en), _STORE_PLAINLY)


def part_reason(item: str, size: int, limit: int) -> Reason:
    """Why one part of a file, which is decoded at once, is too large."""
    zh = f"其中一块解开后有 {size:,} 字节，上限是 {limit:,} 字节；一格文字最长 {MAX_CELL:,} 字节。"
    en = (
        f"One block of it comes to {size:,} bytes; the limit is {limit:,}, and one cell of text has "
        f"at most {MAX_CELL:,} bytes."
    )
    return Reason(item, Text(zh, en), _STORE_PLAINLY)


def columns_reason() -> Reason:
    """Why a table of more than `MAX_COLUMNS` columns is refused."""
    zh = f"列数超过 {MAX_COLUMNS}（列中的列也算）。"
    en = f"There are more than {MAX_COLUMNS} columns; columns within columns count."
    return Reason("列", Text(zh, en), _FEWER)


def cell_reason(column: str, longest: int) -> Reason:
    """Why a column with a text of `longest` bytes is refused."""
    zh = f"有一格文字长 {longest:,} 字节，上限是 {MAX_CELL:,} 字节。"
    en = f"One cell holds {longest:,} bytes of text; the limit is {MAX_CELL:,} bytes."
    return Reason(column, Text(zh, en), _SHORTEN)


def table_limit(size: int) -> int:
    """How many bytes may come out of a table of `size` bytes that somebody sent."""
    return min(allowed(size, TABLE_RATIO), MAX_TABLE)


@dataclass(slots=True)
class Meter:
    """Counts what comes out of one table.

    Args:
        limit: how many bytes may come out (`table_limit`); infinite for a file of one's own.
        taken: bytes so far.
    """

    limit: float
    taken: int = 0

    def take(self, item: str, more: int) -> None:
        """Count `more` bytes of `item`.

        Raises:
            Expands: when that is too many.
        """
        self.taken += more
        if self.taken > self.limit:
            raise Expands(table_reason(item, int(self.limit)))
