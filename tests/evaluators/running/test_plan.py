"""Plans: every fault at once, and a digest that does not depend on how a plan is written."""

import tomllib

import pytest

from evaluators.plan import PlanInvalid, level_name
from evaluators.policy import POLICY, required
from evaluators.running import planning

WRITTEN = """
title = "Credit"
[columns]
target = "approve"
favourable = 1
prediction = "granted"
sensitive = ["race"]
[reference]
race = "white"
[[probes]]
id = "selection_parity"
"""


def test_a_plan_as_written_is_read_and_digested() -> None:
    plan = planning.parse(tomllib.loads(WRITTEN))
    assert planning.task(plan) == "decision"
    assert plan.alpha == 0.05
    assert plan.min_n == 30
    again = planning.parse(plan.as_json())
    assert again == plan
    assert again.digest == plan.digest


def test_every_fault_is_listed_with_its_remedy() -> None:
    with pytest.raises(PlanInvalid) as caught:
        planning.parse({
            "columns": {"sensitive": "race", "colour": "x", "cut": "high"},
            "reference": {"sex": "f"}, "alpha": 2, "target_kind": "guess", "policy": "1999",
            "probes": [{"id": "selection_parity", "speed": 3}, {"id": "nonsense"}, {"id": "selection_parity"}],
        })  # fmt: skip
    found = {reason.item for reason in caught.value.reasons}
    assert found >= {
        "title", "columns.sensitive", "columns.colour", "columns.cut", "reference.sex", "alpha",
        "target_kind", "policy", "probes.selection_parity.speed", "probes.nonsense", "probes[2]",
    }  # fmt: skip
    assert all(reason.remedy.zh and reason.remedy.en for reason in caught.value.reasons)


def test_a_plan_without_probes_is_refused() -> None:
    with pytest.raises(PlanInvalid):
        planning.parse({"title": "x", "columns": {}})


def test_levels_have_one_name() -> None:
    assert [level_name(v) for v in (1, 1.0, "1", True, 0.5)] == ["1", "1", "1", "true", "0.5"]


def test_the_policy_names_the_required_probes_and_every_source() -> None:
    assert required("decision") == {"selection_parity", "error_parity", "counterfactual_flip"}
    assert required("pricing") == {"price_counterfactual", "price_observational"}
    assert all(entry["source"] for entry in POLICY.content["values"].values())
    assert POLICY.value("rate_ratio_low") == 0.8
    assert "29 CFR 1607.4" in POLICY.source("rate_ratio_low")


def test_a_wrong_option_is_named_with_what_the_probe_takes() -> None:
    probes = [
        {"id": "selection_parity", "replicate": 5},
        {"id": "price_observational", "scale": "cubic", "log": 3, "kind": "quotes"},
    ]
    columns = {"sensitive": ["sex"], "price": "p", "prediction": "y", "favourable": 1}
    with pytest.raises(PlanInvalid) as refused:
        planning.parse({"title": "t", "columns": columns, "probes": probes})
    reasons = {reason.item: reason for reason in refused.value.reasons}
    unknown = reasons["probes.selection_parity.replicate"]
    assert unknown.said.zh == "没有这个选项"
    assert "replicates" in unknown.remedy.en
    assert "只能是 'log' 或 'level'" in reasons["probes.price_observational.scale"].said.zh
    assert reasons["probes.price_observational.log"].said.zh == "应是列表 […]"
