"""What an operator should look at on the work list."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry import worklist
from registry.database import now
from registry.language import Text
from registry.worklist import State, Work


@dataclass(frozen=True, slots=True)
class Troubles:
    """What an operator should look at on the list.

    Args:
        parked: work that nobody tries any more until asked.
        returned: queued work that was put off.
        stale: running work whose lease has run out, with nobody to take it over yet.
        unforeseen: work that failed within a day by an error nobody foresaw.
        oldest: seconds for which the oldest claimable work has waited; None when there is none.
        said: what was said of the gravest, in both languages.
    """

    parked: int
    returned: int
    stale: int
    unforeseen: int
    oldest: float | None
    said: tuple[Text, ...]


def of_worklist(session: Session, *, shown: int = 3) -> Troubles:
    """What stands on the list that should not.

    Args:
        session: any session.
        shown: how many causes are quoted at most.
    """
    rows = session.scalars(
        select(Work).where(Work.state.in_(worklist.LIVE)).order_by(Work.created, Work.id)
    ).all()
    moment = worklist.moment(session)
    parked = [row for row in rows if row.state == State.PARKED]
    returned = [row for row in rows if row.state == State.QUEUED and row.returned]
    stale = [
        row for row in rows if row.state == State.RUNNING and (row.lease_until or 0.0) < moment
    ]
    waiting = [
        row for row in rows if row.state == State.QUEUED and (row.not_before or 0.0) <= moment
    ]
    day = now() - timedelta(days=1)
    ended = session.scalars(
        select(Work.error).where(Work.state == State.FAILED, Work.finished >= day)
    )
    unforeseen = [error for error in ended if error and error.get("kind") == "Unforeseen"]
    said = [Text(row.error["zh"], row.error["en"]) for row in parked if row.error]
    said += [Text(row.said_zh, row.said_en) for row in returned]
    said += [Text(error["zh"], error["en"]) for error in unforeseen]
    return Troubles(
        parked=len(parked),
        returned=len(returned),
        stale=len(stale),
        unforeseen=len(unforeseen),
        oldest=(now() - waiting[0].created).total_seconds() if waiting else None,
        said=tuple(dict.fromkeys(said))[:shown],
    )
