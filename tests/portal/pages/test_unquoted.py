"""What a report found that the explanation beside it does not quote."""

from typing import Any

from portal.pages import unquoted
from registry.language import Text
from tests.portal.pages.test_beyond import NEVER, PLAN, RACE, SUMMARY

EXPLANATION = {"report_id": "quoted", "model_digest": "d"}


def given(*findings: dict[str, Any], **summary: Any) -> list[unquoted.Unquoted]:
    named = {
        "organisation": {"zh": "机构", "en": "Institute"},
        "made": "2026-11-28T00:00:00+00:00",
    }
    plan = {"content": PLAN, "title": {"zh": "计划", "en": "Plan"}}
    predicate = {"plan": plan, "findings": list(findings)}
    measure = {"cut": None, "favourable_above": True, "protected": [{"name": "race"}]}
    return unquoted.of([(SUMMARY | named | summary, predicate)], EXPLANATION, measure)


def test_the_report_is_named_and_each_finding_beyond_a_line_is_told_with_its_limit() -> None:
    first, *_, last = given(RACE, RACE | {"verdict": "difference"})
    assert "没有引用：机构" in first.said.zh
    assert (first.finding, first.limit) == (None, Text("", ""))
    assert last.finding is not None
    assert last.said.zh.startswith("按种族比较")
    assert last.limit.zh


def test_equal_sentences_are_told_once_with_the_number_of_findings_of_which_they_are_true() -> (
    None
):
    told = [each.finding for each in given(RACE, RACE, RACE) if each.finding]
    assert [each["alike"] for each in told] == [3]


def test_a_report_that_is_quoted_is_not_told_again() -> None:
    assert given(RACE, id="quoted") == []
    assert given(RACE, kind="own") == []


def test_that_a_group_has_none_of_the_first_places_is_told() -> None:
    """A ratio of 0 has no logarithm: the page answered 500."""
    *_, last = given(NEVER)
    assert "前3位里没有一位是“其他种族”" in last.said.zh
    assert "none of the first 3 places is held by “another race”" in last.said.en
