"""Organisations, their members, and invitations."""

from datetime import date, datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Request
from pydantic import Field
from sqlalchemy.orm import Session

from portal.api.shapes import Answer, Page, Paged, RequestBody
from portal.web import identity
from portal.web.access import allow, public, signed_in
from portal.web.at_hand import Configured, Database
from portal.web.identity import By
from portal.web.turns import in_turn
from registry import corrections, invitations, organisations, verifications
from registry.invitations import Invited
from registry.organisations import Kind, Organisation, Role
from registry.tokens import Scope
from registry.verifications import Document, Verification

router = APIRouter(tags=["organisations"])
ADMINISTER = Scope.ADMINISTER


class VerificationOut(Answer):
    """That the authority saw who an organisation is."""

    document: Document
    seen: date = Field(description="the day on which the document was seen")
    verifier_id: str | None = Field(description="the authority; null: the platform's operator")

    @classmethod
    def of(cls, kept: Verification | None) -> "VerificationOut | None":
        """The JSON form of a verification."""
        if kept is None:
            return None
        return cls(document=Document(kept.document), seen=kept.seen, verifier_id=kept.verifier_id)


class OrganisationOut(Answer):
    """An organisation on record."""

    id: str
    kind: Kind
    name_zh: str
    name_en: str
    credit_code: str | None
    district: str
    revision: str = Field(description="of code and district: send it back with a correction")
    verification: VerificationOut | None = Field(
        description="of names and code as they stand; null: nobody has verified them"
    )

    @classmethod
    def of(cls, session: Session, organisation: Organisation) -> "OrganisationOut":
        """The JSON form of an organisation.

        Args:
            session: any session.
            organisation: which.
        """
        names = ("id", "kind", "name_zh", "name_en", "credit_code", "district")
        own = {name: getattr(organisation, name) for name in names}
        verified = VerificationOut.of(verifications.in_force(session, organisation))
        return cls(**own, revision=corrections.revision_of(organisation), verification=verified)


class OrganisationIn(RequestBody):
    """The particulars of a new organisation."""

    kind: Kind
    name_zh: str = Field(examples=["明德信贷有限公司"])
    name_en: str = Field(examples=["Mingde Credit Ltd"])
    credit_code: str | None = Field(None, examples=["91350100M000100Y43"])
    district: str = Field("", examples=["福田区"])


class CorrectionIn(RequestBody):
    """What is completed or corrected; null stays."""

    credit_code: str | None = Field(None, examples=["91350100M000100Y43"])
    district: str | None = Field(None, examples=["福田区"])
    revision: str = Field(
        max_length=64, description="the record's revision that you read; an older one is refused"
    )


class VerificationIn(RequestBody):
    """What was seen of an organisation's identity, and when."""

    document: Document
    seen: date = Field(examples=["2026-11-30"])
    revision: str = Field(
        max_length=64, description="the record's revision that was held against the document"
    )


class VerificationEnd(RequestBody):
    """Why a verification is taken back."""

    reason: str = Field(max_length=verifications.REASON.most, examples=["证件属于另一个单位"])


class Me(Answer):
    """Whom a token or a sign-in speaks for."""

    person_id: str
    organisation: OrganisationOut
    roles: list[Role]
    scopes: list[str] | None = Field(description="what the token is limited to; null: no limit")


class Member(Answer):
    """One role of one person."""

    person_id: str
    name: str
    email: str
    role: Role


class InvitationIn(RequestBody):
    """Whom to invite, to what."""

    email: str = Field(max_length=254, examples=["lin@example.org"])
    role: Role
    organisation_id: str | None = Field(
        None, description="your own by default; an authority names the new organisation"
    )


class PendingOut(Answer):
    """An invitation that nobody has accepted yet."""

    id: str
    email: str
    role: Role
    expires: datetime


class InvitationOut(Answer):
    """A fresh invitation; `secret` and `link` are shown this once."""

    id: str
    organisation_id: str
    email: str
    role: Role
    expires: str
    secret: str
    link: str

    @classmethod
    def of(cls, invited: Invited, public_url: str) -> "InvitationOut":
        """The JSON form of a fresh invitation.

        Args:
            invited: it, with its secret.
            public_url: where the site that takes it answers.
        """
        record = invited.record
        return cls(
            id=record.id,
            organisation_id=record.organisation_id,
            email=record.email,
            role=Role(record.role),
            expires=record.expires.isoformat(),
            secret=invited.secret,
            link=f"{public_url}/zh/invitation?token={invited.secret}",
        )


class Acceptance(RequestBody):
    """How an invited person joins."""

    secret: str = Field(max_length=100)
    name: str = Field("", max_length=100, description="for someone new")
    password: str = Field(
        max_length=1000, description="chosen by a newcomer (12 characters), proved by anyone else"
    )


class Joined(Answer):
    """Who joined."""

    person_id: str
    name: str


@router.get("/me", dependencies=[signed_in()], summary="我是谁 · Whom this token speaks for")
def me(by: By, session: Database) -> Me:
    """The person, organisation, roles and scopes behind the request."""
    return Me(
        person_id=by.person_id,
        organisation=OrganisationOut.of(session, organisations.get(session, by.organisation_id)),
        roles=sorted(by.roles),
        scopes=None if by.scopes is None else sorted(by.scopes),
    )


@router.get(
    "/organisations", dependencies=[signed_in()], summary="单位名录 · Organisations on record"
)
def listing(
    session: Database, paging: Paged, kind: Annotated[Kind | None, Query()] = None
) -> Page[OrganisationOut]:
    """Every organisation, or those of one kind: this is where a tester is found."""
    rows = organisations.listing(session, kind=kind)
    return paging.whole(rows, partial(OrganisationOut.of, session), key=lambda row: row.id)


@router.get(
    "/organisations/{organisation_id}",
    dependencies=[signed_in()],
    summary="单位 · One organisation",
)
def one(session: Database, organisation_id: str) -> OrganisationOut:
    """One organisation by its identifier."""
    return OrganisationOut.of(session, organisations.get(session, organisation_id))


@router.post(
    "/organisations",
    status_code=201,
    dependencies=[allow(Role.ADMINISTRATOR, scope=ADMINISTER, kinds={Kind.AUTHORITY})],
    summary="登记单位 · Put an organisation on record",
)
def found(by: By, session: Database, wanted: OrganisationIn) -> OrganisationOut:
    """Put an organisation on record; then invite its first administrator."""
    made = organisations.found(session, by=by, **wanted.model_dump())
    return OrganisationOut.of(session, made)


@router.patch(
    "/organisations/{organisation_id}",
    dependencies=[allow(Role.ADMINISTRATOR, scope=ADMINISTER, kinds={Kind.AUTHORITY}, own=())],
    summary="更正单位登记资料 · Correct an organisation's record",
)
def correct(
    by: By, session: Database, organisation_id: str, wanted: CorrectionIn
) -> OrganisationOut:
    """Complete or correct credit code or district; filings take them from here."""
    made = corrections.correct(
        session, by=by, organisation_id=organisation_id, **wanted.model_dump()
    )
    return OrganisationOut.of(session, made)


@router.post(
    "/organisations/{organisation_id}/verification",
    status_code=201,
    dependencies=[allow(Role.ADMINISTRATOR, scope=ADMINISTER, kinds={Kind.AUTHORITY}, own=())],
    summary="核验单位身份 · Verify who an organisation is",
)
def verify(
    by: By, session: Database, organisation_id: str, wanted: VerificationIn
) -> OrganisationOut:
    """Put on record that a document was seen; a filing is accepted of verified filers only."""
    verifications.verify(session, by=by, organisation_id=organisation_id, **wanted.model_dump())
    return OrganisationOut.of(session, organisations.get(session, organisation_id))


@router.post(
    "/organisations/{organisation_id}/verification/end",
    dependencies=[allow(Role.ADMINISTRATOR, scope=ADMINISTER, kinds={Kind.AUTHORITY}, own=())],
    summary="撤下身份核验 · End a verification that was a mistake",
)
def end_verification(
    by: By, session: Database, organisation_id: str, wanted: VerificationEnd
) -> OrganisationOut:
    """Take it back, with a reason; what was published before stays as it was."""
    verifications.end(session, by=by, organisation_id=organisation_id, reason=wanted.reason)
    return OrganisationOut.of(session, organisations.get(session, organisation_id))


@router.get(
    "/members",
    dependencies=[allow(Role.ADMINISTRATOR)],
    summary="本单位成员 · Members of your organisation",
)
def members(by: By, session: Database, paging: Paged) -> Page[Member]:
    """Everyone with a role in your organisation, one line per role."""
    rows = [
        Member(person_id=person.id, name=person.name, email=person.email, role=role)
        for person, role in organisations.members(session, by=by)
    ]
    return paging.whole(rows, lambda row: row, key=lambda row: f"{row.person_id}:{row.role}")


@router.put(
    "/members/{person_id}/roles/{role}",
    status_code=204,
    dependencies=[allow(Role.ADMINISTRATOR, scope=ADMINISTER)],
    summary="授予角色 · Give a role",
)
def give_role(by: By, session: Database, person_id: str, role: Annotated[Role, Path()]) -> None:
    """Give a member of your organisation another role that its kind has."""
    organisations.give_role(
        session,
        person_id=person_id,
        organisation=organisations.get(session, by.organisation_id),
        role=role,
        by=by,
    )


@router.delete(
    "/members/{person_id}/roles/{role}",
    status_code=204,
    dependencies=[allow(Role.ADMINISTRATOR, scope=ADMINISTER)],
    summary="收回角色 · Withdraw a role",
)
def withdraw_role(
    by: By, session: Database, person_id: str, role: Annotated[Role, Path()]
) -> None:
    """Withdraw a role in your organisation; its last administrator stays."""
    organisations.withdraw_role(session, by=by, person_id=person_id, role=role)


@router.delete(
    "/members/{person_id}",
    status_code=204,
    dependencies=[allow(Role.ADMINISTRATOR, scope=ADMINISTER)],
    summary="移出本单位 · Remove a member",
)
def remove(by: By, session: Database, person_id: str) -> None:
    """Withdraw every role of a person in your organisation; its last administrator stays."""
    organisations.remove_member(session, by=by, person_id=person_id)


@router.get(
    "/invitations",
    dependencies=[allow(Role.ADMINISTRATOR)],
    summary="有效的邀请 · Invitations that are good still",
)
def pending(by: By, session: Database, paging: Paged) -> Page[PendingOut]:
    """The invitations to your organisation that nobody has accepted yet, newest first."""
    rows = invitations.pending(session, by=by)
    return paging.whole(rows, PendingOut.model_validate, key=lambda row: row.id)


@router.delete(
    "/invitations/{invitation_id}",
    status_code=204,
    dependencies=[allow(Role.ADMINISTRATOR, scope=ADMINISTER)],
    summary="撤回邀请 · Withdraw an invitation",
)
def withdraw(by: By, session: Database, invitation_id: str) -> None:
    """Its link opens nothing any more."""
    invitations.withdraw(session, by=by, invitation_id=invitation_id)


@router.post(
    "/invitations",
    status_code=201,
    dependencies=[allow(Role.ADMINISTRATOR, scope=ADMINISTER)],
    summary="邀请成员 · Invite someone",
)
def invite(by: By, session: Database, settings: Configured, wanted: InvitationIn) -> InvitationOut:
    """Invite someone to a role. The secret works once, for seven days, and is shown only now."""
    invited = invitations.invite(
        session,
        by=by,
        organisation_id=wanted.organisation_id or by.organisation_id,
        email=wanted.email,
        role=wanted.role,
    )
    return InvitationOut.of(invited, settings.public_url)


@router.post(
    "/invitations/accept",
    status_code=201,
    dependencies=[public, in_turn],
    summary="接受邀请 · Accept an invitation",
)
def accept(request: Request, acceptance: Annotated[Acceptance, Body()]) -> Joined:
    """Join the organisation: someone new chooses a password, someone known proves theirs."""
    person = identity.accept_invitation(
        request.app.state.factory,
        secret=acceptance.secret,
        name=acceptance.name,
        password=acceptance.password,
        address=identity.address_of(request),
    )
    return Joined(person_id=person.id, name=person.name)
