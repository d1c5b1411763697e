"""Ask a model in a few big frames, and keep what it answered as counts that add up.

A check asks a block of people with something changed and folds the answers into a tally. Tallies
are integers by name, so that shards may be merged in any order and give the same numbers. The two
sides of a comparison go to different frames, each in an order of its own: a model that answers
differently when it sees a person twice gains nothing by it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from explainers import people
from explainers.draws import generator
from explainers.means import EXTREMES, summed
from explainers.people import Array, People, Scorer
from explainers.plan import BLOCK, PRICE_MARGIN, ExplanationPlan

Scores = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Tally = dict[str, int]

TINY = 1e-9  # two answers closer than this, relative to their size, are one answer


@dataclass(frozen=True, slots=True)
class Reading:
    """How two answers about one person are compared.

    Args:
        plan: names the task, the cut and which side of it is good.
    """

    plan: ExplanationPlan

    def rise(self, before: Scores, after: Scores) -> npt.NDArray[np.int8]:
        """1 where `after` is better for the person (or dearer), −1 where worse, else 0."""
        difference = after - before
        good = 1 if self.plan.favourable_above or self.plan.task == "price" else -1
        beyond = np.abs(difference) > _tiny(before, after)
        return (np.sign(difference) * good * beyond).astype(np.int8)

    def changed(self, before: Scores, after: Scores) -> Flags:
        """Where the result differs: the decision, or the price by more than the margin."""
        difference = np.abs(after - before)
        beyond = difference > _tiny(before, after)
        if self.plan.task == "price":
            larger = np.maximum(np.abs(before), np.abs(after))
            return beyond & (difference > PRICE_MARGIN * larger)
        differs: Flags = self.plan.favourable(before) != self.plan.favourable(after)
        return beyond & differs


@dataclass(frozen=True, slots=True)
class Variant:
    """The people of a block with some columns replaced.

    Args:
        side: the frame it goes to, 0 or 1; what is compared stands on different sides.
        replaced: the new columns.
    """

    side: int
    replaced: Mapping[str, Array] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """What a check asks about one block, and how it folds the answers.

    Args:
        variants: the people, changed in one way each.
        fold: makes a tally of the answers to the unchanged people and to each variant.
    """

    variants: Sequence[Variant]
    fold: Callable[[Reading, Scores, Sequence[Scores]], Tally]


class Check(Protocol):
    """One thing that is tested about the model."""

    @property
    def key(self) -> str:
        """What keys its draws and its tallies."""
        ...

    def ask(self, block: People, draw: np.random.Generator) -> Question:
        """The question for one block of people."""
        ...


@dataclass(frozen=True, slots=True)
class AskedAgain:
    """Does the same question, in other company, get the same answer?"""

    key: str = "again"

    def ask(self, block: People, draw: np.random.Generator) -> Question:  # noqa: ARG002
        """Every person once more, unchanged, in the other frame."""

        def fold(reading: Reading, base: Scores, answers: Sequence[Scores]) -> Tally:
            return counted(
                "again",
                n=len(base),
                changed=reading.changed(base, answers[0]),
                moved=reading.rise(base, answers[0]) != 0,
            )

        return Question([Variant(1)], fold)


@dataclass(frozen=True, slots=True)
class Asking:
    """One pass over the people, in blocks that the plan fixes.

    Args:
        plan: the plan.
        checks: what is tested.
        nonce: keys every draw.
        scorer: the black box.
        reading: how answers are compared.
    """

    plan: ExplanationPlan
    checks: Sequence[Check]
    nonce: str
    scorer: Scorer
    reading: Reading

    def blocks(self, everyone: People) -> Iterator[tuple[int, People]]:
        """The people in blocks of the plan's size, numbered."""
        for number, start in enumerate(range(0, len(everyone), BLOCK)):
            yield number, everyone.take(np.arange(start, min(start + BLOCK, len(everyone))))

    def block(self, number: int, block: People) -> Tally:
        """Ask everything about one block: two frames, one tally."""
        questions = [
            check.ask(block, generator(self.nonce, check.key, number)) for check in self.checks
        ]
        variants = [Variant(0), *(variant for q in questions for variant in q.variants)]
        answers = self._score(number, block, variants)
        base, rest = answers[0], answers[1:]
        tallies, at = [base_tally(self.plan, base)], 0
        for question in questions:
            until = at + len(question.variants)
            tallies.append(question.fold(self.reading, base, rest[at:until]))
            at = until
        return merged(tallies)

    def _score(self, number: int, block: People, variants: Sequence[Variant]) -> list[Scores]:
        answers: list[Scores] = [np.empty(0)] * len(variants)
        sides = [[i for i, v in enumerate(variants) if v.side == side] for side in (0, 1)]
        sides = [side for side in sides if side]
        orders, frames = [], []
        for side, chosen in enumerate(sides):
            frame = block.frame([variants[i].replaced for i in chosen])
            order = generator(self.nonce, "order", number, side).permutation(frame.num_rows)
            orders.append(order)
            frames.append(frame.take(order))
        for chosen, order, scored in zip(
            sides, orders, people.score(self.scorer, frames), strict=True
        ):
            back = np.empty_like(scored)
            back[order] = scored
            for i, part in zip(chosen, np.split(back, len(chosen)), strict=True):
                answers[i] = part
        return answers


def _tiny(before: Scores, after: Scores) -> Scores:
    tiny: Scores = TINY * np.maximum(1.0, np.maximum(np.abs(before), np.abs(after)))
    return tiny


def base_tally(plan: ExplanationPlan, base: Scores) -> Tally:
    """How many people there are, how many get the good result, and the sum of the answers."""
    tally = counted("all", n=len(base), favourable=plan.favourable(base))
    # Whether there are answers between no and yes at all: labels alone tell of no more or less.
    tally |= counted("all", graded=(base != 0) & (base != 1))
    return tally | summed("all:sum", base)


def counted(key: str, /, **counts: int | Flags) -> Tally:
    """A tally of counts under one key; flags are counted."""
    return {
        f"{key}:{name}": int(count) if isinstance(count, int) else int(np.count_nonzero(count))
        for name, count in counts.items()
    }


def merged(tallies: Iterable[Tally]) -> Tally:
    """The sum of tallies, name by name; of extremes the largest."""
    total: Tally = {}
    for tally in tallies:
        for name, count in tally.items():
            known = total.get(name)
            if known is None:
                total[name] = count
            else:
                total[name] = max(known, count) if name.endswith(EXTREMES) else known + count
    return total
