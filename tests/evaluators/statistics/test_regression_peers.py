"""Coefficients and standard errors beside pyfixest and statsmodels.

The small-sample correction is the same on both sides and stated: G/(G-1) · (n-1)/(n-k), where k
counts the slopes and every absorbed level that is not nested in the clusters, and each of the
matrices of two-way clustering has its own G (pyfixest: `k_adj=True, k_fixef="nonnested",
G_adj=True, G_df="conventional"`).
"""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from evaluators.plan import Plan
from evaluators.prices.price_nulls import quote_table
from evaluators.running import engine
from evaluators.statistics import regression

pytestmark = pytest.mark.filterwarnings("ignore")  # pyfixest's own, about pandas

ROWS, ITEMS, HOURS, USERS = 20_000, 60, 24, 900


def quotes(seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    user, item = rng.integers(0, USERS, ROWS), rng.integers(0, ITEMS, ROWS)
    hour = rng.integers(0, HOURS, ROWS)
    regular = (rng.random(USERS) < 0.4).astype(float)[user]
    cost = rng.normal(0, 0.1, ROWS) + 0.05 * regular
    level = rng.normal(3, 0.5, ITEMS)[item] + rng.normal(0, 0.05, (ITEMS, HOURS))[item, hour]
    noise = 0.03 * rng.normal(size=USERS)[user] + 0.02 * rng.normal(size=ROWS)
    return pd.DataFrame(
        {
            "y": level + 0.3 * cost + 0.02 * regular + noise,
            "cost": cost,
            "regular": regular,
            "item": item,
            "hour": hour,
            "cell": item * HOURS + hour,
            "user": user,
            "w": rng.uniform(0.5, 2.0, ROWS),
        }
    )


@pytest.mark.parametrize(
    ("formula", "effects", "clusters", "weighted"),
    [
        ("y ~ cost + regular", (), ("user",), False),
        ("y ~ cost + regular | item^hour", ("cell",), ("user",), False),
        ("y ~ cost + regular | item^hour", ("cell",), ("user",), True),
        ("y ~ cost + regular | item + hour", ("item", "hour"), ("user",), False),
        ("y ~ cost + regular | item", ("item",), ("user", "item"), False),
        ("y ~ cost + regular | item + hour", ("item", "hour"), ("item",), False),
    ],
)
def test_coefficients_and_errors_agree_with_pyfixest(
    formula: str, effects: tuple[str, ...], clusters: tuple[str, ...], *, weighted: bool
) -> None:
    pyfixest = pytest.importorskip("pyfixest")
    frame = quotes()
    columns = {name: frame[name].to_numpy() for name in frame}
    made = regression.design(
        columns["y"],
        [("cost", columns["cost"]), ("regular", columns["regular"])],
        effects=[columns[name] for name in effects],
        weights=columns["w"] if weighted else None,
    )
    ours = regression.fit(made, clusters=[columns[name] for name in clusters])
    correction = pyfixest.ssc(k_adj=True, k_fixef="nonnested", G_adj=True, G_df="conventional")
    theirs = pyfixest.feols(
        formula, frame, vcov={"CRV1": "+".join(clusters)}, weights="w" if weighted else None,
        ssc=correction,
    )  # fmt: skip
    assert ours.semidefinite
    for name in ("cost", "regular"):
        own = ours.of(name)
        assert own is not None
        assert own.value == pytest.approx(float(theirs.coef()[name]), rel=1e-8, abs=1e-10)
        assert own.error == pytest.approx(float(theirs.se()[name]), rel=1e-6)


def test_crossed_cells_agree_with_dummies_in_statsmodels() -> None:
    frame = quotes().iloc[:1500]
    used = {name: frame[name].to_numpy() for name in frame}
    cell = regression.codes_of(used["item"] % 10)
    made = regression.design(
        used["y"], [("cost", used["cost"]), ("regular", used["regular"])], effects=[cell]
    )
    ours = regression.fit(made, clusters=[used["user"]]).of("regular")
    dummies = np.column_stack([np.eye(10)[cell], used["cost"], used["regular"]])
    theirs = sm.OLS(used["y"], dummies).fit(
        cov_type="cluster", cov_kwds={"groups": used["user"]}, use_t=True
    )
    assert ours is not None
    assert ours.value == pytest.approx(theirs.params[-1], rel=1e-8)
    assert ours.error == pytest.approx(theirs.bse[-1], rel=1e-6)


def test_the_findings_of_the_probe_agree_with_pyfixest() -> None:
    pyfixest = pytest.importorskip("pyfixest")
    table = quote_table(np.random.default_rng(4), users=400, times=8, effect=0.02)
    plan = Plan.parse(
        {
            "title": "quotes",
            "columns": {"price": "price", "item": "item", "time": "moment", "user": "account",
                        "unit": "account", "cost": ["cost"], "profile": ["attribute"]},
            "probes": [{"id": "price_observational", "placebos": 0}],
        }
    )  # fmt: skip
    found = engine.measure(plan, table, scorer=None, nonce="n" * 64)
    frame = table.to_pandas()
    frame["y"], frame["regular"] = np.log(frame["price"]), frame["attribute"] == "regular"
    frame["regular"] = frame["regular"].astype(float)
    for metric, formula in (
        ("raw_price_gap", "y ~ regular"),
        ("price_gap_step_1", "y ~ regular | item^moment"),
        ("conditional_price_gap", "y ~ cost + regular | item^moment"),
    ):
        theirs: Any = pyfixest.feols(formula, frame, vcov={"CRV1": "account"})
        (own,) = [finding for finding in found if finding.metric == metric]
        sign = 1 if own.group == "regular" else -1
        assert own.details["coefficient"] == pytest.approx(
            sign * float(theirs.coef()["regular"]), rel=1e-8
        )
        assert own.details["standard_error"] == pytest.approx(
            float(theirs.se()["regular"]), rel=1e-6
        )
