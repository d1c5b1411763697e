"""Appeals, complaints and reports: sent by anybody, followed by code, dealt with by whom they are for."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field
from sqlalchemy.orm import Session

from filing import catalogue, concerns, enclosures, follow_codes, handling, receiving, routes
from filing.concern_steps import Action, Ground, Outcome
from filing.handling import Taken
from filing.receiving import MOST_CONTACT, MOST_WORDS, Given
from filing.routes import ROUTE_NAMES, ROUTES_READ, ROUTES_TOLD, SITUATIONS, Route
from portal.api.shapes import RequestBody
from portal.web import following, identity
from portal.web.access import allow, attaching, public
from portal.web.at_hand import Configured, Database, Store
from portal.web.identity import By
from portal.web.uploads import Form, attached, json_of
from registry.organisations import Kind, Role
from registry.tokens import Scope

router = APIRouter(tags=["concerns"])
WATCHING = {Kind.AUTHORITY, Kind.INDUSTRY_BODY}
DEALING = WATCHING | {Kind.ENTERPRISE}


class ConcernIn(RequestBody):
    """What somebody sends; no account, no name."""

    route: Route = Field(description="appeal, complaint or report")
    situation: str = Field(max_length=40, description="id of what happened, from /routes")
    words: str = Field(max_length=4 * MOST_WORDS, description="in your own words")
    contact: str = Field("", max_length=4 * MOST_CONTACT, description="may be left out")
    consent: bool = Field(False, description="whether the filer may get a complaint")
    watch_id: str = Field(
        "", max_length=40, description="an authority or industry body of the list"
    )


class CodeIn(RequestBody):
    """The private code of a case; it never stands in an address."""

    code: str = Field(max_length=100)


class AdditionIn(CodeIn):
    """What a sender adds."""

    words: str = Field(max_length=4 * MOST_WORDS)


class TakenIn(RequestBody):
    """A step with a case."""

    action: Action
    revision: int = Field(ge=1, description="the case's revision that you read")
    words: str = Field("", max_length=4 * MOST_WORDS, description="what you say with it")
    outcome: Outcome | None = Field(None, description="for closing")
    ground: Ground | None = Field(None, description="for setting aside")


class QuestionIn(RequestBody):
    """A question to the filer, to be read before it is asked."""

    revision: int = Field(ge=1, description="the case's revision that you read")
    words: str = Field(max_length=4 * MOST_WORDS, description="the question, in your own words")


@router.get("/routes", dependencies=[public], summary="三条途径 · The three routes")
def three_routes() -> dict[str, Any]:
    """What can have happened, and which route leads to whom."""
    return {
        "routes": [
            {
                "id": each.value,
                **ROUTE_NAMES[each].as_json(),
                "told": ROUTES_TOLD[each].as_json(),
                "readers": ROUTES_READ[each].as_json(),
            }
            for each in Route
        ],
        "situations": [
            {"id": each.id, **each.name.as_json(), "route": each.route.value}
            for each in SITUATIONS
        ],
        "looked_at_first": routes.LOOKED_AT_FIRST.as_json(),
        "notice": receiving.notice().as_json(),
    }


@router.get(
    "/catalogue/{slug}/concerns", dependencies=[public], summary="申诉、投诉和举报的件数 · Counts"
)
def counts(session: Database, slug: str) -> dict[str, Any]:
    """What is counted of a filing, and who can deal with what is not for the filer."""
    filing = catalogue.find(session, slug)
    return {
        **concerns.counts_as_json(concerns.counts(session, filing.id)),
        "watching": [
            {"id": each.id, **each.name.as_json()} for each in receiving.watchers(session, filing)
        ],
    }


@router.post(
    "/catalogue/{slug}/concerns",
    dependencies=[public],
    status_code=201,
    summary="申诉、投诉、举报 · Appeal, complain or report",
)
def send(request: Request, session: Database, slug: str, given: ConcernIn) -> dict[str, Any]:
    """Take a concern in; the answer holds the private code, which is kept nowhere and told once."""
    made = receiving.receive(
        session,
        number=slug,
        given=Given(**given.model_dump()),
        address=identity.address_of(request),
    )
    return _receipt(session, made)


WITH_FILES = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["metadata"],
                    "properties": {
                        "metadata": {
                            "type": "string",
                            "contentMediaType": "application/json",
                            "description": "as for the address without files",
                        },
                        "attachments": {
                            "type": "array",
                            "items": {"type": "string", "format": "binary"},
                            "description": "PNG, JPEG, WebP, .txt",
                        },
                    },
                }
            }
        },
    }
}


@router.post(
    "/catalogue/{slug}/concerns/with-attachments",
    dependencies=[attaching],
    status_code=201,
    openapi_extra=WITH_FILES,
    summary="带附件的申诉、投诉、举报 · Send one with attachments",
)
def send_with_attachments(
    request: Request,
    session: Database,
    store: Store,
    settings: Configured,
    form: Form,
    slug: str,
) -> dict[str, Any]:
    """Take a concern in with files, which are read in a confined child and made anew."""
    given = Given(**json_of(form, "metadata", ConcernIn).model_dump())
    sent = attached(form, "attachments", most=settings.attachment_bytes)
    address = identity.address_of(request)
    stored = receiving.prepare(
        session, store, settings, number=slug, given=given, sent=sent, address=address
    )
    made = receiving.receive(session, number=slug, given=given, address=address, attached=stored)
    return _receipt(session, made)


def _receipt(session: Session, made: receiving.Receipt) -> dict[str, Any]:
    return {
        **receiving.told(session, made.concern),
        "code": follow_codes.shown(made.code),
        "notice": routes.purpose(made.concern.delete_on).as_json(),
    }


@router.post(
    "/cases/{number}/follow", dependencies=[public], summary="凭查询码查询 · Follow by code"
)
def follow(request: Request, session: Database, number: str, given: CodeIn) -> dict[str, Any]:
    """Where a case stands, for whoever has its code."""
    return receiving.told(session, _opened(request, session, number, given.code))


@router.post("/cases/{number}/additions", dependencies=[public], summary="补充 · Add to a case")
def add(
    request: Request, session: Database, settings: Configured, number: str, given: AdditionIn
) -> dict[str, Any]:
    """Add to a case that is open, with its code."""
    _opened(request, session, number, given.code)
    made = receiving.add(session, settings, number=number, code=given.code, words=given.words)
    return receiving.told(session, made)


@router.post(
    "/cases/{number}/additions/with-attachments",
    dependencies=[attaching],
    openapi_extra=WITH_FILES,
    summary="带附件的补充 · Add to a case with attachments",
)
def add_with_attachments(
    request: Request,
    session: Database,
    store: Store,
    settings: Configured,
    form: Form,
    number: str,
) -> dict[str, Any]:
    """Add to a case that is open with files; limits count over the whole case."""
    given = json_of(form, "metadata", AdditionIn)
    sent = attached(form, "attachments", most=settings.attachment_bytes)
    _opened(request, session, number, given.code)
    said = {"number": number, "code": given.code, "words": given.words}
    address = identity.address_of(request)
    stored = receiving.prepare_addition(
        session, store, settings, **said, sent=sent, address=address
    )
    return receiving.told(session, receiving.add(session, settings, **said, attached=stored))


@router.get(
    "/concerns",
    dependencies=[allow(Role.FILER, Role.REVIEWER, Role.ADMINISTRATOR, kinds=DEALING)],
    summary="本单位要办的 · What waits for your organisation",
)
def mine(by: By, session: Database) -> dict[str, Any]:
    """The cases that your organisation may see, open ones first."""
    found = concerns.waiting(session, by=by)
    return {"items": [handling.told(session, each, side) for each, side in found]}


@router.get(
    "/concerns/{concern_number}",
    dependencies=[
        allow(
            Role.FILER,
            Role.REVIEWER,
            Role.ADMINISTRATOR,
            own={Role.FILER, Role.REVIEWER, Role.ADMINISTRATOR},
            kinds=DEALING,
        )
    ],
    summary="一件事项 · One case",
)
def one(by: By, session: Database, concern_number: str) -> dict[str, Any]:
    """One case, as far as your organisation may read it."""
    found = concerns.get(session, by=by, number=follow_codes.plain(concern_number))
    return handling.told(session, *found)


@router.get(
    "/concerns/{concern_number}/attachments/{position}",
    dependencies=[
        allow(
            Role.FILER,
            Role.REVIEWER,
            Role.ADMINISTRATOR,
            own={Role.FILER, Role.REVIEWER, Role.ADMINISTRATOR},
            kinds=DEALING,
        )
    ],
    response_class=Response,
    summary="一个附件 · One attachment",
)
def attachment(
    by: By, session: Database, store: Store, concern_number: str, position: int
) -> Response:
    """One attachment, for whoever deals with the case; to be saved, never shown as a page."""
    concern, side = concerns.get(session, by=by, number=follow_codes.plain(concern_number))
    found = enclosures.opened(session, store, concern, side, position)
    return Response(
        found.content,
        media_type=found.media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{found.name}"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


@router.post(
    "/concerns/{concern_number}/steps",
    dependencies=[
        allow(Role.FILER, Role.ADMINISTRATOR, scope=Scope.FILE, kinds={Kind.ENTERPRISE})
    ],
    summary="备案主体办理 · The filer's steps",
)
def step(by: By, session: Database, concern_number: str, given: TakenIn) -> dict[str, Any]:
    """Take on, answer and close what is for the filer; reply to a question."""
    return _take(by, session, concern_number, given)


_WATCH = allow(
    Role.REVIEWER,
    Role.ADMINISTRATOR,
    own={Role.REVIEWER, Role.ADMINISTRATOR},
    scope=Scope.REVIEW,
    kinds=WATCHING,
)


@router.post(
    "/concerns/{concern_number}/question",
    dependencies=[_WATCH],
    summary="询问以前先看 · What the filer would read",
)
def question(by: By, session: Database, concern_number: str, given: QuestionIn) -> dict[str, Any]:
    """The case exactly as the filer would read it, were this asked; nothing is saved."""
    return handling.preview(session, by=by, number=concern_number, **given.model_dump())


@router.post(
    "/concerns/{concern_number}/review",
    dependencies=[_WATCH],
    summary="主管部门或行业组织办理 · The authority's steps",
)
def review(by: By, session: Database, concern_number: str, given: TakenIn) -> dict[str, Any]:
    """Take on, put to the filer in your own words, close; look first at what was held."""
    return _take(by, session, concern_number, given)


def _take(by: By, session: Database, number: str, given: TakenIn) -> dict[str, Any]:
    handling.take(session, by=by, number=number, taken=Taken(**given.model_dump()))
    try:
        return handling.told(
            session, *concerns.get(session, by=by, number=follow_codes.plain(number))
        )
    except concerns.ConcernNotFound:  # what was let through is the filer's alone
        return {"number": number, "part": None}


def _opened(request: Request, session: Database, number: str, code: str) -> concerns.Concern:
    return following.opened(
        request.app.state.factory,
        session,
        number=number,
        code=code,
        address=identity.address_of(request),
    )
