"""The table by rule says what was tested, and never more."""

from typing import Any

import pytest

from evaluators.plan import Plan
from evaluators.price_rules import ELEMENTS, RULES, rules_table

COLUMNS = {
    "price": "price", "user": "account", "unit": "account", "item": "item", "time": "hour",
    "profile": ["history"],
}  # fmt: skip


def finding(**values: Any) -> dict[str, Any]:
    return {
        "probe": "price_observational", "metric": "conditional_price_gap", "verdict": "difference",
        "slice": {"history": "regular"}, "details": {}, **values,
    }  # fmt: skip


def table(
    columns: dict[str, Any], *findings: dict[str, Any], **plan: Any
) -> dict[tuple[str, str], str]:
    probes = [{"id": "price_observational"}]
    made = Plan.parse({"title": "t", "columns": columns, "probes": probes, **plan})
    return {
        (row["rule"], element["element"]): element["state"]
        for row in rules_table(findings, made)
        for element in row["elements"]
    }


def test_every_rule_names_known_elements_and_only_dominance_rules_ask_for_dominance() -> None:
    assert {name for rule in RULES for name in rule.elements} <= set(ELEMENTS)
    assert [rule.id for rule in RULES if "dominance" in rule.elements] == ["反垄断22"]


def test_goods_and_moment_count_as_tested_only_where_the_data_hold_them() -> None:
    assert table(COLUMNS, finding())["SZ72-5", "same_goods"] == "tested"
    bare = {"price": "price", "profile": ["history"]}
    assert table(bare, finding())["SZ72-5", "same_goods"] == "not_tested"
    asked = finding(probe="price_counterfactual", details={"design": "model"})
    assert table(bare, asked)["SZ72-5", "same_goods"] == "tested"


def test_what_is_not_evaluable_is_not_tested() -> None:
    found = table(COLUMNS, finding(verdict="not_evaluable"))
    assert found["SZ72-5", "difference"] == "not_tested"
    assert found["算法推荐21", "user_feature"] == "not_tested"


@pytest.mark.parametrize(
    ("defences", "state"),
    [([], "not_applicable"), ([{"kind": "random_experiment", "column": "bucket"}], "not_tested")],
)
def test_a_reason_is_tested_only_with_a_finding_on_it(
    defences: list[dict[str, str]], state: str
) -> None:
    assert table(COLUMNS, finding(), defences=defences)["SZ72-5", "reason"] == state


def test_legal_judgements_and_market_position_are_never_claimed() -> None:
    found = table(COLUMNS, finding())
    assert found["SZ72-5", "consumer_rights"] == "not_tested"
    assert found["反垄断22", "dominance"] == "not_tested"
    assert found["消保条例9", "knowledge"] == "not_tested"


def test_the_single_word_is_not_in_the_table() -> None:
    assert "discriminat" not in str(rules_table([finding()], {"columns": COLUMNS}))
    assert "歧视" not in str(rules_table([finding()], {"columns": COLUMNS}))
