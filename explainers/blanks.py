"""What it does to leave one thing blank: everyone is asked about once more without it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from explainers import subgroups
from explainers.asking import Question, Reading, Scores, Tally, Variant, counted
from explainers.means import summed
from explainers.people import People
from explainers.plan import ExplanationPlan


@dataclass(frozen=True, slots=True)
class Blank:
    """One column without a value for anybody; asked only where at least k people left it blank."""

    plan: ExplanationPlan
    name: str

    @property
    def key(self) -> str:
        """What keys the tallies."""
        return f"blank:{self.name}"

    def ask(self, block: People, draw: np.random.Generator) -> Question:  # noqa: ARG002
        """Everyone in the block without this value."""
        own = block.arrays[self.name]
        nothing = -1 if self.name in block.levels else np.nan
        empty = np.full(len(block), nothing, dtype=own.dtype)

        def fold(reading: Reading, base: Scores, answers: Sequence[Scores]) -> Tally:
            changed = reading.changed(base, answers[0])
            tally = subgroups.counted(self.plan, self.key, block, changed) | counted(
                self.key,
                n=len(base),
                changed=changed,
                favourable=reading.plan.favourable(answers[0]),
            )
            return tally | summed(f"{self.key}:sum", answers[0])

        return Question([Variant(1, {self.name: empty})], fold)
