"""Mergeable histograms on a grid of floating-point bits: exact for few values, bounded for many.

The bits of a float, its sign bit turned, are integers in the order of the values. A bin is all
values that share their leading bits; how many trailing bits are left out follows from the values
alone: as few as leave at most `MOST_BINS` distinct bins, and at most `MOST_CELLS` counts over all
keys. More rows can only coarsen the grid, so the merged state is the same for every number and
order of shards, and never larger than the caps. Up to the caps nothing is left out, and every statistic of the histogram is that of the rows.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluators.accumulating.accumulators import Coded, Key

MOST_BINS = 16_384
"""The most bins that are kept. A million scores spread over (0, 1) leave bins of relative width
2⁻¹⁰ or so; what that can do to a statistic stands beside it as its bounds."""

MOST_CELLS = 2**22
"""The most bins times keys: with more than 256 keys the grid becomes coarser."""

Bits = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
_SIGN = np.uint64(1 << 63)


@dataclass(frozen=True, slots=True)
class Classes:
    """Into which of several keys each row falls.

    Args:
        keys: the keys.
        codes: per row the place of its key.
    """

    keys: tuple[Key, ...]
    codes: Integers

    @classmethod
    def of(cls, name: str, column: Coded, *more: Integers) -> "Classes":
        """The classes (name, level, mark, …) of a column and of 0/1 marks; −1 is missing."""
        keys: list[Key] = [(name, None), *((name, level) for level in column.names)]
        codes = column.codes + 1
        for mark in more:
            keys = [(*key, said) for key in keys for said in (None, "0", "1")]
            codes = codes * 3 + (mark + 1)
        return cls(tuple(keys), codes)


@dataclass(frozen=True)
class Histogram:
    """Counts by bin, key and measure.

    Args:
        measures: what is counted; the first counts the rows.
        shift: how many trailing bits are left out.
        bins: the leading bits that occur, ascending.
        keys: the keys, in canonical order.
        counts: bins × keys × measures.
    """

    measures: tuple[str, ...] = ("rows",)
    shift: int = 0
    bins: Bits = field(default_factory=lambda: np.empty(0, dtype=np.uint64))
    keys: tuple[Key, ...] = ()
    counts: Integers = field(default_factory=lambda: np.empty((0, 0, 1), dtype=np.int64))

    def add(
        self, values: Floats, classes: Sequence[Classes], marks: Sequence[Floats | Integers] = ()
    ) -> "Histogram":
        """Count rows; the values must be finite.

        Args:
            values: one value per row.
            classes: each row is counted once under one key of each.
            marks: per further measure whole numbers to add up, below 2⁵³ in a batch.
        """
        if not values.size:
            return self
        seen = [np.flatnonzero(np.bincount(one.codes)) for one in classes]
        keys = [one.keys[at] for one, there in zip(classes, seen, strict=True) for at in there]
        codes = ordered(values) >> np.uint64(self.shift)
        more = np.uint64(_excess(np.unique(codes), len(keys)))
        bins, place = np.unique(codes >> more, return_inverse=True)
        blocks = []
        for one, there in zip(classes, seen, strict=True):
            flat = place * there.size + np.searchsorted(there, one.codes)
            size = bins.size * there.size
            sums = [np.bincount(flat, minlength=size)]
            sums += [np.bincount(flat, weights=mark, minlength=size) for mark in marks]
            shaped = [s.astype(np.int64).reshape(bins.size, there.size) for s in sums]
            blocks.append(np.stack(shaped, axis=2))
        counts = np.concatenate(blocks, axis=1)
        part = Histogram(self.measures, self.shift + int(more), bins, tuple(keys), counts)
        return merge_histograms([self, part])

    def column(self, wanted: Callable[[Key], bool], measure: int = 0) -> Integers:
        """The counts by bin over the keys that are wanted."""
        chosen = [place for place, key in enumerate(self.keys) if wanted(key)]
        summed: Integers = self.counts[:, chosen, measure].sum(axis=1)
        return summed

    def under(self, *start: str | None, measure: int = 0) -> Integers:
        """The counts by bin over the keys that start with these levels."""
        summed: Integers = self.counts[:, self._places.get(start, []), measure].sum(axis=1)
        return summed

    @cached_property
    def _places(self) -> dict[Key, list[int]]:
        """Every start of a key → where the keys that have it are; there may be thousands."""
        found: dict[Key, list[int]] = {}
        for place, key in enumerate(self.keys):
            for depth in range(1, len(key) + 1):
                found.setdefault(key[:depth], []).append(place)
        return found

    @cached_property
    def edges(self) -> tuple[Floats, Floats]:
        """The smallest and the greatest float of each bin; equal where nothing is left out."""
        low = self.bins << np.uint64(self.shift)
        return _floats(low), _floats(low | np.uint64((1 << self.shift) - 1))

    @cached_property
    def middles(self) -> Floats:
        """A value within each bin: its middle; the value itself where nothing is left out."""
        low, high = self.edges
        return low + (high - low) / 2

    def places(self, values: Floats) -> Integers:
        """The bin of each value that has been counted."""
        codes = ordered(values) >> np.uint64(self.shift)
        return np.searchsorted(self.bins, codes).astype(np.int64)

    def as_json(self) -> dict[str, Any]:
        """The histogram in canonical form; bins as text, since they exceed 2⁵³."""
        by_key = []
        for place, key in enumerate(self.keys):
            there = np.flatnonzero(self.counts[:, place, 0])
            by_key.append([list(key), there.tolist(), self.counts[there, place].tolist()])
        return {
            "measures": list(self.measures),
            "shift": self.shift,
            "bins": [str(code) for code in self.bins.tolist()],
            "keys": by_key,
        }


def merge_histograms(parts: Iterable[Histogram]) -> Histogram:
    """The histogram of the rows of all parts."""
    found = list(parts)
    shift = max(part.shift for part in found)
    keys = tuple(sorted({key for part in found for key in part.keys}, key=_order))
    joined = np.unique(np.concatenate([p.bins >> np.uint64(shift - p.shift) for p in found]))
    more = _excess(joined, len(keys))
    level = [_coarser(part, shift + more) for part in found]
    bins = np.unique(joined >> np.uint64(more))
    counts = np.zeros((bins.size, len(keys), len(found[0].measures)), dtype=np.int64)
    place = {key: at for at, key in enumerate(keys)}
    for part in level:
        if part.bins.size:
            columns = np.array([place[key] for key in part.keys])
            counts[np.ix_(np.searchsorted(bins, part.bins), columns)] += part.counts
    return Histogram(found[0].measures, shift + more, bins, keys, counts)


def ordered(values: Floats) -> Bits:
    """The bits of finite floats as integers in the order of the values; −0 counts as 0."""
    bits: Bits = (values + 0.0).view(np.uint64)
    return np.where(bits & _SIGN, ~bits, bits | _SIGN)


def _floats(codes: Bits) -> Floats:
    """The inverse of `ordered`."""
    bits = np.where(codes & _SIGN, codes ^ _SIGN, ~codes)
    return bits.view(np.float64)


def _excess(bins: Bits, keys: int) -> int:
    """How many more bits must go until few enough of these ascending bins are distinct.

    Neighbours stay distinct while their highest differing bit is kept.
    """
    most = max(1, min(MOST_BINS, MOST_CELLS // max(1, keys)))
    if bins.size <= most:
        return 0
    gaps = bins[1:] ^ bins[:-1]
    return int(np.partition(gaps, gaps.size - most)[gaps.size - most]).bit_length()


def _coarser(part: Histogram, shift: int) -> Histogram:
    """The same counts with more trailing bits left out."""
    if shift == part.shift or not part.bins.size:
        return Histogram(part.measures, shift, part.bins, part.keys, part.counts)
    codes = part.bins >> np.uint64(shift - part.shift)
    starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
    counts = np.add.reduceat(part.counts, starts, axis=0)
    return Histogram(part.measures, shift, codes[starts], part.keys, counts)


def _order(key: Key) -> tuple[tuple[bool, str], ...]:
    return tuple((level is None, level or "") for level in key)
