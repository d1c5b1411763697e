"""What a share could be if those of whom a part is unknown were known: worst-case bounds.

Horowitz and Manski (1995, 2000): nothing is assumed about what is missing; each row that lacks a
decision, an outcome or its group is taken the way that moves the share most. The bounds are sharp
for one share; of two shares that have rows of unknown group between them they are never too narrow.
"""

from collections.abc import Mapping

Place = str
TOP, REST, OUT = "top", "rest", "out"
"""What a row is to a share: it counts as a hit, as a miss, or not at all."""
Free = Mapping[frozenset[Place], int]
"""What rows may be → how many of them."""


def extremes(hits: int, rows: int, free: Free) -> tuple[float, float] | None:
    """The least and the greatest value of a share, over everything its unknown rows may be.

    Args:
        hits: of those that are known.
        rows: so many are known.
        free: of those that are not, beside them.

    Returns:
        None where the share may have no denominator.
    """
    low, high = (hits, rows), (hits, rows)
    for may, count in free.items():
        high = _added(high, count, may, (TOP, OUT, REST))
        low = _added(low, count, may, (REST, OUT, TOP))
    return (low[0] / low[1], high[0] / high[1]) if low[1] and high[1] else None


def _added(
    share: tuple[int, int], count: int, may: frozenset[Place], wishes: tuple[Place, ...]
) -> tuple[int, int]:
    """The share with so many rows more, each the first it may be of what is wished for."""
    chosen = next(place for place in wishes if place in may)
    hits, rows = share
    return hits + count * (chosen == TOP), rows + count * (chosen != OUT)


def with_odds(rate: float, unknown: float, odds_ratio: float) -> float:
    """A share if those of unknown group were this share of the group, at other odds than the known.

    Args:
        rate: of those who are known.
        unknown: how many of the whole group are not, as a fraction of one.
        odds_ratio: of the unknown against the known.
    """
    other = odds_ratio * rate / (1 - rate + odds_ratio * rate) if rate < 1 else 1.0
    return (1 - unknown) * rate + unknown * other
