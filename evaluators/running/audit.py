"""What an attacker can work out of everything that is published: a linear programme.

Unknown is how many people there are of every crossing of levels (a missing level is one) and of
every kind of answer. Each published number is a linear equation in them; linear programming gives
the narrowest range of a number that is not published (Fischetti and Salazar 2000 call this the
audit).
"""

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from math import prod

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from evaluators.probe import Table
from evaluators.running.lacking import Cause
from evaluators.statistics.programme import Programme

Numbers = npt.NDArray[np.int8]
Point = npt.NDArray[np.float64]
Levels = Mapping[str, Sequence[str | None]]
Slice = Mapping[str, str | None]

MEANS: Mapping[str, tuple[str, ...]] = {
    "favoured": ("tp", "fp", "up"),
    "refused": ("fn", "tn", "down"),
    "tp": ("tp",),
    "fp": ("fp",),
    "fn": ("fn",),
    "tn": ("tn",),
    "up": ("up",),
    "down": ("down",),
    "right": ("tp", "tn"),
    "wrong": ("fp", "fn"),
    "deserved": ("tp", "fn"),
    "undeserved": ("fp", "tn"),
    "due": ("tp", "fn", "silent_due"),
    "undue": ("fp", "tn", "silent_undue"),
    "people": ("tp", "fp", "fn", "tn", "up", "down", "silent_due", "silent_undue", "silent"),
}
"""What each count adds up, over what a row's decision and outcome are: both known (tp … tn), no
outcome (up, down), no decision (silent …)."""
KINDS = MEANS["people"]
_DECISIONS: Mapping[bool | None, Mapping[str | None, str]] = {True: {"due": "tp", "undue": "fp", None: "up"},
              False: {"due": "fn", "undue": "tn", None: "down"},
              None: {"due": "silent_due", "undue": "silent_undue", None: "silent"}}  # fmt: skip
MOST_ATOMS = 4000
MOST_CELLS = 8000
KEPT = 200
"""Rows that were found to fit, of which so many are kept: with 4,000 atoms six megabytes."""
TOLERANCE = 1e-7
"""How far from an equation HiGHS's answers may lie."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What the people of one atom have in common besides their levels.

    Args:
        answers: the kinds of answers (of `KINDS`) that their rows have: one, where every row is a
            person; none where a row counts for nothing.
        lacks: what their rows lack.
    """

    answers: frozenset[str]
    lacks: frozenset[Cause] = frozenset()


@dataclass(frozen=True, slots=True)
class Fact:
    """A number of rows that a report states beside its tables.

    Args:
        lacks: of rows that lack this; None is all of them.
        but_not: and none of these.
    """

    lacks: Cause | None = None
    but_not: frozenset[Cause] = frozenset()


ROWS = Fact()


@dataclass(frozen=True, slots=True)
class Parts:
    """What worst-case bounds give away: how many rows of each group lack a decision or an outcome.

    And of those who lack a feature, what they got and what came of it, as far as a rate asks.

    Args:
        features: that tell the groups apart.
        top, of: of the rate (see `evaluators.probe.Share`).
        free: the sets of kinds of rows of which the rate does not know how to count them.
        counts: levels and a set of kinds → how many rows.
    """

    features: tuple[str, ...]
    top: frozenset[str]
    of: frozenset[str]
    free: frozenset[frozenset[str]]
    counts: frozenset[tuple[tuple[tuple[str | None, ...], frozenset[str]], int]]

    def least(self) -> int:
        """The fewest rows of which it tells that they are there."""
        return min((count for _, count in self.counts), default=0)


@dataclass(frozen=True)
class Reading:
    """How rows may lack things, as far as it is known that no other way occurs.

    Args:
        decision, outcome: the causes for which a row has none; None where it may lack it for a
            reason that is not told.
        others: column → the causes for which a row lacks what stands in it.
        complete: columns of which no row lacks a value.
        weightless: the cause for which a row counts in no table.
        judged: whether there are outcomes at all.
    """

    decision: tuple[Cause, ...] | None = None
    outcome: tuple[Cause, ...] | None = None
    others: Mapping[str, tuple[Cause, ...]] = field(default_factory=dict)
    complete: frozenset[str] = frozenset()
    weightless: Cause | None = None
    judged: bool = True

    def kinds(self) -> list[Kind]:
        """Every kind of row that may occur."""
        decided: list[tuple[bool | None, Cause | None]] = [(True, None), (False, None)]
        decided += [(None, cause) for cause in (self.decision or ())]
        decided += [(None, None)] if self.decision is None else []
        due: list[tuple[str | None, Cause | None]] = []
        due += [("due", None), ("undue", None)] if self.judged else []
        due += [(None, cause) for cause in (self.outcome or ())]
        due += [(None, None)] if self.outcome is None or not self.judged else []
        rest = list(product(*([None, *causes] for causes in self.others.values())))
        found = []
        for (got, no_answer), (right, no_outcome), gone in product(decided, due, rest):
            lacks = frozenset(c for c in (no_answer, no_outcome, *gone) if c is not None)
            counts = self.weightless is None or self.weightless not in lacks
            answers = frozenset({_DECISIONS[got][right]} if counts else ())
            found.append(Kind(answers, lacks))
        return found


ANYTHING = Reading()


def patterns(counts: Iterable[str]) -> list[Kind]:
    """The kinds of people who may have several rows: what their rows are, as far as it is counted.

    Args:
        counts: those that are published.
    """
    wanted = [frozenset(MEANS[count]) for count in sorted(set(counts))]
    seen: dict[tuple[bool, ...], Kind] = {}
    for marks in product((False, True), repeat=len(KINDS)):
        answers = frozenset(kind for kind, on in zip(KINDS, marks, strict=True) if on)
        seen.setdefault(tuple(bool(answers & each) for each in wanted), Kind(answers))
    return list(seen.values())


class Space:
    """The unknowns: for each block of reports as many atoms as crossings of levels and kinds.

    Args:
        levels: attribute → its levels, missing included where it may occur.
        kinds: per block its kinds.
    """

    def __init__(self, levels: Levels, kinds: Sequence[Sequence[Kind]]) -> None:
        self.levels, self.kinds = levels, kinds
        self.joint = list(product(*levels.values()))
        self.orders = {
            name: {level: at for at, level in enumerate(each)} for name, each in levels.items()
        }
        self.codes = {
            name: np.array([self.orders[name][cell[at]] for cell in self.joint], dtype=np.int64)
            for at, name in enumerate(levels)
        }
        self.starts = np.cumsum([0, *(len(self.joint) * len(each) for each in kinds)])

    @property
    def size(self) -> int:
        """How many unknowns."""
        return int(self.starts[-1])

    def count(
        self, block: int, slice_: Slice, count: str, *, within: Iterable[str] = ()
    ) -> Numbers:
        """Of which unknowns a count of a table is the sum."""
        answers, inside = frozenset(MEANS[count]), self._of(slice_)
        for name in within:
            if None in self.levels.get(name, ()):
                inside &= ~self._of({name: None})
        return self._line(block, inside, lambda kind: bool(kind.answers & answers))

    def kinds_of(self, slice_: Slice, kinds: frozenset[str]) -> Numbers:
        """The rows of a slice of the first block that are of one of these kinds."""
        return self._line(0, self._of(slice_), lambda kind: bool(kind.answers & kinds))

    def slice(self, block: int, slice_: Slice) -> Numbers:
        """Everybody of a slice."""
        return self._line(block, self._of(slice_), lambda _: True)

    def people(self, cell: int, block: int, answers: Iterable[str]) -> Numbers:
        """The people of one joint cell, with one of the kinds of answers."""
        wanted, inside = frozenset(answers), np.arange(len(self.joint)) == cell
        return self._line(block, inside, lambda kind: bool(kind.answers & wanted))

    def fact(self, fact: Fact) -> Numbers:
        """Of which unknowns a number of rows is the sum; facts are of the first block."""
        whole = np.ones((len(self.joint), len(self.kinds[0])), dtype=bool)
        if fact.lacks is not None:
            whole &= self._lacking(fact.lacks)
        for cause in fact.but_not:
            whole &= ~self._lacking(cause)
        return self._put(0, whole)

    def exactly(self, causes: frozenset[Cause], every: Iterable[Cause]) -> Numbers:
        """The rows that lack all of `causes` and no other of `every`."""
        whole = np.ones((len(self.joint), len(self.kinds[0])), dtype=bool)
        for cause in every:
            lacking = self._lacking(cause)
            whole &= lacking if cause in causes else ~lacking
        return self._put(0, whole)

    def knows(self, cause: Cause) -> bool:
        """Whether a cause is one of its levels or kinds."""
        return self._level(cause) or any(cause in kind.lacks for kind in self.kinds[0])

    def _level(self, cause: Cause) -> bool:
        return cause.kind == "missing" and None in self.levels.get(cause.column, ())

    def _lacking(self, cause: Cause) -> npt.NDArray[np.bool_]:
        if self._level(cause):
            inside = self._of({cause.column: None})
            return np.repeat(inside[:, None], len(self.kinds[0]), axis=1)
        marks = np.array([cause in kind.lacks for kind in self.kinds[0]])
        return np.repeat(marks[None, :], len(self.joint), axis=0)

    def _of(self, slice_: Slice) -> npt.NDArray[np.bool_]:
        inside = np.ones(len(self.joint), dtype=bool)
        for name, level in slice_.items():
            inside &= self.codes[name] == self.orders[name].get(level, -1)
        return inside

    def _line(
        self, block: int, inside: npt.NDArray[np.bool_], wanted: Callable[[Kind], bool]
    ) -> Numbers:
        return self._put(block, np.outer(inside, [wanted(kind) for kind in self.kinds[block]]))

    def _put(self, block: int, marks: npt.NDArray[np.bool_]) -> Numbers:
        line = np.zeros(self.size, dtype=np.int8)
        line[self.starts[block] : self.starts[block + 1]] = marks.ravel()
        return line


@dataclass
class Lines:
    """Linear forms over the unknowns by name, with unknowns that no form tells apart made one.

    Args:
        size: how many unknowns there are.
    """

    size: int
    raw: dict[object, Numbers] = field(default_factory=dict)
    merged: dict[object, npt.NDArray[np.float64]] = field(default_factory=dict)

    def add(self, name: object, line: Numbers) -> None:
        """Name a form."""
        self.raw[name] = line

    def settle(self) -> bool:
        """Merge the unknowns; False where they are too many all the same."""
        if not self.raw:
            return True
        whole = np.unique(np.array(list(self.raw.values())), axis=1)
        used = whole.any(axis=0)
        whole = whole[:, used] if used.any() else whole[:, :1]
        self.merged = dict(zip(self.raw, whole.astype(np.float64), strict=True))
        self.raw = {}
        return bool(whole.shape[1] <= MOST_ATOMS)

    def __contains__(self, name: object) -> bool:
        return name in self.merged

    def __getitem__(self, name: object) -> npt.NDArray[np.float64]:
        return self.merged[name]


@dataclass
class Known:
    """Equations and bounds that somebody knows.

    Args:
        lines: the forms.
        names, values: forms and what they are.
        limits, ends: forms and what they are at most.
        fitting: rows that fit, as they were found.
        points: the same of all who know something of these forms.
    """

    lines: Lines
    names: list[object] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    limits: list[npt.NDArray[np.float64]] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    fitting: list[Point] = field(default_factory=list)
    points: deque[Point] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self._found, self._filled = np.zeros((0, 0)), 0

    def equal(self, name: object, value: float) -> None:
        """A form has a value."""
        self.names.append(name)
        self.values.append(value)

    def within(self, name: object, low: float, high: float | None) -> None:
        """A form lies between two values."""
        self.limits.append(-self.lines[name])
        self.ends.append(-low)
        if high is not None:
            self.limits.append(self.lines[name])
            self.ends.append(high)

    def recall(self, points: deque[Point]) -> None:
        """Take what others found to fit, as far as it fits here too; and let them have what is found.

        Args:
            points: of others with the same forms.
        """
        self.points = points
        fit = self._fit(np.array(points)) if points else ()
        self.fitting = [each for each, fits in zip(points, fit, strict=True) if fits]
        self._filled = 0

    def range(self, aim: npt.NDArray[np.float64], least: float) -> tuple[float, float] | None:
        """The least and the greatest whole value that a form can have; equal where nothing fits.

        Args:
            aim: the form.
            least: None is returned where they lie at least so far apart. Rows that were found to fit
                show that mostly, and no linear programme need be solved for it.
        """
        ends = []
        for sign in (1, -1):
            if self._spread(aim) >= least:
                return None
            end = self._end(sign * aim)
            if end is None:
                return 0.0, 0.0
            ends.append(sign * _up(end))
        low, high = ends
        return (low, high) if high - low < least else None

    def _spread(self, aim: npt.NDArray[np.float64]) -> float:
        """How far apart the whole values of a form are, of the rows that were found to fit."""
        if not self.fitting:
            return -math.inf
        of = np.flatnonzero(aim)  # one cell's, mostly: a few among thousands
        values = self._fitting_rows()[:, of] @ aim[of]
        return -_up(-float(values.max())) - _up(float(values.min()))

    def _fitting_rows(self) -> npt.NDArray[np.float64]:
        """What fits as one matrix; it grows by doubling, since a point is found at a time."""
        many = len(self.fitting)
        if many > len(self._found):
            self._found, self._filled = np.empty((2 * many, self.fitting[0].size)), 0
        for at in range(self._filled, many):
            self._found[at] = self.fitting[at]
        self._filled = many
        return self._found[:many]

    def possible(self) -> bool:
        """Whether any rows fit."""
        size = next(iter(self.lines.merged.values()), np.zeros(1)).size
        return self._end(np.zeros(size)) is not None

    def _end(self, aim: npt.NDArray[np.float64]) -> float | None:
        """The least value of a form; None where nothing fits."""
        least, point = self._programme.least(aim)
        if point is not None and self._fit(point[None, :]).all():
            self.fitting.append(point)
            self.points.append(point)
        return least

    @cached_property
    def _programme(self) -> Programme:
        matrix, limits = self._matrices
        size = next(iter(self.lines.merged.values()), np.zeros(1)).size
        nothing = np.zeros((0, size))
        return Programme(
            np.vstack([nothing if each is None else each for each in (matrix, limits)]),
            np.array([*self.values, *([-np.inf] * len(self.ends))]),
            np.array([*self.values, *self.ends]),
        )

    def _fit(self, points: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Which of the points fit; one in each line."""
        matrix, limits = self._sparse
        fit: npt.NDArray[np.bool_] = points.min(axis=1, initial=0) >= -TOLERANCE
        if matrix is not None:
            fit &= (np.abs((matrix @ points.T).T - self.values) <= TOLERANCE).all(axis=1)
        if limits is not None:
            fit &= ((limits @ points.T).T - self.ends <= TOLERANCE).all(axis=1)
        return fit

    @cached_property
    def _sparse(self) -> tuple[csr_array | None, csr_array | None]:
        """The same as `_matrices`: of thousands of groups each equation is about a few unknowns."""
        matrix, limits = self._matrices
        return (None if matrix is None else csr_array(matrix),
                None if limits is None else csr_array(limits))  # fmt: skip

    @cached_property
    def _matrices(
        self,
    ) -> tuple[npt.NDArray[np.float64] | None, npt.NDArray[np.float64] | None]:
        """The equations and the bounds, once all are known."""
        equal = np.array([self.lines[name] for name in self.names]) if self.names else None
        return equal, np.array(self.limits) if self.limits else None


def _up(value: float) -> float:
    return math.ceil(value - 1e-6) if math.isfinite(value) else value


def levels(tables: Iterable[Table], complete: frozenset[str]) -> dict[str, list[str | None]]:
    """Attribute → its levels in the tables, missing first where it may be missing."""
    found: dict[str, dict[str | None, None]] = {}
    for table in tables:
        for key, _ in table.rows:
            for name, level in zip(table.keys, key, strict=True):
                start: dict[str | None, None] = {} if name in complete else {None: None}
                found.setdefault(name, start)[level] = None
    return {name: list(each) for name, each in found.items()}


def fits(sizes: Iterable[int]) -> bool:
    """Whether so many unknowns can be looked at."""
    return prod(sizes) <= MOST_CELLS
