"""Pages for the authority: the dossier beside report and explanation, and the decision."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from filing import (
    cautions,
    claims,
    completeness,
    computed,
    declared,
    differences,
    dossier,
    editions,
    evidence,
    formal_grounds,
    in_full,
    plainness,
    prepared,
    regrading,
    remarks,
    review,
    review_list,
    risk,
    same_model,
    sources,
    standing,
    submissions,
    tested_acts,
    thread,
    wording,
)
from filing import revision as revisions
from filing.dossier import Filing
from filing.editions import Making
from filing.evidence import Evidence
from filing.gate import Gate
from filing.lifecycle import ACTION_NAMES, STATUS_NAMES, Action, Guard, Status
from filing.meanings import Topic
from filing.risk import LEVEL_NAMES, Level
from portal.pages import (
    answers,
    boxes,
    confirming,
    done,
    explaining,
    filed_view,
    forms,
    overlap,
    report_view,
)
from portal.pages.attempts import attempt
from portal.pages.boxes import called
from portal.pages.filings import line
from portal.pages.rendering import Lang, go, render
from portal.web.access import allow
from portal.web.at_hand import Database
from portal.web.identity import Asking, By
from portal.web.uploads import Form
from registry import explanations, reports, submission
from registry.database import now
from registry.language import Text
from registry.organisations import Role
from registry.tokens import Scope


class GradeAnswer(StrEnum):
    """What a reviewer does with a proposed grade."""

    CONFIRM = "confirm"
    DISMISS = "dismiss"


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
    steps = review.choices(session, by=by, filing=filing)
    told = filing.told
    given, gate = evidence.attached(session, filing), review.gate_of(session, filing)
    made = computed.fields(session, filing, given)
    return render(
        request,
        "review.html",
        language=language,
        asking=asking,
        filing=filing,
        line=line(session, filing),
        version=version,
        model=submission.model_of(session, version),
        groups=filing.form.groups,
        keys=filing.form.keys({**told.rows, **made}),
        field_of=filing.form.field,
        seals=in_full.seals,
        of_field=partial(boxes.of_field, language=language),
        answers=told.rows,
        computed=made,
        complete=completeness.measure(filing),
        judged=computed.judgement(filing),
        levels=LEVEL_NAMES,
        questions=risk.questionnaire().questions,
        proposal=filing.grade_proposal,
        proposer=regrading.proposer(session, filing),
        own_words=any(
            each.code in told.rows for each in filing.form.about(Topic.EXPLANATION).fields
        ),
        own_proposal=(filing.grade_proposal or {}).get("proposed_by") == by.person_id,
        gate=gate,
        marks=_marks(
            session, filing, given, gate, days=request.app.state.settings.evaluation_days
        ),
        same_model=same_model.told(session, filing),
        reports=[(each, report_view.view(reports.statement(each), language)) for each in attached],
        explained=explaining.view(explanation.content, language, explanation.overruled)
        if explanation and explanation.content
        else None,
        pictured=explaining.pictured(session, explanation, language) if explanation else None,
        remarks=remarks.on(session, filing),
        claimed=tested_acts.beside(session, told, given, cautions.remarks(told)),
        answered=answers.of(session, filing.report_ids),
        returns=thread.of(session, filing, reader=by),
        prepared=prepared.PREPARED,
        name_claims=claims.named(filing.told),
        differing=[confirming.Differing.read(e) for e in declared.published(session, filing)],
        hard=[confirming.Differing.read(e) for e in plainness.published(session, filing)],
        reading=declared.read(session, filing),
        kept_for=review.submitted_with(session, filing),
        resubmitted=submissions.compared(session, filing),
        steps=steps,
        returnable=any(each.action is Action.RETURN for each in steps),
        grounds=formal_grounds.GROUNDS
        if any(each.action in formal_grounds.NAMED_BY for each in steps)
        else {},
        ended_for=formal_grounds.told(filing.exit_reason),
        action_names=ACTION_NAMES,
        taken=sources.said,
        worded=wording.of,
        happened=revisions.happenings(session, filing, reader=by),
        since_edition=_since_edition(session, filing),
    )


def _since_edition(session: Session, filing: Filing) -> list[Text] | None:
    """What differs from what is public, in sentences; None where nothing is."""
    edition = editions.newest(session, filing.id)
    if edition is None or filing.status == Status.PUBLISHED:
        return None
    return differences.answered(edition.on_file_told(), filing.told)


@router.get("/reviews", dependencies=[allow(Role.REVIEWER)])
def reviews_page(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    status: str = "",
    grade: str = "",
    q: str = "",
) -> Response:
    """Every filing that was ever submitted, by state, grade, filer, name or number."""
    wanted = review_list.Wanted(
        Status(status) if status in set(Status) else None,
        Level(grade) if grade in set(Level) else None,
        q.strip(),
    )
    return render(
        request,
        "reviews.html",
        language=language,
        asking=asking,
        found=review_list.every(session, by=by, wanted=wanted),
        wanted=wanted,
        statuses={each: STATUS_NAMES[each] for each in review_list.SUBMITTED_ONCE},
        levels=LEVEL_NAMES,
    )


def _marks(
    session: Session, filing: Filing, given: Sequence[Evidence], gate: Gate | None, *, days: int
) -> list[filed_view.Badge]:
    """What the public will read of the evaluations once the change is published."""
    if gate is None:
        return []
    making = Making(given, gate, now())
    return [
        filed_view.badge(each)
        for each in standing.once_published(session, filing, making, days=days)
    ]


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
    return attempt(
        lambda: review.take(
            session,
            by=by,
            filing_id=filing_id,
            action=action,
            revision=overlap.revision(form),
            remarks=given,
            reason={"zh": reason} if reason else None,
            ground=forms.text(form, "ground") or None,
        ),
        request=request,
        session=session,
        again=lambda: review_page(request, language, session, by, asking, filing_id),
        done=go(f"/{language}/review/{filing_id}", done.step("filing", action)),
        typed=forms.typed(form),
        names=_decided,
    )


BOXES: Mapping[str, str] = {
    Guard.REASON_GIVEN: "reason",
    Guard.NAME_CLAIMS: "reason",
    Guard.GROUND_GIVEN: "ground",
}
"""Where on the page is said what a decision lacks."""


def _decided(item: str) -> Iterable[str]:
    """From the item of a reason to its box: a field's remark, or the reason of the decision."""
    return f"remark/{item}", BOXES.get(item, item)


@router.post("/review/{filing_id}/grade", dependencies=[allow(Role.REVIEWER, scope=Scope.REVIEW)])
def propose_grade(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    form: Form,
    filing_id: str,
) -> Response:
    """Propose another grade; a second reviewer confirms it."""
    return attempt(
        lambda: regrading.propose(
            session,
            by=by,
            filing_id=filing_id,
            revision=overlap.revision(form),
            level=forms.choice(Level, forms.text(form, "level"), Text("等级", "grade")),
            reason={
                "zh": forms.text(form, "grade_reason"),
                "en": forms.text(form, "grade_reason_en"),
            },
        ),
        request=request,
        session=session,
        again=lambda: review_page(request, language, session, by, asking, filing_id),
        done=go(f"/{language}/review/{filing_id}", "grade_proposed"),
        typed=forms.typed(form),
        names=called({"reason": "grade_reason", "reason.en": "grade_reason_en"}),
    )


@router.post(
    "/review/{filing_id}/grade/{answer}",
    dependencies=[allow(Role.REVIEWER, scope=Scope.REVIEW)],
)
def answer_grade(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    form: Form,
    filing_id: str,
    answer: GradeAnswer,
) -> Response:
    """Confirm a proposed grade as the second reviewer, or dismiss it."""
    decide_on = regrading.confirm if answer is GradeAnswer.CONFIRM else regrading.dismiss
    return attempt(
        lambda: decide_on(session, by=by, filing_id=filing_id, revision=overlap.revision(form)),
        request=request,
        session=session,
        again=lambda: review_page(request, language, session, by, asking, filing_id),
        done=go(f"/{language}/review/{filing_id}", "decided"),
        typed=forms.typed(form),
    )
