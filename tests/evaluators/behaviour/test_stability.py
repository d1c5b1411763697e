"""Asked twice, in other batches, as filed, and between two periods."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import binomtest, chi2_contingency, ks_2samp

from evaluators.behaviour.stability import Stability
from evaluators.designs.nulls import RandomisedService
from evaluators.plan import PlanInvalid
from evaluators.running import conformance, engine, planning
from evaluators.running.recompute import recompute
from evaluators.statistics import drift
from registry.findings import Finding, Verdict
from tests.evaluators.decision_data import Reading, Served, column

ROWS = 400
RNG = np.random.default_rng(4)
X = RNG.standard_normal(ROWS)
LATE = np.arange(ROWS) % 2 == 1
TABLE = pa.table({
    "x": X, "filed": np.where(np.arange(ROWS) < 4, -X, X), "named": np.where(X >= 0, "yes", "no"),
    "late": LATE, "moved": X + 2.0 * LATE, "area": RNG.choice(["n", "s"], ROWS),
    "who": np.arange(ROWS) // 4,
})  # fmt: skip
NAMES = {
    "repeat_change_share": "asked_again",
    "replay_change_share": "as_filed",
    "rebatch_gap": "rebatched",
}
CALM = Reading(lambda f: column(f, "x"))


def _plan(options: dict[str, Any] | None = None, **columns: Any) -> dict[str, Any]:
    usual = {"inputs": ["x"], "cut": 0.0, "favourable": 1}
    return {
        "title": "t",
        "columns": usual | columns,
        "probes": [{"id": "stability", **(options or {})}],
    }


def _run(
    model: Any, options: dict[str, Any] | None = None, *, table: pa.Table = TABLE, **columns: Any
) -> dict[str, Finding]:
    found = engine.measure(
        planning.parse(_plan(options, **columns)), table, scorer=model, nonce="n"
    )
    return {next(iter(f.slice.values()), NAMES.get(f.metric, f.metric)): f for f in found}


def test_a_steady_model_is_shown_to_be_steady() -> None:
    x = np.random.default_rng(6).standard_normal(4000)
    found = _run(CALM, table=pa.table({"x": x}))
    assert set(found) == {"asked_again", "rebatched"}
    assert {f.verdict for f in found.values()} == {Verdict.EQUIVALENT}
    again = found["asked_again"].ci
    assert again is not None
    assert again["high"] <= 0.001


@pytest.mark.parametrize("options", [{}, {"baseline": "x", "repeat": False}])
def test_a_few_answers_that_are_the_same_again_prove_no_stability(options: dict[str, Any]) -> None:
    """Issue 7, F7a/6: 40 people, an interval to 8.8 % and a line of 0.1 %: "answers are stable"."""
    found = _run(CALM, options, table=TABLE.slice(0, 40))
    same = found["as_filed" if options else "asked_again"]
    assert same.ci is not None
    assert same.ci["high"] == pytest.approx(0.088, abs=1e-3)
    assert same.verdict is Verdict.INCONCLUSIVE
    assert "Answers are stable:" not in same.reading["en"]
    assert "up to 8.8% may change" in same.reading["en"]
    assert "多到 8.8%" in same.reading["zh"]


@pytest.mark.parametrize(
    ("people", "verdict"), [(20, Verdict.INCONCLUSIVE), (400, Verdict.EQUIVALENT)]
)
def test_many_rows_of_few_people_clear_no_batching(people: int, verdict: Verdict) -> None:
    """Issue 7, F7a/16: 512 rows of 20 people were called enough; thirty people are."""
    table = TABLE.append_column("person", pa.array(np.arange(ROWS) % people))
    found = _run(CALM, table=table, unit="person")["rebatched"]
    assert found.verdict is verdict
    assert found.units is not None
    assert found.units["n"] == people


def test_a_service_that_is_the_same_in_other_batches_is_not_cleared() -> None:
    """Stranger, issue 7/9: exact are the answers of a model shown to be steady, no service's."""
    found = _run(Served(CALM.formula))["rebatched"]
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.details["deterministic"] is None
    assert "a service answered" in found.reading["en"]
    assert "来自网上的服务" in found.reading["zh"]


def test_a_recorded_column_is_not_called_deterministic() -> None:
    found = _run(None, {"baseline": "x"}, score="x", inputs=[])
    assert found["as_filed"].details["deterministic"] is None


def test_dice_are_found_and_batches_then_not_judged() -> None:
    found = _run(RandomisedService(np.random.default_rng(0)), cut=0.5)
    assert found["asked_again"].verdict is Verdict.DISPARITY
    assert found["rebatched"].verdict is Verdict.NOT_EVALUABLE


def test_a_model_that_looks_at_its_neighbours_is_the_finding_itself() -> None:
    found = _run(Reading(lambda f: np.array(column(f, "x")) - np.mean(column(f, "x"))))
    assert found["rebatched"].verdict is Verdict.DISPARITY
    assert "together" in found["rebatched"].reading["en"]


def test_answers_as_filed_are_reproduced_or_not() -> None:
    found = _run(CALM, {"baseline": "filed"})["as_filed"]
    changed = 4
    assert found.n == ROWS
    assert found.estimate == pytest.approx(changed / ROWS)
    ci = binomtest(changed, ROWS).proportion_ci(0.95, "exact")
    assert found.ci is not None
    assert (found.ci["low"], found.ci["high"]) == pytest.approx((ci.low, ci.high))
    assert found.verdict is Verdict.DISPARITY
    assert _run(CALM, {"baseline": "x"})["as_filed"].verdict is Verdict.INCONCLUSIVE
    named = _run(CALM, {"baseline": "named"}, favourable="yes", score_favourable=1)["as_filed"]
    assert (named.estimate, named.verdict) == (0.0, Verdict.INCONCLUSIVE)


def test_a_regression_is_compared_by_its_numbers() -> None:
    found = _run(CALM, {"baseline": "filed"}, cut=None)
    assert found["as_filed"].details["changed"] == 4


def test_drift_between_periods_is_found_where_it_is() -> None:
    period = {"column": "late", "earlier": [False]}
    found = _run(None, {"period": period, "features": ["area", "moved"]}, score="x", inputs=[])
    assert found["score"].verdict in {Verdict.INCONCLUSIVE, Verdict.EQUIVALENT}
    assert found["moved"].verdict is Verdict.DISPARITY
    assert found["moved"].details["ks"] == pytest.approx(
        ks_2samp((X + 2 * LATE)[LATE], X[~LATE]).statistic
    )
    assert {f.family["size"] for f in found.values() if f.family} == {3}


def test_the_index_is_near_pearsons_chi_square_for_small_shifts() -> None:
    earlier, later = RNG.standard_normal(4000), RNG.standard_normal(5000)
    units = (np.arange(4000, dtype=np.uint64), np.arange(4000, 9000, dtype=np.uint64))
    made = drift.measure(earlier, later, units)
    assert made is not None
    edges = np.quantile(earlier, np.arange(1, 10) / 10)
    table = [np.bincount(np.searchsorted(edges, v), minlength=10) for v in (earlier, later)]
    assert made.statistic == pytest.approx(chi2_contingency(table).statistic, rel=0.03)
    assert made.freedom == 9
    doubled = drift.measure(
        np.repeat(earlier, 3),
        np.repeat(later, 3),
        (np.repeat(units[0], 3), np.repeat(units[1], 3)),
    )
    assert doubled is not None
    assert doubled.p_value == pytest.approx(made.p_value, abs=0.06), "copies prove nothing new"


def test_without_anything_to_compare_it_is_said() -> None:
    (found,) = _run(None, score="x", inputs=[]).values()
    assert found.verdict is Verdict.NOT_EVALUABLE
    assert "nothing to compare" in found.reading["en"]
    short = planning.parse(
        _plan({"period": {"column": "late", "earlier": ["never"]}}, inputs=[], score="x")
    )
    (few,) = engine.measure(short, TABLE, scorer=None, nonce="n")
    assert few.verdict is Verdict.NOT_EVALUABLE
    with pytest.raises(PlanInvalid):
        planning.parse(_plan({"period": {"column": "late", "earlier": []}}))


def test_its_findings_follow_from_the_public_table() -> None:
    plan = planning.parse(_plan({"baseline": "filed"}, unit="who"))
    made = engine.run(plan, TABLE, scorer=CALM, nonce="n")
    done = recompute({
        "plan": {"content": plan.as_json()}, "nonce": "n",
        "findings": [f.as_json() for f in made.findings],
        "evidence": {"public": {"content": made.public_evidence}},
    })  # fmt: skip
    assert not done.mismatched
    assert len(done.recomputed) == 2


def test_it_conforms() -> None:
    options = {
        "baseline": "filed",
        "period": {"column": "late", "earlier": [False]},
        "features": ["area"],
    }
    conformance.check(
        Stability, _plan(options, sensitive=["area"], unit="who"), TABLE, scorer=CALM
    )
