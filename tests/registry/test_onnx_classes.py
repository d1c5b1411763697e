"""ONNX without zipmap: whose probability a column holds is read in the file, or told by the plan."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import numpy.typing as npt
import onnxruntime
import pandas as pd
import pyarrow as pa
import pytest
import skl2onnx
from mlflow.models import infer_signature
from onnx import TensorProto, helper, numpy_helper
from skl2onnx.common.data_types import FloatTensorType
from sklearn.calibration import CalibratedClassifierCV
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.ensemble import RandomForestClassifier, StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC

from portal.mlflow.models import InProcess
from registry.sandbox import verdict
from registry.sandbox.child import asking, opening
from registry.sandbox.child.classes import Classes, OtherClasses
from registry.sandbox.child.refusal import NotOpened
from tests.registry import oracle_onnx
from tests.registry.oracle_case import DUE, FRAME, GRADE, TRAINED, X

FEW = FRAME[:2000]
MODELS: dict[str, Any] = {
    "a line": LogisticRegression(),
    "a forest": RandomForestClassifier(5, max_depth=3, random_state=0),
    "a machine": SVC(probability=True, random_state=0),
    "Bayes": GaussianNB(),
    "calibrated": CalibratedClassifierCV(LogisticRegression(), cv=2),
    "stacked": StackingClassifier([("one", LogisticRegression())], cv=2),
    "labels in a row": QuadraticDiscriminantAnalysis(),
}
CODES: dict[str, tuple[Any, ...]] = {
    "from 1": (1, 2),
    "signs": (-1, 1),
    "words": ("denied", "approved"),
    "three": (1, 2, 3),
    "three with a gap": (0, 2, 3),
}


@pytest.fixture(autouse=True)
def libraries_are_quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def saved(made: Any, folder: Path) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
    """What ONNX Runtime itself answers to some rows: the labels and the probabilities."""
    signature = infer_signature(X[:2], np.zeros(2))
    mlflow.onnx.save_model(made, folder, signature=signature, pip_requirements=["x"])
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"))
    label, chances = session.run(None, {"x": FEW.to_numpy(np.float32)})
    return label.ravel(), chances.astype(np.float64)


def exported(model: Any, target: Any) -> Any:
    types = [("x", FloatTensorType([None, 3]))]
    fitted = model.fit(X.to_numpy(np.float32), target)
    return skl2onnx.to_onnx(fitted, initial_types=types, options={"zipmap": False})


def answered(folder: Path, rows: pd.DataFrame, classes: Classes | None) -> npt.NDArray[np.float64]:
    """What the reader of the sandbox and the command line makes of some rows."""
    table = pa.Table.from_pandas(rows, preserve_index=False)
    ask = opening.open_model(opening.describe(folder), classes)
    return np.concatenate([block for _, block in asking.in_blocks(ask, table, classes)])


def alike(found: npt.NDArray[np.float64], right: npt.NDArray[np.float64]) -> None:
    """Equal but for the last bits of singles, which depend on how many rows are asked at once."""
    np.testing.assert_allclose(found, right, rtol=1e-4, atol=1e-6)


def refused(folder: Path, rows: pd.DataFrame, classes: Classes | None) -> NotOpened:
    with pytest.raises(NotOpened) as stopped:
        answered(folder, rows, classes)
    assert stopped.value.cause == "whose_probability"
    return stopped.value


@pytest.mark.parametrize("codes", CODES)
@pytest.mark.parametrize("name", MODELS)
def test_the_file_tells_the_classes_whichever_of_them_a_block_holds(
    name: str, codes: str, tmp_path: Path
) -> None:
    """Where only label 1 of 1 and 2 occurred, the score was the probability of the other class."""
    names = CODES[codes]
    target = np.array(names)[(DUE if len(names) == 2 else GRADE)[:TRAINED]]
    label, chances = saved(exported(MODELS[name], target), tmp_path / "model")
    order = sorted(names)
    spelt = tuple(str(each) for each in names)
    for only in [None, *np.unique(label).tolist()]:
        rows = np.flatnonzero(label == only) if only is not None else np.arange(len(label))
        for favourable in names:
            for told in (spelt, spelt[::-1]):
                found = answered(
                    tmp_path / "model", FEW.iloc[rows[:300]], Classes(told, str(favourable))
                )
                place = order.index(favourable)
                alike(found, chances[rows[:300], place])
        if len(names) == 2:
            stopped = refused(tmp_path / "model", FEW.iloc[rows[:300]], None)
            assert set(stopped.items) == set(spelt)


@pytest.mark.parametrize("name", ["a line", "Bayes"])
def test_classes_0_and_1_are_told_by_the_file(name: str, tmp_path: Path) -> None:
    label, chances = saved(exported(MODELS[name], DUE[:TRAINED]), tmp_path / "model")
    for only in (0, 1):
        rows = np.flatnonzero(label == only)
        alike(answered(tmp_path / "model", FEW.iloc[rows], None), chances[rows, 1])


@pytest.mark.parametrize(
    "named", [("1", "3"), ("denied", "approved"), ("0", "1"), ("1", "2", "3")]
)
def test_a_plan_whose_classes_are_not_those_of_the_file_is_refused(
    named: tuple[str, ...], tmp_path: Path
) -> None:
    saved(exported(LogisticRegression(), DUE[:TRAINED] + 1), tmp_path / "model")
    with pytest.raises(OtherClasses):
        answered(tmp_path / "model", FEW, Classes(named, named[-1]))


def test_a_class_that_the_model_lacks_is_named(tmp_path: Path) -> None:
    """Its probability was 0 in every row, of any format whose columns have names."""
    saved(exported(LogisticRegression(), DUE[:TRAINED] + 1), tmp_path / "model")
    with pytest.raises(OtherClasses) as stopped:
        answered(tmp_path / "model", FEW, Classes(("1", "2", "3"), "3"))
    assert (stopped.value.cause, stopped.value.items) == ("classes_absent", ("3",))
    (why,) = verdict.reasons(verdict.Cause.CLASSES_ABSENT, stopped.value.items)
    assert "does not have" in why.said.en


def test_the_plugin_reads_the_same_names(tmp_path: Path) -> None:
    label, chances = saved(exported(LogisticRegression(), DUE[:TRAINED] + 1), tmp_path / "model")
    rows = np.flatnonzero(label == 1)
    table = pa.Table.from_pandas(FEW.iloc[rows], preserve_index=False)
    opened = mlflow.pyfunc.load_model(str(tmp_path / "model"))

    (found,) = InProcess(opened, Classes(("2", "1"), "1")).score([table])

    alike(found, chances[rows, 0])
    with pytest.raises(verdict.Contained, match="zipmap"):
        InProcess(opened).score([table])


def by_hand(*, first: float, greatest: bool = False) -> Any:
    """Softmax of two logits, and a label of which the file does not tell the class."""
    weights = numpy_helper.from_array(np.array([[1, 0], [0, 1], [0.1, 0]], np.float32), "w")
    zero, base = (
        numpy_helper.from_array(np.array(value, kind), name)
        for name, value, kind in (("half", 0.5, np.float32), ("first", first, np.int64))
    )
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["chances"]),
    ]
    if greatest:
        nodes += [helper.make_node("ArgMax", ["chances"], ["label"], axis=1, keepdims=0)]
    else:
        place = numpy_helper.from_array(np.array([1], np.int64), "place")
        nodes += [
            helper.make_node("Gather", ["chances", "place"], ["second"], axis=1),
            helper.make_node("Greater", ["second", "half"], ["truth"]),
            helper.make_node("Cast", ["truth"], ["one"], to=TensorProto.INT64),
            helper.make_node("Add", ["one", "first"], ["label"]),
        ]
    constants = [weights, zero, base] + ([] if greatest else [place])
    shape = [None] if greatest else [None, 1]
    return oracle_onnx._graph(
        nodes,
        [("x", TensorProto.FLOAT, [None, 3])],
        [("label", TensorProto.INT64, shape), ("chances", TensorProto.FLOAT, [None, 2])],
        constants,
    )


def test_a_label_that_is_the_place_of_the_greatest_is_its_number(tmp_path: Path) -> None:
    label, chances = saved(by_hand(first=0, greatest=True), tmp_path / "model")
    rows = np.flatnonzero(label == 0)
    alike(answered(tmp_path / "model", FEW.iloc[rows], None), chances[rows, 1])


@pytest.mark.parametrize("first", [0, 1])
def test_classes_that_the_file_does_not_tell_are_told_by_the_plan_or_refused(
    first: int, tmp_path: Path
) -> None:
    """Never from the labels at hand: they may be only some."""
    label, chances = saved(by_hand(first=first), tmp_path / "model")
    for only in (first, first + 1):
        rows = np.flatnonzero(label == only)
        assert rows.size
        few, names = FEW.iloc[rows], (str(first), str(first + 1))
        assert refused(tmp_path / "model", few, None).items == (str(only),)
        found = answered(tmp_path / "model", few, Classes(names, names[1]))
        alike(found, chances[rows, 1])
        if first:  # the labels show that the plan has another order than the columns
            refused(tmp_path / "model", few, Classes(names[::-1], names[1]))
    why = verdict.SAID[verdict.Cause.WHOSE_PROBABILITY]
    assert "zipmap" in why.en
    assert "zipmap" in why.zh
