"""Invitations: how a person comes to hold a first role in an organisation."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry import characters, credentials, journal, lookalikes, organisations
from registry.database import now
from registry.errors import Conflict, Invalid, NotFound, Reason
from registry.language import Text
from registry.organisations import Actor, Invitation, Kind, Organisation, Person, Role

GOOD_FOR = timedelta(days=7)
# Not the grammar of RFC 5322: enough to catch a slip; whether mail arrives shows the address. Of
# ASCII alone, for letters of other scripts that look like these would make two people of one.
EMAIL = re.compile(r"[!#-?A-~]{1,64}@[0-9a-z-]+(\.[0-9a-z-]+)+")
LONGEST_EMAIL = 254
LONGEST_NAME = 100


class InvitationNotFound(NotFound):
    """No invitation answers to this link: ask for a new one."""


class InvitationSpent(Conflict):
    """The invitation was used or has expired: ask for a new one."""


class InvitationInvalid(Invalid):
    """The particulars of the invitation, or of who accepts it, break a rule."""


@dataclass(frozen=True, slots=True)
class Invited:
    """A fresh invitation, whose secret is shown this once.

    Args:
        record: what is kept.
        secret: what the invited person brings.
    """

    record: Invitation
    secret: str


def invite(
    session: Session, *, by: Actor | None, organisation_id: str, email: str, role: Role
) -> Invited:
    """Invite someone to a role; the link works once, for seven days.

    Args:
        session: the caller's transaction.
        by: an administrator of the organisation, or of an authority while the organisation has
            no administrator yet; None is the platform's own operator.
        organisation_id: where the role is held.
        email: whom the invitation is for.
        role: one that this kind of organisation has.

    Raises:
        WrongRole, NotYours: `by` may not invite there.
        RoleNotAllowed: this kind of organisation has no such role.
        InvitationInvalid: the address is no e-mail address.
    """
    organisation = organisations.get(session, organisation_id)
    if by is not None:
        _check_inviter(session, by, organisation, role)
    organisations.check_role(organisation, role)
    plain = email.strip().lower()
    if len(plain) > LONGEST_EMAIL or EMAIL.fullmatch(plain) is None:
        raise _no_address(plain)
    secret = secrets.token_urlsafe(32)
    invitation = Invitation(
        token_digest=credentials.digest_of(secret),
        organisation_id=organisation.id,
        email=plain,
        role=role,
        expires=now() + GOOD_FOR,
    )
    session.add(invitation)
    session.flush()
    journal.record(
        session,
        "organisation:invitation:sent",
        invitation.id,
        person_id=by.person_id if by else None,
        organisation_id=organisation.id,
        role=role.value,
    )
    return Invited(invitation, secret)


def pending(session: Session, *, by: Actor) -> Sequence[Invitation]:
    """The invitations to the actor's organisation that are good still, newest first.

    Raises:
        WrongRole: the actor is not an administrator.
    """
    by.require(Role.ADMINISTRATOR)
    found = select(Invitation).where(
        Invitation.organisation_id == by.organisation_id,
        Invitation.used.is_(None),
        Invitation.expires > now(),
    )
    return session.scalars(found.order_by(Invitation.id.desc())).all()


def withdraw(session: Session, *, by: Actor, invitation_id: str) -> None:
    """Take an invitation back: its link opens nothing any more, and its row goes.

    Raises:
        WrongRole: the actor is not an administrator.
        InvitationNotFound: the actor's organisation has no such invitation.
        InvitationSpent: it was used; the role that it gave is withdrawn from the person.
    """
    by.require(Role.ADMINISTRATOR)
    invitation = session.get(Invitation, invitation_id, with_for_update=True)
    if invitation is None or invitation.organisation_id != by.organisation_id:
        raise InvitationNotFound(
            "本单位没有这份邀请。", "Your organisation has no such invitation."
        )
    if invitation.used is not None:
        raise InvitationSpent(
            "邀请已经接受，撤不回了。请收回这个人的角色，或把他移出本单位。",
            "The invitation was accepted. Withdraw the person's role, or remove them.",
        )
    session.delete(invitation)
    session.flush()
    journal.record(
        session,
        "organisation:invitation:withdrawn",
        invitation_id,
        person_id=by.person_id,
        organisation_id=by.organisation_id,
    )


def find(session: Session, secret: str) -> Invitation:
    """The invitation that a link's secret opens, while it is good.

    Raises:
        InvitationNotFound: no invitation answers to it.
        InvitationSpent: it was used, or its time is over.
    """
    invitation = session.scalar(
        select(Invitation)
        .where(Invitation.token_digest == credentials.digest_of(secret))
        .with_for_update()
    )
    if invitation is None:
        raise InvitationNotFound(
            "邀请链接无效，请向邀请人索取新的链接。",
            "This invitation link is not valid; ask for a new one.",
        )
    if invitation.used is not None or invitation.expires <= now():
        raise InvitationSpent(
            "邀请已经使用或过期，请向邀请人索取新的链接。",
            "This invitation was used or has expired; ask for a new one.",
        )
    return invitation


def accept(session: Session, *, secret: str, name: str, password: str) -> Person:
    """Join the organisation: a new person chooses a password, a known one proves theirs.

    Args:
        session: the caller's transaction.
        secret: from the link.
        name: the person's name; ignored for someone already on record.
        password: chosen by a newcomer, proved by anyone else.

    Raises:
        InvitationNotFound, InvitationSpent: the link is not good.
        InvitationInvalid: a newcomer gave no name.
        PasswordRefused: a newcomer's password breaks a rule.
        WrongPassword: a known person's password is wrong.
    """
    invitation = find(session, secret)
    person = session.scalar(select(Person).where(Person.email == invitation.email))
    if person is None:
        person = _newcomer(session, invitation.email, name, password)
    elif not credentials.proves(credentials.Attempt(person, None, person.password_hash), password):
        raise credentials.wrong_password()
    invitation.used = now()
    organisations.give_role(
        session,
        person_id=person.id,
        organisation=organisations.get(session, invitation.organisation_id),
        role=Role(invitation.role),
        by=None,
    )
    journal.record(
        session,
        "organisation:invitation:accepted",
        invitation.id,
        person_id=person.id,
        organisation_id=invitation.organisation_id,
    )
    return person


def _check_inviter(session: Session, by: Actor, organisation: Organisation, role: Role) -> None:
    by.require(Role.ADMINISTRATOR)
    first = (
        by.kind is Kind.AUTHORITY
        and role is Role.ADMINISTRATOR
        and not organisations.has_administrator(session, organisation.id)
    )
    if not first:
        by.own(organisation.id)


def _newcomer(session: Session, email: str, name: str, password: str) -> Person:
    if not 1 <= len(name.strip()) <= LONGEST_NAME:
        raise _invalid("name", Text("缺少姓名，或者太长。", "The name is missing or too long."))
    misread = lookalikes.reasons("name", name.strip())
    if misread:
        raise InvitationInvalid(
            "这个姓名不能使用，请按所列原因改正。",
            "This name cannot be used; correct what is listed.",
            reasons=misread,
        )
    person = Person(
        email=email,
        name=name.strip(),
        password_hash=credentials.hash_password(password, email=email),
    )
    session.add(person)
    session.flush()
    return person


def _no_address(plain: str) -> InvitationInvalid:
    odd = next((place for place, c in enumerate(plain, 1) if not "!" <= c <= "~"), None)
    if odd is None:
        return _invalid("email", Text("这不是邮箱地址。", "It is no e-mail address."))
    spelt = characters.named(plain[odd - 1])
    return _invalid(
        "email",
        Text(
            f"第 {odd} 个字符是 {spelt}。邮箱地址只能用英文字母、数字和英文符号。",
            f"Character {odd} is {spelt}. An e-mail address takes letters a to z, digits and "
            "ASCII signs.",
        ),
    )


def _invalid(item: str, said: Text) -> InvitationInvalid:
    remedy = Text("请改正后再试。", "Correct it and try again.")
    return InvitationInvalid(said.zh, said.en, reasons=[Reason(item, said, remedy)])
