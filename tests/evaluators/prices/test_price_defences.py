"""Declared reasons are tested on the data and change the reading only."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from evaluators.plan import Plan
from evaluators.running import engine
from registry.findings import Finding, Verdict


def orders(
    seed: int,
    *,
    offer: float = 0.0,
    regulars: float = 0.0,
    biased: bool = False,
    per_km: float = 0.02,
) -> pa.Table:
    """New users may get an offer; regulars may pay more; a bucket may follow the history."""
    rng = np.random.default_rng(seed)
    users, times = 400, 3
    age = rng.integers(0, 10, users)
    phone = np.where(rng.random(users) < 0.3 + 0.4 * (age < 1), "old", "new")
    old = phone == "old"
    bucket = np.where(rng.random(users) < (0.2 + 0.6 * old if biased else 0.5), "A", "B")
    distance = rng.normal(size=users) + old
    user = np.repeat(np.arange(users), times)
    log = (
        -offer * (age < 1) + regulars * old + per_km * distance
    )[user] + 0.01 * rng.normal(size=len(user))  # fmt: skip
    return pa.table(
        {
            "price": 20 * np.exp(log), "user": user, "phone": phone[user], "age": age[user],
            "bucket": bucket[user], "distance": distance[user],
        }
    )  # fmt: skip


def run(table: pa.Table, defence: dict[str, Any] | None) -> dict[str, Finding]:
    plan = Plan.parse(
        {
            "title": "t",
            "columns": {"price": "price", "user": "user", "unit": "user", "profile": ["phone"]},
            "defences": [defence] if defence else [],
            "reference": {},
            "probes": [{"id": "price_observational", "placebos": 50}],
        }
    )
    outcome = engine.run(plan, table, scorer=None, nonce="n" * 64)
    assert all("failed" not in probe for probe in outcome.probes)
    return {finding.metric: finding for finding in outcome.findings}


def test_a_new_user_offer_in_its_window_explains_and_leaves_the_numbers_alone() -> None:
    table = orders(1, offer=0.2, per_km=0.0)
    bare = run(table, None)["raw_price_gap"]
    defence = {"kind": "new_user_offer", "column": "age", "at_most": 0}
    found = run(table, defence)
    assert found["raw_price_gap"].effect == bare.effect
    assert found["raw_price_gap"].verdict is bare.verdict
    assert "新用户优惠" in found["raw_price_gap"].reading["zh"]
    assert found["defence_new_user_offer"].details["more"]["inside"] > 0
    left = found["defence_new_user_offer"].effect["value"]
    assert abs(left) < 0.005 < abs(bare.effect["value"])


def test_cost_drivers_explain_what_they_explain() -> None:
    table = orders(2)
    found = run(table, {"kind": "cost_drivers", "columns": ["distance"]})
    assert abs(found["raw_price_gap"].effect["value"]) > 0.015
    assert found["defence_cost_drivers"].verdict is Verdict.EQUIVALENT


def test_cost_drivers_do_not_explain_a_planted_mark_up() -> None:
    found = run(orders(3, regulars=0.08), {"kind": "cost_drivers", "columns": ["distance"]})
    assert found["defence_cost_drivers"].verdict is Verdict.DIFFERENCE
    assert found["raw_price_gap"].verdict is Verdict.DISPARITY


def test_an_experiment_that_follows_the_attribute_is_no_random_experiment() -> None:
    defence = {"kind": "random_experiment", "column": "bucket"}
    assert run(orders(4, biased=True), defence)["defence_random_experiment"].verdict is Verdict.DIFFERENCE  # fmt: skip
    assert run(orders(4), defence)["defence_random_experiment"].verdict is Verdict.INCONCLUSIVE


def test_a_reason_without_a_column_is_declared_but_not_tested() -> None:
    found = run(orders(5), {"kind": "disclosure"})
    assert found["defence_disclosure"].verdict is Verdict.NOT_EVALUABLE
    assert "not tested" in found["defence_disclosure"].reading["en"]


@pytest.mark.parametrize("probe", ["price_observational", "offer_access", "price_counterfactual"])
def test_reasons_compare_the_same_two_groups_outside_the_window(probe: str) -> None:
    """Without the new users the other group is the larger one; it stays the one compared."""
    rng = np.random.default_rng(7)
    age = rng.integers(0, 10, 400)
    kind = np.where((age < 3) | (rng.random(400) < 0.4), "a", "b")
    user = np.repeat(np.arange(400), 3)
    log = (-0.2 * (age < 3))[user] + 0.01 * rng.normal(size=1200)
    table = pa.table({"price": np.exp(log), "user": user, "kind": kind[user], "age": age[user]})
    assert (kind == "a").sum() > (kind == "b").sum()
    plan = {
        "title": "t", "columns": {"price": "price", "user": "user", "unit": "user", "profile": ["kind"]},
        "defences": [{"kind": "new_user_offer", "column": "age", "at_most": 2}],
        "probes": [{"id": probe}],
    }  # fmt: skip
    found = engine.measure(Plan.parse(plan), table, scorer=None, nonce="n" * 64)
    (reason,) = [f for f in found if f.metric == "defence_new_user_offer"]
    assert (reason.group, reason.reference_group) == ("b", "a")
    assert reason.verdict is Verdict.EQUIVALENT
    assert (reason.n, reason.n_reference) == ((kind == "b").sum(), (kind == "a").sum())


def test_a_number_is_compared_at_the_same_two_values_outside_the_window() -> None:
    rng = np.random.default_rng(8)
    orders = rng.poisson(5, 400)
    user = np.repeat(np.arange(400), 2)
    log = (-0.2 * (orders < 3) + 0.01 * (orders - 5))[user] + 0.01 * rng.normal(size=800)
    table = pa.table({"price": np.exp(log), "user": user, "orders": orders[user]})
    plan = {
        "title": "t", "columns": {"price": "price", "user": "user", "unit": "user", "profile": ["orders"]},
        "defences": [{"kind": "new_user_offer", "column": "orders", "at_most": 2}],
        "probes": [{"id": "price_observational", "placebos": 0}],
    }  # fmt: skip
    found = engine.measure(Plan.parse(plan), table, scorer=None, nonce="n" * 64)
    (reason,) = [f for f in found if f.metric == "defence_new_user_offer"]
    low, high = np.quantile(orders, (0.1, 0.9))
    assert reason.effect["value"] == pytest.approx(0.01 * (high - low), rel=0.1)
    assert reason.verdict is Verdict.DIFFERENCE


def test_a_reason_examined_on_few_accounts_is_withheld_with_its_group_and_the_summary() -> None:
    table = orders(6).filter(pc.less(orders(6)["user"], 12))
    plan = {
        "title": "t", "columns": {"price": "price", "user": "user", "unit": "user", "profile": ["phone"]},
        "defences": [{"kind": "cost_drivers", "columns": ["distance"]}],
        "probes": [{"id": "price_counterfactual"}],
    }  # fmt: skip
    found = engine.run(Plan.parse(plan), table, scorer=None, nonce="n" * 64).findings
    withheld = {f.metric for f in found if f.suppressed}
    assert withheld == {"price_gap", "defence_cost_drivers", "clean_bill"}


def test_what_a_reason_leaves_is_told_with_its_interval() -> None:
    """Issue 7, F7a/1, its sibling: "what is left is small" stood beside a number without one."""
    table = orders(1, offer=0.2, per_km=0.0)
    window = {"kind": "new_user_offer", "column": "age", "at_most": 0}
    costs = {"kind": "cost_drivers", "columns": ["distance"]}
    for defence in (window, costs):
        made = run(table, defence)[f"defence_{defence['kind']}"]
        assert "(interval -" in made.reading["en"], made.reading["en"]
        assert "置信区间 -" in made.reading["zh"]
