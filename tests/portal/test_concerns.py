"""The three routes by API and pages: sent by anybody, followed by code, counted, deleted."""

import errno
import io
import json
import re
import select as readiness
import signal
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sqlalchemy import func, select

from filing import enclosures, forgetting, routes, senders
from filing.concern_steps import Status
from filing.concerns import Concern, ConcernMessage
from filing.enclosures import ConcernAttachment
from portal.work.abandoned import mentioned
from registry import attachments, guesses, legal_day
from registry.artifacts import collect
from registry.attachments import Sent
from registry.belonging import StoreUnreachable
from registry.database import transaction
from registry.guesses import Guess
from registry.journal import Event
from registry.sandbox.talk import Talk
from tests.portal.published import Published

WORDS = "十一月二十日被拒绝贷款，没有说明理由，文件名是 zebra-quokka。"
CONTACT = "lisi-numbat@example.org"
SAID = {"route": "appeal", "situation": "result", "words": WORDS, "contact": CONTACT}


@pytest.fixture
def confined(published: Published) -> None:
    """A place to read attachments in, as an installation has it."""
    state = published.site.state
    state.settings = state.settings.model_copy(update={"sandbox_tier": "auto"})


def send(published: Published, **changed: Any) -> Any:
    """Send one by the API."""
    address = f"/api/v1/catalogue/{published.slug}/concerns"
    answer = published.servers[0].post(address, json=SAID | changed)
    assert answer.status_code == 201, answer.text
    return answer.json()


def follow(reader: TestClient, number: str, code: str) -> Any:
    """Ask by number and code."""
    plain = number.replace("-", "")
    return reader.post(f"/api/v1/cases/{plain}/follow", json={"code": code})


def test_an_appeal_is_counted_at_once_on_every_server_and_as_data(published: Published) -> None:
    before = [server.get(published.page).text for server in published.servers]
    assert not any("收到申诉" in each for each in before)

    made = send(published)

    when = routes.quarter(legal_day.today())
    for server in published.servers:
        page = server.get(published.page).text
        assert f"{when[:4]}年第{when[-1]}季度收到申诉1件，其中1件尚未核实。" in page
        twin = server.get(f"/f/{published.slug}.json").json()["concerns"]
        assert twin["counts"] == [
            {
                "route": {"id": "appeal", "zh": "申诉", "en": "appeal"},
                "quarter": when,
                "received": 1,
                "closed": 0,
                "upheld": 0,
            }
        ]
        assert WORDS not in page
    assert made["promised_days"] == 15
    assert made["answer_by"] == (legal_day.today() + timedelta(days=15)).isoformat()


def test_a_report_changes_no_page_and_no_tag(published: Published) -> None:
    def seen() -> list[tuple[str, str]]:
        return [
            (server.get(page).text, server.get(page).headers["etag"])
            for server in published.servers
            for page in (published.page, f"/f/{published.slug}.json", "/zh/catalogue", "/zh/")
        ]

    before = seen()
    send(published, route="report")
    assert seen() == before


def test_the_page_takes_one_in_and_shows_the_code_once(published: Published) -> None:
    reader = published.servers[0]
    form = reader.get(f"{published.page}/concern")
    assert form.status_code == 200
    assert "备案写明收到后 15 天内答复。" in form.text
    made = reader.post(f"{published.page}/concern", data=SAID)
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    assert "<h1>已收到，尚未核实</h1>" in made.text
    assert routes.DAYS_OF_HELD.zh in made.text
    number, code = (
        re.search(rf'id="case-{name}">([^<]+)<', made.text)[1]  # type: ignore[index]
        for name in ("number", "code")
    )
    followed = reader.post("/zh/follow", data={"number": number, "code": code})
    assert followed.headers["cache-control"] == "no-store"
    assert "已收到，尚未核实" in followed.text
    assert WORDS in followed.text
    due, gone = (
        re.search(rf"<dt>{name}</dt><dd>(.*?)</dd>", text)[1]  # type: ignore[index]
        for name, text in (("最迟告知是否受理", made.text), ("怎样删除", followed.text))
    )
    assert due in followed.text
    assert gone.startswith("结案180天后删除，最迟在")
    assert f'<a href="/zh/f/{published.slug}">住房贷款审批算法</a>' in followed.text
    assert "已收到您的补充" not in followed.text
    added = reader.post(
        "/zh/follow", data={"number": number, "code": code, "words": "补充一句：还有一份文件。"}
    )
    assert "补充一句" in added.text
    assert '<p class="notice good" role="status">已收到您的补充。</p>' in added.text
    wrong = reader.post("/zh/follow", data={"number": number, "code": "A" * 16})
    assert wrong.status_code == 404
    assert WORDS not in wrong.text
    assert "A" * 16 not in wrong.text, "a code is never shown again"


def test_a_form_that_is_turned_down_keeps_what_was_typed_and_stores_nothing(
    published: Published,
) -> None:
    reader = published.servers[0]
    answer = reader.post(f"{published.page}/concern", data=SAID | {"words": "太短"})
    assert answer.status_code == 422
    assert 'value="result" required checked' in answer.text
    assert CONTACT in answer.text
    with published.site.state.factory() as session:
        assert session.scalar(select(func.count()).select_from(Concern)) == 0


def test_an_empty_form_names_every_question_that_is_open(published: Published) -> None:
    answer = published.servers[0].post(f"{published.page}/concern", data={"contact": CONTACT})
    assert answer.status_code == 422
    for question in ("没有选“发生了什么”", "没有选“走哪条途径”", "写得太少"):
        assert question in answer.text, question
    assert CONTACT in answer.text


def test_the_form_says_where_a_situation_usually_leads_and_who_reads_each_route(
    published: Published,
) -> None:
    form = published.servers[0].get(f"{published.page}/concern").text
    for each in routes.SITUATIONS:
        name = routes.ROUTE_NAMES[each.route].zh
        assert f'{each.name.zh}</label> <span class="tag">通常走{name}</span>' in form
    for route in routes.Route:
        assert routes.ROUTES_READ[route].zh in form
    told = published.servers[0].get("/api/v1/routes").json()
    assert [each["readers"]["zh"] for each in told["routes"]] == [
        routes.ROUTES_READ[route].zh for route in routes.Route
    ]


def attached(published: Published, *files: tuple[str, bytes], **changed: Any) -> Any:
    """Send one by the page, with files."""
    sent = [("attachments", each) for each in files]
    address = f"{published.page}/concern"
    return published.servers[0].post(address, data=SAID | changed, files=sent)


def picture() -> bytes:
    """A small picture."""
    written = io.BytesIO()
    Image.new("RGB", (20, 10), "red").save(written, "PNG")
    return written.getvalue()


def kept(published: Published) -> set[str]:
    """The digests of everything in the store."""
    return set(published.site.state.store.digests())


@pytest.mark.usefixtures("confined")
def test_a_file_that_is_not_taken_is_named_and_no_typed_word_is_lost(
    published: Published,
) -> None:
    before = kept(published)
    pdf = ("甲/乙.pdf", b"%PDF-1.7 /OpenAction<</S/JavaScript>> /EmbeddedFiles")
    answer = attached(published, ("good.png", picture()), pdf)
    assert answer.status_code == 422
    assert "乙.pdf" in answer.text
    assert "请拍照或者截屏" in answer.text
    assert "文件要重新选" in answer.text
    for typed in (WORDS, CONTACT, 'value="result" required checked'):
        assert typed in answer.text
    with published.site.state.factory() as session:
        assert session.scalar(select(func.count()).select_from(Concern)) == 0
    assert kept(published) == before


def test_nothing_is_read_of_a_form_that_lacks_something_else(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise AssertionError("read for nothing")

    monkeypatch.setattr("registry.attachments.read", none)
    answer = attached(published, ("a.png", picture()), words="太短")
    assert answer.status_code == 422


@pytest.mark.usefixtures("confined")
def test_attachments_go_with_their_case_and_two_of_the_same_are_two(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = kept(published)
    for _ in range(2):
        answer = attached(published, ("a.png", picture()), ("b.txt", "一句话".encode()))
        assert answer.status_code == 201, answer.text
        assert "附件已收到：2 个。" in answer.text
    new = kept(published) - before
    assert len(new) == 4, "nobody finds a picture by its digest"
    factory, store = published.site.state.factory, published.site.state.store
    assert new <= mentioned(factory)
    with factory() as session:
        events = session.scalars(select(Event).where(Event.name == "filing:concern:received"))
        assert [each.details for each in events] == [{"attachments": 2}] * 2
        last = session.scalars(select(Concern.delete_on)).first()
    assert forgetting.run(factory, store) == 0
    monkeypatch.setattr(legal_day, "today", lambda: last)
    assert forgetting.run(factory, store) == 2 + 4
    assert kept(published) == before
    with factory() as session:
        assert set(session.scalars(select(ConcernAttachment.digest))) == {None}
    assert forgetting.run(factory, store) == 0


@pytest.mark.usefixtures("confined")
def test_bytes_that_could_not_be_deleted_are_deleted_the_next_time(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = kept(published)
    assert attached(published, ("a.png", picture())).status_code == 201
    factory, store = published.site.state.factory, published.site.state.store
    with factory() as session:
        last = session.scalars(select(Concern.delete_on)).one()
    monkeypatch.setattr(legal_day, "today", lambda: last)
    with monkeypatch.context() as away:

        def gone(_: str) -> None:
            raise StoreUnreachable("不在", "away")

        away.setattr(store, "delete", gone)
        with pytest.raises(StoreUnreachable):
            forgetting.run(factory, store)
    with factory() as session:
        assert set(session.scalars(select(ConcernMessage.kept))) == {None}, "the words are gone"
    assert forgetting.run(factory, store) == 1
    assert kept(published) == before


@pytest.mark.usefixtures("confined")
def test_a_full_disk_keeps_nothing_and_says_so(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(published.site.state.store, "put", full)
    with TestClient(published.site, raise_server_exceptions=False) as reader:
        answer = reader.post(
            f"{published.page}/concern",
            data=SAID,
            files=[("attachments", ("a.png", picture()))],
        )
    assert answer.status_code in {503, 507}, answer.text
    with published.site.state.factory() as session:
        assert session.scalar(select(func.count()).select_from(Concern)) == 0


@pytest.mark.parametrize(
    "file", [("attachment", ("a.txt", b"evidence")), ("attachments", (None, b"evidence"))]
)
def test_a_file_that_would_not_be_read_is_refused_and_nothing_kept(
    published: Published, file: Any
) -> None:
    """Evidence under another name, or without one of its own, was dropped with a receipt of none."""
    answer = published.servers[0].post(
        f"/api/v1/catalogue/{published.slug}/concerns/with-attachments",
        data={"metadata": json.dumps(SAID)},
        files=[file, ("attachments", ("b.txt", b"more"))],
    )
    assert answer.status_code == 422
    assert [each["item"] for each in answer.json()["reasons"]] == [file[0]]
    with published.site.state.factory() as session:
        assert session.scalar(select(func.count()).select_from(Concern)) == 0


@pytest.mark.usefixtures("confined")
def test_by_api_with_files_and_held_ones_too(published: Published) -> None:
    address = f"/api/v1/catalogue/{published.slug}/concerns/with-attachments"
    for _ in range(5):
        answer = published.servers[0].post(
            address,
            data={"metadata": json.dumps(SAID)},
            files=[("attachments", ("a.png", picture()))],
        )
        assert answer.status_code == 201, answer.text
        assert answer.json()["attachments"] == 1
    with published.site.state.factory() as session:
        statuses = session.scalars(select(Concern.status)).all()
        assert statuses.count(Status.HELD) == 2
        assert session.scalar(select(func.count()).select_from(ConcernAttachment)) == 5


@pytest.mark.usefixtures("confined")
def test_a_network_that_has_very_much_read_pauses_before_it_is_read(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(senders, "LEAST_BEFORE_CLOCK", 2)
    monkeypatch.setattr(senders, "MOST_BEFORE_CLOCK", 3)
    monkeypatch.setattr(senders, "closed_for", lambda key, at: 7)
    for _ in range(2):
        assert attached(published, ("a.png", b"x")).status_code == 422
    paused = attached(published, ("a.png", picture()))
    assert int(paused.headers["retry-after"]) > 0
    assert WORDS in paused.text


def test_wrong_codes_wait_and_nobody_is_locked_out(published: Published) -> None:
    made = send(published)
    reader = published.servers[0]
    for _ in range(guesses.FREE):
        assert follow(reader, made["number"], "A" * 16).status_code == 404
    waiting = follow(reader, made["number"], "A" * 16)
    if waiting.status_code == 404:  # the one that is over is counted, the next one waits
        waiting = follow(reader, made["number"], "A" * 16)
    assert waiting.status_code == 429
    assert int(waiting.headers["retry-after"]) > 0
    assert "锁定任何人" in waiting.json()["detail"]
    with TestClient(published.site, client=("198.51.100.9", 5)) as elsewhere:
        assert follow(elsewhere, made["number"], made["code"]).status_code == 200
    other = send(published, route="report")
    assert follow(reader, other["number"], other["code"]).status_code == 200


def test_whoever_follows_rightly_is_written_down_nowhere(published: Published) -> None:
    made = send(published)
    assert follow(published.servers[0], made["number"], made["code"]).status_code == 200
    with published.site.state.factory() as session:
        assert session.scalar(select(func.count()).select_from(Guess)) == 0


def test_the_bytes_of_what_was_deleted_are_gone_from_the_file(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = send(published)
    data = published.site.state.settings.data

    def on_disk() -> bytes:
        return b"".join(each.read_bytes() for each in sorted(data.glob("mingsuan.db*")))

    assert b"zebra-quokka" in on_disk()
    last = date.fromisoformat(made["delete_on"])
    assert forgetting.run(published.site.state.factory, published.site.state.store) == 0
    monkeypatch.setattr(legal_day, "today", lambda: last)
    assert forgetting.run(published.site.state.factory, published.site.state.store) == 1

    for secret in (b"zebra-quokka", CONTACT.encode()):
        assert secret not in on_disk()
    assert follow(published.servers[0], made["number"], made["code"]).status_code == 404


def test_where_nobody_is_there_to_report_to_the_form_says_so(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "这里还没有登记主管部门或行业组织，举报请直接向它们提出。"
    assert said not in published.servers[0].get(f"{published.page}/concern").text
    monkeypatch.setattr("filing.receiving.WATCHING", ())
    with transaction(published.site.state.factory) as session:  # the page is made anew
        session.execute(select(Concern))
    send(published)
    assert said in published.servers[0].get(f"{published.page}/concern").text


def test_a_number_that_is_not_published_takes_nothing(published: Published) -> None:
    answer = published.servers[0].post("/api/v1/catalogue/SH-2020-999999-X/concerns", json=SAID)
    assert answer.status_code in {404, 422}


@pytest.mark.usefixtures("confined")
def test_what_a_killed_server_left_in_the_store_is_on_no_record_and_swept(
    published: Published,
) -> None:
    """Between the store and the record: bytes that no record names go once they are old."""
    before = kept(published)
    state = published.site.state
    made = attachments.read([Sent("a.png", picture())], state.settings)
    (left,) = enclosures.put(state.store, made)
    assert left.digest in kept(published)
    grace = timedelta(0)
    collect(state.store, lambda: mentioned(state.factory) | before, grace=grace)
    assert kept(published) == before


@pytest.mark.usefixtures("confined")
@pytest.mark.parametrize("from_within", [True, False], ids=["within", "outside"])
def test_a_reader_that_is_killed_in_the_middle_takes_nothing_with_it(
    from_within: bool, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever of its processes is killed: the file is not called damaged for it."""
    asking = Talk.ask

    def killed(talk: Talk, question: Any, **how: Any) -> bytes:
        if question:
            kill(talk, from_within=from_within)
        return asking(talk, question, **how)

    before = kept(published)
    with monkeypatch.context() as dying:
        dying.setattr(Talk, "ask", killed)
        answer = attached(published, ("a.png", picture()))
    assert answer.status_code == 503
    assert "读不出来" not in answer.text
    assert WORDS in answer.text
    assert kept(published) == before
    assert attached(published, ("a.png", picture())).status_code == 201


def kill(talk: Talk, *, from_within: bool) -> None:
    """Kill the first process behind its walls, or the one that set them up, and see it gone."""
    confined = talk.confined
    assert confined._process is not None
    if from_within and confined._first is not None:
        signal.pidfd_send_signal(confined._first, signal.SIGKILL)
        readiness.select([confined._first], [], [], 10)
    else:
        confined._process.kill()
    confined._process.wait()
