"""Simulated shops that do not look at loyalty: what loyalty_dose_response is calibrated on.

Regulars buy other goods at other moments and cost more or less to serve, and accounts sit in
sticky experiment buckets: all this moves prices, and none of it is loyalty.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from evaluators.probe import NullCase, NullDesign

BUCKET = 0.03
PLANTED = math.log1p(0.03)
TIERS = ("low", "middle", "high")


def loyalty_nulls() -> Mapping[str, NullDesign]:
    """Sticky buckets, few and uneven levels, costs that follow loyalty, an empty offer window."""
    return {
        "sticky_bucket": lambda rng: _case(rng, ["orders"]),
        "device_tier": lambda rng: _case(rng, ["tier"], order={"tier": list(TIERS)}),
        "costs_follow_loyalty": lambda rng: _case(rng, ["orders"], cost=["distance"]),
        "declared_window": lambda rng: _case(rng, ["tenure"], window=True),
    }


def loyalty_planted() -> Mapping[str, NullDesign]:
    """Repeat customers pay more."""
    return {
        "repeat_customers_pay_3_percent_more_160_accounts": lambda rng: _case(
            rng, ["orders"], effect=PLANTED
        ),
        "repeat_customers_pay_2_percent_more_160_accounts": lambda rng: _case(
            rng, ["orders"], effect=math.log1p(0.02)
        ),
    }


def shop(
    rng: np.random.Generator,
    *,
    accounts: int = 160,
    times: int = 3,
    effect: float = 0.0,
    offer: float = 0.0,
    costs: float = 0.0,
) -> pa.Table:
    """Quotes of a shop with a sticky bucket.

    Args:
        rng: its dice.
        accounts: how many.
        times: quotes per account, on average.
        effect: the log mark-up of accounts with more than the median of orders.
        offer: the log discount of accounts in their first month.
        costs: how strongly the distance, which is priced, follows the orders.
    """
    tenure = rng.exponential(12.0, accounts).round(1)
    orders = rng.poisson(1 + tenure)
    tier = rng.choice(3, accounts, p=[0.5, 0.3, 0.2])
    bucket = rng.random(accounts) < 0.5
    loyal = orders > np.median(orders)
    own = BUCKET * bucket + effect * loyal - offer * (tenure <= 1)
    own = own + 0.01 * rng.standard_normal(accounts)
    who = np.repeat(np.arange(accounts), 1 + rng.poisson(times - 1, accounts))
    item = rng.binomial(4, 0.3 + 0.3 * loyal[who])  # regulars buy other goods
    moment = rng.integers(0, 2, who.size)
    distance = rng.standard_normal(who.size) + costs * (orders[who] > 5)
    log = 0.3 * item + 0.05 * moment + own[who] + 0.02 * distance
    log = log + 0.01 * rng.standard_normal(who.size)
    return pa.table(
        {
            "price": 10 * np.exp(log),
            "account": who,
            "item": np.array([f"item {i}" for i in range(5)])[item],
            "moment": np.array(["am", "pm"])[moment],
            "tenure": tenure[who],
            "orders": orders[who],
            "tier": np.array(TIERS)[tier][who],
            "distance": distance,
            "bucket": np.where(bucket, "A", "B")[who],
        }
    )


def _case(
    rng: np.random.Generator,
    measures: list[str],
    *,
    order: Mapping[str, Any] | None = None,
    cost: list[str] | None = None,
    window: bool = False,
    effect: float = 0.0,
) -> NullCase:
    table = shop(rng, costs=1.0 if cost else 0.0, effect=effect)
    defences = [{"kind": "new_user_offer", "column": "tenure", "at_most": 3}] if window else []
    plan = {
        "title": "null",
        "columns": {"price": "price", "user": "account", "unit": "account", "item": "item",
                    "time": "moment", "profile": measures, "cost": cost or ["distance"]},
        "min_n": 20,
        "defences": defences,
        "probes": [{"id": "loyalty_dose_response", **({"order": order} if order else {})}],
    }  # fmt: skip
    truth = dict.fromkeys(("loyalty_gap", "loyalty_trend", "loyalty_gap_outside"), 0.0)
    return NullCase(plan, table, truth=truth)
