"""Steps with an application: two people of the industry body decide, the filer withdraws, replies, leaves.

Who proposes and who agrees are two people without ties to the filer or to a tester, looked for at
each step and for both of them when it is decided, since people join and leave.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from filing import waiting
from filing.dossier import Filing
from filing.recommended import lapsing, people, reading, records, steps
from filing.recommended.lapse import WHY_NAMES
from filing.recommended.records import RecommendedApplication
from filing.recommended.steps import ACTION_NAMES, Action, Side, Status, Step, StepRefused
from filing.recommended.words import RecommendedInvalid, day, worded
from filing.revision import Moved
from registry import inbox, journal, legal_day
from registry.database import now
from registry.errors import Reason
from registry.language import Text
from registry.organisations import Actor

LONGEST = 730
"""Calendar days for which an entry may be decided at most; this platform's own rule."""
REASONS = Text("理由", "the reason")
TIES = Text("与备案主体的利害关系", "ties to the filer")


class ApplicationMoved(Moved):
    """Somebody took a step in between: read the application again, then decide."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What somebody does with an application.

    Args:
        action: which step.
        revision: the revision that they read.
        words: the reason or the reply: {zh, en?}.
        ties: what whoever decides says of their ties: {zh, en?}.
        until: the last day of the entry, such as 2027-06-30.
    """

    action: Action
    revision: int
    words: Mapping[str, str] = field(default_factory=dict)
    ties: Mapping[str, str] = field(default_factory=dict)
    until: str = ""


@dataclass(frozen=True, slots=True)
class _Said:
    """The same in its kept form."""

    words: dict[str, str]
    ties: dict[str, str]
    until: date | None


def take(
    session: Session, *, by: Actor, application_id: str, taken: Taken
) -> RecommendedApplication:
    """Take one step with an application.

    Args:
        session: the caller's transaction.
        by: who takes it.
        application_id: which application.
        taken: the step.

    Raises:
        RecommendedNotFound: when there is none of theirs.
        WrongRole: when they have not the role.
        ApplicationMoved: when it has another revision by now.
        NotYourSide, StepRefused: when the procedure has no such step for them from here.
        NotIndependent: when they, or who proposed, have ties to the filer or to a tester.
        SecondPerson: when who proposed agrees as well.
        RecommendedInvalid: with everything that the step lacks.
    """
    made, side = records.application(session, by=by, application_id=application_id, to_write=True)
    by.require(steps.ROLES[side])
    if made.revision_of(side) != taken.revision:
        raise ApplicationMoved.since_opened("这份申请")
    row = steps.step(Status(made.status), taken.action, side)
    filing = session.get_one(Filing, made.filing_id)
    _check_standing(session, made, filing)
    if side is Side.BODY:
        proposed_by = made.proposed_by if row.second else None
        people.check(session, [filing], by=by, proposed_by=proposed_by)
    said = _said(row, taken)
    _check(session, made, filing, row)
    ties = _go(session, made, filing, row, by, said)
    try:
        session.flush()
    except StaleDataError as error:
        raise ApplicationMoved.since_opened("这份申请") from error
    event = journal.record(
        session,
        f"filing:recommended:{row.action}",
        made.id,
        person_id=by.person_id,
        organisation_id=by.organisation_id,
        to=row.target,
        revision=made.revision,
        **{"from": row.source},
        **({"ties": ties} if ties else {}),
    )
    inbox.turn(session, event, *waiting.on_application(session, made, filing))
    return made


def _check_standing(session: Session, made: RecommendedApplication, filing: Filing) -> None:
    """Raise for an entry that lapsed and is not written down yet: there is nothing to end."""
    if made.status not in steps.STANDING:
        return
    over = reading.of_filing(session, filing).ends(made)
    if over.at <= now():
        name, why = steps.STATUS_NAMES[Status.LAPSED], WHY_NAMES[over.why]
        raise StepRefused(
            f"这个条目{name.zh}：{why.zh}。要再列入，请重新申请。",
            f"The entry {name.en}: {why.en}. To be entered again, apply again.",
        )


def _said(row: Step, taken: Taken) -> _Said:
    """What was said, as far as the step asks for it."""
    reasons: list[Reason] = []
    words: dict[str, str] = {}
    ties: dict[str, str] = {}
    until: date | None = None
    if row.words or taken.words.get("zh"):
        words, wrong = worded("words", REASONS, taken.words)
        reasons += wrong
    if row.ties:
        ties, wrong = worded("ties", TIES, taken.ties)
        reasons += wrong
    if row.term:
        until, wrong = day("until", taken.until)
        reasons += wrong or _term(until)
    _raise(row, reasons)
    return _Said(words, ties, until)


def _term(until: date | None) -> list[Reason]:
    today = legal_day.today()
    last = today + timedelta(days=LONGEST)
    if until is not None and today <= until <= last:
        return []
    return [
        Reason(
            "until",
            Text("列入期限不对。", "The term of the entry is wrong."),
            Text(f"请写{today}到{last}之间的一天。", f"Give a day from {today} to {last}."),
        )
    ]


def _check(session: Session, made: RecommendedApplication, filing: Filing, row: Step) -> None:
    """Raise for what stands in the step's way, apart from what was said."""
    reasons: list[Reason] = []
    entering = row.target is Status.ENTERED and row.second
    if entering or row.target is Status.ENTRY_PROPOSED:
        reasons += _enterable(session, made, filing)
    if entering and _until(made.proposal or {}) < legal_day.of(now()):
        over = Text("提议的列入期限已过。", "The proposed term of the entry ran out.")
        reasons.append(Reason("until", over, AGAIN))
    if entering and _edition(session, filing) != _seen(made):
        changed = Text(
            "提议以后，备案又公示了新的内容。", "Another edition was published since the proposal."
        )
        reasons.append(Reason("filing", changed, AGAIN))
    if row.action is Action.REPLY and made.replied is not None:
        once = Text("已经答复过一次。", "It was replied to once.")
        reasons.append(Reason("words", once, Text("可以重新申请。", "You can apply again.")))
    _raise(row, reasons)


AGAIN = Text("请选“不同意提议”，看过再提议。", "Disagree, look at it, then propose anew.")


def _enterable(session: Session, made: RecommendedApplication, filing: Filing) -> list[Reason]:
    moment = now()
    reasons = reading.hindrances(session, filing, at=moment)
    if made.licence_until and made.licence_until < legal_day.of(moment):
        over = Text("许可期限已过。", "The licence ran out.")
        reasons.append(
            Reason("licence_until", over, Text("请申请人重新申请。", "Let the filer apply anew."))
        )
    return reasons


def _raise(row: Step, reasons: Sequence[Reason]) -> None:
    if reasons:
        name = ACTION_NAMES[row.action]
        raise RecommendedInvalid(
            f"还不能“{name.zh}”，请先处理下面的问题。",
            f"One cannot {name.en} yet; deal with the following first.",
            reasons=reasons,
        )


def _edition(session: Session, filing: Filing) -> int | None:
    """The number of the newest edition, to which a proposal is bound."""
    read = reading.of_filing(session, filing).published(now())
    return None if read is None else int(read.content["edition"])


def _until(proposal: Mapping[str, Any]) -> date:
    """The last day that was proposed."""
    return date.fromisoformat(proposal["until"])


def _seen(made: RecommendedApplication) -> int | None:
    return made.proposal["edition"] if made.proposal else None


def _go(
    session: Session,
    made: RecommendedApplication,
    filing: Filing,
    row: Step,
    by: Actor,
    said: _Said,
) -> list[dict[str, str]]:
    """Change the status, and do what else the step does; what both who decided said of their ties."""
    made.move(row.target, now())
    if row.side is Side.FILER:
        _of_filer(made, row, said)
    elif row.target in steps.PROPOSED:
        made.proposal = {
            "words": said.words,
            "ties": said.ties,
            "until": said.until.isoformat() if said.until else None,
            "edition": _edition(session, filing),
        }
        made.proposed_by = by.person_id
    elif row.second:
        return _decide(session, made, filing, by, said)
    else:
        made.proposal, made.proposed_by = None, None
    return []


def _of_filer(made: RecommendedApplication, row: Step, said: _Said) -> None:
    made.proposal, made.proposed_by = None, None
    if row.action is Action.REPLY:
        made.reply, made.replied = said.words, made.since
    if row.target is Status.LEFT:
        made.ended, made.end_reason = made.since, said.words


def _decide(
    session: Session, made: RecommendedApplication, filing: Filing, by: Actor, said: _Said
) -> list[dict[str, str]]:
    """What two people agreed on, and what they said of their ties: the journal keeps it of each decision."""
    proposal = made.proposal or {}
    ties = [proposal["ties"], said.ties]
    made.confirmed_by, made.proposal = by.person_id, None  # the decision stands in its place
    if made.status == Status.REMOVED:
        made.ended, made.end_reason = made.since, proposal["words"]
        return ties
    made.decided, made.said = made.since, proposal["words"]
    made.ties = ties
    if made.status == Status.REFUSED:
        made.refusals += 1
        return ties
    read = reading.of_filing(session, filing).published(now())
    if read is None:
        raise ValueError("an entry has a published filing")
    made.until = _until(proposal)
    made.model_digest = str(read.content["model"]["sha256"])
    made.evaluated = reading.evaluated(read)
    for earlier in records.standing_of(session, made.catalogue_id, made.filing_id):
        if earlier.id != made.id:
            _replace(session, earlier, filing, made.since)
    return ties


def _replace(
    session: Session, earlier: RecommendedApplication, filing: Filing, at: datetime
) -> None:
    """End the entry that a new decision on the same filing takes the place of, unless it lapsed."""
    over = reading.of_filing(session, filing).ends(earlier)
    if over.at <= at:
        lapsing.note(session, earlier, over)
        return
    earlier.move(Status.RENEWED, at)
    earlier.ended = at
    name = steps.STATUS_NAMES[Status.RENEWED]
    earlier.end_reason = name.as_json()
    journal.record(session, "filing:recommended:renewed", earlier.id, revision=earlier.revision)
