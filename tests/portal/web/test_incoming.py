"""Every text and number of every route: a hostile one is a 4xx, never a 500, and changes no row.

filing/S2, S23, security/A2, A3. The API is walked from its own description, the pages from the
routes that take a form; a new route is walked as it comes.
"""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from portal import pages
from portal.api import description
from portal.app import create_app
from portal.web.access import Access, declared
from registry import characters
from registry.organisations import Role
from registry.settings import Settings
from tests import exhaustive, tables
from tests.portal.world import Member, World

HOSTILE = [
    "\u202e",
    "\u200b",
    "\x00",
    "\ud800",
    "\u3164",
    "\x1b",
    "\u2066",
    "\ufeff",
    "\U000e0041",
]
KINDS = (
    "application/json",
    "Application/JSON; charset=utf-8",
    "application/merge-patch+json",
    "application/x-www-form-urlencoded+json",
    "MULTIPART/form-data+JSON",
    "text/plain",
)
"""Names under which a body of JSON comes; a media type is read without regard to case (RFC 9110, 8.3.1)."""
BEYOND = [2**31, 2**63, 10**19, 10**400]
PATH = re.compile(r"{(\w+)(?::\w+)?}")
WORDS = {
    "language": "zh",
    "group": "C",
    "position": "1",
    "edition": "1",
    "day": "2026-11-28",
    "place": "D7",
    "role": "filer",
    "action": "check",
}
FIELD = re.compile(r'name="([a-z_]+)"')


@dataclass(frozen=True)
class House:
    """A site with people, and a way to see that nothing was written."""

    app: FastAPI
    world: World

    def who(self, access: Access, method: str) -> Member | None:
        """Somebody who may use a route; None for the public ones."""
        if access.anyone:
            return None
        return next(
            m for m in self.world.members.values() if access.admits(m.actor, method=method)
        )

    def access(self, method: str, path: str) -> Access:
        """What a route declares."""
        return next(
            declared(route.dependencies)[0]
            for route in iter_route_contexts(self.app.routes)
            if route.path == path and method in (route.methods or ())
        )

    def client(self, member: Member | None, *, browser: bool = False) -> TestClient:
        """A program or a browser of somebody."""
        headers = {} if member is None else member.browser if browser else member.bearer
        return TestClient(
            self.app,
            headers={"Accept": "application/json", **headers},
            raise_server_exceptions=False,
            follow_redirects=False,
        )

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Nothing is written to the database meanwhile, by whichever connection."""
        with self.app.state.engine.connect() as connection:
            before = connection.scalar(text("PRAGMA data_version"))
            connection.rollback()
            yield
            assert connection.scalar(text("PRAGMA data_version")) == before


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    data = tmp_path_factory.mktemp("house") / "data"
    app = create_app(Settings(data=data, sandbox_tier="none", log_level="ERROR"))
    tables.make(app.state.engine)
    made = House(app, World(app))
    for member in made.world.members.values():  # a token's first use is noted
        assert made.client(member).get("/api/v1/me").status_code == 200
    yield made
    app.state.engine.dispose()


def plain(path: str) -> str:
    """A path with a value in every place, and none of them hostile."""
    return PATH.sub(lambda found: WORDS.get(found[1], "0" * 32), path)


def operations(app: FastAPI) -> Iterator[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """Method, path, operation and the whole description, for every operation of the API."""
    whole = description.describe(app)
    for path, methods in whole["paths"].items():
        for method, operation in methods.items():
            if method in {"get", "post", "put", "patch", "delete"}:
                yield method.upper(), path, operation, whole


def with_text(
    schema: dict[str, Any], whole: dict[str, Any], bad: str, depth: int = 0
) -> list[Any]:
    """One value for every place of a schema where a text may stand, with the hostile one there."""
    if depth > 6:
        return []
    if "$ref" in schema:
        named = whole["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return with_text(named, whole, bad, depth + 1)
    found: list[Any] = []
    for part in (*schema.get("anyOf", ()), *schema.get("allOf", ())):
        found += with_text(part, whole, bad, depth + 1)
    if schema.get("type") == "string":
        found.append(f"字{bad}x")
    if schema.get("type") == "array":
        found += [[each] for each in with_text(schema.get("items", {}), whole, bad, depth + 1)]
    for name, inner in schema.get("properties", {}).items():
        found += [{name: each} for each in with_text(inner, whole, bad, depth + 1)]
    if schema.get("type") == "object" and "properties" not in schema:
        found += [{"B1": {"zh": f"字{bad}"}}, {f"k{bad}": 1}, {"a": [[{"b": f"{bad}"}]]}]
    return found


def test_no_text_of_any_body_takes_a_character_that_nobody_sees(house: House) -> None:
    """security/A2, A3, filing/S2, S23: every text field of every operation."""
    walked, samples = 0, cycle(HOSTILE)
    with house.unchanged():
        for method, path, operation, whole in operations(house.app):
            content = operation.get("requestBody", {}).get("content", {})
            access = house.access(method, path)
            if "application/json" not in content or access.upload:  # an envelope, read in pieces
                continue
            client = house.client(house.who(access, method))
            bodies = with_text(content["application/json"]["schema"], whole, next(samples))
            for body in bodies:
                sent = json.dumps(body)  # a lone surrogate goes as \ud800
                answer = client.request(
                    method, plain(path), content=sent, headers={"Content-Type": "application/json"}
                )
                assert answer.status_code == 422, (method, path, body, answer.text)
                assert answer.json()["type"] == "/problems/text-refused"
                assert "U+" in answer.json()["reasons"][0]["said"]["zh"]
                walked += 1
    assert walked > 50


def test_no_body_takes_a_key_that_stands_twice(house: House) -> None:
    """The last one won in silence; every operation with a body, by its name and in both languages."""
    walked = 0
    with house.unchanged():
        for method, path, operation, _ in operations(house.app):
            content = operation.get("requestBody", {}).get("content", {})
            access = house.access(method, path)
            if "application/json" not in content or access.upload:
                continue
            client = house.client(house.who(access, method))
            for kind in (*KINDS, None):
                answer = client.request(
                    method,
                    plain(path),
                    content=b'{"a": [{"k": 1, "k": 2}]}',
                    headers={"Content-Type": kind} if kind else {},
                )
                assert answer.status_code == 422, (method, path, answer.text)
                assert answer.json()["type"] == "/problems/key-twice"
                (reason,) = answer.json()["reasons"]
                assert reason["item"] == "a.0.k"
                assert "“k”" in reason["said"]["zh"]
                assert "'k'" in reason["said"]["en"]
                walked += 1
    assert walked > 50


def test_no_json_of_a_form_takes_one(house: House) -> None:
    """What is said about a file goes as JSON beside it."""
    tester = house.world.member("tester-own", Role.TESTER)
    with house.unchanged():
        answer = house.client(tester).post(
            "/api/v1/datasets",
            data={"metadata": '{"name": "x", "name": "y"}'},
            files={"file": ("x.csv", b"a\n1\n")},
        )
    assert answer.status_code == 422, answer.text
    assert answer.json()["reasons"][0]["item"] == "metadata.name"


def test_no_query_and_no_path_takes_one(house: House) -> None:
    """security/A2: NUL reached the database, where PostgreSQL cannot hold it."""
    walked, samples = 0, cycle([each for each in HOSTILE if each != "\ud800"])
    with house.unchanged():
        for method, path, operation, _ in operations(house.app):
            client = house.client(house.who(house.access(method, path), method))
            for place in operation.get("parameters", ()):
                bad = next(samples)
                url = plain(path)
                if place["in"] == "path" and "integer" not in json.dumps(place["schema"]):
                    url = plain(path.replace(f"{{{place['name']}}}", quote(f"x{bad}")))
                elif place["in"] == "query":
                    url += f"?{place['name']}={quote(f'x{bad}')}"
                else:
                    continue
                answer = client.request(method, url)
                seen = not any(characters.unwanted(characters.seen(bad)))
                if method.upper() == "GET" and place["in"] == "query" and seen:
                    assert answer.status_code < 500, (method, url, answer.text)
                    assert "U+" not in answer.text, (method, url)  # it only asks
                    walked += 1
                    continue
                wanted = {404} if place["in"] == "path" else {422}
                if "enum" in json.dumps(place["schema"]) and place["in"] == "path":
                    wanted = {404, 422}
                assert answer.status_code in wanted, (method, url, answer.text)
                walked += 1
    assert walked > 60


@pytest.mark.parametrize("unseen", ["\u200b", "\u00ad", "\u2066", "\ufeff", "\u200d"])
def test_a_search_with_pasted_characters_that_nobody_sees_is_answered_without_them(
    house: House, unseen: str
) -> None:
    anyone = house.client(None)
    pasted, plain = quote(f"房{unseen}贷"), quote("房贷")
    page = anyone.get(f"/zh/catalogue?q={pasted}", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert 'value="房贷"' in page.text
    assert unseen not in page.text
    assert pasted not in page.text  # no address on the page brings them along
    for address in ("/api/v1/catalogue", "/zh/catalogue.json"):
        one, other = (anyone.get(f"{address}?q={each}") for each in (pasted, plain))
        assert (one.status_code, one.json()) == (200, other.json())


def test_letters_that_look_blank_part_words_and_what_is_no_character_is_refused(
    house: House,
) -> None:
    anyone = house.client(None)
    address = "/zh/catalogue?q=" + quote("房\u3164贷")
    blank = anyone.get(address, headers={"accept": "text/html"})
    assert 'value="房 贷"' in blank.text
    assert anyone.get("/zh/catalogue?q=" + quote("a\x00b")).status_code == 422


def test_no_number_beyond_the_databases_is_a_failure_of_ours(house: House) -> None:
    """security/A2: edition=99999999999999999999 was a 500, in API, pages and .json."""
    walked = 0
    with house.unchanged():
        for method, path, operation, _ in operations(house.app):
            client = house.client(house.who(house.access(method, path), method))
            for place in operation.get("parameters", ()):
                if "integer" not in json.dumps(place["schema"]):
                    continue
                for number in BEYOND:
                    url = plain(path)
                    if place["in"] == "path":
                        url = plain(path.replace(f"{{{place['name']}}}", str(number)))
                    else:
                        url += f"?{place['name']}={number}"
                    answer = client.request(method, url)
                    assert answer.status_code in {404, 422}, (method, url, answer.text)
                    walked += 1
        anyone = house.client(None)
        for number in BEYOND:
            for url in (
                f"/zh/f/SH-2026-000001-P/v{number}",
                f"/en/f/SH-2026-000001-P/v{number}",
                f"/zh/f/SH-2026-000001-P/v{number}.json",
                f"/api/v1/catalogue/SH-2026-000001-P/edition?edition={number}",
                f"/zh/catalogue?page={number}",
            ):
                status = anyone.get(url).status_code
                assert status in {404, 422} or (status == 200 and "page=" in url), (url, status)
    assert walked > 50


@pytest.mark.parametrize(
    "number", [str(2**63), "1" + "0" * 400, "1e400", "-1e999", "NaN", "Infinity"]
)
def test_no_number_of_a_document_is_beyond_what_can_be_kept(house: House, number: str) -> None:
    """security/A2: in a body, as deep as it stands."""
    client = house.client(house.who(house.access("POST", "/api/v1/tokens"), "POST"))
    body = f'{{"label": "x", "scopes": ["read"], "days": 1, "more": {{"deep": [{number}]}}}}'
    with house.unchanged():
        answer = client.post(
            "/api/v1/tokens", content=body, headers={"Content-Type": "application/json"}
        )
    assert answer.status_code == 422
    assert answer.json()["reasons"][0]["item"] == "more.deep.0"


def names() -> Sequence[str]:
    """Every name of a field in every template."""
    folder = Path(pages.__file__).parent / "templates"
    return sorted({n for page in folder.glob("*.html") for n in FIELD.findall(page.read_text())})


@pytest.mark.parametrize(
    "third", [exhaustive.case(each, kept=each == 0, name=str(each)) for each in range(3)]
)
def test_no_field_of_any_form_takes_one(house: House, third: int) -> None:
    """filing/S2, security/A3: every name of a field, at every form's address in one of the thirds.

    One check of all that comes in refuses it, whatever the form.
    """
    walked, samples = 0, cycle([each for each in HOSTILE if each != "\ud800"])
    routes = [
        (str(route.path), declared(route.dependencies)[0])
        for route in iter_route_contexts(house.app.routes)
        if str(route.path).startswith("/{language}") and "POST" in (route.methods or ())
    ]
    with house.unchanged():
        for at, (path, access) in enumerate(routes):
            client = house.client(house.who(access, "POST"), browser=True)
            for name in (*names(), "k/B1/zh", "free")[(at + third) % 3 :: 3]:
                url = plain(path).replace("/zh/", "/en/") if walked % 2 else plain(path)
                answer = client.post(url, data={name: f"字{next(samples)}x"})
                assert answer.status_code in {403, 422}, (url, name, answer.text[:500])
                if name != "csrf":
                    assert "U+" in answer.text, (url, name)
                walked += 1
    assert walked > 500


def test_a_form_by_another_spelling_of_its_kind_is_read_as_a_form(house: House) -> None:
    """Breaker, issue 7: a capital letter in Content-Type walked round every check of a form."""
    member = house.who(house.access("POST", "/{language}/submit"), "POST")
    client = house.client(member, browser=True)
    part = b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\nx\xe2\x80\x8b\r\n--x--\r\n'
    forms = {
        "Application/X-WWW-Form-Urlencoded": b"model=x%E2%80%8B",
        "MULTIPART/Form-Data; boundary=x": part,
    }
    with house.unchanged():
        for kind, content in forms.items():
            answer = client.post("/zh/submit", content=content, headers={"Content-Type": kind})
            assert answer.status_code == 422, answer.text
            assert "U+200B" in answer.text, kind


def test_a_form_in_broken_utf_8_changes_nothing(house: House) -> None:
    """Breaker, issue 7, F6: half a character was saved as U+FFFD, which nobody wrote."""
    member = house.who(house.access("POST", "/{language}/submit"), "POST")
    client = house.client(member, browser=True)
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    with house.unchanged():
        for language in ("zh", "en"):
            answer = client.post(f"/{language}/submit", content=b"model=x%ED%A0%80", headers=kind)
            assert answer.status_code == 422, answer.text
            assert "U+FFFD" in answer.text


def test_no_name_of_a_file_takes_one(house: House) -> None:
    """The names of files that a form carries, and the fields' own names."""
    path = "/{language}/submit"
    member = house.who(house.access("POST", path), "POST")
    client = house.client(member, browser=True)
    with house.unchanged():
        for files in ({"file": ("a\u202eb.zip", b"x")}, {"f\u200b": ("a.zip", b"x")}):
            answer = client.post("/zh/submit", data={"model": "m"}, files=files)
            assert answer.status_code == 422, answer.text
            assert "U+" in answer.text


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.text(max_size=20),
    bad=st.sampled_from(HOSTILE) | st.characters(categories=["Cc", "Cf", "Cs"]),
    keys=st.lists(st.sampled_from(["answers", "B1", "zh", "x"]), max_size=5),
)
def test_wherever_it_stands_nothing_is_stored(
    house: House, before: str, bad: str, keys: list[str]
) -> None:
    """filing/S23: any text with such a character in it, as deep as it comes."""
    value: Any = before + bad
    for key in keys:
        value = {key: [value]}
    client = house.client(house.who(house.access("POST", "/api/v1/tokens"), "POST"))
    sent = json.dumps({"label": "x", "scopes": ["read"], "days": 0, "more": value})
    with house.unchanged():
        answer = client.post(
            "/api/v1/tokens", content=sent, headers={"Content-Type": "application/json"}
        )
    assert answer.status_code == 422
    if any(characters.unwanted(json.loads(json.dumps(before + bad)))):
        assert answer.json()["type"] == "/problems/text-refused"
