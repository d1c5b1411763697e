"""Uploads through the MLflow door that nobody registered: dropped once they are old, bytes and all."""

import re
from datetime import timedelta

from sqlalchemy import JSON, String, func, select
from sqlalchemy.orm import Session, sessionmaker

from registry import artifacts, part_store, staging, submission
from registry.artifacts import ArtifactStore
from registry.database import Record, now, transaction
from registry.settings import Settings
from registry.staging import StagedFolder

DIGEST = re.compile(r"\b[0-9a-f]{64}\b")


def clear(settings: Settings, factory: sessionmaker[Session], store: ArtifactStore) -> int:
    """Drop uploads to which nothing was added for `upload_days`; how many folders had some.

    Each folder is dropped in a transaction of its own, and looked at again there, so that a file
    which comes meanwhile keeps it.

    Args:
        settings: for `upload_days`.
        factory: sessions on the database.
        store: where the bytes are.
    """
    before = now() - timedelta(days=settings.upload_days)
    with factory() as session:
        old = [each.id for each in staging.untouched(session, before)]
    parts = part_store.beside(store)
    for folder_id in old:
        with transaction(factory) as session:
            folder = session.get_one(StagedFolder, folder_id, with_for_update=True)
            dropped = [] if folder.touched >= before else staging.clear(session, folder)
            tokens = [(upload.id, upload.token) for upload in dropped]
        for upload_id, token in tokens:
            parts.discard(upload_id, token)
    if old:
        artifacts.collect(store, lambda: mentioned(factory))
    return len(old)


def mentioned(factory: sessionmaker[Session]) -> set[str]:
    """Every digest that stands anywhere on record, whichever noun put it there.

    Keeping a blob too many costs space; dropping one too many costs evidence. So this reads all
    text of all tables, and a new noun that stores blobs needs no entry here.

    Args:
        factory: sessions on the database.
    """
    found: set[str] = set()
    with factory() as session:
        found |= submission.blobs(session)
        for table in Record.metadata.sorted_tables:
            told = [column for column in table.columns if isinstance(column.type, (String, JSON))]
            texts = [func.coalesce(column.cast(String), "") for column in told]
            for row in session.execute(select(*texts)) if texts else ():
                for text in row:
                    found.update(DIGEST.findall(text))
    return found
