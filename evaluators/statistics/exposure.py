"""Shares of ranked lists: exposure against relevance, skew of the top, and divergence down the list.

A list shows items by rank. Errors are clustered by list (or by the plan's unit) and, where items
come back in several lists, by item as well (Cameron, Gelbach and Miller 2011).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

from evaluators.statistics import inference
from evaluators.statistics.intervals import Interval

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Array = npt.NDArray[Any]

BLOCK = 2_000_000


@dataclass(frozen=True)
class Placements:
    """One row per item in a list, sorted by list and rank.

    Args:
        lists: the number of the list, 0 upwards.
        rank: the place, 1 upwards.
        group: the code of the item's group.
        item: the code of the item.
        cluster: the code of the sampled unit: the list, or what the plan names.
        relevance: not negative.
    """

    lists: Integers
    rank: Integers
    group: Integers
    item: Integers
    cluster: Integers
    relevance: Floats

    def where(self, rows: Array) -> "Placements":
        """Some of the rows; lists are numbered anew."""
        lists = np.unique(self.lists[rows], return_inverse=True)[1]
        return Placements(
            lists, self.rank[rows], self.group[rows], self.item[rows], self.cluster[rows],
            self.relevance[rows],
        )  # fmt: skip

    @property
    def recurring(self) -> bool:
        """Whether some item comes back in another cluster."""
        pairs = np.unique(self.item * (int(self.cluster.max(initial=0)) + 1) + self.cluster)
        return pairs.size > np.unique(self.item).size

    def mixed(self) -> npt.NDArray[np.bool_]:
        """Which lists have two or more groups."""
        pairs = np.unique(self.lists * 2**32 + self.group) // 2**32
        return np.asarray(np.bincount(pairs, minlength=self.sizes().size) >= 2)

    def per_list(self, weights: Floats) -> Floats:
        """Weights as shares of their list; a list without weight gives none."""
        total = np.bincount(self.lists, weights=weights)[self.lists]
        return np.asarray(np.divide(weights, total, out=np.zeros_like(weights), where=total > 0))

    def sizes(self) -> Integers:
        """How many items each list has."""
        return np.bincount(self.lists)


def attention(rank: Integers) -> Floats:
    """How much a place is looked at: 1 / log2(1 + rank) (Singh and Joachims 2018)."""
    return np.asarray(1.0 / np.log2(1.0 + rank), dtype=np.float64)


@dataclass(frozen=True)
class Share:
    """A group's share of something against the share it should have, averaged over lists.

    Args:
        got, due: the two shares.
        lists: how many lists.
        clusters: independent clusters in which the group occurs (the fewer of lists and items).
        log_ratio, error, null_error: of the ratio, and its errors as estimated and under "equal".
        df: degrees of freedom; the smaller number of clusters less one.
        p_value: of "equal"; None where the two-way variance is not positive.
    """

    got: float
    due: float
    lists: int
    clusters: int
    log_ratio: float | None
    error: float | None
    null_error: float | None
    df: int
    p_value: float | None

    @property
    def absent(self) -> bool:
        """Whether the group got nothing of what it is due."""
        return self.got <= 0 < self.due

    def interval(self, level: float) -> Interval | None:
        """Of the log ratio.

        Of a group that got nothing in n independent lists it has no low end: at most 1 − (α/2)^(1/n)
        of such lists give it anything (Clopper and Pearson 1934), and none more than everything.
        """
        if self.absent and self.clusters > 0:
            most = 1 - ((1 - level) / 2) ** (1 / self.clusters)
            return Interval(-math.inf, math.log(most / self.due), level, "clopper_pearson_lists")
        if self.log_ratio is None or self.error is None:
            return None
        half = float(stdtrit(self.df, 1 - (1 - level) / 2)) * self.error
        return Interval(self.log_ratio - half, self.log_ratio + half, level, "clustered_log")

    def equivalence(self, margin: float) -> float | None:
        """Two one-sided t tests that the log ratio is within ± the margin (Schuirmann 1987)."""
        if self.log_ratio is None or self.error is None:
            return None
        return inference.two_one_sided(
            self.log_ratio, self.error, low=-margin, high=margin, df=self.df
        )


def share(rows: Placements, got: Floats, due: Floats, group: int) -> Share:
    """Compare what a group got with what it was due.

    Args:
        rows: the placements.
        got: each placement's share of its list.
        due: the share it should have.
        group: the group's code.
    """
    mine = rows.group == group
    lists = int(rows.sizes().size)
    above, below = float(np.sort(got[mine]).sum()), float(np.sort(due[mine]).sum())
    recurring = rows.recurring
    own = [np.unique(rows.cluster[mine]).size]
    counts = [np.unique(rows.cluster).size]
    if recurring:
        own.append(np.unique(rows.item[mine]).size)
        counts.append(np.unique(rows.item).size)
    df = min(*counts, 10**9) - 1 if len(counts) > 1 else counts[0] - 1
    if above <= 0 < below and df >= 1:
        # As many as are due would come to something in a list at least that often, in every list.
        chance = min(1.0, 2 * max(0.0, 1 - below / lists) ** min(own))
        return Share(0.0, below / lists, lists, min(own), None, None, None, df, chance)
    if above <= 0 or below <= 0 or df < 1:
        return Share(above / lists, below / lists, lists, min(own), None, None, None, df, None)
    ratio = above / below
    at_one = _variance(rows, np.where(mine, got - due, 0.0), recurring=recurring)
    at_ratio = _variance(rows, np.where(mine, got - ratio * due, 0.0), recurring=recurring)
    error = math.sqrt(at_ratio) / above if at_ratio is not None else None
    null_error = math.sqrt(at_one) / below if at_one is not None else None
    p = None
    if error is not None and error <= inference.NOISE and abs(math.log(ratio)) <= inference.NOISE:
        error = null_error = None  # the same in every list, to the last bits of a sum
    if at_one is not None and error is not None:
        p = 1.0
        if at_one > 0:
            p = float(2 * stdtr(df, -abs(above - below) / math.sqrt(at_one)))
    return Share(
        above / lists, below / lists, lists, min(own), math.log(ratio), error, null_error, df, p
    )


def _variance(rows: Placements, scores: Floats, *, recurring: bool) -> float | None:
    """By list or unit, plus by item, less by both; None where that is negative."""
    by_cluster = _squares(rows.cluster, scores)
    if not recurring:
        return by_cluster
    both = np.unique(
        rows.item * (int(rows.cluster.max()) + 1) + rows.cluster, return_inverse=True
    )[1]
    found = by_cluster + _squares(rows.item, scores) - _squares(both, scores)
    return found if found > 0 or not np.abs(scores).max(initial=0.0) else None


def _squares(codes: Integers, scores: Floats) -> float:
    sums = np.bincount(codes, weights=scores)
    there = np.bincount(codes) > 0
    many = int(there.sum())
    return many / max(1, many - 1) * float(np.sort(sums[there] ** 2).sum())


@dataclass(frozen=True, slots=True)
class Divergence:
    """NDKL and what it would be if the labels were dealt at random.

    Args:
        value: the mean over lists.
        null: one value per draw.
    """

    value: float
    null: Floats

    @property
    def p_value(self) -> float:
        """(1 + #{null ≥ value}) / (draws + 1)."""
        hits = int((self.null >= self.value * (1 - 1e-9)).sum())
        return (1 + hits) / (self.null.size + 1)


def divergence(rows: Placements, groups: int, rng: np.random.Generator, draws: int) -> Divergence:
    """Normalised discounted KL divergence of list tops from the whole list (Geyik et al. 2019).

    Under the null, labels are dealt anew: within each list, or, where items come back in several
    lists, one label per item everywhere. Then a list may have one group in one draw and two in
    another, so the data must hold the lists of one group, too; the mean is over the lists that have
    two, in the data as in every draw. (Leaving the others out beforehand would let through 20 % of
    the null data sets at p < .05.)

    Args:
        rows: the placements, sorted by list and rank.
        groups: how many groups there are.
        rng: deals the labels.
        draws: how often.
    """
    sizes = rows.sizes()
    starts = np.cumsum(sizes) - sizes
    place = np.arange(rows.lists.size) - starts[rows.lists]
    whole = np.full((sizes.size, int(sizes.max())), -1, dtype=np.int16)
    whole[rows.lists, place] = rows.group
    value = float(_ndkl(whole[None], groups)[0])
    parts = [
        _ndkl(dealt, groups) for dealt in _dealt(rows, whole, place, rng, draws)
    ]  # fmt: skip
    return Divergence(value, np.concatenate(parts))


def _dealt(
    rows: Placements, whole: Array, place: Integers, rng: np.random.Generator, draws: int
) -> Iterator[Array]:
    """Labels dealt at random: draws × lists × places, in blocks."""
    block = max(1, BLOCK // max(1, whole.size))
    recurring = rows.recurring
    items, first = np.unique(rows.item, return_index=True)
    labels = rows.group[first]
    code = np.searchsorted(items, rows.item)
    for start in range(0, draws, block):
        many = min(block, draws - start)
        if recurring:
            dealt = np.full((many, *whole.shape), -1, dtype=np.int16)
            shuffled = rng.permuted(np.tile(labels, (many, 1)), axis=1)
            dealt[:, rows.lists, place] = shuffled[:, code]
            yield dealt
            continue
        if (whole >= 0).all():
            yield rng.permuted(np.tile(whole, (many, 1, 1)), axis=2)
            continue
        keys = rng.random((many, *whole.shape))
        keys[:, whole < 0] = 2.0  # the empty places stay at the end
        yield np.take_along_axis(np.broadcast_to(whole, keys.shape), keys.argsort(axis=2), axis=2)


def _ndkl(labels: Array, groups: int) -> Floats:
    """The mean NDKL over lists of two or more groups, per draw; −1 marks places after a list's end.

    Place by place: with c of the first i places a group's, and a share d of the list, its part of
    the divergence is c/i · log(c/i), which is looked up, less c/i · log d, which is summed.
    """
    draws, lists, length = labels.shape
    size = (labels[0] >= 0).sum(axis=1)
    place = np.arange(1, length + 1)
    weight = np.where(place <= size[:, None], attention(place), 0.0)
    total, mixed = np.zeros((draws, lists)), np.zeros((draws, lists), dtype=bool)
    for group in range(groups):
        seen, tops = np.zeros((draws, lists), dtype=np.intp), np.zeros((draws, lists))
        for at in range(length):
            seen += labels[:, :, at] == group
            total += weight[:, at] * _entropy(at + 1)[seen]
            tops += weight[:, at] / (at + 1) * seen
        due = seen / size
        mixed |= (seen > 0) & (seen < size)
        total -= tops * np.log(due, out=np.zeros_like(due), where=due > 0)
    each = np.where(mixed, total / weight.sum(axis=1), 0.0)
    return np.asarray(each.sum(axis=1) / np.maximum(1, mixed.sum(axis=1)), dtype=np.float64)


def _entropy(places: int) -> Floats:
    """c/i · log(c/i) for c from 0 to i."""
    top = np.arange(places + 1) / places
    return np.asarray(top * np.log(top, out=np.zeros_like(top), where=top > 0), dtype=np.float64)
