"""What was not tried, or cannot be told apart, makes no claim: rare levels, blanks, twins, ties."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from explainers.explanation import explain, sentences_of
from explainers.plan import ExplanationPlan
from tests.explainers.toys import Rule, Scores, Toy, apart, columns, people, text

Columns = dict[str, npt.NDArray[Any]]
N = 3_000
TOWN = {"name": "town", "plain": text("所在镇", "town")}
INCOME = {"name": "income", "plain": text("每月收入", "monthly income")}


def told(table: pa.Table, asked: list[dict[str, Any]], rule: Rule, **more: Any) -> dict[str, Any]:
    plan = ExplanationPlan.make(table, asked, **{"cut": 0.5, **more})
    return explain(plan, table, Toy(rule), nonce="n")


def about(made: Mapping[str, Any], *names: str) -> list[dict[str, Any]]:
    return [said for said in sentences_of(made) if said.get("columns") == list(names)]


def towns(few: int) -> pa.Table:
    """Fifteen towns, the two last of them with few people each."""
    town = np.resize(np.asarray([f"t{i:02d}" for i in range(13)], dtype=object), N)
    town[:few], town[few : 2 * few] = "rare1", "rare2"
    return apart(pa.table({"town": town.tolist(), "age": people(N)["age"]}))


def refuses_the_rare(x: Columns) -> Scores:
    scores: Scores = 1.0 - np.char.startswith(x["town"].astype(str), "rare").astype(np.float64)
    return scores


@pytest.mark.parametrize("few", [40, 15])
def test_a_column_that_decides_for_rare_levels_is_never_said_to_matter_little(few: int) -> None:
    """public/S2: everyone of the two rarest towns is refused."""
    made = told(towns(few), [TOWN, *columns("age")], refuses_the_rare)
    said = about(made, "town")
    assert not [s for s in said if s["kind"] == "little" or "影响很小" in s["zh"]]
    rest = next(s for s in said if s["kind"] == "decision.rest")
    assert (
        "另有3种情况（“t12”、“rare1”、“rare2”），没有逐一测试。合在一起试，每100人里" in rest["zh"]
    )
    assert (
        rest["limit"]["zh"] == "逐一测试的，是最常见的12种。"
    )  # nobody is hidden, so nobody is protected
    assert rest["evidence"]["changed"] > N / 10


def test_rare_levels_of_too_few_people_are_untried_and_so_said() -> None:
    """public/S2: not even together, and then nothing is little."""
    made = told(towns(3), [TOWN, *columns("age")], lambda x: x["age"] / 100, cut=0.99)
    thirteenth, left_out, last = about(made, "town")
    assert thirteenth["zh"].startswith("所在镇另有1种情况（“t12”）：换成它，")
    assert left_out["zh"] == "所在镇另有2种情况太少见，没有测试。"
    assert last["kind"] == "untried"
    town = ["a"] * 1_500 + ["b"] * 1_491 + ["c"] * 9
    few = apart(pa.table({"town": town, "age": people(N)["age"]}))
    made = told(few, [TOWN, *columns("age")], lambda x: x["age"] / 100, cut=0.99)
    left_out, last = about(made, "town")
    assert left_out["zh"] == "所在镇另有1种情况太少见，没有测试。"
    assert last["kind"] == "untried"
    assert "不是每种情况都试过，所以不能说影响小" in last["zh"]
    assert "can’t be called a small matter" in last["en"]


def test_a_common_level_beside_them_makes_nobody_of_the_few_tried() -> None:
    """Three people of the rarest town are refused and asked about nowhere: nothing is little."""
    made = told(towns(3), [TOWN | {"protected": True}, *columns("age")], refuses_the_rare)
    kinds = [said["kind"] for said in about(made, "town")]
    assert kinds == ["decision.rest", "levels.left_out", "untried", "decision.flip.none", "flip.untried"]  # fmt: skip


def blank(share: float) -> pa.Table:
    random = np.random.default_rng(3)
    income = random.lognormal(8, 0.5, N).round()
    income[random.random(N) < share] = np.nan
    income = pa.array(income, from_pandas=True)
    return apart(pa.table({"income": income, "age": people(N)["age"]}))


def refuses_blanks(x: Columns) -> Scores:
    scores: Scores = np.where(np.asarray(x["income"], dtype=float) > 0, 0.9, 0.1)
    return scores


def test_what_a_blank_does_is_tried_and_said() -> None:
    """public/S3: ten in a hundred left income blank and were refused."""
    made = told(blank(0.1), [INCOME, *columns("age")], refuses_blanks)
    said = about(made, "income")
    assert not [s for s in said if "影响很小" in s["zh"] or s["kind"] == "little"]
    empty = next(s for s in said if s["kind"] == "decision.blank")
    assert empty["zh"] == (
        "假如都没有填每月收入，每100人里，有0人的结果是“通过”。照实际填写的，约有89人。"
    )
    assert empty["evidence"]["favourable"] == 0


def test_blanks_of_too_few_people_keep_a_column_from_being_little() -> None:
    """public/S3"""
    made = told(blank(0.001), [INCOME, *columns("age")], lambda x: x["age"] / 100, cut=0.99)
    assert [s["kind"] for s in about(made, "income")] == ["untried"]


def test_what_only_the_top_does_is_no_small_matter() -> None:
    """public/S2: an exchange shows what no contrast of common values meets."""
    town = ["a"] * 1_450 + ["b"] * 1_450 + ["c"] * 100
    table = pa.table({"town": town, "age": people(N)["age"]})

    def rule(x: Columns) -> Scores:
        return np.where(x["town"] == "c", 0.1, 0.9)

    made = told(table, [TOWN, *columns("age")], rule)
    assert not [s for s in about(made, "town") if s["kind"] == "little"]


def test_twins_are_never_said_to_act_one_by_one() -> None:
    """public/S7: of so few people no test can tell the two apart."""
    made = told(people(60), columns("income", "spending", "age"), lambda x: np.tanh(x["spending"] / 2500), cut=0.6)  # fmt: skip
    for said in about(made, "income", "spending"):
        assert "只改这一项" not in said["zh"]
        assert "only this" not in said["en"]
    together = about(made, "income", "spending")
    assert together[-1]["zh"].startswith("其他信息不变时，每月收入和每月支出一起变高：每100次里")
    assert "which of them acts is not known" in repr([said["en"] for said in together])
    examples = made["questions"][3]["detail"][-1]["sentences"]
    assert [s["kind"] for s in examples] == ["whatif.joined"]


def test_a_twin_that_a_test_of_its_own_shows_idle_is_told_apart() -> None:
    """public/S7: title and sex change together, but changing only sex changes nothing."""
    table = people(N)
    title = np.where(np.asarray(table["sex"].to_pylist()) == "f", "Ms", "Mr").astype(object)
    title[::25] = "Dr"
    table = table.append_column("title", pa.array(title.tolist()))
    asked = [*columns("sex", "age"), {"name": "title", "plain": text("称呼", "form of address")}]
    made = told(table, asked, lambda x: np.where(x["title"] == "Mr", 0.2, 0.8))
    most, apart, each, last = about(made, "sex", "title")
    assert most["zh"].startswith("影响最大的是称呼。")
    assert apart["kind"] == "decision.told_apart"
    assert apart["zh"].endswith("只改性别，试了2,990次，结果都没有变。")
    assert "不知道" not in apart["zh"]
    assert each["kind"] == "parted"
    assert "称呼是“Dr”或“Ms”的" in each["zh"]
    assert last["zh"].startswith("称呼会影响结果")
    assert made["importance"][0]["plain"]["zh"] == "称呼"
    flip = about(made, "sex")[0]
    assert flip["kind"] == "decision.flip.none"


def test_equal_columns_are_said_to_be_equal() -> None:
    """public/S4: "most" needs a gap between the intervals."""
    table = people(N)

    def rule(x: Columns) -> Scores:
        scores: Scores = ((x["age"] >= 49).astype(int) ^ (x["married"] == 1)).astype(np.float64)
        return scores

    made = told(table, columns("age", "married", "job"), rule)
    first = made["questions"][3]["lead"][0]
    assert first["kind"] == "importance.tie"
    assert "分不出谁更大" in first["zh"]
    assert "The tests can’t tell which is stronger." in first["en"]
    assert sorted(first["columns"]) == ["age", "married"]
    kinds = {said["kind"] for said in sentences_of(made)}
    assert "decision.importance" not in kinds


def test_who_chose_is_said_without_a_report_and_nothing_with_one() -> None:
    """public/B2: the cut, the side and the protected attributes."""
    outsider = {"name": "race", "plain": text("种族", "race")}
    made = told(people(500), columns("age", "sex"), lambda x: x["age"] / 100, protected=[outsider])
    said = next(s for s in sentences_of(made) if s["kind"] == "decision.chosen")
    assert said["zh"].startswith(
        "分数线是0.5，达到这条线的结果是“通过”。要单独检查的信息：性别和种族。"
    )
    assert "备案主体自己定的" in said["zh"]
    assert said["en"].startswith("The cut is 0.5; from there on the result is “approved”.")
    assert "To be checked on their own: sex and race." in said["en"]
    assert made["plan"]["by_report"] is None
    low = told(people(500), columns("age"), lambda x: x["age"] / 100, favourable_above=False)
    said = next(s for s in sentences_of(low) if s["kind"] == "decision.chosen")
    assert "低于这条线的结果是“通过”" in said["zh"]
    assert "没有列出要单独检查的信息" in said["zh"]


def test_what_if_names_what_was_tried_and_what_was_not() -> None:
    """public/S12: "would help 0 of them" is never said of a column that was not tried."""
    table = people(N).append_column("note", pa.array([f"{i}号" for i in range(N)]))
    note = {"name": "note", "plain": text("备注", "note"), "actionable": "any"}
    asked = [*columns("income", "sex"), note]
    made = told(table, asked, lambda x: np.where(np.char.endswith(x["note"].astype(str), "7号"), 0.9, 0.1))  # fmt: skip
    searched, untried = made["questions"][3]["detail"][-1]["sentences"][:2]
    assert re.search(r"只改每月收入，.*试.*。没有一个人的结果会变好。", searched["zh"])
    assert re.search(
        "Changing only the monthly income, .*, would help none of them", searched["en"]
    )
    assert "没有填的，没有试着填上" in searched["limit"]["zh"]
    assert "not filled in" in searched["limit"]["en"]
    assert untried["columns"] == ["note"]
    assert untried["zh"].endswith("没有这样试的：备注。")
    assert untried["en"].endswith("not tried in this way: the note.")

    made = told(people(N), columns("income", "sex"), lambda x: np.tanh(x["income"] / 5_000))
    kinds = {said["kind"] for said in made["questions"][3]["detail"][-1]["sentences"]}
    assert "whatif.untried" not in kinds


@pytest.mark.parametrize("decides", ["age 51", "above 77"])
def test_no_example_says_nothing_of_how_many_could_get_better(decides: str) -> None:
    """public/B2: "fewer than 10 could get a better result" while dozens could."""
    table = people(2_000)

    def refused(x: Columns) -> npt.NDArray[np.bool_]:
        return np.asarray(x["age"] == 51 if decides == "age 51" else x["age"] > 77, dtype=bool)

    assert np.count_nonzero(refused({"age": np.asarray(table["age"])})) > 10
    asked = columns("age", "sex", age={"actionable": "any"})
    content = told(table, asked, lambda x: np.where(refused(x), 0.1, 0.9))
    (said,) = content["questions"][3]["detail"][-1]["sentences"]
    assert said["kind"] == "whatif.few"
    assert said["zh"] == "只用许多人共有的数值，举不出例子。"
    assert said["en"] == "No example can be made from values shared by many."
    assert said["limit"]["zh"] == "这不等于没有人的结果可以变好。"
    assert said["limit"]["en"] == "It does not mean that nobody’s result could get better."


def test_levels_that_enough_people_have_are_named_beside_rarer_ones() -> None:
    """F7a/11: three towns of 36 to 100 people were said to be too rare to name."""
    town = np.resize(np.asarray([f"t{i:02d}" for i in range(14)], dtype=object), N)
    town[:6], town[6:12] = "six", "also six"
    table = apart(pa.table({"town": town.tolist(), "age": people(N)["age"]}))
    made = told(table, [TOWN, *columns("age")], lambda x: x["age"] / 100, cut=0.99)
    rest = next(s for s in about(made, "town") if s["kind"] == "decision.rest")
    assert "另有4种情况（“t10”、“t11”，和更少见的），没有逐一测试" in rest["zh"]
    assert "six" not in str(made)
    assert "不到10个人" in rest["limit"]["zh"]


def test_a_program_without_scores_is_said_to_change_its_result_and_nothing_more() -> None:
    """F13n/14: of a yes or no it was said that its chances had not changed."""
    table = apart(people(N))
    made = told(table, columns("income", "age"), lambda x: (x["income"] > 3_000).astype(float))
    every = list(sentences_of(made))
    (labels,) = [said for said in every if said["kind"] == "overall.labels"]
    # A tree's chances may all be 0 or 1: what was answered is told, not what the program cannot do.
    assert labels["zh"] == "这个算法的回答只有两种，没有介于中间的分数。"
    assert "难易不变" not in str(made)
    assert "as likely" not in str(made)
    assert "结果没变" in str(about(made, "income"))
    graded = told(table, columns("income", "age"), lambda x: x["age"] / 100)
    assert not any(said["kind"] == "overall.labels" for said in sentences_of(graded))


def test_that_some_were_not_asked_is_no_claim_where_all_were() -> None:
    """Of 1,500 rows 1,487 were tested and nobody was told; of just k people all are asked."""
    table = apart(people(10))
    made = told(table, columns("income", "age"), lambda x: x["age"] / 100)
    (overall,) = [said for said in sentences_of(made) if said["kind"] == "decision.overall"]
    assert overall["evidence"]["n"] == table.num_rows
    assert "不一定全问" in overall["limit"]["zh"]
    assert "may not have been asked" in overall["limit"]["en"]
