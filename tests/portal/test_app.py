"""The application: its transaction, its headers, its health, its log."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI, routing
from fastapi.testclient import TestClient
from sqlalchemy import select, text

from portal.app import create_app
from portal.web.access import public
from portal.web.at_hand import Database
from registry.guesses import Guess
from registry.settings import Settings
from tests import tables


@pytest.fixture
def breaking(site: FastAPI) -> Iterator[TestClient]:
    """A site with routes whose commit fails, or which fail after they wrote."""

    @site.post("/late", dependencies=[public])
    def late(session: Database) -> dict[str, bool]:
        # The foreign key is looked at when the transaction commits, not before.
        session.execute(text("PRAGMA defer_foreign_keys=ON"))
        session.execute(
            text(
                "INSERT INTO invitation (id, created, token_digest, organisation_id, email, role,"
                " expires) VALUES ('i', '2026-01-01 00:00:00.000000', 'd', 'nowhere', 'e', 'filer',"
                " '2026-01-01 00:00:00.000000')"
            )
        )
        return {"done": True}

    @site.post("/broken", dependencies=[public])
    def broken(session: Database) -> None:
        session.add(Guess(key="k"))
        session.flush()
        raise ZeroDivisionError

    @site.post("/kept", dependencies=[public])
    def kept(session: Database) -> None:
        session.add(Guess(key="kept"))

    with TestClient(site, raise_server_exceptions=False) as client:
        yield client


def test_a_failed_commit_never_answers_200(breaking: TestClient) -> None:
    answer = breaking.post("/late")
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"


def test_what_a_failing_route_wrote_is_rolled_back(breaking: TestClient, site: FastAPI) -> None:
    assert breaking.post("/broken").status_code == 500
    with site.state.factory() as session:
        assert session.scalars(select(Guess)).all() == []


def test_what_a_route_wrote_is_committed_when_the_answer_arrives(
    breaking: TestClient, site: FastAPI
) -> None:
    assert breaking.post("/kept").status_code == 200
    with site.state.factory() as session:
        assert session.scalars(select(Guess.key)).all() == ["kept"]


def test_a_failure_tells_the_client_its_request_id_and_nothing_else(breaking: TestClient) -> None:
    answer = breaking.post("/broken", headers={"X-Request-ID": "quoted-on-the-phone"})
    assert answer.json()["request_id"] == "quoted-on-the-phone"
    assert answer.headers["X-Request-ID"] == "quoted-on-the-phone"
    assert "ZeroDivisionError" not in answer.text


def test_every_answer_carries_the_security_headers(client: TestClient) -> None:
    for path in ("/healthz", "/nothing-here"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "http" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "strict-transport-security" not in headers


def test_a_site_on_https_says_so_for_good(tmp_path: Path) -> None:
    app = create_app(Settings(data=tmp_path, secure_cookies=True))
    with TestClient(app) as client:
        assert "max-age" in client.get("/healthz").headers["strict-transport-security"]


def test_a_site_with_its_tables_is_ready(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]) == (
        200,
        {"database": True, "writing": True, "data": True, "store": True, "search": True},
    )


def test_a_site_without_tables_is_alive_but_not_ready(tmp_path: Path) -> None:
    with TestClient(create_app(Settings(data=tmp_path))) as client:
        assert client.get("/healthz").status_code == 200
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["checks"]["database"]) == (503, False)


def test_the_log_tells_the_request_but_no_secret(
    capsys: pytest.CaptureFixture[str], client: TestClient
) -> None:
    client.get("/no/such?invitation=secret-one", headers={"Authorization": "Bearer ms_secret-two"})
    written = capsys.readouterr().err
    line = json.loads(written.splitlines()[-1])
    assert (line["method"], line["path"], line["status"]) == ("GET", "/no/such", 404)
    assert line["request_id"]
    assert "secret" not in written


def test_a_body_over_the_limit_is_refused_while_it_arrives(
    client: TestClient, site: FastAPI
) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield b"x" * 65536

    @site.post("/form", dependencies=[public])
    def form(body: dict[str, str]) -> None:
        """Read a body."""

    announced = client.post("/form", content=b"x" * (3 * 1024**2))
    chunked = client.post("/form", content=endless())
    assert (announced.status_code, chunked.status_code) == (413, 413)
    assert announced.json()["detail_en"] == "Send something smaller."


def test_a_second_site_works_out_no_route_again_and_each_answers_from_its_own_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sites = [create_app(Settings(data=tmp_path / name)) for name in ("first", "second")]
    tables.make(sites[0].state.engine)
    answers = []
    for site in sites:
        with TestClient(site) as client:
            answers.append(client.get("/readyz").status_code)
            client.get("/no/such/page")  # asks every route
        monkeypatch.setattr(routing, "get_dependant", None)
    assert answers == [200, 503]
