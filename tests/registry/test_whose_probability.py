"""Whose probability a classifier's answer is: told by its classes' names, or refused, never guessed."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import catboost
import lightgbm
import mlflow
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pytest
import xgboost
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

from registry.sandbox import verdict
from registry.sandbox.child import asking, opening
from registry.sandbox.child.classes import Classes, OtherClasses
from registry.sandbox.child.refusal import NotOpened
from tests.registry import oracle_onnx, python_models
from tests.registry.oracle_case import DUE, FRAME, GRADE, TRAINED, X

TABLE = pa.Table.from_pandas(FRAME[:500], preserve_index=False)
CAT: dict[str, Any] = {
    "iterations": 5,
    "verbose": 0,
    "thread_count": 1,
    "allow_writing_files": False,
}
LIGHT: dict[str, Any] = {"n_estimators": 5, "verbose": -1, "n_jobs": 1}
PROBABLE = {"pyfunc_predict_fn": "predict_proba", "serialization_format": "cloudpickle"}


@dataclass(frozen=True)
class Kind:
    """How a library's classifier is made and saved."""

    flavour: str
    make: Callable[[], Any]
    options: Any


KINDS = {
    "scikit-learn": Kind("sklearn", LogisticRegression, PROBABLE),
    "LightGBM": Kind("lightgbm", lambda: lightgbm.LGBMClassifier(**LIGHT), {}),
    "CatBoost": Kind("catboost", lambda: catboost.CatBoostClassifier(**CAT), {}),
}
CODES: dict[str, tuple[Any, Any]] = {
    "words": ("denied", "approved"),
    "good is 1, bad is 2": (2, 1),
    "signs": (-1, 1),
}


@pytest.fixture(autouse=True)
def libraries_are_quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def answered(folder: Path, classes: Classes | None) -> npt.NDArray[np.float64]:
    ask = opening.open_model(opening.describe(folder), classes)
    return np.concatenate([block for _, block in asking.in_blocks(ask, TABLE, classes)])


def saved(flavour: str, model: Any, folder: Path, **options: Any) -> Any:
    key = "python_model" if flavour == "pyfunc" else {"onnx": "onnx_model"}.get(flavour)
    saver = getattr(mlflow, flavour).save_model
    signed = {"signature": infer_signature(X[:2], np.zeros(2)), "pip_requirements": ["x"]}
    if key:
        saver(path=folder, **{key: model}, **signed, **options)
    else:
        saver(model, folder, **signed, **options)
    return model


@pytest.mark.parametrize("codes", CODES)
@pytest.mark.parametrize("name", KINDS)
def test_two_classes_of_other_names_are_told_by_the_plan_or_refused(
    name: str, codes: str, tmp_path: Path
) -> None:
    """The second column is the later in their order: of approved and denied the refusal."""
    kind, (bad, good) = KINDS[name], CODES[codes]
    target = np.where(DUE[:TRAINED] == 1, good, bad)
    model = saved(kind.flavour, kind.make().fit(X, target), tmp_path / "model", **kind.options)

    with pytest.raises(NotOpened) as refused:
        answered(tmp_path / "model", None)

    assert refused.value.cause == "whose_probability"
    assert set(refused.value.items) == {str(bad), str(good)}
    (why, _) = verdict.reasons(verdict.Cause.WHOSE_PROBABILITY, refused.value.items)
    assert "columns.classes" in why.remedy.en
    assert "columns.classes" in why.remedy.zh
    told = Classes((str(bad), str(good)), str(good))
    place = [str(label) for label in model.classes_].index(str(good))
    np.testing.assert_array_equal(
        answered(tmp_path / "model", told), model.predict_proba(FRAME[:500])[:, place]
    )


@pytest.mark.parametrize("codes", [(0, 1), (False, True), ("0", "1"), (0.0, 1.0)])
@pytest.mark.parametrize("name", KINDS)
def test_of_no_and_yes_the_score_is_that_of_yes(name: str, codes: Any, tmp_path: Path) -> None:
    kind = KINDS[name]
    target = np.where(DUE[:TRAINED] == 1, codes[1], codes[0])
    model = saved(kind.flavour, kind.make().fit(X, target), tmp_path / "model", **kind.options)

    np.testing.assert_array_equal(
        answered(tmp_path / "model", None), model.predict_proba(FRAME[:500])[:, 1]
    )


def test_a_frame_whose_columns_have_names_is_read_by_them(tmp_path: Path) -> None:
    saved("pyfunc", python_models.ApproveDeny(), tmp_path / "model")

    with pytest.raises(NotOpened) as refused:
        answered(tmp_path / "model", None)

    assert refused.value.items == ("approve", "deny")
    found = answered(tmp_path / "model", Classes(("deny", "approve"), "approve"))
    assert found[FRAME["amount"][:500] > 5].min(initial=1) > 0.5
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-FRAME["amount"][:500])))


ORDERS = [("0", "1", "2"), ("2", "1", "0"), ("1", "2", "0")]


def _three(flavour: str) -> tuple[Any, Callable[[], npt.NDArray[Any]]]:
    target, frame = GRADE[:TRAINED], FRAME[:500]
    if flavour == "wrapper":
        model = xgboost.XGBClassifier(n_estimators=5, n_jobs=1).fit(X, target)
        return model, lambda: model.predict_proba(frame)
    if flavour == "xgboost":
        asked = {"objective": "multi:softprob", "num_class": 3, "nthread": 1}
        bare = xgboost.train(asked, xgboost.DMatrix(X, target), 5)
        return bare, lambda: bare.predict(xgboost.DMatrix(frame))
    if flavour == "lightgbm":
        given = {"objective": "multiclass", "num_class": 3, "num_threads": 1, "verbose": -1}
        booster = lightgbm.train(given, lightgbm.Dataset(X, target), 5)
        return booster, lambda: np.asarray(booster.predict(frame, num_threads=1))
    models = oracle_onnx.models(X, DUE[:TRAINED], target, FRAME["debt"][:TRAINED])
    made = next(make() for name, make, _, _ in models if name == "three, without zipmap")
    return made, lambda: np.empty(0)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("flavour", ["wrapper", "xgboost", "lightgbm", "onnx"])
def test_numbered_classes_are_not_taken_in_the_order_of_the_plan(
    flavour: str, order: tuple[str, ...], tmp_path: Path
) -> None:
    """Columns without names are classes 0, 1, 2 … where these are the plan's, in whichever order."""
    model, right = _three(flavour)
    module = "xgboost" if flavour == "wrapper" else flavour
    saved(module, model, tmp_path / "model")
    expected = (
        oracle_onnx.outputs(tmp_path / "model")(FRAME[:500]) if flavour == "onnx" else right()
    )

    for favourable in order:
        found = answered(tmp_path / "model", Classes(order, favourable))
        np.testing.assert_array_equal(found, expected[:, int(favourable)].astype(np.float64))
    named = answered(tmp_path / "model", Classes(order))
    likeliest = [order.index(str(place)) for place in expected.argmax(axis=1)]
    np.testing.assert_array_equal(named, np.array(likeliest, np.float64))


COMPLEMENT = np.stack([DUE, 1 - DUE], axis=1)[:TRAINED]
SEVERAL: dict[str, tuple[str, Callable[[], Any], dict[str, Any]]] = {
    "a tree": ("sklearn", lambda: DecisionTreeClassifier(max_depth=2).fit(X, COMPLEMENT), {"serialization_format": "cloudpickle"}),
    "one model for each": ("sklearn", lambda: MultiOutputClassifier(LogisticRegression()).fit(X, COMPLEMENT), {"serialization_format": "cloudpickle"}),
    "XGBoost": ("xgboost", lambda: xgboost.XGBClassifier(n_estimators=3, n_jobs=1).fit(X, COMPLEMENT), {}),
    "CatBoost": ("catboost", lambda: catboost.CatBoostClassifier(loss_function="MultiLogloss", **CAT).fit(X, COMPLEMENT), {}),
}  # fmt: skip


@pytest.mark.parametrize("classes", [None, Classes(("0", "1"), "1"), Classes(("0", "1"))])
@pytest.mark.parametrize("name", SEVERAL)
def test_several_decisions_are_not_the_classes_of_one(
    name: str, classes: Classes | None, tmp_path: Path
) -> None:
    """They may add up to one in the rows at hand: approve, and no fraud."""
    flavour, make, options = SEVERAL[name]
    saved(flavour, make(), tmp_path / "model", **options)

    with pytest.raises(NotOpened) as refused:
        answered(tmp_path / "model", classes)

    assert refused.value.cause == "several_outputs"
    assert len(refused.value.items) == 2


def test_a_model_that_needs_the_whole_block_is_asked_for_nothing_less(tmp_path: Path) -> None:
    """It was refused for want of columns: one row alone has none of the other words."""
    words = pd.DataFrame({"home": np.where(np.arange(len(FRAME)) % 3, "own", "rent")})
    model = make_pipeline(FunctionTransformer(pd.get_dummies), LogisticRegression())
    model.fit(words[:TRAINED], DUE[:TRAINED])
    signature = infer_signature(words[:2], np.zeros(2))
    mlflow.sklearn.save_model(
        model, tmp_path / "m", signature=signature, pip_requirements=["x"], **PROBABLE
    )
    ask = opening.open_model(opening.describe(tmp_path / "m"))
    ((_, found),) = asking.in_blocks(ask, pa.Table.from_pandas(words[:500]))
    np.testing.assert_array_equal(found, model.predict_proba(words[:500])[:, 1])


def test_the_plugin_says_the_same(tmp_path: Path) -> None:
    from portal.mlflow.models import InProcess

    target = np.where(DUE[:TRAINED] == 1, "approved", "denied")
    saved("sklearn", LogisticRegression().fit(X, target), tmp_path / "model", **PROBABLE)
    opened = mlflow.pyfunc.load_model(str(tmp_path / "model"))

    with pytest.raises(verdict.Contained, match="not called 0 and 1") as refused:
        InProcess(opened).score([TABLE])

    assert [why.item for why in refused.value.reasons] == ["approved", "denied"]


def test_raw_scores_of_a_classifier_are_refused_as_no_probabilities(tmp_path: Path) -> None:
    """It was told as the model's own failure: "Shape of passed values is (8192, 1)"."""

    def logistic(truth: Any, raw: Any) -> Any:
        due = 1 / (1 + np.exp(-raw))
        return due - truth, due * (1 - due)

    model = lightgbm.LGBMClassifier(objective=logistic, **LIGHT).fit(X, DUE[:TRAINED])
    saved("lightgbm", model, tmp_path / "model", serialization_format="cloudpickle")
    for classes in (None, Classes(("0", "1"), "1")):
        with pytest.raises(NotOpened) as refused:
            answered(tmp_path / "model", classes)
        assert (refused.value.cause, refused.value.items) == (
            "no_probabilities",
            ("LGBMClassifier",),
        )


def test_classes_that_differ_only_as_numbers_are_told_how_to_write_them(tmp_path: Path) -> None:
    target = DUE[:TRAINED].astype(float)
    model = LogisticRegression().fit(X, target)
    saved("sklearn", model, tmp_path / "model", **PROBABLE)
    with pytest.raises(OtherClasses) as refused:
        answered(tmp_path / "model", Classes(("0.0", "1.0"), "1.0"))
    assert (refused.value.cause, refused.value.items) == ("classes_spelt", ("0", "1"))
    assert "no point" in verdict.SAID[verdict.Cause.CLASSES_SPELT].en
    with pytest.raises(OtherClasses) as others:
        answered(tmp_path / "model", Classes(("0.0", "2"), "2"))
    assert others.value.cause == "wrong_shape"
