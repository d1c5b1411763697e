"""The explanation as the public reads it, rendered in both languages."""

import html
import re
from functools import cache
from typing import Any

import pytest
from starlette.datastructures import FormData

from explainers.asked import PlanHasGaps
from explainers.columns import parse_columns
from explainers.explanation import explain
from explainers.plan import ExplanationPlan, Task
from portal.pages import explaining
from portal.pages.rendering import environment
from registry.contradictions import Contradiction, Kind
from registry.language import LANGUAGES, Language, Text
from tests.explainers import truth
from tests.explainers.test_noise import lottery
from tests.explainers.test_privacy import attacked, made
from tests.explainers.toys import Toy, columns, people

SECRETS = (
    "王小", "身份证", "31010119", "独户村", "双户村", "九户村", "9876543", "9,876,543", "9,880,000",
)  # fmt: skip


PICTURED = {"name": "样本", "source": "抽样", "period": "2024/2025"}


def rendered(content: dict[str, Any], language: Language) -> str:
    """The page's part as the templates make it."""
    template = environment(language).get_template("_explanation.html")
    text = template.render(
        explained=explaining.view(content, language),
        pictured=PICTURED,
    )
    return html.unescape(text)


@pytest.mark.parametrize("task", ["decision", "price"])
def test_nothing_of_a_few_people_stands_on_the_page(task: Task) -> None:
    """public/B1: sentences, picture and tables, in both languages."""
    table = attacked()
    content = made(table, task)
    rare = {
        str(value)
        for name in ("income", "savings", "note")
        for value in table[name].to_pylist()
        if len(str(value)) > 6
    }
    for language in LANGUAGES:
        page = rendered(content, language)
        for secret in (*SECRETS, *rare):
            assert secret not in page, secret
        assert not re.search(r"19[5-9]\d-\d\d|2025-\d\d", page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_value_of_a_step_is_drawn_where_the_text_names_it(language: Language) -> None:
    """Text, picture and JSON name one value; a sealed one stands in none of them."""
    known = {case.name: case for case in truth.CASES}
    content = truth.made(known["approved from 30 on"])
    (picture,) = [each for each in content["pictures"] if "marks" in each]
    page = rendered(content, language)
    assert page.count('class="line"') == len(picture["marks"]) == 1
    where = {
        "zh": "虚线是文字里说的数值",
        "en": "The dashed line is the value that the text names",
    }
    assert where[language] in page
    assert f"{picture['marks'][0]:g}" in page
    sealed = rendered(truth.made(known["approved from 30 on, the line sealed"]), language)
    assert 'class="line"' not in sealed
    assert where[language] not in sealed


def test_a_lottery_is_called_one_and_has_no_picture() -> None:
    """public/B3"""
    table = people(2_000)
    plan = ExplanationPlan.make(table, columns("income", "sex"), cut=0.5)
    content = explain(plan, table, Toy(lottery), nonce="n")
    zh, en = (rendered(content, language) for language in LANGUAGES)
    assert "所以不能说哪一项影响了结果。" in zh
    assert "So nothing can be said about what moves it." in en
    assert "<figure>" not in zh + en


def test_the_caption_speaks_of_what_the_rows_are() -> None:
    """public/S4: a page about shops and prices does not speak of people and results."""
    wording = {
        "price": {"zh": "汽水价格", "en": "price of a soda"},
        "person": {"zh": "家门店", "en": "shop"},
        "people": {"zh": "家门店", "en": "shops"},
    }
    table = people(500)
    plan = ExplanationPlan.make(table, columns("age"), cut=None, task="price", wording=wording)
    content = explain(plan, table, Toy(lambda x: x["age"] * 1.0), nonce="n")
    zh, en = (rendered(content, language) for language in LANGUAGES)
    assert "每100家门店有几家门店的汽水价格变化超过1%" in zh
    assert "Out of 100 shops" in en
    assert "结果会变" not in zh


def test_an_explanation_made_before_is_still_read() -> None:
    """What was published stays readable: older content has no wording."""
    table = people(500)
    plan = ExplanationPlan.make(table, columns("age"), cut=0.5)
    content = explain(plan, table, Toy(lambda x: x["age"] / 100), nonce="n")
    del content["wording"], content["plan"]["k"]
    assert "每100人有几人的结果会变" in rendered(content, "zh")


def test_hard_words_that_were_kept_stand_above_the_text_with_the_reason() -> None:
    """issue 12, 6: a block can be overruled with a reason that is shown, in the page's language."""
    table = people(200)
    plan = ExplanationPlan.make(table, columns("income", "sex"), cut=0.5)
    content = explain(plan, table, Toy(lottery), nonce="n")
    kept = {
        "reason": {"zh": "合同里就是这样写的。", "en": "The contract calls it so."},
        "words": [{"language": "zh", "quoted": "阈值"}],
    }
    for overruled, shown in ((kept, True), (None, False)):
        pages = {
            language: environment(language)
            .get_template("_explanation.html")
            .render(
                explained=explaining.view(content, language, overruled),
                pictured=PICTURED,
            )
            for language in LANGUAGES
        }
        assert ("<q>阈值</q>" in pages["zh"]) is shown
        assert ("合同里就是这样写的。" in pages["zh"]) is shown
        assert "阈值" not in pages["en"]
        assert "contract" not in pages["en"]


def test_a_word_that_is_kept_is_quoted_briefly_above_the_text() -> None:
    """X12/19: a name of 480 characters pushed answer 1 three phone screens down."""
    table = people(200)
    plan = ExplanationPlan.make(table, columns("income"), cut=0.5)
    content = explain(plan, table, Toy(lottery), nonce="n")
    words = [{"language": "zh", "quoted": "很" * 480}]
    kept = {"reason": {"zh": "列的名字就是这么长。", "en": ""}, "words": words}
    assert [len(each) for each in explaining.view(content, "zh", kept).kept] == [32]


def differing(kind: Kind, why: str = "写的是制度的本意。") -> dict[str, Any]:
    where, said = Text("H3（用到您的什么信息）", "H3 (What it uses)"), Text("不看性别", "not sex")
    measured = Text("试了900次，40次结果变了", "the result changed in 40 of 900 tests")
    made = Contradiction(kind, f"H3.{kind}", where, ("sex",), said, measured, 900).as_json()
    return made | {"reason": {"zh": why, "en": why}}


@cache
def by_age() -> dict[str, Any]:
    table = people(300)
    plan = ExplanationPlan.make(table, columns("age"), cut=0.5)
    return explain(plan, table, Toy(lambda x: x["age"] / 100), nonce="n")


def answered(kept: list[dict[str, Any]], answer: str) -> tuple[str, str]:
    """Of one answer what stands in sight, and what opens."""
    told = explaining.view(by_age(), "zh", {"contradictions": kept})
    page = (
        environment("zh")
        .get_template("_explanation.html")
        .render(explained=told, pictured=PICTURED)
    )
    after = html.unescape(page).partition(f'<li id="{answer}">')[2]
    one = re.split(r'</li>\s*<li id="', after)[0]
    sight, _, opens = one.partition("<details>")
    return sight, opens


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        (Kind.NOT_USED, "information"),
        (Kind.DIRECTION, "moves"),
        (Kind.ALIKE, "checked"),
        (Kind.DECIDER, "decided"),
        (Kind.DATES, "object"),
    ],
)
def test_what_is_kept_although_it_was_measured_otherwise_stands_at_its_answer(
    kind: Kind, answer: str
) -> None:
    """N12/F28: the filer says X, the test measured Y, and the reason: in sight, where the reader reads of it."""
    kept = [differing(kind)]
    sight, opens = answered(kept, answer)
    assert "备案主体写的是“不看性别”；测到的是：试了900次，40次结果变了。" in sight
    assert "<q>写的是制度的本意。</q>" in sight
    assert "不看性别" not in opens
    assert "不看性别" not in "".join(answered(kept, "who"))


def test_what_has_no_room_in_sight_stands_whole_under_a_heading() -> None:
    """So an answer stays within a screen of a telephone, and nothing is left out."""
    why = "写的是制度的本意，模型还没有照着改好，" * 8 + "到此为止。"
    sight, opens = answered([differing(Kind.NOT_USED, why)], "information")
    assert "写的是制度的本意" in sight
    assert why not in sight
    assert why in opens
    assert "更多不一样的地方" in opens
    several = [differing(Kind.NOT_USED) | {"id": str(n)} for n in range(5)]
    sight, opens = answered(several, "information")
    assert (sight.count("不看性别"), opens.count("不看性别")) == (2, 3), "each of them once"


ASKED: dict[str, Any] = {
    "task": "decision", "cut": 0.5, "wording": {}, "declared": {}, "protected": [],
    "columns": [{"name": "income", "plain": {"zh": "收入", "en": "income"}, "unit": None}],
}  # fmt: skip


def test_no_side_of_a_cut_is_taken_for_the_favourable_one_unless_somebody_said_so() -> None:
    """F-n7/1: the form had the upper side chosen, and a risk was explained as merit."""
    with pytest.raises(PlanHasGaps) as refused:
        explaining.check(ASKED, ["income"])
    assert [reason.item for reason in refused.value.reasons] == ["favourable_above"]
    for said in (
        {"favourable_above": False}, {"favourable_above": True}, {"task": "price", "cut": None},
        {"classes": ["a", "b"], "favourable": "a"},
    ):  # fmt: skip
        explaining.check({**ASKED, **said}, ["income"])
    explaining.check({**ASKED, "cut": None}, ["income"], settled=True)


def test_the_words_of_levels_are_named_line_by_line_and_a_half_name_is_told() -> None:
    """n7/14: the form had no box for them, so an English page had “西城”."""
    form = FormData(
        {
            "task": "price",
            "c/town/plain/zh": "片区",
            "c/town/plain/en": "district",
            "c/town/values": "西城 = 西城 = West Town\n\n南镇＝南镇＝South Town",
        }
    )
    asked = explaining.plan(form, ["town"])
    (town,) = parse_columns(asked["columns"])
    assert town.level("西城") == Text("西城", "West Town")
    assert town.level("南镇") == Text("南镇", "South Town")
    explaining.check(asked, ["town"])
    form = FormData(
        [*((k, v) for k, v in form.items() if "values" not in k), ("c/town/values", "西城 = 西城")]
    )
    with pytest.raises(PlanHasGaps) as refused:
        explaining.check(explaining.plan(form, ["town"]), ["town"])
    (reason,) = refused.value.reasons
    assert reason.item == "columns.town.values.西城.en"
    assert "西城" in reason.said.zh
    assert "c/town/values" in explaining.names(["town"])(reason.item)
