"""Public pages kept as they are sent, for as long as nothing that they tell has changed.

A route says with `keep` that its answer is the same for everyone, and what it tells of: one filed
page, the whole record, or nothing that changes. Before a kept answer goes out again, the record is
asked for the number of its newest change (`filing.changes`), so every server sees what any server
wrote, and a revoked filing is never served as it stood. Time changes what is told at the beginning
of a legal day only (`filing.gate.expires`): nothing is kept beyond its own.

Whoever sends a sign-in, a token or the word on what was just done is answered anew and nothing of it
is kept.
"""

import gzip
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import brotli
from sqlalchemy.orm import Session
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from filing import changes
from filing.changes import Revision
from portal.web import conditional
from portal.web.identity import COOKIE
from registry import legal_day
from registry.database import now
from registry.errors import Unavailable
from registry.reader import Reader

KEY: Final = "mingsuan.keep"
MOST_BYTES = 64 * 1024**2
LONGEST_ADDRESS = 300
LEAST_PACKED = 512
VARY = "Accept-Encoding, Authorization, Cookie"
REVALIDATED = "public, no-cache"
FOR_EVER = "public, max-age=31536000, immutable"

# Level 5 and 6: as small as what is packed for each request elsewhere, in about a millisecond.
# A window of 64 kB holds a page, and is made ready sooner than the usual one of 4 MB.
PACKINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, quality=5, lgwin=16),
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
}


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer tells of, and up to which change.

    Args:
        slug: the filed page; empty for the whole record.
        revision: of the record when the answer was begun; None for what no change of it touches.
        day: the legal day on which it was told; None for what no day changes.
    """

    slug: str = ""
    revision: Revision | None = None
    day: date | None = None


async def seen(request: Request, slug: str) -> Revision | None:
    """The newest change that a filed page can show, asked without a session.

    A page that is made after it tells at least of that change: where another came in between, the
    next who asks finds a later number, and the page is made again.

    Args:
        request: for its page.
        slug: of the page.

    Returns:
        None where the record does not answer at once; then `keep` asks it by its session.
    """
    try:
        return await changes.revision_now(request.app.state.reader, slug)
    except Unavailable:
        return None


def keep(
    request: Request,
    session: Session | None = None,
    slug: str = "",
    *,
    seen: Revision | None = None,
) -> Told:
    """Say that a request's answer is everyone's; call it before anything is read from the record.

    Args:
        request: which is answered by 200; other answers are never kept.
        session: with which the answer is made; None where it does not tell of the record.
        slug: of the one filed page that is told of; empty where it is the whole record.
        seen: what `seen` said of the page before; None to ask by the session.

    Returns:
        What the answer tells of: the same is told for as long as this is the same.
    """
    told = Told()
    if session is not None:
        if seen is None:
            seen = changes.revision(session, slug) if slug else changes.latest(session)
        told = Told(slug, seen, legal_day.of(now()))
    request.scope[KEY] = told
    return told


def keep_not(request: Request) -> None:
    """Say that a request's answer is not to be kept after all: it tells less than the record.

    Args:
        request: for which `keep` was called.
    """
    request.scope.pop(KEY, None)


@dataclass(slots=True)
class Kept:
    """An answer: what it tells of, its tag and headers, its bytes by packing."""

    told: Told
    tag: str
    headers: list[tuple[bytes, bytes]]
    body: bytes
    packed: dict[str, bytes] = field(default_factory=dict)
    seen: Revision | None = None
    """The newest change of the whole record after which the page was found to hold."""

    @property
    def size(self) -> int:
        """Bytes that it takes; twice the body covers its packings."""
        return 2 * len(self.body) + 1024

    def as_packed(self, name: str) -> bytes:
        """The body in one packing, made once."""
        if name == "identity":
            return self.body
        if name not in self.packed:
            self.packed[name] = PACKINGS[name](self.body)
        return self.packed[name]


class PageCache:
    """Sends kept answers, packed and with their tags; keeps those that say they may be kept.

    Args:
        app: what the requests go to.
        reader: of the record.
        most: bytes that are kept at most; the least recently sent go first.
    """

    def __init__(self, app: ASGIApp, reader: Reader, *, most: int = MOST_BYTES) -> None:
        self.app, self.reader, self.most = app, reader, most
        self._kept: OrderedDict[tuple[str, bytes], Kept] = OrderedDict()
        self._size = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from what is kept, or pass the request on."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        personal = COOKIE in headers.get("cookie", "") or "authorization" in headers
        address = (scope["path"], scope["query_string"])
        kept = None if personal else await self._fresh(address)
        if kept is None:
            taking = _Taking(scope, headers, send, None if personal else self._keeper(address))
            await self.app(scope, receive, taking.send)
            return
        await _answer(kept, headers, send)

    async def _fresh(self, address: tuple[str, bytes]) -> Kept | None:
        """What is kept of an address, if nothing of it changed since."""
        kept = self._kept.get(address)
        if kept is None:
            return None
        if not await self._holds(kept):
            self._drop(address, kept)
            return None
        if address in self._kept:
            self._kept.move_to_end(address)
        return kept

    async def _holds(self, kept: Kept) -> bool:
        """Whether a page tells what the record says now; not where the record cannot be asked."""
        told = kept.told
        if told.day is not None and told.day != legal_day.of(now()):
            return False
        if told.revision is None:
            return True
        try:
            latest = await changes.latest_now(self.reader)
            if not told.slug:
                return told.revision == latest
            if kept.seen != latest:  # asked before the page's own: so it is never taken for newer
                if told.revision != await changes.revision_now(self.reader, told.slug):
                    return False
                kept.seen = latest
        except Unavailable:
            return False
        return True

    def _keeper(self, address: tuple[str, bytes]) -> Callable[[Kept], None]:
        def keeper(kept: Kept) -> None:
            if len(address[0]) + len(address[1]) > LONGEST_ADDRESS or kept.size > self.most // 4:
                return
            earlier = self._kept.get(address)
            if earlier is not None:
                self._drop(address, earlier)
            self._kept[address] = kept
            self._size += kept.size
            while self._size > self.most:
                self._drop(*next(iter(self._kept.items())))

        return keeper

    def _drop(self, address: tuple[str, bytes], kept: Kept) -> None:
        if self._kept.get(address) is kept:
            del self._kept[address]
            self._size -= kept.size


class _Taking:
    """Takes in an answer that says it may be kept, and sends every other as it comes.

    `keeper` is None for someone known by name: the answer is theirs alone.
    """

    def __init__(
        self, scope: Scope, headers: Headers, send: Send, keeper: Callable[[Kept], None] | None
    ) -> None:
        self.scope, self.headers, self.passing, self.keeper = scope, headers, send, keeper
        self.start: Message | None = None
        self.body = bytearray()

    async def send(self, message: Message) -> None:
        """Take one message of the application."""
        if message["type"] == "http.response.start" and message["status"] == 200:
            told: Told | None = self.scope.get(KEY)
            if told is not None and self.keeper is not None and not self._known():
                self.start = message
                return
            if told is not None:
                MutableHeaders(scope=message).setdefault("Cache-Control", "no-store")
        if self.start is None:
            await self.passing(message)
            return
        self.body += message.get("body", b"")
        if not message.get("more_body", False):
            await self._end(self.start)

    def _known(self) -> bool:
        """Whether the application found out who is asking, by whatever the request carried."""
        return self.scope.get("state", {}).get("identity") is not None

    async def _end(self, start: Message) -> None:
        headers = MutableHeaders(raw=list(start["headers"]))
        body = bytes(self.body)
        tag = conditional.weakened(headers.get("etag") or conditional.weak_tag(body))
        headers["etag"], headers["vary"] = tag, VARY
        headers.setdefault("cache-control", REVALIDATED)
        del headers["content-length"]
        kept = Kept(self.scope[KEY], tag, headers.raw, body)
        if self.keeper is not None and "set-cookie" not in headers:
            self.keeper(kept)
        await _answer(kept, self.headers, self.passing)


REPRESENTED = "repr-digest"
"""The digest of an answer's bytes as they are sent: it is none of the packed ones."""


async def _answer(kept: Kept, asked: Headers, send: Send) -> None:
    """Send an answer as the request can take it: nothing where it is known, packed where it may."""
    headers = list(kept.headers)
    if conditional.known(asked.get("if-none-match", ""), kept.tag):
        headers = [
            each for each in headers if each[0] not in (b"content-type", b"content-disposition")
        ]
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    name = "identity"
    if len(kept.body) >= LEAST_PACKED:
        name = conditional.encoding(asked.get("accept-encoding", ""), tuple(PACKINGS))
    body = kept.as_packed(name)
    if name != "identity":
        digest = REPRESENTED.encode()  # of the bytes that are not packed
        headers = [each for each in headers if each[0] != digest]
        headers.append((b"content-encoding", name.encode()))
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
