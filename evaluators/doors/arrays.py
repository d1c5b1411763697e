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
        made[name] = tables.typed(array, kind)
    return pa.table(made)
