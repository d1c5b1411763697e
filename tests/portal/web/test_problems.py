"""Errors as problem documents: for every kind, in both languages, with every reason."""

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from fastapi.testclient import TestClient
from pydantic import BaseModel, Field

from portal.mlflow.door import told
from portal.web import problems
from portal.web.access import public
from portal.web.problems import Problem
from registry import belonging
from registry.artifacts import TooLarge
from registry.belonging import StoreUnreachable
from registry.errors import Conflict, Invalid, NotFound, Reason, Refused, RegisterError
from registry.language import Text

REASON = Reason("B7", Text("太长", "too long"), Text("缩短", "shorten it"))


class AMadeUpRule(Invalid):
    """A rule of the tests' own."""


def test_what_is_for_the_operator_leaves_by_no_door(client: TestClient, site: FastAPI) -> None:
    """Security stranger on issue 7, F7d/10: an address inside stood in the answer to anybody."""

    @site.get("/fails", dependencies=[public])
    def fails() -> None:
        raise belonging.away(Text("地址 http://inside:9", "address http://inside:9"))

    for asked in ("application/problem+json", "text/html"):
        answer = client.get("/fails", headers={"Accept": asked})
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "10"
        assert "inside" not in answer.text
        assert belonging.AWAY.zh in answer.text
    error = belonging.away(Text("地址 http://inside:9", "address http://inside:9"))
    assert "inside" not in told(error)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (NotFound, 404),
        (Refused, 403),
        (Conflict, 409),
        (Invalid, 422),
        (AMadeUpRule, 422),
        (TooLarge, 413),
        (StoreUnreachable, 503),
        (problems.NotSignedIn, 401),
    ],
)
def test_every_kind_of_error_has_its_status(
    client: TestClient, site: FastAPI, kind: type[RegisterError], status: int
) -> None:
    @site.get("/fails", dependencies=[public])
    def fails() -> None:
        raise kind("出错了。", "It failed.", reasons=[REASON])

    answer = client.get("/fails")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == status
    assert (told["detail"], told["detail_en"]) == ("出错了。", "It failed.")
    assert told["title"] != told["title_en"]
    assert told["instance"] == "/fails"
    assert told["reasons"] == [
        {
            "item": "B7",
            "said": {"zh": "太长", "en": "too long"},
            "remedy": {"zh": "缩短", "en": "shorten it"},
        }
    ]


def test_a_problem_is_named_after_its_error() -> None:
    assert problems.of_error(AMadeUpRule("甲", "a")).slug == "a-made-up-rule"


def test_unknown_addresses_and_methods_are_problems_too(client: TestClient) -> None:
    assert client.get("/no/such/page").json()["type"] == "/problems/not-found"
    answer = client.delete("/healthz")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    assert answer.json()["title_en"] == "This address does not take this method"


def test_a_bad_body_lists_every_fault_and_repeats_no_input(
    client: TestClient, site: FastAPI
) -> None:
    class Wanted(BaseModel):
        name: str
        age: int = Field(ge=0)
        password: str = Field(max_length=5)

    @site.post("/wants", dependencies=[public])
    def wants(body: Wanted) -> None:
        """Take a body."""

    answer = client.post("/wants", json={"age": -1, "password": "a very secret word"})
    assert answer.status_code == 422
    items = [reason["item"] for reason in answer.json()["reasons"]]
    assert items == ["body.name", "body.age", "body.password"]
    assert "very secret" not in answer.text
    assert client.post(
        "/wants", content=b"{", headers={"content-type": "application/json"}
    ).json()["reasons"]


@pytest.mark.parametrize(
    ("path", "accept", "html"),
    [
        ("/no/such/page", "text/html,application/xhtml+xml,*/*;q=0.8", True),
        ("/no/such/page", "application/json", False),
        ("/no/such/page", "*/*", False),
        ("/no/such/page", "text/html;q=0.5, application/json", False),
        ("/no/such/page.json", "text/html", False),
        ("/api/v1/no/such", "text/html", False),
    ],
)
def test_a_browser_gets_a_page_and_a_program_a_document(
    client: TestClient, site: FastAPI, path: str, accept: str, html: bool
) -> None:
    def page(request: Request, problem: Problem) -> HTMLResponse:
        return HTMLResponse(f"<p>{problem.said.zh} {request.url.path}", problem.status)

    site.state.error_page = page
    answer = client.get(path, headers={"Accept": accept})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html") is html
