"""The file that the search's index lies in: opened, written, and thrown away where it is damaged.

It holds nothing that the record does not, so a damaged one is no loss. Who searches waits a second
for another who writes it, and is then told so: an answer from before would be older than the record.
"""

import fcntl
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn, TypeVar
from urllib.parse import quote

from registry import environment, modes
from registry.environment import DatabaseBusy, DatabaseClosed
from registry.language import Text

T = TypeVar("T")
WAIT_SECONDS = 1.0
"""How long somebody who searches waits for another who writes the index."""
BESIDE = ("", "-wal", "-shm")
DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR_SHORT_READ}
BUSY = Text(
    "搜索索引正在更新，这次没有搜索。请稍后再试。",
    "The search's index is being brought up to date, and nothing was searched this time. Try again "
    "in a moment.",
)
CLOSED = Text(
    "搜索索引打不开。请管理员检查数据目录里的 search.db：它应是能读写的文件，也可以删除，下次搜索时会重建。",
    "The search's index cannot be opened. The operator must look at search.db in the data directory: "
    "it is a file that can be read and written, and may be removed; the next search makes it anew.",
)


log = logging.getLogger(__name__)


class Torn(Exception):
    """What the file holds is not what was written into it: it is made anew."""


class _OtherTables(Exception):
    """The file has tables of another form, or somebody else's."""


class SearchFile:
    """One file with the tables of an index, or memory for one thread.

    Args:
        path: the file; None for memory.
        tables: the statements that make what is absent of its tables.
        check: a query for the form of what is there; it gives nothing where nothing is yet.
        form: the form that it should have.
    """

    def __init__(self, path: Path | None, *, tables: str, check: str, form: str) -> None:
        self.path = path
        self._tables, self._check, self._form = tables, check, form
        self._kept = threading.local()
        self._writing = threading.Lock()

    def using(self, work: Callable[[], T]) -> T:
        """The result of `work`, begun once more on a new file where the file turns out damaged.

        Args:
            work: what reads and writes through this file, and may be done twice.

        Raises:
            DatabaseBusy: when another writes it for longer than somebody may wait.
            Unavailable: when the environment closes it to us; with the true cause.
        """
        try:
            if getattr(self._kept, "identity", None) != self._identity():
                self.close()  # another thread or process has thrown it away
            try:
                return work()
            except (sqlite3.Error, _OtherTables, Torn) as error:
                if not _damaged(error):
                    raise
                log.warning("the search's index is made anew: %s", error)
                self.throw_away()
                return work()
        except sqlite3.Error as error:
            self._tell(error)
        except Torn as error:  # twice in a row: no reader is told a half of it
            log.exception("the search's index is torn again")
            raise DatabaseBusy(BUSY.zh, BUSY.en) from error

    def connection(self) -> sqlite3.Connection:
        """This thread's connection."""
        found: sqlite3.Connection | None = getattr(self._kept, "connection", None)
        if found is None:
            with self._alone():
                found = self._opened()
            self._kept.connection = found
        return found

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One writing transaction, undone on any error.

        Raises:
            DatabaseBusy: when another thread writes for longer than somebody may wait.
        """
        index = self.connection()
        if not self._writing.acquire(timeout=WAIT_SECONDS):
            raise DatabaseBusy(BUSY.zh, BUSY.en)
        try:
            index.execute("BEGIN IMMEDIATE")
            try:
                yield index
                index.execute("COMMIT")
            finally:
                if index.in_transaction:  # SQLite has ended it itself after some errors
                    index.execute("ROLLBACK")
        finally:
            self._writing.release()

    def _opened(self) -> sqlite3.Connection:
        place = ":memory:"
        if self.path is not None:
            if self.path.is_file() and not self.path.stat().st_size:
                self._remove()  # cut off; whoever has it open would keep us from making it anew
            place = str(modes.file(self.path))
            self._kept.identity = self._identity()
        found = sqlite3.connect(place, isolation_level=None, timeout=WAIT_SECONDS)
        try:
            found.executescript(
                f"PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;{self._tables}"
            )
            self._check_form(found.execute(self._check).fetchone())
        except sqlite3.Error as error:
            found.close()
            if primary(error) == sqlite3.SQLITE_ERROR:
                raise _OtherTables from error
            raise
        except _OtherTables:
            found.close()
            raise
        return found

    def _check_form(self, held: tuple[str, ...] | None) -> None:
        if held is not None and held[0] != self._form:
            raise _OtherTables

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """While no other thread or process opens the file or throws it away.

        Whoever opened it in between would write into a file that is being removed.
        """
        if self.path is None:
            yield
            return
        try:
            held = os.open(f"{self.path}-lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, modes.FILE)
        except OSError as error:
            environment.check(error)
            raise DatabaseClosed(CLOSED.zh, CLOSED.en) from error
        try:
            _lock(held)
            yield
        finally:
            os.close(held)

    def throw_away(self) -> None:
        """Remove the file that this thread has open; whoever uses it next makes it anew."""
        seen = getattr(self._kept, "identity", None)
        self.close()
        if self.path is None:
            return
        with self._alone():
            if self._identity() == seen:  # otherwise another has done it
                self._remove()

    def _remove(self) -> None:
        for end in reversed(BESIDE):
            Path(f"{self.path}{end}").unlink(missing_ok=True)

    def close(self) -> None:
        """Close this thread's connection; the next use opens another."""
        found: sqlite3.Connection | None = getattr(self._kept, "connection", None)
        self._kept.connection = self._kept.identity = None
        if found is not None:
            with suppress(sqlite3.Error):
                found.close()

    def _identity(self) -> tuple[int, int] | None:
        """Which file lies at the path now; None for none, and for memory."""
        return None if self.path is None else modes.identity(self.path)

    def _tell(self, error: sqlite3.Error) -> NoReturn:
        code = primary(error)
        if code == sqlite3.SQLITE_BUSY:
            raise DatabaseBusy(BUSY.zh, BUSY.en) from error
        if code == sqlite3.SQLITE_CANTOPEN:
            raise DatabaseClosed(CLOSED.zh, CLOSED.en) from error
        if code == sqlite3.SQLITE_IOERR and self.path is not None:
            environment.check_writing(self.path.parent)  # SQLite says no more of a full disk
        raise error


def examined(path: Path, look: Callable[[sqlite3.Connection], Text | None]) -> tuple[bool, Text]:
    """Whether an index can be used, and what to do where not; nothing is changed.

    Args:
        path: its file.
        look: says why what it holds is wrong; None where it is right.
    """
    if not os.path.lexists(path):
        return True, Text("还没有，首次搜索时建立。", "Not there yet; the first search makes it.")
    if not path.is_file() or not os.access(path, os.R_OK | os.W_OK):
        return False, CLOSED
    try:
        index = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=WAIT_SECONDS)
        try:
            found = index.execute("PRAGMA quick_check(1)").fetchone()[0]
            wrong = look(index) if found == "ok" else None
            lines = index.execute("SELECT count(*) FROM line").fetchone()[0] if not wrong else 0
        finally:
            index.close()
    except sqlite3.Error as error:
        found, wrong = str(error), None
    if wrong is not None:
        return False, Text(
            "与登记的记录不符：{what}。请查明是谁；可以删除 search.db，下次搜索时会照记录重建，运行中的服务器检查就绪（/readyz）时也会。",
            "It does not fit the record: {what}. Find out who did. search.db may be removed, and the "
            "next search makes it anew from the record, as does a server that is asked whether it "
            "is ready (/readyz).",
        ).format(what=wrong)
    if found != "ok":
        return False, Text(
            "已损坏（{what}），下次搜索时会重建。请检查磁盘。",
            "It is damaged ({what}), and the next search makes it anew. Look at the disk.",
        ).format(what=found)
    return True, Text("共 {n} 条。", "{n} lines.").format(n=lines)


def _damaged(error: BaseException) -> bool:
    whole = getattr(error, "sqlite_errorcode", 0)
    missing = str(error).startswith(
        ("no such table", "no such column")
    )  # SQLite has no code for it
    return (
        isinstance(error, _OtherTables | Torn)
        or missing
        or bool({whole, primary(error)} & DAMAGED)
    )


def primary(error: BaseException) -> int:
    """SQLite's primary code, the lowest byte of an error's; 0 for others."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _lock(held: int) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise DatabaseBusy(BUSY.zh, BUSY.en) from None
            time.sleep(0.02)
        else:
            return
