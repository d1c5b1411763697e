"""What a test's client sends goes to one event loop, as to a server's, and there in one go.

Starlette's client starts a thread with an event loop for every request and asks it eight times:
2 of the 3 ms of a small page. Here one loop serves a test's process, and an answer comes whole.
"""

import os
from collections.abc import Iterator, MutableMapping
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import unquote

import anyio
import httpx2
from anyio.from_thread import BlockingPortal, start_blocking_portal
from starlette import testclient
from starlette.testclient import TestClient

_loops: dict[int, tuple[ExitStack, BlockingPortal]] = {}
"""The loop of this process; one that was forked from it has no thread that would run it."""


def install() -> None:
    """Have every `TestClient` that is made from now on work so."""
    TestClient._portal_factory = _loop  # type: ignore[method-assign, assignment]
    testclient._TestClientTransport.handle_request = _answer  # type: ignore[method-assign, assignment]


def end() -> None:
    """End this process's loop, for whose threads the interpreter would wait."""
    if kept := _loops.pop(os.getpid(), None):
        kept[0].close()


@contextmanager
def _loop(client: TestClient) -> Iterator[BlockingPortal]:
    if client.portal is not None:  # one that was entered has had the application start in a loop
        yield client.portal
        return
    if os.getpid() not in _loops:
        kept = ExitStack()
        _loops[os.getpid()] = kept, kept.enter_context(start_blocking_portal())
    yield _loops[os.getpid()][1]


def _answer(transport: Any, request: httpx2.Request) -> httpx2.Response:
    body = request.read()
    scope = _scope(transport, request)
    sent: list[MutableMapping[str, Any]] = []

    async def run() -> None:
        given, complete = False, anyio.Event()

        async def receive() -> MutableMapping[str, Any]:
            nonlocal given
            if given:
                await complete.wait()
                return {"type": "http.disconnect"}
            given = True
            return {"type": "http.request", "body": body}

        async def send(message: MutableMapping[str, Any]) -> None:
            assert not complete.is_set(), "a message after the end of an answer"
            assert (message["type"] == "http.response.start") == (not sent), message["type"]
            sent.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                complete.set()

        await transport.app(scope, receive, send)

    failure = None
    with transport.portal_factory() as portal:
        try:
            portal.call(run)
        except Exception as error:
            if transport.raise_server_exceptions:
                raise
            failure = error
    if not sent:
        assert failure is not None, "no answer came"
        return httpx2.Response(500, request=request)
    start, *rest = sent
    whole = b"" if request.method == "HEAD" else b"".join(each.get("body", b"") for each in rest)
    return httpx2.Response(
        start["status"],
        headers=[(name.decode(), value.decode()) for name, value in start.get("headers", [])],
        stream=httpx2.ByteStream(whole),
        request=request,
    )


def _scope(transport: Any, request: httpx2.Request) -> dict[str, Any]:
    url = request.url
    return {
        "type": "http",
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": unquote(url.path),
        "raw_path": url.raw_path.partition(b"?")[0],
        "root_path": transport.root_path,
        "query_string": url.query,
        "headers": [
            (name.lower().encode(), value.encode())
            for name, value in request.headers.multi_items()
        ],
        "client": transport.client,
        "server": [url.host, url.port or {"http": 80, "https": 443}[url.scheme]],
        "state": transport.app_state.copy(),
    }
