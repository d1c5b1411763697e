"""Shaken, missing and strange inputs: what changes, and what breaks."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression

from evaluators.behaviour.robustness import Robustness
from evaluators.plan import Plan
from evaluators.running import calibration, conformance, engine, passes
from registry import scoring, screening
from registry.findings import Finding, Verdict
from registry.sandbox import Cause, Contained
from registry.sandbox.child.trusted_types import SKOPS_TYPES
from registry.scoring import SandboxScorer
from registry.settings import Settings
from tests.evaluators.decision_data import Reading, column

ROWS = 400
X = np.linspace(-1, 1, ROWS)
TABLE = pa.table({
    "x": X, "n": np.arange(ROWS) % 3, "pay": np.arange(ROWS) * 10, "job": np.where(np.arange(ROWS) % 2, "a", "b"),
    "who": np.arange(ROWS) // 2,
})  # fmt: skip
CALM = Reading(lambda f: np.nan_to_num(np.array(column(f, "x"), dtype=float)) + 0.0)


def _plan(options: dict[str, Any] | None = None, **columns: Any) -> dict[str, Any]:
    usual = {"inputs": ["x", "n", "pay", "job"], "cut": 0.0, "favourable": 1}
    return {
        "title": "t",
        "columns": usual | columns,
        "probes": [{"id": "robustness", **(options or {})}],
    }


def _run(model: Any, options: dict[str, Any] | None = None, **columns: Any) -> dict[str, Finding]:
    plan = Plan.parse(_plan(options, **columns))
    found = engine.measure(plan, TABLE, scorer=model, nonce="n")
    return {"/".join(f"{k}={v}" for k, v in f.slice.items()) or f.metric: f for f in found}


def test_only_those_near_the_cut_change_with_noise() -> None:
    found = _run(CALM)
    step = 0.01 * X.std()
    expected = sum(((X + move >= 0) != (X >= 0)).sum() for move in (step, -step))
    assert found["noise=x"].estimate == pytest.approx(expected / ROWS)
    assert found["noise=x"].verdict is Verdict.DIFFERENCE
    assert found["noise=pay"].verdict is Verdict.EQUIVALENT
    assert found["noise=pay"].details["values"] == {"up:pay": 12.0, "down:pay": -12.0}
    assert "n, job" in found["noise_change_share"].reading["en"], (
        "small whole numbers and words are not shaken"
    )


def test_answers_that_hang_on_a_hair_are_found() -> None:
    rough = Reading(lambda f: np.sin(column(f, "x") * 300))
    assert _run(rough, {"kinds": ["noise"]})["noise=x"].verdict is Verdict.DISPARITY


def test_missing_and_strange_values_are_about_answers_not_about_change() -> None:
    found = _run(CALM, {"kinds": ["missing", "out_of_range"]})
    assert {f.verdict for f in found.values()} == {Verdict.INCONCLUSIVE}
    assert "Everyone asked about got an answer, yet up to" in found["missing=x"].reading["en"]
    assert (
        "问到的人都得到了结果，但这样的人里，得不到的仍可能多到"
        in found["missing=x"].reading["zh"]
    )
    assert found["missing=x"].details["changed_share"] == pytest.approx((X < 0).mean())
    assert found["out_of_range=n"].details["values"] == {"high:n": 22, "low:n": -20}


def test_a_model_that_breaks_is_named_and_takes_nothing_else_down() -> None:
    def fragile(frame: pa.Table) -> Any:
        if frame["x"].null_count:
            raise Contained(Cause.MODEL_ERROR)
        return column(frame, "x")

    found = _run(Reading(fragile))
    assert found["missing=x"].verdict is Verdict.DISPARITY
    assert found["missing=x"].estimate == 1.0
    assert found["missing=x"].details["failures"] == {"missing:x": "model_error"}
    assert "raised an error" in found["missing=x"].reading["en"]
    assert found["missing=pay"].verdict is Verdict.INCONCLUSIVE


class Apart(Reading):
    """A model that is asked several frames at a time, any of which may break it."""

    def __init__(self, formula: Any) -> None:
        super().__init__(formula)
        self.calls = list[int]()

    def apart(self, frames: Sequence[pa.Table]) -> list[Any]:
        """Per frame its answers or why there are none."""
        self.calls.append(len(frames))
        return scoring.apart(Reading(self.formula), frames)


def test_what_may_break_a_model_is_handed_over_together_and_found_alike() -> None:
    def fragile(frame: pa.Table) -> Any:
        if frame["x"].null_count or frame["n"].null_count:
            raise Contained(Cause.MODEL_ERROR)
        return column(frame, "x")

    together = Apart(fragile)
    found = _run(together)
    alone = _run(Reading(fragile))
    assert {k: f.as_json() for k, f in found.items()} == {k: f.as_json() for k, f in alone.items()}
    assert found["missing=n"].details["failures"] == {"missing:n": "model_error"}
    assert together.calls == [11], "four missing, seven strange"


def _tried(nonce: str) -> list[str]:
    """Which inputs a model sees wholly missing, in the order of its frames."""
    model = Reading(CALM.formula)
    plan = Plan.parse(_plan({"kinds": ["missing"]}))
    engine.measure(plan, TABLE, scorer=model, nonce=nonce)
    gone = [[n for n in f.column_names if f[n].null_count == f.num_rows] for f in model.frames]
    return [names[0] for names in gone if names]


def test_what_may_break_a_model_is_asked_in_an_order_drawn_from_the_nonce() -> None:
    orders = {nonce: _tried(nonce) for nonce in ("n", "m", "k")}

    assert {tuple(sorted(order)) for order in orders.values()} == {("job", "n", "pay", "x")}
    assert len({tuple(order) for order in orders.values()}) > 1, "no model can foresee it"
    assert _tried("n") == orders["n"], "and whoever recomputes it asks in the same order"


def test_the_order_in_which_a_model_is_asked_changes_no_finding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fragile(frame: pa.Table) -> Any:
        if frame["pay"].null_count:
            raise Contained(Cause.MODEL_ERROR)
        return np.nan_to_num(np.array(column(frame, "x"), dtype=float))

    plan = Plan.parse(_plan())
    drawn = engine.run(plan, TABLE, scorer=Reading(fragile), nonce="n").findings_digest
    monkeypatch.setattr(passes.Pass, "turns", lambda work, _: list(work.asked)[::-1])

    turned = engine.run(plan, TABLE, scorer=Reading(fragile), nonce="n").findings_digest

    assert drawn == turned


def test_a_sample_is_enough_and_the_budget_knows() -> None:
    plan = Plan.parse(_plan({"sample": 100}))
    made = engine.run(plan, TABLE, scorer=CALM, nonce="n")
    assert made.predictions <= engine.predictions_needed(plan, ROWS) < 10 * ROWS
    assert {f.n for f in made.findings if f.estimate is not None} == {100}


def test_without_a_cut_or_a_model_it_is_said() -> None:
    found = _run(CALM, {"kinds": ["noise"]}, cut=None, prediction="n")
    assert "neither a cut nor classes" in found["noise_change_share"].reading["en"]
    none = _run(None, score="x")
    assert {f.verdict for f in none.values()} == {Verdict.NOT_EVALUABLE}
    assert "none" in none["noise_change_share"].reading["en"]


def test_a_planted_effect_is_found_on_a_randomised_service() -> None:
    (design,) = Robustness.planted()
    assert calibration.tally("robustness", design, range(5)).detected == 5


def test_it_conforms() -> None:
    conformance.check(Robustness, _plan(sensitive=["job"]), TABLE.slice(0, 120), scorer=CALM)


def test_a_real_model_that_takes_no_missing_value_is_named(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": X, "y": X[::-1] ** 2})
    model = LogisticRegression().fit(frame, X > 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mlflow.sklearn.save_model(
            model, tmp_path / "m", signature=infer_signature(frame, np.zeros(ROWS)),
            serialization_format="skops", pyfunc_predict_fn="predict_proba",
            pip_requirements=["scikit-learn"], skops_trusted_types=list(SKOPS_TYPES),
        )  # fmt: skip
    inputs = screening.screen(tmp_path / "m").inputs
    plan = Plan.parse(_plan({"kinds": ["missing"], "columns": ["x"]}, inputs=["x", "y"], cut=0.5))
    table = pa.Table.from_pandas(frame, preserve_index=False)
    with SandboxScorer(tmp_path / "m", inputs=inputs, settings=Settings()) as scorer:
        (found,) = engine.measure(plan, table, scorer=scorer, nonce="n")
    assert found.details["failures"] == {"missing:x": "model_error"}
    assert found.verdict is Verdict.DISPARITY
