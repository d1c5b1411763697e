"""price_counterfactual on models with a known rule, and on quotes to accounts."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from evaluators.plan import Plan
from evaluators.prices.loyalty_nulls import shop
from evaluators.prices.price_nulls import audit_table
from evaluators.prices.price_spread import describe, hodges_lehmann, pairs_needed
from evaluators.running import engine
from evaluators.running.engine import Outcome
from evaluators.running.recompute import recompute
from registry.findings import Finding, Verdict

Floats = npt.NDArray[np.float64]


class Rule:
    """A pricing model written down as a formula."""

    provenance: Mapping[str, Any] = {}

    def __init__(self, quote: Callable[[dict[str, Floats]], Floats]) -> None:
        self.quote = quote

    def score(self, frames: Sequence[pa.Table]) -> list[Floats]:
        return [
            self.quote({name: np.array(f[name].to_pylist()) for name in f.column_names})
            for f in frames
        ]


def customers(n: int = 400) -> pa.Table:
    rng = np.random.default_rng(0)
    return pa.table(
        {
            "cost": rng.uniform(5, 10, n),
            "orders": rng.integers(0, 50, n),
            "phone": rng.choice(["old", "new"], n, p=[0.3, 0.7]),
            "sex": rng.choice(["f", "m"], n),
        }
    )


def run(
    scorer: Rule | None, table: pa.Table, *, inputs: Sequence[str] = ("cost", "orders", "phone"),
    shards: int = 1, **options: Any,
) -> Outcome:  # fmt: skip
    plan = Plan.parse(
        {
            "title": "quotes",
            "columns": {
                "inputs": list(inputs),
                "profile": ["orders", "phone"],
                "cost": ["cost"],
                "sensitive": ["sex"],
            },
            "probes": [{"id": "price_counterfactual", **options}],
        }
    )
    return engine.run(plan, table, scorer=scorer, nonce="n" * 64, shards=shards)


def pick(outcome: Outcome, metric: str, attribute: str | None = None) -> Finding:
    found = [
        f for f in outcome.findings
        if f.metric == metric and (attribute is None or attribute in f.slice)
    ]  # fmt: skip
    assert found, [f.metric for f in outcome.findings]
    return found[-1]


def fair(x: dict[str, Floats]) -> Floats:
    return 2 * x["cost"]


def three_for_regulars(x: dict[str, Floats]) -> Floats:
    return 2 * x["cost"] * np.where(x["orders"] > 20, 1.03, 1.0)


def test_a_price_that_ignores_the_person_is_clean() -> None:
    outcome = run(Rule(fair), customers(1400))
    assert {f.verdict for f in outcome.findings} == {Verdict.EQUIVALENT}
    assert pick(outcome, "clean_bill").verdict is Verdict.EQUIVALENT


def test_too_few_rows_give_no_clean_bill_and_say_how_many_are_needed() -> None:
    bill = pick(run(Rule(fair), customers(100)), "clean_bill")
    assert bill.verdict is Verdict.INCONCLUSIVE
    assert "299" in bill.reading["en"]
    assert pairs_needed() == 299


def test_the_same_profiles_written_again_are_no_clean_bill() -> None:
    """30 profiles were inconclusive, and the same 30 rows twenty times were shown to be small."""
    once = customers(40)
    bill = pick(run(Rule(fair), pa.concat_tables([once] * 40)), "clean_bill")
    assert once.num_rows * 40 > pairs_needed()
    assert bill.verdict is Verdict.INCONCLUSIVE
    # The fewest are those of one sex, and the sentence says that of no more than one group.
    fewest = min(once["sex"].to_pylist().count(sex) for sex in "fm")
    assert fewest < 40
    assert (
        f"All rows, or those of one group, are of only {fewest} different units"
        in bill.reading["en"]
    )
    assert f"全部的行，或其中某一组的行，只来自 {fewest} 个不同的对象" in bill.reading["zh"]


def test_a_registered_group_too_small_for_its_own_bound_withholds_the_clean_bill() -> None:
    bill = pick(run(Rule(fair), customers(500)), "clean_bill")
    assert bill.details["more"]["share_bounded"] is False
    assert bill.verdict is Verdict.INCONCLUSIVE


def test_three_percent_for_regulars_is_found_exactly() -> None:
    found = pick(run(Rule(three_for_regulars), customers()), "price_gap", "orders")
    assert found.effect["value"] == pytest.approx(np.log(1.03))
    assert found.verdict is Verdict.DISPARITY
    assert found.severity == "alert"
    assert found.p_value is None
    assert found.details["spread"]["dearer"] == 1.0
    assert "p90" in str(found.group)


def test_eight_percent_is_serious_and_the_bundle_and_factors_show_it() -> None:
    rule = Rule(lambda x: x["cost"] * np.where(x["phone"] == "new", 1.08, 1.0))
    outcome = run(
        rule,
        customers(),
        bundles=[
            {
                "name": "rich",
                "profile": {"phone": "new", "orders": 40},
                "against": {"phone": "old", "orders": 0},
            }
        ],
    )
    assert pick(outcome, "bundle_gap").effect["value"] == pytest.approx(np.log(1.08))
    assert pick(outcome, "bundle_gap").severity == "serious"
    assert pick(outcome, "main_effect", "orders").effect["value"] == pytest.approx(0)
    assert abs(pick(outcome, "main_effect", "phone").effect["value"]) == pytest.approx(
        np.log(1.08)
    )
    assert pick(outcome, "pair_effect").effect["value"] == pytest.approx(0)


def test_a_price_for_the_pair_only_is_an_interaction() -> None:
    rule = Rule(
        lambda x: x["cost"] * np.where((x["phone"] == "new") & (x["orders"] > 20), 1.04, 1.0)
    )
    found = pick(run(rule, customers(), reference={"phone": "old"}), "pair_effect")
    assert found.effect["value"] == pytest.approx(np.log(1.04))


def test_prices_scattered_by_ten_percent_are_no_clean_bill_though_the_mean_is_zero() -> None:
    def scattered(x: dict[str, Floats]) -> Floats:
        return x["cost"] * np.where(
            (x["orders"] + np.floor(x["cost"] * 1e6)) % 2 < 1, 1.1, 1 / 1.1
        )

    outcome = run(Rule(scattered), customers(), levels={"orders": [10, 21]}, features=["orders"])
    gap = pick(outcome, "price_gap", "orders")
    assert gap.details["spread"]["beyond"] == 1.0
    assert gap.verdict is not Verdict.EQUIVALENT
    assert pick(outcome, "price_range", "orders").verdict is Verdict.DIFFERENCE
    assert pick(outcome, "clean_bill").verdict is not Verdict.EQUIVALENT


def test_the_range_names_the_two_values_furthest_apart_and_can_be_false() -> None:
    """Stranger, issue 7/14: "100 % dearer, 0 % cheaper" of each row's dearest against its cheapest."""
    levels, features = {"orders": [10, 20, 30]}, ["orders"]

    def either_way(x: dict[str, Floats]) -> Floats:
        up = np.where(np.floor(x["cost"] * 1e6) % 2 < 1, 1, -1) * np.where(x["orders"] > 15, 1, 0)
        return x["cost"] * 1.03**up

    outcome = run(Rule(either_way), customers(), levels=levels, features=features)
    none = pick(outcome, "price_range", "orders")
    assert none.verdict is Verdict.DIFFERENCE, (
        "every row has a dearest quote: that alone is no finding"
    )
    assert none.details["more"]["mean_ratio"] == pytest.approx(1.03, abs=1e-3)
    assert "described only and held against no line" in none.reading["en"]
    assert "不和界线比" in none.reading["zh"]

    steps = Rule(
        lambda x: x["cost"] * np.select([x["orders"] < 15, x["orders"] < 25], [1.0, 1.015], 0.985)
    )
    outcome = run(steps, customers(), levels=levels, features=features)
    gaps = [f for f in outcome.findings if f.metric == "price_gap"]
    assert {f.verdict for f in gaps} == {Verdict.DIFFERENCE}, "each change is under the line"
    found = pick(outcome, "price_range", "orders")
    assert (found.group, found.reference_group) == ("20", "30")
    assert found.effect["value"] == pytest.approx(np.log(1.015 / 0.985))
    assert found.verdict is Verdict.DISPARITY
    assert "highest on average for 20 and lowest for 30" in found.reading["en"]
    assert "平均最贵的是 20，最便宜的是 30" in found.reading["zh"]


def test_a_feature_that_is_no_input_is_not_evaluable_and_said_so() -> None:
    outcome = run(Rule(fair), customers(), inputs=("cost", "orders"))
    found = pick(outcome, "price_gap", "phone")
    assert found.verdict is Verdict.NOT_EVALUABLE
    assert "phone" in found.reading["zh"]


def test_the_range_is_listed_item_by_item() -> None:
    table = customers().append_column("good", pa.array(["tea", "rice"] * 200))
    plan = Plan.parse(
        {
            "title": "quotes",
            "columns": {"inputs": ["cost", "phone", "good"], "profile": ["phone"], "item": "good"},
            "probes": [{"id": "price_counterfactual"}],
        }
    )
    rule = Rule(
        lambda x: x["cost"] * np.where((x["phone"] == "new") & (x["good"] == "tea"), 1.1, 1)
    )
    found = pick(engine.run(plan, table, scorer=rule, nonce="n" * 64), "price_range")
    tea, rice = found.details["more"]["items"]
    assert (tea["item"], rice["item"]) == ("tea", "rice")
    assert tea["mean_ratio"] == pytest.approx(1.1)
    assert rice["largest_ratio"] == pytest.approx(1.0)


def test_a_bundle_that_would_change_a_cost_is_refused_and_said_so() -> None:
    bundle = {"name": "far", "profile": {"cost": 9.0}, "against": {"cost": 5.0}}
    found = pick(run(Rule(fair), customers(), bundles=[bundle]), "bundle_gap")
    assert found.verdict is Verdict.NOT_EVALUABLE
    assert "far" in found.reading["zh"]


def test_a_model_that_answers_at_random_is_not_evaluable() -> None:
    rng = np.random.default_rng(5)
    outcome = run(Rule(lambda x: x["cost"] * rng.uniform(0.9, 1.1, len(x["cost"]))), customers())
    assert {f.verdict for f in outcome.findings} == {Verdict.NOT_EVALUABLE}


def test_a_price_that_depends_on_the_batch_is_not_evaluable() -> None:
    outcome = run(Rule(lambda x: x["cost"] * (1 + 0.0001 * len(x["cost"]))), customers())
    assert {f.verdict for f in outcome.findings} == {Verdict.NOT_EVALUABLE}


def test_a_price_of_zero_is_not_evaluable() -> None:
    outcome = run(Rule(lambda x: np.maximum(x["cost"] - 6, 0)), customers())
    assert {f.verdict for f in outcome.findings} == {Verdict.NOT_EVALUABLE}


@pytest.mark.parametrize("shards", [2, 7])
def test_shards_and_order_leave_the_findings_alone(shards: int) -> None:
    table = customers()
    shuffled = table.take(np.random.default_rng(1).permutation(table.num_rows))
    whole = run(Rule(three_for_regulars), table)
    again = run(Rule(three_for_regulars), shuffled, shards=shards)
    assert whole.findings_digest == again.findings_digest


def test_a_reader_can_compute_every_model_finding_again_from_the_public_evidence() -> None:
    plan = Plan.parse(
        {
            "title": "quotes",
            "columns": {
                "inputs": ["cost", "orders", "phone"],
                "profile": ["orders", "phone"],
                "cost": ["cost"],
                "sensitive": ["sex"],
            },
            "probes": [{"id": "price_counterfactual", "sample": 300}],
        }
    )
    outcome = engine.run(plan, customers(), scorer=Rule(three_for_regulars), nonce="n" * 64)
    predicate: dict[str, Any] = {
        "plan": {"content": plan.as_json()},
        "nonce": "n" * 64,
        "findings": [finding.as_json() for finding in outcome.findings],
        "evidence": {"public": {"content": outcome.public_evidence}},
    }
    found = recompute(predicate)
    assert not found.mismatched
    assert not found.signature_only
    assert all("verdict" in entry["numbers"] for entry in found.recomputed)
    first = predicate["findings"][0]
    first["effect"] = {**first["effect"], "value": 0.5}
    assert recompute(predicate).mismatched


def test_the_budget_covers_what_is_asked() -> None:
    outcome = run(Rule(fair), customers())
    plan = Plan.parse(
        {
            "title": "quotes",
            "columns": {"inputs": ["cost", "orders", "phone"], "profile": ["orders", "phone"]},
            "probes": [{"id": "price_counterfactual"}],
        }
    )
    assert outcome.predictions <= engine.predictions_needed(plan, 400)


def test_the_hodges_lehmann_shift_is_the_median_of_pairwise_means() -> None:
    assert hodges_lehmann(np.array([1.0, 2.0, 6.0])) == pytest.approx(2.75)


def test_shares_are_counted_by_hand() -> None:
    found = describe(np.log(np.array([1.0, 1.005, 1.05, 0.95])))
    assert found is not None
    assert (found.different, found.dearer, found.cheaper, found.beyond) == (0.75, 0.5, 0.25, 0.5)


ACCOUNTS = {
    "price": "price",
    "user": "account",
    "unit": "account",
    "item": "item",
    "time": "hour",
    "profile": ["history"],
}


def service(
    seed: int,
    *,
    accounts: int = 60,
    effect: float = 0.0,
    bucket: float = 0.03,
    noise: float = 0.01,
) -> pa.Table:
    """Accounts are quoted six items at four moments; half of them sit in a sticky dearer bucket."""
    rng = np.random.default_rng(seed)
    regular = rng.permutation(np.repeat([0, 1], accounts // 2))
    sticky = bucket * (rng.random(accounts) < 0.5)
    account, item, hour = (
        a.ravel()
        for a in np.meshgrid(np.arange(accounts), np.arange(6), np.arange(4), indexing="ij")
    )
    price = 10 * np.exp(
        0.2 * item
        + 0.05 * hour
        + sticky[account]
        + effect * regular[account]
        + noise * rng.normal(size=len(account))
    )
    return pa.table(
        {
            "price": price,
            "account": [f"a{i}" for i in account],
            "item": [f"i{i}" for i in item],
            "hour": [f"h{i}" for i in hour],
            "history": np.where(regular == 1, "regular", "new")[account],
            "pair": [f"p{i}" for i in account // 2],
        }
    )


def audit(table: pa.Table, *, nonce: str = "n" * 64, **options: Any) -> Outcome:
    plan = Plan.parse(
        {
            "title": "accounts",
            "columns": ACCOUNTS,
            "probes": [{"id": "price_counterfactual", "reference": {"history": "new"}, **options}],
        }
    )
    return engine.run(plan, table, scorer=None, nonce=nonce)


def test_a_planted_effect_on_accounts_is_found_with_its_size() -> None:
    found = pick(audit(service(1, effect=0.08, bucket=0.0)), "price_gap")
    assert found.effect["value"] == pytest.approx(0.08, abs=0.004)
    assert found.verdict is Verdict.DISPARITY
    assert found.severity == "serious"


def test_a_sticky_bucket_without_personalisation_is_no_disparity() -> None:
    assert pick(audit(service(2)), "price_gap").verdict in {
        Verdict.INCONCLUSIVE,
        Verdict.EQUIVALENT,
    }


def test_few_accounts_cannot_give_a_small_p_and_the_report_says_so() -> None:
    table = audit_table(np.random.default_rng(3), accounts=20, effect=0.2)
    found = pick(audit(table.rename_columns({"moment": "hour"}), pair="pair"), "price_gap")
    assert found.p_value is not None
    assert found.p_value > 0.0005
    assert "never below .0005" in found.limit["en"]


def test_matched_pairs_are_flipped_whole() -> None:
    table = service(4, accounts=40, effect=0.03, bucket=0.0)
    rng = np.random.default_rng(0)
    first = rng.random(20) < 0.5
    account = np.array([int(a[1:]) for a in table["account"].to_pylist()])
    regular = (account % 2 == 0) == first[account // 2]
    history = np.where(regular, "regular", "new")
    price = np.where(regular, 10.3, 10.0) * np.exp(rng.normal(0, 0.005, len(account)))
    table = table.set_column(4, "history", pa.array(history)).set_column(
        0, "price", pa.array(price)
    )
    found = pick(audit(table, pair="pair"), "price_gap")
    assert found.test is not None
    assert found.test["name"] == "pairs flipped"
    assert found.effect["value"] == pytest.approx(np.log(1.03), abs=0.003)
    assert found.verdict in {Verdict.DISPARITY, Verdict.DIFFERENCE}


def test_no_common_cell_is_not_evaluable() -> None:
    table = service(5)
    table = table.set_column(2, "item", table["history"])
    found = pick(audit(table), "price_gap")
    assert found.verdict is Verdict.NOT_EVALUABLE


def with_groups(table: pa.Table, *, dearer: float = 0.0) -> pa.Table:
    """Half the accounts are of each sex; regulars of one sex may pay more, of the other less."""
    account = np.array([int(a[1:]) for a in table["account"].to_pylist()])
    sex = np.where(account % 2 == 0, "f", "m")
    regular = np.array(table["history"].to_pylist()) == "regular"
    price = table["price"].to_numpy() * np.exp(dearer * regular * np.where(sex == "f", 1, -1))
    return table.set_column(0, "price", pa.array(price)).append_column("sex", pa.array(sex))


def test_the_clean_bill_of_accounts_asks_the_same_of_every_registered_group() -> None:
    columns = {**ACCOUNTS, "sensitive": ["sex"]}
    probes = [{"id": "price_counterfactual", "reference": {"history": "new"}, "replicates": 199}]
    plan = Plan.parse({"title": "accounts", "columns": columns, "probes": probes})
    for dearer, within in ((0.0, True), (0.02, False)):
        quoted = service(6, accounts=1300, bucket=0.0, noise=0.001)
        once = quoted.filter(pa.array(np.array(quoted["hour"].to_pylist()) == "h0"))
        table = with_groups(once, dearer=dearer)
        outcome = engine.run(plan, table, scorer=None, nonce="n" * 64)
        gap, bill = pick(outcome, "price_gap"), pick(outcome, "clean_bill")
        assert set(gap.details["groups"]) == {"sex=f", "sex=m"}
        assert bill.details["more"]["means_within"] is within
        assert (bill.verdict is Verdict.EQUIVALENT) is within


def test_quotes_to_accounts_have_a_range_item_by_item() -> None:
    found = pick(audit(service(7, effect=0.05, bucket=0.0, noise=0.0)), "price_gap")
    ratios = [item["largest_ratio"] for item in found.details["more"]["items"]]
    assert ratios == pytest.approx([np.exp(0.05)] * 6)


def test_reasons_are_tested_on_accounts_and_leave_the_numbers_alone() -> None:
    table = service(8, effect=0.06, bucket=0.0)
    arm = pa.array(["A" if h == "new" else "B" for h in table["history"].to_pylist()])
    table = table.append_column("arm", arm)
    plan = {
        "title": "accounts", "columns": ACCOUNTS,
        "probes": [{"id": "price_counterfactual", "reference": {"history": "new"}}],
    }  # fmt: skip
    bare = engine.run(Plan.parse(plan), table, scorer=None, nonce="n" * 64)
    declared = {**plan, "defences": [{"kind": "random_experiment", "column": "arm"}]}
    found = engine.run(Plan.parse(declared), table, scorer=None, nonce="n" * 64)
    assert pick(found, "price_gap").effect == pick(bare, "price_gap").effect
    assert "随机试验" in pick(found, "price_gap").reading["zh"]
    assert pick(found, "defence_random_experiment").verdict is Verdict.DIFFERENCE


def declared(rule: Rule, *defences: dict[str, Any]) -> Outcome:
    plan = {
        "title": "quotes",
        "columns": {
            "inputs": ["cost", "orders", "phone"],
            "profile": ["orders"],
            "cost": ["cost"],
        },
        "defences": list(defences),
        "probes": [{"id": "price_counterfactual", "levels": {"orders": [0, 5, 20, 40]}}],
    }
    return engine.run(Plan.parse(plan), customers(), scorer=rule, nonce="n" * 64)


OFFER = {"kind": "new_user_offer", "column": "orders", "at_most": 0}


def test_an_offer_to_new_users_by_a_model_is_measured_and_read_as_declared() -> None:
    outcome = declared(Rule(lambda x: x["cost"] * np.where(x["orders"] <= 0, 0.8, 1.0)), OFFER)
    gap = pick(outcome, "price_gap", "orders")
    assert gap.verdict is Verdict.DISPARITY
    assert gap.effect["value"] == pytest.approx(-np.log(0.8))
    assert "按声明的理由" in gap.reading["zh"]
    assert pick(outcome, "defence_new_user_offer").verdict is Verdict.EQUIVALENT


def test_what_regulars_pay_outside_the_window_is_not_explained_by_an_offer() -> None:
    rule = Rule(lambda x: x["cost"] * np.where(x["orders"] <= 0, 0.8, 1.0 + 0.001 * x["orders"]))
    outcome = declared(
        rule, OFFER, {"kind": "cost_drivers", "columns": ["cost"]}, {"kind": "disclosure"}
    )
    left = pick(outcome, "defence_new_user_offer")
    assert left.verdict is Verdict.DIFFERENCE
    assert left.effect["value"] == pytest.approx(np.log(1.04 / 1.005))
    assert pick(outcome, "defence_cost_drivers").verdict is Verdict.DIFFERENCE
    assert pick(outcome, "defence_disclosure").verdict is Verdict.NOT_EVALUABLE


def test_profiles_that_saw_unlike_goods_are_compared_at_full_size() -> None:
    """Where a cell is mostly regulars its mean moves with them; the difference must not shrink."""
    table = shop(np.random.default_rng(11), accounts=600, effect=0.05)
    orders = table["orders"].to_numpy()
    first = np.unique(table["account"].to_numpy(), return_index=True)[1]
    kind = np.where(orders > np.median(orders[first]), "regular", "new")
    columns = {"price": "price", "user": "account", "item": "item", "profile": ["history"]}
    plan = {"title": "t", "columns": columns,
            "probes": [{"id": "price_counterfactual", "reference": {"history": "new"}, "replicates": 499}]}  # fmt: skip
    outcome = engine.run(
        Plan.parse(plan), table.append_column("history", pa.array(kind)), scorer=None, nonce="n" * 64
    )  # fmt: skip
    found = pick(outcome, "price_gap")
    assert found.effect["value"] == pytest.approx(0.05, abs=0.008)
    assert found.ci["low"] < 0.05 < found.ci["high"]  # type: ignore[index]
    sizes = [item["log_ratio"] for item in found.details["more"]["items"]]
    assert all(size == pytest.approx(0.05, abs=0.03) for size in sizes)


def test_one_change_has_one_figure_in_every_sentence() -> None:
    """Issue 7, F7a/1b: 8.0 % lower by one sentence was 8.7 % by the next."""
    cheaper = Rule(lambda x: x["cost"] * np.where(x["phone"] == "old", 0.92, 1.0))
    outcome = run(cheaper, customers(1400), inputs=("cost", "phone"))
    gap, bill = pick(outcome, "price_gap", "phone"), pick(outcome, "clean_bill")
    size = "8.0% lower" if "8.0% lower" in gap.reading["en"] else "8.7% higher"
    assert size in gap.reading["en"]
    assert f"The largest mean difference of any change: the price is {size}" in bill.reading["en"]
    other = {"8.0% lower": "8.7%", "8.7% higher": "8.0%"}[size]
    assert other not in bill.reading["en"]
