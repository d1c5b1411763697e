"""Which errors are the environment's, not the work's: one table from causes to what is said.

A full disk, a database that restarts or a store that refuses our key says nothing about the
request that met it. Wherever an error reaches an edge (a page, the API, a worker, the command
line), `unavailable` tells the two apart, and gives the true cause in both languages.
"""

import errno
import os
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from registry import modes
from registry.errors import Unavailable
from registry.language import Text

PROBE_BYTES = 64 * 1024


class DiskFull(Unavailable):
    """Nothing more can be written: make room."""

    retry_after = 60


class ReadOnly(Unavailable):
    """The disk or the database takes no writing: mount it writable again."""

    retry_after = 60


class NotPermitted(Unavailable):
    """Our own files are closed to us: correct their owner and mode."""

    retry_after = 60


class DiskFault(Unavailable):
    """The disk itself reports an error: look at it."""

    retry_after = 60


class OutOfResources(Unavailable):
    """The machine or the database server has no memory, files or connections left."""

    retry_after = 10


class DatabaseBusy(Unavailable):
    """Others are writing, or hold what is needed: try again."""

    retry_after = 2


class DatabaseClosed(Unavailable):
    """The database file cannot be opened: look at the data directory."""

    retry_after = 60


class DatabaseDamaged(Unavailable):
    """The database file is no longer whole: look at the disk, put a backup in its place."""

    retry_after = 60


class DatabaseAway(Unavailable):
    """The database does not answer, or has ended the connection."""

    retry_after = 5


SAID: dict[type[Unavailable], Text] = {
    DiskFull: Text(
        "服务器磁盘已满，请管理员腾出空间后再试。",
        "The server's disk is full; try again once the operator has made room.",
    ),
    ReadOnly: Text(
        "服务器的磁盘或数据库只读，请管理员恢复可写后再试。",
        "The server's disk or database is read-only; try again once the operator has made it "
        "writable.",
    ),
    NotPermitted: Text(
        "服务器无权读写它需要的文件，请管理员检查数据目录的属主和权限。",
        "The server may not read or write a file that it needs; the operator must check owner and "
        "mode of the data directory.",
    ),
    DiskFault: Text(
        "服务器磁盘读写出错，请管理员检查磁盘。",
        "The server's disk reports an error; the operator must look at it.",
    ),
    OutOfResources: Text(
        "服务器的内存、文件或连接已用完，请稍后再试；若持续如此，请管理员检查负荷。",
        "The server has no memory, files or connections left; try again later. If it stays so, the "
        "operator must look at its load.",
    ),
    DatabaseBusy: Text(
        "数据库正忙于别的读写，请稍后再试。",
        "The database is busy with other requests; try again in a moment.",
    ),
    DatabaseClosed: Text(
        "数据库文件打不开，请管理员检查数据目录是否在、能否读写。",
        "The database file cannot be opened; the operator must see whether the data directory is "
        "there and can be read and written.",
    ),
    DatabaseDamaged: Text(
        "数据库文件已损坏，请管理员检查磁盘，并用备份恢复。",
        "The database file is damaged; the operator must look at the disk and put a backup in its "
        "place.",
    ),
    DatabaseAway: Text(
        "数据库没有应答，可能正在重启，请稍后再试。",
        "The database does not answer; it may be restarting. Try again in a moment.",
    ),
}

OF_ERRNO: dict[int, type[Unavailable]] = {
    errno.ENOSPC: DiskFull,
    errno.EDQUOT: DiskFull,
    errno.EROFS: ReadOnly,
    errno.EACCES: NotPermitted,
    errno.EPERM: NotPermitted,
    errno.EIO: DiskFault,
    errno.EMFILE: OutOfResources,
    errno.ENFILE: OutOfResources,
    errno.ENOMEM: OutOfResources,
}

# The primary codes of https://sqlite.org/rescode.html; the lowest byte of what SQLite returns.
OF_SQLITE: dict[int, type[Unavailable]] = {
    sqlite3.SQLITE_PERM: NotPermitted,
    sqlite3.SQLITE_BUSY: DatabaseBusy,
    sqlite3.SQLITE_LOCKED: DatabaseBusy,
    sqlite3.SQLITE_NOMEM: OutOfResources,
    sqlite3.SQLITE_READONLY: ReadOnly,
    sqlite3.SQLITE_IOERR: DiskFault,
    sqlite3.SQLITE_FULL: DiskFull,
    sqlite3.SQLITE_CANTOPEN: DatabaseClosed,
    sqlite3.SQLITE_CORRUPT: DatabaseDamaged,
    sqlite3.SQLITE_NOTADB: DatabaseDamaged,
}

# PostgreSQL's states, https://www.postgresql.org/docs/current/errcodes-appendix.html; the longest
# beginning that fits decides.
OF_SQLSTATE: dict[str, type[Unavailable]] = {
    "08": DatabaseAway,
    "25006": ReadOnly,
    "25P03": DatabaseAway,
    "40001": DatabaseBusy,
    "40P01": DatabaseBusy,
    "53": OutOfResources,
    "53100": DiskFull,
    "55P03": DatabaseBusy,
    "57014": DatabaseBusy,
    "57P": DatabaseAway,
    "58": DiskFault,
}


def unavailable(error: BaseException) -> Unavailable | None:
    """What the environment did, where that is why `error` was raised; None for any other error.

    An error that was raised *from* one of the environment's (`raise … from error`) is the
    environment's too, whatever it says: a full disk makes no archive break a rule.

    Args:
        error: whatever an edge has caught.
    """
    for cause in causes(error):
        if isinstance(cause, Unavailable):
            return cause
        kind = _kind(cause)
        if kind is not None:
            return made(kind)
    return None


def made(kind: type[Unavailable]) -> Unavailable:
    """An error of one of the kinds above, with what is said of it."""
    return kind(SAID[kind].zh, SAID[kind].en)


def check(error: BaseException) -> None:
    """Raise the environment's part in `error`, if it has one; otherwise do nothing.

    Args:
        error: what is about to be taken for a fault of what was read.

    Raises:
        Unavailable: when the environment is why.
    """
    away = unavailable(error)
    if away is not None:
        raise away from error


def check_writing(folder: Path) -> None:
    """Write a little below `folder`, down to the disk, and remove it again.

    Args:
        folder: made if it is not there.

    Raises:
        Unavailable: when the disk is full, read-only or closed to us.
    """
    try:
        modes.folder(folder)
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=".check-")
        try:
            os.write(descriptor, bytes(PROBE_BYTES))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        check(error)
        raise made(DiskFault) from error


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those that it was raised from, the last one first.

    Args:
        error: whatever an edge has caught.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__


def _kind(error: BaseException) -> type[Unavailable] | None:
    if isinstance(error, OSError):
        return OF_ERRNO.get(error.errno or 0)
    if "sqlalchemy" not in sys.modules:  # a command, a guest's process: none of it was raised here
        return _of_driver(error)
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.exc import TimeoutError as PoolTimeout

    if isinstance(error, PoolTimeout):
        return DatabaseBusy
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return DatabaseAway
        return None if error.orig is None else _of_driver(error.orig)
    return _of_driver(error)


def _of_driver(error: BaseException) -> type[Unavailable] | None:
    if isinstance(error, sqlite3.Error):
        return OF_SQLITE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
    if not type(error).__module__.startswith("psycopg"):
        return None
    state = getattr(error, "sqlstate", None)
    if state is None:  # no answer of the server's: the connection failed or broke
        named = {kind.__name__ for kind in type(error).__mro__}
        return DatabaseAway if named & {"OperationalError", "InterfaceError"} else None
    fits = [begin for begin in OF_SQLSTATE if state.startswith(begin)]
    return OF_SQLSTATE[max(fits, key=len)] if fits else None
