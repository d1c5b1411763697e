"""A filing under an earlier form: what a newer one would change, by page and API, and the move."""

from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from filing import forms, numbers
from filing.dossier import Filing
from registry.organisations import Role
from tests import cast
from tests.filing import schemas
from tests.filing.papers import Scene
from tests.portal.world import World


@pytest.fixture
def scene(site: FastAPI, world: World) -> Scene:
    """People of the world; what they do is on record once the scene is committed."""
    session: Session = site.state.factory()
    made = Scene(session)
    made.filer = world.member("enterprise-own", Role.FILER).actor
    made.tester = world.member("tester-own", Role.TESTER).actor
    made.reviewer = world.member("authority-own", Role.REVIEWER).actor
    made.publisher = world.member("authority-other", Role.REVIEWER).actor
    made.version = cast.version(session, made.filer)
    return made


def test_the_page_tells_what_changes_and_makes_the_move(
    scene: Scene, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filing = scene.opened()
    scene.session.commit()
    browser, csrf = world.browser(world.member("enterprise-own", Role.FILER))
    here = f"/zh/filings/{filing.id}"
    assert "备案表有新版" not in browser.get(here).text
    schemas.second(tmp_path, monkeypatch)

    page = browser.get(here).text
    for words in (
        "备案表有新版",
        "新增“能耗”，必填。",
        "不再有“训练停止与选择标准”。",
        "还没有填“能耗”。",
    ):
        assert words in page
    english = browser.get(f"/en/filings/{filing.id}").text
    for words in ("There is a newer form", "“Energy” is new and required."):
        assert words in english

    stale = {"csrf": csrf, "revision": str(filing.revision - 1)}
    assert browser.post(f"{here}/form", data=stale).status_code == 409
    sent = {"csrf": csrf, "revision": str(filing.revision)}
    assert browser.post(f"{here}/form", data=sent).status_code == 303
    scene.session.expire_all()
    assert scene.session.get_one(Filing, filing.id).schema_version == schemas.AFTER
    moved = browser.get(f"{here}?group=E").text
    assert "备案表有新版" not in moved
    assert 'name="a/E14"' in moved
    assert 'name="a/E7/zh"' not in moved


def test_a_published_filing_is_told_and_not_moved(
    scene: Scene, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filing = scene.published()
    scene.session.commit()
    public = TestClient(world.site)
    before = public.get(f"/api/v1/catalogue/{numbers.parse(str(filing.number)).slug}").content
    schemas.second(tmp_path, monkeypatch)
    browser, _ = world.browser(world.member("enterprise-own", Role.FILER))

    page = browser.get(f"/zh/filings/{filing.id}").text
    assert "备案表有新版" in page
    assert f"/zh/filings/{filing.id}/form" not in page
    assert (
        public.get(f"/api/v1/catalogue/{numbers.parse(str(filing.number)).slug}").content == before
    )


def test_the_api_previews_for_the_filer_alone_and_moves_with_a_revision(
    scene: Scene, world: World, client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filing = scene.opened()
    scene.session.commit()
    here = f"/api/v1/filings/{filing.id}/form"
    mine = world.member("enterprise-own", Role.FILER).bearer
    assert client.get(here, headers=mine).json() is None
    schemas.second(tmp_path, monkeypatch)

    found = client.get(here, headers=mine).json()
    assert (found["version"], found["newest"]) == (schemas.BEFORE, schemas.AFTER)
    assert [each["item"] for each in found["asked"] if each["item"] in {"D1.steps", "E14"}] == [
        "D1.steps",
        "E14",
    ]
    other = world.member("enterprise-other", Role.FILER).bearer
    assert client.get(here, headers=other).status_code == 403
    stale = client.post(here, headers=mine, json={"revision": filing.revision - 1})
    assert stale.status_code == 409
    moved = client.post(here, headers=mine, json={"revision": filing.revision}).json()
    assert moved["schema_version"] == schemas.AFTER
    assert moved["answers"]["D1"]["value"] == {
        "idea": {"zh": "写得清楚的内容", "en": "plain content"}
    }


def test_the_log_of_the_form_tells_each_version(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schemas.second(tmp_path, monkeypatch)
    told = client.get("/api/v1/words/fields").json()
    assert told["version"] == schemas.AFTER
    assert [each["version"] for each in told["versions"]] == list(forms.versions())
    assert [each["zh"] for each in told["versions"][-1]["changes"]] == [
        "新增“能耗”，必填。",
        "“基本原理”分成几部分：思路、步骤。",
        "不再有“训练停止与选择标准”。",
    ]
    assert client.get("/api/v1/words/fields?version=1").json()["version"] == "1"
    assert client.get("/api/v1/words/fields?version=9").status_code == 404
