"""Simulated lists in which places do not go with the group, or b is pushed down."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from evaluators.probe import NullCase, NullDesign

LISTS = 36
LENGTH = 5


def ranking_nulls() -> Mapping[str, NullDesign]:
    """Items of their own in every list; several lists per user; items that come back, each sticky."""
    return {
        "lists": lambda rng: _lists(rng, users=None),
        "clustered": lambda rng: _lists(rng, users=32),
        "recurring_items": _recurring,
    }


def ranking_planted() -> Mapping[str, NullDesign]:
    """Items of group b stand lower than their relevance asks, and lose exposure by it."""
    return {
        "exposure_10_percent_less": lambda rng: _pushed(rng, 0.5),
        "exposure_20_percent_less": lambda rng: _pushed(rng, 1.2),
    }


def _pushed(rng: np.random.Generator, down: float) -> NullCase:
    """Places follow a normal merit from which group b, two fifths of the items, has `down` taken off.

    In lists of eight b then has 0.904 (down by 0.5) and 0.801 (by 1.2) of the exposure it is due.
    """
    lists, length = 60, 8
    query = np.repeat(np.arange(lists), length)
    group = rng.choice(["a", "b"], query.size, p=[0.6, 0.4])
    merit = rng.standard_normal(query.size) - down * (group == "b")
    order = np.lexsort([-merit, query])
    table = pa.table({
        "query": query, "rank": np.tile(np.arange(1, length + 1), lists), "group": group[order],
        "item": np.arange(query.size), "relevance": rng.gamma(2.0, 1.0, query.size),
    })  # fmt: skip
    return NullCase(_plan(None), table)


def _lists(rng: np.random.Generator, *, users: int | None) -> NullCase:
    """Groups differ from list to list; a user's lists are alike; places are dealt at random."""
    lists = LISTS if users is None else 2 * users
    leaning = rng.beta(2, 2, users or lists)
    owner = np.arange(lists) if users is None else np.repeat(np.arange(users), 2)
    query = np.repeat(np.arange(lists), LENGTH)
    group = np.where(rng.random(query.size) < leaning[owner][query], "a", "b")
    table = pa.table({
        "query": query, "rank": np.tile(np.arange(1, LENGTH + 1), lists), "group": group,
        "item": np.arange(query.size), "user": owner[query], "relevance": rng.gamma(2.0, 1.0, query.size),
    })  # fmt: skip
    return NullCase(_plan(None if users is None else "user"), table, truth={"log_ratio": 0.0})


def _recurring(rng: np.random.Generator) -> NullCase:
    """A hundred items with a quality of their own that lifts them in every list they are in."""
    items, lists = 100, 40
    kinds = rng.choice(["a", "b"], items, p=[0.6, 0.4])
    quality = rng.standard_normal(items)
    item = np.concatenate([rng.choice(items, LENGTH, replace=False) for _ in range(lists)])
    query = np.repeat(np.arange(lists), LENGTH)
    lifted = quality[item] + 0.5 * rng.standard_normal(item.size)
    order = np.lexsort([-lifted, query])
    table = pa.table({
        "query": query, "rank": np.tile(np.arange(1, LENGTH + 1), lists), "group": kinds[item[order]],
        "item": item[order], "relevance": rng.gamma(2.0, 1.0, items)[item[order]],
    })  # fmt: skip
    return NullCase(_plan(None), table, truth={"log_ratio": 0.0})


def _plan(unit: str | None) -> dict[str, Any]:
    columns = {"sensitive": ["group"], "query": "query", "rank": "rank", "item": "item",
               "target": "relevance", **({"unit": unit} if unit else {})}  # fmt: skip
    return {"title": "null", "columns": columns, "probes": [{"id": "ranking_exposure", "k": 3}]}
