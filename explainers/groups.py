"""Which columns change together, so that their separate effects can't be told apart.

Numbers by Spearman's rank correlation; texts by Cramér's V with Bergsma's bias correction
(Bergsma, "A bias-correction for Cramér's V and Tschuprow's T", 2013); a text and a number by
V against the number's quarters. Columns joined by a chain of such pairs form one group.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import scipy

from explainers.people import Array, People, missing

TOGETHER = 0.7  # ours (explanations.md, "The engine")


def correlated(donors: People, names: Sequence[str]) -> list[tuple[str, ...]]:
    """The columns in groups, each in the order of the columns; most groups have one member."""
    leader = {name: name for name in names}
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            if abs(association(donors, one, other)) >= TOGETHER:
                joined, into = leader[other], leader[one]
                leader = {name: into if at == joined else at for name, at in leader.items()}
    heads = list(dict.fromkeys(leader[name] for name in names))
    return [tuple(name for name in names if leader[name] == head) for head in heads]


def association(donors: People, one: str, other: str) -> float:
    """Spearman's rho of two numbers (with its sign), else Cramér's V."""
    a, b = donors.arrays[one], donors.arrays[other]
    known = ~missing(a) & ~missing(b)
    a, b = a[known], b[known]
    if len(a) < 3:
        return 0.0
    if one not in donors.levels and other not in donors.levels:
        return spearman(a, b)
    return cramers_v(
        a if one in donors.levels else _quarters(a),
        b if other in donors.levels else _quarters(b),
    )


def spearman(a: Array, b: Array) -> float:
    """Rank correlation with mid-ranks; 0 where a column does not vary."""
    ranks_a, ranks_b = scipy.stats.rankdata(a), scipy.stats.rankdata(b)
    if np.ptp(ranks_a) == 0 or np.ptp(ranks_b) == 0:
        return 0.0
    return float(np.corrcoef(ranks_a, ranks_b)[0, 1])


def cramers_v(a: Array, b: Array) -> float:
    """Cramér's V of two coded columns, corrected for its bias in small tables."""
    _, a = np.unique(a, return_inverse=True)
    _, b = np.unique(b, return_inverse=True)
    rows, columns, n = int(a.max()) + 1, int(b.max()) + 1, len(a)
    if rows < 2 or columns < 2:
        return 0.0
    table = np.bincount(a * columns + b, minlength=rows * columns).reshape(rows, columns)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    phi2 = float(((table - expected) ** 2 / expected).sum()) / n
    phi2 = max(0.0, phi2 - (rows - 1) * (columns - 1) / (n - 1))
    least = min(rows - (rows - 1) ** 2 / (n - 1), columns - (columns - 1) ** 2 / (n - 1)) - 1
    return float(np.sqrt(phi2 / least)) if least > 0 else 0.0


def _quarters(numbers: Array) -> npt.NDArray[np.int64]:
    inner = np.quantile(numbers, [0.25, 0.5, 0.75])
    return np.searchsorted(inner, numbers, side="left")
