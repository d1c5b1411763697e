"""My desk: what waits for each kind of person, and what runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from filing import dossier, review, waiting
from portal.pages.filings import line
from portal.pages.rendering import Lang, render
from portal.web.access import signed_in
from portal.web.at_hand import Database
from portal.web.identity import Asking, By
from registry import (
    datasets,
    engagements,
    evaluations,
    organisations,
    reidentification,
    submission,
    worklist,
)
from registry.inbox import WAITING_NAMES, Waiting
from registry.organisations import Actor, Kind, Role
from registry.submission import Model, Version
from registry.worklist import Work

router = APIRouter(prefix="/{language}", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Line:
    """One engagement with the names around it."""

    engagement: engagements.Engagement
    model: Model
    version: Version
    enterprise: organisations.Organisation
    tester: organisations.Organisation
    spent: int


@router.get("/desk", dependencies=[signed_in()])
def desk(request: Request, language: Lang, session: Database, by: By, asking: Asking) -> Response:
    """The desk of the organisation one acts for."""
    shown: dict[str, Any] = {
        Kind.ENTERPRISE: _enterprise,
        Kind.TESTER: _tester,
        Kind.AUTHORITY: _authority,
        Kind.INDUSTRY_BODY: _nothing,
    }[by.kind](session, by)
    organisation = organisations.get(session, by.organisation_id)
    return render(
        request,
        "desk.html",
        language=language,
        asking=asking,
        organisation=organisation,
        administers_record=by.kind is Kind.AUTHORITY and Role.ADMINISTRATOR in by.roles,
        choices=asking.choices if asking else (),
        waits=[
            (WAITING_NAMES[Waiting(each.item.what)], each.item, each.label)
            for each in waiting.on_desk(session, by)
        ],
        **{
            "models": [],
            "filings": [],
            "lines": [],
            "datasets": [],
            "runs": [],
            "queue": [],
            "unchecked": frozenset(),
        }
        | shown,
    )


def lines(session: Session, found: Sequence[engagements.Engagement]) -> list[Line]:
    """Engagements with the names a reader needs."""
    return [
        Line(
            engagement=each,
            model=submission.model_of(session, version),
            version=version,
            enterprise=organisations.get(session, each.enterprise_id),
            tester=organisations.get(session, each.tester_id),
            spent=engagements.spent(session, each.id),
        )
        for each in found
        for version in (submission.get(session, each.version_id),)
    ]


def run_lines(session: Session, organisation_id: str) -> list[tuple[evaluations.Evaluation, Work]]:
    """The organisation's evaluations, newest first, each with its work."""
    return [
        (made, worklist.get(session, made.work_id))
        for made in evaluations.of_organisation(session, organisation_id)
        if made.work_id
    ]


def _enterprise(session: Session, by: Actor) -> dict[str, Any]:
    models = submission.models(session, by.organisation_id, limit=200)
    return {
        "models": [
            (model, submission.versions(session, by.organisation_id, model_id=model.id))
            for model in models
        ],
        "filings": [
            line(session, each) for each in dossier.of_organisation(session, by.organisation_id)
        ],
        "lines": lines(session, engagements.of_organisation(session, by.organisation_id)),
        **_datasets(session, by),
        "runs": run_lines(session, by.organisation_id),
    }


def _tester(session: Session, by: Actor) -> dict[str, Any]:
    return {
        "lines": lines(session, engagements.of_organisation(session, by.organisation_id)),
        **_datasets(session, by),
        "runs": run_lines(session, by.organisation_id),
    }


def _datasets(session: Session, by: Actor) -> dict[str, Any]:
    """The organisation's data sets, and which of them wait for their check."""
    found = datasets.owned(session, by.organisation_id)
    evaluated = [each.id for each in found if each.use == datasets.Use.EVALUATION]
    return {"datasets": found, "unchecked": reidentification.unchecked(session, evaluated)}


def _authority(session: Session, by: Actor) -> dict[str, Any]:
    if Role.REVIEWER not in by.roles:
        return {}
    return {"queue": [line(session, each) for each in review.queue(session, by=by)]}


def _nothing(_session: Session, _by: Actor) -> dict[str, Any]:
    return {}
