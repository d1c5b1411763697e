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


def _of_arrow() -> str:
    """`characters.ANY` for Arrow's own engine (RE2), which looks neither back nor ahead.

    A cell is to be found here exactly where Python finds it: millions of cells with an emoji or a
    rare Chinese character are nothing that a program should be run for one by one.
    """
    blanks = "".join(chr(n) for n in range(0x3001) if chr(n).isspace())
    emoji, joiner, form = characters.EMOJI, characters.JOINER, "\ufe00-\ufe0f"
    ways = [
        *(
            each.pattern
            for each in (characters.TURNING, characters.BLANK, characters.NO_CHARACTER)
        ),
        *(each.pattern.partition("|")[0] for each in (characters.CONTROL, characters.INVISIBLE)),
        "\r(?:[^\n]|$)",
        f"(?:^|[{blanks}{form}])[{form}]",
        f"{joiner}(?:[^{emoji}]|$)",
        f"(?:^|[^{emoji}\ufe0f]){joiner}",
        f"(?:^|[^{emoji}])\ufe0f{joiner}",
    ]
    signs = "[]()^$|?:-"
    return "".join(each if each in signs else f"\\x{{{ord(each):x}}}" for each in "|".join(ways))


_UNWANTED = _of_arrow()


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
            if not _is_text(values.type.value_type) or not _unwanted(values.dictionary):
                return
            values = values.dictionary_decode()
        if not _is_text(values.type):
            return
        for place in _unwanted(values)[: MOST_CELLS - len(self.found)]:
            self.found.append((before + place + 1, values[place].as_py()))

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


def _unwanted(values: pa.Array) -> list[int]:
    """The places of the first values that hold such a character."""
    found = pc.indices_nonzero(pc.match_substring_regex(values, _UNWANTED))
    places: list[int] = found[:MOST_CELLS].to_pylist()
    return places
