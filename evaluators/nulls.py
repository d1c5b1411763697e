"""Simulated data on which nothing should be found: what the probes are calibrated on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.special import expit

from evaluators.probe import NullCase, NullDesign

ROWS = 1500


def decision_nulls(probe: str) -> Mapping[str, NullDesign]:
    """Decisions that do not depend on the groups: rows one by one, and repeated units.

    Args:
        probe: the id of the probe to plan.
    """
    return {
        "rows": lambda rng: _decisions(rng, probe, declared=False),
        "declared_reference": lambda rng: _decisions(rng, probe, declared=True),
        "clustered": lambda rng: _clustered(rng, probe),
    }


def _decisions(rng: np.random.Generator, probe: str, *, declared: bool) -> NullCase:
    """Two attributes, one of them with a small group; outcome and decision dependent."""
    race = rng.choice(["a", "b", "c"], ROWS, p=[0.65, 0.27, 0.08])
    sex = rng.choice(["f", "m"], ROWS)
    due = rng.random(ROWS) < 0.6
    granted = rng.random(ROWS) < np.where(due, 0.75, 0.35)
    table = pa.table(
        {"race": race, "sex": sex, "due": due.astype(int), "granted": granted.astype(int)}
    )
    plan = _plan(probe, unit=None, reference={"race": "a", "sex": "m"} if declared else {})
    return NullCase(plan, table, truth={"ratio": 1.0})


def _clustered(rng: np.random.Generator, probe: str) -> NullCase:
    """Repeated rows per person with a person's own rate: rows are far from independent."""
    people = 400
    times = 1 + rng.poisson(3, people)
    own = rng.beta(1.2, 0.8, people)
    who = np.repeat(np.arange(people), times)
    race = rng.choice(["a", "b"], people, p=[0.7, 0.3])[who]
    due = rng.random(who.size) < own[who]
    granted = rng.random(who.size) < 0.2 + 0.6 * own[who]
    table = pa.table(
        {"race": race, "sex": np.where(who % 2, "f", "m"), "who": who, "due": due.astype(int),
         "granted": granted.astype(int)}
    )  # fmt: skip
    return NullCase(_plan(probe, unit="who", reference={}), table, truth={"ratio": 1.0})


def _plan(probe: str, *, unit: str | None, reference: Mapping[str, str]) -> dict[str, Any]:
    columns = {"sensitive": ["race", "sex"], "target": "due", "prediction": "granted",
               "favourable": 1, **({"unit": unit} if unit else {})}  # fmt: skip
    return {
        "title": "null",
        "columns": columns,
        "reference": dict(reference),
        "probes": [{"id": probe}],
    }


@dataclass
class RandomisedService:
    """A simulated service: answers depend on `x` alone, and are drawn anew at every call.

    Args:
        rng: its dice.
        noise: how much the answers wobble on the logit scale.
    """

    rng: np.random.Generator
    noise: float = 1.0

    def score(self, frames: Sequence[pa.Table]) -> list[npt.NDArray[np.float64]]:
        """One answer per row."""
        return [
            expit(frame["x"].to_numpy() + self.noise * self.rng.standard_normal(frame.num_rows))
            for frame in frames
        ]


def flip_nulls() -> Mapping[str, NullDesign]:
    """A randomised service that ignores the attribute; a deterministic one is no random event."""
    return {
        "randomised_service": lambda rng: _service(rng, people=600, times=1),
        "clustered": lambda rng: _service(rng, people=150, times=4),
    }


def _service(rng: np.random.Generator, *, people: int, times: int) -> NullCase:
    who = np.repeat(np.arange(people), times)
    x = np.repeat(rng.standard_normal(people), times)
    race = np.repeat(rng.choice(["a", "b", "c"], people), times)
    table = pa.table({"x": x, "race": race, "who": who})
    columns = {"sensitive": ["race"], "inputs": ["x", "race"], "cut": 0.5, "favourable": 1,
               **({"unit": "who"} if times > 1 else {})}  # fmt: skip
    plan = {"title": "null", "columns": columns, "probes": [{"id": "counterfactual_flip"}]}
    return NullCase(plan, table, RandomisedService(rng), truth={"difference": 0.0})


def leakage_nulls() -> Mapping[str, NullDesign]:
    """Scores, tied and untied, that say nothing about the attribute."""
    return {
        "continuous": lambda rng: _scores(rng, clustered=False, tied=False),
        "tied": lambda rng: _scores(rng, clustered=False, tied=True),
        "clustered": lambda rng: _scores(rng, clustered=True, tied=False),
    }


def _scores(rng: np.random.Generator, *, clustered: bool, tied: bool) -> NullCase:
    people, times = (120, 5) if clustered else (400, 1)
    who = np.repeat(np.arange(people), times)
    score = expit(
        np.repeat(rng.standard_normal(people), times) + 0.3 * rng.standard_normal(who.size)
    )
    race = np.repeat(rng.choice(["a", "b", "c"], people, p=[0.5, 0.3, 0.2]), times)
    score = np.round(score, 1) if tied else score
    table = pa.table({"score": score, "race": race, "who": who})
    columns = {"sensitive": ["race"], "score": "score", **({"unit": "who"} if clustered else {})}
    plan = {"title": "null", "columns": columns, "probes": [{"id": "proxy_leakage"}]}
    return NullCase(plan, table, truth={"auc": 0.5})
