"""The industry body opens its catalogue; it begins with equal weights, which are nobody's choice."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from filing.recommended.criteria import IDS
from filing.recommended.records import RecommendedCatalogue, own_catalogue
from filing.recommended.words import require, worded
from registry import characters, journal
from registry.errors import Conflict, Reason
from registry.language import Text
from registry.law import City
from registry.organisations import KIND_NAMES, Actor, Kind, Role, WrongRole

SLUG = re.compile(r"[a-z][a-z0-9-]{1,29}")
OPENED = "filing:recommended:opened"
EQUAL = 20
BEGINNING = dict.fromkeys(IDS, EQUAL)
"""The weights before two people of the body have set any: those of no criterion above another."""
GUIDANCE = Text("主管部门的指导", "the authority's guidance")


class AlreadyOpen(Conflict):
    """Your organisation keeps a catalogue already, or the address is taken: choose another."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What an industry body says when it opens its catalogue.

    Args:
        slug: the last part of its address.
        city: whose regulation it serves.
        guidance: under which authority's guidance, and how: {zh, en?}.
    """

    slug: str
    city: str
    guidance: Mapping[str, str]


def require_body(by: Actor) -> None:
    """Raise unless the actor decides for an industry body.

    Raises:
        WrongRole: for everybody else.
    """
    by.require(Role.ADMINISTRATOR)
    if by.kind is not Kind.INDUSTRY_BODY:
        name = KIND_NAMES[Kind.INDUSTRY_BODY]
        raise WrongRole(
            f"推荐目录由{name.zh}编制。请由它的管理员办理。",
            f"The catalogue is kept by {name.en}. Ask one of its administrators.",
        )


def open_catalogue(session: Session, *, by: Actor, opening: Opening) -> RecommendedCatalogue:
    """Open the catalogue of the actor's industry body.

    Args:
        session: the caller's transaction.
        by: an administrator of it.
        opening: what it says.

    Raises:
        WrongRole: when `by` is anyone else.
        RecommendedInvalid: with everything that is wrong.
        AlreadyOpen: when it keeps one already, or the address is taken.
    """
    require_body(by)
    guidance, reasons = worded("guidance", GUIDANCE, opening.guidance)
    reasons += characters.reasons("slug", opening.slug, lines=False)
    if not SLUG.fullmatch(opening.slug):
        reasons.append(
            Reason(
                "slug",
                Text("网址名称不对。", "The name for the address is not one."),
                Text(
                    "请用2到30个小写英文字母、数字和连字符，以字母开头。",
                    "Use 2 to 30 small letters, digits and hyphens, a letter first.",
                ),
            )
        )
    if opening.city not in set(City):
        said = Text("没有写清是哪个城市。", "Which city it is for is not told.")
        reasons.append(
            Reason("city", said, Text("可选：shanghai、shenzhen。", "Choose: shanghai, shenzhen."))
        )
    require(reasons)
    taken = select(RecommendedCatalogue).where(RecommendedCatalogue.slug == opening.slug)
    if own_catalogue(session, by) or session.scalar(taken):
        raise AlreadyOpen(
            "本单位已经有推荐目录，或者这个网址名称已被使用。",
            "Your organisation keeps a catalogue already, or this address is taken.",
        )
    made = RecommendedCatalogue(
        organisation_id=by.organisation_id,
        slug=opening.slug,
        city=opening.city,
        guidance=guidance,
        weights=dict(BEGINNING),
    )
    session.add(made)
    session.flush()
    journal.record(
        session,
        OPENED,
        made.id,
        person_id=by.person_id,
        organisation_id=by.organisation_id,
        revision=made.revision,
        weights=made.weights,
    )
    return made
