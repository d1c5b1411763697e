"""Filings: opened, filled in, submitted, reviewed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from filing import completeness, computed, dossier, regrading, remarks, review
from filing.dossier import Filing
from filing.gate import Gate
from filing.lifecycle import STATUS_NAMES, STEPS, Action, Status
from filing.remarks import Remark
from filing.risk import Level
from portal import sight
from portal.access import allow
from portal.api.shapes import Answer, Bilingual, Page, Paged
from portal.at_hand import Database
from portal.identity import By
from registry.errors import Reason
from registry.organisations import Kind, Role
from registry.tokens import Scope

router = APIRouter(tags=["filings"])
FILE = Scope.FILE
OF_FILER = frozenset(step.action for step in STEPS if step.role is Role.FILER)
AGAINST = (
    "the filing's revision that you read; a change against an older one is refused (409) "
    "with what was changed since, by whom and when"
)
Read = Annotated[int, Field(ge=1, description=AGAINST)]
OF_REVIEWER = frozenset(step.action for step in STEPS if step.role is Role.REVIEWER)


class Fault(Answer):
    """One thing that stands in the way, and what to do about it."""

    item: str
    said: Bilingual
    remedy: Bilingual

    @classmethod
    def of(cls, reason: Reason) -> "Fault":
        """The JSON form of a reason."""
        return cls(
            item=reason.item, said=Bilingual.of(reason.said), remedy=Bilingual.of(reason.remedy)
        )


class HurdleOut(Fault):
    """One thing that the risk grade asks for."""

    passed: bool
    blocking: bool
    legal: list[str] = Field(description="ids of rules; empty where it is the platform's own")
    grounds: list[Bilingual] = Field(
        description="title, article, place and force, or that it is ours"
    )


class GateOut(Answer):
    """What the risk grade asks for, and whether it is there."""

    level: Level
    open: bool
    hurdles: list[HurdleOut]

    @classmethod
    def of(cls, gate: Gate) -> "GateOut":
        """The JSON form of the gate."""
        return cls(
            level=gate.level,
            open=gate.open,
            hurdles=[
                HurdleOut(
                    item=each.name,
                    said=Bilingual.of(each.said),
                    remedy=Bilingual.of(each.remedy),
                    passed=each.passed,
                    blocking=each.blocking,
                    legal=list(each.legal),
                    grounds=[Bilingual.of(ground) for ground in each.grounds],
                )
                for each in gate.hurdles
            ],
        )


class StepOut(Answer):
    """A step that you may take now, with what still stands in its way."""

    action: Action
    name: Bilingual
    faults: list[Fault]


class FilingLine(Answer):
    """A filing in a list."""

    id: str
    version_id: str
    organisation_id: str
    status: Status
    status_name: Bilingual
    revision: int = Field(description="send it back with every change: it is made against it")
    number: str | None
    created: datetime
    since: datetime
    submitted: datetime | None


class ProposalOut(Answer):
    """A change of the grade that waits for a second reviewer."""

    level: Level
    reason: dict[str, str]
    proposed: datetime
    yours: bool = Field(description="whether you proposed it; then another reviewer confirms")


class FilingOut(FilingLine):
    """A filing with its answers, its grade and the steps that are open to you."""

    answers: dict[str, Any]
    computed: dict[str, Any] = Field(description="fields that the platform fills in")
    report_ids: list[str]
    explanation_id: str | None
    percent: int = Field(description="share of the required answers that are sound")
    lacking: list[Fault]
    gate: GateOut | None = Field(description="what the risk grade asks for")
    grade_proposal: ProposalOut | None = Field(
        description="for the authority: a change of the grade that waits for a second reviewer"
    )
    steps: list[StepOut]


class AnswersIn(BaseModel):
    """Answers by field code; those not named stay, null clears one."""

    answers: dict[str, Any] = Field(
        examples=[{"B1": {"zh": "信贷审批模型", "en": "Credit approval model"}}]
    )
    revision: Read


class AttachmentIn(BaseModel):
    """A report or an explanation of the same model."""

    report_id: str | None = None
    explanation_id: str | None = None
    revision: Read


class MoveIn(BaseModel):
    """Another version of the same model."""

    version_id: str
    revision: Read


class Words(BaseModel):
    """A wording; the English may be left out."""

    zh: str = Field(max_length=4000)
    en: str = Field("", max_length=4000)


class ReplyIn(Words):
    """What the filer says to a remark."""

    revision: Read


class RemarkIn(Words):
    """Why one field goes back."""

    code: str = Field(max_length=10, examples=["B7"])


class StepIn(BaseModel):
    """A step of the procedure."""

    action: Action
    reason: Words | None = Field(None, description="for steps that need one")
    revision: Read


class ReviewIn(StepIn):
    """A reviewer's step."""

    remarks: list[RemarkIn] = Field([], description="for a return: field by field")


class AgainstIn(BaseModel):
    """What a decision without further words is made against."""

    revision: Read


class GradeIn(BaseModel):
    """Another grade than the computed one, with a reason of at least a sentence."""

    level: Level
    reason: Words
    revision: Read


class RemarkOut(Answer):
    """Why a field was returned, and what the filer said or did."""

    id: str
    submission: int
    code: str
    said: Words
    created: datetime
    reply: dict[str, Any] | None
    replied: datetime | None
    changed: bool = Field(description="whether the field was changed since")


@router.post(
    "/versions/{version_id}/filings",
    status_code=201,
    dependencies=[allow(Role.FILER, scope=FILE)],
    summary="新建备案 · Open a filing",
)
def open_filing(by: By, session: Database, version_id: str) -> FilingOut:
    """Open a draft for a version, prefilled from your organisation and an earlier filing."""
    version = sight.version(session, by, version_id)
    return _whole(session, by, dossier.open_filing(session, by=by, version_id=version.id))


@router.get("/filings", dependencies=[allow(Role.FILER)], summary="本单位的备案 · Your filings")
def mine(by: By, session: Database, paging: Paged) -> Page[FilingLine]:
    """The filings of your organisation, newest first."""
    return paging.whole(
        dossier.of_organisation(session, by.organisation_id), _line, key=lambda row: row.id
    )


@router.get(
    "/filings/queue",
    dependencies=[allow(Role.REVIEWER)],
    summary="待审备案 · What waits for review",
)
def queue(by: By, session: Database, paging: Paged) -> Page[FilingLine]:
    """What waits for a reviewer, oldest submission first."""
    return paging.whole(review.queue(session, by=by), _line, key=lambda row: row.id)


@router.get(
    "/filings/{filing_id}",
    dependencies=[allow(Role.FILER, Role.TESTER, Role.REVIEWER)],
    summary="备案材料 · One filing",
)
def one(by: By, session: Database, filing_id: str) -> FilingOut:
    """A dossier, for its filer, an engaged tester, and the authority once it was submitted."""
    return _whole(session, by, dossier.get(session, by=by, filing_id=filing_id))


@router.patch(
    "/filings/{filing_id}/answers",
    dependencies=[allow(Role.FILER, scope=FILE)],
    summary="填写 · Fill in",
)
def fill(by: By, session: Database, filing_id: str, given: AnswersIn) -> FilingOut:
    """Save answers. A value of the wrong form is refused with every reason; nothing is saved."""
    made = dossier.fill(
        session, by=by, filing_id=filing_id, answers=given.answers, revision=given.revision
    )
    return _whole(session, by, made)


@router.delete(
    "/filings/{filing_id}/data-sets/{position}",
    dependencies=[allow(Role.FILER, scope=FILE)],
    summary="删除一组数据集说明 · Drop a data set",
)
def drop(
    by: By,
    session: Database,
    filing_id: str,
    position: int,
    revision: Annotated[int, Query(ge=1, description=AGAINST)],
) -> FilingOut:
    """Take one data set out of group C; the later ones move up."""
    made = dossier.drop_data_set(
        session, by=by, filing_id=filing_id, number=position, revision=revision
    )
    return _whole(session, by, made)


@router.post(
    "/filings/{filing_id}/attachments",
    dependencies=[allow(Role.FILER, scope=FILE)],
    summary="附上报告或说明 · Attach",
)
def attach(by: By, session: Database, filing_id: str, given: AttachmentIn) -> FilingOut:
    """Attach a report or an explanation of this model; attaching twice changes nothing."""
    made = dossier.attach(session, by=by, filing_id=filing_id, **given.model_dump())
    return _whole(session, by, made)


@router.delete(
    "/filings/{filing_id}/attachments/{report_id}",
    dependencies=[allow(Role.FILER, scope=FILE)],
    summary="取下报告 · Detach a report",
)
def detach(
    by: By,
    session: Database,
    filing_id: str,
    report_id: str,
    revision: Annotated[int, Query(ge=1, description=AGAINST)],
) -> FilingOut:
    """Take a report off the dossier; it stays on record."""
    made = dossier.detach(
        session, by=by, filing_id=filing_id, revision=revision, report_id=report_id
    )
    return _whole(session, by, made)


@router.post(
    "/filings/{filing_id}/version",
    dependencies=[allow(Role.FILER, scope=FILE)],
    summary="改为另一个版本 · Point at another version",
)
def move(by: By, session: Database, filing_id: str, given: MoveIn) -> FilingOut:
    """Point the filing at another version; what is attached is at once about an earlier one."""
    made = dossier.move(session, by=by, filing_id=filing_id, **given.model_dump())
    return _whole(session, by, made)


@router.post(
    "/filings/{filing_id}/steps",
    dependencies=[allow(Role.FILER, scope=FILE)],
    summary="自查、提交、变更、撤回等 · The filer's steps",
)
def step(by: By, session: Database, filing_id: str, wanted: StepIn) -> FilingOut:
    """Take a step that belongs to the filer, such as `check` or `submit`."""
    made = review.take(
        session,
        by=by,
        filing_id=filing_id,
        action=wanted.action,
        reason=_said(wanted.reason),
        revision=wanted.revision,
    )
    return _whole(session, by, made)


@router.post(
    "/filings/{filing_id}/review",
    dependencies=[allow(Role.REVIEWER, scope=Scope.REVIEW)],
    summary="审核 · The reviewer's steps",
)
def review_step(by: By, session: Database, filing_id: str, wanted: ReviewIn) -> FilingOut:
    """Take a step that belongs to the reviewer, such as `return`, `accept` or `publish`."""
    made = review.take(
        session,
        by=by,
        filing_id=filing_id,
        action=wanted.action,
        remarks=[remark.model_dump() for remark in wanted.remarks],
        reason=_said(wanted.reason),
        revision=wanted.revision,
    )
    return _whole(session, by, made)


@router.post(
    "/filings/{filing_id}/grade",
    dependencies=[allow(Role.REVIEWER, scope=Scope.REVIEW)],
    summary="提出调整风险等级 · Propose another grade",
)
def propose_grade(by: By, session: Database, filing_id: str, wanted: GradeIn) -> FilingOut:
    """Propose another grade than the one in force; it counts once a second reviewer confirms it."""
    made = regrading.propose(
        session,
        by=by,
        filing_id=filing_id,
        level=wanted.level,
        reason=wanted.reason.model_dump(),
        revision=wanted.revision,
    )
    return _whole(session, by, made)


@router.post(
    "/filings/{filing_id}/grade/confirmation",
    dependencies=[allow(Role.REVIEWER, scope=Scope.REVIEW)],
    summary="确认调整风险等级 · Confirm the other grade",
)
def confirm_grade(by: By, session: Database, filing_id: str, against: AgainstIn) -> FilingOut:
    """Put the proposed grade into force; who proposed it cannot confirm it."""
    made = regrading.confirm(session, by=by, filing_id=filing_id, revision=against.revision)
    return _whole(session, by, made)


@router.post(
    "/filings/{filing_id}/grade/dismissal",
    dependencies=[allow(Role.REVIEWER, scope=Scope.REVIEW)],
    summary="撤下等级调整 · Dismiss the other grade",
)
def dismiss_grade(by: By, session: Database, filing_id: str, against: AgainstIn) -> FilingOut:
    """Take the proposed grade off the table, as its proposer or as a reviewer who does not agree."""
    made = regrading.dismiss(session, by=by, filing_id=filing_id, revision=against.revision)
    return _whole(session, by, made)


@router.get(
    "/filings/{filing_id}/remarks",
    dependencies=[allow(Role.FILER, Role.REVIEWER)],
    summary="退回意见 · Remarks",
)
def remarks_on(by: By, session: Database, paging: Paged, filing_id: str) -> Page[RemarkOut]:
    """Why fields were returned, oldest first, with the filer's replies."""
    filing = dossier.get(session, by=by, filing_id=filing_id)
    rows = remarks.on(session, filing)
    return paging.whole(rows, lambda row: _remark(row, filing), key=lambda row: row.id)


@router.post(
    "/remarks/{remark_id}/reply",
    dependencies=[allow(Role.FILER, scope=FILE)],
    summary="答复退回意见 · Reply to a remark",
)
def reply(by: By, session: Database, remark_id: str, words: ReplyIn) -> RemarkOut:
    """Answer a remark of the present round; changing the field is an answer, too."""
    made = remarks.reply(session, by=by, remark_id=remark_id, **words.model_dump())
    return _remark(made, session.get_one(Filing, made.filing_id))


def _said(words: Words | None) -> Mapping[str, str] | None:
    return None if words is None else words.model_dump()


def _line(filing: Filing) -> FilingLine:
    return FilingLine.model_validate({**_record(filing, FilingLine)})


def _record(filing: Filing, shape: type[Answer]) -> dict[str, Any]:
    own = {name: getattr(filing, name) for name in shape.model_fields if hasattr(filing, name)}
    return {**own, "status_name": STATUS_NAMES[Status(filing.status)].as_json()}


def _whole(session: Database, by: By, filing: Filing) -> FilingOut:
    measured = completeness.measure(filing)
    case = review.Case(session, filing, by)
    gate = case.gate
    return FilingOut.model_validate(
        {
            **_record(filing, FilingOut),
            "computed": computed.fields(session, filing, case.evidence),
            "percent": measured.percent,
            "lacking": [Fault.of(reason) for reason in measured.reasons],
            "gate": GateOut.of(gate) if gate else None,
            "grade_proposal": _proposal(by, filing),
            "steps": [
                StepOut(
                    action=choice.action,
                    name=Bilingual.of(choice.name),
                    faults=[Fault.of(reason) for reason in choice.reasons],
                )
                for choice in review.choices(session, by=by, filing=filing)
            ],
        }
    )


def _proposal(by: By, filing: Filing) -> ProposalOut | None:
    waiting = filing.grade_proposal
    if waiting is None or by.kind is not Kind.AUTHORITY:
        return None
    return ProposalOut(
        level=waiting["level"],
        reason=waiting["reason"],
        proposed=waiting["proposed"],
        yours=waiting["proposed_by"] == by.person_id,
    )


def _remark(remark: Remark, filing: Filing) -> RemarkOut:
    return RemarkOut(
        id=remark.id,
        submission=remark.submission,
        code=remark.key,
        said=Words(zh=remark.zh, en=remark.en),
        created=remark.created,
        reply=remark.reply,
        replied=remark.replied,
        changed=remark.changed_in(filing),
    )
