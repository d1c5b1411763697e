"""The table of a plan's keys: all that are read, none that is not, and every gap told at once."""

from collections.abc import Sequence
from typing import Any

import pytest

from explainers import asked
from explainers.asked import Key
from explainers.columns import Column, Outsider
from explainers.wording import Wording
from registry.explanations import KEYS
from tests.explainers.toys import columns, text


@pytest.mark.parametrize(
    ("table", "read"),
    [
        (asked.PLAN, set(KEYS) - {"k"}),  # how many must share what is told is the operator's
        (asked.COLUMN, set(Column.__slots__) - {"name"}),
        (asked.WORDING, set(Wording.__slots__)),
        (asked.PROTECTED, set(Outsider.__slots__)),
    ],
)
def test_the_table_has_every_key_that_is_read(table: Sequence[Key], read: set[str]) -> None:
    assert set(asked.names(table)) == read
    assert all(key.meaning.zh and key.meaning.en and key.kind and key.default for key in table)


def test_every_gap_of_a_plan_is_named_at_once() -> None:
    plan: dict[str, Any] = {
        "columns": [*columns("age"), {"name": "sex", "plian": text("性别", "sex")}],
        "wording": {"favourabel": text("录取", "admitted")},
        "protected": [{"name": "race", "values": {"b": {"zh": "黑人"}}}],
        "declared": {"decides": text("录取", "admission"), "who": {"zh": "某校"}},
        "sealed": {"zh": "商业秘密"},
    }
    with pytest.raises(asked.PlanHasGaps) as refused:
        asked.check(plan)
    assert [reason.item for reason in refused.value.reasons] == [
        *("columns.sex.plian", "sex", "wording.favourabel", "protected.race.values.b.en"),
        *("declared.decides", "declared.who.en", "sealed.en"),
    ]


def test_a_filler_is_refused_by_its_place_and_a_short_answer_taken() -> None:
    filled = {"who": text("——", "a bank"), "object": text("请打电话。", "n/a")}
    with pytest.raises(asked.PlanHasGaps) as refused:
        asked.check({"columns": columns("age"), "declared": filled})
    assert [reason.item for reason in refused.value.reasons] == [
        *("declared.who.zh", "declared.object.en")
    ]


def test_a_whole_plan_has_no_gap() -> None:
    asked.check({"columns": columns("age", "sex"), "declared": {"who": text("某校", "a school")}})


@pytest.mark.parametrize(
    ("more", "item"),
    [
        ({"cut": "x"}, "cut"),
        ({"cut": "nan"}, "cut"),
        ({"cut": float("nan")}, "cut"),
        ({"columns": {"age": {"plain": text("年龄", "age")}}}, "columns"),
        ({"columns": ["age"]}, "columns.0"),
        ({"declared": "a"}, "declared"),
        ({"declared": {"who": "某校"}}, "declared.who"),
        ({"wording": [1]}, "wording"),
        ({"wording": {"got": {"zh": 1, "en": "be admitted"}}}, "wording.got.zh"),
        ({"protected": "a"}, "protected"),
        ({"protected": [1]}, "protected.0"),
        ({"people": 0}, "people"),
        ({"people": -5}, "people"),
        ({"people": 5}, "people"),
        ({"people": 999}, "people"),
        ({"people": "abc"}, "people"),
        ({"people": True}, "people"),
        ({"k": 1}, "k"),
        ({"unit": 5}, "unit"),
        ({"task": ["price"]}, "task"),
        ({"favourable_above": "no"}, "favourable_above"),
        ({"sealed": "no"}, "sealed"),
    ],
)
def test_a_part_of_another_kind_is_refused_by_its_place(more: dict[str, Any], item: str) -> None:
    """Each was an error of the program, or waited for a worker that failed or made a false text of it."""
    with pytest.raises(asked.PlanHasGaps) as refused:
        asked.check({"columns": columns("age"), **more})
    (reason,) = refused.value.reasons
    assert reason.item == item
    assert all((reason.said.zh, reason.said.en, reason.remedy.zh, reason.remedy.en))


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"direction": "高"}, "direction"),
        ({"direction": {"zh": ["大", "大"]}}, "direction"),
        ({"direction": {"zh": ["小", "大"], "en": ["larger", "smaller"]}}, "direction.zh.0"),
        ({"unit": 5}, "unit"),
        ({"phrases": [1]}, "phrases"),
        ({"phrases": {"more": text("年龄变小", "the age higher")}}, "phrases.more.zh"),
        ({"values": {"1": "one"}}, "values.1"),
        ({"plain": text("年\n龄", "age")}, "plain.zh"),
        ({"protected": "no"}, "protected"),
        ({"values": {"1": text("甲", "a"), "2": text("甲", "b")}}, "values.2.zh"),
        ({"phrases": {"1": text("甲", "Same"), "2": text("乙", "same")}}, "phrases.2.en"),
    ],
)
def test_a_fault_of_a_column_is_refused_by_its_place(more: dict[str, Any], place: str) -> None:
    with pytest.raises(asked.PlanHasGaps) as refused:
        asked.check({"columns": columns("age", age=more)})
    assert [reason.item for reason in refused.value.reasons] == [f"columns.age.{place}"]


def test_two_things_in_one_name_are_refused_also_outside_the_model() -> None:
    sex = {"name": "gender", "plain": text("性别", "gender")}
    with pytest.raises(asked.PlanHasGaps) as refused:
        asked.check({"columns": columns("age", "sex"), "protected": [sex]})
    assert [reason.item for reason in refused.value.reasons] == ["protected.gender.plain.zh"]
    with pytest.raises(asked.PlanHasGaps) as refused:
        asked.check({"columns": columns("age", "sex", sex={"plain": text("年龄", "sex")})})
    assert [reason.item for reason in refused.value.reasons] == ["columns.sex.plain.zh"]


def test_what_the_model_is_given_is_not_told_as_unknown_to_it() -> None:
    """X12/26: “the program is not given the marital status” was published beside its effect."""
    married = {"name": "married", "plain": text("婚姻状况", "marital status")}
    with pytest.raises(asked.PlanHasGaps) as refused:
        asked.check({"columns": columns("age", "married"), "protected": [married]})
    (reason,) = refused.value.reasons
    assert reason.item == "protected.married"
    assert "protected = true" in reason.remedy.en
    race = {"name": "race", "plain": text("种族", "race")}
    with pytest.raises(asked.PlanHasGaps) as refused:
        asked.check({"columns": columns("age"), "protected": [race, race]})
    assert [reason.item for reason in refused.value.reasons] == ["protected.race"]


def test_a_group_outside_the_model_has_not_the_name_by_which_the_data_know_another() -> None:
    race = {"white": text("其他种族", "another race"), "nonwhite": text("白人", "white")}
    told = {"name": "race", "plain": text("种族", "race"), "values": race}
    with pytest.raises(asked.PlanHasGaps) as refused:
        asked.check({"columns": columns("age"), "protected": [told]})
    assert [reason.item for reason in refused.value.reasons] == [
        "protected.race.values.nonwhite.en"
    ]


@pytest.mark.parametrize("way", [1, -1, "any"])
def test_a_sensitive_feature_is_named_as_nothing_to_change(way: Any) -> None:
    """X12/27: “change only the marital status, from single to married” stood as an example."""
    with pytest.raises(asked.PlanHasGaps) as refused:
        asked.check({"columns": columns("age", "sex", sex={"actionable": way})})
    (reason,) = refused.value.reasons
    assert (reason.item, reason.remedy.en) == (
        "columns.sex.actionable",
        "Write actionable = 0, or leave the key out.",
    )
    asked.check({"columns": columns("age", "sex", age={"actionable": way}, sex={"actionable": 0})})
