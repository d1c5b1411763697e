"""The calibration of one sensitive feature's groups: counts by bin, effects, and the judged ECE."""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from evaluators.accumulating import unit_sums, weights
from evaluators.accumulating.histogram import Histogram
from evaluators.accumulating.unit_sums import UnitSums
from evaluators.judging import equivalence
from evaluators.judging.contrasts import Effect, Judged, Line
from evaluators.judging.verdicts import judge as decide
from evaluators.judging.verdicts import reached
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.probe import Run
from evaluators.statistics import calibration_statistics as statistics
from evaluators.statistics.calibration_statistics import Banded, Counted, NullErrors, Recalibration
from evaluators.statistics.intervals import Interval
from evaluators.statistics.multiplicity import monte_carlo_p, replicates_needed

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

MEASURES = ("rows", "observed", "expected")
FINE = 2**32
"""Units per one in which the histogram adds up the scores."""
MOST_DRAWS = 20_000
RATIO, SLOPE, ERROR = "observed_expected_ratio", "calibration_slope", "expected_calibration_error"


@dataclass(frozen=True)
class CalibrationGroups:
    """What the first pass has shown about one sensitive feature.

    Args:
        name: the feature.
        grid: the histogram of the logits of all scores.
        units: sums per unit, where units repeat; None before the second pass, and without a unit.
    """

    name: str
    grid: Histogram
    units: UnitSums | None = None

    @cached_property
    def levels(self) -> list[str]:
        """The levels that occur, missing left out."""
        return sorted(
            {str(k[1]) for k in self.grid.keys if k[0] == self.name and k[1] is not None}
        )

    @cached_property
    def band(self) -> Integers:
        """The tenth of everyone's scores that each bin belongs to."""
        return statistics.bands(self.grid.under(self.name))

    def counted(self, level: str) -> Counted:
        """A group by bin; bins without its rows are left out."""
        n, observed, expected = (self._column(level, measure) for measure in range(3))
        there = n > 0
        middles = self.grid.middles
        return Counted(middles[there], n[there], observed[there], expected[there] / FINE)

    def _column(self, level: str, measure: int) -> Integers:
        return self.grid.under(self.name, level, measure=measure)

    def banded(self, level: str) -> Banded:
        """A group by band."""
        there = self._column(level, 0) > 0
        return statistics.banded(self.counted(level), self.band[there])

    def outcomes(self, level: str) -> tuple[int, int]:
        """How many rows a group has, and how many of them the favourable outcome."""
        return int(self._column(level, 0).sum()), int(self._column(level, 1).sum())

    def people(self, level: str) -> int:
        """How many independent units a group has."""
        if self.units is None:
            return int(self._column(level, 0).sum())
        return self.units.units((self.name, level))

    def sides(self, level: str, against: str | None = None) -> tuple[float, float | None] | None:
        """Kish's effective number of units on each side; None where every row is one."""
        if self.units is None:
            return None
        other = None if against is None else self.units.kish((self.name, against))
        return self.units.kish((self.name, level)), other

    def judged(self, level: str, plan: Plan) -> bool:
        """Whether a group has enough independent units of equal weight."""
        return weights.enough(self.sides(level) or (self.people(level),), plan.min_n)

    def enough(self, level: str, plan: Plan) -> str | None:
        """Why a group can't be judged; None if it can."""
        if not self.judged(level, plan):
            return "small"
        n, observed = self.outcomes(level)
        return (
            "events" if min(observed, n - observed) < POLICY.value("calibration_events") else None
        )

    def recalibration(self, level: str) -> Recalibration | None:
        """A group's intercept and slope."""
        return statistics.recalibration(self.counted(level))

    def ratio(self, group: str, against: str, plan: Plan) -> Effect:
        """Observed over expected in a group, over the same in the reference."""
        first, second = self.counted(group), self.counted(against)
        blank = Effect(RATIO, group, against, n=int(first.n.sum()),
                       n_reference=int(second.n.sum()), test="linearised_ratio",
                       units=self.sides(group, against))  # fmt: skip
        why = self.enough(group, plan) or self.enough(against, plan)
        if why is not None:
            return replace(blank, why=why)
        one, other = (statistics.observed_over_expected(c) for c in (first, second))
        error = math.hypot(one.error, other.error)
        below = one.error**4 / one.df + other.error**4 / other.df
        df = error**4 / below if below else 1.0
        if self.units is not None:
            parts = []
            for level, ratio, sign in ((group, one, 1.0), (against, other, -1.0)):
                units, _, sums = self.units.sums((self.name, level))
                left = sums[:, 0] - ratio.value * sums[:, 1]
                parts.append((units, sign * left / float(sums[:, 0].sum())))
            spread = unit_sums.spread(parts)
            error, df = spread.error, spread.df
            blank = replace(blank, test="clustered")
        if not error > 0:
            return replace(blank, why="certain")
        return replace(
            blank, value=math.log(one.value / other.value), error=error, df=df,
            estimate=one.value, reference_estimate=other.value,
            details={"observed": int(first.observed.sum()), "expected": float(first.expected.sum()),
                     "reference_observed": int(second.observed.sum()),
                     "reference_expected": float(second.expected.sum())},
        )  # fmt: skip

    def slope(self, level: str, plan: Plan) -> Effect:
        """The recalibration slope of a group, less 1."""
        blank = Effect(
            SLOPE,
            level,
            None,
            n=int(self._column(level, 0).sum()),
            test="wald",
            units=self.sides(level),
        )
        why = self.enough(level, plan)
        found = None if why else self.recalibration(level)
        if found is None:
            return replace(blank, why=why or "no_slope")
        error, df = found.error, math.inf
        if self.units is not None:
            units, _, sums = self.units.sums((self.name, level))
            spread = unit_sums.spread([(units, statistics.slope_influence(found, sums[:, 2:4]))])
            error, df, blank = spread.error, spread.df, replace(blank, test="clustered")
        if not error > 0:
            return replace(blank, why="no_slope")
        return replace(
            blank, value=found.slope - 1, error=error, df=df, estimate=found.slope,
            reference_estimate=1.0,
            details={"intercept": found.intercept, "intercept_at_slope_one": found.large},
        )  # fmt: skip

    def error(
        self, level: str, plan: Plan, run: Run, size: int
    ) -> tuple[Effect, NullErrors | None]:
        """The expected calibration error of a group, with its draws."""
        blank = Effect(ERROR, level, None, n=int(self._column(level, 0).sum()),
                       units=self.sides(level))  # fmt: skip
        why = self.enough(level, plan)
        if why is not None:
            return replace(blank, why=why), None
        seen = self.banded(level)
        wanted = min(MOST_DRAWS, replicates_needed(size, plan.alpha))
        rng = run.rng(f"calibration_by_group/{self.name}/{level}/ece")
        if self.units is None:
            draws, test = statistics.null_errors(seen, wanted, rng), "binomial_null"
        else:
            _, rows, sums = self.units.sums((self.name, level))
            drawn = statistics.clustered_errors(sums[:, 4:], rows, wanted, rng)
            draws, test = NullErrors(drawn, drawn), "clustered_null"
        p = float(monte_carlo_p((draws.calibrated >= seen.error).sum(), wanted))
        least = int(POLICY.value("small_cell"))
        details: dict[str, Any] = {"replicates": wanted}
        if self.units is None:
            details["bands"] = seen.joined(least)
        return replace(
            blank, value=seen.error, estimate=seen.error, reference_estimate=0.0, test=test,
            statistic=seen.error, p_given=p, details=details,
        ), draws  # fmt: skip


def judge_error(
    effect: Effect, draws: NullErrors | None, line: Line, plan: Plan, *, family: int,
    p_adjusted: float | None,
) -> Judged:  # fmt: skip
    """Hold an expected calibration error against its lines.

    Args:
        effect: the error.
        draws: its draws; None where nothing can be said.
        line: the lines; the error has no sign.
        plan: for α.
        family: the size of the family.
        p_adjusted: the adjusted p.
    """
    level = 1 - plan.alpha / max(1, family)
    if effect.why is not None or draws is None or p_adjusted is None:
        return Judged(effect, line, level, family)
    reach = statistics.upper(draws.around, level)
    ends = max(0.0, effect.value - reach), min(1.0, effect.value + reach)
    low, high = reached(ends, p_adjusted, plan.alpha)
    room = line.near[1] - effect.value
    hits = (draws.around >= room).sum() if room > 0 else draws.around.size
    alike = float(monte_carlo_p(hits, draws.around.size))
    verdict = decide(
        evaluable=True, beyond=low > line.high,
        equivalent=equivalence.shown(
            alike, family=family, alpha=plan.alpha, units=effect.sides,
            interval=(low, high), near=line.near,
        ),
        p_adjusted=p_adjusted, alpha=plan.alpha,
    )  # fmt: skip
    chance = draws.calibrated
    mde = statistics.upper(chance, level) + float(ndtri(POLICY.value("power"))) * float(
        chance.std()
    )
    return Judged(
        effect, line, level, family, Interval(low, high, level, "null_draws"), p_adjusted, alike,
        mde, verdict,
    )  # fmt: skip
