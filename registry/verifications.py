"""That an authority saw who an organisation is: the document, the day, and by whom.

A record is verified once. What was seen were the names and the code of that day: when one of them
is corrected, the record is no longer verified until somebody looks again. Who looks is no member of
the organisation. Nothing of the document itself is kept.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry import attestation, independence, journal, legal_day, lengths, organisations
from registry.corrections import RecordMoved, revision_of
from registry.database import Identified, Record, now
from registry.errors import Conflict, Invalid, NotFound, Reason, Refused
from registry.language import Text
from registry.organisations import Actor, Kind, NameTaken, Organisation, Role, WrongRole

REASON = lengths.Limit("reason", Text("理由", "reason"), 400)


class Document(StrEnum):
    """What shows who an organisation is."""

    BUSINESS_LICENCE = "business_licence"
    INSTITUTION_CERTIFICATE = "institution_certificate"
    ASSOCIATION_CERTIFICATE = "association_certificate"
    PUBLIC_BODY_CERTIFICATE = "public_body_certificate"


DOCUMENT_NAMES: Mapping[Document, Text] = {
    Document.BUSINESS_LICENCE: Text("营业执照", "business licence"),
    Document.INSTITUTION_CERTIFICATE: Text(
        "事业单位法人证书", "registration of a public institution"
    ),
    Document.ASSOCIATION_CERTIFICATE: Text(
        "社会团体法人登记证书", "registration of an association"
    ),
    Document.PUBLIC_BODY_CERTIFICATE: Text(
        "统一社会信用代码证书（机关）", "credit-code document of a public body"
    ),
}


class Verification(Identified, Record):
    """One look of the authority at who an organisation is."""

    __tablename__ = "identity_verification"
    __table_args__ = (
        Index(
            "one_verification_in_force",
            "organisation_id",
            unique=True,
            sqlite_where=text("ended IS NULL"),
            postgresql_where=text("ended IS NULL"),
        ),
    )

    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    document: Mapped[Document] = mapped_column(String(40))
    seen: Mapped[date]
    particulars: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    verifier_id: Mapped[str | None] = mapped_column(ForeignKey("organisation.id"))
    ended: Mapped[datetime | None]


class VerificationInvalid(Invalid):
    """What was seen cannot be so: correct it."""


class AlreadyVerified(Conflict):
    """The record is verified as it is: end that verification first if it was a mistake."""


class NotVerified(NotFound):
    """No verification of this record is in force."""


class OwnIdentity(Refused):
    """Whoever belongs or belonged to an organisation does not verify it: ask a colleague."""


def in_force(session: Session, organisation: Organisation) -> Verification | None:
    """The verification that says who the organisation is as its record stands now; None without one.

    Args:
        session: any session.
        organisation: whose.
    """
    kept = _open(session, organisation.id)
    return kept if kept is not None and kept.particulars == _particulars(organisation) else None


def verified(session: Session, among: Sequence[Organisation]) -> set[str]:
    """Which organisations are verified as their records stand; asked for all at once.

    Args:
        session: any session.
        among: those of interest.
    """
    kept = {
        each.organisation_id: each.particulars
        for each in session.scalars(select(Verification).where(Verification.ended.is_(None)))
    }
    return {each.id for each in among if kept.get(each.id) == _particulars(each)}


def said(session: Session, organisation: Organisation) -> Text:
    """What is on record of how an identity was verified, or that it was not.

    Args:
        session: any session.
        organisation: whose.
    """
    kept = _open(session, organisation.id)
    if kept is None:
        return Text("身份没有核验记录。", "There is no record that its identity was verified.")
    name = DOCUMENT_NAMES[Document(kept.document)]
    who = _verifier(session, kept)
    if kept.particulars != _particulars(organisation):
        return Text(
            f"{kept.seen}由{who.zh}凭{name.zh}核验；此后名称或代码有更正，更正后还没有核验。",
            f"Verified on {kept.seen} by {who.en} against a {name.en}; name or code were corrected "
            "since and have not been verified again.",
        )
    return Text(
        f"{kept.seen}由{who.zh}凭{name.zh}核验。",
        f"Verified on {kept.seen} by {who.en} against a {name.en}.",
    )


def verify(
    session: Session,
    *,
    by: Actor | None,
    organisation_id: str,
    document: Document,
    seen: date,
    revision: str,
) -> Verification:
    """Put on record that a document was seen which says who an organisation is.

    Args:
        session: the caller's transaction.
        by: an administrator of an authority who never belonged to it; None is the operator.
        organisation_id: whose.
        document: what was seen.
        seen: on which day; not in the future.
        revision: of the record that was held against the document.

    Raises:
        OrganisationNotFound: there is none.
        WrongRole: `by` administers no authority.
        OwnIdentity: `by` belongs or belonged to it.
        VerificationInvalid: the day lies ahead, or there is no code that a document could show.
        NameTaken: a verified record has a name that looks like one of these.
        RecordMoved: the record was corrected since.
        AlreadyVerified: it is verified as it stands.
    """
    _check_authority(by)
    organisation = organisations.get(session, organisation_id)
    session.refresh(organisation, with_for_update=True)
    if by is not None and by.person_id in independence.belonged(session, organisation_id):
        raise OwnIdentity(
            "您属于或者曾属于这个单位，不能核验它的身份。请由没有关联的同事来办。",
            "You belong or belonged to this organisation and do not verify it. Let a colleague without ties do it.",
        )
    if revision != revision_of(organisation):
        raise RecordMoved(
            "您看过以后，这个单位的登记资料又有了改动。这一次什么都没有保存；请重新对照证件。",
            "The organisation's record was changed since you read it. Nothing was saved; hold it against the document again.",
        )
    _check_seen(organisation, seen)
    _check_unlike(session, organisation)
    before = _open(session, organisation_id)
    if before is not None:
        if before.particulars == _particulars(organisation):
            raise AlreadyVerified(
                f"这个单位已于{before.seen}核验。登记有误时，请先撤下那次核验。",
                f"This organisation was verified on {before.seen}. Where that was a mistake, end it first.",
            )
        before.ended = now()
        session.flush()
    made = Verification(
        organisation_id=organisation_id,
        document=document,
        seen=seen,
        particulars=_particulars(organisation),
        person_id=by.person_id if by else None,
        verifier_id=by.organisation_id if by else None,
    )
    session.add(made)
    session.flush()
    _record(session, "verified", by, organisation_id, document=document.value, seen=str(seen))
    return made


def end(session: Session, *, by: Actor | None, organisation_id: str, reason: str) -> None:
    """Take a verification back that was a mistake; it stays on record as ended.

    Args:
        session: the caller's transaction.
        by: an administrator of an authority; None is the operator.
        organisation_id: whose.
        reason: why, for the journal.

    Raises:
        WrongRole: `by` administers no authority.
        VerificationInvalid: no reason is given.
        TextTooLong: the reason is too long.
        NotVerified: none is in force.
    """
    _check_authority(by)
    lengths.check([(REASON, reason)])
    if not reason.strip():
        raise VerificationInvalid(
            "请写明为什么撤下这次核验。", "Say why this verification is taken back."
        )
    kept = _open(session, organisation_id)
    if kept is None:
        raise NotVerified("这个单位没有核验记录。", "This organisation has no verification.")
    kept.ended = now()
    session.flush()
    _record(session, "verification_ended", by, organisation_id, reason=reason.strip())


def _open(session: Session, organisation_id: str) -> Verification | None:
    query = select(Verification).where(
        Verification.organisation_id == organisation_id, Verification.ended.is_(None)
    )
    return session.scalar(query)


def _particulars(organisation: Organisation) -> str:
    """What a document shows of an organisation, as a mark."""
    return attestation.digest(
        [organisation.name_zh, organisation.name_en, organisation.credit_code]
    )


def _verifier(session: Session, kept: Verification) -> Text:
    if kept.verifier_id is None:
        return Text("平台运营者", "the platform's operator")
    return session.get_one(Organisation, kept.verifier_id).name


def _check_authority(by: Actor | None) -> None:
    if by is None:
        return
    by.require(Role.ADMINISTRATOR)
    if by.kind is not Kind.AUTHORITY:
        raise WrongRole(
            "只有主管部门的管理员可以核验单位的身份。",
            "Only an administrator of an authority may verify who an organisation is.",
        )


def _check_seen(organisation: Organisation, seen: date) -> None:
    found = []
    if seen > legal_day.today():
        found.append(
            Reason(
                "seen",
                Text("查看证件的日期在今天以后。", "The day the document was seen lies ahead."),
                Text("请填看到证件的那一天。", "Give the day on which it was seen."),
            )
        )
    if organisation.credit_code is None:
        found.append(
            Reason(
                "credit_code",
                Text(
                    "登记资料里没有统一社会信用代码，证件对不上。",
                    "The record has no unified social credit code to hold a document against.",
                ),
                Text("请先补上代码。", "Complete the code first."),
            )
        )
    if found:
        raise VerificationInvalid(
            "核验还不能登记，请逐项改正。",
            "The verification cannot be recorded yet; correct each point.",
            reasons=found,
        )


def _check_unlike(session: Session, organisation: Organisation) -> None:
    """No two verified names look alike, whichever way the records came to have them."""
    organisations.hold_names(session)
    open_ = select(Verification.organisation_id).where(Verification.ended.is_(None))
    others = session.scalars(
        select(Organisation).where(Organisation.id.in_(open_), Organisation.id != organisation.id)
    )
    names = (organisation.name_zh, organisation.name_en)
    for other in others:
        if found := organisations.alike(names, (other.name_zh, other.name_en)):
            raise NameTaken(
                f"另一个单位已用看起来一样的名称“{found}”核验过，没有登记这次核验。"
                "请核对两份证件；名称确实相同的，请先把登记的名称补全，让人分得清。",
                f"Another organisation was verified under “{found}”, which looks the same; nothing was "
                "recorded. Hold both documents side by side; where the names are the same, have the "
                "records completed first so that they can be told apart.",
            )


def _record(
    session: Session, event: str, by: Actor | None, organisation_id: str, **details: str
) -> None:
    journal.record(
        session,
        f"registry:organisation:{event}",
        organisation_id,
        person_id=by.person_id if by else None,
        organisation_id=by.organisation_id if by else None,
        **details,
    )
