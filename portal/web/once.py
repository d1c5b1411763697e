"""A form that makes something is taken once: who sends it again is shown the first answer.

One rule for every page: a form with the field `once` carries a key that its page drew. The key is
claimed before the route runs, and the answer kept when the change is committed. A form that was
turned down made nothing, so its key is free again.
"""

import asyncio
import json
import secrets
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from sqlalchemy.orm import Session, sessionmaker
from starlette.datastructures import FormData, UploadFile
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from registry import form_keys
from registry.errors import Conflict
from registry.form_keys import Claim

FIELD = "once"
CSRF_FIELD = "csrf"
SECONDS = 20.0
"""How long the second of two that were sent at once waits for the answer to the first."""
LOOKS = 0.1
STATE = "once"


class SentBefore(Conflict):
    """The form was sent before and its answer is not known: look whether it was taken, before sending a new one."""


class Repeated(Exception):  # it is an answer, no error
    """The answer to a form that was sent before."""

    def __init__(self, answer: Response) -> None:
        super().__init__("a form was sent again")
        self.answer = answer


def key() -> str:
    """A key for one form on one page."""
    return secrets.token_urlsafe(32)


async def claim(request: Request, form: FormData) -> None:
    """Claim the key that a form carries, if it carries one.

    Raises:
        Repeated: the form was sent before; with the answer to it.
        SentBefore: it was, and the answer is not known.
    """
    given = form.get(FIELD)
    if not isinstance(given, str) or not given:
        return
    factory: sessionmaker[Session] = request.app.state.factory
    actor = getattr(request.state, "actor", None)
    sender = actor.person_id if actor else ""
    made = Claim.of(given, sender=sender, address=request.url.path, content=_content(form))
    if await run_in_threadpool(form_keys.claim, factory, made):
        request.scope["state"][STATE] = made
        return
    for _ in range(int(SECONDS / LOOKS)):
        kept = await run_in_threadpool(form_keys.answer, factory, made)
        if kept is not None:
            raise Repeated(_answer(kept))
        await asyncio.sleep(LOOKS)
    raise SentBefore(
        "这份表单已经提交过，还不知道结果。请先看看是否已经登记，再重新打开页面提交。",
        "This form was sent before and its result is not known yet. Look whether it was taken "
        "before you open the page again and send it anew.",
    )


def _content(form: FormData) -> str:
    """What was typed and chosen: a form that is corrected and sent again is another one."""
    told = [
        (name, [value.filename, value.size] if isinstance(value, UploadFile) else value)
        for name, value in form.multi_items()
        if name != CSRF_FIELD
    ]
    return json.dumps(told)


def repeated(_request: Request, error: Exception) -> Response:
    """The handler for `Repeated`."""
    assert isinstance(error, Repeated)  # noqa: S101  # it is registered for that alone
    return error.answer


class KeepAnswers:
    """Keeps the answer to every form whose key was claimed, before it is sent.

    Args:
        app: what the requests go to.
        factory: sessions on the register's database.
    """

    def __init__(self, app: ASGIApp, factory: sessionmaker[Session]) -> None:
        self.app = app
        self.factory = factory

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; by the time of its answer the change is committed."""
        held: list[Message] = []

        async def keeping(message: Message) -> None:
            made: Claim | None = scope.get("state", {}).get(STATE)
            if made is None:
                await send(message)
                return
            held.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                del scope["state"][STATE]
                await run_in_threadpool(form_keys.settle, self.factory, made, _kept(held))
                for each in held:
                    await send(each)

        await self.app(scope, receive, keeping)


def _kept(messages: list[Message]) -> bytes | None:
    """An answer as bytes; None for one that says that nothing was made."""
    start = messages[0]
    if start["status"] >= 400:
        return None
    body = b"".join(each.get("body", b"") for each in messages[1:])
    headers = [
        [name.decode("latin-1"), value.decode("latin-1")] for name, value in start["headers"]
    ]
    return json.dumps([start["status"], headers, body.decode()]).encode()


def _answer(kept: bytes) -> Response:
    status, headers, body = json.loads(kept)
    answer = Response(body, status_code=status)
    pairs: list[Any] = [
        (name.encode("latin-1"), value.encode("latin-1")) for name, value in headers
    ]
    answer.raw_headers = pairs
    return answer
