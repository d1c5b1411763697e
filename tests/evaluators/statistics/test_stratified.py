"""Two groups within strata: against statsmodels, against the unstratified rules, and by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import StratifiedTable

from evaluators.statistics import declared_model, inference, intervals
from evaluators.statistics.declared_model import Declared, ModelUnfit
from evaluators.statistics.stratified import Counts, Strata, breslow_day_tarone, ratios_differ

WOMEN = np.array([[89, 108], [17, 25], [202, 593], [131, 375], [94, 393], [24, 341]], dtype=float)
MEN = np.array([[512, 825], [353, 560], [120, 325], [138, 417], [53, 191], [22, 373]], dtype=float)


def _strata(rows: object) -> Strata:
    k1, n1, k0, n0 = np.array(rows, dtype=np.float64)
    return Strata(k1, n1, k0, n0)


BERKELEY = Strata(WOMEN[:, 0], WOMEN[:, 1], MEN[:, 0], MEN[:, 1])


def test_berkeley_agrees_with_statsmodels() -> None:
    tables = [
        np.array([[a, n - a], [c, m - c]]) for (a, n), (c, m) in zip(WOMEN, MEN, strict=True)
    ]
    other = StratifiedTable(tables)
    assert BERKELEY.ratio == pytest.approx(other.riskratio_pooled)
    assert BERKELEY.test().p_value == pytest.approx(other.test_null_odds().pvalue)
    tarone = breslow_day_tarone(BERKELEY)
    assert tarone is not None
    assert tarone.statistic == pytest.approx(other.test_equal_odds(adjust=True).statistic)
    assert tarone.df == 5
    apart = ratios_differ(BERKELEY, BERKELEY.ratio or 0.0)
    assert apart is not None
    assert apart.p_value < 0.05


def test_one_stratum_is_koopman_but_for_one_degree_of_freedom() -> None:
    one = _strata([[300], [1000], [400], [1000]])
    found, plain = one.interval(0.95), intervals.koopman(300, 1000, 400, 1000)
    assert found is not None
    assert plain is not None
    assert (found.low, found.high) == pytest.approx((plain.low, plain.high), rel=1e-3)
    alike = inference.tost_ratio(300, 1000, 400, 1000, low=0.7, high=1.4)
    assert one.equivalence(0.7, 1.4) == pytest.approx(alike, rel=0.01)


def test_sparse_strata_are_tested_exactly() -> None:
    pairs = _strata([[1, 1, 1, 1, 0], [1] * 5, [0] * 5, [1] * 5])
    found = pairs.test()
    assert found.name == "mantel_haenszel_exact"
    assert found.p_value == pytest.approx(2 * 0.5**4), "McNemar's exact test of four to none"


def test_every_row_its_own_unit_gives_the_same_test_as_no_units() -> None:
    rng = np.random.default_rng(1)
    stratum, arm = rng.integers(0, 3, 600), rng.integers(0, 2, 600)
    mark = (rng.random(600) < 0.2 + 0.2 * stratum).astype(float)
    cells = [np.bincount(stratum, weights=w) for w in (mark * arm, arm, mark * (1 - arm), 1 - arm)]
    rows = Counts(mark * arm, arm.astype(float), mark * (1 - arm), (1 - arm).astype(float))
    plain = _strata(cells)
    clustered = Strata(plain.k1, plain.n1, plain.k0, plain.n0, rows, np.arange(600), stratum)
    assert clustered.test().p_value == pytest.approx(plain.test().p_value, rel=0.05)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 30), st.integers(1, 30), st.floats(0, 1), st.floats(0, 1)),
        min_size=1,
        max_size=4,
    )
)
def test_the_interval_holds_the_estimate_and_agrees_with_the_test(
    cells: list[tuple[int, int, float, float]],
) -> None:
    counts = np.array([(round(a * n), n, round(b * m), m) for n, m, a, b in cells], dtype=float).T
    strata = _strata(counts)
    found = strata.interval(0.95)
    if found is None:
        assert not strata.k1.any()
        return
    ratio = strata.ratio if strata.ratio is not None else math.inf
    assert found.low <= ratio * (1 + 1e-6)
    assert found.high >= ratio * (1 - 1e-6)
    outside = found.high < 1 - 1e-6 or found.low > 1 + 1e-6
    assert not outside or abs(strata.score(1.0)) >= intervals.quantile(0.95) - 1e-6


def test_a_model_says_what_is_wrong_with_it() -> None:
    rng = np.random.default_rng(2)
    x, group = rng.standard_normal(80), rng.choice(["a", "b"], 80)
    y = (x > 0).astype(float)
    declared = Declared("logit", "g", ("x", "twice"), (), "a")
    columns = {"g": group, "x": x, "twice": 2 * x}
    made = declared_model.design(columns, declared, ["b"])
    with pytest.raises(ModelUnfit, match="collinear"):
        declared_model.fit(made, y, "logit", None)
    alone = declared_model.design(columns, Declared("logit", "g", ("x",), (), "a"), ["b"])
    with pytest.raises(ModelUnfit, match="separated"):
        declared_model.fit(alone, y, "logit", None)
    with pytest.raises(ModelUnfit, match="not_binary"):
        declared_model.fit(alone, x, "logit", None)
    with pytest.raises(ModelUnfit, match="few_rows"):
        declared_model.fit(declared_model.Design(made.matrix[:3], made.terms), y[:3], "ols", None)
