"""Opens a submitted model and answers frames with it. Runs inside the sandbox only.

`MLmodel` is read by safe YAML; nothing it says chooses what is imported except a row of the table
in `flavours`. skops files are held against the published list, never against a list of their own.
Packages are imported where they are used: a model needs only those of its own format.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import yaml

from registry.sandbox.child import flavours
from registry.sandbox.child.trusted_types import SKOPS_TYPES

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

LOADER_VERSION = "2"
SINGLE = 1e-3  # how far probabilities in single precision may miss one
MAX_MLMODEL = 256 * 1024

Answers = Callable[["pd.DataFrame"], Any]


class NotOpened(Exception):
    """The model is not opened; `cause` is a word of `registry.sandbox.verdict.Cause`."""

    def __init__(self, cause: str, said: str, items: tuple[str, ...] = ()) -> None:
        super().__init__(said)
        self.cause = cause
        self.items = items


@dataclass(frozen=True, slots=True)
class Described:
    """A model before it is opened: its format and what `MLmodel` says about it."""

    root: Path
    row: flavours.Format
    settings: Mapping[str, Any]
    generic: Mapping[str, Any]

    def file(self, key: str) -> Path:
        """The file named under `key`, which must lie inside the model."""
        value = self.settings.get(key)
        path = (self.root / str(value)).resolve()
        if not isinstance(value, str) or not path.is_relative_to(self.root) or not path.is_file():
            raise NotOpened("unreadable", f"{key} names no file of the model: {value!r}")
        return path


def describe(root: Path) -> Described:
    """Read `MLmodel` and find the model's format, or refuse.

    Raises:
        NotOpened: when it is no format of the table, carries code, or names another loader.
    """
    root = root.resolve()
    text = (root / "MLmodel").read_text(encoding="utf-8")
    if len(text) > MAX_MLMODEL:
        raise NotOpened("unreadable", "MLmodel is too long")
    mlmodel = yaml.safe_load(text)
    try:
        row, settings = flavours.of(mlmodel)
    except flavours.UnknownFormat as unknown:
        raise NotOpened("unreadable", f"unknown format: {unknown.found}") from unknown
    generic = mlmodel["flavors"].get("python_function") or {}
    loader = generic.get("loader_module", row.loader_module)
    if loader != row.loader_module:
        raise NotOpened("refused_types", f"loader_module is {loader!r}", (str(loader),))
    if any(named.get("code") for named in mlmodel["flavors"].values()) or mlmodel.get(
        "model_code_path"
    ):
        raise NotOpened("refused_types", "the model carries code", ("code",))
    if generic.get("predict_fn", "predict") not in row.answers:
        raise NotOpened("unreadable", f"predict_fn is {generic['predict_fn']!r}")
    return Described(root, row, settings, generic)


def open_model(described: Described) -> Answers:
    """Open the model; the submitter's code may run from here on."""
    return _OPENERS[described.row.name](described)


def one_number_per_row(answer: Any, rows: int) -> "npt.NDArray[np.float64]":
    """The answer as float64, one per row; of two columns that are probabilities the second.

    Two numbers of different things are not two classes: taken for them, one would be explained and
    evaluated as if it were the model's answer.

    Raises:
        NotOpened: when it has another shape or is no number (`wrong_shape`).
    """
    import numpy as np

    values = np.asarray(answer)
    if values.ndim == 2 and values.shape[1] in {1, 2}:
        if values.shape[1] == 2 and not _probabilities(values):
            raise NotOpened("wrong_shape", "two columns that are no probabilities of two classes")
        values = values[:, -1]
    if values.shape != (rows,):
        raise NotOpened("wrong_shape", f"{values.shape} for {rows} rows")
    if values.dtype.kind not in "biuf":
        try:
            values = values.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise NotOpened("wrong_shape", f"answers of type {values.dtype}") from error
    return values.astype(np.float64, copy=False)


def _probabilities(values: "npt.NDArray[Any]") -> bool:
    """Whether two columns are shares of one, row by row, as far as single precision tells."""
    import numpy as np

    try:
        shares = values.astype(np.float64)
    except (TypeError, ValueError):
        return False
    sums = shares.sum(axis=1)
    known = ~np.isnan(sums)
    within = (shares[known] >= -SINGLE) & (shares[known] <= 1 + SINGLE)
    return bool(within.all() and (np.abs(sums[known] - 1) <= SINGLE).all())


def _sklearn(described: Described, estimator: Any) -> Answers:
    """The estimator's own function; probabilities carry the names of their classes.

    A text vectoriser takes texts, not a table: it gets the only column of its model.
    """
    import pandas as pd

    answer = str(described.generic.get("predict_fn", "predict"))
    predict: Answers = getattr(estimator, answer)
    labels = getattr(estimator, "classes_", None)
    texts = _takes_texts(estimator)

    def answers(frame: "pd.DataFrame") -> Any:
        given = frame.iloc[:, 0] if texts and frame.shape[1] == 1 else frame
        found = predict(given)
        named = answer == "predict_proba" and getattr(labels, "ndim", 0) == 1
        return pd.DataFrame(found, columns=list(cast("Any", labels))) if named else found

    return answers


def _takes_texts(estimator: Any) -> bool:
    """Whether what comes first in the estimator is one of scikit-learn's text vectorisers."""
    from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer

    if isinstance(estimator, CountVectorizer | HashingVectorizer):
        return True
    if parts := getattr(estimator, "transformer_list", None):
        return all(_takes_texts(part) for _, part in parts)
    steps = getattr(estimator, "steps", None) or [("", None)]
    return len(steps) > 1 and _takes_texts(steps[0][1])


def _skops(described: Described) -> Answers:
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    path = described.file(described.row.path_key)
    try:
        estimator = skops.io.load(path, trusted=list(SKOPS_TYPES))
    except UntrustedTypesFoundException as refused:
        unlisted = set(skops.io.get_untrusted_types(file=path)) - set(SKOPS_TYPES)
        names = tuple(sorted(unlisted))
        said = f"types outside of the published list: {names}"
        raise NotOpened("refused_types", said, names) from refused
    return _sklearn(described, estimator)


def _pickle(described: Described) -> Answers:
    import pickle

    with described.file(described.row.path_key).open("rb") as file:
        return _sklearn(described, pickle.load(file))  # noqa: S301  # what the sandbox is for


def _cloudpickle(described: Described) -> Answers:
    import cloudpickle

    with described.file(described.row.path_key).open("rb") as file:
        return _sklearn(described, cloudpickle.load(file))


def _python_model(described: Described) -> Answers:
    import cloudpickle
    from mlflow.pyfunc.model import PythonModelContext

    with described.file(described.row.path_key).open("rb") as file:
        model = cloudpickle.load(file)
    listed = described.settings.get("artifacts") or {}
    artifacts = {
        str(name): str(described.root / str(entry.get("path"))) for name, entry in listed.items()
    }
    context = cast("Any", PythonModelContext)(artifacts, None)
    model.load_context(context)
    return lambda frame: model.predict(context, frame)


def _onnx(described: Described) -> Answers:
    """One tensor of all columns in order, or one input per column name.

    Of several outputs the probabilities (two columns) are taken, else the first.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    path = described.file(described.row.path_key)
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    wanted = session.get_inputs()

    def answers(frame: "pd.DataFrame") -> Any:
        outputs = session.run(None, _tensors(wanted, frame))
        for output in outputs:
            if getattr(output, "ndim", 0) == 2 and output.shape[1] == 2:
                return output
        return outputs[0]

    return answers


def _xgboost(described: Described) -> Answers:
    """What the booster itself predicts: a probability, one per class, or a number."""
    import xgboost

    booster = xgboost.Booster({"nthread": 1})
    booster.load_model(str(described.file(described.row.path_key)))

    def answers(frame: "pd.DataFrame") -> Any:
        names = booster.feature_names
        ready = _categories(frame[list(names)] if names else frame)
        return booster.predict(xgboost.DMatrix(ready, enable_categorical=True, nthread=1))

    return answers


def _lightgbm(described: Described) -> Answers:
    """What the booster predicts, its columns by name where it knows their names."""
    import lightgbm

    booster = lightgbm.Booster(model_file=str(described.file(described.row.path_key)))
    names = booster.feature_name()

    def answers(frame: "pd.DataFrame") -> Any:
        known = set(names) <= set(frame.columns)
        ready = _categories(frame[names] if known else frame)
        return booster.predict(ready, num_threads=1)

    return answers


def _catboost(described: Described) -> Answers:
    """A classifier's probabilities, named by its classes; else the number it predicts."""
    import catboost
    import pandas as pd

    model = catboost.CatBoost()
    model.load_model(str(described.file(described.row.path_key)), format="cbm")
    labels = list(model.classes_)

    def answers(frame: "pd.DataFrame") -> Any:
        ready = frame[model.feature_names_] if set(model.feature_names_) <= set(frame) else frame
        kind = "Probability" if labels else "RawFormulaVal"
        found = model.predict(ready, prediction_type=kind, thread_count=1)
        return pd.DataFrame(found, columns=labels) if labels else found

    return answers


def _categories(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Words as categories, which is how both libraries take them."""
    words = frame.select_dtypes(include=["object", "string"]).columns
    return frame.astype(dict.fromkeys(words, "category")) if len(words) else frame


_TENSOR_TYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(bool)": "bool",
    "tensor(string)": "object",
}


def _tensors(wanted: Any, frame: "pd.DataFrame") -> dict[str, Any]:
    kinds = {place.name: _TENSOR_TYPES[place.type] for place in wanted}
    if len(wanted) == 1 and wanted[0].name not in frame.columns:
        name = wanted[0].name
        return {name: frame.to_numpy(dtype=kinds[name])}
    return {name: frame[name].to_numpy(dtype=kind).reshape(-1, 1) for name, kind in kinds.items()}


_OPENERS: dict[str, Callable[[Described], Answers]] = {
    "onnx": _onnx,
    "xgboost": _xgboost,
    "lightgbm": _lightgbm,
    "catboost": _catboost,
    "sklearn-skops": _skops,
    "sklearn-pickle": _pickle,
    "sklearn-cloudpickle": _cloudpickle,
    "pyfunc": _python_model,
}
