"""Where the effect of a number has a step, or turns round.

A step: across it the result changes, and on either side of it, by intervals, hardly does: a number
whose every value counts a little less than the one before has none. Between two values of a whole
number there is nothing, so the step is told as one number; elsewhere it lies between two of the
plan's, and what holds between them is told as well. A turning point: below it a higher value always
moves the answer one way, above it the other way. It may be a stretch of values that are alike: where
it begins and ends is read from the answers by value, for two values of one short stretch are never
tried on one person. All are looked for among round numbers that the plan fixed, in the pairs of
values that the contrasts tried anyway; no question is asked for it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from explainers import means
from explainers.people import missing
from explainers.plan import ExplanationPlan
from explainers.sentences import NOTABLE

FINE = (
    20  # stops from which on a step is told as one number, not as two that it lies between (ours)
)
STRAY = (
    0.01  # of the changes on one side of a step, or against a turn: no more count as none (ours)
)
ONE_SIDED = (
    0.05  # of all changes: how many may lie on one side of a step, or go the other way (ours)
)
NEARLY = 0.05  # of the whole rise: what is so near the top is the top (ours)
NARROW = 1 / 8  # of all values tried: a top that holds fewer is told as one number (ours)
BLUR = 2  # cells on either side over which the height of a stop is taken

LEVEL = 0.1  # of a step: who moves by more on one side of it, for certain, is no level (ours)
BESIDE = 0.5  # of a step: by so much no large part of a side may move, at the bounds (ours)
LARGE = 1 / 8  # of all values tried: a part of a side that must be known so well (ours)
MOSTLY_ONE = 0.8  # of those on one side: where so many have one value, it is told of that (ours)
ONE_VALUE = 0.95  # of a cell's people: where so many have one value, it is that value's (ours)

Sums = npt.NDArray[np.int64]
Cells = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Step:
    """A number about which the result changes.

    Args:
        at: the number; or two, between which it lies.
        below: the share of favourable results with a lower value, or the mean price.
        above: the same from there on.
        between: the same between the two; None where it is one number.
    """

    at: tuple[float, ...]
    below: float
    above: float
    between: float | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """A number at which the answer is best or worst.

    Args:
        at: the number; or two, between which it hardly differs.
        top: whether it is best there, or dearest.
        left: contrasts of two values of which none is beyond its upper end: how many, and in how
            many the higher one was better (or dearer) or worse.
        right: the same of two of which none is below its lower end.
    """

    at: tuple[float, ...]
    top: bool
    left: tuple[int, int, int]
    right: tuple[int, int, int]


def counted(
    plan: ExplanationPlan,
    name: str,
    pairs: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
    answers: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
    moves: Mapping[str, npt.NDArray[np.bool_]],
) -> dict[str, int]:
    """A tally of what the contrasts of one number came to, by the cells of its values.

    Args:
        plan: with the stops that part the cells.
        name: the number.
        pairs: the lower and the higher value of each contrast.
        answers: the answer to either.
        moves: for which contrasts the result changed, and the answer went up or down.
    """
    stops = np.asarray(plan.stops[name])
    cells = len(stops) + 1
    key, tally = f"shape:{name}", dict[str, int]()
    sides = [np.searchsorted(stops, values, side="right") for values in pairs]
    for side, at in zip(("low", "high"), sides, strict=True):
        for what, flags in {"n": np.ones(len(at), bool), **moves}.items():
            found = np.bincount(at[flags], minlength=cells)
            tally |= {f"{key}:{side}:{cell}:{what}": int(n) for cell, n in enumerate(found)}
    where, answer = np.concatenate(sides), np.concatenate(answers)
    good = plan.favourable(answer)
    for cell in range(cells):
        here = where == cell
        tally[f"{key}:{cell}:n"] = int(np.count_nonzero(here))
        tally[f"{key}:{cell}:good"] = int(np.count_nonzero(good & here))
        tally |= means.summed(f"{key}:{cell}:sum", answer[here])
        tally[f"{key}:{cell}:square"] = int(np.rint((answer[here] ** 2).sum() * means.SCALE))
    for side, value in heaps(plan, name).items():
        here = np.concatenate(pairs) == value
        tally |= {
            f"{key}:{side}:n": int(here.sum()),
            f"{key}:{side}:good": int((good & here).sum()),
        }
        tally |= means.summed(f"{key}:{side}:sum", answer[here])
    return tally


def step(plan: ExplanationPlan, tally: Mapping[str, int], name: str) -> Step | None:
    """The step of one number; None where there is none, or its place cannot be told."""
    seen = Seen.of(plan, tally, name)
    if seen is None or plan.family.lower(seen.changed, seen.n) < NOTABLE:
        return None
    ways = [tally[f"contrast:{name}:{way}"] for way in ("gained", "lost")]
    if min(ways) > ONE_SIDED * seen.changed:
        return None  # a step up for some and down for others is none of the number alone
    low, high = _place(seen)
    if low < 0 or high >= len(seen.stops):
        return None
    strays = seen.left("changed")[low] + seen.right("changed")[high]
    if strays > ONE_SIDED * seen.changed or not _parts(seen, low, high):
        return None
    below, above = seen.mean(0, low + 1), seen.mean(high + 1, None)
    between = seen.mean(low + 1, high + 1) if low < high else None
    if below is None or above is None or below == above or (low < high and between is None):
        return None
    return Step(tuple(seen.stops[i] for i in sorted({low, high})), below, above, between)


def heap(plan: ExplanationPlan, name: str, at: float, *, above: bool) -> float | None:
    """The one value that most who stand below a number have, or above it, apart from it.

    Such as −1 where nothing is known: of what lies between it and the number, too few people tell.
    None where there is no such value, or nothing lies between.

    Args:
        plan: with the donors.
        name: the column.
        at: the number.
        above: whether to look above it.
    """
    own = plan.donors.arrays[name]
    own = own[~missing(own)].astype(float)
    values, counts = np.unique(own[own >= at] if above else own[own < at], return_counts=True)
    if not len(values) or counts.max() < max(plan.k, MOSTLY_ONE * counts.sum()):
        return None
    value = float(values[counts.argmax()])
    gap = 1.0 if bool((own == np.rint(own)).all()) else 0.0
    apart = value - at > 0 if above else at - value > gap
    return value if apart else None


def heaps(plan: ExplanationPlan, name: str) -> dict[str, float]:
    """The values that stand apart at either end of a number, by the name of the end."""
    stops = plan.stops[name]
    ends = (("lowest", 0, False), ("highest", -1, True)) if stops else ()
    found = {end: heap(plan, name, stops[at], above=above) for end, at, above in ends}
    return {end: value for end, value in found.items() if value is not None}


def _place(seen: "Seen") -> tuple[int, int]:
    """The stop at which the step is, twice; or two between which it lies."""
    stray = seen.one_sided("changed", 0)
    best = seen.parting(stray <= max(float(stray.min()), STRAY * seen.changed))
    if len(seen.stops) >= FINE or (seen.of_one_value(best) and seen.of_one_value(best + 1)):
        return best, best
    inside = seen.one_sided("changed", 1)
    between = int(inside.argmin()) if len(inside) else 0
    if len(inside) > 0 and inside[between] < stray[best] and not seen.of_one_value(between + 1):
        return between, between + 1
    # What is of one value is on one side of the step, whole.
    return (
        best if seen.of_one_value(best) else best - 1,
        best if seen.of_one_value(best + 1) else best + 1,
    )


def _parts(seen: "Seen", low: int, high: int) -> bool:
    """Whether the answers are level on either side of a place, beside the step over it."""
    cells = len(seen.stops) + 1
    left, right = np.arange(low + 1), np.arange(high + 1, cells)
    jump = abs(seen.gap(left, right)[0])
    # A cell that touches a step told as "about" may hold some of it.
    inner_left, inner_right = (
        side[keep] if low == high and len(side) > 1 and not seen.of_one_value(touching) else side
        for side, keep, touching in ((left, slice(-1), low), (right, slice(1, None), high + 1))
    )
    return jump > 0 and seen.level(inner_left, jump) and seen.level(inner_right, jump)


def turn(plan: ExplanationPlan, tally: Mapping[str, int], name: str) -> Turn | None:
    """The turning point of one number; None where there is none, or its place cannot be told."""
    seen = Seen.of(plan, tally, name, graded=True)
    if seen is None:
        return None
    for top in (True, False):
        ends = _stretch(seen, top=top) or _peak(seen, top=top)
        if ends is not None:
            return Turn(seen.named(*ends), top, *seen.beside(*reversed(ends)))
    return None


def _ways(*, top: bool) -> tuple[str, str]:
    """Where a higher value leads below a turning point, and where beyond it."""
    return ("up", "down") if top else ("down", "up")


def _stretch(seen: "Seen", *, top: bool) -> tuple[int, int] | None:
    """The stops that part three levels of which the middle one is best (or worst).

    Of all ways to cut the values in three, the one whose parts differ most.
    """
    n, total = seen.heights(top=top)
    before, sums = (np.concatenate([[0.0], np.cumsum(each)]) for each in (n, total))
    best, ends = 0.0, None
    for low in range(len(seen.stops)):
        highs = np.arange(low + 1, len(seen.stops))
        cuts = (np.zeros_like(highs), np.full_like(highs, low + 1), highs + 1, highs * 0 + len(n))
        of = [before[b] - before[a] for a, b in pairwise(cuts)]
        parts = [sums[b] - sums[a] for a, b in pairwise(cuts)]
        left, middle, right = (
            part / np.maximum(each, 1) for part, each in zip(parts, of, strict=True)
        )
        fit = of[0] * left**2 + of[1] * middle**2 + of[2] * right**2 - sums[-1] ** 2 / n.sum()
        fit = np.where((middle > left) & (middle > right) & (np.min(of, axis=0) > 0), fit, 0.0)
        if len(fit) and fit.max() > best:
            best, ends = float(fit.max()), (low, int(highs[fit.argmax()]))
    return ends if ends is not None and _three_levels(seen, *ends, top=top) else None


def _three_levels(seen: "Seen", low: int, high: int, *, top: bool) -> bool:
    """Whether a stretch is level, all beside it is less, and people who cross its ends say so."""
    cells = np.arange(len(seen.stops) + 1)
    left, middle, right = cells[: low + 1], cells[low + 1 : high + 1], cells[high + 1 :]
    gaps = [seen.gap(side, middle) for side in (left, right)]
    jumps = [abs(gap) for gap, _ in gaps]
    jump = min(jumps)
    shown = all(abs(gap) > unsure for gap, unsure in gaps) and jump > LEVEL * max(jumps)
    # A cell that touches an end told as "about" may hold some of either side.
    pure = np.asarray([seen.of_one_value(cell) for cell in range(len(cells))])
    inner = middle[pure[middle] | ((middle > low + 1) & (middle < high))]
    if not shown or not len(inner) or not seen.level(inner, jump) or not _even(seen, inner, jump):
        return False
    n, total = seen.heights(top=top)
    height, own = total / np.maximum(n, 1), total[inner].sum() / n[inner].sum()
    outside = np.concatenate(
        [left[pure[left] | (left < low)], right[pure[right] | (right > high + 1)]]
    )
    if (height[outside] >= own - LEVEL * jump).any() or not _told_apart(seen, low, high):
        return False
    rising, falling = (_result(way) for way in _ways(top=top))
    moved = int(seen.left(rising)[high]), int(seen.right(falling)[low])
    against = int(seen.left(falling)[high] + seen.right(rising)[low])
    return min(moved) >= seen.plan.k and against <= ONE_SIDED * sum(moved)


def _result(way: str) -> str:
    return {"up": "gained", "down": "lost"}[way]


def _even(seen: "Seen", middle: Cells, jump: float) -> bool:
    """Whether what is near the ends of a stretch is not shown to be less than what is within."""
    for width in range(1, len(middle) // 2 + len(middle) % 2):
        outer = np.concatenate([middle[:width], middle[-width:]])
        gap, unsure = seen.gap(outer, middle[width:-width])
        if abs(gap) - unsure > LEVEL * jump:
            return False
    return True


def _told_apart(seen: "Seen", low: int, high: int) -> bool:
    """Whether both ends are known well: cells are small, or of one value beside the ends."""
    beside = (low, low + 1, high, high + 1)
    return len(seen.stops) >= FINE or all(seen.of_one_value(cell) for cell in beside)


def _peak(seen: "Seen", *, top: bool) -> tuple[int, int] | None:
    """The stop at which the answers are best (or worst); two, where they hardly differ between."""
    rising, falling = _ways(top=top)
    left, right = seen.left("n"), seen.right("n")
    against = seen.left(falling) + seen.right(rising)
    fits = (left > 0) & (right > 0) & (against <= STRAY * (left + right))
    for moved, n in ((seen.left(rising), left), (seen.right(falling), right)):
        fits &= (moved >= seen.plan.k) & (moved >= NOTABLE * n)
    if not fits.any() or len(seen.stops) < FINE:
        return None
    n_by_cell, total = seen.heights(top=top)
    about = [slice(max(0, at + 1 - BLUR), at + 1 + BLUR) for at in range(len(seen.stops))]
    height = np.asarray([total[each].sum() / max(1, n_by_cell[each].sum()) for each in about])
    near = height >= height.max() - NEARLY * float(np.ptp(height))
    first = last = int(height.argmax())
    while first > 0 and near[first - 1]:
        first -= 1
    while last + 1 < len(near) and near[last + 1]:
        last += 1
    middle = (first + last) // 2
    first, last = _unblurred(seen, first, last, float(np.ptp(height)))
    if n_by_cell[first + 1 : last + 1].sum() < NARROW * n_by_cell.sum():
        first = last = middle
    elif first == 0 or last + 1 == len(near):
        return None
    return (first, last) if _both_sides(seen, first, last, top=top) else None


def _both_sides(seen: "Seen", low: int, high: int, *, top: bool) -> bool:
    """Whether tests beside the very place that is told show it: below it and above it.

    By the results as well as by the answers: where hardly a result differs, nothing is best.
    """
    rising, falling = _ways(top=top)
    for moves in ((rising, falling), (_result(rising), _result(falling))):
        for side, at, (way, other) in (
            (seen.left, high, moves),
            (seen.right, low, moves[::-1]),
        ):
            n, moved, against = (int(side(what)[at]) for what in ("n", way, other))
            if moved < max(seen.plan.k, NOTABLE * n) or against > ONE_SIDED * moved:
                return False
    return True


def _unblurred(seen: "Seen", first: int, last: int, rise: float) -> tuple[int, int]:
    """The ends of a stretch, with the cells beside it that are not shown to be less."""

    def alike(cell: int) -> bool:
        gap, unsure = seen.gap(np.asarray([cell]), np.arange(first + 1, last + 1))
        return abs(gap) - unsure <= NEARLY * rise

    low, high = first, last
    if first == last:
        return first, last
    while low > max(0, first - BLUR) and alike(low):
        low -= 1
    while high < min(len(seen.stops) - 1, last + BLUR) and alike(high + 1):
        high += 1
    return low, high


@dataclass(frozen=True)
class Seen:
    """What a tally holds of one number.

    Args:
        plan: how answers are read.
        tally: what was counted.
        key: of the number in it.
        stops: the round numbers that part its cells.
        graded: whether answers are compared by their scores, not by how many are favourable.
    """

    plan: ExplanationPlan
    tally: Mapping[str, int]
    key: str
    stops: tuple[float, ...]
    graded: bool = False

    @classmethod
    def of(
        cls, plan: ExplanationPlan, tally: Mapping[str, int], name: str, *, graded: bool = False
    ) -> "Seen | None":
        stops, key = plan.stops.get(name, ()), f"shape:{name}"
        if not stops or f"{key}:0:n" not in tally or tally["again:changed"]:
            return None
        return cls(plan, tally, key, stops, graded)

    def of_one_value(self, cell: int) -> bool:
        """Whether a cell holds one value only, or hardly another."""
        return bool(self._of_one_value[cell])

    @cached_property
    def _of_one_value(self) -> npt.NDArray[np.bool_]:
        """The same by cell: how many donors have its commonest value, of all who stand in it."""
        own = self.plan.donors.arrays[self.key.removeprefix("shape:")]
        values, counts = np.unique(own[~missing(own)], return_counts=True)
        cells = np.searchsorted(self.stops, values, side="right")
        most, every = np.zeros((2, len(self.stops) + 1))
        np.maximum.at(most, cells, counts)
        np.add.at(every, cells, counts)
        alone: npt.NDArray[np.bool_] = (every > 0) & (most >= ONE_VALUE * every)
        return alone

    def gap(self, one: Cells, other: Cells) -> tuple[float, float]:
        """How far the answers of some cells lie below those of others, and how unsure that is."""
        (low, low_error), (high, high_error) = (self._measured(each) for each in (one, other))
        return high - low, self.plan.family.z * math.hypot(low_error, high_error)

    def level(self, side: Cells, jump: float) -> bool:
        """Whether no part of a side is shown to differ, and no large part can differ much."""
        if len(side) == 1:
            return self.of_one_value(int(side[0])) or self._alike(int(side[0]), jump)
        n = self._each("n")
        for split in range(1, len(side)):
            parts = side[:split], side[split:]
            gap, unsure = self.gap(*parts)
            large = min(n[part].sum() for part in parts) >= LARGE * n.sum()
            if abs(gap) - unsure > LEVEL * jump or (large and abs(gap) + unsure > BESIDE * jump):
                return False
        return True

    def _alike(self, cell: int, jump: float) -> bool:
        """Whether in a cell of several values all answers are, as far as can be told, the same."""
        if self.plan.task == "price":
            ends = sum(self.tally.get(f"{self.key}:{cell}:sum{end}", 0) for end in means.EXTREMES)
            return ends / means.SCALE <= LEVEL * jump
        n, good = (int(self.tally[f"{self.key}:{cell}:{what}"]) for what in ("n", "good"))
        least = min(good, n - good)
        return least <= LEVEL * jump * n and self.plan.family.upper(least, n) <= BESIDE * jump

    def _measured(self, cells: Cells) -> tuple[float, float]:
        """The mean of some cells as measured, and its standard error.

        A share is taken to be a little less sure than seen, so that none of few is not none
        (Agresti and Caffo, "Simple and effective confidence intervals for proportions and
        differences of proportions", The American Statistician 54 (2000)).
        """
        n = int(self._each("n")[cells].sum())
        if self.plan.task == "decision" and not self.graded:
            good = int(self._each("good")[cells].sum())
            share = (good + 1) / (n + 2)
            return good / max(n, 1), math.sqrt(share * (1 - share) / (n + 2))
        # Whole billionths of many squares need more than 64 bits.
        total, squares = (
            sum(self.tally[f"{self.key}:{cell}:{what}"] for cell in cells.tolist()) / means.SCALE
            for what in ("sum", "square")
        )
        mean = total / max(n, 1)
        return mean, math.sqrt(max(0.0, squares / max(n, 1) - mean**2) / max(n, 1))

    @property
    def n(self) -> int:
        return int(self._cells("low", "n").sum())

    @property
    def changed(self) -> int:
        return int(self._cells("low", "changed").sum())

    def left(self, what: str) -> Sums:
        """By stop, the contrasts of two values below it."""
        return np.cumsum(self._cells("high", what))[:-1]

    def right(self, what: str) -> Sums:
        """By stop, the contrasts of two values from it on."""
        return np.cumsum(self._cells("low", what)[::-1])[::-1][1:]

    def one_sided(self, what: str, apart: int) -> Sums:
        """By stop, the contrasts on one side of it, or of it and the stop so many further on."""
        return self.left(what)[: len(self.stops) - apart] + self.right(what)[apart:]

    def named(self, low: int, high: int) -> tuple[float, ...]:
        """The numbers of a stretch between two stops; a last cell of one value ends with that."""
        if low == high:
            return (self.stops[low],)
        last = high - 1 if self.of_one_value(high) else high
        return tuple(self.stops[at] for at in sorted({low, last}))

    def beside(self, low: int, high: int) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        """What the contrasts below one stop and from another on came to: n, up, down."""
        left, right = (
            [int(side(what)[at]) for what in ("n", "up", "down")]
            for side, at in ((self.left, low), (self.right, high))
        )
        return (left[0], left[1], left[2]), (right[0], right[1], right[2])

    def sharp(self, stop: int) -> bool:
        """Whether a step at this stop may be told as one number."""
        return len(self.stops) >= FINE or (self.of_one_value(stop) and self.of_one_value(stop + 1))

    def levels(self, bounds: Sequence[int]) -> bool:
        """Whether the answers are level between several steps, beside the steps themselves.

        Args:
            bounds: the first cell of each part, and one beyond the last cell.
        """
        parts = [np.arange(a, b) for a, b in pairwise(bounds)]
        gaps = [self.gap(a, b) for a, b in pairwise(parts)]
        jump = min(abs(gap) for gap, _ in gaps)
        if any(abs(gap) <= unsure for gap, unsure in gaps):
            return False
        return all(self.level(np.arange(*self.inner(a, b)), jump) for a, b in pairwise(bounds))

    def inner(self, since: int, until: int) -> tuple[int, int]:
        """The cells between two steps, without one that may hold some of a step told as "about"."""
        first, last = since, until
        if since > 0 and last - first > 1 and not self.of_one_value(since):
            first += 1
        if until <= len(self.stops) and last - first > 1 and not self.of_one_value(until - 1):
            last -= 1
        return first, last

    def parting(self, of: npt.NDArray[np.bool_], since: int = 0, until: int | None = None) -> int:
        """The stop, of some, that parts the answers best: those of all cells, or of these."""
        n, total = self._each("n"), self._answers()
        outside = np.ones(len(n), bool)
        outside[since:until] = False
        n, total = np.where(outside, 0, n), np.where(outside, 0, total)
        before, sums = np.cumsum(n)[:-1], np.cumsum(total)[:-1]
        after, rest = n.sum() - before, total.sum() - sums
        with np.errstate(divide="ignore", invalid="ignore"):
            gap = before * after / n.sum() * (sums / before - rest / after) ** 2
        return int(np.where(of, np.nan_to_num(gap), -1.0).argmax())

    def mean(self, since: int, until: int | None) -> float | None:
        """The share of good results in some cells; of a price its mean as it may be told."""
        n = int(self._each("n")[since:until].sum())
        if n < self.plan.k:
            return None
        if self.plan.task == "decision":
            return float(self._each("good")[since:until].sum()) / n
        cells = range(len(self.stops) + 1)[since:until]
        sums = means.merged([(self.tally, f"{self.key}:{cell}:sum") for cell in cells], "sum")
        return means.told(sums, "sum", n, self.plan.k)

    def _cells(self, side: str, what: str) -> Sums:
        return self._each(what, f"{self.key}:{side}")

    def _each(self, what: str, key: str = "") -> Sums:
        cells = range(len(self.stops) + 1)
        return np.asarray([self.tally[f"{key or self.key}:{cell}:{what}"] for cell in cells])

    def _answers(self) -> npt.NDArray[np.float64]:
        if self.plan.task == "decision":
            return self._each("good").astype(float)
        return self._each("sum") / means.SCALE

    def heights(self, *, top: bool) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """By cell, how many answers, and their sum: of the best (or worst) the highest."""
        lower_is_better = self.plan.task == "decision" and not self.plan.favourable_above
        sign = (1 if top else -1) * (-1 if lower_is_better else 1)
        return self._each("n").astype(float), sign * (self._each("sum") / means.SCALE)
