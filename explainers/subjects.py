"""What is changed at one time: a column, or the columns that change together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from explainers import cells
from explainers.columns import Column, written_level
from explainers.groups import association, correlated
from explainers.people import Array, People, missing

MOST_LEVELS = 12  # of a column of levels; the others are tried together
MOST_NAMED = 24  # the same where the filer says that its numbers are levels, or names each (ours)

ColumnKind = Literal["number", "levels", "text", "constant", "rare"]


@dataclass(frozen=True, slots=True)
class Subject:
    """What is changed at one time.

    Args:
        names: the columns.
        kind: "number", "levels", "group" (several columns at once), "text" (what people wrote, or
            days: only exchanged as a whole), "constant", or "rare" (too few people differ).
        levels: the values tried by name, the most common first ("levels" only).
        rest: the others, tried together where at least k people have one of them.
        signs: whether each number rises (1) or falls (−1) with the first; 0 for texts.
    """

    names: tuple[str, ...]
    kind: Literal["number", "levels", "group", "text", "constant", "rare"]
    levels: tuple[Any, ...] = ()
    rest: tuple[Any, ...] = ()
    signs: tuple[int, ...] = (1,)

    @property
    def key(self) -> str:
        """How tallies name this subject."""
        return "+".join(self.names)

    @property
    def tested(self) -> bool:
        """Whether anything about it can be tried."""
        return self.kind not in ("constant", "rare")

    @property
    def claims(self) -> int:
        """One-sided bounds stated: direction, change and importance, each from both sides."""
        if not self.tested:
            return 0
        if self.kind == "text":
            return 2
        directions = len(self.levels) - 1 if self.kind == "levels" else 1
        of_levels = 2 * directions if directions > 1 else 0
        apart = 2 * len(self.names) if self.kind == "group" else 0
        return 2 * directions + of_levels + 2 + 2 + (2 if self.rest else 0) + apart


@dataclass(frozen=True, slots=True)
class Nature:
    """What a column is, as far as at least k people share its values.

    Args:
        kind: see `Subject`.
        levels: those that k people have, the most common first, at most `MOST_LEVELS` (or `MOST_NAMED`).
        rest: those of the others that are tried together: further levels that k people have, and
            the rarer ones where at least k people have one of them.
        further: those of the rest that k people have, so that they may be named.
        others: how many others there are, tried or not.
        blank: whether at least k people have no value, so that having none is tried.
        untried: whether a few people have another level or no value, which nobody tries.
        coded: whether a number has so few values that they may stand for levels.
    """

    kind: ColumnKind
    levels: tuple[Any, ...] = ()
    rest: tuple[Any, ...] = ()
    further: tuple[Any, ...] = ()
    others: int = 0
    blank: bool = False
    untried: bool = False
    coded: bool = False


def nature(table: pa.Table, apart: People, column: Column, *, k: int) -> Nature:
    """What one column is.

    Args:
        table: the data, for the column's type.
        apart: one row per person.
        column: what the filer says of it.
        k: how many people make a level nameable.
    """
    name = column.name
    array = apart.arrays[name]
    known = array[~missing(array)]
    blanks = len(array) - len(known)
    blank, lone = blanks >= k, 0 < blanks < k
    distinct = np.unique(known)
    if len(distinct) < 2:
        return Nature("constant", blank=blank, untried=lone)
    if name in apart.levels and cells.is_written(table, name, array, apart.levels[name], k):
        return Nature("text", blank=blank, untried=lone)
    sorted_out = _sorted_out(apart, column, distinct)
    few = len(distinct) == 2 or (bool(column.values) and len(distinct) <= MOST_LEVELS)
    if name not in apart.levels and not few and not sorted_out:
        coded = len(distinct) <= MOST_LEVELS
        odd = cells.shared(array, k)[1] if coded else []
        alone = 0 < int(np.count_nonzero(np.isin(known, odd))) < k
        return Nature("number", blank=blank, untried=lone or alone, coded=coded)
    enough, rare = cells.shared(array, k)
    most = MOST_NAMED if sorted_out else MOST_LEVELS
    levels, more = tuple(enough[:most]), enough[most:]
    if len(levels) < 2:
        return Nature("rare", blank=blank, untried=True)
    # Common levels beside them make a few people no more: those are asked about nowhere.
    together = int(np.count_nonzero(np.isin(known, rare))) >= k
    return Nature(
        "levels",
        levels,
        (*more, *rare) if together else tuple(more),
        tuple(more),
        others=len(more) + len(rare),
        blank=blank,
        untried=lone or (bool(rare) and not together),
    )


def _sorted_out(apart: People, column: Column, distinct: Array) -> bool:
    """Whether the filer says that a column's values are levels, or has a name for each."""
    if column.kind == "category":
        return True
    named = column.values
    return bool(named) and all(
        written_level(apart.value(column.name, value)) in named for value in distinct
    )


def of_asked(nature: Nature, array: Array) -> Nature:
    """What a column is among those who are asked about: levels that none of them has are untried.

    Args:
        nature: what it is among all.
        array: its values among those who are asked about.
    """
    rest = tuple(level for level in nature.rest if np.count_nonzero(array == level))
    untried = nature.untried or len(rest) < len(nature.rest)
    further = tuple(level for level in nature.further if level in rest)
    return replace(nature, rest=rest, further=further, untried=untried)


def subjects(donors: People, natures: Mapping[str, Nature]) -> tuple[Subject, ...]:
    """The columns as they are changed: alone, or with those that change together.

    Args:
        donors: real rows, by which it is seen what changes together.
        natures: what each column is, in the order of the columns.
    """
    joined = [name for name, each in natures.items() if each.kind in ("number", "levels")]
    groups = {group[0]: group for group in correlated(donors, joined)}
    found = []
    for name, each in natures.items():
        if name in groups:
            found.append(_subject(donors, groups[name], each))
        elif name not in joined:
            found.append(Subject((name,), each.kind))
    return tuple(found)


def _subject(donors: People, names: Sequence[str], nature: Nature) -> Subject:
    first = names[0]
    if len(names) > 1:
        signs = (1, *(_sign(donors, first, other) for other in names[1:]))
        signs = signs if first not in donors.levels else (0, *signs[1:])
        return Subject(tuple(names), "group", signs=signs)
    return Subject((first,), nature.kind, levels=nature.levels, rest=nature.rest)


def _sign(donors: People, first: str, other: str) -> int:
    if first in donors.levels or other in donors.levels:
        return 0
    return 1 if association(donors, first, other) > 0 else -1
