"""Means that tell of nobody: so coarse that what fewer than k people add cannot be worked out.

One amount far from the rest, or the only one that a change moves, is a mean times the number of
people. So with each sum its extremes are kept. How far k people could move the mean, each from one
extreme to the other, is the least step that the mean is rounded to; a mean smaller than its step is
not told.
"""

import math
from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from explainers import numbers
from registry.language import Text

SCALE = 10**9  # sums of answers are kept as whole billionths
EXTREMES = (HIGH, LOW) = (".high", ".low")  # merged by the larger, not by the sum

UNTOLD = Text(
    "多少，不公布（少数几个就能左右它）", "an amount that is not told, as a few could move it"
)

CHANGED = Text("（只算变了的）", " where it changed")
UNCHANGED_TOO = Text("（没变的也算在内）", ", those unchanged counted in")

Tally = Mapping[str, int]


def summed(name: str, values: npt.NDArray[np.float64]) -> dict[str, int]:
    """A tally of the sum of some amounts, one a person, and of the extremes among them.

    Args:
        name: of the sum in the tally.
        values: the amounts.
    """
    billionths = list(map(int, np.rint(values * SCALE).tolist()))
    tally = {name: sum(billionths)}
    if billionths:
        tally |= {name + HIGH: max(billionths), name + LOW: -min(billionths)}
    return tally


def merged(parts: Iterable[tuple[Tally, str]], name: str) -> dict[str, int]:
    """The sum of several sums and the extremes of all, under one name.

    Args:
        parts: tallies, and the name of a sum in each.
        name: of the whole.
    """
    whole: dict[str, int] = {}
    for tally, part in parts:
        if part + HIGH not in tally:
            continue  # a sum of no amounts
        whole[name] = whole.get(name, 0) + tally[part]
        for end in EXTREMES:
            whole[name + end] = max(whole.get(name + end, tally[part + end]), tally[part + end])
    return whole


def told(tally: Tally, name: str, n: int, k: int) -> float | None:
    """The mean of n amounts as it may be told; None where few people would be told of.

    Args:
        tally: with what `summed` made.
        name: of the sum.
        n: how many amounts.
        k: how many people must share what is told.
    """
    width = (tally.get(name + HIGH, 0) + tally.get(name + LOW, 0)) / SCALE
    return coarse(tally.get(name, 0) / SCALE / n, step(width, n, k)) if n else None


def step(width: float, n: int, k: int) -> float:
    """The least round step of a mean of n amounts that lie so far apart; 0 where all are one."""
    least = k * width / n
    if least <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(least))
    return float(next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= least))


def coarse(mean: float, step: float) -> float | None:
    """A mean rounded to a step; None where it is smaller than the step."""
    if not step:
        return numbers.rounded(mean)
    return numbers.rounded(round(mean / step) * step) if abs(mean) >= step else None


def written(mean: float | None, unit: Text) -> Text:
    """A mean with its sign and its unit, or that it is not told.

    Args:
        mean: a level, such as a mean price; none of a difference (`apart`).
        unit: of the amounts.
    """
    if mean is None:
        return UNTOLD
    number = numbers.value(mean)
    return Text(number + unit.zh, f"{number} {unit.en}".strip())


def apart(
    difference: float | None, unit: Text, *, against: bool = False, of: Text | None = None
) -> Text:
    """How large a mean difference is, where the sentence says which way in words.

    Args:
        difference: the mean difference, or None where it is not told.
        unit: of the amounts.
        against: whether it goes the other way than the sentence says that most do.
        of: whether those that did not change are counted in; None where all changed.
    """
    if difference is None:
        return UNTOLD
    size = written(abs(difference), unit)
    if of is not None:
        size = Text(size.zh + of.zh, size.en + of.en)
    if not against:
        return size
    return Text(f"{size.zh}（平均下来方向相反）", f"{size.en} (the other way on average)")


def both(rise: float | None, fall: float | None, unit: Text, *, against: bool) -> Text:
    """How large the rises and the falls are on average, where there are both.

    Args:
        rise: the mean rise, or None where it is not told.
        fall: the mean fall, likewise, without its sign.
        unit: of the amounts.
        against: whether taken together they go the other way than most do.
    """
    up, down = apart(rise, unit), apart(fall, unit)
    net = Text("（平均下来方向相反）", " (the other way on average)") if against else Text("", "")
    return Text(
        f"{up.zh}（变高的）和{down.zh}（变低的）{net.zh}",
        f"{up.en} (where higher) and {down.en} (where lower){net.en}",
    )
