"""Counterfactual flips: facts about models that can be read."""

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import binomtest

from evaluators.accumulating.accumulators import Cells
from evaluators.behaviour.counterfactual_flip import CounterfactualFlip, spread_levels
from evaluators.designs.nulls import RandomisedService
from evaluators.judging import readings
from evaluators.plan import Plan
from evaluators.running import engine
from registry.findings import Finding, Verdict
from tests.evaluators.decision_data import Reading, Served, column, plan

ROWS = 400
X = np.linspace(-1, 1, ROWS)
TABLE = pa.table({
    "x": X, "race": np.where(np.arange(ROWS) % 2, "a", "b"), "married": np.arange(ROWS) % 3 % 2,
    "due": np.ones(ROWS, int), "granted": np.ones(ROWS, int), "who": np.arange(ROWS) // 4,
})  # fmt: skip


def _run(
    model: Reading | RandomisedService | None,
    options: dict[str, object] | None = None,
    **columns: object,
) -> list[Finding]:
    content = plan(
        "counterfactual_flip", columns={"inputs": ["x", "race", "married"], "cut": 0.0, **columns}
    )
    content["probes"][0].update(options or {})
    return engine.measure(Plan.parse(content), TABLE, scorer=model, nonce="n")


def test_the_share_of_changed_answers_is_exact() -> None:
    # The answer turns on race exactly for −.2 ≤ x < 0: 40 of 400 rows.
    model = Reading(lambda f: f["x"].to_numpy() + 0.2 * (column(f, "race") == "a"))
    (found,) = _run(model)
    expected = int(((X + 0.2 >= 0) != (X >= 0)).sum())
    assert found.estimate == pytest.approx(expected / ROWS)
    assert found.verdict is Verdict.DISPARITY
    assert found.p_value is None
    ci = binomtest(expected, ROWS).proportion_ci(0.95, "exact")
    assert found.ci is not None
    assert (found.ci["low"], found.ci["high"]) == pytest.approx((ci.low, ci.high))
    assert found.details["mean_shift"] == {"a→b": pytest.approx(-0.2), "b→a": pytest.approx(0.2)}


def test_an_input_the_model_ignores_never_flips() -> None:
    (found,) = _run(Reading(lambda f: f["x"].to_numpy()), {"change": ["married"]})
    assert (found.estimate, found.verdict) == (0.0, Verdict.INCONCLUSIVE)
    assert found.details["bound"] == pytest.approx(1 - 0.05 ** (1 / ROWS))
    assert "married" in found.reading["zh"]


@pytest.mark.parametrize(
    ("times", "verdict"), [(1, Verdict.INCONCLUSIVE), (10, Verdict.EQUIVALENT)]
)
def test_that_nobody_changed_is_small_only_where_the_bound_is(
    times: int, verdict: Verdict
) -> None:
    """Stranger, issue 7/16: 0 of 40 and a bound of 8.8 % read "hardly matters"; the margin is .1 %."""
    content = plan("counterfactual_flip", columns={"inputs": ["x", "race", "married"], "cut": 0.0})
    content["probes"][0]["change"] = ["married"]
    (found,) = engine.measure(
        Plan.parse(content), pa.concat_tables([TABLE] * times), nonce="n",
        scorer=Reading(lambda f: f["x"].to_numpy()),
    )  # fmt: skip
    high = 1 - 0.025 ** (1 / (ROWS * times))
    assert found.ci is not None
    assert found.ci["high"] == pytest.approx(high)
    assert found.verdict is verdict
    open_ = times == 1
    assert (
        f"up to {readings.small_share(high)} of such people cannot be ruled out"
        in found.reading["en"]
    ) is open_
    assert (f"会变的仍可能多到 {readings.small_share(high)}；" in found.reading["zh"]) is open_
    assert f"0 of {ROWS * times} people" in found.reading["en"]


def test_a_service_counts_as_no_deterministic_model() -> None:
    """Stranger, issue 7/9: an endpoint that answered twice alike was judged as a file that does."""
    formula = Served(lambda f: f["x"].to_numpy() + 0.2 * (column(f, "race") == "a"))
    (found,) = _run(formula)
    assert found.metric == "counterfactual_flip_share_beyond_twin"
    assert found.p_value is not None
    assert found.details["deterministic"] is False
    (ignores,) = _run(Served(lambda f: f["x"].to_numpy()), {"change": ["married"]})
    assert ignores.verdict is Verdict.INCONCLUSIVE


def test_an_attribute_that_is_no_input_is_not_evaluable_and_said_so() -> None:
    (found,) = _run(Reading(lambda f: f["x"].to_numpy()), inputs=["x"])
    assert found.verdict is Verdict.NOT_EVALUABLE
    assert "not an input" in found.reading["en"]
    assert "indirect" in found.limit["en"]


def test_without_a_model_there_is_nothing_to_ask() -> None:
    (found,) = _run(None)
    assert found.verdict is Verdict.NOT_EVALUABLE


def test_a_few_flips_between_the_lines_are_a_difference() -> None:
    model = Reading(lambda f: f["x"].to_numpy() + 0.006 * (column(f, "race") == "a"))
    (found,) = _run(model)
    assert found.verdict is Verdict.DIFFERENCE
    assert 0.001 < (found.estimate or 0) <= 0.01


def test_a_bundle_of_proxies_is_changed_together() -> None:
    model = Reading(
        lambda f: f["x"].to_numpy() + 0.2 * column(f, "married") * (column(f, "race") == "a")
    )
    bundle = {
        "name": "profile",
        "versions": {"one": {"race": "a", "married": 1}, "two": {"race": "b", "married": 0}},
    }
    (found,) = _run(model, {"change": [], "bundles": [bundle], "values": {}}, sensitive=["due"])[
        :1
    ]
    assert found.slice == {"profile": "*"}
    assert found.verdict is Verdict.DISPARITY


def test_a_person_with_several_rows_is_one_trial() -> None:
    model = Reading(lambda f: f["x"].to_numpy() + 0.2 * (column(f, "race") == "a"))
    (found,) = _run(model, unit="who")
    assert found.n == 100
    assert found.details["tests"] == ROWS


def test_a_randomised_service_is_held_against_its_own_twin() -> None:
    (found,) = _run(RandomisedService(np.random.default_rng(0)), cut=0.5)
    assert found.metric == "counterfactual_flip_share_beyond_twin"
    assert found.p_value is not None
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.details["changed"] > 40, "a naive share would accuse it"


def test_a_randomised_service_that_does_look_is_found() -> None:
    rng = np.random.default_rng(0)
    noise = 0.05
    model = Reading(
        lambda f: (
            f["x"].to_numpy()
            + 0.8 * (column(f, "race") == "a")
            + noise * rng.standard_normal(f.num_rows)
        )
    )
    (found,) = _run(model)
    assert found.verdict is Verdict.DISPARITY


def test_many_numbers_are_tried_at_three_percentiles_and_many_names_at_the_most_frequent() -> None:
    numbers = Cells(("x",), ("n",), {(str(v),): (1,) for v in range(100)})
    assert spread_levels(numbers) == ["9", "49", "89"]
    names = Cells(("x",), ("n",), {(f"n{v}",): (v + 1,) for v in range(30)})
    assert len(spread_levels(names)) == 12
    assert "n29" in spread_levels(names)


def test_the_budget_covers_what_is_asked() -> None:
    content = Plan.parse(
        plan("counterfactual_flip", columns={"inputs": ["x", "race"], "cut": 0.0})
    )
    model = Reading(lambda f: f["x"].to_numpy())
    made = engine.run(content, TABLE, scorer=model, nonce="n")
    assert made.predictions <= engine.predictions_needed(content, ROWS)
    assert CounterfactualFlip.spec.options_schema()["additionalProperties"] is False
