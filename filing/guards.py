"""The guards of the procedure: one function each, which returns what stands in a step's way."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from filing import (
    claims,
    completeness,
    computed,
    declared,
    editions,
    evidence,
    formal_grounds,
    gate,
    identity,
    plainness,
    remarks,
    same_model,
    unattached,
)
from filing.dossier import Filing
from filing.evidence import Evidence
from filing.gate import Gate
from filing.lifecycle import EXITS, GUARD_NAMES, STATUS_NAMES, Guard, Status
from filing.meanings import Meaning
from filing.plainness import Hard
from filing.risk import Level
from registry import approval, explanations, independence, legal_day, passwords, verifications
from registry.contradictions import Contradiction
from registry.database import now
from registry.errors import Reason
from registry.journal import Event
from registry.language import Text
from registry.organisations import Actor, Organisation
from registry.settings import settings
from registry.submission import Version


@dataclass
class Case:
    """One filing, one actor, and what they say with the step."""

    session: Session
    filing: Filing
    by: Actor
    given: Sequence[Mapping[str, str]] = ()
    reason: Mapping[str, str] | None = None
    differing: Mapping[str, Text] = field(default_factory=dict)
    ground: str | None = None

    @cached_property
    def at(self) -> datetime:
        """The moment of the step."""
        return now()

    @cached_property
    def evidence(self) -> list[Evidence]:
        """The attached reports."""
        return evidence.attached(self.session, self.filing)

    @cached_property
    def contradictions(self) -> list[Contradiction]:
        """What the dossier declares otherwise than it was measured."""
        return declared.of(self.session, self.filing)

    @cached_property
    def hard_words(self) -> list[Hard]:
        """What group H says in words that are hard to understand."""
        return plainness.hard(self.filing.told)

    @cached_property
    def gate(self) -> Gate | None:
        """What the grade in force asks for; None while there is no grade."""
        return gate_of(self.session, self.filing, self.evidence, at=self.at)

    @cached_property
    def ties(self) -> list[Reason]:
        """What ties the actor to the filer or to a tester; a dozen questions, asked once a step."""
        return independent(self)


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
    first = editions.first(session, filing)
    explained = explanations.get(session, filing.explanation_id) if filing.explanation_id else None
    subject = gate.Subject(
        version.digest,
        filing.organisation_id,
        filing.told,
        explained_since=legal_day.of(first.published) if first else None,
        steps_sealed=bool(explained and explained.plan.get("sealed")),
        explained_digest=explained.model_digest if explained else None,
    )
    found = evidence.attached(session, filing) if attached is None else attached
    moment, days = at or now(), settings().evaluation_days
    beside = unattached.evidence(session, filing, at=moment, days=days)
    return gate.check(subject, level, found, beside=beside, at=moment, days=days)


def _complete(case: Case) -> Iterable[Reason]:
    return completeness.measure(case.filing).reasons


def _evaluated(case: Case) -> Iterable[Reason]:
    digest = case.session.get_one(Version, case.filing.version_id).digest
    if any(each.model_digest == digest and each.withdrawn is None for each in case.evidence):
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
    said = Text("还没有风险等级。", "There is no grade yet.")
    return [Reason(case.filing.form.key(Meaning.QUESTIONNAIRE), said, remedy)]


def independent(case: Case) -> list[Reason]:
    """Which ties the actor has to the filer or to a tester, as a person or by organisation."""
    remedy = Text("请由没有参与的同事来审核。", "Let a colleague who had no part in it review.")
    by = case.by
    found = ties(case.session, case.filing, by.person_id, by.organisation_id)
    return [Reason(name, said, remedy) for name, said in found.items()]


def ties(
    session: Session, filing: Filing, person_id: str, organisation_id: str | None
) -> dict[str, Text]:
    """What ties somebody to the filer or to a tester at present, said to them; empty where nothing.

    Args:
        session: any session.
        filing: which filing.
        person_id: who; an earlier step's as well, since people join and leave.
        organisation_id: for whom they act or acted.
    """
    testers, people = evidence.testers(session, filing)
    parties = testers | {filing.organisation_id}
    people |= evidence.filers(session, filing)
    belongs = {person for each in parties for person in independence.belonged(session, each)}
    found = (
        (
            "organisation",
            organisation_id in parties,
            Text("您的单位备案或测试了这个算法。", "Your organisation filed or tested it."),
        ),
        (
            "person",
            person_id in people,
            Text("您本人参与了备案或测试。", "You took part in filing or testing it."),
        ),
        (
            "membership",
            person_id in belongs,
            Text(
                "您是或者曾是备案或测试单位的成员。",
                "You are, or were, a member of the filer or of a tester.",
            ),
        ),
    )
    return {name: said for name, tied, said in found if tied}


def _remarks_given(case: Case) -> list[Reason]:
    if case.given:
        return remarks.check(case.filing.form, case.given)
    remedy = Text("请至少对一个字段写明原因。", "Give the reason for at least one field.")
    return [Reason(Guard.REMARKS_GIVEN, Text("没有写退回原因。", "No reasons given."), remedy)]


def _remarks_answered(case: Case) -> list[Reason]:
    remedy = Text("请修改这个字段，或者写答复。", "Change the field, or reply.")
    return [
        Reason(
            each.key,
            Text(f"退回意见还没有处理：{each.zh}", f"Not dealt with: {each.en or each.zh}"),
            remedy,
        )
        for each in remarks.unsettled(case.session, case.filing)
    ]


def reason_given(case: Case) -> list[Reason]:
    """What to say when a step that needs a reason comes without one."""
    if case.reason is not None:
        return []
    remedy = Text("请写明理由。", "Give the reason.")
    return [Reason(Guard.REASON_GIVEN, Text("没有写理由。", "No reason was given."), remedy)]


def _ground_given(case: Case) -> list[Reason]:
    if case.ground in formal_grounds.GROUNDS:
        return []
    said = Text(
        "没有选形式上的原因；只能因为形式上的原因不办。",
        "No formal ground was named; a filing is refused on formal grounds only.",
    )
    return [Reason(Guard.GROUND_GIVEN, said, formal_grounds.CHOOSE)]


def _change_note(case: Case) -> list[Reason]:
    if not case.filing.editions or case.reason is not None or case.filing.change_note:
        return []
    remedy = Text("请写明改了什么、为什么改。", "Say what was changed and why.")
    return [
        Reason(
            Guard.CHANGE_NOTE, Text("没有变更说明。", "There is no note on the change."), remedy
        )
    ]


def _name_claims(case: Case) -> list[Reason]:
    said = claims.named(case.filing.told)
    if said is None or case.reason is not None:
        return []
    remedy = Text(
        "请改名称，或者写明为什么可以保留。", "Change the name, or say why it may be kept."
    )
    return [Reason(Guard.NAME_CLAIMS, said, remedy)]


def _contradictions(case: Case) -> list[Reason]:
    return [
        Reason(each.id, each.said, approval.EITHER)
        for each in case.contradictions
        if not _explained(case, each.id)
    ]


def _hard_words(case: Case) -> list[Reason]:
    remedy = Text(
        "请换成平实的话；要保留，请用中文写明理由，审核人员和公众会看到。",
        "Say it plainly; to keep the words, give a reason in Chinese, which the reviewer and the public read.",
    )
    return [
        Reason(each.id, each.said, remedy)
        for each in case.hard_words
        if not _explained(case, each.id)
    ]


def _explained(case: Case, name: str) -> bool:
    """Whether the step comes with a reason for what is kept."""
    said = case.differing.get(name)
    return said is not None and bool(said.zh.strip())


def _identity(case: Case) -> list[Reason]:
    owner = case.session.get_one(Organisation, case.filing.organisation_id)
    return identity.differences(owner, case.filing.typed)


def _verified(case: Case) -> list[Reason]:
    owner = case.session.get_one(Organisation, case.filing.organisation_id)
    if verifications.in_force(case.session, owner) is not None:
        return []
    return [Reason(Guard.VERIFIED, verifications.said(case.session, owner), HAVE_VERIFIED)]


HAVE_VERIFIED = Text(
    "请主管部门的管理员对照证件，登记一次核验。",
    "An administrator of the authority holds the record against a document and records that.",
)


def _grade_settled(case: Case) -> list[Reason]:
    if case.filing.grade_proposal is None:
        return []
    said = Text("有一项等级调整还没有确认。", "A change of the grade is not confirmed yet.")
    remedy = Text(
        "请另一位审核人员确认，或撤下它。", "Another reviewer confirms it, or dismiss it."
    )
    return [Reason(Guard.GRADE_SETTLED, said, remedy)]


def _second_person(case: Case) -> list[Reason]:
    """Four eyes for high risk: who accepted the filing does not publish it as well."""
    if computed.level(case.filing) is not Level.HIGH:
        return []
    accepted = select(Event).where(
        Event.subject == case.filing.id, Event.name == "filing:review:accepted"
    )
    last = case.session.scalars(accepted.order_by(Event.seq.desc()).limit(1)).first()
    if last is None or last.person_id is None:
        return []
    if passwords.in_one_hand(case.session, last.person_id, case.by.person_id):
        return [Reason(Guard.SECOND_PERSON, IN_ONE_HAND, ANOTHER_RESETS)]
    if last.person_id != case.by.person_id:
        return _tied_since(case, last.person_id, last.organisation_id)
    said = Text(
        "高风险的备案由两个人经手：您受理的，不能由您公示。",
        "Two people see a high-risk filing through: you accepted it, so you do not publish it.",
    )
    remedy = Text("请另一位审核人员来公示。", "Let another reviewer publish it.")
    return [Reason(Guard.SECOND_PERSON, said, remedy)]


IN_ONE_HAND = Text(
    "两位审核人员中，一位的密码最近一次是由另一位重设的，不算两个人经手。",
    "Of the two reviewers, one was the last to reset the other's password: they do not count as two.",
)
"""Who asks for a reset is shown its link, and could act as both."""
ANOTHER_RESETS = Text(
    "请另一位审核人员来办，或者请别的管理员（或平台运营者）重设那个密码。",
    "Let another reviewer do it, or let another administrator or the operator reset that password.",
)


def _tied_since(case: Case, person_id: str, organisation_id: str | None) -> list[Reason]:
    """Two people see it through only while neither belongs to those whom they judge."""
    if not ties(case.session, case.filing, person_id, organisation_id):
        return []
    said = Text(
        "高风险的备案由两个人经手：受理它的人，现在与备案或测试的单位有关联，不算第二个人。",
        "Two people see a high-risk filing through: who accepted it is tied to the filer or to a "
        "tester by now, and does not count.",
    )
    remedy = Text(
        "请退回，由没有关联的审核人员重新受理。",
        "Return it, and let a reviewer without ties accept it again.",
    )
    return [Reason(Guard.SECOND_PERSON, said, remedy)]


def _still_free(case: Case) -> list[Reason]:
    """A filing that comes back finds its model as it left it: two live ones would both be told."""
    mine = case.filing
    beside = select(Filing).where(
        Filing.model_id == mine.model_id, Filing.id != mine.id, Filing.status.not_in(EXITS)
    )
    other = case.session.scalars(beside.order_by(Filing.id.desc()).limit(1)).first()
    if other is None:
        return []
    called, name = other.number or other.id, STATUS_NAMES[Status(other.status)]
    said = Text(
        f"这个模型现在有另一份备案（{called}，{name.zh}）。",
        f"The model has another filing by now ({called}, {name.en}).",
    )
    remedy = Text("请在那一份里办理。", "Go on with that one.")
    return [Reason(Guard.STILL_FREE, said, remedy)]


class Past(Protocol):
    """What of a filing's past the table turns on."""

    @property
    def number(self) -> str | None:
        """Its number, once it was given one."""

    @property
    def editions(self) -> int:
        """How often it was published."""


HISTORY: Mapping[Guard, Callable[[Past], bool]] = {
    Guard.NEVER_PUBLISHED: lambda each: not each.editions and each.number is None,
    Guard.PUBLISHED_BEFORE: lambda each: bool(each.editions),
    Guard.NUMBERED: lambda each: each.number is not None,
    Guard.NUMBER_ONLY: lambda each: each.number is not None and not each.editions,
}
"""Guards about what cannot be mended, with what must be so; a step they forbid is not offered."""


def closed(filing: Filing) -> frozenset[Guard]:
    """What a filing's past rules out: no step that needs it can be taken."""
    return frozenset(guard for guard, holds in HISTORY.items() if not holds(filing))


def _history(guard: Guard) -> Callable[[Case], list[Reason]]:
    def test(case: Case) -> list[Reason]:
        if HISTORY[guard](case.filing):
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
    Guard.INDEPENDENT: lambda case: case.ties,
    Guard.REMARKS_GIVEN: _remarks_given,
    Guard.REMARKS_ANSWERED: _remarks_answered,
    Guard.REASON_GIVEN: reason_given,
    Guard.GROUND_GIVEN: _ground_given,
    Guard.CHANGE_NOTE: _change_note,
    **{guard: _history(guard) for guard in HISTORY},
    Guard.IDENTITY: _identity,
    Guard.VERIFIED: _verified,
    Guard.GRADE_SETTLED: _grade_settled,
    Guard.SECOND_PERSON: _second_person,
    Guard.NAME_CLAIMS: _name_claims,
    Guard.CONTRADICTIONS: _contradictions,
    Guard.HARD_WORDS: _hard_words,
    Guard.STILL_FREE: _still_free,
    Guard.ONE_FILING: lambda case: same_model.refusals(case.session, case.filing),
}
