"""One digest for one model, whoever opens it: the command line's sandbox, or MLflow for the plugin.

Here once for every format and class that the reader opens; `make clients` asks the whole oracle.
"""

import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from evaluators.running import engine
from registry.sandbox.child import flavours, plain_yaml
from registry.sandbox.child.classes import Classes
from registry.settings import Settings
from tests import exhaustive

with warnings.catch_warnings():  # MLflow warns of its own type hints when it is imported
    warnings.simplefilter("ignore")
    from portal.home import exploratory
    from portal.mlflow_plugin import FINDINGS
    from tests.portal import evaluating
    from tests.registry import oracle, oracle_case

    CASES = {case.name: case for case in oracle.cases()}

NONCE = "0" * 64
ROWS = 300
CLASSES = {
    "xgboost.train, stopped early": ("xgboost", "xgboost.core.Booster"),
    "XGBClassifier, stopped early": ("xgboost", "xgboost.sklearn.XGBClassifier"),
    "XGBRegressor count:poisson, stopped early": ("xgboost", "xgboost.sklearn.XGBRegressor"),
    "XGBRanker": ("xgboost", "xgboost.sklearn.XGBRanker"),
    "XGBRFClassifier": ("xgboost", "xgboost.sklearn.XGBRFClassifier"),
    "XGBRFRegressor": ("xgboost", "xgboost.sklearn.XGBRFRegressor"),
    "lightgbm.train multiclass": ("lightgbm", "lightgbm.basic.Booster"),
    "LGBMClassifier skops": ("lightgbm-skops", "lightgbm.sklearn.LGBMClassifier"),
    "LGBMRegressor pickle, Poisson": ("lightgbm-pickle", "lightgbm.sklearn.LGBMRegressor"),
    "LGBMRanker": ("lightgbm-skops", "lightgbm.sklearn.LGBMRanker"),
    "LGBMModel": ("lightgbm-cloudpickle", "lightgbm.sklearn.LGBMModel"),
    "CatBoost Poisson": ("catboost", "catboost.CatBoost"),
    "CatBoostClassifier of three by name": ("catboost", "catboost.CatBoostClassifier"),
    "CatBoostRegressor Poisson": ("catboost", "catboost.CatBoostRegressor"),
    "CatBoostRanker": ("catboost", "catboost.CatBoostRanker"),
    "sklearn skops forest on threads": ("sklearn-skops", ""),
    "sklearn words, one hot": ("sklearn-cloudpickle", ""),
    "sklearn decisions, tuned threshold": ("sklearn-cloudpickle", ""),
    "onnx zipmap": ("onnx", ""),
    "onnx from 1, without zipmap": ("onnx", ""),
    "onnx words, without zipmap": ("onnx", ""),
    "onnx three from 1, without zipmap": ("onnx", ""),
    "PythonModel Shares": ("pyfunc", ""),
}
NAMES = (
    list(CASES)
    if os.environ.get("WHOLE_ORACLE")
    else [
        exhaustive.case(
            name, kept=CLASSES[name][0] not in {row for row, _ in [*CLASSES.values()][:at]}
        )
        for at, name in enumerate(CLASSES)
    ]
)
"""In `make test` a model of every format; the classes of a format are opened by one reader."""


@pytest.fixture(scope="module", autouse=True)
def tracking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A tracking server of this test's own, with our plugin known under its name."""
    with evaluating.tracking(tmp_path_factory.mktemp("mlflow")):
        yield


def test_every_class_that_the_reader_opens_has_a_case() -> None:
    """Of scikit-learn's two ways of pickling one is asked; those of LightGBM are both."""
    formats = {row.name for row in flavours.FORMATS} - {"sklearn-pickle"}
    saved = {
        flavours.saved_class(row, {row.class_key: name})
        for row in flavours.FORMATS
        for name in row.saved
    }
    assert {row for row, _ in CLASSES.values()} == formats
    assert {name for _, name in CLASSES.values() if name} == saved


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_command_line_in_the_sandbox_finds_the_same(name: str, tmp_path: Path) -> None:
    """mlflow/F3: two readers of one model gave two digests, and nothing said so."""
    case = CASES[name]
    rows = case.frame[:ROWS].copy()
    rows["due"], columns = outcome(case.classes)
    rows["sex"] = np.where(np.arange(ROWS) % 2, "女", "男")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        case.save(tmp_path / "model")
    rows.to_csv(tmp_path / "rows.csv", index=False)
    columns |= {"target": "due", "sensitive": ["sex"]}
    asked = ["selection_parity", *(["score_parity"] if "cut" in columns else [])]
    plan = {"title": "t", "columns": columns, "probes": [{"id": each} for each in asked]}
    made = exploratory.explore(
        plan,
        tmp_path / "rows.csv",
        asked=exploratory.Asked(tmp_path / "model"),
        settings=Settings(),
        nonce=NONCE,
        tell=engine.silent,
    )
    found = evaluating.judged(
        str(tmp_path / "model"),
        data=pd.read_csv(tmp_path / "rows.csv"),
        targets="due",
        model_type="regressor",
        evaluators="mingsuan",
        evaluator_config={"mingsuan": {"plan": plan, "nonce": NONCE}},
    )
    content = found.artifacts[FINDINGS].content
    assert content["plan"]["digest"] == made.report["plan"]["digest"]
    assert content["findings_digest"] == made.report["findings_digest"]
    assert content["predictions"] == made.report["predictions"] > 0
    assert name not in CLASSES or of_class(tmp_path / "model") == CLASSES[name]


def outcome(classes: Classes | None) -> tuple[npt.NDArray[Any], dict[str, Any]]:
    """What happened to as many people in the words of a model's classes, and how a plan names them."""
    if classes is None:
        return oracle_case.DUE[:ROWS], {"favourable": 1, "cut": 0.5}
    names = [int(name) if name.isdigit() else name for name in classes.names]
    told: dict[str, Any] = {"classes": list(classes.names), "favourable": names[-1]}
    if classes.favourable is not None:
        told |= {"favourable": names[classes.names.index(classes.favourable)], "cut": 0.5}
    return np.array(names)[oracle_case.GRADE[:ROWS] % len(names)], told


def of_class(folder: Path) -> tuple[str, str]:
    """The format of a saved model, and the class where its format lists some."""
    row, settings = flavours.of(plain_yaml.read((folder / "MLmodel").read_text(encoding="utf-8")))
    return row.name, flavours.saved_class(row, settings) if row.saved else ""
