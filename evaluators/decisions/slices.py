"""Slices of the data: short conditions on columns, searched for where people fare worst.

The search looks at one half only, so it may look as often as it likes: what it finds is tested on
the other half.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

MOST_LEVELS = 12
QUARTERS = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class Binned:
    """A column as codes of few named levels; −1 is missing.

    Args:
        codes: per row.
        names: of the levels.
    """

    codes: Integers
    names: tuple[str, ...]


@dataclass(frozen=True)
class Slice:
    """One slice.

    Args:
        conditions: column → level.
        places: column number → code of the level.
        score: how far its rate falls short in the search half, in standard errors.
    """

    conditions: tuple[tuple[str, str], ...]
    places: tuple[tuple[int, int], ...]
    score: float

    def member(self, columns: Sequence[Binned]) -> Mask:
        """Which rows belong to it."""
        found: Mask = np.ones(columns[0].codes.size, dtype=bool)
        for at, code in self.places:
            found &= columns[at].codes == code
        return found

    def overlaps(self, other: "Slice") -> bool:
        """Whether a row could belong to both: no column is asked for two different levels."""
        mine, theirs = dict(self.conditions), dict(other.conditions)
        return all(mine[name] == theirs[name] for name in set(mine) & set(theirs))


def binned(values: Array, search: Mask) -> Binned:
    """A column as few levels, chosen on the search half.

    Text keeps its most frequent levels; numbers with many values are cut at the quarters, which
    are rounded to two digits (they are published).
    """
    if values.dtype.kind != "f":
        return _named(values, search)
    known = ~np.isnan(values)
    there = np.unique(values[search & known])
    if there.size <= MOST_LEVELS:
        return _named(np.where(known, np.char.mod("%g", values), ""), search)
    cuts = np.quantile(values[search & known], QUARTERS)
    edges = np.unique([float(f"{cut:.2g}") for cut in cuts])
    inner = [f"{low:g}–{high:g}" for low, high in pairwise(edges.tolist())]
    names = (f"< {edges[0]:g}", *inner, f"≥ {edges[-1]:g}")
    codes = np.searchsorted(edges, values, side="right").astype(np.int64)
    return Binned(np.where(known, codes, -1), names)


def _named(values: Array, search: Mask) -> Binned:
    levels, counts = np.unique(values[search & (values != "")], return_counts=True)
    kept = np.sort(levels[np.lexsort([levels, -counts])][:MOST_LEVELS])
    if not kept.size:
        return Binned(np.full(values.size, -1, dtype=np.int64), ())
    place = np.minimum(np.searchsorted(kept, values), kept.size - 1)
    return Binned(
        np.where(kept[place] == values, place, -1).astype(np.int64), tuple(kept.tolist())
    )


def search(
    columns: Mapping[str, Binned], mark: Integers, rows: Mask, *, depth: int, least: int, most: int
) -> list[Slice]:
    """The slices whose rate falls furthest short of everyone else's.

    Args:
        columns: what slices are made of.
        mark: 1 and 0 per row, −1 where unknown.
        rows: the search half.
        depth: conditions per slice.
        least: the smallest slice.
        most: how many are kept; a slice that adds nothing to a kept one is left out.
    """
    names, use = list(columns), rows & (mark >= 0)
    codes = [columns[name].codes[use] for name in names]
    favoured = mark[use].astype(np.float64)
    found = [
        slice_
        for size in range(1, depth + 1)
        for places in combinations(range(len(names)), size)
        for slice_ in _scored(names, columns, codes, favoured, places, least)
    ]
    found.sort(key=lambda s: (-s.score, len(s.conditions), s.conditions))
    kept: list[Slice] = []
    for slice_ in found:
        if len(kept) == most or slice_.score <= 0:
            break
        if not any(_nested(slice_, other) for other in kept):
            kept.append(slice_)
    return kept


def _nested(one: Slice, other: Slice) -> bool:
    """Whether one of the two is part of the other."""
    mine, theirs = set(one.conditions), set(other.conditions)
    return mine <= theirs or theirs <= mine


def _scored(
    names: Sequence[str],
    columns: Mapping[str, Binned],
    codes: Sequence[Integers],
    favoured: npt.NDArray[np.float64],
    places: tuple[int, ...],
    least: int,
) -> Iterator[Slice]:
    """Every slice of these columns that is large enough, with its score."""
    sizes = [len(columns[names[place]].names) + 1 for place in places]
    flat = np.zeros(favoured.size, dtype=np.int64)
    for place, size in zip(places, sizes, strict=True):
        flat = flat * size + (codes[place] + 1)
    cells = int(np.prod(sizes))
    n = np.bincount(flat, minlength=cells).astype(np.float64)
    k = np.bincount(flat, weights=favoured, minlength=cells)
    rest_n, rest_k = favoured.size - n, favoured.sum() - k
    for cell in np.flatnonzero((n >= least) & (rest_n >= least)).tolist():
        levels, code = [], cell
        for size in reversed(sizes):
            code, level = divmod(code, size)
            levels.append(level - 1)
        if min(levels) < 0:
            continue
        levels.reverse()
        pooled = (k[cell] + rest_k[cell]) / favoured.size
        error = np.sqrt(pooled * (1 - pooled) * (1 / n[cell] + 1 / rest_n[cell]))
        gap = rest_k[cell] / rest_n[cell] - k[cell] / n[cell]
        yield Slice(
            tuple(
                (names[p], columns[names[p]].names[v]) for p, v in zip(places, levels, strict=True)
            ),
            tuple(zip(places, levels, strict=True)),
            float(gap / error) if error > 0 else 0.0,
        )
