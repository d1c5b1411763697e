"""What is attached to a concern: kept with its words, read by whoever reads them, deleted with them.

The bytes lie in the store of artifacts, each behind bytes drawn by chance: so no two concerns share
them, they can be deleted with their own, and nobody who guesses a picture finds it by its digest.
"""

import io
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ForeignKey, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, sessionmaker

from filing import concerns
from filing.concern_steps import Side
from filing.concerns import Concern
from registry import legal_day
from registry.artifacts import ArtifactStore
from registry.attachments import MEDIA, Attachment, Kept, Kind
from registry.database import Identified, Record, transaction

DRAWN = 32
"""Bytes drawn by chance that stand before those of an attachment."""
READERS = frozenset({Side.HANDLER, Side.MODERATOR})


class ConcernAttachment(Identified, Record):
    """One attachment of a concern; `digest` is of its bytes in the store, None once they are deleted."""

    __tablename__ = "concern_attachment"

    concern_id: Mapped[str] = mapped_column(ForeignKey("concern.id"), index=True)
    position: Mapped[int]
    kind: Mapped[Kind] = mapped_column(String(20))
    size: Mapped[int]
    digest: Mapped[str | None] = mapped_column(String(64))


@dataclass(frozen=True, slots=True)
class Stored:
    """An attachment whose bytes are in the store, and that is on no record yet.

    Args:
        kind: what it is.
        size: bytes of the attachment itself.
        digest: of what is in the store.
    """

    kind: Kind
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Opened:
    """An attachment as it is handed out.

    Args:
        name: given by the register; how the sender called it is kept nowhere.
        media_type: of the content.
        content: its bytes.
    """

    name: str
    media_type: str
    content: bytes


def put(store: ArtifactStore, made: Sequence[Attachment]) -> tuple[Stored, ...]:
    """Put bytes into the store; what comes to stand on no record is swept with other left-overs.

    Args:
        store: where they go.
        made: attachments that were made anew.
    """
    return tuple(
        Stored(
            each.kind,
            len(each.content),
            store.put(io.BytesIO(secrets.token_bytes(DRAWN) + each.content)),
        )
        for each in made
    )


def attach(session: Session, concern: Concern, given: Sequence[Stored]) -> None:
    """Put attachments on record with their concern, behind those that it has."""
    for position, each in enumerate(given, start=kept(session, concern).count + 1):
        session.add(
            ConcernAttachment(
                concern_id=concern.id,
                position=position,
                kind=each.kind,
                size=each.size,
                digest=each.digest,
            )
        )


def count(session: Session, concern: Concern) -> int:
    """How many a concern has, as long as they may be read."""
    return 0 if concern.gone else kept(session, concern).count


def kept(session: Session, concern: Concern) -> Kept:
    """How many attachments stand with a concern, and their bytes in all."""
    asked = select(func.count(), func.coalesce(func.sum(ConcernAttachment.size), 0))
    row = session.execute(asked.where(ConcernAttachment.concern_id == concern.id)).one()
    return Kept(*row)


def told(session: Session, concern: Concern, side: Side) -> list[dict[str, Any]]:
    """The attachments of a concern as one side is told of them; a filer that was asked, of none.

    Args:
        session: any session.
        concern: which one.
        side: in what part it is met.
    """
    if side not in READERS or concern.gone:
        return []
    return [
        {
            "position": each.position,
            "kind": each.kind,
            "name": _name(concern, each),
            "size": each.size,
        }
        for each in session.scalars(_of(concern).order_by(ConcernAttachment.position))
    ]


def opened(
    session: Session, store: ArtifactStore, concern: Concern, side: Side, position: int
) -> Opened:
    """One attachment with its bytes.

    Args:
        session: any session.
        store: where they are.
        concern: which one.
        side: in what part it is met.
        position: of the attachment, from 1.

    Raises:
        ConcernNotFound: there is none, none that this side may read, or it is deleted.
    """
    found = session.scalar(_of(concern).where(ConcernAttachment.position == position))
    if side not in READERS or concern.gone or found is None or found.digest is None:
        raise concerns.not_found()
    with store.open(found.digest) as kept:
        kept.seek(DRAWN)
        return Opened(_name(concern, found), MEDIA[Kind(found.kind)][0], kept.read())


def forget(factory: sessionmaker[Session], store: ArtifactStore, *, most: int = 100) -> int:
    """Delete the bytes of every attachment whose day has come.

    The bytes go first: where that fails, the record still says where they are, for the next time.

    Args:
        factory: sessions on the database.
        store: where the bytes are.
        most: how many at once.

    Returns:
        How many were deleted.
    """
    due = (
        select(ConcernAttachment.id, ConcernAttachment.digest)
        .join(Concern, Concern.id == ConcernAttachment.concern_id)
        .where(ConcernAttachment.digest.is_not(None), Concern.delete_on <= legal_day.today())
        .limit(most)
    )
    with factory() as session:
        rows = session.execute(due).all()
    for _, digest in rows:
        store.delete(str(digest))
    with transaction(factory) as session:
        for attachment_id, _ in rows:
            session.get_one(ConcernAttachment, attachment_id).digest = None
    return len(rows)


def _of(concern: Concern) -> Any:
    return select(ConcernAttachment).where(ConcernAttachment.concern_id == concern.id)


def _name(concern: Concern, attachment: ConcernAttachment) -> str:
    return f"{concern.number}-{attachment.position}.{MEDIA[Kind(attachment.kind)][1]}"
