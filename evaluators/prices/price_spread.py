"""What a set of paired log-ratios of prices looks like, without any claim about a population."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from evaluators.judging.verdicts import judge
from evaluators.prices.price_lines import ALERT, EQUIVALENCE, SAME, SHARE_BEYOND, log_line
from evaluators.statistics.intervals import clopper_pearson
from evaluators.statistics.regression import Floats
from registry.findings import Verdict

_WALSH = 2000
TRILLION = 10**12


@dataclass(frozen=True, slots=True)
class Spread:
    """Paired differences, described.

    Args:
        pairs: how many pairs.
        different: the share with any difference.
        dearer, cheaper: the shares that rise and fall.
        beyond: the share beyond the equivalence margin.
        beyond_upper: its one-sided 95 % Clopper-Pearson bound, one trial per pair.
        mean, median, shift: of the log-ratios; `shift` is Hodges and Lehmann's (1963).
        high, largest: the 95th percentile and the maximum of their size.
    """

    pairs: int
    different: float
    dearer: float
    cheaper: float
    beyond: float
    beyond_upper: float
    mean: float
    median: float
    shift: float
    high: float
    largest: float

    def as_json(self) -> dict[str, Any]:
        """The numbers as they stand in a finding."""
        return asdict(self)

    @property
    def small(self) -> bool:
        """Whether mean and share beyond are within the margins, as measured."""
        return abs(self.mean) <= log_line(EQUIVALENCE) and self.beyond <= SHARE_BEYOND

    @property
    def clean(self) -> bool:
        """Whether they are so with the upper bound as well."""
        return self.small and self.beyond_upper <= SHARE_BEYOND


def describe(ratios: Floats) -> Spread | None:
    """Describe log-ratios; None without pairs."""
    pairs = len(ratios)
    if not pairs:
        return None
    size = np.abs(ratios)
    count = int((size > log_line(EQUIVALENCE) + SAME).sum())
    bound = clopper_pearson(count, pairs, 0.90)
    return Spread(
        pairs=pairs,
        different=float((size > SAME).mean()),
        dearer=float((ratios > SAME).mean()),
        cheaper=float((ratios < -SAME).mean()),
        beyond=count / pairs,
        beyond_upper=bound.high if bound else 1.0,
        mean=total(ratios) / TRILLION / pairs,
        median=float(np.median(ratios)),
        shift=hodges_lehmann(ratios),
        high=float(np.quantile(size, 0.95, method="inverted_cdf")),
        largest=float(size.max()),
    )


def total(ratios: Floats) -> int:
    """The sum in trillionths, exact, so that public sums give the mean to the last digit."""
    return sum(int(value) for value in np.rint(ratios * TRILLION))


def counted(
    *, pairs: int, different: int, dearer: int, cheaper: int, beyond: int, log_ratio: int
) -> Spread:
    """What counts and an exact sum alone show; the rest is not known."""
    bound = clopper_pearson(beyond, pairs, 0.90)
    unknown = float("nan")
    return Spread(
        pairs, different / pairs, dearer / pairs, cheaper / pairs, beyond / pairs,
        bound.high if bound else 1.0, log_ratio / TRILLION / pairs, *(unknown,) * 4,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bill:
    """The three parts of the clean bill (evaluation.md, section 3, rule 7).

    Args:
        widest: the mean furthest from 0 of any comparison, over all rows and in any registered
            group.
        within: whether it is within the equivalence margin.
        few: whether the share of rows with any pair beyond the margin is small as measured.
        bounded: whether its upper bound is, over all rows and in every registered group.
    """

    widest: float
    within: bool
    few: bool
    bounded: bool

    @property
    def largest(self) -> float:
        """The size of that mean."""
        return abs(self.widest)

    def verdict(self, *, evaluable: bool) -> Verdict:
        """*Equivalent* with all three; *inconclusive* where only the bounds are too wide."""
        if evaluable and self.within and self.few and not self.bounded:
            return Verdict.INCONCLUSIVE
        return judge(
            evaluable=evaluable,
            beyond=self.largest > log_line(ALERT),
            equivalent=self.within and self.few and self.bounded,
            p_adjusted=None,
            alpha=0.0,
            exact=True,
        )


def bill(parts: Sequence[Spread], worst: Sequence[Spread]) -> Bill:
    """The clean bill of an audit.

    Args:
        parts: every comparison, over all rows and in every group.
        worst: each row's largest difference, over all rows and in every group.
    """
    widest = max((spread.mean for spread in parts), key=abs, default=0.0)
    return Bill(
        widest=widest,
        within=abs(widest) <= log_line(EQUIVALENCE),
        few=all(spread.beyond <= SHARE_BEYOND for spread in worst),
        bounded=all(spread.beyond_upper <= SHARE_BEYOND for spread in worst),
    )


def exact_verdict(
    spread: Spread, groups: Sequence[Spread], *, sampled: bool, evaluable: bool
) -> Verdict:
    """A deterministic comparison against both lines; small only if it is so in every group."""
    small = all((s.clean if sampled else s.small) for s in (spread, *groups))
    return judge(
        evaluable=evaluable,
        beyond=abs(spread.mean) > log_line(ALERT),
        equivalent=small,
        p_adjusted=None,
        alpha=0.0,
        exact=True,
    )


def hodges_lehmann(values: Floats) -> float:
    """The median of all pairwise means (Hodges and Lehmann 1963).

    Beyond 2,000 values, of 2,000 evenly spaced order statistics.
    """
    ordered = np.sort(values)
    if len(ordered) > _WALSH:
        ordered = ordered[np.linspace(0, len(ordered) - 1, _WALSH).round().astype(np.int64)]
    upper = np.triu_indices(len(ordered))
    return float(np.median((ordered[upper[0]] + ordered[upper[1]]) / 2))


def pairs_needed() -> int:
    """How many pairs, none beyond the margin, bring the upper bound under the line: 299."""
    return int(np.ceil(np.log(0.05) / np.log(1 - SHARE_BEYOND)))
