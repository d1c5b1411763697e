"""The table by rule says what was tested, and never more."""

from typing import Any

import pytest

from evaluators.guests import installed
from evaluators.judging import captions
from evaluators.plan import Plan
from evaluators.prices.price_elements import ELEMENTS, PRICE_PROBES
from evaluators.prices.price_rules import RULES, of, rules_table

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


def rows(
    columns: dict[str, Any], *findings: dict[str, Any], **plan: Any
) -> dict[tuple[str, str], dict[str, Any]]:
    made = {"columns": columns, **plan}
    return {
        (row["rule"], element["element"]): element
        for row in rules_table(findings, made)
        for element in row["elements"]
    }


def test_every_element_names_the_findings_it_rests_on_by_their_place_in_the_report() -> None:
    other = finding(probe="selection_parity", metric="selection_rate")
    rise = finding(probe="loyalty_dose_response", metric="loyalty_rise", details={"cells": True})
    found = rows(COLUMNS, other, rise)["SZ72-5", "difference"]
    assert found["findings"] == [
        {"number": 1, "probe": "loyalty_dose_response", "metric": "loyalty_rise", "slice": rise["slice"]}
    ]  # fmt: skip
    assert captions.metric("loyalty_rise").zh in found["said"]["zh"]
    assert "loyalty_rise" not in found["said"]["zh"] + found["said"]["en"]


def test_all_five_probes_count_and_offers_are_other_terms_and_no_price() -> None:
    offer = finding(probe="offer_access", metric="offer_rate", verdict="disparity")
    found = rows(COLUMNS, offer)
    assert found["PIPL24", "other_terms"]["state"] == "tested"
    assert found["PIPL24", "difference"]["state"] == "not_tested"
    assert set(PRICE_PROBES) == {n for n in set(installed.names()) - set(installed.broken()) if installed.probe_class(n).spec.task == "pricing"}  # fmt: skip


def test_sex_is_no_habit_and_a_bundle_is_what_its_profiles_name() -> None:
    columns = {**COLUMNS, "sensitive": ["sex"]}
    by_sex = rows(columns, finding(slice={"sex": "f"}))["SZ72-5", "user_feature"]
    assert by_sex["state"] == "not_tested"
    more = {"more": {"profile": {"phone": "new"}, "against": {"phone": "old"}}}
    bundle = finding(slice={"bundle": "rich"}, details=more)
    told = rows(columns, bundle)["SZ72-5", "user_feature"]
    assert "phone" in told["said"]["zh"]
    # What a column is to its user (an area's crime rate is no habit) the report does not judge.
    assert told["state"] == "compared"
    assert "不作判断" in told["said"]["zh"]
    assert "does not judge" in told["said"]["en"]


def test_what_a_finding_does_not_hold_fixed_is_not_tested_by_it() -> None:
    raw = finding(details={"cells": False})
    assert rows(COLUMNS, raw)["SZ72-5", "same_goods"]["state"] == "not_tested"
    shown = finding(probe="price_steering", metric="items_shown_gap")
    assert rows(COLUMNS, shown)["SZ72-5", "same_goods"]["state"] == "not_tested"
    same = finding(probe="price_steering", metric="same_item_gap")
    assert rows(COLUMNS, same)["SZ72-5", "same_goods"]["state"] == "tested"


def test_costs_count_only_where_a_finding_holds_them_fixed() -> None:
    columns = {**COLUMNS, "cost": ["distance"]}
    assert rows(columns, finding())["SZDATA69", "same_conditions"]["state"] == "not_tested"
    held = finding(details={"factors": ["distance"]})
    assert rows(columns, held)["SZDATA69", "same_conditions"]["state"] == "tested"


def test_a_record_of_disclosure_is_tested_as_a_record() -> None:
    told = finding(metric="defence_disclosure", verdict="difference")
    found = rows(COLUMNS, told, defences=[{"kind": "disclosure", "column": "told"}])
    assert found["消保条例9", "knowledge"]["state"] == "tested"
    assert "没有检验" in found["消保条例9", "knowledge"]["said"]["zh"]


def test_columns_are_called_by_their_plain_names() -> None:
    names = {"history": {"plain": {"zh": "购买历史", "en": "purchase history"}, "levels": {}}}
    found = rows(COLUMNS, finding(), names=names)["SZ72-5", "user_feature"]
    assert "购买历史" in found["said"]["zh"]


def test_a_statement_on_prices_has_the_table_and_one_on_decisions_has_none() -> None:
    predicate = {
        "task": "pricing",
        "findings": [finding()],
        "plan": {"content": {"columns": COLUMNS}},
    }
    assert len(of(predicate)) == len(RULES)
    assert of({**predicate, "task": "decision"}) == []
