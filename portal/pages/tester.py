"""Pages for whoever evaluates: engagements, data sets, plans, runs."""

import json
from contextlib import suppress
from functools import lru_cache
from typing import Any

import pyarrow as pa
from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.datastructures import QueryParams

from evaluators.running import engine, planning, score_side
from portal.pages import forms, plan_again, plan_choices
from portal.pages.boxes import called
from portal.pages.desk import lines
from portal.pages.rendering import Lang, go, reject, render, typed_before
from portal.web import sight
from portal.web.access import allow
from portal.web.at_hand import Database, Store
from portal.web.identity import Asking, By
from portal.web.uploads import Form
from portal.work import fitting
from registry import (
    attendance,
    datasets,
    engagements,
    evaluations,
    model_inputs,
    reidentification,
    reports,
    submission,
    typed_toml,
    worklist,
)
from registry.artifacts import ArtifactStore, BlobNotFound
from registry.datasets import Dataset
from registry.errors import RegisterError
from registry.language import Text
from registry.organisations import Role
from registry.submission import Version
from registry.tokens import Scope

router = APIRouter(prefix="/{language}", include_in_schema=False)

EVALUATES = (Role.TESTER, Role.FILER)
PLAN = Text("计划", "The plan")


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
    again: str = "",
) -> Response:
    """Choose probes and options; the plan drafted from them is corrected and registered.

    `again` is an evaluation of one's own, whose plan is taken up in place of a draft.
    """
    chosen = datasets.get(session, dataset)
    by.own(chosen.organisation_id)
    target = sight.version(session, by, version)
    typed, asked = typed_before(request), request.query_params
    if again and not typed and "title" not in asked:  # else the form was sent with other choices
        typed = {"plan": plan_again.as_toml(_plan_of(session, by, again))}
    if typed:
        asked = QueryParams(list(plan_again.fields(_read(str(typed.get("plan", ""))))))
    rows = pa.table({})
    with suppress(BlobNotFound):  # the run says that the bytes are gone; the form needs none
        words = model_inputs.words(target.inputs)
        rows = plan_choices.first_rows(chosen, datasets.batches(store, chosen, words))
    if not typed:
        typed = {"plan": plan_choices.draft(chosen, target, asked, rows)}
    values = plan_choices.outcomes(chosen, rows)
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
        outcomes=[(word, word) for word in values],
        favourable=asked.get("favourable", plan_choices.likely(chosen, values)),
        sides=[]
        if score_side.told_by(values)
        else [(key, said.in_(language)) for key, said in plan_choices.SIDES.items()],
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
        plan = planning.parse(typed_toml.read(forms.text(form, "plan"), PLAN))
        dataset = datasets.get(session, dataset_id)
        by.own(dataset.organisation_id)
        fitting.check(store, plan, submission.get(session, version_id), dataset)
        made = evaluations.register_plan(
            session,
            by=by,
            version_id=version_id,
            dataset_id=dataset_id,
            plan=plan.as_json(),
            predictions=engine.predictions_needed(plan, dataset.rows),
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
    request: Request,
    language: Lang,
    session: Database,
    store: Store,
    by: By,
    asking: Asking,
    evaluation_id: str,
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
        doubts=_doubts(store, made.plan, version, dataset),
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


def _doubts(
    store: ArtifactStore, written: str, version: Version, dataset: Dataset
) -> tuple[Text, ...]:
    """What about the data makes numbers doubtful; nothing where a probe is no longer installed."""
    try:
        plan = planning.parse(json.loads(written))
    except (RegisterError, ValidationError):
        return ()
    return tuple(each.told for each in fitting.doubts(store, plan, version, dataset))


def _plan_of(session: Database, by: By, evaluation_id: str) -> dict[str, Any]:
    """The plan of an evaluation of one's own."""
    made = evaluations.get(session, evaluation_id)
    by.own(made.organisation_id)
    plan: dict[str, Any] = json.loads(made.plan)
    return plan


def _read(text: str) -> dict[str, Any]:
    """What was typed, as far as it is TOML: the form above it is filled in again."""
    with suppress(typed_toml.NotToml):
        return typed_toml.read(text, PLAN)
    return {}
