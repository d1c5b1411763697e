"""Rows that were found to fit answer for a linear programme only where its answer is the same."""

from collections import deque

import numpy as np
import pytest

from evaluators.running import audit
from evaluators.running.audit import Known, Lines, Point

LEAST = 10


def knowing(seed: int, points: deque[Point], *, equations: int) -> tuple[Known, Lines]:
    """The counts of a random table of 4 by 3, of which some margins are known."""
    rng = np.random.default_rng(seed)
    cells = rng.poisson(9, 12)
    forms = {f"cell {at}": np.eye(12, dtype=np.int8)[at] for at in range(12)}
    forms |= {
        f"sum {at}": rng.integers(0, 2, 12).astype(np.int8) for at in range(6)
    }  # of any of them
    lines = Lines(12)
    for name, line in forms.items():
        lines.add(name, line)
    assert lines.settle()
    known = Known(lines)
    for at in range(equations):
        known.equal(f"sum {at}", float(forms[f"sum {at}"] @ cells))
    for at in range(12):
        known.within(f"cell {at}", 0, 40)
    known.recall(points)
    return known, lines


@pytest.mark.parametrize("seed", range(8))
def test_a_range_is_told_exactly_where_it_is_narrow(seed: int) -> None:
    points: deque[Point] = deque()
    told = []
    for equations in (3, 6, 5, 0, 6):
        known, lines = knowing(seed, points, equations=equations)
        for name, aim in lines.merged.items():
            fresh, _ = knowing(seed, deque(), equations=equations)
            low, high = fresh.range(aim, np.inf) or (-np.inf, np.inf)
            expected = (low, high) if high - low < LEAST else None
            assert known.range(aim, LEAST) == expected, name
            told.append(expected)
    assert None in told
    assert any(told)
    assert len(points) > 1


def test_no_programme_is_solved_for_what_is_seen_already(monkeypatch: pytest.MonkeyPatch) -> None:
    points: deque[Point] = deque()
    known, lines = knowing(1, points, equations=2)
    wide = [aim for aim in lines.merged.values() if known.range(aim, LEAST) is None]
    again, _ = knowing(1, points, equations=2)
    monkeypatch.setattr(audit, "Programme", None)
    assert [again.range(aim, LEAST) for aim in wide] == [None] * len(wide)
    assert len(wide) > 6


def test_rows_that_no_longer_fit_are_not_recalled() -> None:
    points: deque[Point] = deque()
    known, lines = knowing(2, points, equations=0)
    assert known.range(lines["cell 0"], LEAST) is None
    pinned, lines = knowing(2, points, equations=0)
    pinned.equal("cell 0", 4.0)
    pinned = Known(lines, pinned.names, pinned.values, pinned.limits, pinned.ends)
    pinned.recall(points)
    assert pinned.range(lines["cell 0"], LEAST) == (4.0, 4.0)
