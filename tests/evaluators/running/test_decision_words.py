"""Which words are favourable, which are refusals, and what is said where the plan leaves it open."""

import tomllib
from typing import Any

import pyarrow as pa
import pytest

from evaluators.plan import Plan, PlanInvalid
from evaluators.running import cell_query, decision_words, engine, files, planning
from evaluators.running.data import DataUnfit
from registry.errors import Reason
from tests.evaluators import decision_data as decisions

OUTCOMES = ["yes"] * 300 + ["no"] * 300
APPROVED = (["approve"] * 100 + ["decline"] * 80 + ["pending"] * 20) * 3


def _rows(decision: list[str] = APPROVED) -> pa.Table:
    sex = ["f", "m"] * 300
    return pa.table({"sex": sex, "decision": decision, "repaid": OUTCOMES})


def _plan(**columns: Any) -> Plan:
    roles = {
        "sensitive": ["sex"],
        "target": "repaid",
        "prediction": "decision",
        "favourable": "yes",
    }
    return planning.parse(
        decisions.plan("selection_parity", "error_parity", columns={**roles, **columns})
    )


def _refused(rows: pa.Table, **columns: Any) -> list[Reason]:
    with pytest.raises(DataUnfit) as refused:
        engine.run(_plan(**columns), rows, scorer=None, nonce="n")
    return list(refused.value.reasons)


def _columns(remedy: str) -> dict[str, Any]:
    """The line of a plan that a remedy shows."""
    at = min(
        remedy.index(name)
        for name in ("prediction_favourable =", "unfavourable =")
        if name in remedy
    )
    return tomllib.loads(remedy[at:])


def test_decisions_worded_otherwise_than_outcomes_are_asked_for_by_name() -> None:
    (reason,) = _refused(_rows())
    assert reason.item == "columns.prediction_favourable"
    assert (
        "'decision' never holds 'yes', only: 'approve' 300, 'decline' 240, 'pending' 60"
        in reason.said.en
    )
    assert "“decision”里没有“yes”" in reason.said.zh
    assert _columns(reason.remedy.en) == {"prediction_favourable": "approve"}


def test_the_remedies_lead_to_a_run_and_no_approval_is_shown_as_a_refusal() -> None:
    (first,) = _refused(_rows())
    said = _columns(first.remedy.zh)
    (second,) = _refused(_rows(), **said)
    shown = _columns(second.remedy.en)
    assert shown == {"unfavourable": ["decline", "pending", "no"]}
    assert "more than two values: 'approve' 300" in second.said.en

    columns = {**said, "unfavourable": ["decline", "no"]}
    made = engine.run(_plan(**columns), _rows(), scorer=None, nonce="n")
    rate = next(f for f in made.findings if f.probe == "selection_parity")
    assert (rate.n, rate.n_reference) == (270, 270)  # of 300 each, 30 pending
    wrong = {f.metric: f for f in made.findings if f.probe == "error_parity"}
    due, refused = 280, 80  # of the 300 who repaid 20 are pending
    assert any(
        f.n == due // 2 and f.estimate == pytest.approx(refused / due) for f in wrong.values()
    )


def test_two_values_are_never_called_more_than_two() -> None:
    columns = {"prediction_favourable": "approve", "unfavourable": ["decline"]}
    (reason,) = _refused(_rows(), **columns)
    assert (
        reason.said.en == "unfavourable lists none of the values of 'repaid': 'no' 300, 'yes' 300."
    )
    assert "不止两种" not in reason.said.zh
    assert "no" in _columns(reason.remedy.en)["unfavourable"]


def test_an_outcome_of_numbers_is_not_left_out_by_a_list_of_words() -> None:
    rows = _rows().set_column(2, "repaid", pa.array([1] * 300 + [0] * 300))
    columns = {"favourable": 1, "prediction_favourable": "approve"}
    (reason,) = _refused(rows, **columns, unfavourable=["decline"])
    assert "unfavourable lists none of the values of 'repaid'" in reason.said.en
    made = engine.run(_plan(**columns, unfavourable=["decline", 0]), rows, scorer=None, nonce="n")
    assert made.left_out["without"] == [{"cause": "neither", "column": "decision", "rows": 60}]


def test_duckdb_reads_the_two_words_alike(tmp_path: Any) -> None:
    import pyarrow.parquet as pq

    pq.write_table(_rows(), tmp_path / "rows.parquet")
    plan = _plan(prediction_favourable="approve", unfavourable=["decline", "no"])
    here = engine.run(plan, files.open_source(tmp_path / "rows.parquet"), scorer=None, nonce="n")
    there = cell_query.run(plan, tmp_path / "rows.parquet", nonce="n")
    assert there.findings_digest == here.findings_digest


def test_the_word_of_the_decisions_is_part_of_the_plan_only_where_it_is_said() -> None:
    assert "prediction_favourable" not in _plan().as_json()["columns"]
    own = _plan(prediction_favourable="approve")
    assert planning.parse(own.as_json()) == own
    for wrong in ({"target": None}, {"prediction": None}, {"unfavourable": ["approve"]}):
        with pytest.raises(PlanInvalid):
            _plan(**{"prediction_favourable": "approve", **wrong})


@pytest.mark.parametrize("column", ["score", None])
def test_a_plan_tests_a_score_or_recorded_decisions(column: str | None) -> None:
    roles = {"score": column, "cut": 590, "prediction_favourable": "approve"}
    if column is None:
        assert _plan(**roles).columns.cut == 590
        return
    with pytest.raises(PlanInvalid) as refused:
        _plan(**roles)
    (reason,) = refused.value.reasons
    assert reason.item == "columns.cut"
    assert (
        "the score 'score' is tested and the prediction 'decision' is never read" in reason.said.en
    )
    assert "remove cut" in reason.remedy.en
    assert "remove prediction" in reason.remedy.en
    assert "删去 prediction" in reason.remedy.zh


@pytest.mark.parametrize(
    ("column", "words", "good", "refusals"),
    [
        ("decision", ["approve", "decline", "pending"], "approve", ["decline", "pending"]),
        ("decision", ["approved", "granted", "denied"], None, ["denied"]),
        ("default", ["yes", "no"], "no", ["yes"]),
        ("结果", ["通过", "不通过"], "通过", ["不通过"]),
        ("repaid", ["0", "1"], "1", ["0"]),
    ],
)
def test_no_word_that_sounds_good_is_listed_as_a_refusal(
    column: str, words: list[str], good: str | None, refusals: list[str]
) -> None:
    assert decision_words.good_word(column, words) == good
    assert decision_words.refusals_of(column, words, None) == refusals
