"""What-if examples: the smallest change a person could make that gives the other result.

Only columns a person can change, only in the direction they can, only round values from cells of
people; one change first, then two. Whoever is asked about starts from such values too, every
combination that is named is shared by at least k people, and an example counts only where the
program gives both answers again. Columns that change together are left out: which of them acts is
not known.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np

from explainers import means, people
from explainers.asking import Flags, Reading, Scores
from explainers.draws import generator
from explainers.people import People, Scorer, missing
from explainers.plan import ExplanationPlan

CANDIDATES = 60  # people asked about
PAIRED = 20  # of them with two changes, where one was not enough
COARSE = 6  # values per number where two are changed
SWITCH = 0.3  # what changing a level costs beside moving a number by so many percentiles
ANOTHER = 0.05  # what each change costs in itself
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
        before: the answer before; in a pricing task the mean of all who share those values.
        after: the answer after, likewise.
        sharing: how many people share the values before.
    """

    moves: tuple[Move, ...]
    before: float
    after: float
    sharing: int = 0

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
        unsteady: whether the program gave other answers when it was asked again.
    """

    asked: int
    single: int
    double: int
    paired: int
    examples: tuple[WhatIf, ...]
    unsteady: bool = False


def search(
    plan: ExplanationPlan, everyone: People, *, scorer: Scorer, reading: Reading, nonce: str
) -> Search:
    """Look for examples among people with the worse result, in at most four rounds."""
    grids = changeable(plan)
    if not grids:
        return Search(0, 0, 0, 0, ())
    chosen = generator(nonce, "whatif").permutation(len(everyone))[: CANDIDATES * 20]
    pool = snapped(plan, everyone.take(np.sort(chosen)), grids)
    shared = _Shared(snapped(plan, everyone, grids), tuple(grids), plan.k)
    score = people.score(scorer, [pool.frame([{}])])[0]
    worse = np.flatnonzero(_worse(plan, score))[:CANDIDATES]
    start, base = pool.take(worse), score[worse]
    singles = [[(m,) for m in _singles(plan, start, i, grids)] for i in range(len(start))]
    best = _try(plan, start, base, shared.of(singles), scorer=scorer, reading=reading)
    left = [i for i, found in enumerate(best) if not found][:PAIRED]
    coarse = {name: grid[:: max(1, len(grid) // COARSE)] for name, grid in grids.items()}
    pairs = [
        list(_pairs(plan, start, i, coarse)) if i in set(left) else [] for i in range(len(start))
    ]
    doubled = _try(plan, start, base, shared.of(pairs), scorer=scorer, reading=reading)
    helped = {i: w for i, w in enumerate(best) if w} | {i: w for i, w in enumerate(doubled) if w}
    if not _steady(start, base, helped, scorer=scorer, reading=reading):
        return Search(len(start), 0, 0, 0, (), unsteady=True)
    examples = _two(list(helped.values()))
    if plan.task == "price":
        examples = _averaged(plan, pool, score, examples, scorer=scorer)
    single = sum(found is not None for found in best)
    double = sum(found is not None for found in doubled)
    return Search(len(start), single, double, len(left), examples)


class _Shared:
    """Which combinations of values at least k people have."""

    def __init__(self, everyone: People, names: Sequence[str], k: int) -> None:
        self.k = k
        one = [(name,) for name in names]
        two = [tuple(sorted(pair)) for pair in combinations(names, 2)]
        self._counts = {
            each: Counter(zip(*(everyone.arrays[name].tolist() for name in each), strict=True))
            for each in (*one, *two)
        }

    def of(self, tries: Sequence[Sequence[tuple[Move, ...]]]) -> list[list[tuple[Move, ...]]]:
        """Only the tries whose values before and whose values after k people share."""
        return [[moves for moves in each if self._holds(moves)] for each in tries]

    def _holds(self, moves: Sequence[Move]) -> bool:
        ordered = sorted(moves, key=lambda move: move.name)
        counts = self._counts[tuple(move.name for move in ordered)]
        ends = (tuple(m.before for m in ordered), tuple(m.after for m in ordered))
        return all(counts[end] >= self.k for end in ends)


def _steady(
    start: People,
    base: Scores,
    helped: Mapping[int, WhatIf],
    *,
    scorer: Scorer,
    reading: Reading,
) -> bool:
    """Whether the program gives the same results when all that helps is asked again."""
    if not helped:
        return True
    rows = start.take(np.asarray(list(helped), dtype=np.int64))
    before, after = people.score(
        scorer, [rows.frame([{}]), _moved(rows, [w.moves for w in helped.values()]).frame([{}])]
    )
    first = np.asarray([w.after for w in helped.values()])
    again = reading.changed(base[list(helped)], before) | reading.changed(first, after)
    return not bool(again.any())


def _averaged(
    plan: ExplanationPlan,
    pool: People,
    score: Scores,
    examples: Sequence[WhatIf],
    *,
    scorer: Scorer,
) -> tuple[WhatIf, ...]:
    """The examples with the mean prices of all who share the values; none below k people."""
    told = []
    for example in examples:
        alike = np.ones(len(pool), bool)
        for move in example.moves:
            alike &= pool.arrays[move.name] == move.before
        rows = np.flatnonzero(alike)
        if len(rows) < plan.k:
            continue
        moved = _moved(pool.take(rows), [example.moves] * len(rows))
        prices = (score[rows], people.score(scorer, [moved.frame([{}])])[0])
        before, after = (_mean(each, plan.k) for each in prices)
        if before is not None and after is not None and after < before:
            told.append(WhatIf(example.moves, before, after, len(rows)))
    return tuple(told)


def _mean(prices: Scores, k: int) -> float | None:
    """A mean price of those who share some values, as it may be told."""
    return means.told(means.summed("prices", prices), "prices", len(prices), k)


def _moved(rows: People, tries: Sequence[Sequence[Move]]) -> People:
    arrays = {name: array.copy() for name, array in rows.arrays.items()}
    for at, moves in enumerate(tries):
        for move in moves:
            arrays[move.name][at] = move.after
    return People(arrays, rows.levels)


def most_predictions(plan: ExplanationPlan) -> int:
    """The most rows that a search can ask about."""
    grids = changeable(plan)
    if not grids:
        return 0
    single = sum(len(grid) for grid in grids.values())
    coarse = [min(len(grid), 2 * COARSE) for grid in grids.values()]
    pairs = sum(one * other for one, other in combinations(coarse, 2))
    again = 2 * CANDIDATES + 2 * 20 * CANDIDATES
    return 20 * CANDIDATES + CANDIDATES * single + PAIRED * pairs + again


def snapped(plan: ExplanationPlan, everyone: People, grids: Mapping[str, Sequence[Any]]) -> People:
    """The same people with every changeable number moved to the nearest round value."""
    arrays = dict(everyone.arrays)
    for name, grid in grids.items():
        if name not in plan.grids:
            continue
        own, values = arrays[name], np.asarray(grid)
        nearest = np.abs(own[:, None].astype(float) - values[None, :]).argmin(axis=1)
        arrays[name] = np.where(missing(own), own, values[nearest]).astype(own.dtype)
    return People(arrays, everyone.levels)


def changeable(plan: ExplanationPlan) -> dict[str, list[Any]]:
    """The values that may be named, by column that a person can change."""
    grids: dict[str, list[Any]] = {}
    if plan.scored:
        return grids  # a higher score is not a better place
    for subject in plan.subjects:
        name = subject.names[0]
        kinds = ("levels",) if plan.sealed else ("number", "levels")
        if subject.kind not in kinds or not plan.column(name).actionable:
            continue  # from an example of a number its step could be read
        values = list(subject.levels) if subject.kind == "levels" else list(plan.grids[name])
        if len(values) > 1:
            grids[name] = values
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
        if missing(start.arrays[name][i : i + 1])[0] or own not in grid:
            continue
        way = plan.column(name).actionable
        for value in grid:
            ordered = name not in start.levels
            allowed = way == "any" or not ordered or (value - own) * int(way) > 0
            if value != own and allowed:
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
    known, (low, high) = array[~missing(array)], sorted((own, value))
    return float(np.count_nonzero((known >= low) & (known < high)) / len(known))


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
    after = people.score(scorer, [_moved(rows, [moves for _, moves in flat]).frame([{}])])[0]
    before = base[[i for i, _ in flat]]
    helps = reading.changed(before, after) & better(plan, before, after)
    for at in np.flatnonzero(helps).tolist():
        i, moves = flat[at]
        found = WhatIf(moves, float(before[at]), float(after[at]))
        best[i] = min((w for w in (best[i], found) if w), key=lambda w: w.cost)
    return best


def better(plan: ExplanationPlan, before: Scores, after: Scores) -> Flags:
    """Whether an answer is worth an example: the good result, or a price that fell by enough.

    Args:
        plan: names the task.
        before: the answers before; a price may lie below nothing.
        after: the answers after.
    """
    if plan.task == "price":
        fallen = before - after
        cheaper: Flags = (fallen > 0) & (fallen >= CHEAPER * np.abs(before))
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
