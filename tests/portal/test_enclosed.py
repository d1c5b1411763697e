"""What is attached to a concern: on each store, by each door, and when the server dies in the middle."""

import io
import json
import os
import random
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from PIL import Image
from sqlalchemy import func, select

from filing import forgetting
from filing.concerns import Concern, ConcernMessage
from filing.enclosures import ConcernAttachment
from portal.app import create_app
from portal.commands import concerning
from portal.commands.client import Client
from portal.work.abandoned import mentioned
from registry import legal_day
from registry.artifacts import collect
from registry.form_keys import FormKey
from registry.organisations import Role
from registry.settings import Settings
from registry.settings import settings as of_this_process
from tests import exhaustive, tables
from tests.portal.command_line import CommandLine
from tests.portal.commands.test_serving import free_port
from tests.portal.published import Published, on_two_servers
from tests.portal.test_concerns import SAID, WORDS, attached, kept, picture
from tests.portal.world import Member, World
from tests.processes import FORKING, environment


@pytest.fixture(params=["files", pytest.param("s3", marks=pytest.mark.s3)])
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Published]:
    """One published filing on each kind of store, with a place to read attachments in."""
    chosen = Settings(data=tmp_path / "data")
    if request.param == "s3":
        chosen = request.getfixturevalue("s3_settings")
    site = create_app(chosen.model_copy(update={"sandbox_tier": "auto"}))
    tables.make(site.state.engine)
    with on_two_servers(site) as made:
        yield made
    site.state.engine.dispose()


ON_S3 = pytest.mark.parametrize(
    "stored",
    [exhaustive.case("files", kept=False), pytest.param("s3", marks=pytest.mark.s3)],
    indirect=True,
)
"""What a server does that is killed: of the two stores the one that is another process."""


def reviewer(published: Published) -> Member:
    """Somebody of the authority that gets what is not for the filer."""
    world = World(published.site)
    return world.member("authority-own", Role.REVIEWER)


def test_what_one_server_took_the_other_hands_out_and_its_day_deletes(
    stored: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    member, before = reviewer(stored), kept(stored)
    given = {"route": "report", "watch_id": member.organisation.id}
    files = ("a.png", picture()), ("b.txt", "一句话".encode())
    answer = attached(stored, *files, **given)
    assert answer.status_code == 201, answer.text
    assert len(kept(stored) - before) == 2
    with stored.site.state.factory() as session:
        number, last = session.execute(select(Concern.number, Concern.delete_on)).one()
    address = f"/api/v1/concerns/{number}/attachments"
    other = stored.servers[1]
    still, text = (other.get(f"{address}/{n}", headers=member.bearer) for n in (1, 2))
    assert Image.open(io.BytesIO(still.content)).size == (20, 10)
    assert text.content.decode() == "一句话"
    assert other.get(f"{address}/3", headers=member.bearer).status_code == 404
    assert other.get(f"{address}/1").status_code == 401
    monkeypatch.setattr(legal_day, "today", lambda: last)
    assert forgetting.run(stored.site.state.factory, stored.site.state.store) == 1 + 2
    assert kept(stored) == before
    assert other.get(f"{address}/1", headers=member.bearer).status_code == 404


def test_a_form_sent_again_with_other_files_is_another_form(stored: Published) -> None:
    """Issue 13: another file of the same name and size got the first receipt, and was lost."""
    form = stored.servers[0].get(f"{stored.page}/concern").text
    key = re.search(r'name="once" value="([^"]+)"', form)
    assert key

    def case(*files: tuple[str, bytes]) -> str:
        made = attached(stored, *files, once=key[1])
        number = re.search(r'id="case-number">([^<]+)<', made.text)
        assert number, made.text
        return number[1]

    first, second = "第一份证据。".encode(), "第二份证据。".encode()
    assert len(first) == len(second)
    sent = (
        [("a.txt", first)], [("a.txt", second)], [("b.txt", first)],
        [("a.txt", first), ("a.txt", second)], [("a.txt", second), ("a.txt", first)],
    )  # fmt: skip
    numbers = [case(*files) for files in sent]
    assert len(set(numbers)) == len(sent)
    assert [case(*files) for files in sent] == numbers, "each sent again is shown its own receipt"
    with stored.site.state.factory() as session:
        assert session.scalar(select(func.count()).select_from(Concern)) == len(sent)


def test_what_is_added_later_leaves_the_attachments_and_goes_with_them(
    stored: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    member, before = reviewer(stored), kept(stored)
    address = f"/api/v1/catalogue/{stored.slug}/concerns/with-attachments"
    said = SAID | {"route": "report", "watch_id": member.organisation.id}
    files = [("attachments", ("a.png", picture())), ("attachments", ("b.png", picture()))]
    sent = (
        stored.servers[0]
        .post(
            address,
            data={"metadata": json.dumps(said)},
            files=files,
        )
        .json()
    )
    plain = sent["number"].replace("-", "")
    later = {"code": sent["code"], "words": "后来又被拒绝了一次，时间是十二月一日。"}
    told = stored.servers[1].post(f"/api/v1/cases/{plain}/additions", json=later)
    assert told.status_code == 200, told.text
    assert told.json()["attachments"] == 2
    case = stored.servers[0].get(f"/api/v1/concerns/{plain}", headers=member.bearer).json()
    assert [each["position"] for each in case["attachments"]] == [1, 2]
    assert [each["said"] for each in case["messages"]][-1] == later["words"]
    with stored.site.state.factory() as session:
        last = session.scalars(select(Concern.delete_on)).one()
    monkeypatch.setattr(legal_day, "today", lambda: last)
    forgetting.run(stored.site.state.factory, stored.site.state.store)
    assert kept(stored) == before
    with stored.site.state.factory() as session:
        assert set(session.scalars(select(ConcernMessage.kept))) == {None}


def test_an_addition_carries_files_and_limits_count_over_the_case(stored: Published) -> None:
    member, before = reviewer(stored), kept(stored)
    stored.site.state.settings.attachments = 3
    given = {"route": "report", "watch_id": member.organisation.id}
    server = stored.servers[0]
    sent = server.post(
        f"/api/v1/catalogue/{stored.slug}/concerns/with-attachments",
        data={"metadata": json.dumps(SAID | given)},
        files=[("attachments", ("a.png", picture()))],
    ).json()
    plain = sent["number"].replace("-", "")
    place = f"/api/v1/cases/{plain}/additions/with-attachments"
    said = {"code": sent["code"], "words": "后来又被拒绝了一次，时间是十二月一日。"}

    def add(*files: tuple[str, bytes], **changed: str) -> Any:
        return server.post(
            place,
            data={"metadata": json.dumps(said | changed)},
            files=[("attachments", each) for each in files],
        )

    text = ("b.txt", "又一句".encode())
    assert add(text, code="A" * 16).status_code == 404
    assert add(("c.pdf", b"%PDF-1.7")).status_code == 422
    assert add(text, words="").status_code == 422
    assert len(kept(stored) - before) == 1
    told = add(text)
    assert told.status_code == 200, told.text
    assert told.json()["attachments"] == 2
    refused = add(text, text)
    assert refused.status_code == 422
    assert "这一件已经有2个" in refused.text
    form = {"number": sent["number"], "code": sent["code"], "words": said["words"]}
    page = server.post("/zh/follow", data=form, files=[("attachments", ("d.png", picture()))])
    assert "附件已收到：3 个" in page.text, page.text
    full = server.post("/en/follow", data=form, files=[("attachments", text)])
    assert "This case has 3 already." in full.text
    assert len(kept(stored) - before) == 3
    case = server.get(f"/api/v1/concerns/{plain}", headers=member.bearer).json()
    assert [each["kind"] for each in case["attachments"]] == ["png", "text", "png"]
    added = f"/api/v1/concerns/{plain}/attachments/2"
    assert server.get(added, headers=member.bearer).content.decode() == "又一句"


@pytest.mark.usefixtures("own_signals")
def test_attachments_by_command(
    stored: Published,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    member, run = reviewer(stored), CommandLine(stored.site, monkeypatch, capsys)
    monkeypatch.setattr(concerning, "_anybody", lambda _: Client.of(Settings()))
    still, text, pdf = (tmp_path / name for name in ("图.png", "b.txt", "c.pdf"))
    still.write_bytes(picture())
    text.write_bytes("甲乙".encode("gb18030"))
    pdf.write_bytes(b"%PDF-1.7")
    send = ("case", "send", stored.slug, "report", "--situation", "result", "--words", WORDS)
    watch = ("--watch", member.organisation.id)

    refused = run(member, *send, *watch, "--attach", str(still), "--attach", str(pdf))
    assert refused.code == 1
    assert "c.pdf" in refused.err
    assert "请拍照或者截屏" in refused.err
    with stored.site.state.factory() as session:
        assert session.scalar(select(func.count()).select_from(Concern)) == 0

    sent = run(member, *send, *watch, "--attach", str(still), "--attach", str(text))
    assert sent.code == 0, sent.err
    assert "附件attachments:2" in sent.out
    with stored.site.state.factory() as session:
        number = session.scalars(select(Concern.number)).one()
    shown = run(member, "case", "show", number)
    assert f"附件attachment2:{number}-2.txt" in shown.out
    out = tmp_path / "saved.txt"
    assert run(member, "case", "attachment", number, "2", "--out", str(out)).code == 0
    assert out.read_text("utf-8") == "甲乙"
    again = run(member, "case", "attachment", number, "1", "--out", str(out))
    assert again.code != 0
    assert out.read_text("utf-8") == "甲乙", "nothing is written over"
    assert run(member, "case", "attachment", number, "3", "--out", str(tmp_path / "x")).code == 1
    assert not (tmp_path / "x").exists()


def noise() -> bytes:
    """A picture whose reading takes a while: a megapixel without any pattern."""
    written = io.BytesIO()
    pixels = random.Random(1).randbytes(3_000_000)  # the same one again
    Image.frombytes("RGB", (1000, 1000), pixels).save(written, "PNG", compress_level=1)
    return written.getvalue()


def _forked(surroundings: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(surroundings)
    of_this_process.cache_clear()
    chosen = of_this_process()
    uvicorn.run(create_app(chosen), host="127.0.0.1", port=chosen.port, log_level="error")


@contextmanager
def serving(settings: Settings) -> Iterator[ForkServerProcess]:
    """A server in a process of its own, that may be killed; forked where all is imported."""
    process = FORKING.Process(target=_forked, args=(environment(settings),))
    process.start()
    try:
        deadline = time.monotonic() + 90
        while True:
            try:
                with socket.create_connection(("127.0.0.1", settings.port), timeout=1):
                    break
            except OSError:
                assert process.exitcode is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield process
    finally:
        process.kill()
        process.join(30)


@ON_S3
def test_a_server_that_is_killed_in_the_middle_leaves_all_of_a_case_or_nothing(
    stored: Published,
) -> None:
    """While it comes in, while a child reads it, about when it is kept: whole, or not at all."""
    before, store = kept(stored), stored.site.state.store
    settings = stored.site.state.settings.model_copy(update={"port": free_port()})
    given = {name: (None, value) for name, value in SAID.items()}
    files = [("attachments", (f"{n}.png", noise())) for n in "ab"]
    url = f"http://127.0.0.1:{settings.port}{stored.page}/concern"
    request = httpx.Request("POST", url, files=[*given.items(), *files])
    body = request.read()
    head = f"POST {stored.page}/concern HTTP/1.1\r\n" + "".join(
        f"{name}: {value}\r\n" for name, value in request.headers.items()
    )
    whole = head.encode() + b"\r\n" + body
    moments: tuple[tuple[int, Callable[[], bool]], ...] = (
        (len(whole) // 2, lambda: True),
        (len(whole), lambda: True),
        (len(whole), lambda: kept(stored) > before),
    )
    for sent, come in moments:
        with (
            serving(settings) as process,
            socket.create_connection(("127.0.0.1", settings.port), timeout=60) as connection,
        ):
            connection.sendall(whole[:sent])
            deadline = time.monotonic() + 60
            while not come():
                assert time.monotonic() < deadline
                time.sleep(0.002)
            process.kill()
        assert _whole_cases(stored) in {0, 1}
        collect(store, lambda: mentioned(stored.site.state.factory) | before, grace=timedelta(0))
        with stored.site.state.factory() as session:
            assert kept(stored) == before | set(session.scalars(select(ConcernAttachment.digest)))
    assert attached(stored, ("a.png", picture()), ("b.png", picture())).status_code == 201
    assert _whole_cases(stored) in {1, 2}


@ON_S3
def test_a_call_over_which_the_server_was_killed_is_taken_once_when_it_is_sent_again(
    stored: Published,
) -> None:
    settings = stored.site.state.settings.model_copy(update={"port": free_port()})
    path = f"/api/v1/catalogue/{stored.slug}/concerns/with-attachments"
    files = [("attachments", (f"{n}.png", noise())) for n in "ab"]

    def send() -> httpx.Response:
        return httpx.post(
            f"http://127.0.0.1:{settings.port}{path}",
            data={"metadata": json.dumps(SAID)},
            files=files,
            headers={"Idempotency-Key": "drawn-by-its-sender-1"},
            timeout=60,
        )

    def claimed() -> bool:
        with stored.site.state.factory() as session:
            return session.scalar(select(FormKey.digest)) is not None

    with ThreadPoolExecutor(1) as threads, serving(settings) as process:
        first = threads.submit(send)
        deadline = time.monotonic() + 60
        while not claimed():
            assert time.monotonic() < deadline
            time.sleep(0.002)
        process.kill()
        assert isinstance(first.exception(), httpx.TransportError)
    assert _whole_cases(stored) == 0
    with serving(settings):
        taken, again = send(), send()
    assert taken.status_code == 201, taken.text
    assert again.content == taken.content
    assert _whole_cases(stored) == 1


def _whole_cases(stored: Published) -> int:
    """How many cases there are; each has its words and both attachments, and their bytes."""
    with stored.site.state.factory() as session:
        cases = session.scalars(select(Concern)).all()
        for each in cases:
            words = select(func.count()).where(ConcernMessage.concern_id == each.id)
            assert session.scalar(words) == 1
            mine = select(ConcernAttachment).where(ConcernAttachment.concern_id == each.id)
            rows: list[Any] = list(session.scalars(mine))
            assert len(rows) == 2
            for row in rows:
                with stored.site.state.store.open(row.digest) as content:
                    assert len(content.read()) == 32 + row.size
        session.rollback()
        return len(cases)
