"""The Kitagawa-Oaxaca-Blinder decomposition of a difference in means between two groups.

difference = (X̄_g - X̄_r)'β  +  what the factors do not explain. The reference group's coefficients
price everybody as that group is priced; the group's own and the pooled ones stand beside
(Oaxaca 1973, Blinder 1973, Kitagawa 1955; pooled with the group's indicator: Jann 2008).
"""

from dataclasses import dataclass

import numpy as np

from evaluators.regression import Codes, Floats, cluster_sums, codes_of


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
    x = np.column_stack([np.ones(len(outcome)), factors])
    here, there = in_group == 1, in_group == 0
    if min(int(here.sum()), int(there.sum())) <= x.shape[1]:
        return None
    own, reference = (
        _least_squares(x[here], outcome[here]),
        _least_squares(x[there], outcome[there]),
    )
    both = _least_squares(np.column_stack([x, in_group]), outcome)[:-1]
    mean_here, mean_there = x[here].mean(axis=0), x[there].mean(axis=0)
    difference = float(outcome[here].mean() - outcome[there].mean())
    explained = float((mean_here - mean_there) @ reference)
    error, freedom = _error(x, outcome, here, reference, clusters)
    return Decomposition(
        difference=difference,
        explained=explained,
        unexplained=difference - explained,
        error=error,
        freedom=freedom,
        unexplained_at_group=difference - float((mean_here - mean_there) @ own),
        unexplained_pooled=difference - float((mean_here - mean_there) @ both),
    )


def _least_squares(x: Floats, y: Floats) -> Floats:
    return np.asarray(np.linalg.lstsq(x, y, rcond=None)[0], dtype=np.float64)


def _error(
    x: Floats,
    outcome: Floats,
    here: np.ndarray[tuple[int], np.dtype[np.bool_]],
    beta: Floats,
    clusters: Codes,
) -> tuple[float, int]:
    """Influence of each cluster on ȳ_g - X̄_g'β_r."""
    left = outcome - x @ beta
    mean_here = x[here].mean(axis=0)
    there = ~here
    pull = np.linalg.pinv(x[there].T @ x[there]) @ mean_here
    influence = np.where(here, (left - left[here].mean()) / here.sum(), -(x @ pull) * left)
    sums = cluster_sums(influence[:, None], codes_of(clusters))
    groups = len(sums)
    factor = groups / max(groups - 1, 1)
    return float(np.sqrt(factor * (sums.T @ sums)[0, 0])), groups - 1
