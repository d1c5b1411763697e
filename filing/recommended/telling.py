"""An application as its two sides are told of it; the applicant learns of no proposal."""

from collections.abc import Collection
from typing import Any

from sqlalchemy.orm import Session

from filing import endorsing
from filing.dossier import Filing
from filing.recommended import log, reading, steps
from filing.recommended.applying import OFFERED
from filing.recommended.lapse import WHY_COMING, WHY_NAMES
from filing.recommended.records import (
    RecommendedApplication,
    RecommendedCatalogue,
    published_name,
)
from filing.recommended.steps import ACTION_NAMES, STANDING, STATUS_NAMES, Action, Side, Status
from registry import legal_day
from registry.database import now
from registry.language import Text
from registry.organisations import Organisation, Role


def told(
    session: Session,
    made: RecommendedApplication,
    side: Side,
    *,
    roles: Collection[Role] = tuple(Role),
    reader: str = "",
) -> dict[str, Any]:
    """An application as one side is told of it, as a JSON object.

    Args:
        session: any session.
        made: which.
        side: who reads.
        roles: that the reader has; the steps that need another are left out.
        reader: the person who reads; what another than who proposed does is left out for who did.
    """
    filing = session.get_one(Filing, made.filing_id)
    catalogue = session.get_one(RecommendedCatalogue, made.catalogue_id)
    body = session.get_one(Organisation, catalogue.organisation_id)
    status = Status(made.status)
    shown = status if side is Side.BODY else steps.seen_outside(status)
    over = reading.of_filing(session, filing).ends(made) if status in STANDING else None
    lapsed = over is not None and over.at <= now()
    if lapsed:
        shown = Status.LAPSED
    return {
        "id": made.id,
        "part": side.value,
        "catalogue": {"slug": catalogue.slug, "body": body.name.as_json()},
        "filing": {
            "id": filing.id,
            "number": filing.number,
            "name": published_name(session, filing),
        },
        "filer": session.get_one(Organisation, made.filer_id).name.as_json(),
        "status": {"id": shown.value, **STATUS_NAMES[shown].as_json()},
        "revision": made.revision_of(side),
        "applied": made.created.isoformat(),
        "offer": made.offer,
        "licence_until": made.licence_until.isoformat() if made.licence_until else None,
        "said": made.said,
        "ties": made.ties or [],
        "decided": made.decided.isoformat() if made.decided else None,
        "until": made.until.isoformat() if made.until else None,
        "ends": over
        and {
            "at": over.at.isoformat(),
            "why": {
                "id": over.why.value,
                **(WHY_NAMES if lapsed else WHY_COMING)[over.why].as_json(),
            },
        },
        "reply": made.reply,
        "reply_right": _reply_right(made).as_json()
        if side is Side.FILER and shown is Status.REFUSED
        else None,
        "ended": made.ended.isoformat() if made.ended else None,
        "end_reason": made.end_reason,
        "end_ties": log.removed_by(session, made),
        "steps": [] if lapsed or steps.ROLES[side] not in roles else _steps(made, side, reader),
        "proposal": made.proposal if side is Side.BODY else None,
        "remarks": _remarks(made) if side is Side.BODY else [],
    }


REMARK = Text(
    "备案主体写的“{place}”里有“{words}”。列入以后公众会读到；请看它有没有依据，会不会被当成官方的话。",
    "The filer wrote “{words}” under “{place}”. The public reads it once it is entered; see whether it has "
    "a ground, and whether it is taken for an official statement.",
)


REPLY_OPEN = Text(
    "您可以答复一次，请行业组织重新决定；重新决定也由两个人作出，没有期限。您的答复只有行业组织读到，不公开。",
    "You may reply once and ask the industry body for another decision, which two people make again; "
    "there is no time limit. Your reply is read by the industry body alone and is not public.",
)
REPLY_USED = Text(
    "您已经在{day}答复过一次；这是答复以后的决定，不能再答复。可以另外提出申请。",
    "You replied once, on {day}; this is the decision after your reply, and there is no second one. "
    "You can apply anew.",
)


def _reply_right(made: RecommendedApplication) -> Text:
    """What an applicant who was refused may still do."""
    if made.replied is None:
        return REPLY_OPEN
    return REPLY_USED.format(day=legal_day.of(made.replied).isoformat())


def _remarks(made: RecommendedApplication) -> list[dict[str, Any]]:
    """What the deciding body is asked to look at: words that endorse or sound official."""
    found = [
        (called, endorsing.named(" ".join(made.offer[name].values())))
        for name, called in OFFERED.items()
    ]
    return [
        {
            "words": words,
            **REMARK.format(
                place=place, words=Text("”“".join(words), "”, “".join(words))
            ).as_json(),
        }
        for place, words in found
        if words
    ]


def _steps(made: RecommendedApplication, side: Side, reader: str) -> list[dict[str, Any]]:
    """The steps from here, with what each asks for."""
    return [
        {
            "action": each.action.value,
            **ACTION_NAMES[each.action].as_json(),
            "ties": steps.ties_asked(each).as_json() if each.ties else None,
            "asks": [name for name in ("words", "ties", "term") if getattr(each, name)],
        }
        for each in steps.steps_from(Status(made.status), side)
        if (each.action is not Action.REPLY or made.replied is None)
        and not (each.second and reader and made.proposed_by == reader)
    ]
