"""Which side of a score is good for the person is never guessed from how the data's words are spelt."""

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators.judging import captions
from evaluators.plan import Plan, PlanInvalid
from evaluators.running import cell_query, engine, files, planning
from evaluators.running.data import DataUnfit
from registry.errors import Reason
from registry.findings import Finding
from tests.evaluators.decision_data import Reading, column

ROWS = 1200
SEX = np.where(np.arange(ROWS) % 2, "男", "女")
RISK = np.where(SEX == "女", 0.3, 0.2) + (np.arange(ROWS) // 2 % 10) / 20
"""Class 1 is "not returned": women's risk is .30 to .75, men's .20 to .65."""
LOST = np.arange(ROWS) * 7919 % ROWS < RISK * ROWS
WORDS = np.where(LOST, "未归还", "归还")
MODEL = Reading(lambda frame: column(frame, "risk"))
GRANTED = {sex: float(np.mean(RISK[sex == SEX] < 0.6)) for sex in ("女", "男")}
"""The truth: 6 of 10 women and 8 of 10 men are below the cut."""


def _table(outcome: Any = WORDS, **more: Any) -> pa.Table:
    return pa.table({"sex": SEX, "risk": RISK, "outcome": outcome, **more})


def _plan(*probes: str, **columns: Any) -> Plan:
    roles = {
        "sensitive": ["sex"],
        "target": "outcome",
        "favourable": "归还",
        "inputs": ["risk"],
        "cut": 0.6,
    }
    ids = [{"id": each} for each in probes or ("selection_parity", "error_parity")]
    given = {k: v for k, v in {**roles, **columns}.items() if v is not None}
    return planning.parse(
        {"title": "t", "columns": given, "reference": {"sex": "男"}, "probes": ids}
    )


def _found(plan: Plan, table: pa.Table, *, model: Reading | None = MODEL) -> list[Finding]:
    return engine.measure(plan, table, scorer=model, nonce="n")


def _asked(plan: Plan, table: pa.Table, *, model: Reading | None = MODEL) -> list[Reason]:
    with pytest.raises(DataUnfit) as refused:
        _found(plan, table, model=model)
    return list(refused.value.reasons)


def _numbers(found: list[Finding]) -> list[Any]:
    return [
        (f.probe, f.metric, dict(f.slice), f.verdict, f.estimate, f.reference_estimate, f.reading)
        for f in found
    ]


def test_a_risk_model_is_not_held_against_words_before_somebody_says_what_class_1_is() -> None:
    (reason,) = _asked(_plan(), _table())
    assert reason.item == "columns.score_favourable"
    for word in ("归还", "未归还"):
        assert word in reason.said.zh
        assert word in reason.said.en
    for said in (reason.remedy.zh, reason.remedy.en):
        assert "score_favourable = 1" in said
        assert "score_favourable = 0" in said
        assert "classes" in said


def test_said_the_findings_are_the_truth_and_those_of_the_same_data_in_numbers() -> None:
    assert {"女": pytest.approx(0.6), "男": pytest.approx(0.8)} == GRANTED
    found = _found(_plan(score_favourable=0), _table())
    (rate,) = [f for f in found if f.probe == "selection_parity"]
    assert rate.estimate == pytest.approx(0.6)
    assert rate.reference_estimate == pytest.approx(0.8)
    assert "低于 0.6 算有利" in rate.reading["zh"]
    assert "below 0.6 is favourable" in rate.reading["en"]
    coded = _found(_plan(favourable=0), _table(LOST.astype(np.int64)))
    assert _numbers(found) == _numbers(coded)
    turned = _found(_plan(score_favourable=1), _table())
    (other,) = [f for f in turned if f.probe == "selection_parity"]
    assert other.estimate == pytest.approx(0.4)  # said otherwise, judged otherwise


def test_every_probe_that_takes_sides_takes_the_side_that_is_said() -> None:
    probes = ("score_parity", "calibration_by_group", "performance", "intersection_scan")
    said = _found(_plan(*probes, score_favourable=0), _table())
    coded = _found(_plan(*probes, favourable=0), _table(LOST.astype(np.int64)))
    assert _numbers(said) == _numbers(coded)
    assert {f.probe for f in said} == {*probes}


@pytest.mark.parametrize(
    "probe", ["selection_parity", "score_parity", "calibration_by_group", "performance"]
)
def test_a_score_that_stands_in_the_data_is_asked_about_too(probe: str) -> None:
    plan = _plan(probe, inputs=None, score="risk")
    (reason,) = _asked(plan, _table(), model=None)
    assert reason.item == "columns.score_favourable"
    assert "risk" in reason.said.zh
    assert _found(
        _plan(probe, inputs=None, score="risk", score_favourable=0), _table(), model=None
    )


def test_a_1_that_is_no_class_of_the_model_is_not_taken_for_class_1() -> None:
    coded = np.where(LOST, 2, 1)  # 1 good, 2 bad, as in the German credit data
    (reason,) = _asked(_plan(favourable=1), _table(coded))
    assert reason.item == "columns.score_favourable"
    assert "'2'" in reason.said.en
    (rate,) = _found(_plan("selection_parity", favourable=1, score_favourable=0), _table(coded))
    assert rate.estimate == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("good", "outcome"),
    [(0, LOST.astype(np.int64)), (1, 1 - LOST), (False, LOST), (True, ~LOST), (1, 1.0 - LOST), ("0", np.where(LOST, "1", "0"))],
)  # fmt: skip
def test_classes_that_the_data_name_are_not_asked_about(good: Any, outcome: Any) -> None:
    assert _found(_plan(favourable=good), _table(outcome))


def test_a_score_whose_side_matters_to_no_probe_is_not_asked_about() -> None:
    plan = _plan("proxy_leakage", inputs=None, score="risk", cut=None)
    assert _found(plan, _table(), model=None)


def test_a_higher_score_may_be_better_where_0_is_the_good_outcome() -> None:
    table = _table(LOST.astype(np.int64), points=1 - RISK)
    plan = _plan(
        "selection_parity", favourable=0, score_favourable=1, inputs=None, score="points", cut=0.4
    )
    (rate,) = _found(plan, table, model=None)
    assert "达到 0.4" in rate.reading["zh"]
    assert rate.estimate == pytest.approx(float(np.mean(1 - RISK[SEX == "女"] >= 0.4)))


def test_a_plan_without_outcomes_names_a_class() -> None:
    (reason,) = _asked(_plan("selection_parity", target=None), _table())
    assert reason.item == "columns.score_favourable"
    assert _found(_plan("selection_parity", target=None, favourable=0), _table())


LIKELY = ["bad", "good"]


def test_classes_in_other_words_than_the_outcomes_are_named_with_the_good_one() -> None:
    with pytest.raises(PlanInvalid) as refused:
        _plan(classes=LIKELY)
    (reason,) = refused.value.reasons
    assert reason.item == "columns.favourable"
    assert "score_favourable" in reason.remedy.zh
    assert "score_favourable" in reason.remedy.en
    plan = _plan("selection_parity", classes=LIKELY, score_favourable="good")
    assert plan.columns.reading is not None
    assert plan.columns.reading.favourable == "good"
    good = Reading(lambda frame: 1 - column(frame, "risk"))
    (rate,) = _found(plan, _table(), model=good)
    assert "“good”的概率达到 0.6" in rate.reading["zh"]
    assert rate.estimate == pytest.approx(float(np.mean(1 - RISK[SEX == "女"] >= 0.6)))


def test_a_class_named_by_chance_is_asked_about_where_classes_are_listed() -> None:
    coded = np.where(LOST, 2, 1)
    plan = _plan("selection_parity", favourable=1, classes=["0", "1"], unfavourable=[2])
    (reason,) = _asked(plan, _table(coded))
    assert reason.item == "columns.score_favourable"


def test_of_several_classes_in_other_words_the_good_one_is_judged() -> None:
    plan = _plan("performance", classes=["a", "b", "c"], score_favourable="c", cut=None)
    places = Reading(lambda frame: np.where(column(frame, "risk") < 0.6, 2, 0))
    found = _found(plan, _table(), model=places)
    assert {f.metric for f in found} & {"accuracy", "balanced_accuracy"}
    whole = [f for f in found if f.metric == "accuracy" and not f.slice]
    assert all(f.estimate == pytest.approx(float(np.mean((RISK < 0.6) == ~LOST))) for f in whole)


def test_the_probability_of_class_0_is_not_turned_a_second_time() -> None:
    kept = Reading(lambda frame: 1 - column(frame, "risk"))  # the score is that of class 0
    outcome = _table(LOST.astype(np.int64))
    named = _found(
        _plan("calibration_by_group", "score_parity", favourable=0, classes=["0", "1"], cut=0.4),
        outcome, model=kept,
    )  # fmt: skip
    plain = _found(
        _plan("calibration_by_group", "score_parity", favourable=1, cut=0.4),
        _table(1 - LOST), model=kept,
    )  # fmt: skip
    assert [n[:-1] for n in _numbers(named)] == [n[:-1] for n in _numbers(plain)]


@pytest.mark.parametrize(
    "wrong", [{"score_favourable": "高"}, {"score_favourable": [1]},
              {"classes": LIKELY, "score_favourable": 1}, {"score_favourable": 2}],
)  # fmt: skip
def test_a_side_that_is_none_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(PlanInvalid) as refused:
        _plan("selection_parity", **wrong)
    assert {reason.item for reason in refused.value.reasons} == {"columns.score_favourable"}
    for reason in refused.value.reasons:
        assert reason.said.zh
        assert reason.remedy.en


def test_the_side_is_part_of_a_plan_only_where_it_is_said() -> None:
    assert "score_favourable" not in _plan(favourable=1).as_json()["columns"]
    said = _plan(score_favourable=0)
    assert planning.parse(json.loads(json.dumps(said.as_json()))) == said


def test_duckdb_takes_the_side_that_is_said(tmp_path: Any) -> None:
    import pyarrow.parquet as pq

    path = tmp_path / "rows.parquet"
    pq.write_table(_table(), path)
    plan = _plan("selection_parity", inputs=None, score="risk", score_favourable=0)
    here = engine.run(plan, files.open_source(path), scorer=None, nonce="n")
    assert cell_query.run(plan, path, nonce="n").findings_digest == here.findings_digest
    with pytest.raises(DataUnfit):
        cell_query.run(_plan("selection_parity", inputs=None, score="risk"), path, nonce="n")


@pytest.mark.parametrize("kind", ["outcome", "human_decision"])
def test_a_score_that_runs_against_the_outcomes_is_said_to(kind: str) -> None:
    """F-n7/1: AUC 0.20 and slopes of -1 stood there, and no sentence said what they mean."""
    probes = ("performance", "calibration_by_group")
    for side, turned in ((1, True), (0, False)):
        plan = planning.parse(
            {**_plan(*probes, score_favourable=side).as_json(), "target_kind": kind}
        )
        found = _found(plan, _table())
        told = [
            f
            for f in found
            if "排得相反" in f.reading["zh"] and "The score runs against" in f.reading["en"]
        ]
        assert {f.metric for f in told} == ({"auc", "calibration_slope"} if turned else set())
        assert len([f for f in told if f.metric == "calibration_slope"]) == (2 if turned else 0)


# Numbers of which nobody said which side is good


PRED = np.where(SEX == "女", 24.0, 20.0) + np.arange(ROWS) % 11
WAITED = PRED + np.arange(ROWS) % 7 - 3
"""Minutes: women are told to wait longer."""
ADVANTAGE = ("favourable", "in their favour", "better", "有利", "好过", "较好")


def _waits(**columns: Any) -> list[Finding]:
    table = pa.table({"sex": SEX, "pred": PRED, "wait": WAITED})
    given = {"sensitive": ["sex"], "score": "pred", "target": "wait", **columns}
    probes = [{"id": "score_parity"}, {"id": "regression_parity"}]
    plan = planning.parse(
        {"title": "t", "columns": given, "reference": {"sex": "男"}, "probes": probes}
    )
    return engine.measure(plan, table, scorer=None, nonce="n")


def test_numbers_without_a_said_side_are_told_as_higher_and_never_as_better() -> None:
    """F7a/8: women, told to wait longer, "score better" and are "in their favour"."""
    found = _waits()
    assert {f.metric for f in found} >= {"scoring_rate_ratio", "success_rate_ratio"}
    for finding in found:
        measured = captions.metric(finding.metric, {"columns": {"score": "pred"}})
        for said in (finding.reading, measured.as_json()):
            for word in ADVANTAGE:
                assert word not in said["zh"] + said["en"], said
    rates = {f.metric: f for f in found}
    assert "above the median" in rates["scoring_rate_ratio"].reading["en"]
    assert "highest 20%" in rates["success_rate_ratio"].reading["en"]
    assert "score_favourable" in rates["success_rate_ratio"].limit["en"]


def test_a_side_is_said_without_a_favourable_outcome() -> None:
    """F7a/8: `score_favourable = 0` was refused without a `favourable` that minutes do not hold."""
    high, low = ({f.metric: f for f in _waits(score_favourable=side)} for side in (1, 0))
    for name in ("scoring_rate_ratio", "success_rate_ratio"):
        assert (high[name].estimate or 0) > (high[name].reference_estimate or 0)
        assert (low[name].estimate or 0) < (low[name].reference_estimate or 0)
    assert "most favourable 20%" in low["success_rate_ratio"].reading["en"]
    assert "score better" in low["scoring_rate_ratio"].reading["en"]


def test_a_cut_with_its_side_decides_without_a_favourable_outcome() -> None:
    table = pa.table({"sex": SEX, "risk": RISK})
    columns = {"sensitive": ["sex"], "score": "risk", "cut": 0.6, "score_favourable": 0}
    ids = [{"id": "selection_parity"}]
    given = {"title": "t", "columns": columns, "reference": {"sex": "男"}, "probes": ids}
    (rate,) = engine.measure(planning.parse(given), table, scorer=None, nonce="n")
    assert rate.estimate == pytest.approx(0.6)
    assert rate.reference_estimate == pytest.approx(0.8)
    del columns["score_favourable"]
    with pytest.raises(DataUnfit) as refused:
        engine.measure(planning.parse(given), table, scorer=None, nonce="n")
    assert [reason.item for reason in refused.value.reasons] == ["columns.favourable"]
    assert "score_favourable" in refused.value.reasons[0].remedy.en
