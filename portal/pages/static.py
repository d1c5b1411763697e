"""The style sheet and the pictures of the site; an address with the file's digest never changes."""

from fastapi import APIRouter, Request, Response

from portal.pages.rendering import STATIC, NoSuchPage, asset
from portal.web.access import public
from portal.web.page_cache import FOR_EVER, REVALIDATED, keep

router = APIRouter(include_in_schema=False)

TYPES = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
FILES = {each.name: each for each in STATIC.iterdir() if each.suffix in TYPES}


@router.get("/static/{name}", dependencies=[public])
def static(request: Request, name: str) -> Response:
    """One file, for ever under the address that a page gives."""
    place = FILES.get(name)
    if place is None:
        raise NoSuchPage("没有这个文件。", "There is no such file.")
    as_named = request.url.query == asset(name).partition("?")[2]
    if as_named or not request.url.query:
        keep(request)
    held = FOR_EVER if as_named else REVALIDATED
    headers = {"cache-control": held}
    return Response(place.read_bytes(), media_type=TYPES[place.suffix], headers=headers)
