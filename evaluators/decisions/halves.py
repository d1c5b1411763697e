"""Two halves of the data, chosen by the keyed hash of the unit and never by position."""

import numpy as np
import numpy.typing as npt

from evaluators.probe import keyed_hash

Hashes = npt.NDArray[np.uint64]


def held_out(units: Hashes, *, repeated: bool) -> npt.NDArray[np.bool_]:
    """Which rows belong to the held-out half.

    Args:
        units: the keyed hash of each row's unit, or of its content.
        repeated: units are named and stay together; else every row goes its own way, rows of
            equal content by their rank among their equals, which are interchangeable.
    """
    own = units if repeated else units ^ keyed_hash(_ranks(units), "rank")
    halved: npt.NDArray[np.bool_] = (keyed_hash(own, "held-out half") >> np.uint64(63)) == 1
    return halved


def _ranks(units: Hashes) -> Hashes:
    order = np.argsort(units, kind="stable")
    placed = units[order]
    starts = np.flatnonzero(np.r_[True, placed[1:] != placed[:-1]]) if placed.size else order
    ranks = np.empty(units.size, dtype=np.uint64)
    lengths = np.diff(np.r_[starts, placed.size])
    ranks[order] = (np.arange(placed.size) - np.repeat(starts, lengths)).astype(np.uint64)
    return ranks
