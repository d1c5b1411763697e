"""A set of a repeated group is taken out from its page: what was typed is kept, and it is asked first."""

import re
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from filing.dossier import Filing
from registry.organisations import Role
from tests import cast
from tests.filing.papers import Scene
from tests.portal.world import World

SECOND: dict[str, Any] = {
    "C1#2": {"name": {"zh": "第二份数据"}, "version": "2"},
    "C12#2": {"zh": "第二份的偏差"},
}
THIRD: dict[str, Any] = {"C1#3": {"name": {"zh": "第三份数据"}, "version": "3"}}


@pytest.fixture
def filing(site: FastAPI, world: World) -> Filing:
    """A draft of the world's enterprise with three data sets."""
    session: Session = site.state.factory()
    scene = Scene(session)
    scene.filer = world.member("enterprise-own", Role.FILER).actor
    scene.version = cast.version(session, scene.filer)
    made = scene.opened(**SECOND, **THIRD)
    session.commit()
    return made


@pytest.fixture
def filer(world: World) -> tuple[TestClient, str]:
    return world.browser(world.member("enterprise-own", Role.FILER))


def asked(browser: TestClient, csrf: str, filing: Filing, **typed: str) -> str:
    """The page after the filer pressed “take out” beside the second set, with something typed."""
    sent = {"csrf": csrf, "revision": str(filing.revision), "group": "C", "drop": "2", **typed}
    answer = browser.post(f"/zh/filings/{filing.id}/answers", data=sent)
    assert answer.headers["location"] == f"/zh/filings/{filing.id}?group=C&drop=2#drop"
    return browser.get(answer.headers["location"].partition("#")[0]).text


def test_the_page_asks_first_and_what_was_typed_is_kept(
    filing: Filing, filer: tuple[TestClient, str]
) -> None:
    browser, csrf = filer
    typed = {"present/C12#1": "1", "a/C12#1/zh": "刚写的偏差"}
    page = asked(browser, csrf, filing, **typed)
    assert "删去数据集 2？" in page
    assert "第二份数据" in page.partition('id="drop"')[2].partition("</section>")[0]
    assert "刚写的偏差" in page
    assert "第二份的偏差" in page, "nothing goes before it was confirmed"


def test_once_confirmed_the_set_goes_and_the_later_ones_move_up(
    filing: Filing, filer: tuple[TestClient, str]
) -> None:
    browser, csrf = filer
    page = asked(browser, csrf, filing)
    revision = re.findall(r'name="revision" value="(\d+)"', page)[-1]
    sent = {"csrf": csrf, "revision": revision}
    here = f"/zh/filings/{filing.id}/sets/C/2/drop"
    assert browser.post(here, data={**sent, "revision": "1"}).status_code == 409
    answer = browser.post(here, data=sent)
    assert answer.headers["location"] == f"/zh/filings/{filing.id}?group=C"
    left = browser.get(f"/zh/filings/{filing.id}?group=C").text
    assert "第二份数据" not in left
    assert re.search(r'name="a/C1#2/name/zh"[^>]*?(value="|>)第三份数据', left)


@pytest.mark.parametrize("number", ["0", "4", "99"])
def test_a_set_that_is_not_there_is_not_asked_about(
    filing: Filing, filer: tuple[TestClient, str], number: str
) -> None:
    browser, _ = filer
    page = browser.get(f"/zh/filings/{filing.id}?group=C&drop={number}").text
    assert 'id="drop"' not in page


def test_a_group_that_does_not_repeat_has_nothing_to_take_out(
    filing: Filing, filer: tuple[TestClient, str]
) -> None:
    browser, csrf = filer
    sent = {"csrf": csrf, "revision": str(filing.revision)}
    assert browser.post(f"/zh/filings/{filing.id}/sets/B/1/drop", data=sent).status_code == 404
