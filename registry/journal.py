"""Who did what, when: an append-only record, written in the transaction of the change itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Integer, Select, String, bindparam, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.database import Moment, Record, now, rows


class Event(Record):
    """One change of state."""

    __tablename__ = "event"

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    at: Mapped[datetime] = mapped_column(Moment(), default=now)
    name: Mapped[str] = mapped_column(String(80), index=True)
    subject: Mapped[str] = mapped_column(String(64), index=True)
    person_id: Mapped[str | None] = mapped_column(String(32))
    organisation_id: Mapped[str | None] = mapped_column(String(32))
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)


def record(
    session: Session,
    name: str,
    subject: str,
    *,
    person_id: str | None = None,
    organisation_id: str | None = None,
    **details: Any,
) -> Event:
    """Write one event; the caller's transaction commits it together with the change.

    Args:
        session: the caller's transaction.
        name: three parts, `filing:review:accepted`.
        subject: the identifier of the record that changed.
        person_id: who acted; None for the platform itself.
        organisation_id: on whose behalf.
        details: what a reader of the journal needs, JSON values only, never a secret.

    Raises:
        ValueError: when the name has not three parts.
    """
    if name.count(":") != 2 or not all(name.split(":")):
        raise ValueError(f"an event is named in three parts, not {name!r}")
    event = Event(
        name=name,
        subject=subject,
        person_id=person_id,
        organisation_id=organisation_id,
        details=details,
    )
    session.add(event)
    session.flush()
    return event


ABOUT = select(Event).where(Event.subject == bindparam("subject")).order_by(Event.seq)


def histories(session: Session, subjects: Sequence[str]) -> Sequence[Event]:
    """Every event about any of `subjects`, oldest first."""
    return session.scalars(
        select(Event).where(Event.subject.in_(subjects)).order_by(Event.seq)
    ).all()


@dataclass(frozen=True, slots=True)
class Told:
    """What of an event a page tells."""

    at: datetime
    name: str
    details: Mapping[str, Any]


def told(session: Session, subject: str, names: tuple[str, ...]) -> list[Told]:
    """The events of some names about `subject`, oldest first, of many that nobody is told of.

    Args:
        session: any session.
        subject: the identifier of the record that changed.
        names: of the events.
    """
    found = rows(session, _named(names), subject=subject)
    return [Told(*each) for each in found]


@lru_cache
def _named(names: tuple[str, ...]) -> Select[datetime, str, dict[str, Any]]:
    """The names stand in the statement itself: to put a list of values in takes longer than to ask."""
    among = or_(*(Event.name == each for each in names))
    about = select(Event.at, Event.name, Event.details).where(
        Event.subject == bindparam("subject")
    )
    return about.where(among).order_by(Event.seq)


def history(session: Session, subject: str) -> Sequence[Event]:
    """Every event about `subject`, oldest first."""
    return session.scalars(ABOUT, {"subject": subject}).all()
