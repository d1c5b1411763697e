"""Simulated shops whose lists vary by account and by bucket, never by the profile tested."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from evaluators.probe import NullCase, NullDesign

GOODS, SHOWN = 12, 6
PLANTED = math.log1p(0.03)
STEERED = 1.0  # makes the price shown, weighted by rank, about 5 % higher


def steering_nulls() -> Mapping[str, NullDesign]:
    """Sticky buckets of dear-first lists, three profiles, few accounts, and two options."""
    return {
        "sticky_bucket": lambda rng: _case(rng, accounts=40),
        "three_profiles": lambda rng: _case(rng, accounts=36, levels=3),
        "twelve_accounts": lambda rng: _case(rng, accounts=24),  # a side: of fewer nothing is said
        "two_options": lambda rng: _case(rng, accounts=24, options=True),
    }


def steering_planted() -> Mapping[str, NullDesign]:
    """Dearer goods come first for one profile; the same goods are dearer for it."""
    return {
        "dear_goods_first_5_percent_dearer_60_accounts": lambda rng: _case(
            rng, accounts=60, steered=STEERED
        ),
        "same_goods_3_percent_dearer_40_accounts": lambda rng: _case(
            rng, accounts=40, dearer=PLANTED
        ),
    }


def searches(
    rng: np.random.Generator,
    *,
    accounts: int = 24,
    queries: int = 3,
    levels: int = 2,
    steered: float = 0.0,
    dearer: float = 0.0,
    options: bool = False,
    swayed: float = 0.0,
) -> pa.Table:
    """Lists of goods shown to accounts.

    Args:
        rng: its dice.
        accounts: how many; dealt to profiles evenly and at random.
        queries: how many each account asks.
        levels: how many profiles.
        steered: how strongly dear goods come first for the last profile.
        dearer: the log mark-up of the same goods for the last profile.
        options: whether every query is also asked again, and without personalisation.
        swayed: how strongly dear goods come first in personalised lists.
    """
    profile = rng.permuted(np.arange(accounts) % levels)
    bucket = rng.random(accounts) < 0.5
    prices = 3 + rng.gamma(4.0, 1.0, (queries, GOODS))
    variants = ("yes", "again", "no") if options else ("yes",)
    rows: dict[str, list[Any]] = {name: [] for name in ("account", "query", "rank", "item", "price", "option", "history")}  # fmt: skip
    for account in range(accounts):
        last = profile[account] == levels - 1
        for query in range(queries):
            cost = np.log(prices[query])
            for variant in variants:
                pull = 0.5 * bucket[account] + steered * last + swayed * (variant != "no")
                order = np.argsort(-(pull * cost + rng.gumbel(size=GOODS)))[:SHOWN]
                own = cost[order] + dearer * last + 0.01 * rng.standard_normal(SHOWN)
                rows["account"] += [account] * SHOWN
                rows["query"] += [f"query {query}"] * SHOWN
                rows["rank"] += range(1, SHOWN + 1)
                rows["item"] += [f"good {g}" for g in order]
                rows["price"] += np.exp(own).tolist()
                rows["option"] += [variant] * SHOWN
                rows["history"] += [("new", "regular", "lapsed")[profile[account]]] * SHOWN
    return pa.table(rows)


def _case(rng: np.random.Generator, *, options: bool = False, **shop: Any) -> NullCase:
    table = searches(rng, options=options, **shop)
    own: dict[str, Any] = {"replicates": 199}
    if options:
        own |= {"variant": "option", "non_personalised": "no", "twin": "again"}
    plan = {
        "title": "null",
        "columns": {"query": "query", "rank": "rank", "item": "item", "price": "price",
                    "user": "account", "unit": "account", "profile": ["history"]},
        "probes": [{"id": "price_steering", **own}],
    }  # fmt: skip
    truth = {
        f"{name}_gap": 0.0 for name in ("exposed_price", "items_shown", "same_item", "price_ndcg")
    }
    return NullCase(plan, table, truth=truth)
