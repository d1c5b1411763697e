"""Plans with classes: what is favourable, and what a model's places of classes come to."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators.plan import PlanInvalid
from evaluators.running import engine, planning
from registry.findings import Verdict
from tests.evaluators.decision_data import Reading, column

NAMES = ["refuse", "review", "approve"]
ROWS = 300
TABLE = pa.table({"x": np.arange(ROWS) % 3, "race": np.where(np.arange(ROWS) % 2, "a", "b")})
PLACES = Reading(lambda f: np.where(column(f, "race") == "a", 2, column(f, "x")))


def _plan(probe: str, **columns: Any) -> dict[str, Any]:
    usual = {
        "inputs": ["x", "race"],
        "sensitive": ["race"],
        "favourable": "approve",
        "classes": NAMES,
    }
    return {"title": "t", "columns": usual | columns, "probes": [{"id": probe}]}


def test_places_of_classes_become_decisions() -> None:
    (found,) = engine.measure(
        planning.parse(_plan("selection_parity")), TABLE, scorer=PLACES, nonce="n"
    )
    assert found.estimate == pytest.approx(1 / 3)
    assert found.reference_estimate == 1.0
    assert found.verdict is Verdict.DISPARITY


def test_flips_and_shifts_are_those_of_the_favourable_class() -> None:
    plan = planning.parse(_plan("counterfactual_flip"))
    (found,) = engine.measure(plan, TABLE, scorer=PLACES, nonce="n")
    assert found.estimate == pytest.approx(2 / 3)
    assert found.details["mean_shift"]["b→a"] == pytest.approx(2 / 3)


def test_with_a_cut_the_score_is_the_favourable_classes_probability() -> None:
    columns = planning.parse(_plan("selection_parity", cut=0.4, favourable="refuse")).columns
    assert columns.reading is not None
    assert columns.reading.as_json() == {"names": NAMES, "favourable": "refuse"}
    assert columns.favours(np.array([0.5, 0.3, np.nan])).tolist() == [True, False, False]
    zero = planning.parse(_plan("selection_parity", cut=0.5, favourable=0, classes=[0, 1])).columns
    assert zero.favours(np.array([0.9, 0.1])).tolist() == [True, False]


@pytest.mark.parametrize(
    ("wrong", "item"),
    [
        ({"classes": ["a"]}, "columns.classes"),
        ({"classes": ["a", "a"]}, "columns.classes"),
        ({"classes": "a"}, "columns.classes"),
        ({"classes": ["a", "b"], "favourable": "c"}, "columns.favourable"),
    ],
)
def test_classes_that_make_no_sense_are_refused(wrong: dict[str, Any], item: str) -> None:
    with pytest.raises(PlanInvalid) as refused:
        planning.parse(_plan("selection_parity", **wrong))
    assert item in {reason.item for reason in refused.value.reasons}


def test_a_plan_without_classes_keeps_its_digest() -> None:
    assert (
        "classes" not in planning.parse(_plan("selection_parity", classes=[])).as_json()["columns"]
    )
