"""What a set of paired log-ratios of prices looks like, without any claim about a population."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from evaluators.intervals import clopper_pearson
from evaluators.price_lines import EQUIVALENCE, SHARE_BEYOND, log_line
from evaluators.regression import Floats

SAME = 1e-9  # log-ratios up to this are arithmetic noise, not another price
_WALSH = 2000


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
        mean=float(ratios.mean()),
        median=float(np.median(ratios)),
        shift=hodges_lehmann(ratios),
        high=float(np.quantile(size, 0.95, method="inverted_cdf")),
        largest=float(size.max()),
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
