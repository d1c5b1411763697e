"""Which rows of the count tables stay unpublished, so that no small cell can be worked out.

A row with a cell under ten people is suppressed. Then the attacker is played: all published
tables, and the totals that findings give away, are linear equations in the unknown joint counts;
linear programming gives the narrowest range of every suppressed small cell (Fischetti and
Salazar 2000 call this the audit). While a range is narrower than ten, the smallest neighbouring
row is suppressed too. Earlier reports about the same people are part of what the attacker knows,
and what they suppressed is part of what is protected.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class Earlier:
    """The count tables of an earlier report about the same people.

    Args:
        full: the tables with every count, as sealed.
        shown: the same as published; a suppressed row has None.
        answers: what the counts depend on besides the rows: who answered, and how an answer is
            read. Two reports that agree in it count the same thing.
        outcomes: how an observed outcome is read; reports that agree in it know the same outcomes.
        same_rows: whether it is about the very same rows, or about others that may overlap.
    """

    full: tuple[Table, ...]
    shown: tuple[Table, ...]
    answers: str
    outcomes: str
    same_rows: bool = True


def suppress(
    tables: Sequence[Table],
    least: int,
    *,
    earlier: Sequence[Earlier] = (),
    answers: str = "",
    outcomes: str = "",
) -> list[Table]:
    """The tables as they may be published.

    Args:
        tables: the full tables, of all probes together.
        least: the smallest count of people that is published.
        earlier: what is public already about the same people: what it suppressed must not follow
            from what is published now, nor the other way round.
        answers: of these tables (see `Earlier`).
        outcomes: of these tables (see `Earlier`).
    """
    hidden = {
        (t, r)
        for t, table in enumerate(tables)
        if table.kind == "people"
        for r, (_, counts) in enumerate(table.rows)
        if counts is not None and min(counts, default=0) < least
    } | _nearly_the_same(tables, [one for one in earlier if not one.same_rows], least)
    primary = frozenset(hidden)
    before = [one for one in earlier if one.same_rows]
    if not primary and not any(_gaps(one) for one in before):
        return list(tables)
    audit = _Audit.of(tables, before, answers=answers, outcomes=outcomes)
    if audit is None:
        hidden |= _unaudited(tables, before)
    # Hiding more only widens what an attacker must allow for, so one walk over the rows suffices.
    for number in sorted({row[0] for row in primary}):
        _blur(tables, number, hidden, least)
    if audit is not None:
        for target in (*_small(tables, primary, least), *audit.targets(least)):
            _protect(tables, target, hidden, audit, least)
    return [
        _without(table, {r for t, r in hidden if t == number})
        for number, table in enumerate(tables)
    ]


def agree(tables: Sequence[Table], others: Sequence[Table]) -> bool:
    """Whether `others` can be audited with `tables`, and some rows could have given both.

    Args:
        tables: tables that are true.
        others: tables of which this is not known, as of a third party's probe.
    """
    if any(not set(table.counts) <= set(MEANS) for table in others):
        return False
    audit = _Audit.of([*tables, *others])
    return audit is not None and audit.possible()


def _gaps(one: Earlier) -> bool:
    return any(counts is None for table in one.shown for _, counts in table.rows)


def _nearly_the_same(tables: Sequence[Table], others: Sequence[Earlier], least: int) -> set[Row]:
    """Rows that differ by a handful of people from what is public about rows that may overlap.

    The difference of two such tables is a table of the few who are in one and not in the other.
    """
    known: dict[tuple[tuple[str, ...], tuple[str, ...]], list[tuple[int, ...]]] = {}
    for one in others:
        for table in one.shown:
            for key, counts in table.rows if table.kind == "people" else ():
                if counts is not None:
                    known.setdefault((table.keys, key), []).append((*counts, sum(counts)))
    return {
        (t, r)
        for t, table in enumerate(tables)
        if table.kind == "people"
        for r, (key, counts) in enumerate(table.rows)
        for before in known.get((table.keys, key), ())
        if counts is not None and 0 < abs(sum(counts) - before[-1]) < least
    }


def _unaudited(tables: Sequence[Table], before: Sequence[Earlier]) -> set[Row]:
    """Where there are too many cells to audit: crossings, and attributes that were suppressed."""
    shy = {
        name
        for one in before
        for table in one.shown
        for name in table.keys
        if any(counts is None for _, counts in table.rows)
    }
    return {
        (t, r)
        for t, table in enumerate(tables)
        if table.kind == "people" and (len(table.keys) > 1 or shy & set(table.keys))
        for r in range(len(table.rows))
    }


def _small(tables: Sequence[Table], rows: Iterable[Row], least: int) -> Iterator["_Target"]:
    """The small counts of rows that are suppressed for them."""
    for t, r in sorted(rows):
        counts = tables[t].rows[r][1] or ()
        small = tuple(c for c, count in enumerate(counts) if count < least)
        yield _Target(0, (t, r), small, tables[t].keys)


@dataclass(frozen=True, slots=True)
class _Target:
    """Small counts that must stay unknown.

    Args:
        report: 0 for this one, from 1 on the earlier ones.
        row: the row of which table.
        counts: which of its counts.
        keys: the attributes of that table.
    """

    report: int
    row: Row
    counts: tuple[int, ...]
    keys: tuple[str, ...]


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
    tables: Sequence[Table], target: _Target, hidden: set[Row], audit: "_Audit", least: int
) -> None:
    """Hide the smallest rows beside a small one until it can't be pinned down.

    If its whole table is not enough, tables about the same attributes go, one by one.
    """
    alike = [target.row[0]] if target.report == 0 else [
        t for t, table in enumerate(tables) if table.keys == target.keys and table.kind == "people"
    ]  # fmt: skip
    while audit.narrow(target, hidden, least):
        beside = [(t, r) for t in alike for r in range(len(tables[t].rows))]
        more = [one for one in beside if one not in hidden]
        if more:
            hidden.add(min(more, key=lambda one: (_size(tables, one), one)))
        elif whole := _finest(tables, target.keys, hidden):
            hidden |= whole
        else:
            return


def _enough(tables: Sequence[Table], mates: Sequence[Row], least: int) -> bool:
    """Whether a table's hidden rows are several and add up to enough people in every count."""
    sums = np.sum([tables[t].rows[r][1] or () for t, r in mates], axis=0)
    return len(mates) > 1 and bool((sums >= least).all())


def _finest(tables: Sequence[Table], about: Sequence[str], hidden: set[Row]) -> set[Row]:
    """What is given up next for a row past protection: one whole table that shares an attribute.

    The table that cuts finest goes first, by its attributes and then by its counts, so that how
    each group fares stays public where how the crossings of groups fare can't.
    """
    keys = set(about)
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
    """The attacker's equations over the joint counts of this report and the earlier ones.

    Reports that count the same answers share their unknowns. Others have unknowns of their own,
    but of the same people: in each joint cell as many people, and as many with each outcome where
    outcomes are read alike. (Any two tables with equal margins can be coupled, so nothing more is
    known.)

    Args:
        reports: the full tables of this report, then of each earlier one.
        shown: as published, None for this report.
        levels: attribute → its levels, missing included.
        blocks: per report the number of its block of unknowns.
        links: what holds between blocks; each row of it adds up to nothing.
    """

    reports: Sequence[Sequence[Table]]
    shown: Sequence[Sequence[Table] | None]
    levels: Mapping[str, Sequence[str | None]]
    blocks: Sequence[int]
    links: Floats
    rows: dict[tuple[int, int, int, int], Floats] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        tables: Sequence[Table],
        earlier: Sequence[Earlier] = (),
        *,
        answers: str = "",
        outcomes: str = "",
    ) -> "_Audit | None":
        """The audit of all tables whose counts have a meaning here; None if there are too many cells."""
        reports = [tables, *(one.full for one in earlier)]
        levels: dict[str, dict[str | None, None]] = {}
        for table in (table for report in reports for table in report if _known(table)):
            for key, _ in table.rows:
                for name, level in zip(table.keys, key, strict=True):
                    levels.setdefault(name, {None: None})[level] = None
        joint = prod(len(found) for found in levels.values())
        named = {name: list(found) for name, found in levels.items()}
        shown = [None, *(one.shown for one in earlier)]
        for blocks, alike in _sharings(earlier, answers, outcomes):
            if joint * len(KINDS) * (1 + max(blocks)) > MOST_ATOMS:
                return None
            links = _links(joint, 1 + max(blocks), alike)
            made = cls(reports, shown, named, blocks, links)
            for number, report in enumerate(reports):
                for t, table in enumerate(report):
                    if _known(table):
                        made._add(number, t, table)
            if not earlier or made.possible():
                return made
        return None

    def _add(self, report: int, number: int, table: Table) -> None:
        joint = list(product(*self.levels.values()))
        places = [list(self.levels).index(name) for name in table.keys]
        whole = np.zeros((max(self.blocks) + 1, len(joint) * len(KINDS)))
        for r, (key, _) in enumerate(table.rows):
            inside = [tuple(atom[p] for p in places) == key for atom in joint]
            for c, count in enumerate(table.counts):
                kinds = [kind in MEANS[count] for kind in KINDS]
                whole[self.blocks[report]] = np.outer(inside, kinds).ravel()
                self.rows[report, number, r, c] = whole.ravel().copy()

    def targets(self, least: int) -> Iterator[_Target]:
        """The small counts that earlier reports suppressed."""
        for report, shown in enumerate(self.shown):
            for t, table in enumerate(shown or ()):
                for r, (_, counts) in enumerate(table.rows):
                    full = self.reports[report][t].rows[r][1] or ()
                    small = tuple(c for c, count in enumerate(full) if count < least)
                    if counts is None and small and (report, t, r, 0) in self.rows:
                        yield _Target(report, (t, r), small, table.keys)

    def narrow(self, target: _Target, hidden: set[Row], least: int) -> bool:
        """Whether the published equations pin a small count down to fewer than `least`."""
        cells = [(target.report, *target.row, c) for c in target.counts]
        matrix, values = self._published(hidden)
        return any(
            self._range(self.rows[cell], matrix, values) < least
            for cell in cells
            if cell in self.rows
        )

    def possible(self) -> bool:
        """Whether some rows could have given all the tables."""
        matrix = [self.rows[cell] for cell in self.rows]
        values = [float(self._count(cell)) for cell in self.rows]
        if not matrix:
            return True
        equations = np.vstack([np.array(matrix), self.links])
        right = np.array([*values, *np.zeros(len(self.links))])
        found = linprog(np.zeros(equations.shape[1]), A_eq=equations, b_eq=right, method="highs")
        return bool(found.status == 0)

    def _published(self, hidden: set[Row]) -> tuple[Floats, Floats]:
        """What everyone knows: the rows that are published, and every table's totals."""
        matrix, values = list(self.links), [0.0] * len(self.links)
        for report, tables in enumerate(self.reports):
            gone = hidden if report == 0 else _gone(self.shown[report] or ())
            for t, table in enumerate(tables):
                for c in range(len(table.counts)) if (report, t, 0, 0) in self.rows else ():
                    cells = [(report, t, r, c) for r in range(len(table.rows))]
                    open_ = [cell for cell in cells if cell[1:3] not in gone]
                    matrix += [self.rows[cell] for cell in open_]
                    values += [self._count(cell) for cell in open_]
                    matrix.append(np.sum([self.rows[cell] for cell in cells], axis=0))
                    values.append(sum(self._count(cell) for cell in cells))
        return np.array(matrix), np.array(values, dtype=np.float64)

    def _count(self, cell: tuple[int, int, int, int]) -> int:
        report, t, r, c = cell
        counts = self.reports[report][t].rows[r][1]
        return 0 if counts is None else counts[c]

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


def _known(table: Table) -> bool:
    return table.kind == "people" and bool(table.rows) and set(table.counts) <= set(MEANS)


def _gone(shown: Sequence[Table]) -> set[Row]:
    """The rows that a report has suppressed."""
    return {
        (t, r)
        for t, table in enumerate(shown)
        for r, (_, counts) in enumerate(table.rows)
        if counts is None
    }


def _sharings(
    earlier: Sequence[Earlier], answers: str, outcomes: str
) -> Iterator[tuple[list[int], set[int]]]:
    """What reports may share, most first: per report its block, and the blocks with outcomes alike.

    Less is shared where more would contradict the counts: a model that answers differently when
    asked again, or outcomes that are known for those alone who got an answer.
    """
    numbers: dict[str, int] = {answers: 0}
    together = [0, *(numbers.setdefault(one.answers, len(numbers)) for one in earlier)]
    apart = list(range(len(earlier) + 1))
    for blocks in (together, apart):
        pairs = zip(blocks[1:], earlier, strict=True)
        yield blocks, {block for block, one in pairs if one.outcomes == outcomes} - {0}
        yield blocks, set()


def _links(joint: int, blocks: int, outcomes: set[int]) -> Floats:
    """Between the first block and each other one: as many people, and outcomes, in each cell."""
    margins = {0: KINDS, 1: ("tp", "fn"), 2: ("fp", "tn")}
    rows = []
    for block in range(1, blocks):
        for margin in margins if block in outcomes else (0,):
            kinds = np.array([kind in margins[margin] for kind in KINDS], dtype=np.float64)
            for cell in range(joint):
                row = np.zeros((blocks, joint, len(KINDS)))
                row[0, cell], row[block, cell] = kinds, -kinds
                rows.append(row.ravel())
    return np.array(rows).reshape(len(rows), blocks * joint * len(KINDS))
