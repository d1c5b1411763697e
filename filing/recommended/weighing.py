"""The weights of a catalogue are set as entries are decided: proposed by one, agreed by a second.

They move every entry, so neither of the two may have ties to a filer or tester of any that stands or is
applied for. Nobody outside the body learns of a proposal.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified
from sqlalchemy.orm.exc import StaleDataError

from filing import waiting
from filing.recommended import people, records
from filing.recommended.keeping import require_body
from filing.recommended.order import weights_of
from filing.recommended.records import RecommendedCatalogue
from filing.recommended.steps import Action
from filing.recommended.words import require, worded
from filing.revision import Moved
from registry import inbox, journal
from registry.errors import Conflict
from registry.language import Text
from registry.organisations import Actor

PROPOSED = "filing:recommended:weights_proposed"
RETURNED = "filing:recommended:weights_returned"
WEIGHED = "filing:recommended:weighed"
REASON = Text("理由", "reason")
TIES = Text("与备案主体的利害关系", "ties to the filers")
ANSWERS = (Action.CONFIRM, Action.RETURN)
"""What the second person does with a proposal."""


class NotOpen(Conflict):
    """Your organisation keeps no catalogue yet: open one first."""


class NoProposal(Conflict):
    """No weights are proposed: propose some, or read the catalogue again."""


class CatalogueMoved(Moved):
    """The catalogue was changed in between: read it again, then decide."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """Weights as somebody proposes them.

    Args:
        revision: of the catalogue that they read.
        weights: by criterion; those that are not named stay.
        reason: that everybody reads: {zh, en?}.
        ties: what they say of their ties to the filers: {zh, en?}.
    """

    revision: int
    weights: Mapping[str, int | str]
    reason: Mapping[str, str]
    ties: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answered:
    """What the second person says.

    Args:
        action: one of `ANSWERS`.
        revision: of the catalogue that they read.
        ties: what they say of their ties to the filers, where they agree: {zh, en?}.
    """

    action: Action
    revision: int
    ties: Mapping[str, str] = field(default_factory=dict)


def propose(session: Session, *, by: Actor, proposed: Proposed) -> RecommendedCatalogue:
    """Propose weights; a proposal that waits gives way to it.

    Args:
        session: the caller's transaction.
        by: an administrator of the industry body.
        proposed: what they propose.

    Raises:
        WrongRole: when `by` is anyone else.
        NotOpen: when it keeps no catalogue.
        CatalogueMoved: when it has another revision by now.
        NotIndependent: when they have ties to a filer or a tester of an entry.
        RecommendedInvalid, WeightsInvalid: with everything that is wrong.
    """
    mine = _mine(session, by, proposed.revision)
    people.check(session, records.affected(session, mine), by=by)
    reason, reasons = worded("reason", REASON, proposed.reason)
    ties, wrong = worded("ties", TIES, proposed.ties)
    require([*reasons, *wrong])
    mine.proposal = {
        "weights": weights_of(proposed.weights, mine.weights),
        "reason": reason,
        "ties": ties,
        "by": by.person_id,
    }
    flag_modified(mine, "proposal")  # the same once more overtakes others, too
    _kept(session, PROPOSED, mine, by)
    return mine


def answer(session: Session, *, by: Actor, answered: Answered) -> RecommendedCatalogue:
    """Agree to the weights that another proposed, which puts them in force, or disagree.

    Args:
        session: the caller's transaction.
        by: an administrator of the industry body.
        answered: what they say.

    Raises:
        WrongRole: when `by` is anyone else.
        NotOpen: when it keeps no catalogue.
        CatalogueMoved: when it has another revision by now.
        NoProposal: when none waits, or the action is none of `ANSWERS`.
        SecondPerson: when who proposed agrees as well, or has left.
        NotIndependent: when one of the two has ties to a filer or a tester of an entry.
        RecommendedInvalid: when the ties are not told.
    """
    mine = _mine(session, by, answered.revision)
    proposal = mine.proposal
    if proposal is None or answered.action not in ANSWERS:
        raise NoProposal(
            "没有等待决定的权重提议。可以提议新的权重。",
            "No proposed weights wait for a decision. You can propose some.",
        )
    if answered.action is Action.RETURN:
        mine.proposal = None
        _kept(session, RETURNED, mine, by)
        return mine
    affected = records.affected(session, mine)
    people.check(session, affected, by=by, proposed_by=proposal["by"])
    ties, reasons = worded("ties", TIES, answered.ties)
    require(reasons)
    before = dict(mine.weights)
    mine.weights, mine.proposal = dict(proposal["weights"]), None
    mine.public_revision += 1
    _kept(
        session,
        WEIGHED,
        mine,
        by,
        before=before,
        weights=mine.weights,
        reason=proposal["reason"],
        ties=[proposal["ties"], ties],
    )
    return mine


def answers(kept: RecommendedCatalogue | None, by: Actor) -> tuple[Action, ...]:
    """What somebody may say of the proposed weights: who proposed them does not agree as well.

    Args:
        kept: the catalogue; None where there is none.
        by: who reads.
    """
    if kept is None or kept.proposal is None:
        return ()
    own = kept.proposal["by"] == by.person_id
    return tuple(each for each in ANSWERS if not own or each is not Action.CONFIRM)


def told(session: Session, by: Actor) -> dict[str, Any]:
    """The catalogue's weights and what is proposed, as its industry body is told, as a JSON object.

    Args:
        session: any session.
        by: an administrator of it.

    Raises:
        WrongRole: when `by` is anyone else.
        NotOpen: when it keeps no catalogue.
    """
    require_body(by)
    mine = _open(session, by)
    proposal = mine.proposal
    return {
        "slug": mine.slug,
        "revision": mine.revision,
        "weights": dict(mine.weights),
        "proposal": proposal and {name: proposal[name] for name in ("weights", "reason", "ties")},
    }


def _open(session: Session, by: Actor) -> RecommendedCatalogue:
    mine = records.own_catalogue(session, by)
    if mine is None:
        raise NotOpen(
            "本单位还没有推荐目录，请先开设。",
            "Your organisation keeps no catalogue; open one first.",
        )
    return mine


def _mine(session: Session, by: Actor, revision: int) -> RecommendedCatalogue:
    """The body's catalogue, locked for the rest of the transaction (PostgreSQL)."""
    require_body(by)
    mine = _open(session, by)
    again = select(RecommendedCatalogue).where(RecommendedCatalogue.id == mine.id)
    session.scalars(again.with_for_update().execution_options(populate_existing=True)).one()
    if mine.revision != revision:
        raise CatalogueMoved.since_opened("目录")
    return mine


def _kept(
    session: Session, name: str, mine: RecommendedCatalogue, by: Actor, **told: object
) -> None:
    """Write the change down, and who has to act next."""
    try:
        session.flush()
    except StaleDataError as error:
        raise CatalogueMoved.since_opened("目录") from error
    event = journal.record(
        session,
        name,
        mine.id,
        person_id=by.person_id,
        organisation_id=by.organisation_id,
        revision=mine.revision,
        **told,
    )
    inbox.turn(session, event, *waiting.on_weights(mine))
