"""Turns the register's errors into RFC 9457 problem documents, or into a page for a browser."""

import re
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from starlette.exceptions import HTTPException

from registry import artifacts, characters, environment, wrong_values
from registry.errors import (
    Conflict,
    Invalid,
    NotFound,
    Reason,
    Refused,
    RegisterError,
    Unavailable,
)
from registry.language import Text

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 2


class NotSignedIn(Refused):
    """Nobody is signed in: sign in, or send an API token."""


STATUS: dict[type[Exception], HTTPStatus] = {
    NotSignedIn: HTTPStatus.UNAUTHORIZED,
    NotFound: HTTPStatus.NOT_FOUND,
    Refused: HTTPStatus.FORBIDDEN,
    Conflict: HTTPStatus.CONFLICT,
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    artifacts.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    RegisterError: HTTPStatus.SERVICE_UNAVAILABLE,  # no kind: an outside service failed us
}

TITLES: dict[int, Text] = {
    400: Text("请求无法读懂", "The request cannot be read"),
    401: Text("请先登录", "Sign in first"),
    403: Text("没有这项权限", "Not allowed"),
    404: Text("没有找到", "Not found"),
    405: Text("这个地址不支持这种操作", "This address does not take this method"),
    409: Text("与现在的状态冲突", "In conflict with the present state"),
    413: Text("内容太大", "Too large"),
    422: Text("内容不符合要求", "This cannot be taken as it is"),
    429: Text("尝试次数太多", "Too many attempts"),
    500: Text("系统出错", "The system failed"),
    503: Text("暂时不能处理", "Not available just now"),
}

SAID: dict[int, Text] = {
    400: Text("请按接口说明检查请求。", "Check the request against the API description."),
    404: Text("这个地址没有内容，请检查网址。", "Nothing is at this address; check it."),
    405: Text("请改用允许的方法。", "Use one of the allowed methods."),
    413: Text("请减小内容后再发送。", "Send something smaller."),
    500: Text(
        "出现了没有预料到的问题，已经记录。请稍后再试，并告知请求编号。",
        "Something unforeseen happened and was recorded. Try later and quote the request id.",
    ),
    503: Text("请稍后再试。", "Try again later."),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem document, before it is written as JSON or as a page.

    Args:
        slug: the last part of its type address.
        status: the HTTP status.
        title: the kind of problem.
        said: what happened and what to do next.
        reasons: every offending item.
        headers: what the status asks for, such as `Allow` or `Retry-After`.
    """

    slug: str
    status: int
    title: Text
    said: Text
    reasons: Sequence[Reason] = ()
    headers: dict[str, str] = field(default_factory=dict)

    def as_json(self, request: Request) -> dict[str, Any]:
        """The document of RFC 9457, in both languages."""
        document = {
            "type": f"/problems/{self.slug}",
            "title": self.title.zh,
            "title_en": self.title.en,
            "status": self.status,
            "detail": self.said.zh,
            "detail_en": self.said.en,
            "instance": request.url.path,
            "request_id": request.scope.get("request_id", ""),
            "reasons": [
                {
                    "item": reason.item,
                    "said": reason.said.as_json(),
                    "remedy": reason.remedy.as_json(),
                }
                for reason in self.reasons
            ],
        }
        visible: dict[str, Any] = characters.all_visible(document)  # it may quote what was sent
        return visible


CHOSEN_BY = "Accept, Accept-Language"
"""By which headers a problem is told as JSON or as a page, and a page in which language."""
ErrorPage = Callable[[Request, Problem], Response]


def add_problems(app: FastAPI) -> None:
    """Answer every error under `app` with a problem document, or with `app.state.error_page`.

    `app.state.error_page` is called as `error_page(request, problem)` when the client prefers
    HTML; it is the pages' to fill, and None means that everyone gets JSON.
    """
    app.state.error_page = None
    for kind, explain in EXPLAIN.items():
        app.add_exception_handler(kind, _handler(explain))


def answer(request: Request, problem: Problem) -> Response:
    """The response that tells `problem` to this client."""
    # Nobody between us and the client keeps what may be there in a moment, or is not theirs.
    headers = {"Cache-Control": "no-store", "Vary": CHOSEN_BY, **problem.headers}
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="mingsuan"'
    page: ErrorPage | None = request.app.state.error_page
    if page is not None and prefers_html(request):
        response = page(request, problem)
        response.headers.update(headers)
        return response
    return JSONResponse(
        problem.as_json(request),
        status_code=problem.status,
        headers=headers,
        media_type=MEDIA_TYPE,
    )


def prefers_html(request: Request) -> bool:
    """Whether the client would rather read a page: never under /api, /mlflow or *.json."""
    path = request.url.path
    if path.startswith(("/api/", "/mlflow/")) or path.endswith(".json"):
        return False
    weights = {"text/html": 0.0, "application/json": 0.0}
    for part in request.headers.get("accept", "").split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if name in weights:
            weights[name] = _weight(parameters)
    return weights["text/html"] > weights["application/json"]


def of_error(error: RegisterError) -> Problem:
    """The problem that one of the register's errors makes.

    Where the environment is why it was raised, that is the problem, whatever the error says.
    """
    error = environment.unavailable(error) or error
    status = next(int(STATUS[kind]) for kind in type(error).__mro__ if kind in STATUS)
    if error.operators != error.said:
        log = structlog.get_logger("portal")
        log.warning("unavailable", cause=type(error).__name__, error=str(error))
    wait = getattr(error, "retry_after", None)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        wait = wait or RETRY_SECONDS
    elif wait is not None:
        status = int(HTTPStatus.TOO_MANY_REQUESTS)
    return Problem(
        slug=_slug(type(error).__name__),
        status=status,
        title=TITLES[status],
        said=error.said,
        reasons=error.reasons,
        headers={} if wait is None else {"Retry-After": str(wait)},
    )


def of_status(status: int, headers: dict[str, str] | None = None) -> Problem:
    """The problem of a bare HTTP status, such as an address that does not exist."""
    title = TITLES.get(status, Text("请求没有成功", "The request did not succeed"))
    return Problem(
        slug=_slug(HTTPStatus(status).phrase.title().replace(" ", "").replace("-", "")),
        status=status,
        title=title,
        said=SAID.get(status, title),
        headers=headers or {},
    )


def _of_register(error: Exception) -> Problem:
    assert isinstance(error, RegisterError)  # noqa: S101  # the table below says so
    return of_error(error)


def _of_http(error: Exception) -> Problem:
    assert isinstance(error, HTTPException)  # noqa: S101
    return of_status(error.status_code, dict(error.headers or {}))


def _of_validation(error: Exception) -> Problem:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    # The rejected input itself is never repeated: it may be a password.
    return Problem(
        slug="request-invalid",
        status=422,
        title=TITLES[422],
        said=Text(
            "请求中有几处不符合要求，请逐项改正后再发送。",
            "Parts of the request break the rules; correct each and send it again.",
        ),
        reasons=[reason_of(item) for item in error.errors()],
    )


def reason_of(item: dict[str, Any], *, within: str = "") -> Reason:
    """What one of pydantic's errors says, without the rejected input itself.

    Args:
        item: one of `ValidationError.errors()`.
        within: the form field that the value came in.
    """
    path = ([within] if within else []) + [str(part) for part in item["loc"]]
    place = ".".join(path)
    remedy = Text("请按接口说明改正。", "Correct it as the API description says.")
    if item["type"] == "missing":
        remedy = Text("请补上。", "Supply it.")
    return Reason(place, wrong_values.said(item), remedy)


def _of_clash(_error: Exception) -> Problem:
    return Problem(
        slug="record-clash",
        status=409,
        title=TITLES[409],
        said=Text(
            "同时有别的修改写入了同样的内容，请重新读取后再试。",
            "Another change wrote the same thing meanwhile; read again, then retry.",
        ),
    )


def _of_environment(error: Exception) -> Problem:
    away = environment.unavailable(error)
    if away is None:
        return _of_unforeseen(error)
    told = f"{type(error).__name__}: {error}"[:500]
    structlog.get_logger("portal").warning("unavailable", cause=type(away).__name__, error=told)
    return of_error(away)


def _of_unforeseen(error: Exception) -> Problem:
    structlog.get_logger("portal").error("unforeseen", exc_info=error)
    return of_status(500)


EXPLAIN: dict[type[Exception], Callable[[Exception], Problem]] = {
    RegisterError: _of_register,
    HTTPException: _of_http,
    RequestValidationError: _of_validation,
    IntegrityError: _of_clash,
    SQLAlchemyError: _of_environment,
    OSError: _of_environment,
    sqlite3.Error: _of_environment,  # the search's index is read without sqlalchemy
    Exception: _of_unforeseen,
}


def _handler(explain: Callable[[Exception], Problem]) -> Callable[[Request, Exception], Response]:
    def handle(request: Request, error: Exception) -> Response:
        return answer(request, explain(error))

    return handle


def _weight(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        if re.fullmatch(r"q=(0(\.\d{1,3})?|1(\.0{1,3})?)", parameter):
            return float(parameter[2:])
    return 1.0


def _slug(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
