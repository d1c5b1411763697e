"""What a model answered to a block of rows: a table of values, and the real numbers in it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from registry.sandbox.child.refusal import NotOpened

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SINGLE = 1e-3  # how far probabilities in single precision may miss one
MOST = 20
"""How many rows or types a refusal names."""


def table_of(answer: Any) -> "tuple[npt.NDArray[Any], Sequence[Any] | None]":
    """The answer as an array, and the names of its columns where it has any."""
    import numpy as np

    if isinstance(answer, list) and answer and isinstance(answer[0], Mapping):
        labels = list(answer[0])
        return np.array([[row[label] for label in labels] for row in answer]), labels
    columns = getattr(answer, "columns", None)
    if isinstance(answer, np.ma.MaskedArray) and answer.mask.any():
        given = answer.data.astype(object)
        given[answer.mask] = None  # what is masked is no answer
        return given, None
    given = np.asarray(answer)
    return given, None if columns is None else list(columns)


def floats(values: "npt.NDArray[Any]") -> "npt.NDArray[np.float64]":
    """Values as float64; what says that there is none (None, pandas' NA) as NaN.

    Complex numbers, dates and spans of time are none: as floats they would lose a part, or be
    counted from a day that nobody named.

    Args:
        values: an array of any shape, as `table_of` gave it.

    Raises:
        NotOpened: names the types that are no real numbers (`no_numbers`); or there are words in
            it that mean no number (`wrong_shape`).
    """
    import numpy as np

    if values.dtype.kind in "biuf":
        return values.astype(np.float64, copy=False)
    strange = {values.dtype.name} if values.dtype.kind in "cmMV" else set()
    if values.dtype.kind == "O":
        strange = {kind.__name__ for kind in set(map(type, values.flat)) if not _is_real(kind)}
    if strange:
        raise NotOpened("no_numbers", f"answers of type {strange}"[:300], sorted(strange)[:MOST])
    if values.dtype.kind == "O":
        values = np.where(missing(values), np.nan, values)
    try:
        return values.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise NotOpened("wrong_shape", f"answers of type {values.dtype}") from error


def _is_real(kind: type) -> bool:
    """Whether values of a type are real numbers, or texts that may mean one, or blanks."""
    import numpy as np

    real = int | float | Decimal | Fraction | np.integer | np.floating | np.bool_
    span = issubclass(kind, np.timedelta64)  # NumPy counts it among the integers
    return (issubclass(kind, real | str | bytes) and not span) or _is_blank(kind)


def _is_blank(kind: type) -> bool:
    """Whether values of a type say that there is none."""
    return kind.__name__ in {"NoneType", "NAType"}


def missing(values: "npt.NDArray[Any]") -> "npt.NDArray[np.bool_]":
    """Which of some values say that there is none: None, NaN, pandas' NA."""
    import numpy as np

    if values.dtype.kind != "O":
        return np.isnan(values) if values.dtype.kind == "f" else np.zeros(values.shape, np.bool_)
    found = [_is_blank(type(each)) or each != each for each in values.flat]  # noqa: PLR0124  # NaN
    return np.array(found, np.bool_).reshape(values.shape)


def require_finite(numbers: "npt.NDArray[np.float64]", start: int) -> None:
    """See that every row of a block has an answer.

    Args:
        numbers: one per row.
        start: the place of the block's first row.

    Raises:
        NotOpened: names rows whose answer is missing or infinite (`non_finite`), counted from 1.
    """
    import numpy as np

    gone = np.flatnonzero(~np.isfinite(numbers))
    if gone.size:
        rows = [f"row {start + int(place) + 1}" for place in gone[:MOST]]
        raise NotOpened("non_finite", f"{gone.size} rows without a number: {rows}"[:300], rows)


def shares_of_one(values: "npt.NDArray[Any]") -> bool:
    """Whether columns are shares of one, row by row, as far as single precision tells.

    Raises:
        NotOpened: when they are no real numbers, as for `floats`.
    """
    import numpy as np

    try:
        shares = floats(values)
    except NotOpened as words:
        if words.cause != "wrong_shape":
            raise
        return False
    sums = shares.sum(axis=1)
    known = ~np.isnan(sums)
    within = (shares[known] >= -SINGLE) & (shares[known] <= 1 + SINGLE)
    return bool(within.all() and (np.abs(sums[known] - 1) <= SINGLE).all())
