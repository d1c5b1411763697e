"""The mark of the store that belongs to this database: written once, and looked at ever after.

`registry.belonging` compares it with that of a store. A store is marked when the database is set
up. One that a record knows without a mark, from an earlier release or a backup that left the mark
out, is marked again only where it really holds what the record put there last.
"""

import secrets

from sqlalchemy import String, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, Session, mapped_column, sessionmaker

from registry import artifacts, environment
from registry.artifacts import ArtifactStore
from registry.belonging import StoreLost, require_mark
from registry.database import Identified, Record
from registry.datasets import Dataset
from registry.reports import Report
from registry.settings import Settings
from registry.submission import Version

NEWEST = 3
"""Data sets, versions and reports each that a store must hold to be taken for the record's."""


class StoreMark(Identified, Record):
    """The mark of the store that belongs to this database; at most one row."""

    __tablename__ = "store_mark"

    mark: Mapped[str] = mapped_column(String(64))


def open_store(settings: Settings, factory: sessionmaker[Session]) -> ArtifactStore:
    """The store that the settings name, used only while it has the mark that the record knows.

    Args:
        settings: as for `artifacts.open_store`.
        factory: sessions on the record; it is asked when the store is first used.

    Raises:
        Invalid: as for `artifacts.open_store`.
    """
    store = artifacts.open_store(settings)
    store.expected = _OnRecord(factory)
    return store


class _OnRecord:
    """The mark on record; a mark never changes, so that it is read once."""

    def __init__(self, factory: sessionmaker[Session]) -> None:
        self._factory, self._mark = factory, ""

    def __call__(self) -> str:
        if not self._mark:
            try:
                with self._factory() as session:
                    self._mark = _known(session)
            except SQLAlchemyError as error:
                environment.check(error)  # whoever asks the store waits for what is away
                raise
        return self._mark


def adopt(session: Session, store: ArtifactStore) -> bool:
    """See that the store is the one that belongs to the database; the first one becomes it.

    Args:
        session: a writing transaction.
        store: this server's.

    Returns:
        Whether a mark was written, into the store or the database.

    Raises:
        AnotherStore: when it has another mark.
        StoreLost: when it has none, and it does not hold what the record put there last.
        StoreUnreachable: when it does not answer.
    """
    known = _known(session)
    store.expected = lambda: known  # so that no bucket is made for it anew
    found = store.read_mark()
    if known and found:
        require_mark(known, found)
        return False
    newest = _newest(session)
    if known and not newest:  # a second server's own folder looks the same
        require_mark(known, found)
    if missing := [digest for digest in newest if not store.has(digest)]:
        raise _emptied(missing[0])
    mark = known or found or secrets.token_hex(16)
    store.write_mark(mark)
    if not known:
        session.add(StoreMark(mark=mark))
        session.flush()
    return True


def require(session: Session, store: ArtifactStore) -> None:
    """See that the store is the one that belongs to the database, where one is known.

    Raises:
        StoreLost, AnotherStore: when it is not.
        StoreUnreachable: when it does not answer.
    """
    if known := _known(session):
        require_mark(known, store.read_mark())


def prove(session: Session, store: ArtifactStore) -> None:
    """See that the store is the database's beyond doubt, and works: what it lacks is missing.

    Raises:
        StoreLost: also when the database knows no mark.
        Unavailable: as for `require` and for the store's `check`.
    """
    known = _known(session)
    if not known:
        raise StoreLost(
            "数据库里没有存储的标记，无法确认这就是原来的存储。请管理员运行 mingsuan doctor --repair。",
            "The database knows no mark of its store, so that nothing proves this to be the one. "
            "The operator must run mingsuan doctor --repair.",
        )
    require_mark(known, store.read_mark())
    store.check()


def _known(session: Session) -> str:
    return session.scalar(select(StoreMark.mark).order_by(StoreMark.id).limit(1)) or ""


def _newest(session: Session) -> list[str]:
    """The digests that the record put into the store last."""
    found = dict.fromkeys(
        digest
        for column in (Dataset.digest, Report.sealed_digest)
        for digest in session.scalars(
            select(column).order_by(column.class_.id.desc()).limit(NEWEST)
        )
    )
    versions = session.scalars(select(Version).order_by(Version.id.desc()).limit(NEWEST))
    found |= {str(entry["sha256"]): None for version in versions for entry in version.manifest}
    return list(found)


def _emptied(digest: str) -> StoreLost:
    return StoreLost(
        f"存储里没有数据库最近登记的内容（{digest[:12]}…），所以没有给它写标记：可能没有挂载，或是另建的"
        "空目录。请检查 MINGSUAN_STORE，恢复原来的存储后重新启动。",
        f"The store lacks what the database registered last ({digest[:12]}…), so it was not marked: "
        "it is perhaps not mounted, or was made anew. Check MINGSUAN_STORE, bring the store back and "
        "start again.",
    )
