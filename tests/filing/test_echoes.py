"""A question to a filer repeats nothing that would tell who wrote, and may say what is public."""

import pytest

from filing import echoes
from filing.echoes import Told

WORDS = (
    "我叫王小明，工号A1024，住在浦东新区张江路88号3栋501，手机13812345678，"
    "十一月二十日被拒绝贷款，没有说明理由，请重新看。"
)
PUBLIC = ("明算备（沪）2026-000001-P", "示例快餐公司外卖派单模型", "Example Fast Food")


def found(question: str, *, words: str = WORDS, contact: str = "") -> list[tuple[str, Told]]:
    return [
        (question[each.start : each.end], each.told)
        for each in echoes.echoes(question, words=[words], contact=contact, public=PUBLIC)
    ]


@pytest.mark.parametrize(
    ("question", "told", "marked"),
    [
        ("请说明手机号13812345678的申请为什么被拒。", Told.NUMBER, "13812345678"),
        ("号码 138 1234 5678 为什么被拒", Told.NUMBER, "138 1234 5678"),
        ("号码１３８－１２３４－５６７８为什么被拒", Told.NUMBER, "１３８－１２３４－５６７８"),
        ("号码一三八，一二三四，五六七八", Told.NUMBER, "一三八，一二三四，五六七八"),
        ("号码壹叁捌壹贰叁肆", Told.NUMBER, "壹叁捌壹贰叁肆"),
        ("尾号5678的申请", Told.NUMBER, "5678"),
        ("王小明反映被拒，请说明。", Told.NAME, "王小明"),
        ("王 小 明 反映被拒", Told.NAME, "王 小 明"),
        ("王先生反映被拒", Told.NAME, "王先生"),
        ("工号ａ-1024的员工", Told.NAME, "ａ-1024"),
        ("请说明：我叫王小明,工号A1024,住在浦东新区。", Told.WORDS, "我叫王小明,工号A1024,住在浦东新区"),
        ("请说明：被拒绝貸款。没有、说明-理由", Told.WORDS, "被拒绝貸款。没有、说明-理由"),
    ],
)  # fmt: skip
def test_what_tells_who_wrote_is_found_however_it_is_set(
    question: str, told: Told, marked: str
) -> None:
    assert (marked, told) in found(question)


@pytest.mark.parametrize(
    ("contact", "question", "marked"),
    [
        ("zhang@q.cn", "zhang@q.cn 说结果不对，请说明。", "zhang@q.cn"),
        ("zhang@q.cn", "请答复ＺＨＡＮＧ ＠ Ｑ．ＣＮ", "ＺＨＡＮＧ ＠ Ｑ．ＣＮ"),
        ("zhang@q.cn", "有人（zhang）说", "zhang"),
        ("li@q.cn", "李说（LI）", "LI"),
        ("微信：numbat_77", "numbat-77 说结果不对", "numbat-77"),
        ("李四 13900001111", "李四说", "李四"),
        ("李四13900001111", "请联系0000", "0000"),
    ],
)
def test_any_address_is_found_whole_and_in_its_parts(
    contact: str, question: str, marked: str
) -> None:
    assert marked in [text for text, _ in found(question, words="没有别的。", contact=contact)]


@pytest.mark.parametrize(
    ("words", "question", "marked"),
    [
        ("My name is John Smith and I was refused.", "Mr SMITH was refused; why?", "SMITH"),
        ("姓名：欧阳小花\n被拒", "欧阳小花被拒", "欧阳小花"),
        ("我叫王明在浦东上班", "王明说", "王明"),
        ("我是李雷，昨天被拒", "李雷说", "李雷"),
        ("员工号是 77，被拒", "77 号员工", "77"),
        ("学号: B2-9", "学生 b2 9", "b2 9"),
        ("写信到 li@q.cn 找我", "li@q.cn", "li@q.cn"),
        ("订单 4471 的钱没有退", "订单4471", "4471"),
        (
            "The night shift never gets the rides that are asked for at home",
            "Is it so that night shift never: gets the rides?",
            "night shift never: gets the rides",
        ),
    ],
)
def test_names_codes_and_runs_of_words_are_found(words: str, question: str, marked: str) -> None:
    assert marked in [text for text, _ in found(question, words=words)]


@pytest.mark.parametrize(
    "question",
    [
        "有人反映：年龄大的申请人都被拒绝。请说明年龄怎样用。",
        "请说明2026年第四季度怎样使用年龄，被拒绝的有多少人。",
        "请说明二〇二六年的做法，最迟30天内答复。",
        "明算备（沪）2026-000001-P：请说明示例快餐公司外卖派单模型训练用了哪些列。",
        "Which columns does the model use? Please tell the limits for every group.",
        "小明星和小王国",
    ],
)
def test_what_is_public_and_what_is_common_may_be_said(question: str) -> None:
    public = "2026年，示例快餐公司外卖派单模型（明算备（沪）2026-000001-P）把我拒绝了。" + WORDS
    assert found(question, words=public, contact="li@q.cn") == []


def test_the_places_are_marked_in_the_question() -> None:
    question = "请说明：王小明（A1024）为什么被拒。"
    places = echoes.echoes(question, words=[WORDS], contact="", public=())
    assert echoes.marked(question, places) == [
        ("请说明：", False),
        ("王小明", True),
        ("（", False),
        ("A1024", True),
        ("）为什么被拒。", False),
    ]
    assert echoes.marked("没有", ()) == [("没有", False)]


def test_a_long_letter_takes_no_time() -> None:
    words = "长" * 4000
    assert found("长" * 4000, words=words)[0] == ("长" * 4000, Told.WORDS)
