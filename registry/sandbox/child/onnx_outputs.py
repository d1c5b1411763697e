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
    """
    if len(wanted) == 1:
        (place,) = wanted
        whole = frame.to_numpy().astype(_TENSOR_TYPES[place.type])
        return {place.name: whole.ravel() if len(place.shape) == 1 else whole}
    return {
        place.name: frame[place.name]
        .to_numpy()
        .astype(_TENSOR_TYPES[place.type])
        .reshape((-1,) if len(place.shape) == 1 else (-1, 1))
        for place in wanted
    }


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
