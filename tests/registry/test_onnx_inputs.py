"""What goes into an ONNX model is what stands in the data, or it is refused by the column's name."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from mlflow.models import infer_signature
from onnx import TensorProto, helper

from portal.mlflow.models import InProcess
from registry import model_inputs
from registry.sandbox import verdict
from registry.sandbox.child import asking, opening
from registry.sandbox.child.refusal import NotOpened
from tests.registry import oracle_onnx

T = TensorProto
KINDS = {
    "float32": T.FLOAT,
    "float64": T.DOUBLE,
    "int32": T.INT32,
    "int64": T.INT64,
    "bool": T.BOOL,
    "string": T.STRING,
}
COLUMNS: dict[str, list[Any]] = {
    "whole": [0, 1, -2, 3], "double": [0.5, 1.7, -2.9, 4.0], "whole double": [0.0, 1.0, -2.0, 3.0],
    "zero and one": [0.0, 1.0, 1.0, 0.0], "gap": [0.5, None, -2.0, 3.0], "whole with a gap": [1.0, None, 2.0, 0.0],
    "truth": [True, False, True, True], "truth with a gap": [True, None, False, True],
    "too far": [2.0**40, 1.0, 0.0, 2.0], "far": [2.0**80, 1.0, 0.0, 2.0],
    "words": ["1.10", "2", "-3", "1e5"], "words with a gap": ["1", None, "2", "3"], "beyond singles": [2**24 + 1, 0, 1, 2],
}  # fmt: skip


@pytest.fixture(autouse=True)
def libraries_are_quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def echoing(folder: Path, kinds: list[int], frame: pd.DataFrame) -> Path:
    """A model of one input, or of one per column, that answers with the sum of what went in."""
    names = ["x"] if len(kinds) == 1 else list(frame.columns)
    nodes = [helper.make_node("Cast", [name], [f"{name}_out"], to=T.DOUBLE) for name in names]
    nodes += [helper.make_node("Sum", [f"{name}_out" for name in names], ["y"])]
    net = oracle_onnx._graph(
        nodes,
        [(name, kind, [None, 1]) for name, kind in zip(names, kinds, strict=True)],
        [("y", T.DOUBLE, [None, 1])],
    )
    mlflow.onnx.save_model(
        net, folder, signature=infer_signature(frame, np.zeros(2)), pip_requirements=["x"]
    )
    return folder


def pyfunc(folder: Path, frame: pd.DataFrame) -> Any:
    """What MLflow answers; None where it refuses."""
    try:
        return np.asarray(mlflow.pyfunc.load_model(str(folder)).predict(frame)).ravel()
    except Exception:  # noqa: BLE001  # whatever the library raises
        return None


def asked(ask: asking.Answers, frame: pd.DataFrame) -> Any:
    """What the reader answers, or its refusal."""
    try:
        return np.asarray(ask(frame)).ravel()
    except NotOpened as refused:
        return refused


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("column", COLUMNS)
def test_a_tensor_holds_what_the_column_holds(column: str, kind: str, tmp_path: Path) -> None:
    """issue 9: an empty cell was asked as -2147483648, and 1.7 as 1."""
    table = pa.table({"c": pa.array(COLUMNS[column])})
    frame = table.to_pandas()
    folder = echoing(tmp_path / "m", [KINDS[kind]], frame)
    ask = opening.open_model(opening.describe(folder), None)
    kept = frame["c"].to_numpy().astype(np.float64) if frame["c"].dtype != object else None
    got = asked(ask, frame)
    if isinstance(got, NotOpened):
        assert (got.cause, got.items) == ("no_tensor", ("c",))
        got = None
    right = pyfunc(folder, frame)
    if right is not None:
        np.testing.assert_array_equal(got, right)
    if got is not None and kept is not None and kind != "float32":
        np.testing.assert_array_equal(got, kept)


def test_every_column_that_does_not_fit_is_named_with_the_remedy(tmp_path: Path) -> None:
    table = pa.table({"age": [30, None], "rate": [0.5, 1.7], "count": [1, 2]})
    frame = table.to_pandas()
    folder = echoing(tmp_path / "m", [T.INT64, T.INT32, T.INT64], frame)
    schema = [{"name": "age", "type": "long"}, {"name": "rate", "type": "double"}]
    given = model_inputs.fitted(
        table, model_inputs.schema([*schema, {"name": "count", "type": "long"}])
    )
    ask = opening.open_model(opening.describe(folder), None)
    with pytest.raises(NotOpened) as refused:
        list(asking.in_blocks(ask, given))
    assert refused.value.items == ("age", "rate")
    with pytest.raises(verdict.Contained) as inside:
        InProcess(mlflow.pyfunc.load_model(str(folder))).score([given])
    assert inside.value.cause == verdict.Cause.NO_TENSOR
    assert [reason.item for reason in inside.value.reasons] == ["age", "rate"]
    assert "fill in" in inside.value.reasons[0].remedy.en
    assert "补全" in inside.value.said.zh


def test_whole_numbers_and_fractions_side_by_side_are_asked_as_mlflow_asks_them(
    tmp_path: Path,
) -> None:
    frame = pd.DataFrame({"a": [2**24 + 1, 3], "b": [0.1, -2.5]})
    for kind in (T.FLOAT, T.DOUBLE):
        folder = tmp_path / str(kind)
        nodes = [
            helper.make_node("Cast", ["x"], ["z"], to=T.DOUBLE),
            helper.make_node("ReduceSum", ["z"], ["y"], keepdims=1, noop_with_empty_axes=0),
        ]
        net = oracle_onnx._graph(nodes, [("x", kind, [None, 2])], [("y", T.DOUBLE, [1, 1])])
        mlflow.onnx.save_model(
            net, folder, signature=infer_signature(frame, np.zeros(2)), pip_requirements=["x"]
        )
        ask = opening.open_model(opening.describe(folder), None)
        assert np.array_equal(asked(ask, frame), pyfunc(folder, frame))
