"""Organisations on record: who verified each, and the forms by which an authority does."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from portal.pages import forms
from portal.pages.attempts import attempt
from portal.pages.rendering import Lang, go, render, typed_before
from portal.web.access import allow
from portal.web.at_hand import Database
from portal.web.identity import Asking, By
from portal.web.uploads import Form
from registry import corrections, legal_day, organisations, verifications
from registry.language import Text
from registry.organisations import KIND_NAMES, Kind, Organisation, Role
from registry.tokens import Scope
from registry.verifications import DOCUMENT_NAMES, Document, VerificationInvalid

router = APIRouter(prefix="/{language}", include_in_schema=False)
AUTHORITY = allow(Role.ADMINISTRATOR, kinds={Kind.AUTHORITY}, scope=Scope.ADMINISTER, own=())


PAGE = 50
"""Organisations on one page."""


@router.get("/organisations", dependencies=[AUTHORITY])
def listing(
    request: Request,
    language: Lang,
    session: Database,
    asking: Asking,
    q: str = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """Organisations with what is on record of their identity, those that nobody verified first."""
    every = [each for each in organisations.listing(session) if _named(each, q.strip())]
    verified = verifications.verified(session, every)
    typed = typed_before(request)
    # Whatever a form was refused for stands on the page that shows it again.
    every.sort(key=lambda each: (each.id != typed.get("organisation"), each.id in verified))
    pages = max(1, -(-len(every) // PAGE))
    number = min(page, pages)
    rows = [
        {
            "organisation": each,
            "kind": KIND_NAMES[Kind(each.kind)],
            "identity": verifications.said(session, each),
            "verified": each.id in verified,
            "revision": corrections.revision_of(each),
        }
        for each in every[(number - 1) * PAGE : number * PAGE]
    ]
    return render(
        request,
        "organisations.html",
        language=language,
        asking=asking,
        rows=rows,
        total=len(every),
        page=number,
        pages=pages,
        q=q.strip(),
        documents=[(each.value, DOCUMENT_NAMES[each].in_(language)) for each in Document],
        today=legal_day.today().isoformat(),
        typed=typed,
    )


def _named(organisation: Organisation, words: str) -> bool:
    """Whether a name or the code of an organisation has the words."""
    told = (organisation.name_zh, organisation.name_en, organisation.credit_code or "")
    return words.casefold() in "\n".join(told).casefold()


@router.post("/organisations/{organisation_id}/verification", dependencies=[AUTHORITY])
def verify(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    form: Form,
    organisation_id: str,
) -> Response:
    """Record that a document was seen which says who the organisation is."""
    return attempt(
        lambda: verifications.verify(
            session,
            by=by,
            organisation_id=organisation_id,
            document=forms.choice(
                Document, forms.text(form, "document"), Text("证件", "document")
            ),
            seen=_day(forms.text(form, "seen")),
            revision=forms.text(form, "record"),
        ),
        request=request,
        session=session,
        again=lambda: listing(request, language, session, asking),
        done=go(f"/{language}/organisations", "verified"),
        typed={**forms.typed(form), "organisation": organisation_id},
    )


@router.post("/organisations/{organisation_id}/verification/end", dependencies=[AUTHORITY])
def end(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    form: Form,
    organisation_id: str,
) -> Response:
    """Take a mistaken verification back, with a reason."""
    return attempt(
        lambda: verifications.end(
            session, by=by, organisation_id=organisation_id, reason=forms.text(form, "reason")
        ),
        request=request,
        session=session,
        again=lambda: listing(request, language, session, asking),
        done=go(f"/{language}/organisations", "verification_ended"),
        typed={**forms.typed(form), "organisation": organisation_id},
    )


def _day(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise VerificationInvalid(
            "查看证件的日期要写成 2026-11-30 这样。",
            "Write the day on which the document was seen like 2026-11-30.",
        ) from None
