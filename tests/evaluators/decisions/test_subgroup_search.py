"""Subgroup search: halves, what is found, the five verdicts, evidence, and bad data."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from evaluators.decisions.halves import held_out
from evaluators.decisions.slices import Slice, binned
from evaluators.decisions.subgroup_search import SubgroupSearch
from evaluators.plan import Plan
from evaluators.running import conformance, engine, recompute
from registry.findings import Finding, Verdict


def _plan(**more: Any) -> dict[str, Any]:
    columns = {"sensitive": ["race", "sex"], "target": "due", "prediction": "granted",
               "favourable": 1, **more.pop("columns_of", {})}  # fmt: skip
    return {"title": "t", "columns": columns, "probes": [{"id": "subgroup_search", **more}]}


def _table(rows: int, rate: float, *, shortfall: float = 0.0, seed: int = 0) -> pa.Table:
    rng = np.random.default_rng(seed)
    race, sex = rng.choice(["a", "b"], rows), rng.choice(["f", "m"], rows)
    x = rng.standard_normal(rows)
    fewer = np.where((race == "b") & (x > 0.7), 1 - shortfall, 1.0)
    granted = (rng.random(rows) < rate * fewer).astype(int)
    return pa.table(
        {"race": race, "sex": sex, "x": x, "granted": granted, "due": np.ones(rows, dtype=int)}
    )


def _run(table: pa.Table, nonce: str = "n", **more: Any) -> list[Finding]:
    return engine.measure(Plan.parse(_plan(**more)), table, scorer=None, nonce=nonce)


def test_the_halves_follow_the_unit_and_never_the_position() -> None:
    units: npt.NDArray[np.uint64] = np.random.default_rng(1).integers(0, 50, 400).astype(np.uint64)
    together = held_out(units, repeated=True)
    assert all(len(set(together[units == u].tolist())) == 1 for u in range(50))
    order = np.random.default_rng(2).permutation(400)
    assert (held_out(units[order], repeated=True) == together[order]).all()
    apart = held_out(np.zeros(1000, dtype=np.uint64), repeated=False)
    assert 420 < apart.sum() < 580, "equal rows go their own ways"


def test_a_planted_slice_is_found_and_confirmed() -> None:
    found = _run(_table(4000, 0.8, shortfall=0.5), columns=["x"])
    worst = found[0]
    assert set(worst.slice) == {"race", "x"}
    assert worst.slice["race"] == "b"
    assert worst.verdict is Verdict.DISPARITY
    assert worst.severity == "major"
    assert (worst.n or 0) < 1000, "the held-out half only"
    assert "half that was not searched" in worst.reading["en"]
    assert "没有搜过的一半" in worst.reading["zh"]


def test_planted_power() -> None:
    hits = 0
    for seed in range(30):
        found = _run(_table(2400, 0.8, shortfall=0.35, seed=seed), nonce=str(seed), columns=["x"])
        hits += any(
            f.slice.get("race") == "b" and "x" in f.slice and (f.p_adjusted or 0) < 0.05
            for f in found
        )
    assert hits >= 26, f"{hits} of 30"


def test_what_a_search_finds_by_chance_does_not_hold_up() -> None:
    claims = 0
    for seed in range(40):
        found = _run(_table(800, 0.6, seed=seed), nonce=str(seed), columns=["x"])
        claims += any((f.p_adjusted if f.p_adjusted is not None else 1) < 0.05 for f in found)
    assert claims <= 6


def test_slices_that_overlap_are_adjusted_as_such() -> None:
    found = _run(_table(2000, 0.6), columns=["x"])
    assert {f.adjustment for f in found if f.p_value is not None} == {"benjamini_yekutieli"}
    alone = _run(_table(2000, 0.6), columns_of={"sensitive": ["race"]}, depth=1)
    assert {f.adjustment for f in alone if f.p_value is not None} == {"holm"}
    one, two = Slice((("a", "x"),), (), 0), Slice((("a", "y"), ("b", "z")), (), 0)
    assert not one.overlaps(two)
    assert one.overlaps(Slice((("b", "z"),), (), 0))


def test_the_verdicts() -> None:
    def first(rates: tuple[float, float], rows: int) -> Finding:
        race = np.repeat(["a", "b"], rows)
        granted = np.concatenate([np.arange(rows) < rate * rows for rate in rates]).astype(int)
        table = pa.table({"race": race, "granted": granted})
        return _run(table, columns_of={"sensitive": ["race"], "target": None}, depth=1)[0]

    assert first((0.9, 0.7), 4000).verdict is Verdict.DISPARITY
    minor = first((0.9, 0.835), 20_000)
    assert (minor.verdict, minor.severity) == (Verdict.DISPARITY, "minor")
    assert first((0.9, 0.86), 4000).verdict is Verdict.DIFFERENCE
    assert first((0.95, 0.945), 40_000).verdict is Verdict.EQUIVALENT
    small = first((0.5, 0.45), 150)
    assert small.verdict is Verdict.INCONCLUSIVE
    assert small.mde is not None
    none = first((0.5, 0.4), 20)
    assert none.verdict is Verdict.NOT_EVALUABLE
    assert "nothing to test" in none.reading["en"]


def test_being_judged_rightly_needs_a_target() -> None:
    table = _table(3000, 0.9, shortfall=0.6)
    found = _run(table, rate="correct", columns=["x"])
    assert found[0].verdict is Verdict.DISPARITY
    assert "judged rightly" in found[0].reading["en"]
    (none,) = _run(table.drop_columns(["due"]), rate="correct", columns_of={"target": None})
    assert none.verdict is Verdict.NOT_EVALUABLE


def test_levels_are_chosen_on_the_searched_half() -> None:
    values = np.array([*np.linspace(0, 1, 100), 50.0, 60.0])
    search = np.arange(102) < 100
    found = binned(values, search)
    assert found.names == ("< 0.25", "0.25–0.5", "0.5–0.75", "≥ 0.75")
    text = np.array(["a"] * 50 + ["b"] * 50 + ["c", ""])
    assert binned(text, search).codes[-2:].tolist() == [-1, -1]


def test_public_tables_give_the_same_findings() -> None:
    plan = Plan.parse(_plan(columns=["x"]))
    made = engine.run(plan, _table(3000, 0.6, shortfall=0.4), scorer=None, nonce="n")
    found = recompute.recompute({
        "plan": {"content": plan.as_json()}, "nonce": "n",
        "findings": [f.as_json() for f in made.findings],
        "evidence": {"public": {"content": made.public_evidence}},
    })  # fmt: skip
    assert not found.mismatched
    assert len(found.recomputed) == len(made.findings)


def test_it_conforms() -> None:
    rng = np.random.default_rng(4)
    table = _table(600, 0.6, shortfall=0.5)
    conformance.check(SubgroupSearch, _plan(columns=["x"]), table)
    who = pa.array(rng.integers(0, 250, 600))
    conformance.check(
        SubgroupSearch, _plan(columns_of={"unit": "who"}), table.append_column("who", who)
    )
