"""Organisations, the people in them, and in which role someone acts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Select, String, UniqueConstraint, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry import journal, lookalikes, particulars
from registry.database import Identified, Record
from registry.errors import Conflict, Invalid, NotFound, Refused
from registry.language import Text


class Kind(StrEnum):
    """What an organisation is to the register."""

    ENTERPRISE = "enterprise"
    TESTER = "tester"
    AUTHORITY = "authority"
    INDUSTRY_BODY = "industry_body"


class Role(StrEnum):
    """In what capacity a member acts; roles belong to memberships, never to people."""

    FILER = "filer"
    TESTER = "tester"
    REVIEWER = "reviewer"
    ADMINISTRATOR = "administrator"


ROLES_OF: dict[Kind, frozenset[Role]] = {
    Kind.ENTERPRISE: frozenset({Role.FILER, Role.ADMINISTRATOR}),
    Kind.TESTER: frozenset({Role.TESTER, Role.ADMINISTRATOR}),
    Kind.AUTHORITY: frozenset({Role.REVIEWER, Role.ADMINISTRATOR}),
    Kind.INDUSTRY_BODY: frozenset({Role.ADMINISTRATOR}),
}

ROLE_NAMES: dict[Role, Text] = {
    Role.FILER: Text("备案人员", "filer"),
    Role.TESTER: Text("测试人员", "tester"),
    Role.REVIEWER: Text("审核人员", "reviewer"),
    Role.ADMINISTRATOR: Text("管理员", "administrator"),
}


KIND_NAMES: dict[Kind, Text] = {
    Kind.ENTERPRISE: Text("企业", "an enterprise"),
    Kind.TESTER: Text("测试机构", "a tester organisation"),
    Kind.AUTHORITY: Text("主管部门", "an authority"),
    Kind.INDUSTRY_BODY: Text("行业组织", "an industry body"),
}


class Organisation(Identified, Record):
    """An enterprise, a tester organisation, an authority or an industry body."""

    __tablename__ = "organisation"

    kind: Mapped[Kind] = mapped_column(String(20))
    name_zh: Mapped[str] = mapped_column(String(100), unique=True)
    name_en: Mapped[str] = mapped_column(String(200))
    credit_code: Mapped[str | None] = mapped_column(String(18), unique=True)
    district: Mapped[str] = mapped_column(String(60), default="")

    @property
    def name(self) -> Text:
        """The name in both languages."""
        return Text(self.name_zh, self.name_en)


class Person(Identified, Record):
    """Someone who can sign in."""

    __tablename__ = "person"

    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    password_hash: Mapped[str] = mapped_column(String(200))
    disabled: Mapped[datetime | None]


class Membership(Identified, Record):
    """One role of one person in one organisation."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("person_id", "organisation_id", "role"),)

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    role: Mapped[Role] = mapped_column(String(20))


class Invitation(Identified, Record):
    """A one-time invitation; only the digest of its token is kept."""

    __tablename__ = "invitation"

    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    email: Mapped[str] = mapped_column(String(254))
    role: Mapped[Role] = mapped_column(String(20))
    expires: Mapped[datetime]
    used: Mapped[datetime | None]


class OrganisationKey(Identified, Record):
    """A public signing key that an organisation registered; the platform never holds the private."""

    __tablename__ = "organisation_key"

    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    key_id: Mapped[str] = mapped_column(String(64), unique=True)
    public_pem: Mapped[str] = mapped_column(String(400))
    label: Mapped[str] = mapped_column(String(100), default="")
    revoked: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Actor:
    """Someone acting in one organisation, by a sign-in or by an API token.

    Args:
        person_id: who.
        organisation_id: on whose behalf.
        kind: what that organisation is.
        roles: the person's roles in it.
        scopes: what a token is limited to; None for a sign-in, which has no limit.
    """

    person_id: str
    organisation_id: str
    kind: Kind
    roles: frozenset[Role]
    scopes: frozenset[str] | None = None

    def require(self, role: Role) -> None:
        """Raise `WrongRole` unless the actor has `role`."""
        if role not in self.roles:
            name = ROLE_NAMES[role]
            raise WrongRole(
                f"这一步要由{name.zh}来做。请本单位管理员授予这个角色。",
                f"Only a {name.en} may do this. Ask your organisation's administrator for the role.",
            )

    def own(self, organisation_id: str) -> None:
        """Raise `NotYours` unless the actor acts for `organisation_id`."""
        if organisation_id != self.organisation_id:
            raise NotYours(
                "这条记录属于另一个单位。", "This record belongs to another organisation."
            )


class WrongRole(Refused):
    """The step belongs to another role."""


class NotYours(Refused):
    """The record belongs to another organisation."""


class OrganisationNotFound(NotFound):
    """No such organisation: check the identifier."""


class OrganisationInvalid(Invalid):
    """The particulars of an organisation break a rule: correct each of them."""


class NameTaken(Conflict):
    """An organisation with this credit code, or a name that looks the same, is on record."""


class RoleNotAllowed(Invalid):
    """This kind of organisation has no such role."""


class LastAdministrator(Conflict):
    """Every organisation keeps at least one administrator: appoint another one first."""


class NotAMember(Refused):
    """The person has no role in this organisation."""


class MembershipNotFound(NotFound):
    """The person does not hold this role here."""


def found(
    session: Session,
    *,
    kind: Kind,
    name_zh: str,
    name_en: str,
    credit_code: str | None = None,
    district: str = "",
    by: Actor | None = None,
) -> Organisation:
    """Put an organisation on record.

    Args:
        session: the caller's transaction.
        kind: what it is to the register.
        name_zh: full legal name.
        name_en: name in English.
        credit_code: unified social credit code, if it has one; its check character is tested.
        district: where it sits.
        by: an administrator of an authority; None is the platform's own operator.

    Raises:
        WrongRole: `by` administers no authority.
        OrganisationInvalid: a name is missing or the credit code is wrong; lists each.
        NameTaken: the code is on record, or a name that looks like one of the two.
    """
    if by is not None:
        by.require(Role.ADMINISTRATOR)
        if by.kind is not Kind.AUTHORITY:
            raise WrongRole(
                "只有主管部门的管理员可以登记单位。",
                "Only an administrator of an authority may put organisations on record.",
            )
    name_zh, name_en, code = name_zh.strip(), name_en.strip(), (credit_code or "").strip().upper()
    reasons = particulars.faults(name_zh, name_en, code, district.strip())
    if reasons:
        raise OrganisationInvalid(
            "单位信息有误，请逐项改正。",
            "Correct the organisation's particulars.",
            reasons=reasons,
        )
    _check_free(session, (name_zh, name_en), code)
    organisation = Organisation(
        kind=kind,
        name_zh=name_zh,
        name_en=name_en,
        credit_code=code or None,
        district=district.strip(),
    )
    session.add(organisation)
    session.flush()
    _record(session, "registry:organisation:founded", organisation.id, by, kind=kind.value)
    return organisation


def get(session: Session, organisation_id: str) -> Organisation:
    """One organisation.

    Raises:
        OrganisationNotFound: there is none with this identifier.
    """
    organisation = session.get(Organisation, organisation_id)
    if organisation is None:
        raise OrganisationNotFound(
            "没有这个单位，请检查编号。", "No such organisation; check the identifier."
        )
    return organisation


def listing(session: Session, *, kind: Kind | None = None) -> Sequence[Organisation]:
    """All organisations, or those of one kind, in the order of their Chinese names."""
    query = select(Organisation).order_by(Organisation.name_zh)
    if kind is not None:
        query = query.where(Organisation.kind == kind)
    return session.scalars(query).all()


def acting(
    session: Session,
    person_id: str,
    organisation_id: str,
    *,
    scopes: frozenset[str] | None = None,
) -> Actor:
    """The person acting for the organisation, in the roles held there at this moment.

    Args:
        session: the caller's transaction.
        person_id: who.
        organisation_id: on whose behalf.
        scopes: what an API token limits the actor to; None for a sign-in.

    Raises:
        NotAMember: the person holds no role there, or may no longer sign in.
    """
    held = session.execute(
        select(Organisation.kind, Membership.role)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .join(Person, Person.id == Membership.person_id)
        .where(Person.id == person_id, Organisation.id == organisation_id)
        .where(Person.disabled.is_(None))
    ).all()
    if not held:
        raise NotAMember(
            "您在这个单位没有角色。请本单位管理员邀请您。",
            "You hold no role in this organisation. Ask its administrator for an invitation.",
        )
    return Actor(
        person_id=person_id,
        organisation_id=organisation_id,
        kind=Kind(held[0].kind),
        roles=frozenset(Role(row.role) for row in held),
        scopes=scopes,
    )


def organisations_of(session: Session, person_id: str) -> Sequence[Organisation]:
    """The organisations in which a person holds a role, in the order of their Chinese names."""
    return session.scalars(
        select(Organisation)
        .where(
            Organisation.id.in_(
                select(Membership.organisation_id).where(Membership.person_id == person_id)
            )
        )
        .order_by(Organisation.name_zh)
    ).all()


class AlsoElsewhere(Refused):
    """Whoever belongs to another kind of organisation as well does not read this: ask a colleague."""


def require_nowhere_else(session: Session, by: Actor) -> None:
    """See that a person has no role in an organisation of another kind.

    Args:
        session: any session.
        by: who asks.

    Raises:
        AlsoElsewhere: they have one.
    """
    others = (
        select(Membership.id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Membership.person_id == by.person_id, Organisation.kind != by.kind)
    )
    if session.scalar(others.limit(1)) is not None:
        raise AlsoElsewhere(
            "您在别的单位也有角色，日志里有这些单位还不能知道的事。请由只在本单位任职的同事来取。",
            "You have a role elsewhere too, and the journal holds what that organisation may not know yet. "
            "Let a colleague who serves here alone take it.",
        )


def holds(session: Session, person_id: str, organisation_id: str, role: Role) -> bool:
    """Whether a person has a role in an organisation now.

    Args:
        session: any session.
        person_id: the person.
        organisation_id: the organisation.
        role: which.
    """
    wanted = {"person_id": person_id, "organisation_id": organisation_id, "role": role}
    return session.scalar(select(Membership.id).filter_by(**wanted)) is not None


def members(session: Session, *, by: Actor) -> Sequence[tuple[Person, Role]]:
    """Everyone with a role in the actor's organisation, by name.

    Raises:
        WrongRole: the actor is not an administrator.
    """
    by.require(Role.ADMINISTRATOR)
    rows = session.execute(
        select(Person, Membership.role)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.organisation_id == by.organisation_id)
        .order_by(Person.name, Membership.role)
    )
    return [(person, Role(role)) for person, role in rows]


def give_role(
    session: Session, *, person_id: str, organisation: Organisation, role: Role, by: Actor | None
) -> Membership:
    """Let a person hold `role`; holding it already changes nothing.

    Args:
        session: the caller's transaction.
        person_id: who.
        organisation: where.
        role: must be one that this kind of organisation has.
        by: an administrator of the organisation; None where an invitation or the operator says so.

    Raises:
        RoleNotAllowed: this kind of organisation has no such role.
        WrongRole, NotYours: `by` may not decide here.
        NotAMember: `by` names someone who was never invited here.
    """
    if by is not None:
        by.require(Role.ADMINISTRATOR)
        by.own(organisation.id)
        acting(session, person_id, organisation.id)  # strangers come by invitation only
    check_role(organisation, role)
    held = session.scalar(_holding(person_id, organisation.id, role))
    if held is not None:
        return held
    membership = Membership(person_id=person_id, organisation_id=organisation.id, role=role)
    session.add(membership)
    session.flush()
    _record(
        session, "organisation:role:given", organisation.id, by, person=person_id, role=role.value
    )
    return membership


def withdraw_role(session: Session, *, by: Actor, person_id: str, role: Role) -> None:
    """Take `role` in the actor's own organisation from a person.

    Raises:
        WrongRole: the actor is not an administrator.
        MembershipNotFound: the person does not hold this role here.
        LastAdministrator: nobody would be left to administer the organisation.
    """
    held = _held_here(session, by, person_id)
    if role not in held:
        raise MembershipNotFound(
            "这个人在本单位没有这个角色。", "This person does not hold this role here."
        )
    _check_left(session, by, [role])
    _withdraw(session, by, held[role])


def remove_member(session: Session, *, by: Actor, person_id: str) -> None:
    """Take every role in the actor's own organisation from a person, who is no member then.

    Their sign-ins and tokens speak for nobody here from then on; what they did stays on record.

    Raises:
        WrongRole: the actor is not an administrator.
        MembershipNotFound: the person is no member here.
        LastAdministrator: nobody would be left to administer the organisation.
    """
    held = _held_here(session, by, person_id)
    if not held:
        raise MembershipNotFound("这个人不是本单位的成员。", "This person is no member here.")
    _check_left(session, by, held)
    for each in held.values():
        _withdraw(session, by, each)


def _held_here(session: Session, by: Actor, person_id: str) -> dict[Role, Membership]:
    """The roles of a person in the actor's own organisation, which is locked."""
    by.require(Role.ADMINISTRATOR)
    # Two administrators who withdraw each other at the same moment must not both succeed.
    session.execute(
        select(Organisation.id).where(Organisation.id == by.organisation_id).with_for_update()
    )
    here = select(Membership).where(
        Membership.person_id == person_id, Membership.organisation_id == by.organisation_id
    )
    return {Role(each.role): each for each in session.scalars(here.order_by(Membership.role))}


def _check_left(session: Session, by: Actor, going: Collection[Role]) -> None:
    if Role.ADMINISTRATOR in going and _administrators(session, by.organisation_id) == 1:
        raise LastAdministrator(
            "每个单位至少要有一名管理员。请先任命另一名管理员。",
            "Every organisation keeps one administrator. Appoint another one first.",
        )


def _withdraw(session: Session, by: Actor, held: Membership) -> None:
    person_id, role = held.person_id, Role(held.role)
    session.delete(held)
    session.flush()
    _record(
        session,
        "organisation:role:withdrawn",
        by.organisation_id,
        by,
        person=person_id,
        role=role.value,
    )


def check_role(organisation: Organisation, role: Role) -> None:
    """Raise `RoleNotAllowed` when this kind of organisation has no such role."""
    kind = Kind(organisation.kind)
    if role not in ROLES_OF[kind]:
        has_zh = "、".join(ROLE_NAMES[r].zh for r in Role if r in ROLES_OF[kind])
        has_en = ", ".join(ROLE_NAMES[r].en for r in Role if r in ROLES_OF[kind])
        raise RoleNotAllowed(
            f"这类单位没有“{ROLE_NAMES[role].zh}”这个角色，可选：{has_zh}。",
            f"This kind of organisation has no {ROLE_NAMES[role].en}; it has: {has_en}.",
        )


def has_administrator(session: Session, organisation_id: str) -> bool:
    """Whether anyone administers the organisation yet."""
    return _administrators(session, organisation_id) > 0


def _administrators(session: Session, organisation_id: str) -> int:
    return (
        session.scalar(
            select(func.count())
            .select_from(Membership)
            .join(Person, Person.id == Membership.person_id)
            .where(Membership.organisation_id == organisation_id)
            .where(Membership.role == Role.ADMINISTRATOR, Person.disabled.is_(None))
        )
        or 0
    )


def _holding(person_id: str, organisation_id: str, role: Role) -> Select[Membership]:
    return select(Membership).where(
        Membership.person_id == person_id,
        Membership.organisation_id == organisation_id,
        Membership.role == role,
    )


def _check_free(session: Session, names: tuple[str, str], code: str) -> None:
    """Raise `NameTaken` when the code is on record, or a name that looks like one of these."""
    hold_names(session)
    if code and session.scalar(select(Organisation.id).where(Organisation.credit_code == code)):
        raise NameTaken(
            "这个统一社会信用代码已经登记。",
            "This unified social credit code is already on record.",
        )
    for known in session.execute(select(Organisation.name_zh, Organisation.name_en)):
        if name := alike(names, (known.name_zh, known.name_en)):
            raise NameTaken(
                f"这个名称与已经登记的“{name}”相同，或者看起来一样。"
                "请核对是否已经登记；如果是另一个单位，请写出能分清的全称。",
                f"This name is, or looks like, “{name}”, which is on record. Check whether "
                "the organisation is registered already; if it is another one, write out a "
                "full name that can be told apart.",
            )


def hold_names(session: Session) -> None:
    """Let nobody else put a name on record until this transaction ends.

    Args:
        session: the caller's transaction.
    """
    if session.get_bind().dialect.name == "postgresql":
        # Two that look alike would pass side by side; SQLite has one writer at a time.
        session.execute(text("LOCK TABLE organisation IN SHARE ROW EXCLUSIVE MODE"))


def alike(names: tuple[str, str], known: tuple[str, str]) -> str | None:
    """Which of the names of one organisation looks like a name of another; None where none does.

    Args:
        names: of one, in both languages.
        known: of the other; it is of these that one is told.
    """
    looks = lookalikes.skeletons(names[0]) | lookalikes.skeletons(names[1])
    return next((each for each in known if looks & lookalikes.skeletons(each)), None)


def _record(session: Session, name: str, subject: str, by: Actor | None, **details: str) -> None:
    journal.record(
        session,
        name,
        subject,
        person_id=by.person_id if by else None,
        organisation_id=by.organisation_id if by else None,
        **details,
    )
