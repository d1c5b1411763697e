"""Breaker, findings 7, S3: a price sentence holds fixed what the plan holds fixed, and no more."""

import itertools
import re
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators.plan import Plan
from evaluators.running import engine
from registry.findings import Finding

GOODS = re.compile("商品|\\bgoods\\b|\\bitem")
MOMENT = re.compile("时间|\\bmoment")
COUPON = re.compile("[^。]*得到[^。]*。")
KINDS = list(itertools.product([False, True], repeat=2))


def quotes(many: int = 60, each: int = 8) -> pa.Table:
    """Accounts of two kinds and what each was quoted and offered."""
    rng = np.random.default_rng(11)
    rows = many * each
    user = np.repeat(np.arange(many), each)
    late = np.where(user % 2 == 0, "a", "b")
    return pa.table(
        {
            "user": pa.array(user),
            "kind": pa.array(late),
            "good": pa.array(np.tile(np.arange(each), many).astype(str)),
            "hour": pa.array(np.tile(np.arange(each), many)),
            "price": pa.array(
                np.exp(np.where(late == "b", 0.1, 0.0) + rng.normal(0, 0.02, rows)) * 100
            ),
            "coupon": pa.array(rng.integers(0, 2, rows)),
        }
    )


def findings(probe: str, *, item: bool, time: bool, **options: Any) -> list[Finding]:
    columns: dict[str, Any] = {"price": "price", "user": "user", "unit": "user"}
    columns["profile" if probe == "price_counterfactual" else "sensitive"] = ["kind"]
    columns |= {"item": "good"} if item else {}
    columns |= {"time": "hour"} if time else {}
    plan = Plan.parse({"title": "t", "columns": columns, "probes": [{"id": probe, **options}]})
    return list(engine.measure(plan, quotes(), scorer=None, nonce="n"))


def held(said: str, *, item: bool, time: bool) -> None:
    """A sentence names goods and moment exactly where the plan has a column for them."""
    assert bool(GOODS.search(said)) == item, said
    assert bool(MOMENT.search(said)) == time, said


@pytest.mark.parametrize(("item", "time"), KINDS)
def test_accounts_are_compared_under_what_the_plan_names(*, item: bool, time: bool) -> None:
    found = findings("price_counterfactual", item=item, time=time)
    gap = next(f for f in found if f.metric == "price_gap")
    for said in gap.reading.values():
        held(said, item=item, time=time)
    if not item and not time:
        assert "nothing held fixed" in gap.reading["en"]
        assert "不考虑任何条件" in gap.reading["zh"]
    for one in (gap, next(f for f in found if f.metric == "clean_bill")):
        assert "were assigned" not in one.limit["en"], "the plan declares nothing of the kind"
        assert "是随机分配" not in one.limit["zh"]


def test_the_clean_bill_counts_what_was_compared() -> None:
    """99.0 % of "rows" were 99 of 100 accounts of 2,000 rows."""
    found = findings("price_counterfactual", item=True, time=True)
    bill = next(f for f in found if f.metric == "clean_bill")
    assert " accounts " in bill.reading["en"]
    assert "个账号里" in bill.reading["zh"]
    assert "rows" not in bill.reading["en"]
    assert "行" not in bill.reading["zh"]


@pytest.mark.parametrize(("item", "time"), [kind for kind in KINDS if any(kind)])
def test_offers_are_compared_under_what_the_plan_names(*, item: bool, time: bool) -> None:
    same = [
        f for f in findings("offer_access", item=item, time=time, offers=["coupon"])
        if f.metric.endswith("_same_goods")
    ]  # fmt: skip
    assert len(same) == 2
    for said in (text for f in same for text in f.reading.values()):
        held(said, item=item, time=time)
        assert "conditions" not in said, "no further column was held fixed"


def test_offers_name_the_further_columns_that_are_held() -> None:
    found = findings("offer_access", item=False, time=False, offers=["coupon"], strata=["hour"])
    same = next(f for f in found if f.metric == "offer_rate_same_goods")
    assert "“hour”" in same.reading["en"]
    assert "“hour”" in same.reading["zh"]


@pytest.mark.parametrize("item", [False, True])
def test_a_percentile_gap_is_after_conditions_only_where_there_are_some(*, item: bool) -> None:
    found = findings("price_observational", item=item, time=False)
    gaps = [f for f in found if f.metric == "residual_quantile_gap"]
    assert gaps
    for gap in gaps:
        assert ("After the conditions" in gap.reading["en"]) == item
        assert ("扣除条件后" in gap.reading["zh"]) == item
