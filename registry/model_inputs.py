"""What goes into a model: its declared columns, in their order and types, and nothing else."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from registry import characters
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


def words(inputs: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The columns that the model takes as text: they are read from a file as they stand there.

    Args:
        inputs: a list of {name, type}.
    """
    return frozenset(str(each["name"]) for each in inputs if each["type"] == "string")


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
        column = _decoded(frame.column(field.name))
        if column.null_count < len(column) and _changes(column.type, field.type):
            said = _OTHER.format(held=column.type, taken=field.type)
            reasons.append(Reason(field.name, said, _STORE))
            continue
        try:
            columns.append(column.cast(field.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            said = _NOT_SO.format(value=_unfit(column, field.type), taken=field.type)
            numbers = pa.types.is_integer(field.type) or pa.types.is_floating(field.type)
            reasons.append(Reason(field.name, said, _NUMBERS if numbers else _STORE))
    if reasons:
        raise WrongFrame(
            "数据缺少模型所需的列，或类型不符。",
            "The data lack columns that the model takes, or hold another type.",
            reasons=reasons,
        )
    return pa.Table.from_arrays(columns, schema=wanted)


def _unfit(column: pa.ChunkedArray, taken: pa.DataType) -> str:
    """The first value that cannot be given as the type that the model takes."""
    for value in column.unique():
        try:
            value.cast(taken)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return characters.visible(str(value))
    return str(column.type)


def _decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Dictionary-encoded strings as plain strings: a model meets the same type whatever the file."""
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    return column


def _changes(held: pa.DataType, taken: pa.DataType) -> bool:
    """Whether Arrow would make other values on the way: words of a number, truth of it, a day of it.

    MLflow refuses each. Of the number 1.1 nobody knows whether the model learnt the word 1.10.
    """
    text = pa.types.is_string(held) or pa.types.is_large_string(held)
    if held == taken or (text and pa.types.is_string(taken)):
        return False
    if pa.types.is_temporal(taken):
        return not (text or pa.types.is_temporal(held))
    given_as_is = pa.types.is_string(taken) or pa.types.is_boolean(taken)
    return bool(given_as_is or pa.types.is_temporal(held))


_OTHER = Text(
    "数据里是 {held}，模型要的是 {taken}：转换会把值变成另一个",
    "the data hold {held}, the model takes {taken}: to convert it would make other values of them",
)
_STORE = Text(
    "请把数据里这一列存成模型所声明的类型（文字照训练时的写法），或按数据的类型训练并保存模型",
    "store this column of the data in the type that the model declares (words as they were in "
    "training), or train and save the model with the type of the data",
)
_NOT_SO = Text(
    "有的值不能当作 {taken}，例如“{value}”",
    "it holds values that are no {taken}, such as '{value}'",
)
_NUMBERS = Text(
    "请把这一列换成模型所声明的那种数：去掉单位和文字，再用 pd.to_numeric 转换；声明为整数的不能有小数，也不能太大",
    "turn the column into numbers of the type that the model declares: remove units and words, then "
    "convert it with pd.to_numeric; a whole number has no fraction and must not be too large",
)
_MISSING = Text("数据中没有这一列", "the data have no such column")
_ADD = Text("请补上该列，类型与模型声明一致", "add the column, of the type the model declares")
