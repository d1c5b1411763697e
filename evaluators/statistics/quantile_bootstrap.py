"""Quantile gaps between two groups of rows, and how they vary when the units are drawn again.

A draw gives each unit a whole weight; a quantile is the first value at which the heaped weights
of the sorted rows reach its share (inverse of the distribution function). Weights are heaped by
blocks of rows first, so that of a long table only the blocks in which quantiles fall are read.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import scipy

from evaluators.statistics.regression import Codes, Floats

Weights = npt.NDArray[np.float32]

_BLOCKS = 64
_LONG = 4096  # rows from which on blocks are used
_AT_ONCE = 500_000  # weights held at a time


def quantile_gaps(
    values: Floats,
    unit: Codes,
    sides: tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]],
    probabilities: Sequence[float],
    *,
    rng: np.random.Generator,
    replicates: int,
) -> tuple[Floats, Floats]:
    """Quantiles of the first side less those of the second.

    Args:
        values: one per row.
        unit: the unit of each row, from 0.
        sides: the rows of either side.
        probabilities: which quantiles.
        rng: draws the units, with replacement.
        replicates: how many draws.

    Returns:
        The gaps, and replicates × gaps; nan where a draw left a side empty.
    """
    units = int(unit.max(initial=-1)) + 1
    group, other = (_Side(values[rows], unit[rows], units, probabilities) for rows in sides)
    drawn = np.empty((replicates, len(probabilities)))
    block = max(64, _AT_ONCE // max(units, 1))
    for start in range(0, replicates, block):
        weights = _weights(rng, units, min(block, replicates - start))
        drawn[start : start + block] = (group.quantiles(weights) - other.quantiles(weights)).T
    once = np.ones((units, 1), dtype=np.float32)
    return (group.quantiles(once) - other.quantiles(once))[:, 0], drawn


def _weights(rng: np.random.Generator, units: int, draws: int) -> Weights:
    """How often each unit was drawn: units × draws."""
    chosen = rng.integers(0, units, (draws, units)) + np.arange(draws)[:, None] * units
    counts = np.bincount(chosen.reshape(-1), minlength=units * draws).reshape(draws, units)
    return counts.T.astype(np.float32, order="C")  # whole numbers: exact up to 2 ** 24 in a block


class _Side:
    """The rows of one side, sorted, with their weights by block."""

    def __init__(
        self, values: Floats, unit: Codes, units: int, probabilities: Sequence[float]
    ) -> None:
        order = np.argsort(values)
        self.values, self.owner = np.take(values, order), np.take(unit, order)
        self.shares = np.asarray(probabilities, dtype=np.float64)[:, None]
        blocks = _BLOCKS if len(order) > _LONG else 1
        self.edges = np.arange(blocks + 1) * len(order) // blocks
        place = np.repeat(np.arange(blocks), np.diff(self.edges))
        self.counts = scipy.sparse.csr_matrix(
            (np.ones(len(order)), (place, self.owner)), shape=(blocks, units)
        )

    def quantiles(self, weights: Weights) -> Floats:
        """Quantiles under each column of weights: quantiles × draws."""
        heaped = np.cumsum(self.counts @ weights, axis=0)
        total = heaped[-1]
        wanted = self.shares * total - 1e-9
        block = np.minimum((heaped[:, None, :] < wanted).sum(axis=0), len(heaped) - 1)
        before = np.concatenate([np.zeros((1, heaped.shape[1])), heaped[:-1]])
        found = np.empty(wanted.shape)
        for number in np.unique(block):
            share, draw = np.nonzero(block == number)
            rest = wanted[share, draw] - before[number, draw]
            found[share, draw] = self._within(int(number), weights, draw, rest)
        found[:, total == 0] = np.nan
        return found

    def _within(self, number: int, weights: Weights, draw: Codes, wanted: Floats) -> Floats:
        """The first values of a block at which the heaped weights reach what is wanted."""
        low, high = int(self.edges[number]), int(self.edges[number + 1])
        drawn, column = np.unique(draw, return_inverse=True)
        own = weights if len(drawn) == weights.shape[1] else np.take(weights, drawn, axis=1)
        heaped = _heaped(np.take(own, self.owner[low:high], axis=0))
        first = np.zeros(len(draw), dtype=np.int64)
        last = np.full(len(draw), high - low)
        for _ in range((high - low).bit_length()):
            middle = (first + last) // 2
            short = heaped[np.minimum(middle, high - low - 1), column] < wanted
            short &= middle < last
            first, last = np.where(short, middle + 1, first), np.where(short, last, middle)
        return np.take(self.values, low + np.minimum(first, high - low - 1))


def _heaped(weights: Weights) -> Weights:
    """Running sums down the rows; by whole rows where those are long."""
    if len(weights) > weights.shape[1]:
        return np.cumsum(weights, axis=0, dtype=np.float32)
    for place in range(1, len(weights)):
        weights[place] += weights[place - 1]
    return weights
