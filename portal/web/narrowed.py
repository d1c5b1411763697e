"""Which routers an address can belong to, told by one pattern for each of them.

The framework tries route after route, of which there are two hundred, and each trial costs several
times what matching its pattern does. Where none of a router's patterns fits, none of its routes is
tried.
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, Match
from starlette.types import Scope

_NAME = re.compile(r"\(\?P<\w+>")


def narrow(routes: Iterable[BaseRoute]) -> None:
    """Have each of these be tried only where one of the patterns below it fits the address.

    Args:
        routes: of an application; a router that was included counts as one of them. They are
            changed in place.
    """
    for each in routes:
        _narrow(each)


def _narrow(route: BaseRoute) -> None:
    asked = route.matches

    @cache  # what a router's routes are is worked out when it is first asked
    def fits() -> re.Pattern[str] | None:
        return _either(route)

    def matches(scope: Scope) -> tuple[Match, Scope]:
        plain = scope["type"] == "http" and not scope.get("root_path")
        if plain and (pattern := fits()) is not None and pattern.match(scope["path"]) is None:
            return Match.NONE, {}
        return asked(scope)

    route.matches = matches  # type: ignore[method-assign]


def _either(route: BaseRoute) -> re.Pattern[str] | None:
    """One pattern for all routes below a route; None where one of them has none."""
    patterns: list[Any] = [
        getattr(each, "path_regex", None) for each in iter_route_contexts([route])
    ]
    if not all(isinstance(each, re.Pattern) and not each.flags & re.DOTALL for each in patterns):
        return None
    return re.compile("|".join(_NAME.sub("(?:", each.pattern) for each in patterns))
