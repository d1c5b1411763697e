"""Whether the cells of a column hold only what a reader can see: the rule of all texts.

A cell stands in tables, sentences and pictures that the public reads: as a group, or as one
person's value. Two that differ by a character nobody sees would be two of one name, and one that
turns the writing round reads as what it is not. So data keep to `registry.characters`, groups and
free text alike, before they are registered or evaluated, not when a run first reads them.
"""

from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from registry import characters
from registry.errors import Reason
from registry.language import Text

MOST_CELLS = 5
"""Cells of one column that are named: enough to mend it by."""
SHOWN = 40
"""Characters of a cell that are shown."""
# The same class for Arrow's own engine (RE2), which has no half characters: UTF-8 holds none.
_SUSPECT = "".join(
    each if each in "[]-" else f"\\x{{{ord(each):x}}}"
    for each in characters.SUSPECT.pattern.replace("\ud800-\udfff", "")
)


@dataclass(slots=True)
class Cells:
    """The first cells of one column that hold what nobody sees, after the rows seen so far.

    Args:
        rows: how many were seen.
        found: row, counted from 1, and value.
    """

    rows: int = 0
    found: list[tuple[int, str]] = field(default_factory=list)

    def see(self, values: pa.Array) -> None:
        """Look at the next rows; columns that hold no text are passed over."""
        before = self.rows
        self.rows += len(values)
        if len(self.found) >= MOST_CELLS:
            return
        if pa.types.is_dictionary(values.type):
            if not _is_text(values.type.value_type) or not _suspects(values.dictionary):
                return
            values = values.dictionary_decode()
        if not _is_text(values.type):
            return
        for place in _suspects(values):
            value = values[place].as_py()
            if next(characters.unwanted(value), None) is not None:
                self.found.append((before + place + 1, value))
                if len(self.found) == MOST_CELLS:
                    return

    def reasons(self, column: str) -> list[Reason]:
        """Which cells hold characters that nobody sees, and which characters.

        Args:
            column: the column's name.
        """
        return [_reason(column, row, value) for row, value in self.found]


def _reason(column: str, row: int, value: str) -> Reason:
    first = next(characters.unwanted(value)).reason(column).said
    shown = characters.visible(value[:SHOWN]) + ("…" if len(value) > SHOWN else "")
    return Reason(
        column,
        Text(
            f"第 {row} 行的值“{shown}”：{first.zh}",
            f"Row {row} holds “{shown}”: {first.en}",
        ),
        Text(
            "请在数据里删去或改正这个字符，再重新登记。",
            "Delete or correct this character in the data and register them again.",
        ),
    )


def _is_text(arrow: pa.DataType) -> bool:
    return bool(pa.types.is_string(arrow) or pa.types.is_large_string(arrow))


def _suspects(values: pa.Array) -> list[int]:
    """The places of values that may hold such a character."""
    places: list[int] = pc.indices_nonzero(pc.match_substring_regex(values, _SUSPECT)).to_pylist()
    return places
