"""Whether this server writes to the store that the record was made with.

Two servers on one database, each with a folder of its own, would each lack what the other took. So
a store carries a random mark, and the database knows it: a server whose store has another is told.
"""

import secrets

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.artifacts import ArtifactStore
from registry.database import Identified, Record
from registry.errors import Conflict


class StoreMark(Identified, Record):
    """The mark of the store that belongs to this database; at most one row."""

    __tablename__ = "store_mark"

    mark: Mapped[str] = mapped_column(String(64))


class AnotherStore(Conflict):
    """This server's store is not that of the database: set MINGSUAN_STORE to the shared one."""


def adopt(session: Session, store: ArtifactStore) -> None:
    """See that the store is the one that belongs to the database; the first one becomes it.

    Args:
        session: a writing transaction.
        store: this server's.

    Raises:
        AnotherStore: when it is not.
        StoreUnreachable: when it does not answer.
    """
    require(session, store)
    if _known(session) is None:
        mark = store.read_mark() or secrets.token_hex(16)
        store.write_mark(mark)
        session.add(StoreMark(mark=mark))
        session.flush()


def require(session: Session, store: ArtifactStore) -> None:
    """See that the store is the one that belongs to the database, where one is known.

    Raises:
        AnotherStore: when it is not.
        StoreUnreachable: when it does not answer.
    """
    known = _known(session)
    if known is not None and store.read_mark() != known:
        raise AnotherStore(
            "本机的存储目录不是这个数据库所用的那一个：几台服务器不能各用各的目录。请把 MINGSUAN_STORE "
            "设为各台都挂载的目录或 s3://存储桶/前缀，并把已有内容连同标记文件 mark 一起移过去。",
            "This server's store is not the one that belongs to the database: servers cannot each "
            "have a folder of their own. Set MINGSUAN_STORE to a folder that all of them mount, or "
            "to s3://bucket/prefix, and move what is there along with its file “mark”.",
        )


def _known(session: Session) -> str | None:
    return session.scalar(select(StoreMark.mark).order_by(StoreMark.id).limit(1))
