"""The API's description: complete, in both languages, with nothing from elsewhere."""

import html
import re

from fastapi.testclient import TestClient

from filing import json_schema
from filing.law import FILING_STATEMENT, GRADING_STATEMENT
from portal.web import unrevised


def test_every_operation_is_described_in_both_languages(client: TestClient) -> None:
    described = client.get("/api/v1/openapi.json").json()
    assert described["openapi"].startswith("3.")
    operations = [
        (path, method, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]
    assert len(operations) > 40
    for path, method, operation in operations:
        assert path.startswith("/api/v1/"), path
        chinese, _, english = operation["summary"].partition(" · ")
        assert re.search(r"[\u4e00-\u9fff]", chinese), (path, method)
        assert english.isascii(), (path, method)
        assert operation["description"], (path, method)
        assert operation["x-access"]["zh"], (path, method)
        refused = operation["responses"]["422" if not operation["security"] else "403"]
        assert "application/problem+json" in refused["content"]


def test_every_body_refuses_a_key_that_it_does_not_know(client: TestClient) -> None:
    """A misspelt key that is passed over would be answered as if it had been written."""
    described = client.get("/api/v1/openapi.json").json()
    shapes, lax, bodies = described["components"]["schemas"], [], 0
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            reference = content.get("application/json", {}).get("schema", {}).get("$ref")
            if reference is None:
                continue
            bodies += 1
            if shapes[reference.rpartition("/")[2]].get("additionalProperties") is not False:
                lax.append((method, path))
    assert bodies >= 20
    assert lax == []


def test_the_description_says_which_scope_a_token_needs(client: TestClient) -> None:
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    submit = paths["/api/v1/models/{name}/versions"]["post"]
    assert submit["x-access"] == {"zh": "备案人员", "en": "filer", "scope": "submit"}
    assert submit["security"] == [{"token": []}]
    assert paths["/api/v1/me"]["get"]["x-access"]["scope"] == "read"


def test_the_page_for_people_loads_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/api/v1/docs")
    assert page.status_code == 200
    links = re.findall(r'(?:href|src)="([^"]*)"', page.text)
    assert links
    assert all(link.startswith(("/", "#")) for link in links)
    assert "<script" not in page.text
    assert "style=" not in page.text
    assert client.get("/api/v1/docs.css").headers["content-type"].startswith("text/css")
    for path in client.get("/api/v1/openapi.json").json()["paths"]:
        assert path in page.text


def test_the_page_for_people_carries_both_statements(client: TestClient) -> None:
    text = html.unescape(client.get("/api/v1/docs").text)
    for statement in (FILING_STATEMENT, GRADING_STATEMENT):
        assert statement.zh in text
        assert statement.en in text


def test_word_lists_are_public_and_bilingual(client: TestClient) -> None:
    for name in ("verdicts", "roles", "kinds", "scopes", "terms"):
        words = client.get(f"/api/v1/words/{name}").json()
        assert words
        assert all(word["name"]["zh"] and word["name"]["en"] for word in words)


def test_every_write_carries_a_revision_or_says_why_it_needs_none(client: TestClient) -> None:
    """filing/B1: walks the operations, so that a new one is told of; the table tells of no other."""
    described = client.get("/api/v1/openapi.json").json()
    shapes, without = described["components"]["schemas"], set()
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            if method == "get":
                continue
            asked = {each["name"] for each in operation.get("parameters", []) if each["required"]}
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            shape = body.get("schema", {}).get("$ref", "").rpartition("/")[2]
            asked |= set(shapes.get(shape, {}).get("required", ()))
            why = operation.get("x-needs-no-revision")
            assert ("revision" in asked) == (why is None), (method, path)
            if why is not None:
                assert why["zh"]
                assert why["en"]
                without.add(f"{method.upper()} {path}")
    assert without == set(unrevised.API)


def test_the_description_names_every_field_of_the_form(client: TestClient) -> None:
    """`answers` was any object: a program knew nothing of a field before it was refused."""
    schemas = client.get("/api/v1/openapi.json").json()["components"]["schemas"]
    for name, shape in json_schema.components().items():
        assert schemas[name] == shape
    for body, part in (
        ("AnswersIn", "answers"),
        ("FilingOut", "answers"),
        ("FilingOut", "computed"),
    ):
        told = schemas[body]["properties"][part]
        assert told["anyOf"] == json_schema.typed()["anyOf"]
        assert "additionalProperties" not in told
