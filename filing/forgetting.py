"""Deleting what people wrote in a concern on the day that they were told."""

from contextlib import closing

from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from filing import enclosures, senders
from filing.concerns import Concern, ConcernMessage
from registry import journal, legal_day
from registry.artifacts import ArtifactStore
from registry.database import now, transaction


def run(factory: sessionmaker[Session], store: ArtifactStore) -> int:
    """Delete what is due, and see that the bytes leave the file as well (SQLite), and the store.

    Args:
        factory: sessions on the database.
        store: where the bytes of attachments are.

    Returns:
        How many concerns and attachments were deleted.
    """
    with transaction(factory) as session:
        done, over = due(session), senders.any_over(session)
        senders.forget(session)
        engine = session.get_bind().engine
    if (done or over) and engine.dialect.name == "sqlite":
        with closing(engine.raw_connection()) as connection:
            # What was written lies in the log beside the file until it is copied back.
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return done + enclosures.forget(factory, store)


def due(session: Session, *, most: int = 100) -> int:
    """Delete words, contact and code of every concern whose day has come; the counts stay.

    The day itself is the first on which it is gone.

    Args:
        session: the caller's writing transaction.
        most: how many at once.

    Returns:
        How many were deleted.
    """
    if session.get_bind().dialect.name == "sqlite":  # or the bytes stay in the file until reused
        session.connection().exec_driver_sql("PRAGMA secure_delete=ON")
    query = select(Concern).where(
        Concern.forgotten.is_(None), Concern.delete_on <= legal_day.today()
    )
    found = session.scalars(query.order_by(Concern.delete_on).limit(most)).all()
    for each in found:
        session.execute(
            update(ConcernMessage).where(ConcernMessage.concern_id == each.id).values(kept=None)
        )
        each.kept_contact, each.code_digest, each.forgotten = None, None, now()
        session.flush()
        journal.record(session, "filing:concern:forgotten", each.id)
    return len(found)
