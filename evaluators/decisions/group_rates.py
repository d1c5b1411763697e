"""Selection rate, TPR, FPR and accuracy of every group and crossing, with bootstrap intervals.

A description, no test: many intervals stand side by side, each at its own level, so that the
largest gap among them is no evidence (the probes test that). For users of Fairlearn, whose
`MetricFrame` gives such tables without intervals. Everything follows from the joint counts that
error_parity keeps in the sealed evidence of a run, for the owner of the data: the rows are not
read again, because drawing n rows with replacement is one multinomial draw of the joint counts
(Efron and Tibshirani 1993, 6.2).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluators.decisions.error_parity import PEOPLE
from evaluators.probe import UNIT
from registry.errors import Invalid

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

RATES = ("selection_rate", "true_positive_rate", "false_positive_rate", "accuracy")
REPLICATES = 1000
AT_ONCE = 64
"""Draws at a time, so that they stay in the cache."""


class NotOnlyPeople(Invalid):
    """The counts are weighted or people repeat: take the intervals of the findings."""


@dataclass(frozen=True, slots=True)
class GroupRates:
    """One group's rates; NaN where nobody stands in a denominator, never 0.

    Args:
        slice_: attribute → level; every attribute where it is a crossing.
        n: rows with a known decision and outcome.
        estimate, low, high: rate → its value, and the ends of its percentile interval.
    """

    slice_: Mapping[str, str]
    n: int
    estimate: Mapping[str, float]
    low: Mapping[str, float]
    high: Mapping[str, float]


def bootstrapped(
    states: Mapping[str, Any],
    *,
    seed: int,
    replicates: int = REPLICATES,
    level: float = 0.95,
) -> list[GroupRates]:
    """The rates of every level of every attribute, and of every crossing of all attributes.

    Args:
        states: of a run with error_parity: `Outcome.evidence.states`, or `states` of the sealed
            evidence that was kept of it.
        seed: of the draws.
        replicates: how many draws.
        level: of each interval by itself.

    Raises:
        NotOnlyPeople: when the counts are weighted, people repeat, or error_parity did not run.
    """
    state = states.get("error_parity")
    if state is None or tuple(state["measures"]) != PEOPLE or UNIT in state["keys"]:
        raise NotOnlyPeople(
            "这里只能用没有权重、每人一行的 error_parity 计数。",
            "This takes the counts of error_parity where no row is weighted and nobody repeats.",
        )
    keys, rows = list(state["keys"]), [row for row in state["rows"] if None not in row[0]]
    counts = np.array([row[1] for row in rows], dtype=np.int64).reshape(-1, len(PEOPLE))
    if not counts.sum():
        return []
    groups = list(_groups(keys, [row[0] for row in rows]))
    drawn = [np.empty((replicates, len(RATES), len(found))) for _, _, found in groups]
    draws = np.random.default_rng(seed)
    shares = counts.ravel() / counts.sum()
    for start in range(0, replicates, AT_ONCE):
        many = min(AT_ONCE, replicates - start)
        made = draws.multinomial(int(counts.sum()), shares, size=many)
        cells = made.reshape(many, *counts.shape).transpose(0, 2, 1)
        for (order, first, _), kept in zip(groups, drawn, strict=True):
            kept[start : start + many] = _rates(_summed(cells, order, first))
    found = []
    for (order, first, slices), kept in zip(groups, drawn, strict=True):
        own = _summed(counts.T[None], order, first)
        estimate, people = _rates(own)[0], own[0].sum(axis=0)
        low, high = _ends(kept, level)
        for at, slice_ in enumerate(slices):
            found.append(GroupRates(
                slice_, int(people[at]), *(
                    dict(zip(RATES, part[:, at].tolist(), strict=True))
                    for part in (estimate, low, high)
                ),
            ))  # fmt: skip
    return found


def _groups(
    keys: Sequence[str], cells: Sequence[Sequence[str]]
) -> Iterator[tuple[Integers, Integers, list[dict[str, str]]]]:
    """Per set of attributes: the cells in order of their group, where each begins, its slice."""
    for places in [*([at] for at in range(len(keys))), *([[*range(len(keys))]] * (len(keys) > 1))]:
        names = [tuple(cell[at] for at in places) for cell in cells]
        distinct = sorted(set(names))
        number = {name: at for at, name in enumerate(distinct)}
        codes = np.array([number[name] for name in names], dtype=np.int64)
        order = np.argsort(codes, kind="stable")
        first = np.searchsorted(codes[order], np.arange(len(distinct)))
        slices = [{keys[p]: level for p, level in zip(places, name, strict=True)}
                  for name in distinct]  # fmt: skip
        yield order, first, slices


def _summed(cells: Integers, order: Integers, first: Integers) -> Integers:
    """Counts of people by draw, kind and group."""
    if first.size == order.size:
        return cells[:, :, order]
    summed: Integers = np.add.reduceat(cells[:, :, order], first, axis=2)
    return summed


def _rates(counts: Integers) -> Floats:
    """The four rates by draw, rate and group."""
    tp, fp, fn, tn = (counts[:, at].astype(np.float64) for at in range(4))
    n = tp + fp + fn + tn
    with np.errstate(invalid="ignore", divide="ignore"):
        found = [(tp + fp) / n, tp / (tp + fn), fp / (fp + tn), (tp + tn) / n]
    return np.stack(found, axis=1)


def _ends(drawn: Floats, level: float) -> tuple[Floats, Floats]:
    """The ends of the percentile intervals; draws without a denominator do not count."""
    tails = ((1 - level) / 2, (1 + level) / 2)
    if np.isnan(drawn).any():
        with np.errstate(invalid="ignore"):
            low, high = _present(drawn, tails)
    else:
        low, high = np.quantile(drawn, tails, axis=0)
    return low, high


def _present(drawn: Floats, tails: tuple[float, float]) -> Floats:
    found = np.full((2, *drawn.shape[1:]), np.nan)
    for place in np.ndindex(*drawn.shape[1:]):
        column = drawn[(slice(None), *place)]
        if (present := column[~np.isnan(column)]).size:
            found[(slice(None), *place)] = np.quantile(present, tails)
    return found
