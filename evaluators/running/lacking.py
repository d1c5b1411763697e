"""What rows lack: counted by cause once, for all probes.

A cause is a column without a value, a decision that is neither favourable nor unfavourable, a price
that is not above 0, a weight of 0, or a model that gave no number. What is kept is how many rows
lack which set of things, so that every number of usable rows is exact, on any number of shards and
in any order of the rows.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from evaluators.accumulating.accumulators import Coded
from evaluators.running.missing import Told

Kind = Literal["missing", "neither", "not_positive", "zero", "no_answer"]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, order=True)
class Cause:
    """Why a row does not count.

    Args:
        kind: what it lacks.
        column: in which column; empty for a model's answer.
    """

    kind: Kind
    column: str

    def as_json(self) -> dict[str, str]:
        """The cause as it stands in a report."""
        return {"cause": self.kind, "column": self.column}


class Part(NamedTuple):
    """What is known of a row that lacks something.

    Args:
        lacks: what it lacks.
        levels: its compared features, those that it has.
        got, due: its decision and its outcome: 1 favourable, 0 not, -1 none.
    """

    lacks: frozenset[Cause]
    levels: frozenset[tuple[str, str]]
    got: int
    due: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a block of rows.

    Args:
        features: compared feature → the levels of the rows.
        got, due: decisions and outcomes, as in `Part`.
    """

    features: Mapping[str, Coded]
    got: npt.NDArray[np.int64]
    due: npt.NDArray[np.int64]


@dataclass
class Lacking:
    """How many rows there are, and how many lack which set of things.

    Args:
        rows: all rows.
        sets: set of causes → rows that lack exactly these; rows that lack nothing are not in it.
        watched: the causes that were looked for, in the order in which they are told.
        units: set of causes → the units behind these rows, where rows are not units.
        parts: what is known of the rows that lack something → how many they are.
    """

    rows: int = 0
    sets: Counter[frozenset[Cause]] = field(default_factory=Counter)
    watched: tuple[Cause, ...] = ()
    units: dict[frozenset[Cause], npt.NDArray[np.uint64]] = field(default_factory=dict)
    parts: Counter[Part] = field(default_factory=Counter)

    def add(
        self,
        watched: Sequence[Cause],
        told: Told,
        answers: Mask | None = None,
        times: npt.NDArray[np.int64] | None = None,
        units: npt.NDArray[np.uint64] | None = None,
        seen: Callable[[], Seen] | None = None,
    ) -> None:
        """Count more rows.

        Args:
            watched: the causes to look for; those about columns that are not there are passed over.
            told: the rows.
            answers: which rows the model gave no number for; None without a model.
            times: how many rows each stands for; None for one.
            units: of each row, where units may have several.
            seen: what else is known of the rows; asked only where some row lacks something.
        """
        size = told.rows.num_rows
        self.rows += size if times is None else int(times.sum())
        masks = [(cause, _lacks(cause, told, answers)) for cause in watched]
        found = [(cause, mask) for cause, mask in masks if mask is not None and mask.any()]
        if not found:
            return
        matrix = np.column_stack([mask for _, mask in found])
        some: Mask = np.asarray(matrix.any(axis=1))
        packed = np.packbits(matrix[some], axis=1)
        keys = np.ascontiguousarray(packed).view(f"V{packed.shape[1]}").ravel()
        _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
        weights = None if times is None else times[some]
        counts = np.bincount(inverse, weights=weights, minlength=len(first)).astype(np.int64)
        for place, count in zip(first.tolist(), counts.tolist(), strict=True):
            lacking = matrix[some][place]
            gone = frozenset(c for (c, _), one in zip(found, lacking, strict=True) if one)
            self.sets[gone] += count
            if units is not None:
                same = (matrix[some] == lacking).all(axis=1)
                before = self.units.get(gone, np.empty(0, dtype=np.uint64))
                self.units[gone] = np.union1d(before, units[some][same])
        if seen is not None:
            gone_of = [
                frozenset(c for (c, _), one in zip(found, matrix[some][place], strict=True) if one)
                for place in first.tolist()
            ]
            self._take(gone_of, inverse, seen(), some, None if times is None else times[some])

    def _take(
        self,
        gone: Sequence[frozenset[Cause]],
        which: npt.NDArray[np.intp],
        seen: Seen,
        some: Mask,
        times: npt.NDArray[np.int64] | None,
    ) -> None:
        """Count what is known of the rows that lack something, each kind once."""
        names = list(seen.features)
        table = np.column_stack(
            [which, seen.got[some], seen.due[some], *(seen.features[n].codes[some] for n in names)]
        )
        kinds, inverse = np.unique(table, axis=0, return_inverse=True)
        counts = np.bincount(inverse.ravel(), weights=times, minlength=len(kinds))
        for (at, got, due, *codes), count in zip(kinds.tolist(), counts.tolist(), strict=True):
            levels = frozenset(
                (name, seen.features[name].names[code])
                for name, code in zip(names, codes, strict=True)
                if code >= 0
            )
            self.parts[Part(gone[at], levels, got, due)] += int(count)

    def plus(self, other: "Lacking") -> "Lacking":
        """Both together."""
        units = dict(self.units)
        for gone, own in other.units.items():
            units[gone] = np.union1d(units.get(gone, np.empty(0, dtype=np.uint64)), own)
        watched = self.watched or other.watched
        return Lacking(
            self.rows + other.rows,
            self.sets + other.sets,
            watched,
            units,
            self.parts + other.parts,
        )

    def number(self, cause: Cause | None, but_not: Iterable[Cause] = ()) -> int:
        """How many rows lack this, and none of those.

        Args:
            cause: None for any row.
            but_not: what they do not lack.
        """
        without = frozenset(but_not)
        gone = [count for lacking, count in self.sets.items() if without & lacking]
        if cause is None:
            return self.rows - sum(gone)
        return sum(
            count
            for lacking, count in self.sets.items()
            if cause in lacking and not without & lacking
        )

    @property
    def causes(self) -> frozenset[Cause]:
        """Every cause that occurs."""
        return frozenset(cause for lacking in self.sets for cause in lacking)


def _lacks(cause: Cause, told: Told, answers: Mask | None) -> Mask | None:
    """Which rows lack what a cause names; None where nobody can say, or none does."""
    if cause.kind == "no_answer":
        return answers
    if cause.column not in told.rows.schema.names:
        return None
    if cause.kind == "neither":
        other = told.neither.get(cause.column)
        return None if other is None else _array(other)
    column = told.rows[cause.column]
    if cause.kind == "missing":
        return _missing(column, told.neither.get(cause.column))
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        return None
    zero = pa.scalar(0, column.type)
    bad = pc.less_equal(column, zero) if cause.kind == "not_positive" else pc.equal(column, zero)
    return _array(pc.fill_null(bad, False))


def _missing(column: Any, neither: Any) -> Mask | None:
    real = pa.types.is_floating(column.type)
    if not real and not column.null_count:
        return None
    gone = _array(pc.is_null(column, nan_is_null=real))
    return gone if neither is None else gone & ~_array(neither)


def _array(mask: Any) -> Mask:
    found: Mask = np.asarray(mask.to_numpy(zero_copy_only=False)
                             if isinstance(mask, pa.Array) else mask.to_numpy(), dtype=np.bool_)  # fmt: skip
    return found
