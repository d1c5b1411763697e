"""The report page: for its parties from the start, for everyone once a filing carries it."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.orm import Session

from filing import editions
from portal import sight
from portal.access import allow, public
from portal.at_hand import Database
from portal.identity import Asking, By
from portal.pages import forms, report_view
from portal.pages.rendering import Lang, go, reject, render
from portal.uploads import Form
from registry import reports, submission
from registry.errors import RegisterError
from registry.organisations import Actor, Role
from registry.reports import Report, ReportNotFound
from registry.tokens import Scope

router = APIRouter(prefix="/{language}", include_in_schema=False)

ENVELOPE_LIMIT = 32 * 1024**2


@router.get("/reports/{report_id}.json", dependencies=[public])
def report_json(session: Database, asking: Asking, report_id: str) -> Response:
    """The signed statement as JSON."""
    report = readable(session, report_id, asking.actor if asking else None)
    return JSONResponse(reports.statement(report))


@router.get("/reports/{report_id}/envelope", dependencies=[public])
def envelope(session: Database, asking: Asking, report_id: str) -> Response:
    """The DSSE envelope, byte for byte, as a file."""
    report = readable(session, report_id, asking.actor if asking else None)
    return Response(
        report.envelope,
        media_type="application/vnd.dsse+json",
        headers={"content-disposition": f'attachment; filename="report-{report.id}.dsse.json"'},
    )


@router.get("/reports/{report_id}", dependencies=[public])
def report_page(
    request: Request,
    language: Lang,
    session: Database,
    asking: Asking,
    report_id: str,
) -> Response:
    """The report: a first screen for a lawyer, then every finding, then how to check it."""
    actor = asking.actor if asking else None
    report = readable(session, report_id, actor)
    version = submission.get(session, report.version_id)
    newest = submission.latest(session, version.model_id)
    view = report_view.view(reports.statement(report), language)
    return render(
        request,
        "report.html",
        language=language,
        asking=asking,
        report=report,
        view=view,
        version=version,
        model=submission.model_of(session, version),
        rules=_price_rules(view.predicate),
        earlier=bool(newest and newest.digest != report.model_digest),
        may_countersign=_may_countersign(actor, report),
        back=f"/{language}/desk" if actor else None,
    )


@router.post(
    "/reports/{report_id}/countersign",
    dependencies=[allow(Role.TESTER, Role.FILER, scope=Scope.EVALUATE, upload=True)],
)
def countersign(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    form: Form,
    report_id: str,
) -> Response:
    """Take the envelope that the tester signed at home."""
    try:
        text = forms.read_file(form, "envelope", ENVELOPE_LIMIT)
        reports.countersign(session, by=by, report_id=report_id, envelope_text=text)
    except RegisterError as error:
        session.rollback()
        reject(request, error)
        return report_page(request, language, session, asking, report_id)
    return go(f"/{language}/reports/{report_id}", "countersigned")


def readable(session: Session, report_id: str, actor: Actor | None) -> Report:
    """The report, for its parties, the authority, and everyone once a filing carries it.

    Raises:
        ReportNotFound: when there is none, or none that this reader may see.
    """
    report = reports.get(session, report_id)
    owner = submission.get(session, report.version_id).organisation_id
    party = actor is not None and (
        actor.organisation_id in (report.organisation_id, owner) or sight.reviews(actor)
    )
    if party or editions.carries(session, report):
        return report
    raise ReportNotFound("没有这份报告。", "There is no such report.")


def _may_countersign(actor: Actor | None, report: Report) -> bool:
    return (
        actor is not None
        and report.countersigned is None
        and actor.organisation_id == report.organisation_id
        and bool(actor.roles & {Role.TESTER, Role.FILER})
    )


def _price_rules(predicate: Any) -> list[dict[str, Any]]:
    """The table by rule, for a report on prices."""
    from evaluators import price_rules

    return price_rules.of(predicate)
