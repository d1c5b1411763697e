"""Dealing with a concern: who may take which step, what must be said with it, and what follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from filing import (
    concern_steps,
    concerns,
    echoes,
    editions,
    enclosures,
    follow_codes,
    routes,
    waiting,
)
from filing.concern_steps import (
    ACTION_NAMES,
    GROUND_NAMES,
    OUTCOME_NAMES,
    STATUS_NAMES,
    Action,
    Ground,
    Outcome,
    Side,
    Status,
)
from filing.concerns import Concern
from filing.dossier import Filing
from filing.echoes import TOLD_NAMES
from filing.forms import told_by
from filing.meanings import Meaning
from filing.receiving import WORDS, ConcernInvalid
from filing.revision import Moved
from filing.routes import ROUTE_NAMES, SITUATION_NAMES, Route
from registry import characters, inbox, journal, legal_day
from registry.database import now
from registry.errors import Reason
from registry.language import Text
from registry.organisations import Actor, Organisation

MOST_NAMED = 20
"""Places that a refused question is told one by one; on the page all of them are marked."""

ASKED = Text("向备案主体的询问", "question to the filer")
"""What a filer is told that it is: whether a complaint or a report lies behind it, it is not told."""


class QuestionRepeats(ConcernInvalid):
    """A question holds what its sender wrote: say it in your own words, without those places.

    `pieces` is the question in pieces, each with whether it repeats the sender.
    """

    pieces: Sequence[tuple[str, bool]] = ()


class ConcernMoved(Moved):
    """Somebody took a step in between: read the case again, then decide."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What somebody does with a concern.

    Args:
        action: which step.
        revision: the revision that they read.
        words: what they say with it, to whom the step's row names.
        outcome: what came of it, for closing.
        ground: why, for setting it aside.
    """

    action: Action
    revision: int
    words: str = ""
    outcome: Outcome | None = None
    ground: Ground | None = None


def take(session: Session, *, by: Actor, number: str, taken: Taken) -> Concern:
    """Take one step with a concern.

    Args:
        session: the caller's transaction.
        by: who takes it.
        number: the case number in any form.
        taken: the step.

    Raises:
        ConcernNotFound: when there is none that they may see.
        ConcernMoved: when it has another revision by now.
        StepRefused: when the procedure has no such step for them from here.
        ConcernInvalid: with everything that the step lacks.
    """
    concern, side = concerns.get(session, by=by, number=follow_codes.plain(number), to_write=True)
    if concerns.revision(session, concern, side) != taken.revision:
        raise ConcernMoved.since_opened("这件事项")
    before, gone = Status(concern.status), concern.gone
    row = concern_steps.step(before, taken.action, side, by_filer=concern.by_filer, gone=gone)
    _check(concern, row, taken)
    if taken.action is Action.PUT:
        _check_own_words(session, concern, taken)
    _go(concern, row, taken)
    if row.to is not None:
        said_by = Side.HANDLER if side is Side.MODERATOR else side
        concerns.say(session, concern, said_by, row.to, taken.words.strip(), by=by)
    try:
        session.flush()
    except StaleDataError as error:
        raise ConcernMoved.since_opened("这件事项") from error
    event = journal.record(
        session,
        f"filing:concern:{taken.action}",
        concern.id,
        person_id=by.person_id,
        organisation_id=by.organisation_id,
        revision=concern.revision,
    )
    inbox.turn(session, event, *waiting.on_concern(concern))
    return concern


def preview(
    session: Session, *, by: Actor, number: str, revision: int, words: str
) -> dict[str, Any]:
    """What the filer will read of a question, exactly: it is asked, read as the filer, and undone.

    Args:
        session: the caller's transaction; everything in it is undone.
        by: who asks.
        number: the case number in any form.
        revision: the revision that they read.
        words: the question.

    Raises:
        QuestionRepeats: it holds what the sender wrote; with the places.
        ConcernNotFound: when there is none that they may see.
        ConcernMoved: when it has another revision by now.
        StepRefused: when the filer can't be asked from here, or not by them.
        ConcernInvalid: the question is empty, too long, or holds what nobody can read.
    """
    taken = Taken(Action.PUT, revision, words)
    try:
        return told(session, take(session, by=by, number=number, taken=taken), Side.FILER)
    finally:
        session.rollback()


def _go(concern: Concern, row: concern_steps.Step, taken: Taken) -> None:
    moment = now()
    if row.target is not None:
        concern.status = row.target
    concern.since = moment
    if taken.action is Action.PUT:
        concern.put = moment
        concern.reply_by = legal_day.of(moment) + timedelta(days=routes.REPLY_WITHIN)
    if taken.action is Action.RELEASE:
        concern.released = moment
        if concern.by_filer:  # it could not be read before; the day of deletion stays as promised
            clock = routes.clock(Route(concern.route), concern.reached, concern.promised_days)
            concern.acknowledge_by, concern.answer_by = clock.acknowledge_by, clock.answer_by
    if taken.action in {Action.CLOSE, Action.SET_ASIDE}:
        concern.closed = moment
        concern.outcome = taken.outcome if taken.action is Action.CLOSE else None
        concern.ground = taken.ground if taken.action is Action.SET_ASIDE else None
        concern.delete_on = routes.deleted_after_closing(legal_day.of(moment), concern.delete_on)


def _check(concern: Concern, row: concern_steps.Step, taken: Taken) -> None:
    """Raise for everything that the step lacks."""
    words = taken.words.strip()
    reasons = characters.reasons("words", words)
    if row.to is not None and not words:
        reasons.append(_lacks("words", "没有写要说的话。", "Nothing is said."))
    reasons += WORDS.reasons(words)
    if taken.action is Action.CLOSE:
        if taken.outcome is None:
            reasons.append(_lacks("outcome", "没有写结果。", "No outcome is given."))
        elif taken.outcome is Outcome.UPHELD and not heard(concern, legal_day.today()):
            reasons.append(
                Reason(
                    "outcome",
                    Text(
                        "备案主体还没有得到答复的机会。",
                        "The filer has not had its chance to reply.",
                    ),
                    Text(
                        "请先用自己的话询问，等答复或者等期限过去。",
                        "Ask it in your own words first, then wait for the reply or its last day.",
                    ),
                )
            )
    if taken.action is Action.SET_ASIDE and taken.ground is None:
        reasons.append(_lacks("ground", "没有写理由。", "No ground is given."))
    if reasons:
        name = ACTION_NAMES[taken.action]
        raise ConcernInvalid(
            f"还不能“{name.zh}”，请先改正。",
            f"One cannot {name.en} yet; correct the following.",
            reasons=reasons,
        )


def _check_own_words(session: Session, concern: Concern, taken: Taken) -> None:
    """Raise where a question repeats what the sender wrote: the filer never reads the original."""
    question = taken.words.strip()
    said = concerns.messages(session, concern, Side.SENDER)
    found = echoes.echoes(
        question,
        words=[each.said or "" for each in said if each.side is Side.SENDER],
        contact=concern.contact or "",
        public=_public(session, concern),
    )
    if not found:
        return
    own = Text("请删去，或者换成自己的话。", "Leave it out, or say it in your own words.")
    refused = QuestionRepeats(
        "询问里照抄了来信，备案主体会看出是谁写的。",
        "The question repeats what the sender wrote; the filer could tell who did.",
        reasons=[
            Reason(
                "words",
                Text(f"“{text}”：{name.zh}。", f"“{text}”: {name.en}."),
                own,
            )
            for each in found[:MOST_NAMED]
            for text, name in [(question[each.start : each.end], TOLD_NAMES[each.told])]
        ],
    )
    refused.pieces = echoes.marked(question, found)
    raise refused


def _public(session: Session, concern: Concern) -> list[str]:
    """What everybody knows of the filing: its number, and what it and the organisations are called."""
    filing = session.get_one(Filing, concern.filing_id)
    edition = editions.newest(session, filing.id)
    called = [told_by(edition.read()).of(Meaning.NAME)["said"]] if edition else []
    bodies = [each for each in (concern.filer_id, concern.watch_id) if each]
    names = [session.get_one(Organisation, each).name.as_json() for each in bodies]
    said = [text for each in (*called, *names) for text in each.values() if text]
    return [filing.number or "", *said]


def heard(concern: Concern, today: date) -> bool:
    """Whether the filer had its right of reply: it handles it itself, replied, or let the day pass.

    Args:
        concern: which one.
        today: the legal day.
    """
    if concern.by_filer or concern.status == Status.REPLIED:
        return True
    return concern.reply_by is not None and today > concern.reply_by


def told(session: Session, concern: Concern, side: Side) -> dict[str, Any]:
    """A concern as one side is told of it, as a JSON object.

    A filer that was asked is told the question and its own reply: not the route, the situation, the
    words, the contact, or when it came in.
    """
    status = Status(concern.status)
    filing = session.get_one(Filing, concern.filing_id)
    common: dict[str, Any] = {
        "number": follow_codes.shown(concern.number),
        "filing": filing.number,
        "part": side.value,
        "status": {"id": status.value, **STATUS_NAMES[status].as_json()},
        "revision": concerns.revision(session, concern, side),
        "outcome": _named(concern.outcome, OUTCOME_NAMES),
        "messages": [
            {
                "from": Side(each.side).value,
                "to": Side(each.to).value,
                "at": each.at.isoformat(),
                "said": each.said,
            }
            for each in concerns.messages(session, concern, side)
        ],
        "steps": [
            {"action": each.action.value, **ACTION_NAMES[each.action].as_json()}
            for each in concern_steps.steps_from(
                status, side, by_filer=concern.by_filer, gone=concern.gone
            )
        ],
        "gone": concern.gone,
    }
    if side is Side.FILER:
        return {
            **common,
            "kind": {"id": "question", **ASKED.as_json()},
            "put": concern.put.isoformat() if concern.put else None,
            "reply_by": concern.reply_by.isoformat() if concern.reply_by else None,
            "late": late(concern, legal_day.today(), asked=True),
        }
    route = Route(concern.route)
    return {
        **common,
        "kind": {"id": route.value, **ROUTE_NAMES[route].as_json()},
        "situation": {"id": concern.situation, **SITUATION_NAMES[concern.situation].as_json()},
        "received": concern.created.isoformat(),
        "acknowledge_by": concern.acknowledge_by.isoformat(),
        "answer_by": concern.answer_by.isoformat() if concern.answer_by else None,
        "reached": concern.reached.isoformat(),
        "answer": concerns.due(concern).as_json(),
        "late": late(concern, legal_day.today()),
        "contact": concern.contact,
        "attachments": enclosures.told(session, concern, side),
        "put": concern.put.isoformat() if concern.put else None,
        "reply_by": concern.reply_by.isoformat() if concern.reply_by else None,
        "closed": concern.closed.isoformat() if concern.closed else None,
        "ground": _named(concern.ground, GROUND_NAMES),
        "delete_on": concern.delete_on.isoformat(),
        "deletion": routes.deletion(
            concern.delete_on, closed=concern.closed is not None
        ).as_json(),
    }


def late(concern: Concern, today: date, *, asked: bool = False) -> bool:
    """Whether an open concern has passed the day by which it was to be taken on or answered.

    Args:
        concern: which one.
        today: the legal day.
        asked: told to a filer that was asked: whether its day of reply has passed.
    """
    status = Status(concern.status)
    if asked:
        return status is Status.PUT and not (concern.reply_by is None or today <= concern.reply_by)
    if status not in concern_steps.OPEN:
        return False
    unanswered = concern.answer_by is not None and today > concern.answer_by
    return unanswered or (status is Status.RECEIVED and today > concern.acknowledge_by)


def _named(kept: str | None, names: Mapping[Any, Text]) -> dict[str, Any] | None:
    return {"id": str(kept), **names[kept].as_json()} if kept else None


def _lacks(item: str, zh: str, en: str) -> Reason:
    return Reason(item, Text(zh, en), Text("请改正。", "Correct it."))
