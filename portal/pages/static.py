"""The style sheet, the pictures and the one script of the site; an address with the file's digest never changes."""

from pathlib import PurePath

from fastapi import APIRouter, Request, Response

from portal.pages import form_style
from portal.pages.rendering import STATIC, NoSuchPage, asset
from portal.pages.rendering import static as content
from portal.web.access import public
from portal.web.page_cache import FOR_EVER, REVALIDATED, keep

router = APIRouter(include_in_schema=False)

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
FILES = {each.name for each in STATIC.iterdir() if each.suffix in TYPES} | {form_style.NAME}


@router.get("/static/{name}", dependencies=[public])
def static(request: Request, name: str) -> Response:
    """One file, for ever under the address that a page gives."""
    if name not in FILES:
        raise NoSuchPage("没有这个文件。", "There is no such file.")
    as_named = request.url.query == asset(name).partition("?")[2]
    if as_named or not request.url.query:
        keep(request)
    held = FOR_EVER if as_named else REVALIDATED
    headers = {"cache-control": held}
    return Response(content(name), media_type=TYPES[PurePath(name).suffix], headers=headers)
