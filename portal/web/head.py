"""HEAD, on every address that GET can read: the same headers and no body (RFC 9110, section 9.3.2)."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

DOOR = "/mlflow"
"""MLflow's own door answers its methods itself: it lists those that it takes."""


class HeadAsGet:
    """Answers HEAD by what GET would say, without its body.

    Args:
        app: what the requests go to.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, as GET where it is HEAD."""
        if scope["type"] != "http" or scope["method"] != "HEAD" or scope["path"].startswith(DOOR):
            await self.app(scope, receive, send)
            return

        async def silently(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        # The layers outside read in the state who was asking: it is one for both.
        state = scope.setdefault("state", {})
        await self.app({**scope, "method": "GET", "state": state}, receive, silently)
