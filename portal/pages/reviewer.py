"""Pages for the authority: the dossier beside report and explanation, and the decision."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from filing import completeness, computed, dossier, evidence, remarks, review, wording
from filing.fields import schema
from filing.lifecycle import ACTION_NAMES, EVENT_NAMES, Action
from portal.access import allow
from portal.at_hand import Database
from portal.identity import Asking, By
from portal.pages import explaining, forms, overlap, report_view
from portal.pages.filings import line, turn_down
from portal.pages.rendering import Lang, go, render
from portal.uploads import Form
from registry import explanations, journal, reports, submission
from registry.errors import RegisterError
from registry.organisations import Role
from registry.tokens import Scope

router = APIRouter(prefix="/{language}", include_in_schema=False)


@router.get("/review/{filing_id}", dependencies=[allow(Role.REVIEWER)])
def review_page(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    filing_id: str,
) -> Response:
    """Everything a reviewer decides on, on one page."""
    filing = dossier.get(session, by=by, filing_id=filing_id)
    version = submission.get(session, filing.version_id)
    attached = [reports.get(session, each) for each in filing.report_ids]
    explanation = (
        explanations.get(session, filing.explanation_id) if filing.explanation_id else None
    )
    return render(
        request,
        "review.html",
        language=language,
        asking=asking,
        filing=filing,
        line=line(session, filing),
        version=version,
        model=submission.model_of(session, version),
        groups=schema().groups,
        keys=schema().keys(filing.answers),
        field_of=schema().field,
        answers=filing.answers,
        computed=computed.fields(session, filing, evidence.attached(session, filing)),
        complete=completeness.measure(filing),
        grade=computed.grade(filing),
        gate=review.gate_of(session, filing),
        reports=[(each, report_view.view(reports.statement(each), language)) for each in attached],
        explained=explaining.view(explanation.content, language)
        if explanation and explanation.content
        else None,
        remarks=remarks.on(session, filing),
        steps=review.choices(session, by=by, filing=filing),
        action_names=ACTION_NAMES,
        event_names=EVENT_NAMES,
        worded=wording.of,
        events=journal.history(session, filing.id),
    )


@router.post(
    "/review/{filing_id}/steps/{action}",
    dependencies=[allow(Role.REVIEWER, scope=Scope.REVIEW)],
)
def decide(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    form: Form,
    filing_id: str,
    action: Action,
) -> Response:
    """One step of the procedure that is the reviewer's."""
    given: list[dict[str, Any]] = [
        {"code": key, "zh": text} for key, text in forms.prefixed(form, "remark/").items() if text
    ]
    reason = forms.text(form, "reason")
    try:
        review.take(
            session,
            by=by,
            filing_id=filing_id,
            action=action,
            revision=overlap.revision(form),
            remarks=given,
            reason={"zh": reason} if reason else None,
        )
    except RegisterError as error:
        session.rollback()
        turn_down(request, error, forms.typed(form))
        return review_page(request, language, session, by, asking, filing_id)
    return go(f"/{language}/review/{filing_id}", "decided")
