"""What goes into an ONNX model, and which of its outputs is the answer."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from registry.sandbox.child.answer import shares_of_one, table_of
from registry.sandbox.child.classes import named
from registry.sandbox.child.refusal import NotOpened

if TYPE_CHECKING:
    import pandas as pd

_TENSOR_TYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(bool)": "bool",
    "tensor(string)": "object",
}


def tensors(wanted: Any, frame: "pd.DataFrame") -> dict[str, Any]:
    """The model's inputs from a frame: one takes the whole of it, several a column each.

    Args:
        wanted: the session's inputs: name, type and shape of each.
        frame: the columns in the order of the signature.

    Raises:
        NotOpened: names the columns that would become other values in the type of their tensor
            (`no_tensor`): a missing value has no whole number, 1.7 is not 1, a word is no number.
    """
    whole = len(wanted) == 1
    fed = {place.name: list(frame.columns) if whole else [place.name] for place in wanted}
    unfit = [
        str(name)
        for place in wanted
        for name in fed[place.name]
        if not _fits(frame[name], _TENSOR_TYPES[place.type])
    ]
    if unfit:
        types = {place.name: place.type for place in wanted}
        raise NotOpened("no_tensor", f"{unfit} for {types}"[:300], unfit[:20])
    return {place.name: _shaped(frame[fed[place.name]], place, whole=whole) for place in wanted}


def _fits(column: "pd.Series[Any]", kind: str) -> bool:
    """Whether each value of a column is one of the tensor's type, and stays what it is.

    A double goes into a tensor of singles as its nearest, as MLflow's own reading puts it.
    """
    import numpy as np

    if kind == "object":
        words = column.dropna().map(lambda value: isinstance(value, str))
        return column.dtype.kind == "O" and bool(words.all())
    if kind in {"float32", "float64"}:
        return column.dtype.kind in "biuf"
    if column.dtype.kind not in "biuf" or column.isna().any():
        return False
    given = column.to_numpy()
    if kind == "bool":
        return bool(np.isin(given, (0, 1)).all())
    if given.dtype.kind == "b":
        return True
    # A float holds both ends of a type's range exactly where the upper one is left out.
    within = (given >= np.iinfo(kind).min) & (given < -float(np.iinfo(kind).min))
    return bool(within.all() and (given == np.trunc(given)).all())


def _shaped(columns: "pd.DataFrame", place: Any, *, whole: bool) -> Any:
    """The tensor of some columns, each converted by itself: beside another it may be an object."""
    import numpy as np

    kind = _TENSOR_TYPES[place.type]
    each = [columns[name].to_numpy().astype(kind) for name in columns.columns]
    values = np.stack(each, axis=1)
    flat = len(place.shape) == 1
    return values.ravel() if flat else values if whole else values.reshape(-1, 1)


def chosen(outputs: Mapping[str, Any], *, label: bool) -> Any:
    """The answer among a model's outputs.

    It is the only one, the label where one is asked, else the only one that holds probabilities.

    Args:
        outputs: name → tensor, or one dictionary per row (scikit-learn's converter makes these).
        label: whether the class is asked, not the probabilities.

    Raises:
        NotOpened: when it cannot be told which output is the answer (`several_outputs`), or to
            which class each of its columns belongs (`whose_probability`).
    """
    if len(outputs) == 1:
        return _named(next(iter(outputs.values())))
    labels = [output for output in outputs.values() if _names_classes(output)]
    if label and len(labels) == 1:
        return labels[0]
    likely = [output for output in outputs.values() if _probabilities(output)]
    if len(likely) == 1:
        if labels and not isinstance(likely[0], list):
            _require_numbered(labels[0], likely[0].shape[1])
        return _named(likely[0])
    raise NotOpened("several_outputs", f"outputs {list(outputs)}"[:300], list(outputs)[:20])


def _named(output: Any) -> Any:
    """Dictionaries as a data frame, whose columns are the classes."""
    if not isinstance(output, list):
        return output
    import pandas as pd

    values, names = table_of(output)
    return pd.DataFrame(values, columns=names)


def _names_classes(output: Any) -> bool:
    """Whether an output is one word or whole number per row."""
    return not isinstance(output, list) and output.ndim == 1 and output.dtype.kind in "iuOUS"


def _require_numbered(labels: Any, columns: int) -> None:
    """See that columns without names belong to classes 0, 1, 2 …: others have an order of their own."""
    import numpy as np

    seen = sorted({named(label) for label in np.unique(labels).tolist()})
    if not set(seen) <= {str(number) for number in range(columns)}:
        raise NotOpened("whose_probability", f"classes {seen}"[:300], seen[:20])


def _probabilities(output: Any) -> bool:
    values, _ = table_of(output)
    return values.ndim == 2 and values.shape[1] > 1 and shares_of_one(values)
