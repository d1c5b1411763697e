"""Asking for work and taking it, in short form."""

import time

from sqlalchemy.orm import Session, sessionmaker

from registry import database, worklist
from registry.database import transaction
from registry.worklist import Claim, Work

LONG = 600.0


def ask(
    factory: sessionmaker[Session], organisation: str, dedup: str = "a", kind: str = "evaluation"
) -> str:
    with transaction(factory) as session:
        work = worklist.request(
            session,
            kind=kind,
            subject_id=database.new_id(),
            organisation_id=organisation,
            dedup=dedup,
        )
        return work.id


def take(factory: sessionmaker[Session], worker: str = "w", lease: float = LONG) -> Claim | None:
    with transaction(factory) as session:
        return worklist.claim(session, worker=worker, lease=lease)


def taken(factory: sessionmaker[Session], lease: float = LONG) -> Claim:
    held = take(factory, lease=lease)
    assert held is not None
    return held


def read(factory: sessionmaker[Session], work_id: str) -> Work:
    with factory() as session:
        return worklist.get(session, work_id)


def lose(factory: sessionmaker[Session], times: int) -> None:
    """Let so many workers take the work and go away."""
    for _ in range(times):
        taken(factory, lease=0.0)
        time.sleep(0.01)
