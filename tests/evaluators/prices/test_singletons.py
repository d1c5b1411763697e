"""A quote whose item or moment nobody else was quoted is compared with no other (statistics/22)."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators.prices.pricing_frame import Recipe, build, repeated
from evaluators.running import engine, planning
from portal.home import telling
from registry.findings import Verdict

ACCOUNTS, ITEMS = 400, 40


def _quotes(*, alone: bool, seed: int = 7) -> pa.Table:
    """400 accounts × 3 quotes with a mark-up of 3 % for old accounts; a fourth of an item of its own."""
    rng = np.random.default_rng(seed)
    user = np.repeat(np.arange(ACCOUNTS), 3)
    item, old = rng.integers(0, ITEMS, len(user)), rng.integers(0, 2, ACCOUNTS)
    price = (10 + item) * np.exp(0.03 * old[user] + rng.normal(0, 0.01, len(user)))
    names = [f"i{each}" for each in item]
    if alone:
        own = np.arange(ACCOUNTS)
        user, names = np.concatenate([user, own]), [*names, *(f"own{each}" for each in own)]
        price = np.concatenate([price, rng.uniform(5, 50, ACCOUNTS)])
    return pa.table({
        "user": user, "grp": [("new", "old")[each] for each in old[user]], "item": names,
        "price": price,
    })  # fmt: skip


PLAN = planning.parse({
    "title": "t",
    "columns": {"price": "price", "item": "item", "user": "user", "sensitive": ["grp"]},
    "probes": [{"id": "price_observational"}],
})  # fmt: skip


def _measured(table: pa.Table, nonce: str) -> dict[str, Any]:
    return {f.metric: f for f in engine.measure(PLAN, table, scorer=None, nonce=nonce)}


@pytest.mark.parametrize("nonce", ["1", "2", "3"])
def test_verdict_and_size_are_those_without_them(nonce: str) -> None:
    found, plain = _measured(_quotes(alone=True), nonce), _measured(_quotes(alone=False), nonce)
    held = set(found) - {"raw_price_gap"}
    assert held
    for metric in held:
        one, other = found[metric], plain[metric]
        assert one.verdict is other.verdict is Verdict.DISPARITY
        assert one.effect["value"] == pytest.approx(other.effect["value"], rel=1e-9)
        assert one.ci is not None
        assert one.ci["high"] - one.ci["low"] > 1e-3
        assert one.details["alone"] == ACCOUNTS
        assert "有 400 行的商品或时刻只有它自己" in one.reading["zh"]
        assert "400 rows" in one.reading["en"]
        assert other.details["alone"] is None
    assert found["raw_price_gap"].details["rows"] == 4 * ACCOUNTS  # conditioning erases nothing
    assert "只有它自己" not in found["raw_price_gap"].reading["zh"]


def test_an_interval_states_the_level_that_its_ends_have() -> None:  # statistics/19
    found = _measured(_quotes(alone=False), "1")
    for each in found.values():
        assert each.family is not None
        assert each.ci is not None
        assert each.ci["level"] == pytest.approx(1 - 0.05 / each.family["size"])
    one = found["conditional_price_gap"]
    assert one.ci is not None
    own = one.details["interval_95"]
    assert one.ci["low"] < own[0] < own[1] < one.ci["high"]


def test_the_first_screen_does_not_say_that_every_row_counts() -> None:
    table = _quotes(alone=True)
    outcome = engine.run(PLAN, table, scorer=None, nonce="1")
    report = {
        "plan": {"content": PLAN.as_json()},
        "rows_read": outcome.left_out,
        "findings": [each.as_json() for each in outcome.findings],
    }
    said = telling.rows_counted(report)
    assert said is not None
    assert "400 行的商品或时刻只有它自己" in said.zh
    assert "400 rows with no other of theirs" in said.en


def test_leaving_one_out_may_leave_another_alone() -> None:
    rows = pa.table({
        "g": ["a", "b", "a", "b", "a"], "price": [1.0, 2.0, 3.0, 4.0, 5.0],
        "item": ["x", "x", "x", "y", "z"], "time": ["1", "1", "2", "2", "3"],
    })  # fmt: skip
    recipe = Recipe(price="price", scale="log", cells=(("item",), ("time",)))
    frame = repeated(build(rows, "g", recipe, None))
    assert (frame.rows, frame.alone) == (2, 3)
    (contrast,) = frame.contrasts
    assert (contrast.n, contrast.n_reference) == (1, 1)


def test_where_every_row_is_alone_nothing_is_left_out_and_nothing_determined() -> None:
    rows = pa.table(
        {"g": ["a", "b"] * 40, "price": np.linspace(1, 2, 80), "item": [str(n) for n in range(80)]}
    )
    frame = build(rows, "g", Recipe(price="price", scale="log", cells=(("item",),)), None)
    assert repeated(frame) is frame
    plan = planning.parse(
        {**PLAN.content, "columns": {"price": "price", "item": "item", "sensitive": ["g"]}}
    )
    found = {f.metric: f for f in engine.measure(plan, rows, scorer=None, nonce="1")}
    assert found["conditional_price_gap"].verdict is Verdict.NOT_EVALUABLE
    assert found["raw_price_gap"].verdict is not Verdict.NOT_EVALUABLE


def test_weights_and_a_second_clustering_follow_the_rows_that_are_left() -> None:
    rows = pa.table({
        "g": ["a", "b"] * 4, "price": np.arange(1.0, 9.0), "item": ["x"] * 6 + ["y", "z"],
        "w": np.arange(1.0, 9.0), "u": list("aabbccdd"), "s": list("abcdabcd"),
    })  # fmt: skip
    recipe = Recipe(
        price="price", scale="log", cells=(("item",),), unit="u", second="s", weight="w"
    )
    frame = repeated(build(rows, "g", recipe, None))
    assert frame.alone == 2
    assert frame.weights is not None
    assert frame.weights.mean() == pytest.approx(1.0)
    assert frame.second is not None
    assert len(frame.second) == frame.rows == 6
