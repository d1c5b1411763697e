"""Answers in words."""

from typing import Any

import pytest

from filing import formats, wording
from filing.forms import current
from portal.pages.rendering import in_language, named
from registry import untranslated
from registry.language import Text


def test_a_sentence_within_an_answer_loses_its_full_stop_before_the_joint() -> None:
    field = current().field("I2")
    given = {
        "link": "https://lender.example/appeal",
        "steps": {"zh": "写明日期和理由。", "en": "Give the date and your reasons."},
        "days": 15,
    }
    said = wording.of(field, given)
    assert "。；" not in said.zh
    assert ".;" not in said.en
    assert "写明日期和理由；" in said.zh
    assert "your reasons; " in said.en


def test_a_reason_in_chinese_alone_is_marked_on_the_english_page() -> None:
    change = {"from": "low", "at": "2026-11-21T02:00:00+00:00", "proposed": "2026-11-20"}
    for reason, marked in (
        ({"zh": "影响的人多。"}, True),
        ({"zh": "影响的人多。", "en": "Many."}, False),
    ):
        said = wording.graded({"level": "high", "changed": change | {"reason": reason}})
        assert said.en.endswith("(in Chinese, not translated)") is marked
        assert said.zh.endswith("理由：影响的人多。")


def test_the_time_for_an_answer_does_not_read_as_the_reader_s_deadline() -> None:
    given = {"link": "https://lender.example/appeal", "steps": {"zh": "写信"}, "days": 15}
    said = wording.of(current().field("I2"), given)
    assert said.zh.endswith("收到后答复的期限（天）：15")
    assert said.en.endswith("Answered within (days of receipt): 15")


def test_somebody_s_own_words_in_chinese_alone_are_marked_for_english_readers() -> None:
    """On pages by the filter that every template uses; a return's reason went unmarked there."""
    for given, english in (
        ({"zh": "请补充。"}, "请补充。 (in Chinese, not translated)"),
        ({"zh": "请补充。", "en": ""}, "请补充。 (in Chinese, not translated)"),
        ({"zh": "请补充。", "en": "Add it."}, "Add it."),
        (
            {"zh": "线上：help@bank.example"},
            "线上：help@bank.example (in Chinese, not translated)",
        ),
        ({"zh": "help@bank.example"}, "help@bank.example"),
        ({"zh": "021-5555 0100"}, "021-5555 0100"),
        ({"zh": "https://bank.example/appeal"}, "https://bank.example/appeal"),
        ({"zh": "𠮷㛃"}, "𠮷㛃 (in Chinese, not translated)"),
        ({}, ""),
    ):
        assert in_language(given, "en") == english
        assert in_language(given, "zh") == given.get("zh", "")


def test_a_name_or_title_in_chinese_alone_carries_no_mark() -> None:
    """A mark within the title of a window or the label of a bar would be part of the name."""
    for given, english in (
        ({"zh": "信用评估"}, "信用评估"),
        ({"zh": "甲", "en": "A"}, "A"),
        ({}, ""),
    ):
        assert named(given, "en") == english


def row(code: str, value: Any) -> dict[str, Any]:
    """An answer as an edition publishes it."""
    return {
        "key": code,
        "value": value,
        "said": wording.of(current().field(code), value).as_json(),
    }


def test_words_in_chinese_alone_are_marked_where_they_stand_inside_an_answer() -> None:
    both, alone = {"zh": "估算", "en": "to estimate"}, {"zh": "招聘"}
    published = row("B7", {"purpose": both, "non_uses": alone})
    assert untranslated.IN_CHINESE not in published["said"]["en"], (
        "published words stay as they are"
    )
    said = wording.answered(published, current())
    assert said.en.endswith(f"招聘 {untranslated.IN_CHINESE}")
    assert "to estimate;" in said.en
    assert untranslated.IN_CHINESE not in said.zh
    whole = row("B7", {"purpose": both, "non_uses": both})
    assert wording.answered(whole, current()).as_json() == whole["said"]


def test_a_name_in_chinese_alone_is_called_the_same_unmarked() -> None:
    assert wording.answered(row("B1", {"zh": "甲算法"}), current()).en == "甲算法"
    data = row("C1#1", {"name": {"zh": "贷款记录"}, "version": "1"})
    assert untranslated.IN_CHINESE not in wording.answered(data, current()).en


def test_an_edition_that_says_it_otherwise_than_today_is_read_as_it_was_published() -> None:
    old = row("B4", ["dispatch"]) | {"said": {"zh": "旧的说法", "en": "as it was said"}}
    assert wording.answered(old, current()).en == "as it was said"
    gone = {"key": "Z9", "value": {"zh": "甲"}, "said": {"zh": "甲", "en": "甲"}}
    assert wording.answered(gone, current()).en == f"甲 {untranslated.IN_CHINESE}"


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("https://bank.example/appeal", "https://bank.example/appeal"),
        ("http://bank.example/", "http://bank.example/"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("https://name:secret@bank.example/", ""),
    ],
)
def test_only_a_web_address_is_one_to_follow(link: str, address: str) -> None:
    """N6: editions of earlier releases are shown, too."""
    field, value = current().field("I2"), {"link": link, "days": 15}
    row = {"key": "I2", "value": value, "said": wording.of(field, value).as_json()}
    lines = wording.parts(row, current())
    assert [(each.said.zh, each.address) for each in lines] == [(link, address), ("15天", "")]


@pytest.mark.parametrize(
    ("number", "address"),
    [
        ("021-0000-0000", "tel:021-0000-0000"),
        ("+86 (21) 0000 0000", "tel:+86-21-0000-0000"),
        ("12345", "tel:12345"),
        ("0755-00000000转12", "tel:0755-00000000;ext=12"),
        ("0755-00000000 ext. 12", "tel:0755-00000000;ext=12"),
        ("1;phone-context=evil", ""),
        ("javascript:1", ""),
        ("12", ""),
        ("021-0000-0000 或 021-0000-0001", ""),
    ],
)
def test_a_telephone_number_is_dialled_and_nothing_else_is(number: str, address: str) -> None:
    field, value = current().field("I2"), {"phone": number, "days": 15}
    row = {"key": "I2", "value": value, "said": wording.of(field, value).as_json()}
    phone, _ = wording.parts(row, current())
    assert (phone.said.zh, phone.address) == (number, address)
    assert bool(formats.telephone(number)) == (not address)


def test_days_are_told_with_their_unit() -> None:
    field, value = current().field("I2"), {"within": 30, "days": 1}
    row = {"key": "I2", "value": value, "said": wording.of(field, value).as_json()}
    told = [(each.name, each.said) for each in wording.parts(row, current())]
    assert told == [
        (
            Text("提出申诉的期限", "Object within"),
            Text("收到结果后30天内", "30 days of the result"),
        ),
        (Text("收到后答复的期限", "Answered within"), Text("1天", "1 day of receipt")),
    ]


def test_words_that_todays_schema_would_not_say_stay_as_published() -> None:
    row = {"key": "I2", "value": {"days": 15}, "said": {"zh": "十五天内答复", "en": "15 days"}}
    assert wording.parts(row, current()) == ()
