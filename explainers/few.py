"""Who is asked about: nobody whose level, or whose blank, too few people share.

Published counts can be taken from one another. Were the few asked about, "all alike" less "as they
are" would tell what became of them. So they are asked about nowhere and lend no value; and so that
their number cannot be worked out either, others drawn at random are left out with them, up to the
next multiple of k.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from explainers import cells
from explainers.people import People, missing
from explainers.subjects import Nature

Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]


def many(apart: People, natures: Mapping[str, Nature], k: int, draw: np.random.Generator) -> Rows:
    """The people who may be asked about, in their order.

    Args:
        apart: one row per person.
        natures: what each column is.
        k: how many people must share a level or a blank.
        draw: chooses who is left out beside the few.

    Returns:
        Their places in `apart`. So many are left out as is a multiple of k, and among the others
        no fewer than k stand outside the levels that k of them share, or have no value.
    """
    rows = np.arange(len(apart))
    # Whoever is left out may make another level rare: until there is none.
    while len(rows):
        few = _few(apart.take(rows), natures, k)
        lone = int(np.count_nonzero(few))
        if not lone:
            break
        others = np.flatnonzero(~few)
        besides = draw.permutation(others)[: -lone % k]
        kept = ~few
        kept[besides] = False
        rows = rows[kept]
    return rows


def _few(apart: People, natures: Mapping[str, Nature], k: int) -> Flags:
    """Whose level of some column, code or lack of a value is that of fewer than k people."""
    few = np.zeros(len(apart), bool)
    for name, nature in natures.items():
        array = apart.arrays[name]
        blank = missing(array)
        groups = [blank]
        if nature.kind in ("levels", "rare") or nature.coded:
            shared, _ = cells.shared(array, k)
            groups.append(~blank & ~np.isin(array, shared))
        for group in groups:
            if np.count_nonzero(group) < k:
                few |= group
    return few
