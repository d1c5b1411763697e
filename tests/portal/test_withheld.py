"""A withheld value by its doors: the filer gives it out, everyone can prove it, nobody else can get it."""

import html
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from filing import numbers
from portal import cli
from portal.commands.client import Client
from registry.database import transaction
from registry.organisations import Membership, Role
from registry.tokens import Scope, issue
from tests.filing.papers import Scene
from tests.filing.test_catalogue import SECRET, sealed


@dataclass
class Shelf:
    """One published filing that withholds its rules; its filer, its tester and nobody at the door."""

    site: FastAPI
    slug: str
    filing: str
    filer: dict[str, str]
    tester: dict[str, str]
    client: TestClient


@pytest.fixture
def shelf(site: FastAPI, client: TestClient) -> Shelf:
    with transaction(site.state.factory) as session:
        scene = Scene(session)
        filing = sealed(scene)
        session.add_all(
            Membership(person_id=by.person_id, organisation_id=by.organisation_id, role=role)
            for by, role in ((scene.filer, Role.FILER), (scene.tester, Role.TESTER))
        )
        session.flush()
        tokens = [
            issue(session, by=by, label="t", scopes=[Scope.READ], days=1).secret
            for by in (scene.filer, scene.tester)
        ]
        slug, filing_id = numbers.parse(str(filing.number)).slug, filing.id
    filer, tester = ({"Authorization": f"Bearer {each}"} for each in tokens)
    return Shelf(site, slug, filing_id, filer, tester, client)


def given_out(shelf: Shelf) -> dict[str, Any]:
    (found,) = shelf.client.get(
        f"/api/v1/filings/{shelf.filing}/withheld", headers=shelf.filer
    ).json()
    disclosure: dict[str, Any] = found["disclosure"]
    return disclosure


def changed(shown: dict[str, Any]) -> dict[str, Any]:
    return shown | {"value": [{"rule": "七十分", "effect": "建议批准"}]}


def test_the_api_gives_it_to_its_filer_and_proves_it_to_everyone(shelf: Shelf) -> None:
    shown = given_out(shelf)
    assert SECRET in json.dumps(shown, ensure_ascii=False)
    here = f"/api/v1/catalogue/{shelf.slug}/withheld"
    (place,) = shelf.client.get(here).json()
    assert (place["edition"], place["key"], place["part"]) == (1, "D7", "")
    right = shelf.client.post(here, json=shown).json()
    assert (right["fits"], right["digest"], right["editions"]) == (True, place["digest"], [1])
    wrong = shelf.client.post(here, json=changed(shown)).json()
    assert (wrong["fits"], wrong["editions"], wrong["other_editions"]) == (False, [], [1])


def test_nobody_but_filer_and_authority_is_given_it(shelf: Shelf) -> None:
    for headers, status in (({}, 401), (shelf.tester, 403)):
        answer = shelf.client.get(f"/api/v1/filings/{shelf.filing}/withheld", headers=headers)
        assert answer.status_code == status
        assert SECRET not in answer.text
    for address in (f"/zh/f/{shelf.slug}/withheld", f"/zh/f/{shelf.slug}/withheld.json", f"/zh/f/{shelf.slug}"):  # fmt: skip
        assert SECRET not in shelf.client.get(address).text


def test_the_page_says_what_is_withheld_and_whether_what_was_shown_fits(shelf: Shelf) -> None:
    here = f"/zh/f/{shelf.slug}/withheld"
    page = shelf.client.get(here).text
    for said in ("规则与阈值", "商业秘密", "没有写到哪天为止，复查日期2027-06-01", "能看到"):
        assert said in page
    shown = given_out(shelf)
    right = shelf.client.post(here, data={"disclosed": json.dumps(shown)})
    assert "第1次公示时备案的就是这个内容" in right.text
    wrong = shelf.client.post(here, data={"disclosed": json.dumps(changed(shown))})
    assert "对不上" in wrong.text


@pytest.mark.parametrize("typed", ["", "{", "[]", '{"key": "D7"}', '{"key":"D7","key":"E2"}'])
def test_what_is_no_disclosure_is_refused_and_stays_in_the_box(shelf: Shelf, typed: str) -> None:
    answer = shelf.client.post(f"/zh/f/{shelf.slug}/withheld", data={"disclosed": typed})
    assert answer.status_code == 422
    assert f">{typed}</textarea>" in html.unescape(answer.text)


@pytest.fixture
def command(shelf: Shelf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., int]:
    def client(headers: dict[str, str]) -> Client:
        made = Client("http://testserver")
        made._http = TestClient(  # type: ignore[assignment]
            shelf.site, base_url="http://testserver/api/v1", headers=headers
        )
        return made

    monkeypatch.setattr("portal.commands.record._anybody", lambda _server: client({}))
    monkeypatch.setattr(Client, "of", lambda _settings: client(shelf.filer))
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> int:
        with pytest.raises(SystemExit) as ended:
            cli.main(words)
        return int(ended.value.code or 0)

    return run


def test_the_command_line_writes_the_proof_and_holds_it_against_the_record(
    shelf: Shelf, command: Callable[..., int], tmp_path: Path
) -> None:
    assert command("record", "disclose", shelf.filing, "D7", "--out", "d7.json") == 0
    shown = json.loads((tmp_path / "d7.json").read_text("utf-8"))
    assert shown == given_out(shelf)
    assert command("record", "prove", shelf.slug, "d7.json") == 0
    (tmp_path / "other.json").write_text(json.dumps(changed(shown)), "utf-8")
    assert command("record", "prove", shelf.slug, "other.json") == 1
    assert command("record", "disclose", shelf.filing, "E2.structure") != 0
