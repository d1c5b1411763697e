"""Organisations on record: who verified each, and the forms by which an authority does."""

from datetime import date

from fastapi import APIRouter, Request
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
from registry.organisations import KIND_NAMES, Kind, Role
from registry.tokens import Scope
from registry.verifications import DOCUMENT_NAMES, Document, VerificationInvalid

router = APIRouter(prefix="/{language}", include_in_schema=False)
AUTHORITY = allow(Role.ADMINISTRATOR, kinds={Kind.AUTHORITY}, scope=Scope.ADMINISTER, own=())


@router.get("/organisations", dependencies=[AUTHORITY])
def listing(request: Request, language: Lang, session: Database, asking: Asking) -> Response:
    """Every organisation, with what is on record of its identity."""
    rows = [
        {
            "organisation": each,
            "kind": KIND_NAMES[Kind(each.kind)],
            "identity": verifications.said(session, each),
            "verified": verifications.in_force(session, each) is not None,
            "revision": corrections.revision_of(each),
        }
        for each in organisations.listing(session)
    ]
    rows.sort(key=lambda row: bool(row["verified"]))
    return render(
        request,
        "organisations.html",
        language=language,
        asking=asking,
        rows=rows,
        documents=[(each.value, DOCUMENT_NAMES[each].in_(language)) for each in Document],
        today=legal_day.today().isoformat(),
        typed=typed_before(request),
    )


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
