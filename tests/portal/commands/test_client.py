"""The client of a registry: strange answers, a registry that is away, work that fails."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import ClassVar

import pytest

from portal.commands.client import (
    Client,
    ServerUnreachable,
    StoppedWaiting,
    StrangeAnswer,
    WorkFailed,
)
from registry.language import Text


class Page(BaseHTTPRequestHandler):
    """A web server that is no registry."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path.endswith("fine") else 502)
        self.end_headers()
        self.wfile.write(b"<html>Bad gateway</html>")

    def log_message(self, *_: object) -> None:
        """Quiet."""


def test_an_answer_that_is_not_a_registrys_is_said_to_be_strange() -> None:
    server = HTTPServer(("127.0.0.1", 0), Page)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        with Client(f"http://127.0.0.1:{server.server_port}", "t") as client:
            for path in ("/fine", "/other"):
                with pytest.raises(StrangeAnswer):
                    client.get(path)
    finally:
        server.shutdown()
        server.server_close()
    with (
        Client(f"http://127.0.0.1:{server.server_port}") as client,
        pytest.raises(ServerUnreachable),
    ):
        client.get("/fine")


class Busy(BaseHTTPRequestHandler):
    """A registry that is away for a moment, then says how the work stands."""

    answers: ClassVar[list[tuple[int, str]]] = []

    def do_GET(self) -> None:
        status, state = self.answers.pop(0)
        work = {
            "id": "w1",
            "state": state,
            "done": 1,
            "total": 2,
            "said": {"zh": "问", "en": "asking"},
        }
        reason = {
            "item": "columns.cut",
            "said": {"zh": "不对", "en": "wrong"},
            "remedy": {"zh": "改", "en": "correct it"},
        }
        work["error"] = {"zh": "坏了", "en": "broken", "reasons": [reason]}
        problem = {"detail": "忙", "detail_en": "busy", "reasons": []}
        self.send_response(status)
        if status == 503:
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(
            json.dumps({"id": "x", "work": work} if status == 200 else problem).encode()
        )

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def busy() -> Iterator[Client]:
    """A client of such a registry."""
    server = HTTPServer(("127.0.0.1", 0), Busy)
    Thread(target=server.serve_forever, daemon=True).start()
    with Client(f"http://127.0.0.1:{server.server_port}", "t") as client:
        yield client
    server.shutdown()
    server.server_close()


def test_a_registry_that_is_away_for_a_moment_is_waited_for(busy: Client) -> None:
    Busy.answers = [(200, "queued"), (503, ""), (200, "running"), (200, "done")]
    heard = []
    found = busy.wait("/x", every=0.01, tell=lambda *said: heard.append(said))
    assert found["id"] == "x"
    assert heard == [(1, 2, Text("问", "asking"))] * 2


def test_reading_waits_for_a_registry_whose_database_restarts(busy: Client) -> None:
    """scale/4: 503 with Retry-After is no end; a change is left to whoever asked for it."""
    Busy.answers = [(503, ""), (200, "done")]
    assert busy.get("/x")["id"] == "x"


def test_watching_outlasts_an_outage_longer_than_a_silent_registry_is_waited_for(
    busy: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """scale/4"""
    monkeypatch.setattr("portal.commands.client.PATIENCE", 0.0)
    Busy.answers = [(503, "")] * 5 + [(200, "done")]
    assert busy.wait("/x", every=0.01)["id"] == "x"


def test_parked_work_ends_the_waiting_with_its_cause(busy: Client) -> None:
    """scale/1"""
    Busy.answers = [(200, "parked")]
    with pytest.raises(WorkFailed, match="broken") as parked:
        busy.wait("/x", every=0.01)
    for said in (parked.value.said.zh, parked.value.said.en):
        assert said.endswith("mingsuan work resume w1")


def test_work_that_failed_says_why(busy: Client) -> None:
    Busy.answers = [(200, "running"), (200, "failed")]
    with pytest.raises(WorkFailed) as failed:
        busy.wait("/x", every=0.01)
    assert failed.value.said == Text(
        "工作没有完成：坏了", "The work ended without a result: broken"
    )
    assert [reason.item for reason in failed.value.reasons] == ["columns.cut"]


def test_who_stops_waiting_is_told_that_the_work_goes_on(busy: Client) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    Busy.answers = [(200, "running")]
    with pytest.raises(StoppedWaiting, match="/api/v1/x"):
        busy.wait("/x", tell=interrupt)
