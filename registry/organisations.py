"""Organisations, the people in them, and in which role someone acts."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from registry.database import Identified, Record
from registry.errors import Refused
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
