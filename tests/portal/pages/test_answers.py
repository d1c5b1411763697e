"""The filer's answer stands beside the finding on every page that tells it, as the filer's words."""

import json

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from filing.listings import Listing
from portal.pages import report_view
from registry import reports
from registry.database import transaction
from registry.organisations import Role
from tests import cast
from tests.filing import papers
from tests.portal.command_line import CommandLine
from tests.portal.pages.stage import Stage
from tests.portal.world import World

SAID = "这批数据里有测试账户，获国家认证"


def test_an_answer_is_written_on_the_report_and_read_beside_the_finding(
    stage: Stage, on_stage: TestClient
) -> None:
    filer = stage.world.member("enterprise-own", Role.FILER)
    (report,) = stage.known["report_id"]
    with transaction(stage.site.state.factory) as session:
        own = select(Listing.slug).where(Listing.filing_id == stage.shelf.made["filing"])
        filed = f"/zh/f/{session.scalars(own).one()}"
        view = report_view.view(reports.statement(reports.get(session, report)), "zh")
    row = report_view.gravest(view.questions[0].rows)[0]
    page, send = f"/zh/reports/{report}", f"/zh/reports/{report}/findings/{row.number}/answer"
    browser, csrf = stage.world.browser(filer)
    shown = browser.get(page).text
    assert send in shown
    assert send not in on_stage.get(page).text
    once = shown[shown.index(send) :].split('name="once" value="')[1].split('"')[0]

    refused = browser.post(send, data={"csrf": csrf, "once": once, "said": "", "said_en": "x"})
    assert refused.status_code == 422
    assert "请用中文写下回应" in refused.text
    answer = browser.post(send, data={"csrf": csrf, "once": once, "said": SAID, "said_en": ""})
    assert answer.status_code == 303, answer.text
    assert "回应已写在结果旁边" in browser.get(answer.headers["location"]).text

    for address in (page, filed):
        told = on_stage.get(address).text
        beside = told[told.index(row.reading) :]
        assert SAID in beside[: beside.index("</li>")]
        assert "是备案主体自己写的。备案不是批准" in beside[: beside.index("</li>")]


def test_an_answer_goes_by_api_and_command_line(
    site: FastAPI,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    filer = world.member("enterprise-own", Role.FILER)
    tester = world.member("tester-own", Role.TESTER)
    with transaction(site.state.factory) as session:
        version = cast.version(session, filer.actor)
        report = papers.report(session, version, tester.actor).id
    run = CommandLine(site, monkeypatch, capsys)
    ended = run(
        filer, "report", "answer", report, "2", SAID, "--words-en", "Test accounts", "--json"
    )
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["finding"] == 2
    with TestClient(site) as client:
        found = client.get(f"/api/v1/reports/{report}/answers", headers=tester.bearer).json()
    assert [each["said"] for each in found["items"]] == [{"zh": SAID, "en": "Test accounts"}]
