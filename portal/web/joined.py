"""Header fields that came on several lines, joined into one as every reader of them expects.

Source: RFC 9110, section 5.3 (lines of one field are its list, in order, with commas between), and
RFC 9113, section 8.2.3 (lines of cookies are joined with semicolons).
"""

from starlette.types import ASGIApp, Receive, Scope, Send

COMMA = (
    b"accept", b"accept-encoding", b"accept-language", b"cache-control", b"connection", b"forwarded",
    b"if-match", b"if-none-match", b"te", b"via", b"x-forwarded-for",
)  # fmt: skip
"""Fields whose value is a list; the lines of any other are left as they came."""
BETWEEN = {b"cookie": b"; ", **dict.fromkeys(COMMA, b", ")}


def joined(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The same header fields, each list on one line, where its first line stood.

    Args:
        headers: names in lower case, and values.
    """
    lines: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        if name in BETWEEN:
            lines.setdefault(name, []).append(value)
    if all(len(each) == 1 for each in lines.values()):
        return headers
    one = []
    for name, value in headers:
        if name not in BETWEEN:
            one.append((name, value))
        elif name in lines:
            one.append((name, BETWEEN[name].join(lines.pop(name))))
    return one


class JoinedFields:
    """Passes requests on with each list of their headers on one line.

    Args:
        app: what the requests go to.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if "headers" in scope:
            scope["headers"] = joined(scope["headers"])
        await self.app(scope, receive, send)
