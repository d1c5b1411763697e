"""The two parts of a difference, on data whose parts are known."""

import numpy as np
import pytest

from evaluators.statistics.decomposition import decompose


def test_a_difference_that_costs_explain_is_explained_wholly() -> None:
    cost = np.array([1.0, 2.0, 3.0, 4.0, 2.0, 3.0, 4.0, 5.0])
    group = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    found = decompose(2 * cost, cost[:, None], group, np.arange(8))
    assert found is not None
    assert found.difference == pytest.approx(2.0)
    assert found.explained == pytest.approx(2.0)
    assert found.unexplained == pytest.approx(0.0)


def test_a_mark_up_is_left_unexplained_at_every_weighting() -> None:
    cost = np.array([1.0, 2.0, 3.0, 4.0, 2.0, 3.0, 4.0, 5.0])
    group = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    found = decompose(2 * cost + 0.5 * group, cost[:, None], group, np.arange(8))
    assert found is not None
    assert found.unexplained == pytest.approx(0.5)
    assert found.unexplained_at_group == pytest.approx(0.5)
    assert found.unexplained_pooled == pytest.approx(0.5)


def test_the_interval_of_the_unexplained_part_covers_as_it_says() -> None:
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(400):
        users = np.repeat(np.arange(80), 5)
        group = (users % 2).astype(np.int64)
        cost = rng.normal(size=400) + 0.5 * group
        price = cost + 0.2 * group + 0.3 * rng.normal(size=80)[users] + 0.2 * rng.normal(size=400)
        found = decompose(price, cost[:, None], group, users)
        assert found is not None
        covered += abs(found.unexplained - 0.2) < 1.99 * found.error
    assert covered / 400 == pytest.approx(0.95, abs=0.035)


def test_too_few_rows_for_the_factors_give_no_decomposition() -> None:
    assert decompose(np.ones(3), np.ones((3, 2)), np.array([0, 1, 1]), np.arange(3)) is None
