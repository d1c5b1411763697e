"""Evaluation reports: read, taken home to be signed, countersigned."""

from datetime import datetime
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import Field

from evaluators.running import comparison
from filing import withdrawing
from portal.api.shapes import Answer, Bilingual, Page, Paged, RequestBody, WordsIn
from portal.web import sight
from portal.web.access import allow
from portal.web.at_hand import Database, Store
from portal.web.identity import By
from portal.web.uploads import Body
from registry import attestation, finding_answers, reports
from registry.attestation import BadLayer, Layer
from registry.finding_answers import FindingAnswer
from registry.organisations import Role
from registry.reports import Report
from registry.tokens import Scope

router = APIRouter(tags=["reports"])
SEEN = allow(Role.FILER, Role.TESTER, Role.REVIEWER)
ENVELOPE = {
    "requestBody": {
        "required": True,
        "description": "The DSSE envelope that `mingsuan sign` wrote, byte for byte.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


class ReportOut(Answer):
    """A report without its findings: what it is bound to and who signed it."""

    id: str
    evaluation_id: str
    version_id: str
    organisation_id: str
    third_party: bool
    model_digest: str
    statement_digest: str
    findings_digest: str
    sealed_digest: str
    created: datetime
    countersigned: datetime | None
    countersigned_key_id: str | None
    withdrawn: datetime | None = Field(description="when whoever made it took it back")
    withdrawal: dict[str, str] | None = Field(description="why, in their words: zh, en")
    about_earlier_version: bool = Field(description="whether the model has changed since")


class WithdrawalIn(RequestBody):
    """Why a report is taken back; the public reads it."""

    reason: WordsIn


class AnswerIn(RequestBody):
    """What the filer answers to a finding; the public reads it as the filer's words."""

    said: WordsIn


class AnswerOut(Answer):
    """One answer to one finding."""

    id: str
    finding: int = Field(description="the place of the finding in the report, from 1")
    created: datetime
    said: dict[str, str]

    @classmethod
    def of(cls, made: FindingAnswer) -> "AnswerOut":
        """The JSON form of an answer."""
        return cls(id=made.id, finding=made.finding, created=made.created, said=made.said)


class WholeReport(ReportOut):
    """A report with the in-toto statement that was signed."""

    statement: dict[str, Any]


@router.get("/versions/{version_id}/reports", dependencies=[SEEN], summary="版本的报告 · Reports")
def of_version(by: By, session: Database, paging: Paged, version_id: str) -> Page[ReportOut]:
    """The reports on a version, newest first; a tester sees its own."""
    version = sight.version(session, by, version_id)
    whole = by.organisation_id == version.organisation_id or sight.reviews(by)
    rows = [
        report
        for report in reports.for_version(session, version_id)
        if whole or report.organisation_id == by.organisation_id
    ]
    return paging.whole(rows, lambda row: _shape(session, row), key=lambda row: row.id)


@router.get("/reports/{report_id}", dependencies=[SEEN], summary="评估报告 · One report")
def one(by: By, session: Database, report_id: str) -> WholeReport:
    """A report with its statement, for those who ran it, the version's owner and the authority."""
    report = sight.report(session, by, report_id)
    return WholeReport(**_shape(session, report).model_dump(), statement=reports.statement(report))


class ComparisonOut(Answer):
    """Two reports beside each other: what got better, worse, or shows no change."""

    counts: dict[str, int] = Field(description="findings by what became of them")
    same: dict[str, bool] = Field(description="whether subject, plan, data, … are the same")
    method: Bilingual
    findings: list[dict[str, Any]]


@router.get(
    "/reports/{report_id}/comparison",
    dependencies=[SEEN],
    summary="比较两份报告 · Compare two reports",
)
def compare(by: By, session: Database, report_id: str, earlier: str) -> ComparisonOut:
    """This report held against an earlier one, finding by finding, worst change first.

    The interval of a change follows from the two stated intervals; `better` and `worse` have
    passed Holm's correction. `unchanged` means that no change was shown.
    """
    before, after = sight.report(session, by, earlier), sight.report(session, by, report_id)
    found = comparison.compare(reports.statement(before), reports.statement(after))
    return ComparisonOut(**found.as_json())


@router.get(
    "/reports/{report_id}/envelope",
    dependencies=[SEEN],
    response_class=Response,
    responses={200: {"content": {"application/json": {"schema": {"type": "object"}}}}},
    summary="签名信封 · The signed envelope",
)
def envelope(by: By, session: Database, report_id: str) -> Response:
    """The envelope byte for byte: this is what `mingsuan sign` and `mingsuan verify` read."""
    report = sight.report(session, by, report_id)
    return Response(
        report.envelope.encode(),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="report-{report.id}.json"'},
    )


@router.post(
    "/reports/{report_id}/countersignature",
    dependencies=[allow(Role.TESTER, Role.FILER, scope=Scope.EVALUATE, upload=True)],
    openapi_extra=ENVELOPE,
    summary="签章确认 · Countersign",
)
def countersign(*, by: By, signed: Body, session: Database, report_id: str) -> ReportOut:
    """Hand in the envelope to which your organisation added its signature at home."""
    report = reports.countersign(session, by=by, report_id=report_id, envelope_text=_text(signed))
    return _shape(session, report)


@router.post(
    "/reports/{report_id}/withdrawal",
    dependencies=[allow(Role.TESTER, Role.FILER, scope=Scope.EVALUATE)],
    summary="撤回报告 · Withdraw a report",
)
def withdraw(by: By, session: Database, report_id: str, wanted: WithdrawalIn) -> ReportOut:
    """Take back a report that your organisation made: it counts no longer and stays readable.

    Reviews leave it out, and published pages say at once that it was withdrawn, and why.
    """
    reason = wanted.reason.model_dump()
    report = withdrawing.withdraw(session, by=by, report_id=report_id, reason=reason)
    return _shape(session, report)


@router.get(
    "/reports/{report_id}/answers",
    dependencies=[SEEN],
    summary="备案主体对结果的回应 · Answers to findings",
)
def answers(by: By, session: Database, paging: Paged, report_id: str) -> Page[AnswerOut]:
    """What the filer answered, finding by finding, oldest first."""
    report = sight.report(session, by, report_id)
    found = finding_answers.of_reports(session, [report.id]).get(report.id, {})
    rows = [each for number in sorted(found) for each in found[number]]
    return paging.whole(rows, AnswerOut.of, key=lambda row: row.id)


@router.post(
    "/reports/{report_id}/findings/{finding}/answers",
    status_code=201,
    dependencies=[allow(Role.FILER, scope=Scope.FILE)],
    summary="回应一条结果 · Answer a finding",
)
def answer(
    by: By,
    session: Database,
    report_id: str,
    finding: Annotated[int, Path(ge=1, le=1_000_000)],
    wanted: AnswerIn,
) -> AnswerOut:
    """Put your answer beside a finding of a report on your model: it is public and stays."""
    said = wanted.said.model_dump()
    made = finding_answers.answer(session, by=by, report_id=report_id, finding=finding, said=said)
    return AnswerOut.of(made)


@router.get(
    "/reports/{report_id}/sealed-evidence",
    dependencies=[SEEN],
    summary="完整证据 · Sealed evidence",
)
def sealed(by: By, session: Database, store: Store, report_id: str) -> dict[str, Any]:
    """The full accumulators, for the authority and those who ran the evaluation."""
    return reports.sealed_evidence(session, store, by=by, report_id=report_id)


def _text(path: FilePath) -> str:
    if path.stat().st_size > attestation.MAX_ENVELOPE:
        raise BadLayer(Layer.FILE, "文件太大。", "it is too large.")
    try:
        return path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError as error:
        raise BadLayer(Layer.FILE, "不是 UTF-8 文本。", "it is not UTF-8 text.") from error


def _shape(session: Database, report: Report) -> ReportOut:
    values = {
        name: getattr(report, name)
        for name in ReportOut.model_fields
        if name != "about_earlier_version"
    }
    return ReportOut(**values, about_earlier_version=sight.outdated(session, report))
