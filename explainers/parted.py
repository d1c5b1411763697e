"""Many levels in one sentence, where they fall into two: those few with which the answer is another."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from explainers import means, numbers
from explainers.phrases import about, same
from explainers.plan import ExplanationPlan
from explainers.sentences import sentence
from explainers.subjects import Subject
from registry.language import Text

MANY = 5  # levels from which on each is told beside all others at once (ours)
MOST_TOLD = 8  # names in one sentence
APART = 2.0  # how many times wider the gap between the two parts is than either of them (ours)


def told(
    plan: ExplanationPlan,
    tally: Mapping[str, int],
    subject: Subject,
    places: Mapping[str, Text],
    evidence: Mapping[str, Any],
) -> dict[str, Any] | None:
    """One sentence on all levels of a column; None where they are few, or do not fall into two.

    Args:
        plan: with the column and its levels.
        tally: what was counted.
        subject: the column.
        places: what the places of the column's sentences hold.
        evidence: what was counted of all levels together.
    """
    answers = _answers(plan, tally, subject)
    if len(subject.levels) < MANY or answers is None:
        return None
    order = sorted(range(len(answers)), key=answers.__getitem__)
    gaps = [answers[b] - answers[a] for a, b in pairwise(order)]
    at = gaps.index(max(gaps)) + 1
    parts = sorted((order[:at], order[at:]), key=len)
    widths = [max(answers[i] for i in part) - min(answers[i] for i in part) for part in parts]
    if len(parts[0]) > MOST_TOLD or gaps[at - 1] <= APART * max(widths):
        return None
    few, rest = ([answers[i] for i in part] for part in parts)
    filled = {
        "names": _names(plan, subject, sorted(parts[0])),
        "p": _between(plan, few),
        "q": _between(plan, rest),
        "m": same(len(rest)),
    }
    row = f"{plan.task}.levels.parted"
    return sentence(row, kind="parted", evidence=evidence, places={**places, **filled})


def _answers(
    plan: ExplanationPlan, tally: Mapping[str, int], subject: Subject
) -> list[float] | None:
    """By level, the share of good results if everybody had it, or the mean price."""
    key, n = f"contrast:{subject.key}", tally[f"contrast:{subject.key}:n"]
    if not n or tally["again:changed"]:
        return None
    levels = range(len(subject.levels))
    if plan.task == "decision":
        return [tally[f"{key}:{i}:favourable"] / n for i in levels]
    prices = [means.told(tally, f"{key}:{i}:sum", n, plan.k) for i in levels]
    known = [price for price in prices if price is not None]
    return known if len(known) == len(prices) else None


def _names(plan: ExplanationPlan, subject: Subject, part: Sequence[int]) -> Text:
    column = plan.column(subject.names[0])
    values = [plan.donors.value(column.name, subject.levels[i]) for i in part]
    # In the order of the data: cities by their codes, words by the alphabet.
    called = [column.level(value) for value in sorted(values)]
    zh, en = [f"“{name.zh}”" for name in called], [f"“{name.en}”" for name in called]
    if len(called) == 1:
        return Text(zh[0], en[0])
    return Text("、".join(zh[:-1]) + "或" + zh[-1], ", ".join(en[:-1]) + " or " + en[-1])


def _between(plan: ExplanationPlan, answers: Sequence[float]) -> Text:
    """One share or amount, or from the least to the most of them."""
    least, most = min(answers), max(answers)
    if plan.task == "decision":
        ends = [numbers.per_hundred(end) for end in (least, most)]
        if ends[0] == ends[1]:
            return about(least)
        return Text(f"约有{ends[0]}到{ends[1]}", f"about {ends[0]} to {ends[1]}")
    unit = plan.wording.unit
    low, high = (means.written(end, unit) for end in (least, most))
    return low if low == high else Text(f"{low.zh}到{high.zh}", f"{low.en} to {high.en}")
