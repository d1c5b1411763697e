"""Exact sums of floats by group: one long integer per sum, the same in every order of the rows.

A float is a whole number times a power of two, so a sum of floats is a whole number of the
smallest power there is (Kulisch's long accumulator; Kulisch 2013). No scale has to be chosen, and
the state is one integer of at most some 2,200 bits per group and measure.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluators.accumulating.accumulators import Key

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

MANTISSA = 53
SMALLEST = 1126
"""Sums are in units of 2⁻¹¹²⁶: the last bit of the smallest float, written with 53 bits."""
LARGEST = 1e70
"""Numbers beyond it are not added up, so that fourth powers stay finite."""
_LOW = 26
_SPLIT = float(2**27 + 1)


@dataclass(frozen=True)
class ExactSums:
    """Exact sums by group.

    Args:
        measures: what is summed.
        table: group → (rows, one sum per measure in units of 2⁻¹¹²⁶).
    """

    measures: tuple[str, ...]
    table: Mapping[Key, tuple[int, ...]] = field(default_factory=dict)

    def add(
        self, keys: Sequence[Key], codes: Integers, values: Sequence[Sequence[Floats]]
    ) -> "ExactSums":
        """Add rows.

        Args:
            keys: the groups.
            codes: the group of each row.
            values: per measure the columns that make it up; all are added.
        """
        counts = np.bincount(codes, minlength=len(keys))
        sums = [
            [
                sum(group)
                for group in zip(*(_sums(codes, c, len(keys)) for c in parts), strict=True)
            ]
            for parts in values
        ]
        table = dict(self.table)
        for place in np.flatnonzero(counts).tolist():
            new = (int(counts[place]), *(column[place] for column in sums))
            old = table.get(keys[place], (0,) * len(new))
            table[keys[place]] = tuple(a + b for a, b in zip(old, new, strict=True))
        return ExactSums(self.measures, table)

    def rows(self, key: Key) -> int:
        """How many rows a group has."""
        row = self.table.get(key)
        return row[0] if row else 0

    def mean(self, key: Key, measure: str) -> Fraction:
        """The exact mean of a measure in a group that has rows."""
        row = self.table[key]
        return Fraction(row[1 + self.measures.index(measure)], row[0] << SMALLEST)

    def as_json(self) -> dict[str, Any]:
        """The sums in canonical order, in hexadecimal: they have hundreds of digits."""
        order = sorted(self.table, key=lambda key: [(level is None, level or "") for level in key])
        rows = [[list(key), [f"{value:x}" for value in self.table[key]]] for key in order]
        return {"measures": list(self.measures), "unit": f"2**-{SMALLEST}", "rows": rows}


def merge_exact_sums(parts: Iterable[ExactSums]) -> ExactSums:
    """The sums of all parts."""
    found = list(parts)
    table: dict[Key, tuple[int, ...]] = {}
    for part in found:
        for key, row in part.table.items():
            old = table.get(key, (0,) * len(row))
            table[key] = tuple(a + b for a, b in zip(old, row, strict=True))
    return ExactSums(found[0].measures, table)


def squares(values: Floats) -> tuple[Floats, Floats]:
    """The squares as two floats each whose sum is exact (Dekker 1971), so variances are too."""
    whole = values * values
    high = values * _SPLIT
    high = high - (high - values)
    low = values - high
    return whole, low * low - ((whole - high * high) - 2.0 * high * low)


def usable(values: Floats) -> npt.NDArray[np.bool_]:
    """Which numbers can be added up: neither missing nor infinite nor beyond `LARGEST`."""
    with np.errstate(invalid="ignore"):
        found: npt.NDArray[np.bool_] = np.abs(values) <= LARGEST
    return found


def _sums(codes: Integers, values: Floats, groups: int) -> list[int]:
    """The sum of each group as a whole number of 2⁻¹¹²⁶."""
    if not values.size:
        return [0] * groups
    fraction, exponent = np.frexp(values)
    whole = (fraction * 2.0**MANTISSA).astype(np.int64)
    least = int(exponent.min())
    span = int(exponent.max()) - least + 1
    flat = codes * span + (exponent.astype(np.int64) - least)
    size = groups * span
    low = np.bincount(flat, weights=whole & ((1 << _LOW) - 1), minlength=size)
    high = np.bincount(flat, weights=whole >> _LOW, minlength=size)
    found = [0] * groups
    for place in np.flatnonzero((low != 0) | (high != 0)).tolist():
        group, power = divmod(place, span)
        part = int(low[place]) + (int(high[place]) << _LOW)
        found[group] += part << (least + power - MANTISSA + SMALLEST)
    return found
