"""What changing only a protected column does: one trial per person, every other value tried."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from explainers.asking import Question, Reading, Scores, Tally, Variant, counted, fixed
from explainers.columns import Column
from explainers.contrasts import constant
from explainers.people import Array, People, missing
from explainers.plan import MOST_LEVELS, ExplanationPlan

DRAWS = 2  # other real values tried per person where there are too many to try them all


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
        """The levels tried; empty where the column has too many."""
        array = self.plan.donors.arrays[self.column.name]
        distinct = np.unique(array[~missing(array)])
        return tuple(v.item() for v in distinct) if len(distinct) <= MOST_LEVELS else ()

    def ask(self, block: People, draw: np.random.Generator) -> Question:
        """Everyone with only this column changed."""
        name, levels = self.column.name, self.levels
        replaced: list[Array] = [constant(block, name, level) for level in levels]
        if not levels:
            donors = self.plan.donors.arrays[name]
            donors = donors[~missing(donors)]
            replaced = [donors[draw.integers(0, len(donors), len(block))] for _ in range(DRAWS)]

        def fold(reading: Reading, base: Scores, answers: Sequence[Scores]) -> Tally:
            changed, moved = np.zeros(len(base), bool), np.zeros(len(base), bool)
            size = np.zeros(len(base))
            for answer in answers:
                risen = reading.rise(base, answer) != 0
                # The sentence says that the price never changed: there every change counts.
                priced = reading.plan.task == "price"
                changed |= risen if priced else reading.changed(base, answer)
                moved |= risen
                size = np.maximum(size, np.abs(answer - base))
            tally = counted(self.key, n=len(base), changed=changed, moved=moved, size=fixed(size))
            for i in range(len(levels)):
                good = reading.plan.favourable(answers[i])
                tally |= counted(f"{self.key}:{i}", favourable=good, sum=fixed(answers[i]))
            return tally

        return Question([Variant(1, {name: array}) for array in replaced], fold)
