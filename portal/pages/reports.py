"""The report page: for its parties from the start, for everyone once a filing carries it."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluators.running import comparison
from filing import editions, standing, testers, withdrawing, withdrawn
from portal.pages import answers, comparison_view, forms, report_view
from portal.pages.attempts import attempt
from portal.pages.boxes import called
from portal.pages.rendering import Lang, go, reject, render
from portal.web import sight
from portal.web.access import allow, public
from portal.web.at_hand import Database
from portal.web.identity import Asking, By, Identity
from portal.web.page_cache import keep
from portal.web.uploads import Form
from registry import finding_answers, reports, submission
from registry.errors import RegisterError
from registry.organisations import Actor, Role
from registry.reports import Report, ReportNotFound
from registry.submission import Version
from registry.tokens import Scope

router = APIRouter(prefix="/{language}", include_in_schema=False)

OTHERS = 8
ENVELOPE_LIMIT = 32 * 1024**2


Page = Annotated[int, Query(ge=1, le=100_000)]


@router.get("/testers/{tester_id}.json", dependencies=[public])
def of_tester_as_json(session: Database, tester_id: str, page: Page = 1) -> Response:
    """What is public of a tester organisation, as JSON."""
    return JSONResponse(testers.of(session, tester_id, page=page).as_json())


@router.get("/testers/{tester_id}", dependencies=[public])
def of_tester(
    request: Request,
    language: Lang,
    session: Database,
    asking: Asking,
    tester_id: str,
    page: Page = 1,
) -> Response:
    """Who a tester organisation is, and its reports that published filings carry: no rating."""
    tester = testers.of(session, tester_id, page=page)
    return render(request, "tester.html", language=language, asking=asking, tester=tester)


@router.get("/reports/{report_id}.json", dependencies=[public])
def report_json(request: Request, session: Database, asking: Asking, report_id: str) -> Response:
    """The signed statement as JSON."""
    keep(request, session)
    report = readable(session, report_id, asking.actor if asking else None)
    return JSONResponse(reports.statement(report))


@router.get("/reports/{report_id}/comparison.json", dependencies=[public])
def comparison_json(
    request: Request, session: Database, asking: Asking, report_id: str, earlier: str
) -> Response:
    """What the comparison of two reports comes to, as JSON."""
    keep(request, session)
    one, two = _both(session, asking, report_id, earlier)
    return JSONResponse(
        comparison.compare(reports.statement(one), reports.statement(two)).as_json()
    )


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
    keep(request, session)
    actor = asking.actor if asking else None
    report = readable(session, report_id, actor)
    version = submission.get(session, report.version_id)
    newest = standing.newest_published(session, version.model_id)
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
        others=_others(session, report, actor),
        earlier=newest if newest is not None and newest > version.number else None,
        withdrawal=withdrawn.of_report(session, report.id),
        may_countersign=_speaks_for(actor, report) and report.countersigned is None,
        may_withdraw=_speaks_for(actor, report),
        answers=answers.of(session, [report.id]).get(report.id, {}),
        may_answer=_may_answer(session, actor, report),
        back=f"/{language}/desk" if actor else None,
    )


@router.get("/reports/{report_id}/comparison", dependencies=[public])
def comparison_page(
    request: Request,
    language: Lang,
    session: Database,
    asking: Asking,
    report_id: str,
    earlier: str,
) -> Response:
    """This report beside an earlier one: what got better, worse, or shows no change."""
    keep(request, session)
    one, two = _both(session, asking, report_id, earlier)
    return render(
        request,
        "comparison.html",
        language=language,
        asking=asking,
        twin=f"/{language}/reports/{two.id}/comparison.json?{urlencode({'earlier': one.id})}",
        view=comparison_view.view(reports.statement(one), reports.statement(two), language),
        sides=[_side(session, one), _side(session, two)],
        back=f"/{language}/reports/{report_id}",
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


@router.post(
    "/reports/{report_id}/withdraw",
    dependencies=[allow(Role.TESTER, Role.FILER, scope=Scope.EVALUATE)],
)
def withdraw(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    form: Form,
    report_id: str,
) -> Response:
    """Take back a report that one's organisation made, with a reason that the public reads."""
    reason = {"zh": forms.text(form, "reason"), "en": forms.text(form, "reason_en")}
    return attempt(
        lambda: withdrawing.withdraw(session, by=by, report_id=report_id, reason=reason),
        request=request,
        session=session,
        again=lambda: report_page(request, language, session, asking, report_id),
        done=go(f"/{language}/reports/{report_id}", "report_withdrawn"),
        typed=forms.typed(form),
        names=called({"reason.en": "reason_en"}),
    )


@router.post(
    "/reports/{report_id}/findings/{finding}/answer",
    dependencies=[allow(Role.FILER, scope=Scope.FILE)],
)
def answer(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    form: Form,
    report_id: str,
    finding: Annotated[int, Path(ge=1, le=1_000_000)],
) -> Response:
    """Put the filer's answer beside a finding of a report on its own model."""
    said = {"zh": forms.text(form, "said"), "en": forms.text(form, "said_en")}
    return attempt(
        lambda: finding_answers.answer(
            session, by=by, report_id=report_id, finding=finding, said=said
        ),
        request=request,
        session=session,
        again=lambda: report_page(request, language, session, asking, report_id),
        done=go(f"/{language}/reports/{report_id}", "answered"),
        typed={**forms.typed(form), "finding": str(finding)},
        names=called({"said.en": "said_en"}),
    )


def _both(
    session: Session, asking: Identity | None, report_id: str, earlier: str
) -> tuple[Report, Report]:
    """The earlier report and the later one, where this reader may see both."""
    actor = asking.actor if asking else None
    later = readable(session, report_id, actor)
    return readable(session, earlier, actor), later


def readable(session: Session, report_id: str, actor: Actor | None) -> Report:
    """The report, for its parties, the authority, and everyone once a filing carries it.

    Raises:
        ReportNotFound: when there is none, or none that this reader may see.
    """
    report = reports.get(session, report_id)
    if _may_read(session, report, actor):
        return report
    raise ReportNotFound("没有这份报告。", "There is no such report.")


def _side(session: Session, report: Report) -> dict[str, Any]:
    """What a comparison says of a report: which version of which model, and when."""
    version = submission.get(session, report.version_id)
    return {
        "id": report.id,
        "number": version.number,
        "model": submission.model_of(session, version).name,
        "created": report.created,
        "third_party": report.third_party,
    }


def _others(session: Session, report: Report, actor: Actor | None) -> list[dict[str, Any]]:
    """The newest other reports on the same model that this reader may see."""
    model_id = submission.get(session, report.version_id).model_id
    about = (
        select(Report)
        .join(Version, Version.id == Report.version_id)
        .where(Version.model_id == model_id, Report.id != report.id)
        .order_by(Report.id.desc())
        .limit(OTHERS * 3)
    )
    found = [each for each in session.scalars(about) if _may_read(session, each, actor)]
    return [_side(session, each) for each in found[:OTHERS]]


def _may_read(session: Session, report: Report, actor: Actor | None) -> bool:
    owner = submission.get(session, report.version_id).organisation_id
    party = actor is not None and (
        actor.organisation_id in (report.organisation_id, owner) or sight.reviews(actor)
    )
    return party or editions.carries(session, report)


def _may_answer(session: Session, actor: Actor | None, report: Report) -> bool:
    """Whether the reader may answer findings: a filer of the organisation whose model was tested."""
    return (
        actor is not None
        and Role.FILER in actor.roles
        and actor.organisation_id == finding_answers.owner(session, report)
    )


def _speaks_for(actor: Actor | None, report: Report) -> bool:
    """Whether the reader may countersign or withdraw a report that stands."""
    return (
        actor is not None
        and report.withdrawn is None
        and actor.organisation_id == report.organisation_id
        and (Role.TESTER if report.third_party else Role.FILER) in actor.roles
    )
