"""The preview of a filing: for its filer and reviewers, and for whoever was sent a link."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from filing import dossier, previews
from filing.concerns import COUNTED
from filing.dossier import Filing
from filing.forms import told_by
from filing.lifecycle import STATUS_NAMES
from portal.pages import filed_view, forms
from portal.pages.attempts import attempt
from portal.pages.filed_view import Parts
from portal.pages.rendering import Lang, go, reject, render
from portal.web import uploads
from portal.web.access import allow, public
from portal.web.at_hand import Configured, Database
from portal.web.identity import Asking, By
from portal.web.uploads import Form
from registry.errors import RegisterError
from registry.memo import Memo
from registry.organisations import Role

router = APIRouter(prefix="/{language}", include_in_schema=False)
PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}
FILER = allow(Role.FILER)


def cookie(link_id: str) -> str:
    """The name under which a browser keeps what reads one preview.

    Args:
        link_id: of the link that it opened.
    """
    return f"preview-{link_id}"


@router.get("/filings/{filing_id}/preview", dependencies=[allow(Role.FILER, Role.REVIEWER)])
def own_preview(
    request: Request, language: Lang, session: Database, by: By, asking: Asking, filing_id: str
) -> Response:
    """The filing as the public would read it now, and its links, for who may share it."""
    filing = dossier.get(session, by=by, filing_id=filing_id)
    shares = by.organisation_id == filing.organisation_id
    return _page(
        request,
        language,
        session,
        filing,
        back=f"/{language}/{'filings' if shares else 'review'}/{filing.id}",
        links=previews.of_filing(session, by=by, filing_id=filing.id) if shares else None,
        asking=asking,
    )


@router.post("/filings/{filing_id}/previews", dependencies=[FILER, Depends(uploads.form)])
def share(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    filing_id: str,
) -> Response:
    """Make a link; it is shown once."""

    def shown(made: previews.Made) -> Response:
        base = request.app.state.settings.public_url
        request.state.shown = f"{base}/{language}/preview?token={made.secret}"
        return again()

    def again() -> Response:
        return own_preview(request, language, session, by, asking, filing_id)

    return attempt(
        lambda: previews.make(session, by=by, filing_id=filing_id),
        request=request,
        session=session,
        again=again,
        done=shown,
    )


@router.post("/filings/{filing_id}/previews/{link_id}/revoke", dependencies=[FILER])
def revoke(language: Lang, session: Database, by: By, filing_id: str, link_id: str) -> Response:
    """Take a link back."""
    previews.revoke(session, by=by, filing_id=filing_id, link_id=link_id)
    return go(f"/{language}/filings/{filing_id}/preview", "revoked")


@router.get("/preview", dependencies=[public])
def link_page(
    request: Request, language: Lang, session: Database, asking: Asking, token: str = ""
) -> Response:
    """What the link is, and the button that opens it: looking at it opens nothing.

    Mail and chat programs follow links by themselves, which must not spend one.
    """
    try:
        link = previews.find(session, token)
    except RegisterError as error:
        reject(request, error)
        answer: Response = render(request, "message.html", language=language, asking=asking)
    else:
        answer = render(
            request, "preview_link.html", language=language, asking=asking, link=link, token=token
        )
    answer.headers.update(PRIVATE)
    return answer


@router.post("/preview", dependencies=[public])
def open_link(
    request: Request,
    language: Lang,
    session: Database,
    settings: Configured,
    asking: Asking,
    form: Form,
) -> Response:
    """Open the link in this browser, which reads the preview from now on; nobody else can."""
    token = forms.text(form, "token")

    def opened(made: previews.Made) -> Response:
        answer = go(f"/{language}/preview/{made.record.id}")
        answer.set_cookie(
            cookie(made.record.id),
            made.secret,
            max_age=int(previews.GOOD_FOR.total_seconds()),
            path="/",
            secure=settings.secure_cookies,
            httponly=True,
            samesite="lax",
        )
        return answer

    return attempt(
        lambda: previews.spend(session, token),
        request=request,
        session=session,
        again=lambda: link_page(request, language, session, asking, token),
        done=opened,
    )


@router.get("/preview/{link_id}", dependencies=[public])
def shared_preview(
    request: Request, language: Lang, session: Database, asking: Asking, link_id: str
) -> Response:
    """The preview, for the browser that opened its link."""
    filing = previews.read(session, link_id, request.cookies.get(cookie(link_id), ""))
    return _page(request, language, session, filing, back="", links=None, asking=asking)


def _page(
    request: Request,
    language: Lang,
    session: Session,
    filing: Filing,
    *,
    back: str,
    links: object,
    asking: Asking,
) -> Response:
    """The page as the public would read it, under what says that it is a preview."""
    entry, past = previews.entry(session, filing)
    memo = Memo[Parts](1)  # no page of a preview stands in the place of a public one's parts
    answer = render(
        request,
        "preview.html",
        language=language,
        asking=asking,
        then=None,
        entry=entry,
        content=entry.content,
        told=told_by(entry.content),
        filed=filed_view.view(session, entry, language, memo),
        history=past,
        status_names=STATUS_NAMES,
        counted=COUNTED,
        code=None,
        back=back,
        links=links,
        filing=filing,
        shown=getattr(request.state, "shown", ""),
    )
    answer.headers.update(PRIVATE)
    return answer
