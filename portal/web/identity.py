"""Who is asking: a cookie from a sign-in, or a bearer token, made into an actor."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from portal.web.at_hand import SAFE_METHODS
from portal.web.incoming import is_form
from portal.web.problems import NotSignedIn
from portal.web.turns import alone
from registry import credentials, database, invitations, organisations, passwords, tokens
from registry.credentials import SignIn
from registry.database import transaction
from registry.errors import Refused
from registry.organisations import Actor, Organisation, Person
from registry.settings import Settings

COOKIE = "mingsuan"
CSRF_FIELD = "csrf"
CSRF_HEADER = "x-csrf-token"


class ForeignForm(Refused):
    """The form was not sent from a page of this site: open the page again and send it from there."""


class BadCredential(NotSignedIn):
    """The token or sign-in is unknown, has expired or was revoked."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is asking and how that is known.

    Args:
        actor: acting for which organisation, in which roles.
        sign_in: the browser's sign-in; None for an API token.
        person: for the page's header; None for an API token.
        choices: the organisations the person may act for; empty for an API token.
    """

    actor: Actor
    sign_in: SignIn | None = None
    person: Person | None = None
    choices: tuple[Organisation, ...] = ()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh sign-in: the record, and the secret for its cookie."""

    record: SignIn
    secret: str


async def current(request: Request) -> Identity | None:
    """Who is asking, or None for the public; looked up once per request.

    Whoever sends nothing to be known by waits for no thread. The look-up has a short transaction
    of its own, so that no lock is held while a body arrives.

    Raises:
        BadCredential: a bearer token was sent and is no good.
    """
    if not hasattr(request.state, "identity"):
        sent = "authorization" in request.headers or "cookie" in request.headers
        found = await run_in_threadpool(_look_up, request) if sent else None
        request.state.identity = found
        request.state.actor = found and found.actor
    identity: Identity | None = request.state.identity
    return identity


def of(session: Session, opened: SignIn) -> Identity | None:
    """Who asks with a live sign-in; None for a person who belongs to that organisation no more.

    Args:
        session: any session.
        opened: the sign-in.
    """
    try:
        actor = organisations.acting(session, opened.person_id, opened.organisation_id)
    except organisations.NotAMember:
        return None
    return Identity(
        actor,
        opened,
        session.get_one(Person, opened.person_id),
        tuple(organisations.organisations_of(session, opened.person_id)),
    )


Asking = Annotated[Identity | None, Depends(current)]


async def required(asking: Asking) -> Actor:
    """The actor behind the request.

    Raises:
        NotSignedIn: there is none.
    """
    if asking is None:
        raise not_signed_in()
    return asking.actor


By = Annotated[Actor, Depends(required)]


def not_signed_in() -> NotSignedIn:
    """The answer to someone who must say who they are first."""
    return NotSignedIn(
        "请先登录，或者在请求中带上令牌。", "Sign in first, or send an API token with the request."
    )


def sign_in(
    factory: sessionmaker[Session], settings: Settings, *, email: str, password: str, address: str
) -> SignedIn:
    """Sign someone in, in two short transactions with the slow password check between them.

    Args:
        factory: sessions on the register's database.
        settings: for the length of the sign-in.
        email: as typed.
        password: as typed.
        address: the client's network address.

    Raises:
        TooManyAttempts: too many passwords were wrong; with the seconds to wait.
        WrongPassword: the two do not go together.
        NotAMember: the person holds no role anywhere.
    """
    with alone(email):
        attempted = _proved(factory, email=email, password=password, address=address)
        with transaction(factory) as session:
            return SignedIn(
                *credentials.sign_in(session, attempted, hours=settings.session_hours),
            )


def accept_invitation(
    factory: sessionmaker[Session], *, secret: str, name: str, password: str, address: str
) -> Person:
    """Accept an invitation; guesses at a known person's password count like failed sign-ins.

    Args:
        factory: sessions on the register's database.
        secret: from the invitation's link.
        name: for someone new.
        password: chosen by a newcomer, proved by anyone else.
        address: the client's network address.

    Raises:
        RegisterError: what `invitations.accept` and `credentials.attempt` raise.
    """
    with factory() as session:
        email = invitations.find(session, secret).email
    with alone(email):
        attempted = _counted(factory, email=email, address=address)
        with transaction(factory) as session:
            person = invitations.accept(session, secret=secret, name=name, password=password)
            credentials.forgive(session, attempted)
            return person


def change_password(
    factory: sessionmaker[Session],
    *,
    email: str,
    present: str,
    chosen: str,
    address: str,
    also_tokens: bool,
) -> None:
    """Change a password whose present one is proved; guesses count like failed sign-ins.

    Args:
        factory: sessions on the register's database.
        email: of the account.
        present: the password until now.
        chosen: the new one.
        address: the client's network address.
        also_tokens: whether the person's API tokens end as well; every sign-in does.

    Raises:
        TooManyAttempts, WrongPassword: as for `sign_in`.
        PasswordRefused: the new password breaks a rule.
    """
    with alone(email):
        attempted = _proved(factory, email=email, password=present, address=address)
        person = attempted.person
        if person is None:
            raise credentials.wrong_password()
        with transaction(factory) as session:
            credentials.forgive(session, attempted)
    if chosen == present:
        raise credentials.same_password()
    hashed = credentials.hash_password(chosen, email=person.email)
    with transaction(factory) as session:
        passwords.change(session, person.id, hashed, also_tokens=also_tokens)


def finish_reset(factory: sessionmaker[Session], *, secret: str, chosen: str) -> Person:
    """Set the password that a person chose with an administrator's one-time link.

    Args:
        factory: sessions on the register's database.
        secret: from the link.
        chosen: the new password.

    Raises:
        ResetNotFound, ResetSpent: the link is not good.
        PasswordRefused: the password breaks a rule; the link stays good.
    """
    with factory() as session:
        email = passwords.find_reset(session, secret)[1].email
    hashed = credentials.hash_password(chosen, email=email)
    with transaction(factory) as session:
        return passwords.finish_reset(session, secret=secret, hashed=hashed)


def _proved(
    factory: sessionmaker[Session], *, email: str, password: str, address: str
) -> credentials.Attempt:
    """A counted try whose password was right, checked between two transactions."""
    attempted = _counted(factory, email=email, address=address)
    if not credentials.proves(attempted, password):
        raise credentials.wrong_password()
    return attempted


def _counted(factory: sessionmaker[Session], *, email: str, address: str) -> credentials.Attempt:
    """A try that may be made, counted; one that must wait is refused before it takes a lock."""
    with factory() as session:
        credentials.check_wait(session, email=email, address=address)
    with transaction(factory) as session:
        return credentials.attempt(session, email=email, address=address)


def set_cookie(response: Response, settings: Settings, secret: str) -> None:
    """Give the browser its sign-in cookie."""
    response.set_cookie(
        _cookie_name(settings),
        secret,
        max_age=int(settings.session_hours * 3600),
        path="/",
        secure=settings.secure_cookies,
        httponly=True,
        samesite="lax",
    )


def clear_cookie(response: Response, settings: Settings) -> None:
    """Take the sign-in cookie away."""
    response.delete_cookie(
        _cookie_name(settings),
        path="/",
        secure=settings.secure_cookies,
        httponly=True,
        samesite="lax",
    )


def address_of(request: Request) -> str:
    """The client's network address; the server has honoured the proxies that settings trust."""
    return request.client.host if request.client else "unknown"


async def check_origin(request: Request, identity: Identity | None) -> None:
    """Refuse a changing request that another site made this browser send.

    A bearer token cannot be sent by another site, so only browsers are asked: every changing
    request must come from our own origin, and a signed-in one must carry the sign-in's CSRF
    token in the form field `csrf` or the header `X-CSRF-Token`.

    Raises:
        ForeignForm: it came from elsewhere, or the token is missing or wrong.
    """
    if request.method in SAFE_METHODS or "authorization" in request.headers:
        return
    if from_elsewhere(request):
        raise _foreign()
    if identity is None or identity.sign_in is None:
        return
    sent = request.headers.get(CSRF_HEADER)
    if sent is None and is_form(request):
        field = (await request.form()).get(CSRF_FIELD)
        sent = field if isinstance(field, str) else None
    if sent is None or not credentials.csrf_holds(identity.sign_in, sent):
        raise _foreign()


def _look_up(request: Request) -> Identity | None:
    factory: sessionmaker[Session] = request.app.state.factory
    header = request.headers.get("authorization")
    if header is not None:
        return _by_token(factory, header)
    secret = request.cookies.get(_cookie_name(request.app.state.settings))
    if not secret:
        return None
    with factory() as session:
        opened = credentials.signed_in(session, secret)
        return of(session, opened) if opened else None


def _by_token(factory: sessionmaker[Session], header: str) -> Identity:
    scheme, _, secret = header.partition(" ")
    secret = secret.strip()
    if scheme.lower() == "bearer" and secret:
        with factory() as session:
            actor = tokens.actor_of(session, secret)
            touching = actor is not None and tokens.needs_touch(session, secret)
        if touching:  # a reading request waits for no writer; a later one will note it
            with suppress(SQLAlchemyError), database.giving_way(factory) as session:
                tokens.touch(session, secret)
        if actor is not None:
            return Identity(actor)
    raise BadCredential(
        "令牌无效、过期或已撤销。请签发新的令牌。",
        "The token is unknown, expired or revoked. Issue a new one.",
    )


def _cookie_name(settings: Settings) -> str:
    # A browser keeps a __Host- cookie only when it is Secure, has no Domain and the path "/".
    return f"__Host-{COOKIE}" if settings.secure_cookies else COOKIE


def from_elsewhere(request: Request) -> bool:
    """Whether another site made this browser send the request."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return True
    origin = request.headers.get("origin")
    if origin is None:
        return False
    own = {request.headers.get("host", "")}
    own.add(urlsplit(request.app.state.settings.public_url).netloc)
    return urlsplit(origin).netloc not in own


def _foreign() -> ForeignForm:
    return ForeignForm(
        "这个表单不是从本网站的页面发出的，或者页面已过期。请重新打开页面再提交。",
        "This form was not sent from a page of this site, or the page is old. "
        "Open the page again and send it from there.",
    )
