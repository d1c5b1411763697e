"""Engagements: an enterprise lets a tester score one version, so many times."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import Field

from portal.api.shapes import Answer, Page, Paged, RequestBody
from portal.web import sight
from portal.web.access import allow
from portal.web.at_hand import Database
from portal.web.identity import By
from registry import engagements
from registry.engagements import Engagement
from registry.organisations import Role
from registry.tokens import Scope

router = APIRouter(tags=["engagements"])


class GrantIn(RequestBody):
    """What an enterprise grants."""

    tester_id: str = Field(description="an organisation of the kind `tester`")
    query_budget: int = Field(
        description="how many predictions, counted once each", le=engagements.MOST_QUERIES
    )
    conflict_filer: str = Field(
        max_length=1000, description="what ties you to the tester; “none” is a statement"
    )
    paid_by: str = Field("", max_length=200)


class TakeOnIn(RequestBody):
    """The tester's own declaration."""

    conflict_tester: str = Field(max_length=1000)


class EngagementOut(Answer):
    """An engagement, with what is left of its budget."""

    id: str
    version_id: str
    enterprise_id: str
    tester_id: str
    query_budget: int
    spent: int = Field(description="predictions charged so far")
    conflict_filer: str
    conflict_tester: str
    paid_by: str
    created: datetime
    accepted: datetime | None
    ended: datetime | None


@router.post(
    "/versions/{version_id}/engagements",
    status_code=201,
    dependencies=[allow(Role.FILER, scope=Scope.SUBMIT)],
    summary="委托测试 · Engage a tester",
)
def grant(by: By, session: Database, version_id: str, wanted: GrantIn) -> EngagementOut:
    """Let one tester organisation score this version, within a budget of predictions."""
    made = engagements.grant(session, by=by, version_id=version_id, **wanted.model_dump())
    return _shape(session, made)


@router.get(
    "/engagements",
    dependencies=[allow(Role.FILER, Role.TESTER)],
    summary="本单位的委托 · Your engagements",
)
def listing(by: By, session: Database, paging: Paged) -> Page[EngagementOut]:
    """Every engagement in which your organisation is one side, newest first."""
    rows = engagements.of_organisation(session, by.organisation_id)
    return paging.whole(rows, lambda row: _shape(session, row), key=lambda row: row.id)


@router.get(
    "/versions/{version_id}/engagements",
    dependencies=[allow(Role.FILER, Role.REVIEWER)],
    summary="版本的委托 · Engagements on a version",
)
def of_version(by: By, session: Database, paging: Paged, version_id: str) -> Page[EngagementOut]:
    """Every engagement on a version, oldest first, for its owner and the authority."""
    found = sight.version(session, by, version_id)
    rows = engagements.of_version(session, found.id)
    return paging.whole(rows, lambda row: _shape(session, row), key=lambda row: row.id)


@router.get(
    "/engagements/{engagement_id}",
    dependencies=[allow(Role.FILER, Role.TESTER, Role.REVIEWER)],
    summary="委托 · One engagement",
)
def one(by: By, session: Database, engagement_id: str) -> EngagementOut:
    """An engagement, for its two sides and the authority."""
    return _shape(session, sight.engagement(session, by, engagement_id))


@router.post(
    "/engagements/{engagement_id}/take-on",
    dependencies=[allow(Role.TESTER, scope=Scope.EVALUATE)],
    summary="接受委托 · Take an engagement on",
)
def take_on(by: By, session: Database, engagement_id: str, said: TakeOnIn) -> EngagementOut:
    """Take an engagement on, with your own declaration of conflicts."""
    made = engagements.take_on(
        session, by=by, engagement_id=engagement_id, conflict_tester=said.conflict_tester
    )
    return _shape(session, made)


@router.post(
    "/engagements/{engagement_id}/end",
    dependencies=[allow(Role.FILER, Role.TESTER, scope=Scope.SUBMIT)],
    summary="结束委托 · End an engagement",
)
def end(by: By, session: Database, engagement_id: str) -> EngagementOut:
    """End an engagement from either side; work that runs may finish, none begins."""
    return _shape(session, engagements.end(session, by=by, engagement_id=engagement_id))


def _shape(session: Database, record: Engagement) -> EngagementOut:
    values = {
        name: getattr(record, name) for name in EngagementOut.model_fields if name != "spent"
    }
    return EngagementOut(**values, spent=engagements.spent(session, record.id))
