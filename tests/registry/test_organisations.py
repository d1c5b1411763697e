"""Organisations and roles: who may found, appoint and withdraw."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from registry import invitations, journal, organisations, particulars
from registry.database import now
from registry.invitations import InvitationNotFound, InvitationSpent
from registry.organisations import (
    ROLES_OF,
    Actor,
    Kind,
    LastAdministrator,
    MembershipNotFound,
    NameTaken,
    NotAMember,
    NotYours,
    Organisation,
    OrganisationInvalid,
    Person,
    Role,
    RoleNotAllowed,
    WrongRole,
)

Appoint = Callable[..., Actor]


@pytest.fixture
def enterprise(session: Session) -> Organisation:
    return organisations.found(
        session, kind=Kind.ENTERPRISE, name_zh="明德信贷", name_en="Mingde Credit"
    )


@pytest.fixture
def authority(session: Session) -> Organisation:
    return organisations.found(
        session, kind=Kind.AUTHORITY, name_zh="市主管部门", name_en="The authority"
    )


@pytest.fixture
def appoint(session: Session) -> Appoint:
    def appointing(organisation: Organisation, name: str, *roles: Role) -> Actor:
        person = Person(email=f"{name}@example.org", name=name, password_hash="-")
        session.add(person)
        session.flush()
        for role in roles:
            organisations.give_role(
                session, person_id=person.id, organisation=organisation, role=role, by=None
            )
        return organisations.acting(session, person.id, organisation.id)

    return appointing


def test_founding_is_in_the_journal(session: Session, enterprise: Organisation) -> None:
    events = journal.history(session, enterprise.id)
    assert [event.name for event in events] == ["registry:organisation:founded"]


@pytest.mark.parametrize(
    ("code", "holds"),
    [
        ("91350100M000100Y43", True),  # the example printed in GB 32100-2015
        ("91350100M000100Y44", False),
        ("91350100M000100Y4", False),
        ("91350100O000100Y43", False),  # the letter O is not in the alphabet
    ],
)
def test_a_credit_code_is_held_to_its_check_character(code: str, holds: bool) -> None:
    assert particulars.credit_code_holds(code) is holds


def test_every_fault_of_an_organisation_is_listed(session: Session) -> None:
    with pytest.raises(OrganisationInvalid) as refused:
        organisations.found(
            session,
            kind=Kind.TESTER,
            name_zh=" ",
            name_en="x" * 201,
            credit_code="91350100M000100Y44",
        )
    assert [reason.item for reason in refused.value.reasons] == [
        "name_zh",
        "name_en",
        "credit_code",
    ]


def test_a_name_is_taken_once(session: Session, enterprise: Organisation) -> None:
    with pytest.raises(NameTaken):
        organisations.found(
            session, kind=Kind.TESTER, name_zh=enterprise.name_zh, name_en="Another"
        )


@pytest.mark.parametrize(
    ("name_zh", "name_en"),
    [
        ("市主管部门\u3164", "Another"),
        ("Тhe authority", "Another"),
        ("又一个", "Тhе аuthority"),
        ("市主管部门\u202e", "Another"),
        ("x" * 3, "a\u200bb"),
        ("新\n部门", "Another"),
    ],
)
def test_a_name_that_is_easily_misread_is_not_put_on_record(
    session: Session, authority: Organisation, name_zh: str, name_en: str
) -> None:
    """security/A3: bidi, zero width, blank letters and mixed scripts; nothing is stored."""
    with pytest.raises(OrganisationInvalid) as refused:
        organisations.found(session, kind=Kind.AUTHORITY, name_zh=name_zh, name_en=name_en)
    assert {reason.item for reason in refused.value.reasons} <= {"name_zh", "name_en"}
    assert organisations.listing(session) == [authority]


@pytest.mark.parametrize(
    ("name_zh", "name_en"),
    [
        ("市 主管部门", "Another"),
        ("又一个", "THE AUTHORITY"),
        ("The  Authority", "Another"),
        ("又一个", "市主管部门"),
    ],
)
def test_a_twin_of_a_name_on_record_is_refused_and_named(
    session: Session, authority: Organisation, name_zh: str, name_en: str
) -> None:
    """security/A3: what looks like a name on record is that name, in either language."""
    with pytest.raises(NameTaken) as refused:
        organisations.found(session, kind=Kind.TESTER, name_zh=name_zh, name_en=name_en)
    assert authority.name_zh in str(refused.value) or authority.name_en in str(refused.value)


def test_a_name_written_whole_in_another_script_is_still_the_twin(session: Session) -> None:
    """security/A3: one script alone, yet drawn letter by letter like a name on record."""
    organisations.found(session, kind=Kind.TESTER, name_zh="第一", name_en="OAO TEXH")
    with pytest.raises(NameTaken):
        organisations.found(session, kind=Kind.TESTER, name_zh="第二", name_en="ОАО ТЕХН")


def test_only_an_administrator_of_an_authority_founds(
    session: Session, enterprise: Organisation, authority: Organisation, appoint: Appoint
) -> None:
    for founder in (
        appoint(enterprise, "boss", Role.ADMINISTRATOR),
        appoint(authority, "reviewer", Role.REVIEWER),
    ):
        with pytest.raises(WrongRole):
            organisations.found(session, kind=Kind.TESTER, name_zh="新", name_en="New", by=founder)
    chief = appoint(authority, "chief", Role.ADMINISTRATOR)
    new = organisations.found(session, kind=Kind.TESTER, name_zh="新", name_en="New", by=chief)
    assert organisations.listing(session, kind=Kind.TESTER) == [new]


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("role", list(Role))
def test_a_kind_of_organisation_gives_only_its_own_roles(
    session: Session, appoint: Appoint, kind: Kind, role: Role
) -> None:
    place = organisations.found(session, kind=kind, name_zh="某单位", name_en="Some place")
    if role in ROLES_OF[kind]:
        assert appoint(place, "someone", role).roles == {role}
    else:
        with pytest.raises(RoleNotAllowed):
            appoint(place, "someone", role)


def test_an_administrator_appoints_members_but_no_strangers(
    session: Session, enterprise: Organisation, authority: Organisation, appoint: Appoint
) -> None:
    boss = appoint(enterprise, "boss", Role.ADMINISTRATOR)
    filer = appoint(enterprise, "filer", Role.FILER)
    stranger = appoint(authority, "stranger", Role.REVIEWER)

    organisations.give_role(
        session,
        person_id=filer.person_id,
        organisation=enterprise,
        role=Role.ADMINISTRATOR,
        by=boss,
    )
    assert organisations.acting(session, filer.person_id, enterprise.id).roles == {
        Role.FILER,
        Role.ADMINISTRATOR,
    }
    with pytest.raises(NotAMember):
        organisations.give_role(
            session,
            person_id=stranger.person_id,
            organisation=enterprise,
            role=Role.FILER,
            by=boss,
        )
    with pytest.raises(NotYours):
        organisations.give_role(
            session,
            person_id=stranger.person_id,
            organisation=authority,
            role=Role.ADMINISTRATOR,
            by=boss,
        )


def test_giving_a_role_twice_changes_nothing(
    session: Session, enterprise: Organisation, appoint: Appoint
) -> None:
    boss = appoint(enterprise, "boss", Role.ADMINISTRATOR, Role.ADMINISTRATOR)
    assert [role for _, role in organisations.members(session, by=boss)] == [Role.ADMINISTRATOR]


def test_the_last_administrator_stays(
    session: Session, enterprise: Organisation, appoint: Appoint
) -> None:
    boss = appoint(enterprise, "boss", Role.ADMINISTRATOR, Role.FILER)
    with pytest.raises(LastAdministrator):
        organisations.withdraw_role(
            session, by=boss, person_id=boss.person_id, role=Role.ADMINISTRATOR
        )
    second = appoint(enterprise, "second", Role.ADMINISTRATOR)
    organisations.withdraw_role(
        session, by=second, person_id=boss.person_id, role=Role.ADMINISTRATOR
    )
    assert organisations.acting(session, boss.person_id, enterprise.id).roles == {Role.FILER}


def test_a_role_that_nobody_holds_cannot_be_withdrawn(
    session: Session, enterprise: Organisation, appoint: Appoint
) -> None:
    boss = appoint(enterprise, "boss", Role.ADMINISTRATOR)
    with pytest.raises(MembershipNotFound):
        organisations.withdraw_role(session, by=boss, person_id=boss.person_id, role=Role.FILER)


def test_someone_disabled_acts_nowhere(
    session: Session, enterprise: Organisation, appoint: Appoint
) -> None:
    boss = appoint(enterprise, "boss", Role.ADMINISTRATOR)
    session.get_one(Person, boss.person_id).disabled = now()
    session.flush()
    with pytest.raises(NotAMember):
        organisations.acting(session, boss.person_id, enterprise.id)
    assert not organisations.has_administrator(session, enterprise.id)


def test_who_is_removed_holds_no_role_and_the_last_administrator_stays(
    session: Session, enterprise: Organisation, appoint: Appoint
) -> None:
    """filing/A6."""
    boss = appoint(enterprise, "boss", Role.ADMINISTRATOR, Role.FILER)
    with pytest.raises(LastAdministrator):
        organisations.remove_member(session, by=boss, person_id=boss.person_id)
    assert organisations.acting(session, boss.person_id, enterprise.id).roles == boss.roles
    clerk = appoint(enterprise, "clerk", Role.FILER)
    organisations.remove_member(session, by=boss, person_id=clerk.person_id)
    with pytest.raises(NotAMember):
        organisations.acting(session, clerk.person_id, enterprise.id)
    with pytest.raises(MembershipNotFound):
        organisations.remove_member(session, by=boss, person_id=clerk.person_id)


def test_an_invitation_that_was_withdrawn_opens_nothing(
    session: Session, enterprise: Organisation, appoint: Appoint
) -> None:
    """filing/A6: a link sent to a wrong address stood for seven days."""
    boss = appoint(enterprise, "boss", Role.ADMINISTRATOR)
    invited = invitations.invite(
        session,
        by=boss,
        organisation_id=enterprise.id,
        email="new@example.org",
        role=Role.FILER,
    )
    assert [each.email for each in invitations.pending(session, by=boss)] == ["new@example.org"]
    invitations.withdraw(session, by=boss, invitation_id=invited.record.id)
    assert invitations.pending(session, by=boss) == []
    with pytest.raises(InvitationNotFound):
        invitations.find(session, invited.secret)


def test_an_invitation_that_was_accepted_is_not_withdrawn(
    session: Session, enterprise: Organisation, appoint: Appoint
) -> None:
    boss = appoint(enterprise, "boss", Role.ADMINISTRATOR)
    invited = invitations.invite(
        session,
        by=boss,
        organisation_id=enterprise.id,
        email="new@example.org",
        role=Role.FILER,
    )
    invited.record.used = now()
    with pytest.raises(InvitationSpent):
        invitations.withdraw(session, by=boss, invitation_id=invited.record.id)
