"""Corrections of an organisation's record: credit code and district, which the authority answers for.

A filing takes them from the record, so an enterprise does not write its own: another body's valid
code would do as well as its own.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry import journal, organisations, particulars
from registry.organisations import (
    Actor,
    Kind,
    NameTaken,
    Organisation,
    OrganisationInvalid,
    Role,
    WrongRole,
)


def correct(
    session: Session,
    *,
    by: Actor | None,
    organisation_id: str,
    credit_code: str | None = None,
    district: str | None = None,
) -> Organisation:
    """Complete or correct an organisation's credit code or district; what is None stays.

    Args:
        session: the caller's transaction.
        by: an administrator of an authority; None is the platform's own operator.
        organisation_id: whose.
        credit_code: unified social credit code; its check character is tested.
        district: where it sits.

    Raises:
        OrganisationNotFound: there is none.
        WrongRole: `by` administers no authority.
        OrganisationInvalid: a value breaks a rule; lists each.
        NameTaken: another organisation has this code.
    """
    if by is not None:
        by.require(Role.ADMINISTRATOR)
        if by.kind is not Kind.AUTHORITY:
            raise WrongRole(
                "只有主管部门的管理员可以更正单位登记资料。",
                "Only an administrator of an authority may correct an organisation's record.",
            )
    organisation = organisations.get(session, organisation_id)
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
