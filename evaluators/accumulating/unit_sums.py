"""Sums per unit: what a statistic owes to each person, account or item whose rows repeat.

An estimate from repeated rows varies with its units, not with its rows. To first order it is a sum
of the rows' influences; added up by unit they are independent, and their squares give its variance
(the linearised, or CRV1, variance: Binder 1983; Cameron and Miller 2015). The state holds a few
64-bit numbers per group and unit, and nothing else grows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluators.accumulating.accumulators import Key, fixed

Bits = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

SCALE = 2**30
"""Fixed-point units per one; the values are standardised, so their sums stay far below 2⁶²."""


@dataclass(frozen=True)
class UnitSums:
    """Fixed-point sums by group and unit.

    Args:
        measures: what is summed.
        table: group → its units, ascending, and units × (rows, measures).
    """

    measures: tuple[str, ...]
    table: Mapping[Key, tuple[Bits, Integers]] = field(default_factory=dict)

    def add(
        self, keys: Sequence[Key], codes: Integers, units: Bits, values: Sequence[Floats]
    ) -> "UnitSums":
        """Add rows.

        Args:
            keys: the groups.
            codes: the group of each row; rows with a negative code are left out.
            units: the unit of each row.
            values: one column per measure.
        """
        whole = [np.ones(codes.size, dtype=np.int64), *(fixed(v, SCALE) for v in values)]
        rows = np.column_stack(whole)
        made = {
            key: (units[codes == place], rows[codes == place])
            for place, key in enumerate(keys)
            if (codes == place).any()
        }
        part = UnitSums(self.measures, {key: _gathered([pair]) for key, pair in made.items()})
        return merge_unit_sums([self, part])

    def units(self, key: Key) -> int:
        """How many units a group has."""
        return int(self.table[key][0].size) if key in self.table else 0

    def kish(self, key: Key) -> float:
        """Kish's (1965) effective number of a group's units, by their rows."""
        rows = self.sums(key)[1].astype(np.float64)
        squared = float((rows**2).sum())
        return float(rows.sum()) ** 2 / squared if squared else 0.0

    def sums(self, key: Key) -> tuple[Bits, Integers, Floats]:
        """The units of a group, their rows, and units × measures."""
        if key not in self.table:
            nothing = np.empty(0, dtype=np.int64)
            return nothing.astype(np.uint64), nothing, np.empty((0, len(self.measures)))
        units, rows = self.table[key]
        return units, rows[:, 0], rows[:, 1:] / SCALE

    def as_json(self) -> dict[str, Any]:
        """The sums in canonical order."""
        order = sorted(self.table, key=lambda key: [(level is None, level or "") for level in key])
        rows = [
            [list(key), [str(u) for u in self.table[key][0].tolist()], self.table[key][1].tolist()]
            for key in order
        ]
        return {"measures": ["rows", *self.measures], "scale": SCALE, "groups": rows}


def merge_unit_sums(parts: Iterable[UnitSums]) -> UnitSums:
    """The sums of all parts."""
    found = list(parts)
    keys = {key for part in found for key in part.table}
    table = {key: _gathered([p.table[key] for p in found if key in p.table]) for key in keys}
    return UnitSums(found[0].measures, table)


def _gathered(pairs: Sequence[tuple[Bits, Integers]]) -> tuple[Bits, Integers]:
    """Rows of the same unit added up."""
    units = np.concatenate([pair[0] for pair in pairs])
    order = np.argsort(units, kind="stable")
    arranged = units[order]
    starts = np.flatnonzero(np.r_[True, arranged[1:] != arranged[:-1]])
    rows = np.concatenate([pair[1] for pair in pairs])[order]
    return arranged[starts], np.add.reduceat(rows, starts, axis=0)


@dataclass(frozen=True, slots=True)
class Spread:
    """How far an estimate strays: its standard error, and the degrees of freedom behind it."""

    error: float
    df: float


def spread(parts: Sequence[tuple[Bits, Floats]]) -> Spread:
    """The spread of a sum of influences over units.

    Args:
        parts: per group of a comparison its units and their influences (a unit may be in both).
    """
    units = np.concatenate([part[0] for part in parts])
    codes = np.unique(units, return_inverse=True)[1]
    sums = np.bincount(codes, weights=np.concatenate([part[1] for part in parts]))
    size = max(1, sums.size)
    variance = float(np.sort(sums**2).sum()) * size / max(1, size - 1)
    return Spread(float(np.sqrt(variance)), _freedom([(v**2, u.size) for u, v in parts]))


def _freedom(parts: Sequence[tuple[Floats, int]]) -> float:
    """Welch and Satterthwaite's degrees of freedom, from the groups' shares of the variance."""
    shares = [(float(np.sort(squares).sum()), size) for squares, size in parts if size > 1]
    whole = sum(share for share, _ in shares)
    below = sum(share**2 / (size - 1) for share, size in shares)
    return whole**2 / below if below > 0 else 1.0


def design_effect(k: Floats, n: Integers) -> float:
    """The variance of a ratio of sums over units, over the binomial one; at least 1.

    Args:
        k: per unit how many count.
        n: per unit of how many.
    """
    units, total, rate = n.size, float(n.sum()), float(k.sum() / n.sum()) if n.size else 0.0
    if units < 2 or not 0 < rate < 1:
        return max(1.0, float((n**2).sum()) / total) if total else 1.0
    gaps = np.sort(k - rate * n)
    variance = units / (units - 1) * float((gaps**2).sum()) / total**2
    return max(1.0, variance / (rate * (1 - rate) / total))
