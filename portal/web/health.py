"""Whether the server lives, and whether it can work."""

import sqlite3
from collections.abc import Callable

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from portal.web.access import public
from registry import database, environment
from registry.errors import Unavailable

router = APIRouter(include_in_schema=False)


@router.get("/healthz", dependencies=[public])
def alive() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


@router.get("/readyz", dependencies=[public])
def ready(request: Request) -> JSONResponse:
    """Say whether database and search answer, the database takes changes, disk and store bytes."""
    state = request.app.state

    def database_answers() -> None:
        with state.factory() as session:
            session.execute(text("SELECT 1 FROM organisation LIMIT 1"))

    checks = {
        "database": _passes(database_answers),
        "writing": _passes(lambda: database.check_writing(state.engine)),
        "data": _passes(lambda: environment.check_writing(state.settings.data / "spool")),
        "store": _passes(state.store.check),
        "search": _passes(state.search.check),
    }
    whole = all(checks.values())
    return JSONResponse(
        {"ready": whole, "checks": checks},
        status_code=200 if whole else 503,
        headers=None if whole else {"Retry-After": str(Unavailable.retry_after)},
    )


def _passes(check: Callable[[], object]) -> bool:
    """Whether nothing was raised; what was is logged, for the public is not told addresses."""
    try:
        check()
    except (Unavailable, SQLAlchemyError, sqlite3.Error, OSError) as error:
        told = f"{type(error).__name__}: {error}"[:500]
        structlog.get_logger("portal").warning("not_ready", error=told)
        return False
    return True
