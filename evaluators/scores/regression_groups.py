"""The errors of a numeric prediction in one sensitive feature's groups, and how they compare."""

import math
from dataclasses import dataclass, replace
from functools import cached_property

from evaluators.accumulating import unit_sums, weights
from evaluators.accumulating.accumulators import Key
from evaluators.accumulating.exact_sums import ExactSums
from evaluators.accumulating.unit_sums import UnitSums
from evaluators.judging.contrasts import Effect
from evaluators.plan import Plan
from evaluators.statistics import inference

BIAS, MAE, RMSE = "mean_signed_error_difference", "mae_ratio", "rmse_ratio"
SUMS = ("error", "square", "absolute", "fourth")
MEASURES = ("high", "error", "absolute", "square")
"""What is added up per unit: high predictions, and the standardised errors, sizes and squares."""


@dataclass(frozen=True, slots=True)
class Errors:
    """The moments of a group's errors (prediction − outcome).

    Args:
        n: how many rows.
        mean: the mean error: above 0 the model says too much.
        absolute: the mean absolute error.
        square: the mean square error.
        variances: of the error, of its size and of its square, with the divisor n − 1.
    """

    n: int
    mean: float
    absolute: float
    square: float
    variances: tuple[float, float, float]

    @property
    def root(self) -> float:
        """The root mean square error."""
        return math.sqrt(self.square)


@dataclass(frozen=True)
class RegressionGroups:
    """The errors by group of one sensitive feature.

    Args:
        name: the feature.
        sums: exact sums by feature and level.
        units: sums per unit, where units repeat.
    """

    name: str
    sums: ExactSums
    units: UnitSums | None = None

    @cached_property
    def levels(self) -> list[str]:
        """The levels with errors, missing left out."""
        keys = [key for key in self.sums.table if key[0] == self.name]
        return sorted(str(key[1]) for key in keys if key[1] is not None)

    def errors(self, level: str) -> Errors:
        """A group's errors."""
        if level not in self._seen:
            self._seen[level] = self._errors(level)
        return self._seen[level]

    @cached_property
    def _seen(self) -> dict[str, Errors]:
        """What has been worked out about each level."""
        return {}

    def _errors(self, level: str) -> Errors:
        key: Key = (self.name, level)
        n = self.sums.rows(key)
        mean, square, absolute, fourth = (self.sums.mean(key, name) for name in SUMS)
        factor = n / max(1, n - 1)
        spreads = (square - mean**2, square - absolute**2, fourth - square**2)
        first, second, third = (max(0.0, float(v) * factor) for v in spreads)
        return Errors(n, float(mean), float(absolute), float(square), (first, second, third))

    @cached_property
    def typical(self) -> float:
        """Everyone's root mean square error, those with a missing level included."""
        keys = [key for key in self.sums.table if key[0] == self.name]
        rows = sum(self.sums.rows(key) for key in keys)
        total = sum(self.sums.mean(key, "square") * self.sums.rows(key) for key in keys)
        return math.sqrt(float(total / rows)) if rows else 0.0

    def people(self, level: str) -> int:
        """How many independent units a group has."""
        key = (self.name, level)
        return self.sums.rows(key) if self.units is None else self.units.units(key)

    def judged(self, level: str, plan: Plan) -> bool:
        """Whether a group has enough independent units of equal weight."""
        key = (self.name, level)
        many = self.sums.rows(key) if self.units is None else self.units.kish(key)
        return weights.enough([many], plan.min_n)

    def sides(self, pair: tuple[str, str]) -> tuple[float, float] | None:
        """Kish's effective number of units on each side; None where every row is one."""
        if self.units is None:
            return None
        one, other = (self.units.kish((self.name, level)) for level in pair)
        return one, other

    def effect(self, metric: str, pair: tuple[str, str], plan: Plan) -> Effect:
        """One statistic of a group against the reference.

        Args:
            metric: which.
            pair: the group and the reference.
            plan: for the least denominator.
        """
        one, other = self.errors(pair[0]), self.errors(pair[1])
        blank = Effect(metric, *pair, n=one.n, n_reference=other.n, units=self.sides(pair))
        if not all(self.judged(level, plan) for level in pair):
            return replace(blank, why="small")
        if not min(one.square, other.square) > 0:
            return replace(blank, why="perfect")
        value, shares, estimates = _contrast(metric, one, other, self.typical)
        place = {BIAS: 0, MAE: 1, RMSE: 2}[metric]
        if self.units is None:
            sizes = _standardised(place, (one, other), self.typical)
            parts = [w**2 * v / e.n for w, v, e in zip(shares, sizes, (one, other), strict=True)]
            error = math.sqrt(sum(parts))
            below = sum(v**2 / (e.n - 1) for v, e in zip(parts, (one, other), strict=True))
            df, test = (error**4 / below if below else 1.0), "welch"
        else:
            spread = unit_sums.spread([
                (units, weight * sums[:, 1 + place] / errors.n)
                for level, weight, errors in zip(pair, shares, (one, other), strict=True)
                for units, _, sums in [self.units.sums((self.name, level))]
            ])  # fmt: skip
            error, df, test = spread.error, spread.df, "clustered"
        if not error > inference.NOISE:
            return replace(blank, why="perfect")
        return replace(
            blank, value=value, error=error, df=df, test=test, estimate=estimates[0],
            reference_estimate=estimates[1],
        )  # fmt: skip


def _contrast(
    metric: str, one: Errors, other: Errors, typical: float
) -> tuple[float, tuple[float, float], tuple[float, float]]:
    """The effect, the weights of the groups' standardised errors in it, and the two estimates.

    To first order log MAE moves with the mean of |e| / MAE, and log RMSE with half the mean of
    e² / MSE (delta method).
    """
    if metric == BIAS:
        return (one.mean - other.mean) / typical, (1.0, -1.0), (one.mean, other.mean)
    if metric == MAE:
        return math.log(one.absolute / other.absolute), (1.0, -1.0), (one.absolute, other.absolute)
    return math.log(one.root / other.root), (0.5, -0.5), (one.root, other.root)


def _standardised(place: int, both: tuple[Errors, Errors], typical: float) -> list[float]:
    """The variance of the groups' errors over the typical one, or of their relative sizes."""
    scales = [(typical, one.absolute, one.square)[place] for one in both]
    return [one.variances[place] / scale**2 for one, scale in zip(both, scales, strict=True)]
