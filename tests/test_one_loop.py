"""The tests' client answers as Starlette's own does, on the loop that every client shares."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, StreamingResponse
from fastapi.testclient import TestClient

app = FastAPI()


@app.get("/loop")
async def loop() -> int:
    return id(asyncio.get_running_loop())


@app.post("/told/{name}")
async def told(name: str, request: Request) -> dict[str, Any]:
    return {
        "name": name,
        "path": request.scope["raw_path"].decode(),
        "query": request.url.query,
        "body": (await request.body()).decode(),
        "type": request.headers["content-type"],
        "from": request.client,
    }


@app.get("/pieces")
def pieces() -> StreamingResponse:
    def made() -> Iterator[bytes]:
        yield from (b"one ", b"two")

    return StreamingResponse(made())


@app.get("/cookies")
def cookies() -> PlainTextResponse:
    answer = PlainTextResponse("set")
    answer.set_cookie("first", "1")
    answer.set_cookie("second", "2")
    return answer


@app.get("/fails")
def fails() -> None:
    raise LookupError("on purpose")


def test_all_clients_share_a_loop_and_one_that_is_entered_has_the_one_it_started_in() -> None:
    answers = [TestClient(app).get("/loop").json() for _ in range(2)]
    assert len(set(answers)) == 1
    with TestClient(app) as entered:
        own = {entered.get("/loop").json() for _ in range(2)}
    assert len(own) == 1
    assert own.isdisjoint(answers)


def test_a_request_arrives_whole() -> None:
    client = TestClient(app, client=("203.0.113.9", 7))
    answer = client.post(
        "/told/%E7%94%B2%20x?a=%2F&a=1", content="字", headers={"content-type": "text/x"}
    )
    assert answer.json() == {
        "name": "甲 x",
        "path": "/told/%E7%94%B2%20x",
        "query": "a=%2F&a=1",
        "body": "字",
        "type": "text/x",
        "from": ["203.0.113.9", 7],
    }  # fmt: skip


def test_an_answer_arrives_whole() -> None:
    client = TestClient(app)
    assert client.get("/pieces").content == b"one two"
    assert client.head("/missing").content == b""
    client.get("/cookies")
    assert dict(client.cookies) == {"first": "1", "second": "2"}


def test_a_failure_of_the_site_fails_the_test_or_is_an_answer() -> None:
    with pytest.raises(LookupError, match="on purpose"):
        TestClient(app).get("/fails")
    assert TestClient(app, raise_server_exceptions=False).get("/fails").status_code == 500


def test_two_at_once_are_both_under_way() -> None:
    both = threading.Barrier(2, timeout=20)
    meeting = FastAPI()
    meeting.get("/")(lambda: both.wait() >= 0)
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda: answers.append(TestClient(meeting).get("/").status_code))
        for _ in range(2)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert answers == [200, 200]
