"""scale/1: work that is parked is told to its requester and goes on by page and API."""

import json

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from portal import cli
from portal.commands.client import Client
from registry import attendance, inbox, outbox, worklist
from registry.database import new_id, now, transaction
from registry.errors import Unavailable
from registry.organisations import Role
from registry.worklist import State, Work
from tests.portal.world import Member, World

CAUSE = Unavailable("存储拒绝了密钥。", "The store refuses the key.")


def parked(site: FastAPI, member: Member) -> str:
    """A piece of work of the member's organisation that was put off for too long."""
    with transaction(site.state.factory) as session:
        worklist.request(
            session,
            kind="evaluation",
            subject_id=new_id(),
            organisation_id=member.organisation.id,
            dedup=new_id(),
        )
        held = worklist.claim(session, worker="w", lease=60)
        assert held is not None
        worklist.put_off(session, held, CAUSE, first=1.0, park_after=0.0)
        return held.work_id


def row(site: FastAPI, work_id: str) -> Work:
    with site.state.factory() as session:
        return worklist.get(session, work_id)


def test_the_api_tells_why_and_lets_it_go_on(
    site: FastAPI, client: TestClient, world: World
) -> None:
    own, other = (world.member(name, Role.TESTER) for name in ("tester-own", "tester-other"))
    work_id = parked(site, own)
    told = client.get(f"/api/v1/worklist/{work_id}", headers=own.bearer).json()
    assert (told["state"], told["returned"], told["attempts"]) == ("parked", 1, 0)
    assert CAUSE.said.zh in told["error"]["zh"]
    assert CAUSE.said.en in told["error"]["en"]
    address = f"/api/v1/worklist/{work_id}/resume"
    assert client.post(address, headers=other.bearer).status_code == 403
    assert client.post(address, headers=own.bearer).json()["state"] == "queued"
    assert client.post(address, headers=own.bearer).status_code == 409


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_lets_it_go_on(site: FastAPI, world: World, language: str) -> None:
    own = world.member("tester-own", Role.TESTER)
    work_id = parked(site, own)
    client, csrf = world.browser(own)
    answer = client.post(f"/{language}/worklist/{work_id}/resume", data={"csrf": csrf})
    subject = row(site, work_id).subject_id
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"/{language}/evaluations/{subject}")
    assert row(site, work_id).state == State.QUEUED


@pytest.fixture
def tester(site: FastAPI, world: World, monkeypatch: pytest.MonkeyPatch) -> Member:
    """A tester whose command line talks to the site."""
    own = world.member("tester-own", Role.TESTER)

    def of(_settings: object) -> Client:
        made = Client("http://testserver", own.token)
        made._http = TestClient(  # type: ignore[assignment]
            site, base_url="http://testserver/api/v1", headers=own.bearer, backend="asyncio"
        )
        return made

    monkeypatch.setattr(Client, "of", of)
    return own


def command(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    return int(ended.value.code or 0)


def test_the_command_line_shows_it_and_lets_it_go_on(
    site: FastAPI, tester: Member, capsys: pytest.CaptureFixture[str]
) -> None:
    """scale/1: there was no command for it; the way on is in what is shown."""
    work_id = parked(site, tester)
    assert command("work", "show", work_id) == 0
    shown = "".join(capsys.readouterr().out.split())
    for said in (CAUSE.said.zh, CAUSE.said.en, f"mingsuan work resume {work_id}"):
        assert "".join(said.split()) in shown
    assert command("work", "resume", work_id) == 0
    assert row(site, work_id).state == State.QUEUED
    assert command("work", "resume", work_id) == 1
    told = capsys.readouterr().err
    assert "这项工作没有搁置" in told
    assert "not parked" in told
    assert command("work", "cancel", work_id) == 0
    assert row(site, work_id).state == State.CANCELLED


def test_the_list_names_ones_own_work_newest_first(
    site: FastAPI, world: World, tester: Member, capsys: pytest.CaptureFixture[str]
) -> None:
    """The verbs took an identifier that nothing printed."""
    assert command("work", "list") == 0
    assert "No work has been asked for" in capsys.readouterr().out
    first, second = parked(site, tester), parked(site, tester)
    others = parked(site, world.member("tester-other", Role.TESTER))
    assert command("work", "list", "--json") == 0
    listed = [item["id"] for item in json.loads(capsys.readouterr().out)["items"]]
    assert listed == [second, first]
    assert command("work", "list") == 0
    shown = capsys.readouterr().out
    assert first in shown
    assert others not in shown
    assert command("work", "show", "none") == 1
    assert "mingsuan work list" in capsys.readouterr().err


def test_the_command_line_lets_nobody_elses_go_on(
    site: FastAPI, world: World, tester: Member
) -> None:
    """The same rule as page and API: the organisation that asked for it."""
    del tester
    work_id = parked(site, world.member("tester-other", Role.TESTER))
    assert command("work", "show", work_id) == 1
    assert command("work", "resume", work_id) == 1
    assert row(site, work_id).state == State.PARKED


@pytest.mark.parametrize("language", ["zh", "en"])
def test_work_that_nobody_can_take_up_says_why(
    site: FastAPI,
    client: TestClient,
    tester: Member,
    capsys: pytest.CaptureFixture[str],
    language: str,
) -> None:
    """scale/1, 9: the worker looked at the store, claimed nothing, and the work gave no reason."""
    with transaction(site.state.factory) as session:
        work = worklist.request(
            session,
            kind="evaluation",
            subject_id=new_id(),
            organisation_id=tester.organisation.id,
            dedup=new_id(),
        )
        attendance.report(session, name="w", version="1", cause=CAUSE)
    told = client.get(f"/api/v1/worklist/{work.id}", headers=tester.bearer).json()
    assert CAUSE.said.in_(language) in told["waits"][language]  # type: ignore[arg-type]
    assert command("work", "show", work.id) == 0
    shown = "".join(capsys.readouterr().out.split())
    assert "".join(CAUSE.said.in_(language).split()) in shown  # type: ignore[arg-type]
    with transaction(site.state.factory) as session:
        attendance.report(session, name="w", version="1", cause=None)
    told = client.get(f"/api/v1/worklist/{work.id}", headers=tester.bearer).json()
    assert told["waits"] is None


def test_it_waits_on_the_desk_of_who_asked_until_it_goes_on(
    site: FastAPI, client: TestClient, world: World
) -> None:
    own, other = (world.member(name, Role.TESTER) for name in ("tester-own", "tester-other"))
    work_id = parked(site, own)

    def desk(member: Member) -> list[tuple[str, str]]:
        with transaction(site.state.factory) as session:
            for each in outbox.pending(session, kinds=[inbox.EFFECT]):
                inbox.apply(session, each.payload)
                each.applied = now()
        found = client.get("/api/v1/inbox", headers=member.bearer).json()
        items = found["items"] if isinstance(found, dict) else found
        return [(each["what"], each["place"]) for each in items]

    waits = [("parked_work", f"/evaluations/{row(site, work_id).subject_id}")]
    assert (desk(own), desk(other)) == (waits, [])
    assert client.post(f"/api/v1/worklist/{work_id}/resume", headers=own.bearer).status_code == 200
    assert desk(own) == []
