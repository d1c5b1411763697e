"""Weights of rows: what may be one, exact sums of them, and the design effect they cause.

A weight says how many people of the frame a row stands for. Rates are then ratios of weighted
sums, and their variance is the linearised one over units (Kish 1965; Särndal, Swensson and Wretman
1992, 5.6), so every count of people stays what it was: a number of rows. Weights are fixed-point
integers, so their sums do not depend on shards or order.
"""

import math
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from registry.errors import Invalid, Reason
from registry.language import Text

SCALE = 10**6
"""Fixed-point units per one."""
MOST = 10**6

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_POSITIVE = Text("权重应是不小于 0 的数，缺失也不行。", "Give every row a weight of 0 or more.")
_SCALED = Text("请把全部权重除以同一个数。", "Divide all weights by one number.")
_SOME = Text("至少要有一行的权重大于 0。", "Give at least one row a weight above 0.")


class WeightsUnfit(Invalid):
    """The column of weights holds what can't be one: correct every listed item."""


def fixed(column: pa.ChunkedArray | pa.Array, name: str, *, first: int = 0) -> Integers:
    """Weights as fixed-point integers.

    Args:
        column: the weights.
        name: of the column.
        first: the number of the first row, for the message.

    Raises:
        WeightsUnfit: for a missing, negative, infinite or too large weight.
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    filled = pc.fill_null(column.cast(pa.float64()), math.nan)
    values: Floats = filled.to_numpy(zero_copy_only=False)
    bad = ~(values >= 0) | np.isinf(values)
    if bad.any():
        row, count = int(np.argmax(bad)), int(bad.sum())
        said = Text(
            f"第 {first + row + 1} 行的权重是 {values[row]:g}（缺失记作 nan）；"
            f"这一批里共有 {count} 行不能用。",
            f"Row {first + row + 1} has the weight {values[row]:g} (missing is nan); {count} rows "
            "of its block cannot be used.",
        )
        raise _unfit(Reason(name, said, _POSITIVE))
    if values.size and values.max() > MOST:
        said = Text(f"有超过 {MOST:,} 的权重。", f"A weight exceeds {MOST:,}.")
        raise _unfit(Reason(name, said, _SCALED))
    found: Integers = np.rint(values * SCALE).astype(np.int64)
    return found


def check_some(total: int, name: str) -> None:
    """See that not all weights are zero.

    Raises:
        WeightsUnfit: when they are.
    """
    if total == 0:
        said = Text("全部权重都是 0。", "All weights are 0.")
        raise _unfit(Reason(name, said, _SOME))


def squares(weights: Integers) -> Integers:
    """The squares of fixed-point weights, in the same fixed point: a pure function of each row's."""
    plain = weights / SCALE
    found: Integers = np.rint(plain * plain * SCALE).astype(np.int64)
    return found


def row_variance(mass: tuple[int, int], square: tuple[int, int], rows: int) -> float:
    """The linearised variance of a weighted rate whose rows are the units.

    Args:
        mass: weighted counts, of those who count and of all.
        square: sums of squared weights, likewise.
        rows: how many rows.
    """
    k, n = mass[0] / SCALE, mass[1] / SCALE
    k2, n2 = square[0] / SCALE, square[1] / SCALE
    rate = k / n
    return rows / max(1, rows - 1) * (k2 * (1 - rate) ** 2 + (n2 - k2) * rate**2) / n**2


def unit_variance(k: Floats, n: Floats) -> float:
    """The linearised variance of a rate from weighted sums per unit; order leaves no trace."""
    units, rate = len(n), k.sum() / n.sum()
    gaps = np.sort(k - rate * n)
    return units / max(1, units - 1) * float((gaps**2).sum()) / float(n.sum()) ** 2


def kish(sizes: Floats) -> float:
    """How many units of equal size say as much as these (Kish 1965, 11.7); order leaves no trace."""
    squared = float((np.sort(sizes) ** 2).sum())
    return float(sizes.sum()) ** 2 / squared if squared else 0.0


def enough(sides: Iterable[float | None], least: int) -> bool:
    """Whether every side has so many units of equal weight, to the decimal that sentences give.

    One rule for every probe, of counts and of effective numbers alike: a group that is one heavy
    row or one person of thousands of rows has as few people as that says (judging.md, Units).

    Args:
        sides: Kish's effective number of each side; a side that is None is not there.
        least: the fewest that are judged.
    """
    return all(round(side, 1) >= least for side in sides if side is not None)


def design_effect(rate: float, variance: float, rows: int, *, kish: float) -> float:
    """The variance over the binomial one of as many rows; at least 1.

    Args:
        rate: the rate.
        variance: its variance.
        rows: how many rows.
        kish: the factor by which unequal weights or sizes alone shrink the sample (Kish 1965),
            for a rate of 0 or 1, whose variance says nothing.
    """
    if not 0 < rate < 1:
        return max(1.0, kish)
    return max(1.0, variance * rows / (rate * (1 - rate)))


def _unfit(reason: Reason) -> WeightsUnfit:
    return WeightsUnfit(
        "数据里的权重列不能用，请改正后重新登记数据。",
        "The column of weights cannot be used; correct it and register the data again.",
        reasons=[reason],
    )
