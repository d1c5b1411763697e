"""price_steering on shops whose lists follow a known rule."""

import re
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats
from sklearn.metrics import ndcg_score

from evaluators.plan import Plan
from evaluators.prices import ranked_lists
from evaluators.prices.price_steering import PriceSteering
from evaluators.prices.steering_nulls import searches, steering_nulls
from evaluators.running import conformance, engine
from registry.findings import Finding, Verdict

COLUMNS = {
    "query": "query", "rank": "rank", "item": "item", "price": "price", "user": "account",
    "unit": "account", "profile": ["history"],
}  # fmt: skip
OPTIONS = {"variant": "option", "non_personalised": "no", "twin": "again"}
FOUND = {Verdict.DISPARITY, Verdict.DIFFERENCE}


def plan(
    columns: dict[str, Any] | None = None, defences: tuple[Any, ...] = (), **options: Any
) -> Plan:
    own = {"replicates": 399, **options}
    return Plan.parse({"title": "t", "columns": {**COLUMNS, **(columns or {})}, "defences": list(defences),
                       "probes": [{"id": "price_steering", **own}]})  # fmt: skip


def run(table: pa.Table, **settings: Any) -> dict[str, Finding]:
    found = engine.measure(plan(**settings), table, scorer=None, nonce="n" * 64)
    return {f.metric: f for f in found}


def test_dear_goods_first_for_regulars_is_steering_and_no_dearer_item() -> None:
    found = run(searches(np.random.default_rng(1), accounts=80, queries=4, steered=4))
    shown = found["exposed_price_gap"]
    assert shown.verdict is Verdict.DISPARITY
    assert shown.effect["value"] > max(0.02, shown.details["aa_band"])
    assert found["items_shown_gap"].verdict is Verdict.DISPARITY
    assert found["same_item_gap"].verdict is Verdict.EQUIVALENT
    assert found["price_ndcg_gap"].effect["value"] > 0
    assert found["list_overlap_gap"].verdict is Verdict.DIFFERENCE
    parts = shown.details["parts"]
    assert parts["items_shown"] + parts["same_item"] == pytest.approx(shown.effect["value"])


def test_the_same_goods_dearer_are_told_from_dearer_goods() -> None:
    found = run(searches(np.random.default_rng(2), accounts=80, queries=4, dearer=0.05))
    assert found["same_item_gap"].verdict is Verdict.DISPARITY
    assert found["same_item_gap"].effect["value"] == pytest.approx(0.05, abs=0.005)
    assert found["items_shown_gap"].verdict not in FOUND


def test_lists_that_differ_without_a_price_are_never_beyond_a_price_line() -> None:
    found = run(searches(np.random.default_rng(3), accounts=40))
    assert found["list_overlap_gap"].threshold is None
    assert found["exposed_price_gap"].verdict not in FOUND


def test_lists_in_the_reverse_order_are_told_apart_although_no_account_differs_within_a_group() -> (
    None
):
    """No interval can be given, and whole accounts shuffled never look so: p .002 “did not suffice”."""
    rows = [
        {"account": f"a{n}", "history": "ab"[n % 2], "query": f"q{query}", "item": f"{query}.{at}",
         "rank": 10 - at if n % 2 else 1 + at, "price": 20.0 + 10 * at}
        for n in range(40) for query in range(3) for at in range(10)
    ]  # fmt: skip
    found = run(pa.Table.from_pylist(rows))
    order = found["list_order_gap"]
    assert order.verdict is Verdict.DIFFERENCE
    assert "不同组看到的结果确实不同" in order.reading["zh"]
    assert found["list_overlap_gap"].verdict is Verdict.INCONCLUSIVE
    assert found["same_item_gap"].verdict is Verdict.INCONCLUSIVE
    shown = found["exposed_price_gap"]
    assert (shown.verdict, shown.severity, shown.ci) == (Verdict.DISPARITY, "serious", None)
    assert "（数据没有波动，给不出区间）" in shown.reading["zh"]
    for each in found.values():
        assert not re.search(r"(\S+) … \1\b", each.reading["zh"])


def test_the_non_personalised_option_shows_what_personalisation_does() -> None:
    table = searches(np.random.default_rng(4), accounts=40, options=True, swayed=3)
    found = run(table, **OPTIONS)
    own = found["personalised_exposed_price_gap"]
    assert own.verdict is Verdict.DISPARITY
    assert own.details["aa_different"] > 0.9
    assert "非个性化" in own.reading["zh"]
    assert found["exposed_price_gap"].verdict not in FOUND
    still = run(searches(np.random.default_rng(5), accounts=40, options=True), **OPTIONS)
    assert still["personalised_exposed_price_gap"].verdict not in FOUND


def test_few_accounts_cannot_prove_much_and_the_report_says_so() -> None:
    found = run(searches(np.random.default_rng(6), accounts=8, steered=5))["exposed_price_gap"]
    assert found.details["smallest_p"] > 0.0005
    assert "不可能低于 0.0005" in found.limit["zh"]


def test_what_cannot_be_compared_is_said() -> None:
    table = searches(np.random.default_rng(7), accounts=12)
    nobody = run(table, columns={"user": None, "unit": None})["exposed_price_gap"]
    assert "账号" in nobody.reading["zh"]
    assert (
        run(table, columns={"profile": []})["exposed_price_gap"].verdict is Verdict.NOT_EVALUABLE
    )
    own = table.set_column(
        table.schema.names.index("query"),
        "query",
        pa.array([str(a) for a in table["account"].to_pylist()]),
    )
    assert run(own)["exposed_price_gap"].details["problem"] == "no_common_query"
    alone = table.filter(pa.array(np.array(table["account"].to_pylist()) < 2))
    assert {f.verdict for f in run(alone).values()} == {Verdict.NOT_EVALUABLE}
    unpriced = table.set_column(
        table.schema.names.index("price"), "price", pa.array([None] * len(table), pa.float64())
    )
    assert {f.verdict for f in run(unpriced).values()} == {Verdict.NOT_EVALUABLE}
    missing = run(table, **OPTIONS)
    assert missing["personalised_exposed_price_gap"].details["problem"] == "no_pairs"


def test_a_declared_experiment_is_tested_and_numbers_stay() -> None:
    table = searches(np.random.default_rng(8), accounts=40, steered=4)
    arm = pa.array(["A" if h == "new" else "B" for h in table["history"].to_pylist()])
    bare = run(table)["exposed_price_gap"]
    found = run(
        table.append_column("arm", arm), defences=({"kind": "random_experiment", "column": "arm"},)
    )
    assert found["exposed_price_gap"].effect == bare.effect
    assert found["defence_random_experiment"].verdict is Verdict.DIFFERENCE


def lists_of(*orders: list[str], prices: dict[str, float]) -> ranked_lists.Lists:
    rows = [
        (a, r + 1, g, prices[g]) for a, goods in enumerate(orders) for r, g in enumerate(goods)
    ]
    account, rank, item, price = zip(*rows, strict=True)
    table = pa.table({"account": account, "rank": pa.array(rank, pa.float64()), "item": item,
                      "price": price, "query": ["q"] * len(rows)})  # fmt: skip
    return ranked_lists.read(table, plan(), np.array(account), depth=10, variant=None)


def test_ndcg_with_the_price_as_gain_agrees_with_scikit_learn() -> None:
    prices = {"a": 3.0, "b": 9.0, "c": 1.0, "d": 4.0}
    found = lists_of(["c", "b", "a", "d"], prices=prices)
    theirs = ndcg_score([[1.0, 9.0, 3.0, 4.0]], [[4, 3, 2, 1]])
    assert found.values[0, 3] == pytest.approx(theirs)


def test_likeness_of_lists_agrees_with_scipy_and_with_the_definitions() -> None:
    orders = [["a", "b", "c", "d"], ["b", "a", "c", "e"], ["d", "c", "b", "a"]]
    found = lists_of(*orders, prices=dict.fromkeys("abcde", 1.0))
    alike = ranked_lists.alike(found, np.arange(3), np.arange(3), 3, 0.9)
    for one, other in combinations(range(3), 2):
        first, second = orders[one], orders[other]
        common = sorted(set(first) & set(second))
        assert alike.sums[0][one, other] == pytest.approx(
            len(common) / len(set(first) | set(second))
        )
        tau = stats.kendalltau([first.index(g) for g in common], [second.index(g) for g in common])
        assert alike.sums[2][one, other] == pytest.approx(tau.statistic)
        shares = [len(set(first[:d]) & set(second[:d])) / d for d in range(1, 5)]
        rbo = shares[-1] * 0.9**4 + 0.1 / 0.9 * sum(
            s * 0.9 ** (d + 1) for d, s in enumerate(shares)
        )
        assert alike.sums[1][one, other] == pytest.approx(rbo)


def test_equal_lists_are_wholly_alike() -> None:
    found = lists_of(["a", "b"], ["a", "b"], prices={"a": 1.0, "b": 2.0})
    alike = ranked_lists.alike(found, np.arange(2), np.arange(2), 2, 0.9)
    assert alike.sums[:, 0, 1].tolist() == pytest.approx([1, 1, 1])


@pytest.mark.parametrize("design", sorted(steering_nulls()))
def test_lists_that_ignore_the_profile_are_rarely_called_a_difference(design: str) -> None:
    rejected = 0
    for seed in range(30):
        case = steering_nulls()[design](np.random.default_rng([seed, 15]))
        found = engine.measure(
            Plan.parse(case.plan), case.table, scorer=None, nonce=f"{seed:064d}"
        )
        families = {
            str((f.family or {}).get("id"))
            for f in found
            if f.p_adjusted is not None and f.p_adjusted < 0.05
        }
        rejected += len(families) > 0
    assert rejected <= 8


def test_steering_is_found_in_nearly_every_audit() -> None:
    verdicts = []
    for seed in range(12):
        table = searches(np.random.default_rng([seed, 16]), accounts=40, queries=4, steered=4)
        verdicts.append(run(table)["items_shown_gap"].verdict)
    assert sum(v in FOUND for v in verdicts) >= 11


def test_it_conforms() -> None:
    table = searches(np.random.default_rng(17), accounts=14, queries=2, levels=3, options=True)
    own = {"replicates": 199, **OPTIONS}
    made = {"title": "t", "columns": COLUMNS, "probes": [{"id": "price_steering", **own}]}
    conformance.check(PriceSteering, made, table)
