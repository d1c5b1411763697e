"""What the door answers to each call of a client, beside a plain MLflow server run next to it."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import exhaustive, servers
from tests.models import credit_model
from tests.portal import doors
from tests.portal.calls import API, CALLS, EQUAL, Call

HERE = Path(__file__).parents[1]
# Identifiers, times and addresses; and whom a server takes the sender for.
VOLATILE = re.compile(
    r"(_time|_timestamp|_ms|timestamp|^source|^artifact_uri|^artifact_location|^user_id|^workspace"
    r"|^experiment_id|^status_message|^run_uuid|^storage_location|^sqlstate|^error_class|^message|^mlflow\.user|^file_size)"
)
IDENTIFIER = re.compile(r"^(m-)?[0-9a-f]{32}$")

pytestmark = pytest.mark.slow


class Server:
    """A server under test, with what its answers gave."""

    def __init__(self, url: str, token: str = "") -> None:
        self.url = url
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.names: dict[str, str] = {}

    def answer(self, call: Call, files: Path) -> httpx.Response:
        """Make one call."""
        path = self.filled(call.path if call.path.startswith("/api") else f"{API}/{call.path}")
        body = self.filled(call.body)
        more: dict[str, Any] = {"params": body} if call.method == "GET" else {"json": body}
        if call.method == "PUT":
            more = {"content": (files / path.rpartition("/")[2]).read_bytes()}
        answer = httpx.request(
            call.method, self.url + path, headers=self.headers, timeout=60, **more
        )
        for name, keys in call.keep.items():
            value: Any = answer.json()
            for key in keys.split("."):
                value = value[key]
            self.names[name] = str(value)
            if keys == "run.info.run_id" and "place" not in self.names:
                uri = answer.json()["run"]["info"]["artifact_uri"]
                self.names["place"] = uri.removeprefix("mlflow-artifacts:/")
        return answer

    def filled(self, value: Any) -> Any:
        """A value with the names that stand in it filled in."""
        if isinstance(value, str):
            return re.sub(r"\{(\w+)\}", lambda m: self.names.get(m[1], m[0]), value)
        if isinstance(value, Mapping):
            return {key: self.filled(each) for key, each in value.items()}
        return [self.filled(each) for each in value] if isinstance(value, list) else value

    def bare(self, value: Any) -> Any:
        """An answer without what two servers cannot have in common."""
        if isinstance(value, Mapping):
            # What only ours writes, and what only a plain server let a client write in its place.
            key = str(value.get("key", "")).strip().casefold()
            if key.startswith(("mingsuan.", "mlflow.user")):
                return None
            bared = {k: self.bare(each) for k, each in value.items() if not VOLATILE.search(k)}
            return {k: each for k, each in bared.items() if each != []}
        if isinstance(value, list):
            bare = [self.bare(each) for each in value]
            return sorted((each for each in bare if each is not None), key=json.dumps)
        if isinstance(value, str):
            known = {each: name for name, each in self.names.items() if len(each) > 8}
            return known.get(value, "<id>" if IDENTIFIER.match(value) else value)
        return value


@contextmanager
def started(command: list[str], port: int, log: Path, more: Mapping[str, str]) -> Iterator[None]:
    """A server in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(HERE.parents[1])} | dict(more)
    with log.open("wb") as target:
        process = subprocess.Popen(command, stdout=target, stderr=target, env=environment)
    try:
        servers.wait_for(port, process.poll, 180)
        yield
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model's folder."""
    return credit_model(tmp_path_factory.mktemp("model") / "model")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, files: Path) -> list[httpx.Response]:
    """What MLflow's own server answers."""
    folder, port = tmp_path_factory.mktemp("plain"), servers.free_port()
    command = [
        *(sys.executable, "-W", "ignore", "-m", "mlflow", "server", "--workers", "1"),
        *("--host", "127.0.0.1", "--port", str(port)),
        *("--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"),
        *("--artifacts-destination", str(folder / "artifacts")),
    ]
    more = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with started(command, port, folder / "log", more):
        server = Server(f"http://127.0.0.1:{port}")
        return [_noted(server, call, files) for call in CALLS]


@pytest.fixture(
    scope="module",
    params=[
        exhaustive.case("sqlite", kept=False),
        pytest.param("postgresql", marks=pytest.mark.postgres),
    ],
)
def ours(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, files: Path
) -> Iterator[list[httpx.Response]]:
    """What the door answers."""
    with ExitStack() as stack:
        more = {}
        if request.param == "postgresql":
            server = request.getfixturevalue("postgres_server")
            more["MINGSUAN_DATABASE"] = stack.enter_context(servers.fresh_database(server))
        site = stack.enter_context(doors.serving(tmp_path_factory.mktemp("ours"), more))
        door = Server(f"{site.url}/mlflow", site.tokens["ours"])
        yield [_noted(door, call, files) for call in CALLS]


def _noted(server: Server, call: Call, files: Path) -> httpx.Response:
    answer = server.answer(call, files)
    told = answer.json() if "json" in answer.headers.get("content-type", "") else {}
    # MLflow tells some errors as FastAPI does, without a code; then the status is what counts.
    bare = told.get("error_code", "") if answer.is_error else server.bare(told)
    answer.extensions["bare"] = bare
    return answer


def test_the_table_is_long_enough() -> None:
    assert len(CALLS) >= 60
    assert len({call.expected for call in CALLS}) == 4


@pytest.mark.parametrize("number", range(len(CALLS)), ids=[call.name for call in CALLS])
def test_a_call_is_answered_as_by_mlflow_or_refused_by_a_policy(
    plain: list[httpx.Response], ours: list[httpx.Response], number: int
) -> None:
    call, theirs, answer = CALLS[number], plain[number], ours[number]
    if call.expected == EQUAL:
        assert answer.status_code == theirs.status_code, (theirs.text, answer.text)
        assert answer.extensions["bare"] == theirs.extensions["bare"] or (
            theirs.is_error and not theirs.extensions["bare"]
        )
        return
    assert theirs.status_code < 400, f"MLflow refuses this too: {theirs.text}"
    assert answer.status_code in (400, 403, 501), answer.text
    assert answer.json()["error_code"] == call.expected
    assert re.search("[一-鿿]", answer.json()["message"])
