"""How someone proves who they are: a password, and the sign-in that it opens."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from argon2.profiles import RFC_9106_LOW_MEMORY
from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry import common_passwords, guesses, journal, organisations
from registry.database import Identified, Record, now
from registry.errors import Invalid, Reason, Refused
from registry.language import Text
from registry.organisations import Actor, Person

HASHER = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
"""Argon2id, 64 MiB, three passes (RFC 9106, 4: the second recommended option)."""
MINIMUM_PASSWORD = 12
MAXIMUM_PASSWORD = 200  # argon2 reads every byte: a longer one would only cost time
FEWEST_CHARACTERS = 5  # different ones, so that "aaaaaaaaaaaa" is refused


REMEMBERED = timedelta(days=7)
"""How long after it lapsed it is known whose a sign-in was; it opens nothing any more."""


class SignIn(Identified, Record):
    """One signed-in browser; only the digest of its cookie is kept."""

    __tablename__ = "sign_in"

    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    csrf: Mapped[str] = mapped_column(String(64))
    expires: Mapped[datetime]


class PasswordRefused(Invalid):
    """The new password breaks a rule: choose another one."""


class WrongPassword(Refused):
    """E-mail address and password do not go together."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in under way: counted already, not yet decided.

    Args:
        person: whom the address belongs to; None for an address nobody has.
        keys: under which the try is counted; None where it is not.
        password_hash: what the password is checked against; a decoy for unknown addresses.
    """

    person: Person | None
    keys: guesses.Keys | None
    password_hash: str


def digest_of(secret: str) -> str:
    """The SHA-256 under which a random secret is kept; passwords use argon2 instead."""
    return hashlib.sha256(secret.encode()).hexdigest()


def hash_password(password: str, *, email: str) -> str:
    """The argon2id hash of a new password.

    Args:
        password: as chosen.
        email: the account's address, which may not serve as the password.

    Raises:
        PasswordRefused: it is too short, too long or too simple; lists every fault.
    """
    faults = [text for broken, text in _password_rules(password, email) if broken]
    if faults:
        raise PasswordRefused(
            "密码不符合要求，请另选一个。",
            "The password breaks a rule; choose another one.",
            reasons=[
                Reason("password", text, Text("请另选一个密码。", "Choose another password."))
                for text in faults
            ],
        )
    return HASHER.hash(password)


def attempt(session: Session, *, email: str, address: str) -> Attempt:
    """Count a sign-in before it is decided, so that parallel guesses cannot slip past the limit.

    The caller commits, then asks `proves` outside any transaction, then calls `sign_in`.

    Args:
        session: the caller's writing transaction.
        email: as typed.
        address: the client's network address.

    Raises:
        TooManyAttempts: too many passwords were wrong; with the seconds to wait.
    """
    keys = guesses.count(session, guesses.Keys.of(plain(email), address))
    person = session.scalar(select(Person).where(Person.email == plain(email)))
    return Attempt(person, keys, person.password_hash if person else _decoy())


def check_wait(session: Session, *, email: str, address: str) -> None:
    """Raise when a sign-in has to wait, by reading alone: cheap for whoever keeps on guessing.

    Raises:
        TooManyAttempts: with the seconds to wait.
    """
    guesses.check(session, guesses.Keys.of(plain(email), address))


def proves(attempted: Attempt, password: str) -> bool:
    """Whether the password is right; takes as long for an address that nobody has."""
    try:
        right = HASHER.verify(attempted.password_hash, password[:MAXIMUM_PASSWORD])
    except (VerifyMismatchError, InvalidHashError):
        return False
    person = attempted.person
    return right and person is not None and person.disabled is None


def forgive(session: Session, attempted: Attempt) -> None:
    """Take a counted try back because its password was right: failures alone count."""
    if attempted.keys is not None:
        guesses.forgive(session, attempted.keys)


def sign_in(session: Session, attempted: Attempt, *, hours: float) -> tuple[SignIn, str]:
    """Open a sign-in for someone whose password was proved, in their first organisation.

    Args:
        session: the caller's writing transaction.
        attempted: what `attempt` returned, after `proves` said yes.
        hours: how long it lasts.

    Returns:
        The record, and the secret for the cookie.

    Raises:
        WrongPassword: nobody has this address.
        NotAMember: the person holds no role anywhere.
    """
    person = attempted.person
    if person is None:
        raise wrong_password()
    forgive(session, attempted)
    session.execute(delete(SignIn).where(SignIn.expires < now() - REMEMBERED))
    choices = organisations.organisations_of(session, person.id)
    if not choices:
        raise organisations.NotAMember(
            "您还没有加入任何单位。请管理员邀请您。",
            "You belong to no organisation yet. Ask an administrator for an invitation.",
        )
    secret = secrets.token_urlsafe(32)
    opened = SignIn(
        token_digest=digest_of(secret),
        person_id=person.id,
        organisation_id=choices[0].id,
        csrf=secrets.token_urlsafe(32),
        expires=now() + timedelta(hours=hours),
    )
    session.add(opened)
    session.flush()
    _record(session, "credentials:sign_in:opened", opened.id, person.id, opened.organisation_id)
    return opened, secret


def signed_in(session: Session, secret: str) -> SignIn | None:
    """The live sign-in that a cookie's secret opens, if any."""
    return session.scalar(
        select(SignIn)
        .join(Person, Person.id == SignIn.person_id)
        .where(SignIn.token_digest == digest_of(secret))
        .where(SignIn.expires > now(), Person.disabled.is_(None))
    )


def marked(session: Session, mark: str) -> SignIn | None:
    """The sign-in whose pages carry a mark, also one that lapsed not long ago.

    Args:
        session: any session.
        mark: the field `csrf` of a form.
    """
    return session.scalar(select(SignIn).where(SignIn.csrf == mark))


def csrf_holds(opened: SignIn, sent: str) -> bool:
    """Whether the form came from a page that this sign-in was shown."""
    return hmac.compare_digest(opened.csrf.encode(), sent.encode())


def sign_out(session: Session, sign_in_id: str) -> None:
    """Close a sign-in; closing it again changes nothing."""
    opened = session.get(SignIn, sign_in_id)
    if opened is not None:
        _record(
            session,
            "credentials:sign_in:closed",
            opened.id,
            opened.person_id,
            opened.organisation_id,
        )
        session.delete(opened)
        session.flush()


def act_for(session: Session, sign_in_id: str, organisation_id: str) -> Actor:
    """Let a sign-in act for another organisation of the same person.

    Raises:
        NotAMember: the person holds no role there.
        WrongPassword: the sign-in is gone.
    """
    opened = session.get(SignIn, sign_in_id)
    if opened is None:
        raise wrong_password()
    actor = organisations.acting(session, opened.person_id, organisation_id)
    opened.organisation_id = organisation_id
    session.flush()
    return actor


def wrong_password() -> WrongPassword:
    """The one answer to every failed sign-in, so that it tells nothing about who has an account."""
    return WrongPassword("邮箱或密码不对。", "E-mail address or password is wrong.")


def wrong_present_password() -> WrongPassword:
    """Who is signed in and changes the password gave no address: the password alone is wrong."""
    return WrongPassword("现在的密码不对。", "The present password is wrong.")


def same_password() -> PasswordRefused:
    """The new password is the present one, so that nothing would change."""
    said = Text("新密码和现在的密码一样。", "The new password is the present one.")
    return PasswordRefused(
        "新密码不能和现在的一样。",
        "The new password has to differ from the present one.",
        reasons=[Reason("chosen", said, Text("请另选一个密码。", "Choose another password."))],
    )


def _password_rules(password: str, email: str) -> list[tuple[bool, Text]]:
    return [
        (
            len(password) < MINIMUM_PASSWORD,
            Text(
                f"密码至少 {MINIMUM_PASSWORD} 个字符。",
                f"A password has at least {MINIMUM_PASSWORD} characters.",
            ),
        ),
        (
            len(password) > MAXIMUM_PASSWORD,
            Text(
                f"密码最多 {MAXIMUM_PASSWORD} 个字符。",
                f"A password has at most {MAXIMUM_PASSWORD} characters.",
            ),
        ),
        (
            len(set(password)) < FEWEST_CHARACTERS,
            Text("密码重复的字符太多。", "The password repeats too few characters."),
        ),
        (
            plain(password) in {plain(email), plain(email).split("@")[0]},
            Text("密码不能是邮箱地址。", "The password may not be the e-mail address."),
        ),
        (
            common_passwords.is_common(password, email=email),
            Text(
                "这个密码太常见，别人会最先猜到。",
                "This password is among those that are guessed first.",
            ),
        ),
    ]


def plain(email: str) -> str:
    """An e-mail address in its one spelling."""
    return email.strip().lower()


def hash_of_nothing() -> str:
    """A hash that no password opens, for an account whose password is no longer good."""
    return HASHER.hash(secrets.token_urlsafe(32))


@cache
def _decoy() -> str:
    return hash_of_nothing()


def _record(
    session: Session,
    name: str,
    subject: str,
    person_id: str,
    organisation_id: str | None,
    **details: Any,
) -> None:
    journal.record(
        session, name, subject, person_id=person_id, organisation_id=organisation_id, **details
    )
