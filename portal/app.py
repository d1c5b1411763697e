"""The site as one application: API, pages, health, static files and the MLflow door."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp

from filing.search_index import SearchIndex
from portal import api, pages
from portal.mlflow.door import MlflowDoor, NotAtTheDoor
from portal.mlflow.refusals import POLICIES
from portal.web import health, narrowed, request_log
from portal.web.body_limit import BodyLimit
from portal.web.head import HeadAsGet
from portal.web.headers import SecurityHeaders
from portal.web.joined import JoinedFields
from portal.web.once import KeepAnswers, Repeated, repeated
from portal.web.page_cache import PageCache
from portal.web.problems import add_problems
from portal.web.request_log import RequestLog
from registry import database, modes, store_mark, tokens
from registry import settings as configuration
from registry.language import LANGUAGES
from registry.memo import Memo
from registry.mlflow_notes import MlflowNotes
from registry.organisations import Actor
from registry.reader import Reader
from registry.settings import Settings

SHOWN = 256
"""Filed pages of which is kept what they show, each in one language."""


class Site(FastAPI):
    """The application with our layers around the framework's own.

    They stand outside its error middleware, so that an unforeseen failure is logged under its
    request's identifier and answered with the same headers as everything else.
    """

    def build_middleware_stack(self) -> ASGIApp:
        """The framework's stack within the body limit, the kept pages, the headers and the log."""
        answering = KeepAnswers(super().build_middleware_stack(), self.state.factory)
        limited = BodyLimit(answering)
        kept = HeadAsGet(PageCache(limited, self.state.reader))
        secured = SecurityHeaders(kept, secure=self.state.settings.secure_cookies)
        return RequestLog(JoinedFields(secured))


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build the site.

    `app.state` carries `settings`, `engine`, `factory` (sessions), `reader`, `store` (artifacts),
    `search`, `mlflow_notes`, `mlflow_policies` (what the door refuses), `shown` (what filed pages
    show) and `error_page` (see `portal.web.problems.add_problems`).

    Args:
        settings: of this installation; None reads them from the environment.
    """
    settings = settings or configuration.settings()
    request_log.configure(settings.log_level)
    modes.folder(settings.data)
    app = Site(
        title="明算 Mingsuan", openapi_url=None, docs_url=None, redoc_url=None, lifespan=_lifespan
    )
    app.state.settings = settings
    app.state.engine = database.connect(settings.database_url)
    app.state.factory = database.sessions(app.state.engine)
    app.state.reader = Reader(app.state.engine)
    app.state.store = store_mark.open_store(settings, app.state.factory)
    app.state.mlflow_notes = MlflowNotes(settings)
    app.state.mlflow_policies = tuple(POLICIES.values())
    app.state.search = SearchIndex(settings.search_index, app.state.factory)
    app.state.shown = Memo(SHOWN)
    add_problems(app)
    app.add_exception_handler(Repeated, repeated)
    _add_routes(app)
    return app


def _add_routes(app: FastAPI) -> None:
    pages.install(app)
    app.router.routes += [_Whole("/mlflow", _mlflow_door(app)), *_routes()]


@cache
def _routes() -> tuple[BaseRoute, ...]:
    """Every route but the door's: all sites of a process have the same.

    What an address takes and answers is worked out when it is first asked for, at a cost of half a
    second for all; a route knows its site by the request alone, so that once is enough.
    """
    shared = APIRouter()
    # MLflow's routes begin like this, and none of ours do: the address of the door lacks `/mlflow`.
    for name in ("mlflow", "mlflow-artifacts"):
        shared.routes.append(_Whole(f"/api/{{version:float}}/{name}", NotAtTheDoor()))
    for language in LANGUAGES:  # an address that was copied from a page
        shared.routes.append(_Whole(f"/{language}/mlflow", NotAtTheDoor()))
    shared.include_router(health.router)
    # Routes are tried one after the other, and there are hundreds: what most read comes first.
    for router in pages.routers_of_all():
        shared.include_router(router)
    for noun in api.NOUNS:
        shared.include_router(noun.router, prefix=api.PREFIX)
    for router in pages.routers():
        shared.include_router(router)
    narrowed.narrow(shared.routes)
    return tuple(shared.routes)


class _Whole(Mount):
    """What answers for every address below a path, also for one with a line break in it."""

    def __init__(self, path: str, app: ASGIApp) -> None:
        super().__init__(path, app)
        self.path_regex = re.compile(self.path_regex.pattern, re.DOTALL)


def _mlflow_door(app: FastAPI) -> MlflowDoor:
    """The door for MLflow's own client; it knows a sender by an API token alone."""

    def find_actor(token: str) -> Actor | None:
        with app.state.factory() as session:
            return tokens.actor_of(session, token)

    return MlflowDoor(app.state.settings, app.state.factory, app.state.store, find_actor)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    app.state.engine.dispose()
