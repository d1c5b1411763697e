"""All twenty probes: one heavy row or unit is one, and a weight is heeded or said to be unused."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import binom

from evaluators.accumulating import weights
from evaluators.guests import installed
from evaluators.judging import findings
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.probe import NullCase
from evaluators.running import engine
from registry.findings import Finding, Verdict

SETS, TIMES = 4, 400
LEAST = int(POLICY.value("min_units"))
TELLING = {Verdict.DIFFERENCE, Verdict.DISPARITY, Verdict.EQUIVALENT}
HEEDING = {"selection_parity", "error_parity", "price_observational", "loyalty_dose_response"}
UNUSED = ("没有用计划里的权重", "the weights of the plan are not used")
NAMES = installed.names()


def _case(probe: str, number: int) -> NullCase:
    """A fair data set of the probe's own, every row of which has a unit and a weight."""
    designs = installed.probe_class(probe).nulls()
    rng = np.random.Generator(np.random.Philox(key=[number, len(probe)]))
    case = designs[sorted(designs)[number % len(designs)]](rng)
    table = case.table
    return replace(case, table=table.append_column("w", pa.array(np.ones(table.num_rows))))


def _found(case: NullCase, table: pa.Table, **columns: str) -> list[Finding]:
    plan = {**case.plan, "columns": {**case.plan["columns"], **columns}}
    return engine.measure(Plan.parse(plan), table, scorer=case.scorer, nonce="n")


def _heavy(case: NullCase, unit: str) -> pa.Table:
    """The rows of one unit, so many times."""
    own = np.array(case.table[unit].to_pylist(), dtype=object)
    mine = own == own[0]
    return case.table.take(np.repeat(np.arange(own.size), np.where(mine, TIMES, 1)))


def _unit(columns: Mapping[str, Any]) -> str | None:
    return columns.get("unit") or columns.get("user")


@pytest.mark.parametrize("probe", NAMES)
def test_a_unit_of_very_many_rows_makes_no_verdict(probe: str) -> None:
    struck = held = 0
    for number in range(SETS):
        case = _case(probe, number)
        unit, columns = _unit(case.plan["columns"]), {}
        if unit is None and probe != "ranking_exposure":  # rows of a list are no repetitions
            table = case.table.append_column("person", pa.array(np.arange(case.table.num_rows)))
            case, unit, columns = replace(case, table=table), "person", {"unit": "person"}
        if unit is None:
            continue
        told = [f for f in _found(case, _heavy(case, unit), **columns) if f.verdict in TELLING]
        held += 1
        for one in told:
            if one.verdict is Verdict.EQUIVALENT or one.units is not None:
                assert weights.enough(findings.sides(one.units or {}), LEAST), one.reading["en"]
        struck += any(one.verdict is not Verdict.EQUIVALENT for one in told)
    assert struck <= binom.ppf(0.999, max(1, held), 0.05)


@pytest.mark.parametrize("probe", NAMES)
def test_a_weight_is_heeded_or_said_to_be_unused(probe: str) -> None:
    case = _case(probe, 0)
    own = np.ones(case.table.num_rows)
    own[0] = 1e9
    heavy = case.table.set_column(case.table.schema.get_field_index("w"), "w", pa.array(own))
    plain, weighted = _found(case, heavy), _found(case, heavy, weight="w")
    if probe in HEEDING:
        assert plain != weighted
        for one in weighted:
            if one.verdict in TELLING:
                assert weights.enough(findings.sides(one.units or {}), LEAST), one.reading["en"]
        return
    assert len(plain) == len(weighted)
    for one, other in zip(plain, weighted, strict=True):
        if case.scorer is None:  # a simulated model draws its answers anew
            assert one.verdict is other.verdict or other.verdict is Verdict.INCONCLUSIVE
            assert one.effect == other.effect
        assert UNUSED[0] in other.limit["zh"]
        assert UNUSED[1] in other.limit["en"]
        assert UNUSED[0] not in one.limit["zh"]
        evaluable = other.verdict is not Verdict.NOT_EVALUABLE
        assert (UNUSED[0] in other.reading["zh"]) is evaluable
        assert ("not about the weighted population" in other.reading["en"]) is evaluable


def test_the_probes_that_take_weights_are_the_ones_that_say_so() -> None:
    taking = {
        name for name in NAMES
        if "weight" in {*(spec := installed.probe_class(name).spec).roles, *spec.optional}
    }  # fmt: skip
    assert taking == HEEDING


def test_no_two_findings_about_one_population_contradict_each_other_unsaid() -> None:
    """Issue 7, F7a/5: by weight B is favoured 2.67 times as often, by rows 0.67 times; one said so."""
    groups = ["A"] * 400 + ["B"] * 400
    got = ["yes"] * 240 + ["no"] * 160 + ["yes"] * 160 + ["no"] * 240
    weight = [1.0] * 240 + [4.0] * 160 + [4.0] * 160 + [1.0] * 240
    rows = pa.table({"g": groups, "y": got, "w": weight, "c": ["x", "z"] * 400})
    probes = ["selection_parity", "conditional_parity", "intersection_scan", "subgroup_search"]
    plan = {"title": "t", "probes": [{"id": each} for each in probes], "reference": {"g": "A"},
            "columns": {"prediction": "y", "favourable": "yes", "weight": "w", "sensitive": ["g"],
                        "control": ["c"]}}  # fmt: skip
    made = engine.run(Plan.parse(plan), rows, scorer=None, nonce="n")
    judged = [f for f in made.findings if f.verdict is not Verdict.NOT_EVALUABLE]
    sides = {
        f.probe: f.effect["value"] for f in judged if f.slice == {"g": "B"} and "ratio" in f.metric
    }
    assert sides["selection_parity"] > 1 > sides["conditional_parity"]
    for each in judged:
        heeds = each.probe in HEEDING
        assert ("by weight" in each.reading["en"]) is heeds
        assert each.reading["en"].startswith("This does not use the plan's weights") is not heeds
        assert each.reading["zh"].startswith("这一条没有用计划里的权重") is not heeds


def test_a_withheld_finding_says_so_too() -> None:
    got = [1, 0] * 150 + [1] * 97 + [0] * 3
    rows = pa.table({"g": ["A"] * 300 + ["B"] * 100, "y": got, "w": [1.0, 2.0] * 200})
    plan = {"title": "t", "probes": [{"id": "intersection_scan"}],
            "columns": {"prediction": "y", "favourable": 1, "weight": "w", "sensitive": ["g"]}}  # fmt: skip
    made = engine.run(Plan.parse(plan), rows, scorer=None, nonce="n")
    hidden = [f for f in made.findings if f.suppressed and f.verdict is not Verdict.NOT_EVALUABLE]
    assert hidden
    for each in hidden:
        assert each.reading["en"].count("does not use the plan's weights") == 1
        assert each.reading["zh"].count("没有用计划里的权重") == 1
