"""What moves the score of many and no result is told with its score, and is never called little."""

import pytest

from explainers import scores
from explainers.bounds import Family
from explainers.columns import with_article
from explainers.sentences import Again, Around, Counts, Kind, choose, filled
from registry.language import Text
from tests.explainers.toys import columns
from tests.explainers.truth import Case, adults, lines, made, yes


def test_what_moves_the_score_beyond_chance_is_not_little() -> None:
    nothing_changed = Counts(1_500, 0, 1_500, 0)
    family = Family(claims=20)
    assert choose(nothing_changed, family, Around()) is Kind.LITTLE
    assert choose(nothing_changed, family, Around(score=True)) is Kind.SCORE


def test_of_several_levels_the_two_furthest_apart_are_told() -> None:
    near, far = ("a:1", Counts(100, 40, 50, 0)), ("a:2", Counts(100, 0, 90, 0))
    assert scores.furthest([near, far]) == far
    assert scores.furthest([]) is None


@pytest.mark.parametrize("lower", [0.0, 0.02])
def test_low_scores_for_women_are_said_where_there_are_any_and_only_there(lower: float) -> None:
    case = Case(
        "women score lower",
        adults,
        lambda x: yes(x["age"] >= 30) - lower * (x["sex"] == "f"),
        columns("age", "sex"),
    )
    content = made(case)
    zh, en = lines(content, "zh"), lines(content, "en")
    assert ("但是评分会变" in zh) is (lower > 0)
    assert ("But the score moves" in en) is (lower > 0)
    assert ("性别的影响很小" in zh) is (lower == 0)
    assert ("Sex made little difference" in en) is (lower == 0)


def test_what_asking_again_moves_as_often_is_no_move_of_the_score() -> None:
    class Plan:
        task, family = "decision", Family(claims=20)

    even = Counts(1_500, 760, 740, 0)
    assert not scores.moves(Plan, Again(1_500, 1_500, 0), even)  # type: ignore[arg-type]
    assert scores.moves(Plan, Again(1_500, 0, 0), even)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name", ["no seriously overdue account", "one or two late payments", "more than two", "12 years of school"]
)  # fmt: skip
def test_a_name_that_says_how_many_has_no_article(name: str) -> None:
    assert with_article(name) == name
    assert with_article("crime rate") == "the crime rate"


def test_none_is_told_as_not_once_in_chinese() -> None:
    row = Text("有{c}次结果变了，{n}次没有。", "In {c} of {n}.")
    assert (
        filled(row, {"c": Text("0", "0"), "n": Text("10", "10")}).zh
        == "没有一次结果变了，10次没有。"
    )
    assert (
        filled(row, {"c": Text("10", "10"), "n": Text("0", "0")}).zh == "有10次结果变了，0次没有。"
    )
