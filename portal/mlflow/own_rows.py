"""The rows of a user's own data frame, as a function in MLflow is given them.

A table of the register knows five types and one missing value; a data frame has many of both, and a
function counts on them: `uint8` wraps, `category` has codes, `Int64` has `pd.NA`. What is asked is
therefore given back in the types of the frame it was taken from, missing values included.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api import types

from registry.errors import Invalid, Reason
from registry.language import Text
from registry.sandbox.child import missing_words


class OtherRows(Invalid):
    """Some columns cannot be given to a function as they stand in the data: convert them first."""


class OwnRows:
    """Gives rows of a table the types of the columns that they were taken from.

    Args:
        columns: name → the user's own column; what is no series is taken as one.
        table: the same rows as a table.

    Raises:
        OtherRows: names the columns that do not come through a table as they are.
    """

    def __init__(self, columns: Mapping[str, Any], table: pa.Table) -> None:
        self._own = {name: _Own(pd.Series(each)) for name, each in columns.items()}
        frame = missing_words.frame_of(table.select(list(columns)))
        _require(name for name, own in self._own.items() if not own.is_kept(frame[name]))

    def of(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Rows as the function is given them.

        Args:
            frame: rows of the table; cells may hold other values.

        Raises:
            OtherRows: names the columns whose type cannot hold what is asked.
        """
        made, lost = {}, []
        for name in frame.columns:
            try:
                made[name] = self._own[str(name)].cast(frame[name])
            except (TypeError, ValueError, OverflowError):
                lost.append(str(name))
        _require(lost)
        return pd.DataFrame(made, index=frame.index, columns=frame.columns)


class _Own:
    """One column of the user's: its type, and what is missing in it.

    Args:
        values: the column.
    """

    def __init__(self, values: "pd.Series[Any]") -> None:
        self._values = values.reset_index(drop=True)
        self._dtype = values.dtype
        gone = values[values.isna()]
        self._missing = gone.iloc[0] if len(gone) else np.nan

    def is_kept(self, found: "pd.Series[Any]") -> bool:
        """Whether all of it comes back out of a table, to the last bit."""
        try:
            made = self.cast(found)
        except (TypeError, ValueError, OverflowError):
            return False
        if not made.equals(self._values) or made.dtype != self._dtype:
            return False
        pairs = zip(made, self._values, strict=True)
        of_objects = types.is_object_dtype(self._dtype)
        return not of_objects or all(type(one) is type(other) for one, other in pairs)

    def cast(self, values: "pd.Series[Any]") -> "pd.Series[Any]":
        """Values in the column's own type.

        Raises:
            TypeError, ValueError, OverflowError: when it cannot hold them.
        """
        if types.is_object_dtype(self._dtype):
            held = values.astype(object).to_numpy(copy=True)
            held[values.isna().to_numpy()] = self._missing
            return pd.Series(held, index=values.index, dtype=object)
        if types.is_integer_dtype(self._dtype):
            self._require_whole(values)
        if isinstance(self._dtype, pd.CategoricalDtype):
            _require_levels(values, self._dtype.categories)
        return values.astype(self._dtype)

    def _require_whole(self, values: "pd.Series[Any]") -> None:
        """See that integers of this size hold the values: NumPy would cut them off, or wrap."""
        limits = np.iinfo(getattr(self._dtype, "numpy_dtype", self._dtype))
        held = values.dropna()
        if len(held) and (held.min() < limits.min or held.max() > limits.max or (held % 1).any()):
            raise ValueError("a value is beyond the column's type")


def _require_levels(values: "pd.Series[Any]", levels: "pd.Index[Any]") -> None:
    """See that values are levels of a category: pandas makes missing values of others."""
    if not values.dropna().isin(levels).all():
        raise ValueError("a value is no level of the column's")


def _require(lost: Any) -> None:
    reasons = [Reason(name, _OTHER, _CONVERT) for name in lost]
    if reasons:
        raise OtherRows(
            "有些列不能按数据里的原样交给函数，没有检验。",
            "Some columns cannot be given to the function as they stand in the data; nothing was "
            "tested.",
            reasons=reasons,
        )


_OTHER = Text(
    "这一列的类型（或其中的空值、检验时要问的值）换成明算的表再换回来，就不是原来的值了",
    "in the types of a table, and back, its values (or missing values, or those that the test asks "
    "about) would be others",
)
_CONVERT = Text(
    "请先换成 float64、int64、string、boolean、category 或 datetime64[us]，空值只用一种；或把模型连同 signature "
    "保存到 MLflow，再按地址检验",
    "convert it first to float64, int64, string, boolean, category or datetime64[us], with one kind "
    "of missing value; or log the model in MLflow with its signature, and evaluate that",
)
