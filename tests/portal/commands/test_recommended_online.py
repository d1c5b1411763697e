"""The commands of the recommended catalogue, each run for one of its people against a site."""

import json
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from filing.recommended.records import RecommendedCatalogue
from portal.commands.client import Client
from registry import legal_day
from registry.database import transaction
from tests.portal.command_line import CommandLine
from tests.portal.recommended import Recommended, Staffed
from tests.portal.world import Member, World

OFFER = (
    "--licence", "按合同许可", "--licence-en", "by contract", "--obtaining", "发邮件", "--obtaining-en",
    "by e-mail", "--contact", "登记处", "--contact-en", "the registry", "--ties", "没有", "--ties-en", "none",
)  # fmt: skip


@pytest.fixture
def run(
    site: FastAPI, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    return CommandLine(site, monkeypatch, capsys)


def test_a_filing_is_applied_for_decided_and_weighed_by_commands_in_both_languages(
    site: FastAPI, world: World, run: CommandLine
) -> None:
    staffed = Staffed(world)

    def done(member: Member, *words: str) -> dict[str, Any]:
        ended = run(member, "recommended", *words, "--json")
        assert ended.code == 0, ended.err
        told: dict[str, Any] = json.loads(ended.out)
        return told

    def revision(made: dict[str, Any], member: Member) -> str:
        with TestClient(site, headers=member.bearer) as client:
            address = f"/api/v1/recommended-applications/{made['id']}"
            return str(client.get(address).json()["revision"])

    made = done(
        staffed.filer,
        *("apply", staffed.filing, "example", *OFFER, "--revision", str(staffed.revision)),
    )
    assert made["offer"]["contact"] == {"zh": "登记处", "en": "theregistry"}
    until = (legal_day.today() + timedelta(days=200)).isoformat()
    said = ("--words", "评估完整", "--words-en", "whole", "--ties", "没有", "--ties-en", "none")
    proposed = done(
        staffed.one,
        *("decide", made["id"], "propose_entry", *said, "--until", until),
        *("--revision", revision(made, staffed.one)),
    )
    assert proposed["proposal"]["ties"] == {"zh": "没有", "en": "none"}
    again = run(
        staffed.one,
        *("recommended", "decide", made["id"], "confirm", "--ties", "没有"),
        *("--revision", revision(made, staffed.one)),
    )
    assert (again.code, "两个人" in again.err) == (1, True)
    done(
        staffed.two,
        *("decide", made["id"], "confirm", "--ties", "没有", "--ties-en", "none"),
        *("--revision", revision(made, staffed.two)),
    )
    kept = str(done(staffed.one, "weights")["revision"])
    why = (
        "--reason",
        "按指导意见",
        "--reason-en",
        "asguided",
        "--ties",
        "没有",
        "--ties-en",
        "none",
    )
    weighed = done(staffed.one, "weigh", "--weights", "checks=50", *why, "--revision", kept)
    assert (weighed["weights"]["checks"], weighed["proposal"]["weights"]["checks"]) == (20, 50)
    agreed = (
        "decide-weights",
        "confirm",
        "--ties",
        "没有",
        "--revision",
        str(weighed["revision"]),
    )
    assert run(staffed.one, "recommended", *agreed).code == 1
    told = run(staffed.two, "recommended", *agreed)
    assert (told.code, "checks:50" in told.out) == (0, True), told.err
    left = done(
        staffed.filer,
        *("step", made["id"], "leave", "--words", "不再许可", "--words-en", "gone"),
        *("--revision", revision(made, staffed.filer)),
    )
    assert left["end_reason"] == {"zh": "不再许可", "en": "gone"}


@pytest.mark.parametrize("city", ["shanghai", "shenzhen"])
def test_what_is_filed_elsewhere_and_what_is_tied_is_marked(
    site: FastAPI, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], city: str
) -> None:
    Recommended(site, entered=4)
    with transaction(site.state.factory) as session:
        session.query(RecommendedCatalogue).one().city = city

    def made(server: str) -> Client:
        client = Client(server)
        client._http = TestClient(site, base_url="http://testserver/api/v1")  # type: ignore[assignment]
        return client

    monkeypatch.setattr("portal.commands.recommended._anybody", made)
    monkeypatch.setenv("COLUMNS", "200")
    from portal import cli

    with pytest.raises(SystemExit) as ended:
        cli.main(("recommended", "show", "example", "--server", "http://testserver"))
    assert not ended.value.code
    said = capsys.readouterr().out
    assert said.count("在上海备案 filed in Shanghai") == (4 if city == "shenzhen" else 0)
    assert said.count("并列 tied") == 2
