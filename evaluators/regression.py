"""Least squares with absorbed fixed effects, and inference for clustered observations.

Covariances: HC1 where every row is its own unit (MacKinnon and White 1985), CRV1 by cluster
(Liang and Zeger 1986, with the small-sample factor G/(G-1) · (n-1)/(n-k)), and two-way by
inclusion and exclusion (Cameron, Gelbach and Miller 2011).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

FEW_CLUSTERS = 40  # evaluation.md, section 3, rule 5
_COLLINEAR = 1e-9
_SWEEPS = 10_000
_SETTLED = 1e-12


@dataclass(frozen=True, slots=True)
class Design:
    """A regression after its fixed effects were absorbed.

    Args:
        names: the columns kept, in the order of `columns`.
        dropped: columns that the earlier ones or the fixed effects determine.
        outcome, columns: both with the fixed effects taken out.
        absorbed: how many coefficients the fixed effects used up.
        effects: the fixed effects' codes.
        weights: one weight per row, or None.
    """

    names: tuple[str, ...]
    dropped: tuple[str, ...]
    outcome: Floats
    columns: Floats
    absorbed: int
    effects: tuple[Codes, ...]
    weights: Floats | None = None


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients with their covariance.

    Args:
        design: what was fitted.
        coefficients: one for each name of the design.
        bread: the inverse of the (weighted) cross products.
        covariance: of the coefficients, by the method named.
        residuals: one per row, unweighted.
        method: "HC1", "CRV1" or "CRV1 two-way".
        clusters: how many units there are.
        freedom: degrees of freedom of the t distribution: clusters - 1, or n - k for HC1.
        classical: degrees of freedom of the homoskedastic fit, n - k.
        semidefinite: False where a two-way covariance has a negative eigenvalue; never repaired.
    """

    design: Design
    coefficients: Floats
    bread: Floats
    covariance: Floats
    residuals: Floats
    method: str
    clusters: int
    freedom: int
    classical: int
    semidefinite: bool = True

    def of(self, name: str) -> "Coefficient | None":
        """One coefficient; None where the column was dropped or its variance is not positive."""
        if name not in self.design.names:
            return None
        place = self.design.names.index(name)
        variance = float(self.covariance[place, place])
        if not variance > 0 or self.freedom < 1:
            return None
        return Coefficient(float(self.coefficients[place]), float(np.sqrt(variance)), self.freedom)


@dataclass(frozen=True, slots=True)
class Coefficient:
    """An estimate, its standard error and the degrees of freedom of its t statistic."""

    value: float
    error: float
    freedom: int

    @property
    def t(self) -> float:
        """Student's t against zero."""
        return self.value / self.error

    @property
    def p(self) -> float:
        """Two-sided p-value against zero."""
        return float(2 * stats.t.sf(abs(self.t), self.freedom))

    def interval(self, alpha: float) -> tuple[float, float]:
        """The two-sided interval of level 1 - alpha."""
        half = float(stats.t.ppf(1 - alpha / 2, self.freedom)) * self.error
        return self.value - half, self.value + half

    def within(self, low: float, high: float) -> float:
        """The p-value of two one-sided tests that the coefficient lies in (low, high)."""
        below = float(stats.t.sf((self.value - low) / self.error, self.freedom))
        above = float(stats.t.sf((high - self.value) / self.error, self.freedom))
        return max(below, above)


def absorb(values: Floats, effects: Sequence[Codes], weights: Floats | None = None) -> Floats:
    """Take fixed effects out of one column or of several.

    One effect is exact; several are swept in turn until nothing moves (the method of
    alternating projections: Guimarães and Portugal 2010).

    Args:
        values: rows, or rows × columns.
        effects: integer codes from 0, one array per fixed effect.
        weights: one per row.
    """
    left = np.array(values, dtype=np.float64, copy=True)
    if not effects:
        return left
    flat = left.reshape(len(left), -1)
    scale = np.sqrt((flat**2).mean(axis=0)) + 1e-300
    totals = [_totals(codes, weights) for codes in effects]
    for _ in range(_SWEEPS):
        moved = 0.0
        for codes, total in zip(effects, totals, strict=True):
            means = _group_means(flat, codes, total, weights)
            flat -= means[codes]
            moved = max(moved, float((np.abs(means).max(axis=0) / scale).max(initial=0.0)))
        if len(effects) == 1 or moved < _SETTLED:
            break
    return flat.reshape(left.shape)


def _totals(codes: Codes, weights: Floats | None) -> Floats:
    return np.bincount(codes, weights=weights).astype(np.float64)


def _group_means(flat: Floats, codes: Codes, total: Floats, weights: Floats | None) -> Floats:
    safe = np.where(total > 0, total, 1.0)
    columns = flat if weights is None else flat * weights[:, None]
    sums = [np.bincount(codes, column, len(total)) for column in columns.T]
    return np.stack(sums, axis=1) / safe[:, None] if sums else np.empty((len(total), 0))


def design(
    outcome: Floats,
    columns: Sequence[tuple[str, Floats]],
    *,
    effects: Sequence[Codes] = (),
    weights: Floats | None = None,
) -> Design:
    """Absorb the fixed effects (an intercept where there are none) and drop what is determined.

    Put the columns of interest last: a column is dropped when those before it determine it.
    """
    used = tuple(effects) or (np.zeros(len(outcome), dtype=np.int64),)
    raw = np.column_stack([column for _, column in columns]) if columns else _none(outcome)
    swept = absorb(np.column_stack([outcome, raw]), used, weights)
    kept = _independent(swept[:, 1:], raw, weights)
    names = tuple(name for name, _ in columns)
    return Design(
        names=tuple(names[i] for i in kept),
        dropped=tuple(name for i, name in enumerate(names) if i not in kept),
        outcome=swept[:, 0],
        columns=np.ascontiguousarray(swept[:, 1:][:, kept]),
        absorbed=_absorbed(used),
        effects=used,
        weights=weights,
    )


def _none(outcome: Floats) -> Floats:
    return np.empty((len(outcome), 0))


def _absorbed(effects: Sequence[Codes]) -> int:
    """Levels used up: all of the first effect, all but one of each further one."""
    levels = [int(np.count_nonzero(np.bincount(codes))) for codes in effects]
    return sum(levels) - (len(levels) - 1)


def _independent(swept: Floats, raw: Floats, weights: Floats | None) -> list[int]:
    """Columns that those before them and the fixed effects leave something of."""
    root = np.ones(len(swept)) if weights is None else np.sqrt(weights)
    kept: list[int] = []
    basis: list[Floats] = []
    for place in range(swept.shape[1]):
        column = swept[:, place] * root
        before = float(np.sum((raw[:, place] * root) ** 2))
        for _ in range(2):  # twice is enough (Giraud, Langou and Rozložník 2005)
            for direction in basis:
                column = column - direction * float(direction @ column)
        left = float(column @ column)
        if left > _COLLINEAR**1.5 * before and left > 0:
            kept.append(place)
            basis.append(column / np.sqrt(left))
    return kept


def fit(made: Design, *, clusters: Sequence[Codes] = ()) -> Fit:
    """Least squares with robust covariance.

    Args:
        made: the design.
        clusters: none for HC1, one for CRV1, two for two-way clustering.
    """
    weights = made.weights if made.weights is not None else np.ones(len(made.outcome))
    weighted = made.columns * weights[:, None]
    bread: Floats = np.empty((0, 0))
    if made.names:
        bread = np.linalg.inv(weighted.T @ made.columns).astype(np.float64)
    coefficients = bread @ (weighted.T @ made.outcome)
    residuals = made.outcome - made.columns @ coefficients
    scores = weighted * residuals[:, None]
    n, k = len(made.outcome), len(made.names)
    classical = n - k - made.absorbed
    if not clusters:
        meat, method, units, freedom = scores.T @ scores, "HC1", n, classical
        meat = meat * n / max(classical, 1)
    else:
        meat, units = _clustered_meat(made, scores, clusters)
        method, freedom = ("CRV1" if len(clusters) == 1 else "CRV1 two-way"), units - 1
    covariance = bread @ meat @ bread
    lowest = float(np.linalg.eigvalsh(covariance).min(initial=0.0))
    sound = lowest >= -1e-12 * float(np.trace(np.abs(covariance)))
    return Fit(
        made, coefficients, bread, covariance, residuals, method, units, freedom, classical, sound
    )


def _clustered_meat(made: Design, scores: Floats, clusters: Sequence[Codes]) -> tuple[Floats, int]:
    first = clusters[0]
    meat = _meat(made, scores, first)
    units = _count(first)
    if len(clusters) == 1:
        return meat, units
    second = clusters[1]
    both = crossed(first, second)
    meat = meat + _meat(made, scores, second) - _meat(made, scores, both)
    return meat, min(units, _count(second))


def _meat(made: Design, scores: Floats, codes: Codes) -> Floats:
    sums = cluster_sums(scores, codes)
    n, groups = len(scores), _count(codes)
    return small_sample(made, codes, n, groups) * (sums.T @ sums)


def small_sample(made: Design, codes: Codes, n: int, groups: int) -> float:
    """CRV1's factor; fixed effects nested in the clusters cost no degrees of freedom."""
    costly = [
        effect for effect in made.effects if _is_intercept(effect) or not _nested(effect, codes)
    ]
    k = len(made.names) + (_absorbed(costly) if costly else 0)
    return groups / max(groups - 1, 1) * (n - 1) / max(n - k, 1)


def _is_intercept(effect: Codes) -> bool:
    return int(effect.max(initial=0)) == 0


def _nested(effect: Codes, codes: Codes) -> bool:
    """Whether every level of the effect lies within one cluster."""
    low = np.full(int(effect.max(initial=0)) + 1, np.iinfo(np.int64).max)
    high = np.full(len(low), -1)
    np.minimum.at(low, effect, codes)
    np.maximum.at(high, effect, codes)
    return bool(np.all((high < 0) | (low == high)))


def cluster_sums(values: Floats, codes: Codes) -> Floats:
    """Column sums within each cluster."""
    size = int(codes.max(initial=-1)) + 1
    sums = [np.bincount(codes, column, size) for column in values.T]
    return np.stack(sums, axis=1) if sums else np.empty((size, 0))


def crossed(first: Codes, second: Codes) -> Codes:
    """Codes of the pairs that occur."""
    joint = first * (int(second.max(initial=0)) + 1) + second
    return codes_of(joint)


def codes_of(labels: npt.NDArray[Any]) -> Codes:
    """Integer codes from 0 in the order of the sorted labels."""
    found: Codes = np.unique(labels, return_inverse=True)[1].astype(np.int64).reshape(-1)
    return found


def _count(codes: Codes) -> int:
    return int(np.count_nonzero(np.bincount(codes)))
