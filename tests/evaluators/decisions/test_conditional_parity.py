"""Conditional parity: every verdict, planted effects, evidence, and data that can't be judged."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators.decisions.conditional_parity import ConditionalParity
from evaluators.plan import PlanInvalid
from evaluators.running import conformance, engine, planning, recompute
from registry.findings import Finding, Verdict


def _plan(**more: Any) -> dict[str, Any]:
    columns = {"sensitive": ["race"], "control": ["dept"], "prediction": "granted",
               "favourable": 1, **more.pop("columns", {})}  # fmt: skip
    reference = more.pop("reference", {"race": "a"})
    probe = {"id": "conditional_parity", **more}
    return {"title": "t", "columns": columns, "reference": reference, "probes": [probe]}


def _table(cells: dict[tuple[str, str], tuple[int, int]]) -> pa.Table:
    """Rows from (race, dept) → (favoured, all)."""
    rows = [(*key, int(i < k)) for key, (k, n) in cells.items() for i in range(n)]
    race, dept, granted = zip(*rows, strict=True)
    return pa.table({"race": race, "dept": dept, "granted": granted})


def _run(table: pa.Table, **more: Any) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for finding in engine.measure(planning.parse(_plan(**more)), table, scorer=None, nonce="n"):
        found.setdefault(finding.metric, []).append(finding)
    return found


def _pooled(table: pa.Table, **more: Any) -> Finding:
    return _run(table, **more)["conditional_rate_ratio"][0]


def test_a_difference_that_holds_within_strata_is_a_disparity_there_too() -> None:
    table = _table(
        {
            ("a", "x"): (400, 500),
            ("b", "x"): (200, 500),
            ("a", "y"): (200, 500),
            ("b", "y"): (100, 500),
        }
    )
    found = _pooled(table)
    assert found.verdict is Verdict.DISPARITY
    assert found.effect["value"] == pytest.approx(0.5)
    assert (found.estimate, found.reference_estimate) == pytest.approx((0.3, 0.6))
    assert found.details["comparable_share"] == 1.0


def test_the_other_verdicts() -> None:
    small = _table({("a", "x"): (9500, 10_000), ("b", "x"): (9300, 10_000)})
    found = _pooled(small)
    assert found.verdict is Verdict.EQUIVALENT
    assert "small but real" in found.reading["en"]
    between = _table({("a", "x"): (500, 1000), ("b", "x"): (420, 1000)})
    assert _pooled(between).verdict is Verdict.DIFFERENCE
    few = _table({("a", "x"): (30, 60), ("b", "x"): (27, 60)})
    found = _pooled(few)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.mde is not None
    assert found.mde > 0.3
    apart = _table({("a", "x"): (50, 60), ("b", "y"): (20, 60)})
    found = _pooled(apart)
    assert found.verdict is Verdict.NOT_EVALUABLE
    assert "nobody alike" in found.reading["en"]


def test_conditioning_never_erases_what_holds_over_all() -> None:
    table = _table(
        {
            ("a", "x"): (480, 600),
            ("b", "x"): (80, 100),
            ("a", "y"): (20, 100),
            ("b", "y"): (120, 600),
        }
    )
    found = _run(table)
    (raw,), (pooled,) = found["selection_rate_ratio"], found["conditional_rate_ratio"]
    assert raw.verdict is Verdict.DISPARITY
    assert pooled.effect["value"] == pytest.approx(1.0)
    assert pooled.verdict is not Verdict.DISPARITY
    assert pooled.details["overall_ratio"] == raw.effect["value"]
    assert pooled.reading == raw.reading, "both are said in one reading"
    assert "still exists over all" in pooled.limit["en"]
    assert "总体的差异" in pooled.limit["zh"]


def test_plain_names_stand_in_the_readings() -> None:
    plan = _plan() | {"names": {
        "race": {"plain": {"zh": "种族", "en": "race group"}, "levels": {"b": {"zh": "乙族", "en": "group B"}}},
        "dept": {"plain": {"zh": "院系", "en": "department"}, "levels": {"x": {"zh": "理科", "en": "science"}}},
    }}  # fmt: skip
    table = _table({("a", "x"): (40, 60), ("b", "x"): (30, 60)})
    found = engine.measure(planning.parse(plan), table, scorer=None, nonce="n")
    assert "种族为“乙族”" in found[1].reading["zh"]
    assert "alike in department" in found[1].reading["en"]
    assert "department 'science'" in found[2].reading["en"]


def test_a_planted_effect_is_found_and_its_power_is_as_planned() -> None:
    rng, hits = np.random.default_rng(4), 0
    for _ in range(60):
        dept = rng.choice(["x", "y"], 1500)
        race = np.where(rng.random(1500) < np.where(dept == "x", 0.7, 0.3), "a", "b")
        rate = np.where(dept == "x", 0.6, 0.3) * np.where(race == "b", 0.75, 1.0)
        granted = (rng.random(1500) < rate).astype(int)
        found = _pooled(pa.table({"race": race, "dept": dept, "granted": granted}))
        hits += found.p_adjusted is not None and found.p_adjusted < 0.05
    assert hits >= 54, f"{hits} of 60"


def test_numbers_make_strata_by_their_declared_edges() -> None:
    rng = np.random.default_rng(5)
    income = rng.random(800)
    race = np.where(rng.random(800) < 0.3 + 0.4 * income, "a", "b")
    granted = (rng.random(800) < np.where(income < 0.5, 0.3, 0.7)).astype(int)
    table = pa.table({"race": race, "dept": income, "granted": granted})
    found = _pooled(table)
    assert found.verdict is Verdict.NOT_EVALUABLE
    assert "option `edges`" in found.reading["en"]
    cut = _pooled(table, edges={"dept": [0.25, 0.5, 0.75]})
    assert cut.details["strata"] == 4
    assert _pooled(table, edges={"nowhere": [1]}).verdict is Verdict.NOT_EVALUABLE
    with pytest.raises(PlanInvalid, match="To correct in the plan: 1"):
        planning.parse(_plan(edges={"dept": [0.5, 0.25]}))


def test_repeated_rows_of_a_person_do_not_make_evidence() -> None:
    table = _table(
        {("a", "x"): (25, 50), ("b", "x"): (18, 50), ("a", "y"): (20, 50), ("b", "y"): (12, 50)}
    )
    who = pa.array(np.arange(table.num_rows))
    often = pa.concat_tables([table.append_column("who", who)] * 8)
    single, found = _pooled(table), _pooled(often, columns={"unit": "who"})
    assert found.test is not None
    assert found.test["name"] == "mantel_haenszel_clustered"
    assert found.p_value == pytest.approx(single.p_value, rel=0.15)


def test_a_stratum_is_withheld_when_its_reference_is() -> None:
    table = _table({("a", "x"): (56, 60), ("b", "x"): (40, 60), ("a", "y"): (40, 80), ("b", "y"): (38, 80),
                    ("a", "z"): (30, 60), ("b", "z"): (30, 60)})  # fmt: skip
    made = engine.run(planning.parse(_plan()), table, scorer=None, nonce="n")
    (there,) = [f for f in made.findings if f.slice.get("dept") == "x"]
    assert there.suppressed
    assert there.reference_estimate is None
    assert "x" not in there.reading["en"].split()


def test_public_tables_give_the_same_findings() -> None:
    table = _table(
        {("a", "x"): (60, 100), ("b", "x"): (40, 90), ("a", "y"): (30, 80), ("b", "y"): (25, 100)}
    )
    plan = planning.parse(_plan())
    made = engine.run(plan, table, scorer=None, nonce="n")
    found = recompute.recompute({
        "plan": {"content": plan.as_json()}, "nonce": "n",
        "findings": [f.as_json() for f in made.findings],
        "evidence": {"public": {"content": made.public_evidence}},
    })  # fmt: skip
    assert not found.mismatched
    assert len(found.recomputed) == len(made.findings) == 4


def test_a_model_that_can_not_be_estimated_says_why() -> None:
    table = _table(
        {("a", "x"): (40, 40), ("b", "x"): (0, 40), ("a", "y"): (40, 40), ("b", "y"): (0, 40)}
    )
    found = _run(table, model={"kind": "logit"})["model_coefficient"][0]
    assert found.verdict is Verdict.NOT_EVALUABLE
    assert "perfectly" in found.reading["en"]


@pytest.mark.parametrize("options", [{}, {"model": {"kind": "logit"}}])
def test_it_conforms(options: dict[str, Any]) -> None:
    rng = np.random.default_rng(6)
    table = pa.table({"race": rng.choice(["a", "b", "c"], 300), "dept": rng.choice(["x", "y"], 300),
                      "granted": rng.integers(0, 2, 300)})  # fmt: skip
    conformance.check(ConditionalParity, _plan(**options), table)
    who = pa.array(rng.integers(0, 120, 300))
    conformance.check(
        ConditionalParity,
        _plan(columns={"unit": "who"}, **options),
        table.append_column("who", who),
    )


def test_a_model_that_names_an_unknown_column_says_so() -> None:
    table = _table(
        {("a", "x"): (40, 60), ("b", "x"): (30, 60), ("a", "y"): (20, 60), ("b", "y"): (30, 60)}
    )
    found = _run(table, model={"interactions": [["race", "department"]]})["model_coefficient"][0]
    assert found.verdict is Verdict.NOT_EVALUABLE
    assert "neither a sensitive feature nor a control" in found.reading["en"]
