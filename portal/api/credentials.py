"""API tokens, and the public keys that organisations and the platform sign with."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field

from portal.api.shapes import Answer, Page, Paged, RequestBody
from portal.web import identity
from portal.web.access import allow, public, signed_in
from portal.web.at_hand import Database
from portal.web.identity import By
from portal.web.turns import in_turn
from registry import attestation, keys, organisations, tokens
from registry import credentials as signing
from registry.database import transaction
from registry.organisations import Kind, OrganisationKey, Role
from registry.tokens import Issued, Scope, Token

router = APIRouter(tags=["credentials"])


class TokenIn(RequestBody):
    """What a new token is for."""

    label: str = Field(examples=["CI"])
    scopes: list[str] = Field(examples=[["read", "submit"]])
    days: int = Field(90, description="how long it is good for, 1 to 366")


class TokenByPassword(TokenIn):
    """A token for someone who has none yet."""

    email: str = Field(max_length=254)
    password: str = Field(max_length=1000)
    organisation_id: str | None = Field(None, description="when you belong to several")


class TokenOut(Answer):
    """A token on record; its secret cannot be read again."""

    id: str
    label: str
    organisation_id: str
    scopes: list[str]
    created: datetime
    expires: datetime
    revoked: datetime | None
    last_used: datetime | None


class FreshToken(TokenOut):
    """A token with its secret, shown this once."""

    secret: str


class KeyIn(RequestBody):
    """A public key with the proof that its private half is at hand."""

    proof: str = Field(max_length=10_000, description="what `mingsuan keys new` wrote")
    label: str = Field("", max_length=100)


class KeyOut(Answer):
    """A public key on record."""

    key_id: str
    organisation_id: str
    public_pem: str
    label: str
    created: datetime
    revoked: datetime | None


class PlatformKeyIn(RequestBody):
    """A public key of the platform's signer."""

    public_pem: str = Field(max_length=1000, description="Ed25519, PEM")


class PlatformKeyOut(Answer):
    """A key of the platform's signer; retired keys still verify what they signed."""

    key_id: str
    public_pem: str


@router.get("/tokens", dependencies=[signed_in()], summary="令牌列表 · Tokens")
def listing(by: By, session: Database, paging: Paged) -> Page[TokenOut]:
    """Your own tokens; an administrator sees those of the whole organisation."""
    rows = tokens.listing(session, by=by)
    return paging.whole(rows, TokenOut.model_validate, key=lambda row: row.id)


@router.post(
    "/tokens",
    status_code=201,
    dependencies=[signed_in(scope=Scope.ADMINISTER)],
    summary="签发令牌 · Issue a token",
)
def issue(by: By, session: Database, wanted: TokenIn) -> FreshToken:
    """Issue a token for yourself, within your own limits. Its secret is shown only now."""
    return _fresh(tokens.issue(session, by=by, **wanted.model_dump()))


@router.post(
    "/tokens/by-password",
    status_code=201,
    dependencies=[public, in_turn],
    summary="用密码换取令牌 · A first token, by password",
)
def by_password(request: Request, wanted: TokenByPassword) -> FreshToken:
    """Issue a token to someone who has none yet; wrong passwords are counted and limited."""
    state = request.app.state
    opened = identity.sign_in(
        state.factory,
        state.settings,
        email=wanted.email,
        password=wanted.password,
        address=identity.address_of(request),
    ).record
    with transaction(state.factory) as session:
        place = wanted.organisation_id or opened.organisation_id
        by = organisations.acting(session, opened.person_id, place)
        signing.sign_out(session, opened.id)
        return _fresh(
            tokens.issue(
                session, by=by, label=wanted.label, scopes=wanted.scopes, days=wanted.days
            )
        )


@router.delete(
    "/tokens/{token_id}",
    dependencies=[
        signed_in(scope=Scope.ADMINISTER, own=set(Role)),
    ],
    summary="撤销令牌 · Revoke a token",
)
def revoke(by: By, session: Database, token_id: str) -> TokenOut:
    """Make a token useless from now on."""
    return TokenOut.model_validate(tokens.revoke(session, by=by, token_id=token_id))


@router.get("/keys", dependencies=[public], summary="单位公钥 · Public keys of an organisation")
def organisation_keys(
    session: Database, paging: Paged, organisation_id: Annotated[str, Query()]
) -> Page[KeyOut]:
    """Every key an organisation registered: with these anyone verifies its signatures."""
    organisations.get(session, organisation_id)
    rows = keys.of_organisation(session, organisation_id)
    return paging.whole(rows, KeyOut.model_validate, key=lambda row: row.key_id)


@router.get("/keys/platform", dependencies=[public], summary="平台公钥 · The platform's keys")
def platform_keys(session: Database) -> list[PlatformKeyOut]:
    """Every key with which the platform ever signed."""
    return [
        PlatformKeyOut(key_id=key_id, public_pem=attestation.public_pem(public_key))
        for key_id, public_key in keys.platform(session).items()
    ]


@router.post(
    "/keys/platform",
    status_code=201,
    dependencies=[
        allow(Role.ADMINISTRATOR, kinds={Kind.AUTHORITY}, scope=Scope.ADMINISTER, own=())
    ],
    summary="登记平台公钥 · Enrol a key of the platform",
)
def enrol_platform_key(by: By, session: Database, wanted: PlatformKeyIn) -> PlatformKeyOut:
    """Put another public key of the signer on record; from then on what it signs is accepted."""
    return PlatformKeyOut.model_validate(keys.enrol_platform(session, wanted.public_pem, by=by))


@router.post(
    "/keys",
    status_code=201,
    dependencies=[allow(Role.ADMINISTRATOR, scope=Scope.ADMINISTER)],
    summary="登记公钥 · Register a public key",
)
def register(by: By, session: Database, wanted: KeyIn) -> KeyOut:
    """Register a public key of your organisation; the private half stays at home."""
    return _key(keys.register(session, by=by, proof_text=wanted.proof, label=wanted.label))


@router.delete(
    "/keys/{key_id}",
    dependencies=[allow(Role.ADMINISTRATOR, scope=Scope.ADMINISTER)],
    summary="撤销公钥 · Revoke a public key",
)
def revoke_key(by: By, session: Database, key_id: str) -> KeyOut:
    """Revoke a key of your organisation; what it signed before stays signed."""
    return _key(keys.revoke(session, by=by, key_id=key_id))


def _key(record: OrganisationKey) -> KeyOut:
    return KeyOut.model_validate(record)


def _fresh(issued: Issued) -> FreshToken:
    record: Token = issued.record
    return FreshToken(**TokenOut.model_validate(record).model_dump(), secret=issued.secret)
