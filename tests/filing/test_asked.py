"""The newest form against the list of what a filing asks (`asked.json`): code, type, who sees it, when."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from filing.fields import Field, Kind, Part, Show
from filing.forms import current

ASKED: dict[str, dict[str, str]] = json.loads(
    Path(__file__).with_name("asked.json").read_text("utf-8")
)
"""Code → what the list says: name, 文 多 选 日 数 表 附 链, 必 always · 必* where it applies · 选 optional, 公 限 封."""
WANTING = frozenset({"F2", "F5", "F6", "F10", "F13", "F14"})
"""Not asked yet: what the tester would say of a report in its own words."""
OTHERWISE: dict[str, str] = {
    "E2": "the size is a band",
    "C4": "several entitlements may hold at once",
    "D13": "how it is labelled is told in words",
    "H9": "days and telephone are asked once, in I2",
    "H12": "an easy-read version is linked",
}
"""Where the form goes another way than the list, and why."""


def parts(part: Part) -> Iterator[Part]:
    yield part
    for each in part.parts:
        yield from parts(each)


def kinds(field: Field) -> set[Kind]:
    return {each.kind for each in parts(field.value)}


def shows(field: Field) -> set[Show]:
    return {each.show for each in parts(field.value)}


def test_the_form_asks_what_the_list_asks_and_nothing_that_stands_on_no_list() -> None:
    assert {field.code for field in current()} == ASKED.keys() - WANTING


LISTED = [field for field in current() if ASKED[field.code]["type"]]


@pytest.mark.parametrize("field", LISTED, ids=lambda each: each.code)
def test_an_answer_is_made_of_what_the_list_says(field: Field) -> None:
    if field.computed or field.code in OTHERWISE:
        return
    made = {
        "文": {Kind.TEXT, Kind.PLAIN, Kind.CODE},
        "选": {Kind.CHOICE},
        "多": {Kind.MULTI},
        "日": {Kind.DATE},
        "数": {Kind.NUMBER},
        "表": {Kind.ROWS, Kind.QUESTIONNAIRE},
        "附": {Kind.FILE},
        "链": {Kind.LINK},
    }
    found = kinds(field)
    lacking = [
        sign for sign in made if sign in ASKED[field.code]["type"] and not made[sign] & found
    ]
    assert not lacking, "the list asks for another kind"


@pytest.mark.parametrize("field", LISTED, ids=lambda each: each.code)
def test_who_sees_it_is_as_the_list_says(field: Field) -> None:
    told, found = ASKED[field.code]["show"], shows(field)
    assert (field.show is Show.RESTRICTED) == (told == "限")
    assert field.computed or ("封" in told) == (Show.SEALABLE in found)
    if told == "公":
        assert Show.RESTRICTED not in found or field.code in PARTLY


PARTLY = {"A5": "the authorisation of an agent"}
"""Public but for a part, where the list has one sign for all."""


@pytest.mark.parametrize("field", LISTED, ids=lambda each: each.code)
def test_it_is_required_when_the_list_says(field: Field) -> None:
    told = ASKED[field.code]["required"]
    if field.computed:
        return
    assert (told == "选") <= field.value.optional
    assert (told == "必") <= (field.value.always or field.may_be_na)
