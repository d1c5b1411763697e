"""Taking steps: who may, what must hold first, what follows, and that it is on record.

The rows are in `lifecycle`; here each guard is a function that returns what stands in the way, and
each action that does more than change the status has one function with its effect.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from filing import (
    catalogue,
    completeness,
    computed,
    dossier,
    editions,
    evidence,
    gate,
    lifecycle,
    numbers,
    remarks,
)
from filing.dossier import Filing
from filing.evidence import Evidence
from filing.gate import Gate
from filing.lifecycle import ACTION_NAMES, GUARD_NAMES, Action, Guard, Status, Step
from filing.risk import Level
from registry.database import now
from registry.errors import Invalid, Reason, Refused
from registry.journal import Event
from registry.language import Text
from registry.organisations import Actor, Membership, Role
from registry.settings import settings
from registry.submission import Version

MOST_REASON = 1000


class NotReady(Invalid):
    """Something that the step needs is missing: see each reason and what to do about it."""


class NotIndependent(Refused):
    """Nobody reviews what they filed or tested: ask a colleague who had no part in it."""


@dataclass
class Case:
    """One filing, one actor, and what they say with the step."""

    session: Session
    filing: Filing
    by: Actor
    given: Sequence[Mapping[str, str]] = ()
    reason: Mapping[str, str] | None = None

    @cached_property
    def at(self) -> datetime:
        """The moment of the step."""
        return now()

    @cached_property
    def evidence(self) -> list[Evidence]:
        """The attached reports."""
        return evidence.attached(self.session, self.filing)

    @cached_property
    def gate(self) -> Gate | None:
        """What the grade in force asks for; None while there is no grade."""
        return gate_of(self.session, self.filing, self.evidence, at=self.at)


def take(
    session: Session,
    *,
    by: Actor,
    filing_id: str,
    action: Action,
    remarks: Sequence[Mapping[str, str]] = (),
    reason: str | Mapping[str, str] | None = None,
    revision: int | None = None,
) -> Filing:
    """Take one step of the procedure.

    Args:
        session: the caller's transaction.
        by: who takes it.
        filing_id: which filing.
        action: which step.
        remarks: for a return, rows of {code, zh, en?}.
        reason: for the steps that need one, or the note on a change: {zh, en?} or the Chinese.
        revision: the revision the actor read; None skips the test.

    Raises:
        FilingNotFound, NotAssigned: when the actor cannot see such a filing.
        Moved: when the filing has another revision by now.
        WrongStatus: when the procedure has no such step from here.
        NotYourStep, NotYours: when it belongs to another role or organisation.
        NotIndependent: when the reviewer filed or tested it.
        NotReady: with everything that stands in the way.
    """
    filing = dossier.get(session, by=by, filing_id=filing_id, to_write=True)
    dossier.unmoved(filing, revision)
    lifecycle.advance(filing.status, action, by.roles)
    step = lifecycle.step(filing.status, action)
    if step.role is Role.FILER:
        by.own(filing.organisation_id)
    case = Case(session, filing, by, remarks, _worded(reason))
    _hold(case, step)
    _go(case, step)
    return filing


def _worded(reason: str | Mapping[str, str] | None) -> Mapping[str, str] | None:
    given = {"zh": reason} if isinstance(reason, str) else dict(reason or {})
    kept = {
        language: str(given[language]).strip()[:MOST_REASON]
        for language in ("zh", "en")
        if str(given.get(language) or "").strip()
    }
    return kept if "zh" in kept else None


def _hold(case: Case, step: Step) -> None:
    """Raise for the guards of a step that do not hold."""
    if Guard.INDEPENDENT in step.guards and (tied := _independent(case)):
        raise NotIndependent(
            "备案或测试过这个算法的人和单位不能审核它，请换一位审核人员。",
            "Nobody reviews what they or their organisation filed or tested; ask a colleague.",
            reasons=tied,
        )
    reasons = [reason for guard in step.guards for reason in GUARDS[guard](case)]
    if reasons:
        name = ACTION_NAMES[step.action]
        raise NotReady(
            f"还不能“{name.zh}”，请先处理下面的问题。",
            f"One cannot {name.en} yet; deal with the following first.",
            reasons=reasons,
        )


def _go(case: Case, step: Step) -> None:
    """Change the status, do what else the action does, and write it down."""
    filing, before = case.filing, case.filing.status
    filing.status, filing.since = step.target, case.at
    EFFECTS.get(step.action, _nothing)(case)
    dossier.flush(case.session, filing)
    details: dict[str, Any] = {"from": before, "to": step.target, "revision": filing.revision}
    if case.reason is not None:
        details["reason"] = dict(case.reason)
    if filing.number is not None:
        details["number"] = filing.number
    dossier.note(case.session, step.event, filing, case.by, **details)


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


SAID_WITH_THE_STEP = frozenset({Guard.REMARKS_GIVEN, Guard.REASON_GIVEN, Guard.CHANGE_NOTE})
"""Guards about what the actor says when taking the step; a page asks for it then."""

HISTORY = frozenset({Guard.NEVER_PUBLISHED, Guard.PUBLISHED_BEFORE, Guard.NUMBERED})
"""Guards about what cannot be mended; a step they forbid is not offered."""


def choices(session: Session, *, by: Actor, filing: Filing) -> list[Choice]:
    """The steps that the actor may take now, with what stands in the way of each."""
    case = Case(session, filing, by)
    offered = []
    for step in lifecycle.steps_from(filing.status, by.roles):
        own = by.organisation_id == filing.organisation_id
        if step.role is Role.FILER and not own:
            continue
        if any(GUARDS[guard](case) for guard in step.guards if guard in HISTORY):
            continue
        asked = [guard for guard in step.guards if guard not in SAID_WITH_THE_STEP]
        reasons = [reason for guard in asked for reason in GUARDS[guard](case)]
        offered.append(Choice(step.action, ACTION_NAMES[step.action], tuple(reasons)))
    return offered


def gate_of(
    session: Session,
    filing: Filing,
    attached: Sequence[Evidence] | None = None,
    *,
    at: datetime | None = None,
) -> Gate | None:
    """What the grade in force asks for; None while the questionnaire is not complete.

    Args:
        session: any session.
        filing: which filing.
        attached: its evidence, where it was read already.
        at: the moment of the decision; None for now.
    """
    level = computed.level(filing)
    if level is None:
        return None
    version = session.get_one(Version, filing.version_id)
    subject = gate.Subject(version.digest, filing.organisation_id, filing.answers)
    found = evidence.attached(session, filing) if attached is None else attached
    return gate.check(subject, level, found, at=at or now(), days=settings().evaluation_days)


def queue(session: Session, *, by: Actor) -> Sequence[Filing]:
    """What waits for a reviewer, oldest submission first.

    Raises:
        WrongRole: when the actor is not a reviewer.
    """
    by.require(Role.REVIEWER)
    waiting = [Status.SUBMITTED, Status.ACCEPTED, Status.FILED]
    found = select(Filing).where(Filing.status.in_(waiting))
    return session.scalars(found.order_by(Filing.submitted, Filing.id)).all()


def regrade(
    session: Session,
    *,
    by: Actor,
    filing_id: str,
    level: Level,
    reason: str | Mapping[str, str],
    revision: int | None = None,
) -> Filing:
    """Set another grade than the computed one, with the reason on record.

    Raises:
        FilingNotFound, NotAssigned, Moved: as for `take`.
        WrongRole: when the actor is not a reviewer.
        NotIndependent: when the reviewer filed or tested it.
        WrongStatus: when the filing is not under review.
        NotReady: without a reason or a computed grade.
    """
    by.require(Role.REVIEWER)
    filing = dossier.get(session, by=by, filing_id=filing_id, to_write=True)
    dossier.unmoved(filing, revision)
    case = Case(session, filing, by, reason=_worded(reason))
    if filing.status != Status.SUBMITTED:
        lifecycle.step(filing.status, Action.ACCEPT)  # raises: only while it is under review
    if tied := _independent(case):
        raise NotIndependent(
            "备案或测试过这个算法的人和单位不能改它的等级。",
            "Nobody changes the grade of what they or their organisation filed or tested.",
            reasons=tied,
        )
    found, missing = computed.grade(filing), _reason_given(case)
    if found is None or missing:
        raise NotReady(
            "改等级要写理由，问卷也要先答完。",
            "A change of grade needs a reason, and a complete questionnaire.",
            reasons=missing,
        )
    before = computed.level(filing)
    filing.grade_change = {
        "level": level.value,
        "reason": dict(case.reason or {}),
        "person_id": by.person_id,
        "at": case.at.isoformat(),
    }
    dossier.flush(session, filing)
    dossier.note(
        session,
        "filing:review:regraded",
        filing,
        by,
        **{"from": before, "to": level.value, "reason": dict(case.reason or {})},
    )
    return filing


def _nothing(case: Case) -> None:
    """Most steps change the status only."""


def _submitted(case: Case) -> None:
    filing = case.filing
    filing.submissions += 1
    filing.submitted, filing.submitted_by = case.at, case.by.person_id
    if filing.editions and case.reason is not None:
        filing.change_note = dict(case.reason)


def _returned(case: Case) -> None:
    remarks.write(case.session, case.filing, case.given, by=case.by)


def _ended(case: Case) -> None:
    filing = case.filing
    filing.exit_reason = dict(case.reason) if case.reason else None


def _filed(case: Case) -> None:
    filing = case.filing
    if filing.number is None:
        city = filing.answers["A3"]["value"]["city"]
        filing.number = str(numbers.give(case.session, city=city, year=case.at.year))
        filing.filed = case.at


def _published(case: Case) -> None:
    session, filing = case.session, case.filing
    if case.gate is None:
        raise NotReady("还没有风险等级。", "There is no grade yet.")
    making = editions.Making(case.evidence, case.gate, case.at)
    edition = editions.make(session, filing, by=case.by, making=making)
    filing.published = filing.published or case.at
    filing.change_note = None
    catalogue.list_edition(session, filing, edition)
    earlier = session.get(Filing, filing.replaces_id) if filing.replaces_id else None
    if earlier is not None and earlier.number and earlier.status not in lifecycle.EXITS:
        successor = Case(session, earlier, case.by, reason={"zh": f"由 {filing.number} 取代"})
        _go(successor, lifecycle.step(earlier.status, Action.SUPERSEDE))


def _restored(case: Case) -> None:
    editions.restore(case.session, case.filing)
    case.filing.change_note = None


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
    Action.REFUSE_CHANGE: _restored,
}


def _complete(case: Case) -> Iterable[Reason]:
    return completeness.measure(case.filing).reasons


def _evaluated(case: Case) -> Iterable[Reason]:
    digest = case.session.get_one(Version, case.filing.version_id).digest
    if any(each.model_digest == digest for each in case.evidence):
        return []
    remedy = Text(
        "请先评估这个版本，再附上报告；自评和第三方评估都可以。",
        "Evaluate this version and attach the report; an own report will do here.",
    )
    said = Text("没有对这个版本的评估。", "There is no evaluation of this version.")
    return [Reason(Guard.EVALUATED, said, remedy)]


def _gated(case: Case) -> Iterable[Reason]:
    if case.gate is not None:
        return case.gate.reasons
    remedy = Text("请答完分级问卷。", "Complete the grading questionnaire.")
    return [Reason("G1", Text("还没有风险等级。", "There is no grade yet."), remedy)]


def _independent(case: Case) -> list[Reason]:
    """Which ties the reviewer has to the filer or to a tester, as a person or by organisation."""
    session, filing, by = case.session, case.filing, case.by
    testers, people = evidence.testers(session, filing)
    parties = testers | {filing.organisation_id}
    version = session.get_one(Version, filing.version_id)
    people |= {filing.opened_by, version.submitted_by}
    member_of = select(Membership.id).where(
        Membership.person_id == by.person_id, Membership.organisation_id.in_(parties)
    )
    touched = select(Event.seq).where(
        Event.subject == filing.id,
        Event.person_id == by.person_id,
        Event.name.startswith("filing:dossier:"),
    )
    ties = (
        (
            "organisation",
            by.organisation_id in parties,
            Text("您的单位备案或测试了这个算法。", "Your organisation filed or tested it."),
        ),
        (
            "person",
            by.person_id in people or session.scalars(touched.limit(1)).first() is not None,
            Text("您本人参与了备案或测试。", "You took part in filing or testing it."),
        ),
        (
            "membership",
            session.scalars(member_of.limit(1)).first() is not None,
            Text("您也是备案或测试单位的成员。", "You are also a member of the filer or tester."),
        ),
    )
    remedy = Text("请由没有参与的同事来审核。", "Let a colleague who had no part in it review.")
    return [Reason(name, said, remedy) for name, tied, said in ties if tied]


def _remarks_given(case: Case) -> list[Reason]:
    if case.given:
        return []
    remedy = Text("请至少对一个字段写明原因。", "Give the reason for at least one field.")
    return [Reason(Guard.REMARKS_GIVEN, Text("没有写退回原因。", "No reasons given."), remedy)]


def _remarks_answered(case: Case) -> list[Reason]:
    filing = case.filing
    if filing.status != Status.RETURNED:
        return []
    this_round = remarks.on(case.session, filing, submission=filing.submissions)
    remedy = Text("请修改这个字段，或者写答复。", "Change the field, or reply.")
    return [
        Reason(
            each.key,
            Text(f"退回意见还没有处理：{each.zh}", f"Not dealt with: {each.en or each.zh}"),
            remedy,
        )
        for each in this_round
        if not each.settled_in(filing)
    ]


def _reason_given(case: Case) -> list[Reason]:
    if case.reason is not None:
        return []
    remedy = Text("请写明理由。", "Give the reason.")
    return [Reason(Guard.REASON_GIVEN, Text("没有写理由。", "No reason was given."), remedy)]


def _change_note(case: Case) -> list[Reason]:
    if not case.filing.editions or case.reason is not None or case.filing.change_note:
        return []
    remedy = Text("请写明改了什么、为什么改。", "Say what was changed and why.")
    return [
        Reason(
            Guard.CHANGE_NOTE, Text("没有变更说明。", "There is no note on the change."), remedy
        )
    ]


def _history(holds: Callable[[Filing], bool], guard: Guard) -> Callable[[Case], list[Reason]]:
    def test(case: Case) -> list[Reason]:
        if holds(case.filing):
            return []
        said = Text(
            "这份备案不满足这一步的条件。", "The filing does not meet this step's condition."
        )
        return [
            Reason(
                guard,
                said,
                Text(f"条件：{GUARD_NAMES[guard].zh}", f"It needs: {GUARD_NAMES[guard].en}"),
            )
        ]

    return test


GUARDS: Mapping[Guard, Callable[[Case], Iterable[Reason]]] = {
    Guard.COMPLETE: _complete,
    Guard.EVALUATED: _evaluated,
    Guard.GATE: _gated,
    Guard.INDEPENDENT: _independent,
    Guard.REMARKS_GIVEN: _remarks_given,
    Guard.REMARKS_ANSWERED: _remarks_answered,
    Guard.REASON_GIVEN: _reason_given,
    Guard.CHANGE_NOTE: _change_note,
    Guard.NEVER_PUBLISHED: _history(lambda each: not each.editions, Guard.NEVER_PUBLISHED),
    Guard.PUBLISHED_BEFORE: _history(lambda each: bool(each.editions), Guard.PUBLISHED_BEFORE),
    Guard.NUMBERED: _history(lambda each: each.number is not None, Guard.NUMBERED),
}
