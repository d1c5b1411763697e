"""What is said about models whose true behaviour is known."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from explainers.explanation import explain, sentences_of
from explainers.plan import ExplanationPlan
from tests.explainers.toys import Rule, Scores, Toy, columns, people

Columns = dict[str, npt.NDArray[Any]]


def told(rule: Rule, *names: str, cut: float = 0.5, **more: Any) -> Mapping[str, Any]:
    table = people()
    plan = ExplanationPlan.make(table, columns(*names, **more), cut=cut)
    return explain(plan, table, Toy(rule), nonce="n")


def about(made: Mapping[str, Any], *names: str) -> dict[str, dict[str, Any]]:
    return {s["kind"]: s for s in sentences_of(made) if s.get("columns") == list(names)}


def rank(values: npt.NDArray[Any], low: float, high: float) -> Scores:
    scores: Scores = np.clip((values - low) / (high - low), 0, 1).astype(float)
    return scores


def older_is_better(x: Columns) -> Scores:
    return rank(x["age"], 18, 80)


def over_fifty(x: Columns) -> Scores:
    scores: Scores = (x["age"] > 50).astype(np.float64)
    return scores


def younger_is_better(x: Columns) -> Scores:
    scores: Scores = 1 - older_is_better(x)
    return scores


def youngest_and_oldest(x: Columns) -> Scores:
    scores: Scores = 2 * np.abs(older_is_better(x) - 0.5)
    return scores


def test_a_rule_that_always_rises_is_said_to_rise() -> None:
    said = about(told(older_is_better, "age", "job"), "age")["always"]
    assert said["evidence"]["up"] == said["evidence"]["n"]
    assert "年龄越大" in said["zh"]
    assert "“通过”" in said["zh"]


def test_a_rule_that_always_falls_is_said_to_lead_to_the_other_result() -> None:
    said = about(told(younger_is_better, "age"), "age")["always"]
    assert said["evidence"]["down"] == said["evidence"]["n"]
    assert "年龄越大，越难得到“通过”：换成相差较大的数值，每100次里，100次这样" in said["zh"]
    assert "the person is nearly always less likely to get “approved”" in said["en"]


def test_where_low_scores_are_good_the_direction_is_turned() -> None:
    table = people()
    plan = ExplanationPlan.make(table, columns("age"), cut=0.5, favourable_above=False)
    made = explain(plan, table, Toy(older_is_better), nonce="n")
    assert "越难得到“通过”" in about(made, "age")["always"]["zh"]


def test_a_rule_shaped_like_a_u_turns_round_in_the_middle() -> None:
    said = about(told(youngest_and_oldest, "age"), "age")
    assert set(said) == {"decision.importance", "turn"}
    assert "最难得到“通过”，再大或再小都更容易得到“通过”" in said["turn"]["zh"]
    lower, higher = said["turn"]["evidence"]["lower"], said["turn"]["evidence"]["higher"]
    assert lower["up"] == higher["down"] == 0
    assert lower["down"]
    assert higher["up"]


def test_a_rule_of_steps_is_said_to_have_its_step_and_never_goes_the_other_way() -> None:
    said = about(told(over_fifty, "age"), "age")["step"]
    assert said["evidence"]["at"] in ([50], [51])
    assert said["evidence"]["down"] == 0
    assert 0 < said["evidence"]["same"] < said["evidence"]["n"]


def test_a_column_that_the_rule_never_reads_matters_little() -> None:
    made = told(older_is_better, "age", "job", "married")
    assert list(about(made, "job")) == ["little"]
    assert about(made, "job")["little"]["evidence"]["changed"] == 0
    assert made["importance"][-1]["changed"] == 0


def test_a_column_that_never_varies_was_not_tested() -> None:
    assert list(about(told(older_is_better, "age", "month"), "month")) == ["not_tested"]


def test_twins_are_checked_as_one_and_said_to_be() -> None:
    made = told(lambda x: np.tanh(x["spending"] / 2500), "income", "spending", cut=0.6)
    said = about(made, "income", "spending")
    assert list(said) == ["decision.importance", "decision.told_apart", "always"]
    assert "只改每月收入，试了1,990次，结果都没有变" in said["decision.told_apart"]["zh"]
    assert not about(made, "income")
    assert not about(made, "spending")


def test_the_better_level_is_named_first() -> None:
    said = about(told(lambda x: 0.2 + 0.6 * (x["married"] == 1), "married"), "married")["always"]
    assert "婚姻是“已婚”的，比婚姻是“未婚”的更容易得到“通过”" in said["zh"]
    assert (
        "people with “married” for the marital status are nearly always more likely" in said["en"]
    )


def test_a_protected_input_that_decides_is_said_to_flip_results_and_which_way() -> None:
    said = about(told(lambda x: 0.2 + 0.6 * (x["sex"] == "f"), "sex", "age"), "sex")
    flip = said["decision.flip.some"]
    assert flip["evidence"]["changed"] == flip["evidence"]["n"] == 1_990
    assert "每100次里，100次结果变了（试了1,990次，1,990次）" in flip["zh"]
    assert "都改成性别是“女”的，每100人里，有100人" in said["decision.flip.levels"]["zh"]


def test_a_protected_input_that_is_ignored_never_flips_and_the_bound_is_printed() -> None:
    made = told(older_is_better, "age", "sex")
    flip = about(made, "sex")["decision.flip.none"]
    claims = made["plan"]["claims"]
    bound = 1 - (0.05 / claims) ** (1 / 1_990)
    assert flip["evidence"]["high"] == pytest.approx(bound)
    assert "试了1,990次，结果都没有变" in flip["zh"]
    printed = float(flip["zh"].split("很可能不超过")[1].split("%")[0])
    assert bound <= printed / 100 < bound * 1.1
    assert "不同人群的结果也可能不同" in flip["zh"]


def test_a_protected_attribute_that_is_no_input_is_never_flipped() -> None:
    table, outsider = people(), {"name": "race", "plain": {"zh": "种族", "en": "race"}}
    plan = ExplanationPlan.make(table, columns("age"), cut=0.5, protected=[outsider])
    said = about(explain(plan, table, Toy(older_is_better), nonce="n"), "race")
    assert list(said) == ["not_an_input"]
    assert said["not_an_input"]["zh"].startswith("这个算法不知道种族。")


def test_the_most_important_information_is_the_one_that_changes_most_results() -> None:
    made = told(
        lambda x: 0.9 * older_is_better(x) + 0.1 * (x["job"] == "teacher"), "job", "age", "sex"
    )
    assert made["importance"][0]["columns"] == ["age"]
    row = made["importance"][0]
    assert row["low"] <= row["value"] <= row["high"]
    assert row["value"] == pytest.approx(100 * row["changed"] / row["n"])


def test_the_picture_of_a_straight_line_is_straight_and_centred() -> None:
    made = told(older_is_better, "age")
    picture = next(p for p in made["pictures"] if p["column"] == "age")
    heights = np.asarray(picture["heights"])
    assert (np.diff(heights) >= 0).all()
    # Exactly those between the lower and the upper end of the cut's own step change their result.
    assert heights[-1] - heights[0] == pytest.approx(100, abs=1e-6)


def test_one_change_is_enough_and_uses_only_what_a_person_can_do() -> None:
    made = told(lambda x: rank(x["income"], 0, 6_000), "income", "age")
    section = made["questions"][3]["detail"][-1]["sentences"]
    moves = [m for s in section for m in s["evidence"].get("moves", [])]
    assert {m["column"] for m in moves} == {"income"}
    assert all(m["after"] > m["before"] for m in moves)
    every = np.sort(people()["income"].to_numpy())
    assert all(every[10] < m[end] < every[-10] for m in moves for end in ("before", "after"))
    assert section[0]["evidence"]["single"] == section[0]["evidence"]["n"]


def test_two_changes_are_tried_where_one_is_not_enough() -> None:
    def both(x: Columns) -> Scores:
        scores: Scores = 0.3 * (x["income"] > 3_500) + 0.3 * (x["job"] == "teacher")
        return scores

    made = told(both, "income", "job", cut=0.5)
    searched = made["questions"][3]["detail"][-1]["sentences"]
    assert searched[0]["evidence"]["double"] > 0
    assert any(s["kind"].startswith("decision.whatif") for s in searched[1:])


def test_where_nothing_can_be_changed_there_is_no_example() -> None:
    made = told(older_is_better, "age", "sex")
    assert made["questions"][3]["detail"][-1]["sentences"][0]["kind"] == "whatif.none"
