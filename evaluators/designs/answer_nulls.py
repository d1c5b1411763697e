"""Simulated data on which altered rows change nothing: randomised services, repeated people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.special import expit

from evaluators.probe import NullCase, NullDesign


@dataclass
class DicedReader:
    """A simulated service that reads the last character of a text, and throws dice at every call.

    Args:
        rng: its dice.
        noise: how much the answers wobble on the logit scale.
    """

    rng: np.random.Generator
    noise: float = 1.0

    def score(self, frames: Sequence[pa.Table]) -> list[npt.NDArray[np.float64]]:
        """One answer per row."""
        return [self._answers(frame["text"].to_pylist()) for frame in frames]

    def _answers(self, texts: list[str]) -> npt.NDArray[np.float64]:
        return np.asarray(expit(self._logits(texts)))

    def _logits(self, texts: list[str]) -> npt.NDArray[np.float64]:
        seen = np.array([int(text[-1]) - 4.5 for text in texts])
        return np.asarray(seen / 3 + self.noise * self.rng.standard_normal(len(texts)))


STORIES = ("他来自上海，申请编号", "她住在河南，申请编号", "王芳的父亲来信，编号", "He asked for a loan, no. ",
           "Her village wrote, no. ", "申请编号")  # fmt: skip


def swap_nulls() -> Mapping[str, NullDesign]:
    """A randomised service that ignores the words; a deterministic one is no random event."""
    return {
        "randomised_service": lambda rng: _letters(rng, people=400, times=1),
        "clustered": lambda rng: _letters(rng, people=120, times=4),
    }


def _letters(rng: np.random.Generator, *, people: int, times: int) -> NullCase:
    who = np.repeat(np.arange(people), times)
    own = np.repeat(rng.integers(0, 10, people), times)
    story = rng.integers(0, len(STORIES), who.size)
    texts = [f"{STORIES[s]}{last}" for s, last in zip(story, own, strict=True)]
    return _asked(pa.table({"text": texts, "who": who}), "text_swap", ["text"], DicedReader(rng),
                  clustered=times > 1)  # fmt: skip


def _asked(
    table: pa.Table, probe: str, inputs: list[str], scorer: Any, *, clustered: bool
) -> NullCase:
    columns = {"inputs": inputs, "cut": 0.5, "favourable": 1,
               **({"unit": "who"} if clustered else {})}  # fmt: skip
    plan = {"title": "null", "columns": columns, "probes": [{"id": probe}]}
    return NullCase(plan, table, scorer, truth={"difference": 0.0})


def swap_planted() -> Mapping[str, NullDesign]:
    """A randomised service that is kinder where a text has a male word."""
    return {"gender words move the logit by 1.5, 400 people": _partial}


def _partial(rng: np.random.Generator) -> NullCase:
    case = _letters(rng, people=400, times=1)
    return NullCase(case.plan, case.table, Partial(rng), case.truth)


class Partial(DicedReader):
    """The same service, kinder where a text has a male word."""

    def _logits(self, texts: list[str]) -> npt.NDArray[np.float64]:
        male = np.array(["他" in text or text.startswith("He ") for text in texts])
        return super()._logits(texts) + 1.5 * male


def performance_nulls() -> Mapping[str, NullDesign]:
    """Models that do as well for every group: two classes, several, numbers, repeated people."""
    return {
        "rows": lambda rng: _judged(rng, times=1),
        "clustered": lambda rng: _judged(rng, times=4),
        "multiclass": _several,
        "regression": _valued,
    }


def performance_planted() -> Mapping[str, NullDesign]:
    """A model that errs more often about one group."""
    return {"accuracy 0.70 against 0.85, 1000 rows": lambda rng: _judged(rng, times=1, worse=0.15)}


TRUTH = {"accuracy": 0.71, "balanced_accuracy": 0.70, "accuracy_by_group": 0.0, "rmse": 1.0,
         "balanced_accuracy_by_group": 0.0, "macro_f1_by_group": 0.0, "mae_by_group": 1.0,
         "rmse_by_group": 1.0, "mae": float(np.sqrt(2 / np.pi))}  # fmt: skip


def _judged(rng: np.random.Generator, *, times: int, worse: float = 0.0) -> NullCase:
    """Binary answers; with repeated people each has a rate of being judged rightly of their own."""
    people = 1000 if times == 1 else 300
    who = np.repeat(np.arange(people), times)
    race = np.repeat(rng.choice(["a", "b", "c"], people, p=[0.5, 0.35, 0.15]), times)
    due = np.repeat(rng.random(people) < 0.6, times) if times > 1 else rng.random(people) < 0.6
    right = np.where(due, 0.75, 0.65)
    if times > 1:
        right = np.repeat(rng.beta(4 * right[::times], 4 * (1 - right[::times])), times)
    if worse:
        right = np.where(race == "b", 0.85 - worse, 0.85)
    granted = np.where(rng.random(who.size) < right, due, ~due)
    table = pa.table(
        {"race": race, "who": who, "due": due.astype(int), "granted": granted.astype(int)}
    )
    columns = {"sensitive": ["race"], "target": "due", "prediction": "granted", "favourable": 1,
               **({"unit": "who"} if times > 1 else {})}  # fmt: skip
    return NullCase(_performance(columns), table, truth={} if worse else TRUTH)


def _several(rng: np.random.Generator) -> NullCase:
    rows, names = 900, np.array(["approve", "refuse", "review"])
    due = rng.choice(3, rows, p=[0.5, 0.3, 0.2])
    told = np.where(rng.random(rows) < 0.7, due, rng.integers(0, 3, rows))
    table = pa.table(
        {
            "race": rng.choice(["a", "b"], rows, p=[0.8, 0.2]),
            "due": names[due],
            "told": names[told],
        }
    )
    columns = {"sensitive": ["race"], "target": "due", "prediction": "told",
               "favourable": "approve", "classes": names.tolist()}  # fmt: skip
    truth = {name: value for name, value in TRUTH.items() if name.endswith("_by_group")}
    return NullCase(_performance(columns), table, truth=truth)


def _valued(rng: np.random.Generator) -> NullCase:
    rows = 600
    due = rng.standard_normal(rows) * 2
    table = pa.table({"race": rng.choice(["a", "b"], rows, p=[0.8, 0.2]), "due": due,
                      "told": due + rng.standard_normal(rows)})  # fmt: skip
    columns = {"sensitive": ["race"], "target": "due", "score": "told"}
    return NullCase(_performance(columns), table, truth=TRUTH)


def _performance(columns: Mapping[str, Any]) -> dict[str, Any]:
    return {"title": "null", "columns": dict(columns), "probes": [{"id": "performance"}]}


@dataclass
class DicedScore:
    """A simulated service: the logit is x (and, if planted, its third decimal) and a throw of dice.

    Args:
        rng: its dice.
        rough: how much hangs on the third decimal of x.
        noise: how much the answers wobble on the logit scale.
    """

    rng: np.random.Generator
    rough: float = 0.0
    noise: float = 1.0

    def score(self, frames: Sequence[pa.Table]) -> list[npt.NDArray[np.float64]]:
        """One answer per row."""
        return [self._answers(frame["x"].to_numpy().astype(np.float64)) for frame in frames]

    def _answers(self, x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        sign = np.where(np.floor(100 * x) % 2, 1.0, -1.0)
        return np.asarray(
            expit(x + self.rough * sign + self.noise * self.rng.standard_normal(x.size))
        )


def robustness_nulls() -> Mapping[str, NullDesign]:
    """A randomised service on which slightly moved inputs have no effect."""
    return {
        "randomised_service": lambda rng: _shaken(rng, people=300, times=1, rough=0.0),
        "clustered": lambda rng: _shaken(rng, people=100, times=3, rough=0.0),
    }


def robustness_planted() -> Mapping[str, NullDesign]:
    """A randomised service whose answers hang on the second decimal of an input."""
    return {"second decimal moves the logit by 2, 300 people":
            lambda rng: _shaken(rng, people=300, times=1, rough=2.0)}  # fmt: skip


def _shaken(rng: np.random.Generator, *, people: int, times: int, rough: float) -> NullCase:
    who = np.repeat(np.arange(people), times)
    table = pa.table({"x": np.repeat(rng.standard_normal(people), times),
                      "z": rng.standard_normal(who.size), "who": who})  # fmt: skip
    case = _asked(table, "robustness", ["x", "z"], DicedScore(rng, rough), clustered=times > 1)
    plan = {**case.plan, "probes": [{"id": "robustness", "kinds": ["noise"]}]}
    return NullCase(plan, table, case.scorer, case.truth)


def stability_nulls() -> Mapping[str, NullDesign]:
    """Two periods with the same people and the same model; repeated people in both."""
    return {
        "two_periods": lambda rng: _periods(rng, people=500, times=1, shift=0.0),
        "clustered": lambda rng: _periods(rng, people=150, times=4, shift=0.0),
        "randomised_service": lambda rng: _periods(
            rng, people=400, times=1, shift=0.0, diced=True
        ),
    }


def stability_planted() -> Mapping[str, NullDesign]:
    """Scores that have moved by half a standard deviation."""
    return {
        "scores move by 0.5 SD, 500 people": lambda rng: _periods(
            rng, people=500, times=1, shift=0.5
        )
    }


def _periods(
    rng: np.random.Generator, *, people: int, times: int, shift: float, diced: bool = False
) -> NullCase:
    who = np.repeat(np.arange(people), times)
    late = rng.random(who.size) < 0.5
    own = np.repeat(rng.standard_normal(people), times)
    x = own + (0.5 * rng.standard_normal(who.size) if times > 1 else 0.0) + shift * late
    area = np.repeat(rng.choice(["n", "s", "w"], people, p=[0.6, 0.3, 0.1]), times)
    table = pa.table({"x": x, "area": area, "who": who, "late": late})
    # Asked twice, a randomised service does answer otherwise: that is no null, so it is not asked.
    options = {"period": {"column": "late", "earlier": [False]}, "features": ["area"],
               "repeat": not diced}  # fmt: skip
    columns: dict[str, Any] = {"favourable": 1, "cut": 0.5}
    columns |= {"inputs": ["x"]} if diced else {"score": "x"}
    columns |= {"unit": "who"} if times > 1 else {}
    plan = {"title": "null", "columns": columns, "probes": [{"id": "stability", **options}]}
    return NullCase(plan, table, DicedScore(rng) if diced else None,
                    truth={"population_stability_index": 0.0})  # fmt: skip
