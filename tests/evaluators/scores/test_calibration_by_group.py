"""Calibration by group: agreement with statsmodels, every verdict, planted differences, hard data."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit
from sklearn.calibration import calibration_curve

from evaluators.plan import Plan
from evaluators.running import calibration, conformance, engine
from evaluators.scores.calibration_by_group import CalibrationByGroup
from evaluators.statistics import calibration_statistics as statistics
from registry.findings import Finding, Verdict

RATIO, SLOPE, ERROR = "observed_expected_ratio", "calibration_slope", "expected_calibration_error"


def _plan(**more: Any) -> Plan:
    columns = {"sensitive": ["race"], "score": "score", "target": "due", "favourable": 1}
    columns |= more.pop("columns", {})
    probes = [{"id": "calibration_by_group"}]
    return Plan.parse({"title": "t", "columns": columns, "probes": probes, **more})


def _run(table: pa.Table, **more: Any) -> dict[str, Finding]:
    found = engine.measure(_plan(**more), table, scorer=None, nonce="n")
    return {f"{f.metric}:{f.group}": f for f in found}


def _table(rows: int = 1200, *, slope: float = 1.0, kept: float = 1.0, seed: int = 3) -> pa.Table:
    """Outcomes of group b follow the score with another slope, or come true less often."""
    rng = np.random.default_rng(seed)
    race, own = rng.choice(["a", "b"], rows, p=[0.6, 0.4]), rng.standard_normal(rows)
    is_b = race == "b"
    chance = expit(own * np.where(is_b, slope, 1.0)) * np.where(is_b, kept, 1.0)
    due = rng.random(rows) < chance
    return pa.table({"race": race, "score": expit(own), "due": due.astype(int)})


def _group(table: pa.Table, name: str) -> tuple[np.ndarray, np.ndarray]:
    mine = np.array(table["race"].to_pylist()) == name
    return table["score"].to_numpy()[mine], table["due"].to_numpy()[mine]


def test_slope_and_intercepts_are_those_of_statsmodels() -> None:
    table = _table(slope=0.7)
    found = _run(table)[f"{SLOPE}:b"]
    score, due = _group(table, "b")
    fitted = sm.Logit(due, sm.add_constant(logit(score))).fit(disp=False)
    assert found.estimate == pytest.approx(fitted.params[1], rel=1e-6)
    assert found.details["intercept"] == pytest.approx(fitted.params[0], rel=1e-5)
    assert found.test is not None
    z = (fitted.params[1] - 1) / fitted.bse[1]
    assert found.test["statistic"] == pytest.approx(z, rel=1e-5)
    large = sm.GLM(
        due, np.ones(due.size), family=sm.families.Binomial(), offset=logit(score)
    ).fit()
    assert found.details["intercept_at_slope_one"] == pytest.approx(large.params[0], rel=1e-5)


def test_the_clustered_error_of_the_slope_is_that_of_statsmodels() -> None:
    once = _table(300)
    table = pa.concat_tables([once.append_column("who", pa.array(np.arange(300)))] * 3)
    found = _run(table, columns={"unit": "who"})[f"{SLOPE}:a"]
    score, due = _group(table, "a")
    who = table["who"].to_numpy()[np.array(table["race"].to_pylist()) == "a"]
    model = sm.GLM(due, sm.add_constant(logit(score)), family=sm.families.Binomial())
    fitted = model.fit(cov_type="cluster", cov_kwds={"groups": who, "use_correction": False})
    units = np.unique(who).size
    error = fitted.bse[1] * np.sqrt(units / (units - 1))
    assert found.test is not None
    assert found.test["statistic"] == pytest.approx((fitted.params[1] - 1) / error, rel=1e-5)


def test_bands_and_error_follow_from_the_rows() -> None:
    table = _table(4000)
    found = _run(table)
    every = table["score"].to_numpy()
    edges = np.quantile(every, np.linspace(0, 1, 11))
    for name in ("a", "b"):
        score, due = _group(table, name)
        band = np.clip(np.searchsorted(edges, score, side="right") - 1, 0, 9)
        gaps = [abs((due[band == b] - score[band == b]).sum()) for b in range(10)]
        one = found[f"{ERROR}:{name}"]
        assert one.estimate == pytest.approx(sum(gaps) / score.size, abs=2e-3)
        bands = one.details["bands"]
        assert sum(b["n"] for b in bands) == score.size
        assert min(min(b["observed"], b["n"] - b["observed"]) for b in bands) >= 10
        ratio = sum(b["observed"] for b in bands) / sum(b["expected"] for b in bands)
        assert ratio == pytest.approx(due.sum() / score.sum(), rel=1e-8)


def test_bands_of_equal_scores_are_the_curve_of_scikit_learn() -> None:
    rng = np.random.default_rng(2)
    score = rng.choice(np.arange(0.05, 1, 0.1), 3000)
    due = (rng.random(3000) < score).astype(int)
    table = pa.table({"race": rng.choice(["a", "b"], 3000), "score": score, "due": due})
    mine, outcome = _group(table, "a")
    observed, expected = calibration_curve(outcome, mine, n_bins=10)
    bands = _run(table)[f"{ERROR}:a"].details["bands"]
    if len(bands) == 10:
        assert [b["observed"] / b["n"] for b in bands] == pytest.approx(observed.tolist())
        assert [b["expected"] / b["n"] for b in bands] == pytest.approx(expected.tolist())
    else:  # the outermost bands are joined: too few people on one side
        assert sum(b["observed"] for b in bands) == outcome.sum()


def test_observed_over_expected_is_the_ratio_of_the_groups() -> None:
    table = _table(3000, kept=0.6)
    found = _run(table)[f"{RATIO}:b"]
    ratios = [due.sum() / score.sum() for score, due in (_group(table, "b"), _group(table, "a"))]
    assert found.estimate == pytest.approx(ratios[0], rel=1e-8)
    assert found.effect["value"] == pytest.approx(ratios[0] / ratios[1], rel=1e-8)
    assert found.reference_group == "a"
    assert found.verdict is Verdict.DISPARITY


def test_a_score_of_refusal_is_turned() -> None:
    table = _table(kept=0.6)
    turned = table.set_column(1, "score", pa.array(1 - table["score"].to_numpy()))
    turned = turned.set_column(2, "due", pa.array(1 - table["due"].to_numpy()))
    straight, other = _run(table), _run(turned, columns={"favourable": 0})
    for name in (f"{RATIO}:b", f"{SLOPE}:a", f"{ERROR}:b"):
        assert other[name].estimate == pytest.approx(straight[name].estimate, rel=1e-6)


@pytest.mark.parametrize(
    ("slope", "rows", "verdict"),
    [
        (0.3, 4000, Verdict.DISPARITY),
        (0.8, 6000, Verdict.DIFFERENCE),
        (1.0, 12_000, Verdict.EQUIVALENT),
        (1.0, 300, Verdict.INCONCLUSIVE),
        (1.0, 50, Verdict.NOT_EVALUABLE),
    ],
)
def test_every_verdict_of_the_slope_is_reached(slope: float, rows: int, verdict: Verdict) -> None:
    assert _run(_table(rows, slope=slope))[f"{SLOPE}:b"].verdict is verdict


@pytest.mark.parametrize(
    ("kept", "rows", "verdict"),
    [
        (0.3, 4000, Verdict.DISPARITY),
        (0.85, 6000, Verdict.DIFFERENCE),
        (1.0, 40_000, Verdict.EQUIVALENT),
        (1.0, 300, Verdict.INCONCLUSIVE),
        (1.0, 40, Verdict.NOT_EVALUABLE),
    ],
)
def test_every_verdict_of_the_error_is_reached(kept: float, rows: int, verdict: Verdict) -> None:
    assert _run(_table(rows, kept=kept))[f"{ERROR}:b"].verdict is verdict


def test_chance_alone_gives_an_error_and_the_null_knows_it() -> None:
    found = _run(_table(300))[f"{ERROR}:b"]
    assert (found.estimate or 0) > 0.03
    assert (found.p_value or 0) > 0.05


def test_a_planted_difference_is_found() -> None:
    ((design, _),) = CalibrationByGroup.planted().items()
    assert calibration.tally("calibration_by_group", design, range(15)).detected >= 13


def test_bad_data_are_named_not_counted() -> None:
    table = _table(600)
    wide = _run(table.set_column(1, "score", pa.array(logit(table["score"].to_numpy()))))
    assert {f.verdict for f in wide.values()} == {Verdict.NOT_EVALUABLE}
    assert all("不是概率" in f.reading["zh"] for f in wide.values())
    flat = _run(table.set_column(1, "score", pa.array(np.full(600, 0.5))))
    assert "斜率算不出来" in flat[f"{SLOPE}:a"].reading["zh"]
    assert flat[f"{RATIO}:b"].verdict is not Verdict.NOT_EVALUABLE
    none = _run(table.set_column(2, "due", pa.array(np.zeros(600, dtype=int))))
    assert {f.verdict for f in none.values()} == {Verdict.NOT_EVALUABLE}
    sure = np.where(table["due"].to_numpy() == 1, 1.0, 0.0)
    found = _run(table.set_column(1, "score", pa.array(sure)))
    assert found[f"{SLOPE}:a"].verdict is Verdict.NOT_EVALUABLE
    assert found[f"{RATIO}:b"].verdict is Verdict.NOT_EVALUABLE
    assert found[f"{ERROR}:b"].details["clipped"] == 600
    holes = np.where(np.arange(600) % 2 == 0, np.nan, table["score"].to_numpy())
    assert (
        _run(table.set_column(1, "score", pa.array(holes)))[f"{SLOPE}:a"].details["unanswered"]
        == 300
    )


def test_separated_outcomes_have_no_slope() -> None:
    x = np.linspace(-2, 2, 40)
    seen = statistics.Counted(x, np.ones(40, dtype=np.int64), (x > 0).astype(np.int64), expit(x))
    assert statistics.recalibration(seen) is None


def _worthless(slope: float, seed: int, *, narrow: float = 1.0) -> pa.Table:
    """Scores from 0 to 1 of which the outcomes know a little (`slope`) or nothing (0)."""
    rng = np.random.default_rng(seed)
    score = 0.5 + narrow * (rng.uniform(0.0003, 0.9997, 600) - 0.5)
    due = rng.random(600) < expit(slope * logit(score) - 0.4)
    race = np.repeat(["a", "b"], 300)
    return pa.table({"race": race, "score": score, "due": due.astype(int)})


@pytest.mark.parametrize("slope", [0.0, 0.2, -0.5])
def test_a_worthless_score_has_a_slope_and_it_is_that_of_statsmodels(slope: float) -> None:
    covered = 0
    for seed in range(20):
        table = _worthless(slope, seed)
        found = _run(table)
        for name in ("a", "b"):
            score, due = _group(table, name)
            fitted = sm.Logit(due, sm.add_constant(logit(score))).fit(disp=False)
            one = found[f"{SLOPE}:{name}"]
            assert one.estimate == pytest.approx(fitted.params[1], rel=1e-4, abs=1e-5)
            assert one.verdict is Verdict.DISPARITY
            assert one.ci is not None
            covered += one.ci["low"] < slope - 1 < one.ci["high"]
            assert one.ci["high"] < 0.8 - 1
    assert covered >= 37  # of 40 at a level of 1 - 0.05 / 6


def test_scores_that_lie_close_together_have_a_slope() -> None:
    table = _worthless(0.0, 1, narrow=0.01)
    score, due = _group(table, "a")
    fitted = sm.Logit(due, sm.add_constant((logit(score)) * 100)).fit(disp=False)
    one = _run(table)[f"{SLOPE}:a"]
    assert one.estimate == pytest.approx(fitted.params[1] * 100, rel=0.02)


@pytest.mark.parametrize(
    ("score", "due"),
    [
        pytest.param([0.4] * 300, [0, 1, 1] * 100, id="constant"),
        pytest.param([0.2] * 150 + [0.7] * 150, [0] * 150 + [1] * 150, id="split"),
        pytest.param([0.2] * 150 + [0.7] * 150, [1] * 150 + [0] * 150, id="split the other way"),
        pytest.param([0.2] * 100 + [0.5] * 100 + [0.7] * 100, [0] * 100 + [0, 1] * 50 + [1] * 100,
                     id="split but for one score"),
    ],
)  # fmt: skip
def test_scores_without_a_slope_are_told_so(score: list[float], due: list[int]) -> None:
    other = _worthless(1.0, 2).slice(300)
    table = pa.concat_tables([pa.table({"race": ["a"] * 300, "score": score, "due": due}), other])
    found = _run(table)
    assert found[f"{SLOPE}:a"].verdict is Verdict.NOT_EVALUABLE
    assert "all scores are alike, or they split" in found[f"{SLOPE}:a"].reading["en"]
    assert found[f"{SLOPE}:b"].verdict is not Verdict.NOT_EVALUABLE


@pytest.mark.parametrize("unit", [None, "who"])
def test_the_probe_conforms(unit: str | None) -> None:
    rng = np.random.default_rng(8)
    table = pa.table({
        "race": rng.choice(["a", "b", "c"], 300), "score": rng.random(300),
        "due": rng.integers(0, 2, 300), "who": rng.integers(0, 120, 300),
    })  # fmt: skip
    conformance.check(CalibrationByGroup, _plan(columns={"unit": unit}).as_json(), table)
