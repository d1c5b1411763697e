"""What does little on average may decide for a group: nothing is "little" that does in one of them."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from explainers import subgroups
from explainers.explanation import explain, predictions_needed, sentences_of
from explainers.plan import ExplanationPlan
from explainers.subgroups import LEAST, Subgroup
from tests.explainers.toys import Scores, Toy, columns, people, text

Columns = dict[str, npt.NDArray[Any]]
N, FEW = 10_000, 200
TOWN = {
    "name": "town",
    "plain": text("所在镇", "town"),
    "values": {"east": text("东镇", "East"), "west": text("西镇", "West")},
}


def table(few: int = FEW) -> pa.Table:
    """Ten thousand people, of whom so many live in the eastern town."""
    town = np.asarray(["east"] * few + ["west"] * (N - few), dtype=object)
    return people(N).append_column("town", pa.array(np.random.default_rng(1).permutation(town)))


def in_the_east(x: Columns) -> Scores:
    """A job decides for young people of the eastern town, and for nobody else."""
    hit = (x["town"] == "east") & (x["age"] < 30) & (x["job"] == "farmer")
    scores: Scores = np.where(hit, 0.1, 0.9)
    return scores


def told(rule: Any, rows: pa.Table, *names: str, **more: Any) -> list[dict[str, Any]]:
    asked = [TOWN, *columns("age", *names)]
    plan = ExplanationPlan.make(rows, asked, cut=0.5, **more)
    made = explain(plan, rows, Toy(rule), nonce="n")
    return [said for said in sentences_of(made) if said.get("columns") == ["job"]]


def test_what_decides_for_one_group_is_not_said_to_matter_little() -> None:
    """Fewer than 1 of 100 overall, about 20 of 100 of one town."""
    (said,) = told(in_the_east, table(), "job")
    assert said["kind"] == "partly"
    assert said["evidence"]["changed_high"] < 0.01
    group = said["evidence"]["group"]
    assert group["n"] == FEW
    assert 0.1 < group["changed"] / group["n"] < 0.3
    assert "所在镇是“东镇”的人，每100人里，约" in said["zh"]
    assert f"人的结果会变（试了{FEW}次，{group['changed']}次）" in said["zh"]
    assert "But of people with “East” for the town, it does for about " in said["en"]
    assert f"of 100 ({group['changed']} of {FEW} tests)" in said["en"]
    assert said["zh"].startswith("对大多数人，")
    assert said["en"].startswith("For most people ")


def test_what_does_little_in_every_group_says_in_how_many_groups_that_was_seen() -> None:
    """The sentence is as wide as the tests: the groups that were looked at, one thing at a time."""
    (said,) = told(lambda x: x["age"] / 100, table(), "job")
    assert said["kind"] == "little"
    groups = said["evidence"]["groups"]
    assert groups == 2 + 4 + 3  # towns, quarters of the ages, jobs
    assert f"分成的{groups}个组（每组至少{LEAST}人）" in said["zh"]
    assert f"each of {groups} groups of at least {LEAST}" in said["en"]


def test_a_group_of_fewer_than_the_least_says_nothing() -> None:
    """In 60 people a share of a hundred would be chance; they are told apart nowhere."""
    (said,) = told(in_the_east, table(60), "job")
    assert said["kind"] == "little"
    assert "东镇" not in said["zh"]


@pytest.mark.parametrize("task", ["decision", "price"])
def test_looking_at_groups_asks_the_model_nothing_more(task: Any) -> None:
    """The same answers are counted again by group: the budget of questions stays."""
    rows, asked = table(), [TOWN, *columns("age", "job")]
    plan = ExplanationPlan.make(rows, asked, cut=0.5 if task == "decision" else None, task=task)
    toy = Toy(in_the_east)
    explain(plan, rows, toy, nonce="n")
    assert toy.rows <= predictions_needed(plan, N)


def test_the_groups_part_everyone_by_each_thing() -> None:
    """Of one column each person stands in exactly one group, those without a value too."""
    rows = table()
    ages = rows.column("age").to_pylist()
    ages[:300] = [None] * 300
    rows = rows.set_column(rows.column_names.index("age"), "age", pa.array(ages, pa.float64()))
    plan = ExplanationPlan.make(rows, [TOWN, *columns("age", "job", "month")], cut=0.5)
    everyone = plan.chosen(rows, "n")
    for name in ("town", "age", "job"):
        inside = [each.holds(everyone) for each in plan.subgroups if each.column == name]
        assert (np.sum(inside, axis=0) == 1).all(), name
    assert not [each for each in plan.subgroups if each.column == "month"]


@pytest.mark.parametrize(
    ("group", "zh", "en"),
    [
        (Subgroup("age", until=30.0), "年龄不到30岁的人", "people whose age is below 30 years"),
        (Subgroup("age", since=30.0, until=50.0), "年龄在30岁到50岁之间的人", "people whose age is from 30 to 50 years"),
        (Subgroup("age", since=50.0), "年龄在50岁以上的人", "people whose age is 50 years or more"),
        (Subgroup("age", blank=True), "没有填写年龄的人", "people with the age left blank"),
    ],
)  # fmt: skip
def test_a_group_is_named_by_what_its_people_share(group: Subgroup, zh: str, en: str) -> None:
    rows = people()
    asked = columns("age", age={"unit": text("岁", "years")})
    named = subgroups.name(ExplanationPlan.make(rows, asked, cut=0.5), group)
    assert (named.zh, named.en) == (zh, en)
