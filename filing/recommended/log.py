"""What everybody reads of a catalogue's past: additions, removals and changes of weights, newest first."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from filing.recommended.keeping import BEGINNING, OPENED
from filing.recommended.lapse import WHY_NAMES
from filing.recommended.reading import Recorded
from filing.recommended.records import RecommendedApplication, RecommendedCatalogue
from filing.recommended.steps import STATUS_NAMES, Status, seen_outside
from filing.recommended.weighing import WEIGHED
from registry import journal
from registry.language import Text

NOT_WRITTEN = math.inf
"""Where what lapsed stands among what was written down: nobody has yet, so after all of it."""
CHANGES: Mapping[str, Text] = {
    OPENED: Text("目录开设", "catalogue opened"),
    WEIGHED: Text("权重改定", "weights set"),
}


OF_THE_PLATFORM = Text(
    "行业组织还没有定过权重：现在每项标准的权重都一样，是本平台给的起始值，不是行业组织的选择。",
    "The industry body has set no weights yet: every criterion has the same, with which this "
    "platform begins; they are no choice of the body.",
)
OF_ONE = Text(
    "这些权重是开设目录的一个人定的，没有第二个人同意过。",
    "These weights were set by the one person who opened the catalogue; no second person agreed to them.",
)


@dataclass(frozen=True, slots=True)
class _Row:
    """One row: when it was, when among all events it was written down, and what is told."""

    at: datetime
    written: float
    told: dict[str, Any]


def told(
    session: Session,
    catalogue: RecommendedCatalogue,
    every: Sequence[tuple[RecommendedApplication, Recorded]],
    at: datetime,
) -> list[dict[str, Any]]:
    """Every addition, removal and change of weights, newest first; of one moment, the later written.

    Args:
        session: any session.
        catalogue: which.
        every: its entries, those that ended too, each with what is on record of its filing.
        at: the moment at which entries lapse.
    """
    events = journal.histories(session, [catalogue.id, *(made.id for made, _ in every)])
    written = _written(events)
    rows = [_weighed(event) for event in events if event.name in CHANGES]
    for made, known in every:
        rows += _of_entry(made, known, at, written)
    rows.sort(key=lambda each: (each.at, each.written), reverse=True)
    return [{"at": each.at.isoformat(), **each.told} for each in rows]


def weights_set(session: Session, catalogue: RecommendedCatalogue) -> Text | None:
    """Whose the weights in force are, where two people of the body did not set them.

    Args:
        session: any session.
        catalogue: which.
    """
    events = journal.history(session, catalogue.id)
    if any(event.name == WEIGHED for event in events):
        return None
    return OF_THE_PLATFORM if dict(catalogue.weights) == BEGINNING else OF_ONE


def removed_by(session: Session, made: RecommendedApplication) -> list[dict[str, str]]:
    """What both who removed an entry said of their ties; empty where nobody did, or it is not on record.

    Args:
        session: any session.
        made: the application of which the entry came.
    """
    if made.status != Status.REMOVED:
        return []
    return _ties(_written(journal.history(session, made.id)).get((made.id, Status.REMOVED)))


def _ties(event: journal.Event | None) -> list[dict[str, str]]:
    """What both who decided said of their ties; events of before release 0.1 have none."""
    return [] if event is None else list(event.details.get("ties", []))


def _written(events: Iterable[journal.Event]) -> dict[tuple[str, str], journal.Event]:
    """For an application and a status, the event with which it first stood there."""
    found: dict[tuple[str, str], journal.Event] = {}
    for event in events:
        status = event.details.get("to") or event.name.rpartition(":")[2]
        found.setdefault((event.subject, status), event)
    return found


def _of_entry(
    made: RecommendedApplication,
    known: Recorded,
    at: datetime,
    written: Mapping[tuple[str, str], journal.Event],
) -> list[_Row]:
    """That it was entered, and how it ended if it has."""

    def row(moment: datetime | None, status: Status, reason: Mapping[str, Any] | None) -> _Row:
        if moment is None:
            raise ValueError("an entry was decided, and what ended has ended")
        event = written.get((made.id, status))
        ties = list(made.ties or ()) if status is Status.ENTERED else _ties(event)
        told = _row(status, str(known.filing.number), reason, ties)
        return _Row(moment, NOT_WRITTEN if event is None else event.seq, told)

    entered = row(made.decided, Status.ENTERED, made.said)
    status = seen_outside(Status(made.status))
    if status is not Status.ENTERED:
        return [entered, row(made.ended, status, made.end_reason)]
    over = known.ends(made)
    if over.at > at:
        return [entered]
    return [entered, row(over.at, Status.LAPSED, WHY_NAMES[over.why].as_json())]


def _row(
    status: Status, number: str, reason: Mapping[str, Any] | None, ties: list[dict[str, str]]
) -> dict[str, Any]:
    return {
        "what": {"id": status.value, **STATUS_NAMES[status].as_json()},
        "number": number,
        "reason": dict(reason) if reason else None,
        "before": None,
        "weights": None,
        "ties": ties,
    }


def _weighed(event: journal.Event) -> _Row:
    what = {"id": event.name.rpartition(":")[2], **CHANGES[event.name].as_json()}
    told = {
        "what": what,
        "number": None,
        "reason": event.details.get("reason"),
        "before": event.details.get("before"),
        "weights": event.details["weights"],
        "ties": _ties(event),
    }
    return _Row(event.at, event.seq, told)
