"""What is remarked of an answer and refuses nothing: national numbers, beside words that claim an approval."""

from typing import Any

import pytest

from filing import cautions, checks, formats
from filing.answers import store
from filing.fields import Answers
from filing.forms import current
from registry.language import Text
from tests.filing import papers
from tests.filing.test_checks import TODAY

SOUND = "网信算备{}号"


def number(*, kind: str = "06", year: str = "26", wrong: int = 0) -> str:
    """A number of that kind and year whose check digit is right, or wrong by so much."""
    body = f"3101012345678{kind}{year}001"
    digit = int(formats.national_check(body)) + wrong
    return SOUND.format(f"{body}{digit % 10}")


def told(quoted: str, **changed: Any) -> Answers:
    raw = papers.answers(B16=[{"kind": "algorithm", "number": quoted}], **changed)
    made = {key: store(current(), key, each) for key, each in raw.items()}
    return Answers(current(), {key: each for key, each in made.items() if each})


def said(quoted: str, **changed: Any) -> str:
    return cautions.remarks(told(quoted, **changed)).get("B16", Text("", "")).zh


def test_a_number_that_fits_is_remarked_by_nothing() -> None:
    assert said(number()) == ""


@pytest.mark.parametrize("wrong", range(1, 10))
def test_a_wrong_check_digit_is_remarked_and_refuses_nothing(wrong: int) -> None:
    answers = told(number(wrong=wrong))
    assert "对不上" in cautions.remarks(answers)["B16"].zh
    assert checks.check(answers, "B16", today=TODAY) == []


@pytest.mark.parametrize("place", range(17))
def test_eight_of_the_nine_slips_of_a_digit_are_remarked(place: int) -> None:
    """law.md: weights 2, 1, 3, 4 and a remainder of five leave one other digit that also fits."""
    whole = formats.quoted(number())[0]
    slips = [f"{whole[:place]}{digit}{whole[place + 1 :]}" for digit in range(10)]
    found = [each for each in slips if formats.national_check(each[:-1]) != each[-1]]
    assert len(found) == 8


def test_another_kind_than_the_filing_names_is_remarked() -> None:
    assert "个性化推送" in said(number(kind="02"), B4=["dispatch"])
    assert said(number(kind="02"), B4=["push", "dispatch"]) == ""


def test_a_year_before_service_started_is_remarked() -> None:
    assert "2025年" in said(number(year="25"), B9={"start": "2026-11-21"})
    assert said(number(year="25"), B9={"start": "2025-03-01"}) == ""


def test_a_number_in_any_text_is_held_against_its_check_digit_alone() -> None:
    remarks = cautions.remarks(
        told(number(), B7={"purpose": number(kind="02", wrong=1), "non_uses": "无"})
    )
    assert "对不上" in remarks["B7"].zh
    assert "个性化推送" not in remarks["B7"].zh


def test_region_40_exists() -> None:
    """In no list of divisions, and at the head of four numbers of the national lists."""
    body = "40010123456780626001"
    assert formats.national_numbers(SOUND.format(f"{body}{formats.national_check(body)}")) == []
