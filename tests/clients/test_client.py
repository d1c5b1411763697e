"""Plugin, type list and reader beside whichever client of MLflow is installed (`make clients`)."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import catboost
import lightgbm
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import skops.io
import xgboost
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from evaluators.doors.arrays import arrow
from evaluators.running import engine, planning
from registry import screening
from registry.errors import Invalid
from registry.sandbox.child import asking, opening
from registry.sandbox.child.trusted_types import SKOPS_TYPES

with warnings.catch_warnings():  # MLflow warns of its own affairs when it is imported
    warnings.simplefilter("ignore")
    import mlflow
    from mlflow.models import infer_signature
    from mlflow.models.evaluation.evaluator_registry import _model_evaluation_registry

    from portal.mlflow.models import InProcess

NONCE = "0" * 64
INPUTS = ["income", "debt"]
RNG = np.random.default_rng(5)
ROWS = 800
SEX = RNG.choice(["女", "男"], ROWS)
PEOPLE = pd.DataFrame(
    {"income": RNG.normal(size=ROWS) + (SEX == "男"), "debt": RNG.gamma(2, size=ROWS)}
)
DUE = (PEOPLE["income"] - PEOPLE["debt"] / 2 + RNG.normal(size=ROWS) > 0).astype(int)
COUNT = RNG.poisson(np.exp(PEOPLE["income"] / 3))
PLAN_TOML = """
title = "t"
[columns]
target = "repaid"
favourable = 1
cut = 0.5
sensitive = ["sex"]
[[probes]]
id = "selection_parity"
[[probes]]
id = "error_parity"
"""


@pytest.fixture(autouse=True)
def libraries_are_quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tracking store in which nothing is yet: MLflow takes a second to make its tables.

    It is of files where MLflow's database asks for an older SQLAlchemy.
    """
    folder = tmp_path_factory.mktemp("made")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mlflow.MlflowClient(store_in(folder)).search_experiments()  # makes its tables
    return folder


def store_in(folder: Path) -> str:
    """The address of the store that lies in a folder."""
    old = mlflow.__version__.startswith("2.")
    return folder.as_uri() if old else f"sqlite:///{folder / 'mlflow.db'}"


@pytest.fixture(autouse=True)
def tracking(made: Path, tmp_path: Path) -> Iterator[None]:
    """A tracking store of this test's own, also where a model is only saved: 2.22 makes `mlruns`."""
    before = mlflow.get_tracking_uri()
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    mlflow.set_tracking_uri(store_in(tmp_path))
    mlflow.create_experiment("own", artifact_location=(tmp_path / "artifacts").as_uri())
    mlflow.set_experiment("own")
    yield
    mlflow.end_run()  # what logs outside of a run begins one, and 2.22 leaves it open
    mlflow.set_tracking_uri(before)


def test_the_plugin_is_registered_by_being_installed() -> None:
    assert _model_evaluation_registry.is_registered("mingsuan")


def test_beside_the_default_evaluator_on_a_logged_model(tmp_path: Path) -> None:
    """The plan is a path, the sensitive column no feature; the digest is that of our own run."""
    path = tmp_path / "plan.toml"
    path.write_text(PLAN_TOML, encoding="utf-8")
    fitted = LogisticRegression().fit(PEOPLE, DUE)
    own = {"plan": str(path), "nonce": NONCE, "columns": pd.DataFrame({"sex": SEX})}
    with mlflow.start_run():
        logged = mlflow.sklearn.log_model(
            fitted,
            "model",
            pyfunc_predict_fn="predict_proba",
            serialization_format="cloudpickle",
            signature=infer_signature(PEOPLE, np.zeros(2)),
            pip_requirements=["scikit-learn"],
        )
        found = mlflow.models.evaluate(
            logged.model_uri,
            data=PEOPLE.assign(repaid=DUE),
            targets="repaid",
            model_type="classifier",
            evaluators=["default", "mingsuan"],
            evaluator_config={"mingsuan": own, "default": {"log_model_explainability": False}},
        )
    written = {**tomllib.loads(PLAN_TOML)}
    plan = planning.parse({**written, "columns": {**written["columns"], "inputs": INPUTS}})
    asked: Any = SimpleNamespace(predict=lambda rows: fitted.predict_proba(rows[INPUTS])[:, 1])
    rows = arrow({**{name: PEOPLE[name] for name in INPUTS}, "repaid": DUE, "sex": SEX})
    ours = engine.run(plan, rows, scorer=InProcess(asked), nonce=NONCE)

    assert "accuracy_score" in found.metrics
    content = found.artifacts["mingsuan_findings.json"].content
    assert content["findings_digest"] == ours.findings_digest
    assert ours.findings_digest in found.artifacts["mingsuan_report.html"].content


@pytest.mark.parametrize("config", [None, {"mingsuan": "absent.toml"}])
def test_whoever_names_us_is_told_our_reason(config: Any) -> None:
    with mlflow.start_run(), pytest.raises(Invalid, match="There is no plan"):
        mlflow.models.evaluate(
            lambda rows: rows["income"],
            data=PEOPLE.assign(repaid=DUE),
            targets="repaid",
            model_type="regressor",
            evaluators="mingsuan",
            evaluator_config=config,
        )


@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(),
        RandomForestClassifier(5),
        HistGradientBoostingClassifier(max_iter=3),
        CalibratedClassifierCV(LogisticRegression()),
        lightgbm.LGBMClassifier(n_estimators=3, verbose=-1),
    ],
    ids=lambda model: type(model).__name__,
)
def test_the_published_list_covers_what_is_saved_with_it(model: Any, tmp_path: Path) -> None:
    fitted, path = model.fit(PEOPLE, DUE), tmp_path / "model.skops"
    skops.io.dump(fitted, path)

    assert set(skops.io.get_untrusted_types(file=path)) <= set(SKOPS_TYPES)
    again = skops.io.load(path, trusted=list(SKOPS_TYPES))
    np.testing.assert_array_equal(again.predict_proba(PEOPLE), fitted.predict_proba(PEOPLE))


def _early() -> Any:
    model = xgboost.XGBClassifier(n_estimators=30, learning_rate=0.9, early_stopping_rounds=2)
    return model.fit(PEOPLE[:400], DUE[:400], eval_set=[(PEOPLE[400:], DUE[400:])], verbose=False)


def _poisson() -> Any:
    quiet = {"iterations": 5, "verbose": 0, "allow_writing_files": False}
    return catboost.CatBoostRegressor(loss_function="Poisson", **quiet).fit(PEOPLE, COUNT)


SAVED: dict[str, Any] = {
    "sklearn": lambda: LogisticRegression().fit(PEOPLE, DUE),
    "xgboost": _early,
    "lightgbm": lambda: lightgbm.LGBMClassifier(n_estimators=3, verbose=-1).fit(PEOPLE, DUE),
    "catboost": _poisson,
}


@pytest.mark.parametrize("flavour", SAVED)
def test_what_this_client_saves_is_read_as_its_class_answers(flavour: str, tmp_path: Path) -> None:
    model, folder = SAVED[flavour](), tmp_path / "model"
    pickled = {"pyfunc_predict_fn": "predict_proba", "serialization_format": "cloudpickle"}
    getattr(mlflow, flavour).save_model(
        model,
        folder,
        signature=infer_signature(PEOPLE, np.zeros(2)),
        pip_requirements=["x"],
        **(pickled if flavour == "sklearn" else {}),
    )
    table = pa.Table.from_pandas(PEOPLE, preserve_index=False)
    number = hasattr(model, "predict_proba")
    expected = model.predict_proba(PEOPLE)[:, 1] if number else model.predict(PEOPLE)

    assert screening.screen(folder).flavour.startswith(flavour)
    ask = opening.open_model(opening.describe(folder))
    ((_, answers),) = asking.in_blocks(ask, table)
    np.testing.assert_array_equal(answers, expected)
    (inside,) = InProcess(mlflow.pyfunc.load_model(str(folder))).score([table])
    np.testing.assert_array_equal(inside, expected)


def snippets() -> dict[str, str]:
    """The pieces of Python in the README that log a model, by their first line."""
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    found = re.findall(r"```python\n(# [^\n]*MLflow[^\n]*)\n(.*?)```", text, re.DOTALL)
    return dict(found)


def test_the_readme_has_a_snippet_for_every_client() -> None:
    first, second = snippets()
    assert first.startswith("# MLflow 3.17,")
    assert second.startswith("# every MLflow from 2.22,")


@pytest.mark.parametrize("comment", snippets())
def test_what_the_readme_says_works_as_it_stands(comment: str) -> None:
    """README, "with the ordinary MLflow client": the very lines, on a model and its frame."""
    if comment.startswith("# MLflow 3.17,") and not mlflow.__version__.startswith("3.17."):
        pytest.skip("another snippet is this client's")
    model = LogisticRegression().fit(PEOPLE, DUE)
    exec(snippets()[comment], {"model": model, "frame": PEOPLE})  # what it is for
    version = mlflow.MlflowClient().get_model_version("my-model", "1")
    folder = mlflow.artifacts.download_artifacts(version.source)
    screened = screening.screen(Path(folder))
    listed = "skops" in snippets()[comment]
    assert screened.trust_class == ("listed_types" if listed else "code")


def test_missing_words_give_one_digest_with_this_pandas_and_with_the_locked_one(
    tmp_path: Path,
) -> None:
    """issue 9: pandas 2 told a model None where pandas 3 told NaN: 0.26 for 0.41, another verdict.

    The plugin here, the command line here, and the command line of the environment of the lock.
    """
    guarantor = np.where(SEX == "女", RNG.choice(["", "self", "other"], ROWS), "self")
    owner = RNG.choice(["True", "False", ""], ROWS)
    rows = PEOPLE[["income"]].round(9).assign(guarantor=guarantor, owner=owner, sex=SEX)
    rows["repaid"] = (rows["income"] + 2 * (guarantor == "") + (owner == "") > 1).astype(int)
    rows.to_csv(tmp_path / "rows.csv", index=False)
    read = pd.read_csv(tmp_path / "rows.csv")
    inputs = read[["income", "guarantor", "owner"]]
    encoded = (OneHotEncoder(handle_unknown="ignore"), ["guarantor", "owner"])
    model = make_pipeline(
        make_column_transformer(encoded, remainder="passthrough"), LogisticRegression()
    ).fit(inputs, read["repaid"])
    mlflow.sklearn.save_model(
        model,
        str(tmp_path / "model"),
        pyfunc_predict_fn="predict_proba",
        serialization_format="cloudpickle",
        signature=infer_signature(inputs, np.zeros(2)),
        pip_requirements=["scikit-learn"],
    )
    path = tmp_path / "plan.toml"
    path.write_text(PLAN_TOML, encoding="utf-8")
    with mlflow.start_run():
        found = mlflow.models.evaluate(
            str(tmp_path / "model"),
            data=read.drop(columns="sex"),
            targets="repaid",
            model_type="classifier",
            evaluators="mingsuan",
            evaluator_config={
                "mingsuan": {"plan": str(path), "nonce": NONCE, "columns": read[["sex"]]}
            },
        )
    content = found.artifacts["mingsuan_findings.json"].content
    written = tomllib.loads(PLAN_TOML)
    written["columns"]["inputs"] = [*inputs.columns]
    right = dict(zip(read["income"], model.predict_proba(inputs)[:, 1], strict=True))
    scorer: Any = SimpleNamespace(
        score=lambda frames: [
            np.array([right[value] for value in frame["income"].to_pylist()]) for frame in frames
        ]
    )
    rows_of_ours = arrow({str(name): read[name] for name in read.columns})
    ours = engine.run(planning.parse(written), rows_of_ours, scorer=scorer, nonce=NONCE)
    assert content["findings_digest"] == ours.findings_digest

    locked = Path(__file__).parents[2] / ".venv" / "bin" / "python"
    for python in (Path(sys.executable), locked):
        told = subprocess.run(
            [str(python), "-m", "portal", "evaluate", str(path), "--data", str(tmp_path / "rows.csv"),
             "--model", str(tmp_path / "model"), "--nonce", NONCE, "--json"],
            check=True, capture_output=True, text=True, cwd=tmp_path,
        )  # fmt: skip
        assert json.loads(told.stdout)["findings_digest"] == content["findings_digest"]
