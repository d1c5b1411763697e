"""Every public page links the JSON that says the same, and that answers; forms have none."""

import re
from html import unescape

from fastapi.testclient import TestClient

from portal.pages.public import ACCESSIBILITY
from registry.organisations import Role
from tests import public_pages
from tests.portal.pages.shelf import Shelf
from tests.portal.recommended import Recommended

TWIN = re.compile(r'<link rel="alternate" type="application/json" href="([^"]+)">')
FORMS = {
    "sign-in",
    "invitation",
    "password",
    "follow",
    "f/{number}/on",
    "preview",
    "preview/{link_id}",
}
"""Pages that take something in and show nothing of the record."""


def test_every_public_page_links_its_twin_and_it_answers(shelf: Shelf, reader: TestClient) -> None:
    known = {
        **public_pages.usual(),
        "number": shelf.made["slug"],
        "edition": "1",
        "slug": Recommended(shelf.site, slug="twins", entered=0).slug,
        "report_id": shelf.made["report"],
        "tester_id": shelf.world.member("tester-own", Role.TESTER).organisation.id,
        "?reports/{report_id}/comparison": f"?earlier={shelf.made['report']}",
    }
    told = [each for each in public_pages.templates() if each not in FORMS]
    assert {"", "accessibility", "reports/{report_id}/comparison"} <= set(told)
    for language in ("zh", "en"):
        for each in told:
            address = each.format_map(known) + known.get(f"?{each}", "")
            page = reader.get(f"/{language}/{address}")
            assert page.status_code == 200, address
            (twin,) = TWIN.findall(page.text)
            answer = reader.get(unescape(twin))
            assert answer.status_code == 200, (address, twin)
            assert answer.headers["content-type"].startswith("application/json")
            assert answer.json()


def test_the_twins_say_what_the_pages_say(shelf: Shelf, reader: TestClient) -> None:
    start = reader.get("/zh/start.json").json()
    page = reader.get("/zh/").text
    assert start["total"] >= len(start["newest"]) > 0
    assert all(each["number"] in page for each in start["newest"])
    assert reader.get(start["catalogue"]).json()["total"] == start["total"]
    said = reader.get("/en/accessibility.json").json()["statements"]
    assert [each["zh"] for each in said] == [each.zh for each in ACCESSIBILITY]
    compared = f"/zh/reports/{shelf.made['report']}/comparison.json?earlier={shelf.made['report']}"
    assert reader.get(compared).json()["counts"]
