"""The filer's form: a row where one is wanted, every box named by its field, every length counted."""

import html
import re
from html.parser import HTMLParser

import pytest

from filing.fields import Kind
from filing.forms import current
from portal.pages import dossier_form
from registry.organisations import Role
from tests.portal.pages.shelf import Shelf
from tests.portal.pages.test_races import PAGE, carried, opened, saved

GROUPS = [each.id for each in current().groups if not each.computed]
ROWS = current().field("D5").value


class Named(HTMLParser):
    """The tags of a page that have an id, a name or point to an id."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[dict[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append({"": tag, **{name: value or "" for name, value in attrs}})


def test_no_row_stands_there_in_advance() -> None:
    """filing/A14: two blank rows of each kind made group D 6,900 pixels tall when empty."""
    assert ROWS.kind is Kind.ROWS
    assert dossier_form.rows_of(ROWS, None, more=False) == []
    assert dossier_form.rows_of(ROWS, None, more=True) == [{}]
    there = [{"factor": {"zh": "收入"}}] * (ROWS.most or dossier_form.MOST_ROWS)
    assert dossier_form.rows_of(ROWS, there, more=True) == there


@pytest.mark.parametrize("group", GROUPS)
def test_every_box_is_named_by_its_field_and_part_and_every_label_has_its_box(
    shelf: Shelf, group: str
) -> None:
    """filing/S24: every text box was announced as “中文” alone, and labels pointed nowhere."""
    client, _ = shelf.browser(Role.FILER)
    page = client.get(f"/zh/filings/{opened(shelf)}?group={group}", headers=PAGE).text
    assert "&lt;/" not in page
    tags = Named(page).tags
    ids = {each["id"] for each in tags if each.get("id")}
    assert [each["for"] for each in tags if "for" in each and each["for"] not in ids] == []
    for each in tags:
        for attribute in ("aria-labelledby", "aria-describedby"):
            assert set(each.get(attribute, "").split()) <= ids, each
        place = each.get("name", "")
        if re.fullmatch(r"a/.*/(zh|en)", place) and "/na/" not in place:
            field = place.split("/")[1]
            assert each["aria-labelledby"].split()[0] == f"n-{field}", place
            assert f"{place}/count" in each["aria-describedby"].split(), place


def test_what_is_wrong_with_a_field_describes_its_group_of_boxes(shelf: Shelf) -> None:
    """filing/S24: messages stood beside fields and were tied to none."""
    client, _ = shelf.browser(Role.FILER)
    filing_id = opened(shelf, B2={"zh": "短"}, B1={"zh": "长" * 81})
    tags = Named(client.get(f"/zh/filings/{filing_id}?group=B", headers=PAGE).text).tags
    group = next(each for each in tags if each.get("data-field") == "B1")
    assert group["aria-describedby"].split() == ["h-B1", "w-B1"]


def test_a_row_is_added_and_what_was_typed_is_kept(shelf: Shelf) -> None:
    client, csrf = shelf.browser(Role.FILER)
    filing_id = opened(shelf)
    here = f"/zh/filings/{filing_id}"
    page = client.get(f"{here}?group=D", headers=PAGE).text
    there = len(saved(shelf, filing_id)["D5"]["value"])
    box = f'name="a/D5/{there + 1}/factor/zh"'
    assert box not in page
    typed = {
        **carried(page),
        "csrf": csrf,
        "group": "D",
        "present/D1": "1",
        "a/D1/zh": "刚写的原理",
    }
    answer = client.post(f"{here}/answers", data=typed | {"more": "a/D5"}, headers=PAGE)
    address = answer.headers["location"]
    assert address.endswith("group=D&more=a/D5#a/D5/new")
    shown = html.unescape(client.get(address.partition("#")[0], headers=PAGE).text)
    assert box in shown
    assert 'id="a/D5/new"' in shown
    assert "刚写的原理" in shown


def test_a_set_is_added_where_one_is_asked_for(shelf: Shelf) -> None:
    """A blank second data set followed the first as soon as anything stood in it."""
    client, _ = shelf.browser(Role.FILER)
    here = f"/zh/filings/{opened(shelf)}?group=C"
    assert 'id="C1#2"' not in client.get(here, headers=PAGE).text
    assert 'id="C1#2"' in client.get(f"{here}&more=C", headers=PAGE).text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_everything_is_read_through_on_one_page_before_it_is_handed_in(
    shelf: Shelf, language: str
) -> None:
    """The filer saw one group at a time; what is restricted stands there too, for it is the filer's own."""
    client, _ = shelf.browser(Role.FILER)
    filing_id = opened(shelf)
    page = html.unescape(client.get(f"/{language}/filings/{filing_id}/summary", headers=PAGE).text)
    for key in saved(shelf, filing_id):
        assert f"#{key}" in page, key
    assert "王小明" in page
    assert f"/{language}/filings/{filing_id}#done" in page
    tags = Named(page).tags
    ids = [each["id"] for each in tags if each.get("id")]
    assert len(ids) == len({*ids})
