"""Least squares with absorbed fixed effects, and inference for clustered observations.

Covariances: HC1 where every row is its own unit (MacKinnon and White 1985), CRV1 by cluster
(Liang and Zeger 1986, with the small-sample factor G/(G-1) · (n-1)/(n-k)), and two-way by
inclusion and exclusion (Cameron, Gelbach and Miller 2011).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import special

from evaluators.statistics import inference
from evaluators.statistics.fixed_effects import Cells, FixedEffects

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

FEW_CLUSTERS = 40  # evaluation.md, section 3, rule 5
_COLLINEAR = 1e-9
_CLEAR = 1e-8  # beyond it the cross products alone show that a column is independent
_WIDE = 8  # codes up to so many times the rows are counted, not sorted
_MANY = 4096  # from so many rows on a hash table is quicker than sorting


@dataclass(frozen=True)
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

    @cached_property
    def weighted(self) -> Floats:
        """The columns times the weights."""
        return self.columns if self.weights is None else self.columns * self.weights[:, None]

    @cached_property
    def cells(self) -> Cells:
        """The crossed cells of the fixed effects."""
        codes = self.effects[0]
        for effect in self.effects[1:]:
            codes = crossed(codes, effect)
        return Cells(codes_of(codes), self.effects, self.weights)


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
        return 2 * tail(abs(self.t), self.freedom)

    def interval(self, alpha: float) -> tuple[float, float]:
        """The two-sided interval of level 1 - alpha."""
        half = critical(1 - alpha / 2, self.freedom) * self.error
        return self.value - half, self.value + half

    def within(self, low: float, high: float) -> float:
        """The p-value of two one-sided tests that the coefficient lies in (low, high)."""
        return inference.two_one_sided(self.value, self.error, low=low, high=high, df=self.freedom)


def tail(t: float, freedom: int) -> float:
    """The upper tail of Student's t."""
    return float(special.stdtr(freedom, -t))


def critical(probability: float, freedom: int) -> float:
    """The quantile of Student's t."""
    return float(special.stdtrit(freedom, probability))


def design(
    outcome: Floats,
    columns: Sequence[tuple[str, Floats]],
    *,
    effects: Sequence[Codes] = (),
    weights: Floats | None = None,
    taken: FixedEffects | None = None,
) -> Design:
    """Absorb the fixed effects (an intercept where there are none) and drop what is determined.

    Put the columns of interest last: a column is dropped when those before it determine it.

    Args:
        outcome: one value per row.
        columns: names and values.
        effects: the fixed effects' codes.
        weights: one per row.
        taken: the same effects and weights, where earlier designs have used them.
    """
    taken = taken or fixed(len(outcome), effects, weights)
    swept, powers = np.empty((len(columns), len(outcome))), []
    for place, (_, column) in enumerate(columns):
        swept[place], power = taken.held(column)
        powers.append(power)
    kept = _independent(swept, powers, weights)
    names = tuple(name for name, _ in columns)
    return Design(
        names=tuple(names[i] for i in kept),
        dropped=tuple(name for i, name in enumerate(names) if i not in kept),
        outcome=taken.held(outcome)[0],
        columns=(swept if len(kept) == len(columns) else swept[kept]).T,
        absorbed=taken.absorbed,
        effects=taken.codes,
        weights=weights,
    )


def fixed(rows: int, effects: Sequence[Codes], weights: Floats | None) -> FixedEffects:
    """Fixed effects to absorb; an intercept where there are none."""
    return FixedEffects(tuple(effects) or (np.zeros(rows, dtype=np.int64),), weights)


def _independent(swept: Floats, powers: Sequence[float], weights: Floats | None) -> list[int]:
    """Columns that those before them and the fixed effects leave something of."""
    if _plainly_independent(swept, powers, weights):
        return list(range(len(swept)))
    root = np.ones(swept.shape[1]) if weights is None else np.sqrt(weights)
    kept: list[int] = []
    basis: list[Floats] = []
    for place, before in enumerate(powers):
        column = swept[place] * root
        for _ in range(2):  # twice is enough (Giraud, Langou and Rozložník 2005)
            for direction in basis:
                column = column - direction * float(direction @ column)
        left = float(column @ column)
        if left > _COLLINEAR**1.5 * before and left > 0:
            kept.append(place)
            basis.append(column / np.sqrt(left))
    return kept


def _plainly_independent(swept: Floats, powers: Sequence[float], weights: Floats | None) -> bool:
    """Whether the cross products show every column to be independent, with room for rounding."""
    products = swept @ (swept if weights is None else swept * weights).T
    own = np.diag(products)
    if not np.all(own > _COLLINEAR * np.asarray(powers)):
        return False
    try:
        factor = np.linalg.cholesky(products / np.sqrt(np.outer(own, own)))
    except np.linalg.LinAlgError:
        return False
    return bool(np.all(np.diag(factor) ** 2 > _CLEAR))


def fit(made: Design, *, clusters: Sequence[Codes] = ()) -> Fit:
    """Least squares with robust covariance.

    Args:
        made: the design.
        clusters: none for HC1, one for CRV1, two for two-way clustering.
    """
    weighted = made.weighted
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
    first, used = clusters[0], coefficients_used(made, clusters)
    meat = _meat(scores, first, used)
    units = _count(first)
    if len(clusters) == 1:
        return meat, units
    second = clusters[1]
    both = crossed(first, second)
    meat = meat + _meat(scores, second, used) - _meat(scores, both, used)
    return meat, min(units, _count(second))


def _meat(scores: Floats, codes: Codes, used: int) -> Floats:
    sums = cluster_sums(scores, codes)
    return small_sample(len(scores), used, _count(codes)) * (sums.T @ sums)


def small_sample(rows: int, used: int, groups: int) -> float:
    """CRV1's factor, G/(G-1) · (n-1)/(n-k); each of the two-way matrices has its own G."""
    return groups / max(groups - 1, 1) * (rows - 1) / max(rows - used, 1)


def coefficients_used(made: Design, clusters: Sequence[Codes]) -> int:
    """CRV1's k: fixed effects nested in any of the clusterings cost no more than an intercept."""
    levels = [
        _count(effect)
        for effect in made.effects
        if _is_intercept(effect) or not any(_nested(effect, codes) for codes in clusters)
    ]
    return len(made.names) + max(sum(levels) - max(len(levels) - 1, 0), 1)


def _is_intercept(effect: Codes) -> bool:
    return int(effect.max(initial=0)) == 0


def _nested(effect: Codes, codes: Codes) -> bool:
    """Whether every level of the effect lies within one cluster."""
    some = np.zeros(int(effect.max(initial=0)) + 1, dtype=np.int64)
    some[effect] = codes
    return bool(np.array_equal(np.take(some, effect), codes))


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
    if labels.dtype.kind == "i" and len(labels) and int(labels.min()) >= 0:
        top = int(labels.max())
        if top < _WIDE * len(labels):
            ranks = np.cumsum(np.bincount(labels, minlength=top + 1) > 0) - 1
            return np.asarray(np.take(ranks, labels), dtype=np.int64)
    if labels.dtype.kind in "iu" and len(labels) > _MANY:
        encoded = pa.array(labels).dictionary_encode()
        found = encoded.dictionary.to_numpy()
        ranks = np.empty(len(found), dtype=np.int64)
        ranks[np.argsort(found)] = np.arange(len(found))
        return np.asarray(np.take(ranks, encoded.indices.to_numpy()), dtype=np.int64)
    coded: Codes = np.unique(labels, return_inverse=True)[1].astype(np.int64).reshape(-1)
    return coded


def _count(codes: Codes) -> int:
    return int(np.count_nonzero(np.bincount(codes)))
