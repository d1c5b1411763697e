"""Who is asking: cookies, bearer tokens, and forms from elsewhere."""

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Response
from fastapi.testclient import TestClient

from portal.web import identity
from portal.web.access import signed_in
from portal.web.identity import By
from portal.web.problems import NotSignedIn
from registry import credentials, tokens
from registry.credentials import WrongPassword
from registry.database import now, transaction
from registry.guesses import FREE, TooManyAttempts
from registry.organisations import Role
from registry.settings import Settings
from tests.portal.world import PASSWORD, World

FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def changing(site: FastAPI) -> str:
    """The path of a route that changes something, for anyone who is signed in."""

    @site.post("/change", dependencies=[signed_in(scope=tokens.Scope.FILE)])
    def change(by: By) -> str:
        return by.organisation_id

    return "/change"


def _sign_in(site: FastAPI, email: str, password: str = PASSWORD) -> identity.SignedIn:
    state = site.state
    return identity.sign_in(
        state.factory, state.settings, email=email, password=password, address="192.0.2.1"
    )


def test_a_password_opens_a_sign_in(site: FastAPI, world: World) -> None:
    filer = world.member("enterprise-own", Role.FILER)
    opened = _sign_in(site, filer.person.email)
    client = TestClient(site, cookies={"mingsuan": opened.secret})
    assert client.get("/api/v1/me").json()["organisation"]["id"] == filer.organisation.id


def test_wrong_passwords_are_counted_though_each_fails(site: FastAPI, world: World) -> None:
    email = world.member("enterprise-own", Role.FILER).person.email
    for _ in range(FREE):
        with pytest.raises(WrongPassword):
            _sign_in(site, email, "not the password")
    with pytest.raises(TooManyAttempts):
        _sign_in(site, email)


def test_right_passwords_are_never_counted(site: FastAPI, world: World) -> None:
    """security/S4: 50 sign-ins per address counted the good ones."""
    for _ in range(60):
        _sign_in(site, world.member("enterprise-own", Role.FILER).person.email)


def test_too_many_attempts_are_answered_with_the_time_to_wait(
    client: TestClient, world: World
) -> None:
    body = {
        "email": world.member("enterprise-own", Role.FILER).person.email,
        "password": "not the password",
        "label": "x",
        "scopes": ["read"],
    }
    answers = [client.post("/api/v1/tokens/by-password", json=body) for _ in range(FREE + 1)]
    assert {answer.status_code for answer in answers[:-1]} == {403}
    assert answers[-1].status_code == 429
    assert 0 < int(answers[-1].headers["retry-after"]) <= 901


def test_an_unknown_account_gets_the_same_answer_as_a_wrong_password(
    client: TestClient, world: World
) -> None:
    def ask(email: str) -> Any:
        answer = client.post(
            "/api/v1/tokens/by-password",
            json={"email": email, "password": "nope", "label": "x", "scopes": ["read"]},
        )
        return answer.status_code, answer.json()["type"], answer.json()["detail"]

    known = world.member("enterprise-own", Role.FILER).person.email
    assert ask(known) == ask("nobody@example.org")


def test_a_first_token_comes_from_a_password(client: TestClient, world: World) -> None:
    filer = world.member("enterprise-own", Role.FILER)
    answer = client.post(
        "/api/v1/tokens/by-password",
        json={
            "email": filer.person.email,
            "password": PASSWORD,
            "label": "laptop",
            "scopes": ["read"],
        },
    )
    assert answer.status_code == 201
    bearer = {"Authorization": f"Bearer {answer.json()['secret']}"}
    me = client.get("/api/v1/me", headers=bearer).json()
    assert (me["roles"], me["scopes"]) == (["filer"], ["read"])
    assert answer.json()["secret"] not in client.get("/api/v1/tokens", headers=bearer).text


@pytest.mark.parametrize(
    "header", ["Bearer made-up", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer ms_x extra"]
)
def test_a_bad_token_is_never_taken_for_the_public(client: TestClient, header: str) -> None:
    answer = client.get("/api/v1/words/roles", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_changing_request_by_cookie_needs_the_csrf_token(world: World, changing: str) -> None:
    client, csrf = world.browser(world.member("enterprise-own", Role.FILER))
    assert client.post(changing).status_code == 403
    assert client.post(changing, data={"csrf": "wrong"}).status_code == 403
    assert client.post(changing, headers={"X-CSRF-Token": "wrong"}).status_code == 403
    assert client.post(changing, data={"csrf": csrf}).status_code == 200
    assert client.post(changing, headers={"X-CSRF-Token": csrf}).status_code == 200


def test_another_persons_csrf_token_is_no_good(world: World, changing: str) -> None:
    client, _ = world.browser(world.member("enterprise-own", Role.FILER))
    _, foreign = world.browser(world.member("enterprise-own", Role.ADMINISTRATOR))
    assert client.post(changing, data={"csrf": foreign}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_from_elsewhere_is_refused_even_with_the_token(
    world: World, changing: str, headers: dict[str, str]
) -> None:
    client, csrf = world.browser(world.member("enterprise-own", Role.FILER))
    assert client.post(changing, data={"csrf": csrf}, headers=headers).status_code == 403


def test_a_form_from_our_own_origin_passes(world: World, changing: str) -> None:
    client, csrf = world.browser(world.member("enterprise-own", Role.FILER))
    headers = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
    assert client.post(changing, data={"csrf": csrf}, headers=headers).status_code == 200


def test_a_token_needs_no_csrf_but_its_scope(
    client: TestClient, world: World, changing: str
) -> None:
    filer = world.member("enterprise-own", Role.FILER)
    assert client.post(changing, headers=filer.bearer).status_code == 200
    with transaction(world.site.state.factory) as session:
        narrow = tokens.issue(session, by=filer.actor, label="x", scopes=["read"], days=1)
    refused = client.post(changing, headers={"Authorization": f"Bearer {narrow.secret}"})
    assert refused.status_code == 403
    assert "file" in refused.json()["detail_en"]


def test_an_expired_cookie_is_the_public(world: World, site: FastAPI) -> None:
    client, _ = world.browser(world.member("enterprise-own", Role.FILER))
    with transaction(site.state.factory) as session:
        for opened in session.query(credentials.SignIn):
            opened.expires = now()
    assert client.get("/api/v1/me").status_code == 401
    assert client.get("/api/v1/words/roles").status_code == 200


@pytest.mark.parametrize(("secure", "name"), [(False, "mingsuan"), (True, "__Host-mingsuan")])
def test_the_cookie_is_kept_from_scripts_and_other_sites(
    tmp_path: Path, secure: bool, name: str
) -> None:
    settings = Settings(data=tmp_path, secure_cookies=secure)
    response = Response()
    identity.set_cookie(response, settings, "secret")
    cookie = response.headers["set-cookie"]
    assert cookie.startswith(f"{name}=secret;")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    assert ("Secure" in cookie) is secure
    identity.clear_cookie(response, settings)
    assert f"{name}=" in response.headers.getlist("set-cookie")[-1]


def test_the_token_is_marked_as_used(client: TestClient, world: World) -> None:
    filer = world.member("enterprise-own", Role.FILER)
    listed = client.get("/api/v1/tokens", headers=filer.bearer).json()["items"]
    assert [token["last_used"] is not None for token in listed] == [True]


def test_guessing_a_password_through_an_invitation_is_limited(
    client: TestClient, world: World
) -> None:
    boss = world.member("enterprise-own", Role.ADMINISTRATOR)
    victim = world.member("tester-own", Role.TESTER).person.email
    secret = client.post(
        "/api/v1/invitations", json={"email": victim, "role": "filer"}, headers=boss.bearer
    ).json()["secret"]
    answers = [
        client.post("/api/v1/invitations/accept", json={"secret": secret, "password": "guess"})
        for _ in range(FREE + 1)
    ]
    assert [answer.status_code for answer in answers[-2:]] == [403, 429]


def test_nobody_is_asked_to_sign_in_twice(client: TestClient) -> None:
    answer = client.get("/api/v1/me")
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/not-signed-in")
    assert issubclass(identity.BadCredential, NotSignedIn)
