"""The thread of returns: each return of a filing, what was asked, what was answered and changed, in order.

Made from what is on record: the journal, the remarks and the submissions, which never change. What a
filer writes between a return and the next submission is a draft, and no part of it but the replies.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from filing import formal_grounds, remarks, revision, submissions
from filing.dossier import Filing
from filing.forms import called
from filing.remarks import RETURNED, Remark
from filing.submissions import Change, Submission
from registry import journal
from registry.journal import Event
from registry.language import Text
from registry.organisations import Actor

SUBMITTED = "filing:dossier:submitted"
REPLIED = "filing:dossier:replied"


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply to a remark: when, by whom, in which words."""

    at: datetime
    who: Text
    said: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of one answer, and what became of it.

    Args:
        remark_id: of the remark.
        key, name: of the field.
        said: why it was returned: {zh, en?}.
        replies: in order.
        change: what the next submission has otherwise; None where it has nothing otherwise, or is
            still to come.
    """

    remark_id: str
    key: str
    name: Text
    said: Mapping[str, str]
    replies: tuple[Reply, ...]
    change: Change | None


@dataclass(frozen=True, slots=True)
class Return:
    """One return, and how it was answered.

    Args:
        submission: the number of the submission that was returned.
        at, who: when, and by whom.
        reason: what was said of the whole filing, if anything.
        asked: field by field.
        answered: when it was submitted again; None where that is still to come.
        answered_by: by whom.
        besides: what the next submission has otherwise that nobody asked for.
    """

    submission: int
    at: datetime
    who: Text
    reason: Mapping[str, str] | None
    asked: tuple[Asked, ...] = ()
    answered: datetime | None = None
    answered_by: Text | None = None
    besides: tuple[Change, ...] = ()


def of(session: Session, filing: Filing, *, reader: Actor) -> list[Return]:
    """The returns of a filing, oldest first.

    Withheld and restricted answers are told in full: for the filer and the authority alone.

    Args:
        session: any session.
        filing: which filing.
        reader: who is told; the names of people are told to their own organisation alone.
    """
    events = journal.history(session, filing.id)
    written = list(remarks.on(session, filing))
    kept = {
        each.number: each
        for each in session.scalars(select(Submission).where(Submission.filing_id == filing.id))
    }
    found: list[Return] = []
    number = 0
    for place, event in enumerate(events):
        if event.name == SUBMITTED:
            number += 1
            if found and found[-1].answered is None:
                who = revision.who(session, event, reader)
                changes = _changes(session, filing, kept, found[-1].submission, number)
                found[-1] = _answered(found[-1], event.at, who, changes)
        if event.name == RETURNED:
            own = [each for each in written if each.created <= event.at]
            written = [each for each in written if each not in own]
            asked = tuple(_asked(session, filing, each, events[place:], reader) for each in own)
            found.append(
                Return(
                    number,
                    event.at,
                    revision.who(session, event, reader),
                    formal_grounds.told(event.details.get("reason")),
                    asked,
                )
            )
    return found


def _asked(
    session: Session, filing: Filing, remark: Remark, later: Sequence[Event], reader: Actor
) -> Asked:
    replies = tuple(
        Reply(each.at, revision.who(session, each, reader), each.details["said"])
        for each in later
        if each.name == REPLIED and each.details.get("remark") == remark.id
    )
    if not replies and remark.reply is not None and remark.replied is not None:
        # One of before the words of replies were written down one by one.
        first = next(each for each in later if _replied(each, remark))
        replies = (Reply(remark.replied, revision.who(session, first, reader), remark.reply),)
    return Asked(
        remark_id=remark.id,
        key=remark.key,
        name=called(remark.key, filing.form),
        said={"zh": remark.zh, **({"en": remark.en} if remark.en else {})},
        replies=replies,
        change=None,
    )


def _replied(event: Event, remark: Remark) -> bool:
    return event.name == REPLIED and event.details.get("key") == remark.key


def _changes(
    session: Session, filing: Filing, kept: Mapping[int, Submission], before: int, after: int
) -> Sequence[Change]:
    if before not in kept or after not in kept:
        return ()
    return submissions.between(session, filing, kept[before], kept[after])


def _answered(given: Return, at: datetime, who: Text, changes: Sequence[Change]) -> Return:
    """The return with what the next submission has otherwise, beside what was asked."""
    by_key: dict[str, Any] = {each.key: each for each in changes if each.key}
    asked = tuple(replace(each, change=by_key.get(each.key)) for each in given.asked)
    keys = {each.key for each in asked}
    besides = tuple(each for each in changes if each.key not in keys)
    return replace(given, asked=asked, answered=at, answered_by=who, besides=besides)
