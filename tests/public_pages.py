"""The pages that anyone may read, from the routes themselves, so that a new one is walked too."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi.routing import iter_route_contexts

from portal.app import create_app
from portal.web.access import declared
from registry import legal_day
from registry.settings import Settings

PREFIX = "/{language}/"


@cache
def templates() -> tuple[str, ...]:
    """The paths of the pages, without the language, such as `f/{number}`; their twins left out."""
    with TemporaryDirectory() as folder:
        app = create_app(Settings(data=Path(folder) / "data", sandbox_tier="none"))
        routes = list(iter_route_contexts(app.routes))
        app.state.engine.dispose()
    return tuple(
        str(each.path).removeprefix(PREFIX)
        for each in routes
        if str(each.path).startswith(PREFIX)
        and "GET" in (each.methods or ())
        and any(access.anyone for access in declared(each.dependencies))
        and not str(each.path).endswith((".json", "/envelope"))
    )


def usual() -> dict[str, str]:
    """What stands in the paths of the pages without naming a record, and what they are asked with."""
    today = legal_day.today().isoformat()
    return {"day": today, "?f/{number}/on": f"?day={today}", "link_id": "0" * 32}


def addresses(known: Mapping[str, str]) -> list[str]:
    """One address for each page, without the language.

    Args:
        known: what stands in the braces of the paths, and what a page is asked with, by its path.
    """
    whole = {**usual(), **known}
    return [each.format_map(whole) + whole.get(f"?{each}", "") for each in templates()]
