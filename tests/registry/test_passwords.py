"""Passwords that are guessed first, changed by their owner, reset by an administrator."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from registry import (
    common_passwords,
    credentials,
    invitations,
    journal,
    organisations,
    passwords,
    tokens,
)
from registry.credentials import PasswordRefused, SignIn
from registry.database import now
from registry.organisations import Actor, Kind, Organisation, Person, Role, WrongRole
from registry.passwords import (
    NotForYouToReset,
    OwnPassword,
    PersonNotFound,
    ResetNotFound,
    ResetSpent,
)

PASSWORD = "correct horse battery"
CHOSEN = "another good one, long"


@pytest.fixture
def enterprise(session: Session) -> Organisation:
    return organisations.found(
        session, kind=Kind.ENTERPRISE, name_zh="明德信贷", name_en="Mingde Credit"
    )


@pytest.fixture
def join(session: Session) -> Callable[[Organisation, str, Role], Person]:
    def joining(place: Organisation, name: str, role: Role) -> Person:
        invited = invitations.invite(
            session,
            by=None,
            organisation_id=place.id,
            email=f"{name}@mingde.example",
            role=role,
        )
        return invitations.accept(session, secret=invited.secret, name=name, password=PASSWORD)

    return joining


Join = Callable[[Organisation, str, Role], Person]


@pytest.fixture
def boss(session: Session, enterprise: Organisation, join: Join) -> Actor:
    person = join(enterprise, "boss", Role.ADMINISTRATOR)
    return organisations.acting(session, person.id, enterprise.id)


@pytest.fixture
def lin(enterprise: Organisation, join: Join) -> Person:
    return join(enterprise, "lin", Role.FILER)


def signed_in(session: Session, person: Person) -> str:
    tried = credentials.attempt(session, email=person.email, address="192.0.2.1")
    return credentials.sign_in(session, tried, hours=1)[1]


def token(session: Session, person: Person, place: Organisation) -> str:
    by = organisations.acting(session, person.id, place.id)
    return tokens.issue(session, by=by, label="CI", scopes=["read"], days=1).secret


def proves(session: Session, person: Person, password: str) -> bool:
    tried = credentials.attempt(session, email=person.email, address="192.0.2.1")
    right = credentials.proves(tried, password)
    if right:
        credentials.forgive(session, tried)
    return right


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "P@ssw0rd1234!",
        "qwertyqwerty12",
        "Administrator1",
        "mingsuan20261",
        "123456789012",
        "861391234567890",
        "abcdefghijklmn",
        "linlinlin1234",
        "Mingde!Mingde!2026",
        "wo-ai-ni-520-1314",
    ],
)
def test_a_password_that_everybody_tries_first_is_refused(password: str) -> None:
    """security/A7: password1234 was accepted."""
    assert common_passwords.is_common(password, email="lin@mingde.example")
    with pytest.raises(PasswordRefused) as refused:
        credentials.hash_password(password, email="lin@mingde.example")
    assert any("guessed first" in reason.said.en for reason in refused.value.reasons)


@pytest.mark.parametrize(
    "password",
    [PASSWORD, CHOSEN, "k7#pq0-zz19w", "春眠不觉晓处处闻啼鸟夜来", "passing-through-42"],
)
def test_any_other_password_is_let_through(password: str) -> None:
    """The list is short on purpose: length is what counts."""
    assert not common_passwords.is_common(password, email="lin@mingde.example")
    credentials.hash_password(password, email="lin@mingde.example")


@pytest.mark.parametrize("also_tokens", [False, True])
def test_the_owner_changes_a_password(
    session: Session, enterprise: Organisation, lin: Person, also_tokens: bool
) -> None:
    """security/S4, A7: every sign-in ends; tokens go on unless they are to end too."""
    cookie, bearer = signed_in(session, lin), token(session, lin, enterprise)
    hashed = credentials.hash_password(CHOSEN, email=lin.email)
    passwords.change(session, lin.id, hashed, also_tokens=also_tokens)
    assert credentials.signed_in(session, cookie) is None
    assert (tokens.actor_of(session, bearer) is None) is also_tokens
    assert proves(session, lin, CHOSEN)
    assert not proves(session, lin, PASSWORD)
    assert journal.history(session, lin.id)[-1].name == "credentials:password:changed"


def test_an_administrator_resets_a_password_once(
    session: Session, enterprise: Organisation, boss: Actor, lin: Person
) -> None:
    """security/S4: at once nothing of the old one is good; the link works once."""
    cookie, bearer = signed_in(session, lin), token(session, lin, enterprise)
    first = passwords.start_reset(session, by=boss, person_id=lin.id)
    assert credentials.signed_in(session, cookie) is None
    assert tokens.actor_of(session, bearer) is None
    assert not proves(session, lin, PASSWORD)
    assert first.secret not in first.record.token_digest

    second = passwords.start_reset(session, by=boss, person_id=lin.id)
    session.expire_all()
    with pytest.raises(ResetSpent):
        passwords.find_reset(session, first.secret)
    hashed = credentials.hash_password(CHOSEN, email=lin.email)
    assert passwords.finish_reset(session, secret=second.secret, hashed=hashed) is lin
    assert proves(session, lin, CHOSEN)
    with pytest.raises(ResetSpent):
        passwords.finish_reset(session, secret=second.secret, hashed=hashed)
    with pytest.raises(ResetNotFound):
        passwords.find_reset(session, "made up")
    told = [(event.name, event.person_id) for event in journal.history(session, lin.id)]
    assert ("credentials:password:reset", boss.person_id) in told
    assert told[-1] == ("credentials:password:changed", lin.id)


def test_a_link_ends_after_a_day(session: Session, boss: Actor, lin: Person) -> None:
    reset = passwords.start_reset(session, by=boss, person_id=lin.id)
    assert reset.record.expires <= now() + timedelta(days=1)
    reset.record.expires = now()
    session.flush()
    with pytest.raises(ResetSpent):
        passwords.find_reset(session, reset.secret)


def test_nobody_comes_into_another_organisation_by_a_reset(
    session: Session, enterprise: Organisation, boss: Actor, lin: Person, join: Join
) -> None:
    """Who acts for two organisations is reset by the operator; nobody resets oneself."""
    authority = organisations.found(session, kind=Kind.AUTHORITY, name_zh="局", name_en="Bureau")
    join(authority, "lin", Role.REVIEWER)
    stranger = join(authority, "wang", Role.REVIEWER)
    with pytest.raises(NotForYouToReset):
        passwords.start_reset(session, by=boss, person_id=lin.id)
    with pytest.raises(OwnPassword):
        passwords.start_reset(session, by=boss, person_id=boss.person_id)
    for unknown in (stranger.id, "nobody"):
        with pytest.raises(PersonNotFound):
            passwords.start_reset(session, by=boss, person_id=unknown)
    filer = organisations.acting(session, lin.id, enterprise.id)
    with pytest.raises(WrongRole):
        passwords.start_reset(session, by=filer, person_id=boss.person_id)
    assert proves(session, lin, PASSWORD)
    assert proves(session, stranger, PASSWORD)
    passwords.start_reset(session, by=None, person_id=lin.id)
    assert not proves(session, lin, PASSWORD)
    assert session.query(SignIn).count() == 0


def test_who_reset_a_password_last_may_act_as_two(
    session: Session, enterprise: Organisation, boss: Actor, lin: Person, join: Join
) -> None:
    """The link is shown to who asks for it."""
    other = join(enterprise, "wang", Role.ADMINISTRATOR)
    second = organisations.acting(session, other.id, enterprise.id)
    assert not passwords.in_one_hand(session, boss.person_id, lin.id)
    passwords.start_reset(session, by=boss, person_id=lin.id)
    assert passwords.in_one_hand(session, boss.person_id, lin.id)
    assert passwords.in_one_hand(session, lin.id, boss.person_id)
    hashed = credentials.hash_password(CHOSEN, email=lin.email)
    passwords.change(session, lin.id, hashed, also_tokens=True)  # by whom, nobody can tell
    assert passwords.in_one_hand(session, boss.person_id, lin.id)
    passwords.start_reset(session, by=second, person_id=lin.id)
    assert not passwords.in_one_hand(session, boss.person_id, lin.id)
    assert passwords.in_one_hand(session, second.person_id, lin.id)
    passwords.start_reset(session, by=None, person_id=lin.id)
    assert not passwords.in_one_hand(session, second.person_id, lin.id)
