"""Corrections of an organisation's record: credit code and district, which the authority answers for.

A filing takes them from the record, so an enterprise does not write its own: another body's valid
code would do as well as its own.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry import attestation, journal, organisations, particulars
from registry.errors import Conflict
from registry.organisations import (
    Actor,
    Kind,
    NameTaken,
    Organisation,
    OrganisationInvalid,
    Role,
    WrongRole,
)


class RecordMoved(Conflict):
    """Someone corrected the record in between: look at it, then repeat your correction."""


def revision_of(organisation: Organisation) -> str:
    """What a correction is made against: the mark of the code and district that were read."""
    return attestation.digest([organisation.credit_code, organisation.district])[:16]


def correct(
    session: Session,
    *,
    by: Actor | None,
    organisation_id: str,
    revision: str,
    credit_code: str | None = None,
    district: str | None = None,
) -> Organisation:
    """Complete or correct an organisation's credit code or district; what is None stays.

    Args:
        session: the caller's transaction.
        by: an administrator of an authority; None is the platform's own operator.
        organisation_id: whose.
        revision: of the record that the writer read.
        credit_code: unified social credit code; its check character is tested.
        district: where it sits.

    Raises:
        OrganisationNotFound: there is none.
        WrongRole: `by` administers no authority.
        OrganisationInvalid: a value breaks a rule; lists each.
        NameTaken: another organisation has this code.
        RecordMoved: the record has another revision by now.
    """
    if by is not None:
        by.require(Role.ADMINISTRATOR)
        if by.kind is not Kind.AUTHORITY:
            raise WrongRole(
                "只有主管部门的管理员可以更正单位登记资料。",
                "Only an administrator of an authority may correct an organisation's record.",
            )
    organisation = organisations.get(session, organisation_id)
    session.refresh(organisation, with_for_update=True)
    _check_unmoved(organisation, revision)
    before = {"credit_code": organisation.credit_code, "district": organisation.district}
    code = (credit_code or "").strip().upper() or organisation.credit_code
    place = organisation.district if district is None else district.strip()
    wrong = particulars.faults(organisation.name_zh, organisation.name_en, code or "", place)
    if wrong:
        raise OrganisationInvalid(
            "单位信息有误，请逐项改正。",
            "Correct the organisation's particulars.",
            reasons=wrong,
        )
    other = select(Organisation.id).where(
        Organisation.credit_code == code, Organisation.id != organisation.id
    )
    if code is not None and session.scalar(other) is not None:
        raise NameTaken(
            "这个统一社会信用代码已经登记在另一个单位名下。",
            "This unified social credit code is on record for another organisation.",
        )
    organisation.credit_code, organisation.district = code, place
    session.flush()
    journal.record(
        session,
        "registry:organisation:corrected",
        organisation.id,
        person_id=by.person_id if by else None,
        organisation_id=by.organisation_id if by else None,
        before=before,
        after={"credit_code": code, "district": place},
    )
    return organisation


def _check_unmoved(organisation: Organisation, read: str) -> None:
    if read == revision_of(organisation):
        return
    code, place = organisation.credit_code or "—", organisation.district or "—"
    raise RecordMoved(
        f"您看过以后，这个单位的登记资料又有了改动：现在代码是 {code}，所在区是 {place}。"
        "这一次什么都没有保存，请看过再更正。",
        f"The organisation's record was changed since you read it: its code is now {code}, its "
        f"district {place}. Nothing was saved; look at it, then correct it.",
    )
