"""One whole dossier, filled in by page, by API and by command: on record it is the same."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from filing import dossier
from filing.dossier import Filing
from filing.forms import current
from portal.pages import plan_again
from registry.database import transaction
from registry.organisations import Role
from tests import cast
from tests.filing import papers
from tests.filing.typed import places
from tests.portal.command_line import CommandLine
from tests.portal.world import World

ANSWERS = papers.answers()


@pytest.fixture
def drafts(site: FastAPI, world: World) -> list[str]:
    """Three fresh drafts of one enterprise."""
    filer, made = world.member("enterprise-own", Role.FILER).actor, []
    with transaction(site.state.factory) as session:
        for number in range(3):
            version = cast.version(session, filer, name=f"door-{number}")
            made.append(dossier.open_filing(session, by=filer, version_id=version.id).id)
    return made


def revision(site: FastAPI, filing_id: str) -> int:
    with site.state.factory() as session:
        return int(session.get_one(Filing, filing_id).revision)


def by_page(site: FastAPI, world: World, filing_id: str) -> None:
    """Group by group, as a browser sends it without a script."""
    client, csrf = world.browser(world.member("enterprise-own", Role.FILER))
    form = current()
    for group in form.groups:
        given = {key: each for key, each in ANSWERS.items() if form.group_of(key) is group}
        if group.computed or not given:
            continue
        sent: dict[str, Any] = {f"present/{key}": "1" for key in given}
        for key, each in given.items():
            for name, typed in places(f"a/{key}", form.field(key).value, each):
                sent.setdefault(name, []).append(typed)
        read = str(revision(site, filing_id))
        data = {**sent, "csrf": csrf, "group": group.id, "revision": read}
        answer = client.post(f"/zh/filings/{filing_id}/answers", data=data)
        assert answer.status_code == 303, answer.text


def by_api(site: FastAPI, world: World, filing_id: str) -> None:
    headers = world.member("enterprise-own", Role.FILER).bearer
    body = {"answers": ANSWERS, "revision": revision(site, filing_id)}
    with TestClient(site) as client:
        answer = client.patch(f"/api/v1/filings/{filing_id}/answers", json=body, headers=headers)
    assert answer.status_code == 200, answer.text


def test_page_api_and_command_leave_the_same_dossier(
    site: FastAPI,
    world: World,
    drafts: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page, api, command = drafts
    by_page(site, world, page)
    by_api(site, world, api)
    written = tmp_path / "answers.toml"
    written.write_text(plan_again.as_toml(json.loads(json.dumps(ANSWERS))), encoding="utf-8")
    run = CommandLine(site, monkeypatch, capsys)
    filer = world.member("enterprise-own", Role.FILER)
    read = str(revision(site, command))
    ended = run(filer, "file", "fill", command, str(written), "--revision", read)
    assert ended.code == 0, ended.err
    with site.state.factory() as session:
        filings = [session.get_one(Filing, each) for each in drafts]
        told: list[Mapping[str, Any]] = [each.answers for each in filings]
        assert told[0] == told[1] == told[2]
        assert ANSWERS.keys() <= told[0].keys()
