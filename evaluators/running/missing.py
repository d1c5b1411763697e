"""What is missing, whatever type a column was taken for.

A column of numbers, dates or booleans has nulls where its file says NA; in a column of words the
same NA would be a word: a refusal among the decisions, a group among the groups. The words are
those of `registry.tables.EMPTY`, in any case and with blanks around them, or what the plan says of
a column (`columns.missing`). The model is asked with the rows as sent; only what probes read of
them, and what units are told apart by, goes through here. Words of a decision that the plan lists
neither as favourable nor as unfavourable are left out in the same place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from evaluators.accumulating.accumulators import coded
from evaluators.accumulating.levels import level_name
from evaluators.plan_columns import Columns

Column: TypeAlias = Any  # an array or a chunked one; Arrow's stubs tell no union of them


@dataclass(frozen=True, slots=True)
class Told:
    """A block of rows, what is missing told apart from what is said.

    Args:
        rows: the block; missing words are null, and so are words that are neither.
        neither: column of decisions → where it has a word that is neither favourable nor not.
    """

    rows: pa.Table
    neither: dict[str, pa.Array]


def told(block: pa.Table, columns: Columns, names: Sequence[str] | None = None) -> Told:
    """A block of rows with what is missing as null.

    Args:
        block: the rows as read.
        columns: what the plan says of words.
        names: the columns that will be read; None for all.
    """
    neither: dict[str, pa.Array] = {}
    for at, name in enumerate(block.schema.names):
        if names is not None and name not in names:
            continue
        own = block.column(at)
        column, other = _told(own, name, columns)
        if other is not None:
            neither[name] = other
        if column is not own:
            block = block.set_column(at, name, column)
    return Told(block, neither)


def _told(column: Column, name: str, columns: Columns) -> tuple[Column, pa.Array | None]:
    """A column as in `told`, and where it has a word that is neither."""
    column = without_missing(column, name, columns)
    other = _neither(column, name, columns) if name in decisions(columns) else None
    if other is None:
        return column, None
    column = _dense(column)
    return pc.if_else(other, pa.scalar(None, column.type), column), other


def without_missing(column: Column, name: str, columns: Columns) -> Column:
    """A column with null in place of the words that count as missing in it.

    Args:
        column: its values.
        name: of the column.
        columns: what the plan says of words.
    """
    dense = pa.types.is_dictionary(column.type)
    text = column.type.value_type if dense else column.type
    if not (pa.types.is_string(text) or pa.types.is_large_string(text)):
        return column
    words = _missing_words(column, name, columns)
    if not words:
        return column
    plain = _dense(column)
    mask = pc.is_in(plain, value_set=pa.array(words, text))
    held = pc.if_else(mask, pa.scalar(None, text), plain)
    return held.dictionary_encode() if dense else held


def _dense(column: Column) -> Column:
    """A column without a dictionary."""
    kind = column.type
    return column.cast(kind.value_type) if pa.types.is_dictionary(kind) else column


def decisions(columns: Columns) -> frozenset[str]:
    """The columns whose words the plan divides into favourable and unfavourable."""
    listed = columns.unfavourable and columns.favourable is not None
    named = (columns.prediction, columns.target) if listed else ()
    return frozenset(name for name in named if name is not None)


def _missing_words(column: Column, name: str, columns: Columns) -> list[str]:
    """The words of a column that count as missing, as they are spelt."""
    words = pa.array(columns.missing_words(name))
    return [
        word
        for chunk in (column.chunks if isinstance(column, pa.ChunkedArray) else [column])
        for levels in [_distinct(chunk)]
        for word in levels.filter(pc.is_in(plainly(levels), value_set=words)).to_pylist()
    ]


def plainly(words: pa.Array) -> pa.Array:
    """Words as they are compared: without case, and without blanks around them."""
    return pc.utf8_lower(pc.utf8_trim_whitespace(words))


def _distinct(chunk: pa.Array) -> pa.Array:
    encoded = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
    return encoded.dictionary.cast(pa.string()).drop_null()


def _neither(column: Column, name: str, columns: Columns) -> pa.Array | None:
    """Where a decision has a word that is neither favourable nor unfavourable; None if nowhere."""
    found = coded(column)
    known = {level_name(columns.good(name)), *columns.unfavourable}
    other = [code for code, level in enumerate(found.names) if level not in known]
    if not other:
        return None
    return pc.is_in(pa.array(found.codes), value_set=pa.array(other, pa.int64()))
