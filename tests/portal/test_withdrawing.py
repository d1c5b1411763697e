"""A tester takes a report back by API or command line (by page: `pages/test_withdrawn_page`)."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from registry import reports
from registry.database import transaction
from registry.organisations import Role
from tests import cast
from tests.filing import papers
from tests.portal.command_line import CommandLine
from tests.portal.world import Member, World

WHY, WHY_EN = "数据用错了一列", "A wrong column was used"


@pytest.fixture
def tester(world: World) -> Member:
    return world.member("tester-own", Role.TESTER)


@pytest.fixture
def report(site: FastAPI, world: World, tester: Member) -> str:
    """A countersigned report that no filing carries; its identifier."""
    filer = world.member("enterprise-own", Role.FILER)
    with transaction(site.state.factory) as session:
        version = cast.version(session, filer.actor)
        return papers.report(session, version, tester.actor).id


def taken_back(site: FastAPI, report: str) -> dict[str, str] | None:
    with transaction(site.state.factory) as session:
        return reports.get(session, report).withdrawal


def test_by_api(site: FastAPI, world: World, tester: Member, report: str) -> None:
    place = f"/api/v1/reports/{report}"
    filer = world.member("enterprise-own", Role.FILER)
    with TestClient(site) as client:
        body = {"reason": {"zh": WHY}}
        assert (
            client.post(f"{place}/withdrawal", json=body, headers=filer.bearer).status_code == 403
        )
        answer = client.post(f"{place}/withdrawal", json=body, headers=tester.bearer)
        assert answer.status_code == 200, answer.text
        assert answer.json()["withdrawal"] == {"zh": WHY}
        assert client.get(place, headers=filer.bearer).json()["withdrawn"] is not None
        again = client.post(f"{place}/withdrawal", json=body, headers=tester.bearer)
        assert again.status_code == 409
    assert taken_back(site, report) == {"zh": WHY}


def test_by_command_line(
    site: FastAPI,
    tester: Member,
    report: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = CommandLine(site, monkeypatch, capsys)
    ended = run(tester, "report", "withdraw", report, "--reason", WHY, "--reason-en", WHY_EN)
    assert ended.code == 0, ended.err
    assert "已撤回/withdrawn" in ended.out
    assert taken_back(site, report) == {"zh": WHY, "en": WHY_EN}
