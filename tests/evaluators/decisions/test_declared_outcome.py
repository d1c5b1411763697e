"""statistics/1: a declared model speaks of its outcome by its own name.

Outcomes that are not the favourable decision (denied, slow, clicked, or the decision where 0 is
favourable) are never called favourable, and the four-fifths line is not held against them.
"""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators.decisions import model_readings
from evaluators.decisions.conditional_model import Left
from evaluators.judging import captions
from evaluators.plan import Plan
from evaluators.running import engine
from registry.findings import Finding, Verdict
from registry.language import Text

ROWS = 1500


def rows() -> pa.Table:
    rng = np.random.default_rng(4)
    race = rng.choice(["A", "B", "C"], ROWS, p=[0.5, 0.49, 0.01])
    income = rng.normal(0, 1, ROWS)
    denied = (rng.random(ROWS) < np.where(race == "A", 0.62, 0.4)).astype(float)
    denied[:60] = np.nan
    return pa.table({
        "race": race, "income": pa.array(np.where(np.arange(ROWS) % 50 == 7, np.nan, income), from_pandas=True),
        "denied": pa.array(denied, from_pandas=True), "slow": (rng.random(ROWS) < 0.3).astype(int),
        "clicked": (rng.random(ROWS) < np.where(race == "A", 0.5, 0.3)).astype(int),
        "approved": 1 - np.nan_to_num(denied).astype(int), "days": rng.normal(9, 2, ROWS) + (race == "A"),
    })  # fmt: skip


def modelled(outcome: str, *, names: bool = True, **columns: Any) -> list[Finding]:
    plan = Plan.parse({
        "title": "t", "reference": {"race": "B"},
        "columns": {"sensitive": ["race"], "prediction": "approved", "favourable": 1,
                    "control": ["income"], **columns},
        "probes": [{"id": "conditional_parity", "edges": {"income": [0.0]},
                    "model": {"kind": "logit" if outcome != "days" else "ols", "outcome": outcome}}],
        "names": {"denied": {"plain": {"zh": "被拒", "en": "denied"}}} if names else {},
    })  # fmt: skip
    found = engine.measure(plan, rows(), scorer=None, nonce="n")
    return [f for f in found if f.details.get("model") or f.metric.startswith("standardised")]


def lines(finding: Finding) -> str:
    caption = captions.metric(finding.metric)
    return " ".join([*finding.reading.values(), caption.zh, caption.en, str(finding.threshold)])


@pytest.mark.parametrize(
    ("outcome", "named"),
    [("denied", ("“被拒”为 1", "'denied' would be 1")), ("slow", ("“slow”为 1", "'slow' would be 1")),
     ("clicked", ("“clicked”为 1", "'clicked' would be 1"))],
)  # fmt: skip
def test_another_outcome_is_called_by_its_own_name(outcome: str, named: tuple[str, str]) -> None:
    (one, *_) = [f for f in modelled(outcome) if f.group == "A"]
    assert one.metric == "standardised_outcome_ratio"
    assert named[0] in one.reading["zh"]
    assert named[1] in one.reading["en"]
    said = lines(one).replace("不是计划里的有利结果", "").replace("not the favourable result", "")
    said = said.replace("not the plan's favourable decision", "")
    for words in ("有利", "favourable", "0.8 至 1.25", "0.8 to 1.25"):
        assert words not in said
    assert one.verdict in {Verdict.DIFFERENCE, Verdict.INCONCLUSIVE}
    assert one.equivalence is None
    assert one.threshold is not None
    assert one.threshold["value"] is None
    assert one.severity is None


def test_a_share_denied_is_that_of_the_denied() -> None:
    (one,) = [
        f for f in modelled("denied") if f.group == "A" and f.verdict is not Verdict.NOT_EVALUABLE
    ]
    data = rows()
    denied, race = data["denied"].to_numpy(), np.array(data["race"].to_pylist())
    assert one.estimate == pytest.approx(np.nanmean(denied[race == "A"]), abs=0.03)
    assert one.verdict is Verdict.DIFFERENCE


def test_a_decision_whose_favourable_level_is_nought_is_an_outcome_like_others() -> None:
    (one,) = [f for f in modelled("denied", prediction="denied", favourable=0) if f.group == "A"]
    assert one.metric == "standardised_outcome_ratio"
    assert "'denied' would be 1" in one.reading["en"]


def test_the_decision_itself_keeps_its_line() -> None:
    for outcome in ("", "approved"):
        (one,) = [f for f in modelled(outcome) if f.group == "A"]
        assert one.metric == "standardised_rate_ratio"
        assert "得到有利结果" in one.reading["zh"]
        assert one.threshold is not None
        assert one.threshold["value"] == 0.8


def test_a_number_has_a_coefficient_in_its_own_name() -> None:
    (one,) = [f for f in modelled("days") if f.group == "A"]
    assert one.metric == "model_coefficient"
    assert "解释“days”" in one.reading["zh"]
    assert "regression of 'days'" in one.reading["en"]


def test_n_is_that_of_the_model_and_what_it_left_out_is_told() -> None:
    found = modelled("denied")
    one = next(f for f in found if f.group == "A")
    data = rows()
    denied, race = data["denied"].to_numpy(), np.array(data["race"].to_pylist())
    income = data["income"].to_numpy()
    no_outcome = int(np.isnan(denied).sum())
    no_income = int((~np.isnan(denied) & np.isnan(income)).sum())
    small = int((~np.isnan(denied) & ~np.isnan(income) & (race == "C")).sum())
    used = ROWS - no_outcome - no_income - small
    assert 10 <= small < 30
    assert (
        f"共 1,500 行，用了 {used:,} 行，没有用的是：没有这一结果的 {no_outcome} 行、缺少特征或条件的 {no_income} 行、所在组太小的 {small} 行"
        in one.reading["zh"]
    )
    assert (
        f"{used:,} of 1,500 rows used; left out: {no_outcome} without the outcome, {no_income} without the feature or a condition, {small} of groups that are too small"
        in one.reading["en"]
    )
    assert one.details["model"]["rows"] == used


def test_a_cell_too_small_to_publish_is_not_told_by_itself() -> None:
    """statistics/1: rows left out are told, but never how few people some group has."""
    left = Left(rows=1000, outcome=40, condition=20, small=3)
    said = model_readings.used(left)
    assert (
        said.zh
        == "共 1,000 行，用了 937 行，没有用的是：没有这一结果、缺少特征或条件、或所在组太小的共 63 行"
    )
    assert said.en.endswith(
        "63 without the outcome, the feature or a condition, or of groups that are too small"
    )
    assert model_readings.used(Left(10, 0, 0)) == Text(
        "共 10 行，用了 10 行", "10 of 10 rows used"
    )
