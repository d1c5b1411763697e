"""Least squares, clusters and fixed effects, beside statsmodels and numbers done by hand."""

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.stats.sandwich_covariance import cov_cluster_2groups

from evaluators.statistics import regression
from evaluators.statistics.regression import Codes, Floats
from evaluators.statistics.sensitivity import robustness, robustness_value
from evaluators.statistics.wild_bootstrap import wild_cluster_bootstrap


def panel(
    seed: int, *, users: int = 60, items: int = 8, rows: int = 600
) -> tuple[Floats, Floats, Floats, Codes, Codes]:
    rng = np.random.default_rng(seed)
    user = rng.integers(0, users, rows)
    item = rng.integers(0, items, rows)
    regular = (rng.random(users) < 0.5).astype(float)[user]
    cost = rng.normal(size=rows) + 0.3 * regular
    price = (
        0.1 * regular
        + 0.5 * cost
        + item * 0.2
        + rng.normal(size=users)[user] * 0.3
        + rng.normal(size=rows) * 0.2
    )
    return price, regular, cost, user, item


def test_a_slope_done_by_hand() -> None:
    made = regression.design(np.array([1.0, 2.0, 4.0]), [("x", np.array([0.0, 1.0, 2.0]))])
    slope = regression.fit(made).of("x")
    assert slope is not None
    assert slope.value == pytest.approx(1.5)


def test_hc1_agrees_with_statsmodels() -> None:
    price, regular, cost, _, _ = panel(1)
    made = regression.design(price, [("cost", cost), ("regular", regular)])
    ours = regression.fit(made).of("regular")
    theirs = sm.OLS(price, np.column_stack([np.ones(len(price)), cost, regular])).fit(
        cov_type="HC1", use_t=True
    )
    assert ours is not None
    assert ours.value == pytest.approx(theirs.params[2], rel=1e-10)
    assert ours.error == pytest.approx(theirs.bse[2], rel=1e-10)
    assert ours.p == pytest.approx(theirs.pvalues[2], rel=1e-8)


def test_crv1_with_absorbed_items_agrees_with_dummies_in_statsmodels() -> None:
    price, regular, cost, user, item = panel(2)
    made = regression.design(price, [("cost", cost), ("regular", regular)], effects=[item])
    ours = regression.fit(made, clusters=[user]).of("regular")
    dummies = np.eye(8)[item]
    theirs = sm.OLS(price, np.column_stack([dummies, cost, regular])).fit(
        cov_type="cluster", cov_kwds={"groups": user}, use_t=True
    )
    assert ours is not None
    assert ours.value == pytest.approx(theirs.params[-1], rel=1e-9)
    assert ours.error == pytest.approx(theirs.bse[-1], rel=1e-9)
    assert ours.p == pytest.approx(theirs.pvalues[-1], rel=1e-7)


def test_weighted_crv1_agrees_with_statsmodels() -> None:
    price, regular, cost, user, item = panel(3)
    weights = np.random.default_rng(0).uniform(0.5, 2.0, len(price))
    made = regression.design(
        price, [("cost", cost), ("regular", regular)], effects=[item], weights=weights
    )
    ours = regression.fit(made, clusters=[user]).of("regular")
    theirs = sm.WLS(price, np.column_stack([np.eye(8)[item], cost, regular]), weights=weights).fit(
        cov_type="cluster", cov_kwds={"groups": user}, use_t=True
    )
    assert ours is not None
    assert ours.value == pytest.approx(theirs.params[-1], rel=1e-9)
    assert ours.error == pytest.approx(theirs.bse[-1], rel=1e-9)


def test_two_way_clusters_agree_with_statsmodels() -> None:
    price, regular, cost, user, item = panel(4, items=25)
    made = regression.design(price, [("cost", cost), ("regular", regular)])
    ours = regression.fit(made, clusters=[user, item])
    theirs = sm.OLS(price, np.column_stack([np.ones(len(price)), cost, regular])).fit()
    oracle = cov_cluster_2groups(theirs, user, item)[0]
    assert ours.semidefinite
    assert ours.covariance == pytest.approx(oracle[1:, 1:], rel=1e-9)


def test_a_two_way_matrix_that_is_not_semidefinite_is_said_and_left_alone() -> None:
    rng = np.random.default_rng(7)
    found = None
    for _ in range(200):
        user, item = np.repeat(np.arange(3), 3), np.tile(np.arange(3), 3)
        made = regression.design(
            rng.normal(size=9), [("a", rng.normal(size=9)), ("b", rng.normal(size=9))]
        )
        fitted = regression.fit(made, clusters=[user, item])
        if not fitted.semidefinite:
            found = fitted
            break
    assert found is not None
    assert np.linalg.eigvalsh(found.covariance).min() < 0


def test_two_sweeps_of_fixed_effects_equal_both_sets_of_dummies() -> None:
    price, regular, cost, user, item = panel(5)
    hour = np.random.default_rng(1).integers(0, 5, len(price))
    made = regression.design(price, [("cost", cost), ("regular", regular)], effects=[item, hour])
    ours = regression.fit(made, clusters=[user]).of("regular")
    theirs = sm.OLS(
        price, np.column_stack([np.eye(8)[item], np.eye(5)[hour][:, 1:], cost, regular])
    ).fit(cov_type="cluster", cov_kwds={"groups": user})
    assert ours is not None
    assert ours.value == pytest.approx(theirs.params[-1], rel=1e-8)
    assert ours.error == pytest.approx(theirs.bse[-1], rel=1e-8)


def test_a_column_that_earlier_ones_determine_is_dropped_and_named() -> None:
    price, regular, cost, _, item = panel(6)
    made = regression.design(
        price, [("cost", cost), ("regular", regular), ("twice", 2 * cost + 1)], effects=[item]
    )
    assert made.dropped == ("twice",)
    fixed = regression.design(price, [("item", item.astype(float))], effects=[item])
    assert fixed.dropped == ("item",)
    assert regression.fit(fixed).of("item") is None


def test_large_units_do_not_look_collinear() -> None:
    price, regular, _, _, _ = panel(6)
    income = np.random.default_rng(2).normal(5e4, 1e4, len(price))
    made = regression.design(price, [("income", income), ("regular", regular)])
    assert made.dropped == ()


def test_the_equivalence_p_is_the_worse_of_two_one_sided_tests() -> None:
    coefficient = regression.Coefficient(0.0, 0.005, 10_000)
    assert coefficient.within(-0.01, 0.01) == pytest.approx(0.0228, abs=1e-3)


def test_the_wild_bootstrap_kernel_equals_refitting_every_replicate() -> None:
    price, regular, cost, user, item = panel(8, users=15, rows=200)
    made = regression.design(price, [("cost", cost), ("regular", regular)], effects=[item])
    fitted = regression.fit(made, clusters=[user])
    ours = wild_cluster_bootstrap(
        fitted, "regular", user, alpha=0.05, rng=np.random.default_rng(3), replicates=199
    )
    assert ours is not None
    signs = np.random.default_rng(3).integers(0, 2, (199, 15)) * 2.0 - 1.0
    null = regression.fit(regression.design(price, [("cost", cost)], effects=[item]))
    fitted_values = price - null.residuals
    observed = fitted.of("regular")
    assert observed is not None
    reached = 0
    for sign in signs:
        again = regression.design(
            fitted_values + sign[user] * null.residuals,
            [("cost", cost), ("regular", regular)],
            effects=[item],
        )
        replicate = regression.fit(again, clusters=[user]).of("regular")
        assert replicate is not None
        reached += abs(replicate.t) >= abs(observed.t)
    assert ours.p == pytest.approx((1 + reached) / 200)


def test_robustness_values_agree_with_the_published_example() -> None:
    # Cinelli and Hazlett (2020), table 1: t = 4.18 on 783 degrees of freedom.
    assert robustness_value(4.184, 783) == pytest.approx(0.139, abs=5e-4)
    assert robustness_value(4.184, 783, alpha=0.05) == pytest.approx(0.076, abs=5e-4)


def test_a_confounder_as_strong_as_the_only_confounder_moves_the_estimate() -> None:
    price, regular, cost, _, _ = panel(9)
    fitted = regression.fit(regression.design(price, [("cost", cost), ("regular", regular)]))
    found = robustness(fitted, "regular", ["cost"], alpha=0.05)
    assert found is not None
    assert 0 < found.value_alpha <= found.value < 1
    own = fitted.of("regular")
    assert own is not None
    assert found.benchmarks["cost"]["estimate_left"] < own.value
