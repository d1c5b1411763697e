"""Pages on which anybody appeals, complains or reports, follows a case, and on which it is dealt with."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from filing import catalogue, concerns, follow_codes, handling, numbers, receiving, routes
from filing.concern_steps import (
    GROUND_NAMES,
    OUTCOME_NAMES,
    Action,
    Ground,
    Outcome,
    Side,
)
from filing.forms import told_by
from filing.handling import QuestionRepeats, Taken
from filing.meanings import Meaning
from filing.receiving import Given, Receipt
from filing.routes import ROUTE_NAMES, ROUTES_READ, ROUTES_TOLD, SITUATIONS, Route
from portal.api.concerns import DEALING, WATCHING, attachment, three_routes
from portal.pages import done, forms, overlap
from portal.pages.attempts import attempt
from portal.pages.rendering import Lang, go, reject, render
from portal.web import following, identity
from portal.web.access import allow, attaching, public
from portal.web.at_hand import Configured, Database, Store
from portal.web.identity import Asking, By
from portal.web.page_cache import keep
from portal.web.uploads import Form, attached
from registry import attachments
from registry.errors import RegisterError
from registry.language import Language, Text
from registry.organisations import Role

router = APIRouter(prefix="/{language}", include_in_schema=False)
PRIVATE = {"Cache-Control": "no-store"}


@router.get("/concern.json", dependencies=[public])
def routes_json(request: Request, language: Lang) -> Response:  # noqa: ARG001  # both stand in it
    """The three routes and the situations, as JSON."""
    return JSONResponse(three_routes())


@router.get("/concern", dependencies=[public])
def routes_page(request: Request, language: Lang, session: Database) -> Response:
    """The three routes, told apart, and the way to the filing that one means."""
    keep(request, session)
    return render(
        request,
        "concern_start.html",
        language=language,
        routes=[(each, ROUTE_NAMES[each], ROUTES_TOLD[each]) for each in Route],
        situations=SITUATIONS,
        names=ROUTE_NAMES,
    )


@router.get("/f/{number}/concern", dependencies=[public])
def form_page(request: Request, language: Lang, session: Database, number: str) -> Response:
    """The form about one filing, from what happened; never kept, for its key is for one reader."""
    slug = numbers.parse(number).slug
    if number != slug:
        return RedirectResponse(f"/{language}/f/{slug}/concern", status_code=307)
    return _form(request, language, session, number)


@router.post("/f/{number}/concern", dependencies=[attaching])
def send(
    request: Request,
    language: Lang,
    session: Database,
    store: Store,
    settings: Configured,
    form: Form,
    number: str,
) -> Response:
    """Take a concern in, and show number and code: once, for the code is kept nowhere."""
    given = Given(
        route=_route(forms.text(form, "route")),
        situation=forms.text(form, "situation"),
        words=forms.text(form, "words"),
        contact=forms.text(form, "contact"),
        consent=forms.text(form, "consent") == "1",
        watch_id=forms.text(form, "watch_id"),
    )
    address = identity.address_of(request)
    sent = attached(form, "attachments", most=settings.attachment_bytes)

    def receive() -> Receipt:
        stored = receiving.prepare(
            session, store, settings, number=number, given=given, sent=sent, address=address
        )
        return receiving.receive(
            session, number=number, given=given, address=address, attached=stored
        )

    def receipt(made: Receipt) -> Response:
        answer = render(
            request,
            "concern_receipt.html",
            language=language,
            status=201,
            told=receiving.told(session, made.concern),
            purpose=routes.purpose(made.concern.delete_on),
            code=follow_codes.shown(made.code),
        )
        return _private(answer)

    return attempt(
        receive,
        request=request,
        session=session,
        again=lambda: _private(_form(request, language, session, number)),
        done=receipt,
        typed=forms.typed(form),
    )


@router.get("/follow", dependencies=[public])
def follow_page(request: Request, language: Lang) -> Response:
    """The form for number and code."""
    keep(request)
    return render(request, "concern_follow.html", language=language, told=None, code="")


@router.post("/follow", dependencies=[attaching])
def follow(
    request: Request,
    language: Lang,
    session: Database,
    store: Store,
    settings: Configured,
    form: Form,
) -> Response:
    """Where a case stands; what is added to it, where something was typed."""
    number, code = forms.text(form, "number"), forms.text(form, "code")
    words = forms.text(form, "words")
    told, added = None, False
    try:
        found = _opened(request, session, number, code)
        told = receiving.told(session, found)
        sent = attached(form, "attachments", most=settings.attachment_bytes)
        if words or sent:
            said = {"number": number, "code": code, "words": words}
            address = identity.address_of(request)
            stored = receiving.prepare_addition(
                session, store, settings, **said, sent=sent, address=address
            )
            made = receiving.add(session, settings, **said, attached=stored)
            told, added = receiving.told(session, made), True
            form = type(form)()
    except RegisterError as error:
        session.rollback()
        reject(request, error, forms.typed(form))
    answer = render(
        request,
        "concern_follow.html",
        language=language,
        told=told,
        added=added,
        slug=numbers.parse(told["filing"]).slug if told else "",
        code=code if told else "",
        attachments=attachments.limits(settings),
        accepted=attachments.ACCEPTED,
        typed={**forms.typed(form), "number": number},
    )
    return _private(answer)


@router.get(
    "/concerns",
    dependencies=[allow(Role.FILER, Role.REVIEWER, Role.ADMINISTRATOR, kinds=DEALING)],
)
def list_page(
    request: Request, language: Lang, session: Database, by: By, asking: Asking
) -> Response:
    """The cases that the organisation may see, open ones first."""
    return render(
        request,
        "concerns.html",
        language=language,
        asking=asking,
        rows=[
            handling.told(session, each, side) for each, side in concerns.waiting(session, by=by)
        ],
    )


_OWN = allow(
    Role.FILER,
    Role.REVIEWER,
    Role.ADMINISTRATOR,
    own={Role.FILER, Role.REVIEWER, Role.ADMINISTRATOR},
    kinds=DEALING,
)


@router.get("/concerns/{concern_number}", dependencies=[_OWN])
def case_page(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    concern_number: str,
) -> Response:
    """One case, as far as the organisation may read it, and the steps from here."""
    concern, side = concerns.get(session, by=by, number=follow_codes.plain(concern_number))
    return render(
        request,
        "concern.html",
        language=language,
        asking=asking,
        told=handling.told(session, concern, side),
        question=side is Side.FILER,
        pieces=_pieces(request),
        outcomes=[(each.value, name.in_(language)) for each, name in OUTCOME_NAMES.items()],
        grounds=[(each.value, name.in_(language)) for each, name in GROUND_NAMES.items()],
    )


@router.get("/concerns/{concern_number}/attachments/{position}", dependencies=[_OWN])
def attachment_page(
    language: Lang,  # noqa: ARG001  # the same bytes in both
    session: Database,
    store: Store,
    by: By,
    concern_number: str,
    position: int,
) -> Response:
    """One attachment, to be saved, for whoever deals with the case."""
    return attachment(by, session, store, concern_number, position)


@router.post(
    "/concerns/{concern_number}/question",
    dependencies=[
        allow(
            Role.REVIEWER,
            Role.ADMINISTRATOR,
            own={Role.REVIEWER, Role.ADMINISTRATOR},
            kinds=WATCHING,
        )
    ],
)
def question_page(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    form: Form,
    concern_number: str,
) -> Response:
    """What the filer will read of a question, before it is asked; nothing is saved."""
    words = forms.text(form, "words")

    def preview() -> tuple[int, dict[str, Any]]:
        revision = overlap.revision(form)
        told = handling.preview(
            session, by=by, number=concern_number, revision=revision, words=words
        )
        return revision, told

    def page(previewed: tuple[int, dict[str, Any]]) -> Response:
        revision, told = previewed
        answer = render(
            request,
            "concern_question.html",
            language=language,
            asking=asking,
            told=told,
            question=True,
            revision=revision,
            words=words,
        )
        return _private(answer)

    return attempt(
        preview,
        request=request,
        session=session,
        again=lambda: case_page(request, language, session, by, asking, concern_number),
        done=page,
        typed=forms.typed(form),
    )


@router.post("/concerns/{concern_number}/steps", dependencies=[_OWN])
def take(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    form: Form,
    concern_number: str,
) -> Response:
    """One step with a case."""

    def taken() -> None:
        outcome, ground = forms.text(form, "outcome"), forms.text(form, "ground")
        handling.take(
            session,
            by=by,
            number=concern_number,
            taken=Taken(
                action=forms.choice(Action, forms.text(form, "action"), Text("步骤", "step")),
                revision=overlap.revision(form),
                words=forms.text(form, "words"),
                outcome=forms.choice(Outcome, outcome, Text("结果", "outcome"))
                if outcome
                else None,
                ground=forms.choice(Ground, ground, Text("不予受理的理由", "ground"))
                if ground
                else None,
            ),
        )

    return attempt(
        taken,
        request=request,
        session=session,
        again=lambda: case_page(request, language, session, by, asking, concern_number),
        done=go(f"/{language}/concerns", done.step("concern", forms.text(form, "action"))),
        typed=forms.typed(form),
    )


def _form(request: Request, language: Language, session: Session, number: str) -> Response:
    entry = catalogue.entry(session, number)
    told = told_by(entry.content)
    city = str(told.value(Meaning.CITY) or "")
    filing = catalogue.find(session, number)
    return render(
        request,
        "concern_new.html",
        language=language,
        entry=entry,
        slug=entry.content["slug"],
        name=told.of(Meaning.NAME)["said"],
        routes=[
            (
                each,
                ROUTE_NAMES[each],
                ROUTES_TOLD[each],
                ROUTES_READ[each],
                routes.ground(each, city),
            )
            for each in Route
        ],
        situations=SITUATIONS,
        names=ROUTE_NAMES,
        looked_at_first=routes.LOOKED_AT_FIRST,
        watching=receiving.watchers(session, filing),
        promised=routes.promised_days(entry.content),
        purpose=receiving.notice(),
        attachments=attachments.limits(request.app.state.settings),
        accepted=attachments.ACCEPTED,
        least=receiving.LEAST_WORDS,
        most=receiving.MOST_WORDS,
    )


def _route(given: str) -> Route | None:
    """The route that was chosen; None for none, which is told with whatever else is missing."""
    return Route(given) if given in set(Route) else None


def _pieces(request: Request) -> Sequence[tuple[str, bool]]:
    """A question that was turned down, with the places where it repeats the sender."""
    rejected = getattr(request.state, "rejected", None)
    error = rejected.error if rejected else None
    return error.pieces if isinstance(error, QuestionRepeats) else ()


def _opened(request: Request, session: Session, number: str, code: str) -> concerns.Concern:
    return following.opened(
        request.app.state.factory,
        session,
        number=number,
        code=code,
        address=identity.address_of(request),
    )


def _private(answer: Response) -> Response:
    answer.headers.update(PRIVATE)
    return answer
