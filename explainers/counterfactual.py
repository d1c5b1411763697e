"""What-if examples: the smallest change a person could make that gives the other result.

Only columns a person can change, only in the direction they can, only values real people have;
one change first, then two. Whoever is asked about starts from common values of those columns
too, so that an example quotes nobody's record.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np

from explainers import people
from explainers.asking import Flags, Reading, Scores
from explainers.draws import generator
from explainers.people import People, Scorer, missing
from explainers.plan import ExplanationPlan, mid_percentiles

CANDIDATES = 60  # people asked about
PAIRED = 20  # of them with two changes, where one was not enough
GRID = 15  # real values per number for single changes
COARSE = 6  # and for pairs
SWITCH = 0.3  # what changing a level costs beside moving a number by so many percentiles
ANOTHER = 0.05  # what each change costs in itself
NEAR = 0.1  # how near a real person must stand in the columns that change together
CHEAPER = 0.05  # by how much a price must fall to be worth an example (ours)


@dataclass(frozen=True, slots=True)
class Move:
    """One column changed from one common value to another.

    Args:
        name: the column.
        before: its value before.
        after: its value after.
        cost: how far that is, in percentiles.
    """

    name: str
    before: Any
    after: Any
    cost: float


@dataclass(frozen=True, slots=True)
class WhatIf:
    """One example.

    Args:
        moves: one or two changes.
        before: the answer before.
        after: the answer after.
    """

    moves: tuple[Move, ...]
    before: float
    after: float

    @property
    def cost(self) -> float:
        """How much is asked of the person."""
        return sum(move.cost + ANOTHER for move in self.moves)


@dataclass(frozen=True, slots=True)
class Search:
    """What came of looking for examples.

    Args:
        asked: people with the worse result who were looked at.
        single: how many of them one change would help.
        double: how many more two changes would help, of those tried.
        paired: how many were tried with two changes.
        examples: one or two examples.
    """

    asked: int
    single: int
    double: int
    paired: int
    examples: tuple[WhatIf, ...]


def search(
    plan: ExplanationPlan, everyone: People, *, scorer: Scorer, reading: Reading, nonce: str
) -> Search:
    """Look for examples among people with the worse result, in at most three rounds."""
    grids = _grids(plan)
    chosen = generator(nonce, "whatif").permutation(len(everyone))[: CANDIDATES * 20]
    start = snapped(plan, everyone.take(chosen), grids) if grids else everyone.take(chosen[:0])
    if not len(start):
        return Search(0, 0, 0, 0, ())
    base = people.score(scorer, [start.frame([{}])])[0]
    worse = np.flatnonzero(_worse(plan, base))[:CANDIDATES]
    start, base = start.take(worse), base[worse]
    singles = [list(_singles(plan, start, i, grids)) for i in range(len(start))]
    best = _try(
        plan, start, base, [[(m,) for m in s] for s in singles], scorer=scorer, reading=reading
    )
    helped = [i for i, found in enumerate(best) if found]
    left = [i for i, found in enumerate(best) if not found][:PAIRED]
    coarse = {name: grid[:: max(1, len(grid) // COARSE)] for name, grid in grids.items()}
    pairs = [
        list(_pairs(plan, start, i, coarse)) if i in set(left) else [] for i in range(len(start))
    ]
    doubled = _try(plan, start, base, pairs, scorer=scorer, reading=reading)
    double = sum(found is not None for found in doubled)
    found = [w for w in (*best, *doubled) if w is not None]
    return Search(len(start), len(helped), double, len(left), _two(found))


def most_predictions(plan: ExplanationPlan) -> int:
    """The most rows that a search can ask about."""
    grids = _grids(plan)
    if not grids:
        return 0
    single = sum(len(grid) for grid in grids.values())
    coarse = [min(len(grid), 2 * COARSE) for grid in grids.values()]
    pairs = sum(one * other for one, other in combinations(coarse, 2))
    return 20 * CANDIDATES + CANDIDATES * single + PAIRED * pairs


def snapped(plan: ExplanationPlan, everyone: People, grids: Mapping[str, Sequence[Any]]) -> People:
    """The same people with every changeable number moved to the nearest common value."""
    arrays = dict(everyone.arrays)
    for name, grid in grids.items():
        subject = next(s for s in plan.subjects if name in s.names)
        if name in everyone.levels or subject.kind == "levels":
            continue
        own, values = arrays[name], np.asarray(grid)
        nearest = np.abs(own[:, None].astype(float) - values[None, :]).argmin(axis=1)
        arrays[name] = np.where(missing(own), own, values[nearest]).astype(own.dtype)
    return People(arrays, everyone.levels)


def _grids(plan: ExplanationPlan) -> dict[str, list[Any]]:
    grids: dict[str, list[Any]] = {}
    for subject in plan.subjects:
        if subject.kind == "constant":
            continue
        for name in subject.names:
            if not plan.column(name).actionable:
                continue
            array = plan.donors.arrays[name]
            known = array[~missing(array)]
            if subject.kind == "levels":
                grids[name] = list(subject.levels)
            elif name in plan.donors.levels:
                grids[name] = np.unique(known).tolist()
            else:
                at = np.linspace(0, 1, GRID + 2)[1:-1]
                grids[name] = np.unique(np.quantile(known, at, method="inverted_cdf")).tolist()
    return grids


def _worse(plan: ExplanationPlan, base: Scores) -> Flags:
    if plan.task == "price":
        dearer: Flags = base >= np.median(base)
        return dearer
    return ~plan.favourable(base)


def _singles(
    plan: ExplanationPlan, start: People, i: int, grids: Mapping[str, Sequence[Any]]
) -> Iterator[Move]:
    for name, grid in grids.items():
        own = start.arrays[name][i]
        if missing(start.arrays[name][i : i + 1])[0]:
            continue
        way = plan.column(name).actionable
        for value in grid:
            ordered = name not in start.levels
            allowed = way == "any" or not ordered or (value - own) * int(way) > 0
            if value != own and allowed and _plausible(plan, start, i, name, value):
                yield Move(name, own.item(), value, _cost(plan, name, own, value))


def _pairs(
    plan: ExplanationPlan, start: People, i: int, grids: Mapping[str, Sequence[Any]]
) -> Iterator[tuple[Move, ...]]:
    moves: dict[str, list[Move]] = {}
    for move in _singles(plan, start, i, grids):
        moves.setdefault(move.name, []).append(move)
    for one, other in combinations(moves, 2):
        yield from product(moves[one], moves[other])


def _cost(plan: ExplanationPlan, name: str, own: Any, value: Any) -> float:
    subject = next(s for s in plan.subjects if name in s.names)
    if name in plan.donors.levels or subject.kind == "levels":
        return SWITCH
    array = plan.donors.arrays[name]
    known = np.sort(array[~missing(array)])
    return float(abs(np.searchsorted(known, value) - np.searchsorted(known, own)) / len(known))


def _plausible(plan: ExplanationPlan, start: People, i: int, name: str, value: Any) -> bool:
    """Whether a real person stands near in the columns that change together with this one."""
    subject = next(s for s in plan.subjects if name in s.names)
    numbers = [n for n in subject.names if n not in plan.donors.levels]
    if len(numbers) < 2 or name not in numbers:
        return True
    near = np.ones(len(plan.donors), bool)
    for other in numbers:
        array = plan.donors.arrays[other]
        wanted = value if other == name else start.arrays[other][i]
        at = mid_percentiles(np.append(array, wanted))
        near &= np.abs(at[:-1] - at[-1]) <= NEAR
    return bool(near.any())


def _try(
    plan: ExplanationPlan,
    start: People,
    base: Scores,
    tries: Sequence[Sequence[tuple[Move, ...]]],
    *,
    scorer: Scorer,
    reading: Reading,
) -> list[WhatIf | None]:
    """Score every try of every person in one frame; the cheapest that helps each person."""
    flat = [(i, moves) for i, each in enumerate(tries) for moves in each]
    best: list[WhatIf | None] = [None] * len(start)
    if not flat:
        return best
    rows = start.take(np.asarray([i for i, _ in flat], dtype=np.int64))
    arrays = {name: array.copy() for name, array in rows.arrays.items()}
    for at, (_, moves) in enumerate(flat):
        for move in moves:
            arrays[move.name][at] = move.after
    after = people.score(scorer, [People(arrays, rows.levels).frame([{}])])[0]
    before = base[[i for i, _ in flat]]
    helps = reading.changed(before, after) & (_better(plan, before, after))
    for at in np.flatnonzero(helps).tolist():
        i, moves = flat[at]
        found = WhatIf(moves, float(before[at]), float(after[at]))
        best[i] = min((w for w in (best[i], found) if w), key=lambda w: w.cost)
    return best


def _better(plan: ExplanationPlan, before: Scores, after: Scores) -> Flags:
    if plan.task == "price":
        cheaper: Flags = after <= before * (1 - CHEAPER)
        return cheaper
    return plan.favourable(after)


def _two(found: Sequence[WhatIf]) -> tuple[WhatIf, ...]:
    """The example that asks least, and the next that changes something else."""
    ordered = sorted(found, key=lambda w: (len(w.moves), w.cost, [m.name for m in w.moves]))
    if not ordered:
        return ()
    first = {move.name for move in ordered[0].moves}
    second = [w for w in ordered if not first & {move.name for move in w.moves}]
    return (ordered[0], *second[:1])
