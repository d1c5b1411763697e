"""Fixed effects taken out of columns: what is left within the groups of one effect or of several.

One effect is exact: its group means. Two are solved directly, by eliminating the larger one and
solving for the smaller (the normal equations of Abowd, Creecy and Kramarz 2002), and checked by
sweeps; more are swept in turn until nothing moves (alternating projections: Guimarães and
Portugal 2010).
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

_SWEEPS = 10_000
_SETTLED = 1e-12
_SMALLER = 500  # levels of the smaller of two effects that are solved for at once
_TABLE = 8_000_000  # cells of the table of two effects


class FixedEffects:
    """The levels of one or several fixed effects, and the columns cleared of them so far.

    A column is recognised by its array, so that the steps of a ladder share the work.

    Args:
        codes: integer codes from 0, one array per effect.
        weights: one per row, or None.
    """

    def __init__(self, codes: Sequence[Codes], weights: Floats | None = None) -> None:
        self.codes, self.weights = tuple(codes), weights
        self.totals = [np.bincount(own, weights).astype(np.float64) for own in self.codes]
        self._safe = [np.where(total > 0, total, 1.0) for total in self.totals]
        self._held: dict[int, tuple[Floats, Floats, float]] = {}

    @property
    def absorbed(self) -> int:
        """Coefficients used up: all levels of the first effect, all but one of each further."""
        levels = [int(np.count_nonzero(total)) for total in self.totals]
        return sum(levels) - (len(levels) - 1)

    def held(self, column: Floats) -> tuple[Floats, float]:
        """A column cleared, and the (weighted) sum of squares it had; kept for the next time."""
        found = self._held.get(id(column))
        if found is None:
            weighted = column if self.weights is None else column * self.weights
            found = (column, self.clear(column), float(weighted @ column))
            self._held[id(column)] = found
        return found[1], found[2]

    def clear(self, column: Floats) -> Floats:
        """One column without the effects."""
        left = np.array(column, dtype=np.float64)
        if self._pair is not None:
            self._solve(left)
        scale = 1.0 if len(self.codes) == 1 else float(np.sqrt((column @ column) / len(column)))
        for _ in range(_SWEEPS):
            moved = 0.0
            for place, codes in enumerate(self.codes):
                means = self._means(left, place)
                left -= np.take(means, codes)
                moved = max(moved, float(np.abs(means).max(initial=0.0)))
            if len(self.codes) == 1 or moved <= _SETTLED * scale:
                break
        return left

    def _means(self, column: Floats, place: int) -> Floats:
        weighted = column if self.weights is None else column * self.weights
        sums = np.bincount(self.codes[place], weighted, len(self.totals[place]))
        return np.asarray(sums / self._safe[place], dtype=np.float64)

    @cached_property
    def _pair(self) -> tuple[int, int, Floats, Floats] | None:
        """The larger and the smaller of two effects, their table, and the inverse for the smaller."""
        if len(self.codes) != 2:
            return None
        large, small = (0, 1) if len(self.totals[0]) >= len(self.totals[1]) else (1, 0)
        rows, columns = len(self.totals[large]), len(self.totals[small])
        if columns > _SMALLER or rows * columns > _TABLE:
            return None
        joint = self.codes[large] * columns + self.codes[small]
        table = np.bincount(joint, self.weights, rows * columns).reshape(rows, columns)
        crossed = np.diag(self.totals[small]) - table.T @ (table / self._safe[large][:, None])
        inverse = np.linalg.pinv(crossed, rcond=1e-10, hermitian=True)
        return large, small, table.astype(np.float64), inverse.astype(np.float64)

    def _solve(self, left: Floats) -> None:
        if self._pair is None:
            return
        large, small, table, inverse = self._pair
        weighted = left if self.weights is None else left * self.weights
        by_large = np.bincount(self.codes[large], weighted, len(self.totals[large]))
        by_small = np.bincount(self.codes[small], weighted, len(self.totals[small]))
        second = inverse @ (by_small - table.T @ (by_large / self._safe[large]))
        first = (by_large - table @ second) / self._safe[large]
        left -= np.take(first, self.codes[large])
        left -= np.take(second, self.codes[small])


def absorb(values: Floats, effects: Sequence[Codes], weights: Floats | None = None) -> Floats:
    """Take fixed effects out of one column or of several.

    Args:
        values: rows, or rows × columns.
        effects: integer codes from 0, one array per fixed effect.
        weights: one per row.
    """
    if not effects:
        return np.array(values, dtype=np.float64)
    taken = FixedEffects(effects, weights)
    if values.ndim == 1:
        return taken.clear(values)
    found = np.empty(values.shape, order="F")
    for place in range(values.shape[1]):
        found[:, place] = taken.clear(np.ascontiguousarray(values[:, place]))
    return found


class Cells:
    """The crossed cells of all effects: what is constant within cells is swept in them alone.

    Args:
        codes: the cell of each row, from 0, every cell with rows.
        effects: the effects' codes.
        weights: one per row, or None.
    """

    def __init__(
        self, codes: Codes, effects: Sequence[Codes], weights: Floats | None = None
    ) -> None:
        self.codes = codes
        self.totals = np.bincount(codes, weights).astype(np.float64)
        self._effects: list[Codes] = []
        if len(effects) > 1:
            for effect in effects:
                own = np.zeros(len(self.totals), dtype=np.int64)
                own[codes] = effect
                self._effects.append(own)

    def explained(self, sums: Floats) -> Floats:
        """What the effects explain in each cell.

        Args:
            sums: the (weighted) sums of some columns in each cell: cells × columns.
        """
        means = sums / self.totals[:, None]
        if not self._effects:
            return np.asarray(means, dtype=np.float64)
        return np.asarray(means - absorb(means, self._effects, self.totals), dtype=np.float64)
