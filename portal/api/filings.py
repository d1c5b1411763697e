"""Filings: opened, filled in, submitted, reviewed."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from filing import (
    copying,
    dossier,
    evidence_files,
    prepared,
    regrading,
    remarks,
    renewing,
    review,
    taking,
    thread,
)
from filing.dossier import Filing
from portal.api.dossiers import (
    AGAINST,
    AgainstIn,
    AnswersIn,
    AttachmentIn,
    CopyIn,
    FileOut,
    FilingLine,
    FilingOut,
    GradeIn,
    MoveIn,
    NewerFormOut,
    RemarkOut,
    ReplyIn,
    ReturnOut,
    ReviewIn,
    StepIn,
    Words,
    line,
    remark_out,
    return_out,
    whole,
)
from portal.api.shapes import Bilingual, Page, Paged
from portal.web import sight
from portal.web.access import allow
from portal.web.at_hand import Configured, Database, Store
from portal.web.identity import By
from portal.web.uploads import Body
from registry import attachments
from registry.attachments import Sent
from registry.language import Text
from registry.organisations import Role
from registry.tokens import Scope

router = APIRouter(tags=["filings"])
FILE = Scope.FILE
BYTES = {
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
        },
    }
}


@router.post(
    "/versions/{version_id}/filings",
    status_code=201,
    dependencies=[allow(Role.FILER, scope=FILE)],
    summary="新建备案 · Open a filing",
)
def open_filing(by: By, session: Database, version_id: str) -> FilingOut:
    """Open a draft for a version, prefilled from your organisation and an earlier filing."""
    version = sight.version(session, by, version_id)
    return whole(session, by, dossier.open_filing(session, by=by, version_id=version.id))


@router.get("/filings", dependencies=[allow(Role.FILER)], summary="本单位的备案 · Your filings")
def mine(by: By, session: Database, paging: Paged) -> Page[FilingLine]:
    """The filings of your organisation, newest first."""
    return paging.whole(
        dossier.of_organisation(session, by.organisation_id), line, key=lambda row: row.id
    )


@router.get(
    "/filings/queue",
    dependencies=[allow(Role.REVIEWER)],
    summary="待审备案 · What waits for review",
)
def queue(by: By, session: Database, paging: Paged) -> Page[FilingLine]:
    """What waits for a reviewer, oldest submission first."""
    return paging.whole(review.queue(session, by=by), line, key=lambda row: row.id)


@router.get(
    "/filings/{filing_id}",
    dependencies=[allow(Role.FILER, Role.TESTER, Role.REVIEWER)],
    summary="备案材料 · One filing",
)
def one(by: By, session: Database, filing_id: str) -> FilingOut:
    """A dossier, for its filer, an engaged tester, and the authority once it was submitted."""
    return whole(session, by, dossier.get(session, by=by, filing_id=filing_id))


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
    return whole(session, by, made)


@router.get(
    "/filings/{filing_id}/offered",
    dependencies=[allow(Role.FILER)],
    summary="可以取来的内容 · What can be taken from elsewhere",
)
def offered(request: Request, by: By, session: Database, filing_id: str) -> dict[str, Any]:
    """Open answers that stand elsewhere already, each with its source and that source's digest.

    Read are MLmodel, model card, Croissant descriptions, the MLflow run and your data sets on record.
    Nothing is put in: send what you take as `answers`, as it is.
    """
    filing = dossier.get(session, by=by, filing_id=filing_id)
    by.own(filing.organisation_id)
    state = request.app.state
    return dict(taking.offered(session, state.store, state.mlflow_notes, filing))


@router.delete(
    "/filings/{filing_id}/groups/{group}/{position}",
    dependencies=[allow(Role.FILER, scope=FILE)],
    summary="删去一组内容，如一个数据集 · Drop one set of a group, such as a data set",
)
def drop(
    by: By,
    session: Database,
    filing_id: str,
    group: str,
    position: int,
    revision: Annotated[int, Query(ge=1, description=AGAINST)],
) -> FilingOut:
    """Take one set out of a group that has several; the later ones move up."""
    made = dossier.drop_set(
        session, by=by, filing_id=filing_id, group=group, number=position, revision=revision
    )
    return whole(session, by, made)


@router.post(
    "/filings/{filing_id}/attachments",
    dependencies=[allow(Role.FILER, scope=FILE)],
    summary="附上报告或说明 · Attach",
)
def attach(by: By, session: Database, filing_id: str, given: AttachmentIn) -> FilingOut:
    """Attach a report or an explanation of this model; attaching twice changes nothing."""
    made = dossier.attach(session, by=by, filing_id=filing_id, **given.model_dump())
    return whole(session, by, made)


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
    return whole(session, by, made)


@router.post(
    "/filings/{filing_id}/files",
    status_code=201,
    dependencies=[allow(Role.FILER, scope=FILE, upload=True)],
    openapi_extra=BYTES,
    summary="上传证明文件 · Upload an evidence file",
)
def upload(
    *,
    by: By,
    sent: Body,
    session: Database,
    store: Store,
    settings: Configured,
    filing_id: str,
    name: Annotated[str, Query(max_length=200, description="as you call the file")] = "file",
) -> FileOut:
    """Send the file itself as the body; the answer is what an answer names it by.

    Its kind is told by its content (PDF, PNG, JPEG, WebP or plain text); it is looked at in a
    confined process and kept as it is. Until it is submitted it goes once no answer names it.
    """
    with sent.open("rb") as reading:
        file = Sent(name, reading.read(settings.attachment_bytes + 1))
    dossier.open_to(session, by=by, filing_id=filing_id)
    looked = attachments.look(file, settings)
    return FileOut.of(
        dossier.keep_file(session, store, by=by, filing_id=filing_id, sent=file, looked=looked)
    )


@router.get(
    "/filings/{filing_id}/files/{sha256}",
    dependencies=[allow(Role.FILER, Role.TESTER, Role.REVIEWER)],
    response_class=Response,
    summary="打开证明文件 · Open an evidence file",
)
def evidence_file(
    by: By, session: Database, store: Store, filing_id: str, sha256: str
) -> Response:
    """A file of a dossier, to be saved, for who may read the dossier; never shown as a page."""
    filing = dossier.get(session, by=by, filing_id=filing_id)
    return handed_out(evidence_files.opened(session, store, filing.id, sha256))


@router.post(
    "/filings/{filing_id}/version",
    dependencies=[allow(Role.FILER, scope=FILE)],
    summary="改为另一个版本 · Point at another version",
)
def move(by: By, session: Database, filing_id: str, given: MoveIn) -> FilingOut:
    """Point the filing at another version; what is attached is at once about an earlier one."""
    made = dossier.move(session, by=by, filing_id=filing_id, **given.model_dump())
    return whole(session, by, made)


@router.post(
    "/filings/{filing_id}/copy",
    dependencies=[allow(Role.FILER, scope=FILE)],
    summary="从另一份备案取来 · Take over from another filing",
)
def copy(by: By, session: Database, filing_id: str, given: CopyIn) -> FilingOut:
    """Take answers over from another filing of yours, into what is open; each with its source."""
    made = copying.copy(session, by=by, filing_id=filing_id, **given.model_dump())
    return whole(session, by, made)


@router.get(
    "/filings/{filing_id}/form",
    dependencies=[allow(Role.FILER)],
    summary="换成新版备案表会改变什么 · What the newest form would change",
)
def newer_form(by: By, session: Database, filing_id: str) -> NewerFormOut | None:
    """What taking it to the newest version of the form would change; null where it is under it."""
    filing = dossier.get(session, by=by, filing_id=filing_id)
    by.own(filing.organisation_id)
    found = renewing.preview(filing)
    return NewerFormOut.of(found) if found else None


@router.post(
    "/filings/{filing_id}/form",
    dependencies=[allow(Role.FILER, scope=FILE)],
    summary="换成新版备案表 · Move to the newest form",
)
def carry_forward(by: By, session: Database, filing_id: str, given: AgainstIn) -> FilingOut:
    """Take the filing to the newest version of the form; under it already, nothing changes."""
    made = renewing.carry_forward(session, by=by, filing_id=filing_id, revision=given.revision)
    return whole(session, by, made)


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
        differing={name: Text(said.zh, said.en or "") for name, said in wanted.differing.items()},
        revision=wanted.revision,
    )
    return whole(session, by, made)


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
        ground=wanted.ground,
        revision=wanted.revision,
    )
    return whole(session, by, made)


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
    return whole(session, by, made)


@router.post(
    "/filings/{filing_id}/grade/confirmation",
    dependencies=[allow(Role.REVIEWER, scope=Scope.REVIEW)],
    summary="确认调整风险等级 · Confirm the other grade",
)
def confirm_grade(by: By, session: Database, filing_id: str, against: AgainstIn) -> FilingOut:
    """Put the proposed grade into force; who proposed it cannot confirm it."""
    made = regrading.confirm(session, by=by, filing_id=filing_id, revision=against.revision)
    return whole(session, by, made)


@router.post(
    "/filings/{filing_id}/grade/dismissal",
    dependencies=[allow(Role.REVIEWER, scope=Scope.REVIEW)],
    summary="撤下等级调整 · Dismiss the other grade",
)
def dismiss_grade(by: By, session: Database, filing_id: str, against: AgainstIn) -> FilingOut:
    """Take the proposed grade off the table, as its proposer or as a reviewer who does not agree."""
    made = regrading.dismiss(session, by=by, filing_id=filing_id, revision=against.revision)
    return whole(session, by, made)


@router.get(
    "/filings/{filing_id}/remarks",
    dependencies=[allow(Role.FILER, Role.REVIEWER)],
    summary="退回意见 · Remarks",
)
def remarks_on(by: By, session: Database, paging: Paged, filing_id: str) -> Page[RemarkOut]:
    """Why fields were returned, oldest first, with the filer's replies."""
    filing = dossier.get(session, by=by, filing_id=filing_id)
    rows = remarks.on(session, filing)
    return paging.whole(rows, lambda row: remark_out(row, filing), key=lambda row: row.id)


@router.get(
    "/filings/{filing_id}/returns",
    dependencies=[allow(Role.FILER, Role.REVIEWER)],
    summary="退回和补正的经过 · Returns and answers",
)
def returns(by: By, session: Database, paging: Paged, filing_id: str) -> Page[ReturnOut]:
    """Each return with what was asked, answered and changed, by whom and when, oldest first."""
    rows = thread.of(session, dossier.get(session, by=by, filing_id=filing_id), reader=by)
    return paging.whole(rows, return_out, key=lambda row: row.at.isoformat())


@router.get(
    "/prepared-remarks",
    dependencies=[allow(Role.REVIEWER)],
    summary="备好的退回理由 · Reasons that are prepared",
)
def prepared_remarks() -> list[Bilingual]:
    """Reasons for a return that are given often: take one as it is, or write your own."""
    return [Bilingual.of(each) for each in prepared.PREPARED]


@router.post(
    "/remarks/{remark_id}/reply",
    dependencies=[allow(Role.FILER, scope=FILE)],
    summary="答复退回意见 · Reply to a remark",
)
def reply(by: By, session: Database, remark_id: str, words: ReplyIn) -> RemarkOut:
    """Answer a remark of the present round; changing the field is an answer, too."""
    made = remarks.reply(session, by=by, remark_id=remark_id, **words.model_dump())
    return remark_out(made, session.get_one(Filing, made.filing_id))


def handed_out(found: evidence_files.Opened) -> Response:
    """A file as it is sent: to be saved, run by nothing, kept by nobody on the way.

    Args:
        found: the file.
    """
    return Response(
        found.content,
        media_type=found.media_type,
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _said(words: Words | None) -> Mapping[str, str] | None:
    return None if words is None else words.model_dump()
