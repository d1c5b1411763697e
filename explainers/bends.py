"""Where a number acts another way between near values than between values far apart.

A dip within a quarter of the people from either end is entered from one side only by two values far
apart: raised, its people only leave it. So each person is also asked with another's value near their
own, and the answers at the two ends of their own step, asked for the picture, are read as well:
whose result changed, and which way, as if the lower of the two values had been raised. Where such
steps make up one stretch, whoever stands on it is asked at its two ends: the steps of the way do not
add up to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from explainers import numbers, people, shares
from explainers.asking import Question, Reading, Scores, Tally, Variant, counted
from explainers.contrasts import donated
from explainers.people import People, missing
from explainers.phrases import roughly, same
from explainers.plan import ExplanationPlan
from explainers.sentences import Kind, sentence
from registry.language import Text

Way = Literal["gained", "lost"]
WAYS: tuple[Way, Way] = ("gained", "lost")
NEAR = 0.1  # of the donors, to either side of a person's own value (ours)
MOST = 4  # stretches that one sentence tells (ours)
Places = Mapping[str, Text]


@dataclass(frozen=True, slots=True)
class Near:
    """One number as another person has it whose value is near and not the same."""

    plan: ExplanationPlan
    name: str

    @property
    def key(self) -> str:
        """What keys the draws and tallies."""
        return f"near:{self.name}"

    def ask(self, block: People, draw: np.random.Generator) -> Question:
        """Everyone with a value near their own; those without a value keep none."""
        own, donors = block.arrays[self.name], self.plan.donors.arrays[self.name]
        rows = np.flatnonzero(~missing(donors))
        rows = rows[np.argsort(donors[rows], kind="stable")]
        picked, way = near(own.astype(float), donors[rows].astype(float), draw)
        known = ~missing(own)
        replaced = donated(self.plan.donors, [self.name], rows[picked])
        replaced[self.name] = np.where(known, replaced[self.name], own)
        way = np.where(known, way, 0)

        def fold(reading: Reading, base: Scores, answers: Sequence[Scores]) -> Tally:
            rise, changed = way * reading.rise(base, answers[0]), reading.changed(base, answers[0])
            return counted(
                self.key, n=way != 0, gained=changed & (rise > 0), lost=changed & (rise < 0)
            )

        return Question([Variant(1, replaced)], fold)


def near(
    own: npt.NDArray[np.float64], donors: npt.NDArray[np.float64], draw: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int8]]:
    """For each value another one near it, as evenly below as above as there are such.

    Args:
        own: the values.
        donors: values of others, the lowest first.
        draw: the generator.

    Returns:
        The place of each drawn donor, and 1 where its value is higher, −1 lower, 0 where none differs.
    """
    width = max(1, round(NEAR * len(donors)))
    low, high = (np.searchsorted(donors, own, side=side) for side in ("left", "right"))
    below = low - np.maximum(0, low - width)
    above = np.minimum(len(donors), high + width) - high
    pick = (draw.random(len(own)) * (below + above)).astype(np.int64)
    at = np.where(pick < below, low - 1 - pick, high + pick - below)
    at = np.clip(at, 0, len(donors) - 1)
    way = np.where(below + above > 0, np.where(pick < below, -1, 1), 0).astype(np.int8)
    return at, way


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbouring steps of a number over which results change one way.

    Args:
        first: the first step, of those between the plan's edges.
        last: the last.
        way: whether they are gained (or dearer) with the higher value, or lost.
        moved: for how many people.
        n: of how many, each asked at the two ends of their own step, or of the whole stretch.
    """

    first: int
    last: int
    way: Way
    moved: int
    n: int


def found(plan: ExplanationPlan, tally: Mapping[str, int], name: str) -> list[Stretch]:
    """The stretches over which at least k people's results change one way, lowest values first.

    None of a program that answers otherwise when asked again: there a change may be chance.
    """
    steps = range(len(plan.edges.get(name, ())) - 1)
    key = f"picture:{name}"
    if tally["again:moved"] or any(f"{key}:{step}:n" not in tally for step in steps):
        return []
    seen: list[Stretch] = []
    for way, other in (WAYS, WAYS[::-1]):
        count = {step: tally[f"{key}:{step}:{way}"] for step in steps}
        goes = [
            count[step] >= plan.k or count[step] > tally[f"{key}:{step}:{other}"] for step in steps
        ]
        for taken, each in groupby(steps, key=goes.__getitem__):
            run = list(each)
            moved = sum(count[step] for step in run)
            if taken and moved >= plan.k:
                n = sum(tally[f"{key}:{step}:n"] for step in run)
                seen.append(Stretch(run[0], run[-1], way, moved, n))
    return sorted(seen, key=lambda each: (each.first, each.last))


def walked(
    plan: ExplanationPlan,
    everyone: People,
    tally: Mapping[str, int],
    *,
    scorer: people.Scorer,
    reading: Reading,
) -> Tally:
    """Whose results change over the whole of a stretch of several steps, of those who stand on it.

    Args:
        plan: with the steps.
        everyone: who is asked about.
        tally: what was counted step by step.
        scorer: the black box.
        reading: how two answers are compared.
    """
    tries = [
        (name, each)
        for name in plan.edges
        if _both_ways(plan, tally, name)
        for each in _largest(found(plan, tally, name))
        if each.first != each.last
    ]
    if not tries:
        return {}
    frames: list[list[pa.Table]] = [[], []]
    for name, each in tries:
        own, edges = everyone.arrays[name], plan.edges[name]
        low, high = edges[each.first], edges[each.last + 1]
        here = ~missing(own) & (own <= high) & ((own > low) | (each.first == 0))
        rows = everyone.take(np.flatnonzero(here))
        for side, end in enumerate((low, high)):
            frames[side].append(rows.frame([{name: np.full(len(rows), end).astype(own.dtype)}]))
    before, after = people.score(scorer, [pa.concat_tables(each) for each in frames])
    rise, changed = reading.rise(before, after), reading.changed(before, after)
    parts = np.cumsum([frame.num_rows for frame in frames[0]])[:-1]
    whole: Tally = {}
    for (name, each), up, moved in zip(
        tries, np.split(rise, parts), np.split(changed, parts), strict=True
    ):
        way = up > 0 if each.way == "gained" else up < 0
        whole |= counted(_whole(name, each), n=len(up), moved=moved & way)
    return whole


def most_predictions(plan: ExplanationPlan, rows: int) -> int:
    """The most rows that `walked` can ask about: stretches of one way share nobody.

    Args:
        plan: with the steps.
        rows: how many people are asked about.
    """
    return 2 * len(WAYS) * rows * sum(len(edges) > 2 for edges in plan.edges.values())


def _whole(name: str, each: Stretch) -> str:
    return f"whole:{name}:{each.first}:{each.last}:{each.way}"


def _both_ways(plan: ExplanationPlan, tally: Mapping[str, int], name: str) -> bool:
    """Whether its stretches may be told at all: only of a number that acts both ways."""
    seen = {each.way for each in found(plan, tally, name)}
    return len(seen) > 1 or bool(missed(plan, tally, name))


def _measured(
    plan: ExplanationPlan, tally: Mapping[str, int], name: str, each: Stretch
) -> Stretch:
    """A stretch with what was counted over the whole of it; else its largest step alone."""
    if each.first == each.last:
        return each
    key = _whole(name, each)
    if tally.get(f"{key}:moved", 0) >= plan.k:
        return replace(each, moved=tally[f"{key}:moved"], n=tally[f"{key}:n"])
    step = f"picture:{name}"
    at = max(_steps(each), key=lambda at: (tally[f"{step}:{at}:{each.way}"], -at))
    return Stretch(at, at, each.way, tally[f"{step}:{at}:{each.way}"], tally[f"{step}:{at}:n"])


def missed(plan: ExplanationPlan, tally: Mapping[str, int], name: str) -> list[Way]:
    """The ways that at least k people's results go between near values, at odds with those far apart."""
    far, key = f"contrast:{name}", f"near:{name}"
    if tally["again:moved"] or f"{key}:n" not in tally:
        return []
    ways = {each.way for each in found(plan, tally, name)}
    ways |= {way for way in WAYS if tally[f"{key}:{way}"] >= plan.k}
    return [way for way in WAYS if way in ways and tally[f"{far}:{way}"] < plan.k]


def cliff(plan: ExplanationPlan, tally: Mapping[str, int], name: str) -> bool:
    """Whether at one end of the values results only go the way that most tests did not.

    Two values far apart hardly ever both stand there, so their counts leave the few who do without
    a word on where they stand.
    """
    far, last = f"contrast:{name}", len(plan.edges.get(name, ())) - 2
    most, other = WAYS if tally[f"{far}:up"] >= tally[f"{far}:down"] else WAYS[::-1]
    seen = found(plan, tally, name)
    along = {step for each in seen if each.way == most for step in _steps(each)}
    return any(
        each.way == other and not along & _steps(each) and (each.first == 0 or each.last == last)
        for each in seen
    )


def _steps(each: Stretch) -> set[int]:
    return set(range(each.first, each.last + 1))


def turns_once(plan: ExplanationPlan, tally: Mapping[str, int], name: str, *, top: bool) -> bool:
    """Whether results go one way below a turning point and the other way above it, and no more."""
    seen = found(plan, tally, name)
    rising, falling = WAYS if top else WAYS[::-1]
    ends = [each.last for each in seen if each.way == rising]
    starts = [each.first for each in seen if each.way == falling]
    return not ends or not starts or max(ends) <= min(starts)


def told(
    plan: ExplanationPlan,
    tally: Mapping[str, int],
    name: str,
    shown: Mapping[str, Any],
    places: Places,
) -> dict[str, Any]:
    """The sentence on a number that acts both ways: over which values, and how far apart it was tried.

    Args:
        plan: with the column, and whether its values are sealed.
        tally: what was counted.
        name: the number.
        shown: the evidence of its contrast.
        places: what the places of the contrast's sentences hold.
    """
    each = [_measured(plan, tally, name, one) for one in _largest(found(plan, tally, name))]
    each = [one for one in each if one.moved >= plan.k]  # a single step may move fewer
    said = [_stretch(plan, name, one) for one in each]
    filled = {
        "stretches": Text("".join(f"{s.zh}；" for s in said), "".join(f"{s.en}; " for s in said)),
    }  # fmt: skip
    counts = {what: tally[f"near:{name}:{what}"] for what in ("n", *WAYS)}
    filled |= {f"near_{what}": same(numbers.count(count)) for what, count in counts.items()}
    tests = max(counts["n"], 1)
    filled |= {f"near_{what}_p": roughly(counts[what] / tests) for what in WAYS}
    evidence = {**shown, "near": counts, "stretches": [_shown(plan, name, one) for one in each]}
    return sentence(
        f"{plan.task}.number.bends",
        kind=Kind.NO_SIMPLE_DIRECTION,
        evidence=evidence,
        places={**places, **filled},
        test=f"{plan.task}.bends",
    )


def _largest(seen: Sequence[Stretch]) -> list[Stretch]:
    """The stretches that are told, lowest values first: of either way the largest, and the next ones."""
    by_size = sorted(seen, key=lambda each: -each.moved)
    first = {each.way: each for each in reversed(by_size)}
    others = [each for each in by_size if each is not first[each.way]]
    return sorted([*first.values(), *others][:MOST], key=lambda each: (each.first, each.last))


def _stretch(plan: ExplanationPlan, name: str, one: Stretch) -> Text:
    """Over which values, whose results change, and of how many who stand there."""
    column, wording = plan.column(name), plan.wording
    share, n = shares.about(one.moved, one.n, plan.k), numbers.count(one.n)
    if plan.sealed is not None:
        where = Text(f"有一段（具体数值未公开：{plan.sealed.zh}）",
                     f"over one stretch (its values are not published: {plan.sealed.en})")  # fmt: skip
    else:
        ends = [plan.edges[name][at] for at in (one.first, one.last + 1)]
        low, high = (column.written(end) for end in ends)
        bare = numbers.value(ends[0])
        first = low if column.kind == "share" else Text(bare, bare)
        where = Text(f"从{first.zh}到{high.zh}", f"from {first.en} to {high.en}")
    if plan.task == "price":
        way = wording.way(up=one.way == "gained", priced=True)
        change = Text(f"{way.zh}（1%以上）", f"{way.en} by over 1 %")
    else:
        result = wording.favourable if one.way == "gained" else wording.unfavourable
        change = Text(f"变成“{result.zh}”", f"“{result.en}” instead")
    many = wording.people
    return Text(
        f"{where.zh}，本来就在这一段的{n}{many.zh}里，每100{many.zh}{share.zh}{many.zh}{change.zh}",
        f"{where.en}, {change.en} for {share.en} of 100 (of the {n} {many.en} there)",
    )


def _shown(plan: ExplanationPlan, name: str, one: Stretch) -> dict[str, Any]:
    at = {} if plan.sealed is not None else {
        "from": plan.edges[name][one.first], "to": plan.edges[name][one.last + 1],
    }  # fmt: skip
    share = shares.per_hundred(one.moved, one.n, plan.k)
    return {**at, "up": one.way == "gained", "n": one.n, "per_hundred": share}
