"""Classifiers of several classes, and of named ones, answer with one number per row."""

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
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from registry import screening
from registry.sandbox import Cause, Contained
from registry.sandbox.child.classes import Classes, OtherClasses
from registry.sandbox.child.trusted_types import SKOPS_TYPES
from registry.scoring import SandboxScorer
from registry.settings import Settings

NAMES = ("approve", "refuse", "review")
RNG = np.random.default_rng(3)
FRAME = pd.DataFrame({"x": RNG.standard_normal(90), "z": RNG.standard_normal(90)})
LABELS = np.array(NAMES)[np.digitize(FRAME["x"] + FRAME["z"], [-0.5, 0.5])]


@pytest.fixture(autouse=True)
def mlflow_is_quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def saved(folder: Path, model: Any, frame: pd.DataFrame, answer: str) -> Path:
    mlflow.sklearn.save_model(
        model,
        folder,
        signature=infer_signature(frame, np.zeros(len(frame))),
        serialization_format="skops",
        pyfunc_predict_fn=answer,
        pip_requirements=["scikit-learn"],
        skops_trusted_types=list(SKOPS_TYPES),
    )
    return folder


def scored(folder: Path, frame: pd.DataFrame, classes: Classes | None) -> Any:
    inputs = screening.screen(folder).inputs
    table = pa.Table.from_pandas(frame, preserve_index=False)
    with SandboxScorer(
        folder, inputs=inputs, settings=Settings(), ahead=0, classes=classes
    ) as scorer:
        assert scorer.provenance["classes"] == (classes.as_json() if classes else None)
        return scorer.score([table])[0]


def test_the_probability_of_the_favourable_class_or_the_place_of_the_likeliest(
    tmp_path: Path,
) -> None:
    model = LogisticRegression().fit(FRAME, LABELS)
    folder = saved(tmp_path / "m", model, FRAME, "predict_proba")
    order = ("review", "approve", "refuse")  # the plan's order need not be the model's

    chance = scored(folder, FRAME, Classes(order, "refuse"))
    place = scored(folder, FRAME, Classes(order))

    assert np.array_equal(chance, model.predict_proba(FRAME)[:, 1])
    assert [order[int(p)] for p in place] == model.predict(FRAME).tolist()


def test_labels_that_are_words_are_places_or_indicators(tmp_path: Path) -> None:
    model = LogisticRegression().fit(FRAME, LABELS)
    folder = saved(tmp_path / "m", model, FRAME, "predict")

    assert np.array_equal(
        scored(folder, FRAME, Classes(NAMES, "review")), model.predict(FRAME) == "review"
    )
    with pytest.raises(Contained) as refused:
        scored(folder, FRAME, Classes(("approve", "refuse"), "approve"))
    assert refused.value.cause == Cause.WRONG_SHAPE


def test_a_text_model_of_one_column_answers(tmp_path: Path) -> None:
    texts = pd.DataFrame({"text": ["他 工资 高", "她 工资 低", "收入 稳定", "没有 收入"] * 20})
    due = np.array([1, 0, 1, 0] * 20)
    model = make_pipeline(
        TfidfVectorizer(analyzer="char", ngram_range=(1, 2)), LogisticRegression()
    ).fit(texts["text"], due)
    folder = saved(tmp_path / "m", model, texts, "predict_proba")

    assert np.array_equal(scored(folder, texts, None), model.predict_proba(texts["text"])[:, 1])


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (np.array([2, 0, 1]), [2, 0, 1]),
        (np.array([[0.1, 0.2, 0.7], [0.8, 0.1, 0.1], [0.2, 0.5, 0.3]]), [2, 0, 1]),
        (pd.DataFrame({1: [0.2, 0, 1], 2: [0.7, 0, 0], 0: [0.1, 1, 0]}), [2, 0, 1]),
        ([{0: 0.1, 1: 0.2, 2: 0.7}, {0: 1, 1: 0, 2: 0}, {0: 0, 1: 1, 2: 0}], [2, 0, 1]),
        (np.array([[2.0], [0.0], [1.0]]), [2, 0, 1]),
    ],
)
def test_every_shape_that_classifiers_answer_in_is_read(answer: Any, expected: list[int]) -> None:
    assert Classes(("0", "1", "2")).read(answer, 3).tolist() == expected


def test_other_numbers_of_rows_or_classes_are_refused() -> None:
    with pytest.raises(OtherClasses):
        Classes(("a", "b")).read(np.zeros((3, 3)), 3)
    with pytest.raises(OtherClasses):
        Classes(("a", "b")).read(np.array(["a", "b"]), 3)
    with pytest.raises(OtherClasses) as strange:
        Classes(("a", "b")).read(np.array(["a", "c"]), 2)
    assert strange.value.items == ("c",)
