"""Taking steps: who may, what must hold first, what follows, and that it is on record.

The rows are in `lifecycle` and the guards in `guards`; here each action that does more than change
the status has one function with its effect.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from filing import (
    dossier,
    editions,
    formal_grounds,
    lifecycle,
    listings,
    numbers,
    same_model,
    submissions,
    waiting,
)
from filing import remarks as written
from filing import revision as revisions
from filing.dossier import Filing
from filing.guards import GUARDS, Case, closed, gate_of
from filing.lifecycle import ACTION_NAMES, Action, Guard, Step
from filing.meanings import Meaning
from registry import approval, explanations, inbox, legal_day, lengths
from registry.errors import Invalid, Reason, Refused
from registry.language import Text
from registry.lengths import Limit
from registry.organisations import Actor, Role

__all__ = [
    "Case",
    "Choice",
    "NotIndependent",
    "NotReady",
    "choices",
    "gate_of",
    "queue",
    "take",
]

REASONS = {
    "zh": Limit("reason", Text("理由", "reason"), 1000),
    "en": Limit("reason.en", Text("理由（英文）", "reason in English"), 4000),
}


class NotReady(Invalid):
    """Something that the step needs is missing: see each reason and what to do about it."""


class NotIndependent(Refused):
    """Nobody reviews what they filed or tested: ask a colleague who had no part in it."""


def take(
    session: Session,
    *,
    by: Actor,
    filing_id: str,
    action: Action,
    revision: int,
    remarks: Sequence[Mapping[str, str]] = (),
    reason: str | Mapping[str, str] | None = None,
    differing: Mapping[str, Text] | None = None,
    ground: str | None = None,
) -> Filing:
    """Take one step of the procedure.

    Args:
        session: the caller's transaction.
        by: who takes it.
        filing_id: which filing.
        action: which step.
        revision: the revision the actor read.
        remarks: rows of {code, zh, en?}, which a return alone takes.
        reason: for the steps that need one, or the note on a change: {zh, en?} or the Chinese.
        differing: with a submission, by the id of a contradiction or of hard words, why they are kept.
        ground: to decline or to refuse a change, which formal ground (`formal_grounds.GROUNDS`).

    Raises:
        FilingNotFound, NotAssigned: when the actor cannot see such a filing.
        Moved: when the filing has another revision by now.
        WrongStatus: when the procedure has no such step from here.
        NotYourStep, NotYours: when it belongs to another role or organisation.
        NotIndependent: when the reviewer filed or tested it.
        NotReady: with everything that stands in the way.
        NoSuchContradiction, ReasonUnfit, TextTooLong: as `registry.approval.kept` has them.
    """
    filing = dossier.get(session, by=by, filing_id=filing_id, to_write=True)
    revisions.check(session, filing, revision, reader=by)
    lifecycle.advance(filing.status, action, by.roles, closed(filing))
    step = lifecycle.step(filing.status, action, closed(filing))
    if step.role is Role.FILER:
        by.own(filing.organisation_id)
    case = Case(session, filing, by, remarks, worded(reason), differing or {}, ground)
    if Guard.ONE_FILING in step.guards:
        same_model.hold(session, filing)
    _hold(case, step)
    compared = case.contradictions if Guard.CONTRADICTIONS in step.guards else []
    hard = case.hard_words if Guard.HARD_WORDS in step.guards else []
    every = [*(each.as_json() for each in compared), *(each.as_json() for each in hard)]
    kept = approval.kept(every, case.differing)
    _go(case, step, kept=kept)
    return filing


def worded(reason: str | Mapping[str, str] | None) -> Mapping[str, str] | None:
    """What an actor says with a step, in its stored form; None when no Chinese is given.

    Raises:
        TextTooLong: when it is longer than it may be.
    """
    given = {"zh": reason} if isinstance(reason, str) else dict(reason or {})
    kept = {
        language: str(given[language]).strip()
        for language in ("zh", "en")
        if str(given.get(language) or "").strip()
    }
    lengths.check((REASONS[language], text) for language, text in kept.items())
    return kept if "zh" in kept else None


def _hold(case: Case, step: Step) -> None:
    """Raise for the guards of a step that do not hold."""
    if Guard.INDEPENDENT in step.guards and (tied := case.ties):
        raise NotIndependent(
            "备案或测试过这个算法的人和单位不能审核它，请换一位审核人员。",
            "Nobody reviews what they or their organisation filed or tested; ask a colleague.",
            reasons=tied,
        )
    reasons = [reason for guard in step.guards for reason in GUARDS[guard](case)]
    if Guard.REMARKS_GIVEN not in step.guards:
        reasons += [_unsent(each) for each in case.given]
    if case.ground is not None and Guard.GROUND_GIVEN not in step.guards:
        reasons.append(formal_grounds.OUT_OF_PLACE)
    if reasons:
        name = ACTION_NAMES[step.action]
        raise NotReady(
            f"还不能“{name.zh}”，请先处理下面的问题。",
            f"One cannot {name.en} yet; deal with the following first.",
            reasons=reasons,
        )


def _unsent(remark: Mapping[str, str]) -> Reason:
    """Why a remark cannot go with a step that returns nothing: it would be lost."""
    return Reason(
        str(remark.get("code", "")),
        Text(
            "这里写了退回意见，但这一步不退回材料。",
            "A remark stands here; this step returns nothing.",
        ),
        Text(
            "要退回，请选“退回补正”；不退回，请清空这一条。",
            "To return it, choose “return for correction”; otherwise clear the remark.",
        ),
    )


def _go(case: Case, step: Step, *, kept: Sequence[Mapping[str, Any]] = ()) -> None:
    """Change the status, do what else the action does, and write it down."""
    filing, before = case.filing, case.filing.status
    filing.status, filing.since = step.target, case.at
    EFFECTS.get(step.action, _nothing)(case)
    dossier.flush(case.session, filing)
    details: dict[str, Any] = {"from": before, "to": step.target}
    if case.reason is not None:
        details["reason"] = dict(case.reason) | ({"ground": case.ground} if case.ground else {})
    hard = {each.id for each in case.hard_words} if kept else set()
    for name, own in (("contradictions", False), ("hard_words", True)):
        if told := [dict(each) for each in kept if (each["id"] in hard) is own]:
            details[name] = told
    if filing.number is not None:
        details["number"] = filing.number
    event = dossier.note(case.session, step.event, filing, case.by, **details)
    inbox.turn(case.session, event, *waiting.on_filing(case.session, filing))


def submitted_with(session: Session, filing: Filing) -> Mapping[str, str] | None:
    """The reason that the filer gave with the last submission, if any."""
    said: Mapping[str, str] | None = dossier.sent_with(session, filing).get("reason")
    return said


@dataclass(frozen=True, slots=True)
class Choice:
    """A step that an actor may take from here, and what still stands in its way."""

    action: Action
    name: Text
    reasons: tuple[Reason, ...]

    @property
    def ready(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.reasons


SAID_WITH_THE_STEP = frozenset(
    {
        Guard.REMARKS_GIVEN,
        Guard.REASON_GIVEN,
        Guard.GROUND_GIVEN,
        Guard.CHANGE_NOTE,
        Guard.NAME_CLAIMS,
        Guard.CONTRADICTIONS,
        Guard.HARD_WORDS,
    }
)
"""Guards about what the actor says when taking the step; a page asks for it then."""


def choices(session: Session, *, by: Actor, filing: Filing) -> list[Choice]:
    """The steps that the actor may take now, with what stands in the way of each."""
    case = Case(session, filing, by)
    offered = []
    for step in lifecycle.steps_from(filing.status, by.roles):
        own = by.organisation_id == filing.organisation_id
        if step.role is Role.FILER and not own:
            continue
        if closed(filing) & {*step.guards}:
            continue
        asked = [guard for guard in step.guards if guard not in SAID_WITH_THE_STEP]
        reasons = [reason for guard in asked for reason in GUARDS[guard](case)]
        offered.append(Choice(step.action, ACTION_NAMES[step.action], tuple(reasons)))
    return offered


def queue(session: Session, *, by: Actor) -> Sequence[Filing]:
    """What waits for a reviewer, oldest submission first.

    Raises:
        WrongRole: when the actor is not a reviewer.
    """
    by.require(Role.REVIEWER)
    found = select(Filing).where(Filing.status.in_(lifecycle.WITH_THE_AUTHORITY))
    return session.scalars(found.order_by(Filing.submitted, Filing.id)).all()


def _nothing(case: Case) -> None:
    """Most steps change the status only."""


def _submitted(case: Case) -> None:
    filing = case.filing
    filing.submissions += 1
    filing.submitted, filing.submitted_by = case.at, case.by.person_id
    if filing.editions and case.reason is not None:
        filing.change_note = dict(case.reason)
    submissions.keep(case.session, filing)


def _returned(case: Case) -> None:
    written.write(case.session, case.filing, case.given, by=case.by)


def _ended(case: Case) -> None:
    filing = case.filing
    said = dict(case.reason or {}) | ({"ground": case.ground} if case.ground else {})
    filing.exit_reason = said or None


def _filed(case: Case) -> None:
    filing = case.filing
    if filing.number is None:
        city = filing.told.value(Meaning.CITY)
        filing.number = str(numbers.give(case.session, city=city, year=legal_day.of(case.at).year))
        filing.filed = case.at


def _published(case: Case) -> None:
    session, filing = case.session, case.filing
    if case.gate is None:
        raise NotReady("还没有风险等级。", "There is no grade yet.")
    if filing.explanation_id is not None:
        explanations.check_yardstick(session, explanations.get(session, filing.explanation_id))
    making = editions.Making(case.evidence, case.gate, case.at)
    edition = editions.make(session, filing, by=case.by, making=making)
    filing.published = filing.published or case.at
    filing.published_version_id = filing.version_id
    filing.change_note = None
    listings.list_edition(session, filing, edition)
    earlier = session.get(Filing, filing.replaces_id) if filing.replaces_id else None
    if earlier is not None and earlier.number and earlier.status not in lifecycle.EXITS:
        successor = Case(session, earlier, case.by, reason={"zh": f"由 {filing.number} 取代"})
        _go(successor, lifecycle.step(earlier.status, Action.SUPERSEDE))


def _restored(case: Case) -> None:
    editions.restore(case.session, case.filing)
    case.filing.change_note = None


def _refused(case: Case) -> None:
    _restored(case)
    case.filing.grade_proposal = None  # a reviewer may dismiss it; the filer cannot


def _reinstated(case: Case) -> None:
    case.filing.exit_reason = None
    if case.filing.editions:
        _restored(case)


EFFECTS: Mapping[Action, Callable[[Case], None]] = {
    Action.SUBMIT: _submitted,
    Action.RETURN: _returned,
    Action.DECLINE: _ended,
    Action.WITHDRAW: _ended,
    Action.CANCEL: _ended,
    Action.REVOKE: _ended,
    Action.SUPERSEDE: _ended,
    Action.FILE: _filed,
    Action.PUBLISH: _published,
    Action.ABANDON: _restored,
    Action.REFUSE_CHANGE: _refused,
    Action.REINSTATE: _reinstated,
}
