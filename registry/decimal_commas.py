"""Decimal commas in a table that is not separated by commas: 1840,0 is 1840.0, and 1,234 may be two things."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from registry.errors import Reason
from registry.language import Text

WITH_COMMA = r"^[+-]?\d*,\d+$"
EITHER = r"^[+-]?[1-9]\d{0,2},\d{3}$"
"""What may be a number of thousands as well as one with three decimals."""
WITH_POINT = r"^[+-]?\d*\.\d+$"


@dataclass(slots=True)
class Commas:
    """What the commas within one column's numbers are, after the rows seen so far.

    Args:
        first: row, counted from 1, and word of the first number with a comma.
        sure: whether one of them can be nothing but a decimal comma.
        points: whether a number has a decimal point.
    """

    first: tuple[int, str] | None = None
    sure: bool = False
    points: bool = False

    def see(self, texts: pa.Array, before: int) -> pa.Array:
        """The next rows, with points for commas.

        Args:
            texts: trimmed; null where missing.
            before: how many rows were seen before.
        """
        comma = pc.fill_null(pc.match_substring_regex(texts, WITH_COMMA), False)
        self.points = self.points or _any(pc.match_substring_regex(texts, WITH_POINT))
        place = pc.index(comma, True).as_py()
        if place < 0:
            return texts
        if self.first is None:
            self.first = (before + place + 1, str(texts[place])[:40])
        either = pc.fill_null(pc.match_substring_regex(texts, EITHER), False)
        self.sure = self.sure or _any(pc.and_(comma, pc.invert(either)))
        return with_points(texts)

    def doubt(self, name: str) -> Reason | None:
        """Why nobody can tell what the commas are; None where it is clear.

        Args:
            name: of the column.
        """
        if self.first is None or (self.sure and not self.points):
            return None
        row, word = self.first
        return Reason(
            name,
            Text(
                f"第 {row} 行的“{word}”里的逗号，看不出是小数点还是千分位。",
                f"Row {row} holds '{word}': whether the comma is a decimal or a thousands sign cannot be told.",
            ),
            Text(
                "请把小数写成点，去掉千分位（1234.5）。",
                "Write decimals with a point and drop thousands signs (1234.5).",
            ),
        )


def with_points(texts: pa.Array) -> pa.Array:
    """Words of numbers with a point for a decimal comma; others as they are.

    Args:
        texts: trimmed; null where missing.
    """
    return pc.replace_substring_regex(texts, r"^([+-]?\d*),(\d+)$", r"\1.\2")


def _any(mask: pa.Array) -> bool:
    return bool(pc.any(mask, min_count=0).as_py())
