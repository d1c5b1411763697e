"""Signing in and out, invitations, and what one organisation manages: members, tokens, keys."""

from collections.abc import Callable
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from portal.pages import forms
from portal.pages.attempts import attempt
from portal.pages.rendering import Lang, go, inside, reject, render
from portal.web import identity, kept, lapsed
from portal.web.access import allow, public, signed_in
from portal.web.at_hand import Configured, Database
from portal.web.identity import Asking, By, Identity
from portal.web.turns import in_turn
from portal.web.uploads import Form
from registry import credentials, invitations, keys, organisations, tokens
from registry.credentials import SignIn
from registry.errors import RegisterError
from registry.language import Language, Text
from registry.organisations import ROLE_NAMES, ROLES_OF, Actor, Person, Role
from registry.tokens import SCOPE_NAMES, Scope

router = APIRouter(prefix="/{language}", include_in_schema=False)


@router.get("/sign-in", dependencies=[public])
def sign_in_page(request: Request, language: Lang, asking: Asking) -> Response:
    """The sign-in form."""
    asked = request.query_params
    typed = {"next": asked.get("next", ""), "email": asked.get("email", "")}
    return render(request, "sign_in.html", language=language, asking=asking, typed=typed)


@router.post("/sign-in", dependencies=[public, in_turn])
def sign_in(
    request: Request,
    language: Lang,
    session: Database,
    settings: Configured,
    asking: Asking,
    form: Form,
) -> Response:
    """Check the password, end the sign-in before, set the cookie, and go where one was going."""
    try:
        opened = identity.sign_in(
            request.app.state.factory,
            settings,
            email=forms.text(form, "email"),
            password=forms.secret(form, "password"),
            address=identity.address_of(request),
        )
    except RegisterError as error:
        reject(request, error, forms.typed(form))
        return render(request, "sign_in.html", language=language, asking=asking)
    if asking and asking.sign_in:
        credentials.sign_out(session, asking.sign_in.id)
    response = _after(request, language, session, opened, forms.text(form, lapsed.FIELD))
    response = response or go(inside(forms.text(form, "next"), f"/{language}/desk"))
    identity.set_cookie(response, settings, opened.secret)
    return response


def _after(
    request: Request, language: Lang, session: Database, opened: identity.SignedIn, sent: str
) -> Response | None:
    """What was typed before the sign-in lapsed, to be sent now; None where nothing was."""
    if not sent:
        return None
    found = lapsed.of_form(sent)
    if found is None or not lapsed.resume(session, found, opened.record):
        return go(f"/{language}/desk", "not_carried")
    asking = identity.of(session, session.get_one(SignIn, opened.record.id))
    shown = [each for each in found.fields if each[1].strip() and kept.typed(each[0])]
    answer = render(
        request, "lapsed.html", language=language, asking=asking, lapsed=found, shown=shown
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


@router.post("/sign-out", dependencies=[signed_in()])
def sign_out(language: Lang, session: Database, settings: Configured, asking: Asking) -> Response:
    """End this sign-in."""
    if asking and asking.sign_in:
        credentials.sign_out(session, asking.sign_in.id)
    response = go(f"/{language}/")
    identity.clear_cookie(response, settings)
    return response


@router.post("/act-for", dependencies=[signed_in(own=set(Role))])
def act_for(language: Lang, session: Database, asking: Asking, form: Form) -> Response:
    """Go on in another of the person's organisations."""
    if asking and asking.sign_in:
        credentials.act_for(session, asking.sign_in.id, forms.text(form, "organisation_id"))
    return go(f"/{language}/desk")


@router.get("/invitation", dependencies=[public])
def invitation_page(
    request: Request, language: Lang, session: Database, asking: Asking, token: str = ""
) -> Response:
    """What the invitation offers, and the form that accepts it."""
    try:
        invitation = invitations.find(session, token)
    except RegisterError as error:
        reject(request, error)
        return render(request, "message.html", language=language, asking=asking)
    organisation = organisations.get(session, invitation.organisation_id)
    return render(
        request,
        "invitation.html",
        language=language,
        asking=asking,
        invitation=invitation,
        organisation=organisation,
        role=ROLE_NAMES[invitation.role],
        token=token,
    )


@router.post("/invitation", dependencies=[public, in_turn])
def accept_invitation(
    request: Request, language: Lang, session: Database, asking: Asking, form: Form
) -> Response:
    """Accept it, then sign in; whoever is signed in as this person goes on."""
    token = forms.text(form, "token")
    try:
        person = identity.accept_invitation(
            request.app.state.factory,
            secret=token,
            name=forms.text(form, "name"),
            password=forms.secret(form, "password"),
            address=identity.address_of(request),
        )
    except RegisterError as error:
        reject(request, error, forms.typed(form))
        return invitation_page(request, language, session, asking, token)
    if asking and asking.person and asking.person.id == person.id:
        return go(f"/{language}/desk", "added")
    return go(f"/{language}/sign-in?email={quote(person.email)}", "joined")


@router.get("/organisation", dependencies=[signed_in()])
def organisation_page(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
) -> Response:
    """Members, invitations, API tokens and signing keys of the organisation one acts for."""
    organisation = organisations.get(session, by.organisation_id)
    administrator = Role.ADMINISTRATOR in by.roles
    return render(
        request,
        "organisation.html",
        language=language,
        asking=asking,
        organisation=organisation,
        administrator=administrator,
        members=_members(session, by) if administrator else [],
        invited=invitations.pending(session, by=by) if administrator else [],
        tokens=tokens.listing(session, by=by),
        keys=keys.of_organisation(session, by.organisation_id),
        roles=[(role, ROLE_NAMES[role]) for role in Role if role in ROLES_OF[organisation.kind]],
        role_names=ROLE_NAMES,
        scopes=[(scope, SCOPE_NAMES[scope]) for scope in Scope],
        shown=getattr(request.state, "shown", ""),
        token=getattr(request.state, "token", ""),
        address=request.app.state.settings.public_url,
    )


def _members(session: Session, by: Actor) -> list[tuple[Person, list[Role]]]:
    """Each member once, with every role."""
    found: dict[str, tuple[Person, list[Role]]] = {}
    for person, role in organisations.members(session, by=by):
        found.setdefault(person.id, (person, []))[1].append(role)
    return list(found.values())


MEMBER = "/organisation/members/{person_id}"


@router.post(f"{MEMBER}/roles", dependencies=[allow(Role.ADMINISTRATOR)])
def give_role(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    form: Form,
    person_id: str,
) -> Response:
    """Give a member another role."""
    return _changed(
        lambda: organisations.give_role(
            session,
            person_id=person_id,
            organisation=organisations.get(session, by.organisation_id),
            role=forms.choice(Role, forms.text(form, "role"), Text("角色", "role")),
            by=by,
        ),
        (request, language, session, by, asking),
        "role_given",
    )


@router.post(f"{MEMBER}/roles/{{role}}/withdraw", dependencies=[allow(Role.ADMINISTRATOR)])
def withdraw_role(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    person_id: str,
    role: Role,
) -> Response:
    """Withdraw one role of a member; the last administrator stays."""
    return _changed(
        lambda: organisations.withdraw_role(session, by=by, person_id=person_id, role=role),
        (request, language, session, by, asking),
        "role_withdrawn",
    )


@router.post(f"{MEMBER}/remove", dependencies=[allow(Role.ADMINISTRATOR)])
def remove_member(
    request: Request, language: Lang, session: Database, by: By, asking: Asking, person_id: str
) -> Response:
    """Take every role from a member."""
    return _changed(
        lambda: organisations.remove_member(session, by=by, person_id=person_id),
        (request, language, session, by, asking),
        "removed",
    )


@router.post(
    "/organisation/invitations/{invitation_id}/withdraw", dependencies=[allow(Role.ADMINISTRATOR)]
)
def withdraw_invitation(
    request: Request, language: Lang, session: Database, by: By, asking: Asking, invitation_id: str
) -> Response:
    """Take an invitation back."""
    return _changed(
        lambda: invitations.withdraw(session, by=by, invitation_id=invitation_id),
        (request, language, session, by, asking),
        "invitation_withdrawn",
    )


def _changed(
    change: Callable[[], object],
    page: tuple[Request, Language, Session, Actor, Identity | None],
    done: str,
) -> Response:
    """A change of who belongs to the organisation, and its page again."""
    request, language, session, *_ = page
    return attempt(
        change,
        request=request,
        session=session,
        again=lambda: organisation_page(*page),
        done=go(f"/{language}/organisation", done),
    )


@router.post("/organisation/invite", dependencies=[allow(Role.ADMINISTRATOR)])
def invite(
    request: Request, language: Lang, session: Database, by: By, asking: Asking, form: Form
) -> Response:
    """Make a one-time invitation; its link is shown once."""
    try:
        invited = invitations.invite(
            session,
            organisation_id=by.organisation_id,
            email=forms.text(form, "email"),
            role=forms.choice(Role, forms.text(form, "role"), Text("角色", "role")),
            by=by,
        )
    except RegisterError as error:
        session.rollback()
        reject(request, error, forms.typed(form))
        return organisation_page(request, language, session, by, asking)
    link = f"{request.app.state.settings.public_url}/{language}/invitation?token={invited.secret}"
    request.state.shown = link
    return organisation_page(request, language, session, by, asking)


@router.post("/organisation/tokens", dependencies=[signed_in()])
def issue_token(
    request: Request, language: Lang, session: Database, by: By, asking: Asking, form: Form
) -> Response:
    """Issue an API token; it is shown once."""
    try:
        issued = tokens.issue(
            session,
            by=by,
            label=forms.text(form, "label"),
            scopes=[
                forms.choice(Scope, name, Text("令牌能做什么", "what the token may do"))
                for name in forms.texts(form, "scopes")
            ],
            days=forms.counted(form, "days", Text("有效天数", "Days it is valid")),
        )
    except RegisterError as error:
        session.rollback()
        reject(request, error, forms.typed(form))
        return organisation_page(request, language, session, by, asking)
    request.state.shown = request.state.token = issued.secret
    return organisation_page(request, language, session, by, asking)


@router.post("/organisation/tokens/{token_id}/revoke", dependencies=[signed_in(own=set(Role))])
def revoke_token(language: Lang, session: Database, by: By, token_id: str) -> Response:
    """Revoke one API token."""
    tokens.revoke(session, by=by, token_id=token_id)
    return go(f"/{language}/organisation", "revoked")


@router.post("/organisation/keys", dependencies=[allow(Role.ADMINISTRATOR)])
def register_key(
    request: Request, language: Lang, session: Database, by: By, asking: Asking, form: Form
) -> Response:
    """Register a public key with the proof that its owner holds the private one."""
    try:
        keys.register(
            session, by=by, proof_text=forms.text(form, "proof"), label=forms.text(form, "label")
        )
    except RegisterError as error:
        session.rollback()
        reject(request, error, forms.typed(form))
        return organisation_page(request, language, session, by, asking)
    return go(f"/{language}/organisation", "registered")


@router.post("/organisation/keys/{key_id}/revoke", dependencies=[allow(Role.ADMINISTRATOR)])
def revoke_key(language: Lang, session: Database, by: By, key_id: str) -> Response:
    """Revoke a signing key; reports signed with it before stay as they were."""
    keys.revoke(session, by=by, key_id=key_id)
    return go(f"/{language}/organisation", "revoked")
