"""Crossings of up to three attributes and their rates, as sums over joint atoms.

A rate is a numerator over a denominator, both sums of atoms (a joint cell, right or wrong, granted or
not), so that several rates of many crossings are drawn and tested together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from evaluators.accumulating import weights
from evaluators.accumulating.accumulators import Cells, Key
from evaluators.judging.rates import Group

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Slice = tuple[tuple[str, str], ...]

MOST_ATTRIBUTES = 3


@dataclass(frozen=True)
class Crossings:
    """Every crossing with its rate, and everyone else's.

    Args:
        slices: the crossings.
        tops, bottoms: crossing × atom: what numerator and denominator add up.
        all_top, all_bottom: crossing × atom: the same over everybody of that rate.
        atoms: how often each atom was seen.
        width: atoms per joint cell.
        by_unit: unit × atom, where units repeat.
        small: how many crossings were left out for their few rows, per rate.
    """

    slices: tuple[Slice, ...]
    rates: tuple[str, ...]
    tops: Integers
    bottoms: Integers
    all_top: Integers
    all_bottom: Integers
    atoms: Integers
    width: int
    by_unit: Integers | None = None
    small: int = 0

    def counts(self, atoms: Integers) -> tuple[Floats, Floats, Floats, Floats]:
        """Favoured and all of each crossing and of everyone else; one row per row of atoms."""
        a = atoms.astype(np.float64)
        k, n = a @ self.tops.T, a @ self.bottoms.T
        return k, n, a @ self.all_top.T - k, a @ self.all_bottom.T - n

    def groups(self) -> list[tuple[Group, Group]]:
        """Each crossing and everyone else as groups; with units, their numbers and spread."""
        k, n, rest_k, rest_n = (part.astype(np.int64) for part in self.counts(self.atoms))
        found = []
        for place, slice_ in enumerate(self.slices):
            name = " × ".join(level for _, level in slice_)
            pair = [(k[place], n[place]), (rest_k[place], rest_n[place])]
            units = [self._units(place, rest=rest) for rest in (False, True)]
            sides = zip((name, "*"), pair, units, strict=True)
            one, rest = (
                Group(side, int(k), int(n)) if u is None else
                Group(side, int(k), int(n), u[1], u[0], kish=u[2])
                for side, (k, n), u in sides
            )  # fmt: skip
            found.append((one, rest))
        return found

    def _units(self, place: int, *, rest: bool) -> tuple[int, float, float] | None:
        """How many units, the design effect of repeated ones (linearised ratio), Kish's number."""
        if self.by_unit is None:
            return None
        k, n = self.by_unit @ self.tops[place], self.by_unit @ self.bottoms[place]
        if rest:
            k = self.by_unit @ self.all_top[place] - k
            n = self.by_unit @ self.all_bottom[place] - n
        mine = n > 0
        k, n, units = k[mine], n[mine], int(mine.sum())
        total, kish = int(n.sum()), weights.kish(n)
        rate = k.sum() / total if total else 0.0
        if units < 2 or not 0 < rate < 1:
            return units, float(max(1.0, (n**2).sum() / total)) if total else 1.0, kish
        variance = units / (units - 1) * float(((k - rate * n) ** 2).sum()) / total**2
        return units, max(1.0, variance / (rate * (1 - rate) / total)), kish

    def gaps(self, atoms: Integers) -> tuple[Floats, Floats]:
        """Rate minus everyone else's, and its binomial error.

        The error uses (k + ½) / (n + 1), so that a rate of 0 or 1 has one too.
        """
        k, n, rest_k, rest_n = self.counts(atoms)
        n, rest_n = np.maximum(n, 1), np.maximum(rest_n, 1)
        smooth, rest = (k + 0.5) / (n + 1), (rest_k + 0.5) / (rest_n + 1)
        error = np.sqrt(smooth * (1 - smooth) / n + rest * (1 - rest) / rest_n)
        return k / n - rest_k / rest_n, error

    def unit_scores(self) -> Floats:
        """Unit × crossing: each unit's part in "the crossing has everyone else's rate", centred."""
        assert self.by_unit is not None  # noqa: S101  # asked only where units repeat
        k, n, rest_k, rest_n = self.counts(self.atoms)
        own = self.by_unit.astype(np.float64)
        rate, rest = k / np.maximum(n, 1), rest_k / np.maximum(rest_n, 1)
        inside = own @ self.tops.T - rate * (own @ self.bottoms.T)
        beside = own @ (self.all_top - self.tops).T - rest * (
            own @ (self.all_bottom - self.bottoms).T
        )
        scores: Floats = inside / np.maximum(n, 1) - beside / np.maximum(rest_n, 1)
        return scores

    def only(self, places: Sequence[int]) -> "Crossings":
        """Some of the crossings."""
        at = list(places)
        return Crossings(
            tuple(self.slices[p] for p in at), tuple(self.rates[p] for p in at),
            self.tops[at], self.bottoms[at], self.all_top[at], self.all_bottom[at],
            self.atoms, self.width, self.by_unit, self.small,
        )  # fmt: skip


Kinds = Mapping[str, tuple[Sequence[int], Sequence[int]]]
"""Rate → which measures its numerator and its denominator add up."""


def crossings(
    cells: Cells, attributes: Sequence[str], kinds: Kinds, *, least: int = 0
) -> Crossings:
    """All crossings of one to three attributes in the data, for every rate.

    Args:
        cells: disjoint counts by the attributes (and by unit, as the last key).
        attributes: the sensitive features.
        kinds: the rates.
        least: crossings of fewer rows are left out: a feature may have thousands of levels.
    """
    clustered = len(cells.keys) > len(attributes)
    joint = cells.margin(attributes)
    names = sorted(joint.table)
    many = len(cells.measures)
    atoms = np.array([joint.table[key] for key in names], dtype=np.int64).reshape(-1)
    every = _members(names, attributes)
    rows_of = atoms.reshape(len(names), many).sum(axis=1)
    member = {
        slice_: np.isin(np.arange(len(names)), rows).astype(np.int64)
        for slice_, rows in every.items()
        if int(rows_of[rows].sum()) >= least
    }
    slices = [slice_ for _ in kinds for slice_ in member]
    rates = [rate for rate in kinds for _ in member]
    blocks: dict[str, list[Integers]] = {
        part: [] for part in ("tops", "bottoms", "all_top", "all_bottom")
    }
    for top, bottom in kinds.values():
        marks = [
            np.isin(np.arange(many), list(chosen)).astype(np.int64) for chosen in (top, bottom)
        ]
        for inside in member.values():
            blocks["tops"].append(np.outer(inside, marks[0]).ravel())
            blocks["bottoms"].append(np.outer(inside, marks[1]).ravel())
            blocks["all_top"].append(np.tile(marks[0], len(names)))
            blocks["all_bottom"].append(np.tile(marks[1], len(names)))
    stacked = {
        part: np.array(rows, dtype=np.int64).reshape(len(slices), atoms.size)
        for part, rows in blocks.items()
    }
    by_unit = _by_unit(cells, names, many) if clustered else None
    return Crossings(
        tuple(slices), tuple(rates), **stacked, atoms=atoms, width=many, by_unit=by_unit,
        small=(len(every) - len(member)) * len(kinds),
    )  # fmt: skip


def _members(names: Sequence[Key], attributes: Sequence[str]) -> dict[Slice, list[int]]:
    """The crossings, and which joint cells belong to each."""
    found: dict[Slice, list[int]] = {}
    for size in range(1, min(MOST_ATTRIBUTES, len(attributes)) + 1):
        for places in combinations(range(len(attributes)), size):
            for row, key in enumerate(names):
                slice_ = tuple((attributes[p], str(key[p])) for p in places)
                found.setdefault(slice_, []).append(row)
    return found


def _by_unit(cells: Cells, names: Sequence[Key], many: int) -> Integers:
    """Unit × atom, in the order of the units' names."""
    place = {key: at for at, key in enumerate(names)}
    rows = [
        (str(key[-1]), place[key[:-1]], row)
        for key, row in cells.table.items()
        if key[:-1] in place
    ]
    units = {name: at for at, name in enumerate(sorted({unit for unit, _, _ in rows}))}
    found = np.zeros((len(units), len(names) * many), dtype=np.int64)
    for unit, at, row in rows:
        found[units[unit], at * many : (at + 1) * many] += row
    return found
