"""What a report that asked no model looked at, and how it shows the rules that it bears on."""

from pathlib import Path

import pytest

from evaluators.prices.price_rules import RULES, Rule
from portal.pages import report_view
from registry import law

TEMPLATE = Path(report_view.__file__).parent / "templates" / "_report.html"


@pytest.mark.parametrize(
    ("columns", "zh"),
    [
        ({"prediction": "y"}, "数据里记录的结果"),
        ({"prediction": "y", "score": "s"}, "数据里记录的结果"),
        ({"score": "s", "cut": 0.5, "target": "t"}, "数据里的分数"),
        ({"price": "p", "item": "i"}, "数据里的报价"),
        ({}, "数据里记录的结果"),
    ],
)
def test_scores_and_prices_are_no_recorded_results(columns: dict[str, object], zh: str) -> None:
    """A plan with a score and a cut: the first screen spoke of "the results recorded"."""
    assert report_view.recorded({"columns": columns}).zh == zh


@pytest.mark.parametrize("rule", RULES, ids=lambda each: each.id)
def test_a_price_rule_is_shown_with_its_city_and_force(rule: Rule) -> None:
    for each in (rule.id, *rule.beside):
        shown = law.rule(each)
        for language in ("zh", "en"):
            told = rule.title.in_(language)
            assert shown.place.in_(language) in told
            assert law.FORCE_NAMES[shown.force].in_(language) in told


def test_the_rules_that_a_question_bears_on_are_shown_whole() -> None:
    assert "rule.cited" not in TEMPLATE.read_text()
    assert "rule.shown.in_(lang)" in TEMPLATE.read_text()
