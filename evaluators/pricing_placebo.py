"""The placebo check: the same regression on groups that a hash made up.

If invented groups "pay different prices" more or less often than the level allows, the errors of
the real test can't be trusted on these data, and the probe says so instead of giving a verdict.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from evaluators import regression
from evaluators.policy import POLICY
from evaluators.pricing_frame import Frame, taken
from evaluators.pricing_ladder import Step
from evaluators.probe import keyed_hash
from evaluators.regression import Floats

MOST_ROWS = 100_000  # of a longer table the rows of a keyed sample of units are used
_AT_ONCE = 4_000_000  # values of placebo columns held at a time


@dataclass(frozen=True, slots=True)
class Placebo:
    """How often invented groups differed.

    Args:
        rows: how many rows they were tried on.
        draws: how many placebos had a test at all.
        rejections: how many were "significant".
        low, high: the binomial band in which the count should lie.
    """

    rows: int
    draws: int
    rejections: int
    low: int
    high: int

    @property
    def passed(self) -> bool:
        """Whether the count lies in the band."""
        return self.low <= self.rejections <= self.high

    def as_json(self) -> dict[str, Any]:
        """The check as it stands in a finding's details."""
        return {
            "rows": self.rows,
            "draws": self.draws,
            "rejections": self.rejections,
            "band": [self.low, self.high],
            "passed": self.passed,
        }


def check(frame: Frame, step: Step, *, draws: int, alpha: float, key: str) -> Placebo:
    """Run placebos whose values have the attribute's own distribution over units.

    Args:
        frame: the rows.
        step: the step whose conditions the placebos are tested under.
        draws: how many placebos.
        alpha: the level of each test.
        key: what the hash is keyed with: the run's nonce and the attribute.
    """
    frame = _by_unit(frame, key)
    factors = [column for name in step.factors for column in frame.factors[name]]
    made = regression.design(
        frame.outcome, factors, effects=frame.effects if step.cells else (), weights=frame.weights
    )
    base = regression.fit(made)
    rejections = tested = 0
    block = max(1, _AT_ONCE // max(frame.rows, 1))
    for start in range(0, draws, block):
        columns = _columns(frame, range(start, min(start + block, draws)), key)
        found = _p_values(frame, base, columns)
        tested += int(np.isfinite(found).sum())
        rejections += int((found < alpha).sum())
    width = POLICY.value("placebo_band")
    low, high = stats.binom.interval(width, max(tested, 1), alpha)
    return Placebo(frame.rows, tested, rejections, int(low), int(high))


def _by_unit(frame: Frame, key: str) -> Frame:
    """The rows unit by unit; of a long table, those of the units with the smallest hashes."""
    order = np.argsort(frame.unit, kind="stable")
    if frame.rows > MOST_ROWS:
        hashes = keyed_hash(np.arange(frame.units, dtype=np.uint64), f"{key}\x00sample")
        ranked = np.argsort(hashes, kind="stable")
        rows = np.cumsum(np.bincount(frame.unit)[ranked])
        chosen = np.zeros(frame.units, dtype=np.bool_)
        chosen[ranked[: max(2, int(np.searchsorted(rows, MOST_ROWS, side="right")))]] = True
        order = order[chosen[frame.unit[order]]]
    return taken(frame, order)


def _columns(frame: Frame, places: range, key: str) -> Floats:
    """Placebo columns: each unit draws a value that some unit has."""
    hashes = np.arange(frame.units, dtype=np.uint64)
    first = np.unique(frame.unit, return_index=True)[1]
    treated = sum((values for _, values in frame.treatment), start=np.zeros(frame.rows))
    values = np.sort(treated[first])
    found = np.empty((frame.rows, len(places)))
    for column, place in enumerate(places):
        drawn = keyed_hash(hashes, f"{key}\x00{place}") >> np.uint64(11)
        chosen = (drawn.astype(np.float64) / 2.0**53 * len(values)).astype(np.int64)
        found[:, column] = values[chosen][frame.unit]
    return found


def _p_values(frame: Frame, base: regression.Fit, columns: Floats) -> Floats:
    """Two-sided p-values of each column, by the covariance the frame asks for."""
    made = base.design
    weights = frame.weights if frame.weights is not None else np.ones(frame.rows)
    before = (columns**2).sum(axis=0)
    swept = regression.absorb(columns, made.effects, frame.weights)
    if made.names:
        weighted = made.columns * weights[:, None]
        swept -= made.columns @ (base.bread @ (weighted.T @ swept))
    pulled = swept * weights[:, None]
    power = (pulled * swept).sum(axis=0)
    sound = power > 1e-12 * np.maximum(before, 1e-300)
    slopes = (pulled.T @ base.residuals) / np.where(sound, power, 1.0)
    scores = pulled * (base.residuals[:, None] - swept * slopes)
    n, k = frame.rows, len(made.names) + made.absorbed + 1
    if frame.clustered:
        starts = np.flatnonzero(np.diff(frame.unit, prepend=-1))
        scores = np.add.reduceat(scores, starts, axis=0)
        factor = len(starts) / max(len(starts) - 1, 1) * (n - 1) / max(n - k, 1)
        freedom = len(starts) - 1
    else:
        factor, freedom = n / max(n - k, 1), n - k
    variance = factor * (scores**2).sum(axis=0)
    t = slopes * power / np.sqrt(np.where(variance > 0, variance, np.inf))
    p = 2 * stats.t.sf(np.abs(t), max(freedom, 1))
    return np.asarray(np.where(sound & (variance > 0), p, np.nan), dtype=np.float64)
