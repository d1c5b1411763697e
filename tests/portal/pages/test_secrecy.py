"""A report of a breach is nowhere: two worlds, one with it and one without, answer alike, byte for byte.

Both worlds are copies of one register at one frozen moment. Everything that a filer, a tester or the
public can read is read in both. The same walk finds an appeal, so it would find a report.
"""

import io
import json
import re
import shutil
import sqlite3
import sys
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from starlette.routing import Mount

from filing import follow_codes
from portal.app import create_app
from registry import database, inbox, outbox
from registry.organisations import Role
from registry.settings import Settings
from tests.portal.pages.shelf import Shelf

WORDS = "内部人说：模型偷偷用了民族这一列，文件名是 zebra-quokka。"
ADDED = "补充：文件在 wombat-okapi 文件夹里。"
CONTACT = "lisi-numbat@example.org"
NOTE = "附件里写着 caracal-fossa。".encode()
ASKED = "请说明训练时用了哪些列。"
SECRETS = ("zebra-quokka", "wombat-okapi", "caracal-fossa", "quagga-serval")
OWN_TABLES = {
    "concern", "concern_message", "concern_attachment", "sender", "sender_secret", "guess", "event", "sqlite_sequence",
    "effect", "inbox_item", "inbox_turn", "form_key",
}  # fmt: skip
"""Where a report may leave rows: of itself, and of what no filer can read."""
FORM_KEY = re.compile(rb'(?<=name="once" value=")[\w-]{43}(?=")')
"""Drawn for each page; it says nothing of any record."""
READERS = (
    ("anybody", None),
    ("enterprise-own", Role.FILER),
    ("enterprise-own", Role.ADMINISTRATOR),
    ("enterprise-other", Role.FILER),
    ("tester-own", Role.TESTER),
)


def picture() -> bytes:
    """A small picture with a word in it that is no pixel."""
    written = io.BytesIO()
    told = PngInfo()
    told.add_text("Author", "quagga-serval")
    Image.new("RGB", (20, 10), "red").save(written, "PNG", pnginfo=told)
    return written.getvalue()


@dataclass
class Place:
    """One of the two worlds."""

    shelf: Shelf
    site: FastAPI
    known: dict[str, str] = field(default_factory=dict)

    def client(self) -> TestClient:
        return TestClient(self.site, follow_redirects=False, raise_server_exceptions=False)

    def member(self, name: str, role: Role) -> dict[str, str]:
        return self.shelf.world.member(name, role).bearer

    def post(self, path: str, body: dict[str, Any], **headers: str) -> Any:
        with self.client() as client:
            answer = client.post(f"/api/v1{path}", json=body, headers=headers)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    def send(self, route: str) -> Any:
        """By the API once, by the page once; with an address, and something added."""
        slug = self.shelf.made["slug"]
        said = {"route": route, "situation": "unequal", "words": WORDS, "contact": CONTACT}
        with self.client() as client:
            files = [
                ("attachments", ("quagga-serval.png", picture())),
                ("attachments", ("n.txt", NOTE)),
            ]
            page = client.post(f"/zh/f/{slug}/concern", data=said, files=files)
        assert page.status_code == 201, page.text
        made = self.post(f"/catalogue/{slug}/concerns", said)
        number = follow_codes.plain(made["number"])
        self.post(f"/cases/{number}/additions", {"code": made["code"], "words": ADDED})
        with self.client() as client:
            added = client.post(
                f"/api/v1/cases/{number}/additions/with-attachments",
                data={"metadata": json.dumps({"code": made["code"], "words": ADDED})},
                files=[("attachments", ("n.txt", NOTE))],
            )
        assert added.status_code == 200, added.text
        self.post(f"/cases/{number}/follow", {"code": made["code"]})
        return {**made, "number": number}

    def take(self, number: str, action: str, **said: Any) -> Any:
        """The authority that published the filing deals with it."""
        by = self.member("authority-other", Role.REVIEWER)
        read = self._revision(number, by)
        body = {"action": action, "revision": read, **said}
        return self.post(f"/concerns/{number}/review", body, **by)

    def _revision(self, number: str, by: dict[str, str]) -> int:
        with self.client() as client:
            found: int = client.get(f"/api/v1/concerns/{number}", headers=by).json()["revision"]
        return found

    def rows(self) -> dict[str, list[Any]]:
        """Every row of every table that a report has nothing to do with."""
        with closing(sqlite3.connect(self.site.state.settings.data / "mingsuan.db")) as opened:
            names = opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            tables = sorted({name for (name,) in names} - OWN_TABLES)
            return {each: opened.execute(f"SELECT * FROM {each}").fetchall() for each in tables}

    def events(self, subject: str) -> list[Any]:
        """What the journal says of a record."""
        with closing(sqlite3.connect(self.site.state.settings.data / "mingsuan.db")) as opened:
            asked = "SELECT at, name, details FROM event WHERE subject = ?"
            return opened.execute(asked, [subject]).fetchall()


@dataclass
class Worlds:
    """The two, and where a number of the one would stand in both."""

    without: Place
    having: Place
    number: str = "0" * 10
    answered: dict[str, Any] = field(default_factory=dict)

    def walk(self, *only: str) -> list[str]:
        """Every answer that differs between the two; what the one with it answers is kept.

        Args:
            only: the addresses that are looked at; none for all.
        """
        for each in (self.without, self.having):
            outbox.apply(each.site.state.factory, {inbox.EFFECT: inbox.apply}, at_once=True)
        plain = self._answers(self.without, only)
        self.answered = self._answers(self.having, only)
        assert len(plain) >= (len(only) or 50) * len(READERS)
        return [each for each, answer in plain.items() if answer != self.answered[each]]

    def _answers(self, place: Place, only: Collection[str]) -> dict[str, Any]:
        found = {}
        addresses = [each for each in self._addresses(place.site) if not only or each in only]
        with place.client() as client:
            for name, role in READERS:
                member = place.shelf.world.member(name, role) if role else None
                for address in addresses:
                    if address.startswith("/en/") and role not in {None, Role.FILER}:
                        continue
                    api = address.startswith("/api/")
                    headers = {"x-request-id": "a" * 16, "accept": "text/html"}
                    if member:
                        headers |= member.bearer if api else member.browser
                    answer = client.get(address, headers=headers)
                    assert answer.status_code < 500, (address, answer.text)
                    found[f"{name} {role} {address}"] = (
                        answer.status_code,
                        sorted(answer.headers.items()),
                        FORM_KEY.sub(b"", answer.content),
                    )
        return found

    def _addresses(self, site: FastAPI) -> Iterator[str]:
        made = self.without.shelf.made
        known = {
            "slug": made["slug"],
            "number": made["slug"],
            "edition": "1",
            "position": "1",
            "group": "I",
            "concern_number": self.number,
            "case": self.number,
            "organisation_id": self.without.shelf.world.member(
                "enterprise-own", Role.FILER
            ).organisation.id,
            **{f"{name}_id": value for name, value in made.items()},
        }
        for route in iter_route_contexts(site.routes):
            if isinstance(route.original_route, Mount) or "GET" not in (route.methods or ()):
                continue
            path = str(route.path)
            for language in ("zh", "en") if "{language}" in path else ("",):
                yield _filled(path, {**known, "language": language})


def _filled(path: str, known: dict[str, str]) -> str:
    filled = ""
    for piece in path.replace("}", "{").split("{"):
        name = piece.partition(":")[0]
        inside = f"{{{piece}}}" in path
        filled += known.get(name, "0" * 32) if inside else piece
    return filled


def _texts(html: str) -> list[str]:
    """What a piece of a page says, without its marks."""
    return [each for each in re.sub("<[^>]*>", "\n", html).split("\n") if each.strip()]


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands still, wherever it is read."""
    reading, moment = database.now, database.now()
    for module in list(sys.modules.values()):
        if getattr(module, "now", None) is reading:
            monkeypatch.setattr(module, "now", lambda: moment)


@pytest.fixture
def worlds(shelf: Shelf, tmp_path: Path, frozen: None) -> Iterator[Worlds]:
    """Two copies of the published register."""
    source = shelf.site.state.settings.data
    places = []
    for name in ("without", "having"):
        data = tmp_path / name
        shutil.copytree(source, data, ignore=shutil.ignore_patterns("mingsuan.db*", "search.db*"))
        with (
            closing(sqlite3.connect(source / "mingsuan.db")) as old,
            closing(sqlite3.connect(data / "mingsuan.db")) as new,
        ):
            old.backup(new)
        places.append(Place(shelf, create_app(Settings(data=data, log_level="ERROR"))))
    yield Worlds(without=places[0], having=places[1])
    for each in places:
        each.site.state.engine.dispose()


def test_a_report_changes_no_byte_of_anything_that_a_filer_or_the_public_can_reach(
    worlds: Worlds,
) -> None:
    made = worlds.having.send("report")
    worlds.having.take(made["number"], "acknowledge")
    worlds.number = made["number"]
    with worlds.without.client() as client:  # the authority's token was used in both
        by = worlds.without.member("authority-other", Role.REVIEWER)
        assert client.get("/api/v1/concerns", headers=by).json() == {"items": []}

    assert worlds.walk() == []
    answered = str(list(worlds.answered.values()))
    for secret in (*SECRETS, CONTACT, made["code"]):
        assert secret not in answered
    assert worlds.having.rows() == worlds.without.rows()
    filing = worlds.without.shelf.made["filing"]
    assert worlds.having.events(filing) == worlds.without.events(filing)


def test_the_tag_of_a_page_stays_good(worlds: Worlds) -> None:
    worlds.having.send("report")
    page = f"/zh/f/{worlds.without.shelf.made['slug']}"
    with worlds.without.client() as before, worlds.having.client() as after:
        tag = before.get(page).headers["etag"]
        assert after.get(page, headers={"if-none-match": tag}).status_code == 304


def test_a_guess_at_a_number_is_answered_as_if_there_were_none(worlds: Worlds) -> None:
    made = worlds.having.send("report")
    filer = worlds.without.member("enterprise-own", Role.FILER)
    asked: tuple[tuple[str, dict[str, Any], dict[str, str]], ...] = (
        (f"/api/v1/cases/{made['number']}/follow", {"code": "A" * 16}, {}),
        (f"/api/v1/cases/{made['number']}/additions", {"code": "A" * 16, "words": WORDS}, {}),
        (
            f"/api/v1/concerns/{made['number']}/steps",
            {"action": "reply", "revision": 1, "words": WORDS},
            filer,
        ),
    )
    for path, body, headers in asked:
        answers = []
        for place in (worlds.without, worlds.having):
            with place.client() as client:
                told = client.post(path, json=body, headers={"x-request-id": "a" * 16, **headers})
            answers.append((told.status_code, sorted(told.headers.items()), told.content))
        assert answers[0] == answers[1]
        assert answers[0][0] == 404


def test_another_sender_is_answered_alike_however_much_was_sent_before(worlds: Worlds) -> None:
    """A filer on the network of its own staff cannot count what they sent."""
    for _ in range(5):
        worlds.having.send("report")
    told = []
    for place in (worlds.without, worlds.having):
        made = place.send("report")
        told.append(
            {name: value for name, value in made.items() if name not in {"number", "code"}}
        )
    assert told[0] == told[1]


def test_an_appeal_is_found_by_the_same_walk(worlds: Worlds) -> None:
    worlds.having.send("appeal")
    page = f"/zh/f/{worlds.without.shelf.made['slug']}"
    found = worlds.walk(page, f"{page}.json", "/zh/concerns", "/zh/desk", "/api/v1/inbox")
    assert f"anybody None {page}" in found
    assert f"anybody None {page}.json" in found
    assert f"enterprise-own {Role.FILER} /zh/concerns" in found
    assert f"enterprise-own {Role.FILER} /zh/desk" in found
    assert f"enterprise-own {Role.FILER} /api/v1/inbox" in found
    assert not any("enterprise-other" in each and "/zh/concerns" in each for each in found)


def test_a_question_is_read_first_as_the_filer_will_read_it(worlds: Worlds) -> None:
    place = worlds.having
    made = place.send("report")
    by = place.shelf.world.member("authority-other", Role.REVIEWER)
    api = f"/api/v1/concerns/{made['number']}"
    page = f"/zh/concerns/{made['number']}"
    with place.client() as client:
        read = client.get(api, headers=by.bearer).json()["revision"]

        def see(words: str) -> Any:
            sent = {"revision": read, "action": "put", "words": words}
            return client.post(f"{page}/question", data=sent, headers=by.browser)

        shown = see(ASKED)
        assert shown.status_code == 200
        assert shown.headers["cache-control"] == "no-store"
        card = shown.text.partition('id="filer-reads"')[2].partition("</section>")[0]
        assert ASKED in card
        for secret in ("zebra-quokka", CONTACT, "举报", "因为性别"):
            assert secret not in card
        copied = see(f"{CONTACT} 说：请说明。")
        assert copied.status_code == 422
        assert f"<mark>{CONTACT}</mark> 说：请说明。" in copied.text
        told = client.get(api, headers=by.bearer).json()
        assert (told["put"], told["revision"]) == (None, read), "nothing is asked yet"

        sent = {"revision": read, "action": "put", "words": ASKED}
        asked = client.post(f"{page}/steps", data=sent, headers=by.browser)
        assert asked.status_code == 303
        filer = place.shelf.world.member("enterprise-own", Role.FILER)
        seen = client.get(page, headers=filer.browser).text
    reads = seen.partition("<h1>")[2].partition("<form")[0]
    read_first = _texts(card.partition("<h2>")[2])
    assert len(read_first) > 8
    assert read_first == _texts(reads)[: len(read_first)]


def test_attachments_are_read_by_whoever_deals_with_the_case_and_nobody_else(
    worlds: Worlds,
) -> None:
    place = worlds.having
    place.send("report")
    authority = place.shelf.world.member("authority-other", Role.REVIEWER)
    with place.client() as client:
        cases = client.get("/api/v1/concerns", headers=authority.bearer).json()["items"]
        told = max(
            cases, key=lambda each: len(each["attachments"])
        )  # by the page; one was added to
        number = told["number"]
        assert [each["kind"] for each in told["attachments"]] == ["png", "text"]
        assert "quagga-serval" not in str(told), "the name of a file is kept nowhere"
        api = f"/api/v1/concerns/{follow_codes.plain(number)}/attachments"
        page = client.get(f"/zh/concerns/{number}", headers=authority.browser).text
        assert f"/zh/concerns/{number}/attachments/1" in page
        for at, media in ((1, "image/png"), (2, "text/plain; charset=utf-8")):
            shown = client.get(
                f"/zh/concerns/{number}/attachments/{at}", headers=authority.browser
            )
            found = client.get(f"{api}/{at}", headers=authority.bearer)
            assert shown.content == found.content
            assert found.headers["content-type"] == media
            assert found.headers["content-disposition"].startswith("attachment; filename=")
            assert found.headers["x-content-type-options"] == "nosniff"
            assert "sandbox" in found.headers["content-security-policy"]
            assert found.headers["cache-control"] == "no-store"
            assert b"quagga-serval" not in found.content
        assert found.content == NOTE
        assert client.get(f"{api}/3", headers=authority.bearer).status_code == 404

        sent = {"action": "put", "revision": told["revision"], "words": ASKED}
        asked = client.post(f"{api[:-12]}/review", json=sent, headers=authority.bearer)
        assert asked.status_code == 200
        filer = place.shelf.world.member("enterprise-own", Role.FILER)
        seen = client.get(api[:-12], headers=filer.bearer).json()
        assert "attachments" not in seen
        other = place.shelf.world.member("authority-own", Role.REVIEWER)
        for member in (filer, other, None):
            headers = member.bearer if member else {}
            assert client.get(f"{api}/1", headers=headers).status_code in {401, 404}


def test_once_it_is_put_the_filer_reads_the_question_alone_and_the_quarter_is_counted(
    worlds: Worlds,
) -> None:
    made = worlds.having.send("report")
    worlds.number = made["number"]
    worlds.having.take(made["number"], "put", words=ASKED)
    found = worlds.walk()

    page = f"/zh/f/{worlds.without.shelf.made['slug']}"
    assert f"anybody None {page}" in found
    assert f"enterprise-own {Role.FILER} /zh/concerns/{made['number']}" in found
    answers = worlds.answered
    told = answers[f"enterprise-own {Role.FILER} /zh/concerns/{made['number']}"][2].decode()
    assert ASKED in told
    everything = str(list(answers.values()))
    for secret in (*SECRETS, CONTACT, made["code"]):
        assert secret not in everything
    twin = json.loads(answers[f"anybody None {page}.json"][2])
    (count,) = twin["concerns"]["counts"]
    assert (count["route"]["id"], count["received"], count["closed"]) == ("report", 1, 0)
    assert count["quarter"][4] == "Q"
    assert set(count) == {"route", "quarter", "received", "closed", "upheld"}
