"""The columns of a batch as plain arrays: real numbers, or names of levels."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from evaluators.accumulating.accumulators import coded, numbers
from evaluators.accumulating.levels import level_name

Floats = npt.NDArray[np.float64]


def is_number(column: pa.Array) -> bool:
    """Whether a column holds numbers."""
    kind = column.type
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def real(column: pa.Array) -> Floats:
    """A column as reals; what is no number is missing, and so is infinity."""
    if is_number(column):
        found = numbers(column)
    elif pa.types.is_boolean(column.type):
        found = numbers(column.cast(pa.int8()))
    else:
        names = coded(column)
        levels = np.array([*(_float(name) for name in names.names), np.nan])
        found = levels[names.codes]
    return np.where(np.isfinite(found), found, np.nan)


def names(column: pa.Array) -> npt.NDArray[Any]:
    """A column as names of levels; a missing value is the empty name."""
    found = coded(pc.cast(column, pa.string()) if pa.types.is_null(column.type) else column)
    return np.array([*found.names, ""], dtype=str)[found.codes]


def is_level(column: pa.Array, level: Any) -> npt.NDArray[np.int64]:
    """1 where a column has this level, 0 where it has another, −1 where it is missing."""
    found, wanted = coded(column), level_name(level)
    place = found.names.index(wanted) if wanted in found.names else -2
    return np.where(found.codes < 0, -1, (found.codes == place).astype(np.int64))


def _float(name: str) -> float:
    try:
        return float(name)
    except ValueError:
        return float("nan")
