"""Kept pages: the same on every server, never older than the record, and nobody's own."""

import gzip
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import brotli
import pytest
from fastapi import FastAPI
from fastapi.responses import Response
from fastapi.testclient import TestClient
from sqlalchemy import event
from sqlalchemy.orm import Session, sessionmaker
from starlette.types import Receive, Scope, Send

from filing import catalogue, hits
from filing.dossier import Filing
from portal.app import create_app
from portal.pages.rendering import asset
from portal.web import page_cache
from registry import database, legal_day, reports
from registry.database import transaction
from registry.organisations import Role
from registry.settings import Settings
from tests import cast, servers, tables
from tests.filing.papers import Scene
from tests.portal.published import Published, on_two_servers, publish
from tests.portal.world import World


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The numbers of which the public content was read anew, in order."""
    read: list[str] = []
    real = catalogue.told

    def counted(session: Any, number: str, *given: Any, **how: Any) -> Any:
        read.append(number)
        return real(session, number, *given, **how)

    monkeypatch.setattr(catalogue, "told", counted)
    return read


def test_a_page_is_made_once_at_each_server(published: Published, rendered: list[str]) -> None:
    answers = [server.get(published.page) for server in published.servers * 3]
    assert {each.status_code for each in answers} == {200}
    assert len({each.text for each in answers}) == 1
    assert len({each.headers["etag"] for each in answers}) == 1
    assert len(rendered) == 2


def test_a_page_under_another_address_is_told_from_what_was_read_until_something_changes(
    published: Published, rendered: list[str]
) -> None:
    one, two = published.servers
    addresses = [f"{published.page}?{each}" for each in ("", "from=a", "from=b")]
    before = [one.get(each).text for each in addresses]
    assert len(rendered) == 1
    revoke(published.site.state.factory, published.filing_id)
    after = [one.get(f"{each}&again").text for each in addresses]
    assert len(rendered) == 2
    assert all("已撤销" in each for each in after)
    assert not any("已撤销" in each for each in before)
    assert "已撤销" in two.get(f"{published.page}?from=c").text


def test_a_revocation_at_one_server_shows_at_the_next_request_at_every_other(
    published: Published,
) -> None:
    one, two = published.servers
    before = [server.get(published.page) for server in (one, two)]
    assert all("已撤销" not in each.text for each in before)
    with transaction(published.site.state.factory) as session:
        scene = Scene(session)
        scene.rule(session.get_one(Filing, published.filing_id), "revoke", reason="查出了问题")
    known = {"if-none-match": before[0].headers["etag"]}
    for server in (one, two):
        for address in (published.page, f"{published.page}/v1", "/zh/catalogue"):
            after = server.get(address, headers=known)
            assert after.status_code == 200
            assert "撤销" in after.text, address
        assert server.get(f"{published.page}.json").json()["standing"]["status"]["id"] == "revoked"


def test_a_newer_version_in_a_filing_of_its_own_shows_on_the_page_of_the_earlier(
    published: Published,
) -> None:
    twin = f"{published.page}.json"
    assert [each.get(twin).json()["standing"]["successor"] for each in published.servers] == [
        None,
        None,
    ]
    with transaction(published.site.state.factory) as session:
        scene = Scene(session)
        earlier = session.get_one(Filing, published.filing_id)
        scene.version = cast.version(session, scene.filer, name="second")
        newer = publish(scene)
        newer.model_id, newer.replaces_id = earlier.model_id, earlier.id
        number = newer.number
    assert number
    for server in published.servers:
        assert server.get(twin).json()["standing"]["successor"] == number


def test_what_expires_is_not_served_from_the_day_on_which_it_does(
    site: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction(site.state.factory) as session:
        scene = Scene(session)
        scene.published()
        slug = hits.newest(session, 1)[0].slug
        until = catalogue.entry(session, slug).standing.evaluations.all.until
    assert until is not None
    twin = f"/zh/f/{slug}.json"

    def states(moment: Any) -> tuple[str, str]:
        monkeypatch.setattr(page_cache, "now", lambda: moment)
        monkeypatch.setattr(catalogue, "now", lambda: moment)
        with TestClient(site) as client:
            client.get(twin)
            standing = client.get(twin).json()["standing"]
            return standing["evaluation"]["state"], standing["third_party_evaluation"]["state"]

    assert states(until - timedelta(seconds=1)) == ("current", "current")
    assert states(until) == ("expired", "expired")


def test_a_page_kept_a_second_before_midnight_is_made_anew_at_midnight(
    published: Published, rendered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = published.servers[0]
    midnight = legal_day.after(database.now(), 1)
    for moment, made in ((-1, 1), (-0.001, 1), (0, 2), (1, 2)):
        later = midnight + timedelta(seconds=moment)
        monkeypatch.setattr(page_cache, "now", lambda later=later: later)
        server.get(published.page)
        assert len(rendered) == made, moment


def test_nothing_of_someone_signed_in_is_kept_nor_served(published: Published) -> None:
    world = World(published.site)
    browser, _ = world.browser(world.member("enterprise-own", Role.FILER))
    own = browser.get(published.page)
    assert "我的账号" in own.text
    assert own.headers["cache-control"] == "no-store"
    everyone = published.servers[0].get(published.page)
    assert "我的账号" not in everyone.text
    assert everyone.headers["cache-control"] == "public, no-cache"
    assert "Cookie" in everyone.headers["vary"]
    assert "我的账号" in browser.get(published.page).text


def test_a_sign_in_in_a_second_line_of_cookies_is_one(published: Published) -> None:
    world = World(published.site)
    browser, _ = world.browser(world.member("enterprise-own", Role.FILER))
    secret = browser.cookies["mingsuan"]
    lines = [("cookie", "theme=1"), ("cookie", f"mingsuan={secret}"), ("accept", "text/html")]
    for address in (published.page, "/zh/about", "/zh/"):
        own = published.servers[0].get(address, headers=lines)
        assert "我的账号" in own.text
        assert own.headers["cache-control"] == "no-store"
        assert "我的账号" not in published.servers[0].get(address).text, address


def test_whoever_the_application_knows_is_answered_alone(site: FastAPI) -> None:
    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        scope[page_cache.KEY] = page_cache.Told()
        scope.setdefault("state", {})["identity"] = object()
        await Response("own")(scope, receive, send)

    cache = page_cache.PageCache(application, site.state.reader)
    assert TestClient(cache).get("/").headers["cache-control"] == "no-store"
    assert not cache._kept


def test_the_word_on_what_was_done_reaches_no_one_else(published: Published) -> None:
    server = published.servers[0]
    done = server.get(published.page, headers={"cookie": "mingsuan-done=saved"})
    assert "已保存" in done.text
    assert "已保存" not in server.get(published.page).text


@pytest.mark.parametrize(
    ("name", "unpack"), [("br", brotli.decompress), ("gzip", gzip.decompress)]
)
def test_a_page_is_sent_packed_as_it_is_asked_for(
    published: Published, name: str, unpack: Any
) -> None:
    server = published.servers[0]
    plain = server.get(published.page, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    with server.stream("GET", published.page, headers={"accept-encoding": name}) as packed:
        sent = b"".join(packed.iter_raw())
    assert packed.headers["content-encoding"] == name
    assert int(packed.headers["content-length"]) == len(sent) < len(plain.content) / 2
    assert unpack(sent) == plain.content
    assert packed.headers["etag"] == plain.headers["etag"]
    assert "Accept-Encoding" in packed.headers["vary"]


@pytest.mark.parametrize("many", ['"x", {}', "{}", "*"])
def test_who_knows_the_page_is_told_so_without_a_body(published: Published, many: str) -> None:
    server = published.servers[0]
    tag = server.get(published.page).headers["etag"]
    known = server.get(published.page, headers={"if-none-match": many.format(tag)})
    assert known.status_code == 304
    assert known.content == b""
    assert known.headers["etag"] == tag
    assert known.headers["x-content-type-options"] == "nosniff"
    assert "content-length" not in known.headers


@pytest.mark.parametrize("address", ["/zh/", "/zh/catalogue?q=x", "/zh/words", "{page}", "{css}"])
def test_head_tells_what_get_would(published: Published, address: str) -> None:
    here = address.format(page=published.page, css=asset("site.css"))
    server = published.servers[0]
    told, read = server.head(here), server.get(here)
    assert told.status_code == read.status_code == 200
    assert told.content == b""
    same = ("etag", "content-type", "content-length", "cache-control")
    assert [told.headers.get(each) for each in same] == [read.headers.get(each) for each in same]


def test_head_of_an_own_page_is_kept_out_of_shared_caches(published: Published) -> None:
    world = World(published.site)
    browser, _ = world.browser(world.member("enterprise-own", Role.FILER))
    assert browser.head("/zh/desk").headers["cache-control"] == "no-store"
    assert published.servers[0].head("/zh/no-such-page").status_code == 404


def test_a_file_is_kept_for_ever_under_its_digest_alone(published: Published) -> None:
    server = published.servers[0]
    named = server.get(asset("site.css"))
    assert named.headers["cache-control"] == "public, max-age=31536000, immutable"
    for other in ("/static/site.css", "/static/site.css?another"):
        assert server.get(other).headers["cache-control"] == "public, no-cache"
        assert server.get(other).content == named.content
    assert server.get("/static/..%2f__init__.py").status_code == 404
    assert server.get("/static/nothing.css").status_code == 404


def test_what_is_not_found_is_not_kept(published: Published) -> None:
    server = published.servers[0]
    missing = f"{published.page}/v9"
    assert server.get(missing).status_code == 404
    assert "etag" not in server.get(missing).headers


def test_what_is_kept_stays_within_its_bytes_and_the_longest_unread_goes(site: FastAPI) -> None:
    asked: list[str] = []

    async def application(scope: Scope, _receive: Receive, send: Send) -> None:
        asked.append(scope["path"])
        scope[page_cache.KEY] = page_cache.Told()
        answer = Response(scope["path"] * 1000)
        await answer(scope, _receive, send)

    cache = page_cache.PageCache(application, site.state.reader, most=40_000)
    reader = TestClient(cache)
    for path in ("/a", "/b", "/c", "/a", "/d", "/e", "/f", "/g", "/h", "/i"):
        assert reader.get(path).text == path * 1000
        reader.get("/a")
    assert asked.count("/a") == 1
    assert reader.get("/i").text == "/i" * 1000
    assert asked.count("/i") == 1
    reader.get("/b")
    assert asked.count("/b") == 2
    kept = cache._kept.values()
    assert 0 < sum(each.size for each in kept) == cache._size <= 40_000
    large = "/" + "x" * 20
    reader.get(large)
    reader.get(large)
    assert asked.count(large) == 2, "a quarter of the room at most for one"


def served(url: str, folder: Path) -> FastAPI:
    """A site with every table, on a database of its own."""
    app = create_app(Settings(data=folder, database=url, sandbox_tier="none"))
    tables.make(app.state.engine)
    return app


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def losable(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[Published, Callable[[], None], Callable[[], None]]]:
    """One published filing on each database, with what takes the database away and gives it back."""
    with ExitStack() as stack:
        if request.param == "postgresql":
            server = stack.enter_context(servers.own_postgres())
            url = stack.enter_context(servers.fresh_database(server.url))
            app = served(url, tmp_path / "data")
            take, give = server.stop, server.start
        else:
            app = served("", tmp_path / "data")
            place, away = Path(app.state.engine.url.database), tmp_path / "away.db"

            def take() -> None:
                place.rename(away)

            def give() -> None:
                away.rename(place)

        stack.callback(app.state.engine.dispose)
        yield stack.enter_context(on_two_servers(app)), take, give


def test_a_database_that_is_lost_is_not_hidden_by_a_kept_page(
    losable: tuple[Published, Callable[[], None], Callable[[], None]],
) -> None:
    published, take, give = losable
    pages = ("/zh/", published.page)
    server = TestClient(published.site, raise_server_exceptions=False)
    assert {server.get(page).status_code for page in pages * 2} == {200}
    take()
    for page in pages * 2:
        answer = server.get(page)
        assert answer.status_code == 503, page
        assert answer.headers["retry-after"]
    give()
    assert {server.get(page).status_code for page in pages} == {200}


def revoke(factory: sessionmaker[Session], filing_id: str) -> None:
    """Revoke a filing on record."""
    with transaction(factory) as session:
        Scene(session).rule(session.get_one(Filing, filing_id), "revoke", reason="查出了问题")


@pytest.mark.postgres
def test_a_revocation_shows_at_every_server_on_postgresql(
    postgres_url: str, tmp_path: Path
) -> None:
    app = served(postgres_url, tmp_path / "data")
    with on_two_servers(app) as published:
        for server in published.servers * 2:
            assert "已撤销" not in server.get(published.page).text
        revoke(app.state.factory, published.filing_id)
        for server in published.servers:
            assert "已撤销" in server.get(published.page).text
    app.state.engine.dispose()


@pytest.mark.parametrize("how", ["moved into its place", "written over it"])
def test_a_record_that_was_put_back_is_told_at_once(
    published: Published, tmp_path: Path, how: str
) -> None:
    """The kept connection, and those of the pool, read the file that they were opened on."""
    place = Path(published.site.state.engine.url.database)
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(place)) as ours, closing(sqlite3.connect(other)) as copy:
        ours.backup(copy)
    apart = database.connect(f"sqlite:///{other}")
    revoke(database.sessions(apart), published.filing_id)
    with closing(sqlite3.connect(other)) as copy:
        copy.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    apart.dispose()
    for server in published.servers * 2:
        assert "已撤销" not in server.get(published.page).text
    for end in ("-wal", "-shm"):
        Path(f"{place}{end}").unlink(missing_ok=True)
    if how == "moved into its place":
        other.replace(place)
    else:
        place.write_bytes(other.read_bytes())
    for server in published.servers:
        for address in (published.page, "/zh/catalogue", f"{published.page}/v1"):
            told = server.get(address)
            assert "撤销" in told.text or told.status_code == 503, address
            # SQLite itself holds on to the log of a file that was written over while it was open.
            assert told.status_code == 200 or how == "written over it"


def test_a_kept_page_opens_no_session_and_waits_for_no_writer(published: Published) -> None:
    server, engine = published.servers[0], published.site.state.engine
    pages = ("/zh/", published.page, f"{published.page}.json", "/zh/catalogue")
    for page in pages * 2:
        server.get(page)
    taken: list[object] = []
    event.listen(engine, "checkout", lambda *given: taken.append(given))
    with closing(sqlite3.connect(engine.url.database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        begun = time.monotonic()
        assert {server.get(page).status_code for page in pages} == {200}
        assert time.monotonic() - begun < 1
    assert taken == []
    revoke(published.site.state.factory, published.filing_id)
    taken.clear()
    assert "已撤销" in server.get(published.page).text
    assert taken
    taken.clear()
    server.get(published.page)
    assert taken == []


def test_what_changed_elsewhere_leaves_a_filed_page_kept(
    published: Published, rendered: list[str]
) -> None:
    server = published.servers[0]
    server.get(published.page)
    with transaction(published.site.state.factory) as session:
        publish(Scene(session))
    assert len(rendered) == 1
    for _ in range(3):
        server.get(published.page)
    assert len(rendered) == 1
    revoke(published.site.state.factory, published.filing_id)
    assert "已撤销" in server.get(published.page).text


def test_what_a_new_standing_leaves_as_it_was_is_not_made_anew(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[object] = []
    real = reports.statement

    def counted(report: Any) -> Any:
        read.append(report)
        return real(report)

    monkeypatch.setattr(reports, "statement", counted)
    server = published.servers[0]
    before = server.get(published.page).text
    assert len(read) == 1
    assert server.get(f"/en/f/{published.slug}").status_code == 200
    assert len(read) == 2, "each language is a page of its own"
    revoke(published.site.state.factory, published.filing_id)
    after = server.get(published.page).text
    assert "已撤销" in after
    assert "已撤销" not in before
    assert len(read) == 2
    told = before[before.index('<section aria-labelledby="evaluation">') :]
    assert told[: told.index('id="history"')] in after


def test_a_filed_page_asks_six_questions_after_a_change_and_by_no_session_where_there_was_none(
    published: Published,
) -> None:
    server, asked = published.servers[0], list[str]()
    server.get(published.page)
    revoke(published.site.state.factory, published.filing_id)
    counting = lambda *given: asked.append(" ".join(given[2].split()))  # noqa: E731
    event.listen(published.site.state.engine, "before_cursor_execute", counting)
    assert "已撤销" in server.get(published.page).text
    tables_asked = [each.split(" FROM ")[1].split()[0] for each in asked if " FROM " in each]
    # The attached reports that were withdrawn, those that count and are not attached, and what was
    # answered to findings among them; and the data, where one is explained.
    asked_for = ["filing", "report", "report", "concern", "event", "finding_answer"]
    assert tables_asked == asked_for
    asked.clear()
    assert "已撤销" in server.get(f"{published.page}?from=a").text
    assert asked == []
    server.get(f"{published.page}/v1")
    assert len([each for each in asked if " FROM " in each]) == len(asked_for)
