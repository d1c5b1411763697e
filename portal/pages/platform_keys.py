"""The platform's public keys: for anyone to verify with, enrolled by the authority."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from portal.pages import forms
from portal.pages.rendering import Lang, go, reject, render, typed_before
from portal.web.access import allow, public
from portal.web.at_hand import Database
from portal.web.identity import Asking, By
from portal.web.uploads import Form
from registry import keys
from registry.errors import RegisterError
from registry.organisations import Kind, Role
from registry.tokens import Scope

router = APIRouter(prefix="/{language}", include_in_schema=False)


@router.get("/platform-keys", dependencies=[public])
def platform_keys(request: Request, language: Lang, session: Database, asking: Asking) -> Response:
    """Every key with which the platform ever signed, and the form that enrols another."""
    actor = asking and asking.actor
    return render(
        request,
        "platform_keys.html",
        language=language,
        asking=asking,
        keys=keys.platform_records(session),
        may_enrol=bool(
            actor and actor.kind is Kind.AUTHORITY and Role.ADMINISTRATOR in actor.roles
        ),
        typed=typed_before(request),
    )


@router.post(
    "/platform-keys",
    dependencies=[
        allow(Role.ADMINISTRATOR, kinds={Kind.AUTHORITY}, scope=Scope.ADMINISTER, own=())
    ],
)
def enrol(
    request: Request, language: Lang, session: Database, by: By, asking: Asking, form: Form
) -> Response:
    """Put another public key of the signer on record."""
    try:
        keys.enrol_platform(session, forms.text(form, "public_pem"), by=by)
    except RegisterError as error:
        session.rollback()
        reject(request, error, forms.typed(form))
        return platform_keys(request, language, session, asking)
    return go(f"/{language}/platform-keys", "registered")
