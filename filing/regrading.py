"""Another grade than the computed one: one reviewer proposes it, another confirms it.

A grade decides what is asked of a filing, so nobody changes it alone, without a reason that can be
read by everyone, or below what the answers themselves call for.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from filing import computed, dossier, lifecycle, waiting
from filing import revision as revisions
from filing.dossier import Filing
from filing.guards import ANOTHER_RESETS, IN_ONE_HAND, Case, closed, independent, ties
from filing.lifecycle import Status
from filing.meanings import Meaning
from filing.review import NotIndependent, NotReady, worded
from filing.risk import LEVEL_NAMES, Grade, Level
from registry import inbox, lengths, passwords
from registry.errors import Conflict, Reason, Refused
from registry.language import Text
from registry.organisations import Actor, Person, Role

PROPOSED = "filing:review:grade_proposed"
REGRADED = "filing:review:regraded"
DISMISSED = "filing:review:grade_dismissed"


class NotASecondPerson(Refused):
    """Who proposes a grade does not confirm it: ask another reviewer."""


class ProposalPending(Conflict):
    """A change of the grade waits for a second reviewer: confirm or dismiss it first."""


class NoProposal(Conflict):
    """No change of the grade waits for a second reviewer: read the filing again."""


def propose(
    session: Session,
    *,
    by: Actor,
    filing_id: str,
    revision: int,
    level: Level,
    reason: str | Mapping[str, str],
) -> Filing:
    """Propose another grade than the one in force; it counts when another reviewer confirms it.

    Args:
        session: the caller's transaction.
        by: a reviewer who had no part in the filing.
        filing_id: which filing.
        revision: the revision that the reviewer read.
        level: the grade.
        reason: why, at least a sentence: {zh, en?} or the Chinese; everyone reads it.

    Raises:
        FilingNotFound, NotAssigned, Moved: as for `review.take`.
        WrongRole: when the actor is not a reviewer.
        WrongStatus: when the filing is not under review.
        NotIndependent: when the reviewer filed or tested it.
        ProposalPending: while another change waits.
        NotReady: without a whole reason, without a computed grade, below the floor.
    """
    case = _case(session, by, filing_id, revision, PROPOSED, worded(reason))
    filing = case.filing
    if filing.grade_proposal is not None:
        raise ProposalPending(
            "已有一项等级调整在等另一位审核人员确认，请先确认或撤下它。",
            "A change of the grade already waits for a second reviewer; confirm or dismiss it first.",
        )
    judged = computed.judgement(filing)
    if judged is None:
        remedy = Text("请备案主体答完分级问卷。", "Have the filer complete the questionnaire.")
        said = Text("问卷没有答完，还没有等级。", "The questionnaire is open; there is no grade.")
        raise _not_ready([Reason(filing.form.key(Meaning.QUESTIONNAIRE), said, remedy)])
    reasons = [*_reasoned(case), *_above_floor(judged.computed, level)]
    if level is judged.level:
        said = Text("现在的等级就是它。", "That is the grade in force.")
        remedy = Text("请选另一个等级。", "Choose another grade.")
        reasons.append(Reason("level", said, remedy))
    if reasons:
        raise _not_ready(reasons)
    filing.grade_proposal = {
        "level": level.value,
        "from": judged.level.value,
        "reason": dict(case.reason or {}),
        "proposed_by": by.person_id,
        "proposed": case.at.isoformat(),
        "answers": computed.answered(filing),
    }
    return _noted(case, PROPOSED, filing.grade_proposal)


def confirm(session: Session, *, by: Actor, filing_id: str, revision: int) -> Filing:
    """Put a proposed grade into force, as the second reviewer.

    Raises:
        FilingNotFound, NotAssigned, Moved, WrongRole, WrongStatus, NotIndependent: as for `propose`.
        NotIndependent: also when the proposer has joined the filer or a tester since.
        NoProposal: when nothing waits.
        NotASecondPerson: when the actor proposed it, or one reset the other's password last.
        NotReady: when the questionnaire was changed since, or the grade is below the floor.
    """
    case = _case(session, by, filing_id, revision, REGRADED)
    filing, proposed = case.filing, _waiting(case.filing)
    if proposed["proposed_by"] == by.person_id:
        raise NotASecondPerson(
            "提出调整的人不能自己确认，请另一位审核人员来确认。",
            "Who proposed the change cannot confirm it; ask another reviewer.",
        )
    if passwords.in_one_hand(session, proposed["proposed_by"], by.person_id):
        raise NotASecondPerson(
            f"{IN_ONE_HAND.zh}{ANOTHER_RESETS.zh}", f"{IN_ONE_HAND.en} {ANOTHER_RESETS.en}"
        )
    if ties(session, filing, proposed["proposed_by"], None):
        raise _proposer_tied()
    found, level = computed.grade(filing), Level(proposed["level"])
    if found is None or proposed["answers"] != computed.answered(filing):
        said = Text(
            "提出以后，分级问卷改过。",
            "The questionnaire was changed since the proposal was made.",
        )
        remedy = Text("请撤下这项调整，看过新的回答再提。", "Dismiss it; look at the new answers.")
        raise _not_ready([Reason(filing.form.key(Meaning.QUESTIONNAIRE), said, remedy)])
    if below := _above_floor(found, level):
        raise _not_ready(below)
    filing.grade_change = {
        **proposed,
        "confirmed_by": by.person_id,
        "confirmed": case.at.isoformat(),
    }
    filing.grade_proposal = None
    return _noted(case, REGRADED, proposed)


def dismiss(session: Session, *, by: Actor, filing_id: str, revision: int) -> Filing:
    """Take a proposed grade off the table: its proposer, or a reviewer who does not agree.

    Raises:
        FilingNotFound, NotAssigned, Moved, WrongRole, WrongStatus, NotIndependent: as for `propose`.
        NoProposal: when nothing waits.
    """
    case = _case(session, by, filing_id, revision, DISMISSED)
    proposed = _waiting(case.filing)
    case.filing.grade_proposal = None
    return _noted(case, DISMISSED, proposed)


def proposer(session: Session, filing: Filing) -> str | None:
    """The name of the reviewer who proposed the grade that waits; None where none does."""
    proposed = filing.grade_proposal
    return session.get_one(Person, proposed["proposed_by"]).name if proposed else None


def _case(
    session: Session,
    by: Actor,
    filing_id: str,
    revision: int,
    event: str,
    reason: Mapping[str, str] | None = None,
) -> Case:
    by.require(Role.REVIEWER)
    filing = dossier.get(session, by=by, filing_id=filing_id, to_write=True)
    revisions.check(session, filing, revision, reader=by)
    if filing.status != Status.SUBMITTED:
        raise lifecycle.wrong_status(
            Status(filing.status), lifecycle.EVENT_NAMES[event], closed(filing)
        )
    case = Case(session, filing, by, reason=reason)
    if tied := independent(case):
        raise NotIndependent(
            "备案或测试过这个算法的人和单位不能改它的等级。",
            "Nobody changes the grade of what they or their organisation filed or tested.",
            reasons=tied,
        )
    return case


def _waiting(filing: Filing) -> Mapping[str, Any]:
    if filing.grade_proposal is None:
        raise NoProposal(
            "没有等待确认的等级调整，请重新打开页面。",
            "No change of the grade waits to be confirmed; open the page again.",
        )
    return filing.grade_proposal


def _reasoned(case: Case) -> list[Reason]:
    """What is wrong with the reason: it is at least a sentence, since everyone reads it."""
    if lengths.is_sentence((case.reason or {}).get("zh", "")):
        return []
    remedy = Text(
        "请用中文写明看了什么、为什么等级不同；公众会看到。",
        "Say in Chinese what you looked at and why the grade differs; the public reads it.",
    )
    return [Reason("reason", lengths.NO_SENTENCE, remedy)]


def _above_floor(found: Grade, level: Level) -> list[Reason]:
    if level.rank >= found.floor.rank:
        return []
    name = LEVEL_NAMES[found.floor]
    why_zh = "；".join(each.zh for each in found.floor_reasons)
    why_en = "; ".join(each.en for each in found.floor_reasons)
    said = Text(
        f"按问卷的回答，等级不能低于{name.zh}：{why_zh}。",
        f"By the answers the grade is at least {name.en}: {why_en}.",
    )
    remedy = Text(
        "回答有误时，请退回补正问卷。", "Where an answer is wrong, return the questionnaire."
    )
    return [Reason("level", said, remedy)]


def _proposer_tied() -> NotIndependent:
    said = Text(
        "提出这项调整的人，现在与备案或测试的单位有关联。",
        "Who proposed this grade is tied to the filer or to a tester by now.",
    )
    remedy = Text(
        "请撤下它，由没有关联的审核人员重新提出。",
        "Dismiss it, and let a reviewer without ties propose the grade again.",
    )
    return NotIndependent(
        f"不能确认：{said.zh}",
        f"It cannot be confirmed: {said.en}",
        reasons=[Reason("proposer", said, remedy)],
    )


def _not_ready(reasons: list[Reason]) -> NotReady:
    return NotReady(
        "还不能调整等级，请先处理下面的问题。",
        "The grade cannot be changed yet; deal with the following first.",
        reasons=reasons,
    )


def _noted(case: Case, event: str, change: Mapping[str, Any]) -> Filing:
    dossier.flush(case.session, case.filing)
    noted = dossier.note(
        case.session,
        event,
        case.filing,
        case.by,
        **{"from": change["from"], "to": change["level"], "reason": change["reason"]},
    )
    inbox.turn(case.session, noted, *waiting.on_filing(case.session, case.filing))
    return case.filing
