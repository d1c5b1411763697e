"""Worst-case bounds of a share hold every completion of what is missing, and are reached."""

from itertools import combinations_with_replacement, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.statistics.missing_bounds import OUT, REST, TOP, extremes, with_odds

MAY = st.frozensets(st.sampled_from((TOP, REST, OUT)), min_size=1)


def _completions(hits: int, rows: int, free: dict[frozenset[str], int]) -> set[float | None]:
    """Every value of the share, each row tried as everything that it may be."""
    ways = [list(combinations_with_replacement(sorted(may), count)) for may, count in free.items()]
    found = set[float | None]()
    for chosen in product(*ways):
        flat = [place for each in chosen for place in each]
        top, whole = hits + flat.count(TOP), rows + len(flat) - flat.count(OUT)
        found.add(top / whole if whole else None)
    return found


@settings(max_examples=300, deadline=None)
@given(
    hits=st.integers(0, 4),
    misses=st.integers(0, 4),
    free=st.dictionaries(MAY, st.integers(0, 3), max_size=3),
)
def test_the_bounds_are_the_extremes_of_all_completions(
    hits: int, misses: int, free: dict[frozenset[str], int]
) -> None:
    """Horowitz and Manski: nothing assumed, nothing wasted."""
    values = _completions(hits, hits + misses, free)
    found = extremes(hits, hits + misses, free)
    shares = [each for each in values if each is not None]
    if found is not None and shares:
        assert found == (min(shares), max(shares))
    if None not in values:
        assert found is not None


def test_other_odds_of_the_unknown_move_a_rate_by_their_share() -> None:
    """At even odds, twice the odds are two thirds; of a tenth of the group that is 1 in 60."""
    assert with_odds(0.5, 0.1, 2) == pytest.approx(0.5 + 0.1 / 6)
    assert with_odds(0.5, 0.1, 0.5) == pytest.approx(0.5 - 0.1 / 6)
    assert with_odds(1.0, 0.3, 0.5) == 1.0
    assert with_odds(0.0, 0.3, 2) == 0.0
