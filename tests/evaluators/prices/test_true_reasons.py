"""Why a price is not called small, and why no p-value can be: the cause named is the one there is."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from evaluators.prices import price_readings
from evaluators.prices.price_spread import describe
from evaluators.prices.steering_nulls import searches
from evaluators.running import engine, planning
from registry.findings import Finding, Verdict
from tests.evaluators.decision_data import Reading, column

ROWS = 600


def _asked(odd: int) -> dict[str, Finding]:
    """A model of prices that doubles those of so many of 600 rows when the tier is high."""
    rng = np.random.default_rng(0)
    table = pa.table({
        "weight": rng.uniform(1, 5, ROWS), "row": np.arange(ROWS, dtype=float),
        "tier": np.where(np.arange(ROWS) % 3 == 0, "hi", "lo"),
    })  # fmt: skip

    def priced(frame: Any) -> npt.NDArray[np.float64]:
        high = np.array(column(frame, "tier")) == "hi"
        dear = high & (np.array(column(frame, "row")) < odd)
        return 10 * np.array(column(frame, "weight")) * np.where(dear, 2.0, 1.0)

    plan = planning.parse({
        "title": "t", "columns": {"inputs": ["weight", "row", "tier"], "profile": ["tier"]},
        "probes": [{"id": "price_counterfactual"}],
    })  # fmt: skip
    found = engine.measure(plan, table, scorer=Reading(priced), nonce="n" * 64)
    return {f.metric: f for f in found}


def test_what_two_of_six_hundred_rows_show_is_neither_nothing_nor_too_few_rows() -> None:
    """Stranger F7e/M4: +100 % for 2 of 600 rows was "no difference … too few rows (at least 299)"."""
    bill = _asked(2)["clean_bill"]
    assert bill.verdict is Verdict.INCONCLUSIVE
    assert "Of 600 rows 2 differ by more than 1.0%" in bill.reading["en"]
    assert "600 个行里有 2 个" not in bill.reading["zh"]
    assert "600 行里有 2 行相差超过 1.0%" in bill.reading["zh"]
    for lie in ("No difference", "too few", "没有看到", "数不够"):
        assert lie not in bill.reading["en"] + bill.reading["zh"]
    assert "1.05%" in bill.reading["en"], "the bound is told apart from the 1 % allowed"
    assert "1.05%" in bill.reading["zh"]


def _ratios(n: int, odd: int) -> npt.NDArray[np.float64]:
    return np.where(np.arange(n) < odd, np.log(2), 0.0)


@pytest.mark.parametrize(
    ("n", "odd", "en", "zh"),
    [
        (100, 0, "too few rows to call it small", "行数不够"),
        (600, 2, "Of 600 rows 2 differ", "600 行里有 2 行相差"),
        (600, 12, "more rows than the 1.0% allowed differ", "多于规定的 1.0%"),
        (5000, 1, "not every mean difference", "没有证明每一项平均差异"),
    ],
)
def test_one_rule_says_why_nothing_is_called_small(n: int, odd: int, en: str, zh: str) -> None:
    spread = describe(_ratios(n, odd))
    said = price_readings.clean_bill(
        spread, 0.0, Verdict.INCONCLUSIVE, None, needed=299, of=price_readings.ROWS
    )
    assert en in said.en
    assert zh in said.zh


def test_a_range_of_equal_prices_names_no_dearest_value() -> None:
    """Stranger F7e/m4."""
    said = price_readings.model_gap(
        "price_range", {"tier": "hi"}, "hi", "lo", spread=describe(np.zeros(9)), aa=0.0,
        verdict=Verdict.INCONCLUSIVE, problem=None, plan=_plan(), within=1.0,
    )  # fmt: skip
    assert "最贵的是" not in said.zh
    assert "highest on average" not in said.en
    assert "各个取值的平均价格都相同" in said.zh
    assert "the same on average for every value" in said.en


def _plan() -> Any:
    return planning.parse({
        "title": "t", "columns": {"inputs": ["tier"], "profile": ["tier"]},
        "probes": [{"id": "price_counterfactual"}],
    })  # fmt: skip


def _limit(accounts: int, replicates: int) -> dict[str, str]:
    columns = {
        "query": "query", "rank": "rank", "item": "item", "price": "price", "user": "account",
        "profile": ["history"],
    }  # fmt: skip
    plan = planning.parse({"title": "t", "columns": columns,
                           "probes": [{"id": "price_steering", "replicates": replicates}]})  # fmt: skip
    table = searches(np.random.default_rng(3), accounts=accounts, queries=3)
    found = engine.measure(plan, table, scorer=None, nonce="0" * 64)
    return dict(next(f for f in found if f.metric == "exposed_price_gap").limit)


def test_few_shuffles_are_not_called_few_accounts() -> None:
    """Stranger F7e/m1: 80 accounts and 999 shuffles were "too few accounts"."""
    shuffled = _limit(80, 999)
    assert "Too few accounts" not in shuffled["en"]
    assert "账号太少" not in shuffled["zh"]
    assert "shuffled 999 times" in shuffled["en"]
    assert "打乱的次数（replicates）是 999" in shuffled["zh"]
    few = _limit(8, 1999)
    assert "Too few accounts" in few["en"]
    assert "账号太少" in few["zh"]
    assert ".0005" not in _limit(80, 1999)["en"]


def test_the_published_number_of_units_is_that_of_accounts() -> None:
    """Stranger F7e/M3: 480 rows of 80 accounts were published as 480 units."""
    user = np.repeat(np.arange(160), 6)
    table = pa.table({
        "user": [f"u{n}" for n in user], "tenure": np.where(user % 2, "old", "new"),
        "item": [f"i{n}" for n in np.tile(np.arange(6), 160)],
        "price": 10 * np.exp(np.random.default_rng(1).normal(0, 0.01, len(user))),
    })  # fmt: skip
    plan = planning.parse({
        "title": "t",
        "columns": {"price": "price", "item": "item", "user": "user", "profile": ["tenure"]},
        "probes": [{"id": "price_observational"}],
    })  # fmt: skip
    outcome = engine.run(plan, table, scorer=None, nonce="0" * 64)
    made = next(t for _, t in outcome.evidence.shown if t.name == "price_observational:tenure")
    assert dict(made.rows) == {("new",): (480, 80), ("old",): (480, 80)}
