"""Three shops through `mingsuan evaluate`: a mark-up, a declared offer, and a bucket that means nothing."""

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from evaluators.prices.loyalty_nulls import shop
from portal import cli
from registry.settings import settings

PLAN = """
title = { zh = "网上商店报价", en = "Quotes of a shop" }
min_n = 20
[columns]
price = "price"
user = "account"
unit = "account"
item = "item"
time = "moment"
profile = ["customer", "orders"]
cost = ["distance"]
[names.customer]
plain = { zh = "客户类型", en = "kind of customer" }
levels = { repeat = { zh = "老客户", en = "repeat customers" }, new = { zh = "新客户", en = "new customers" } }
[names.orders]
plain = { zh = "下单次数", en = "number of orders" }
levels = {}
[[probes]]
id = "price_counterfactual"
features = ["customer"]
reference = { customer = "new" }
replicates = 999
[[probes]]
id = "price_observational"
attributes = ["customer"]
placebos = 200
[[probes]]
id = "loyalty_dose_response"
measures = ["orders"]
[[probes]]
id = "offer_access"
attributes = ["customer"]
"""
OFFER = """
[[defences]]
kind = "new_user_offer"
column = "tenure"
at_most = 1
"""
EXPERIMENT = """
[[defences]]
kind = "random_experiment"
column = "bucket"
"""
FOUND = ("disparity", "difference")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder."""
    monkeypatch.chdir(tmp_path)
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


def evaluated(table: pa.Table, plan: str, *, out: str = "out") -> dict[str, Any]:
    """The report of a shop; repeat customers are those with more than the median of orders."""
    orders = table["orders"].to_numpy()
    first = np.unique(table["account"].to_numpy(), return_index=True)[1]
    loyal = orders > np.median(orders[first])
    named = table.append_column("customer", pa.array(np.where(loyal, "repeat", "new")))
    pyarrow.parquet.write_table(named, "quotes.parquet")
    Path("plan.toml").write_text(plan, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        cli.main(("evaluate", "plan.toml", "--data", "quotes.parquet", "--out", out))
    assert not ended.value.code
    report: dict[str, Any] = json.loads(Path(out, "report.json").read_text(encoding="utf-8"))
    return report


def by_metric(report: dict[str, Any], *, probe: str) -> dict[str, dict[str, Any]]:
    return {f["metric"]: f for f in report["findings"] if f["probe"] == probe}


def measured(report: dict[str, Any]) -> Sequence[dict[str, Any]]:
    return [f for f in report["findings"] if not f["metric"].startswith("defence_")]


def test_three_percent_more_for_repeat_customers_is_found_by_every_price_probe() -> None:
    table = shop(np.random.default_rng(21), accounts=400, effect=math.log1p(0.03))
    report = evaluated(table, PLAN)
    found = {
        "price_counterfactual": "price_gap",
        "price_observational": "conditional_price_gap",
        "loyalty_dose_response": "loyalty_rise",
        "offer_access": "total_cost_gap_same_goods",
    }
    for probe, metric in found.items():
        finding = by_metric(report, probe=probe)[metric]
        assert finding["verdict"] in FOUND, (probe, finding["reading"]["en"])
        assert finding["effect"]["value"] == pytest.approx(math.log1p(0.03), abs=0.01)
        assert finding["ci"]["low"] > 0
    said = by_metric(report, probe="price_counterfactual")["price_gap"]["reading"]
    assert "“客户类型”为“老客户”的账号与“新客户”的账号" in said["zh"]
    assert "repeat customers against new customers" in said["en"]


def test_an_offer_inside_its_window_is_measured_and_read_as_declared() -> None:
    table = shop(np.random.default_rng(22), accounts=500, offer=0.2)
    bare, told = evaluated(table, PLAN, out="bare"), evaluated(table, PLAN + OFFER)  # fmt: skip
    loyalty = by_metric(told, probe="loyalty_dose_response")
    inside = loyalty["new_user_offer_gap"]
    assert inside["verdict"] == "disparity"
    assert inside["effect"]["value"] == pytest.approx(-0.2, abs=0.02)
    assert "按声明的理由" in inside["reading"]["zh"]
    assert loyalty["loyalty_rise_outside"]["verdict"] not in FOUND
    for probe in ("price_observational", "price_counterfactual", "loyalty_dose_response"):
        before, after = by_metric(bare, probe=probe), by_metric(told, probe=probe)
        for metric in sorted(set(before) & {"raw_price_gap", "conditional_price_gap", "price_gap", "loyalty_gap"}):  # fmt: skip
            assert after[metric]["effect"] == before[metric]["effect"]
            assert "新用户优惠" in after[metric]["reading"]["zh"]
            left = after["defence_new_user_offer"]["effect"]["value"]
            assert abs(left) < abs(before[metric]["effect"]["value"])


def test_a_sticky_bucket_without_personalisation_is_not_called_a_difference() -> None:
    report = evaluated(shop(np.random.default_rng(23), accounts=300), PLAN + EXPERIMENT)
    raw = [f for f in measured(report) if f["metric"] not in {"raw_price_gap", "total_cost_gap"}]
    assert not [f["metric"] for f in raw if f["verdict"] in FOUND]  # the raw ones mix goods
    reasons = [f for f in report["findings"] if f["metric"] == "defence_random_experiment"]
    assert {f["probe"] for f in reasons} == {"price_counterfactual", "price_observational", "loyalty_dose_response", "offer_access"}  # fmt: skip
    assert not [f for f in reasons if f["verdict"] in FOUND]
    written = json.dumps(report["findings"], ensure_ascii=False)
    assert "歧视" not in written
    assert "discriminat" not in written
