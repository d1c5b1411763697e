"""Outside effects that a change asks for, written with the change and applied at least once.

An effect is keyed, and whoever applies it must find nothing left to do the second time: a worker
that dies between the doing and the noting leaves it to be done again.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, String, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Mapped, Session, mapped_column, sessionmaker

from registry import backoff
from registry.database import Identified, Record, now, transaction
from registry.errors import RegisterError

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=1)
STUCK_AFTER = 5

Apply = Callable[[Session, Mapping[str, Any]], None]


class Effect(Identified, Record):
    """One outside effect: what to do, keyed so that doing it twice changes nothing.

    `due` is when it may next be tried; it moves before each attempt, so that a second worker, or
    one that dies in the middle, does not start it again at once.
    """

    __tablename__ = "effect"

    kind: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(120), unique=True)
    payload: Mapped[dict[str, Any]]
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    due: Mapped[datetime] = mapped_column(default=now, index=True)
    applied: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(1000), info={"quotes": True})


@dataclass(frozen=True, slots=True)
class Applied:
    """What one round did.

    Args:
        done: how many effects were applied.
        failed: how many were put off, with their error kept.
    """

    done: int
    failed: int


def add(session: Session, kind: str, key: str, payload: Mapping[str, Any]) -> Effect:
    """Ask for an effect; asking again under the same key changes nothing.

    Args:
        session: the transaction of the change that asks for it.
        kind: which of the appliers it is for.
        key: what makes it the same effect, by a digest or an identifier.
        payload: what the applier needs, JSON values only, never a secret.
    """
    kept = session.scalar(select(Effect).where(Effect.key == key))
    if kept is not None:
        return kept
    effect = Effect(kind=kind, key=key, payload=dict(payload))
    try:
        with session.begin_nested():
            session.add(effect)
    except IntegrityError:
        return session.scalars(select(Effect).where(Effect.key == key)).one()
    return effect


def payload(session: Session, key: str) -> Mapping[str, Any]:
    """What an effect's applier was told, applied yet or not; nothing where there is no such effect."""
    return session.scalar(select(Effect.payload).where(Effect.key == key)) or {}


def pending(session: Session, *, kinds: Sequence[str] | None = None) -> Sequence[Effect]:
    """What is still to be applied, oldest first.

    Args:
        session: any session.
        kinds: only effects of these kinds; None for all.
    """
    query = select(Effect).where(Effect.applied.is_(None)).order_by(Effect.created)
    return session.scalars(query if kinds is None else query.where(Effect.kind.in_(kinds))).all()


def stuck(session: Session) -> Sequence[Effect]:
    """What has failed so often that someone should look."""
    query = select(Effect).where(Effect.applied.is_(None), Effect.attempts >= STUCK_AFTER)
    return session.scalars(query.order_by(Effect.created)).all()


def apply(
    factory: sessionmaker[Session],
    appliers: Mapping[str, Apply],
    *,
    limit: int = 100,
    at_once: bool = False,
) -> Applied:
    """Apply what is due, each effect in a transaction of its own.

    Args:
        factory: sessions on the database.
        appliers: kind → what applies it, given a session and the payload; one that has a method
            `ready` gets it called first, outside any transaction. Effects of other kinds are left
            alone.
        limit: how many to try at most.
        at_once: also those that are waiting after a failure.
    """
    done = failed = 0
    due = _due(factory, list(appliers), limit=limit, at_once=at_once)
    if due:
        _make_ready(appliers)
    for effect_id in due:
        outcome = _attempt(factory, appliers, effect_id, at_once=at_once)
        done += outcome is True
        failed += outcome is False
    return Applied(done, failed)


class Effects:
    """The effects of one worker; a slow start of what applies them holds up nothing else.

    The first effect that is due has MLflow imported and its tables made, which takes as long as a
    small evaluation. That is done in a thread; until it is over, effects stay due.

    Args:
        factory: sessions on the database.
        appliers: as for `apply`.
        wait: wait for the start instead, for a worker that stops when nothing is due.
    """

    def __init__(
        self, factory: sessionmaker[Session], appliers: Mapping[str, Apply], *, wait: bool = False
    ) -> None:
        self._factory, self._appliers, self._wait = factory, appliers, wait
        self._start: threading.Thread | None = None

    def apply(self) -> Applied:
        """Apply what is due, if it can be applied at once."""
        if not self._wait and not self._started():
            return Applied(0, 0)
        return apply(self._factory, self._appliers)

    def await_start(self) -> None:
        """Wait for a start that is under way."""
        if self._start is not None:
            self._start.join()

    def _started(self) -> bool:
        if self._start is None and _due(self._factory, list(self._appliers), limit=1):
            self._start = threading.Thread(
                target=_make_ready, args=(self._appliers,), name="effects", daemon=True
            )
            self._start.start()
        return self._start is not None and not self._start.is_alive()


def _make_ready(appliers: Mapping[str, Apply]) -> None:
    """Start what starts slowly now, so that no transaction is held meanwhile.

    On SQLite a transaction that waits for MLflow's first import would keep every other writer out.
    """
    for each in appliers.values():
        ready: Callable[[], None] | None = getattr(each, "ready", None)
        if ready is not None:
            with suppress(RegisterError, OSError, SQLAlchemyError):  # the attempt will say so
                ready()


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: doubling from five seconds up to an hour."""
    first, longest = FIRST_WAIT.total_seconds(), LONGEST_WAIT.total_seconds()
    return timedelta(seconds=backoff.doubled(attempts, first=first, longest=longest))


def _due(
    factory: sessionmaker[Session], kinds: Sequence[str], *, limit: int, at_once: bool = False
) -> list[str]:
    query = select(Effect.id).where(Effect.applied.is_(None), Effect.kind.in_(kinds))
    if not at_once:
        query = query.where(Effect.due <= now())
    with factory() as session:
        return list(session.scalars(query.order_by(Effect.due).limit(limit)))


def _attempt(
    factory: sessionmaker[Session], appliers: Mapping[str, Apply], effect_id: str, *, at_once: bool
) -> bool | None:
    """True when applied, False when it failed, None when another worker has it."""
    claimed = _claim(factory, effect_id, at_once=at_once)
    if claimed is None:
        return None
    kind, payload = claimed
    try:
        with transaction(factory) as session:
            appliers[kind](session, payload)
            effect = session.get_one(Effect, effect_id)
            effect.applied, effect.error = now(), None
    except (RegisterError, OSError, SQLAlchemyError) as failed:
        with transaction(factory) as session:
            session.get_one(Effect, effect_id).error = f"{type(failed).__name__}: {failed}"[:1000]
        return False
    return True


def _claim(
    factory: sessionmaker[Session], effect_id: str, *, at_once: bool
) -> tuple[str, dict[str, Any]] | None:
    query = select(Effect).where(Effect.id == effect_id, Effect.applied.is_(None))
    with transaction(factory) as session:
        effect = session.scalar(query.with_for_update(skip_locked=True))
        if effect is None or (effect.due > now() and not at_once):
            return None
        effect.attempts += 1
        effect.due = now() + wait_after(effect.attempts)
        return effect.kind, dict(effect.payload)
