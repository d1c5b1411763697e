"""Tables as files: what a CSV or Parquet file holds, and its rows as Arrow, one way only.

A CSV file has no types, so they are found by looking at every value of every column once, at
registration; from then on the types on record decide, and the same bytes are always the same table.
Values are converted by one function whether they are looked at or read, so the two cannot disagree.
"""

import codecs
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from registry import amounts, characters, csv_dialect, decimal_commas
from registry.cells import Cells
from registry.csv_dialect import MAX_NAME, BadHeader, Dialect
from registry.decimal_commas import Commas
from registry.errors import Reason
from registry.expansion import MAX_CELL, MAX_COLUMNS, Expands, cell_reason, columns_reason
from registry.language import Text
from registry.spellings import Spellings, Spelt
from registry.typed_files import ARROW, DAMAGE, PARQUET, TypedFile, format_of, open_typed

TYPES: Mapping[str, pa.DataType] = {
    "boolean": pa.bool_(),
    "long": pa.int64(),
    "double": pa.float64(),
    "datetime": pa.timestamp("us"),
    "string": pa.string(),
}
NUMBERS = frozenset({"long", "double"})
CSV, CSV_CHINESE = "csv", "csv-gbk"
FORMAT_NAMES = {PARQUET: "Parquet", ARROW: "Arrow"}
ENCODINGS = {CSV: "utf8", CSV_CHINESE: "gb18030"}
MARKED = {CSV: "utf-8-sig", CSV_CHINESE: "gb18030"}
"""The same with a mark of the byte order, as Python names them."""

MAX_ROWS = 50_000_000
MAX_CELLS = 500_000_000
BLOCK = 4 * 1024 * 1024
MOSTLY = 0.9
MOST_RAGGED = 10
"""Lines with too few or too many fields that are named: enough to mend the file by."""

# Blank, and what programs write for a missing value: pandas and R, spreadsheets, databases, C.
EMPTY = (
    "", "na", "n/a", "#n/a", "#n/a n/a", "#na", "<na>", "nan", "-nan", "nat", "null", "(null)", "#null!",
    "\\n", "none", "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan",
)  # fmt: skip
NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
WHOLE = r"^[+-]?\d{1,18}$"
PADDED = r"^[+-]?0\d"
TRUTH = r"^(?i:true|false)$"
DAY = r"^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?$"

_SAVE_UTF8 = Text("请另存为 UTF-8 编码的 CSV。", "Save it as CSV in UTF-8.")
_AS_TEXT = Text(
    '如果是文字，请先转成文字再保存，例如 frame[列名] = frame[列名].str.decode("utf-8")；不用的列可以删去。',
    'Where it holds text, store it as text, for instance frame[column] = frame[column].str.decode("utf-8"); '
    "a column that is not needed can be dropped.",
)
_AS_COLUMNS = Text(
    "请把它拆成数、文字、是否或时间的列；不用的列可以删去。",
    "Make columns of numbers, text, yes or no, or moments of it; a column that is not needed can be dropped.",
)
_FILL = Text("请换一份有数据的文件。", "Use a file that has rows of data.")
_WHOLE = Text("请换一份完整的文件。", "Use a whole file.")
_CUT_ROWS = Text("请缩小数据后重新登记。", "Register a smaller data set.")


class TableRefused(ValueError):
    """The file cannot be taken as a table; `reasons` lists why."""

    def __init__(self, reasons: Sequence[Reason]) -> None:
        super().__init__("; ".join(reason.said.en for reason in reasons))
        self.reasons = tuple(reasons)


@dataclass(frozen=True, slots=True)
class Inspected:
    """What a file holds.

    Args:
        format: csv, csv-gbk, parquet or arrow.
        rows: how many.
        columns: name → type, in the file's order.
        spelt: the columns guessed to be numbers in which a number has several spellings.
        unfit: column → why it cannot be used as it stands; whoever does not read it may leave it.
        notes: how the file was read where it is no plain table.
    """

    format: str
    rows: int
    columns: Mapping[str, str]
    spelt: Mapping[str, Spelt] = field(default_factory=dict)
    unfit: Mapping[str, tuple[Reason, ...]] = field(default_factory=dict)
    notes: tuple[Text, ...] = ()


def inspect(path: Path, declared: Mapping[str, str]) -> Inspected:
    """Look at every row of a file once, in bounded memory.

    Args:
        path: a CSV, Parquet or Arrow file, told apart by its first bytes.
        declared: column → type, where the sender says it; such a column must hold that type.

    Raises:
        TableRefused: with every reason.
    """
    found = survey(path, declared)
    if found.unfit:
        raise TableRefused([reason for own in found.unfit.values() for reason in own])
    return found


def survey(path: Path, declared: Mapping[str, str]) -> Inspected:
    """The same where not every column is read: those that cannot be used are listed, not refused.

    Args:
        path: see `inspect`.
        declared: see `inspect`.

    Raises:
        TableRefused: with every reason that is no single column's.
    """
    with path.open("rb") as stream:
        head = stream.read(16)
    if not head:
        raise TableRefused([_reason("文件", "文件是空的。", "The file is empty.", _FILL)])
    form = format_of(head)
    if form is not None:
        return _inspect_typed(path, form, declared)
    if (reason := csv_dialect.other(head)) is not None:
        raise TableRefused([reason])
    return _inspect_csv(path, declared)


def worded(form: str, columns: Mapping[str, str], words: Collection[str]) -> dict[str, str]:
    """The types of a file's columns where some are to be read as the words that stand in it.

    A CSV file has no types: what its columns were found to hold is a guess, which gives way to who
    knows. The types of a Parquet or Arrow file are its own.

    Args:
        form: the file's format.
        columns: name → type, as `inspect` found them.
        words: the columns of words, such as those that a model declares as text.
    """
    own = form not in ENCODINGS
    return {name: kind if own or name not in words else "string" for name, kind in columns.items()}


def batches(stream: BinaryIO, form: str, columns: Mapping[str, str]) -> Iterator[pa.RecordBatch]:
    """The rows of a registered file, in their order and with the types given.

    Args:
        stream: the file's bytes.
        form: its format, as `inspect` found it.
        columns: name → type, as `inspect` found them; some as `worded` made them.
    """
    schema = pa.schema([(name, TYPES[kind]) for name, kind in columns.items()])
    if form in FORMAT_NAMES:
        pieces = open_typed(stream, form).pieces(list(columns))
    else:
        pieces = _pieces(stream, form, _dialect(stream, form), [])
    for piece in pieces:
        arrays = [typed(piece.column(name), kind) for name, kind in columns.items()]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _inspect_typed(path: Path, form: str, declared: Mapping[str, str]) -> Inspected:
    name = FORMAT_NAMES[form]
    with path.open("rb") as stream:
        try:
            file = open_typed(stream, form)
        except Expands as swollen:
            raise TableRefused([swollen.reason]) from swollen
        except DAMAGE as broken:
            raise TableRefused([_broken(name, broken)]) from broken
        names = file.schema.names
        if reasons := [*name_faults(names), *_size_faults(file.rows, len(names))]:
            raise TableRefused(reasons)
        looks = [_Look(name, declared.get(name)) for name in names]
        for look, arrow in zip(looks, file.schema, strict=True):
            look.settle(arrow.type)
        if not any(look.reasons for look in looks):
            _look_at_rows(file, looks)
    return _settled(form, file.rows, looks)


def _look_at_rows(file: TypedFile, looks: "Sequence[_Look]") -> None:
    """Show every column its values.

    Raises:
        TableRefused: when more comes out of the file than may, or it is damaged further in.
    """
    rows = 0
    try:
        for piece in file.pieces([look.name for look in looks]):
            rows += piece.num_rows
            for look in looks:
                look.see(piece.column(look.name))
    except Expands as swollen:
        raise TableRefused([swollen.reason]) from swollen
    except DAMAGE as broken:
        raise TableRefused([_broken("Parquet/Arrow", broken)]) from broken
    if rows != file.rows:
        raise TableRefused([_broken("Parquet/Arrow", ValueError(f"{rows} rows, not {file.rows}"))])


def _inspect_csv(path: Path, declared: Mapping[str, str]) -> Inspected:
    form = _encoding_of(path)
    with path.open("rb") as stream:
        dialect = _dialect(stream, form)
    names = dialect.names
    if reasons := name_faults(names):
        raise TableRefused(reasons)
    pointed = dialect.separator != ","
    looks = [_Look(name, declared.get(name), pointed=pointed) for name in names]
    ragged: list[Reason] = []
    rows = 0
    with path.open("rb") as stream:
        try:
            for piece in _pieces(stream, form, dialect, ragged):
                rows += piece.num_rows
                if ragged or _size_faults(rows, len(names)):
                    break
                for look in looks:
                    _check_cells(look.name, piece.column(look.name))
                    look.see(piece.column(look.name))
        except pa.ArrowException as broken:
            stopped = [] if len(ragged) == MOST_RAGGED else [_unreadable(broken)]
            raise TableRefused([*ragged, *stopped]) from broken
    if reasons := [*ragged, *_size_faults(rows, len(names))]:
        raise TableRefused(reasons)
    return replace(_settled(form, rows, looks), notes=tuple(dialect.notes()))


def _dialect(stream: BinaryIO, form: str) -> Dialect:
    """How a CSV file is written.

    Raises:
        TableRefused: when its first line names no columns.
    """
    try:
        return csv_dialect.of(stream, MARKED[form])
    except BadHeader as bad:
        raise TableRefused([bad.reason]) from bad


def _check_cells(name: str, values: pa.Array) -> None:
    longest = pc.max(pc.binary_length(values)).as_py() or 0
    if longest > MAX_CELL:
        raise TableRefused([cell_reason(name, longest)])


def _settled(form: str, rows: int, looks: "Sequence[_Look]") -> Inspected:
    columns = {look.name: look.kind() for look in looks}
    left, unfit = characters.MOST_REASONS, dict[str, tuple[Reason, ...]]()
    for look in looks:
        unseen = look.cells.reasons(look.name)[:left]
        left -= len(unseen)
        if own := (*look.reasons, *unseen):
            unfit[look.name] = own
    spelt = {look.name: look.spelt(columns[look.name]) for look in looks}
    return Inspected(form, rows, columns, {n: own for n, own in spelt.items() if own}, unfit)


def _pieces(
    stream: BinaryIO, form: str, dialect: Dialect, ragged: list[Reason]
) -> Iterator[pa.RecordBatch]:
    """A CSV file as text columns; the first lines with too few or too many fields go to `ragged`.

    Raises:
        ArrowException: it is no CSV, or has more such lines than are named: whatever the reader
            does for each of them, it does not for millions.
    """
    names = dialect.names

    def note(row: Any) -> str:
        if len(ragged) == MOST_RAGGED:
            return "error"
        ragged.append(_ragged(row))
        return "skip"

    reader = pa.csv.open_csv(
        stream,
        read_options=pa.csv.ReadOptions(
            use_threads=False,
            block_size=BLOCK,
            encoding=ENCODINGS[form],
            skip_rows=dialect.lines,
            column_names=dialect.every,
        ),
        parse_options=pa.csv.ParseOptions(
            delimiter=dialect.separator, newlines_in_values=True, invalid_row_handler=note
        ),
        convert_options=pa.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            include_columns=names,
            strings_can_be_null=False,
        ),
    )
    with reader:
        yield from reader


@dataclass(slots=True)
class _Look:
    """What is known of one column after the rows seen so far."""

    name: str
    declared: str | None
    possible: list[str] = field(default_factory=lambda: ["boolean", "long", "double", "datetime"])
    rows: int = 0
    filled: int = 0
    numbers: int = 0
    stray: tuple[int, str] | None = None
    pointed: bool = False
    commas: Commas = field(default_factory=Commas)
    reasons: list[Reason] = field(default_factory=list)
    fixed: str | None = None
    cells: Cells = field(default_factory=Cells)
    spellings: Spellings = field(default_factory=Spellings)

    def settle(self, arrow: pa.DataType) -> None:
        """Take the type from a file that has types."""
        self.fixed = kind_of(arrow)
        allowed = {self.fixed, "double"} if self.fixed == "long" else {self.fixed, "string"}
        if self.fixed is None:
            self.reasons.append(unusable(self.name, arrow))
        elif self.declared is not None and self.declared not in allowed:
            self._refuse(
                f"声明为 {self.declared}，文件中是 {self.fixed}。",
                f"It is declared {self.declared}; the file says {self.fixed}.",
            )

    def see(self, values: pa.Array) -> None:
        """Look at the next rows."""
        self.cells.see(values)
        if self.fixed is not None:
            self._see_typed(values)
            return
        texts = _plain(values)
        if self.pointed:
            texts = self.commas.see(texts, self.rows)
        filled = texts.drop_null()
        if self.declared is None and NUMBERS & {*self.possible}:
            self.spellings.see(filled)
        number = pc.match_substring_regex(texts, NUMBER)
        if self.stray is None:
            self._find_stray(texts, number)
        self.rows += len(texts)
        self.filled += len(filled)
        codes = pc.match_substring_regex(texts, PADDED)  # 00123 is a code, not a number
        self.numbers += pc.sum(pc.and_(number, pc.invert(codes))).as_py() or 0
        if self.declared not in NUMBERS and pc.any(codes).as_py():
            self.possible = [kind for kind in self.possible if kind not in NUMBERS]
        self.possible = [kind for kind in self.possible if _holds(filled, kind)]

    def kind(self) -> str:
        """The column's type; what stands against it goes to `reasons`."""
        if self.fixed is not None:
            return self.declared or self.fixed
        found = self.possible[0] if self.filled and self.possible else "string"
        wanted = self.declared or found
        fits = wanted in ("string", found) or (wanted == "double" and found == "long")
        mostly = found == "string" and self.filled and self.numbers / self.filled >= MOSTLY
        if not self.filled and wanted in TYPES:
            return wanted
        if not fits or (mostly and self.declared is None):
            self._refuse_text(wanted if self.declared else "double")
        elif wanted in NUMBERS and (doubt := self.commas.doubt(self.name)) is not None:
            self.reasons.append(doubt)
        return wanted

    def spelt(self, kind: str) -> Spelt:
        """The numbers with several spellings, of a column that is only guessed to hold numbers."""
        guessed = self.fixed is None and self.declared is None and kind in NUMBERS
        return self.spellings.several() if guessed else {}

    def _find_stray(self, texts: pa.Array, number: pa.Array) -> None:
        place = pc.index(pc.fill_null(number, True), False).as_py()
        if place >= 0:
            self.stray = (self.rows + place + 1, str(texts[place])[:40])

    def _see_typed(self, values: pa.Array) -> None:
        kind = self.declared or self.fixed
        if not self.reasons and kind is not None:
            try:
                converted = typed(values, kind)
            except pa.ArrowException as broken:
                self._refuse(
                    f"不能作为 {kind} 读取：{broken}", f"Not readable as {kind}: {broken}"
                )
            else:
                self._check_finite(converted)
        self.rows += len(values)

    def _check_finite(self, values: pa.Array) -> None:
        if pa.types.is_floating(values.type):
            place = pc.index(pc.is_inf(pc.fill_null(values, 0.0)), True).as_py()
            if place >= 0:
                row = self.rows + place + 1
                self._refuse(f"第 {row} 行是无穷大。", f"Row {row} is infinite.")

    def _refuse_text(self, wanted: str) -> None:
        row, value = self.stray or (1, "")
        if self.stray is None:
            self._refuse(f"内容不都是 {wanted}。", f"Not every value is of type {wanted}.")
            return
        seems = amounts.meant(value)
        zh, en = ("", "") if seems is None else (f"，{seems[0].zh}", f", {seems[0].en}")
        self._refuse(
            f"应为数字的一列里有文字：第 {row} 行是“{value}”{zh}。",
            f"Text in a column of numbers: row {row} holds {value!r}{en}.",
            None if seems is None else seems[1],
        )

    def _refuse(self, zh: str, en: str, first: Text | None = None) -> None:
        remedy = Text(
            "请改正这些值（缺失请留空），或把这一列声明为文字（type: string）。",
            "Correct the values (leave missing ones empty), or declare the column "
            "as text (type: string).",
        )
        if first is not None:
            capital = first.en[:1].upper() + first.en[1:]
            remedy = Text(f"{first.zh}。{remedy.zh}", f"{capital}. {remedy.en}")
        self.reasons.append(Reason(self.name, Text(zh, en), remedy))


def trimmed(values: pa.Array | pa.ChunkedArray) -> Any:
    """The words of a column without blanks about them; what is missing is null."""
    return _plain(values.cast(pa.string()))


def are_numbers(words: Any) -> Any:
    """Per word whether it is a number as it stands; null where it is missing.

    Args:
        words: as `trimmed` gives them.
    """
    return pc.match_substring_regex(words, NUMBER)


def _plain(values: pa.Array) -> pa.Array:
    """Trimmed text, with the usual spellings of a missing value as null."""
    trimmed = pc.utf8_trim_whitespace(values)
    missing = pc.is_in(pc.utf8_lower(trimmed), value_set=pa.array(EMPTY))
    return pc.if_else(missing, pa.scalar(None, pa.string()), trimmed)


def _holds(filled: pa.Array, kind: str) -> bool:
    """Whether every one of these texts can be read as `kind`."""
    pattern = {"boolean": TRUTH, "long": WHOLE, "double": NUMBER, "datetime": DAY}[kind]
    if not pc.all(pc.match_substring_regex(filled, pattern), min_count=0).as_py():
        return False
    try:
        converted = typed(filled, kind)
    except pa.ArrowException:
        return False
    return kind != "double" or not pc.any(pc.is_inf(converted), min_count=0).as_py()


def typed(values: pa.Array, kind: str) -> pa.Array:
    """The one conversion: text or typed values into the type on record, not-a-number into null."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_large_string(values.type):
        values = values.cast(pa.string())
    if not pa.types.is_string(values.type):
        made = values.cast(TYPES[kind])
    elif kind == "string":
        return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)
    elif kind == "boolean":
        return pc.equal(pc.utf8_lower(_plain(values)), "true")
    else:
        # Arrow's own parser knows no leading plus sign.
        bare = pc.replace_substring_regex(_plain(values), r"^\+", "")
        if kind == "double" and pc.any(pc.match_substring(bare, ","), min_count=0).as_py():
            bare = decimal_commas.with_points(bare)  # `survey` has made sure that it is one
        made = bare.cast(TYPES[kind])
    if kind == "double":
        made = pc.if_else(pc.is_nan(made), pa.scalar(None, pa.float64()), made)
    return made


def kind_of(arrow: pa.DataType) -> str | None:
    """The name of the type of an Arrow column; None for what a table may not hold."""
    if pa.types.is_dictionary(arrow):
        return kind_of(arrow.value_type)
    for kind, fits in (
        ("string", pa.types.is_null),  # all missing, as an empty column of a CSV file is
        ("boolean", pa.types.is_boolean),
        ("long", pa.types.is_integer),
        ("double", pa.types.is_floating),
        ("double", pa.types.is_decimal),
        ("string", pa.types.is_string),
        ("string", pa.types.is_large_string),
        ("datetime", pa.types.is_timestamp),
        ("datetime", pa.types.is_date),
    ):
        if fits(arrow):
            return kind
    return None


def unusable(name: str, arrow: pa.DataType) -> Reason:
    """Why a column of this type cannot be used, and what to do.

    Args:
        name: of the column.
        arrow: its type, of which `kind_of` knows no name.
    """
    binary = pa.types.is_binary(arrow) or pa.types.is_large_binary(arrow)
    return Reason(
        name,
        Text(f"这一列的类型 {arrow} 不能使用。", f"A column of type {arrow} cannot be used."),
        _AS_TEXT if binary else _AS_COLUMNS,
    )


def _encoding_of(path: Path) -> str:
    for form, encoding in ENCODINGS.items():
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with path.open("rb") as stream:
                for chunk in iter(lambda: stream.read(BLOCK), b""):  # read at once
                    if b"\0" in chunk:
                        raise TableRefused([_binary()])
                    decoder.decode(chunk)
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return form
    raise TableRefused([_binary()])


def name_faults(names: Sequence[str]) -> list[Reason]:
    """What is wrong with the names of a table's columns."""
    reasons = []
    if len(names) > MAX_COLUMNS:
        return [columns_reason()]
    for place, name in enumerate(names, start=1):
        item = characters.visible(name.strip())[:MAX_NAME] or f"#{place}"
        reasons += characters.reasons(item, name, lines=False)
        if not name.strip():
            reasons.append(
                _reason(
                    item,
                    f"第 {place} 列没有名称。",
                    f"Column {place} has no name.",
                    csv_dialect.NAME_IT,
                )
            )
        elif len(name) > MAX_NAME:
            zh = f"第 {place} 列的名称超过 {MAX_NAME} 字。"
            en = f"The name of column {place} is longer than {MAX_NAME} characters."
            reasons.append(_reason(item, zh, en, csv_dialect.NAME_IT))
        elif names.index(name) < place - 1:
            zh = f"第 {names.index(name) + 1} 列和第 {place} 列同名。"
            en = f"Columns {names.index(name) + 1} and {place} have the same name."
            reasons.append(_reason(item, zh, en, csv_dialect.NAME_IT))
    return reasons


def _size_faults(rows: int, columns: int) -> list[Reason]:
    if rows == 0:
        return [_reason("行", "文件里没有数据行。", "The file has no rows of data.", _FILL)]
    allowed = min(MAX_ROWS, math.floor(MAX_CELLS / max(columns, 1)))
    if rows > allowed:
        zh, en = f"行数超过 {allowed:,}。", f"There are more than {allowed:,} rows."
        return [_reason("行", zh, en, _CUT_ROWS)]
    return []


def _ragged(row: Any) -> Reason:
    zh = f"第 {row.number} 行有 {row.actual_columns} 个值，应有 {row.expected_columns} 个。"
    en = f"Line {row.number} has {row.actual_columns} values instead of {row.expected_columns}."
    remedy = Text(
        "请补齐或删去多余的分隔符；含逗号的值要放在双引号里。",
        "Add or remove separators; put values with commas in double quotes.",
    )
    return Reason(f"{row.number}", Text(zh, en), remedy)


def _broken(name: str, broken: Exception) -> Reason:
    said = Text(f"不是完整的 {name} 文件：{broken}", f"It is no whole {name} file: {broken}")
    return Reason(name, said, _WHOLE)


def _unreadable(broken: Exception) -> Reason:
    if "straddling" in str(broken):  # how the reader calls a line that it cannot hold
        said = Text(
            f"有一行长过 {BLOCK:,} 字节：某一格太长，或者有双引号没有成对。",
            f"One line has more than {BLOCK:,} bytes: a cell is too long, or a double quote is not "
            "closed.",
        )
        remedy = Text(
            f"请看双引号是否成对；一格最多 {MAX_CELL:,} 字节，更长的请缩短。",
            f"See that double quotes come in pairs; a cell takes at most {MAX_CELL:,} bytes, so "
            "shorten longer ones.",
        )
        return Reason("CSV", said, remedy)
    said = Text(f"无法按 CSV 读取：{broken}", f"It cannot be read as CSV: {broken}")
    return Reason("CSV", said, _SAVE_UTF8)


def _binary() -> Reason:
    zh = "文件不是 Parquet、Arrow，也不是可读的文本。"
    en = "The file is neither Parquet, nor Arrow, nor readable text."
    return Reason("文件", Text(zh, en), _SAVE_UTF8)


def _reason(item: str, zh: str, en: str, remedy: Text) -> Reason:
    return Reason(item, Text(zh, en), remedy)
