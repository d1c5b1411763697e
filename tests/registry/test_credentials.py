"""Passwords, sign-ins, the limit on guessing, invitations and tokens."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from registry import credentials, invitations, journal, organisations, tokens
from registry.credentials import PasswordRefused, SignIn, WrongPassword
from registry.database import now
from registry.guesses import FREE, TooManyAttempts
from registry.invitations import InvitationInvalid, InvitationNotFound, InvitationSpent
from registry.organisations import (
    Invitation,
    Kind,
    NotAMember,
    NotYours,
    Organisation,
    Person,
    Role,
    RoleNotAllowed,
)
from registry.tokens import Scope, ScopeRefused, TokenInvalid, TokenNotFound
from tests.conftest import HASHER

EMAIL = "lin@mingde.example"
PASSWORD = "correct horse battery"


@pytest.fixture
def enterprise(session: Session) -> Organisation:
    return organisations.found(
        session, kind=Kind.ENTERPRISE, name_zh="明德信贷", name_en="Mingde Credit"
    )


@pytest.fixture
def lin(session: Session, enterprise: Organisation) -> Person:
    return _join(session, enterprise, Role.ADMINISTRATOR)


def _join(session: Session, organisation: Organisation, role: Role, email: str = EMAIL) -> Person:
    invited = invitations.invite(
        session, by=None, organisation_id=organisation.id, email=email, role=role
    )
    return invitations.accept(session, secret=invited.secret, name="林", password=PASSWORD)


def _attempt(session: Session, email: str = EMAIL, address: str = "192.0.2.1") -> bool:
    tried = credentials.attempt(session, email=email, address=address)
    return credentials.proves(tried, PASSWORD)


@pytest.mark.parametrize(
    "password", ["short", "aaaaaaaaaaaaaaaa", "x1y2z" * 41, EMAIL, EMAIL.upper()]
)
def test_a_weak_password_is_refused_with_its_reason(password: str) -> None:
    with pytest.raises(PasswordRefused) as refused:
        credentials.hash_password(password, email=EMAIL)
    assert {reason.item for reason in refused.value.reasons} == {"password"}


def test_passwords_are_kept_as_argon2id_at_the_recommended_cost(lin: Person) -> None:
    assert lin.password_hash.startswith("$argon2id$")
    assert "$m=65536,t=3,p=4$" in HASHER.hash(PASSWORD)


def test_a_sign_in_opens_with_its_secret_only(session: Session, lin: Person) -> None:
    tried = credentials.attempt(session, email=f" {EMAIL.upper()} ", address="192.0.2.1")
    opened, secret = credentials.sign_in(session, tried, hours=1)
    assert credentials.signed_in(session, secret) is opened
    assert credentials.signed_in(session, opened.token_digest) is None
    assert secret not in {opened.token_digest, opened.csrf}
    assert credentials.csrf_holds(opened, opened.csrf)
    assert not credentials.csrf_holds(opened, "")


def test_a_sign_in_ends_by_time_by_sign_out_and_when_the_person_is_disabled(
    session: Session, lin: Person
) -> None:
    def opened() -> tuple[SignIn, str]:
        tried = credentials.attempt(session, email=EMAIL, address="192.0.2.1")
        return credentials.sign_in(session, tried, hours=1)

    late, late_secret = opened()
    late.expires = now() - timedelta(seconds=1)
    session.flush()
    assert credentials.signed_in(session, late_secret) is None

    left, left_secret = opened()
    credentials.sign_out(session, left.id)
    credentials.sign_out(session, left.id)
    assert credentials.signed_in(session, left_secret) is None

    _, secret = opened()
    lin.disabled = now()
    session.flush()
    assert credentials.signed_in(session, secret) is None
    assert not _attempt(session)


def test_an_unknown_account_is_checked_like_a_known_one(session: Session, lin: Person) -> None:
    unknown = credentials.attempt(session, email="nobody@example.org", address="192.0.2.1")
    # Same function, same cost parameters: an attacker's clock cannot tell the two apart.
    assert unknown.password_hash.split("$")[1:4] == lin.password_hash.split("$")[1:4]
    assert not credentials.proves(unknown, PASSWORD)
    with pytest.raises(WrongPassword):
        credentials.sign_in(session, unknown, hours=1)


def test_failures_alone_count(session: Session, lin: Person) -> None:
    """security/S4: a right password is no try; a wrong one is, for an unknown account too."""
    for _ in range(3 * FREE):
        tried = credentials.attempt(session, email=EMAIL, address="192.0.2.1")
        credentials.sign_in(session, tried, hours=1)
    for email in (EMAIL, "nobody@example.org"):
        for _ in range(FREE):
            credentials.attempt(session, email=email, address="192.0.2.1")
        with pytest.raises(TooManyAttempts) as refused:
            credentials.attempt(session, email=email, address="192.0.2.99")
        assert refused.value.retry_after >= 1
        with pytest.raises(TooManyAttempts):
            credentials.check_wait(session, email=f" {email.upper()}", address="192.0.2.1")
    assert _attempt(session, address="198.51.100.1")


def test_a_person_in_two_organisations_chooses(
    session: Session, enterprise: Organisation, lin: Person
) -> None:
    tester = organisations.found(session, kind=Kind.TESTER, name_zh="测试", name_en="Testers")
    _join(session, tester, Role.TESTER)
    opened, _ = credentials.sign_in(
        session, credentials.attempt(session, email=EMAIL, address="a"), hours=1
    )
    for place, role in ((tester, Role.TESTER), (enterprise, Role.ADMINISTRATOR)):
        actor = credentials.act_for(session, opened.id, place.id)
        assert (actor.organisation_id, actor.roles) == (place.id, frozenset({role}))
        assert opened.organisation_id == place.id
    third = organisations.found(session, kind=Kind.TESTER, name_zh="三", name_en="Third")
    with pytest.raises(NotAMember):
        credentials.act_for(session, opened.id, third.id)


def test_an_invitation_works_once(session: Session, enterprise: Organisation) -> None:
    invited = invitations.invite(
        session, by=None, organisation_id=enterprise.id, email=EMAIL, role=Role.FILER
    )
    assert invited.secret not in invited.record.token_digest
    person = invitations.accept(session, secret=invited.secret, name="林", password=PASSWORD)
    assert organisations.acting(session, person.id, enterprise.id).roles == {Role.FILER}
    with pytest.raises(InvitationSpent):
        invitations.accept(session, secret=invited.secret, name="林", password=PASSWORD)
    names = [event.name for event in journal.history(session, invited.record.id)]
    assert names == ["organisation:invitation:sent", "organisation:invitation:accepted"]


def test_an_invitation_expires(session: Session, enterprise: Organisation) -> None:
    invited = invitations.invite(
        session, by=None, organisation_id=enterprise.id, email=EMAIL, role=Role.FILER
    )
    session.get_one(Invitation, invited.record.id).expires = now()
    session.flush()
    with pytest.raises(InvitationSpent):
        invitations.find(session, invited.secret)
    with pytest.raises(InvitationNotFound):
        invitations.find(session, "made up")


def test_someone_known_proves_their_password(
    session: Session, enterprise: Organisation, lin: Person
) -> None:
    invited = invitations.invite(
        session, by=None, organisation_id=enterprise.id, email=EMAIL, role=Role.FILER
    )
    with pytest.raises(WrongPassword):
        invitations.accept(session, secret=invited.secret, name="", password="not my password")
    assert invitations.accept(session, secret=invited.secret, name="", password=PASSWORD) is lin


def test_a_newcomer_gives_a_name_and_an_address_looks_like_one(
    session: Session, enterprise: Organisation
) -> None:
    invited = invitations.invite(
        session, by=None, organisation_id=enterprise.id, email=EMAIL, role=Role.FILER
    )
    with pytest.raises(InvitationInvalid):
        invitations.accept(session, secret=invited.secret, name=" ", password=PASSWORD)
    for email in ("nobody", "a@b", "a b@c.de", "@c.de", "а@b.cd", "a\u200b@b.cd", "a@б.рф"):
        with pytest.raises(InvitationInvalid):
            invitations.invite(
                session, by=None, organisation_id=enterprise.id, email=email, role=Role.FILER
            )


@pytest.mark.parametrize("name", ["林\u202e", "Маriа", "\u3164", "林\n明"])
def test_a_persons_name_is_one_that_can_be_read(
    session: Session, enterprise: Organisation, name: str
) -> None:
    """security/A3: bidi, mixed scripts and blank letters in the names of people."""
    invited = invitations.invite(
        session, by=None, organisation_id=enterprise.id, email=EMAIL, role=Role.FILER
    )
    with pytest.raises(InvitationInvalid) as refused:
        invitations.accept(session, secret=invited.secret, name=name, password=PASSWORD)
    assert refused.value.reasons[0].item == "name"
    assert session.query(Person).count() == 0


def test_administrators_invite_into_their_own_organisation(
    session: Session, enterprise: Organisation, lin: Person
) -> None:
    boss = organisations.acting(session, lin.id, enterprise.id)
    other = organisations.found(session, kind=Kind.TESTER, name_zh="测试", name_en="Testers")
    invitations.invite(
        session, by=boss, organisation_id=enterprise.id, email="a@b.cd", role=Role.FILER
    )
    with pytest.raises(NotYours):
        invitations.invite(
            session, by=boss, organisation_id=other.id, email="a@b.cd", role=Role.TESTER
        )
    with pytest.raises(RoleNotAllowed):
        invitations.invite(
            session, by=boss, organisation_id=enterprise.id, email="a@b.cd", role=Role.REVIEWER
        )


def test_an_authority_invites_the_first_administrator_only(
    session: Session, enterprise: Organisation
) -> None:
    authority = organisations.found(session, kind=Kind.AUTHORITY, name_zh="局", name_en="Bureau")
    chief = organisations.acting(
        session, _join(session, authority, Role.ADMINISTRATOR).id, authority.id
    )
    with pytest.raises(NotYours):
        invitations.invite(
            session, by=chief, organisation_id=enterprise.id, email="a@b.cd", role=Role.FILER
        )
    first = invitations.invite(
        session, by=chief, organisation_id=enterprise.id, email="a@b.cd", role=Role.ADMINISTRATOR
    )
    invitations.accept(session, secret=first.secret, name="甲", password=PASSWORD)
    with pytest.raises(NotYours):
        invitations.invite(
            session,
            by=chief,
            organisation_id=enterprise.id,
            email="c@d.ef",
            role=Role.ADMINISTRATOR,
        )


def test_a_token_speaks_for_its_person_within_its_scopes(
    session: Session, enterprise: Organisation, lin: Person
) -> None:
    boss = organisations.acting(session, lin.id, enterprise.id)
    issued = tokens.issue(session, by=boss, label="CI", scopes=["read", "submit"], days=30)
    actor = tokens.actor_of(session, issued.secret)
    assert actor is not None
    assert (actor.person_id, actor.scopes) == (lin.id, frozenset({"read", "submit"}))
    tokens.require_scope(actor, Scope.SUBMIT)
    with pytest.raises(ScopeRefused):
        tokens.require_scope(actor, Scope.FILE)
    tokens.require_scope(boss, Scope.FILE)
    with pytest.raises(ScopeRefused):
        tokens.issue(session, by=actor, label="wider", scopes=["file"], days=1)


def test_a_token_ends_by_time_by_revocation_and_with_the_role(
    session: Session, enterprise: Organisation, lin: Person
) -> None:
    boss = organisations.acting(session, lin.id, enterprise.id)

    def issue() -> tokens.Issued:
        return tokens.issue(session, by=boss, label="CI", scopes=["read"], days=1)

    late, revoked, orphaned = issue(), issue(), issue()
    late.record.expires = now()
    session.flush()
    assert tokens.actor_of(session, late.secret) is None
    tokens.revoke(session, by=boss, token_id=revoked.record.id)
    tokens.revoke(session, by=boss, token_id=revoked.record.id)
    assert tokens.actor_of(session, revoked.secret) is None
    assert tokens.actor_of(session, orphaned.secret) is not None
    for membership in session.scalars(select(organisations.Membership)):
        session.delete(membership)
    session.flush()
    assert tokens.actor_of(session, orphaned.secret) is None
    assert tokens.actor_of(session, "ms_made-up") is None


def test_a_token_of_another_organisation_is_not_there(
    session: Session, enterprise: Organisation, lin: Person
) -> None:
    boss = organisations.acting(session, lin.id, enterprise.id)
    other = organisations.found(session, kind=Kind.TESTER, name_zh="测试", name_en="Testers")
    stranger = organisations.acting(
        session, _join(session, other, Role.ADMINISTRATOR, "x@y.zz").id, other.id
    )
    colleague = organisations.acting(
        session, _join(session, enterprise, Role.FILER, "c@y.zz").id, enterprise.id
    )
    issued = tokens.issue(session, by=boss, label="CI", scopes=["read"], days=1)
    for someone in (stranger, colleague):
        with pytest.raises(TokenNotFound):
            tokens.revoke(session, by=someone, token_id=issued.record.id)
    own = tokens.issue(session, by=colleague, label="mine", scopes=["read"], days=1)
    assert [t.id for t in tokens.listing(session, by=colleague)] == [own.record.id]
    assert len(tokens.listing(session, by=boss)) == 2


def test_every_fault_of_a_token_is_listed(
    session: Session, enterprise: Organisation, lin: Person
) -> None:
    boss = organisations.acting(session, lin.id, enterprise.id)
    with pytest.raises(TokenInvalid) as refused:
        tokens.issue(session, by=boss, label="", scopes=["root", "everything"], days=0)
    items = [reason.item for reason in refused.value.reasons]
    assert items == ["label", "scopes", "scopes", "days"]
    with pytest.raises(TokenInvalid):
        tokens.issue(session, by=boss, label="x", scopes=[], days=367)


def test_the_last_use_of_a_token_is_noted_at_most_once_an_hour(
    session: Session, enterprise: Organisation, lin: Person
) -> None:
    boss = organisations.acting(session, lin.id, enterprise.id)
    issued = tokens.issue(session, by=boss, label="CI", scopes=["read"], days=1)
    assert tokens.needs_touch(session, issued.secret)
    tokens.touch(session, issued.secret)
    assert not tokens.needs_touch(session, issued.secret)


def test_the_journal_never_holds_a_secret(
    session: Session, enterprise: Organisation, lin: Person
) -> None:
    boss = organisations.acting(session, lin.id, enterprise.id)
    issued = tokens.issue(session, by=boss, label="CI", scopes=["read"], days=1)
    _, secret = credentials.sign_in(
        session, credentials.attempt(session, email=EMAIL, address="a"), hours=1
    )
    written = str([event.details for event in session.scalars(select(journal.Event))])
    assert issued.secret not in written
    assert secret not in written
    assert EMAIL not in written
