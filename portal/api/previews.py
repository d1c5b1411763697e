"""The preview of a filing and the links that show it to others."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from filing import dossier, previews
from portal.api.shapes import Answer, Page, Paged
from portal.web.access import allow
from portal.web.at_hand import Configured, Database
from portal.web.identity import By
from registry.organisations import Role
from registry.tokens import Scope

router = APIRouter(tags=["filings"])
FILE = Scope.FILE


class PreviewLinkOut(Answer):
    """A link that shows the preview."""

    id: str
    expires: datetime
    opened: datetime | None = Field(
        description="when it was opened; it opens once, in one browser"
    )


class FreshLinkOut(PreviewLinkOut):
    """A fresh link, which is shown this once."""

    link: str


@router.get(
    "/filings/{filing_id}/preview",
    dependencies=[allow(Role.FILER, Role.REVIEWER)],
    summary="预览：现在公示的话 · Preview, if it were published now",
    response_model=dict[str, Any],
)
def preview(by: By, session: Database, filing_id: str) -> Response:
    """What `catalogue/{slug}` would answer if the filing were published now; nothing is kept or signed."""
    filing = dossier.get(session, by=by, filing_id=filing_id)
    shown, _ = previews.entry(session, filing)
    return JSONResponse({"preview": True, **shown.as_json()}, headers={"X-Robots-Tag": "noindex"})


@router.get(
    "/filings/{filing_id}/previews",
    dependencies=[allow(Role.FILER)],
    summary="预览链接 · Links to the preview",
)
def links(by: By, session: Database, paging: Paged, filing_id: str) -> Page[PreviewLinkOut]:
    """The links that still show anything, newest first."""
    rows = previews.of_filing(session, by=by, filing_id=filing_id)
    return paging.whole(rows, PreviewLinkOut.model_validate, key=lambda row: row.id)


@router.post(
    "/filings/{filing_id}/previews",
    status_code=201,
    dependencies=[allow(Role.FILER, scope=FILE)],
    summary="生成预览链接 · Make a link to the preview",
)
def share(by: By, session: Database, settings: Configured, filing_id: str) -> FreshLinkOut:
    """A link that opens once, in one browser, which then reads the newest dossier for seven days."""
    made = previews.make(session, by=by, filing_id=filing_id)
    row = made.record
    link = f"{settings.public_url}/zh/preview?token={made.secret}"
    return FreshLinkOut(id=row.id, expires=row.expires, opened=row.opened, link=link)


@router.delete(
    "/filings/{filing_id}/previews/{link_id}",
    status_code=204,
    dependencies=[allow(Role.FILER, scope=FILE)],
    summary="作废预览链接 · Take a link back",
)
def revoke(by: By, session: Database, filing_id: str, link_id: str) -> None:
    """Whoever opened it reads nothing more; taken back twice is once."""
    previews.revoke(session, by=by, filing_id=filing_id, link_id=link_id)
