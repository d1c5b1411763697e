"""Folders of Parquet files: every file counts, and folder names of the Hive layout are columns.

`year=2024/part-0.parquet` has the column `year` with the value 2024 on every row (as pyarrow, Spark
and DuckDB write it: one level of folders per column, values percent-encoded). What is a number by
CSV's rule is one; everything else is text. A file that stays unread would be data left out without
a word, so whatever looks like data and cannot be read with the others is refused by its name.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote

import pyarrow.parquet as pq

from evaluators.plan import level_name
from registry import tables
from registry.errors import Reason
from registry.language import Text

SUFFIX = ".parquet"
OTHER_DATA = frozenset({".csv", ".tsv", ".arrow", ".feather", ".ipc", ".parq", ".pq", ".json", ".jsonl", ".orc",
                        ".avro", ".xlsx", ".gz", ".zip"})  # fmt: skip
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
MAGIC = b"PAR1"
_NAMED = re.compile(r"^(?P<column>[^=]+)=(?P<value>.*)$", re.DOTALL)

Value = str | int | None


@dataclass(frozen=True, slots=True)
class Piece:
    """One file of a folder.

    Args:
        path: the file.
        name: its path within the folder.
        values: column → the value that its folders' names give every row; None is missing.
    """

    path: Path
    name: str
    values: Mapping[str, Value] = field(default_factory=dict)

    def beside(self, stored: Mapping[str, str]) -> "Piece":
        """The file with what its folders' names add to the columns it holds itself."""
        return replace(self, values={n: v for n, v in self.values.items() if n not in stored})


def pieces(folder: Path) -> tuple[list[Piece], dict[str, str], list[Reason]]:
    """The files of a folder in the order of their names, subfolders included.

    Returns:
        The files; the type of each column that stands in folder names, in the register's words;
        and what cannot be read with the others.
    """
    found, reasons = [], list[Reason]()
    for path in sorted(_every(folder)):
        name = path.relative_to(folder).as_posix()
        if (fault := _fault(path, Path(name))) is not None:
            reasons.append(fault)
        elif path.suffix == SUFFIX:
            found.append((path, name))
    spelt = {name: _spelt(name, reasons) for _, name in found}
    kinds = _kinds(spelt.values())
    made = [
        Piece(path, name, {c: _value(v, kinds[c]) for c, v in spelt[name].items()})
        for path, name in found
    ]
    return made, kinds, reasons


def contradiction(piece: Piece, stored: Mapping[str, str]) -> Reason | None:
    """Where a column stands in the file and in its folders' names: that both say the same.

    Args:
        piece: the file.
        stored: the file's own columns.
    """
    for column, value in piece.values.items():
        if column not in stored:
            continue
        levels = _levels(piece.path, column)
        wanted = None if value is None else level_name(value)
        other = next((level for level in levels if level != wanted), wanted)
        if other != wanted:
            said = Text(
                f"文件夹名说“{column}”是“{wanted}”，文件里有“{other}”。",
                f"Its folder's name says '{column}' is '{wanted}'; the file holds '{other}'.",
            )
            remedy = Text(
                "请改正文件夹名，或去掉文件里的这一列。",
                "Correct the folder's name, or drop the column from the file.",
            )
            return Reason(piece.name, said, remedy)
    return None


def differing(
    name: str, kinds: Mapping[str, str], first: str, wanted: Mapping[str, str]
) -> Reason:
    """Why a file cannot be read as one with the first of its folder.

    Args:
        name: the file.
        kinds: its columns, those of its folders' names included.
        first: the first file.
        wanted: its columns, likewise.
    """
    zh, en = [], []
    for these, said in (
        ([c for c in wanted if c not in kinds], Text("没有“{0}”", "it lacks {0}")),
        ([c for c in kinds if c not in wanted], Text("多出“{0}”", "it also has {0}")),
        ([c for c in wanted if c in kinds and kinds[c] != wanted[c]],
         Text("“{0}”的类型不同", "another type of {0}")),
    ):  # fmt: skip
        if these:
            zh.append(said.zh.format("”“".join(these)))
            en.append(said.en.format(", ".join(these)))
    return Reason(
        name,
        Text(
            f"列与“{first}”不同：{'；'.join(zh)}。",
            f"Its columns differ from those of {first}: {'; '.join(en)}.",
        ),
        Text(
            "同一文件夹里的文件要有相同的列（文件夹名里的“列=值”也算一列）；请分开或补齐。",
            "Files of one folder need the same columns (column=value in a folder's name is one); "
            "part them, or add what is lacking.",
        ),
    )


def _every(folder: Path) -> Iterator[Path]:
    """Every file below a folder, and every linked folder, which is not followed."""
    for place, folders, names in os.walk(folder):
        yield from (Path(place) / name for name in names)
        yield from (Path(place) / name for name in folders if (Path(place) / name).is_symlink())


def _fault(path: Path, name: Path) -> Reason | None:
    """Why something in a folder cannot be read, where it looks like data."""
    if path.is_dir():
        said = Text("是指向别处的文件夹链接。", "It is a link to a folder elsewhere.")
        return Reason(name.as_posix(), said, _MOVE)
    unfinished = any(part.startswith(("_", ".")) for part in name.parts)
    if unfinished and path.suffix == SUFFIX:
        said = Text(
            "以“_”或“.”开头的文件和文件夹是没有写完的，或是程序自己用的。",
            "Files and folders whose names begin with _ or . are unfinished, or a program's own.",
        )
        return Reason(name.as_posix(), said, _MOVE)
    if unfinished or path.suffix == SUFFIX:
        return None
    if path.suffix.lower() in OTHER_DATA | {SUFFIX} or _parquet_inside(path):
        said = Text(
            "看来是数据，但不是 .parquet 文件，不会和其他文件一起读。",
            "It looks like data, but is no .parquet file and would stay unread.",
        )
        return Reason(name.as_posix(), said, _MOVE)
    return None


def _parquet_inside(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(MAGIC)) == MAGIC


def _spelt(name: str, reasons: list[Reason]) -> dict[str, str]:
    """Column → value as the folders of a file spell them."""
    values: dict[str, str] = {}
    for part in name.split("/")[:-1]:
        named = _NAMED.match(part)
        if named is None:
            continue
        column = unquote(named["column"])
        if column in values:
            said = Text(f"文件夹名里两次写了“{column}”。", f"Its folders name '{column}' twice.")
            reasons.append(Reason(name, said, _MOVE))
        values[column] = unquote(named["value"])
    return values


def _kinds(spelt: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The type of each column that stands in folder names, from all its values."""
    values: dict[str, set[str]] = {}
    for each in spelt:
        for column, value in each.items():
            values.setdefault(column, set()).add(value)
    return {
        column: "long" if _whole({v for v in found if _held(v)}) else "string"
        for column, found in values.items()
    }


def _whole(values: set[str]) -> bool:
    return bool(values) and all(
        re.match(tables.WHOLE, value) and not re.match(tables.PADDED, value) for value in values
    )


def _held(value: str) -> bool:
    return value not in ("", NO_VALUE)


def _value(spelt: str, kind: str) -> Value:
    if not _held(spelt):
        return None
    return int(spelt) if kind == "long" else spelt


def _levels(path: Path, column: str) -> set[str | None]:
    """The distinct levels of one column of a file."""
    found = set[str | None]()
    with pq.ParquetFile(path, read_dictionary=[column]) as file:
        for batch in file.iter_batches(columns=[column]):
            distinct = batch.column(column).unique().to_pylist()
            found.update(None if value is None else level_name(value) for value in distinct)
    return found


_MOVE = Text(
    "请把它移出这个文件夹，或改成同样列的 .parquet 文件。",
    "Move it out of the folder, or make it a .parquet file with the same columns.",
)
