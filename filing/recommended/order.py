"""The order of the catalogue, from measurements and weights alone: anyone can compute it again.

The rule. A criterion counts where its weight is above 0 and every entry has a measurement of it. One
that any entry lacks (未测) leaves the sum of all entries, so that no two entries are ever compared on
different criteria. An entry's score is the weighted mean of its shares on the criteria that count,
as an exact fraction. Equal scores are a tie: they have one rank, and the next rank counts everyone
before it (1, 2, 2, 4). Within a tie the filing number decides which stands first, and nothing else.
Where no criterion counts, nobody has a score and all are tied.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from filing.recommended.criteria import CRITERIA, IDS, MOST_WEIGHT, Measured, Measures, Weights
from registry.errors import Invalid, Reason
from registry.language import Text

MOST_DIGITS = 3
NAMES = {each.id: each.name for each in CRITERIA}
RULE = Text(
    "每项标准的得分是计数除以总数，总分是按权重的加权平均。只要有一个条目在某项标准上是未测，这项标准就从所有条目的"
    "总分里去掉；未测不是0分。总分相等的并列，同一个名次，先后只按备案编号。",
    "A criterion's score is its count divided by its total; the whole is their weighted mean. A "
    "criterion on which any entry is not measured leaves the sum of every entry; not measured is "
    "not 0. Equal sums are a tie: one rank, listed by filing number alone.",
)


class WeightsInvalid(Invalid):
    """A weight breaks a rule: give whole numbers from 0 to 100, by the criteria's ids."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands.

    Args:
        number: the filing number.
        rank: from 1; one rank for all of a tie.
        tied: whether another entry has the same rank.
        score: from 0 to 1; None where no criterion counts.
    """

    number: str
    rank: int
    tied: bool
    score: Fraction | None

    @property
    def points(self) -> str:
        """The score out of 100 with one decimal, for people; empty where there is none."""
        if self.score is None:
            return ""
        exact = Decimal(100 * self.score.numerator) / Decimal(self.score.denominator)
        return str(exact.quantize(Decimal("0.1"), ROUND_HALF_UP))

    def as_json(self) -> dict[str, Any]:
        """The place as a JSON object; the exact score is a text such as `17/20`."""
        return {
            "number": self.number,
            "rank": self.rank,
            "tied": self.tied,
            "score": None if self.score is None else str(self.score),
            "points": self.points,
        }


@dataclass(frozen=True, slots=True)
class Order:
    """The order.

    Args:
        weights: by criterion, those asked for.
        counted: the criteria that count, in their own order.
        left: criterion → numbers of the entries that lack it, for those with a weight that left the sum.
        places: one for each entry, first to last.
    """

    weights: Weights
    counted: tuple[str, ...]
    left: Mapping[str, tuple[str, ...]]
    places: tuple[Place, ...]

    def as_json(self) -> dict[str, Any]:
        """The order as a JSON object."""
        return {
            "weights": dict(self.weights),
            "counted": list(self.counted),
            "left_out": [
                {"criterion": name, "not_measured": list(numbers)}
                for name, numbers in self.left.items()
            ],
            "places": [each.as_json() for each in self.places],
        }


def order(entries: Mapping[str, Measures], weights: Weights) -> Order:
    """The order of some entries.

    Args:
        entries: by filing number, the measurements by criterion.
        weights: by criterion, from 0 to 100; one that is not named has none.
    """
    asked = {name: weights.get(name, 0) for name in IDS}
    lacking = {
        name: tuple(sorted(number for number, each in entries.items() if each.get(name) is None))
        for name, weight in asked.items()
        if weight
    }
    counted = tuple(name for name, numbers in lacking.items() if not numbers)
    scores = {number: _score(each, counted, asked) for number, each in entries.items()}
    ranked = sorted(scores, key=lambda number: (-(scores[number] or Fraction()), number))
    same, first = Counter(scores.values()), dict[Fraction | None, int]()
    for place, number in enumerate(ranked, start=1):
        first.setdefault(scores[number], place)
    return Order(
        weights=asked,
        counted=counted,
        left={name: numbers for name, numbers in lacking.items() if numbers},
        places=tuple(
            Place(number, first[scores[number]], same[scores[number]] > 1, scores[number])
            for number in ranked
        ),
    )


def _score(entry: Measures, counted: Sequence[str], weights: Weights) -> Fraction | None:
    if not counted:
        return None
    found = [(weights[name], measured) for name in counted if (measured := entry[name])]
    return Fraction(
        sum(weight * measured.share for weight, measured in found),
        sum(weights[name] for name in counted),
    )


def weights_of(
    given: Mapping[str, Any], otherwise: Weights, wrong: Sequence[Reason] = ()
) -> dict[str, int]:
    """The weights that somebody asks for; those that they do not name stay as they are.

    Args:
        given: by criterion, a whole number or its digits.
        otherwise: the weights that the industry body published.
        wrong: what whoever read the weights found wrong already.

    Raises:
        WeightsInvalid: lists every name that is no criterion, and every value that is no weight.
    """
    reasons = [*wrong, *(_unknown(name) for name in given if name not in IDS)]
    asked = dict.fromkeys(IDS, 0) | {name: otherwise.get(name, 0) for name in IDS}
    for name in (each for each in given if each in IDS):
        weight = _weight(given[name])
        if weight is None:
            reasons.append(_no_weight(name, given[name]))
        else:
            asked[name] = weight
    if reasons:
        raise WeightsInvalid(
            "权重不对，顺序没有重新计算。请逐项改正。",
            "The weights are wrong, so no order was computed. Correct each of them.",
            reasons=reasons,
        )
    return asked


def _weight(given: Any) -> int | None:
    if isinstance(given, str):
        digits = given.strip()
        plain = digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS
        given = int(digits) if plain else None
    if isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= MOST_WEIGHT:
        return given
    return None


def _unknown(name: str) -> Reason:
    return Reason(
        name[:40],
        Text("没有这项标准。", "There is no such criterion."),
        Text(f"可选：{'、'.join(IDS)}。", f"Choose among: {', '.join(IDS)}."),
    )


def _no_weight(name: str, given: Any) -> Reason:
    called, shown = NAMES[name], str(given)[:20]
    return Reason(
        name,
        Text(
            f"“{called.zh}”的权重写成了“{shown}”，这不是权重。",
            f"“{shown}”, given for “{called.en}”, is no weight.",
        ),
        Text(
            f"请填0到{MOST_WEIGHT}的整数；0表示不算这一项。",
            f"Give a whole number from 0 to {MOST_WEIGHT}; 0 leaves the criterion out.",
        ),
    )


def read_measures(told: Mapping[str, Any]) -> dict[str, Measured | None]:
    """Measurements from their JSON objects; what is missing or malformed is refused.

    Args:
        told: by criterion, {count, of} or null.

    Raises:
        MeasuresInvalid: names the criterion.
    """
    found: dict[str, Measured | None] = {}
    for each in CRITERIA:
        value = told.get(each.id)
        if value is None:
            found[each.id] = None
            continue
        count, of = (
            value.get(name) if isinstance(value, Mapping) else None for name in ("count", "of")
        )
        if not (isinstance(count, int) and isinstance(of, int) and 0 <= count <= of and of):
            raise MeasuresInvalid(
                f"“{each.name.zh}”的测量值不对，请使用原始文件。",
                f"The measurement of {each.id} is malformed; use the original file.",
            )
        found[each.id] = Measured(count, of)
    return found


class MeasuresInvalid(Invalid):
    """A file's measurement is none: download the file again."""
