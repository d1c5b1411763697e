"""All levels of a column in one sentence: with which of them the answer is which.

Levels with which the answers are alike are named together. Each level that was tried by name is
told, or counted among those of which is told between what their answers lie.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from explainers import means, numbers, shares
from explainers.columns import Column
from explainers.plan import ExplanationPlan
from explainers.sentences import sentence
from registry.language import Text

FEWEST = 3  # levels from which on they are told at once: two are told as a pair
MANY = 5  # levels from which on two parts may differ within themselves (ours)
MOST_TOLD = 8  # names in one part
NAMED = 4  # names in the largest part: where it has more, they are counted (ours)
MOST_PARTS = 4  # parts that one sentence tells (ours)
APART = 2.0  # how many times wider the gap between two parts is than either of them (ours)
ALIKE = 0.02  # shares that differ by no more are told as one; of prices, of the largest (ours)


@dataclass(frozen=True, slots=True)
class Answers:
    """What comes of it if people have each level.

    Args:
        n: how many people were tried with each.
        good: how many of them got the favourable result.
        prices: the mean price as it may be told; empty in a decision.
        unsure: by how much two shares may differ by the people who were drawn for them.
    """

    n: Sequence[int]
    good: Sequence[int]
    prices: Sequence[float] = ()
    unsure: float = 0.0

    @property
    def each(self) -> list[float]:
        """By level, the share of good results or the mean price."""
        if self.prices:
            return list(self.prices)
        return [good / n for good, n in zip(self.good, self.n, strict=True)]

    @property
    def alike(self) -> float:
        """How far two answers may be apart and are told as one."""
        largest = max(map(abs, self.prices)) if self.prices else 1.0
        return ALIKE * largest + self.unsure


def of_levels(
    plan: ExplanationPlan, tally: Mapping[str, int], key: str, levels: int
) -> Answers | None:
    """What came of it when everybody was given each level; None where it may not be told.

    Args:
        plan: with the task.
        tally: what was counted.
        key: of the contrast.
        levels: how many there are.
    """
    n = [tally[f"{key}:n"]] * levels
    return _counted(plan, tally, key, n)


def of_donors(
    plan: ExplanationPlan, tally: Mapping[str, int], key: str, levels: int
) -> Answers | None:
    """The same where each person was given the level of another, drawn by chance."""
    n = [tally.get(f"{key}:{i}:n", 0) for i in range(levels)]
    if min(n, default=0) < plan.k:
        return None
    return _counted(plan, tally, key, n, unsure=plan.family.z * (0.5 / min(n)) ** 0.5)


def _counted(
    plan: ExplanationPlan,
    tally: Mapping[str, int],
    key: str,
    n: Sequence[int],
    unsure: float = 0.0,
) -> Answers | None:
    if not n or not min(n) or tally["again:changed"]:
        return None
    if plan.task == "decision":
        return Answers(n, [tally[f"{key}:{i}:favourable"] for i in range(len(n))], unsure=unsure)
    prices = [means.told(tally, f"{key}:{i}:sum", of, plan.k) for i, of in enumerate(n)]
    known = [price for price in prices if price is not None]
    return Answers(n, [0] * len(n), known) if len(known) == len(prices) else None


def told(
    plan: ExplanationPlan,
    column: Column,
    levels: Sequence[Any],
    answers: Answers,
    places: Mapping[str, Text],
    evidence: Mapping[str, Any],
) -> dict[str, Any] | None:
    """One sentence on all levels of a column; None where their answers are alike.

    Args:
        plan: names the results.
        column: whose levels they are.
        levels: as the plan has them.
        answers: what comes of each.
        places: what the places of the column's sentences hold.
        evidence: what was counted of them.
    """
    one = _One(plan, column, levels, answers, places)
    said = one.parts()
    if said is None:
        return None
    row = f"{plan.task}.levels.parted"
    return sentence(row, kind="parted", evidence=evidence, places={**places, "parts": said})


@dataclass(frozen=True, slots=True)
class _One:
    """The sentence on one column."""

    plan: ExplanationPlan
    column: Column
    levels: Sequence[Any]
    answers: Answers
    places: Mapping[str, Text]

    def parts(self) -> Text | None:
        """The levels in parts, the best first (or the cheapest); one that is counted comes last."""
        each = self.answers.each
        order = sorted(range(len(each)), key=lambda i: each[i], reverse=self.decided)
        two = self._two(order)
        if two is not None:
            return self._joined(two)
        found = [[order[0]]]
        for i in order[1:]:
            if abs(each[i] - each[found[-1][0]]) <= self.answers.alike:
                found[-1].append(i)
            else:
                found.append([i])
        if len(found) < 2:
            return None
        largest = max(found, key=len)
        small = all(len(part) <= NAMED for part in found if part is not largest)
        if len(found) <= MOST_PARTS and small:
            return self._joined(found)
        return self._ends(found)

    @property
    def decided(self) -> bool:
        return self.plan.task == "decision"

    def _two(self, order: Sequence[int]) -> list[list[int]] | None:
        """Many levels that fall into two parts, the smaller one first."""
        each = self.answers.each
        gaps = [abs(each[b] - each[a]) for a, b in pairwise(order)]
        if len(each) < MANY:
            return None
        at = gaps.index(max(gaps)) + 1
        parts = sorted((list(order[:at]), list(order[at:])), key=len)
        widths = [abs(each[part[0]] - each[part[-1]]) for part in parts]
        apart = gaps[at - 1] > max(APART * max(widths), self.answers.alike)
        return parts if apart and len(parts[0]) <= MOST_TOLD else None

    def _joined(self, parts: Sequence[Sequence[int]]) -> Text:
        counted = [part for part in parts if len(part) > NAMED and part is max(parts, key=len)]
        ordered = [*(part for part in parts if part not in counted), *counted]
        said = [self._first(ordered[0])]
        for part in ordered[1:]:
            amount = self._amount(part)
            if part in counted:
                m = len(part)
                said.append(Text(f"是试过的另外{m}种情况的，{amount.zh}",
                                 f"with the other {m} that were tested, {amount.en}"))  # fmt: skip
            else:
                names = self._names(part)
                said.append(Text(f"是{names.zh}的，{amount.zh}", f"with {names.en}, {amount.en}"))
        return _listed(said)

    def _ends(self, parts: Sequence[Sequence[int]]) -> Text | None:
        """The first and the last of many parts, and how many levels lie between them."""
        first, last = parts[0], parts[-1]
        if max(len(first), len(last)) > MOST_TOLD:
            return None
        between = sum(len(part) for part in parts[1:-1])
        words = (
            (Text("最多", "the most"), Text("最少", "the fewest"))
            if self.decided
            else (Text("最低", "the lowest"), Text("最高", "the highest"))
        )
        names, amount, begun = self._names(last), self._amount(last), self._first(first)
        said = [
            Text(f"{begun.zh}，{words[0].zh}", f"{begun.en}, {words[0].en}"),
            Text(f"是{names.zh}的，{amount.zh}，{words[1].zh}",
                 f"with {names.en}, {amount.en}, {words[1].en}"),
            Text(f"试过的另外{between}种情况在两者之间",
                 f"the other {between} that were tested lie between"),
        ]  # fmt: skip
        return _listed(said)

    def _first(self, part: Sequence[int]) -> Text:
        names, amount, places = self._names(part), self._amount(part), self.places
        x = self.column.subject
        if self.decided:
            return Text(
                f"{x.zh}是{names.zh}的，每100{places['people'].zh}里，{amount.zh}{places['got'].zh}",
                f"with {names.en} for {x.en}, {amount.en} of 100 {places['people'].en} would "
                f"{places['got'].en}",
            )
        return Text(
            f"{x.zh}是{names.zh}的，{places['price'].zh}平均是{amount.zh}",
            f"with {names.en} for {x.en}, the mean {places['price'].en} is {amount.en}",
        )

    def _names(self, part: Sequence[int]) -> Text:
        values = [self.plan.donors.value(self.column.name, self.levels[i]) for i in part]
        # In the order of the data: cities by their codes, words by the alphabet.
        called = [self.column.level(value) for value in sorted(values)]
        zh, en = [f"“{name.zh}”" for name in called], [f"“{name.en}”" for name in called]
        if len(called) == 1:
            return Text(zh[0], en[0])
        return Text("、".join(zh[:-1]) + "或" + zh[-1], ", ".join(en[:-1]) + " or " + en[-1])

    def _amount(self, part: Sequence[int]) -> Text:
        """One share or amount, or from the least to the most of them."""
        each = self.answers.each
        ends = min(part, key=lambda i: each[i]), max(part, key=lambda i: each[i])
        if not self.decided:
            low, high = (means.written(each[end], self.plan.wording.unit) for end in ends)
            return low if low == high else Text(f"{low.zh}到{high.zh}", f"{low.en} to {high.en}")
        said = self._share(*ends)
        return Text(said.zh + self.places["people"].zh, said.en)

    def _share(self, least: int, most: int) -> Text:
        k, n, good = self.plan.k, self.answers.n, self.answers.good
        low, high = (shares.about(good[i], n[i], k) for i in (least, most))
        if low == high:
            return low
        ends = [numbers.per_hundred(good[i] / n[i]) for i in (least, most)]
        few = [shares.per_hundred(good[i], n[i], k) is None for i in (least, most)]
        if all(few) or "不到1" in ends:  # what fewer than k people got is told as a bound
            ends = [str(round(100 * good[i] / n[i])) for i in (least, most)]
        if few[0] or few[1]:
            return Text(f"最多约{ends[1]}", f"at most about {ends[1]}") if few[0] and not few[1] else (
                Text(f"最少约{ends[0]}", f"at least about {ends[0]}") if not few[0] else high
            )  # fmt: skip
        return Text(f"约有{ends[0]}到{ends[1]}", f"about {ends[0]} to {ends[1]}")


def _listed(said: Sequence[Text]) -> Text:
    return Text("；".join(each.zh for each in said), "; ".join(each.en for each in said))
