"""A sentence names what was tested: recorded decisions, a score with its cut, or a model's answers."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators.plan import Plan
from evaluators.running import engine, left_out
from tests.evaluators import decision_data as decisions

SCORE = np.tile([580.0, 590.0, 600.0], 200)
ROWS = pa.table({
    "sex": ["f", "m"] * 300, "score": SCORE, "granted": np.arange(600) % 5 // 4, "x": SCORE / 1000,
})  # fmt: skip


def _said(scorer: Any = None, **columns: Any) -> dict[str, str]:
    roles = {"sensitive": ["sex"], "target": None, "prediction": None, "favourable": 1, **columns}
    plan = Plan.parse(decisions.plan("selection_parity", columns=roles))
    (found,) = engine.run(plan, ROWS, scorer=scorer, nonce="n").findings
    return dict(found.reading)


def test_recorded_decisions_are_called_so() -> None:
    said = _said(prediction="granted")
    assert said["en"].startswith("The decisions recorded in the data: 60 of 300 people")
    assert said["zh"].startswith("数据里记录的决定：")


@pytest.mark.parametrize(
    ("favourable", "zh", "en", "count"),
    [(1, "达到 590", "at or above 590", 200), (0, "低于 590", "below 590", 100)],
)
def test_a_score_with_a_cut_is_no_recorded_decision(
    favourable: int, zh: str, en: str, count: int
) -> None:
    said = _said(score="score", cut=590, favourable=favourable)
    assert said["en"].startswith(
        f"The score 'score' in the data ({en} is favourable): {count} of 300"
    )
    assert said["zh"].startswith(f"数据里的分数“score”（{zh} 算有利）：")
    assert "decisions recorded" not in said["en"]
    assert "记录的决定" not in said["zh"]


def test_a_model_with_a_cut_is_named_with_it() -> None:
    model = decisions.Reading(lambda frame: decisions.column(frame, "x"))
    said = _said(model, inputs=["x"], cut=0.59)
    assert said["en"].startswith("The model (at or above 0.59 is favourable): 200 of 300")
    assert said["zh"].startswith("模型（达到 0.59 算有利）：")


def test_a_row_without_a_score_lacks_a_score_not_a_decision() -> None:
    plan = Plan.parse(decisions.plan(
        "selection_parity",
        columns={"sensitive": ["sex"], "target": None, "prediction": None, "score": "score", "cut": 590},
    ))  # fmt: skip
    content = {"without": [{"cause": "missing", "column": "score", "rows": 29}], "least": 10}
    (clause,) = left_out.clauses(content, plan)
    assert clause.en == "29 have no score (score)"
    assert clause.zh == "29 行没有分数（score）"
