"""The catalogue of recommended models: read by everybody, kept by an industry body, applied to by filers."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from filing.recommended import (
    applying,
    deciding,
    keeping,
    publication,
    records,
    telling,
    weighing,
)
from filing.recommended.applying import Offer
from filing.recommended.deciding import Taken
from filing.recommended.keeping import Opening
from filing.recommended.steps import Action
from filing.recommended.weighing import Answered, Proposed
from portal.api import recommending
from portal.api.shapes import RequestBody, WordsIn
from portal.web.access import allow, public
from portal.web.at_hand import Database
from portal.web.identity import By
from portal.web.page_cache import keep
from registry.organisations import Kind, Role
from registry.tokens import Scope

router = APIRouter(tags=["recommended"])
SIDES = {Kind.ENTERPRISE, Kind.INDUSTRY_BODY}
READERS = allow(Role.FILER, Role.ADMINISTRATOR, own={Role.FILER, Role.ADMINISTRATOR}, kinds=SIDES)
KEEPERS = allow(Role.ADMINISTRATOR, own={Role.ADMINISTRATOR}, kinds={Kind.INDUSTRY_BODY})
FILERS = allow(Role.FILER, scope=Scope.FILE, kinds={Kind.ENTERPRISE})
BODY = allow(
    Role.ADMINISTRATOR, own={Role.ADMINISTRATOR}, scope=Scope.REVIEW, kinds={Kind.INDUSTRY_BODY}
)


NOTHING = WordsIn(zh="")


class OpeningIn(RequestBody):
    """What an industry body says when it opens its catalogue."""

    slug: str = Field(max_length=30, description="the last part of its address")
    city: str = Field(max_length=20, description="shanghai or shenzhen")
    guidance: WordsIn = Field(description="under which authority's guidance, and how")


class WeightsIn(RequestBody):
    """Proposed weights, and why."""

    revision: int = Field(ge=1, description="the catalogue's revision that you read as its body")
    weights: dict[str, int] = Field(description="by criterion; others stay")
    reason: WordsIn = Field(description="everybody reads it once they are in force")
    ties: WordsIn = Field(description="your ties to the filers; everybody reads them then")


class AnswerIn(RequestBody):
    """What the second person says of proposed weights."""

    action: Action = Field(description="confirm or return")
    revision: int = Field(ge=1, description="the catalogue's revision that you read as its body")
    ties: WordsIn = Field(NOTHING, description="your ties to the filers, where you agree")


class OfferIn(RequestBody):
    """What a filer says with its application; the public reads it once it is entered."""

    revision: int = Field(ge=1, description="the filing's revision that you read")
    slug: str = Field(max_length=30, description="of the catalogue")
    licence: WordsIn
    licence_until: str = Field("", max_length=10, description="last day; empty for no end")
    obtaining: WordsIn = Field(description="how to obtain the model")
    contact: WordsIn
    ties: WordsIn = Field(description="your ties to the industry body")


class TakenIn(RequestBody):
    """A step with an application."""

    action: Action
    revision: int = Field(ge=1, description="the application's revision that you read")
    words: WordsIn = Field(NOTHING, description="the reason, or the reply")
    ties: WordsIn = Field(NOTHING, description="your ties to the filer, where you decide")
    until: str = Field("", max_length=10, description="last day of the entry")


@router.get("/recommended", dependencies=[public], summary="推荐目录有哪些 · The catalogues")
def catalogues(request: Request, session: Database) -> Response:
    """Every catalogue, with the industry body that compiles it and how many entries it has."""
    keep(request, session)
    return JSONResponse({"items": publication.listed(session)})


@router.get("/recommended/{slug}", dependencies=[public], summary="一份推荐目录 · One catalogue")
def catalogue(request: Request, session: Database, slug: str) -> Response:
    """Criteria, entries with their evidence, order and log; `?w.checks=40` orders by other weights."""
    keep(request, session)
    return JSONResponse(recommending.told(request, session, slug))


@router.get(
    "/recommended/{slug}/statement",
    dependencies=[public],
    summary="签名的推荐目录 · The signed catalogue",
)
def statement(request: Request, session: Database, slug: str) -> Response:
    """The same by the body's own weights, signed; `mingsuan recommended recompute` reads it."""
    keep(request, session)
    name = f"attachment; filename=recommended-{slug}.dsse.json"
    return Response(
        recommending.signed(request, session, slug),
        media_type="application/json",
        headers={"content-disposition": name},
    )


@router.post(
    "/recommended", dependencies=[BODY], status_code=201, summary="开设推荐目录 · Open a catalogue"
)
def open_catalogue(by: By, session: Database, given: OpeningIn) -> dict[str, Any]:
    """Open the catalogue of your industry body; it keeps one."""
    opening = Opening(**given.model_dump())
    return publication.told(session, keeping.open_catalogue(session, by=by, opening=opening))


@router.get(
    "/recommended-weights", dependencies=[KEEPERS], summary="本单位目录的权重 · Your weights"
)
def weights(by: By, session: Database) -> dict[str, Any]:
    """The weights of your catalogue, and those that one of you proposed."""
    return weighing.told(session, by)


@router.post("/recommended-weights", dependencies=[BODY], summary="提议权重 · Propose weights")
def propose_weights(by: By, session: Database, given: WeightsIn) -> dict[str, Any]:
    """Propose weights of your catalogue; they are in force once another of you agrees."""
    weighing.propose(session, by=by, proposed=Proposed(**given.model_dump()))
    return weighing.told(session, by)


@router.post(
    "/recommended-weights/decisions",
    dependencies=[BODY],
    summary="同意或不同意提议的权重 · Agree to proposed weights",
)
def answer_weights(by: By, session: Database, given: AnswerIn) -> dict[str, Any]:
    """Agree as the second person, which puts them in force with both your ties told, or disagree."""
    weighing.answer(session, by=by, answered=Answered(**given.model_dump()))
    return weighing.told(session, by)


@router.get(
    "/recommended-applications",
    dependencies=[allow(Role.FILER, Role.ADMINISTRATOR, kinds=SIDES)],
    summary="本单位的推荐申请 · Your applications",
)
def applications(by: By, session: Database) -> dict[str, Any]:
    """Those that your organisation made, or those made to it; newest first."""
    found = records.applications(session, by=by)
    sides = (records.application(session, by=by, application_id=each.id) for each in found)
    return {
        "items": [
            telling.told(session, *each, roles=by.roles, reader=by.person_id) for each in sides
        ]
    }


@router.get(
    "/recommended-applications/{application_id}",
    dependencies=[READERS],
    summary="一份推荐申请 · One application",
)
def application(by: By, session: Database, application_id: str) -> dict[str, Any]:
    """One application, as far as your organisation may read it."""
    found = records.application(session, by=by, application_id=application_id)
    return telling.told(session, *found, roles=by.roles, reader=by.person_id)


@router.post(
    "/filings/{filing_id}/recommended-applications",
    dependencies=[FILERS],
    status_code=201,
    summary="申请列入推荐目录 · Apply to be recommended",
)
def apply(by: By, session: Database, filing_id: str, given: OfferIn) -> dict[str, Any]:
    """Apply for a published filing of yours, and say how the model can be had."""
    words = {name: getattr(given, name).model_dump() for name in applying.OFFERED}
    made = applying.apply(
        session,
        by=by,
        slug=given.slug,
        filing_id=filing_id,
        filing_revision=given.revision,
        offer=Offer(words, given.licence_until),
    )
    return application(by, session, made.id)


@router.post(
    "/recommended-applications/{application_id}/steps",
    dependencies=[FILERS],
    summary="申请人办理 · The filer's steps",
)
def step(by: By, session: Database, application_id: str, given: TakenIn) -> dict[str, Any]:
    """Withdraw, reply to a refusal, leave the catalogue."""
    return _take(by, session, application_id, given)


@router.post(
    "/recommended-applications/{application_id}/decisions",
    dependencies=[BODY],
    summary="行业组织办理 · The industry body's steps",
)
def decide(by: By, session: Database, application_id: str, given: TakenIn) -> dict[str, Any]:
    """Propose to enter, refuse or remove; agree as the second person, or disagree."""
    return _take(by, session, application_id, given)


def _take(by: By, session: Database, application_id: str, given: TakenIn) -> dict[str, Any]:
    taken = Taken(**given.model_dump())
    deciding.take(session, by=by, application_id=application_id, taken=taken)
    return application(by, session, application_id)
