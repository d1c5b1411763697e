"""A write of the API with a key counts once: sent again, it is answered as the first time."""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient
from sqlalchemy import update
from starlette.types import Receive, Scope, Send

from portal.commands.client import AnswerLost, Client
from portal.web import once
from registry import database
from registry.database import transaction
from registry.form_keys import Claim, FormKey
from registry.organisations import Role
from registry.tokens import Token
from tests.portal.world import PASSWORD, Member, World

KEY = "0123456789abcdef-first"
TOKENS = "/api/v1/tokens"
WISH = {"label": "重发", "scopes": ["read"], "days": 7}


@pytest.fixture
def filer(world: World) -> Member:
    return world.member("enterprise-own", Role.FILER)


@pytest.fixture
def client(world: World) -> TestClient:
    return TestClient(world.site, follow_redirects=False)


def send(
    client: TestClient, member: Member, *, key: str = KEY, path: str = TOKENS, **changed: Any
) -> Any:
    headers = {**member.browser, "Idempotency-Key": key}
    return client.post(path, json=WISH | changed, headers=headers)


def made(world: World) -> int:
    with world.site.state.factory() as session:
        return int(session.query(Token).filter(Token.label.like("重发%")).count())


def test_a_call_that_is_sent_again_is_answered_as_the_first_time(
    world: World, client: TestClient, filer: Member
) -> None:
    first, second = send(client, filer), send(client, filer)
    assert first.status_code == 201, first.text
    assert (second.status_code, second.content) == (201, first.content)  # with the secret
    assert made(world) == 1
    assert send(client, filer, key=f"{KEY}-2").json() != first.json()
    assert made(world) == 2


def test_without_a_key_every_call_counts(world: World, client: TestClient, filer: Member) -> None:
    for _ in range(2):
        assert client.post(TOKENS, json=WISH, headers=filer.browser).status_code == 201
    assert made(world) == 2


def test_other_content_under_the_key_is_refused(
    world: World, client: TestClient, filer: Member
) -> None:
    send(client, filer)
    other = send(client, filer, label="重发二")
    assert other.status_code == 422
    assert other.json()["type"] == "/problems/key-of-another"
    elsewhere = send(client, filer, path="/api/v1/datasets/none/reidentification-checks")
    assert elsewhere.json()["type"] == "/problems/key-of-another"
    assert made(world) == 1


def test_a_key_belongs_to_the_account_that_sent_it(
    world: World, client: TestClient, filer: Member
) -> None:
    mine = send(client, filer)
    theirs = send(client, world.member("tester-own", Role.TESTER))
    assert theirs.status_code == 201
    assert theirs.json() != mine.json()
    assert made(world) == 2


def test_what_was_turned_down_leaves_the_key_free(
    world: World, client: TestClient, filer: Member
) -> None:
    assert send(client, filer, days=9999).status_code == 422
    assert send(client, filer).status_code == 201
    assert made(world) == 1


def test_of_a_call_whose_answer_was_lost_nothing_is_made_twice(
    world: World, client: TestClient, filer: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(client, filer)
    with transaction(world.site.state.factory) as session:
        session.execute(update(FormKey).values(answer=None))
    monkeypatch.setattr(once, "SECONDS", 0.2)
    again = send(client, filer)
    assert again.status_code == 409
    assert once.HEADER in again.json()["detail"]
    assert made(world) == 1


@pytest.mark.parametrize("key", ["short", "x" * 81, "0123456789 abcdef", ""])
def test_a_key_that_is_none_is_refused_by_what_it_should_be(
    client: TestClient, filer: Member, key: str
) -> None:
    answer = send(client, filer, key=key)
    assert answer.status_code == 422
    assert "16" in answer.json()["detail_en"]


def test_no_answer_to_a_password_is_kept(world: World, client: TestClient, filer: Member) -> None:
    asked = {
        "email": filer.person.email,
        "password": PASSWORD,
        "label": "重发",
        "scopes": ["read"],
    }
    for _ in range(2):
        answer = client.post(f"{TOKENS}/by-password", headers={"Idempotency-Key": KEY}, json=asked)
        assert answer.status_code == 201, answer.text
    with world.site.state.factory() as session:
        assert session.query(FormKey).count() == 0


@pytest.mark.parametrize("status", [201, 503])
def test_a_database_that_is_lost_meanwhile_costs_no_answer(tmp_path: Path, status: int) -> None:
    """What the route said is true, whether or not it can be kept for a second call."""
    claimed = once.Sent(Claim.of(KEY, sender="p", address="/api/v1/", content=""), "mark")

    async def answering(scope: Scope, _receive: Receive, send_on: Send) -> None:
        scope.setdefault("state", {})[once.STATE] = claimed
        await JSONResponse({"said": "so"}, status)(scope, _receive, send_on)

    lost = database.sessions(database.connect(f"sqlite:///{tmp_path / 'without-tables.db'}"))
    answer = TestClient(once.KeepAnswers(answering, lost)).post("/api/v1/tokens")
    assert (answer.status_code, answer.json()) == (status, {"said": "so"})


def test_every_write_that_heeds_the_header_is_described_with_it(client: TestClient) -> None:
    described = client.get("/api/v1/openapi.json").json()["paths"]
    takes = {
        f"{method.upper()} {path}"
        for path, methods in described.items()
        for method, operation in methods.items()
        if any(
            each["name"].lower() == "idempotency-key" for each in operation.get("parameters", [])
        )
    }
    assert {"POST /api/v1/tokens", "POST /api/v1/datasets", "POST /api/v1/versions/{version_id}/filings",
            "POST /api/v1/models/{name}/versions"} <= takes  # fmt: skip
    hidden = ("/api/v1/password", "/api/v1/tokens/by-password", "/api/v1/invitations/accept")
    assert not [each for each in takes if each.partition(" ")[2].startswith(hidden)]
    assert not [each for each in takes if each.startswith("GET")]
    assert "POST /api/v1/reports/{report_id}/countersignature" not in takes


class Cut(BaseHTTPRequestHandler):
    """A registry whose first answers are lost on the way."""

    lost: ClassVar[int] = 1
    seen: ClassVar[list[tuple[str, bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.seen.append((self.headers.get("Idempotency-Key", ""), body))
        if len(self.seen) <= self.lost:
            self.close_connection = True
            return
        self.send_response(201)
        self.end_headers()
        self.wfile.write(json.dumps({"id": "x"}).encode())

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def cut() -> Iterator[Client]:
    Cut.seen.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Cut)
    Thread(target=server.serve_forever, daemon=True).start()
    with Client(f"http://127.0.0.1:{server.server_port}", "t") as client:
        yield client
    server.shutdown()
    server.server_close()


def test_the_command_line_sends_once_more_with_the_same_key(
    cut: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.csv"
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    sends: tuple[Callable[[], Any], ...] = (
        lambda: cut.post("/tokens", {"label": "l"}),
        lambda: cut.send_file("/x", file)[1],
        lambda: cut.send_form("/datasets", "{}", file, name="a.csv"),
    )
    for send_it in sends:
        Cut.seen.clear()
        assert send_it() == {"id": "x"}
        (one, first), (two, second) = Cut.seen
        assert one == two
        assert len(one) >= once.SHORTEST
        assert len(first) == len(second) > 0
    monkeypatch.setattr(Cut, "lost", 9)
    Cut.seen.clear()
    with pytest.raises(AnswerLost):
        cut.post("/tokens", {"label": "l"})
    assert len(Cut.seen) == 2
