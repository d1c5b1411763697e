"""Whole accounts shuffled: do lists of different profiles differ more than lists of the same?

The label of a whole account moves with all its lists, as in `evaluators.prices.pricing_accounts`. The
noise that two accounts of the same profile already show (A/A) is measured beside, and a difference
counts as beyond the line only if it is beyond that noise as well.
"""

from dataclasses import dataclass

import numpy as np
import scipy

from evaluators.prices.ranked_lists import Alike, Lists
from evaluators.statistics.permutation import MaxT, shuffle_accounts
from evaluators.statistics.regression import Codes, Floats, codes_of

BAND = 499


@dataclass(frozen=True, slots=True)
class Means:
    """Accounts with their means over the queries that every group saw.

    Args:
        values: accounts × statistics, each relative to its query.
        labels: the group of each account.
        lists: the places of the lists used, and each one's account number in `member`.
        member: see `lists`.
        left_out: lists of queries that not every group saw.
    """

    values: Floats
    labels: Codes
    lists: Codes
    member: Codes
    left_out: int


def relative(lists: Lists, chosen: Codes, group: Codes) -> Means | None:
    """Reduce lists to accounts; None where no query was seen by two groups.

    Args:
        lists: all lists.
        chosen: the places of those compared.
        group: the group of each chosen list's account, from 0.
    """
    cell = codes_of(lists.cell[chosen])
    seen = np.zeros((int(cell.max(initial=0)) + 1, int(group.max(initial=0)) + 1), dtype=np.bool_)
    seen[cell, group] = True
    met = np.asarray(seen[:, seen.any(axis=0)].all(axis=1), dtype=np.bool_)
    full = met[cell]
    if not full.any() or len(np.unique(group[full])) < 2:
        return None
    used, code = chosen[full], codes_of(cell[full])
    values = lists.values[used]
    size = np.bincount(code)
    centred = np.column_stack([v - (np.bincount(code, v) / size)[code] for v in values.T])
    member = codes_of(lists.account[used])
    counts = np.bincount(member)
    means = np.column_stack([np.bincount(member, v) / counts for v in centred.T])
    first = np.unique(member, return_index=True)[1]
    return Means(means, group[full][first], used, member, int((~full).sum()))


def noise(
    means: Means, pairs: list[tuple[int, int]], *, alpha: float, rng: np.random.Generator
) -> Floats:
    """The A/A band: how far two random sets of like accounts of these sizes differ.

    Each group's own mean is taken out first, so that an effect does not widen the band.

    Returns:
        Contrasts × statistics.
    """
    groups = int(means.labels.max()) + 1
    counts = np.maximum(np.bincount(means.labels, minlength=groups), 1)
    own = np.column_stack([np.bincount(means.labels, v, groups) / counts for v in means.values.T])
    left = means.values - own[means.labels]
    order = rng.permuted(np.tile(np.arange(len(left)), (BAND, 1)), axis=1)
    bands = []
    for group, reference in pairs:
        mine, other = means.labels == group, means.labels == reference
        gaps = left[order[:, mine]].mean(axis=1) - left[order[:, other]].mean(axis=1)
        bands.append(np.quantile(np.abs(gaps), 1 - alpha, axis=0))
    return np.asarray(bands)


def contrasts(
    means: Means, pairs: list[tuple[int, int]], *, alpha: float, replicates: int,
    rng: np.random.Generator,
) -> MaxT:  # fmt: skip
    """Shuffle whole accounts; max-T over all contrasts and statistics."""
    return shuffle_accounts(
        means.values, means.labels, pairs, rng=rng, alpha=alpha, replicates=replicates
    )


@dataclass(frozen=True, slots=True)
class Likeness:
    """How much less alike lists of two groups are than lists within a group.

    Args:
        within, between: the mean similarity.
        error: of their difference, by leaving out one account at a time.
        freedom: accounts less two.
        p: one-sided, by shuffling accounts.
    """

    within: float
    between: float
    error: float
    freedom: int
    p: float

    @property
    def gap(self) -> float:
        """Similarity within less similarity between."""
        return self.within - self.between


def likeness(
    found: Alike, which: int, labels: Codes, pair: tuple[int, int], *, replicates: int,
    rng: np.random.Generator,
) -> Likeness | None:  # fmt: skip
    """Compare similarity within two groups with similarity between them.

    Args:
        found: sums and counts for all accounts.
        which: the similarity.
        labels: the group of each account.
        pair: the groups.
        replicates: how many shuffles.
        rng: draws them.
    """
    inside = np.flatnonzero(np.isin(labels, pair))
    at = np.ix_(inside, inside)
    sums, counts = found.sums[which][at], found.counts[which][at]
    mark = (labels[inside] == pair[0]).astype(np.float64)
    within, between = _shares(sums, counts, mark[None])
    if not (np.isfinite(within[0]) and np.isfinite(between[0])):
        return None
    order = rng.permuted(np.tile(np.arange(len(inside)), (replicates, 1)), axis=1)
    other = _shares(sums, counts, mark[order])
    gap, shuffled = float(within[0] - between[0]), other[0] - other[1]
    p = (1 + int((shuffled >= gap - 1e-12).sum())) / (replicates + 1)
    error = _jackknife(sums, counts, mark)
    return Likeness(float(within[0]), float(between[0]), error, max(len(inside) - 2, 1), p)


def _shares(sums: Floats, counts: Floats, marks: Floats) -> tuple[Floats, Floats]:
    """Mean similarity within and between, for many labellings."""
    rest = 1 - marks
    between = ((marks @ sums) * rest).sum(axis=1), ((marks @ counts) * rest).sum(axis=1)
    within = sums.sum() / 2 - between[0], counts.sum() / 2 - between[1]
    with np.errstate(invalid="ignore", divide="ignore"):
        return within[0] / within[1], between[0] / between[1]


def _jackknife(sums: Floats, counts: Floats, mark: Floats) -> float:
    """The error of within less between, leaving out one account at a time (Efron 1982)."""
    size = len(mark)
    gaps = []
    for out in range(size):
        kept = np.arange(size) != out
        at = np.ix_(kept, kept)
        within, between = _shares(sums[at], counts[at], mark[kept][None])
        gaps.append(float(within[0] - between[0]))
    known = np.asarray([gap for gap in gaps if np.isfinite(gap)])
    if len(known) < 3:
        return float("inf")
    return float(np.sqrt((len(known) - 1) / len(known) * ((known - known.mean()) ** 2).sum()))


def half_width(error: float, freedom: int, alpha: float) -> float:
    """Half of a two-sided t interval."""
    return float(scipy.stats.t.ppf(1 - alpha / 2, freedom)) * error
