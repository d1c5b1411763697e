"""Several steps of one number: each value at which results change, and what holds between them.

Where results change is seen by asking each person at the two ends of the step they stand on; at
which of the round numbers, by the answers on either side. Told only where between the steps, by
intervals, hardly anything changes: a number whose every value counts has no steps.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from explainers import bends, means, shapes
from explainers.columns import Column
from explainers.phrases import about
from explainers.plan import ExplanationPlan
from explainers.sentences import sentence
from registry.language import Text

MOST = 4  # steps that one sentence tells (ours)
COUNTED = {2: Text("两", "two"), 3: Text("三", "three"), 4: Text("四", "four")}
Places = Mapping[str, Text]


def found(
    plan: ExplanationPlan, tally: Mapping[str, int], name: str
) -> tuple[list[float], list[float]] | None:
    """The steps of one number, lowest first, and the shares or mean prices below, between and above.

    None where there are fewer than two or more than `MOST`, or their places cannot be told.
    """
    seen = shapes.Seen.of(plan, tally, name)
    stretches = bends.found(plan, tally, name)
    if seen is None or not 2 <= len(stretches) <= MOST:
        return None
    if any(two.first <= one.last for one, two in pairwise(stretches)):
        return None
    edges, stops = plan.edges[name], np.asarray(seen.stops)
    ends = [(edges[each.first], edges[each.last + 1]) for each in stretches]
    at: list[int] = []
    for i, (low, high) in enumerate(ends):
        since = 0 if i == 0 else int(np.searchsorted(stops, ends[i - 1][1], side="right"))
        until = (
            len(stops)
            if i + 1 == len(ends)
            else int(np.searchsorted(stops, ends[i + 1][0], side="right"))
        )
        of = (stops > low) & (stops <= high)
        of &= (np.arange(len(stops)) >= since) & (np.arange(len(stops)) < until)
        if not of.any():
            return None
        stop = seen.parting(of, since, until + 1)
        if not seen.sharp(stop):
            return None
        at.append(stop)
    bounds = [0, *(stop + 1 for stop in at), len(stops) + 1]
    if not seen.levels(bounds):
        return None
    answers = [seen.mean(*seen.inner(a, b)) for a, b in pairwise(bounds)]
    known = [answer for answer in answers if answer is not None]
    return ([float(stops[stop]) for stop in at], known) if len(known) == len(answers) else None


def told(
    plan: ExplanationPlan, tally: Mapping[str, int], name: str, places: Places
) -> dict[str, Any] | None:
    """The sentence on the steps of one number; None where it has no two.

    Args:
        plan: with the column, and whether its values are sealed.
        tally: what was counted.
        name: the number.
        places: what the places of the column's sentences hold.
    """
    seen = found(plan, tally, name)
    if seen is None:
        return None
    at, answers = seen
    column, decided = plan.column(name), plan.task == "decision"
    amounts = [about(n) if decided else means.written(n, plan.wording.unit) for n in answers]
    many = places["people"].zh if decided else ""
    parts = _sealed(amounts, many, places) if plan.sealed else _parts(column, at, amounts, many, places)  # fmt: skip
    written = [column.written(each) for each in at]
    where = Text(
        f"，在{'、'.join(w.zh for w in written[:-1])}和{written[-1].zh}左右",
        f", at about {', '.join(w.en for w in written[:-1])} and {written[-1].en}",
    )
    if plan.sealed:
        where = Text(f"，具体数值未公开（{plan.sealed.zh}）",
                     f"; their values are not published ({plan.sealed.en})")  # fmt: skip
    filled = {"steps": COUNTED[len(at)], "where": where, "parts": parts}
    rising = [b > a for a, b in pairwise(answers)]
    shown: dict[str, Any] = {"levels": [round(n, 2) if decided else n for n in answers]}
    shown |= {} if plan.sealed else {"at": at}
    one_way = all(rising) or not any(rising)
    kind = "stairs" if one_way else "bands"
    return sentence(f"{plan.task}.steps", kind=kind, evidence=shown, places={**places, **filled})


def _parts(
    column: Column, at: Sequence[float], amounts: Sequence[Text], many: str, places: Places
) -> Text:
    """What holds below, between and above the steps."""
    at_ = [column.written(each) for each in at]
    between = [
        Text(f"{a.zh}及以上、不到{b.zh}", f"from {a.en} to below {b.en}") for a, b in pairwise(at_)
    ]
    where = [
        Text(f"{column.plain.zh}不到{at_[0].zh}", f"below {at_[0].en}"),
        *between,
        Text(f"{at_[-1].zh}及以上", f"from {at_[-1].en} on"),
    ]
    heads = _heads(amounts[0], many, places)
    zh = [f"{where[0].zh}，{heads.zh}"]
    en = [f"{where[0].en}, {heads.en}"]
    for side, amount in zip(where[1:], amounts[1:], strict=True):
        zh.append(f"{side.zh}，{amount.zh}{many}")
        en.append(f"{side.en}, {amount.en}")
    return Text("；".join(zh), "; ".join(en))


def _heads(amount: Text, many: str, places: Places) -> Text:
    """The first of several amounts, with what it is one of."""
    if many:
        return Text(
            f"每100{many}里，{amount.zh}{many}{places['got'].zh}",
            f"{amount.en} of 100 {places['people'].en} would {places['got'].en}",
        )
    return Text(
        f"{places['price'].zh}平均是{amount.zh}", f"the mean {places['price'].en} is {amount.en}"
    )


def _sealed(amounts: Sequence[Text], many: str, places: Places) -> Text:
    """The same without a value: in the order of the values."""
    zh = "、".join(f"{amount.zh}{many}" for amount in amounts)
    en = ", ".join(amount.en for amount in amounts[:-1]) + " and " + amounts[-1].en
    if many:
        return Text(
            f"从最低的一段往上，每100{many}里{places['got'].zh}的依次{zh}",
            f"from the lowest up, {en} of 100 {places['people'].en} would {places['got'].en}",
        )
    return Text(
        f"从最低的一段往上，{places['price'].zh}平均依次是{zh}",
        f"from the lowest up, the mean {places['price'].en} is {en}",
    )
