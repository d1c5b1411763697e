"""Simulated data in which no slice differs, or a single one does."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from evaluators.probe import NullCase, NullDesign

ROWS = 1000


def search_nulls() -> Mapping[str, NullDesign]:
    """Many columns, few distinct rows (whose content repeats), and repeated units."""
    return {"many_columns": _many, "few_distinct_rows": _few, "clustered": _clustered}


def search_planted() -> Mapping[str, NullDesign]:
    """One slice of two conditions, 15 % of the rows, has a lower rate; the search must find it."""
    return {
        "slice_20_points": lambda rng: _few(rng, less=0.2),
        "slice_30_points": lambda rng: _few(rng, less=0.3),
    }


def _many(rng: np.random.Generator) -> NullCase:
    granted = (rng.random(ROWS) < 0.6).astype(int)
    return _case(rng, np.arange(ROWS), granted, granted, None)


def _few(rng: np.random.Generator, *, less: float = 0.0) -> NullCase:
    """Two attributes; planted: b and f together have the lower rate."""
    race = rng.choice(["a", "b", "c"], ROWS, p=[0.6, 0.3, 0.1])
    sex = rng.choice(["f", "m"], ROWS)
    due = rng.integers(0, 2, ROWS)
    granted = rng.random(ROWS) < 0.6 - less * ((race == "b") & (sex == "f"))
    table = pa.table({"race": race, "sex": sex, "due": due, "granted": granted.astype(int)})
    return NullCase(_plan([], None), table, truth={} if less else {"ratio": 1.0})


def _clustered(rng: np.random.Generator) -> NullCase:
    people = 350
    who = np.repeat(np.arange(people), 1 + rng.poisson(2, people))
    own = rng.beta(1.5, 1.0, people)
    granted = (rng.random(who.size) < own[who]).astype(int)
    return _case(rng, who, granted, granted, "who")


def _case(
    rng: np.random.Generator, who: Any, granted: Any, due: Any, unit: str | None
) -> NullCase:
    people = int(who.max()) + 1
    columns = {
        "race": rng.choice(["a", "b", "c"], people, p=[0.6, 0.3, 0.1]), "sex": rng.choice(["f", "m"], people),
        "x": rng.standard_normal(people).round(3), "y": rng.choice(list("pqrs"), people),
    }  # fmt: skip
    table = pa.table(
        {**{n: v[who] for n, v in columns.items()}, "who": who, "granted": granted, "due": due}
    )
    return NullCase(_plan(["x", "y"], unit), table, truth={"ratio": 1.0})


def _plan(more: list[str], unit: str | None) -> dict[str, Any]:
    columns = {"sensitive": ["race", "sex"], "prediction": "granted", "favourable": 1,
               **({"unit": unit} if unit else {})}  # fmt: skip
    return {
        "title": "null",
        "columns": columns,
        "probes": [{"id": "subgroup_search", "columns": more}],
    }
