"""Score parity: agreement with the field's tools, every verdict, planted differences, hard data."""

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from evaluators.accumulating import histogram
from evaluators.decisions import error_parity
from evaluators.plan import Plan
from evaluators.running import calibration, conformance, engine
from evaluators.running.recompute import recompute
from evaluators.scores.score_parity import ScoreParity
from evaluators.statistics import inference
from registry.findings import Finding, Verdict
from registry.language import Text

MEAN, DISTANCE = "standardised_mean_difference", "kolmogorov_smirnov_distance"
RATE, RANKING = "scoring_rate_ratio", "auc_difference"


def _plan(**more: Any) -> Plan:
    columns = {"sensitive": ["race"], "score": "score", "target": "due", "favourable": 1}
    columns |= more.pop("columns", {})
    columns = {k: v for k, v in columns.items() if v is not None}
    return Plan.parse(
        {"title": "t", "columns": columns, "probes": [{"id": "score_parity"}], **more}
    )


def _run(table: pa.Table, **more: Any) -> dict[str, Finding]:
    found = engine.measure(_plan(**more), table, scorer=None, nonce="n")
    return {f"{f.metric}:{f.group}": f for f in found}


def _table(shift: float = 0.0, rows: int = 900, seed: int = 5) -> pa.Table:
    rng = np.random.default_rng(seed)
    race, own = rng.choice(["a", "b"], rows), rng.standard_normal(rows)
    due = (own + rng.standard_normal(rows) > 0).astype(int)
    return pa.table({"race": race, "score": own + shift * (race == "b"), "due": due})


def test_the_statistics_are_those_of_scipy_and_scikit_learn() -> None:
    table = _table(-0.3)
    found = _run(table, reference={"race": "a"})
    race, score = np.array(table["race"].to_pylist()), table["score"].to_numpy()
    one, other = score[race == "b"], score[race == "a"]
    welch = stats.ttest_ind(one, other, equal_var=False)
    mean = found[f"{MEAN}:b"]
    assert mean.p_value == pytest.approx(welch.pvalue, rel=1e-8)
    d = (one.mean() - other.mean()) / np.sqrt((one.var(ddof=1) + other.var(ddof=1)) / 2)
    assert mean.effect["value"] == pytest.approx(d, rel=1e-9)
    ks, far = stats.ks_2samp(one, other, method="asymp"), found[f"{DISTANCE}:b"]
    assert far.effect["value"] == pytest.approx(ks.statistic, abs=1e-9)
    assert far.details["wasserstein"] == pytest.approx(stats.wasserstein_distance(one, other))
    due = table["due"].to_numpy()
    for name, value in (("estimate", "b"), ("reference_estimate", "a")):
        auc = roc_auc_score(due[race == value], score[race == value])
        assert getattr(found[f"{RANKING}:b"], name) == pytest.approx(auc, abs=1e-9)
    above = score > np.median(score)
    assert found[f"{RATE}:b"].effect["value"] == pytest.approx(
        above[race == "b"].mean() / above[race == "a"].mean()
    )


def test_the_interval_of_the_mean_difference_is_that_of_a_bootstrap() -> None:
    table = _table(-0.8, rows=400)
    rng, found = np.random.default_rng(1), _run(table, reference={"race": "a"}, alpha=0.05)
    race, score = np.array(table["race"].to_pylist()), table["score"].to_numpy()
    one, other = score[race == "b"], score[race == "a"]
    x, y = (v[rng.integers(0, v.size, (2000, v.size))] for v in (one, other))
    drawn = (x.mean(1) - y.mean(1)) / np.sqrt((x.var(1) + y.var(1)) / 2)
    ci = found[f"{MEAN}:b"].ci
    assert ci is not None
    z = stats.norm.ppf(1 - (1 - ci["level"]) / 2)
    assert (ci["high"] - ci["low"]) / 2 / z == pytest.approx(drawn.std(), rel=0.06)


def test_the_error_of_the_auc_is_delong_s_and_with_units_obuchowski_s() -> None:
    table = _table(rows=400)
    who = np.random.default_rng(2).integers(0, 90, 400)
    who = np.where(np.array(table["race"].to_pylist()) == "a", who, who + 100)
    table = table.append_column("who", pa.array(who))
    for unit in (None, "who"):
        found = _run(table, reference={"race": "a"}, columns={"unit": unit})[f"{RANKING}:b"]
        errors = []
        for name in ("b", "a"):
            mine = np.array(table["race"].to_pylist()) == name
            units = who[mine].astype(np.uint64) if unit else None
            due = table["due"].to_numpy()[mine] == 1
            made = inference.auc(table["score"].to_numpy()[mine], due, 0.95, units)
            assert made is not None
            errors.append(made.error or 0.0)
        assert found.test is not None
        z = found.effect["value"] / math.hypot(*errors)
        assert found.test["statistic"] == pytest.approx(z, rel=0.01 if unit else 1e-9)


def test_a_coarse_grid_moves_nothing_beyond_its_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    table = _table(-0.3, rows=2000)
    fine = _run(table, reference={"race": "a"})
    monkeypatch.setattr(histogram, "MOST_BINS", 400)
    coarse = _run(table, reference={"race": "a"})
    exact, rough = fine[f"{MEAN}:b"], coarse[f"{MEAN}:b"]
    assert rough.effect == exact.effect
    assert rough.p_value == exact.p_value
    far, near = fine[f"{DISTANCE}:b"], coarse[f"{DISTANCE}:b"]
    assert near.effect["value"] <= far.effect["value"] <= near.details["ks_high"]
    low, high = coarse[f"{RANKING}:b"].details["tie_bounds"]
    assert low <= (fine[f"{RANKING}:b"].estimate or 0) <= high
    # The median is found within its bin, in another pass.
    for name in ("estimate", "reference_estimate", "p_value"):
        assert getattr(coarse[f"{RATE}:b"], name) == getattr(fine[f"{RATE}:b"], name)
    assert coarse[f"{RATE}:b"].details["median_exact"]
    assert coarse[f"{RATE}:b"].details["median"] == fine[f"{RATE}:b"].details["median"]


@pytest.mark.parametrize("unit", [None, "who"])
def test_a_coarse_grid_merges_the_same_on_any_number_of_shards(
    unit: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(histogram, "MOST_BINS", 50)
    table = _table(-0.3, rows=600).append_column("who", pa.array(np.arange(600) // 2))
    plan = _plan(columns={"unit": unit})
    shuffled = table.take(np.random.default_rng(0).permutation(600))
    runs = [(table, 1), (table, 2), (shuffled, 7)]
    made = [engine.run(plan, t, scorer=None, nonce="n", shards=s) for t, s in runs]
    assert len({one.findings_digest for one in made}) == 1
    race, score = np.array(table["race"].to_pylist()), table["score"].to_numpy()
    rate = made[0].findings[0]
    assert rate.estimate == pytest.approx((score > np.median(score))[race == rate.group].mean())


@pytest.mark.parametrize("people", [200, 1000])
@pytest.mark.parametrize("shared", [False, True])
def test_the_median_is_no_single_persons_score(people: int, *, shared: bool) -> None:
    """As many people as share what is published round to it; one that many share is told."""
    score = np.random.default_rng(people).lognormal(6, 1, people)
    score = np.round(score, -2) + 0.25 if shared else score
    table = pa.table({"race": ["a", "b"] * (people // 2), "score": score})
    found = _run(table, columns={"target": None, "favourable": None})
    told = next(each for name, each in found.items() if RATE in name).details["median"]
    digits = len(f"{told:.6g}".replace(".", "").strip("0"))
    alike = [float(f"{one:.{digits}g}") == told for one in score.tolist()]
    assert sum(alike) >= 10
    assert shared == (told in score)


def test_where_too_few_people_are_near_it_no_median_is_told() -> None:
    score = 10.0 ** np.arange(60)
    table = pa.table({"race": ["a", "b"] * 30, "score": score})
    found = _run(table, columns={"target": None, "favourable": None})
    assert {each.details["median"] for name, each in found.items() if RATE in name} == {None}


def test_where_rows_are_no_people_no_median_is_told() -> None:
    table = _table(-0.3, rows=600).append_column("who", pa.array(np.arange(600) // 20))
    plan = _plan(columns={"unit": "who"})
    found = engine.run(plan, table, scorer=None, nonce="n").evidence.full
    assert {each.details.get("median") for each in found if each.metric == RATE} == {None}


def test_a_new_york_example_worked_by_hand() -> None:
    score = [*range(40), *range(20, 60)]
    table = pa.table({"race": ["a"] * 40 + ["b"] * 40, "score": np.array(score, dtype=float)})
    found = _run(table, columns={"target": None, "favourable": None})
    # The median of 80 scores lies at 29.5: 10 of 40 and 30 of 40 score above it.
    rate = found[f"{RATE}:a"]
    assert (rate.estimate, rate.reference_estimate) == (0.25, 0.75)
    assert rate.details["median"] == 30  # 29 is the score of two people; 16 score 25 to 34
    assert rate.verdict is Verdict.DISPARITY
    assert f"{RANKING}:a" not in found


def test_scores_that_fall_towards_the_favourable_outcome_are_turned() -> None:
    table = _table(-0.5)
    turned = table.set_column(1, "score", pa.array(-table["score"].to_numpy()))
    turned = turned.set_column(2, "due", pa.array(1 - table["due"].to_numpy()))
    straight, other = _run(table), _run(turned, columns={"favourable": 0})
    for name in straight:
        turn = -1 if name.startswith(MEAN) else 1  # means stand as the scores do in the data
        own = straight[name].estimate
        if own is not None:
            assert other[name].estimate == pytest.approx(turn * own)
        effect = straight[name].effect["value"]
        assert other[name].effect["value"] == pytest.approx(turn * effect)


def test_the_mean_of_a_risk_score_is_printed_as_in_the_data() -> None:
    """statistics/18: no flipped sign, and what a higher score means is said in both languages."""
    rng = np.random.default_rng(5)
    group = np.where(np.arange(400) < 200, "a", "b")
    score = rng.normal(5, 1, 400) + np.where(group == "a", 0.4, 0.0)
    table = pa.table({"race": group, "score": score, "due": rng.integers(0, 2, 400)})
    found = _run(table, columns={"favourable": 0})
    mean = next(f for name, f in found.items() if name.startswith(MEAN))
    own, other = (float(score[group == level].mean()) for level in "ab")
    named = {mean.group: mean.estimate, mean.reference_group: mean.reference_estimate}
    assert named == {"a": pytest.approx(own), "b": pytest.approx(other)}
    assert (mean.effect["value"] > 0) is (mean.group == "a")
    assert f"{own:.2f}" in mean.reading["zh"]
    assert "得分越高对本人越不利" in mean.reading["zh"]
    assert "a higher score is worse for the person" in mean.reading["en"]
    assert "in their favour" not in mean.reading["en"]
    assert all("得分越高，对本人越不利" in f.limit["zh"] for f in found.values())
    said = " ".join(f.reading["en"] for f in found.values())
    assert "scores higher" not in said


@pytest.mark.parametrize(
    ("shift", "rows", "verdict", "severity"),
    [
        (-1.2, 900, Verdict.DISPARITY, "large"),
        (-0.65, 8000, Verdict.DISPARITY, "medium"),
        (-0.18, 4000, Verdict.DIFFERENCE, None),
        (0.0, 20_000, Verdict.EQUIVALENT, None),
        (0.0, 100, Verdict.INCONCLUSIVE, None),
        (0.0, 40, Verdict.NOT_EVALUABLE, None),
    ],
)
def test_every_verdict_is_reached(
    shift: float, rows: int, verdict: Verdict, severity: str | None
) -> None:
    found = _run(_table(shift, rows), reference={"race": "a"})[f"{MEAN}:b"]
    assert (found.verdict, found.severity) == (verdict, severity)
    passed = {"medium": "也超过中等的界线", "large": "也超过很大的界线"}
    assert [name for name, said in passed.items() if said in found.reading["zh"]] == [
        name for name in passed if name == severity
    ]


@pytest.mark.parametrize(
    ("metric", "shift", "rows", "verdict"),
    [
        (DISTANCE, -1.2, 900, Verdict.DISPARITY),
        (DISTANCE, -0.25, 2000, Verdict.DIFFERENCE),
        (DISTANCE, 0.0, 40_000, Verdict.EQUIVALENT),
        (DISTANCE, 0.0, 100, Verdict.INCONCLUSIVE),
        (DISTANCE, 0.0, 40, Verdict.NOT_EVALUABLE),
        (RATE, -1.2, 900, Verdict.DISPARITY),
        (RATE, -0.1, 9000, Verdict.DIFFERENCE),
        (RATE, 0.0, 20_000, Verdict.EQUIVALENT),
        (RANKING, 0.0, 20_000, Verdict.EQUIVALENT),
        (RANKING, 0.0, 400, Verdict.INCONCLUSIVE),
    ],
)
def test_every_statistic_reaches_its_verdicts(
    metric: str, shift: float, rows: int, verdict: Verdict
) -> None:
    found = _run(_table(shift, rows), reference={"race": "a"})[f"{metric}:b"]
    assert found.verdict is verdict
    assert all(found.reading.values())


def test_a_ranking_that_fails_in_one_group_is_found() -> None:
    rng, table = np.random.default_rng(4), _table(rows=3000)
    race, score = np.array(table["race"].to_pylist()), table["score"].to_numpy()
    noise = np.where(race == "b", 4 * rng.standard_normal(race.size), 0.0)
    found = _run(table.set_column(1, "score", pa.array(score + noise)))
    ranking = found[f"{RANKING}:b"] if f"{RANKING}:b" in found else found[f"{RANKING}:a"]
    assert ranking.verdict is Verdict.DISPARITY
    assert _run(table)[next(k for k in found if RANKING in k)].verdict is not Verdict.DISPARITY


def test_repeated_rows_of_a_person_prove_no_more_than_the_person() -> None:
    once = _table(-0.25, rows=400)
    who = np.arange(400)
    tenfold = pa.concat_tables([once.append_column("who", pa.array(who))] * 10)
    single, many = _run(once), _run(tenfold, columns={"unit": "who"})
    for name, one in single.items():
        assert one.ci is not None
        other = many[name].ci
        assert other is not None
        width = one.ci["high"] - one.ci["low"]
        assert other["high"] - other["low"] == pytest.approx(width, rel=0.03)
    assert "4000" not in many[f"{RATE}:b"].reading["zh"].split("有")[0]


def test_the_units_of_every_statistic_are_people_also_where_they_are_too_few() -> None:
    """Findings 7, S4: of 12 people with 200 rows each, 2,400 people were said."""
    rng, rows = np.random.default_rng(3), 52 * 200
    who = np.repeat(np.arange(52), 200)
    table = pa.table({
        "race": np.where(who < 12, "b", "a"), "who": who,
        "score": rng.standard_normal(rows), "due": rng.integers(0, 2, rows),
    })  # fmt: skip
    found = _run(table, columns={"unit": "who"})
    assert {name.split(":")[0] for name in found} == {MEAN, DISTANCE, RATE, RANKING}
    for one in found.values():
        assert one.units is not None
        assert one.units == {"of": "people", "n": 12, "n_reference": 40}


def test_what_was_seen_claims_no_bound() -> None:
    """Findings 7, S4: “differ by at most 21.1% (interval 15.9%–26.3%)”."""
    found = _run(_table(-0.3), reference={"race": "a"})[f"{DISTANCE}:b"]
    for said in (Text(**found.reading), error_parity.ODDS, error_parity.ODDS_AGREEMENT):
        assert "at most" not in said.en
        assert "up to" not in said.en
        assert "furthest apart" in said.en
        assert "in these data" in said.en
        assert "最多" not in said.zh
        assert "在这些数据里" in said.zh


def test_a_planted_difference_is_found() -> None:
    ((design, _),) = ScoreParity.planted().items()
    assert calibration.tally("score_parity", design, range(20)).detected >= 19


def test_public_counts_give_the_scoring_rates_again() -> None:
    plan = _plan(reference={"race": "a"})
    made = engine.run(plan, _table(-0.4), scorer=None, nonce="n")
    (table,) = made.public_evidence["tables"]["score_parity"]
    assert table["counts"] == ["above", "not_above"]
    said = {
        "plan": {"content": plan.as_json()}, "nonce": "n",
        "findings": [f.as_json() for f in made.findings],
        "evidence": {"public": {"content": made.public_evidence}},
    }  # fmt: skip
    again = recompute(said)
    assert not again.mismatched
    assert [r["finding"] for r in again.recomputed] == [f"score_parity {RATE} race=b"]
    assert {"p_adjusted", "ci.low", "verdict"} <= set(again.recomputed[0]["numbers"])
    assert len(again.signature_only) == 3


def test_bad_data_are_named_not_counted() -> None:
    table = _table()
    gone = np.where(np.arange(900) % 3 == 0, np.nan, table["score"].to_numpy())
    found = _run(table.set_column(1, "score", pa.array(gone)))
    assert {f.details.get("unanswered") for n, f in found.items() if RATE in n} == {300}
    everything = np.full(900, np.nan)
    nothing = _run(table.set_column(1, "score", pa.array(everything)))
    assert {f.verdict for f in nothing.values()} == {Verdict.NOT_EVALUABLE}
    flat = _run(table.set_column(1, "score", pa.array(np.full(900, 0.3))))
    mean = next(f for n, f in flat.items() if MEAN in n)
    assert mean.verdict is Verdict.NOT_EVALUABLE
    assert "得分全都一样" in mean.reading["zh"]
    no_positives = _run(table.set_column(2, "due", pa.array(np.zeros(900, dtype=int))))
    ranking = next(f for n, f in no_positives.items() if RANKING in n)
    assert ranking.verdict is Verdict.NOT_EVALUABLE
    assert ranking.estimate is None


@pytest.mark.parametrize("unit", [None, "who"])
def test_the_probe_conforms(unit: str | None) -> None:
    rng = np.random.default_rng(8)
    table = pa.table({
        "race": rng.choice(["a", "b", "c"], 300), "score": rng.standard_normal(300),
        "due": rng.integers(0, 2, 300), "who": rng.integers(0, 120, 300),
    })  # fmt: skip
    conformance.check(ScoreParity, _plan(columns={"unit": unit}).as_json(), table)
