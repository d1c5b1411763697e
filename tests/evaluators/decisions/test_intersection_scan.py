"""The intersection scan: every crossing at once, shrinkage, ε against its null, evidence, bad data."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators.decisions.intersection_scan import IntersectionScan
from evaluators.plan import Plan
from evaluators.running import conformance, engine, recompute
from evaluators.statistics import shrinkage
from registry.findings import Finding, Verdict


def _plan(**more: Any) -> dict[str, Any]:
    columns = {"sensitive": ["race", "sex"], "target": "due", "prediction": "granted",
               "favourable": 1, **more.pop("columns", {})}  # fmt: skip
    return {"title": "t", "columns": columns, "probes": [{"id": "intersection_scan", **more}]}


def _table(rates: dict[tuple[str, str], tuple[int, int]], *, due: int | None = None) -> pa.Table:
    rows = [(*key, int(i < k)) for key, (k, n) in rates.items() for i in range(n)]
    race, sex, granted = zip(*rows, strict=True)
    return pa.table(
        {
            "race": race,
            "sex": sex,
            "granted": granted,
            "due": granted if due is None else [due] * len(rows),
        }
    )


def _run(table: pa.Table, **more: Any) -> list[Finding]:
    return engine.measure(Plan.parse(_plan(**more)), table, scorer=None, nonce="n")


def _by_slice(found: list[Finding]) -> dict[tuple[str, ...], Finding]:
    return {tuple(f.slice.values()): f for f in found if f.slice}


CROSSED = {
    ("x", "f"): (400, 500),
    ("x", "m"): (200, 500),
    ("y", "f"): (200, 500),
    ("y", "m"): (400, 500),
}


def test_a_crossing_shows_what_no_attribute_shows() -> None:
    found = _run(_table(CROSSED))
    cells = _by_slice(found)
    assert {cells[key].verdict for key in CROSSED} == {Verdict.DISPARITY}
    assert {cells[(level,)].verdict for level in "xyfm"} <= {
        Verdict.EQUIVALENT,
        Verdict.INCONCLUSIVE,
    }
    assert {f.adjustment for f in cells.values()} == {"max_t"}
    (epsilon,) = [f for f in found if f.metric == "differential_fairness"]
    assert epsilon.verdict is Verdict.DISPARITY
    assert epsilon.effect["value"] == pytest.approx(np.log(2), rel=0.01)
    assert epsilon.details["null_high"] < 0.25


def test_a_fair_model_with_forty_crossings_has_a_wide_gap_and_no_finding() -> None:
    rng = np.random.default_rng(5)
    rows = 8000
    table = pa.table({
        "race": rng.choice(list("abcde"), rows, p=[0.5, 0.3, 0.15, 0.03, 0.02]),
        "sex": rng.choice(["f", "m"], rows), "age": rng.choice(["1", "2", "3", "4"], rows),
        "due": rng.integers(0, 2, rows), "granted": (rng.random(rows) < 0.3).astype(int),
    })  # fmt: skip
    found = _run(table, columns={"sensitive": ["race", "sex", "age"]})
    cells = [f for f in found if len(f.slice) == 3 and f.verdict is not Verdict.NOT_EVALUABLE]
    rates = [f.estimate or 0 for f in cells]
    assert min(rates) / max(rates) < 0.7, "the naive gap would cry wolf"
    assert all(f.verdict not in {Verdict.DISPARITY, Verdict.DIFFERENCE} for f in found)
    shrunk = [f.details["shrunk_rate"] for f in cells]
    assert max(shrunk) - min(shrunk) < 0.5 * (max(rates) - min(rates))
    (epsilon,) = [f for f in found if f.metric == "differential_fairness"]
    assert epsilon.verdict is Verdict.INCONCLUSIVE
    assert "proves nothing" in epsilon.reading["en"]


def test_equal_rates_on_many_rows_are_shown_to_be_equal() -> None:
    table = _table(dict.fromkeys(CROSSED, (6000, 10000)))
    found = _run(table)
    assert {f.verdict for f in found} == {Verdict.EQUIVALENT}


def test_a_gap_short_of_the_line_is_a_difference_and_a_small_group_is_not_judged() -> None:
    table = _table(
        {
            ("x", "f"): (420, 1000),
            ("x", "m"): (500, 1000),
            ("y", "f"): (500, 1000),
            ("y", "m"): (5, 12),
        }
    )
    found = _run(table)
    cells = _by_slice(found)
    assert cells["x", "f"].verdict is Verdict.DIFFERENCE
    assert cells["x", "f"].severity is None
    assert ("y", "m") not in cells
    (small,) = [f for f in found if f.metric == "crossings_too_small"]
    assert small.verdict is Verdict.NOT_EVALUABLE
    assert small.details["crossings_too_small"] == 1


def test_error_rates_stay_within_the_true_outcome() -> None:
    rng = np.random.default_rng(3)
    rows = 4000
    race, sex, due = (
        rng.choice(["x", "y"], rows),
        rng.choice(["f", "m"], rows),
        rng.integers(0, 2, rows),
    )
    wrong = np.where((race == "y") & (sex == "f") & (due == 1), 0.5, 0.2)
    granted = np.where(rng.random(rows) < wrong, 1 - due, due)
    table = pa.table({"race": race, "sex": sex, "due": due, "granted": granted})
    found = _run(table, rates=["wrongly_refused", "wrongly_granted"])
    kinds: dict[str, Finding] = {
        f.metric: f for f in found if tuple(f.slice.values()) == ("y", "f")
    }
    mine = (race == "y") & (sex == "f") & (due == 1)
    refused = kinds["false_negative_rate_ratio"]
    assert refused.n == mine.sum()
    assert refused.estimate == pytest.approx((granted[mine] == 0).mean())
    assert refused.verdict is Verdict.DISPARITY
    assert kinds["false_positive_rate_ratio"].verdict is not Verdict.DISPARITY
    none = _run(table.drop_columns(["due"]), columns={"target": None}, rates=["wrongly_refused"])
    assert none[0].verdict is Verdict.NOT_EVALUABLE
    assert "names no target" in none[0].reading["en"]


def test_planted_power() -> None:
    rng, hits = np.random.default_rng(7), 0
    for _ in range(25):
        race, sex = rng.choice(["x", "y"], 1600), rng.choice(["f", "m"], 1600)
        rate = np.where((race == "y") & (sex == "f"), 0.35, 0.5)
        granted = (rng.random(1600) < rate).astype(int)
        cells = _by_slice(
            _run(pa.table({"race": race, "sex": sex, "due": granted, "granted": granted}))
        )
        hits += (cells["y", "f"].p_adjusted or 0) < 0.05
    assert hits >= 22, f"{hits} of 25"


def test_repeated_rows_of_a_person_do_not_make_evidence() -> None:
    table = _table(
        {("x", "f"): (30, 60), ("x", "m"): (36, 60), ("y", "f"): (24, 60), ("y", "m"): (33, 60)}
    )
    often = pa.concat_tables([table.append_column("who", pa.array(np.arange(240)))] * 6)
    single, found = _by_slice(_run(table)), _by_slice(_run(often, columns={"unit": "who"}))
    for key, one in single.items():
        assert found[key].p_value == pytest.approx(one.p_value, abs=0.03)
    mixed = often.set_column(
        often.schema.names.index("who"), "who", pa.array(np.arange(often.num_rows) % 97)
    )
    made = [f for f in _run(mixed, columns={"unit": "who"}) if f.metric == "differential_fairness"]
    assert made[0].verdict is Verdict.NOT_EVALUABLE
    assert "different crossings" in made[0].reading["en"]


def test_shrinkage_draws_small_groups_furthest() -> None:
    k, n = np.array([900.0, 40.0, 2.0]), np.array([1000.0, 100.0, 30.0])
    large, middle, small = shrinkage.shrink(k, n)
    assert large.weight > middle.weight > small.weight
    assert 2 / 30 < small.rate < k.sum() / n.sum()
    assert small.interval.low < small.rate < small.interval.high
    same = shrinkage.shrink(np.array([50.0, 50.0]), np.array([100.0, 100.0]))
    assert [one.weight for one in same] == [0.0, 0.0]


def test_public_tables_give_the_same_findings() -> None:
    plan = Plan.parse(_plan())
    made = engine.run(plan, _table(CROSSED), scorer=None, nonce="n")
    found = recompute.recompute({
        "plan": {"content": plan.as_json()}, "nonce": "n",
        "findings": [f.as_json() for f in made.findings],
        "evidence": {"public": {"content": made.public_evidence}},
    })  # fmt: skip
    assert not found.mismatched
    assert len(found.recomputed) == len(made.findings)


@pytest.mark.parametrize("rates", [["selection"], ["selection", "wrongly_refused"]])
def test_it_conforms(rates: list[str]) -> None:
    rng = np.random.default_rng(6)
    table = pa.table({"race": rng.choice(["a", "b"], 240), "sex": rng.choice(["f", "m"], 240),
                      "due": rng.integers(0, 2, 240), "granted": rng.integers(0, 2, 240)})  # fmt: skip
    conformance.check(IntersectionScan, _plan(rates=rates), table)


def test_it_conforms_with_repeated_units() -> None:
    rng = np.random.default_rng(6)
    who = rng.integers(0, 100, 300)
    table = pa.table({"race": np.where(who % 2, "a", "b"), "sex": np.where(who % 3, "f", "m"), "who": who,
                      "due": rng.integers(0, 2, 300), "granted": rng.integers(0, 2, 300)})  # fmt: skip
    conformance.check(IntersectionScan, _plan(columns={"unit": "who"}), table)


@pytest.mark.parametrize("tiny", [0, 29])
def test_groups_too_small_to_compare_keep_the_furthest_apart_open(tiny: int) -> None:
    """F7a/9: 0 of 29 against 50 %, and "the two groups furthest apart: shown to be small"."""
    rows = [("A", i % 2) for i in range(20000)] + [("B", i % 2) for i in range(20000)]
    rows += [("C", 0)] * tiny
    race, granted = zip(*rows, strict=True)
    table = pa.table({"race": race, "granted": granted})
    columns = {"sensitive": ["race"], "prediction": "granted", "favourable": 1}
    plan = {"title": "t", "min_n": 30, "columns": columns, "probes": [{"id": "intersection_scan"}]}
    found = engine.measure(Plan.parse(plan), table, scorer=None, nonce="n")
    (epsilon,) = [f for f in found if f.metric == "differential_fairness"]
    assert epsilon.verdict is (Verdict.INCONCLUSIVE if tiny else Verdict.EQUIVALENT)
    assert ("not compared" in epsilon.reading["en"]) is bool(tiny)
    assert ("没有比较" in epsilon.reading["zh"]) is bool(tiny)
