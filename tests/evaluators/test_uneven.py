"""A group that is one heavy row, or one person of thousands of rows, is a group of one person."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from scipy.stats import binom

from evaluators.accumulating import weights
from evaluators.guests import installed
from evaluators.judging import findings
from evaluators.plan import Plan
from evaluators.running import engine
from registry.findings import Finding, Verdict
from tests.evaluators import decision_data as decisions

SEEDS, LEAST = 40, 30
TELLING = {Verdict.DIFFERENCE, Verdict.DISPARITY, Verdict.EQUIVALENT}
DECIDED = {"prediction": "granted", "target": "due"}
SCORED = {"score": "score", "target": "due"}
PROBES: dict[str, dict[str, Any]] = {
    "selection_parity": {"prediction": "granted"},
    "error_parity": DECIDED,
    "intersection_scan": {**DECIDED, "sensitive": ["race", "sex"]},
    "conditional_parity": {"prediction": "granted", "control": ["region"]},
    "subgroup_search": {**DECIDED, "control": ["race", "region"]},
    "performance": DECIDED,
    "proxy_leakage": {"score": "score"},
    "score_parity": SCORED,
    "calibration_by_group": SCORED,
    "regression_parity": {"score": "predicted", "target": "paid", "favourable": None},
    "stability": {"score": "score"},
}
OPTIONS: dict[str, dict[str, Any]] = {
    "stability": {"period": {"column": "race", "earlier": ["a"]}},
}
ELSEWHERE = {
    # A person counts once, whatever the number of rows.
    "counterfactual_flip", "robustness", "text_swap",
    # Clusters of lists, judged by a t with their number.
    "ranking_exposure",
    # Accounts, whose few and uneven numbers have rules of their own.
    "loyalty_dose_response", "offer_access", "price_counterfactual", "price_observational",
    "price_steering",
}  # fmt: skip
WEIGHED = ("selection_parity", "error_parity")


def _fair(seed: int, *, people: int, rows: int = 1, weight: float = 1.0) -> pa.Table:
    """Two fair groups of so many people; the first person of group a has the rows or the weight."""
    rng = np.random.default_rng(seed)
    many = 2 * people
    repeats = np.ones(many, dtype=np.int64)
    repeats[0] = rows
    score, paid = rng.uniform(0.05, 0.95, many), rng.standard_normal(many)
    own = np.ones(many)
    own[0] = weight
    columns: dict[str, npt.NDArray[Any]] = {
        "race": np.repeat(["a", "b"], people), "sex": rng.choice(["x", "y"], many),
        "region": rng.choice(["n", "s"], many), "score": score, "paid": paid, "w": own,
        "due": (rng.random(many) < score).astype(int),
        "granted": (rng.random(many) < 0.7).astype(int),
        "predicted": paid + rng.standard_normal(many), "person": np.arange(many),
    }  # fmt: skip
    return pa.table({name: values.repeat(repeats) for name, values in columns.items()})


def _plan(probe: str, **columns: Any) -> Plan:
    given = {"sensitive": ["race"], "favourable": 1, **PROBES[probe], **columns}
    kept = {name: value for name, value in given.items() if value is not None}
    options = OPTIONS.get(probe, {})
    return Plan.parse({"title": "t", "columns": kept, "probes": [{"id": probe, **options}]})


def _found(probe: str, table: pa.Table, seed: int, **columns: Any) -> list[Finding]:
    return engine.measure(_plan(probe, **columns), table, scorer=None, nonce=str(seed))


def _cases() -> Iterator[Any]:
    for probe in PROBES:
        yield pytest.param(probe, {"unit": "person"}, {"people": 100, "rows": 2000}, id=probe)
    for probe in WEIGHED:
        yield pytest.param(
            probe, {"weight": "w"}, {"people": 500, "weight": 1e6}, id=f"{probe}-weight"
        )


@pytest.mark.parametrize(("probe", "columns", "heavy"), list(_cases()))
def test_one_heavy_person_makes_no_verdict(
    probe: str, columns: dict[str, str], heavy: dict[str, Any]
) -> None:
    struck = 0
    for seed in range(SEEDS):
        found = _found(probe, _fair(seed, **heavy), seed, **columns)
        assert found
        told = [one for one in found if one.verdict in TELLING]
        for one in told:
            assert weights.enough(findings.sides(one.units or {}), LEAST), one.reading["en"]
        struck += any(one.verdict is not Verdict.EQUIVALENT for one in told)
    assert struck <= binom.ppf(0.999, SEEDS, 0.05)


@pytest.mark.parametrize(("probe", "columns", "heavy"), list(_cases()))
def test_the_same_people_in_equal_numbers_are_judged(
    probe: str, columns: dict[str, str], heavy: dict[str, Any]
) -> None:
    even = {**heavy, "rows": 1, "weight": 1.0}
    found = _found(probe, _fair(1, **even), 1, **columns)
    if probe == "subgroup_search":  # a search that finds no slice has none to judge
        found = _found(probe, _slanted(), 1, **columns)
    assert any(one.verdict is not Verdict.NOT_EVALUABLE for one in found)


def _slanted() -> pa.Table:
    table = _fair(1, people=600)
    race, due = np.array(table["race"].to_pylist()), table["due"].to_numpy()
    wrong = np.where(race == "a", 1 - due, due)
    return table.set_column(table.schema.get_field_index("granted"), "granted", pa.array(wrong))


def test_every_probe_of_units_or_weights_is_held_here_or_says_why_not() -> None:
    taking = {
        name for name in installed.names()
        if {"unit", "weight"} & {*(spec := installed.probe_class(name).spec).roles, *spec.optional}
    }  # fmt: skip
    assert taking == {*PROBES, *ELSEWHERE}


def test_the_reason_names_the_people_and_what_they_count_for() -> None:
    table = _fair(3, people=500, weight=1e6)
    (one,) = _found("selection_parity", table, 3, weight="w")
    assert one.verdict is Verdict.NOT_EVALUABLE
    assert "500 people" in one.reading["en"]
    assert "1.0 people of equal weight, fewer than 30" in one.reading["en"]
    assert "只相当于 1.0 个份量相同的人" in one.reading["zh"]


def test_a_declared_reference_that_is_one_person_is_named() -> None:
    content = decisions.plan(
        "selection_parity", columns={"unit": "person"}, reference={"race": "a"}
    )
    table = _fair(3, people=100, rows=2000)
    (one,) = engine.measure(Plan.parse(content), table, scorer=None, nonce="n")
    assert one.verdict is Verdict.NOT_EVALUABLE
    assert "100 people of the reference 'a'" in one.reading["en"]


def test_where_all_groups_are_uneven_nobody_is_said_to_be_missing() -> None:
    table = pa.concat_tables([
        _fair(3, people=100, rows=2000),
        _fair(4, people=100, rows=2000).set_column(
            0, "race", pa.array(["b"] * 2000 + ["a"] * 199)
        ),
    ])  # fmt: skip
    person = np.concatenate(
        [table["person"].to_numpy()[:2199], table["person"].to_numpy()[2199:] + 500]
    )
    table = table.set_column(table.schema.get_field_index("person"), "person", pa.array(person))
    (one,) = _found("selection_parity", table, 3, unit="person")
    assert one.verdict is Verdict.NOT_EVALUABLE
    assert "count as so many of equal weight" in one.reading["en"]


@pytest.mark.parametrize("own", [1 / 3, 0.3333, 7.5, 0.0126])
def test_equal_weights_of_just_enough_people_are_judged(own: float) -> None:
    table = _fair(1, people=LEAST)
    table = table.set_column(table.schema.get_field_index("w"), "w", pa.array(np.full(60, own)))
    (one,) = _found("selection_parity", table, 1, weight="w")
    assert one.verdict is not Verdict.NOT_EVALUABLE


def test_a_rule_of_thirty_is_met_by_thirty() -> None:
    assert weights.enough([30.0, None, 29.99], LEAST)
    assert not weights.enough([30.0, 29.94], LEAST)


@pytest.mark.parametrize("numeric", [False, True])
def test_a_declared_model_says_nothing_of_one_person(numeric: bool) -> None:
    columns = {"sensitive": ["race"], "prediction": "granted", "favourable": 1,
               "control": ["region"], "unit": "person"}  # fmt: skip
    model = {"kind": "ols", "outcome": "paid", "numeric": ["race"] if numeric else []}
    plan = Plan.parse({
        "title": "t", "columns": columns, "probes": [{"id": "conditional_parity", "model": model}]
    })  # fmt: skip
    for rows, silent in ((2000, True), (1, False)):
        table = _fair(3, people=100, rows=rows)
        if numeric:
            race = np.array(table["race"].to_pylist()) == "a"
            table = table.set_column(0, "race", pa.array(race.astype(int)))
        found = engine.measure(plan, table, scorer=None, nonce="n")
        (one,) = [f for f in found if f.metric == "model_coefficient"]
        assert (one.verdict is Verdict.NOT_EVALUABLE) is silent
        assert ("count as so many of equal weight" in one.reading["en"]) is silent
