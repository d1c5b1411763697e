"""The journal with its seals, for those who watch over the whole register."""

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from portal.web.access import allow
from portal.web.at_hand import Database
from portal.web.identity import By
from registry import journal_proof, organisations, sealing
from registry.organisations import Kind, Role

router = APIRouter(tags=["journal"])
NDJSON = "application/x-ndjson"


@router.get(
    "/journal",
    dependencies=[allow(Role.ADMINISTRATOR, kinds={Kind.AUTHORITY}, own=())],
    summary="日志及其封存 · The journal with its seals",
    response_class=StreamingResponse,
    responses={200: {"content": {NDJSON: {"schema": {"type": "string"}}}}},
)
def journal(request: Request, by: By, session: Database) -> StreamingResponse:
    """Every row and every seal, one JSON object a line; `mingsuan journal verify` checks it."""
    organisations.require_nowhere_else(session, by)
    lines = map(journal_proof.line_of, sealing.exported(request.app.state.factory))
    return StreamingResponse(
        lines,
        media_type=NDJSON,
        headers={"Content-Disposition": 'attachment; filename="journal.ndjson"'},
    )
