"""One structured line per request, with an identifier, and never with a secret."""

import logging
import re
import secrets
import sys
import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# A proxy's own identifier is kept when it is harmless to print.
IDENTIFIER = re.compile(r"[A-Za-z0-9-]{8,64}")
QUIET = ("/healthz", "/readyz", "/static/")


def configure(level: str) -> None:
    """Write structured logs as JSON lines on standard error.

    Args:
        level: the least level that is written, such as INFO.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # today's, not import time's
    )


class RequestLog:
    """Gives each request an identifier and writes a line when it is answered.

    The path is logged without its query: links from invitations carry a secret there. Headers
    and bodies are never logged.

    Args:
        app: what the requests go to.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and write its line."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        sent = Headers(scope=scope).get("x-request-id", "")
        identifier = sent if IDENTIFIER.fullmatch(sent) else secrets.token_hex(8)
        scope["request_id"] = identifier
        line = _Line(scope)

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                line.status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = identifier
            elif message["type"] == "http.response.body":
                line.size += len(message.get("body", b""))
                if not message.get("more_body", False):
                    line.write()  # before the client can act on the end of the answer
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=identifier):
            try:
                await self.app(scope, receive, noting)
            finally:
                line.write()


class _Line:
    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.started = time.perf_counter()
        self.status = 500
        self.size = 0
        self.written = False

    def write(self) -> None:
        if self.written:
            return
        self.written = True
        path, actor = self.scope["path"], self.scope.get("state", {}).get("actor")
        log = structlog.get_logger("portal")
        quiet = path.startswith(QUIET) and self.status < 400
        (log.debug if quiet else log.info)(
            "request",
            method=self.scope["method"],
            path=path,
            status=self.status,
            bytes=self.size,
            milliseconds=round((time.perf_counter() - self.started) * 1000, 1),
            person=actor.person_id if actor else None,
            organisation=actor.organisation_id if actor else None,
        )
