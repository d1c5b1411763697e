"""My account: a password is changed here, reset by an administrator, and chosen by a one-time link."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from portal.pages import account, forms
from portal.pages.boxes import called
from portal.pages.rendering import Lang, go, reject, render
from portal.web import identity, uploads
from portal.web.access import allow, public, signed_in
from portal.web.at_hand import Configured, Database
from portal.web.identity import Asking, By
from portal.web.turns import in_turn
from portal.web.uploads import Form
from registry import credentials, organisations, passwords
from registry.database import transaction
from registry.errors import RegisterError
from registry.organisations import ROLE_NAMES, Role

router = APIRouter(prefix="/{language}", include_in_schema=False)
CHOSEN = called({"password": "chosen"})


@router.get("/account", dependencies=[signed_in()])
def account_page(
    request: Request, language: Lang, session: Database, by: By, asking: Asking
) -> Response:
    """Who one is here, for which organisation one acts, and the form for a new password."""
    return render(
        request,
        "account.html",
        language=language,
        asking=asking,
        organisation=organisations.get(session, by.organisation_id),
        roles=[ROLE_NAMES[role] for role in Role if role in by.roles],
    )


@router.post("/account/password", dependencies=[signed_in(), in_turn])
def change_password(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    settings: Configured,
    form: Form,
) -> Response:
    """Change the password, end every sign-in, and go on in a fresh one."""
    person = asking.person if asking else None
    if person is None:
        raise identity.not_signed_in()
    factory, address = request.app.state.factory, identity.address_of(request)
    chosen = forms.secret(form, "chosen")
    try:
        identity.change_password(
            factory,
            email=person.email,
            present=forms.secret(form, "present"),
            chosen=chosen,
            address=address,
            also_tokens=forms.text(form, "also_tokens") == "yes",
        )
    except RegisterError as error:
        wrong = isinstance(error, credentials.WrongPassword)
        reject(request, credentials.wrong_present_password() if wrong else error, names=CHOSEN)
        return account_page(request, language, session, by, asking)
    opened = identity.sign_in(
        factory, settings, email=person.email, password=chosen, address=address
    )
    with transaction(factory) as writing:
        credentials.act_for(writing, opened.record.id, by.organisation_id)
    response = go(f"/{language}/account", "password")
    identity.set_cookie(response, settings, opened.secret)
    return response


@router.post(
    "/organisation/members/{person_id}/password-reset",
    dependencies=[allow(Role.ADMINISTRATOR), Depends(uploads.form)],
)
def start_reset(
    request: Request, language: Lang, session: Database, by: By, asking: Asking, person_id: str
) -> Response:
    """Make a member's password useless; the one-time link to choose another is shown once."""
    try:
        reset = passwords.start_reset(session, by=by, person_id=person_id)
    except RegisterError as error:
        session.rollback()
        reject(request, error)
        return account.organisation_page(request, language, session, by, asking)
    link = f"{request.app.state.settings.public_url}/{language}/password?token={reset.secret}"
    request.state.shown = link
    return account.organisation_page(request, language, session, by, asking)


@router.get("/password", dependencies=[public])
def choose_page(
    request: Request, language: Lang, session: Database, asking: Asking, token: str = ""
) -> Response:
    """The form that a one-time link opens."""
    try:
        record, person = passwords.find_reset(session, token)
    except RegisterError as error:
        reject(request, error)
        return render(request, "message.html", language=language, asking=asking)
    return render(
        request,
        "password.html",
        language=language,
        asking=asking,
        email=person.email,
        expires=record.expires,
        token=token,
    )


@router.post("/password", dependencies=[public, in_turn])
def choose(
    request: Request, language: Lang, session: Database, asking: Asking, form: Form
) -> Response:
    """Set the chosen password, then sign in."""
    token = forms.text(form, "token")
    try:
        identity.finish_reset(
            request.app.state.factory, secret=token, chosen=forms.secret(form, "chosen")
        )
    except RegisterError as error:
        reject(request, error, names=CHOSEN)
        return choose_page(request, language, session, asking, token)
    return go(f"/{language}/sign-in", "reset")
