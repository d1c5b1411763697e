"""Who decides for an industry body: two people without ties, each still of the body.

They are looked at when one proposes, and both again when the other agrees, since people join and leave.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from filing.dossier import Filing
from filing.recommended import reading, steps
from filing.recommended.steps import Side
from filing.review import NotIndependent
from registry import organisations, passwords
from registry.errors import Refused
from registry.organisations import Actor


class SecondPerson(Refused):
    """Two people decide: who proposed does not agree as well. Ask a colleague."""


def check(
    session: Session, filings: Sequence[Filing], *, by: Actor, proposed_by: str | None = None
) -> None:
    """Raise unless somebody may decide on some filings, alone or as the second.

    Args:
        session: any session.
        filings: that are decided on.
        by: who decides.
        proposed_by: who proposed it, where `by` agrees; None where `by` proposes.

    Raises:
        SecondPerson: when both are one or may be (a password that one reset for the other), or who
            proposed no longer decides for the body.
        NotIndependent: when one of them has ties to the filer or to a tester.
    """
    people = [by]
    if proposed_by is not None:
        if proposed_by == by.person_id:
            raise SecondPerson(
                "决定由两个人作出：您提议的，不能由您同意。请另一位同事来办。",
                "Two people decide: you proposed it, so you do not agree as well. Ask a colleague.",
            )
        if not organisations.holds(
            session, proposed_by, by.organisation_id, steps.ROLES[Side.BODY]
        ):
            raise SecondPerson(
                "提议的人已经不在行业组织作决定了。请选“不同意提议”，由在任的人重新提议。",
                "Who proposed no longer decides for the industry body. Disagree, and let somebody who "
                "does propose anew.",
            )
        if passwords.in_one_hand(session, proposed_by, by.person_id):
            raise SecondPerson(
                "提议和同意的两个人中，一位的密码最近一次是由另一位重设的，不算两个人。请另一位同事来办，"
                "或者请别的管理员（或平台运营者）重设那个密码。",
                "Of who proposed and who agrees, one was the last to reset the other's password: they "
                "do not count as two. Let another colleague do it, or let another administrator or "
                "the operator reset that password.",
            )
        people.append(replace(by, person_id=proposed_by))
    tied = [
        reason
        for filing in filings
        for person in people
        for reason in reading.ties(session, filing, person)
    ]
    if tied:
        raise NotIndependent(
            "备案或测试过这个算法的人和单位不能作决定，请换没有关联的同事来提议和同意。",
            "Nobody decides on what they or their organisation filed or tested; let colleagues "
            "without ties propose and agree.",
            reasons=list(dict.fromkeys(tied)),
        )
