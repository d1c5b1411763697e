"""What changing only a protected column does: every other level tried, or of a number one other value."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from explainers import subgroups
from explainers.asking import Question, Reading, Scores, Tally, Variant, counted
from explainers.columns import Column
from explainers.contrasts import compared, constant, one_of
from explainers.means import summed
from explainers.people import Array, People, missing
from explainers.plan import ExplanationPlan


@dataclass(frozen=True, slots=True)
class Flip:
    """One protected input, set to every other level, or to real values of other people."""

    plan: ExplanationPlan
    column: Column

    @property
    def key(self) -> str:
        """What keys the draws and tallies."""
        return f"flip:{self.column.name}"

    @property
    def levels(self) -> tuple[Any, ...]:
        """The levels tried by name; empty where the column has none."""
        return self.plan.natures[self.column.name].levels

    def ask(self, block: People, draw: np.random.Generator) -> Question:
        """Everyone with only this column changed."""
        name, levels = self.column.name, self.levels
        rest = self.plan.natures[name].rest
        replaced: list[Array] = [constant(block, name, level) for level in levels]
        if rest:
            replaced.append(one_of(self.plan, len(block), name, draw))
        if not levels:
            donors = self.plan.donors.arrays[name]
            donors = donors[~missing(donors)]
            # one value each: of several, whoever changed at any would be counted as one test
            replaced = [donors[draw.integers(0, len(donors), len(block))]]

        def fold(reading: Reading, base: Scores, answers: Sequence[Scores]) -> Tally:
            # The sentence says that the price never changed: there every change counts.
            priced = reading.plan.task == "price"
            risen = [reading.rise(base, answer) for answer in answers]
            differs = [
                (rise != 0) if priced else reading.changed(base, answer)
                for rise, answer in zip(risen, answers, strict=True)
            ]
            changed = np.any(differs, axis=0)
            tally = subgroups.counted(self.plan, self.key, block, changed) | counted(
                self.key,
                n=len(base),
                changed=changed,
                moved=np.any(np.asarray(risen) != 0, axis=0),
            )
            size = np.max([np.abs(answer - base) for answer in answers], axis=0)
            tally |= summed(f"{self.key}:size", size)
            for i, answer in enumerate(answers):
                tally |= counted(
                    f"{self.key}:{i}",
                    changed=differs[i],
                    favourable=reading.plan.favourable(answer),
                )
                tally |= summed(f"{self.key}:{i}:sum", answer)
            for i, j in combinations(range(len(levels)), 2):
                tally |= compared(f"{self.key}:{i}:{j}", reading, answers[i], answers[j])
            return tally

        return Question([Variant(1, {name: array}) for array in replaced], fold)
