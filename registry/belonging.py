"""Whether a store of blobs is the one that a record was made with, told by its mark.

Two servers on one database, each with a folder of its own, would each lack what the other took; a
folder whose volume went away is easily made anew, empty. So a store carries a random mark, written
once, and the database knows it (`registry.store_mark`): whoever writes looks at it before.
"""

from registry.errors import Unavailable
from registry.language import Text


class StoreUnreachable(Unavailable):
    """The artifact store does not answer, or refuses our key: try again later."""

    retry_after = 10


def away(operators: Text) -> StoreUnreachable:
    """A store that does not answer; where it is and why is for the operator alone.

    Args:
        operators: what the operator is told, with address or folder and what to do.
    """
    return StoreUnreachable(AWAY.zh, AWAY.en, operators=operators)


AWAY = Text(
    "存放文件的地方暂时不能用。请稍后再试；若持续如此，请告知平台管理员。",
    "The place where files are kept cannot be used at present. Try again later; if it stays so, tell "
    "the platform's administrator.",
)


class StoreLost(StoreUnreachable):
    """The store lacks the mark that the record knows: bring it back, or mount it."""


class AnotherStore(StoreUnreachable):
    """This server's store is not that of the database: set MINGSUAN_STORE to the shared one."""


def unmarked() -> str:
    """The mark of a store that no record knows yet: none."""
    return ""


def require_mark(known: str, found: str) -> None:
    """Compare the mark on record with that of the store.

    Args:
        known: on record.
        found: in the store; empty for none.

    Raises:
        StoreLost: when the store has none.
        AnotherStore: when it has another.
    """
    if not found:
        raise StoreLost(
            "存储里没有本平台的标记文件 mark：可能没有挂载，是后来另建的空目录，或者 MINGSUAN_STORE 不对。"
            "什么都没有写入；请管理员恢复原来的存储后再试，mingsuan doctor 会检查。",
            "The artifact store lacks this platform's file “mark”: perhaps it is not mounted, was made "
            "anew, or MINGSUAN_STORE names another. Nothing was written; try again once the operator "
            "has brought the store back (mingsuan doctor checks it).",
        )
    if found != known:
        raise AnotherStore(
            "本机的存储目录不是这个数据库所用的那一个：几台服务器不能各用各的目录。请把 MINGSUAN_STORE "
            "设为各台都挂载的目录或 s3://存储桶/前缀，并把已有内容连同标记文件 mark 一起移过去。",
            "This server's store is not the one that belongs to the database: servers cannot each "
            "have a folder of their own. Set MINGSUAN_STORE to a folder that all of them mount, or "
            "to s3://bucket/prefix, and move what is there along with its file “mark”.",
        )
