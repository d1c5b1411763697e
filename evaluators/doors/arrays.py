"""Columns in memory, as NumPy and pandas hold them, as the table that a file would give."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from registry import tables
from registry.errors import Invalid


class NotForATable(Invalid):
    """A column holds what no table of the register may hold: make it numbers, text, …"""


def arrow(columns: Mapping[str, Any]) -> pa.Table:
    """Columns as a table of the register's own types, as a file would give them.

    Raises:
        NotForATable: when a column is of a type that a table may not hold.
    """
    made: dict[str, pa.Array] = {}
    for name, values in columns.items():
        plain = values.to_numpy() if isinstance(values, pd.Series) else np.asarray(values)
        if isinstance(values, pd.Series) and isinstance(values.dtype, pd.CategoricalDtype):
            plain = values.astype(object).to_numpy()
        array = pa.array(plain, from_pandas=True)
        array = array.cast(pa.string()) if pa.types.is_null(array.type) else array
        kind = tables.kind_of(array.type)
        if kind is None:
            raise NotForATable(
                f"列“{name}”的类型 {array.type} 不能使用。请改成数、文字、真假或时间。",
                f"The column {name!r} is of type {array.type}. Make it numbers, text, booleans or times.",
            )
        try:
            made[name] = tables.typed(array, kind)
        except pa.ArrowInvalid as lost:
            raise NotForATable(
                f"列“{name}”里有表里放不下的值：时间细到微秒以下，或整数超出 64 位。请先取整到微秒，或改成数。",
                f"The column {name!r} holds values that no table takes: times finer than "
                "microseconds, or integers beyond 64 bits. Round the times, or make it numbers.",
            ) from lost
    return pa.table(made)
