"""The MLflow plugin gives the findings of our own run, and keeps out of everybody else's."""

import importlib.metadata
import json
import subprocess
import sys
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

from evaluators.doors.arrays import arrow
from evaluators.plan import Plan
from evaluators.running import engine
from registry import attestation
from registry.errors import Invalid, Reason
from registry.language import Text

with warnings.catch_warnings():  # MLflow warns of its own type hints when it is imported
    warnings.simplefilter("ignore")
    from mlflow.types import ColSpec, Schema

    from mingsuan_mlflow import Clash, MingsuanEvaluator
    from portal.home import verify
    from portal.mlflow.models import InProcess, ServedElsewhere
    from portal.mlflow_plugin import (
        FINDINGS,
        REPORT,
        ColumnsUnfit,
        ModelNotAsked,
        NoPlan,
        metrics,
        read,
    )
    from tests.portal import evaluating
    from tests.portal.evaluating import judged

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
    with evaluating.tracking(tmp_path_factory.mktemp("mlflow")):
        yield


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


def test_the_plugin_is_found_under_its_name() -> None:
    found = importlib.metadata.entry_points(group="mlflow.model_evaluator", name="mingsuan")
    assert [each.value for each in found] in (
        [],
        ["mingsuan_mlflow:MingsuanEvaluator"],
    )
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert 'mingsuan = "mingsuan_mlflow:MingsuanEvaluator"' in text


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
    content = theirs.artifacts[FINDINGS].content
    assert content["findings_digest"] == ours.findings_digest
    assert content["predictions"] == ours.predictions
    assert attestation.digest(content["findings"]) == ours.findings_digest
    logged = mlflow.artifacts.load_dict(theirs.artifacts[FINDINGS].uri)
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
    assert theirs.artifacts[FINDINGS].content["findings_digest"] == ours.findings_digest
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
        ({"mingsuan": {"title": "no probes"}}, True),  # it is ours, and is told what is wrong
        ({"mingsuan": "plan.toml"}, True),
        ({"plan": "plan.toml"}, True),
        ({"mingsuan": PLAN}, True),
        (PLAN, True),
        (GIVEN["mingsuan"], True),
    ],
)
def test_it_answers_only_when_something_of_its_own_is_there(config: Any, can: bool) -> None:
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


def test_a_model_in_another_process_is_refused_with_the_way_out() -> None:
    flavors = {"xgboost": {"data": "model.ubj"}, "python_function": {}}
    metadata = SimpleNamespace(flavors=flavors, get_input_schema=lambda: None)
    with pytest.raises(ServedElsewhere, match="env_manager='local'"):
        InProcess(SimpleNamespace(metadata=metadata, predict=len))


PLAN_TOML = """
title = "t"
[columns]
target = "repaid"
favourable = 1
cut = 0.5
sensitive = ["sex"]
inputs = ["income", "debt"]
[[probes]]
id = "selection_parity"
[[probes]]
id = "error_parity"
[[probes]]
id = "proxy_leakage"
"""


@pytest.mark.parametrize(
    ("config", "evaluators"),
    [
        (lambda path: {"mingsuan": str(path)}, "mingsuan"),
        (lambda path: {"mingsuan": path}, "mingsuan"),
        (lambda path: {"mingsuan": {"plan": path, "nonce": NONCE}}, ["mingsuan"]),
        (lambda path: {"plan": str(path)}, "mingsuan"),
    ],
)
def test_a_plan_may_be_the_path_of_its_file(
    people: pd.DataFrame, chance: Any, tmp_path: Path, config: Any, evaluators: Any
) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(PLAN_TOML, encoding="utf-8")
    found = judged(chance, data=people, targets="repaid", model_type="regressor",
                   evaluators=evaluators, evaluator_config=config(path))  # fmt: skip
    content = found.artifacts[FINDINGS].content
    assert content["plan"]["digest"] == Plan.parse(PLAN).digest


@pytest.mark.parametrize(
    ("config", "evaluators", "said"),
    [
        (None, "mingsuan", "There is no plan"),
        ({}, ["mingsuan"], "There is no plan"),
        ({"mingsuan": {}}, "mingsuan", "There is no plan"),
        ({"foo": 1}, "mingsuan", "There is no plan"),
        ({"mingsuan": "absent.toml"}, "mingsuan", "There is no plan at absent.toml"),
        ({"mingsuan": {"plan": "absent.toml"}}, ["mingsuan"], "There is no plan at absent.toml"),
        ({"mingsuan": {"title": "t"}}, "mingsuan", "probes"),
        ({"mingsuan": {**PLAN, "probes": [{"id": "unknown_probe"}]}}, "mingsuan", "unknown_probe"),
        ({"mingsuan": {"plan": PLAN, "nonce": "12"}}, "mingsuan", "64 lower-case"),
    ],
)
def test_whoever_names_us_is_told_our_reason(
    people: pd.DataFrame, chance: Any, config: Any, evaluators: Any, said: str
) -> None:
    """mlflow/F8, F9: it was MLflow's "could not be evaluated by any of the registered evaluators"."""
    with pytest.raises(Invalid) as refused:
        judged(chance, data=people, targets="repaid", model_type="regressor",
               evaluators=evaluators, evaluator_config=config)  # fmt: skip
    assert said in str(refused.value)


def test_every_error_of_ours_carries_its_reasons_in_its_own_text() -> None:
    """mlflow/F8: a notebook shows the text and nothing else."""
    why = Reason("gender", Text("数据里没有", "not a column"), Text("请补上", "add it"))
    shown = str(NoPlan("没有计划", "No plan", reasons=[why, why]))
    assert shown.splitlines()[0] == "没有计划 / No plan"
    assert shown.count("gender: 数据里没有 / not a column → 请补上 / add it") == 2


@pytest.fixture(scope="module")
def logged(people: pd.DataFrame) -> str:
    """A logged model whose inputs are no sensitive column."""
    with warnings.catch_warnings(), mlflow.start_run():
        warnings.simplefilter("ignore")
        fitted = LogisticRegression().fit(people[INPUTS], people["repaid"])
        info = mlflow.sklearn.log_model(
            fitted,
            name="model",
            pyfunc_predict_fn="predict_proba",
            signature=mlflow.models.infer_signature(people[INPUTS], np.zeros(2)),
            pip_requirements=["scikit-learn"],
        )
    return str(info.model_uri)


@pytest.mark.parametrize("inputs", [INPUTS, None])
def test_beside_the_default_evaluator_the_sensitive_column_is_no_feature(
    people: pd.DataFrame, logged: str, chance: Any, inputs: Any
) -> None:
    """mlflow/F10: the default evaluator gives every feature to the model itself."""
    columns = {name: value for name, value in PLAN["columns"].items() if name != "inputs"}
    plan = {**PLAN, "columns": {**columns, **({"inputs": inputs} if inputs else {})}}
    config = {"plan": plan, "nonce": NONCE, "columns": people[["sex"]]}
    found = judged(
        logged,
        data=people[[*INPUTS, "repaid"]],
        targets="repaid",
        model_type="classifier",
        evaluators=["default", "mingsuan"],
        evaluator_config={"mingsuan": config, "default": {"log_model_explainability": False}},
    )
    ours = engine.run(
        Plan.parse(PLAN),
        arrow({name: people[name] for name in (*INPUTS, "repaid", "sex")}),
        scorer=InProcess(SimpleNamespace(predict=chance)),
        nonce=NONCE,
    )
    assert found.artifacts[FINDINGS].content["findings_digest"] == ours.findings_digest
    assert {"accuracy_score", "mingsuan/selection_parity/selection_rate_ratio/sex:女"} & set(
        found.metrics
    ) >= {"accuracy_score"}


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (lambda people: people[["sex"]][:5], "it has 5 values, the data 1200 rows"),
        (lambda people: people[["sex"]][::-1], "indexed otherwise"),
        (lambda people: people[["sex", "debt"]], "the data have a column of that name"),
        (lambda people: {"sex": list(people["sex"])[:5]}, "it has 5 values, the data 1200 rows"),
        (lambda _: {"sex": "female"}, "no list of values"),
        (lambda _: {"sex": 7}, "no list of values"),
        (lambda _: 7, r'Write people\[\["sex"\]\]'),
        (lambda people: people["sex"].rename(None), r'Write people\[\["sex"\]\]'),
    ],
)
def test_columns_that_do_not_lie_beside_the_rows_are_refused(
    people: pd.DataFrame, logged: str, columns: Any, said: str
) -> None:
    with pytest.raises(ColumnsUnfit, match=said):
        judged(
            logged,
            data=people[[*INPUTS, "repaid"]],
            targets="repaid",
            model_type="classifier",
            evaluators=["mingsuan"],
            evaluator_config={"mingsuan": {"plan": PLAN, "columns": columns(people)}},
        )


@pytest.mark.parametrize("kind", [list, tuple, np.array])
def test_columns_may_be_plain_lists_beside_the_rows(
    people: pd.DataFrame, logged: str, kind: Any
) -> None:
    digests = {
        judged(
            logged,
            data=people[[*INPUTS, "repaid"]],
            targets="repaid",
            model_type="classifier",
            evaluators=["mingsuan"],
            evaluator_config={"mingsuan": {"plan": PLAN, "nonce": NONCE, "columns": beside}},
        )
        .artifacts[FINDINGS]
        .content["findings_digest"]
        for beside in (people[["sex"]], people["sex"], {"sex": kind(people["sex"])})
    }
    assert len(digests) == 1


def test_nobody_gets_the_column_of_somebody_else(people: pd.DataFrame, logged: str) -> None:
    """Data that were shuffled, and a column that was not, lie beside each other by place alone."""
    shuffled = people.sample(frac=1, random_state=1)

    def found(columns: pd.DataFrame) -> Any:
        return judged(
            logged,
            data=shuffled[[*INPUTS, "repaid"]],
            targets="repaid",
            model_type="classifier",
            evaluators=["mingsuan"],
            evaluator_config={"mingsuan": {"plan": PLAN, "nonce": NONCE, "columns": columns}},
        )

    with pytest.raises(ColumnsUnfit, match="indexed otherwise"):
        found(people[["sex"]])
    assert found(shuffled[["sex"]]).metrics


@pytest.mark.parametrize("key", ["plann", "Plan", "pla", "nonc"])
def test_a_misspelt_key_is_named_where_the_plan_s_own_is_misspelt(key: str) -> None:
    """It was read as a plan without a title."""
    with pytest.raises(Invalid) as refused:
        read({key: "plan.toml"})
    near = "nonce" if key == "nonc" else "plan"
    told = f"{key}: 没有这一项 / there is no such key → 是不是 {near} / did you mean {near}"
    assert told in str(refused.value)
    assert read(PLAN).plan == PLAN


@pytest.mark.parametrize(("given", "kind"), [(5, "int"), ([1], "list"), (True, "bool")])
@pytest.mark.parametrize("apart", [False, True])
def test_a_plan_of_a_wrong_kind_is_told_as_one(given: Any, kind: str, apart: bool) -> None:
    """It was told that there is none."""
    with pytest.raises(Invalid) as refused:
        read({"plan": given} if apart else given)
    assert str(refused.value).count(kind) == 2
    assert "There is no plan" not in str(refused.value)


def test_a_column_that_is_no_feature_is_told_where_to_put_it(
    people: pd.DataFrame, logged: str
) -> None:
    """The plan's sensitive column was no input of the model: “correct the plan or the data”."""
    asked = {"data": people[[*INPUTS, "repaid"]], "targets": "repaid", "model_type": "classifier",
             "evaluators": ["mingsuan"]}  # fmt: skip
    with pytest.raises(Invalid) as refused:
        judged(logged, **asked, evaluator_config={"mingsuan": {"plan": PLAN}})
    told = str(refused.value)
    assert told.count('"columns": people[["sex"]]') == 2
    assert judged(logged, **asked, evaluator_config={
        "mingsuan": {"plan": PLAN, "columns": people[["sex"]]}}).metrics  # fmt: skip


@pytest.mark.parametrize("inputs", [INPUTS, None])
def test_a_feature_that_the_data_lack_is_not_told_to_be_no_feature(
    people: pd.DataFrame, logged: str, inputs: Any
) -> None:
    """It was advised to be given beside the data, or to be corrected in a plan that names none."""
    columns = {name: told for name, told in PLAN["columns"].items() if name != "inputs"}
    plan = {**PLAN, "columns": {**columns, **({"inputs": inputs} if inputs else {})}}
    with pytest.raises(Invalid) as refused:
        judged(
            logged,
            data=people[["income", "repaid"]],
            targets="repaid",
            model_type="classifier",
            evaluators=["mingsuan"],
            evaluator_config={"mingsuan": {"plan": plan, "columns": people[["sex"]]}},
        )
    (reason,) = refused.value.reasons
    assert reason.item == "debt"
    assert "the model takes it" in reason.remedy.en
    assert "people[[" not in str(refused.value)


def test_data_without_names_are_told_to_be_named(people: pd.DataFrame, logged: str) -> None:
    """Of an array each feature was told to be given beside the data, and the targets, too."""
    asked = {"data": people[INPUTS].to_numpy(), "targets": people["repaid"].to_numpy(),
             "model_type": "classifier", "evaluators": ["mingsuan"],
             "evaluator_config": {"mingsuan": {"plan": PLAN, "columns": {"sex": list(people["sex"])}}}}  # fmt: skip
    with pytest.raises(Invalid) as refused:
        judged(logged, **asked)
    assert [reason.item for reason in refused.value.reasons] == sorted(INPUTS)
    assert all("feature_names=[…]" in reason.remedy.en for reason in refused.value.reasons)
    assert judged(logged, **asked, feature_names=INPUTS).metrics


def test_a_misspelt_reference_is_refused_with_the_groups_that_there_are(
    people: pd.DataFrame, chance: Any
) -> None:
    with pytest.raises(Invalid, match="never holds the reference group '男性'"):
        judged(chance, data=people, targets="repaid", model_type="regressor", evaluators="mingsuan",
               evaluator_config={"mingsuan": {"plan": {**PLAN, "reference": {"sex": "男性"}}}})  # fmt: skip


def test_metrics_that_are_withheld_are_named(
    people: pd.DataFrame, chance: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """They were absent from one of two runs, without a word."""
    few = people.assign(sex=np.where(np.arange(len(people)) < 35, "other", people["sex"]))
    found = judged(chance, data=few, targets="repaid", model_type="regressor",
                   evaluators="mingsuan", evaluator_config=GIVEN)  # fmt: skip
    hidden = [each for each in found.artifacts[FINDINGS].content["findings"] if each["suppressed"]]
    assert hidden
    assert "are not logged" in caplog.text
    named = sorted(name for name, _ in metrics([{**h, "effect": {"value": 0}} for h in hidden]))
    assert all(
        name in caplog.text for name in named if "/findings/" not in name and name < named[7]
    )
    caplog.clear()
    judged(chance, data=people, targets="repaid", model_type="regressor",
           evaluators="mingsuan", evaluator_config=GIVEN)  # fmt: skip
    assert "are not logged" not in caplog.text


@pytest.mark.parametrize("given", [True, False])
def test_a_nonce_that_was_given_is_not_said_to_be_drawn(
    people: pd.DataFrame, chance: Any, given: bool
) -> None:
    nonce = {"nonce": NONCE} if given else {}
    found = judged(chance, data=people, targets="repaid", model_type="regressor",
                   evaluators="mingsuan", evaluator_config={"mingsuan": {"plan": PLAN, **nonce}})  # fmt: skip
    page = found.artifacts[REPORT].content
    assert ("随机数是运行的人给的" in page) is given
    assert ("随机数是本机抽的" in page) is not given


@pytest.mark.parametrize("key", ["colums", "column", "none", "Plan"])
def test_a_misspelt_key_is_named(people: pd.DataFrame, logged: str, key: str) -> None:
    with pytest.raises(Invalid, match=key):
        judged(
            logged,
            data=people[[*INPUTS, "repaid"]],
            targets="repaid",
            model_type="classifier",
            evaluators=["mingsuan"],
            evaluator_config={"mingsuan": {"plan": PLAN, key: people[["sex"]]}},
        )


def test_a_model_that_a_plan_does_not_ask_gets_no_numbers(
    people: pd.DataFrame, chance: Any
) -> None:
    """A plan of `--init` names the column of decisions: the model's run got the metrics of labels."""
    config = {"mingsuan": {"plan": ANSWERED, "nonce": NONCE}}
    with pytest.raises(ModelNotAsked) as refused:
        judged(chance, data=people, targets="repaid", model_type="regressor",
               evaluators="mingsuan", evaluator_config=config)  # fmt: skip
    assert 'predictions="granted"' in refused.value.said.zh
    assert 'predictions="granted"' in refused.value.said.en
    run = mlflow.last_active_run()
    assert run is not None
    assert not run.data.metrics


@pytest.mark.parametrize("beside", [{}, {"nonce": NONCE}])
def test_a_plan_that_was_forgotten_is_missed_as_a_plan(
    people: pd.DataFrame, logged: str, beside: dict[str, Any]
) -> None:
    """What lay beside the data was read as the plan, and its columns as the plan's."""
    with pytest.raises(NoPlan, match="There is no plan"):
        judged(
            logged,
            data=people[[*INPUTS, "repaid"]],
            targets="repaid",
            model_type="classifier",
            evaluators=["mingsuan"],
            evaluator_config={"mingsuan": {"columns": people[["sex"]], **beside}},
        )


def test_a_function_is_asked_about_every_feature_where_the_plan_names_no_inputs(
    people: pd.DataFrame,
) -> None:
    """It was told that a column “—” held the answers, and that a cut was missing."""

    def grant(rows: pd.DataFrame) -> Any:
        assert list(rows.columns) == INPUTS
        return (rows[INPUTS[0]] > rows[INPUTS[1]]).astype(float)

    columns = {name: told for name, told in PLAN["columns"].items() if name != "inputs"}
    plans = ({**PLAN, "columns": columns}, {**PLAN, "columns": {**columns, "inputs": INPUTS}})
    digests = {
        judged(
            grant,
            data=people[[*INPUTS, "repaid"]],
            targets="repaid",
            model_type="regressor",
            evaluators=["mingsuan"],
            evaluator_config={
                "mingsuan": {"plan": plan, "nonce": NONCE, "columns": people["sex"]}
            },
        )
        .artifacts[FINDINGS]
        .content["findings_digest"]
        for plan in plans
    }
    assert len(digests) == 1


def test_the_run_gets_a_page_to_read_and_the_metrics_in_one_request(
    people: pd.DataFrame, chance: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """mlflow/F11, F16."""
    batches: list[int] = []
    log_batch, log_metric = mlflow.MlflowClient.log_batch, mlflow.MlflowClient.log_metric

    def counted(self: Any, run_id: str, **given: Any) -> None:
        batches.append(len(given["metrics"]))
        log_batch(self, run_id, **given)

    def refused(*_: Any, **__: Any) -> None:
        raise AssertionError("one metric, one request")

    monkeypatch.setattr(mlflow.MlflowClient, "log_batch", counted)
    monkeypatch.setattr(mlflow.MlflowClient, "log_metric", refused)
    found = judged(chance, data=people, targets="repaid", model_type="regressor",
                   evaluators="mingsuan", evaluator_config=GIVEN)  # fmt: skip
    monkeypatch.setattr(mlflow.MlflowClient, "log_metric", log_metric)

    assert batches[0] == len(found.metrics)
    page = mlflow.artifacts.load_text(found.artifacts[REPORT].uri)
    assert page == found.artifacts[REPORT].content
    assert page.startswith("<!doctype html>")
    assert "探索性" in page
    assert found.artifacts[FINDINGS].content["findings_digest"] in page
    assert '<link rel="stylesheet"' not in page
    # The page's own command can be followed: its file lies beside it.
    assert "mingsuan verify report.dsse.json" in page
    assert "--data DATA" in page
    kept = mlflow.artifacts.load_text(
        found.artifacts[REPORT].uri.replace(REPORT, "report.dsse.json")
    )
    assert verify.verify(kept.encode(), platform={}).failed is None


def test_metrics_of_the_users_own_are_not_dropped_without_a_word(
    people: pd.DataFrame, chance: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """mlflow/F16."""
    own = mlflow.metrics.mae()
    judged(chance, data=people, targets="repaid", model_type="regressor", extra_metrics=[own],
           evaluators="mingsuan", evaluator_config=GIVEN)  # fmt: skip
    assert "extra_metrics" in caplog.text


@pytest.mark.parametrize("name", ["evaluators.py", "portal/__init__.py", "registry/"])
def test_a_file_that_hides_one_of_our_packages_is_named(tmp_path: Path, name: str) -> None:
    """mlflow/F15: the plugin went without a word, and MLflow knew no evaluator of that name."""
    if name.endswith("/"):  # it was told without where it lies
        (tmp_path / name).mkdir()
    else:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    program = (
        "import mlflow\n"
        "import pandas as pd\n"
        "from mingsuan_mlflow import MingsuanEvaluator\n"
        "MingsuanEvaluator().evaluate(model_type=None, dataset=None, run_id='', "
        "evaluator_config={'mingsuan': {'title': 't'}})\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert str(tmp_path / name) in done.stderr
    assert "Rename it" in done.stderr
    assert "请给它改名" in done.stderr
    assert issubclass(Clash, ImportError)
