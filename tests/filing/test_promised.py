"""Days until an answer are read from a text in digits and in words, and from nothing else."""

import pytest

from filing import promised


@pytest.mark.parametrize(
    ("said", "days"),
    [
        ("三天内答复。", [3]),
        ("收到结果后三十天内申诉，十五天内答复。", [15]),
        ("两周之内回复您。", [14]),
        ("二十五日内书面答复", [25]),
        ("十天答复", [10]),
        ("48小时内答复，90小时内再次回复", [2, 4]),
        ("10个工作日内答复", []),
        ("三个月内答复", []),
        ("三十天内可以打电话", []),
        ("You get an answer within ten days.", [10]),
        ("Object within 30 days; we reply within two weeks.", [14]),
        ("Within 5 days you get a written answer.", [5]),
        ("answered within 10 working days", []),
        ("Call within thirty days.", []),
        ("收到后十五天内，我们答复。", [15]),
        ("三十天内没有答复的，可以投诉。", []),
        ("您可以在30天内回复我们。", []),
        ("请在三十天内回答问卷。", []),
        ("资料请在7天内回复给信贷员。", []),
        ("We reply in 20 days.", [20]),
        ("An answer takes up to 20 days.", [20]),
        ("Reply time: 20 days.", [20]),
        ("You get an answer within a fortnight.", [14]),
        ("Ask within 30 days and we answer within 15.", []),
        ("If you disagree with the answer you may object within 30 days.", []),
        ("If you are not content with our reply you can complain within 60 days.", []),
        ("Complain within 30 days of our answer.", []),
        ("Within 30 days of our answer you may object.", []),
        ("After you hear from us object within 30 days.", []),
    ],
)
def test_an_answer_is_promised_within_so_many_calendar_days(said: str, days: list[int]) -> None:
    assert [each.days for each in promised.of(said)] == days
