"""What waits for your organisation."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import Field

from filing.waiting import on_desk
from portal.api.shapes import Answer, Bilingual
from portal.web.access import signed_in
from portal.web.at_hand import Database
from portal.web.identity import By
from registry.inbox import WAITING_NAMES, Waiting

router = APIRouter(tags=["inbox"])


class ItemOut(Answer):
    """One thing that waits."""

    what: Waiting
    name: Bilingual
    label: str = Field(description="what it is called; empty where it has no name")
    label_en: str = Field(description="the same in English, where it has an English name")
    place: str = Field(description="its page, behind the language")
    since: datetime


@router.get("/inbox", dependencies=[signed_in()], summary="等我办的 · What waits for you")
def waiting(by: By, session: Database) -> list[ItemOut]:
    """What waits for your organisation, oldest first; not what you proposed and another decides."""
    return [
        ItemOut(
            what=Waiting(each.item.what),
            name=Bilingual.of(WAITING_NAMES[Waiting(each.item.what)]),
            label=each.label.zh,
            label_en=each.label.en,
            place=each.item.place,
            since=each.item.created,
        )
        for each in on_desk(session, by)
    ]
