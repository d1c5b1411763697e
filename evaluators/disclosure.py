"""Which rows of the count tables stay unpublished, so that no small cell can be worked out.

A row with a cell under ten people is suppressed. Then the attacker is played: all published
tables, and the totals that findings give away, are linear equations in the unknown joint counts;
linear programming gives the narrowest range of every suppressed small cell (Fischetti and
Salazar 2000 call this the audit). While a range is narrower than ten, the smallest neighbouring
row is suppressed too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from math import prod

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog

from evaluators.probe import Table

Floats = npt.NDArray[np.float64]
Row = tuple[int, int]
"""Number of the table, number of the row in it."""

MEANS: Mapping[str, tuple[str, ...]] = {
    "favoured": ("tp", "fp", "up"),
    "refused": ("fn", "tn", "down"),
    "tp": ("tp",),
    "fp": ("fp",),
    "fn": ("fn",),
    "tn": ("tn",),
    "deserved": ("tp", "fn"),
    "undeserved": ("fp", "tn"),
    "people": ("tp", "fp", "fn", "tn", "up", "down", "silent"),
}
"""What each count adds up: outcome known (tp … tn), outcome unknown (up, down), no answer."""
KINDS = ("tp", "fp", "fn", "tn", "up", "down", "silent")
MOST_ATOMS = 4000


def suppress(tables: Sequence[Table], least: int) -> list[Table]:
    """The tables as they may be published.

    Args:
        tables: the full tables, of all probes together.
        least: the smallest count of people that is published.
    """
    hidden = {
        (t, r)
        for t, table in enumerate(tables)
        if table.kind == "people"
        for r, (_, counts) in enumerate(table.rows)
        if counts is not None and min(counts, default=0) < least
    }
    primary = frozenset(hidden)
    if not primary:
        return list(tables)
    audit = _Audit.of(tables)
    if audit is None and primary:
        hidden |= {(t, r) for t, table in enumerate(tables) if len(table.keys) > 1
                   and table.kind == "people" for r in range(len(table.rows))}  # fmt: skip
    # Hiding more only widens what an attacker must allow for, so one walk over the rows suffices.
    for number in sorted({row[0] for row in primary}):
        _blur(tables, number, hidden, least)
    if audit is not None:
        for row in sorted(primary):
            _protect(tables, row, hidden, audit, least)
    return [
        _without(table, {r for t, r in hidden if t == number})
        for number, table in enumerate(tables)
    ]


def _blur(tables: Sequence[Table], number: int, hidden: set[Row], least: int) -> None:
    """Hide the smallest rows of a table until the hidden ones are several and large enough."""
    mates = [row for row in hidden if row[0] == number]
    rest = sorted(
        ((number, r) for r in range(len(tables[number].rows)) if (number, r) not in hidden),
        key=lambda row: (_size(tables, row), row),
    )
    while rest and not _enough(tables, mates, least):
        mates.append(rest.pop(0))
        hidden.add(mates[-1])


def _protect(
    tables: Sequence[Table], row: Row, hidden: set[Row], audit: "_Audit", least: int
) -> None:
    """Hide the smallest rows beside a small one until it can't be pinned down.

    If its whole table is not enough, tables about the same attributes go, one by one.
    """
    while audit.narrow(row, hidden, least):
        beside = [(row[0], r) for r in range(len(tables[row[0]].rows))]
        more = [one for one in beside if one not in hidden]
        if more:
            hidden.add(min(more, key=lambda one: (_size(tables, one), one)))
        elif whole := _finest(tables, row, hidden):
            hidden |= whole
        else:
            return


def _enough(tables: Sequence[Table], mates: Sequence[Row], least: int) -> bool:
    """Whether a table's hidden rows are several and add up to enough people in every count."""
    sums = np.sum([tables[t].rows[r][1] or () for t, r in mates], axis=0)
    return len(mates) > 1 and bool((sums >= least).all())


def _finest(tables: Sequence[Table], bare: Row, hidden: set[Row]) -> set[Row]:
    """What is given up next for a row past protection: one whole table that shares an attribute.

    The table that cuts finest goes first, by its attributes and then by its counts, so that how
    each group fares stays public where how the crossings of groups fare can't.
    """
    keys = set(tables[bare[0]].keys)
    left = [
        t
        for t, table in enumerate(tables)
        if table.kind == "people"
        and keys & set(table.keys)
        and not {(t, r) for r in range(len(table.rows))} <= hidden
    ]
    if not left:
        return set()
    chosen = max(left, key=lambda t: (len(tables[t].keys), len(tables[t].counts), -t))
    return {(chosen, r) for r in range(len(tables[chosen].rows))}


def _size(tables: Sequence[Table], row: Row) -> int:
    return sum(tables[row[0]].rows[row[1]][1] or ())


def _without(table: Table, rows: set[int]) -> Table:
    kept = tuple(
        (key, None if at in rows else counts) for at, (key, counts) in enumerate(table.rows)
    )
    return replace(table, rows=kept)


@dataclass
class _Audit:
    """The attacker's equations over the joint counts.

    Args:
        tables: the full tables.
        levels: attribute → its levels, missing included.
        places: attribute → its place in the joint key.
    """

    tables: Sequence[Table]
    levels: Mapping[str, Sequence[str | None]]
    rows: dict[tuple[int, int, int], Floats] = field(default_factory=dict)

    @classmethod
    def of(cls, tables: Sequence[Table]) -> "_Audit | None":
        """The audit of all tables whose counts have a meaning here; None if there are too many cells."""
        levels: dict[str, dict[str | None, None]] = {}
        known = [
            t for t in tables if t.kind == "people" and t.rows and set(t.counts) <= set(MEANS)
        ]
        for table in known:
            for key, _ in table.rows:
                for name, level in zip(table.keys, key, strict=True):
                    levels.setdefault(name, {None: None})[level] = None
        size = prod(len(found) for found in levels.values()) * len(KINDS)
        if size > MOST_ATOMS:
            return None
        made = cls(tables, {name: list(found) for name, found in levels.items()})
        for t, table in enumerate(tables):
            if table in known:
                made._add(t, table)
        return made

    def _add(self, number: int, table: Table) -> None:
        joint = list(product(*self.levels.values()))
        places = [list(self.levels).index(name) for name in table.keys]
        for r, (key, _) in enumerate(table.rows):
            inside = [tuple(atom[p] for p in places) == key for atom in joint]
            for c, count in enumerate(table.counts):
                kinds = [kind in MEANS[count] for kind in KINDS]
                self.rows[number, r, c] = np.outer(inside, kinds).ravel().astype(np.float64)

    def narrow(self, row: Row, hidden: set[Row], least: int) -> bool:
        """Whether the published equations pin a small cell of a row down to fewer than `least`."""
        counts = self.tables[row[0]].rows[row[1]][1] or ()
        small = [c for c, count in enumerate(counts) if count < least and (*row, c) in self.rows]
        if not small:
            return False
        matrix, values = self._published(hidden)
        return any(self._range(self.rows[*row, c], matrix, values) < least for c in small)

    def _published(self, hidden: set[Row]) -> tuple[Floats, Floats]:
        """What everyone knows: the rows that are published, and every table's totals."""
        matrix, values = [], []
        for t, table in enumerate(self.tables):
            mine = [key for key in self.rows if key[0] == t]
            for c in range(len(table.counts)) if mine else ():
                cells = [(t, r, c) for r in range(len(table.rows))]
                shown = [cell for cell in cells if cell[:2] not in hidden]
                matrix += [self.rows[cell] for cell in shown]
                values += [self._count(cell) for cell in shown]
                matrix.append(np.sum([self.rows[cell] for cell in cells], axis=0))
                values.append(sum(self._count(cell) for cell in cells))
        return np.array(matrix), np.array(values, dtype=np.float64)

    def _count(self, cell: tuple[int, int, int]) -> int:
        counts = self.tables[cell[0]].rows[cell[1]][1]
        return 0 if counts is None else counts[cell[2]]

    @staticmethod
    def _range(target: Floats, matrix: Floats, values: Floats) -> float:
        """How far apart the smallest and the greatest value of a sum of atoms can be."""
        low = linprog(target, A_eq=matrix, b_eq=values, method="highs")
        high = linprog(-target, A_eq=matrix, b_eq=values, method="highs")
        if low.status == 3 or high.status == 3:  # unbounded: nothing limits it
            return float("inf")
        if low.status != 0 or high.status != 0:
            return 0.0
        return float(-high.fun - low.fun)
