"""The scores of one sensitive feature's groups: shapes, rankings, shares above the median, effects."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from scipy.special import kolmogi, ndtri

from evaluators.accumulating import unit_sums
from evaluators.accumulating.exact_sums import ExactSums
from evaluators.accumulating.histogram import Histogram
from evaluators.accumulating.unit_sums import UnitSums
from evaluators.judging import equivalence
from evaluators.judging.contrasts import Effect, Judged, Line, severity, student
from evaluators.judging.rates import Group
from evaluators.judging.verdicts import judge as decide
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.scores import score_statistics as statistics
from evaluators.scores.score_statistics import Cut, Ranking, Shape
from evaluators.statistics.intervals import Interval

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

Found = TypeVar("Found")

MEASURES = ("above", "centred", "square", "ranking")
"""What is added up per unit: scores above the median, standardised scores and their squares less
one, and the influence on the AUC."""

FINEST = 6
"""The most digits that a quantile is told with."""


@dataclass(frozen=True)
class ScoreGroups:
    """What the first pass has shown about one sensitive feature.

    Args:
        name: the feature.
        grid: the histogram of all scores.
        sums: their exact sums.
        units: sums per unit, where units repeat; None before the second pass, and without a unit.
        share: the quantile of everyone's scores above which a score counts as high.
        inner: the finer histogram of the bin in which that quantile lies, if it was needed.
    """

    name: str
    grid: Histogram
    sums: ExactSums
    units: UnitSums | None = None
    share: float = 0.5
    inner: Histogram | None = None

    @cached_property
    def levels(self) -> list[str]:
        """The levels that occur, missing left out."""
        return sorted(
            {str(k[1]) for k in self.grid.keys if k[0] == self.name and k[1] is not None}
        )

    @cached_property
    def everyone(self) -> Integers:
        """All scores by bin, those with a missing level included."""
        return self.grid.under(self.name)

    @cached_property
    def cut(self) -> Cut:
        """Everyone's median, or another quantile."""
        first = statistics.cut(self.grid, self.everyone, self.share)
        if self.inner is None:
            return first
        inside = self.inner.under(self.name)
        return statistics.finer(first, self.everyone, self.share, self.inner, inside)

    @cached_property
    def rough_cut(self) -> float | None:
        """The cut so rough that as many people as share what is published round to it.

        A quantile is the score of one person. With a unit nobody counts whose scores these are, so
        there it is told to nobody.
        """
        least, value = POLICY.value("small_cell"), self.cut.value
        if self.units is not None:
            return None
        size = math.floor(math.log10(abs(value))) if value else 0
        for digits in range(FINEST, 0, -1):
            step = 10.0 ** (size - digits + 1)
            place = round(value / step)
            near = np.rint(self.grid.middles / step) == place
            if self.everyone[near].sum() >= least:
                return float(f"{place * step:.{FINEST}g}")
        return None

    def above(self, level: str) -> int:
        """How many of a group lie above it."""
        found = int(self.counts(level)[self.cut.bins].sum())
        if self.inner is None or self.cut.inner is None:
            return found
        inside = self.inner.under(self.name, level)
        return found + int(inside[self.cut.inner].sum())

    def share_above(self) -> float:
        """The share of everyone that lies above it."""
        found = int(self.everyone[self.cut.bins].sum())
        if self.inner is not None and self.cut.inner is not None:
            inside = self.inner.under(self.name)
            found += int(inside[self.cut.inner].sum())
        return found / max(1, int(self.everyone.sum()))

    def straddled(self, values: Floats) -> npt.NDArray[np.bool_]:
        """Which of the values lie in the bin that holds the quantile and others."""
        if self.cut.within is None:
            return np.zeros(values.size, dtype=bool)
        return np.equal(self.grid.places(values), self.cut.within)

    @cached_property
    def _seen(self) -> dict[Any, Any]:
        """What has been worked out about each level."""
        return {}

    def _once(self, what: str, level: str, make: Callable[[], Found]) -> Found:
        """The statistic of a level, worked out at most once."""
        if (what, level) not in self._seen:
            self._seen[what, level] = make()
        found: Found = self._seen[what, level]
        return found

    def counts(self, level: str) -> Integers:
        """A group's scores by bin."""
        return self._once("counts", level, lambda: self.grid.under(self.name, level))

    def rates(self) -> list[Group]:
        """The share of each group above everyone's median, or another quantile."""
        return [self._rate(level) for level in self.levels]

    def _rate(self, level: str) -> Group:
        counts = self.counts(level)
        k, n = self.above(level), int(counts.sum())
        if self.units is None:
            return Group(level, k, n)
        _, rows, sums = self.units.sums((self.name, level))
        spread = unit_sums.design_effect(sums[:, 0], rows)
        return Group(level, k, n, spread, rows.size, kish=self.weight(level))

    def shape(self, level: str) -> Shape:
        """A group's moments."""
        return self._once("shape", level, lambda: self._shape(level))

    def _shape(self, level: str) -> Shape:
        key, counts = (self.name, level), self.counts(level)
        n, mean = self.sums.rows(key), self.sums.mean(key, "score")
        variance = self.sums.mean(key, "square") - mean**2
        centred = self.grid.middles - float(mean)
        third, fourth = (float((counts * centred**k).sum() / n) for k in (3, 4))
        return Shape(n, float(mean), float(variance) * n / max(1, n - 1), third, fourth)

    def ranking(self, level: str) -> Ranking | None:
        """How well the score ranks within a group."""
        return self._once("ranking", level, lambda: self._ranking(level))

    def _ranking(self, level: str) -> Ranking | None:
        yes = self.grid.under(self.name, level, "1")
        no = self.grid.under(self.name, level, "0")
        return statistics.ranking(yes, no)

    def weight(self, level: str) -> float:
        """A group's effective size: Kish's, so that a unit counts once whatever its rows say."""
        if self.units is None:
            return float(self.counts(level).sum())
        return self.units.kish((self.name, level))

    def sides(self, group: str, against: str) -> tuple[float, float]:
        """How many independent units of equal weight stand on each side of a comparison."""
        return self.weight(group), self.weight(against)

    def mean_difference(self, group: str, against: str) -> Effect:
        """Standardised difference of the mean scores."""
        first, second = self.shape(group), self.shape(against)
        blank = Effect("standardised_mean_difference", group, against, n=first.n,
                       n_reference=second.n, test="welch",
                       units=self.sides(group, against))  # fmt: skip
        found = statistics.standardised(first, second)
        if found is None:
            return replace(blank, why="constant")
        error, df, test = found.error, found.df, "welch"
        statistic: float | None = None
        p: float | None = None
        if self.units is None:
            statistic, freedom = statistics.welch(first, second)
            p = student(statistic, freedom)
        else:
            error, df = self._spread(
                [(level, found.weights[at][0], found.weights[at][1], 0.0)
                 for at, level in enumerate((group, against))]
            )  # fmt: skip
            test = "clustered"
        if not error > 0:
            return replace(blank, why="constant")
        return replace(
            blank, value=found.value, error=error, df=df, estimate=first.mean,
            reference_estimate=second.mean, test=test, statistic=statistic, p_given=p,
            details={"sd": math.sqrt(first.variance), "reference_sd": math.sqrt(second.variance)},
        )  # fmt: skip

    def ranking_difference(self, group: str, against: str, least: int) -> Effect:
        """Difference of the AUC within the groups."""
        first, second = self.ranking(group), self.ranking(against)
        blank = Effect("auc_difference", group, against, test="delong",
                       units=self.sides(group, against),
                       n=0 if first is None else first.m + first.n,
                       n_reference=0 if second is None else second.m + second.n)  # fmt: skip
        if first is None or second is None or min(first.m, first.n, second.m, second.n) < least:
            return replace(blank, why="outcomes")
        error, parts = math.hypot(first.error, second.error), (first, second)
        below = sum(r.error**4 / r.df for r in parts)
        df, test = (error**4 / below if below else 1.0), "delong"
        if self.units is not None:
            error, df = self._spread(
                [(group, 0.0, 0.0, 1 / (first.m + first.n)),
                 (against, 0.0, 0.0, -1 / (second.m + second.n))]
            )  # fmt: skip
            test = "delong_clustered"
        if not min(first.error, second.error, error) > 0:
            return replace(blank, why="perfect")
        return replace(
            blank, value=first.value - second.value, error=error, df=df, estimate=first.value,
            reference_estimate=second.value, test=test,
            details={"tie_bounds": [first.low, first.high],
                     "reference_tie_bounds": [second.low, second.high]},
        )  # fmt: skip

    def _spread(self, parts: list[tuple[str, float, float, float]]) -> tuple[float, float]:
        """The error of weighted sums per unit."""
        if self.units is None:
            return 0.0, 1.0
        pairs = []
        for level, centred, square, rank in parts:
            units, _, sums = self.units.sums((self.name, level))
            pairs.append((units, sums[:, 1] * centred + sums[:, 2] * square + sums[:, 3] * rank))
        found = unit_sums.spread(pairs)
        return found.error, found.df

    def distance(self, group: str, against: str) -> Effect:
        """How far apart the two distributions are."""
        first, second = self.counts(group), self.counts(against)
        found = statistics.distance(self.grid, first, second)
        weights = self.weight(group), self.weight(against)
        details: dict[str, Any] = {
            "ks_high": found.ks_high, "wasserstein": found.wasserstein,
            "wasserstein_error": found.wasserstein_error, "effective_n": list(weights),
        }  # fmt: skip
        one, other = self.shape(group), self.shape(against)
        scale = math.sqrt((one.variance + other.variance) / 2)
        details["wasserstein_in_sd"] = found.wasserstein / scale if scale > 0 else None
        return Effect(
            "kolmogorov_smirnov_distance", group, against, found.ks, n=one.n, n_reference=other.n,
            units=weights, test="kolmogorov_smirnov", statistic=found.ks,
            p_given=statistics.kolmogorov_p(found.ks, *weights), details=details,
        )  # fmt: skip


def judge_distance(
    effect: Effect, line: Line, plan: Plan, *, family: int, p_adjusted: float | None
) -> Judged:
    """Hold a Kolmogorov-Smirnov distance against its lines, by Massart's band.

    Args:
        effect: the distance.
        line: the lines; the distance has no sign.
        plan: for α.
        family: the size of the family.
        p_adjusted: the adjusted p; None where nothing can be said.
    """
    level = 1 - plan.alpha / max(1, family)
    if p_adjusted is None or effect.why is not None:
        return Judged(effect, line, level, family)
    weights: Mapping[int, float] = dict(enumerate(effect.details["effective_n"]))
    n1, n2 = weights[0], weights[1]
    most, reach = float(effect.details["ks_high"]), statistics.band(n1, n2, level)
    low, high = max(0.0, effect.value - reach), min(1.0, most + reach)
    room, root = line.near[1] - most, 1 / math.sqrt(n1) + 1 / math.sqrt(n2)
    alike = min(1.0, 4 * math.exp(-2 * (room / root) ** 2)) if room > 0 else 1.0
    verdict = decide(
        evaluable=True, beyond=low > line.high,
        equivalent=equivalence.shown(
            alike, family=family, alpha=plan.alpha, units=effect.sides,
            interval=(low, high), near=line.near,
        ),
        p_adjusted=p_adjusted, alpha=plan.alpha,
    )  # fmt: skip
    scale = math.sqrt(1 / n1 + 1 / n2)
    mde = scale * (float(kolmogi(1 - level)) + 0.5 * float(ndtri(POLICY.value("power"))))
    return Judged(
        effect, line, level, family, Interval(low, high, level, "massart"), p_adjusted, alike, mde,
        verdict, severity(low, high, line),
    )  # fmt: skip
