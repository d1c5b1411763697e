"""Regression parity: agreement with scikit-learn and scipy, every verdict, hard data."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from fairlearn.metrics import MetricFrame
from scipy import stats
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from evaluators.plan import Plan
from evaluators.running import calibration, conformance, engine
from evaluators.running.recompute import recompute
from evaluators.scores.regression_parity import RegressionParity
from registry.findings import Finding, Verdict

BIAS, MAE, RMSE = "mean_signed_error_difference", "mae_ratio", "rmse_ratio"
SUCCESS = "success_rate_ratio"


def _plan(**more: Any) -> Plan:
    columns = {"sensitive": ["race"], "score": "said", "target": "real"} | more.pop("columns", {})
    probes = [{"id": "regression_parity", **more.pop("options", {})}]
    return Plan.parse({"title": "t", "columns": columns, "probes": probes, **more})


def _run(table: pa.Table, **more: Any) -> dict[str, Finding]:
    found = engine.measure(_plan(**more), table, scorer=None, nonce="n")
    return {f"{f.metric}:{f.group}": f for f in found}


def _table(rows: int = 900, *, factor: float = 1.0, bias: float = 0.0, seed: int = 6) -> pa.Table:
    rng = np.random.default_rng(seed)
    race, real = rng.choice(["a", "b"], rows), 1000 + 300 * rng.standard_normal(rows)
    error = 50 * rng.standard_normal(rows)
    said = real + np.where(race == "b", factor * error + 50 * bias, error)
    return pa.table({"race": race, "said": said, "real": real})


def _errors(table: pa.Table, name: str) -> np.ndarray:
    mine = np.array(table["race"].to_pylist()) == name
    errors = table["said"].to_numpy() - table["real"].to_numpy()
    return np.asarray(errors[mine])


def test_the_estimates_are_those_of_fairlearn_and_scikit_learn() -> None:
    table = _table(factor=1.3, bias=0.4)
    found = _run(table, reference={"race": "a"})
    metrics = {MAE: mean_absolute_error, RMSE: root_mean_squared_error}
    frame = MetricFrame(
        metrics=metrics, y_true=table["real"].to_numpy(), y_pred=table["said"].to_numpy(),
        sensitive_features=np.array(table["race"].to_pylist()),
    )  # fmt: skip
    for name in (MAE, RMSE):
        one = found[f"{name}:b"]
        assert one.estimate == pytest.approx(frame.by_group[name]["b"], rel=1e-9)
        assert one.reference_estimate == pytest.approx(frame.by_group[name]["a"], rel=1e-9)
        ratio = frame.by_group[name]["b"] / frame.by_group[name]["a"]
        assert one.effect["value"] == pytest.approx(ratio, rel=1e-9)
    first, second = _errors(table, "b"), _errors(table, "a")
    welch = stats.ttest_ind(first, second, equal_var=False)
    assert found[f"{BIAS}:b"].p_value == pytest.approx(welch.pvalue, rel=1e-8)
    said, race = table["said"].to_numpy(), np.array(table["race"].to_pylist())
    high = said > np.sort(said)[719]
    rate = found[f"{SUCCESS}:b"]
    assert rate.estimate == pytest.approx(high[race == "b"].mean())
    assert rate.reference_estimate == pytest.approx(high[race == "a"].mean())


def test_the_intervals_of_the_ratios_are_those_of_a_bootstrap() -> None:
    table = _table(600, factor=1.4)
    rng, found = np.random.default_rng(1), _run(table, reference={"race": "a"})
    x, y = (v[rng.integers(0, v.size, (2000, v.size))] for v in
            (_errors(table, "b"), _errors(table, "a")))  # fmt: skip
    drawn = {
        MAE: np.log(np.abs(x).mean(1) / np.abs(y).mean(1)),
        RMSE: np.log((x**2).mean(1) / (y**2).mean(1)) / 2,
    }
    for name, values in drawn.items():
        ci = found[f"{name}:b"].ci
        assert ci is not None
        z = stats.norm.ppf(1 - (1 - ci["level"]) / 2)
        width = np.log(ci["high"] / ci["low"]) / 2 / z
        assert width == pytest.approx(values.std(), rel=0.06)


@pytest.mark.parametrize(
    ("factor", "rows", "verdict"),
    [
        (2.0, 900, Verdict.DISPARITY),
        (1.18, 3000, Verdict.DIFFERENCE),
        (1.0, 6000, Verdict.EQUIVALENT),
        (1.0, 120, Verdict.INCONCLUSIVE),
        (1.0, 40, Verdict.NOT_EVALUABLE),
    ],
)
def test_every_verdict_is_reached(factor: float, rows: int, verdict: Verdict) -> None:
    found = _run(_table(rows, factor=factor), reference={"race": "a"})
    assert found[f"{MAE}:b"].verdict is verdict


def test_a_model_that_overestimates_one_group_is_found() -> None:
    found = _run(_table(bias=1.0), reference={"race": "a"})[f"{BIAS}:b"]
    assert found.verdict is Verdict.DISPARITY
    assert (found.estimate or 0) > 40
    assert found.effect["value"] > 0.5


def test_the_quantile_is_an_option_and_low_can_be_favourable() -> None:
    table = _table()
    said = table["said"].to_numpy()
    low = _run(table, options={"quantile": 0.9}, columns={"favourable": 0})
    rate = next(f for name, f in low.items() if SUCCESS in name)
    assert rate.details["share_beyond"] == pytest.approx(0.1)
    exact = float(np.sort(said)[90])
    assert rate.details["cut"] == pytest.approx(exact, rel=0.1)
    assert rate.details["cut"] != pytest.approx(exact)
    assert "10%" in rate.reading["zh"]


def test_repeated_rows_of_a_person_prove_no_more_than_the_person() -> None:
    once = _table(300)
    tenfold = pa.concat_tables([once.append_column("who", pa.array(np.arange(300)))] * 10)
    single, many = _run(once), _run(tenfold, columns={"unit": "who"})
    for name, one in single.items():
        assert one.ci is not None
        other = many[name].ci
        assert other is not None
        width = one.ci["high"] - one.ci["low"]
        assert other["high"] - other["low"] == pytest.approx(width, rel=0.04)


def test_a_planted_difference_is_found() -> None:
    ((design, _),) = RegressionParity.planted().items()
    assert calibration.tally("regression_parity", design, range(20)).detected >= 19


def test_public_counts_give_the_success_rates_again() -> None:
    plan = _plan(reference={"race": "a"})
    made = engine.run(plan, _table(), scorer=None, nonce="n")
    said = {
        "plan": {"content": plan.as_json()}, "nonce": "n",
        "findings": [f.as_json() for f in made.findings],
        "evidence": {"public": {"content": made.public_evidence}},
    }  # fmt: skip
    again = recompute(said)
    assert not again.mismatched
    assert [r["finding"] for r in again.recomputed] == [f"regression_parity {SUCCESS} race=b"]


def test_bad_data_are_named_not_counted() -> None:
    table = _table()
    words = _run(table.set_column(2, "real", pa.array(["much"] * 900)))
    assert {f.verdict for f in words.values()} == {Verdict.NOT_EVALUABLE}
    assert all("不是数" in f.reading["zh"] for f in words.values())
    nothing = _run(table.set_column(2, "real", pa.array(np.full(900, np.nan))))
    assert {f.verdict for f in nothing.values()} == {Verdict.NOT_EVALUABLE}
    exact = _run(table.set_column(1, "said", table["real"]))
    assert exact[next(n for n in exact if MAE in n)].verdict is Verdict.NOT_EVALUABLE
    huge = table["said"].to_numpy().copy()
    huge[0], huge[1] = np.inf, 1e200
    found = _run(table.set_column(1, "said", pa.array(huge)))
    assert next(f for n, f in found.items() if MAE in n).details["unanswered"] == 2
    constant = _run(table.set_column(1, "said", pa.array(np.full(900, 7.0))))
    assert next(f for n, f in constant.items() if SUCCESS in n).verdict is Verdict.NOT_EVALUABLE


@pytest.mark.parametrize("unit", [None, "who"])
def test_the_probe_conforms(unit: str | None) -> None:
    rng = np.random.default_rng(8)
    table = pa.table({
        "race": rng.choice(["a", "b", "c"], 300), "said": rng.standard_normal(300),
        "real": rng.standard_normal(300), "who": rng.integers(0, 120, 300),
    })  # fmt: skip
    conformance.check(RegressionParity, _plan(columns={"unit": unit}).as_json(), table)
