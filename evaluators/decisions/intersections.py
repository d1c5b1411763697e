"""Intersections of attributes, each held against everyone else, with one max-T over all of them.

A gap between the largest and the smallest of many intersections is no evidence: with forty cells
of a fair model it falls below four fifths in most small data sets. So the cells are tested
together: studentised, centred bootstrap draws from the joint cells, step-down max-T. Cells too
small for that are tested exactly and pay Bonferroni's share of the level.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from evaluators.accumulating.accumulators import Cells
from evaluators.judging.rates import Group
from evaluators.plan import Plan
from evaluators.statistics.inference import fisher_exact
from evaluators.statistics.multiplicity import MaxT, replicates_needed, step_down_max_t

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

MOST_ATTRIBUTES = 3
MOST_DRAWS = 20_000
AT_ONCE = 64
EXPECTED = 5


@dataclass(frozen=True, slots=True)
class Cell:
    """One intersection against everyone else.

    Args:
        slice_: attribute → level.
        group, rest: the two rates.
        p_value, p_adjusted: of "the same rate as everyone else".
        method: `max_t` or `fisher_exact` with Bonferroni's share.
        level: the simultaneous level of its interval.
    """

    slice_: tuple[tuple[str, str], ...]
    group: Group
    rest: Group
    p_value: float
    p_adjusted: float
    method: str
    level: float


def cells(
    joint: Cells,
    attributes: Sequence[str],
    plan: Plan,
    rng: np.random.Generator,
    *,
    plans: int,
    replicates: int | None = None,
) -> tuple[list[Cell], int]:
    """Test every intersection of two or three attributes.

    Args:
        joint: counts (n, k) over all attributes at once.
        attributes: the sensitive features.
        plan: alpha and the least denominator.
        rng: keyed by the hypothesis.
        plans: registered plans that share the family.
        replicates: how many bootstrap draws; None takes what step-down needs, up to `MOST_DRAWS`.

    Returns:
        The evaluable cells, and how many were too small.
    """
    whole = joint.margin(attributes)
    counts = np.array([row for _, row in sorted(whole.table.items())], dtype=np.int64).reshape(
        -1, 2
    )
    names = [key for key, _ in sorted(whole.table.items())]
    slices, member = _members(names, attributes)
    if not slices:
        return [], 0
    n, k = member @ counts[:, 0], member @ counts[:, 1]
    total_n, total_k = int(counts[:, 0].sum()), int(counts[:, 1].sum())
    enough = (n >= plan.min_n) & (total_n - n >= plan.min_n)
    kept = np.flatnonzero(enough)
    if not kept.size:
        return [], len(slices)
    expected = np.minimum(n, total_n - n) * min(total_k, total_n - total_k) / total_n
    large = kept[expected[kept] >= EXPECTED]
    share = large.size / (kept.size * plans)
    drawn = _max_t(counts, member[large], plan, rng, share=share, replicates=replicates)
    found = []
    for place in kept.tolist():
        group = Group(_label(slices[place]), int(k[place]), int(n[place]))
        rest = Group("*", total_k - group.k, total_n - group.n)
        if drawn is not None and place in large:
            at = int(np.searchsorted(large, place))
            p, factor, p_own = (
                float(drawn.p_adjusted[at]),
                kept.size / large.size,
                float(drawn.p_values[at]),
            )
            level = float(2 * ndtr(drawn.critical) - 1)
            method = "max_t"
        else:
            p = p_own = fisher_exact(group.k, group.n, rest.k, rest.n)
            factor, level, method = kept.size, 1 - plan.alpha / (kept.size * plans), "fisher_exact"
        adjusted = min(1.0, p * factor * plans)
        found.append(Cell(slices[place], group, rest, p_own, adjusted, method, level))
    return found, len(slices) - kept.size


def _members(
    names: Sequence[tuple[str | None, ...]], attributes: Sequence[str]
) -> tuple[list[tuple[tuple[str, str], ...]], Integers]:
    """The slices, and which joint cells belong to each."""
    slices: dict[tuple[tuple[str, str], ...], list[int]] = {}
    for size in range(2, min(MOST_ATTRIBUTES, len(attributes)) + 1):
        for places in combinations(range(len(attributes)), size):
            for row, key in enumerate(names):
                slice_ = tuple((attributes[p], str(key[p])) for p in places)
                slices.setdefault(slice_, []).append(row)
    member = np.zeros((len(slices), len(names)), dtype=np.int64)
    for place, rows in enumerate(slices.values()):
        member[place, rows] = 1
    return list(slices), member


def _max_t(
    counts: Integers,
    member: Integers,
    plan: Plan,
    rng: np.random.Generator,
    *,
    share: float,
    replicates: int | None,
) -> MaxT | None:
    """Step-down max-T over the cells; single-step if the family outgrows the draws."""
    if not len(member):
        return None
    wanted = replicates_needed(len(member), plan.alpha)
    draws = min(wanted, MOST_DRAWS) if replicates is None else replicates
    atoms = np.concatenate([counts[:, 1], counts[:, 0] - counts[:, 1]])
    observed, error = _gaps(atoms[None, :], member)
    null = np.empty((draws, len(member)))
    for start in range(0, draws, AT_ONCE):  # a few at a time, so that they stay in the cache
        part = null[start : start + AT_ONCE]
        redrawn, errors = _gaps(
            rng.multinomial(int(atoms.sum()), atoms / atoms.sum(), size=len(part)), member
        )
        np.divide(redrawn - observed, errors, out=part)
    found = step_down_max_t((observed / error)[0], null, alpha=plan.alpha * share)
    if wanted <= draws:
        return found
    # Single-step: the maximum over all cells serves every one, so fewer draws suffice.
    size = np.abs(observed / error)[0]
    largest = np.abs(null).max(axis=1)
    hits = (largest[:, None] >= size).sum(axis=0)
    return MaxT(found.p_values, (1.0 + hits) / (len(null) + 1.0), found.critical, found.replicates)


def _gaps(atoms: Integers, member: Integers) -> tuple[Floats, Floats]:
    """Per draw and cell: rate minus everyone else's, and its error.

    The error uses (k + ½) / (n + 1), so that a rate of 0 or 1 has one too.
    """
    half = atoms.shape[1] // 2
    favoured, refused = atoms[:, :half].astype(np.float64), atoms[:, half:].astype(np.float64)
    k, n = favoured @ member.T, (favoured + refused) @ member.T
    rest_k, rest_n = favoured.sum(1)[:, None] - k, atoms.sum(1)[:, None] - n
    rest_n, n = np.maximum(rest_n, 1), np.maximum(n, 1)
    smooth, rest = (k + 0.5) / (n + 1), (rest_k + 0.5) / (rest_n + 1)
    error = np.sqrt(smooth * (1 - smooth) / n + rest * (1 - rest) / rest_n)
    return k / n - rest_k / rest_n, error


def _label(slice_: tuple[tuple[str, str], ...]) -> str:
    return " × ".join(level for _, level in slice_)
