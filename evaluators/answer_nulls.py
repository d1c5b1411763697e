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
        seen = np.array([int(text[-1]) - 4.5 for text in texts])
        return np.asarray(expit(seen / 3 + self.noise * self.rng.standard_normal(len(texts))))


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
