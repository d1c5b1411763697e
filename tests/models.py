"""Small real models as MLflow directories, written without starting MLflow."""

import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
import yaml
from onnx import TensorProto, helper, numpy_helper
from sklearn.linear_model import LogisticRegression

INPUTS = [{"name": "income", "type": "double"}, {"name": "debt", "type": "double"}]


def credit_model(folder: Path, *, seed: int = 0, inputs: object = INPUTS) -> Path:
    """A logistic regression in skops; another seed gives other bytes.

    Args:
        folder: made for it.
        seed: of the training data.
        inputs: the declared signature; None leaves it out.
    """
    flavours = {
        "python_function": {"loader_module": "mlflow.sklearn", "predict_fn": "predict_proba"},
        "sklearn": {"pickled_model": "model.skops", "serialization_format": "skops"},
    }
    return _saved(folder, "model.skops", skops.io.dumps(_fitted(seed)), flavours, inputs)


def worded_model(folder: Path) -> Path:
    """A regression that answers `approve` to most and `refuse` to the rest: the first word is good.

    Args:
        folder: made for it.
    """
    flavours = {
        "python_function": {"loader_module": "mlflow.sklearn", "predict_fn": "predict_proba"},
        "sklearn": {"pickled_model": "model.skops", "serialization_format": "skops"},
    }
    features = np.random.default_rng(0).normal(size=(50, 2))
    words = np.where(features[:, 0] > features[:, 1] - 1, "approve", "refuse")
    fitted = LogisticRegression().fit(features, words)
    return _saved(folder, "model.skops", skops.io.dumps(fitted), flavours, INPUTS)


def pickled_model(folder: Path, *, calling: bool = False) -> Path:
    """The same regression as a pickle.

    Args:
        folder: made for it.
        calling: whether opening it calls `os.system`.
    """
    flavours = {
        "python_function": {"loader_module": "mlflow.sklearn", "predict_fn": "predict_proba"},
        "sklearn": {"pickled_model": "model.pkl", "serialization_format": "pickle"},
    }
    fitted = _fitted(0)
    if calling:
        fitted.extra = _Calling()
    return _saved(folder, "model.pkl", pickle.dumps(fitted), flavours, INPUTS)


class _Calling:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("true",)


def onnx_model(folder: Path) -> Path:
    """The same regression in ONNX: its sandbox is ready in a quarter of the time.

    Args:
        folder: made for it.
    """
    flavours = {
        "python_function": {"loader_module": "mlflow.onnx"},
        "onnx": {"data": "model.onnx"},
    }
    return _saved(folder, "model.onnx", _in_onnx(_fitted(0)), flavours, INPUTS)


def _fitted(seed: int) -> LogisticRegression:
    numbers = np.random.default_rng(seed)
    features = numbers.normal(size=(50, 2))
    return LogisticRegression().fit(features, (features[:, 0] > features[:, 1]).astype(int))


def _in_onnx(fitted: LogisticRegression) -> bytes:
    """The probability of class one: sigmoid(x · w + b)."""
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "w"], ["product"]),
            helper.make_node("Add", ["product", "b"], ["logit"]),
            helper.make_node("Sigmoid", ["logit"], ["probability"]),
        ],
        "credit",
        [helper.make_tensor_value_info("x", TensorProto.DOUBLE, [None, 2])],
        [helper.make_tensor_value_info("probability", TensorProto.DOUBLE, [None, 1])],
        [
            numpy_helper.from_array(fitted.coef_.T, "w"),
            numpy_helper.from_array(fitted.intercept_, "b"),
        ],
    )
    opset = [helper.make_opsetid("", 17)]
    content: bytes = helper.make_model(
        graph, opset_imports=opset, ir_version=8
    ).SerializeToString()
    return content


def _saved(
    folder: Path, name: str, content: bytes, flavours: dict[str, Any], inputs: object
) -> Path:
    folder.mkdir(parents=True)
    (folder / name).write_bytes(content)
    signature = {} if inputs is None else {"signature": {"inputs": json.dumps(inputs)}}
    mlmodel = yaml.safe_dump({"flavors": flavours, **signature})
    (folder / "MLmodel").write_text(mlmodel, encoding="utf-8")
    return folder
