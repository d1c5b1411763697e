"""Fields appear and go as the form is filled in, by a style sheet and without a script."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from filing import dossier
from filing.dossier import Filing
from filing.forms import current
from portal.pages import form_style
from registry.organisations import Role
from tests import cast
from tests.filing import papers
from tests.filing.papers import Scene
from tests.filing.test_applicability import SIBLING, altered
from tests.portal.world import World


@pytest.fixture
def scene(site: FastAPI, world: World) -> Iterator[Scene]:
    """A filer of the world with a filing."""
    session: Session = site.state.factory()
    made = Scene(session)
    made.filer = world.member("enterprise-own", Role.FILER).actor
    made.version = cast.version(session, made.filer)
    yield made
    session.close()


def fill(scene: Scene, filing: Filing, **given: object) -> None:
    dossier.fill(
        scene.session, by=scene.filer, filing_id=filing.id, revision=filing.revision, answers=given
    )
    scene.session.commit()


def card(page: str, key: str) -> str:
    """The box of one field; empty where the page has none."""
    return page.partition(f'data-field="{key}"')[2].partition('data-field="')[0]


def test_a_field_that_another_group_rules_out_is_not_on_the_page(
    scene: Scene, world: World
) -> None:
    """B18 is asked in Shenzhen; a filer in Shanghai saw it marked as optional."""
    filing = scene.opened(B8="in_service")
    scene.session.commit()
    browser, _ = world.browser(world.member("enterprise-own", Role.FILER))
    here = f"/zh/filings/{filing.id}?group=B"
    page = browser.get(here).text
    assert "A3.city=shenzhen" not in page
    fill(scene, filing, A3={"kind": "company", "city": "shenzhen"})
    page = browser.get(here).text
    assert '<data hidden value="A3.city=shenzhen">' in page
    assert "“服务状态”是“先行先试”，并且“主体类型与所在区·备案城市”是“深圳”" in card(page, "B18")


def test_what_is_not_asked_is_listed_with_what_was_answered(
    scene: Scene, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filing = scene.opened(B8="in_service")
    scene.session.commit()
    altered(
        tmp_path, monkeypatch, "design.toml", {"D4": 'when = { field = "B8", is = ["pilot"] }'}
    )
    browser, csrf = world.browser(world.member("enterprise-own", Role.FILER))
    for language, words in (
        ("zh", "填过的还在，现在不计入，也不公开。"),
        ("en", "it neither counts nor"),
    ):
        page = browser.get(f"/{language}/filings/{filing.id}?group=D").text
        assert card(page, "D4") == ""
        assert words in page
    sent = {
        "csrf": csrf,
        "revision": str(filing.revision),
        "group": "D",
        "present/D1": "1",
        "a/D1/zh": "新的原理",
    }
    assert browser.post(f"/zh/filings/{filing.id}/answers", data=sent).status_code == 303
    scene.session.expire_all()
    kept = scene.session.get_one(Filing, filing.id)
    assert kept.answers["D1"]["value"] == {"zh": "新的原理"}
    assert "D4" in kept.answers, "nothing typed is lost"
    assert "D4" not in kept.told.rows


def test_the_api_names_what_is_set_aside(scene: Scene, world: World, client: TestClient) -> None:
    filing = scene.opened(E1="calls", **papers.OTHERS_MODEL)
    scene.session.commit()
    mine = world.member("enterprise-own", Role.FILER).bearer
    told = client.get(f"/api/v1/filings/{filing.id}", headers=mine).json()
    assert set(told["set_aside"]) == {"E2", "E4", "E5", "E6", "E7", "E8", "E11", "E13"}
    assert "E7" in told["answers"]
    assert "E7" not in {each["item"] for each in told["lacking"]}


def test_a_set_is_ruled_by_its_own_boxes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    altered(tmp_path, monkeypatch, "data_sets.toml", {"C12": SIBLING})
    form_style.sheet.cache_clear()
    told = form_style.sheet().decode()
    form_style.sheet.cache_clear()
    rules = [
        line
        for line in told.splitlines()
        if line.startswith(f'form[data-form="{current().version}"] [data-field="C12#2"]')
    ]
    assert len(rules) == 1
    assert re.findall(r'"C7(#\d+)"', rules[0]) == ["#2", "#2"]
