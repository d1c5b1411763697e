"""Simulated shops whose offers and fees do not look at the attribute tested."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from evaluators.probe import NullCase, NullDesign

PLANTED = math.log1p(0.03)


def offer_nulls() -> Mapping[str, NullDesign]:
    """Sticky coupons, one row per account, rare offers, three ordered levels."""
    return {
        "sticky_coupons": lambda rng: _case(rng, stickiness=0.5),
        "always_or_never": lambda rng: _case(rng, stickiness=0.02),
        "rows": lambda rng: _case(rng, times=1),
        "rare_offers": lambda rng: _case(rng, rate=0.06, accounts=300),
        "levels": lambda rng: _case(rng, attribute="orders", accounts=240),
    }


def offer_planted() -> Mapping[str, NullDesign]:
    """Regulars get half as many coupons; regulars see list prices 3 % higher."""
    return {
        "regulars_get_half_the_coupons_300_accounts": lambda rng: _case(
            rng, accounts=300, fewer=0.5
        ),
        "list_price_3_percent_higher_300_accounts": lambda rng: _case(
            rng, accounts=300, dearer=PLANTED
        ),
    }


def offers(
    rng: np.random.Generator,
    *,
    accounts: int = 160,
    times: int = 4,
    rate: float = 0.4,
    stickiness: float = 0.5,
    fewer: float = 1.0,
    dearer: float = 0.0,
    mix: float = 0.0,
) -> pa.Table:
    """Quotes with a coupon, a stock mark and a delivery fee.

    Args:
        rng: its dice.
        accounts: how many.
        times: rows per account, on average.
        rate: how often there is a coupon.
        stickiness: the smaller, the more an account gets a coupon always or never.
        fewer: by what the rate of regulars is multiplied.
        dearer: the log mark-up of the list price of regulars.
        mix: how much more often regulars choose the dearer goods.
    """
    regular = rng.random(accounts) < 0.4
    rates = np.minimum(1.0, rate * np.where(regular, fewer, 1.0))
    own = rng.beta(stickiness * rates + 1e-9, stickiness * (1 - rates) + 1e-9)
    own = np.clip(np.nan_to_num(own, nan=rate), 0.0, 1.0)
    count = 1 + rng.poisson(times - 1, accounts) if times > 1 else np.ones(accounts, dtype=int)
    who = np.repeat(np.arange(accounts), count)
    item = rng.binomial(2, 0.3 + mix * regular[who])
    listed = 10 * np.exp(0.3 * item + dearer * regular[who] + 0.02 * rng.standard_normal(who.size))
    coupon = np.where(rng.random(who.size) < own[who], 0.1 * listed, 0.0)
    fee = np.where(rng.random(who.size) < 0.5, 1.0, 0.0)
    return pa.table(
        {
            "account": who,
            "item": np.array(["tea", "rice", "oil"])[item],
            "list": listed,
            "coupon": coupon,
            "delivery": fee,
            "stock": np.where(rng.random(who.size) < 0.9, "yes", "no"),
            "price": listed - coupon + fee,
            "kind": np.where(regular, "regular", "new")[who],
            "orders": rng.poisson(8, accounts)[who],
        }
    )


def _case(
    rng: np.random.Generator, *, attribute: str = "kind", times: int = 4, **shop: Any
) -> NullCase:
    table = offers(rng, times=times, **shop)
    own = {"user": "account", "unit": "account"} if times > 1 else {}
    plan = {
        "title": "null",
        "columns": {"profile": [attribute], "item": "item", **own},
        "min_n": 20,
        "probes": [{"id": "offer_access", "offers": ["stock"], "list_price": "list", "coupons": ["coupon"],
                    "fees": ["delivery"]}],
    }  # fmt: skip
    truth = {"offer_rate_same_goods": 1.0, "total_cost_gap_same_goods": 0.0}
    return NullCase(plan, table, truth=truth)
