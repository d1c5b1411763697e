"""The placebo check: the same regression on groups that a hash made up.

If invented groups "pay different prices" more or less often than the level allows, the errors of
the real test can't be trusted on these data, and the probe says so instead of giving a verdict.
"""

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from scipy import special

from evaluators.policy import POLICY
from evaluators.prices.pricing_frame import Frame, taken
from evaluators.prices.pricing_ladder import Step
from evaluators.probe import keyed_hash, mixed, salt
from evaluators.statistics import regression
from evaluators.statistics.regression import Floats

MOST_ROWS = 100_000  # of a longer table the rows of a keyed sample of units are used
_AT_ONCE = 1_600_000  # values of placebo columns held at a time


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
    tests = _Tests(frame, regression.fit(made))
    values = _values(frame)
    rejections = tested = 0
    block = max(1, _AT_ONCE // max(frame.rows, 1))
    for start in range(0, draws, block):
        found = tests.p_values(_drawn(values, range(start, min(start + block, draws)), key))
        tested += int(np.isfinite(found).sum())
        rejections += int((found < alpha).sum())
    low, high = _band(POLICY.value("placebo_band"), max(tested, 1), alpha)
    return Placebo(frame.rows, tested, rejections, low, high)


@functools.cache
def _band(width: float, draws: int, alpha: float) -> tuple[int, int]:
    low, high = scipy.stats.binom.interval(width, draws, alpha)
    return int(low), int(high)


def _by_unit(frame: Frame, key: str) -> Frame:
    """The rows unit by unit; of a long table, those of the units with the smallest hashes."""
    places = np.arange(frame.rows)
    if frame.rows > MOST_ROWS:
        hashes = keyed_hash(np.arange(frame.units, dtype=np.uint64), f"{key}\x00sample")
        ranked = np.argsort(hashes, kind="stable")
        rows = np.cumsum(np.bincount(frame.unit)[ranked])
        chosen = np.zeros(frame.units, dtype=np.bool_)
        chosen[ranked[: max(2, int(np.searchsorted(rows, MOST_ROWS, side="right")))]] = True
        places = np.flatnonzero(np.take(chosen, frame.unit))
    return taken(frame, places[np.argsort(frame.unit[places], kind="stable")])


def _values(frame: Frame) -> Floats:
    """The attribute's value in each unit, sorted, less their mean."""
    first = np.flatnonzero(np.diff(frame.unit, prepend=-1))
    treated = sum((values for _, values in frame.treatment), start=np.zeros(frame.rows))
    values = np.sort(treated[first])
    return np.asarray(values - values.mean(), dtype=np.float64)


def _drawn(values: Floats, places: range, key: str) -> Floats:
    """Placebos: each unit draws a value that some unit has. Units × placebos."""
    salts = np.array([salt(f"{key}\x00{place}") for place in places], dtype=np.uint64)
    hashes = mixed(np.arange(len(values), dtype=np.uint64)[:, None] ^ salts)
    share = (hashes >> np.uint64(11)).astype(np.float64) / 2.0**53
    return np.take(values, (share * len(values)).astype(np.int64))


class _Tests:
    """The test of any column that is constant within units, other columns being held fixed.

    The column less what cells and factors explain of it is never formed: its sums of squares and
    of products with the residuals, unit by unit, follow from those of the explained part.
    """

    def __init__(self, frame: Frame, base: regression.Fit) -> None:
        made = base.design
        rows, weights = frame.rows, frame.weights
        ones = np.ones(rows) if weights is None else weights
        ends = np.append(np.flatnonzero(np.diff(frame.unit, prepend=-1)), rows)
        self.units, self.made, self.bread = len(ends) - 1, made, base.bread
        self.weigh = _sums(ones, ends)
        self.pull = _sums(ones * base.residuals, ends)
        self.weight = self.weigh @ np.ones(rows)
        self.pulled = self.pull @ np.ones(rows)
        self.factors = self.weigh @ made.columns
        shape = (len(made.cells.totals), self.units)
        self.cells = scipy.sparse.csr_matrix((ones, (made.cells.codes, frame.unit)), shape=shape)
        self.clustered, left = frame.clustered, rows - len(made.names) - made.absorbed - 1
        self.factor = rows / max(left, 1)
        if frame.clustered:
            self.factor = self.units / max(self.units - 1, 1) * (rows - 1) / max(left, 1)
        self.freedom = self.units - 1 if frame.clustered else left

    def _explained(self, columns: Floats) -> Floats:
        """What cells and factors explain, row by row."""
        made = self.made
        found = np.take(made.cells.explained(self.cells @ columns), made.cells.codes, axis=0)
        slopes = self.bread @ (self.factors.T @ columns)
        for place, slope in enumerate(slopes):
            found += made.columns[:, place, None] * slope
        return np.asarray(found, dtype=np.float64)

    def p_values(self, columns: Floats) -> Floats:
        """Two-sided p-values; nan where nothing of a column is left. Columns: units × columns."""
        explained = self._explained(columns)
        pull = self.pulled[:, None] * columns - self.pull @ explained
        square = self.weight[:, None] * columns**2 - 2 * columns * (self.weigh @ explained)
        square += self.weigh @ np.square(explained, out=explained)
        power, before = square.sum(axis=0), self.weight @ columns**2
        sound = power > 1e-12 * np.maximum(before, 1e-300)
        slopes = pull.sum(axis=0) / np.where(sound, power, 1.0)
        scores = pull - square * slopes
        variance = self.factor * np.einsum("ij,ij->j", scores, scores)
        t = slopes * power / np.sqrt(np.where(variance > 0, variance, np.inf))
        p = 2 * special.stdtr(max(self.freedom, 1), -np.abs(t))
        return np.asarray(np.where(sound & (variance > 0), p, np.nan), dtype=np.float64)


def _sums(values: Floats, ends: regression.Codes) -> "scipy.sparse.csr_matrix":
    """Sums of rows by unit, each row times its value; rows stand unit by unit."""
    rows = len(values)
    return scipy.sparse.csr_matrix((values, np.arange(rows), ends), shape=(len(ends) - 1, rows))
