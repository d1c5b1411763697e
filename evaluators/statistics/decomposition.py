"""The Kitagawa-Oaxaca-Blinder decomposition of a difference in means between two groups.

difference = (X̄_g - X̄_r)'β  +  what the factors do not explain. The reference group's coefficients
price everybody as that group is priced; the group's own and the pooled ones stand beside
(Oaxaca 1973, Blinder 1973, Kitagawa 1955; pooled with the group's indicator: Jann 2008).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluators.statistics.regression import Codes, Floats, cluster_sums, codes_of

Mask = npt.NDArray[np.bool_]

_WELL_CONDITIONED = 1e8


@dataclass(frozen=True, slots=True)
class Decomposition:
    """A difference split in two.

    Args:
        difference: of the means, group - reference.
        explained: by the factors, at the reference group's coefficients.
        unexplained: the rest.
        error: the standard error of the unexplained part, over clusters.
        freedom: clusters - 1.
        unexplained_at_group: the rest at the group's own coefficients.
        unexplained_pooled: the rest at the pooled coefficients.
    """

    difference: float
    explained: float
    unexplained: float
    error: float
    freedom: int
    unexplained_at_group: float
    unexplained_pooled: float


def decompose(
    outcome: Floats, factors: Floats, in_group: Codes, clusters: Codes
) -> Decomposition | None:
    """Split the difference between `in_group == 1` and `in_group == 0`.

    The standard error comes from influence values summed by cluster, so that it covers both the
    coefficients and the group means, also where one user stands in both groups. None where a
    group has too few rows for its factors.

    Args:
        outcome: one value per row.
        factors: rows × factors, without an intercept.
        in_group: 1 for the group, 0 for the reference.
        clusters: the unit of each row.
    """
    here = in_group == 1
    there = ~here
    if min(int(here.sum()), int(there.sum())) <= factors.shape[1] + 1:
        return None
    own, reference = _Side.of(outcome, factors, here), _Side.of(outcome, factors, there)
    both = _pooled(outcome, factors, in_group)
    difference = own.outcome - reference.outcome
    between = own.factors - reference.factors
    explained = float(between @ reference.slopes)
    error, freedom = _error(outcome, factors, own, reference, clusters)
    return Decomposition(
        difference=difference,
        explained=explained,
        unexplained=difference - explained,
        error=error,
        freedom=freedom,
        unexplained_at_group=difference - float(between @ own.slopes),
        unexplained_pooled=difference - float(between @ both),
    )


@dataclass(frozen=True, slots=True)
class _Side:
    """One group's regression: its rows, means, slopes, and the inverse of its cross products."""

    rows: Mask
    outcome: float
    factors: Floats
    slopes: Floats
    inverse: Floats

    @classmethod
    def of(cls, outcome: Floats, factors: Floats, rows: Mask) -> "_Side":
        """The regression over the marked rows, with an intercept."""
        y, x = outcome[rows], factors[rows]
        mean_y, mean_x = float(y.mean()), np.asarray(x.mean(axis=0), dtype=np.float64)
        slopes, inverse = _least_squares(x - mean_x, y - mean_y)
        return cls(rows, mean_y, mean_x, slopes, inverse)


def _pooled(outcome: Floats, factors: Floats, in_group: Codes) -> Floats:
    x = np.column_stack([factors, in_group])
    return _least_squares(x - x.mean(axis=0), outcome - outcome.mean())[0][:-1]


def _least_squares(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Slopes of centred columns, and the inverse of their cross products.

    Scaled cross products where they are far from singular, the singular values else.
    """
    products = x.T @ x
    scale = np.sqrt(np.diag(products))
    if np.all(scale > 0):
        scaled = products / np.outer(scale, scale)
        if x.shape[1] == 0 or np.linalg.cond(scaled) < _WELL_CONDITIONED:
            inverse = np.linalg.inv(scaled) / np.outer(scale, scale)
            return np.asarray(inverse @ (x.T @ y), dtype=np.float64), inverse.astype(np.float64)
    slopes = np.linalg.lstsq(x, y, rcond=None)[0]
    return slopes.astype(np.float64), np.linalg.pinv(products, hermitian=True).astype(np.float64)


def _error(
    outcome: Floats, factors: Floats, own: _Side, reference: _Side, clusters: Codes
) -> tuple[float, int]:
    """Influence of each cluster on ȳ_g - X̄_g'β_r, β_r's intercept included."""
    here, n_here, n_there = own.rows, int(own.rows.sum()), int(reference.rows.sum())
    left = outcome - reference.outcome - (factors - reference.factors) @ reference.slopes
    pull = reference.inverse @ (own.factors - reference.factors)
    leverage = 1 / n_there + (factors - reference.factors) @ pull
    influence = np.where(here, (left - left[here].mean()) / n_here, -leverage * left)
    sums = cluster_sums(influence[:, None], codes_of(clusters))[:, 0]
    groups = len(sums)
    return float(np.sqrt(groups / max(groups - 1, 1) * float(sums @ sums))), groups - 1
