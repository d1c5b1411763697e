"""Groups by one of the things the model is told: what a change does in each of them.

What does little on average may decide for a group. So the answers that were given anyway are
counted once more within every group of at least `LEAST` people: by each level that is named, by
quarters of each number, and by having no value. No question is asked for it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from explainers import numbers
from explainers.columns import written_level
from explainers.people import People, missing
from registry.language import Text

if TYPE_CHECKING:
    from explainers.plan import ExplanationPlan
    from explainers.subjects import Nature

LEAST = 100  # people in a group: in a smaller one a share of a hundred is chance (design)
PARTS = 4  # of a number: about a fourth of the people each

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Subgroup:
    """The people who share a level, a stretch of a number, or the lack of a value.

    Args:
        column: by which thing.
        level: its level, as the data code it; None by a number or by a blank.
        since: the number from which the stretch reaches; None from the lowest.
        until: the number below which it ends; None to the highest.
        blank: whether these are the people without a value.
    """

    column: str
    level: Any = None
    since: float | None = None
    until: float | None = None
    blank: bool = False

    def holds(self, block: People) -> Flags:
        """Who of the block belongs to it."""
        values = block.arrays[self.column]
        absent = missing(values)
        if self.blank:
            return absent
        if self.level is not None:
            alike: Flags = values == self.level
            return alike & ~absent
        inside = ~absent
        if self.since is not None:
            inside &= values >= self.since
        if self.until is not None:
            inside &= values < self.until
        return inside


@dataclass(frozen=True, slots=True)
class Within:
    """What one test came to in one group.

    Args:
        group: which.
        changed: how many results differed.
        n: of how many people.
    """

    group: Subgroup
    changed: int
    n: int

    @property
    def share(self) -> float:
        """Of the tests in the group, how many changed the result."""
        return self.changed / self.n


def of(
    natures: Mapping[str, "Nature"], edges: Mapping[str, tuple[float, ...]]
) -> tuple[Subgroup, ...]:
    """The groups by every column that has levels or is a number.

    Args:
        natures: what each column is.
        edges: round numbers that part the people by each number, lowest first.
    """
    found: list[Subgroup] = []
    for name, nature in natures.items():
        if nature.kind == "levels":
            found += [Subgroup(name, level=level) for level in nature.levels]
        elif nature.kind == "number":
            at = _quarters(edges.get(name, ()))
            found += [
                Subgroup(name, since=since, until=until)
                for since, until in zip((None, *at), (*at, None), strict=True)
            ]
        if nature.blank:
            found.append(Subgroup(name, blank=True))
    return tuple(found)


def _quarters(edges: tuple[float, ...]) -> tuple[float, ...]:
    """Of many edges, at most three inner ones that part the people evenly."""
    steps = len(edges) - 1
    if steps < PARTS:
        return edges[1:-1]
    return tuple(edges[round(steps * part / PARTS)] for part in range(1, PARTS))


def counted(
    plan: "ExplanationPlan", key: str, block: People, changed: Flags, asked: Flags | None = None
) -> dict[str, int]:
    """A tally of whose result changed, within each group.

    Args:
        plan: names the groups.
        key: of the test.
        block: the people.
        changed: whose result differed, of those who were asked.
        asked: who was asked; everyone where None.
    """
    tally: dict[str, int] = {}
    for place, group in enumerate(plan.subgroups):
        inside = group.holds(block)
        inside = inside if asked is None else inside[asked]
        tally[f"{key}@{place}:n"] = int(np.count_nonzero(inside))
        tally[f"{key}@{place}:changed"] = int(np.count_nonzero(changed & inside))
    return tally


def within(
    plan: "ExplanationPlan", tally: Mapping[str, int], keys: Iterable[str]
) -> tuple[Within, ...]:
    """What some tests came to in the groups that are large enough, the most changed first."""
    seen = [
        Within(group, tally[f"{key}@{place}:changed"], tally[f"{key}@{place}:n"])
        for key in keys
        for place, group in enumerate(plan.subgroups)
        if tally.get(f"{key}@{place}:n", 0) >= LEAST
    ]
    return tuple(sorted(seen, key=lambda each: each.share, reverse=True))


def name(plan: "ExplanationPlan", group: Subgroup) -> Text:
    """Whom a group holds, as the page speaks of them."""
    column, people = plan.column(group.column), plan.wording.people
    plain = column.plain
    if group.blank:
        return Text(
            f"没有填写{plain.zh}的{people.zh}",
            f"{people.en} with {column.subject.en} left blank",
        )
    if group.level is not None:
        level = plan.donors.value(group.column, group.level)
        who, said = column.who(level, people), written_level(level) in column.phrases
        return who if said else Text(who.zh + people.zh, who.en)
    zh, en = (column.unit.zh, f" {column.unit.en}") if column.unit else ("", "")
    low = "" if group.since is None else numbers.value(group.since)
    high = "" if group.until is None else numbers.value(group.until)
    if not low:
        stretch = Text(f"不到{high}{zh}", f"is below {high}{en}")
    elif not high:
        stretch = Text(f"在{low}{zh}以上", f"is {low}{en} or more")
    else:
        stretch = Text(f"在{low}{zh}到{high}{zh}之间", f"is from {low} to {high}{en}")
    return Text(
        f"{plain.zh}{stretch.zh}的{people.zh}", f"{people.en} whose {plain.en} {stretch.en}"
    )
