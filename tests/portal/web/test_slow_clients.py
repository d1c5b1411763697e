"""security/S3: half-sent requests are closed; slow ones that move go on; others are answered."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from portal import migrations
from registry import database, organisations, tokens
from registry.database import transaction
from registry.organisations import Kind, Person, Role
from registry.settings import Settings
from registry.tokens import Scope
from tests.portal.commands.test_serving import free_port
from tests.processes import environment

SHORT = 1.5
MANY = 30


@dataclass(frozen=True)
class Server:
    """A real server on loopback, with short limits, and the token of someone who may upload."""

    settings: Settings
    token: str

    def send(self, start: bytes) -> socket.socket:
        """A connection on which only the beginning of a request was sent."""
        made = socket.create_connection(("127.0.0.1", self.settings.port), timeout=30)
        made.sendall(start)
        return made

    def upload(self, length: int) -> bytes:
        """The head of an upload of `length` bytes."""
        return (
            f"POST /api/v1/models/credit/versions HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {self.token}\r\nContent-Type: application/zip\r\n"
            f"Content-Length: {length}\r\n\r\n"
        ).encode()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("slow")
    settings = Settings(
        data=folder / "data", port=free_port(), header_seconds=SHORT, body_seconds=SHORT
    )
    settings.data.mkdir(mode=0o700)
    engine = database.connect(settings.database_url)
    migrations.upgrade(engine)
    with transaction(database.sessions(engine)) as session:
        enterprise = organisations.found(
            session, kind=Kind.ENTERPRISE, name_zh="示例企业", name_en="Example"
        )
        person = Person(email="filer@example.test", name="王明", password_hash="-")
        session.add(person)
        session.flush()
        organisations.give_role(
            session, person_id=person.id, organisation=enterprise, role=Role.FILER, by=None
        )
        by = organisations.acting(session, person.id, enterprise.id)
        token = tokens.issue(session, by=by, label="t", scopes=[Scope.SUBMIT.value], days=1)
    engine.dispose()
    process = subprocess.Popen(
        [sys.executable, "-m", "portal", "serve", "--workers", "0", "--no-signer"],
        env=environment(settings),
        cwd=Path(__file__).parents[3],
    )
    try:
        deadline = time.monotonic() + 90
        while True:
            try:
                with socket.create_connection(("127.0.0.1", settings.port), timeout=1):
                    break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield Server(settings, token.secret)
    finally:
        process.terminate()
        process.wait(30)


def closed_after(connection: socket.socket, seconds: float) -> float:
    """How long it took until the other side closed; fails when it stays open longer."""
    begun = time.monotonic()
    connection.settimeout(seconds)
    try:
        while connection.recv(4096):
            pass
    except ConnectionResetError:
        pass
    except TimeoutError:
        pytest.fail("the connection is still open")
    return time.monotonic() - begun


@pytest.mark.parametrize("part", ["head", "body", "second head", "nothing"])
def test_half_sent_requests_are_closed_while_others_are_answered(
    server: Server, part: str
) -> None:
    """security/S3: thirty at once, each closed after the configured time."""
    starts = {
        "head": b"GET /zh/ HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        "body": server.upload(1_000_000) + b"PK",
        "second head": b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" + b"GET /zh/ HTT",
        "nothing": b"",
    }
    with ExitStack() as stack:
        slow = [stack.enter_context(server.send(starts[part])) for _ in range(MANY)]
        begun = time.monotonic()
        answer = httpx.get(f"http://127.0.0.1:{server.settings.port}/healthz", trust_env=False)
        assert answer.status_code == 200
        assert time.monotonic() - begun < 5
        for each in slow:
            closed_after(each, 30)
        assert time.monotonic() - begun < 30
    spool = server.settings.data / "spool" / "incoming"
    deadline = time.monotonic() + 10
    while spool.is_dir() and list(spool.iterdir()):
        assert time.monotonic() < deadline, "something is left in the spool"
        time.sleep(0.1)


def test_a_body_that_trickles_is_closed(server: Server) -> None:
    """security/S3: a byte now and then is no progress."""
    with server.send(server.upload(1_000_000)) as slow:
        ended = threading.Event()

        def trickle() -> None:
            try:
                while not ended.wait(0.2):
                    slow.sendall(b"x")
            except OSError:
                pass

        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            closed_after(slow, 30)
        finally:
            ended.set()
            thread.join()


def test_a_slow_upload_that_moves_is_taken_whole(server: Server) -> None:
    """security/S3: it takes several times the limit, and is read to its end."""
    content = os.urandom(40_000)
    with server.send(server.upload(len(content))) as slow:
        begun = time.monotonic()
        for place in range(0, len(content), 4000):
            slow.sendall(content[place : place + 4000])
            time.sleep(0.5)
        assert time.monotonic() - begun > 3 * SHORT
        slow.settimeout(30)
        answer = slow.recv(4096)
    assert answer.startswith(b"HTTP/1.1 422")  # read whole, and no archive


ASKED = 60
"""Answers of a quarter of a megabyte: more than the system's buffers hold."""


def ask_much(server: Server) -> socket.socket:
    """A connection with a small window on which a great deal was asked for at once."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    made.connect(("127.0.0.1", server.settings.port))
    made.sendall(b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * ASKED)
    made.settimeout(30)
    return made


def rest_of(connection: socket.socket) -> int:
    """How many answers come until the other side closes, or until all are there."""
    whole = bytearray()
    try:
        while piece := connection.recv(2**20):
            whole += piece
            if whole.endswith(b"}") and whole.count(b"HTTP/1.1 200") == ASKED:
                break
    except ConnectionResetError:
        pass
    return whole.count(b"HTTP/1.1 200")


def test_who_asks_and_does_not_read_is_closed(server: Server) -> None:
    """Half-read answers would hold a connection, and what they are read from, for ever."""
    with ask_much(server) as slow:
        time.sleep(8 * SHORT)
        assert rest_of(slow) < ASKED


def test_who_begins_late_and_reads_gets_all(server: Server) -> None:
    with ask_much(server) as slow:
        time.sleep(SHORT / 3)
        assert rest_of(slow) == ASKED


def test_a_connection_is_kept_for_the_next_request(server: Server) -> None:
    """security/S3: the limits are each request's, not the connection's."""
    with httpx.Client(
        base_url=f"http://127.0.0.1:{server.settings.port}", trust_env=False
    ) as client:
        for _ in range(3):
            assert client.get("/healthz").status_code == 200
            time.sleep(SHORT * 0.8)
