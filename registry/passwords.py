"""A password is changed by its owner, or set anew after an administrator's one-time link."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry import credentials, journal, tokens
from registry.credentials import SignIn
from registry.database import Identified, Record, now
from registry.errors import Conflict, Invalid, NotFound, Refused
from registry.organisations import Actor, Membership, Person, Role

RESET = "credentials:password:reset"
GOOD_FOR = timedelta(days=1)


class PasswordReset(Identified, Record):
    """A one-time link with which a person chooses a password; only its digest is kept."""

    __tablename__ = "password_reset"

    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    expires: Mapped[datetime]
    used: Mapped[datetime | None]


class PersonNotFound(NotFound):
    """Nobody in the organisation answers to this: check the list of members."""


class ResetNotFound(NotFound):
    """No password can be chosen with this link: ask the administrator for a new one."""


class ResetSpent(Conflict):
    """The link was used or has expired: ask the administrator for a new one."""


class NotForYouToReset(Refused):
    """The person acts for other organisations too: the platform's operator resets the password."""


class OwnPassword(Invalid):
    """One's own password is changed, not reset: prove the present one."""


@dataclass(frozen=True, slots=True)
class Reset:
    """A fresh reset, whose secret is shown this once.

    Args:
        record: what is kept.
        secret: what the person brings to choose a password.
    """

    record: PasswordReset
    secret: str


def change(
    session: Session, person_id: str, hashed: str, *, also_tokens: bool, by_reset: bool = False
) -> None:
    """Set a password whose owner has been proved, and close every sign-in of the person.

    API tokens go on, for programs use them, unless the owner ends them too.

    Args:
        session: the caller's transaction.
        person_id: whose.
        hashed: what `credentials.hash_password` made of the new password.
        also_tokens: whether the person's API tokens are revoked as well.
        by_reset: whether an administrator's link proved the owner, for the journal.
    """
    session.get_one(Person, person_id).password_hash = hashed
    _shut_out(session, person_id, also_tokens=also_tokens)
    journal.record(
        session,
        "credentials:password:changed",
        person_id,
        person_id=person_id,
        by_reset=by_reset,
        also_tokens=also_tokens,
    )


def start_reset(session: Session, *, by: Actor | None, person_id: str) -> Reset:
    """Make a password useless and return the secret of a one-time link to choose another.

    From this moment the old password, every sign-in and every API token of the person are no
    longer good: a reset is for a password that is lost or known to others.

    Args:
        session: the caller's transaction.
        by: an administrator of the one organisation that the person acts for; None is the
            platform's own operator.
        person_id: whose.

    Raises:
        WrongRole: `by` is no administrator.
        PersonNotFound: nobody in the organisation answers to this.
        NotForYouToReset: the person acts for other organisations too.
        OwnPassword: the person is `by`.
    """
    if by is not None:
        by.require(Role.ADMINISTRATOR)
    person = session.scalar(select(Person).where(Person.id == person_id).with_for_update())
    places = set(
        session.scalars(
            select(Membership.organisation_id).where(Membership.person_id == person_id)
        )
    )
    if person is None or (by is not None and by.organisation_id not in places):
        raise PersonNotFound(
            "本单位没有这个人，请查看成员列表。",
            "Nobody in this organisation answers to this; see the list of members.",
        )
    if by is not None:
        _check_only_ours(by, person_id, places)
    person.password_hash = credentials.hash_of_nothing()
    _shut_out(session, person_id, also_tokens=True)
    session.execute(
        update(PasswordReset)
        .where(PasswordReset.person_id == person_id, PasswordReset.used.is_(None))
        .values(used=now())
    )
    secret = secrets.token_urlsafe(32)
    record = PasswordReset(
        token_digest=credentials.digest_of(secret), person_id=person_id, expires=now() + GOOD_FOR
    )
    session.add(record)
    session.flush()
    journal.record(
        session,
        RESET,
        person_id,
        person_id=by.person_id if by else None,
        organisation_id=by.organisation_id if by else None,
    )
    return Reset(record, secret)


def in_one_hand(session: Session, one: str, other: str) -> bool:
    """Whether one of two people was the last to reset the other's password, and so may hold both.

    The link of a reset is shown to who asked for it. Until somebody else resets that password, what
    the two do counts as one person's wherever two people have to decide.

    Args:
        session: any session.
        one: a person.
        other: another person.
    """
    return _last_reset_by(session, one) == other or _last_reset_by(session, other) == one


def _last_reset_by(session: Session, person_id: str) -> str | None:
    """Who reset a password last; None where nobody did, or the operator."""
    resets = [each for each in journal.history(session, person_id) if each.name == RESET]
    return resets[-1].person_id if resets else None


def find_reset(session: Session, secret: str) -> tuple[PasswordReset, Person]:
    """The reset that a link's secret opens, while it is good, and whose it is.

    Raises:
        ResetNotFound: none answers to it.
        ResetSpent: it was used, or its time is over.
    """
    record = session.scalar(
        select(PasswordReset)
        .where(PasswordReset.token_digest == credentials.digest_of(secret))
        .with_for_update()
    )
    if record is None:
        raise ResetNotFound(
            "链接无效，请向管理员索取新的链接。",
            "This link is not valid; ask your administrator for a new one.",
        )
    if record.used is not None or record.expires <= now():
        raise ResetSpent(
            "链接已经使用或过期，请向管理员索取新的链接。",
            "This link was used or has expired; ask your administrator for a new one.",
        )
    return record, session.get_one(Person, record.person_id)


def finish_reset(session: Session, *, secret: str, hashed: str) -> Person:
    """Set the password that a person chose with a one-time link.

    Raises:
        ResetNotFound, ResetSpent: the link is not good.
    """
    record, person = find_reset(session, secret)
    record.used = now()
    change(session, person.id, hashed, also_tokens=True, by_reset=True)
    return person


def by_email(session: Session, email: str) -> Person:
    """The person with an e-mail address, for the platform's own operator.

    Raises:
        PersonNotFound: nobody has it.
    """
    person = session.scalar(select(Person).where(Person.email == email.strip().lower()))
    if person is None:
        raise PersonNotFound("没有人使用这个邮箱。", "Nobody has this e-mail address.")
    return person


def _check_only_ours(by: Actor, person_id: str, places: set[str]) -> None:
    """Nobody may come into another organisation by resetting the password of its member."""
    if places != {by.organisation_id}:
        raise NotForYouToReset(
            "这个人还在别的单位有角色，本单位不能重置其密码。请平台运营方办理。",
            "This person also acts for another organisation, so yours cannot reset the password. "
            "Ask the platform's operator.",
        )
    if person_id == by.person_id:
        raise OwnPassword(
            "自己的密码请在“我的账号”里修改。",
            "Change your own password under “my account”.",
        )


def _shut_out(session: Session, person_id: str, *, also_tokens: bool) -> None:
    session.execute(delete(SignIn).where(SignIn.person_id == person_id))
    if also_tokens:
        tokens.revoke_all(session, person_id)
    session.flush()
