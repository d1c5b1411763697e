"""Simulated decisions that depend on a condition and not on the group, or on the group as well."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from evaluators.probe import NullCase, NullDesign

ROWS = 900


def strata_nulls() -> Mapping[str, NullDesign]:
    """Rows one by one, with a declared model, and repeated units."""
    return {
        "rows": lambda rng: _rows(rng, {}),
        "declared_model": lambda rng: _rows(rng, {"model": {"kind": "logit"}}),
        "clustered": _clustered,
    }


def strata_planted() -> Mapping[str, NullDesign]:
    """Group b gets less within every department: seen over all, and hidden by where b applies."""
    return {
        "gap_12_points_within": lambda rng: _rows(rng, {}, less=0.12),
        "gap_15_points_within_none_over_all": _hidden,
    }


def _hidden(rng: np.random.Generator) -> NullCase:
    """Group b is granted 15 points less in either department and applies to the generous one."""
    race = rng.choice(["a", "b"], ROWS, p=[0.6, 0.4])
    generous = rng.random(ROWS) < np.where(race == "b", 0.75, 0.25)
    rate = np.where(generous, 0.7, 0.4) - 0.15 * (race == "b")
    granted = (rng.random(ROWS) < rate).astype(int)
    table = pa.table({"race": race, "dept": np.where(generous, "x", "y"), "granted": granted})
    return NullCase(_plan(None, {}), table)


def _rows(rng: np.random.Generator, options: Mapping[str, Any], *, less: float = 0.0) -> NullCase:
    """Three groups in four departments of very different rates, one of them nearly empty of a group."""
    dept = rng.choice(list("wxyz"), ROWS, p=[0.4, 0.3, 0.2, 0.1])
    race = rng.choice(["a", "b", "c"], ROWS, p=[0.6, 0.3, 0.1])
    rate = np.array([{"w": 0.7, "x": 0.45, "y": 0.25, "z": 0.08}[d] for d in dept.tolist()])
    granted = (rng.random(ROWS) < rate - less * (race == "b")).astype(int)
    table = pa.table({"race": race, "dept": dept, "granted": granted})
    return NullCase(_plan(None, options), table, truth={} if less else {"ratio": 1.0})


def _clustered(rng: np.random.Generator) -> NullCase:
    """People with several rows, each person with a rate and a department of their own."""
    people = 300
    times = 1 + rng.poisson(2, people)
    own = rng.beta(1.5, 1.5, people)
    who = np.repeat(np.arange(people), times)
    dept = rng.choice(["x", "y"], people)[who]
    race = rng.choice(["a", "b"], people, p=[0.65, 0.35])[who]
    granted = (rng.random(who.size) < own[who]).astype(int)
    table = pa.table({"race": race, "dept": dept, "granted": granted, "who": who})
    return NullCase(_plan("who", {}), table, truth={"ratio": 1.0})


def _plan(unit: str | None, options: Mapping[str, Any]) -> dict[str, Any]:
    columns = {"sensitive": ["race"], "control": ["dept"], "prediction": "granted",
               "favourable": 1, **({"unit": unit} if unit else {})}  # fmt: skip
    return {"title": "null", "columns": columns, "reference": {} if unit else {"race": "a"},
            "probes": [{"id": "conditional_parity", **options}]}  # fmt: skip
