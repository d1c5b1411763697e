"""Signing in, joining and passwords, as a browser and a program do them (security/S4, filing/S17)."""

import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

from portal import cli
from portal.commands import serving
from registry import invitations, journal, passwords
from registry.database import transaction
from registry.guesses import FREE, Guess, Keys
from registry.organisations import Role
from registry.settings import settings
from tests.portal.world import PASSWORD, Member, World

CHOSEN = "another good one, long"
LANGUAGES = ("zh", "en")


@pytest.fixture
def filer(world: World) -> Member:
    return world.member("enterprise-own", Role.FILER)


@pytest.fixture
def administrator(world: World) -> Member:
    return world.member("enterprise-own", Role.ADMINISTRATOR)


def sign_in(client: TestClient, email: str, password: str = PASSWORD) -> Any:
    """A sign-in of a browser that holds no cookie."""
    client.cookies.clear()
    return client.post("/zh/sign-in", data={"email": email, "password": password})


def invitation(world: World, place: Member, email: str, role: Role) -> str:
    with transaction(world.site.state.factory) as session:
        return invitations.invite(
            session, by=None, organisation_id=place.organisation.id, email=email, role=role
        ).secret


def csrf_of(page: Any) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text.partition("<main")[2])
    assert found, "the page's own form carries the token"
    return found[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_must_wait_is_told_how_long_on_the_page(
    client: TestClient, filer: Member, language: str
) -> None:
    """security/S4: the page answered 403 without Retry-After; the API 429 with it."""
    form = {"email": filer.person.email, "password": "not the password"}
    answers = [client.post(f"/{language}/sign-in", data=form) for _ in range(FREE + 1)]
    assert {answer.status_code for answer in answers[:-1]} == {403}
    assert answers[-1].status_code == 429
    assert 0 < int(answers[-1].headers["retry-after"]) <= 900
    assert {"zh": "秒后再试", "en": "try again in"}[language] in answers[-1].text


def test_nobody_is_locked_out_by_good_sign_ins_or_by_strangers(
    client: TestClient, world: World, filer: Member
) -> None:
    """security/S4: at one address 60 good sign-ins; elsewhere ten wrong ones against the same."""
    for _ in range(60):
        assert sign_in(client, filer.person.email).status_code == 303
    stranger = TestClient(world.site, client=("198.51.100.9", 1), follow_redirects=False)
    for _ in range(FREE):
        assert sign_in(stranger, filer.person.email, "wrong").status_code == 403
    assert sign_in(stranger, filer.person.email, "wrong").status_code == 429
    assert sign_in(client, filer.person.email).status_code == 303


@pytest.mark.parametrize("number", [30, 60])
def test_good_sign_ins_side_by_side_all_succeed(world: World, filer: Member, number: int) -> None:
    """security/S4: of 30 at once 7 were refused with 429, because those under way were counted."""
    stranger = TestClient(world.site, client=("198.51.100.9", 1), follow_redirects=False)
    for _ in range(FREE):
        sign_in(stranger, filer.person.email, "wrong")

    def once(_: int) -> int:
        browser = TestClient(world.site, follow_redirects=False)
        return int(sign_in(browser, filer.person.email).status_code)

    with ThreadPoolExecutor(number) as pool:
        answers = list(pool.map(once, range(number)))
    assert answers == [303] * number
    with world.site.state.factory() as session:
        for address, failures in (("testclient", 0), ("198.51.100.9", FREE)):
            keys = Keys.of(filer.person.email, address)
            assert session.get_one(Guess, keys.pair).failures == failures


def test_wrong_passwords_side_by_side_are_let_through_no_more_often(
    world: World, filer: Member
) -> None:
    """security/S4: turns weaken nothing: of 40 guesses at once, as many pass as one by one."""

    def guess(number: int) -> int:
        browser = TestClient(world.site, follow_redirects=False)
        return int(sign_in(browser, filer.person.email, f"wrong {number}").status_code)

    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(guess, range(40)))
    assert set(answers) == {403, 429}
    assert answers.count(403) <= FREE + 3  # the first waits are of one, two and four seconds


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_invitation_is_accepted_while_signed_in(
    world: World, filer: Member, language: str
) -> None:
    """filing/S17: 403 "this form was not sent from a page of this site"."""
    tester = world.member("tester-own", Role.TESTER)
    secret = invitation(world, tester, filer.person.email, Role.TESTER)
    browser, _ = world.browser(filer)
    page = browser.get(f"/{language}/invitation?token={secret}")
    form = {"token": secret, "name": "", "password": PASSWORD, "csrf": csrf_of(page)}
    assert browser.post(f"/{language}/invitation", data={**form, "csrf": ""}).status_code == 403
    answer = browser.post(f"/{language}/invitation", data=form)
    assert answer.headers["location"] == f"/{language}/desk"
    desk = browser.get(answer.headers["location"])
    assert tester.organisation.name.in_(language) in desk.text  # type: ignore[arg-type]


def test_an_invitation_for_somebody_else_is_accepted_in_the_same_browser(
    world: World, filer: Member
) -> None:
    """filing/S17: as another person; the sign-in of the first stays what it was until the next."""
    secret = invitation(world, filer, "new@example.org", Role.FILER)
    browser, _ = world.browser(filer)
    page = browser.get(f"/en/invitation?token={secret}")
    assert filer.person.email in page.text
    answer = browser.post(
        "/en/invitation",
        data={"token": secret, "name": "Li Na", "password": CHOSEN, "csrf": csrf_of(page)},
    )
    assert answer.headers["location"] == "/en/sign-in?email=new%40example.org"
    page = browser.get(answer.headers["location"])
    assert 'value="new@example.org"' in page.text
    before = browser.cookies["mingsuan"]
    answer = browser.post(
        "/en/sign-in",
        data={"email": "new@example.org", "password": CHOSEN, "csrf": csrf_of(page)},
    )
    assert answer.status_code == 303
    assert "Li Na" in browser.get("/en/account").text
    # Nothing set before lives on: the old cookie opens nothing, the new one is fresh.
    old = TestClient(world.site, cookies={"mingsuan": before}, follow_redirects=False)
    assert old.get("/en/account").status_code == 401
    assert before not in answer.headers["set-cookie"]


def test_a_cookie_set_by_a_stranger_is_never_taken_over(client: TestClient, filer: Member) -> None:
    """Fixation: whatever cookie a browser brings, a sign-in gives it another."""
    client.cookies.set("mingsuan", "chosen-by-a-stranger")
    answer = client.post("/zh/sign-in", data={"email": filer.person.email, "password": PASSWORD})
    assert answer.status_code == 303
    assert "chosen-by-a-stranger" not in answer.headers["set-cookie"]
    stranger = TestClient(client.app, cookies={"mingsuan": "chosen-by-a-stranger"})
    assert stranger.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_password_is_changed_on_the_page(world: World, filer: Member, language: str) -> None:
    """security/S4, A7: this browser goes on, others end, tokens go on unless ticked."""
    browser, _ = world.browser(filer)
    other, _ = world.browser(filer)
    csrf = csrf_of(browser.get(f"/{language}/account"))
    form = {"present": PASSWORD, "chosen": CHOSEN, "csrf": csrf}
    path = f"/{language}/account/password"
    wrong = browser.post(path, data={**form, "present": "wrong"})
    assert wrong.status_code == 403
    assert {"zh": "现在的密码不对。", "en": "The present password is wrong."}[
        language
    ] in wrong.text
    assert {"zh": "邮箱或密码不对", "en": "E-mail address or password"}[language] not in wrong.text
    same = browser.post(path, data={**form, "chosen": PASSWORD})
    assert same.status_code == 422
    assert {"zh": "新密码不能和现在的一样", "en": "has to differ from the present"}[
        language
    ] in same.text
    weak = browser.post(path, data={**form, "chosen": "password1234"})
    assert weak.status_code == 422
    assert "password1234" not in weak.text
    answer = browser.post(path, data=form)
    assert answer.headers["location"] == f"/{language}/account"
    assert browser.get(f"/{language}/account").status_code == 200
    assert other.get(f"/{language}/account").status_code == 401
    bearer = {"Authorization": f"Bearer {filer.token}"}
    assert TestClient(world.site).get("/api/v1/me", headers=bearer).status_code == 200
    fresh = TestClient(world.site, follow_redirects=False)
    assert sign_in(fresh, filer.person.email).status_code == 403
    assert sign_in(fresh, filer.person.email, CHOSEN).status_code == 303


def test_a_password_is_changed_by_the_api(client: TestClient, filer: Member) -> None:
    """security/S4: by proving the present one; guesses are counted as for a sign-in."""
    body = {"email": filer.person.email, "present": PASSWORD, "chosen": CHOSEN}
    same = client.post("/api/v1/password", json={**body, "chosen": PASSWORD})
    assert same.status_code == 422
    weak = client.post("/api/v1/password", json={**body, "chosen": "short"})
    assert weak.status_code == 422
    assert client.post("/api/v1/password", json={**body, "also_tokens": True}).status_code == 204
    bearer = {"Authorization": f"Bearer {filer.token}"}
    assert client.get("/api/v1/me", headers=bearer).status_code == 401
    answers = [client.post("/api/v1/password", json=body).status_code for _ in range(FREE + 1)]
    assert answers == [403] * FREE + [429]


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_administrator_resets_a_password_on_the_page(
    world: World, filer: Member, administrator: Member, language: str
) -> None:
    """security/S4, filing/A6: the link is told once, works once, and is in the journal."""
    browser, csrf = world.browser(administrator)
    person = filer.person.id
    path = f"/{language}/organisation/members/{person}/password-reset"
    assert f'action="{path}"' in browser.get(f"/{language}/organisation").text
    told = browser.post(path, data={"csrf": csrf})
    (link,) = re.findall(rf"http[^<]*/{language}/password\?token=[\w-]+", told.text)
    assert link not in browser.get(f"/{language}/organisation").text

    owner = TestClient(world.site, follow_redirects=False)
    assert sign_in(owner, filer.person.email).status_code == 403
    page = owner.get(link.partition("8080")[2])
    assert filer.person.email in page.text
    form = {"token": link.rpartition("=")[2], "chosen": CHOSEN}
    weak = owner.post(f"/{language}/password", data={**form, "chosen": "short"})
    assert weak.status_code == 422
    done = owner.post(f"/{language}/password", data=form)
    assert done.headers["location"] == f"/{language}/sign-in"
    assert owner.post(f"/{language}/password", data=form).status_code == 409
    assert sign_in(owner, filer.person.email, CHOSEN).status_code == 303
    with world.site.state.factory() as session:
        events = journal.history(session, person)
    resets = [event for event in events if event.name == "credentials:password:reset"]
    assert [event.person_id for event in resets] == [administrator.person.id]


def test_an_administrator_resets_a_password_by_the_api(
    client: TestClient, world: World, filer: Member, administrator: Member
) -> None:
    """security/S4: members of one's own organisation only, and never oneself."""
    bearer = {"Authorization": f"Bearer {administrator.token}"}
    stranger = world.member("enterprise-other", Role.FILER)
    for person, status in ((stranger.person.id, 404), (administrator.person.id, 422)):
        path = f"/api/v1/members/{person}/password-reset"
        assert client.post(path, headers=bearer).status_code == status
    path = f"/api/v1/members/{filer.person.id}/password-reset"
    assert client.post(path, headers={"Authorization": f"Bearer {filer.token}"}).status_code == 403
    made = client.post(path, headers=bearer).json()
    assert made["link"].endswith(made["secret"])
    body = {"secret": made["secret"], "chosen": CHOSEN}
    assert client.post("/api/v1/password/reset", json=body).status_code == 204
    assert client.post("/api/v1/password/reset", json=body).status_code == 409
    assert sign_in(client, filer.person.email, CHOSEN).status_code == 303


@pytest.fixture
def installation(monkeypatch: pytest.MonkeyPatch, world: World) -> Iterator[pytest.MonkeyPatch]:
    """The command line on the world's own data."""
    monkeypatch.setenv("MINGSUAN_DATA", str(world.site.state.settings.data))
    settings.cache_clear()
    yield monkeypatch
    settings.cache_clear()


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main(list(arguments))
    return int(ended.value.code or 0)


def test_the_operator_resets_a_password_by_the_command_line(
    world: World,
    filer: Member,
    installation: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """security/S4: for whoever has no administrator, or acts for several organisations."""
    installation.setattr("portal.commands.serving.prepare", lambda chosen: None)
    assert run("users", "reset-password", filer.person.email.upper()) == 0
    secret = capsys.readouterr().out.strip().rpartition("token=")[2]
    with world.site.state.factory() as session:
        assert passwords.find_reset(session, secret)[1].id == filer.person.id
    assert run("users", "reset-password", "nobody@example.org") == 1
    assert "没有人使用这个邮箱" in capsys.readouterr().err


def test_the_owner_changes_and_the_administrator_resets_through_a_server(
    world: World,
    filer: Member,
    administrator: Member,
    installation: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """security/S4: the same two, by a real server."""
    with served(installation, world.site) as url:
        installation.setenv("MINGSUAN_SERVER", url)
        installation.setenv("MINGSUAN_TOKEN", administrator.token)
        settings.cache_clear()
        typed = iter([PASSWORD, CHOSEN])
        installation.setattr("click.prompt", lambda *_args, **_more: next(typed))
        assert run("users", "password", filer.person.email) == 0
        assert "密码已修改" in capsys.readouterr().out
        assert run("users", "reset-password", "--online", filer.person.email) == 0
        assert "/zh/password?token=" in capsys.readouterr().out


@pytest.mark.parametrize("path", ["/zh", "/zh/desk/", "/en/sign-in/"])
def test_a_redirect_within_the_site_names_no_host(client: TestClient, path: str) -> None:
    """security/A7: Host: evil.example was repeated in Location."""
    answer = client.get(path, headers={"Host": "evil.example"})
    assert answer.status_code in {307, 308}
    assert answer.headers["location"].startswith("/")
    assert not answer.headers["location"].startswith("//")


@contextmanager
def served(patch: pytest.MonkeyPatch, site: FastAPI, trusted: str = "") -> Iterator[str]:
    """The site behind the server as `mingsuan serve` sets it up, on a free port of loopback."""
    patch.setattr("portal.app.create_app", lambda _chosen: site)
    chosen = site.state.settings.model_copy(update={"trusted_proxies": trusted, "port": 0})
    server = uvicorn.Server(serving.configured(chosen))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.mark.parametrize(
    ("trusted", "forwarded", "place"),
    [
        ("", "203.0.113.9", "127.0.0.1"),
        ("127.0.0.0/8", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.0/8,10.0.0.0/8", "203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("10.0.0.0/8", "203.0.113.9", "127.0.0.1"),
    ],
)
def test_only_the_proxies_that_settings_name_are_believed(
    world: World,
    filer: Member,
    monkeypatch: pytest.MonkeyPatch,
    trusted: str,
    forwarded: str,
    place: str,
) -> None:
    """security/S4: behind a proxy all users shared one address; on loopback anybody was believed."""
    with served(monkeypatch, world.site, trusted) as url, httpx.Client(base_url=url) as browser:
        answer = browser.post(
            "/zh/sign-in",
            data={"email": filer.person.email, "password": "wrong"},
            headers={"X-Forwarded-For": forwarded, "X-Forwarded-Host": "evil.example"},
        )
        assert answer.status_code == 403
    with world.site.state.factory() as session:
        assert session.get(Guess, Keys.of(filer.person.email, place).pair) is not None
