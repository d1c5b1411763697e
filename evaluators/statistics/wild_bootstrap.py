"""The wild cluster bootstrap, for regressions with fewer than forty clusters.

Signs are drawn by cluster with the null imposed (Cameron, Gelbach and Miller 2008).
"""

from dataclasses import dataclass

import numpy as np

from evaluators.statistics.regression import Codes, Design, Fit, Floats, cluster_sums, codes_of

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
    kernel = _Kernel(made, direction, codes)
    null = kernel.studentised(restricted, signs)
    free = kernel.studentised(fitted.residuals, signs)
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
    both = np.column_stack([made.columns[:, place], made.outcome])
    if others.shape[1]:
        weighted = np.delete(made.weighted, place, axis=1)
        both = both - others @ np.linalg.solve(weighted.T @ others, weighted.T @ both)
    column = both[:, 0] if made.weights is None else both[:, 0] * made.weights
    return column, both[:, 1]


def _signs(groups: int, replicates: int, rng: np.random.Generator) -> Floats:
    if groups < _VERY_FEW:
        six = np.array([-np.sqrt(1.5), -1.0, -np.sqrt(0.5), np.sqrt(0.5), 1.0, np.sqrt(1.5)])
        return np.asarray(six[rng.integers(0, 6, (replicates, groups))], dtype=np.float64)
    return np.asarray(rng.integers(0, 2, (replicates, groups)) * 2.0 - 1.0, dtype=np.float64)


class _Kernel:
    """The statistic of every replicate from sums within clusters and cells.

    A replicate's residuals are signs by cluster times residuals, less what the fixed effects and
    the columns explain of them again; both parts are linear in the signs.
    """

    def __init__(self, made: Design, direction: Floats, codes: Codes) -> None:
        self.made, self.direction, self.codes = made, direction, codes
        self.groups, cells = int(codes.max()) + 1, len(made.cells.totals)
        self.joint, self.shape = made.cells.codes * self.groups + codes, (cells, self.groups)
        self.pulls = self._by_cell(direction)
        weighted = made.weighted
        by_cluster = cluster_sums(made.columns * direction[:, None], codes)
        self.slopes = np.linalg.solve(weighted.T @ made.columns, by_cluster.T).T

    def _by_cell(self, values: Floats) -> Floats:
        sums = np.bincount(self.joint, values, self.shape[0] * self.shape[1])
        return sums.reshape(self.shape).astype(np.float64)

    def studentised(self, residuals: Floats, signs: Floats) -> Floats:
        """One statistic per row of signs: replicates × clusters."""
        made = self.made
        pulls = np.bincount(self.codes, self.direction * residuals, self.groups)
        weighted = residuals if made.weights is None else residuals * made.weights
        explained = made.cells.explained(self._by_cell(weighted))
        columns = cluster_sums(made.columns * weighted[:, None], self.codes)
        kernel = np.diag(pulls) - self.pulls.T @ explained - self.slopes @ columns.T
        scores = signs @ kernel.T
        squares = np.einsum("ij,ij->i", scores, scores)
        found: Floats = (signs @ pulls) / np.sqrt(squares + 1e-300)
        return found
