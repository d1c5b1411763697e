"""Passwords: changed by their owner, reset by an administrator's one-time link."""

from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import Field

from portal.api.shapes import Answer, RequestBody
from portal.web import identity
from portal.web.access import allow, public
from portal.web.at_hand import Configured, Database
from portal.web.identity import By
from portal.web.turns import in_turn
from registry import passwords
from registry.organisations import Role
from registry.passwords import Reset
from registry.tokens import Scope

router = APIRouter(tags=["credentials"])


class PasswordIn(RequestBody):
    """The account, its present password and the new one."""

    email: str = Field(max_length=254, examples=["lin@example.org"])
    present: str = Field(max_length=1000, description="the password until now")
    chosen: str = Field(max_length=1000, description="the new one: 12 to 200 characters")
    also_tokens: bool = Field(False, description="end your API tokens as well")


class ResetOut(Answer):
    """A one-time link; it and its secret are shown this once."""

    person_id: str
    link: str = Field(description="the page on which the person chooses a password")
    secret: str = Field(description="the same for POST /password/reset")
    expires: datetime

    @classmethod
    def of(cls, reset: Reset, public_url: str) -> "ResetOut":
        """The JSON form of a fresh reset.

        Args:
            reset: it, with its secret.
            public_url: where the site that takes it answers.
        """
        return cls(
            person_id=reset.record.person_id,
            link=f"{public_url}/zh/password?token={reset.secret}",
            secret=reset.secret,
            expires=reset.record.expires,
        )


class ResetIn(RequestBody):
    """The secret of a one-time link, and the password that the person chose."""

    secret: str = Field(max_length=100)
    chosen: str = Field(max_length=1000, description="12 to 200 characters")


@router.post(
    "/password",
    status_code=204,
    dependencies=[public, in_turn],
    summary="修改密码 · Change your password",
)
def change(request: Request, wanted: PasswordIn) -> None:
    """Change a password by proving the present one. Every sign-in ends; tokens end if you say so.

    Wrong passwords are counted like failed sign-ins.
    """
    identity.change_password(
        request.app.state.factory,
        email=wanted.email,
        present=wanted.present,
        chosen=wanted.chosen,
        address=identity.address_of(request),
        also_tokens=wanted.also_tokens,
    )


@router.post(
    "/members/{person_id}/password-reset",
    status_code=201,
    dependencies=[allow(Role.ADMINISTRATOR, scope=Scope.ADMINISTER)],
    summary="重置成员密码 · Reset a member's password",
)
def start_reset(by: By, session: Database, settings: Configured, person_id: str) -> ResetOut:
    """Make a member's password, sign-ins and tokens useless and get a link that works once.

    The link is good for a day and is shown only now; hand it over yourself. For a person who acts
    for other organisations too, ask the platform's operator.
    """
    reset = passwords.start_reset(session, by=by, person_id=person_id)
    return ResetOut.of(reset, settings.public_url)


@router.post(
    "/password/reset",
    status_code=204,
    dependencies=[public, in_turn],
    summary="用一次性链接设密码 · Choose a password by a one-time link",
)
def finish_reset(request: Request, wanted: ResetIn) -> None:
    """Choose a password with the secret of a one-time link; then sign in."""
    identity.finish_reset(request.app.state.factory, secret=wanted.secret, chosen=wanted.chosen)
