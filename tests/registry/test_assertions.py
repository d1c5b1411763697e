"""A sentence asserts of an input what a row of the table reads, and a doubtful one nothing."""

import pytest

from registry import assertions
from registry.assertions import Sort
from registry.language import Language
from registry.mentions import Names

COLUMNS = [
    {"name": "debt", "plain": {"zh": "债务", "en": "debt"}},
    {"name": "age", "plain": {"zh": "年龄", "en": "age"}},
]


def read(said: str, language: Language) -> list[tuple[str, str]]:
    (one,) = assertions.read(said, Names(COLUMNS, language))
    return [(each.sort.value, each.mention.name if each.mention else "") for each in one.asserted]


@pytest.mark.parametrize(
    ("language", "said", "asserted"),
    [
        ("zh", "不看债务和年龄。", [("not_used", "debt"), ("not_used", "age")]),
        ("zh", "不看年龄，主要看债务。", [("not_used", "age"), ("main", "debt")]),
        ("zh", "债务越多越难，年龄不影响结果。", [("no_effect", "age"), ("worse", "debt")]),
        ("en", "It ignores age, and debt matters most.", [("not_used", "age"), ("most", "debt")]),
        ("en", "It ignores age and debt.", [("not_used", "age"), ("not_used", "debt")]),
        ("en", "Age and debt are used.", []),
        ("zh", "债务和年龄。", []),
    ],
)
def test_each_input_of_a_sentence_is_read_by_itself(
    language: Language, said: str, asserted: list[tuple[str, str]]
) -> None:
    assert sorted(read(said, language)) == sorted(asserted)


def test_a_sentence_that_is_too_long_for_the_rules_asserts_nothing() -> None:
    """So is nobody's page held up by a text made for it."""
    assert read("不看债务。", "zh") == [(Sort.NOT_USED.value, "debt")]
    assert read("不看" + "甲、" * assertions.LONGEST + "债务。", "zh") == []


def test_every_rule_has_a_place_for_an_input_and_can_be_read() -> None:
    assert {each.language for each in assertions.RULES} == {"zh", "en"}
    for rule in assertions.RULES:
        assert "{X}" in rule.pattern, rule
    sorts = {(each.sort, each.language) for each in assertions.RULES}
    told = set(Sort) - {Sort.BETTER, Sort.WORSE, Sort.ALIKE}
    assert sorts == {(sort, language) for sort in told for language in ("zh", "en")}
