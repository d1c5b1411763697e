"""Who an organisation is was seen by an authority: once, against its record, by no one of its own."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from registry import corrections, journal, legal_day, organisations, verifications
from registry.corrections import RecordMoved, revision_of
from registry.organisations import Actor, Kind, NameTaken, Organisation, Role, WrongRole
from registry.verifications import (
    AlreadyVerified,
    Document,
    NotVerified,
    OwnIdentity,
    VerificationInvalid,
)
from tests import cast

CODE = "91350100M000100Y43"
TODAY = legal_day.today()


@pytest.fixture
def chief(session: Session) -> Actor:
    """An administrator of an authority."""
    return cast.actor(session, Kind.AUTHORITY)


@pytest.fixture
def firm(session: Session) -> Organisation:
    """An enterprise that nobody has verified."""
    return organisations.found(
        session, kind=Kind.ENTERPRISE, name_zh="明德公司", name_en="Mingde", credit_code=CODE
    )


def verify(session: Session, by: Actor | None, firm: Organisation, **changed: object) -> None:
    wanted = {
        "document": Document.BUSINESS_LICENCE,
        "seen": TODAY,
        "revision": revision_of(firm),
        **changed,
    }
    verifications.verify(session, by=by, organisation_id=firm.id, **wanted)  # type: ignore[arg-type]


def test_a_new_record_says_that_nobody_verified_it(session: Session, firm: Organisation) -> None:
    assert verifications.in_force(session, firm) is None
    assert verifications.said(session, firm).zh == "身份没有核验记录。"


def test_a_verification_tells_document_day_and_by_whom(
    session: Session, firm: Organisation, chief: Actor
) -> None:
    verify(session, chief, firm, seen=TODAY - timedelta(days=3))
    kept = verifications.in_force(session, firm)
    assert kept is not None
    assert (kept.person_id, kept.verifier_id) == (chief.person_id, chief.organisation_id)
    authority = organisations.get(session, chief.organisation_id).name
    said = verifications.said(session, firm)
    assert said.zh == f"{TODAY - timedelta(days=3)}由{authority.zh}凭营业执照核验。"
    assert authority.en in said.en
    assert "business licence" in said.en


def test_the_operator_is_named_as_such(session: Session, firm: Organisation) -> None:
    verify(session, None, firm)
    assert "平台运营者" in verifications.said(session, firm).zh


def test_it_is_verified_once(session: Session, firm: Organisation, chief: Actor) -> None:
    verify(session, chief, firm)
    with pytest.raises(AlreadyVerified):
        verify(session, chief, firm)


def test_a_corrected_code_is_not_the_one_that_was_seen(
    session: Session, firm: Organisation, chief: Actor
) -> None:
    """And the page says so, until somebody looks again; the district is on no such document."""
    verify(session, chief, firm)
    changed = {"by": chief, "organisation_id": firm.id}
    corrections.correct(session, **changed, revision=revision_of(firm), district="福田区")  # type: ignore[arg-type]
    assert verifications.in_force(session, firm) is not None
    other = cast.credit_code("0000abcd")
    corrections.correct(session, **changed, revision=revision_of(firm), credit_code=other)  # type: ignore[arg-type]
    assert verifications.in_force(session, firm) is None
    assert "更正后还没有核验" in verifications.said(session, firm).zh
    verify(session, chief, firm)
    assert verifications.in_force(session, firm) is not None


def test_what_was_corrected_in_between_is_not_verified(
    session: Session, firm: Organisation, chief: Actor
) -> None:
    read = revision_of(firm)
    corrections.correct(
        session, by=chief, organisation_id=firm.id, revision=read, district="福田区"
    )
    with pytest.raises(RecordMoved):
        verify(session, chief, firm, revision=read)


@pytest.mark.parametrize("kind", [Kind.ENTERPRISE, Kind.TESTER, Kind.INDUSTRY_BODY])
def test_only_an_authority_verifies(session: Session, firm: Organisation, kind: Kind) -> None:
    other = cast.actor(session, kind)
    with pytest.raises(WrongRole):
        verify(session, other, firm)
    with pytest.raises(WrongRole):
        verifications.end(session, by=other, organisation_id=firm.id, reason="误登记")


def test_nobody_verifies_an_organisation_to_which_they_belong(
    session: Session, firm: Organisation, chief: Actor
) -> None:
    organisations.give_role(
        session, person_id=chief.person_id, organisation=firm, role=Role.FILER, by=None
    )
    with pytest.raises(OwnIdentity):
        verify(session, chief, firm)


def test_a_document_is_not_seen_tomorrow(
    session: Session, firm: Organisation, chief: Actor
) -> None:
    with pytest.raises(VerificationInvalid) as refused:
        verify(session, chief, firm, seen=TODAY + timedelta(days=1))
    assert [each.item for each in refused.value.reasons] == ["seen"]


def test_a_record_without_a_code_has_nothing_to_hold_a_document_against(
    session: Session, chief: Actor
) -> None:
    firm = organisations.found(
        session, kind=Kind.ENTERPRISE, name_zh="无码公司", name_en="No Code"
    )
    with pytest.raises(VerificationInvalid) as refused:
        verify(session, chief, firm)
    assert [each.item for each in refused.value.reasons] == ["credit_code"]


def test_a_mistaken_verification_is_ended_with_a_reason_and_kept(
    session: Session, firm: Organisation, chief: Actor
) -> None:
    verify(session, chief, firm)
    with pytest.raises(VerificationInvalid):
        verifications.end(session, by=chief, organisation_id=firm.id, reason=" ")
    verifications.end(session, by=chief, organisation_id=firm.id, reason="证件属于另一个单位")
    assert verifications.in_force(session, firm) is None
    with pytest.raises(NotVerified):
        verifications.end(session, by=chief, organisation_id=firm.id, reason="再撤一次")
    names = [event.name for event in journal.history(session, firm.id)]
    assert names[-2:] == [
        "registry:organisation:verified",
        "registry:organisation:verification_ended",
    ]
    verify(session, chief, firm)


def test_no_two_verified_names_look_alike(
    session: Session, firm: Organisation, chief: Actor
) -> None:
    """Names are told apart when records are made; one that came otherwise is not verified beside."""
    verify(session, chief, firm)
    twin = Organisation(
        kind=Kind.ENTERPRISE,
        name_zh="明德公司 ",
        name_en="Other",
        credit_code="91310000MA1K000007",
    )
    session.add(twin)
    session.flush()
    with pytest.raises(NameTaken):
        verify(session, chief, twin)
    assert verifications.in_force(session, twin) is None
    verifications.end(session, by=chief, organisation_id=firm.id, reason="看错了")
    verify(session, chief, twin)
    with pytest.raises(NameTaken):
        verify(session, chief, firm)
