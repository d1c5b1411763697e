"""Explanations for the public: requested, read and approved by the filer."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import Field

from explainers import asked
from portal.api.shapes import Answer, Page, Paged, Progress, RequestBody
from portal.web import sight
from portal.web.access import allow
from portal.web.at_hand import Database
from portal.web.identity import By
from registry import explanations, worklist
from registry.explanations import Explanation
from registry.language import Text
from registry.organisations import Role
from registry.tokens import Scope

router = APIRouter(tags=["explanations"])


class ExplanationIn(RequestBody):
    """What is needed to explain a version."""

    dataset_id: str = Field(description="a data set of your own, registered for explanations")
    report_id: str | None = Field(
        None, description="the countersigned report it quotes; else the newest that counts"
    )
    plan: dict[str, Any] = Field(
        description="what the filer says, by key ([all of them](docs/explanation-plan.md)): "
        + "; ".join(f"{key.name} ({key.kind}): {key.meaning.en}" for key in asked.PLAN),
        examples=[
            {
                "task": "decision",
                "cut": 0.5,
                "columns": [
                    {
                        "name": "income",
                        "plain": {"zh": "收入", "en": "income"},
                        "unit": {"zh": "元", "en": "yuan"},
                        "direction": {"zh": ["高", "低"], "en": ["higher", "lower"]},
                        "actionable": 1,
                        "protected": False,
                    }
                ],
                "wording": {
                    "favourable": {"zh": "通过", "en": "approved"},
                    "unfavourable": {"zh": "不通过", "en": "not approved"},
                },
            }
        ],
    )


class ApprovalIn(RequestBody):
    """Why hard words and contradictions are kept; a text without any needs none."""

    reason: str = Field("", description="in Chinese; everyone reads it beside the text")
    reason_en: str = Field("", description="the same in English")
    differing: dict[str, str] = Field(
        default_factory=dict,
        description="by the id of a contradiction (`content.contradictions`), in Chinese, why what is "
        "declared differs from what was measured; everyone reads it beside the text",
        examples=[{"direction:columns.income": "计划里写的是制度的本意，模型还没有改好。"}],
    )
    differing_en: dict[str, str] = Field(
        default_factory=dict, description="the same in English, where it is said"
    )


class ExplanationOut(Answer):
    """An explanation, finished or under way."""

    id: str
    version_id: str
    dataset_id: str
    report_id: str | None
    organisation_id: str
    plan: dict[str, Any]
    plan_digest: str
    model_digest: str
    content: dict[str, Any] | None = Field(description="six answers, each sentence with evidence")
    digest: str | None
    created: datetime
    finished: datetime | None
    approved: datetime | None
    overruled: dict[str, Any] | None = Field(
        description="hard words that the filer kept, and why: {reason: {zh, en}, words: [{language, "
        "quoted}]}; contradictions that it kept, each with its reason: {contradictions: [{id, kind, "
        "place, columns, declared, measured, n, said, reason}]}"
    )
    work: Progress | None
    about_earlier_version: bool = Field(description="whether the model has changed since")


@router.post(
    "/versions/{version_id}/explanations",
    status_code=201,
    dependencies=[allow(Role.FILER, scope=Scope.FILE)],
    summary="请求说明 · Request an explanation",
)
def request(by: By, session: Database, version_id: str, wanted: ExplanationIn) -> ExplanationOut:
    """Ask for the explanation of a version; gaps in the columns' description are listed at once."""
    asked.check(wanted.plan)
    made = explanations.request(session, by=by, version_id=version_id, **wanted.model_dump())
    return _shape(session, made)


@router.get(
    "/versions/{version_id}/explanations",
    dependencies=[allow(Role.FILER, Role.REVIEWER)],
    summary="版本的说明 · Explanations of a version",
)
def of_version(by: By, session: Database, paging: Paged, version_id: str) -> Page[ExplanationOut]:
    """The explanations of a version, newest first."""
    found = sight.version(session, by, version_id)
    rows = explanations.for_version(session, found.id)
    return paging.whole(rows, lambda row: _shape(session, row), key=lambda row: row.id)


@router.get(
    "/explanations/{explanation_id}",
    dependencies=[allow(Role.FILER, Role.REVIEWER)],
    summary="说明 · One explanation",
)
def one(by: By, session: Database, explanation_id: str) -> ExplanationOut:
    """An explanation, for its owner and the authority; the public reads it beside the filing."""
    return _shape(session, sight.explanation(session, by, explanation_id))


@router.post(
    "/explanations/{explanation_id}/approve",
    dependencies=[allow(Role.FILER, scope=Scope.FILE)],
    summary="确认说明 · Confirm an explanation",
)
def approve(
    by: By, session: Database, explanation_id: str, given: ApprovalIn | None = None
) -> ExplanationOut:
    """Say that you have read the text and let it stand beside the filing.

    Words of the trade, sentences too long to read and whatever the plan declares otherwise than it
    was measured stop it, unless a reason is given; a question without an answer stops it.
    """
    why = given or ApprovalIn()
    reason = Text(why.reason, why.reason_en)
    names = {**why.differing, **why.differing_en}
    differing = {n: Text(why.differing.get(n, ""), why.differing_en.get(n, "")) for n in names}
    made = explanations.approve(
        session, by=by, explanation_id=explanation_id, reason=reason, differing=differing
    )
    return _shape(session, made)


def _shape(session: Database, made: Explanation) -> ExplanationOut:
    values = {
        name: getattr(made, name)
        for name in ExplanationOut.model_fields
        if name not in {"work", "about_earlier_version"}
    }
    return ExplanationOut(
        **values,
        work=Progress.of(session, worklist.get(session, made.work_id)) if made.work_id else None,
        about_earlier_version=sight.outdated(session, made),
    )
