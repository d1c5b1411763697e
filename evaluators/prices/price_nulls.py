"""Simulated quotes on which the price probes should find nothing.

Prices differ by item, moment and cost, by user and by sticky experiment bucket, and never by the
attribute that is tested: what would fool a test that takes quotes for independent trials.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from evaluators.probe import NullCase, NullDesign

PLANTED = math.log1p(0.03)
BUCKET = 0.03  # a sticky A/B bucket quotes 3 % more to its accounts
ITEMS, MOMENTS = 5, 3


def account_nulls() -> Mapping[str, NullDesign]:
    """Services that sort accounts into sticky buckets without looking at the profile."""
    return {
        "sticky_bucket": lambda rng: _audit(rng, levels=2, paired=False),
        "three_profiles": lambda rng: _audit(rng, levels=3, paired=False),
        "matched_pairs": lambda rng: _audit(rng, levels=2, paired=True),
        # Twelve a side: of fewer nothing is said.
        "twelve_accounts": lambda rng: _audit(rng, levels=2, paired=False, accounts=24),
    }


def audit_table(
    rng: np.random.Generator, *, accounts: int = 40, levels: int = 2, effect: float = 0.0
) -> pa.Table:
    """Every account is quoted every item at every moment, by a service with a sticky bucket.

    Args:
        rng: its dice.
        accounts: how many.
        levels: how many profiles; accounts are dealt to them evenly and at random.
        effect: the log mark-up of the last profile.
    """
    dealt = (np.arange(accounts) % levels).reshape(-1, levels)
    profile = rng.permuted(dealt, axis=1).reshape(-1)  # one of each profile in every pair
    own = BUCKET * (rng.random(accounts) < 0.5) + effect * (profile == levels - 1)
    shape = (accounts, ITEMS, MOMENTS)
    log = (
        own[:, None, None]
        + 0.3 * np.arange(ITEMS)[None, :, None]
        + 0.02 * rng.standard_normal((1, ITEMS, MOMENTS))
        + 0.01 * rng.standard_normal(shape)
    )
    account, item, moment = (index.reshape(-1) for index in np.indices(shape))
    return pa.table(
        {
            "price": 10 * np.exp(log.reshape(-1)),
            "account": account,
            "item": np.array([f"item {i}" for i in range(ITEMS)])[item],
            "moment": np.array([f"day {t}" for t in range(MOMENTS)])[moment],
            "history": np.array(["new", "regular", "lapsed"])[profile][account],
            "pair": account // levels,
        }
    )


def accounts_planted() -> Mapping[str, NullDesign]:
    """Sticky buckets, and 3 % more for one of the profiles."""
    return {
        "one_profile_pays_3_percent_more_120_accounts": lambda rng: _audit(
            rng, levels=2, paired=False, accounts=120, effect=PLANTED
        ),
    }


def _audit(
    rng: np.random.Generator, *, levels: int, paired: bool, accounts: int = 42, effect: float = 0.0
) -> NullCase:
    table = audit_table(rng, accounts=accounts, levels=levels, effect=effect)
    options: dict[str, Any] = {"replicates": 999, **({"pair": "pair"} if paired else {})}
    plan = {
        "title": "null",
        "columns": {"price": "price", "user": "account", "unit": "account", "item": "item",
                    "time": "moment", "profile": ["history"]},
        "probes": [{"id": "price_counterfactual", **options}],
    }  # fmt: skip
    return NullCase(plan, table, truth={"log_ratio": effect})


def quote_nulls() -> Mapping[str, NullDesign]:
    """Quotes that depend on cost, item, moment and user, never on the attribute."""
    return {
        "clustered_groups": lambda rng: _quotes(rng, users=150, times=4, numeric=False),
        "clustered_number": lambda rng: _quotes(rng, users=150, times=4, numeric=True),
        "rows": lambda rng: _quotes(rng, users=400, times=1, numeric=False),
        "few_clusters": lambda rng: _quotes(rng, users=25, times=20, numeric=True),
    }


def quotes_planted() -> Mapping[str, NullDesign]:
    """Quotes to users with habits of their own, and 3 % more for one of the groups."""
    return {
        "regulars_pay_3_percent_more_300_users": lambda rng: _quotes(
            rng, users=300, times=4, numeric=False, effect=PLANTED
        ),
    }


def quote_table(
    rng: np.random.Generator, *, users: int, times: int, numeric: bool = False, effect: float = 0.0
) -> pa.Table:
    """Users with habits of their own are quoted some items at some moments.

    Args:
        rng: its dice.
        users: how many.
        times: quotes per user.
        numeric: whether the attribute is a number or one of two groups.
        effect: the log mark-up of the group, or per unit of the number.
    """
    user = np.repeat(np.arange(users), times)
    attribute = rng.random(users) ** 2 if numeric else (rng.random(users) < 0.4).astype(float)
    item, moment = rng.integers(0, ITEMS, user.size), rng.integers(0, MOMENTS, user.size)
    cost = rng.standard_normal(user.size)
    log = (
        0.3 * item
        + 0.05 * moment
        + 0.02 * cost
        + effect * attribute[user]
        + 0.03 * rng.standard_normal(users)[user]
        + 0.02 * rng.standard_normal(user.size)
    )
    column = attribute[user] if numeric else np.where(attribute == 1, "regular", "new")[user]
    return pa.table(
        {
            "price": 10 * np.exp(log),
            "account": user,
            "item": np.array([f"item {i}" for i in range(ITEMS)])[item],
            "moment": np.array([f"day {t}" for t in range(MOMENTS)])[moment],
            "cost": cost,
            "attribute": column,
        }
    )


def _quotes(
    rng: np.random.Generator, *, users: int, times: int, numeric: bool, effect: float = 0.0
) -> NullCase:
    table = quote_table(rng, users=users, times=times, numeric=numeric, effect=effect)
    own = {"user": "account", "unit": "account"} if times > 1 else {}
    plan = {
        "title": "null",
        "columns": {"price": "price", "item": "item", "time": "moment", "cost": ["cost"],
                    "profile": ["attribute"], **own},
        "min_n": 20,
        "probes": [{"id": "price_observational"}],
    }  # fmt: skip
    return NullCase(plan, table, truth={"log_ratio": effect})
