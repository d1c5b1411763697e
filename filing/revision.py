"""Revisions: every write says which one it was made against, and who lost the race is told what changed.

A filing's revision grows with every change of it. A page carries it in its form, the API in its
body, the command line reads it first; a write against another than the present one changes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Self

from sqlalchemy.orm import Session

from filing import formal_grounds
from filing.forms import called, current
from filing.lifecycle import EVENT_NAMES
from registry import journal, legal_day
from registry.errors import Conflict, Invalid, Reason
from registry.journal import Event
from registry.language import Text
from registry.organisations import Actor, Organisation, Person

if TYPE_CHECKING:
    from filing.dossier import Filing

CHANGE = "change"
"""What a reason is about that names a step instead of a field."""
LOOK = Text("请看过再决定。", "Look at it, then decide.")


class NeverReached(Invalid):
    """The filing has not come to that revision yet: give the one that you read."""


class Moved(Conflict):
    """Someone changed the filing in between: look at what changed, then repeat your change."""

    @classmethod
    def since_opened(cls, what: str) -> Self:
        """The refusal where what changed is not told.

        Args:
            what: what was opened, in Chinese.
        """
        return cls(
            f"您打开以后，{what}又有了改动。这一次什么都没有保存，请重新看过再决定。",
            "Changed since you opened it. Nothing was saved; read it again, then decide.",
        )


def check(session: Session, filing: "Filing", read: int, *, reader: Actor) -> None:
    """Raise `Moved`, with every change since, unless the filing still has the revision `read`.

    Args:
        session: any session.
        filing: the filing as it is now.
        read: the revision against which the reader's write was made.
        reader: who is told; the names of people are told to their own organisation alone.

    Raises:
        NeverReached: when the filing has not come to that revision.
    """
    if read > filing.revision:
        raise NeverReached(
            f"这份备案现在是第{filing.revision}次修订，还没有第{read}次，什么都没有保存。"
            "请给出您看过的那一次。",
            f"The filing is at revision {filing.revision} and has no revision {read} yet; nothing "
            "was saved. Give the one that you read.",
        )
    if read != filing.revision:
        changes = since(session, filing, read, reader=reader)
        raise moved(read, filing.revision, changes)


def moved(read: int, present: int | None, changes: Iterable[Reason] = ()) -> Moved:
    """The error of a lost race.

    Args:
        read: the revision that the writer read.
        present: the one it has now, where that is known.
        changes: what happened in between.
    """
    return Moved(
        f"您打开以后，这份备案又有了改动：您看到的是第{read}次修订，现在是第{present or '?'}次。"
        "这一次什么都没有保存，请看过改动再决定。",
        f"Changed since you opened it: you read revision {read}, it is now at "
        f"{present or 'a later one'}. Nothing was saved; look at the changes, then decide.",
        reasons=list(changes),
    )


def since(session: Session, filing: "Filing", read: int, *, reader: Actor) -> list[Reason]:
    """What happened to a filing after a revision: each field once with its last writer, each step.

    Args:
        session: any session.
        filing: which filing.
        read: the last revision that the reader knows.
        reader: who is told.
    """
    fields: dict[str, Reason] = {}
    steps: list[Reason] = []
    for event in journal.history(session, filing.id):
        if event.details.get("revision", 0) <= read:
            continue
        doer = who(session, event, reader)
        keys = event.details.get("keys")
        if keys is None:
            steps.append(Reason(CHANGE, _step(event, doer), LOOK))
        for key in keys or ():
            fields.pop(key, None)
            fields[key] = Reason(key, _field(key, event, doer), LOOK)
    return [*fields.values(), *steps]


def since_submission(session: Session, filing: "Filing", *, reader: Actor) -> list[Reason]:
    """What the filer changed between the last return and the last submission.

    Args:
        session: any session.
        filing: which filing.
        reader: who is told.

    Returns:
        Each field once with its last writer; nothing before a second submission.
    """
    events = journal.history(session, filing.id)
    rounds = [
        each.details.get("revision", 0)
        for each in events
        if each.name == "filing:dossier:submitted"
    ]
    if filing.submissions < 2 or len(rounds) < 2:
        return []
    fields = since(session, filing, rounds[-2], reader=reader)
    return [each for each in fields if each.item != CHANGE]


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened to a filing, as its parties read it.

    Args:
        at: when; of several saves in a row, the last.
        who: a colleague by name, anybody else as their organisation.
        what: the step or the change.
        fields: names of the fields that it changed.
        reason: what was said with it, a formal ground first.
    """

    at: datetime
    who: Text
    what: Text
    fields: tuple[Text, ...] = ()
    reason: Mapping[str, str] | None = None


def happenings(session: Session, filing: "Filing", *, reader: Actor) -> list[Happening]:
    """Everything that happened to a filing, oldest first; saves by one person in a row are one.

    Args:
        session: any session.
        filing: which filing.
        reader: who is told; the names of people are told to their own organisation alone.
    """
    found: list[Happening] = []
    by: str | None = None
    for event in journal.history(session, filing.id):
        keys = event.details.get("keys") or ()
        told = Happening(
            event.at,
            who(session, event, reader),
            EVENT_NAMES.get(event.name, Text(event.name, event.name)),
            tuple(called(key, filing.form) for key in keys),
            formal_grounds.told(event.details.get("reason")),
        )
        if keys and found and found[-1].fields and by == event.person_id:
            fields = dict.fromkeys((*found[-1].fields, *told.fields))
            found[-1] = replace(told, fields=tuple(fields))
        else:
            found.append(told)
        by = event.person_id
    return found


def who(session: Session, event: Event, reader: Actor) -> Text:
    """Whose act an event is: a colleague by name, anybody else as their organisation.

    Args:
        session: any session.
        event: of the journal.
        reader: who is told.
    """
    if event.organisation_id is None:
        return Text("平台", "the platform")
    if event.organisation_id == reader.organisation_id and event.person_id:
        name = session.get_one(Person, event.person_id).name
        return Text(name, name)
    return session.get_one(Organisation, event.organisation_id).name


def _field(key: str, event: Event, doer: Text) -> Text:
    name, at = called(key, current()), legal_day.in_china(event.at).strftime("%Y-%m-%d %H:%M")
    return Text(
        f"“{name.zh}”由{doer.zh}在{at}改过。", f"“{name.en}” was changed by {doer.en} on {at}."
    )


def _step(event: Event, doer: Text) -> Text:
    at = legal_day.in_china(event.at).strftime("%Y-%m-%d %H:%M")
    what = EVENT_NAMES.get(event.name, Text(event.name, event.name))
    return Text(f"{doer.zh}在{at}：{what.zh}。", f"{doer.en} on {at}: {what.en}.")
