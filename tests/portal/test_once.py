"""A form that makes something counts once: the second post is shown the first one's answer."""

import io
import re
import sqlite3
from contextlib import closing
from datetime import timedelta
from threading import Timer
from typing import Any, BinaryIO, cast

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, update
from starlette.datastructures import FormData, UploadFile

from portal.web import once
from registry import form_keys
from registry.database import now, transaction
from registry.form_keys import Claim, FormKey, TakenOver
from registry.organisations import Role
from registry.tokens import Token
from tests.portal.world import Member, World

TOKENS = "/zh/organisation/tokens"


@pytest.fixture
def filer(world: World) -> Member:
    return world.member("enterprise-own", Role.FILER)


@pytest.fixture
def key(client: TestClient, filer: Member) -> str:
    page = client.get("/zh/organisation", headers={"accept": "text/html", **filer.browser})
    found = re.search(rf'action="{TOKENS}".*?name="once" value="([^"]+)"', page.text, re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def client(world: World) -> TestClient:
    return TestClient(world.site, follow_redirects=False)


def send(client: TestClient, member: Member, key: str, **changed: str) -> Any:
    data = {"label": "双击", "scopes": "read", "days": "7", "once": key} | changed
    return client.post(TOKENS, data=data, headers={"accept": "text/html", **member.browser})


def made(world: World) -> int:
    with world.site.state.factory() as session:
        return int(session.query(Token).filter(Token.label.like("双击%")).count())


def test_the_second_is_shown_the_token_of_the_first(
    world: World, client: TestClient, filer: Member, key: str
) -> None:
    first, second = send(client, filer, key), send(client, filer, key)
    assert (first.status_code, made(world)) == (200, 1)
    assert second.content == first.content
    assert second.headers["cache-control"] == "no-store"
    shown = re.search(r"ms_[\w-]{20,}|<code[^>]*>([\w-]{30,})</code>", first.text)
    assert shown
    with closing(sqlite3.connect(world.site.state.settings.data / "mingsuan.db")) as reading:
        ((_, kept),) = reading.execute("SELECT digest, answer FROM form_key").fetchall()
    assert "双击".encode() not in kept
    assert key.encode() not in kept


def test_what_is_corrected_or_another_s_is_another_form(
    world: World, client: TestClient, filer: Member, key: str
) -> None:
    send(client, filer, key)
    send(client, filer, key, label="双击二")
    assert made(world) == 2
    other = send(client, world.member("tester-own", Role.TESTER), key)
    assert other.status_code == 200
    assert made(world) == 3


def test_what_was_turned_down_may_be_sent_again(
    world: World, client: TestClient, filer: Member, key: str
) -> None:
    for _ in range(2):
        answer = send(client, filer, key, days="9999")
        assert answer.status_code == 422
        assert "366" in answer.text
    assert made(world) == 0


def test_of_a_form_whose_answer_was_lost_nothing_is_made_twice(
    world: World, client: TestClient, filer: Member, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process died after the change was committed, and before its answer was kept."""
    send(client, filer, key)
    with transaction(world.site.state.factory) as session:
        session.execute(update(FormKey).values(answer=None))
    monkeypatch.setattr(once, "SECONDS", 0.2)
    answer = send(client, filer, key)
    assert answer.status_code == 409
    assert "已经提交过" in answer.text
    assert made(world) == 1


def test_the_second_of_two_need_not_wait_for_a_first_that_is_turned_down(
    world: World, client: TestClient, filer: Member, key: str
) -> None:
    """It waited 20 seconds, and was told to look whether the form had been taken."""
    send(client, filer, key)
    with transaction(world.site.state.factory) as session:
        session.execute(update(FormKey).values(answer=None))  # the first is being read

    def turn_down() -> None:
        with transaction(world.site.state.factory) as session:
            session.execute(delete(FormKey))

    turned_down = Timer(0.3, turn_down)
    turned_down.start()
    answer = send(client, filer, key)
    turned_down.join()
    assert answer.status_code == 200
    assert made(world) == 2


def test_what_was_sent_long_ago_is_forgotten(world: World) -> None:
    factory = world.site.state.factory
    old, new = (Claim.of(each, sender="", address="/", content="") for each in "ab")
    assert form_keys.claim(factory, old)
    assert not form_keys.claim(factory, old)
    with transaction(factory) as session:
        session.execute(update(FormKey).values(sent=now() - timedelta(hours=2)))
    assert form_keys.claim(factory, new)
    with factory() as session:
        assert session.query(FormKey).count() == 1


def test_what_a_server_died_over_is_taken_over_and_made_once(
    world: World, client: TestClient, filer: Member, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It died between the claim and the change: nothing is on record, and nobody holds the key."""
    factory = world.site.state.factory
    kept, real = list[Claim](), form_keys.claim

    def claim(factory: Any, form: Claim) -> str | None:
        kept.append(form)
        return real(factory, form)

    monkeypatch.setattr(form_keys, "claim", claim)
    send(client, filer, key)
    with transaction(factory) as session:
        session.execute(delete(Token).where(Token.label == "双击"))
        session.execute(delete(FormKey))
    assert real(factory, kept[0])
    monkeypatch.setattr(once, "SECONDS", 0.2)
    assert send(client, filer, key).status_code == 409, "its holder may still be at work"
    with transaction(factory) as session:
        session.execute(update(FormKey).values(beat=now() - 2 * form_keys.SILENT))
    first, second = send(client, filer, key), send(client, filer, key)
    assert (first.status_code, made(world)) == (200, 1)
    assert second.content == first.content


def test_who_was_only_slow_is_rolled_back(world: World) -> None:
    factory, form = world.site.state.factory, Claim.of("k", sender="", address="/", content="")
    slow = form_keys.claim(factory, form)
    assert slow
    assert form_keys.claim(factory, form) is None
    with transaction(factory) as session:
        session.execute(update(FormKey).values(beat=now() - 2 * form_keys.SILENT))
    later = form_keys.claim(factory, form)
    assert later
    form_keys.beat(factory, form, slow)
    with pytest.raises(TakenOver), transaction(factory) as session:
        form_keys.let_go(session, form, slow)
    form_keys.settle(factory, form, None, holder=slow)
    with transaction(factory) as session:
        form_keys.let_go(session, form, later)
    form_keys.settle(factory, form, b"made", holder=later)
    assert form_keys.answer(factory, form) == b"made"
    assert form_keys.claim(factory, form) is None


def test_who_is_at_work_is_never_taken_over(world: World) -> None:
    factory, form = world.site.state.factory, Claim.of("k", sender="", address="/", content="")
    holder = form_keys.claim(factory, form)
    assert holder
    with transaction(factory) as session:
        session.execute(update(FormKey).values(beat=now() - 2 * form_keys.SILENT))
    form_keys.beat(factory, form, holder)
    assert form_keys.claim(factory, form) is None
    with transaction(factory) as session:
        form_keys.let_go(session, form, holder)
        session.execute(update(FormKey).values(beat=now() - 2 * form_keys.SILENT))
    assert form_keys.claim(factory, form) is None, "its change is on record"


class Counting(io.RawIOBase):
    """A file that remembers the most that was asked of it at once."""

    def __init__(self, held: bytes) -> None:
        self.held, self.most = io.BytesIO(held), 0

    def readable(self) -> bool:
        return True

    def seek(self, place: int, whence: int = 0) -> int:
        return self.held.seek(place, whence)

    def tell(self) -> int:
        return self.held.tell()

    def readinto(self, buffer: Any) -> int:
        self.most = max(self.most, len(buffer))
        return self.held.readinto(buffer)


def test_a_large_file_is_told_by_its_bytes_piece_by_piece() -> None:
    large = bytes(8 * 2**20)
    first, second = Counting(large), Counting(large[:-1] + b"x")
    told = [
        once._content(FormData([("file", UploadFile(cast("BinaryIO", each), filename="m.zip"))]))
        for each in (first, second)
    ]
    assert told[0] != told[1]
    assert 0 < first.most <= 2**20
    assert (first.tell(), second.tell()) == (0, 0)
