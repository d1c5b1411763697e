"""What of a run's numbers is published, so that no small count of people can be worked out.

A row of a count table with a cell under ten people is suppressed. Then the attacker is played (see
`evaluators.audit`): every number that is published is an equation in the unknown joint counts,
those whose level is missing included. While the range of a small count is narrower than ten, the
smallest neighbouring row is suppressed too. What is told beside the tables (all rows, rows left
out, sums over a table's rows) is published as far as every small count keeps its range. Earlier
reports about the same people are part of what the attacker knows, and what they suppressed is part
of what is protected.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evaluators.attacker import COUNTED, Audit, Band, Earlier, Row, Target, Told
from evaluators.audit import MEANS, Fact
from evaluators.probe import Table


@dataclass(frozen=True)
class Cut:
    """What may be published.

    Args:
        tables: the tables; a suppressed row has None.
        facts: the numbers of rows that are stated.
        sums: the tables whose sums over all rows are stated, by number.
    """

    tables: tuple[Table, ...]
    facts: frozenset[Fact]
    sums: frozenset[int]


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
    bands: Mapping[Row, Band] | None = None,
    earlier: Sequence[Earlier] = (),
    answers: str = "",
    outcomes: str = "",
) -> Cut:
    """What may be published of the tables and of what is told beside them.

    Args:
        tables: the full tables, of all probes together.
        least: the smallest count of people that is published.
        told: what else the report would state.
        bands: between how many people a row is known to have, published or not.
        earlier: what is public already about the same people: what it suppressed must not follow
            from what is published now, nor the other way round.
        answers: of these tables (see `Earlier`).
        outcomes: of these tables (see `Earlier`).
    """
    everyone = {(t, 0) for t, table in enumerate(tables) if not table.keys and table.rows}
    hidden = (
        everyone
        | {
            (t, r)
            for t, table in enumerate(tables)
            if table.kind in COUNTED
            for r, (_, counts) in enumerate(table.rows)
            if counts is not None and min(counts, default=0) < least
        }
        | _nearly_the_same(tables, [one for one in earlier if not one.same_rows], least)
    )
    hidden |= _counted_otherwise(tables, earlier)
    primary = frozenset(hidden)
    before = [one for one in earlier if one.same_rows and _alike(one.full, tables)]
    looked = Audit.of(tables, before, least=least, told=told, bands=bands or {},
                       answers=answers, outcomes=outcomes)  # fmt: skip
    if looked is None:
        hidden |= _unaudited(tables, before)
    # Hiding more only widens what an attacker must allow for, so one walk over the rows suffices.
    for number in sorted({row[0] for row in primary - everyone}):
        _blur(tables, number, hidden, least)
    shown, sums = frozenset[Fact](), frozenset[int]()
    if looked is not None:
        targets = [*_small(tables, primary - everyone, least), *looked.targets(least)]
        for target in targets:
            _protect(tables, target, hidden, looked, least)
        _reopen(tables, targets, hidden, primary, looked, least)
        opened = looked.open(targets, hidden, least)
        hidden -= {row for row in everyone if row in opened}
        shown = frozenset(each for each in opened if isinstance(each, Fact))
        sums = frozenset(each for each in opened if isinstance(each, int))
    if told is not None:
        shown |= _unlooked(tables, looked, told, least)
    cut = (_without(table, {r for t, r in hidden if t == number})
           for number, table in enumerate(tables))  # fmt: skip
    return Cut(tuple(cut), shown, sums)


def _unlooked(
    tables: Sequence[Table], looked: "Audit | None", told: Told, least: int
) -> frozenset[Fact]:
    """The facts that need no audit: zeros, and all where nobody lacks anything.

    Where units are counted, rows are no count of people: all facts are told, or only the zeros
    where so few units lack the same things.
    """
    units = any(table.kind == "units" for table in tables) or bool(told.lacking.units)
    few = any(own.size < least for own in told.lacking.units.values())
    if not told.lacking.sets or (units and not few and looked is not None):
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
        if table.kind in COUNTED and (len(table.keys) > 1 or shy & set(table.keys))
        for r in range(len(table.rows))
    }


def _small(tables: Sequence[Table], rows: Iterable[Row], least: int) -> Iterator["Target"]:
    """The small counts of rows that are suppressed for them."""
    for t, r in sorted(rows):
        counts = tables[t].rows[r][1] or ()
        small = tuple(("cell", 0, t, r, c) for c, count in enumerate(counts) if count < least)
        yield Target(small, tables[t].keys, t)


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
    tables: Sequence[Table], target: Target, hidden: set[Row], looked: "Audit", least: int
) -> None:
    """Hide the smallest rows beside a small one until it can't be pinned down.

    If its whole table is not enough, tables about the same attributes go, one by one.
    """
    alike = [target.table] if target.table is not None else [
        t for t, table in enumerate(tables)
        if set(table.keys) == set(target.keys) and table.keys and table.kind in COUNTED
    ]  # fmt: skip
    while looked.narrow([target], hidden, least):
        beside = [(t, r) for t in alike for r in range(len(tables[t].rows))]
        more = [one for one in beside if one not in hidden]
        if more:
            hidden.add(min(more, key=lambda one: (_size(tables, one), one)))
        elif whole := _finest(tables, target.keys, hidden):
            hidden |= whole
        else:
            return


def _reopen(
    tables: Sequence[Table],
    targets: Sequence[Target],
    hidden: set[Row],
    primary: frozenset[Row],
    looked: "Audit",
    least: int,
) -> None:
    """Publish again what need not be hidden: rows by one attribute, the largest first."""
    given_up = [row for row in hidden - primary if len(tables[row[0]].keys) == 1]
    for row in sorted(given_up, key=lambda one: (-_size(tables, one), one)):
        rest = hidden - {row}
        mates = [one for one in rest if one[0] == row[0]]
        lonely = bool(primary & set(mates)) and not _enough(tables, mates, least)
        if not lonely and not looked.narrow(targets, rest, least):
            hidden.discard(row)


def _enough(tables: Sequence[Table], mates: Sequence[Row], least: int) -> bool:
    """Whether a table's hidden rows are several and add up to enough people in every count."""
    sums = np.sum([tables[t].rows[r][1] or () for t, r in mates], axis=0)
    return len(mates) > 1 and bool((sums >= least).all())


def _finest(tables: Sequence[Table], about: Sequence[str], hidden: set[Row]) -> set[Row]:
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
        and not {(t, r) for r in range(len(table.rows))} <= hidden
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
