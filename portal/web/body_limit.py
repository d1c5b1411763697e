"""How large a request's body may be: small, unless the sender has proved a right to upload."""

from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

DEFAULT = 2 * 1024**2
KEY = "mingsuan.body_limit"


@dataclass(slots=True)
class Limit:
    """The limit of one request, which a proved sender may have raised."""

    size: int


class BodyLimit:
    """Stops reading a body at the limit, whatever its Content-Length says.

    Args:
        app: what the requests go to.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a counting `receive`."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = scope[KEY] = Limit(DEFAULT)
        announced = Headers(scope=scope).get("content-length", "0")
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            if announced.isdigit() and int(announced) > limit.size:
                raise HTTPException(413)
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit.size:
                raise HTTPException(413)
            return message

        await self.app(scope, counted, send)


def raise_limit(request: Request, size: int) -> None:
    """Let this request's body be as large as `size` bytes."""
    request.scope[KEY].size = size
