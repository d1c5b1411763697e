"""Performance: the metrics agree with scikit-learn's, groups are compared as promised."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from sklearn import metrics

from evaluators.behaviour.performance import Performance
from evaluators.plan import Plan
from evaluators.running import conformance, engine
from evaluators.running.recompute import recompute
from evaluators.statistics import task_metrics
from evaluators.statistics.task_metrics import Rows
from registry.findings import Finding, Verdict
from tests.evaluators.decision_data import Reading, column

RNG = np.random.default_rng(5)
ROWS = 400
DUE = RNG.integers(0, 3, ROWS)
SCORE = np.round(DUE + RNG.standard_normal(ROWS), 1)
NAMES = np.array(["approve", "refuse", "review"])
TABLE = pa.table({
    "race": RNG.choice(["a", "b"], ROWS), "due": DUE, "named": NAMES[DUE], "x": SCORE,
    "score": SCORE, "told": NAMES[np.clip(np.rint(SCORE), 0, 2).astype(int)],
    "q": np.arange(ROWS) // 8, "who": np.arange(ROWS) // 2,
})  # fmt: skip


def _plan(columns: dict[str, Any], **options: Any) -> dict[str, Any]:
    return {"title": "t", "columns": columns, "probes": [{"id": "performance", **options}]}


def _run(
    columns: dict[str, Any], model: Any = None, table: pa.Table = TABLE, **options: Any
) -> dict[str, Finding]:
    plan = Plan.parse(_plan(columns, **options))
    found = engine.measure(plan, table, scorer=model, nonce="n")
    return {f"{f.metric}{f.group or ''}": f for f in found}


BINARY = {
    "target": "due",
    "favourable": 2,
    "unfavourable": [0, 1],
    "score_favourable": 1,
    "score": "score",
    "cut": 1.5,
    "sensitive": ["race"],
}


def test_two_classes_are_scikit_learns_numbers() -> None:
    found, due = _run(BINARY), DUE == 2
    told = SCORE >= 1.5
    assert found["accuracy"].estimate == pytest.approx(metrics.accuracy_score(due, told))
    assert found["balanced_accuracy"].estimate == pytest.approx(
        metrics.balanced_accuracy_score(due, told)
    )
    assert found["auc"].estimate == pytest.approx(metrics.roc_auc_score(due, SCORE))
    assert found["accuracy"].verdict is Verdict.INCONCLUSIVE
    assert "measurement" in found["accuracy"].reading["en"]
    group = np.asarray(TABLE["race"].to_pylist()) == "b"
    compared = found["accuracy_by_groupb"]
    assert compared.estimate == pytest.approx(metrics.accuracy_score(due[group], told[group]))
    assert compared.details["auc"] == pytest.approx(
        metrics.roc_auc_score(due[group], SCORE[group])
    )
    assert compared.family == {"id": "performance/race", "size": 2}


def test_several_classes_from_data_and_from_a_model_agree() -> None:
    columns = {
        "target": "named",
        "favourable": "approve",
        "classes": NAMES.tolist(),
        "sensitive": ["race"],
    }
    found = _run(columns | {"prediction": "told"})
    told = np.asarray(TABLE["told"].to_pylist())
    assert found["macro_f1"].estimate == pytest.approx(
        metrics.f1_score(NAMES[DUE], told, average="macro")
    )
    places = Reading(lambda f: np.clip(np.rint(column(f, "x")), 0, 2))
    asked = _run(columns | {"inputs": ["x"]}, places)
    assert {n: f.estimate for n, f in asked.items()} == {n: f.estimate for n, f in found.items()}


def test_numbers_and_rankings_are_scikit_learns_too() -> None:
    found = _run({"target": "due", "score": "score", "sensitive": ["race"]})
    assert found["mae"].estimate == pytest.approx(metrics.mean_absolute_error(DUE, SCORE))
    assert found["rmse"].estimate == pytest.approx(metrics.mean_squared_error(DUE, SCORE) ** 0.5)
    assert found["r2"].estimate == pytest.approx(metrics.r2_score(DUE, SCORE))
    assert found["mae_by_groupb"].effect["kind"] == "ratio"
    ranked = _run({"target": "due", "score": "score", "query": "q"}, depth=5)
    shaped = (DUE.reshape(-1, 8), SCORE.reshape(-1, 8))
    keep = shaped[0].sum(axis=1) > 0
    assert ranked["ndcg"].estimate == pytest.approx(
        metrics.ndcg_score(shaped[0][keep], shaped[1][keep], k=5)
    )


@pytest.mark.parametrize(
    "metric", ["accuracy", "balanced_accuracy", "macro_f1", "auc", "mae", "rmse", "r2"]
)
def test_the_influence_gives_the_jackknifes_error(metric: str) -> None:
    numeric = metric in {"mae", "rmse", "r2"}
    due = DUE if numeric else (DUE == 2).astype(int)
    rows = {
        "due": due,
        "answered": (SCORE >= 1.5).astype(int),
        "score": SCORE,
        "unit": np.arange(ROWS, dtype=np.uint64),
    }

    def value(some: Rows) -> float:
        found = task_metrics.estimate(metric, some)
        assert found is not None
        return found.value

    left = [value({n: np.delete(c, i) for n, c in rows.items()}) for i in range(ROWS)]
    jackknife = np.sqrt((ROWS - 1) / ROWS * ((np.array(left) - np.mean(left)) ** 2).sum())
    made = task_metrics.estimate(metric, rows)
    assert made is not None
    assert made.error == pytest.approx(jackknife, rel=0.02)
    assert float(made.parts.sum()) == pytest.approx(0, abs=1e-9)


def test_doubled_rows_of_the_same_people_prove_no_more() -> None:
    twice = pa.concat_tables([TABLE, TABLE])
    once, again = _run(BINARY | {"unit": "who"}), _run(BINARY | {"unit": "who"}, table=twice)
    assert once["accuracy"].ci is not None
    assert again["accuracy"].ci == pytest.approx(once["accuracy"].ci)


def test_a_declared_requirement_is_held_against_the_interval() -> None:
    found = _run(BINARY, required={"accuracy": 0.99, "auc": 0.5})
    assert found["accuracy"].verdict is Verdict.DISPARITY
    assert "falls short" in found["accuracy"].reading["en"]
    assert found["auc"].verdict is Verdict.EQUIVALENT
    assert (
        _run({"target": "due", "score": "score"}, required={"mae": 9.0})["mae"].verdict
        is Verdict.EQUIVALENT
    )


def test_a_planted_gap_is_found_and_names_are_plain() -> None:
    race = np.repeat(["a", "b"], 500)
    due = np.tile([1, 0], 500)
    wrong = np.where(race == "b", RNG.random(1000) < 0.35, RNG.random(1000) < 0.1)
    table = pa.table({"race": race, "due": due, "told": np.where(wrong, 1 - due, due)})
    columns = {"target": "due", "prediction": "told", "favourable": 1, "sensitive": ["race"]}
    plan = _plan(columns) | {
        "names": {
            "race": {
                "plain": {"zh": "种族", "en": "race"},
                "levels": {"b": {"zh": "乙族", "en": "group B"}},
            }
        }
    }
    found = {f.metric: f for f in engine.measure(Plan.parse(plan), table, scorer=None, nonce="n")}
    assert found["accuracy_by_group"].verdict is Verdict.DISPARITY
    assert "乙族" in found["accuracy_by_group"].reading["zh"]
    made = engine.run(Plan.parse(plan), table, scorer=None, nonce="n")
    done = recompute({
        "plan": {"content": Plan.parse(plan).as_json()}, "nonce": "n",
        "findings": [f.as_json() for f in made.findings],
        "evidence": {"public": {"content": made.public_evidence}},
    })  # fmt: skip
    assert not done.mismatched
    assert len(done.recomputed) == 2


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"target": "named", "score": "score"}, "must hold numbers"),
        (
            {
                "target": "due",
                "favourable": 2,
                "unfavourable": [0, 1],
                "score": "score",
                "score_favourable": 1,
            },
            "nothing to compare",
        ),
        (
            {"target": "named", "favourable": "approve", "classes": NAMES.tolist()},
            "no classes to compare",
        ),
        ({"target": "named", "score": "score", "query": "q"}, "no ranking to compare"),
    ],
)
def test_what_cant_be_measured_is_said(columns: dict[str, Any], said: str) -> None:
    (found,) = _run(columns).values()
    assert found.verdict is Verdict.NOT_EVALUABLE
    assert said in found.reading["en"]


def test_one_class_and_few_rows_give_no_verdict() -> None:
    refusals = TABLE.filter(pc.not_equal(TABLE["due"], 2))
    found = _run(BINARY, table=refusals)
    assert found["balanced_accuracy"].verdict is Verdict.NOT_EVALUABLE
    few = _run(BINARY, table=TABLE.slice(0, 12))
    assert {f.verdict for f in few.values()} == {Verdict.NOT_EVALUABLE}


@pytest.mark.parametrize(
    "columns",
    [
        BINARY,
        {"target": "due", "score": "score", "sensitive": ["race"], "unit": "who"},
        {"target": "due", "score": "score", "sensitive": ["race"], "query": "q"},
    ],
)
def test_it_conforms(columns: dict[str, Any]) -> None:
    conformance.check(Performance, _plan(columns), TABLE)


def test_two_groups_without_an_error_are_alike_but_not_exactly_so() -> None:
    due = np.tile([1, 0], 300)
    table = pa.table({"race": np.repeat(["a", "b"], 300), "due": due, "told": due})
    columns = {"target": "due", "prediction": "told", "favourable": 1, "sensitive": ["race"]}
    found = _run(columns, table=table)["accuracy_by_groupb"]
    assert found.verdict is Verdict.EQUIVALENT
    assert found.ci is not None
    assert 0.005 < found.ci["high"] < 0.03
