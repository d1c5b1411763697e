"""API tokens: what a program sends instead of a cookie, limited by scope and time."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry import characters, journal, organisations
from registry.credentials import digest_of
from registry.database import Identified, Record, now
from registry.errors import Invalid, NotFound, Reason, Refused
from registry.language import Text
from registry.organisations import Actor, Role

LONGEST = timedelta(days=366)
TOUCH_EVERY = timedelta(hours=1)
PREFIX = "ms_"  # lets a leak scanner recognise our tokens


class Scope(StrEnum):
    """What an API token may be used for; reading is a scope of its own."""

    READ = "read"
    SUBMIT = "submit"
    EVALUATE = "evaluate"
    FILE = "file"
    REVIEW = "review"
    ADMINISTER = "administer"


SCOPE_NAMES: dict[Scope, Text] = {
    Scope.READ: Text("读取本单位的记录", "read your organisation's records"),
    Scope.SUBMIT: Text("提交模型和数据、委托测试", "submit models and data, engage testers"),
    Scope.EVALUATE: Text("登记计划、评估、签章确认", "register plans, evaluate, countersign"),
    Scope.FILE: Text("说明与备案", "explain and file"),
    Scope.REVIEW: Text("审核备案", "review filings"),
    Scope.ADMINISTER: Text("管理成员、钥匙和单位", "manage members, keys and organisations"),
}


class Token(Identified, Record):
    """An API token: its digest, scopes and expiry."""

    __tablename__ = "token"

    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    label: Mapped[str] = mapped_column(String(100))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    scopes: Mapped[list[Any]]
    expires: Mapped[datetime]
    revoked: Mapped[datetime | None]
    last_used: Mapped[datetime | None]


class ScopeRefused(Refused):
    """The token was not issued for this: issue one with the scope that is named."""


class TokenInvalid(Invalid):
    """The wish for a token breaks a rule: correct it."""


class TokenNotFound(NotFound):
    """No such token among your own."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A fresh token, whose secret is shown this once.

    Args:
        record: what is kept.
        secret: what the holder sends; it cannot be recovered later.
    """

    record: Token
    secret: str


def issue(
    session: Session, *, by: Actor, label: str, scopes: Collection[str], days: int
) -> Issued:
    """Issue an API token for the actor's own use, within the actor's own limits.

    Args:
        session: the caller's transaction.
        by: who will act by it, and for which organisation.
        label: what it is for, so that it can be recognised when it is revoked.
        scopes: values of `Scope`.
        days: how long it is good for.

    Raises:
        TokenInvalid: a label, scope or duration breaks a rule; lists every fault.
        ScopeRefused: a token cannot issue one that may do more than itself.
    """
    reasons = _token_faults(label, scopes, days)
    if reasons:
        raise TokenInvalid(
            "令牌的申请有误，请逐项改正。", "Correct the token's particulars.", reasons=reasons
        )
    if by.scopes is not None and not set(scopes) <= by.scopes:
        raise ScopeRefused(
            "用令牌签发的新令牌不能超出原令牌的范围。",
            "A token cannot issue one with scopes that it lacks itself.",
        )
    secret = PREFIX + secrets.token_urlsafe(32)
    token = Token(
        token_digest=digest_of(secret),
        label=label.strip(),
        person_id=by.person_id,
        organisation_id=by.organisation_id,
        scopes=sorted(set(scopes)),
        expires=now() + timedelta(days=days),
    )
    session.add(token)
    session.flush()
    journal.record(
        session,
        "credentials:token:issued",
        token.id,
        person_id=by.person_id,
        organisation_id=by.organisation_id,
        scopes=token.scopes,
    )
    return Issued(token, secret)


def actor_of(session: Session, secret: str) -> Actor | None:
    """The actor that a bearer token speaks for, or None when it is unknown or no longer good."""
    token = _live(session, secret)
    if token is None:
        return None
    try:
        return organisations.acting(
            session, token.person_id, token.organisation_id, scopes=frozenset(token.scopes)
        )
    except organisations.NotAMember:
        return None


def needs_touch(session: Session, secret: str) -> bool:
    """Whether the token's last use was noted too long ago (it is noted at most once an hour)."""
    token = _live(session, secret)
    return token is not None and (token.last_used is None or token.last_used < now() - TOUCH_EVERY)


def touch(session: Session, secret: str) -> None:
    """Note that the token was used just now."""
    token = _live(session, secret)
    if token is not None:
        token.last_used = now()
        session.flush()


def listing(session: Session, *, by: Actor) -> Sequence[Token]:
    """The actor's own tokens; an administrator sees those of the whole organisation."""
    query = select(Token).where(Token.organisation_id == by.organisation_id)
    if Role.ADMINISTRATOR not in by.roles:
        query = query.where(Token.person_id == by.person_id)
    return session.scalars(query.order_by(Token.created.desc(), Token.id)).all()


def revoke(session: Session, *, by: Actor, token_id: str) -> Token:
    """Make a token useless from now on; revoking it again changes nothing.

    Raises:
        TokenNotFound: it is not one of those that `listing` lists.
    """
    token = next((t for t in listing(session, by=by) if t.id == token_id), None)
    if token is None:
        raise TokenNotFound(
            "您没有这个令牌，请查看令牌列表。", "You have no such token; see the list of tokens."
        )
    if token.revoked is None:
        token.revoked = now()
        session.flush()
        journal.record(
            session,
            "credentials:token:revoked",
            token.id,
            person_id=by.person_id,
            organisation_id=by.organisation_id,
        )
    return token


def revoke_all(session: Session, person_id: str) -> None:
    """Make every token of a person useless, in whichever organisation; nobody else's."""
    session.execute(
        update(Token)
        .where(Token.person_id == person_id, Token.revoked.is_(None))
        .values(revoked=now())
    )


def require_scope(by: Actor, scope: Scope) -> None:
    """Raise `ScopeRefused` when a token was not issued for `scope`; sign-ins have no such limit."""
    if by.scopes is not None and scope.value not in by.scopes:
        raise ScopeRefused(
            f"这个令牌没有“{scope.value}”范围。请签发带有该范围的令牌。",
            f"This token lacks the scope {scope.value!r}. Issue one that has it.",
        )


def _live(session: Session, secret: str) -> Token | None:
    return session.scalar(
        select(Token).where(
            Token.token_digest == digest_of(secret), Token.revoked.is_(None), Token.expires > now()
        )
    )


def _token_faults(label: str, scopes: Collection[str], days: int) -> list[Reason]:
    faults = []
    if not 1 <= len(label.strip()) <= 100:
        faults.append(("label", Text("缺少用途，或者太长。", "It is missing or too long.")))
    if not scopes:
        faults.append(("scopes", Text("至少选一个范围。", "Choose at least one scope.")))
    for scope in sorted(set(scopes) - {known.value for known in Scope}):
        zh, en = "、".join(Scope), ", ".join(Scope)
        said = Text(
            f"没有“{scope}”这个范围，可选：{zh}。", f"{scope!r} is no scope; there are {en}."
        )
        faults.append(("scopes", said))
    if not 1 <= days <= LONGEST.days:
        faults.append(
            ("days", Text("有效期为 1 到 366 天。", "A token is good for 1 to 366 days."))
        )
    remedy = Text("请改正后再提交。", "Correct it and try again.")
    unseen = characters.reasons("label", label.strip(), lines=False)
    return unseen + [Reason(item, said, remedy) for item, said in faults]
