"""Simulated decisions in which no crossing of attributes matters, or a single one does."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from evaluators.probe import NullCase, NullDesign

ROWS = 1200


def crossing_nulls() -> Mapping[str, NullDesign]:
    """Rows one by one with small cells, error rates, and repeated units."""
    return {
        "rows": lambda rng: _rows(rng, ["selection"]),
        "error_rates": lambda rng: _rows(rng, ["wrongly_refused", "wrongly_granted"]),
        "clustered": _clustered,
    }


def crossing_planted() -> Mapping[str, NullDesign]:
    """One crossing of the four or six gets less: of everything, or of what it deserves."""
    selection, errors = ["selection"], ["wrongly_refused", "wrongly_granted"]
    return {
        "one_crossing_20_points": lambda rng: _rows(rng, selection, less=0.2),
        "one_crossing_wrongly_refused_20_points": lambda rng: _rows(rng, errors, less=0.2),
    }


def _rows(rng: np.random.Generator, rates: list[str], *, less: float = 0.0) -> NullCase:
    """Joint cells of two attributes; planted: b and f together get what is theirs less often."""
    mix = [0.65, 0.25, 0.1] if rates == ["selection"] else [0.65, 0.35]
    race = rng.choice(["a", "b", "c"][: len(mix)], ROWS, p=mix)
    sex = rng.choice(["f", "m"], ROWS, p=[0.55, 0.45])
    due = rng.random(ROWS) < 0.6
    apart = (race == "b") & (sex == "f") & (due | (rates == ["selection"]))
    granted = rng.random(ROWS) < np.where(due, 0.75, 0.35) - less * apart
    table = pa.table({"race": race, "sex": sex, "due": due.astype(int),
                      "granted": granted.astype(int)})  # fmt: skip
    return NullCase(_plan(None, rates), table, truth={} if less else {"ratio": 1.0})


def _clustered(rng: np.random.Generator) -> NullCase:
    people = 300
    times = 1 + rng.poisson(2, people)
    own = rng.beta(1.5, 1.0, people)
    who = np.repeat(np.arange(people), times)
    race = rng.choice(["a", "b"], people, p=[0.7, 0.3])[who]
    sex = rng.choice(["f", "m"], people)[who]
    granted = rng.random(who.size) < own[who]
    table = pa.table({"race": race, "sex": sex, "granted": granted.astype(int),
                      "due": granted.astype(int), "who": who})  # fmt: skip
    return NullCase(_plan("who", ["selection"]), table, truth={"ratio": 1.0})


def _plan(unit: str | None, rates: list[str]) -> dict[str, Any]:
    columns = {"sensitive": ["race", "sex"], "target": "due", "prediction": "granted",
               "favourable": 1, **({"unit": unit} if unit else {})}  # fmt: skip
    return {"title": "null", "columns": columns,
            "probes": [{"id": "intersection_scan", "rates": rates}]}  # fmt: skip
