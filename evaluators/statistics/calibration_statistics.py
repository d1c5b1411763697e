"""Calibration of probabilities: recalibration by logistic regression, bands, and a null for the ECE."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

BANDS = 10
STEPS = 50
MOST_LOGIT = 14.0
"""Probabilities are taken as at least 10⁻⁶ and at most 1 − 10⁻⁶ for the slope."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A group by bin of the score.

    Args:
        logit: the logit of the score.
        n: how many.
        observed: how many had the favourable outcome.
        expected: how many should have had it: the sum of the scores.
    """

    logit: Floats
    n: Integers
    observed: Integers
    expected: Floats


@dataclass(frozen=True, slots=True)
class Recalibration:
    """What turns a group's scores into its outcomes: logit(outcome) = intercept + slope · logit(score).

    Args:
        slope: 1 where the scores spread as the outcomes do (Cox 1958; Van Calster et al. 2019).
        intercept: with that slope.
        bread: the inverse of the information.
        large: calibration in the large: the intercept if the slope is held at 1.
    """

    slope: float
    intercept: float
    bread: tuple[tuple[float, float], tuple[float, float]]
    large: float

    @property
    def error(self) -> float:
        """The standard error of the slope."""
        return math.sqrt(max(0.0, self.bread[1][1]))

    def residuals(self, logit: Floats, outcome: Floats) -> Floats:
        """What is left of the outcomes."""
        left: Floats = outcome - expit(self.intercept + self.slope * logit)
        return left


def recalibration(seen: Counted) -> Recalibration | None:
    """Maximum likelihood by Newton's method; None where it has no maximum (no spread, separation).

    A step that would make the likelihood smaller is halved until it does not: from (0, 1) full
    steps overshoot where the scores say little of the outcomes, and never come back.
    """
    logit, n, y = seen.logit, seen.n.astype(np.float64), seen.observed.astype(np.float64)
    if not _overlap(seen):
        return None
    middle = float((n * logit).sum() / n.sum())
    x = logit - middle
    at, bread = np.array([middle, 1.0]), np.zeros((2, 2))
    for _ in range(STEPS):
        mean = expit(at[0] + at[1] * x)
        weight = n * mean * (1 - mean)
        left = y - n * mean
        score = np.array([left.sum(), (left * x).sum()])
        s0, s1, s2 = weight.sum(), (weight * x).sum(), (weight * x**2).sum()
        determinant = s0 * s2 - s1 * s1
        if not determinant > 1e-9 * s0 * s2:
            return None
        bread = np.array([[s2, -s1], [-s1, s0]]) / determinant
        step = _halved(at, bread @ score, x, n, y)
        at = at + step
        if np.abs(step).max() < 1e-10 * max(1.0, float(np.abs(at).max())):
            break
    else:
        return None
    back = np.array([[1.0, -middle], [0.0, 1.0]])
    (a, b), (c, d) = (back @ bread @ back.T).tolist()
    return Recalibration(
        float(at[1]), float(at[0] - at[1] * middle), ((a, b), (c, d)), _large(seen)
    )


def _overlap(seen: Counted) -> bool:
    """Whether the scores of either outcome reach beyond some of the other's (Albert, Anderson 1984)."""
    yes, no = seen.logit[seen.observed > 0], seen.logit[seen.observed < seen.n]
    if not yes.size or not no.size:
        return False
    return bool(yes.min() < no.max() and no.min() < yes.max())


def _halved(at: Floats, step: Floats, x: Floats, n: Floats, y: Floats) -> Floats:
    """The step, or the largest of its halves that does not make the likelihood smaller."""

    def likelihood(point: Floats) -> float:
        line = point[0] + point[1] * x
        return float((y * line - n * np.logaddexp(0.0, line)).sum())

    now = likelihood(at)
    for _ in range(STEPS):
        if likelihood(at + step) >= now - 1e-12 * abs(now):
            break
        step = step / 2
    return step


def _large(seen: Counted) -> float:
    """The intercept that makes the expected outcomes as many as the observed."""
    at, wanted = 0.0, float(seen.observed.sum())
    for _ in range(STEPS):
        mean = expit(at + seen.logit)
        step = (wanted - float((seen.n * mean).sum())) / float((seen.n * mean * (1 - mean)).sum())
        at += max(-2.0, min(2.0, step))
        if abs(step) < 1e-10:
            break
    return at


@dataclass(frozen=True, slots=True)
class Ratio:
    """Observed over expected outcomes, with the error of its logarithm (linearised ratio)."""

    value: float
    error: float
    df: float


def observed_over_expected(seen: Counted) -> Ratio:
    """The ratio of sums and its error; the outcomes must not all be alike.

    The influence of a row on the logarithm is (outcome − ratio · score) / observed.
    """
    total, observed = int(seen.n.sum()), float(seen.observed.sum())
    value = observed / float(seen.expected.sum())
    score = seen.expected / seen.n
    squares = seen.observed * (1 - value * score) ** 2 + (seen.n - seen.observed) * (
        (value * score) ** 2
    )
    variance = float(squares.sum()) * total / max(1, total - 1) / observed**2
    return Ratio(value, math.sqrt(variance), float(max(1, total - 1)))


def bands(everyone: Integers) -> Integers:
    """The tenth of everyone's scores that each bin belongs to, by midrank: ties stay together."""
    total = int(everyone.sum())
    middle = np.cumsum(everyone) - everyone / 2
    return np.minimum(BANDS - 1, (middle * BANDS / max(1, total)).astype(np.int64))


@dataclass(frozen=True, slots=True)
class Banded:
    """A group by band: how many, how many favourable outcomes, how many expected."""

    n: Integers
    observed: Integers
    expected: Floats

    @property
    def error(self) -> float:
        """The expected calibration error: the mean gap of observed and expected shares."""
        return float(np.abs(self.observed - self.expected).sum() / self.n.sum())

    def joined(self, least: int) -> list[dict[str, float]]:
        """The bands from low to high, neighbours joined until no count of people is small."""
        found: list[tuple[int, int, float]] = []
        held = (0, 0, 0.0)
        for n, observed, expected in zip(self.n, self.observed, self.expected, strict=True):
            held = (held[0] + int(n), held[1] + int(observed), held[2] + float(expected))
            if held[1] >= least and held[0] - held[1] >= least:
                found.append(held)
                held = (0, 0, 0.0)
        if held[0] and found:
            last = found.pop()
            found.append((last[0] + held[0], last[1] + held[1], last[2] + held[2]))
        return [{"n": n, "observed": o, "expected": e} for n, o, e in found]


def banded(seen: Counted, band: Integers) -> Banded:
    """Add a group's bins up to bands."""

    def added(values: npt.NDArray[np.generic]) -> Floats:
        return np.bincount(band, weights=values, minlength=BANDS).astype(np.float64)

    return Banded(
        added(seen.n).astype(np.int64),
        added(seen.observed).astype(np.int64),
        added(seen.expected),
    )


@dataclass(frozen=True, slots=True)
class NullErrors:
    """Draws of the mean size of the bands' chance gaps.

    Args:
        calibrated: if every score were right: the null distribution of the ECE.
        around: around what the outcomes themselves suggest: how far an ECE can be off. By the
            triangle inequality the true ECE lies within it of the seen one.
    """

    calibrated: Floats
    around: Floats


def null_errors(seen: Banded, draws: int, rng: np.random.Generator) -> NullErrors:
    """Chance gaps of independent rows: binomial outcomes in every band.

    A binomial varies at least as much as outcomes of unequal probabilities with the same mean, so
    the draws are a little too wide, never too narrow (Hoeffding 1956).
    """
    n = seen.n.astype(np.int64)
    share = np.divide(seen.expected, n, out=np.zeros(BANDS), where=n > 0).clip(0, 1)
    smooth = (seen.observed + 0.5) / (n + 1)
    total = float(n.sum())
    first = np.abs(rng.binomial(n, share, (draws, BANDS)) - n * share).sum(axis=1) / total
    second = np.abs(rng.binomial(n, smooth, (draws, BANDS)) - n * smooth).sum(axis=1) / total
    return NullErrors(first, second)


def clustered_errors(gaps: Floats, rows: Integers, draws: int, rng: np.random.Generator) -> Floats:
    """Chance gaps where units repeat: normal, with the bands' covariance over units.

    Args:
        gaps: units × bands, observed less expected.
        rows: rows of each unit.
        draws: how many draws.
        rng: keyed by the hypothesis.
    """
    units = len(gaps)
    ordered = gaps[np.lexsort(gaps.T)]
    covariance = ordered.T @ ordered * units / max(1, units - 1)
    sizes, axes = np.linalg.eigh(covariance)
    root = axes * np.sqrt(np.maximum(sizes, 0.0))
    heavy = np.sqrt((units - 1) / rng.chisquare(max(1, units - 1), draws))
    drawn: Floats = np.abs(rng.standard_normal((draws, BANDS)) @ root.T).sum(axis=1)
    return drawn * heavy / float(rows.sum())


def slope_influence(found: Recalibration, scores: Floats) -> Floats:
    """Per unit the influence on the slope, from its sums of residuals and of residuals × logit."""
    influence: Floats = scores[:, 0] * found.bread[1][0] + scores[:, 1] * found.bread[1][1]
    return influence


def measures() -> tuple[str, ...]:
    """What is added up per unit in the second pass."""
    gaps = tuple(f"gap_{band}" for band in range(BANDS))
    return ("observed", "expected", "residual", "residual_logit", *gaps)


def upper(draws: Floats, level: float) -> float:
    """The quantile of the draws that is exceeded with at most 1 − level."""
    rank = min(draws.size, math.ceil(level * (draws.size + 1)))
    return float(np.sort(draws)[rank - 1])
