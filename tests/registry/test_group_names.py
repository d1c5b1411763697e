"""A group is called by its own name: not by that of another, nor by what it is not."""

import pytest

from registry import group_names
from registry.language import Text

RACE = {
    "white": Text("白人", "white"),
    "nonwhite": Text("其他种族（黑人和西班牙语裔）", "another race (black or Hispanic)"),
}
SEX = {"1": Text("男", "man"), "0": Text("女", "woman")}
WED = {"1": Text("已婚", "married"), "0": Text("未婚", "not married")}


def faults(names: dict[str, Text], **given: tuple[str, str]) -> list[str]:
    said = {level.removeprefix("_"): Text(*words) for level, words in given.items()}
    found = list(group_names.faults("p.a", "values", names, said))
    assert all((each.said.zh, each.said.en, each.remedy.zh) for each in found)
    return [each.item.removeprefix("p.a.values.") for each in found]


@pytest.mark.parametrize(
    ("names", "given", "wrong"),
    [
        (RACE, {"nonwhite": ("白人", "white people")}, "nonwhite.zh nonwhite.en"),
        (RACE, {"nonwhite": ("白人申请人", "Whites")}, "nonwhite.zh nonwhite.en"),
        (RACE, {"white": ("非白人", "non-white people")}, "white.zh white.en"),
        (RACE, {"white": ("白人以外的人", "people other than white")}, "white.zh white.en"),
        (SEX, {"_1": ("女性", "women"), "_0": ("男性", "men")}, "1.zh 1.en 0.zh 0.en"),
        (WED, {"_1": ("未婚的人", "people who are not married")}, "1.zh 1.en"),
        (WED, {"_0": ("已婚的人", "married people")}, "0.zh 0.en"),
    ],
)
def test_the_name_of_another_group_is_refused(
    names: dict[str, Text], given: dict[str, tuple[str, str]], wrong: str
) -> None:
    """X12e/P8: a page quoted a report's finding on race with the two groups exchanged, and was approved."""
    assert faults(names, **given) == wrong.split()


@pytest.mark.parametrize(
    ("names", "given"),
    [
        (RACE, {"white": ("白人", "white people"), "nonwhite": ("非白人", "people who are not white")}),
        (RACE, {"white": ("非拉美裔白人", "non-Hispanic white people")}),
        ({"1": Text("没有", "none"), "0": Text("拖欠", "overdue")}, {"_1": ("没有严重拖欠的人", "no seriously overdue account")}),
        (RACE, {"nonwhite": ("白人以外的人", "other than white"), "white": ("欧裔", "Caucasians")}),
        (SEX, {"_1": ("男性", "men"), "_0": ("女性", "women")}),
        (WED, {"_0": ("没有结婚的人", "people who are not married"), "_1": ("已婚的人", "married people")}),
        ({"1": Text("是", "yes"), "0": Text("否", "no")}, {"_0": ("是否破产过：否", "no bankruptcy, yes")}),
    ],
)  # fmt: skip
def test_its_own_name_and_other_words_are_taken(
    names: dict[str, Text], given: dict[str, tuple[str, str]]
) -> None:
    assert not faults(names, **given)


def test_a_level_without_a_name_is_its_own() -> None:
    names = group_names.by_level(["white", "nonwhite"], {"white": Text("白人", "white")})
    assert names["nonwhite"].en == "nonwhite"
    assert faults(names, nonwhite=("白人", "white")) == ["nonwhite.zh", "nonwhite.en"]
