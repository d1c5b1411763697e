"""A problem as a browser sees it: what happened, each reason, and where to go next."""

from http import HTTPStatus
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import Response

from portal.pages.rendering import language_of, render
from portal.web import kept
from portal.web.identity import Identity
from portal.web.lapsed import FIELD, Lapsed
from portal.web.problems import Problem

UNSEEN = "text-refused"


def problem_page(request: Request, problem: Problem) -> Response:
    """The page for one problem.

    Args:
        request: which request met it.
        problem: what the API would answer.
    """
    request.state.rejected = None  # the problem stands for it
    asking: Identity | None = getattr(request.state, "identity", None)
    came_from = request.url.path if request.method == "GET" else ""
    carried: Lapsed | None = getattr(request.state, "lapsed", None)
    if carried is not None and problem.status == HTTPStatus.UNAUTHORIZED:
        answer = render(
            request,
            "sign_in.html",
            language=language_of(request),
            status=problem.status,
            typed={FIELD: carried.written()},
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer
    texts = kept.texts(request)
    answer = render(
        request,
        "problem.html",
        language=language_of(request),
        status=problem.status,
        asking=asking,
        problem=problem,
        request_id=request.scope.get("request_id", ""),
        came_from=quote(came_from),
        unasked=_unasked(request, problem),
        typed_texts=texts,
        cleaned=kept.cleaned(request) if problem.slug == UNSEEN else (),
        address=request.url.path,
    )
    if texts:
        answer.headers["Cache-Control"] = "no-store"
    return answer


def _unasked(request: Request, problem: Problem) -> str:
    """The page's address without its parameters, where these were refused; else empty."""
    refused = problem.status == HTTPStatus.UNPROCESSABLE_ENTITY and request.method == "GET"
    return quote(request.url.path) if refused and request.url.query else ""
