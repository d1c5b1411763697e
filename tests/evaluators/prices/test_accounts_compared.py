"""What is said of quotes to different accounts: whom they compare, and nothing that nobody tried."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators.plan import Plan
from evaluators.running import engine
from explainers import prices
from explainers.columns import Outsider
from portal.pages import beyond
from registry.findings import Finding, Verdict
from registry.language import Text

COLUMNS = {"price": "price", "item": "item", "time": "time", "user": "user"}
OLD, REST = 60, 120


def quotes(*, dearer: float, coupon: float = 1.0) -> pa.Table:
    """60 old accounts, 120 of a middling age and 120 new ones: the old pay more for the same goods."""
    kinds = ["old"] * OLD + ["mid"] * REST + ["new"] * REST
    rng = np.random.Generator(np.random.Philox(key=7))
    rows = [
        {
            "user": f"u{place}", "tenure": kind, "sex": "FM"[place % 2], "item": f"i{item}", "time": "t",
            "price": 50.0 * (1 + dearer * (kind == "old")) * float(np.exp(rng.normal(0, 0.001))),
            "coupon": int(rng.random() < coupon),
        }
        for place, kind in enumerate(kinds) for item in range(3)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows)


def measured(probe: dict[str, Any], table: pa.Table, **columns: Any) -> list[Finding]:
    content = {"title": "t", "columns": {**COLUMNS, **columns}, "probes": [probe]}
    return list(engine.measure(Plan.parse(content), table, scorer=None, nonce="n"))


AUDIT = {"id": "price_counterfactual", "design": "accounts", "reference": {"tenure": "new"}}


def test_the_clean_bill_says_of_which_comparison_it_counts_the_accounts() -> None:
    """60 of 180 compared accounts pay more; “100 % of accounts” said it of all."""
    found = measured(AUDIT, quotes(dearer=0.05), profile=["tenure"])
    bill = next(f for f in found if f.metric == "clean_bill")
    assert "“tenure” old against new: of 60 accounts 100.0% differ" in bill.reading["en"]
    assert "“tenure”为“old”对“new”，60 个账号里有 100.0% 与对方的平均相差" in bill.reading["zh"]


def test_a_registered_group_within_which_accounts_were_compared_is_named() -> None:
    """18 accounts of one sex stood there as if no more had been compared."""
    found = measured(AUDIT, quotes(dearer=0.0), profile=["tenure"], sensitive=["sex"])
    bill = next(f for f in found if f.metric == "clean_bill")
    assert bill.n == 30  # of 60 old accounts those of one sex: so few have the highest bound
    assert "(with “sex” " in bill.reading["en"]
    assert "只看“sex”为" in bill.reading["zh"]


def test_of_accounts_no_page_says_that_something_was_changed_and_tried() -> None:
    """Nobody was asked twice: 180 accounts are compared, and the sentence says of how many."""
    found = measured(AUDIT, quotes(dearer=0.05), profile=["tenure"])
    plan = {"columns": COLUMNS}
    for one in found:
        said = beyond.sentence(one.as_json(), plan)
        assert "其他信息不变" not in said.zh
        assert "试了" not in said.zh
        assert "ll else equal" not in said.en
        assert "tests" not in said.en
    gap = next(f for f in found if f.metric == "price_gap" and f.group == "old")
    said = beyond.sentence(gap.as_json(), plan)
    assert "不同的账号（60个账号对120个）" in said.zh
    assert "Different accounts are compared (60 accounts against 120)" in said.en


def test_a_compared_side_of_equal_weight_is_not_the_number_of_accounts() -> None:
    """45.2 accounts of equal weight against 57.8 are 47 against 60."""
    content = {
        "metric": "raw_price_gap", "slice": {"tenure": "old"}, "group": "old", "reference_group": "new",
        "effect": {"kind": "log_ratio", "value": 0.05}, "n": 47, "n_reference": 60,
        "units": {"of": "accounts", "n": 45.2, "n_reference": 57.8},
    }  # fmt: skip
    said = prices.told(
        content, Outsider("tenure", Text("年限", "tenure"), {}), {}, named=lambda n: Text(n, n)
    )
    assert said is not None
    assert "47个账号对60个" in said["zh"]
    assert "47 accounts against 60" in said["en"]


def test_a_number_is_compared_by_its_slope_and_every_row_counts_once() -> None:
    """191 rows stand on both sides of the comparison of a high with a low level: they are 191."""
    content = {
        "metric": "conditional_price_gap", "slice": {"income": "p90 (62509)"}, "group": "p90 (62509)",
        "reference_group": "p10 (32635)", "effect": {"kind": "log_ratio", "value": 0.05},
        "n": 191, "n_reference": 191, "units": {"of": "rows", "n": 191, "n_reference": 191},
    }  # fmt: skip
    said = prices.told(
        content, Outsider("income", Text("收入", "income"), {}), {}, named=lambda n: Text(n, n)
    )
    assert said is not None
    assert "191行数据" in said["zh"]
    assert "191 rows of data" in said["en"]


def test_how_often_accounts_get_an_offer_is_no_number_of_accounts() -> None:
    """Three in ten quotes had a coupon, and 66 of 100 accounts had one at least once."""
    probe = {"id": "offer_access", "offers": ["coupon"]}
    for one in measured(probe, quotes(dearer=0.0, coupon=0.3), sensitive=["sex"]):
        if one.metric.startswith("offer_rate"):
            said = beyond.sentence(one.as_json(), {"columns": COLUMNS})
            assert "每100人" not in said.zh
            assert "of 100" not in said.en


def test_an_offer_that_everybody_gets_clears_nobody() -> None:
    """statistics/14: everyone favourable overall is not evaluable, for offers too."""
    probe = {"id": "offer_access", "offers": ["coupon"]}
    for one in measured(probe, quotes(dearer=0.0), sensitive=["sex"]):
        if one.metric.startswith("offer_rate"):
            assert one.verdict is Verdict.NOT_EVALUABLE
            assert "without exception" in one.reading["en"]
            assert "没有一条例外" in one.reading["zh"]
            assert (one.ci, one.p_value, one.equivalence) == (None, None, None)


@pytest.mark.parametrize("key", range(6))
def test_small_but_real_is_said_only_beside_an_interval_without_none(key: int) -> None:
    """The raw p-value of one of many comparisons made “real” of chance."""
    rng = np.random.Generator(np.random.Philox(key=key))
    table = quotes(dearer=0.0)
    noisy = np.asarray(table["price"]) * np.exp(rng.normal(0, 0.004, table.num_rows))
    table = table.set_column(table.schema.get_field_index("price"), "price", pa.array(noisy))
    probes = ("price_observational", "loyalty_dose_response", "offer_access")
    found = [
        one for probe in probes
        for one in measured({"id": probe}, table, profile=["tenure"], sensitive=["sex"])
    ]  # fmt: skip
    assert any(one.verdict is Verdict.EQUIVALENT for one in found)
    for one in found:
        ends = one.ci or {"low": None, "high": None}
        apart = None not in ends.values() and not ends["low"] <= 0 <= ends["high"]
        assert apart or "small but real" not in one.reading["en"], one
        assert apart or "但确实存在" not in one.reading["zh"], one


def test_a_share_beyond_the_line_is_no_want_of_accounts() -> None:
    """Half of the accounts, drawn at random, pay 3 % more: more accounts would change nothing."""
    table = quotes(dearer=0.0)
    dear = np.random.Generator(np.random.Philox(key=3)).random(OLD + 2 * REST) < 0.5
    price = np.asarray(table["price"]) * (1 + 0.03 * np.repeat(dear, 3))
    table = table.set_column(table.schema.get_field_index("price"), "price", pa.array(price))
    found = measured(AUDIT, table, profile=["tenure"])
    bill = next(f for f in found if f.metric == "clean_bill")
    assert bill.verdict is Verdict.INCONCLUSIVE
    assert "too few" not in bill.reading["en"]
    assert "数不够" not in bill.reading["zh"]
    assert "more accounts than the 1.0% allowed differ by more than 1.0%" in bill.reading["en"]
    assert "没有看到" not in bill.reading["zh"]
