"""Boosted trees open from their libraries' own formats and answer as they do at home."""

import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import catboost
import lightgbm
import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import xgboost
from mlflow.models import infer_signature

from portal.mlflow.models import InProcess
from registry import screening
from registry.sandbox import probe_tier, verdict
from registry.sandbox.child import opening
from registry.sandbox.child.classes import Classes
from registry.sandbox.child.refusal import NotOpened
from registry.scoring import SandboxScorer
from registry.settings import Settings

ROWS = 300
RNG = np.random.default_rng(11)
FRAME = pd.DataFrame(
    {
        "amount": RNG.random(ROWS),
        "children": RNG.integers(0, 5, ROWS).astype(float),
        "region": RNG.choice(["north", "south", "west"], ROWS),
    }
)
FRAME.loc[3, "amount"] = np.nan
GRANTED = (FRAME["amount"].fillna(0) + (FRAME["region"] == "south") > 0.9).astype(int)
GRADE = np.where(FRAME["children"] > 3, "c", np.where(FRAME["children"] > 1, "b", "a"))
TYPED = FRAME.assign(region=FRAME["region"].astype("category"))
SIGNATURE = infer_signature(FRAME.iloc[:2], np.zeros(2))

Made = tuple[Callable[[Path], None], Any]


@pytest.fixture(autouse=True)
def mlflow_is_quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def xgb(model_format: str) -> Made:
    model = xgboost.XGBClassifier(n_estimators=8, enable_categorical=True, n_jobs=1)
    model.fit(TYPED, GRANTED)
    return (
        lambda folder: mlflow.xgboost.save_model(
            model, folder, signature=SIGNATURE, model_format=model_format, pip_requirements=["x"]
        ),
        model.predict_proba(TYPED)[:, 1],
    )


def lgb() -> Made:
    parameters = {"objective": "binary", "verbose": -1, "num_threads": 1}
    booster = lightgbm.train(parameters, lightgbm.Dataset(TYPED, GRANTED), 8)
    return (
        lambda folder: mlflow.lightgbm.save_model(
            booster, folder, signature=SIGNATURE, pip_requirements=["x"]
        ),
        booster.predict(TYPED),
    )


def cat() -> Made:
    model = catboost.CatBoostClassifier(
        iterations=8, verbose=0, thread_count=1, allow_writing_files=False, cat_features=["region"]
    )
    model.fit(FRAME, GRANTED)
    return (
        lambda folder: mlflow.catboost.save_model(
            model, folder, signature=SIGNATURE, pip_requirements=["x"]
        ),
        model.predict_proba(FRAME)[:, 1],
    )


MODELS: dict[str, Callable[[], Made]] = {
    "xgboost ubj": lambda: xgb("ubj"),
    "xgboost json": lambda: xgb("json"),
    "lightgbm": lgb,
    "catboost": cat,
}


def scored(folder: Path, table: pa.Table, tier: str = "B", **options: Any) -> Any:
    settings = Settings(sandbox_tier=tier)
    if probe_tier(settings).name != tier:
        pytest.skip(f"this machine offers no tier {tier}")
    inputs = screening.screen(folder).inputs
    with SandboxScorer(folder, inputs=inputs, settings=settings, ahead=0, **options) as scorer:
        return scorer.score([table])[0]


@pytest.mark.parametrize("name", MODELS)
def test_a_booster_answers_as_at_home(name: str, tmp_path: Path) -> None:
    save, expected = MODELS[name]()
    save(tmp_path / "model")
    table = pa.Table.from_pandas(FRAME, preserve_index=False)

    found = screening.screen(tmp_path / "model")
    assert (found.flavour, found.trust_class) == (name.split(maxsplit=1)[0], "data_only")
    for tier in ("A", "B"):
        np.testing.assert_allclose(scored(tmp_path / "model", table, tier), expected, rtol=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_a_frame_without_some_levels_gets_the_same_answers(name: str, tmp_path: Path) -> None:
    save, expected = MODELS[name]()
    save(tmp_path / "model")
    some = FRAME[FRAME["region"] != "north"][["region", "children", "amount"]]

    answers = scored(tmp_path / "model", pa.Table.from_pandas(some, preserve_index=False))

    np.testing.assert_allclose(answers, expected[some.index], rtol=1e-6)


@pytest.mark.parametrize("name", ["xgboost.XGBClassifier", "xgboost.train"])
def test_categories_without_their_list_are_refused_by_name(name: str, tmp_path: Path) -> None:
    """XGBoost before 3.1 saves no list: words were numbered by those that a block held."""
    model = xgboost.XGBClassifier(n_estimators=8, enable_categorical=True, n_jobs=1)
    model.fit(TYPED, GRANTED)
    kept: Any = model if name.endswith("Classifier") else model.get_booster()
    mlflow.xgboost.save_model(
        kept, tmp_path / "m", signature=SIGNATURE, pip_requirements=["x"], model_format="json"
    )
    (path,) = (tmp_path / "m").glob("*.json")
    content = json.loads(path.read_text())
    del content["learner"]["gradient_booster"]["model"]["cats"]
    path.write_text(json.dumps(content))
    ask = opening.open_model(opening.describe(tmp_path / "m"), None)
    opened = mlflow.pyfunc.load_model(str(tmp_path / "m"))
    with pytest.raises(NotOpened) as refused:
        ask(FRAME)
    assert (refused.value.cause, refused.value.items) == ("levels_unknown", ("region",))
    with pytest.raises(verdict.Contained) as inside:
        InProcess(opened).score([pa.Table.from_pandas(FRAME, preserve_index=False)])
    (reason,) = inside.value.reasons
    assert reason.item == "region"
    assert "3.1" in reason.remedy.zh
    assert "3.1" in reason.remedy.en


NUMBERED = FRAME[["amount", "children"]].assign(children=FRAME["children"].astype(int))
CODED = NUMBERED.assign(children=NUMBERED["children"].astype("category"))


def _of_numbers(name: str, folder: Path, frame: pd.DataFrame) -> None:
    """A model that learnt whole numbers as categories, with the signature of a frame."""
    keep = {"signature": infer_signature(frame[:2], np.zeros(2)), "pip_requirements": ["x"]}
    if name == "xgboost":
        model = xgboost.XGBClassifier(n_estimators=4, enable_categorical=True, n_jobs=1)
        mlflow.xgboost.save_model(model.fit(CODED, GRANTED), folder, model_format="json", **keep)
    else:
        train = lightgbm.Dataset(CODED, GRANTED)
        booster = lightgbm.train(
            {"objective": "binary", "verbose": -1, "num_threads": 1}, train, 4
        )
        mlflow.lightgbm.save_model(booster, folder, **keep)


@pytest.mark.parametrize("words", [False, True])
@pytest.mark.parametrize("name", ["xgboost", "lightgbm"])
def test_numbers_learnt_as_categories_are_refused_by_name(
    name: str, words: bool, tmp_path: Path
) -> None:
    """issue 9: the refusal named neither column nor remedy; words were all missing to LightGBM."""
    frame = NUMBERED.assign(children=NUMBERED["children"].astype(str)) if words else NUMBERED
    _of_numbers(name, tmp_path / "m", frame)
    with pytest.raises(Exception, match=r"."):
        mlflow.pyfunc.load_model(str(tmp_path / "m")).predict(frame)
    with pytest.raises(NotOpened) as refused:
        opening.open_model(opening.describe(tmp_path / "m"), None)(frame)
    assert (refused.value.cause, refused.value.items) == ("number_categories", ("children",))
    for reason in verdict.reasons(verdict.Cause.NUMBER_CATEGORIES, refused.value.items):
        assert "string" in reason.remedy.zh
        assert "string" in reason.remedy.en


def test_several_classes_are_read_by_name(tmp_path: Path) -> None:
    model = catboost.CatBoostClassifier(
        iterations=5, verbose=0, thread_count=1, allow_writing_files=False, cat_features=["region"]
    ).fit(FRAME, GRADE)
    mlflow.catboost.save_model(model, tmp_path / "m", signature=SIGNATURE, pip_requirements=["x"])
    table = pa.Table.from_pandas(FRAME, preserve_index=False)

    answers = scored(tmp_path / "m", table, classes=Classes(("c", "a", "b"), "b"))

    np.testing.assert_allclose(answers, model.predict_proba(FRAME)[:, 1], rtol=1e-9)


def test_a_wrapper_of_lightgbm_opens_by_the_published_list_or_as_code(tmp_path: Path) -> None:
    wrapper = lightgbm.LGBMClassifier(n_estimators=2, verbose=-1, n_jobs=1).fit(TYPED, GRANTED)
    for how, trust in {"skops": "listed_types", "cloudpickle": "code"}.items():
        mlflow.lightgbm.save_model(
            wrapper,
            tmp_path / how,
            signature=SIGNATURE,
            pip_requirements=["x"],
            serialization_format=how,
        )
        found = screening.screen(tmp_path / how)
        assert (found.flavour, found.trust_class) == (f"lightgbm-{how}", trust)

        answers = scored(tmp_path / how, pa.Table.from_pandas(FRAME, preserve_index=False))
        expected = np.asarray(wrapper.predict_proba(TYPED))[:, 1]
        np.testing.assert_array_equal(answers, expected)


@pytest.mark.parametrize("case", ["xgb-early-stopping", "catboost-poisson"])
def test_the_sandbox_answers_as_the_saved_class(case: str, tmp_path: Path) -> None:
    """statistics/21: all rounds of a model stopped early; the logarithm of a rate."""
    numbers = FRAME[["amount", "children"]].fillna(0.0)
    if case == "catboost-poisson":
        model = catboost.CatBoostRegressor(
            loss_function="Poisson", iterations=8, verbose=0, allow_writing_files=False
        ).fit(numbers, FRAME["children"])
        save, expected = mlflow.catboost.save_model, model.predict(numbers)
    else:
        model = xgboost.XGBClassifier(
            n_estimators=40, learning_rate=0.9, early_stopping_rounds=2, n_jobs=1
        ).fit(numbers, GRANTED, eval_set=[(numbers[::2], 1 - GRANTED[::2])], verbose=False)
        assert model.best_iteration < model.get_booster().num_boosted_rounds() - 1
        save, expected = mlflow.xgboost.save_model, model.predict_proba(numbers)[:, 1]
    signature = infer_signature(numbers[:2], np.zeros(2))
    save(model, tmp_path / "m", signature=signature, pip_requirements=["x"])

    for tier in ("A", "B"):
        answers = scored(tmp_path / "m", pa.Table.from_pandas(numbers), tier)
        np.testing.assert_array_equal(answers, expected)
