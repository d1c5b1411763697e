import pytest

from filing import conditions, fields
from filing.fields import Field, FieldNotFound, Kind, Part
from filing.forms import current
from filing.risk import questionnaire
from registry.language import Text
from registry.law import RULES

DECLARED = {
    "A": range(1, 11),
    "B": range(1, 22),
    "C": range(1, 17),
    "D": range(1, 15),
    "E": range(1, 14),
    "F": [1, 3, 4, 7, 8, 9, 11, 12, 15, 16, 17],
    "G": range(1, 15),
    "H": range(1, 16),
    "I": range(1, 8),
}


def parts(part: Part) -> list[Part]:
    return [part, *(inner for each in part.parts for inner in parts(each))]


def both(text: Text) -> bool:
    return bool(text.zh.strip()) and bool(text.en.strip()) and text.zh != text.en


def test_the_schema_declares_exactly_the_fields_of_the_list() -> None:
    assert [each.code for each in current()] == [
        f"{group}{number}" for group, listed in DECLARED.items() for number in listed
    ]


@pytest.mark.parametrize("field", list(current()), ids=lambda each: each.code)
def test_every_field_speaks_both_languages(field: Field) -> None:
    assert both(field.name)
    assert both(field.ask)
    assert field.example is None or (field.example.zh and field.example.en)
    for part in parts(field.value):
        assert both(part.name)
        assert all(both(option.name) for option in part.options)


@pytest.mark.parametrize("field", list(current()), ids=lambda each: each.code)
def test_the_instruction_is_one_sentence(field: Field) -> None:
    assert field.ask.zh.count("。") == 1
    assert field.ask.zh.endswith("。")
    assert field.ask.en.endswith(".")


@pytest.mark.parametrize("field", list(current()), ids=lambda each: each.code)
def test_every_field_cites_rules_that_exist(field: Field) -> None:
    assert set(field.legal) <= set(RULES)
    assert field.grounds("shanghai").here


@pytest.mark.parametrize("field", list(current()), ids=lambda each: each.code)
def test_every_text_has_a_limit_and_every_choice_has_options(field: Field) -> None:
    for part in parts(field.value):
        assert part.limit > 0 or part.kind not in {Kind.TEXT, Kind.PLAIN, Kind.CODE}
        assert len(part.options) > 0 or part.kind not in {Kind.CHOICE, Kind.MULTI}
        assert part.parts or part.kind not in {Kind.PARTS, Kind.ROWS}
        assert part.most > 0 or part.kind not in {Kind.NUMBER, Kind.ROWS}


@pytest.mark.parametrize("field", list(current()), ids=lambda each: each.code)
def test_conditions_name_fields_and_options_that_exist(field: Field) -> None:
    """Words are made of each: what it names, and each option, is there."""
    for part, beside in (
        (field.value, ()),
        *((each, field.value.parts) for each in parts(field.value)[1:]),
    ):
        for leaf in (*conditions.leaves(part.when), *conditions.leaves(part.required)):
            if leaf.means is not None:
                target = current().part(leaf.means)
            elif leaf.field:
                named = current().coded(leaf.field)
                assert named is not None
                target = named.value
            else:
                target = next(each for each in beside if each.id == leaf.part)
            if leaf.field and leaf.part:
                target = next(each for each in target.parts if each.id == leaf.part)
            assert leaf.values
            assert leaf.values <= {option.id for option in target.options}


def test_every_question_speaks_both_languages_and_has_a_zero() -> None:
    for question in questionnaire().questions:
        assert both(question.ask)
        assert all(both(option.name) for option in question.options)
        assert min(option.weight for option in question.options) == 0


def test_every_floor_and_duty_names_questions_and_rules_that_exist() -> None:
    method = questionnaire()
    conditions = [each.when for each in method.floors] + [each.when for each in method.duties]
    for when in conditions:
        for question_id, values in (when or {}).items():
            question = method.question(question_id)
            assert question is not None
            assert set(values) <= {option.id for option in question.options}
    for duty in method.duties:
        assert set(duty.articles) <= set(RULES)


def test_a_key_names_its_field() -> None:
    assert current().field("C1#2").code == "C1"
    assert fields.split("B14") == ("B14", None)


@pytest.mark.parametrize("key", ["Z9", "B1#1", "C1", "C1#0", "C1#21", "", "B1 ", "c1#1", "C1#"])
def test_an_unknown_key_is_refused(key: str) -> None:
    with pytest.raises(FieldNotFound):
        current().field(key)


def test_an_unknown_field_is_answered_with_those_near_it() -> None:
    for key, near in (("B30", "B21"), ("b7", "B7"), ("G19", "G14"), ("旁", "A1"), ("Z1", "A1")):
        with pytest.raises(FieldNotFound) as told:
            current().field(key)
        name = current().field(near).name
        assert f"{near}（{name.zh}）" in told.value.said.zh
        assert f"{near} ({name.en})" in told.value.said.en
