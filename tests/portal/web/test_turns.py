"""The line in which passwords wait to be checked (security/S4)."""

import threading
import time
from contextlib import asynccontextmanager

import anyio
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from portal.web import turns
from portal.web.turns import Line, TooManySignIns

CHECKS_A_PASSWORD = {
    "/{language}/sign-in",
    "/{language}/invitation",
    "/{language}/account/password",
    "/{language}/password",
    "/api/v1/password",
    "/api/v1/password/reset",
    "/api/v1/tokens/by-password",
    "/api/v1/invitations/accept",
}


def test_who_comes_first_is_served_first_and_a_full_line_is_an_overload() -> None:
    """Two at once, the third in line, the fourth told to come again; a turn is given back."""
    line = Line(2, 3)
    turn = asynccontextmanager(line.turn)
    served: list[int] = []

    async def stand(number: int, done: anyio.Event) -> None:
        async with turn():
            served.append(number)
            await done.wait()

    async def day() -> None:
        done = [anyio.Event() for _ in range(4)]
        async with anyio.create_task_group() as people:
            for number in range(3):
                people.start_soon(stand, number, done[number])
                await anyio.sleep(5 * turns.LOOK_SECONDS)
            assert served == [0, 1]
            with pytest.raises(TooManySignIns) as told:
                await stand(3, done[3])
            assert told.value.retry_after > 0
            assert "not counted" in told.value.said.en
            done[0].set()
            await anyio.sleep(10 * turns.LOOK_SECONDS)
            assert served == [0, 1, 2]
            done[1].set()
            done[2].set()
        async with turn():  # the line is empty again
            pass

    anyio.run(day)


def test_who_gives_up_leaves_the_line() -> None:
    """A client that goes away while it waits keeps nobody behind it waiting."""
    line = Line(1, 2)
    turn = asynccontextmanager(line.turn)

    async def day() -> None:
        async with turn():
            with anyio.move_on_after(5 * turns.LOOK_SECONDS) as gone:
                async with turn():
                    raise AssertionError("served out of turn")
            assert gone.cancelled_caught
        with anyio.fail_after(1):
            async with turn():
                pass

    anyio.run(day)


def test_one_account_is_tried_by_one_at_a_time() -> None:
    """Spellings of one address are one account; another account need not wait for it."""
    order: list[str] = []

    def second() -> None:
        with turns.alone(" Lin@mingde.example"):
            order.append("second")

    with turns.alone("lin@mingde.example"):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.1)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_an_overload_is_503_with_a_time_to_come_back(
    site: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Page and API: never 429, which is for wrong passwords."""
    monkeypatch.setattr(turns, "_line", Line(1, 0))
    client = TestClient(site, follow_redirects=False)
    form = {"email": "a@b.example", "password": "x"}
    pages = [client.post("/zh/sign-in", data=form, headers={"accept": "text/html"})]
    answers = [*pages, client.post("/api/v1/tokens/by-password", json={**form, "label": "x"})]
    for answer in answers:
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
    assert "同时登录的人太多" in pages[0].text


def test_every_route_that_checks_a_password_stands_in_line(site: FastAPI) -> None:
    """A route that is left out would fill the memory again."""
    in_line = {
        str(route.path)
        for route in iter_route_contexts(site.routes)
        if turns.in_turn in getattr(route, "dependencies", ())
    }
    assert in_line == CHECKS_A_PASSWORD
