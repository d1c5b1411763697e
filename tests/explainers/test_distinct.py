"""Words of a plan that would turn a page round are refused, and those that say what they stand for are not."""

from typing import Any

import pytest

from explainers import distinct
from explainers.wording import Wording, WordingInvalid
from registry.language import Text
from tests.explainers.toys import text

REFUSED = text("被拒", "refused")


def refused(given: dict[str, Any]) -> list[str]:
    with pytest.raises(WordingInvalid) as invalid:
        Wording.parse(given)
    assert all(reason.remedy.zh and reason.remedy.en for reason in invalid.value.reasons)
    return [reason.item for reason in invalid.value.reasons]


@pytest.mark.parametrize(
    ("given", "items"),
    [
        ({"easier": text("更容易被拒", "less likely to be approved")}, "easier.zh easier.en"),
        ({"easier": text("更难通过", "more likely to be refused")}, "easier.zh easier.en"),
        ({"easier": text("更不容易通过", "more likely to be approved")}, "easier.zh"),
        ({"harder": text("更容易通过", "more likely to be approved")}, "harder.zh harder.en"),
        (
            {"unfavourable": REFUSED, "harder": text("更难被拒", "less likely to be refused")},
            "harder.zh harder.en",
        ),
        (
            {
                "easier": text("更快通过", "more quickly"),
                "harder": text("更快通过", "less quickly"),
            },
            "harder.zh",
        ),
        (
            {"favourable": text("通过", "yes"), "unfavourable": text("通过", "no")},
            "unfavourable.zh",
        ),
        ({"got": text("被拒", "be refused")}, "got.zh got.en"),
        ({"got": text("没有通过", "fail to be approved")}, "got.zh got.en"),
        ({"got": text("收到坏消息", "get bad news")}, "got.zh got.en"),
        (
            {"favourable": text("退件", "sent back"), "unfavourable": text("放款", "paid out")},
            "favourable.zh favourable.en",
        ),
        ({"higher": text("优惠更多", "more of a discount")}, "higher.zh higher.en"),
        ({"higher": text("更便宜", "a cheaper ride")}, "higher.zh higher.en"),
        ({"lower": text("更贵", "a dearer ride")}, "lower.zh lower.en"),
    ],
)
def test_words_for_the_opposite_are_refused(given: dict[str, Any], items: str) -> None:
    """A page said of the favoured that they are refused more often, in both languages, in every sentence."""
    assert refused(given) == [f"wording.{item}" for item in items.split()]


@pytest.mark.parametrize(
    "given",
    [
        {"harder": text("更容易被拒", "more often refused")},
        {"harder": text("更不容易通过", "less likely to be approved")},
        {"easier": text("更不容易被拒", "less likely to be refused"), "unfavourable": REFUSED},
        {"easier": text("更容易获批", "more likely to be granted a loan")},
        {
            "favourable": text("不加价", "no surcharge"),
            "unfavourable": text("加价", "surcharge"),
            "got": text("不用加钱", "not have to pay more"),
            "easier": text("更容易不加价", "more likely to have no surcharge"),
            "harder": text("更容易加价", "more likely to have a surcharge"),
        },
        {"higher": text("更贵", "a dearer soda"), "lower": text("更便宜", "a cheaper soda")},
        {
            "price": text("最低票价", "lower fare"),
            "higher": text("最低票价更高", "a higher lower fare"),
        },
    ],
)
def test_words_that_say_what_they_stand_for_are_read(given: dict[str, Any]) -> None:
    assert Wording.parse(given)


def test_a_text_on_record_is_read_as_it_stands() -> None:
    same = text("更容易通过", "more likely to be approved")
    assert Wording.recorded({"easier": same, "harder": same}).harder.zh == "更容易通过"
    assert Wording.recorded(None) == Wording()


def test_phrases_that_are_exchanged_against_the_names_are_refused() -> None:
    values = {"f": Text("女", "female"), "m": Text("男", "male")}
    phrases = {"f": Text("男性", "male people"), "m": Text("女性", "female people")}
    reasons = list(distinct.of_levels("columns.sex", values, phrases))
    assert [reason.item for reason in reasons] == [
        f"columns.sex.phrases.{level}.{language}" for level in "fm" for language in ("zh", "en")
    ]
    right = {"f": phrases["m"], "m": phrases["f"]}
    assert not list(distinct.of_levels("columns.sex", values, right))


@pytest.mark.parametrize(
    ("zh", "en"),
    [
        ("更少的收入用在住房上", "less of the income going to housing"),
        ("少借一点", "borrowing less"),
        ("贷款金额减少", "a decreased loan amount"),
        ("低的贷款金额", "a low loan amount"),
        ("贷款金额不大", "a loan that is not large"),
        ("贷款没有增加", "no larger loan"),
    ],
)
def test_a_phrase_for_more_that_tells_of_less_is_refused(zh: str, en: str) -> None:
    """X12e/P1: “with less of the income going to housing: from 36 to 40 %” was published."""
    sides = Text("大", "larger"), Text("小", "smaller")
    said = distinct.of_sides("columns.a", *sides, Text(zh, en), Text("贷款", "loan"))
    assert [each.item for each in said] == [
        f"columns.a.phrases.more.{each}" for each in ("zh", "en")
    ]


@pytest.mark.parametrize(
    ("zh", "en", "plain"),
    [
        ("更多的收入用在住房上", "more of the income going to housing", Text("比例", "share")),
        ("最低工资变高", "a higher lowest wage", Text("最低工资", "lowest wage")),
        ("小区空房变多", "more low incomes", Text("空房", "low incomes")),
        ("没有还的月份变多", "more months without a payment", Text("月份", "months")),
    ],
)
def test_a_phrase_for_more_of_what_is_small_is_taken(zh: str, en: str, plain: Text) -> None:
    sides = Text("高", "higher"), Text("低", "lower")
    assert not list(distinct.of_sides("columns.a", *sides, Text(zh, en), plain))


@pytest.mark.parametrize(("more", "less"), [("轻", "重"), ("弱", "强"), ("近", "远")])
def test_exchanged_words_for_more_and_less_are_refused(more: str, less: str) -> None:
    sides = Text(more, "higher"), Text(less, "lower")
    said = list(distinct.of_sides("columns.a", *sides, None, Text("包", "bag")))
    assert [each.item for each in said] == ["columns.a.direction.zh.0"]
