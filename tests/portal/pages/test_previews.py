"""A preview is the filed page as it would be: for its filer, and for whom a one-time link was sent."""

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from filing import catalogue, dossier, previews
from filing.dossier import Filing
from filing.previews import PreviewLink
from portal.pages.previews import cookie
from registry.database import now, transaction
from registry.organisations import Role
from tests import cast
from tests.portal.pages.records import SEAL
from tests.portal.pages.shelf import Shelf
from tests.portal.pages.test_races import PAGE, opened

MOMENT = re.compile(r"20\d\d-\d\d-\d\d( \d\d:\d\d)?")


def made(shelf: Shelf, filing_id: str) -> tuple[str, str]:
    """A fresh link: its identifier, and the address as the filer reads it."""
    client, csrf = shelf.browser(Role.FILER)
    shown = client.post(f"/zh/filings/{filing_id}/previews", data={"csrf": csrf}, headers=PAGE)
    link = re.search(r"(/zh/preview\?token=[\w-]+)", shown.text)
    assert link is not None
    with shelf.site.state.factory() as session:
        newest = select(PreviewLink.id).order_by(PreviewLink.id.desc()).limit(1)
        return session.scalars(newest).one(), link[1]


def visitor(shelf: Shelf) -> TestClient:
    return TestClient(shelf.site, follow_redirects=False, raise_server_exceptions=False)


def pressed(client: TestClient, link: str) -> object:
    """The button under the link."""
    return client.post("/zh/preview", data={"token": link.partition("token=")[2]}, headers=PAGE)


def test_a_preview_is_what_is_published_then(shelf: Shelf) -> None:
    """Of a published filing in which nothing changed, its own page: content, standing and history."""
    with shelf.site.state.factory() as session:
        published = session.get_one(Filing, shelf.made["filing"])
        entry, past = previews.entry(session, published)
        real, history = catalogue.told(session, str(published.number))
    moved = dict.fromkeys(("edition", "published", "previous", "record_digest"))
    assert {**entry.content, **moved} == {**real.content, **moved}
    assert past.turns[1:] == history.turns
    assert entry.standing.evaluations == real.standing.evaluations


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_of_a_preview_is_the_filed_page(shelf: Shelf, language: str) -> None:
    client, _ = shelf.browser(Role.FILER)
    with shelf.site.state.factory() as session:
        slug = str(session.get_one(Filing, shelf.made["filing"]).number).lower()
    real = client.get(f"/{language}/f/{slug}", headers=PAGE, follow_redirects=True).text
    preview = client.get(f"/{language}/filings/{shelf.made['filing']}/preview", headers=PAGE).text

    def body(page: str) -> str:
        """From the heading to what is told of the page itself."""
        main = page.partition("<h1>")[2]
        return re.sub(MOMENT, "", main.partition('aria-labelledby="history"')[0])

    assert body(preview) == body(real)


def test_a_preview_says_that_it_is_none_and_no_search_engine_keeps_it(shelf: Shelf) -> None:
    client, _ = shelf.browser(Role.FILER)
    answer = client.get(f"/zh/filings/{opened(shelf)}/preview", headers=PAGE)
    assert "预览，未公示" in answer.text
    assert 'content="noindex, nofollow"' in answer.text
    assert "noindex" in answer.headers["x-robots-tag"]
    assert answer.headers["cache-control"] == "no-store"
    assert "/f/None" not in answer.text


def test_a_link_opens_once_and_in_one_browser(shelf: Shelf) -> None:
    """Looking at it spends nothing: mail and chat programs follow links by themselves."""
    link_id, link = made(shelf, opened(shelf))
    robot, reader, thief = (visitor(shelf) for _ in range(3))
    assert robot.get(link, headers=PAGE).status_code == 200
    assert robot.get(f"/zh/preview/{link_id}", headers=PAGE).status_code == 404
    sent = pressed(reader, link)
    assert sent.status_code == 303  # type: ignore[attr-defined]
    assert "预览，未公示" in reader.get(f"/zh/preview/{link_id}", headers=PAGE).text
    assert pressed(thief, link).status_code == 409  # type: ignore[attr-defined]
    assert thief.get(link, headers=PAGE).status_code == 409
    thief.cookies.set(cookie(link_id), "guessed")
    assert thief.get(f"/zh/preview/{link_id}", headers=PAGE).status_code == 404


def test_a_link_that_was_taken_back_or_is_too_old_shows_nothing(shelf: Shelf) -> None:
    client, csrf = shelf.browser(Role.FILER)
    filing_id = opened(shelf)
    for ended in ("revoked", "expired"):
        link_id, link = made(shelf, filing_id)
        reader = visitor(shelf)
        pressed(reader, link)
        if ended == "revoked":
            here = f"/zh/filings/{filing_id}/previews/{link_id}/revoke"
            assert client.post(here, data={"csrf": csrf}).status_code == 303
        else:
            with transaction(shelf.site.state.factory) as session:
                old = now() - timedelta(seconds=1)
                session.execute(
                    update(PreviewLink).where(PreviewLink.id == link_id).values(expires=old)
                )
        assert reader.get(f"/zh/preview/{link_id}", headers=PAGE).status_code == 404
        assert visitor(shelf).get(link, headers=PAGE).status_code == 409


def test_of_a_link_the_digest_alone_is_kept(shelf: Shelf) -> None:
    link_id, link = made(shelf, opened(shelf))
    reader = visitor(shelf)
    pressed(reader, link)
    secrets = {link.partition("token=")[2], reader.cookies[cookie(link_id)]}
    with shelf.site.state.factory() as session:
        row = session.get_one(PreviewLink, link_id)
        assert not secrets & {str(value) for value in vars(row).values()}


def test_what_is_withheld_or_restricted_stands_in_no_preview(shelf: Shelf) -> None:
    secret = "zebra-quokka"
    rule = {"rule": secret, "effect": "批准"}
    filing_id = opened(shelf, D7={"value": [rule], "sealed": SEAL})
    client, _ = shelf.browser(Role.FILER)
    page = client.get(f"/zh/filings/{filing_id}/preview", headers=PAGE).text
    assert secret not in page


def test_a_bare_draft_says_what_a_preview_needs_first(shelf: Shelf) -> None:
    client, _ = shelf.browser(Role.FILER)
    filer = shelf.actor(Role.FILER)
    with transaction(shelf.site.state.factory) as session:
        version = cast.version(session, filer, name="bare-draft")
        filing_id = dossier.open_filing(session, by=filer, version_id=version.id).id
    answer = client.get(f"/zh/filings/{filing_id}/preview", headers=PAGE)
    assert answer.status_code == 409
    for key in ("B1", "B2", "G1"):
        assert key in answer.text


def test_a_filing_has_no_more_links_than_it_may(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "MOST", 1)
    filing_id = opened(shelf)
    made(shelf, filing_id)
    client, csrf = shelf.browser(Role.FILER)
    again = client.post(f"/zh/filings/{filing_id}/previews", data={"csrf": csrf}, headers=PAGE)
    assert again.status_code == 409


def test_the_api_gives_the_same_preview_and_the_same_links(shelf: Shelf) -> None:
    filing_id, filer = opened(shelf), shelf.world.member("enterprise-own", Role.FILER)
    with TestClient(shelf.site) as client:
        here = f"/api/v1/filings/{filing_id}/previews"
        content = client.get(here.removesuffix("s"), headers=filer.bearer).json()
        assert content["preview"] is True
        assert content["edition"]["slug"] is None
        fresh = client.post(here, headers=filer.bearer).json()
        assert "/zh/preview?token=" in fresh["link"]
        listed = client.get(here, headers=filer.bearer).json()["items"]
        assert [each["id"] for each in listed] == [fresh["id"]]
        gone = client.delete(f"{here}/{fresh['id']}", headers=filer.bearer)
        assert gone.status_code == 204
        assert client.get(here, headers=filer.bearer).json()["items"] == []
