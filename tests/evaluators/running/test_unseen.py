"""What those who are missing could change bars *equivalent*, and the report says the bounds."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators.guests import installed
from evaluators.plan import Plan
from evaluators.probe import NullCase
from evaluators.running import engine, recompute, sufficiency
from registry.findings import Finding, Verdict
from tests.evaluators import decision_data as decisions

EACH = 4000
"""People of each group, half of them favoured: enough to call a difference small."""


def _people(*, silent: int = 0, nameless: int = 0) -> pa.Table:
    """Two groups that fare alike; of b so many lack a decision, and so many more are of no group."""
    race = ["a"] * EACH + ["b"] * EACH + [None] * nameless
    granted: list[int | None] = [*([0, 1] * EACH), *([0, 1] * (nameless // 2))]
    granted[2 * EACH - silent : 2 * EACH] = [None] * silent
    return pa.table({"race": pa.array(race, pa.string()), "granted": granted,
                     "due": [0, 0, 1, 1] * (len(race) // 4)})  # fmt: skip


def _run(table: pa.Table, *probes: str) -> engine.Outcome:
    plan = decisions.plan(*probes, reference={"race": "a"})
    return engine.run(Plan.parse(plan), table, scorer=None, nonce="n")


def _only(made: engine.Outcome, metric: str = "selection_rate_ratio") -> Finding:
    return next(f for f in made.findings if f.metric == metric and f.group == "b")


def test_missing_decisions_of_one_group_are_not_passed_over() -> None:
    """Of 4,000 people 1,200 have no decision: all refused or all favoured, it is beyond the line."""
    assert _only(_run(_people(), "selection_parity")).verdict is Verdict.EQUIVALENT

    one = _only(_run(_people(silent=1200), "selection_parity"))

    assert one.verdict is Verdict.INCONCLUSIVE
    assert one.left_out["turns"] is True
    assert one.left_out["bounds"] == {"low": 0.7, "high": 1.3}  # 1400 and 2600 of 4000 against .5
    assert "the ratio lies between 0.70 and 1.30 (worst-case bounds)" in one.reading["en"]
    assert "在 0.70 至 1.30 之间（最坏情形的界限）" in one.reading["zh"]
    assert "enough to take it beyond the line, so it is not shown to be small" in one.reading["en"]


def test_a_few_who_are_missing_are_told_and_turn_nothing() -> None:
    """Of 4,000 people 40 have no decision: whatever it was, the ratio is small."""
    one = _only(_run(_people(silent=40), "selection_parity"))
    assert one.verdict is Verdict.EQUIVALENT
    assert "turns" not in one.left_out
    assert one.left_out["bounds"] == {"low": 0.99, "high": 1.01}


def test_people_of_no_group_may_be_of_either() -> None:
    """5 % of unknown group move nothing at twice their odds; the bounds say what they could at most."""
    few = _only(_run(_people(nameless=400), "selection_parity"))
    assert few.verdict is Verdict.EQUIVALENT
    # 200 favoured and 200 refused: 2000 of 4200 against 2200 of 4200, or the other way round.
    assert few.left_out["bounds"] == {"low": 0.9, "high": 1.1}

    many = _only(_run(_people(nameless=4800), "selection_parity"))
    assert many.verdict is Verdict.INCONCLUSIVE
    assert many.left_out["turns"] is True


def test_error_rates_are_bounded_by_what_the_missing_could_be() -> None:
    """Without an outcome a refusal is a wrong one or none; it can be no wrongful grant."""
    table = _people()
    due = pa.array([None if at >= 2 * EACH - 400 else value
                    for at, value in enumerate(table["due"].to_pylist())])  # fmt: skip
    made = _run(table.set_column(2, "due", due), "error_parity")
    refused = _only(made, "false_negative_rate")
    # b: 900 refused of 1800 who deserved; 200 refusals and 200 grants of unknown outcome.
    assert refused.left_out["bounds"] == {"low": 0.9, "high": 1.1}
    assert refused.estimate == 0.5


def test_bounds_that_tell_of_few_are_kept_back() -> None:
    """Seven people of one group without a decision: the bounds would say so."""
    made = _run(_people(silent=7), "selection_parity")
    one = _only(made)
    assert one.left_out["bounds"] is None
    assert "was worked out and is not published" in one.reading["en"]
    (full,) = [f for f in made.evidence.full if f.group == "b"]
    assert full.left_out["bounds"] == {"low": 0.99, "high": 1.01}


def test_a_verdict_that_the_missing_leave_open_is_computed_again() -> None:
    """The published tables know nothing of who is missing; verify does."""
    plan = Plan.parse(decisions.plan("selection_parity"))
    made = engine.run(plan, _people(silent=1200), scorer=None, nonce="n")
    predicate = {
        "plan": {"digest": plan.digest, "content": plan.as_json()}, "nonce": "n",
        "rows_read": dict(made.left_out),
        "findings": [finding.as_json() for finding in made.findings],
        "evidence": {"public": {"content": made.public_evidence}},
    }  # fmt: skip
    found = recompute.recompute(predicate)
    assert found.mismatched == ()
    assert found.recomputed


@pytest.mark.parametrize("shards", [2, 7])
def test_bounds_depend_on_no_shards(shards: int) -> None:
    """What rows lack is counted, and counts add up."""
    plan, table = Plan.parse(decisions.plan("selection_parity")), _people(silent=40, nameless=400)
    whole = engine.run(plan, table, scorer=None, nonce="n")
    parts = engine.run(plan, table, scorer=None, nonce="n", shards=shards)
    assert whole.findings_digest == parts.findings_digest


def _missing_of_one(table: pa.Table, column: str, by: str, level: object) -> pa.Table:
    """The data with three of ten values of a column missing in one level of another."""
    rng = np.random.default_rng(3)
    mine = np.array([each == level for each in table[by].to_pylist()])
    gone = pa.array(mine & (rng.random(table.num_rows) < 0.3))
    held = pa.compute.if_else(gone, pa.scalar(None, table[column].type), table[column])
    return table.set_column(table.schema.get_field_index(column), column, held)


def _answers(name: str, case: NullCase) -> list[tuple[str, str, object]]:
    """Columns of answers and outcomes of a case that may be missing, a feature, and its levels."""
    plan = Plan.parse(case.plan)
    columns: dict[str, Any] = dict(case.plan["columns"])
    by = [*columns.get("sensitive", ()), *columns.get("profile", ())]
    by = [each for each in by if len(set(case.table[each].to_pylist())) < 20][:1]
    own = next(each for each in plan.probes if each.id == name)
    asked = [*(columns.get(role) for role in ("prediction", "score", "target", "price")),
             *engine.bound(own).columns(plan)[:1]]  # fmt: skip
    named = dict.fromkeys(str(each) for each in asked)
    read = [each for each in named if each in case.table.schema.names]
    return [(column, feature, level) for column in read for feature in by if column != feature
            for level in sorted(set(case.table[feature].to_pylist()))]  # fmt: skip


def _called_small(finding: Finding, *_: Any) -> Finding:
    """The finding as if what is seen had shown it to be small."""
    evaluable = finding.verdict is not Verdict.NOT_EVALUABLE
    return replace(finding, verdict=Verdict.EQUIVALENT) if evaluable else finding


COMPARE_NO_GROUPS = {"counterfactual_flip", "robustness", "stability", "text_swap"}


@pytest.mark.parametrize("name", installed.names())
def test_nothing_is_small_of_which_three_of_ten_are_missing_in_one_group(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over all probes, whatever they make of the rest: what is missing could lie beyond the line."""
    monkeypatch.setattr(sufficiency, "judged", _called_small)
    seen = 0
    for design in installed.probe_class(name).nulls().values():
        case = design(np.random.default_rng(5))
        for column, by, level in _answers(name, case):
            table = _missing_of_one(case.table, column, by, level)
            for one in engine.measure(Plan.parse(case.plan), table, scorer=case.scorer, nonce="n"):
                read = {each["column"] for each in one.left_out.get("without", ())}
                sides = {one.group, one.slice.get(by), one.reference_group}
                if by in one.slice and column in read and str(level) in sides:
                    seen += one.verdict is not Verdict.NOT_EVALUABLE
                    assert one.verdict is not Verdict.EQUIVALENT or _within(one), one.reading["en"]
    assert seen or name in COMPARE_NO_GROUPS


def _within(finding: Finding) -> bool:
    """Whether a ratio stays between its lines whatever the missing are; of a few it may."""
    bounds = finding.left_out.get("bounds") or {"low": 0, "high": None}
    return bounds["low"] >= 0.8 and bounds["high"] is not None and bounds["high"] <= 1.25
