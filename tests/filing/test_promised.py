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
    ],
)
def test_an_answer_is_promised_within_so_many_calendar_days(said: str, days: list[int]) -> None:
    assert [each.days for each in promised.of(said)] == days
