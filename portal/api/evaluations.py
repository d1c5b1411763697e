"""Evaluations: a plan is registered, a worker runs it, its progress can be watched."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import select

from evaluators.running import engine, planning
from portal.api.shapes import Answer, Bilingual, Page, Paged, Progress, RequestBody
from portal.web import sight
from portal.web.access import allow
from portal.web.at_hand import Database, Store
from portal.web.identity import By
from portal.work import fitting
from registry import attestation, evaluations, reports, submission, typed_toml, worklist
from registry.evaluations import Evaluation
from registry.language import Text
from registry.organisations import Role
from registry.reports import Report
from registry.tokens import Scope

router = APIRouter(tags=["evaluations"])

PLAN = Text("计划", "The plan")


class PlanIn(RequestBody):
    """What is to be tested, on which data."""

    dataset_id: str = Field(description="a data set of your own, registered for evaluation")
    plan: dict[str, Any] | str = Field(
        description="the plan as JSON, or as the text of a TOML file",
        examples=[
            {
                "title": "Credit approval",
                "columns": {
                    "target": "approve",
                    "favourable": 1,
                    "sensitive": ["race"],
                    "inputs": ["income"],
                    "cut": 0.5,
                },
                "probes": [{"id": "selection_parity"}],
            }
        ],
    )
    engagement_id: str | None = Field(None, description="null for a version of your own")


class EvaluationOut(Answer):
    """A registered evaluation and how far it is."""

    id: str
    version_id: str
    dataset_id: str
    engagement_id: str | None
    organisation_id: str
    plan: dict[str, Any]
    plan_digest: str
    predictions: int = Field(description="what the plan needs at most")
    nonce: str | None = Field(description="drawn when plan and data were sealed")
    created: datetime
    work: Progress | None
    report_id: str | None
    doubts: list[Bilingual] = Field(
        [],
        description="what about the data makes numbers doubtful; told when a plan is registered",
    )


@router.post(
    "/versions/{version_id}/evaluations",
    status_code=201,
    dependencies=[allow(Role.FILER, Role.TESTER, scope=Scope.EVALUATE)],
    summary="登记评估计划 · Register a plan",
)
def register(
    by: By, session: Database, store: Store, version_id: str, wanted: PlanIn
) -> EvaluationOut:
    """Seal a plan on this version and one of your data sets, and request the run.

    The plan is checked first, against the data too; a refusal lists every fault. The same plan on the same data is one
    evaluation until it has ended; one that is parked goes on.
    """
    data = sight.dataset(session, by, wanted.dataset_id)
    plan = planning.parse(_mapping(wanted.plan))
    version = submission.get(session, version_id)
    fitting.check(store, plan, version, data)
    made = evaluations.register_plan(
        session,
        by=by,
        version_id=version_id,
        dataset_id=data.id,
        plan=plan.as_json(),
        predictions=engine.predictions_needed(plan, data.rows),
        engagement_id=wanted.engagement_id,
    )
    doubts = [Bilingual.of(each.told) for each in fitting.doubts(store, plan, version, data)]
    return _shape(session, made).model_copy(update={"doubts": doubts})


@router.get(
    "/evaluations",
    dependencies=[allow(Role.FILER, Role.TESTER)],
    summary="本单位的评估 · Your evaluations",
)
def listing(by: By, session: Database, paging: Paged) -> Page[EvaluationOut]:
    """The evaluations that your organisation registered, newest first."""
    query = select(Evaluation).where(Evaluation.organisation_id == by.organisation_id)
    if paging.after is not None:
        query = query.where(Evaluation.id < paging.after)
    rows = session.scalars(query.order_by(Evaluation.id.desc()).limit(paging.limit + 1)).all()
    return paging.page(rows, lambda row: _shape(session, row), key=lambda row: row.id)


@router.get(
    "/versions/{version_id}/evaluations",
    dependencies=[allow(Role.FILER, Role.REVIEWER)],
    summary="版本的全部评估 · Every evaluation of a version",
)
def of_version(by: By, session: Database, paging: Paged, version_id: str) -> Page[EvaluationOut]:
    """Every evaluation registered on a version, run or not: none can be dropped quietly."""
    found = sight.version(session, by, version_id)
    rows = [run.evaluation for run in reports.registered(session, found.id)]
    return paging.whole(rows, lambda row: _shape(session, row), key=lambda row: row.id)


@router.get(
    "/evaluations/{evaluation_id}",
    dependencies=[allow(Role.FILER, Role.TESTER, Role.REVIEWER)],
    summary="评估与进度 · One evaluation and its progress",
)
def one(by: By, session: Database, evaluation_id: str) -> EvaluationOut:
    """An evaluation, for those who run it, the version's owner and the authority."""
    return _shape(session, sight.evaluation(session, by, evaluation_id))


@router.post(
    "/evaluations/{evaluation_id}/cancel",
    dependencies=[allow(Role.FILER, Role.TESTER, scope=Scope.EVALUATE)],
    summary="取消评估 · Cancel an evaluation",
)
def cancel(by: By, session: Database, evaluation_id: str) -> EvaluationOut:
    """Ask for the run to stop: at once when it is queued, between two rounds when it runs."""
    made = sight.evaluation(session, by, evaluation_id)
    by.own(made.organisation_id)
    if made.work_id is not None:
        worklist.cancel(session, by=by, work_id=made.work_id)
    return _shape(session, made)


@router.get(
    "/worklist",
    dependencies=[allow(Role.FILER, Role.TESTER)],
    tags=["work"],
    summary="本单位的工作 · Your work",
)
def work_listing(by: By, session: Database, paging: Paged) -> Page[Progress]:
    """The pieces of work that your organisation asked for, newest first."""
    rows = worklist.owned(session, by.organisation_id, limit=paging.limit + 1, before=paging.after)
    return paging.page(rows, lambda row: Progress.of(session, row), key=lambda row: row.id)


@router.get(
    "/worklist/{work_id}",
    dependencies=[allow(Role.FILER, Role.TESTER)],
    tags=["work"],
    summary="工作进度 · Progress of a piece of work",
)
def work(by: By, session: Database, work_id: str) -> Progress:
    """How far a piece of work of your organisation is, and why it failed if it did."""
    return Progress.of(session, sight.work(session, by, work_id))


@router.post(
    "/worklist/{work_id}/cancel",
    dependencies=[allow(Role.FILER, Role.TESTER, scope=Scope.EVALUATE)],
    tags=["work"],
    summary="取消工作 · Cancel a piece of work",
)
def cancel_work(by: By, session: Database, work_id: str) -> Progress:
    """Ask for a piece of work of your organisation to stop."""
    return Progress.of(session, worklist.cancel(session, by=by, work_id=work_id))


@router.post(
    "/worklist/{work_id}/resume",
    dependencies=[allow(Role.FILER, Role.TESTER, scope=Scope.EVALUATE)],
    tags=["work"],
    summary="继续搁置的工作 · Let parked work go on",
)
def resume_work(by: By, session: Database, work_id: str) -> Progress:
    """Let a parked piece of work of your organisation go on; what was charged is not again."""
    return Progress.of(session, worklist.resume(session, by=by, work_id=work_id))


def _mapping(given: dict[str, Any] | str) -> dict[str, Any]:
    return given if isinstance(given, dict) else typed_toml.read(given, PLAN)


def _shape(session: Database, made: Evaluation) -> EvaluationOut:
    report = select(Report.id).where(Report.evaluation_id == made.id)
    return EvaluationOut(
        id=made.id,
        version_id=made.version_id,
        dataset_id=made.dataset_id,
        engagement_id=made.engagement_id,
        organisation_id=made.organisation_id,
        plan=attestation.parse(made.plan.encode()),
        plan_digest=made.plan_digest,
        predictions=made.predictions,
        nonce=made.nonce,
        created=made.created,
        work=Progress.of(session, worklist.get(session, made.work_id)) if made.work_id else None,
        report_id=session.scalar(report),
    )
