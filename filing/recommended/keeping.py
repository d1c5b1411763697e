"""The industry body opens its catalogue and sets the weights; every change of them is on record."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified
from sqlalchemy.orm.exc import StaleDataError

from filing.recommended.order import weights_of
from filing.recommended.records import RecommendedCatalogue, own_catalogue
from filing.recommended.words import RecommendedInvalid, worded
from filing.revision import Moved
from registry import characters, journal
from registry.errors import Conflict, Reason
from registry.language import Text
from registry.law import City
from registry.organisations import KIND_NAMES, Actor, Kind, Role, WrongRole

SLUG = re.compile(r"[a-z][a-z0-9-]{1,29}")
OPENED = "filing:recommended:opened"
WEIGHED = "filing:recommended:weighed"
GUIDANCE = Text("主管部门的指导", "the authority's guidance")
REASON = Text("理由", "reason")


class AlreadyOpen(Conflict):
    """Your organisation keeps a catalogue already, or the address is taken: choose another."""


class NotOpen(Conflict):
    """Your organisation keeps no catalogue yet: open one first."""


class CatalogueMoved(Moved):
    """The catalogue was changed in between: read it again, then decide."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What an industry body says when it opens its catalogue.

    Args:
        slug: the last part of its address.
        city: whose regulation it serves.
        guidance: under which authority's guidance, and how: {zh, en?}.
        weights: by criterion.
    """

    slug: str
    city: str
    guidance: Mapping[str, str]
    weights: Mapping[str, int | str]


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
        RecommendedInvalid, WeightsInvalid: with everything that is wrong.
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
    _check(reasons)
    weights = weights_of(opening.weights, {})
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
        weights=weights,
    )
    session.add(made)
    session.flush()
    _note(session, OPENED, made, by, weights=weights)
    return made


def weigh(
    session: Session,
    *,
    by: Actor,
    revision: int,
    weights: Mapping[str, int | str],
    reason: Mapping[str, str],
) -> RecommendedCatalogue:
    """Set the weights anew, with a reason that everybody reads.

    Args:
        session: the caller's transaction.
        by: an administrator of the industry body.
        revision: of the catalogue that they read.
        weights: by criterion; those that are not named stay.
        reason: {zh, en?}.

    Raises:
        WrongRole: when `by` is anyone else.
        NotOpen: when it keeps no catalogue.
        CatalogueMoved: when it has another revision by now.
        RecommendedInvalid, WeightsInvalid: with everything that is wrong.
    """
    require_body(by)
    mine = own_catalogue(session, by)
    if mine is None:
        raise NotOpen(
            "本单位还没有推荐目录，请先开设。",
            "Your organisation keeps no catalogue; open one first.",
        )
    if mine.revision != revision:
        raise _moved()
    kept, reasons = worded("reason", REASON, reason)
    _check(reasons)
    before = dict(mine.weights)
    mine.weights = weights_of(weights, mine.weights)
    flag_modified(mine, "weights")  # the same ones again are a decision, too, and overtake others
    try:
        session.flush()
    except StaleDataError as error:
        raise _moved() from error
    _note(session, WEIGHED, mine, by, before=before, weights=mine.weights, reason=kept)
    return mine


def _note(
    session: Session, name: str, made: RecommendedCatalogue, by: Actor, **told: object
) -> None:
    journal.record(
        session,
        name,
        made.id,
        person_id=by.person_id,
        organisation_id=by.organisation_id,
        revision=made.revision,
        **told,
    )


def _check(reasons: list[Reason]) -> None:
    if reasons:
        raise RecommendedInvalid(
            "有的内容不对，没有保存。请逐项改正。",
            "Something is wrong; nothing was saved. Correct each item.",
            reasons=reasons,
        )


def _moved() -> CatalogueMoved:
    return CatalogueMoved(
        "您打开以后，目录又有了改动。这一次什么都没有保存，请重新看过再决定。",
        "Changed since you opened it. Nothing was saved; read it again, then decide.",
    )
