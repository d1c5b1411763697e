"""Pages for whoever evaluates: engagements, data sets, plans, runs."""

import json
import tomllib
from contextlib import suppress
from functools import lru_cache
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError

from evaluators.running import engine, planning
from portal.pages import forms, plan_choices
from portal.pages.boxes import called
from portal.pages.desk import lines
from portal.pages.rendering import Lang, go, reject, render, typed_before
from portal.web import sight
from portal.web.access import allow
from portal.web.at_hand import Database, Store
from portal.web.identity import Asking, By
from portal.web.uploads import Form
from registry import (
    attendance,
    datasets,
    engagements,
    evaluations,
    model_inputs,
    reidentification,
    reports,
    submission,
    worklist,
)
from registry.artifacts import BlobNotFound
from registry.errors import Invalid, RegisterError
from registry.language import Text
from registry.organisations import Role
from registry.tokens import Scope

router = APIRouter(prefix="/{language}", include_in_schema=False)

EVALUATES = (Role.TESTER, Role.FILER)


class PlanUnreadable(Invalid):
    """The plan is not TOML: correct the line that the message names."""


@router.get("/engagements/{engagement_id}", dependencies=[allow(*EVALUATES)])
def engagement_page(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    engagement_id: str,
) -> Response:
    """What was granted, and the way on: take it on, register data, register a plan."""
    found = sight.engagement(session, by, engagement_id)
    owned = datasets.owned(session, by.organisation_id, use=datasets.Use.EVALUATION)
    return render(
        request,
        "engagement.html",
        language=language,
        asking=asking,
        line=lines(session, [found])[0],
        mine=by.organisation_id == found.tester_id,
        datasets=owned,
        unchecked=reidentification.unchecked(session, [each.id for each in owned]),
        runs=[
            run
            for run in reports.registered(session, found.version_id)
            if run.evaluation.engagement_id == found.id
        ],
    )


@router.post(
    "/engagements/{engagement_id}/take-on",
    dependencies=[allow(Role.TESTER, scope=Scope.EVALUATE)],
)
def take_on(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    form: Form,
    engagement_id: str,
) -> Response:
    """Declare one's own conflicts and take the engagement on."""
    try:
        engagements.take_on(
            session,
            by=by,
            engagement_id=engagement_id,
            conflict_tester=forms.text(form, "conflict"),
        )
    except RegisterError as error:
        session.rollback()
        reject(request, error, forms.typed(form), names=called({"conflict_tester": "conflict"}))
        return engagement_page(request, language, session, by, asking, engagement_id)
    return go(f"/{language}/engagements/{engagement_id}", "taken")


@router.get("/evaluations/new", dependencies=[allow(*EVALUATES)])
def plan_form(
    request: Request,
    language: Lang,
    session: Database,
    store: Store,
    by: By,
    asking: Asking,
    version: str,
    dataset: str,
    engagement: str = "",
) -> Response:
    """Choose probes and options; the plan drafted from them is corrected and registered."""
    chosen = datasets.get(session, dataset)
    by.own(chosen.organisation_id)
    target = sight.version(session, by, version)
    asked = request.query_params
    typed = typed_before(request)
    if not typed:
        said: list[str] = []
        words = model_inputs.words(target.inputs)
        with suppress(BlobNotFound):  # the run says that the bytes are gone; the form needs none
            said = plan_choices.levels(chosen, datasets.batches(store, chosen, words))
        typed = {"plan": plan_choices.draft(chosen, target, asked, said)}
    return render(
        request,
        "plan_new.html",
        language=language,
        asking=asking,
        version=target,
        model=submission.model_of(session, target),
        dataset=chosen,
        engagement=engagement,
        roles=plan_choices.roles(chosen),
        offers=plan_choices.offers(chosen, asked),
        targets=[(key, said.in_(language)) for key, said in plan_choices.TARGETS.items()],
        asked=asked,
        typed=typed,
    )


@router.post("/evaluations/new", dependencies=[allow(*EVALUATES, scope=Scope.EVALUATE)])
def register_plan(
    request: Request,
    language: Lang,
    session: Database,
    store: Store,
    by: By,
    asking: Asking,
    form: Form,
) -> Response:
    """Check, digest and register the plan; a worker takes it from there."""
    version_id, dataset_id = forms.text(form, "version"), forms.text(form, "dataset")
    engagement_id = forms.text(form, "engagement")
    try:
        plan = planning.parse(_toml(forms.text(form, "plan")))
        rows = datasets.get(session, dataset_id).rows
        made = evaluations.register_plan(
            session,
            by=by,
            version_id=version_id,
            dataset_id=dataset_id,
            plan=plan.as_json(),
            predictions=engine.predictions_needed(plan, rows),
            engagement_id=engagement_id or None,
        )
    except RegisterError as error:
        session.rollback()
        reject(request, error, forms.typed(form))
        return plan_form(
            request, language, session, store, by, asking, version_id, dataset_id, engagement_id
        )
    return go(f"/{language}/evaluations/{made.id}", "queued")


@router.get("/evaluations/{evaluation_id}", dependencies=[allow(*EVALUATES)])
def evaluation_page(
    request: Request, language: Lang, session: Database, by: By, asking: Asking, evaluation_id: str
) -> Response:
    """Progress, and the report when there is one."""
    made = evaluations.get(session, evaluation_id)
    by.own(made.organisation_id)
    version = submission.get(session, made.version_id)
    dataset = datasets.get(session, made.dataset_id)
    work = worklist.get(session, made.work_id) if made.work_id else None
    return render(
        request,
        "evaluation.html",
        language=language,
        asking=asking,
        made=made,
        plan=json.dumps(json.loads(made.plan), ensure_ascii=False, indent=2),
        version=version,
        model=submission.model_of(session, version),
        dataset=dataset,
        costs=_costs(made.plan, dataset.rows),
        work=work,
        waits=attendance.why_queued(session, work) if work else None,
        report=next(
            (
                run.report
                for run in reports.registered(session, made.version_id)
                if run.evaluation.id == made.id
            ),
            None,
        ),
    )


@router.post(
    "/evaluations/{evaluation_id}/cancel", dependencies=[allow(*EVALUATES, scope=Scope.EVALUATE)]
)
def cancel(language: Lang, session: Database, by: By, evaluation_id: str) -> Response:
    """Ask for the run to stop."""
    made = evaluations.get(session, evaluation_id)
    by.own(made.organisation_id)
    if made.work_id:
        worklist.cancel(session, by=by, work_id=made.work_id)
    return go(f"/{language}/evaluations/{evaluation_id}", "cancelled")


@router.post("/worklist/{work_id}/resume", dependencies=[allow(*EVALUATES, scope=Scope.EVALUATE)])
def resume(language: Lang, session: Database, by: By, work_id: str) -> Response:
    """Let parked work go on: an evaluation, or an explanation."""
    work = worklist.resume(session, by=by, work_id=work_id)
    return go(f"/{language}/{work.kind}s/{work.subject_id}", "resumed")


@lru_cache(256)
def _costs(written: str, rows: int) -> tuple[Text, ...]:
    """What a person should hear before the run; nothing where a probe is no longer installed."""
    try:
        plan = planning.parse(json.loads(written))
        found = engine.costs(plan, rows, scored=bool(plan.columns.inputs))
    except (RegisterError, ValidationError):
        return ()
    return tuple(cost.said for cost in found if cost.notable)


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PlanUnreadable(
            f"计划不是合法的 TOML：{error}。请改正这一行。",
            f"The plan is not valid TOML: {error}. Correct that line.",
        ) from error
