"""Answers in words."""

from filing import wording
from filing.fields import schema


def test_a_sentence_within_an_answer_loses_its_full_stop_before_the_joint() -> None:
    field = schema().field("I2")
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
