"""What a comparison of prices leaves out is told by side, and bars *equivalent* where it could turn it."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators.prices.steering_nulls import searches
from evaluators.prices.uncompared import Side, uncompared
from evaluators.running import engine, planning
from portal.home import telling
from registry.findings import Finding, Verdict
from registry.language import Text

OBSERVED = ("price_observational", "price_counterfactual", "offer_access", "loyalty_dose_response")
OPTIONS: dict[str, dict[str, Any]] = {
    "price_counterfactual": {"design": "accounts"},
    "loyalty_dose_response": {"order": {"tenure": ["new", "old"]}},
    "price_steering": {"replicates": 399},
}
QUOTED = {"price": "price", "item": "item", "user": "user", "profile": ["tenure"]}
LISTED = {
    "query": "query", "rank": "rank", "item": "item", "price": "price", "user": "account",
    "profile": ["history"],
}  # fmt: skip
SMALL = {
    "price_observational": "conditional_price_gap", "price_counterfactual": "price_gap",
    "offer_access": "total_cost_gap_same_goods", "loyalty_dose_response": "loyalty_trend",
    "price_steering": "same_item_gap",
}  # fmt: skip


def _quotes(*, alone: int = 0) -> pa.Table:
    """160 accounts × 6 quotes at the same price for all; `alone` more of goods of their own each."""
    rng = np.random.default_rng(2)
    user = np.repeat(np.arange(160), 6)
    item = rng.integers(0, 10, len(user))
    price = (10 + item) * np.exp(rng.normal(0, 0.005, len(user)))
    names = [f"i{each}" for each in item]
    for which in range(alone):
        user = np.concatenate([user, np.arange(160)])
        names += [f"own{which}-{each}" for each in range(160)]
        price = np.concatenate([price, np.where(np.arange(160) % 2, 10.0, 70.0)])
    tenure = np.where(user % 2, "old", "new")
    return pa.table({"user": [f"u{n}" for n in user], "tenure": tenure, "item": names, "price": price})  # fmt: skip


def _without(table: pa.Table, column: str, level: str, gone: float) -> pa.Table:
    """Three in ten of the prices of one level are this instead."""
    price = table["price"].to_numpy(zero_copy_only=False).astype(float).copy()
    mine = table[column].to_numpy(zero_copy_only=False) == level
    price[mine & (np.random.default_rng(9).random(len(price)) < 0.3)] = gone
    return table.set_column(table.schema.get_field_index("price"), "price", pa.array(price))


def _run(probe: str, table: pa.Table) -> tuple[engine.Outcome, dict[str, Finding], Any]:
    plan = planning.parse({
        "title": "t", "columns": LISTED if probe == "price_steering" else QUOTED,
        "probes": [{"id": probe, **OPTIONS.get(probe, {})}],
    })  # fmt: skip
    outcome = engine.run(plan, table, scorer=None, nonce="0" * 64)
    return outcome, {f.metric: f for f in outcome.findings}, plan


def _data(probe: str) -> tuple[pa.Table, str]:
    if probe == "price_steering":
        return searches(np.random.default_rng(3), accounts=80, queries=4), "history"
    return _quotes(), "tenure"


@pytest.mark.parametrize("gone", [None, 0.0, float("nan")], ids=["whole", "free", "missing"])
@pytest.mark.parametrize("probe", [*OBSERVED, "price_steering"])
def test_prices_missing_on_one_side_are_told_and_nothing_is_called_small(
    probe: str, gone: float | None
) -> None:
    """Stranger F7e/S4: 29 % of new customers' quotes were free; "what is paid is shown to be small"."""
    table, column = _data(probe)
    if gone is not None:
        table = _without(table, column, "new", gone)
    outcome, found, plan = _run(probe, table)
    priced = [f for f in found.values() if f.verdict is not Verdict.NOT_EVALUABLE]
    priced = [f for f in priced if f.metric not in {"clean_bill"} | {"offer_rate"}]
    assert priced
    report = {"plan": {"content": plan.content}, "rows_read": outcome.left_out,
              "findings": [f.as_json() for f in outcome.findings]}  # fmt: skip
    first_screen = telling.rows_counted(report)
    assert first_screen is not None
    if gone is None:
        assert found[SMALL[probe]].verdict is Verdict.EQUIVALENT
        assert all("unpriced" not in f.left_out for f in priced)
        assert "one side" not in first_screen.en
        return
    for each in priced:
        assert each.verdict is not Verdict.EQUIVALENT, each.metric
        ((side),) = each.left_out["unpriced"]
        assert side["level"] == "new"
        assert side["share"] == pytest.approx(0.3, abs=0.05)
        assert each.left_out["uneven"] is True
        assert "“new”的报价中有" in each.reading["zh"]
        assert "没有算进的多在一边，足以改变结论" in each.reading["zh"]
        assert "of the quotes to “new” have no price above 0" in each.reading["en"]
        assert "mostly of one side, enough to turn the result" in each.reading["en"]
    assert "多在一边" in first_screen.zh
    assert "mostly of one side" in first_screen.en


@pytest.mark.parametrize("probe", OBSERVED)
def test_rows_of_goods_that_are_seen_once_are_told_by_every_probe_that_leaves_them_out(
    probe: str,
) -> None:
    """Stranger F7e/S4: 320 of 1,280 rows were compared with none, and three probes kept it quiet."""
    outcome, found, plan = _run(probe, _quotes(alone=2))
    one = found[SMALL[probe]]
    assert {"alone": 320, "apart": 320}.items() & one.left_out.items()
    assert "有 320 行" in one.reading["zh"]
    assert "320 rows" in one.reading["en"]
    report = {"plan": {"content": plan.content}, "rows_read": outcome.left_out,
              "findings": [f.as_json() for f in outcome.findings]}  # fmt: skip
    said = telling.rows_counted(report)
    assert said is not None
    assert "320 行" in said.zh
    assert "320 rows" in said.en


def test_few_quotes_are_told_without_their_number() -> None:
    sides = [Side("new", Text("新客", "new customers"), 3, 1000), Side("old", Text("老客", "old ones"), 0, 9)]  # fmt: skip
    made = uncompared(sides, least=30, alone=4)
    assert made.left_out == {
        "unpriced": [{"level": "new", "share": None}], "uneven": False, "alone": None,
    }  # fmt: skip
    assert not made.uneven
    assert "“新客”的报价中有极少数没有大于 0 的价格" in made.said.zh
    assert "a few of the quotes to “new customers” have no price above 0" in made.said.en
    assert "有些行" in made.said.zh
    assert "some rows" in made.said.en
    assert "一边" not in made.said.zh


def test_nothing_is_said_where_every_row_is_compared() -> None:
    made = uncompared([Side("a", Text("a", "a"), 0, 50)], least=30)
    assert (made.said, made.uneven, made.left_out) == (Text("", ""), False, {})


@pytest.mark.parametrize("probe", ["price_counterfactual", "offer_access", "price_steering"])
def test_rows_of_accounts_with_several_levels_are_told(probe: str) -> None:
    """A sibling of F7e/S4: whoever was new and then regular is of no group, and was not mentioned."""
    table, column = _data(probe)
    level = table[column].to_pylist()
    account = table["account" if probe == "price_steering" else "user"].to_pylist()
    torn = set(sorted(set(account))[:12])
    seen: dict[str, int] = {}
    for place, who in enumerate(account):
        seen[who] = seen.get(who, 0) + 1
        if who in torn and seen[who] == 1:
            level[place] = "old" if level[place] == "new" else "new"
    if probe == "price_steering":
        level = ["regular" if each == "old" else each for each in level]
    at = table.schema.get_field_index(column)
    _, found, _ = _run(probe, table.set_column(at, column, pa.array(level)))
    one = found[SMALL[probe]]
    assert one.left_out["several"] == 12
    assert "有 12 个账号在这一特征上前后不一致" in one.reading["zh"]
    assert "several values of what is compared: 12 accounts" in one.reading["en"]


def test_lists_of_queries_that_one_group_alone_saw_are_told_in_the_sentence() -> None:
    table, column = _data("price_steering")
    mine = table[column].to_numpy(zero_copy_only=False) == "new"
    query = table["query"].to_numpy(zero_copy_only=False).astype(object).copy()
    first = query[0]
    query[mine & (query == first)] = "of its own"
    at = table.schema.get_field_index("query")
    _, found, _ = _run("price_steering", table.set_column(at, "query", pa.array(query.tolist())))
    one = found["same_item_gap"]
    assert one.left_out["lists"] == 80
    assert "有 80 份结果的查询没有展示给所有组，没有算进去" in one.reading["zh"]
    assert "not shown to every group: 80 lists" in one.reading["en"]


def test_a_declared_window_and_a_personalised_list_tell_what_has_no_price_too() -> None:
    table = _without(_quotes(), "tenure", "new", 0.0)
    days = pa.array([0 if each == "new" else 9 for each in table["tenure"].to_pylist()])
    plan = planning.parse({
        "title": "t", "columns": QUOTED, "probes": [{"id": "loyalty_dose_response",
                                                     **OPTIONS["loyalty_dose_response"]}],
        "defences": [{"kind": "new_user_offer", "column": "days", "at_most": 1}],
    })  # fmt: skip
    found = engine.measure(plan, table.append_column("days", days), scorer=None, nonce="0" * 64)
    window = next(f for f in found if f.metric == "new_user_offer_gap")
    assert window.verdict is not Verdict.EQUIVALENT
    assert window.left_out["uneven"] is True
    assert "“优惠窗口之内”的报价中有" in window.reading["zh"]
    assert "“accounts inside the window” have no price above 0" in window.reading["en"]

    lists = searches(np.random.default_rng(5), accounts=40, options=True)
    plan = planning.parse({
        "title": "t", "columns": LISTED,
        "probes": [{"id": "price_steering", "replicates": 399, "variant": "option",
                    "non_personalised": "no", "twin": "again"}],
    })  # fmt: skip
    kinds = lists["option"].to_pylist()
    price = lists["price"].to_numpy(zero_copy_only=False).copy()
    price[np.array([each == "no" for each in kinds]) & (np.arange(len(price)) % 3 == 0)] = 0.0
    at = lists.schema.get_field_index("price")
    found = engine.measure(
        plan, lists.set_column(at, "price", pa.array(price)), scorer=None, nonce="0" * 64
    )
    own = next(f for f in found if f.metric == "personalised_same_item_gap")
    assert own.verdict is not Verdict.EQUIVALENT
    assert [each["level"] for each in own.left_out["unpriced"]] == ["no"]
    assert own.left_out["uneven"] is True
