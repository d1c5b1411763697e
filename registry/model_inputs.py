"""What goes into a model: its declared columns, in their order and types, and nothing else."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from registry.errors import Invalid, Reason
from registry.language import Text

ARROW: dict[str, pa.DataType] = {
    "boolean": pa.bool_(),
    "integer": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "string": pa.string(),
    "datetime": pa.timestamp("ns"),
}
"""MLflow's word for the type of a column → the type it is given as."""


class WrongFrame(Invalid):
    """The frame lacks a column the model takes, or holds values of another type: see reasons."""


def schema(inputs: Sequence[Mapping[str, Any]]) -> pa.Schema:
    """The declared columns as Arrow names them.

    Args:
        inputs: a list of {name, type}.
    """
    return pa.schema([(each["name"], ARROW[each["type"]]) for each in inputs])


def fitted(frame: pa.Table, wanted: pa.Schema) -> pa.Table:
    """Only the model's columns, in its order and types.

    Args:
        frame: the rows, with any columns.
        wanted: the columns of the model.

    Raises:
        WrongFrame: with every column that is missing or of another type.
    """
    missing = [name for name in wanted.names if name not in frame.column_names]
    reasons = [Reason(name, _MISSING, _ADD) for name in missing]
    columns = []
    for field in wanted:
        if field.name in missing:
            continue
        try:
            columns.append(_decoded(frame.column(field.name)).cast(field.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            said = Text(f"无法转换为 {field.type}：{error}", f"no {field.type}: {error}")
            reasons.append(Reason(field.name, said, _ADD))
    if reasons:
        raise WrongFrame(
            "数据缺少模型所需的列，或类型不符。",
            "The data lack columns that the model takes, or hold another type.",
            reasons=reasons,
        )
    return pa.Table.from_arrays(columns, schema=wanted)


def _decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Dictionary-encoded strings as plain strings: a model meets the same type whatever the file."""
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    return column


_MISSING = Text("数据中没有这一列", "the data have no such column")
_ADD = Text("请补上该列，类型与模型声明一致", "add the column, of the type the model declares")
