"""Addresses that last: of a filing without a language, for people, programs and search engines."""

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from io import BytesIO
from typing import Annotated
from xml.etree.ElementTree import Element, SubElement, tostring

import segno
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from markupsafe import Markup
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from filing import as_of, catalogue, changes, numbers
from filing.catalogue import PublicEntry
from filing.listings import Listing
from filing.recommended import records
from portal.pages.rendering import NoSuchPage, language_of
from portal.web.access import public
from portal.web.at_hand import Configured, Database
from portal.web.page_cache import FOR_EVER, keep
from registry import explanations, legal_day
from registry.language import LANGUAGES
from registry.settings import Settings

router = APIRouter(include_in_schema=False)

COUNTING = re.compile("[1-9][0-9]{0,8}")
"""A number in an address, from 1: written in one way, so that a page has one address."""
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
MOST_IN_A_SITEMAP = 50_000
MOST_CATALOGUES = 50
"""Of industry bodies, that the list of pages has room for."""
FIXED = (
    "",
    "catalogue",
    "recommended",
    "question",
    "concern",
    "words",
    "law",
    "about",
    "accessibility",
)
NOT_FOR_ROBOTS = (
    "/api/",
    "/mlflow/",
    "/*/sign-in",
    "/*/desk",
    "/*/account",
    "/*/catalogue?",
    "/*/f/*/on",
    "/*/recommended/*?",
)


def in_own_language(request: Request, rest: str) -> Response:
    """To a page in the reader's language, which the request's headers tell.

    Args:
        request: of an address without a language.
        rest: the address below the language.
    """
    address = f"/{language_of(request)}/{rest}"
    return RedirectResponse(address, status_code=307, headers={"vary": "Accept-Language"})


def whole(session: Session, entry: PublicEntry) -> dict[str, object]:
    """The JSON twin of a filed page: edition, standing, and the explanation with its envelope.

    Args:
        session: any session.
        entry: the edition with its standing.
    """
    named = entry.content["explanation"]
    made = explanations.get(session, named["id"]) if named else None
    explanation = None
    if made is not None:
        explanation = {
            "digest": made.digest,
            "content": made.content,
            "envelope": explanations.public_envelope(made),
        }
    slug = entry.content["slug"]
    return {
        **entry.as_json(),
        "revision": changes.revision(session, slug)[0],
        "explanation": explanation,
        "addresses": {
            "page": f"/f/{slug}",
            "edition": f"/f/{slug}/v{entry.content['edition']}.json",
            "history": f"/api/v1/catalogue/{slug}/history",
            "record": f"/api/v1/catalogue/{slug}/record",
            "reports": [f"/zh/reports/{each['id']}.json" for each in entry.content["reports"]],
        },
    }


@router.get("/f/{number}.json", dependencies=[public])
def filed_json(request: Request, session: Database, number: str) -> Response:
    """The newest edition as JSON, with its standing, its explanation and where the rest is."""
    keep(request, session, numbers.parse(number).slug)
    return JSONResponse(whole(session, catalogue.entry(session, number)))


async def _edition(edition: str) -> int:
    """The number of an edition as it is printed; every other way to write it is no address."""
    if not COUNTING.fullmatch(edition):
        raise NoSuchPage("这个地址没有内容，请检查网址。", "Nothing is at this address; check it.")
    return int(edition)


Edition = Annotated[int, Depends(_edition)]


@router.get("/f/{number}/v{edition}.json", dependencies=[public])
def edition_bytes(request: Request, session: Database, number: str, edition: Edition) -> Response:
    """One edition byte for byte, as its digest is of; it never changes."""
    keep(request, session, numbers.parse(number).slug)
    entry = catalogue.entry(session, number, edition)
    return Response(
        entry.canonical,
        media_type="application/json",
        headers={"etag": f'W/"{entry.digest}"', "cache-control": FOR_EVER},
    )


@router.get("/f/{number}/v{edition}", dependencies=[public])
def edition_anywhere(
    request: Request, session: Database, number: str, edition: Edition
) -> Response:
    """One edition's page, in the reader's language."""
    entry = catalogue.entry(session, number, edition)
    return in_own_language(request, f"f/{entry.content['slug']}/v{edition}")


@router.get("/f/{number}/on/{day}.json", dependencies=[public])
def filed_on_json(request: Request, session: Database, number: str, day: str) -> Response:
    """The record as it was on a day: what was public, how it stood, which version was said to serve."""
    keep(request, session, numbers.parse(number).slug)
    return JSONResponse(as_of.on(session, number, as_of.day_of(day)).as_json())


@router.get("/f/{number}/on/{day}", dependencies=[public])
def filed_on_anywhere(request: Request, number: str, day: str) -> Response:
    """The same as a page, in the reader's language."""
    return in_own_language(request, f"f/{numbers.parse(number).slug}/on/{as_of.day_of(day)}")


@router.get("/f/{number}", dependencies=[public])
def filed_anywhere(request: Request, session: Database, number: str) -> Response:
    """The address as it is printed, without a language: it leads to the page in the reader's."""
    with suppress(catalogue.NothingPublished):  # which that page says
        catalogue.find(session, number)
    return in_own_language(request, f"f/{numbers.parse(number).slug}")


@router.get("/robots.txt", dependencies=[public])
def robots(request: Request, settings: Configured) -> Response:
    """What search engines may read: everything public, each state of the search but once."""
    keep(request)
    lines = ["User-agent: *", *(f"Disallow: {each}" for each in NOT_FOR_ROBOTS)]
    if settings.printed_url:
        lines.append(f"Sitemap: {settings.printed_url}/sitemap.xml")
    return PlainTextResponse("\n".join([*lines, ""]))


@router.get("/sitemap.xml", dependencies=[public])
def sitemap(request: Request, session: Database, settings: Configured) -> Response:
    """The parts of the list of all public pages."""
    keep(request, session)
    total = session.scalar(select(func.count()).select_from(Listing)) or 0
    index = Element("sitemapindex", xmlns=SITEMAP)
    for part in range(1, _parts(total) + 1):
        _place(index, "sitemap", f"{settings.public_url}/sitemap-{part}.xml")
    return _xml(index)


@router.get("/sitemap-{part}.xml", dependencies=[public])
def sitemap_part(request: Request, session: Database, settings: Configured, part: str) -> Response:
    """One part of it: filings in the order in which they were first published."""
    keep(request, session)
    total = session.scalar(select(func.count()).select_from(Listing)) or 0
    if not COUNTING.fullmatch(part) or int(part) > _parts(total):
        raise NoSuchPage("没有这一份网址清单。", "There is no such list of addresses.")
    urls = Element("urlset", xmlns=SITEMAP)
    for address, changed in _addresses(session, int(part)):
        place = _place(urls, "url", f"{settings.public_url}{address}")
        if changed:
            SubElement(place, "lastmod").text = changed
    return _xml(urls)


def _parts(total: int) -> int:
    return max(1, -(-total // _size()))


def _size() -> int:
    """How many filings one part lists: it has room for the pages that are no filing's."""
    return MOST_IN_A_SITEMAP // len(LANGUAGES) - len(FIXED) - MOST_CATALOGUES


def _addresses(session: Session, part: int) -> Iterator[tuple[str, str]]:
    """The addresses of one part, each with the day of its newest edition."""
    size = _size()
    if part == 1:
        kept = [f"recommended/{each.slug}" for each, _ in records.catalogues(session)]
        places = [*FIXED, *kept[:MOST_CATALOGUES]]
        yield from ((f"/{language}/{each}", "") for language in LANGUAGES for each in places)
    rows = select(Listing.slug, Listing.published).order_by(Listing.id)
    for slug, published in session.execute(rows.offset((part - 1) * size).limit(size)):
        for language in LANGUAGES:
            yield f"/{language}/f/{slug}", legal_day.of(published).isoformat()


def _place(parent: Element, kind: str, address: str) -> Element:
    place = SubElement(parent, kind)
    SubElement(place, "loc").text = address
    return place


def _xml(root: Element) -> Response:
    body = tostring(root, encoding="utf-8", xml_declaration=True)
    return Response(body, media_type="application/xml")


def code(settings: Settings, slug: str) -> Markup | None:
    """The permanent address of a filed page as a QR code (ISO/IEC 18004) to look at and to print.

    Args:
        settings: with the address under which the public reaches this register.
        slug: of the filing.

    Returns:
        An SVG; None where nobody has said under which address the public reaches this register
        (MINGSUAN_BASE_URL), since a request's own Host may be anyone's, or where that address is of
        the machine itself.
    """
    return _svg(f"{settings.printed_url}/f/{slug}") if settings.printed_url else None


@lru_cache(maxsize=512)
def _svg(address: str) -> Markup:
    drawn = BytesIO()
    made = segno.make_qr(address, error="m")
    made.save(drawn, kind="svg", xmldecl=False, svgns=False, scale=3, border=4, svgclass="qr",
              lineclass=None, title=address, light="#fff", dark="#000", omitsize=False)  # fmt: skip
    return Markup(drawn.getvalue().decode().strip())  # noqa: S704  # made of digits and our address
