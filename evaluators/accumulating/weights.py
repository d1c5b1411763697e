"""Weights of rows: what may be one, exact sums of them, and the design effect they cause.

A weight says how many people of the frame a row stands for. Rates are then ratios of weighted
sums, and their variance is the linearised one over units (Kish 1965; Särndal, Swensson and Wretman
1992, 5.6), so every count of people stays what it was: a number of rows. Only the ratios of weights
matter: they and their squares are added up exactly, as the whole numbers of a fixed power of two
that floats are, and divided by one another before they are rounded. So neither the scale of the
weights nor shards nor order leave a trace.
"""

import math
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from registry.errors import Invalid, Reason
from registry.language import Text

LEAST, MOST = 1e-30, 1e30
"""The smallest and the largest weight besides 0: sums of squares stay whole numbers of some 400 bits."""
_MANTISSA = 53
_LOWEST = math.frexp(LEAST)[1]
_LOW = 27
UNIT = 1 << (_MANTISSA - _LOWEST)
"""Exact sums of weights count so many to the one; those of squares its square."""

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_POSITIVE = Text("权重应是不小于 0 的数，缺失也不行。", "Give every row a weight of 0 or more.")
_SCALED = Text(
    "只有权重之间的比例起作用：请把全部权重乘以同一个数；不该计入的行，权重写 0。",
    "Only the ratios of weights matter: multiply all of them by one number; give rows that do not "
    "count a weight of 0.",
)
_SOME = Text("至少要有一行的权重大于 0。", "Give at least one row a weight above 0.")


class WeightsUnfit(Invalid):
    """The column of weights holds what can't be one: correct every listed item."""


def read(column: pa.ChunkedArray | pa.Array, name: str, *, first: int = 0) -> Floats:
    """Weights as numbers, each fit to be one.

    Args:
        column: the weights.
        name: of the column.
        first: the number of the first row, for the message.

    Raises:
        WeightsUnfit: for a missing, negative, infinite, too small or too large weight.
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    filled = pc.fill_null(column.cast(pa.float64()), math.nan)
    values: Floats = filled.to_numpy(zero_copy_only=False)
    _refuse(~(values >= 0) | np.isinf(values), values, (name, first), _POSITIVE)
    _refuse((values > MOST) | ((values > 0) & (values < LEAST)), values, (name, first), _SCALED)
    return values


def _refuse(
    bad: npt.NDArray[np.bool_], values: Floats, where: tuple[str, int], remedy: Text
) -> None:
    if not bad.any():
        return
    (name, first), row, count = where, int(np.argmax(bad)), int(bad.sum())
    said = Text(
        f"第 {first + row + 1} 行的权重是 {values[row]:g}（缺失记作 nan）；"
        f"这一批里共有 {count} 行不能用。",
        f"Row {first + row + 1} has the weight {values[row]:g} (missing is nan); {count} rows "
        "of its block cannot be used.",
    )
    if remedy is _SCALED:
        limits = Text(
            f"除 0 以外，权重要在 {LEAST:g} 与 {MOST:g} 之间。",
            f"Besides 0, weights lie between {LEAST:g} and {MOST:g}.",
        )
        said = Text(said.zh + limits.zh, f"{said.en} {limits.en}")
    raise _unfit(Reason(name, said, remedy))


def check_some(rows: int, name: str) -> None:
    """See that not all weights are zero.

    Args:
        rows: how many rows weigh more than 0.
        name: of the column.

    Raises:
        WeightsUnfit: when they are.
    """
    if rows == 0:
        said = Text("全部权重都是 0。", "All weights are 0.")
        raise _unfit(Reason(name, said, _SOME))


def parts(own: Floats) -> tuple[Integers, tuple[Integers, Integers, Integers, Integers]]:
    """Weights and their squares as whole numbers that can be added up without a loss.

    A weight is a whole number of 53 bits times a power of two. Sums of those with the same power
    are exact; `joined` makes one number of them.

    Args:
        own: one weight per row.

    Returns:
        The power of each row, and its whole number and the three parts of that number's square.
    """
    fraction, exponent = np.frexp(own)
    whole = (fraction * 2.0**_MANTISSA).astype(np.int64)
    high, low = whole >> _LOW, whole & ((1 << _LOW) - 1)
    powers = np.where(own > 0, exponent.astype(np.int64) - _LOWEST, 0)
    return powers, (whole, high * high, high * low, low * low)


def joined(power: int, sums: Sequence[int]) -> tuple[int, ...]:
    """Sums over rows of one power as sums in `UNIT`s.

    Args:
        power: of the rows.
        sums: of their whole numbers and, where they are asked for, of the three parts of squares.

    Returns:
        The sum of the weights in `UNIT`s, and that of their squares in `UNIT`s squared.
    """
    mass = sums[0] << power
    if len(sums) == 1:
        return (mass,)
    high, middle, low = sums[1:]
    square = (high << 2 * _LOW) + (middle << _LOW + 1) + low
    return mass, square << 2 * power


def row_variance(mass: tuple[int, int], square: tuple[int, int], rows: int) -> float:
    """The linearised variance of a weighted rate whose rows are the units.

    Args:
        mass: weighted counts, of those who count and of all, in `UNIT`s.
        square: sums of squared weights, likewise, in `UNIT`s squared.
        rows: how many rows.
    """
    rate, whole = mass[0] / mass[1], mass[1] ** 2
    favoured, others = square[0] / whole, (square[1] - square[0]) / whole
    return rows / max(1, rows - 1) * (favoured * (1 - rate) ** 2 + others * rate**2)


def row_kish(mass: int, square: int) -> float:
    """Kish's effective number of rows, from the exact sums of weights and of their squares."""
    return mass**2 / square


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
