"""A running house for the journeys: a real server, a real worker, a real signer."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from portal import migrations
from portal.work import enrolment
from registry import database, invitations, organisations
from registry.database import transaction
from registry.organisations import Kind, Role
from registry.settings import Settings
from tests import tables
from tests.processes import environment, signer_process, worker_process

PATIENCE = 240.0


@dataclass(frozen=True)
class House:
    """Where the server answers, and the link with which everything begins.

    Args:
        settings: of the installation.
        url: of the server.
        first_invitation: for the authority's first administrator, as the operator issues it.
        http: the connections that all callers share.
    """

    settings: Settings
    url: str
    first_invitation: str
    http: httpx.Client

    def caller(self, token: str | None = None) -> "Caller":
        """Someone who calls the API, with or without a token."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return Caller(self.http, headers)


@dataclass(frozen=True)
class Caller:
    """An HTTP client that says at once when an answer is not what a step expects."""

    http: httpx.Client
    headers: dict[str, str]

    def send(self, method: str, path: str, **given: Any) -> httpx.Response:
        """Send a request and take the answer as it comes."""
        given["headers"] = self.headers | given.get("headers", {})
        return self.http.request(method, path, **given)

    def ask(self, method: str, path: str, *, status: int = 200, **given: Any) -> Any:
        """Send a request; the JSON of the answer, which must have `status`."""
        answer = self.send(method, path, **given)
        assert answer.status_code == status, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else None

    def get(self, path: str, **given: Any) -> Any:
        """Read something."""
        return self.ask("GET", path, **given)

    def post(self, path: str, body: Any = None, *, status: int = 201, **given: Any) -> Any:
        """Change something."""
        given.update({"json": body} if body is not None else {})
        return self.ask("POST", path, status=status, **given)

    def refused(self, method: str, path: str, *, status: int, **given: Any) -> dict[str, Any]:
        """The problem document with which a step is refused."""
        answer = self.send(method, path, **given)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json"
        problem: dict[str, Any] = answer.json()
        assert problem["status"] == status
        assert problem["detail"]
        assert problem["detail_en"]
        for reason in problem["reasons"]:
            assert reason["item"]
            assert reason["said"]["zh"]
            assert reason["remedy"]["en"]
        return problem

    def until(self, path: str, done: Callable[[Any], bool]) -> Any:
        """Read again and again until `done`, or fail when it takes too long."""
        deadline = time.monotonic() + PATIENCE
        while not done(found := self.get(path)):
            assert time.monotonic() < deadline, f"{path}: {found}"
            time.sleep(0.3)
        return found


@contextmanager
def open_house(folder: Path) -> Iterator[House]:
    """A house with server, worker and signer; all of them end with it."""
    settings = Settings(data=folder / "data", port=_free_port(), log_level="WARNING")
    settings.data.mkdir(parents=True)
    migrations.load_tables()
    engine = database.connect(settings.database_url)
    tables.make(engine)
    with transaction(database.sessions(engine)) as session:
        authority = organisations.found(
            session, kind=Kind.AUTHORITY, name_zh="示例主管部门", name_en="Example Authority"
        )
        first = invitations.invite(
            session,
            by=None,
            organisation_id=authority.id,
            email="chief@authority.example",
            role=Role.ADMINISTRATOR,
        )
    engine.dispose()
    url = f"http://127.0.0.1:{settings.port}"
    server = ["uvicorn", "--factory", "portal.app:create_app", "--port", str(settings.port)]
    with ExitStack() as house:
        house.enter_context(signer_process(settings))
        _enrol(settings)
        house.enter_context(_process(settings, [*server, "--log-level", "warning"]))
        house.enter_context(worker_process(settings, folder / "worker.log"))
        _wait_for(f"{url}/readyz")
        http = httpx.Client(base_url=f"{url}/api/v1", timeout=120, trust_env=False)
        yield House(settings, url, first.secret, house.enter_context(http))


def _enrol(settings: Settings) -> None:
    """Put the signer's key on record, as set-up does."""
    engine = database.connect(settings.database_url)
    try:
        enrolment.set_up(settings, database.sessions(engine))
    finally:
        engine.dispose()


@contextmanager
def _process(settings: Settings, module: list[str]) -> Iterator[None]:
    root = str(Path(__file__).parents[2])
    surroundings = environment(settings) | {"PYTHONPATH": root, "PYTHONWARNINGS": "default"}
    process = subprocess.Popen([sys.executable, "-m", *module], env=surroundings, cwd=root)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 90
    while True:
        try:
            if httpx.get(url, trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline, f"{url} does not answer"
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
