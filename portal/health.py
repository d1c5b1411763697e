"""Whether the server lives, and whether it can work."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from portal.access import public
from portal.at_hand import Database

router = APIRouter(include_in_schema=False)


@router.get("/healthz", dependencies=[public])
def alive() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


@router.get("/readyz", dependencies=[public])
def ready(request: Request, session: Database) -> JSONResponse:
    """Say whether the database answers and the data directory can be written."""
    checks = {"database": _database_answers(session), "data": _writable(request)}
    status = 200 if all(checks.values()) else 503
    return JSONResponse({"ready": status == 200, "checks": checks}, status_code=status)


def _database_answers(session: Database) -> bool:
    try:
        session.execute(text("SELECT 1 FROM organisation LIMIT 1"))
    except SQLAlchemyError:
        return False
    return True


def _writable(request: Request) -> bool:
    probe = request.app.state.settings.data / f".ready-{request.scope.get('request_id', '')}"
    try:
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True
