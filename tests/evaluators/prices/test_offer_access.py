"""offer_access on shops whose rule is known."""

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators.plan import Plan
from evaluators.prices.account_rates import (
    Mean,
    compare_means,
    compare_rates,
    mean,
    overlap,
    within,
)
from evaluators.prices.offer_access import OfferAccess
from evaluators.prices.offer_nulls import offer_nulls, offers
from evaluators.running import conformance, engine
from evaluators.statistics.intervals import koopman
from registry.findings import Finding, Verdict

COLUMNS = {
    "price": "price",
    "user": "account",
    "unit": "account",
    "item": "item",
    "profile": ["kind"],
}
AMOUNTS = {"offers": ["stock"], "list_price": "list", "coupons": ["coupon"], "fees": ["delivery"]}
FOUND = {Verdict.DISPARITY, Verdict.DIFFERENCE}


def planned(
    *, columns: dict[str, Any] | None = None, defences: tuple[Any, ...] = (),
    options: dict[str, Any] | None = None, min_n: int = 20,
) -> Plan:  # fmt: skip
    plan = {
        "title": "t", "columns": {**COLUMNS, **(columns or {})}, "min_n": min_n,
        "defences": list(defences),
        "probes": [{"id": "offer_access", **(AMOUNTS if options is None else options)}],
    }  # fmt: skip
    return Plan.parse(plan)


def run(table: pa.Table, **settings: Any) -> dict[tuple[str, str], Finding]:
    found = engine.measure(planned(**settings), table, scorer=None, nonce="n" * 64)
    return {(f.metric, f.slice.get("offer", "")): f for f in found}


def test_fewer_coupons_for_regulars_are_found_and_raise_what_they_pay() -> None:
    found = run(offers(np.random.default_rng(1), accounts=600, fewer=0.3, rate=0.6))
    rate = found["offer_rate_same_goods", "coupon"]
    assert rate.verdict is Verdict.DISPARITY
    assert rate.effect["value"] == pytest.approx(0.3, abs=0.1)
    assert found["offer_rate", "stock"].verdict not in FOUND
    cost = found["total_cost_gap_same_goods", ""]
    assert cost.verdict in FOUND
    parts = cost.details["parts"]
    assert abs(parts["list"]) < 0.01 < parts["coupons"]
    assert sum(parts.values()) == pytest.approx(cost.effect["value"])
    assert "优惠使价格高" in cost.reading["zh"]


def test_dearer_goods_are_no_dearer_price() -> None:
    found = run(offers(np.random.default_rng(2), accounts=400, mix=0.3))
    assert found["total_cost_gap", ""].verdict is Verdict.DISPARITY
    assert found["total_cost_gap_same_goods", ""].verdict not in FOUND


def test_a_list_price_for_regulars_is_found_as_list_price() -> None:
    found = run(offers(np.random.default_rng(3), accounts=900, dearer=0.08))[
        "total_cost_gap_same_goods", ""
    ]
    assert found.verdict in FOUND
    assert found.details["parts"]["list"] == pytest.approx(0.08, abs=0.02)


def test_a_price_that_is_not_list_less_coupons_plus_fees_is_said() -> None:
    table = offers(np.random.default_rng(4), accounts=80)
    wrong = table.set_column(table.schema.names.index("price"), "price", table["list"])
    found = run(wrong)["total_cost_gap", ""]
    assert found.details["mismatch"] > 0.5
    assert "不等于标价" in found.limit["zh"]


def test_stock_for_all_and_an_offer_nobody_gets_are_not_evaluable() -> None:
    table = offers(np.random.default_rng(5), accounts=400)
    rows = table.num_rows
    table = table.append_column("gift", pa.array([0.0] * rows))
    full = table.set_column(table.schema.names.index("stock"), "stock", pa.array(["yes"] * rows))
    found = run(full, options={**AMOUNTS, "offers": ["stock", "gift"]})
    assert found["offer_rate", "stock"].verdict is Verdict.NOT_EVALUABLE
    assert found["offer_rate", "gift"].details["problem"] == "undefined"


def test_a_coupon_for_one_group_only_is_beyond_the_line_without_a_bound() -> None:
    table = offers(np.random.default_rng(6), accounts=200)
    gift = np.array(table["kind"].to_pylist()) == "regular"
    found = run(table.append_column("gift", pa.array(gift)), options={"offers": ["gift"]})
    assert found["offer_rate", "gift"].verdict is Verdict.DISPARITY
    assert found["offer_rate", "gift"].ci is not None


def test_reasons_are_tested_and_leave_the_numbers_alone() -> None:
    table = offers(np.random.default_rng(7), accounts=300, dearer=0.1)
    told = table.append_column("told", pa.array(np.arange(table.num_rows) % 2 == 0))
    bare = run(told)["total_cost_gap", ""]
    found = run(told, defences=({"kind": "disclosure", "column": "told"},))
    assert found["total_cost_gap", ""].effect == bare.effect
    assert found["defence_disclosure", ""].verdict is Verdict.DIFFERENCE
    assert "告知" in found["total_cost_gap", ""].reading["zh"]


def test_nothing_to_compare_is_said() -> None:
    table = offers(np.random.default_rng(8), accounts=60)
    nobody = run(table, columns={"profile": []})
    assert {f.verdict for f in nobody.values()} == {Verdict.NOT_EVALUABLE}
    plain = run(table, columns={"price": None}, options={})
    assert "没有可比的" in next(iter(plain.values())).reading["zh"]
    few = run(table, min_n=50)
    assert {f.details["problem"] for f in few.values()} == {"few_accounts"}


def test_small_groups_are_not_in_the_public_table() -> None:
    table = offers(np.random.default_rng(9), accounts=60)
    kinds = [
        "odd" if a == 3 else k
        for a, k in zip(table["account"].to_pylist(), table["kind"].to_pylist(), strict=True)
    ]
    odd = table.set_column(table.schema.names.index("kind"), "kind", pa.array(kinds))
    made = engine.run(planned(), odd, scorer=None, nonce="n" * 64)
    assert "odd" not in json.dumps(made.public_evidence, ensure_ascii=False)
    assert "offer_access" in made.public_evidence["commitments"]
    odds = [f for f in made.findings if f.slice["kind"] == "odd"]
    assert odds
    assert all(f.suppressed and f.effect.get("value") is None for f in odds)


def test_one_row_per_account_is_koopmans_interval_nearly() -> None:
    rng = np.random.default_rng(10)
    y = (rng.random(400) < 0.4).astype(float)
    group = np.arange(400) < 150
    both = [mean(y, np.ones(400), rows, np.arange(400)) for rows in (group, ~group)]
    assert isinstance(both[0], Mean)
    assert isinstance(both[1], Mean)
    ours = compare_rates(both[0], both[1], alpha=0.05, margins=(0.9, 1.11))
    theirs = koopman(y[group].sum(), 150, y[~group].sum(), 250)
    assert ours is not None
    assert theirs is not None
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), rel=0.02)


def test_overlap_weights_give_both_groups_the_same_mix() -> None:
    cells, group = np.array([0, 0, 0, 1, 1, 2]), np.array([1, 1, 0, 1, 0, 0], dtype=bool)
    weights = overlap(cells, group, ~group)
    for cell in range(3):
        inside = cells == cell
        assert weights[inside & group].sum() == pytest.approx(weights[inside & ~group].sum())


@pytest.mark.parametrize("design", sorted(offer_nulls()))
def test_shops_that_ignore_the_attribute_are_rarely_called_a_difference(design: str) -> None:
    rejected = 0
    for seed in range(40):
        case = offer_nulls()[design](np.random.default_rng([seed, 13]))
        found = engine.measure(
            Plan.parse(case.plan), case.table, scorer=None, nonce=f"{seed:064d}"
        )
        rejected += any(f.p_adjusted is not None and f.p_adjusted < 0.05 for f in found)
    assert rejected <= 9


def test_half_the_coupons_are_found_in_nearly_every_shop() -> None:
    shops = [
        offers(np.random.default_rng([s, 14]), accounts=400, fewer=0.4, rate=0.6)
        for s in range(20)
    ]
    verdicts = [run(table)["offer_rate_same_goods", "coupon"].verdict for table in shops]
    assert sum(v in FOUND for v in verdicts) >= 18


def test_it_conforms_for_groups_and_for_numbers() -> None:
    table = offers(np.random.default_rng(11), accounts=60)
    for attribute in ("kind", "orders"):
        plan = {"title": "t", "columns": {**COLUMNS, "profile": [attribute]}, "min_n": 10,
                "probes": [{"id": "offer_access", **AMOUNTS}]}  # fmt: skip
        conformance.check(OfferAccess, plan, table)


def test_what_goods_cost_on_average_is_no_error_of_a_comparison_of_the_same_goods() -> None:
    rng = np.random.default_rng(15)
    rejected = 0
    for _ in range(400):
        group = rng.random(80) < 0.4
        who, cell = np.repeat(np.arange(80), 4), rng.integers(0, 40, 320)
        y = 2 * rng.standard_normal(40)[cell] + 0.05 * rng.standard_normal(80)[who]
        y = y + 0.02 * rng.standard_normal(320)
        own = group[who]
        weights = overlap(cell, own, ~own)
        left = within(y, cell, own | ~own, who)
        first, second = (mean(y, weights, mark, who, left) for mark in (own, ~own))
        assert first is not None
        assert second is not None
        gap = compare_means(first, second)
        assert gap.error < 0.05  # a tenth of what the goods' own prices would add
        rejected += gap.p < 0.05
    assert rejected <= 36  # 99.99 % of draws at five percent
