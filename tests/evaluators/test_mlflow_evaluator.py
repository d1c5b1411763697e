"""The MLflow plugin gives the findings of our own run, and keeps out of everybody else's."""

import importlib.metadata
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression

from evaluators import engine
from evaluators.arrays import arrow
from evaluators.plan import Plan
from registry import attestation
from registry.errors import Invalid

with warnings.catch_warnings():  # MLflow warns of its own type hints when it is imported
    warnings.simplefilter("ignore")
    from mlflow.models.evaluation.evaluator_registry import _model_evaluation_registry
    from mlflow.types import ColSpec, Schema

    from evaluators.mlflow_evaluator import ARTIFACT, InProcess, MingsuanEvaluator

NONCE = "0" * 64
INPUTS = ["income", "debt"]
PLAN: dict[str, Any] = {
    "title": "t",
    "columns": {"target": "repaid", "favourable": 1, "cut": 0.5, "sensitive": ["sex"],
                "inputs": INPUTS},
    "probes": [{"id": "selection_parity"}, {"id": "error_parity"}, {"id": "proxy_leakage"}],
}  # fmt: skip
ANSWERED = {
    **PLAN,
    "columns": {
        "target": "repaid",
        "favourable": 1,
        "sensitive": ["sex"],
        "prediction": "granted",
    },
    "probes": PLAN["probes"][:2],
}
GIVEN = {"mingsuan": {"plan": PLAN, "nonce": NONCE}}


@pytest.fixture(scope="module", autouse=True)
def tracking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A tracking server of this test's own, with our plugin known under its name."""
    folder = tmp_path_factory.mktemp("mlflow")
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mlflow.create_experiment("own", artifact_location=(folder / "artifacts").as_uri())
    mlflow.set_experiment("own")
    _model_evaluation_registry.register("mingsuan", MingsuanEvaluator)
    yield
    mlflow.set_tracking_uri(before)


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    rows = 1200
    sex = rng.choice(["女", "男"], rows)
    income = rng.normal(size=rows) + 0.6 * (sex == "男")
    debt = rng.normal(size=rows)
    repaid = (income - debt + rng.normal(size=rows) > 0).astype(int)
    granted = (income > 0.2).astype(int)
    return pd.DataFrame(
        {"income": income, "debt": debt, "sex": sex, "repaid": repaid, "granted": granted}
    )


@pytest.fixture(scope="module")
def chance(people: pd.DataFrame) -> Any:
    """The probability of repaying, from a model that saw only the inputs."""
    fitted = LogisticRegression().fit(people[INPUTS], people["repaid"])
    return lambda rows: fitted.predict_proba(rows[INPUTS])[:, 1]


def judged(*args: Any, **given: Any) -> Any:
    """MLflow's own call; what it warns of in its own affairs is not our test's."""
    with warnings.catch_warnings(), mlflow.start_run():
        warnings.simplefilter("ignore")
        return mlflow.models.evaluate(*args, **given)


def test_the_plugin_is_found_under_its_name() -> None:
    found = importlib.metadata.entry_points(group="mlflow.model_evaluator", name="mingsuan")
    assert [each.value for each in found] in (
        [],
        ["evaluators.mlflow_evaluator:MingsuanEvaluator"],
    )
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert 'mingsuan = "evaluators.mlflow_evaluator:MingsuanEvaluator"' in text


@pytest.mark.parametrize("evaluators", ["mingsuan", ["mingsuan"]])
def test_a_model_gets_the_findings_of_our_own_run(
    people: pd.DataFrame, chance: Any, evaluators: Any
) -> None:
    ours = engine.run(
        Plan.parse(PLAN),
        arrow({name: people[name] for name in people.columns}),
        scorer=InProcess(SimpleNamespace(predict=chance)),
        nonce=NONCE,
    )
    theirs = judged(
        chance,
        data=people,
        targets="repaid",
        model_type="regressor",
        evaluators=evaluators,
        evaluator_config=GIVEN,
    )
    content = theirs.artifacts[ARTIFACT].content
    assert content["findings_digest"] == ours.findings_digest
    assert content["predictions"] == ours.predictions
    assert attestation.digest(content["findings"]) == ours.findings_digest
    logged = mlflow.artifacts.load_dict(theirs.artifacts[ARTIFACT].uri)
    assert logged == json.loads(json.dumps(content))
    assert logged["standing"] == "exploratory"


@pytest.mark.parametrize("evaluators", ["mingsuan", None])
def test_answers_in_the_data_are_enough(people: pd.DataFrame, evaluators: Any) -> None:
    people = people.assign(sex=(people["sex"] == "男").astype(int))  # MLflow's own take numbers
    ours = engine.run(
        Plan.parse(ANSWERED),
        arrow({name: people[name] for name in people.columns}),
        scorer=None,
        nonce=NONCE,
    )
    theirs = judged(
        data=people,
        targets="repaid",
        predictions="granted",
        model_type="regressor",
        evaluators=evaluators,
        evaluator_config={"mingsuan": {"plan": ANSWERED, "nonce": NONCE}},
    )
    assert theirs.artifacts[ARTIFACT].content["findings_digest"] == ours.findings_digest
    own = {f"mingsuan/selection_parity/selection_rate_ratio/sex:{level}" for level in "01"}
    assert own & set(theirs.metrics)
    others = [name for name in theirs.metrics if not name.startswith("mingsuan/")]
    assert ("mean_absolute_error" in others) == (evaluators is None)
    assert sum(v for n, v in theirs.metrics.items() if "/findings/" in n) == len(ours.findings)


@pytest.mark.parametrize(
    ("config", "can"),
    [
        (None, False),
        ({}, False),
        ({"explainability_algorithm": "kernel"}, False),
        ({"default": {"metric_prefix": "x"}}, False),
        ({"mingsuan": {"title": "no probes"}}, False),
        ({"mingsuan": "plan"}, False),
        ({"mingsuan": PLAN}, True),
        (PLAN, True),
        (GIVEN["mingsuan"], True),
    ],
)
def test_it_answers_only_when_its_own_plan_is_there(config: Any, can: bool) -> None:
    found = MingsuanEvaluator.can_evaluate(model_type="classifier", evaluator_config=config)
    assert found is can


def test_other_evaluators_are_left_alone(people: pd.DataFrame) -> None:
    theirs = judged(
        data=people[["income", "repaid", "granted"]],
        targets="repaid",
        predictions="granted",
        model_type="classifier",
    )
    assert "accuracy_score" in theirs.metrics
    assert not [name for name in theirs.metrics if name.startswith("mingsuan")]


def test_a_plan_that_does_not_fit_says_why(people: pd.DataFrame) -> None:
    with pytest.raises(Invalid):
        judged(
            data=people.drop(columns="sex"),
            targets="repaid",
            predictions="granted",
            model_type="regressor",
            evaluators="mingsuan",
            evaluator_config={"mingsuan": ANSWERED},
        )
    with pytest.raises(Invalid, match="type"):
        arrow({"odd": np.array([b"1", b"2"])})


def test_whole_numbers_become_the_real_ones_that_a_signature_asks_for() -> None:
    asked = Schema([ColSpec("double", "a"), ColSpec("long", "b")])
    got: list[pd.DataFrame] = []

    def predict(block: pd.DataFrame) -> list[float]:
        got.append(block)
        return [0.0] * len(block)

    metadata = SimpleNamespace(get_input_schema=lambda: asked)
    scorer = InProcess(SimpleNamespace(predict=predict, metadata=metadata))
    scorer.score([pa.table({"a": [1, 2], "b": [3, 4]})])
    assert [str(kind) for kind in got[0].dtypes] == ["float64", "int64"]
