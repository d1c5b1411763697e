"""Which way a column moves the result: two real values far apart, all else fixed, once a person.

Neighbouring values of a boosted model mislead (a fifth of the small steps may go down where the
large ones go up), so the two values stand at least 25 percentile points apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from explainers import shapes, subgroups
from explainers.asking import Flags, Question, Reading, Scores, Tally, Variant, counted
from explainers.means import summed
from explainers.people import Array, People, missing
from explainers.plan import GAP, ExplanationPlan, mid_percentiles
from explainers.subjects import Subject

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Contrast:
    """One subject of the plan at a low and at a high value, or at each of its levels."""

    plan: ExplanationPlan
    subject: Subject

    @property
    def key(self) -> str:
        """What keys the draws and tallies."""
        return f"contrast:{self.subject.key}"

    def ask(self, block: People, draw: np.random.Generator) -> Question:
        """Everyone in the block, with the subject's columns replaced."""
        if self.subject.kind == "levels":
            return self._levels(block, draw)
        low, high, drawn = far_apart(self._standing(), len(block), draw)
        variants = [
            Variant(side, donated(self.plan.donors, self.subject.names, rows))
            for side, rows in ((0, low), (1, high))
        ]

        def fold(reading: Reading, base: Scores, answers: Sequence[Scores]) -> Tally:  # noqa: ARG001
            before, after = answers[0][drawn], answers[1][drawn]
            changed = reading.changed(before, after)
            tally = compared(self.key, reading, before, after)
            tally |= subgroups.counted(self.plan, self.key, block, changed, drawn)
            if self.subject.kind != "number":
                return tally
            name, rise = self.subject.names[0], reading.rise(before, after)
            own = self.plan.donors.arrays[name]
            up, down = rise > 0, rise < 0
            moves = {"changed": changed, "up": up, "down": down}
            moves |= {"gained": changed & up, "lost": changed & down}
            tried = (own[low[drawn]], own[high[drawn]])
            return tally | shapes.counted(self.plan, name, tried, (before, after), moves)

        return Question(variants, fold)

    def _standing(self) -> tuple[Rows, npt.NDArray[np.float64]]:
        """Donors with a value, lowest first, and where each stands among them."""
        donors, subject = self.plan.donors, self.subject
        known = np.ones(len(donors), bool)
        for name in subject.names:
            known &= ~missing(donors.arrays[name])
        rows = np.flatnonzero(known)
        total = np.zeros(len(rows))
        for name, sign in zip(subject.names, subject.signs, strict=True):
            if sign:
                total += sign * mid_percentiles(donors.arrays[name][rows])
        standing = mid_percentiles(total)
        order = np.argsort(standing, kind="stable")
        return rows[order], standing[order]

    def _levels(self, block: People, draw: np.random.Generator) -> Question:
        name, levels, rest = self.subject.names[0], self.subject.levels, self.subject.rest
        variants = [
            Variant(min(i, 1), {name: constant(block, name, level)})
            for i, level in enumerate(levels)
        ]
        if rest:
            variants.append(Variant(1, {name: one_of(self.plan, len(block), name, draw)}))

        def fold(reading: Reading, base: Scores, answers: Sequence[Scores]) -> Tally:
            named = answers[: len(levels)]
            differs = any_change(reading, named)
            tally = counted(self.key, n=len(base), changed=differs)
            tally |= subgroups.counted(self.plan, self.key, block, differs)
            for i, answer in enumerate(named):
                key = f"{self.key}:{i}"
                tally |= counted(key, favourable=reading.plan.favourable(answer))
                tally |= summed(f"{key}:sum", answer)
                if i:
                    tally |= compared(key, reading, named[0], answer)
            if rest:
                changed = reading.changed(base, answers[-1])
                tally |= counted(f"{self.key}:rest", n=len(base), changed=changed)
                tally |= subgroups.counted(self.plan, f"{self.key}:rest", block, changed)
            return tally

        return Question(variants, fold)


def compared(key: str, reading: Reading, before: Scores, after: Scores) -> Tally:
    """Up, same and down; whose result changed, and to which; the sums of the differences.

    The rises and the falls are summed on their own as well: together they may come to nothing though
    each of them is large.
    """
    rise, changed = reading.rise(before, after), reading.changed(before, after)
    tally = counted(
        key,
        n=len(before),
        up=rise > 0,
        same=rise == 0,
        down=rise < 0,
        changed=changed,
        gained=changed & (rise > 0),
        lost=changed & (rise < 0),
    )
    tally |= summed(f"{key}:difference", after - before)
    for name, way in (("rises", rise > 0), ("falls", rise < 0)):
        tally |= summed(f"{key}:{name}", np.abs(after - before)[way])
    return tally


def any_change(reading: Reading, answers: Sequence[Scores]) -> Flags:
    """Whose result is not the same under all of the answers."""
    changed = np.zeros(len(answers[0]), bool)
    for answer in answers[1:]:
        changed |= reading.changed(answers[0], answer)
    return changed


def far_apart(
    standing: tuple[Rows, npt.NDArray[np.float64]], n: int, draw: np.random.Generator
) -> tuple[Rows, Rows, Flags]:
    """Two donors for each of n people, at least the gap apart, the lower one first.

    Args:
        standing: donors from the lowest to the highest, and their percentiles.
        n: how many pairs.
        draw: the generator.

    Returns:
        The lower donors, the higher donors, and for whom two such donors exist.
    """
    rows, at = standing
    below = np.searchsorted(at, at - GAP + 1e-12, side="right")
    above = np.searchsorted(at, at + GAP - 1e-12, side="left")
    partners = below + (len(at) - above)
    first = draw.integers(0, len(at), n)
    pick = (draw.random(n) * partners[first]).astype(np.int64)
    second = np.where(pick < below[first], pick, above[first] + pick - below[first])
    drawn = partners[first] > 0
    second = np.where(drawn, second, first)
    return rows[np.minimum(first, second)], rows[np.maximum(first, second)], drawn


def donated(donors: People, names: Sequence[str], rows: Rows) -> dict[str, Array]:
    """These columns as the donors in these rows have them."""
    return {name: donors.arrays[name][rows] for name in names}


def one_of(plan: ExplanationPlan, n: int, name: str, draw: np.random.Generator) -> Array:
    """For n people, one of the rare levels each, drawn as often as it is found among donors."""
    donors, rest = plan.donors.arrays[name], plan.natures[name].rest
    found = donors[np.isin(donors, rest)]
    drawn = found if len(found) else np.asarray(rest, dtype=donors.dtype)
    return drawn[draw.integers(0, len(drawn), n)]


def constant(block: People, name: str, level: Any) -> Array:
    """A column in which everyone has the same value."""
    return np.full(len(block), level, dtype=block.arrays[name].dtype)
