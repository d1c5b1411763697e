"""What of a run's numbers is published, so that no small count of people can be worked out.

A row of a count table with a cell under ten people is suppressed. Then the attacker is played (see
`evaluators.running.audit`): every number that is published is an equation in the unknown joint counts,
those whose level is missing included. While the range of a small count is narrower than ten, the
smallest neighbouring row is suppressed too. What is told beside the tables (all rows, rows left
out, sums over a table's rows) is published as far as every small count keeps its range. Earlier
reports about the same people are part of what the attacker knows, and what they suppressed is part
of what is protected.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np

from evaluators.probe import Table
from evaluators.running.attacker import (
    COUNTED,
    Audit,
    Band,
    Earlier,
    Group,
    Hidden,
    Row,
    Target,
    Told,
    known_table,
)
from evaluators.running.audit import MEANS, Fact, Parts
from evaluators.running.lacking import Lacking


@dataclass(frozen=True)
class Cut:
    """What may be published.

    Args:
        tables: the tables; a suppressed row has None.
        facts: the numbers of rows that are stated.
        sums: the tables whose sums over all rows are stated, by number.
        hidden: the groups that are hidden in the whole report, each as its levels by attribute.
        everyone: the tables about everybody, by number, whose counts may follow from a finding.
        audited: whether it was worked out what follows; else crossings are hidden unasked.
        parts: what worst-case bounds may give away.
    """

    tables: tuple[Table, ...]
    facts: frozenset[Fact]
    sums: frozenset[int]
    hidden: frozenset[Group] = frozenset()
    everyone: frozenset[int] = frozenset()
    audited: bool = True
    parts: frozenset[Parts] = frozenset()

    def without(self, groups: frozenset[Group]) -> "Cut":
        """The same without the rows of these groups, and of their crossings, in any table.

        Args:
            groups: hidden in the whole report.
        """
        if groups <= self.hidden:
            return self
        rows = _Groups(self.tables, frozenset()).rows(set(groups - self.hidden))
        tables = tuple(_without(table, {r for t, r in rows if t == number})
                       for number, table in enumerate(self.tables))  # fmt: skip
        return replace(self, tables=tables, hidden=self.hidden | groups)


def suppress(
    tables: Sequence[Table],
    least: int,
    *,
    earlier: Sequence[Earlier] = (),
    answers: str = "",
    outcomes: str = "",
) -> list[Table]:
    """The tables as they may be published, where nothing is told beside them; see `divide`."""
    cut = divide(tables, least, earlier=earlier, answers=answers, outcomes=outcomes)
    return list(cut.tables)


def divide(
    tables: Sequence[Table],
    least: int,
    *,
    told: Told | None = None,
    behind: Sequence[Table] = (),
    bands: Mapping[Row, Band] | None = None,
    earlier: Sequence[Earlier] = (),
    answers: str = "",
    outcomes: str = "",
) -> Cut:
    """What may be published of the tables and of what is told beside them.

    What is hidden are groups, for the whole report: a group that is hidden in one table is hidden in
    every table, and so is every crossing that it is part of.

    Args:
        tables: the full tables, of all probes together.
        least: the smallest count of people that is published.
        told: what else the report would state.
        behind: where the tables count units, the same tables in rows, which findings state.
        bands: between how many people a row is known to have, published or not.
        earlier: what is public already about the same people: what it suppressed must not follow
            from what is published now, nor the other way round.
        answers: of these tables (see `Earlier`).
        outcomes: of these tables (see `Earlier`).
    """
    before = [one for one in earlier if one.same_rows and _alike(one.full, tables)]
    looked: list[Audit | None] = [None]
    if not _crowded(tables, least):
        looked = [
            Audit.of(_with_people(tables, told), before, least=least, told=told, bands=bands or {},
                     answers=answers, outcomes=outcomes),
            *([Audit.of(behind, least=least, told=told)] if behind else ()),
        ]  # fmt: skip
    groups = _Groups(tables, frozenset(_audited(tables, told)))
    small = (
        {
            (t, r)
            for t, table in enumerate(tables)
            if table.kind in COUNTED
            for r, (_, counts) in enumerate(table.rows)
            if counts is not None and min(counts, default=0) < least
        }
        | _nearly_the_same(tables, earlier, least)
        | _counted_otherwise(tables, earlier)
        | (_suppressed_before(tables, before) if behind else set())
    ) - groups.everyone
    primary = {groups.of(row) for row in small}
    primary |= {c.group for c in (told.claims if told else ()) if 0 < c.n < least}
    audits = [one for one in looked if one is not None]
    hidden = set(primary)
    if len(audits) < len(looked):
        hidden |= {groups.of(row) for row in _unaudited(tables, before, told, least)}
    # Hiding more only widens what an attacker must allow for, so one walk over the rows suffices.
    for number in range(len(tables)):
        _blur(groups, number, primary, hidden, least)
    rows = groups.rows(primary) - groups.everyone
    aims = [[*_small(tables, rows, least), *one.targets(least)] for one in audits]
    for one, targets in zip(audits, aims, strict=True):
        _protect(groups, targets, hidden, one, least)
    guards = list(zip(audits, aims, strict=True))
    if len(audits) == len(looked):
        _reopen(groups, guards, hidden, primary, least)
    gone = groups.gone(hidden)
    opened = [set(one.open(targets, gone, least)) for one, targets in guards]
    common = set.intersection(*opened) if len(audits) == len(looked) else set[object]()
    followed = groups.everyone & common
    listed = {(t, r) for t, r in followed if min(tables[t].rows[r][1] or (0,)) >= least}
    rows = groups.rows(hidden) | (groups.everyone - listed)
    shown = frozenset(each for each in (opened[-1] if opened else ()) if isinstance(each, Fact))
    parts = frozenset(each for each in (opened[-1] if opened else ()) if isinstance(each, Parts))
    if len(audits) < len(looked):
        shown, parts = frozenset(), frozenset()
    sums = frozenset(each for each in common if isinstance(each, int))
    if told is not None:
        shown |= _certain(told)
    cut = (_without(table, {r for t, r in rows if t == number})
           for number, table in enumerate(tables))  # fmt: skip
    return Cut(tuple(cut), shown, sums, frozenset(hidden), frozenset(t for t, _ in followed),
               audited=len(audits) == len(looked), parts=parts)  # fmt: skip


MOST_WORK = 500_000
"""Small counts times counts that an audit looks at: with some 350 groups of one person, seconds."""


def _crowded(tables: Sequence[Table], least: int) -> bool:
    """Whether there are so many small counts that to look at each of them would take minutes."""
    counts = [
        count for table in tables if table.kind in COUNTED for _, own in table.rows
        for count in own or ()
    ]  # fmt: skip
    return sum(count < least for count in counts) * len(counts) > MOST_WORK


@dataclass(frozen=True)
class _Groups:
    """The groups that the rows of all tables are about.

    Args:
        tables: of all probes.
        audited: the numbers of those of which the audit knows whom they count.
    """

    tables: Sequence[Table]
    audited: frozenset[int]

    @cached_property
    def everyone(self) -> set[Row]:
        """The rows about everybody."""
        return {(t, 0) for t, table in enumerate(self.tables) if not table.keys and table.rows}

    @cached_property
    def named(self) -> Mapping[Row, Group]:
        """Every row of a table of people: its group."""
        return {
            (t, r): frozenset(zip(table.keys, key, strict=True))
            for t, table in enumerate(self.tables)
            if table.kind in COUNTED and table.keys
            for r, (key, _) in enumerate(table.rows)
        }

    def of(self, row: Row) -> Group:
        """The group of a row."""
        return self.named[row]

    def gone(self, hidden: set[Group]) -> Hidden:
        """All that is not published while these groups, and everyone's counts, are hidden."""
        return self.rows(hidden) | self.everyone | hidden

    def rows(self, hidden: set[Group]) -> set[Row]:
        """The rows that are hidden with these groups: theirs, and those of their crossings.

        Of a table of which nobody knows whom it counts all rows go where a group by one of its
        columns is hidden in another table.
        """
        # By the parts of each group: thousands of levels may be hidden, a group has few columns.
        sizes = {len(one) for one in hidden}
        found = {
            row
            for row, group in self.named.items()
            if any(
                frozenset(part) in hidden for size in sizes for part in combinations(group, size)
            )
        }
        shy = {name for (t, _), g in self.named.items() if t in self.audited and g in hidden
               for name, _ in g}  # fmt: skip
        return found | {
            (t, r) for t, r in self.named
            if t not in self.audited and shy & set(self.tables[t].keys)
        }  # fmt: skip


def _audited(tables: Sequence[Table], told: Told | None) -> Iterator[int]:
    people = _with_people(tables, told)
    yield from (t for t, table in enumerate(people) if known_table(table))


def _with_people(tables: Sequence[Table], told: Told | None) -> list[Table]:
    """The tables as they are audited: one whose counts have no meaning here counts people."""
    known = told.leaving if told is not None else {}
    return [
        replace(table, counts=("people",), rows=tuple(
            (key, None if counts is None else (sum(counts),)) for key, counts in table.rows
        )) if t in known else table
        for t, table in enumerate(tables)
    ]  # fmt: skip


def _certain(told: Told) -> frozenset[Fact]:
    """The facts that need no audit: zeros, and all where nobody lacks anything."""
    if not told.lacking.sets:
        return frozenset(told.facts)
    return frozenset(fact for fact in told.facts if told.value(fact) == 0)


def agree(tables: Sequence[Table], others: Sequence[Table]) -> bool:
    """Whether `others` can be audited with `tables`, and some rows could have given both.

    Args:
        tables: tables that are true.
        others: tables of which this is not known, as of a third party's probe.
    """
    if any(not set(table.counts) <= set(MEANS) for table in others):
        return False
    if not _alike([*tables, *others], [*tables, *others]):
        return False
    looked = Audit.of([*tables, *others], trusted=False)
    return looked is not None


def _alike(tables: Sequence[Table], others: Sequence[Table]) -> bool:
    """Whether both count the same things: rows, or units."""
    kinds = [{t.kind for t in each if t.kind in COUNTED} for each in (tables, others)]
    return len(kinds[0] | kinds[1]) <= 1


def _counted_otherwise(tables: Sequence[Table], earlier: Sequence[Earlier]) -> set[Row]:
    """Rows that an earlier report, which counted rows where units are counted now, suppressed."""
    shy = {
        (table.keys, key)
        for one in earlier
        if one.same_rows and not _alike(one.full, tables)
        for table in one.shown
        for key, counts in table.rows
        if counts is None and table.kind in COUNTED
    }
    return {
        (t, r)
        for t, table in enumerate(tables)
        if table.kind in COUNTED
        for r, (key, _) in enumerate(table.rows)
        if (table.keys, key) in shy
    }


def _nearly_the_same(tables: Sequence[Table], others: Sequence[Earlier], least: int) -> set[Row]:
    """Rows that differ by a handful of people from what is public about rows that may overlap.

    The difference of two such tables is a table of the few who are in one and not in the other.
    """
    known: dict[tuple[tuple[str, ...], tuple[str, ...]], list[tuple[int, ...]]] = {}
    for one in others:
        for table in one.shown:
            for key, counts in table.rows if table.kind in COUNTED else ():
                if counts is not None:
                    known.setdefault((table.keys, key), []).append((*counts, sum(counts)))
    return {
        (t, r)
        for t, table in enumerate(tables)
        if table.kind in COUNTED
        for r, (key, counts) in enumerate(table.rows)
        for before in known.get((table.keys, key), ())
        if counts is not None and 0 < abs(sum(counts) - before[-1]) < least
    }


def _suppressed_before(tables: Sequence[Table], before: Sequence[Earlier]) -> set[Row]:
    """Rows of groups that an earlier report suppressed; its rows behind the units are not known."""
    shy = {
        frozenset(zip(table.keys, key, strict=True))
        for one in before
        for table in one.shown
        for key, counts in table.rows
        if counts is None and table.kind in COUNTED
    }
    return {row for row, group in _Groups(tables, frozenset()).named.items() if group in shy}


def _unaudited(
    tables: Sequence[Table], before: Sequence[Earlier], told: Told | None, least: int
) -> set[Row]:
    """Where there are too many cells to audit: crossings, and attributes that were suppressed.

    And the attributes that some row lacks; every group where so few rows lack the same things.
    """
    shy = {
        name
        for one in before
        for table in one.shown
        for name in table.keys
        if any(counts is None for _, counts in table.rows)
    }
    lacking = told.lacking if told is not None else Lacking()
    shy |= {cause.column for cause in lacking.causes}
    few = told is not None and any(told.few(gone, least) for gone in lacking.sets)
    return {
        (t, r)
        for t, table in enumerate(tables)
        if table.kind in COUNTED and table.keys
        and (few or len(table.keys) > 1 or shy & set(table.keys))
        for r in range(len(table.rows))
    }  # fmt: skip


def _small(tables: Sequence[Table], rows: Iterable[Row], least: int) -> Iterator["Target"]:
    """The small counts of rows that are suppressed for them."""
    for t, r in sorted(rows):
        counts = tables[t].rows[r][1] or ()
        small = tuple(("cell", 0, t, r, c) for c, count in enumerate(counts) if count < least)
        if not set(tables[t].counts) <= set(MEANS):
            small = (("cell", 0, t, r, 0),) if sum(counts) < least else ()
        yield Target(small, tables[t].keys, t)


def _blur(
    groups: _Groups, number: int, primary: set[Group], hidden: set[Group], least: int
) -> None:
    """Hide the smallest groups of a table until the hidden ones are several and large enough."""
    tables = groups.tables
    every = [(number, r) for r in range(len(tables[number].rows)) if (number, r) in groups.named]
    if not any(groups.of(row) in primary for row in every):
        return
    while True:
        gone = groups.rows(hidden)
        rest = [row for row in every if row not in gone]
        if not rest or _enough(tables, [row for row in every if row in gone], least):
            return
        hidden.add(groups.of(min(rest, key=lambda row: (_size(tables, row), row))))


def _protect(
    groups: _Groups,
    targets: Sequence[Target],
    hidden: set[Group],
    looked: "Audit",
    least: int,
) -> None:
    """Hide the smallest groups beside each small one until it can't be pinned down."""
    gone = groups.gone(hidden)
    known = looked.known(gone, ())
    for target in targets:
        while looked.pinned(target, known, least) and (more := _beside(groups, target, gone)):
            hidden |= more
            # Only now: with thousands of levels most targets need nothing more.
            gone = groups.gone(hidden)
            known = looked.known(gone, ())


def _beside(groups: _Groups, target: Target, gone: Hidden) -> set[Group]:
    """What is given up next for a small count: the smallest group beside it in its table.

    If its whole table is not enough, tables about the same attributes go, one by one.
    """
    tables = groups.tables
    alike = [target.table] if target.table is not None else [
        t for t, table in enumerate(tables)
        if set(table.keys) == set(target.keys) and table.keys and table.kind in COUNTED
    ]  # fmt: skip
    beside = [(t, r) for t in alike for r in range(len(tables[t].rows))]
    more = [one for one in beside if one not in gone and one in groups.named]
    if more:
        return {groups.of(min(more, key=lambda one: (_size(tables, one), one)))}
    return {groups.of(row) for row in _finest(tables, target.keys, gone)}


def _reopen(
    groups: _Groups,
    guards: Sequence[tuple["Audit", Sequence[Target]]],
    hidden: set[Group],
    primary: set[Group],
    least: int,
) -> None:
    """Publish again what need not be hidden: groups by one attribute, the largest first."""
    tables = groups.tables
    sizes: dict[Group, int] = {}
    for row, group in groups.named.items():
        sizes[group] = max(sizes.get(group, 0), _size(tables, row))
    given_up = [group for group in hidden - primary if len(group) == 1 and group in sizes]
    for group in sorted(given_up, key=lambda one: (-sizes[one], sorted(map(str, one)))):
        rest = hidden - {group}
        gone = groups.rows(rest)
        touched = {t for t, _ in groups.rows(hidden) - gone}
        mates = [[row for row in gone if row[0] == t] for t in touched]
        lonely = any(each and not _enough(tables, each, least) for each in mates)
        if not lonely and not any(
            one.narrow(targets, groups.gone(rest), least) for one, targets in guards
        ):
            hidden.discard(group)


def _enough(tables: Sequence[Table], mates: Sequence[Row], least: int) -> bool:
    """Whether a table's hidden rows are several and add up to enough people in every count."""
    if not mates:
        return False
    sums = np.sum([tables[t].rows[r][1] or () for t, r in mates], axis=0)
    return len(mates) > 1 and bool((sums >= least).all())


def _finest(tables: Sequence[Table], about: Sequence[str], hidden: Hidden) -> set[Row]:
    """What is given up next for a row past protection: one whole table.

    One that shares an attribute goes before the others, and the one that cuts finest first, by its
    attributes and then by its counts, so that how each group fares stays public where how the
    crossings of groups fare can't.
    """
    keys = set(about)
    left = [
        t
        for t, table in enumerate(tables)
        if table.kind in COUNTED
        and table.keys
        and not all((t, r) in hidden for r in range(len(table.rows)))
    ]
    if not left:
        return set()
    chosen = max(
        left,
        key=lambda t: (
            bool(keys & {*tables[t].keys, *tables[t].within}),
            len(tables[t].keys), len(tables[t].counts), -t,
        ),
    )  # fmt: skip
    return {(chosen, r) for r in range(len(tables[chosen].rows))}


def _size(tables: Sequence[Table], row: Row) -> int:
    return sum(tables[row[0]].rows[row[1]][1] or ())


def _without(table: Table, rows: set[int]) -> Table:
    kept = tuple(
        (key, None if at in rows else counts) for at, (key, counts) in enumerate(table.rows)
    )
    return replace(table, rows=kept)
