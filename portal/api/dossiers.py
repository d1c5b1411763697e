"""What the API says of a filing and takes for one: shapes, and how a record becomes one."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from evaluators.running import questions
from filing import (
    applicability,
    cautions,
    completeness,
    computed,
    declared,
    differences,
    editions,
    formal_grounds,
    json_schema,
    remarks,
    review,
    revision,
    same_model,
    submissions,
    tested_acts,
)
from filing.carrying import Preview
from filing.dossier import Filing
from filing.evidence import Evidence
from filing.evidence_files import EvidenceFile
from filing.fields import Answers
from filing.forms import called, current
from filing.gate import Gate
from filing.lifecycle import STATUS_NAMES, Action, Status
from filing.meanings import Meaning
from filing.remarks import Remark
from filing.risk import Level
from filing.thread import Return
from portal.api.shapes import Answer, Bilingual, RequestBody
from portal.web.at_hand import Database
from portal.web.identity import By
from registry import submission
from registry.errors import Reason
from registry.organisations import Kind, Person

NAME = current().key(Meaning.NAME)
AGAINST = (
    "the filing's revision that you read; a change against an older one is refused (409) "
    "with what was changed since, by whom and when"
)


def _named(shape: dict[str, Any]) -> None:
    """Let the description name every field instead of any key."""
    for loose in ("type", "additionalProperties"):
        shape.pop(loose, None)
    shape.update(json_schema.typed())


Read = Annotated[int, Field(ge=1, description=AGAINST)]


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
    probes: list[str] = Field(description="ids of the probes that it names")


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
                    said=Bilingual.of(each.told(questions.caption)),
                    remedy=Bilingual.of(each.remedy),
                    passed=each.passed,
                    blocking=each.blocking,
                    legal=list(each.legal),
                    grounds=[Bilingual.of(ground) for ground in each.grounds],
                    probes=list(each.probes),
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


class Words(RequestBody):
    """A wording; the English may be left out."""

    zh: str = Field(max_length=4000)
    en: str = Field("", max_length=4000)


class ProposalOut(Answer):
    """A change of the grade that waits for a second reviewer."""

    level: Level
    reason: dict[str, str]
    proposed: datetime
    by: str = Field(description="name of the reviewer who proposed it")
    yours: bool = Field(description="whether you proposed it; then another reviewer confirms")


class EvidenceOut(Answer):
    """An attached report: by whom, when, how many findings of each verdict."""

    id: str
    said: Bilingual
    made: datetime
    countersigned: datetime | None
    this_version: bool = Field(description="whether it is about the version that is filed")
    verdicts: dict[str, int]


class RemarkOut(Answer):
    """Why a field was returned, and what the filer said or did."""

    id: str
    submission: int
    code: str
    name: Bilingual
    said: Words
    created: datetime
    reply: dict[str, Any] | None
    replied: datetime | None
    changed: bool = Field(description="whether the field was changed since")


class ChangeOut(Answer):
    """Something that the last submission has otherwise than the one before."""

    key: str = Field(description="of the field; empty for reports and explanation")
    name: Bilingual
    before: Bilingual | None = Field(description="null: it was not there")
    after: Bilingual | None = Field(description="null: it was taken out")


class ReplyOut(Answer):
    """One reply to a remark."""

    at: datetime
    who: Bilingual = Field(description="a colleague by name, anybody else as their organisation")
    said: dict[str, str]


class AskedOut(Answer):
    """What was asked of one answer, and what became of it."""

    remark_id: str
    code: str
    name: Bilingual
    said: dict[str, str]
    replies: list[ReplyOut]
    change: ChangeOut | None = Field(
        description="what the next submission has otherwise; null: nothing, or not submitted yet"
    )


class ReturnOut(Answer):
    """One return of a filing, and how it was answered."""

    submission: int = Field(description="the number of the submission that was returned")
    at: datetime
    who: Bilingual
    reason: dict[str, str] | None = Field(description="what was said of the whole filing")
    asked: list[AskedOut]
    answered: datetime | None = Field(description="when it was submitted again")
    answered_by: Bilingual | None
    besides: list[ChangeOut] = Field(description="what changed without being asked for")


class ComparisonOut(Answer):
    """The last submission beside the one before."""

    number: int = Field(description="of the last submission, from 1")
    said: Bilingual = Field(description="what the comparison comes to, or why there is none")
    changes: list[ChangeOut] | None = Field(
        description="in the order of the form; null where there is nothing to compare with"
    )


class FilingOut(FilingLine):
    """A filing with its answers, its grade and the steps that are open to you."""

    schema_version: str = Field(
        description="version of the form that the filing is kept under (`/words/fields`)"
    )
    answers: dict[str, Any] = Field(
        description="every stored answer by its key, as it was given", json_schema_extra=_named
    )
    set_aside: list[str] = Field(
        description="places of answers (a key, or a path inside one) that do not apply at present: kept, "
        "neither required nor published, and counted again as soon as they apply"
    )
    computed: dict[str, Any] = Field(
        description="fields that the platform fills in", json_schema_extra=_named
    )
    report_ids: list[str]
    explanation_id: str | None
    percent: int = Field(description="share of the required answers that are sound")
    lacking: list[Fault]
    claims: dict[str, Bilingual] = Field(
        description="field → what is remarked of words in it that claim an approval; a name that "
        "holds them is submitted and published with a reason only"
    )
    contradictions: list[dict[str, Any]] = Field(
        description="what the dossier declares otherwise than it was measured: {id, kind, place, "
        "columns, declared, measured, n, said}; each is corrected, or kept with a reason when it is "
        "submitted"
    )
    to_compare: dict[str, Any] = Field(
        description="of the free words of groups D and H: {compared: by language, how many sentences were "
        "compared with what was measured by program, left: [{where, language, said, measured: [{plain, "
        "measured}]}]}, those that name what was measured and were not compared: read them beside it"
    )
    hard_words: list[dict[str, Any]] = Field(
        description="what group H says in words that are hard to understand: {id, kind, place, words, "
        "said}; each is put plainly, or kept with a reason when it is submitted"
    )
    gate: GateOut | None = Field(description="what the risk grade asks for")
    grade_proposal: ProposalOut | None = Field(
        description="for the authority: a change of the grade that waits for a second reviewer"
    )
    same_model: list[Bilingual] = Field(
        description="for the authority: live filings of other organisations with the same bytes"
    )
    evidence: list[EvidenceOut] = Field(description="the attached reports, as the gate reads them")
    open_remarks: list[RemarkOut] = Field(
        description="for filer and authority: what was returned and is neither answered nor changed"
    )
    returned_for: dict[str, str] | None = Field(
        description="the reason given for the whole filing while it stands returned"
    )
    ended_for: dict[str, str] | None = Field(
        description="for filer and authority: why it ended, with the formal ground where it has one"
    )
    since_edition: list[Bilingual] = Field(
        description="answers that differ from the last published edition, old and new text"
    )
    since_submission: list[Fault] = Field(
        description="fields changed between the last two submissions, by whom and when"
    )
    resubmitted: ComparisonOut | None = Field(
        description="for filer and authority: old and new text since the submission before; null "
        "for a filing never submitted"
    )
    steps: list[StepOut]


class AnswersIn(RequestBody):
    """Answers by field code; those not named stay, null clears one."""

    answers: dict[str, Any] = Field(
        description="by key, under the version of the form that the filing is kept under "
        "(`schema_version`); null clears one. A draft keeps what is over a limit; it cannot be "
        "submitted so",
        examples=[{NAME: {"zh": "信贷审批模型", "en": "Credit approval model"}}],
        json_schema_extra=_named,
    )
    revision: Read


class NewerFormOut(Answer):
    """What taking a filing to the newest version of the form would change."""

    version: str = Field(description="that the filing is kept under")
    newest: str
    changes: list[Bilingual] = Field(description="what the newest asks otherwise")
    left_behind: list[Bilingual] = Field(description="answers that have no place in it any more")
    asked: list[Fault] = Field(description="what it asks that is not asked now")

    @classmethod
    def of(cls, found: Preview) -> "NewerFormOut":
        """The JSON form of a preview."""
        return cls(
            version=found.version,
            newest=found.newest,
            changes=[Bilingual.of(each) for each in found.changes],
            left_behind=[Bilingual.of(each) for each in found.left_behind],
            asked=[Fault.of(each) for each in found.asked],
        )


class AttachmentIn(RequestBody):
    """A report or an explanation of the same model."""

    report_id: str | None = None
    explanation_id: str | None = None
    revision: Read


class FileOut(Answer):
    """A file as an answer names it; page and date until which it is valid may stand beside."""

    name: str
    sha256: str
    size: int
    kind: str
    pages: int | None = Field(description="of a PDF")

    @classmethod
    def of(cls, made: EvidenceFile) -> "FileOut":
        """The JSON form of a file."""
        return cls(**made.named, kind=made.kind, pages=made.pages)


class MoveIn(RequestBody):
    """Another version of the same model."""

    version_id: str
    revision: Read


class CopyIn(RequestBody):
    """Another filing of the same organisation, from which answers are taken over."""

    earlier_id: str = Field(max_length=64)
    revision: Read


class ReplyIn(Words):
    """What the filer says to a remark."""

    revision: Read


class RemarkIn(Words):
    """Why one field goes back."""

    code: str = Field(max_length=10, examples=[NAME])


class StepIn(RequestBody):
    """A step of the procedure."""

    action: Action
    reason: Words | None = Field(None, description="for steps that need one")
    differing: dict[str, Words] = Field(
        default_factory=dict,
        description="with `submit`, by the id of a contradiction (`contradictions`), why what is "
        "declared differs from what was measured, and of hard words (`hard_words`), why they are kept; "
        "reviewer and public read it",
    )
    revision: Read


class ReviewIn(StepIn):
    """A reviewer's step."""

    remarks: list[RemarkIn] = Field([], description="for a return: field by field")
    ground: str | None = Field(
        None,
        max_length=40,
        description="to decline or to refuse a change, the formal ground: "
        + "; ".join(f"`{name}` {each.en}" for name, each in formal_grounds.GROUNDS.items()),
    )


class AgainstIn(RequestBody):
    """What a decision without further words is made against."""

    revision: Read


class GradeIn(RequestBody):
    """Another grade than the computed one, with a reason of at least a sentence."""

    level: Level
    reason: Words
    revision: Read


def line(filing: Filing) -> FilingLine:
    """A filing as a list shows it."""
    return FilingLine.model_validate({**_record(filing, FilingLine)})


def _record(filing: Filing, shape: type[Answer]) -> dict[str, Any]:
    own = {name: getattr(filing, name) for name in shape.model_fields if hasattr(filing, name)}
    return {**own, "status_name": STATUS_NAMES[Status(filing.status)].as_json()}


def whole(session: Database, by: By, filing: Filing) -> FilingOut:
    """A filing with everything that its reader decides on."""
    measured, told = completeness.measure(filing), filing.told
    case = review.Case(session, filing, by)
    gate = case.gate
    return FilingOut.model_validate(
        {
            **_record(filing, FilingOut),
            "set_aside": applicability.set_aside(Answers(told.form, filing.answers, told.derived)),
            "computed": computed.fields(session, filing, case.evidence),
            "percent": measured.percent,
            "lacking": [Fault.of(reason) for reason in measured.reasons],
            "claims": {
                key: Bilingual.of(said)
                for key, said in tested_acts.beside(
                    session, told, case.evidence, cautions.remarks(told)
                ).items()
            },
            "contradictions": [each.as_json() for each in case.contradictions],
            "to_compare": declared.read(session, filing).as_json(),
            "hard_words": [each.as_json() for each in case.hard_words],
            "gate": GateOut.of(gate) if gate else None,
            "grade_proposal": _proposal(session, by, filing),
            "same_model": [Bilingual.of(each) for each in same_model.told(session, filing)]
            if by.kind is Kind.AUTHORITY
            else [],
            "evidence": [_evidence(session, filing, each) for each in case.evidence],
            **_read_again(session, by, filing),
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


def _evidence(session: Database, filing: Filing, each: Evidence) -> EvidenceOut:
    return EvidenceOut(
        id=each.report_id,
        said=Bilingual.of(each.sentence),
        made=each.made,
        countersigned=each.countersigned,
        this_version=each.model_digest == submission.get(session, filing.version_id).digest,
        verdicts=dict(each.verdicts),
    )


def _read_again(session: Database, by: By, filing: Filing) -> dict[str, Any]:
    """What was returned, and what changed since: for those who wrote it or decide on it."""
    party = by.kind is Kind.AUTHORITY or by.organisation_id == filing.organisation_id
    edition = editions.newest(session, filing.id) if party else None
    on_file = edition.on_file_told() if edition else filing.told
    return {
        "open_remarks": [remark_out(each, filing) for each in remarks.unsettled(session, filing)]
        if party
        else [],
        "returned_for": remarks.returned_for(session, filing) if party else None,
        "ended_for": formal_grounds.told(filing.exit_reason) if party else None,
        "since_edition": [
            Bilingual.of(each) for each in differences.answered(on_file, filing.told)
        ],
        "since_submission": [
            Fault.of(each) for each in revision.since_submission(session, filing, reader=by)
        ]
        if party
        else [],
        "resubmitted": _resubmitted(session, filing) if party else None,
    }


def _resubmitted(session: Database, filing: Filing) -> ComparisonOut | None:
    found = submissions.compared(session, filing)
    if found is None:
        return None
    changes = None if found.changes is None else [change_out(each) for each in found.changes]
    return ComparisonOut(number=found.number, said=Bilingual.of(found.said), changes=changes)


def change_out(each: submissions.Change) -> ChangeOut:
    """The JSON form of a change between two submissions."""
    return ChangeOut(
        key=each.key,
        name=Bilingual.of(each.name),
        before=Bilingual.of(each.before) if each.before else None,
        after=Bilingual.of(each.after) if each.after else None,
    )


def _proposal(session: Database, by: By, filing: Filing) -> ProposalOut | None:
    waiting = filing.grade_proposal
    if waiting is None or by.kind is not Kind.AUTHORITY:
        return None
    return ProposalOut(
        level=waiting["level"],
        reason=waiting["reason"],
        proposed=waiting["proposed"],
        by=session.get_one(Person, waiting["proposed_by"]).name,
        yours=waiting["proposed_by"] == by.person_id,
    )


def return_out(told: Return) -> ReturnOut:
    """The JSON form of a return."""
    return ReturnOut(
        submission=told.submission,
        at=told.at,
        who=Bilingual.of(told.who),
        reason=None if told.reason is None else dict(told.reason),
        asked=[
            AskedOut(
                remark_id=each.remark_id,
                code=each.key,
                name=Bilingual.of(each.name),
                said=dict(each.said),
                replies=[
                    ReplyOut(at=one.at, who=Bilingual.of(one.who), said=dict(one.said))
                    for one in each.replies
                ],
                change=each.change and change_out(each.change),
            )
            for each in told.asked
        ],
        answered=told.answered,
        answered_by=told.answered_by and Bilingual.of(told.answered_by),
        besides=[change_out(each) for each in told.besides],
    )


def remark_out(remark: Remark, filing: Filing) -> RemarkOut:
    """The JSON form of a remark."""
    return RemarkOut(
        id=remark.id,
        submission=remark.submission,
        code=remark.key,
        name=Bilingual.of(called(remark.key, filing.form)),
        said=Words(zh=remark.zh, en=remark.en),
        created=remark.created,
        reply=remark.reply,
        replied=remark.replied,
        changed=remark.changed_in(filing),
    )
