"""What goes into an ONNX model, and which of its outputs is the answer."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from registry.sandbox.child.answer import SINGLE, shares_of_one, table_of
from registry.sandbox.child.classes import Classes, named, whose
from registry.sandbox.child.onnx_graph import Graph
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


def chosen(
    outputs: Mapping[str, Any], graph: Graph, rows: int, classes: Classes | None = None
) -> Any:
    """The answer among a model's outputs.

    It is the only one, the label where one is asked, else the only one that holds probabilities,
    by the names of their classes where the model tells them.

    Args:
        outputs: name → tensor, or one dictionary per row (scikit-learn's converter makes these).
        graph: the model's.
        rows: how many were asked.
        classes: how the answers will be read.

    Raises:
        NotOpened: when it cannot be told which output is the answer (`several_outputs`), or to
            which class each of its columns belongs (`whose_probability`).
    """
    if len(outputs) == 1:
        return _named(next(iter(outputs.values())))
    labels = [name for name, output in outputs.items() if _names_classes(output, rows)]
    if classes is not None and classes.favourable is None and len(labels) == 1:
        return outputs[labels[0]].ravel()
    likely = [name for name, output in outputs.items() if _probabilities(output)]
    if len(likely) != 1:
        raise NotOpened("several_outputs", f"outputs {list(outputs)}"[:300], list(outputs)[:20])
    found = outputs[likely[0]]
    if labels and not isinstance(found, list):
        return _labelled(outputs, labels, likely[0], graph, classes)
    return _named(found)


def _labelled(
    outputs: Mapping[str, Any],
    labels: list[str],
    likely: str,
    graph: Graph,
    classes: Classes | None,
) -> Any:
    """Probabilities beside labels, by the names of their classes.

    The file lists them, or the plan; a block's rows may hold only some. What the file does not
    prove is held against each row's label.
    """
    import pandas as pd

    chances = outputs[likely]
    told = {name: graph.listed(name, likely, chances.shape[1]) for name in labels}
    label = next((name for name, listed in told.items() if listed), labels[0])
    if listed := told[label]:
        names = [named(each) for each in listed.names]
        if not listed.proved:
            _require_likeliest(outputs[label], chances, names)
        return pd.DataFrame(chances, columns=names)
    if classes is None:
        raise whose(_seen(outputs[label]))
    if len(classes.names) == chances.shape[1]:  # else it is refused where it is read
        _require_likeliest(outputs[label], chances, classes.columns)
    return chances


def _named(output: Any) -> Any:
    """Dictionaries as a data frame, whose columns are the classes."""
    if not isinstance(output, list):
        return output
    import pandas as pd

    values, names = table_of(output)
    return pd.DataFrame(values, columns=names)


def _names_classes(output: Any, rows: int) -> bool:
    """Whether an output is one word, whole number or truth per row, in whatever shape."""
    return not isinstance(output, list) and output.size == rows and output.dtype.kind in "biuOUS"


def _require_likeliest(labels: Any, chances: Any, names: Sequence[str]) -> None:
    """See that each row's label is the class whose probability is clearly the greatest."""
    import numpy as np

    shares = np.asarray(chances, np.float64)
    first, second = np.sort(shares, axis=1)[:, :-3:-1].T
    clear = first - second > SINGLE
    distinct, inverse = np.unique(labels.ravel(), return_inverse=True)
    said = np.array([named(label) for label in distinct.tolist()], object)[inverse]
    if (said != np.array(names, object)[shares.argmax(axis=1)])[clear].any():
        raise whose(_seen(labels))


def _seen(labels: Any) -> list[str]:
    import numpy as np

    return sorted({named(label) for label in np.unique(labels).tolist()})


def _probabilities(output: Any) -> bool:
    values, _ = table_of(output)
    return values.ndim == 2 and values.shape[1] > 1 and shares_of_one(values)
