"""How much a column matters: the result after everyone's value is swapped for another's.

One measure (marginal permutation), by group of columns that change together: permuting one of two
correlated columns alone would ask about people who do not exist. So that is done only to see which
columns of a group the program goes by.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from explainers import subgroups
from explainers.asking import Question, Reading, Scores, Tally, Variant, counted
from explainers.contrasts import donated
from explainers.means import summed, told
from explainers.people import People
from explainers.plan import ExplanationPlan
from explainers.subjects import Subject


@dataclass(frozen=True, slots=True)
class Swap:
    """One subject's columns as another person has them, all else fixed."""

    plan: ExplanationPlan
    subject: Subject

    @property
    def key(self) -> str:
        """What keys the draws and tallies."""
        return f"swap:{self.subject.key}"

    def ask(self, block: People, draw: np.random.Generator) -> Question:
        """Everyone with the columns of a donor drawn for them."""
        rows = draw.integers(0, len(self.plan.donors), len(block))
        variant = Variant(1, donated(self.plan.donors, self.subject.names, rows))

        def fold(reading: Reading, base: Scores, answers: Sequence[Scores]) -> Tally:
            changed, size = reading.changed(base, answers[0]), np.abs(answers[0] - base)
            tally = counted(self.key, n=len(base), changed=changed) | summed(
                f"{self.key}:size", size
            )
            return tally | subgroups.counted(self.plan, self.key, block, changed)

        return Question([variant], fold)


@dataclass(frozen=True, slots=True)
class Alone:
    """One column of a group as another person has it, the rest of its group left as it is.

    Such people are rare; but a program whose result changes by it goes by this column, and one
    whose result never does goes by the others.
    """

    plan: ExplanationPlan
    name: str

    @property
    def key(self) -> str:
        """What keys the draws and tallies."""
        return f"alone:{self.name}"

    def ask(self, block: People, draw: np.random.Generator) -> Question:
        """Everyone with this column of a donor drawn for them."""
        rows = draw.integers(0, len(self.plan.donors), len(block))
        variant = Variant(1, donated(self.plan.donors, [self.name], rows))

        def fold(reading: Reading, base: Scores, answers: Sequence[Scores]) -> Tally:
            changed = reading.changed(base, answers[0])
            moved = reading.rise(base, answers[0]) != 0
            tally = counted(self.key, n=len(base), changed=changed, moved=moved)
            given, good = variant.replaced[self.name], reading.plan.favourable(answers[0])
            for i, level in enumerate(self.plan.natures[self.name].levels):
                here = given == level
                tally |= counted(f"{self.key}:{i}", n=here, favourable=good & here)
                tally |= summed(f"{self.key}:{i}:sum", answers[0][here])
            return tally

        return Question([variant], fold)


def ranked(plan: ExplanationPlan, tally: Tally) -> list[dict[str, Any]]:
    """The subjects by how many of 100 results change, most first, with simultaneous intervals."""
    rows = [_row(plan, tally, s) for s in plan.subjects if s.tested]
    return sorted(rows, key=lambda row: (-row["value"], -(row["shift"] or 0.0), row["columns"]))


def beyond_noise(plan: ExplanationPlan, tally: Tally, row: Mapping[str, Any]) -> bool:
    """Whether exchanging a thing does more than asking again with nothing changed."""
    if not tally["again:moved"]:
        return True
    again = 100 * plan.family.upper(tally["again:changed"], tally["again:n"])
    return bool(row["low"] > again)


def _row(plan: ExplanationPlan, tally: Tally, subject: Subject) -> dict[str, Any]:
    key = f"swap:{subject.key}"
    n, changed = tally[f"{key}:n"], tally[f"{key}:changed"]
    return {
        "columns": list(subject.names),
        "n": n,
        "changed": changed,
        "shift": told(tally, f"{key}:size", n, plan.k),
        "value": 100 * changed / n,
        "low": 100 * plan.family.lower(changed, n),
        "high": 100 * plan.family.upper(changed, n),
    }
