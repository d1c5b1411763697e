"""What waits for your organisation."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import Field

from portal.api.shapes import Answer, Bilingual
from portal.web.access import signed_in
from portal.web.at_hand import Database
from portal.web.identity import By
from registry import inbox
from registry.inbox import WAITING_NAMES, Waiting

router = APIRouter(tags=["inbox"])


class ItemOut(Answer):
    """One thing that waits."""

    what: Waiting
    name: Bilingual
    label: str = Field(description="what it is called; empty where it has no name")
    place: str = Field(description="its page, behind the language")
    since: datetime


@router.get("/inbox", dependencies=[signed_in()], summary="等我办的 · What waits for you")
def waiting(by: By, session: Database) -> list[ItemOut]:
    """What waits for your organisation, oldest first."""
    return [
        ItemOut(
            what=Waiting(each.what),
            name=Bilingual.of(WAITING_NAMES[Waiting(each.what)]),
            label=each.label,
            place=each.place,
            since=each.created,
        )
        for each in inbox.waiting(session, by=by)
    ]
