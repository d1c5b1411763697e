"""Simulated data with nothing to find, or with a planted difference: what probes are calibrated on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.special import expit, ndtri

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


def selection_planted() -> Mapping[str, NullDesign]:
    """Group b gets the favourable result less often: one row per person, and several."""
    name = "selection_parity"
    return {
        "gap_10_points": lambda rng: _decisions(rng, name, declared=True, due=0.1, undue=0.1),
        "gap_15_points_repeated_people": lambda rng: _clustered(rng, name, less=0.15),
    }


def error_planted() -> Mapping[str, NullDesign]:
    """Group b is refused more often what it deserves, or granted less often what it does not."""
    name = "error_parity"
    return {
        "wrongly_refused_15_points": lambda rng: _decisions(rng, name, declared=True, due=0.15),
        "wrongly_granted_15_points": lambda rng: _decisions(rng, name, declared=True, undue=0.15),
    }


def _decisions(
    rng: np.random.Generator, probe: str, *, declared: bool, due: float = 0.0, undue: float = 0.0
) -> NullCase:
    """Two attributes, one of them with a small group; outcome and decision dependent.

    Planted: group b is granted what is due less often by `due`, and what is not by `undue`.
    """
    race = rng.choice(["a", "b", "c"], ROWS, p=[0.65, 0.27, 0.08])
    sex = rng.choice(["f", "m"], ROWS)
    earned = rng.random(ROWS) < 0.6
    rate = np.where(earned, 0.75, 0.35) - np.where(earned, due, undue) * (race == "b")
    granted = rng.random(ROWS) < rate
    table = pa.table(
        {"race": race, "sex": sex, "due": earned.astype(int), "granted": granted.astype(int)}
    )
    plan = _plan(probe, unit=None, reference={"race": "a", "sex": "m"} if declared else {})
    return NullCase(plan, table, truth={} if due or undue else {"ratio": 1.0})


def _clustered(rng: np.random.Generator, probe: str, *, less: float = 0.0) -> NullCase:
    """Repeated rows per person with a person's own rate: rows are far from independent."""
    people = 400
    times = 1 + rng.poisson(3, people)
    own = rng.beta(1.2, 0.8, people)
    who = np.repeat(np.arange(people), times)
    race = rng.choice(["a", "b"], people, p=[0.7, 0.3])[who]
    due = rng.random(who.size) < own[who]
    granted = rng.random(who.size) < 0.2 + 0.6 * own[who] - less * (race == "b")
    table = pa.table(
        {"race": race, "sex": np.where(who % 2, "f", "m"), "who": who, "due": due.astype(int),
         "granted": granted.astype(int)}
    )  # fmt: skip
    plan = _plan(probe, unit="who", reference={})
    return NullCase(plan, table, truth={} if less else {"ratio": 1.0})


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
        less: how much lower the logit of group b is; 0 for a service that ignores the group.
    """

    rng: np.random.Generator
    noise: float = 1.0
    less: float = 0.0

    def score(self, frames: Sequence[pa.Table]) -> list[npt.NDArray[np.float64]]:
        """One answer per row."""
        return [self._answers(frame) for frame in frames]

    def _answers(self, frame: pa.Table) -> npt.NDArray[np.float64]:
        logit = frame["x"].to_numpy() + self.noise * self.rng.standard_normal(frame.num_rows)
        if self.less:
            logit = logit - self.less * pc.equal(frame["race"], "b").to_numpy(zero_copy_only=False)
        return np.asarray(expit(logit), dtype=np.float64)


def flip_nulls() -> Mapping[str, NullDesign]:
    """A randomised service that ignores the attribute; a deterministic one is no random event."""
    return {
        "randomised_service": lambda rng: _service(rng, people=600, times=1),
        "clustered": lambda rng: _service(rng, people=150, times=4),
    }


def flip_planted() -> Mapping[str, NullDesign]:
    """A randomised service whose logit falls where the group becomes b; its own wobble has size 1."""
    return {
        "logit_falls_by_1_5": lambda rng: _service(rng, people=600, times=1, less=1.5),
        "logit_falls_by_1_5_repeated_people": lambda rng: _service(
            rng, people=150, times=4, less=1.5
        ),
    }


def _service(rng: np.random.Generator, *, people: int, times: int, less: float = 0.0) -> NullCase:
    who = np.repeat(np.arange(people), times)
    x = np.repeat(rng.standard_normal(people), times)
    race = np.repeat(rng.choice(["a", "b", "c"], people), times)
    table = pa.table({"x": x, "race": race, "who": who})
    columns = {"sensitive": ["race"], "inputs": ["x", "race"], "cut": 0.5, "favourable": 1,
               **({"unit": "who"} if times > 1 else {})}  # fmt: skip
    plan = {"title": "null", "columns": columns, "probes": [{"id": "counterfactual_flip"}]}
    service = RandomisedService(rng, less=less)
    return NullCase(plan, table, service, truth={} if less else {"difference": 0.0})


def leakage_nulls() -> Mapping[str, NullDesign]:
    """Scores, tied and untied, that say nothing about the attribute."""
    return {
        "continuous": lambda rng: _scores(rng, clustered=False, tied=False),
        "tied": lambda rng: _scores(rng, clustered=False, tied=True),
        "clustered": lambda rng: _scores(rng, clustered=True, tied=False),
    }


def leakage_planted() -> Mapping[str, NullDesign]:
    """Scores that tell group b from everyone else: below the warning line of 0.7, and beyond it."""
    return {
        "auc_0_60": lambda rng: _scores(rng, clustered=False, tied=False, auc=0.6),
        "auc_0_80": lambda rng: _scores(rng, clustered=False, tied=False, auc=0.8),
    }


def _scores(
    rng: np.random.Generator, *, clustered: bool, tied: bool, auc: float = 0.5
) -> NullCase:
    """Normal logits; where planted, b's lie apart so that the AUC of b against the rest is `auc`."""
    people, times = (120, 5) if clustered else (400, 1)
    who = np.repeat(np.arange(people), times)
    logit = np.repeat(rng.standard_normal(people), times) + 0.3 * rng.standard_normal(who.size)
    race = np.repeat(rng.choice(["a", "b", "c"], people, p=[0.5, 0.3, 0.2]), times)
    score = expit(logit + np.sqrt(2 * 1.09) * ndtri(auc) * (race == "b"))
    score = np.round(score, 1) if tied else score
    table = pa.table({"score": score, "race": race, "who": who})
    columns = {"sensitive": ["race"], "score": "score", **({"unit": "who"} if clustered else {})}
    plan = {"title": "null", "columns": columns, "probes": [{"id": "proxy_leakage"}]}
    return NullCase(plan, table, truth={"auc": 0.5} if auc == 0.5 else {})
