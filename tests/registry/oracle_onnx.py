"""ONNX models as converters make them, and as people write them; and ONNX Runtime asked directly."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import skl2onnx
from onnx import TensorProto, helper, numpy_helper
from skl2onnx.common.data_types import FloatTensorType
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline

from registry.sandbox.child.classes import Classes

THREE = Classes(("0", "1", "2"), "1")
FROM_1 = Classes(("2", "1"), "1")
WORDS = Classes(("denied", "approved"), "approved")
THREE_1 = Classes(("3", "1", "2"), "2")
ONE_THREAD = {"intra_op_num_threads": 1, "inter_op_num_threads": 1}
COLUMNS = ("amount", "children", "debt")


def outputs(folder: Path) -> Callable[[pd.DataFrame], Any]:
    """ONNX Runtime itself on one thread: the probabilities among what it answers.

    MLflow's own wrapper can't put a label and two probabilities per row into one frame.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options)
    wanted = session.get_inputs()

    def ask(frame: pd.DataFrame) -> Any:
        numbers = frame.to_numpy(dtype=np.float32)
        if len(wanted) == 1:
            given = {wanted[0].name: numbers}
        else:
            shape = (-1,) if len(wanted[0].shape) == 1 else (-1, 1)
            given = {
                place.name: frame[place.name].to_numpy(np.float32).reshape(shape)
                for place in wanted
            }
        found = session.run(None, given)[-1]
        return pd.DataFrame(found).to_numpy() if isinstance(found, list) else found

    return ask


def models(
    frame: pd.DataFrame, due: Any, grade: Any, amount: Any
) -> Iterator[tuple[str, Callable[[], Any], str, Classes | None]]:
    """Name, what makes it, who is right (`scores`: `outputs`), and how classes are read."""
    plain: dict[str, Any] = {"zipmap": False}

    def exported(
        model: Any, target: Any, *, name: str = "x", apart: bool = False, **options: Any
    ) -> Callable[[], Any]:
        whole = [(name, FloatTensorType([None, 3]))]
        types = [(each, FloatTensorType([None, 1])) for each in COLUMNS] if apart else whole
        return lambda: skl2onnx.to_onnx(
            model.fit(frame, target), initial_types=types, options=options or None
        )

    logistic = LogisticRegression
    by_name = make_pipeline(make_column_transformer(("passthrough", list(COLUMNS))), logistic())
    forest = RandomForestClassifier(8, random_state=0)
    boosted = GradientBoostingRegressor(n_estimators=9, random_state=0)
    yield "zipmap", exported(logistic(), due), "scores", None
    yield "without zipmap", exported(logistic(), due, **plain), "scores", None
    yield "three, zipmap", exported(logistic(), grade), "scores", THREE
    yield "three, without zipmap", exported(logistic(), grade, **plain), "scores", THREE
    words = np.where(np.asarray(due) == 1, "approved", "denied")
    yield "from 1, without zipmap", exported(logistic(), due + 1, **plain), "scores", FROM_1
    yield "words, without zipmap", exported(logistic(), words, **plain), "scores", WORDS
    yield "three from 1, without zipmap", exported(forest, grade + 1, **plain), "scores", THREE_1
    yield "three, a forest", exported(forest, grade), "scores", THREE
    yield "three, its class", exported(logistic(), grade), "label", Classes(THREE.names)
    yield "regression", exported(LinearRegression(), amount), "pyfunc", None
    yield "boosted regression", exported(boosted, amount), "pyfunc", None
    yield "one input named like a column", exported(logistic(), due, name="amount"), "scores", None
    yield "several inputs", exported(by_name, due, apart=True, **plain), "scores", None
    yield "several inputs of rank 1", _of_rank_one, "pyfunc", None
    yield "logits and softmax", _logits_and_softmax, "scores", None
    yield "doubles", lambda: _number(TensorProto.DOUBLE), "pyfunc", None
    yield "singles", lambda: _number(TensorProto.FLOAT), "pyfunc", None


def two_outputs(*, likely: bool) -> Any:
    """A graph of two outputs of two numbers: savings and shoe size, or both probabilities."""
    weights = numpy_helper.from_array(np.ones((3, 2), np.float32), "w")
    last = "Softmax" if likely else "Identity"
    nodes = [helper.make_node("MatMul", ["x", "w"], ["m"])]
    nodes += [helper.make_node(last, ["m"], [name]) for name in ("savings", "shoe")]
    return _graph(nodes, [("x", TensorProto.FLOAT, [None, 3])],
                  [(name, TensorProto.FLOAT, [None, 2]) for name in ("savings", "shoe")], [weights])  # fmt: skip


def _of_rank_one() -> Any:
    nodes = [
        helper.make_node("Add", ["amount", "children"], ["s"]),
        helper.make_node("Mul", ["s", "debt"], ["y"]),
    ]
    return _graph(
        nodes,
        [(name, TensorProto.FLOAT, [None]) for name in COLUMNS],
        [("y", TensorProto.FLOAT, [None])],
    )


def _logits_and_softmax() -> Any:
    weights = numpy_helper.from_array(np.array([[1, 2], [0.5, -1], [-3, 0.25]], np.float32), "w")
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["chances"]),
    ]
    return _graph(nodes, [("x", TensorProto.FLOAT, [None, 3])],
                  [(name, TensorProto.FLOAT, [None, 2]) for name in ("logits", "chances")], [weights])  # fmt: skip


def _number(kind: int) -> Any:
    exact = np.float64 if kind == TensorProto.DOUBLE else np.float32
    weights = numpy_helper.from_array(np.array([[1 / 3], [0.7], [-0.1]], exact), "w")
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["m"]),
        helper.make_node("Sigmoid", ["m"], ["y"]),
    ]
    return _graph(nodes, [("x", kind, [None, 3])], [("y", kind, [None, 1])], [weights])


def _graph(nodes: Any, inputs: Any, outputs: Any, initial: Any = ()) -> Any:
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(*each) for each in inputs],
        [helper.make_tensor_value_info(*each) for each in outputs],
        initializer=list(initial),
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
