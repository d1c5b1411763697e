"""An address is answered by the route that the framework would find, and found without trying all."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import BaseRoute, Match, Mount

from portal.app import _routes
from portal.web import narrowed

ADDRESSES = sorted({str(each.path) for each in iter_route_contexts(_routes())})
FILLED = st.sampled_from(["x", "zh", "en", "a b", "0", "1.5", "甲", "x/y", "x\ny", ""])


def scope(path: str, method: str = "GET", **more: str) -> dict[str, Any]:
    return {"type": "http", "method": method, "path": path, "headers": [], **more}


def by_the_framework(route: BaseRoute, asked: dict[str, Any]) -> Match:
    return type(route).matches(route, asked)[0]


@given(
    st.sampled_from(ADDRESSES),
    st.lists(FILLED, min_size=6, max_size=6),
    st.sampled_from(["GET", "POST", "PUT"]),
    st.sampled_from(["", "/", "x"]),
)
def test_every_router_finds_what_it_would_find_alone(
    address: str, filled: list[str], method: str, end: str
) -> None:
    words = iter(filled)
    path = re.sub(r"\{[^}]*\}", lambda _: next(words), address) + end
    for route in _routes():
        alone = by_the_framework(route, scope(path, method))
        assert route.matches(scope(path, method))[0] == alone, (route, path)


def test_few_routers_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some 200 routes were, in a fifth to a half of what a page takes."""
    tried: list[str] = []
    routers = [each for each in _routes() if not isinstance(each, Mount)]
    kind = type(routers[0])
    asked = kind.matches

    def noted(route: BaseRoute, given: dict[str, Any]) -> Any:
        tried.append(given["path"])
        return asked(route, given)

    with monkeypatch.context() as watched:
        watched.setattr(kind, "matches", noted)
        assert len(narrowed_anew(routers)) > 20
        for path in ("/zh/desk", "/api/v1/versions", "/zh/nowhere/at/all"):
            tried.clear()
            assert [each.matches(scope(path)) for each in routers]
            assert len(tried) <= 2, path
    narrowed_anew(routers)


def narrowed_anew(routers: list[BaseRoute]) -> list[BaseRoute]:
    """The same routers, which are now tried by what their class does at this moment."""
    for each in routers:
        each.__dict__.pop("matches", None)
    narrowed.narrow(routers)
    return routers


@pytest.fixture
def small() -> Iterator[TestClient]:
    """Two routers, of which the second says where it was mounted."""
    first, second, shared = APIRouter(), APIRouter(), APIRouter()
    first.get("/a/{name}")(lambda name: f"first {name}")
    second.get("/b/{rest:path}")(lambda rest: f"second {rest}")
    shared.include_router(first)
    shared.include_router(second, prefix="/in")
    narrowed.narrow(shared.routes)
    app = FastAPI()
    app.router.routes += shared.routes
    with TestClient(app) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/a/x", 200, "first x"),
        ("/in/b/x/y", 200, "second x/y"),
        ("/b/x", 404, {"detail": "Not Found"}),
        ("/a/x/", 200, "first x"),  # led to the address without the stroke
    ],
)
def test_parameters_prefixes_and_redirects_stay(
    small: TestClient, path: str, status: int, said: object
) -> None:
    answer = small.get(path)
    assert (answer.status_code, answer.json()) == (status, said)


def test_a_method_that_no_route_takes_is_still_told(small: TestClient) -> None:
    assert small.post("/a/x").status_code == 405


def test_a_site_below_another_address_is_answered_as_before(small: TestClient) -> None:
    app: Any = small.app
    with TestClient(app, root_path="/below") as client:
        assert client.get("/below/a/x").json() == "first x"
