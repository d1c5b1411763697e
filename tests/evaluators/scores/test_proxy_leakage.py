"""Proxy leakage: scores that tell, scores that do not, and what the inputs tell."""

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import roc_auc_score

from evaluators.plan import Plan
from evaluators.running import engine
from registry.findings import Finding, Verdict
from tests.evaluators.decision_data import Reading, column


def _run(
    table: pa.Table, *, inputs: tuple[str, ...] = (), unit: str | None = None
) -> list[Finding]:
    columns = {"sensitive": ["race"], "score": "score", "inputs": list(inputs), "unit": unit}
    plan = Plan.parse({"title": "t", "columns": columns, "probes": [{"id": "proxy_leakage"}]})
    return engine.measure(plan, table, scorer=None, nonce="n")


def _table(shift: float, rows: int = 600) -> pa.Table:
    rng = np.random.default_rng(2)
    race = rng.choice(["a", "b"], rows)
    area = rng.standard_normal(rows) + shift * (race == "b")
    age = rng.standard_normal(rows)
    return pa.table({"race": race, "area": area, "age": age, "score": area + 0.1 * age})


def test_a_score_that_carries_the_attribute_is_found() -> None:
    table = _table(2.0)
    (found,) = _run(table, inputs=("area", "age"))
    member = np.asarray(table["race"].to_pylist()) == "b"
    assert found.group == "b"
    assert found.estimate == pytest.approx(roc_auc_score(member, table["score"].to_numpy()))
    assert found.verdict is Verdict.DISPARITY
    assert found.details["features_auc"] == pytest.approx(found.estimate or 0, abs=0.02)
    shares = found.details["feature_share"]
    assert shares["area"] > 0.95
    assert abs(shares["age"]) < 0.05


def test_a_score_that_tells_the_other_way_round_leaks_as_much() -> None:
    table = _table(2.0)
    turned = table.set_column(3, "score", pa.array(-table["score"].to_numpy()))
    assert _run(turned)[0].verdict is Verdict.DISPARITY


def test_a_score_that_tells_nothing_is_shown_to_with_enough_rows() -> None:
    assert _run(_table(0.0, 20_000))[0].verdict is Verdict.EQUIVALENT
    assert _run(_table(0.0, 100))[0].verdict is Verdict.INCONCLUSIVE


def test_one_score_for_all_is_not_evaluable() -> None:
    """Findings 7, S4: 0.50 with an interval of 0.50 to 0.50 was inconclusive."""
    table = _table(1.0).set_column(3, "score", pa.array(np.full(600, 0.5)))
    (found,) = _run(table)
    assert found.verdict is Verdict.NOT_EVALUABLE
    assert (found.ci, found.estimate, found.group) == (None, None, "b")
    assert "分数都一样" in found.reading["zh"]
    assert "the same for all" in found.reading["en"]


def test_cross_fitting_does_not_flatter_noise() -> None:
    rng = np.random.default_rng(7)
    rows = 200
    noise = {f"n{i}": rng.standard_normal(rows) for i in range(30)}
    table = pa.table({"race": rng.choice(["a", "b"], rows), "score": rng.random(rows), **noise})
    (found,) = _run(table, inputs=tuple(noise))
    assert found.details["features_auc"] < 0.62


def test_levels_of_three_are_each_held_against_the_rest() -> None:
    rng = np.random.default_rng(3)
    table = pa.table({"race": rng.choice(["a", "b", "c"], 600), "score": rng.random(600)})
    found = _run(table)
    assert [f.group for f in found] == ["a", "b", "c"]
    assert {f.family["size"] for f in found if f.family} == {3}


def test_names_among_the_inputs_count_as_indicators() -> None:
    rng = np.random.default_rng(4)
    race = rng.choice(["a", "b"], 400)
    city = np.where(rng.random(400) < 0.9, np.where(race == "b", "south", "north"), "east")
    model = Reading(lambda f: (column(f, "city") == "south").astype(float))
    columns = {"sensitive": ["race"], "inputs": ["city"]}
    plan = Plan.parse({"title": "t", "columns": columns, "probes": [{"id": "proxy_leakage"}]})
    (found,) = engine.measure(
        plan, pa.table({"race": race, "city": city}), scorer=model, nonce="n"
    )
    assert found.details["features_auc"] > 0.9
    assert found.verdict is Verdict.DISPARITY


def test_sensitive_inputs_are_not_called_all_the_inputs() -> None:
    """n7/5: they are left out, so that the sentence names them."""
    table = _table(0.0).append_column("sex", pa.array(["f", "m"] * 300))
    columns = {"sensitive": ["race", "sex"], "score": "score", "inputs": ["race", "area", "sex"]}
    plain = {"race": {"zh": "民族", "en": "ethnicity"}, "sex": {"zh": "性别", "en": "sex"}}
    names = {name: {"plain": text} for name, text in plain.items()}
    given = {"title": "t", "columns": columns, "names": names, "probes": [{"id": "proxy_leakage"}]}
    for found in engine.measure(Plan.parse(given), table, scorer=None, nonce="n"):
        assert set(found.details["feature_share"]) == {"area"}
        assert (
            "模型的输入里除去“民族”、“性别”，直接用其余的来猜，对应的数是" in found.reading["zh"]
        )
        assert "From the model's inputs without 'ethnicity', 'sex' directly" in found.reading["en"]
        assert "全部输入" not in found.reading["zh"]
    (found,) = _run(_table(2.0), inputs=("area", "age"))
    assert "直接用模型的全部输入来猜" in found.reading["zh"]
    assert "From all the model's inputs directly" in found.reading["en"]
