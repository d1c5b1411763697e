"""The headers that keep a browser on our side, on every answer."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# No third parties and no inline script or style: everything comes from our own /static.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
HSTS = "max-age=31536000; includeSubDomains"


class SecurityHeaders:
    """Sets the headers, makes redirects within the site relative, and keeps answers to someone signed in out of shared caches.

    Args:
        app: what the requests go to.
        secure: whether the site is served over HTTPS only.
    """

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self.app = app
        self.fixed = HEADERS | ({"Strict-Transport-Security": HSTS} if secure else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete the answer's headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def completing(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.fixed.items():
                    headers.setdefault(name, value)
                if "location" in headers:
                    headers["location"] = _here(headers["location"], scope)
                if scope.get("state", {}).get("actor") is not None:
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, completing)


def _here(location: str, scope: Scope) -> str:
    """A redirect as a path of this site where it names the host that the request named.

    The framework writes the request's own Host header into some redirects, and that header is the
    sender's to choose: a cache could hand the answer on to others.
    """
    target = urlsplit(location)
    if not target.netloc or target.netloc != Headers(scope=scope).get("host"):
        return location
    return target._replace(scheme="", netloc="", path="/" + target.path.lstrip("/")).geturl()
