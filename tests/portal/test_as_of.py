"""The record as it was on a day: by page, by JSON and by API the same, and a day to come refused."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from filing.dossier import Filing
from portal import cli
from portal.commands.client import Client
from registry import legal_day
from registry.database import transaction
from tests.filing.papers import Scene
from tests.filing.test_as_of import aged
from tests.portal.published import Published


def ago(days: int) -> str:
    return (legal_day.today() - timedelta(days=days)).isoformat()


@pytest.fixture
def revoked(published: Published) -> Published:
    """Published ten days ago, revoked three days ago."""
    with transaction(published.site.state.factory) as session:
        scene, filing = Scene(session), session.get_one(Filing, published.filing_id)
        aged(scene, filing, 7)
        scene.rule(filing, "revoke", reason={"zh": "查出了问题"})
        aged(scene, filing, 3)
    return published


def test_page_json_and_api_tell_the_same_day(revoked: Published) -> None:
    server = revoked.servers[0]
    for days, status, shown in ((10, "published", [1]), (3, "revoked", [1]), (11, None, [])):
        day = ago(days)
        told = server.get(f"/f/{revoked.slug}/on/{day}.json").json()
        assert server.get(f"/api/v1/catalogue/{revoked.slug}/on/{day}").json() == told
        assert server.get(f"{revoked.page}/on/{day}.json").json() == told
        assert [each["edition"] for each in told["shown"]] == shown
        assert (told["entry"] and told["entry"]["standing"]["status"]["id"]) == status
        page = server.get(f"{revoked.page}/on/{day}").text
        assert told["said"]["zh"] in page
        assert told["service"]["zh"] in page


def test_a_day_before_it_was_revoked_is_not_told_as_revoked(revoked: Published) -> None:
    server = revoked.servers[0]
    assert "查出了问题" in server.get(f"{revoked.page}/on/{ago(2)}").text
    assert "查出了问题" not in server.get(f"{revoked.page}/on/{ago(4)}").text


def test_a_day_that_is_chosen_leads_to_its_address(published: Published) -> None:
    server = published.servers[0]
    answer = server.get(f"{published.page}/on?day={ago(1)}", follow_redirects=False)
    assert answer.headers["location"] == f"{published.page}/on/{ago(1)}"
    bare = server.get(
        f"/f/{published.slug}/on/{ago(1)}",
        headers={"accept-language": "zh"},
        follow_redirects=False,
    )
    assert bare.headers["location"] == f"{published.page}/on/{ago(1)}"


@pytest.mark.parametrize("wrong", [ago(-1), "2026-13-01", "yesterday"])
def test_a_day_to_come_and_what_is_no_day_are_refused_with_a_remedy(
    published: Published, wrong: str
) -> None:
    for address in (f"{published.page}/on/{wrong}", f"/api/v1/catalogue/{published.slug}/on/{wrong}"):  # fmt: skip
        answer = published.servers[0].get(address)
        assert answer.status_code == 422
        assert "日期" in answer.text


def test_what_is_kept_of_a_day_goes_with_the_next_change(published: Published) -> None:
    """Today is not over: a page of today that was kept is none after a revocation."""
    server, here = published.servers[0], f"{published.page}/on/{ago(0)}"
    assert "查出了问题" not in server.get(here).text
    with transaction(published.site.state.factory) as session:
        scene = Scene(session)
        scene.rule(session.get_one(Filing, published.filing_id), "revoke", reason="查出了问题")
    assert "查出了问题" in server.get(here).text


def test_the_command_line_tells_the_same_day(
    revoked: Published, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:

    def anybody(server: str) -> Client:
        client = Client(server)
        client._http = TestClient(revoked.site, base_url="http://testserver/api/v1")  # type: ignore[assignment]
        return client

    monkeypatch.setattr("portal.commands.record._anybody", anybody)
    said = {}
    for days in (4, 3):
        with pytest.raises(SystemExit) as ended:
            cli.main(
                (
                    "record",
                    "show",
                    revoked.slug,
                    "--on",
                    ago(days),
                    "--server",
                    "http://testserver",
                )
            )
        assert not ended.value.code
        said[days] = capsys.readouterr().out
    assert "status: 已公示 / published" in said[4]
    assert "status: 已撤销 / revoked" in said[3]
    assert "当时公示的第1次内容备案的是第1版" in said[3]
    assert "本平台没有核实" in said[3]


def test_what_the_register_says_stands_on_the_page_by_api_and_on_the_command_line(
    published: Published, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = published.servers[0]
    rows = server.get(f"/api/v1/catalogue/{published.slug}/record").json()
    assert [each["code"] for each in rows][:2] == ["J1", "J2"]
    page = server.get(published.page).text

    def anybody(server: str) -> Client:
        client = Client(server)
        client._http = TestClient(published.site, base_url="http://testserver/api/v1")  # type: ignore[assignment]
        return client

    monkeypatch.setattr("portal.commands.record._anybody", anybody)
    with pytest.raises(SystemExit):
        cli.main(("record", "show", published.slug, "--server", "http://testserver"))
    said = capsys.readouterr().out
    for each in rows:
        assert each["zh"] in page
        assert f"{each['code']} {each['name']['zh']}：{each['zh']}" in said


def test_a_program_reads_the_revision_and_the_next_moment_at_which_time_acts(
    published: Published,
) -> None:
    server = published.servers[0]
    here = f"/api/v1/catalogue/{published.slug}"
    before = server.get(here).json()
    assert before["revision"] == server.get(f"/f/{published.slug}.json").json()["revision"]
    assert set(before["next_change"]) == {"at", "zh", "en"}
    with transaction(published.site.state.factory) as session:
        scene = Scene(session)
        scene.rule(session.get_one(Filing, published.filing_id), "revoke", reason="查出了问题")
    after = [each.get(here).json()["revision"] for each in published.servers]
    assert after[0] == after[1] > before["revision"]
