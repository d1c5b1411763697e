"""What makes something is taken once: who sends it again is shown the first answer.

One rule for every page: a form with the field `once` carries a key that its page drew. One for the
API: a write may carry a key that its sender drew, in the header `Idempotency-Key`. The key is
claimed before the route runs, let go of in the transaction of the change, and the answer kept once
that is committed. What was turned down made nothing, so its key is free again; what a server was at
when it died made nothing either, so whoever sends it again goes on in its place.
"""

import asyncio
import hashlib
import json
import secrets
import string
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import structlog
from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker
from starlette.datastructures import FormData, UploadFile
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal.web import unrevised
from portal.web.at_hand import ON_COMMIT, SAFE_METHODS
from registry import form_keys
from registry.errors import Conflict, Invalid, RegisterError
from registry.form_keys import Claim

log = structlog.get_logger(__name__)
FIELD = "once"
CSRF_FIELD = "csrf"
SECONDS = 20.0
"""How long the second of two that were sent at once waits for the answer to the first."""
LOOKS = 0.1
STATE = "once"
HEADER = "Idempotency-Key"
CALLS = "/api/v1/"
SIGNS = frozenset(string.ascii_letters + string.digits + "-_.:+/=")
SHORTEST, LONGEST = 16, 80
"""Characters of a key that a caller draws: fewer are guessed, or drawn twice."""
PERSONAL = (unrevised.OWN, unrevised.ONCE)
"""Writes whose answer is never kept: a password stands in the call, or a one-time link."""


class SentBefore(Conflict):
    """The form was sent before and its answer is not known: look whether it was taken, before sending a new one."""


class KeyOfAnother(Invalid):
    """The key was sent with another call: draw a new key for each thing that is to be made."""


class BadKey(Invalid):
    """The key is too short, too long, or holds other signs than letters, digits and - _ . : + / =."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What carries a key.

    Args:
        claim: under which it is known.
        mark: what tells the call apart from another with the same key; empty for a form, whose
            claim is already its own.
        holder: under which this request holds it.
    """

    claim: Claim
    mark: str = ""
    holder: str = ""


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
    actor = getattr(request.state, "actor", None)
    sender = actor.person_id if actor else ""
    content = await run_in_threadpool(partial(_content, form, without=CSRF_FIELD))
    made = Claim.of(given, sender=sender, address=request.url.path, content=content)
    if not await _first(request, Sent(made)):
        raise SentBefore(
            "这份表单已经提交过，还不知道结果。请先看看是否已经登记，再重新打开页面提交。",
            "This form was sent before and its result is not known yet. Look whether it was taken "
            "before you open the page again and send it anew.",
        )


async def claim_call(request: Request, form: FormData | None = None) -> None:
    """Claim the key that a call of the API carries, if it carries one.

    A key belongs to the account that sends it; without an account, to the call with its content.

    Args:
        request: whose sender has been let in.
        form: the body, where it is a form; its files are told apart by their bytes.

    Raises:
        BadKey: it is too short to be one's own, or no key.
        KeyOfAnother: it came with another call of this account.
        Repeated: this call came before; with the answer to it.
        SentBefore: it did, and the answer is not known.
    """
    given = request.headers.get(HEADER)
    if given is None or not request.url.path.startswith(CALLS) or request.method in SAFE_METHODS:
        return
    route = getattr(request.scope.get("route"), "path_format", "")  # below the API's prefix
    if unrevised.API.get(f"{request.method} {CALLS.rstrip('/')}{route}") in PERSONAL:
        return
    if not SHORTEST <= len(given) <= LONGEST or not set(given) <= SIGNS:
        raise BadKey(
            f"请求头 {HEADER} 应是 {SHORTEST} 到 {LONGEST} 个字母、数字或 - _ . : + / =，请为每一次新建随机生成一个。",
            f"The header {HEADER} takes {SHORTEST} to {LONGEST} letters, digits or - _ . : + / =; "
            "draw a random one for each thing that is to be made.",
        )
    if form is None:
        body = await request.body()
    else:
        body = (await run_in_threadpool(_content, form)).encode()
    about = f"{request.method} {request.url.path}?{request.url.query}"
    mark = hashlib.sha256(about.encode() + b"\0" + body).hexdigest()
    actor = getattr(request.state, "actor", None)
    sender = f"{actor.person_id} {actor.organisation_id}" if actor else ""
    made = Claim.of(given, sender=sender, address=CALLS, content="" if actor else mark)
    if not await _first(request, Sent(made, mark)):
        raise SentBefore(
            f"带这个 {HEADER} 的请求已经收到过，还不知道结果。请先看看是否已经登记，再用新的键发送。",
            f"A call with this {HEADER} came before and its result is not known yet. Look whether "
            "it was taken before you send it anew with another key.",
        )


async def _first(request: Request, sent: Sent) -> bool:
    """Whether this is the first time, or the first that is not turned down; False where no answer comes.

    Raises:
        Repeated: it is not; with the answer.
        KeyOfAnother: it is another call.
    """
    factory: sessionmaker[Session] = request.app.state.factory
    for _ in range(int(SECONDS / LOOKS)):
        # The first may be turned down meanwhile, or its server die: it made nothing, and this one is
        # then the first.
        holder = await run_in_threadpool(form_keys.claim, factory, sent.claim)
        if holder is not None:
            request.scope["state"][STATE] = replace(sent, holder=holder)
            let_go = partial(form_keys.let_go, form=sent.claim, holder=holder)
            request.scope["state"][ON_COMMIT] = let_go
            return True
        kept = await run_in_threadpool(form_keys.answer, factory, sent.claim)
        if kept is not None:
            raise Repeated(_answer(kept, sent.mark))
        await asyncio.sleep(LOOKS)
    return False


def _content(form: FormData, *, without: str = "") -> str:
    """What was typed and chosen, and the digest of each file: what is corrected is another form.

    A file is read piece by piece, and lies at its beginning afterwards.

    Args:
        form: as it was sent.
        without: a field that says nothing of what is sent.
    """
    told: list[tuple[str, str | list[str | None]]] = []
    for name, value in form.multi_items():
        if name == without:
            continue
        if isinstance(value, UploadFile):
            value.file.seek(0)
            digest = hashlib.file_digest(value.file, "sha256")  # type: ignore[arg-type]
            value.file.seek(0)
            told.append((name, [value.filename, digest.hexdigest()]))
        else:
            told.append((name, value))
    return json.dumps(told)


def repeated(_request: Request, error: Exception) -> Response:
    """The handler for `Repeated`."""
    assert isinstance(error, Repeated)  # noqa: S101  # it is registered for that alone
    return error.answer


class KeepAnswers:
    """Keeps the answer to everything whose key was claimed, before it is sent.

    Args:
        app: what the requests go to.
        factory: sessions on the register's database.
    """

    def __init__(self, app: ASGIApp, factory: sessionmaker[Session]) -> None:
        self.app = app
        self.factory = factory

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; by the time of its answer the change is committed."""
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS:
            await self.app(scope, receive, send)
            return
        held: list[Message] = []

        async def keeping(message: Message) -> None:
            made: Sent | None = scope.get("state", {}).get(STATE)
            if made is None:
                await send(message)
                return
            held.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                del scope["state"][STATE]
                kept = _kept(held, made.mark)
                try:
                    await run_in_threadpool(
                        partial(
                            form_keys.settle, self.factory, made.claim, kept, holder=made.holder
                        )
                    )
                except (SQLAlchemyError, RegisterError) as error:  # the answer is true without it
                    log.warning("answer not kept", error=type(error).__name__)
                for each in held:
                    await send(each)

        beating = asyncio.create_task(self._beat(scope))
        try:
            await self.app(scope, receive, keeping)
        finally:
            beating.cancel()

    async def _beat(self, scope: Scope) -> None:
        """Say every few seconds that the request is still dealt with, as long as it holds a key."""
        while True:
            await asyncio.sleep(form_keys.BEAT.total_seconds())
            made: Sent | None = scope.get("state", {}).get(STATE)
            if made is None:
                continue
            try:
                await run_in_threadpool(form_keys.beat, self.factory, made.claim, made.holder)
            except (
                SQLAlchemyError,
                RegisterError,
            ) as error:  # if it stays away, so does the change
                log.warning("no beat", error=type(error).__name__)


def _kept(messages: list[Message], mark: str) -> bytes | None:
    """An answer as bytes; None for one that says that nothing was made."""
    start = messages[0]
    if start["status"] >= 400:
        return None
    body = b"".join(each.get("body", b"") for each in messages[1:])
    headers = [
        [name.decode("latin-1"), value.decode("latin-1")] for name, value in start["headers"]
    ]
    return json.dumps([start["status"], headers, body.decode(), mark]).encode()


def _answer(kept: bytes, mark: str) -> Response:
    status, headers, body, first = json.loads(kept)
    if first != mark:
        raise KeyOfAnother(
            f"这个 {HEADER} 已经随另一个请求用过。内容不同时，请换一个新的键。",
            f"This {HEADER} came with another call before. Draw a new key for other content.",
        )
    answer = Response(body, status_code=status)
    pairs: list[Any] = [
        (name.encode("latin-1"), value.encode("latin-1")) for name, value in headers
    ]
    answer.raw_headers = pairs
    return answer
