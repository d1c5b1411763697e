"""Conditions as data: where a field or a part of one applies, and where it is required.

A condition is a tree over what answers say: `Is` at its leaves, `Not`, `Every` and `Some` above
them. The schema writes them as rows (`forms`), `applicability` holds them against answers, and the
form's style sheet shows and hides by them while somebody types.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from filing.meanings import Meaning


@dataclass(frozen=True, slots=True)
class Is:
    """A leaf: the answer at one place is, or holds, one of `values`.

    Args:
        values: the option ids that satisfy it.
        field: the code of the field asked; empty for a sibling part of the same object or row, or
            where `means` says the place.
        part: the part that holds the value; empty for the whole answer.
        means: the place by its meaning, also one that the platform works out (`meanings.DERIVED`).
    """

    values: frozenset[str]
    field: str = ""
    part: str = ""
    means: Meaning | None = None


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition; it holds where nothing was answered."""

    of: "Condition"


@dataclass(frozen=True, slots=True)
class Every:
    """All of some conditions; none at all always hold."""

    of: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of some conditions; none at all never hold."""

    of: tuple["Condition", ...]


Condition = Is | Not | Every | Some

ALWAYS: Condition = Every(())
NEVER: Condition = Some(())


def met(condition: Condition, look: Callable[[Is], Collection[Any]]) -> bool:
    """Whether a condition holds.

    Args:
        condition: any.
        look: the bare values that stand at a leaf's place; none where nothing counts there.
    """
    match condition:
        case Is():
            return any(each in condition.values for each in look(condition))
        case Not():
            return not met(condition.of, look)
        case Every():
            return all(met(each, look) for each in condition.of)
        case Some():
            return any(met(each, look) for each in condition.of)


def leaves(condition: Condition) -> Iterator[Is]:
    """Every place that a condition asks about, as often as it does."""
    match condition:
        case Is():
            yield condition
        case Not():
            yield from leaves(condition.of)
        case Every() | Some():
            for each in condition.of:
                yield from leaves(each)
