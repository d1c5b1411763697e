"""Defects of popular tools beside our results on the same data.

Fairlearn is installed and asked itself. Aequitas, Giskard, Evidently and AI Verify can't be: each
would replace a package that this project runs on (pandas, NumPy, SciPy or plotly) by an older one. So
their rule is written out here from their published source, in our words, and each test says so.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from fairlearn.metrics import MetricFrame, equalized_odds_difference, true_positive_rate
from scipy import stats

from evaluators import engine
from evaluators.multiplicity import benjamini_hochberg
from evaluators.plan import Plan
from registry.findings import Finding, Verdict
from tests.evaluators.decisions import counted, plan

Floats = npt.NDArray[np.float64]


def _run(
    table: pa.Table, probe: str = "error_parity", **more: Any
) -> dict[tuple[str, str], Finding]:
    found = engine.measure(Plan.parse(plan(probe, **more)), table, scorer=None, nonce="n")
    return {(f.metric, str(next(iter(f.slice.values()), "*"))): f for f in found}


NO_POSITIVES = {
    ("a", 1, 0): 50,
    ("a", 0, 1): 10,
    ("a", 0, 0): 90,
    ("b", 0, 1): 10,
    ("b", 0, 0): 90,
}


def test_fairlearn_gives_a_group_without_positives_a_rate_and_calls_the_odds_equal() -> None:
    table = counted(NO_POSITIVES)
    due, granted, race = (table[name].to_numpy() for name in ("due", "granted", "race"))
    frame = MetricFrame(
        metrics=true_positive_rate, y_true=due, y_pred=granted, sensitive_features=race
    )
    assert frame.by_group["b"] == 0.0, "nobody of b deserved it: there is no such rate"
    assert equalized_odds_difference(due, granted, sensitive_features=race) == 0.0, (
        "perfect, it says"
    )
    found = _run(table, reference={"race": "a"})
    assert found["false_negative_rate", "b"].verdict is Verdict.NOT_EVALUABLE
    assert found["false_negative_rate", "b"].effect["value"] is None
    assert found["equalized_odds_difference", "*"].verdict is Verdict.NOT_EVALUABLE


def _fair(rng: np.random.Generator) -> tuple[pa.Table, Floats, Floats, Floats]:
    """The same error rates for both groups, of whom 20 and 60 % deserve the favourable result."""
    race = rng.choice(["a", "b"], 3000)
    due = (rng.random(3000) < np.where(race == "a", 0.2, 0.6)).astype(int)
    granted = (rng.random(3000) < np.where(due == 1, 0.8, 0.2)).astype(int)
    table = pa.table({"race": race, "due": due, "granted": granted})
    return table, (race == "b").astype(float), due.astype(float), granted.astype(float)


def _over_all_rows(member: Floats, due: Floats, granted: Floats) -> float:
    """Aequitas' older rule: false positives marked 1, every other row 0, and a t test of the means."""
    marks = ((granted == 1) & (due == 0)).astype(float)
    return float(stats.ttest_ind(marks[member == 1], marks[member == 0]).pvalue)


def _over_the_granted(member: Floats, due: Floats, granted: Floats) -> float:
    """Its newer rule: the refused are left out, so it is 1 − precision that is tested as the FPR."""
    kept = granted == 1
    marks = (due == 0).astype(float)
    return float(stats.ttest_ind(marks[kept & (member == 1)], marks[kept & (member == 0)]).pvalue)


@pytest.mark.parametrize("rule", [_over_all_rows, _over_the_granted])
def test_aequitas_rejects_forty_fair_data_sets_of_forty(rule: Callable[..., float]) -> None:
    rng, theirs, ours = np.random.default_rng(1), 0, 0
    for _ in range(40):
        table, *marks = _fair(rng)
        theirs += rule(*marks) < 0.05
        found = _run(table, reference={"race": "a"})["false_positive_rate", "b"]
        ours += found.verdict in {Verdict.DISPARITY, Verdict.DIFFERENCE}
        assert found.n == int(
            ((table["race"].to_numpy() == "b") & (table["due"].to_numpy() == 0)).sum()
        )
    assert theirs == 40
    assert ours <= 4


def test_aequitas_keeps_one_p_value_for_two_attributes_that_share_a_level() -> None:
    rng = np.random.default_rng(2)
    married, member = rng.choice(["no", "yes"], 2000), rng.choice(["no", "yes"], 2000)
    granted = (rng.random(2000) < np.where(married == "yes", 0.4, 0.7)).astype(int)
    table = pa.table({"married": married, "member": member, "granted": granted, "due": granted})
    theirs: dict[
        str, float
    ] = {}  # by its rule: keyed by the value alone, so the last attribute wins
    for column in (married, member):
        for value in ("no", "yes"):
            theirs[value] = float(
                stats.ttest_ind(granted[column == "no"], granted[column == value]).pvalue
            )
    assert theirs["yes"] > 0.01, "the difference by marriage is overwritten"
    content = plan("selection_parity", columns={"sensitive": ["married", "member"]},
                   reference={"married": "no", "member": "no"})  # fmt: skip
    found = engine.measure(Plan.parse(content), table, scorer=None, nonce="n")
    ours = {tuple(f.slice): f.p_value for f in found if len(f.slice) == 1}
    assert (ours["married",] or 0) < 1e-10
    assert (ours["member",] or 0) > 0.01


def _argsort_as_rank(p_values: Floats, alpha: float) -> npt.NDArray[np.bool_]:
    """Giskard's rule: the order that would sort the p-values is taken for their ranks."""
    ranks = p_values.argsort() + 1
    passing = p_values[p_values <= ranks / len(p_values) * alpha]
    return p_values <= (passing.max() if passing.size else -1.0)


def test_giskard_ranks_wrongly_and_finds_three_times_too_much() -> None:
    rng = np.random.default_rng(3)
    shares: dict[str, list[float]] = {"theirs": [], "ours": []}
    for _ in range(400):
        p_values = stats.norm.sf(np.r_[rng.standard_normal(35), rng.standard_normal(5) + 3])
        for name, found in (("theirs", _argsort_as_rank(p_values, 0.1)),
                            ("ours", benjamini_hochberg(p_values) <= 0.1)):  # fmt: skip
            shares[name].append(found[:35].sum() / max(1, found.sum()))
        assert benjamini_hochberg(p_values) == pytest.approx(
            stats.false_discovery_control(p_values)
        )
    assert np.mean(shares["theirs"]) > 0.25
    assert np.mean(shares["ours"]) < 0.11


def test_evidently_repeats_the_overall_rate_for_every_group() -> None:
    cells = {
        ("a", 1, 1): 90,
        ("a", 1, 0): 10,
        ("a", 0, 0): 50,
        ("b", 1, 1): 40,
        ("b", 1, 0): 60,
        ("b", 0, 0): 50,
    }
    table = counted(cells)
    due, granted, race = (table[name].to_numpy() for name in ("due", "granted", "race"))

    def calculate(_subset: npt.NDArray[np.bool_]) -> float:
        """By its rule: the grouped rows are handed over, the result is read from the whole report."""
        return float(granted[due == 1].mean())

    theirs = {group: calculate(race == group) for group in ("a", "b")}
    assert theirs == {"a": 0.65, "b": 0.65}
    found = _run(table, reference={"race": "a"})["false_negative_rate", "b"]
    assert found.estimate == pytest.approx(0.6)
    assert found.reference_estimate == pytest.approx(0.1)
    assert found.verdict is Verdict.DISPARITY


def test_ai_verify_gives_an_empty_denominator_the_rate_zero() -> None:
    def rate(numerator: float, denominator: float) -> float:
        """By its rule: 0 where there is nothing to divide by."""
        return 0 if denominator == 0 else numerator / denominator

    assert rate(0, 0) == 0
    refused_all = counted({("a", 1, 0): 60, ("b", 1, 0): 60})
    assert rate(0.0, 0.0) == 0, "its disparate impact of two groups that got nothing"
    (found,) = _run(refused_all, "selection_parity", reference={"race": "a"}).values()
    assert found.verdict is Verdict.NOT_EVALUABLE
    assert found.effect["value"] is None


def test_ai_verify_divides_a_group_by_everybody() -> None:
    cells = {
        ("a", 1, 1): 800,
        ("a", 1, 0): 200,
        ("b", 1, 1): 80,
        ("b", 1, 0): 20,
        ("a", 0, 0): 99,
        ("b", 0, 0): 99,
    }
    positives = sum(n for (_, due, _), n in cells.items() if due)
    theirs = {group: cells[group, 1, 1] / positives for group in ("a", "b")}  # its "TPR by group"
    assert theirs["a"] == pytest.approx(10 * theirs["b"]), (
        "the larger group seems ten times better off"
    )
    found = _run(counted(cells), reference={"race": "a"})["false_negative_rate", "b"]
    assert found.estimate == found.reference_estimate == pytest.approx(0.2)


RAN: list[str] = []


def test_ai_verify_runs_what_a_model_answers_as_code() -> None:
    answer = "RAN.append('the model') or 1"
    assert [eval(str(one)) for one in [answer]] == [1]  # its rule
    assert RAN.pop() == "the model"
    table = pa.table({"race": ["a", "b"] * 50, "due": ["1"] * 100, "granted": [answer, "1"] * 50})
    found = _run(table, "selection_parity", reference={"race": "b"})
    assert found["selection_rate_ratio", "a"].estimate == 0.0, (
        "an answer that is not the favourable level"
    )
    assert RAN == []
