"""The wild cluster bootstrap, for regressions with fewer than forty clusters.

Signs are drawn by cluster with the null imposed (Cameron, Gelbach and Miller 2008).
"""

from dataclasses import dataclass

import numpy as np

from evaluators.regression import Codes, Design, Fit, Floats, absorb, codes_of

FEW_CLUSTERS = 40  # evaluation.md, section 3, rule 5
_VERY_FEW = 12  # two-point signs have too few combinations below (Webb 2023)


@dataclass(frozen=True, slots=True)
class WildBootstrap:
    """A wild cluster bootstrap of one coefficient.

    Args:
        p: two-sided, null imposed, (1 + #{|t*| ≥ |t|}) / (B + 1).
        critical: the 1 - alpha quantile of |t*| with the null not imposed, for the interval.
        replicates: B.
    """

    p: float
    critical: float
    replicates: int


def wild_cluster_bootstrap(
    fitted: Fit,
    name: str,
    clusters: Codes,
    *,
    alpha: float,
    rng: np.random.Generator,
    replicates: int = 1999,
) -> WildBootstrap | None:
    """Rademacher signs by cluster, or Webb's six points under twelve clusters.

    The signs enter only through a G × G kernel, so that replicates cost nothing in rows
    (after Roodman, MacKinnon, Nielsen and Webb 2019). Returns None where the column was dropped.
    """
    made = fitted.design
    own = fitted.of(name)
    if own is None:
        return None
    place = made.names.index(name)
    direction, restricted = _partialled(made, place)
    codes = codes_of(clusters)
    signs = _signs(int(codes.max()) + 1, replicates, rng)
    null = _studentised(made, direction, restricted, codes, signs)
    free = _studentised(made, direction, fitted.residuals, codes, signs)
    reached = int(
        np.count_nonzero(
            np.abs(null) >= abs(_plain_t(fitted, place, direction, codes)) * (1 - 1e-10)
        )
    )
    p = (1 + reached) / (len(signs) + 1)
    critical = float(np.quantile(np.abs(free), 1 - alpha, method="higher"))
    return WildBootstrap(p, critical, len(signs))


def _plain_t(fitted: Fit, place: int, direction: Floats, codes: Codes) -> float:
    """The t statistic without the constant factor, as the replicates have it."""
    scores = np.bincount(codes, direction * fitted.residuals)
    weights = float(direction @ fitted.design.columns[:, place])
    return float(fitted.coefficients[place]) * weights / float(np.sqrt(scores @ scores))


def _partialled(made: Design, place: int) -> tuple[Floats, Floats]:
    """The (weighted) column with all others taken out, and residuals under a zero coefficient."""
    others = np.delete(made.columns, place, axis=1)
    weights = made.weights if made.weights is not None else np.ones(len(made.outcome))
    both = np.column_stack([made.columns[:, place], made.outcome])
    if others.shape[1]:
        weighted = others * weights[:, None]
        both = both - others @ np.linalg.solve(weighted.T @ others, weighted.T @ both)
    return both[:, 0] * weights, both[:, 1]


def _signs(groups: int, replicates: int, rng: np.random.Generator) -> Floats:
    if groups < _VERY_FEW:
        six = np.array([-np.sqrt(1.5), -1.0, -np.sqrt(0.5), np.sqrt(0.5), 1.0, np.sqrt(1.5)])
        return np.asarray(six[rng.integers(0, 6, (replicates, groups))], dtype=np.float64)
    return np.asarray(rng.integers(0, 2, (replicates, groups)) * 2.0 - 1.0, dtype=np.float64)


def _studentised(
    made: Design, direction: Floats, residuals: Floats, codes: Codes, signs: Floats
) -> Floats:
    groups = signs.shape[1]
    pulls = np.bincount(codes, direction * residuals, groups)
    kernel = np.empty((groups, groups))
    for group in range(groups):
        one = np.where(codes == group, residuals, 0.0)
        left = _residualised(made, one)
        kernel[:, group] = np.bincount(codes, direction * left, groups)
    scores = signs @ kernel.T
    found: Floats = (signs @ pulls) / np.sqrt((scores**2).sum(axis=1) + 1e-300)
    return found


def _residualised(made: Design, values: Floats) -> Floats:
    swept = absorb(values, made.effects, made.weights)
    weights = made.weights if made.weights is not None else np.ones(len(values))
    weighted = made.columns * weights[:, None]
    share = np.linalg.solve(weighted.T @ made.columns, weighted.T @ swept)
    return np.asarray(swept - made.columns @ share, dtype=np.float64)
