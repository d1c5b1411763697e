"""The picture of a number: accumulated local effects, in people out of a hundred or in money.

Source: Apley and Zhu, "Visualizing the effects of predictor variables in black box supervised
learning models", JRSS B 82 (2020). Each person is asked only at the two ends of the step they
stand on, so that no impossible person is made up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from explainers.asking import Question, Reading, Scores, Tally, Variant, counted
from explainers.means import HIGH, LOW, SCALE, step, summed
from explainers.people import People, missing
from explainers.plan import ExplanationPlan


@dataclass(frozen=True, slots=True)
class Picture:
    """How the result changes along one number."""

    plan: ExplanationPlan
    name: str

    @property
    def key(self) -> str:
        """What keys the tallies."""
        return f"picture:{self.name}"

    def ask(self, block: People, draw: np.random.Generator) -> Question:  # noqa: ARG002
        """Everyone at the lower and at the upper end of their own step."""
        edges = np.asarray(self.plan.edges[self.name])
        own = block.arrays[self.name]
        known = ~missing(own)
        step = np.clip(np.searchsorted(edges, own, side="left") - 1, 0, len(edges) - 2)
        step = np.where(known, step, 0)
        ends = [edges[step + side].astype(own.dtype) for side in (0, 1)]
        variants = [Variant(side, {self.name: end}) for side, end in enumerate(ends)]

        def fold(reading: Reading, base: Scores, answers: Sequence[Scores]) -> Tally:  # noqa: ARG001
            tally: Tally = {}
            rise, changed = reading.rise(*answers), reading.changed(*answers)
            good = [reading.plan.favourable(answer).astype(int) for answer in answers]
            for i in range(len(edges) - 1):
                here = known & (step == i)
                key = f"{self.key}:{i}"
                tally[f"{key}:n"] = int(np.count_nonzero(here))
                tally[f"{key}:people"] = int((good[1] - good[0])[here].sum())
                tally |= summed(f"{key}:score", (answers[1] - answers[0])[here])
                tally |= counted(
                    key, gained=here & changed & (rise > 0), lost=here & changed & (rise < 0)
                )
            return tally

        return Question(variants, fold)


def drawn(plan: ExplanationPlan, tally: Tally, name: str) -> Mapping[str, Any] | None:
    """The points of one picture, centred on the people tested; None where there is no line.

    In a decision the height is how many of 100 people more get the good result than on average;
    in pricing it is how much is paid more than on average, in steps so coarse that what fewer than
    k people pay cannot be worked out.
    """
    edges, what = plan.edges[name], "people" if plan.task == "decision" else "score"
    counts = [tally.get(f"picture:{name}:{i}:n", 0) for i in range(len(edges) - 1)]
    if not counts or min(counts) < plan.k:
        return None
    unit = 100.0 if what == "people" else 1.0 / SCALE
    steps = [unit * tally[f"picture:{name}:{i}:{what}"] / n for i, n in enumerate(counts)]
    heights = np.concatenate([[0.0], np.cumsum(steps)])
    middles = (heights[:-1] + heights[1:]) / 2
    heights -= float(np.average(middles, weights=counts))
    least = max(_least(plan, tally, f"picture:{name}:{i}:score", n) for i, n in enumerate(counts))
    if what == "score" and least:
        if least > float(np.ptp(heights)):
            return None
        heights = np.rint(heights / least) * least
    return {"values": list(edges), "heights": [float(height) for height in heights]}


def _least(plan: ExplanationPlan, tally: Tally, name: str, n: int) -> float:
    """How coarse a step of the picture must be: few may be the only ones whom it moves."""
    extreme = max(abs(tally.get(name + HIGH, 0)), abs(tally.get(name + LOW, 0))) / SCALE
    width = (tally.get(name + HIGH, 0) + tally.get(name + LOW, 0)) / SCALE
    return step(min(extreme, width) if width else 0.0, n, plan.k)
