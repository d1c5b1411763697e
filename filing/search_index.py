"""The search's index: an SQLite file beside each server, made from the public record.

It is a projection and nothing more: lines of the catalogue that changed (`filing.changes`) are
read before every search. A file of another record is made anew, and one of a later state than the
record has: it was put back, or somebody wrote into the file. Where the record is as far by now, another
request only saw more than this one. Few lines are read by who searches; many, as after an upgrade, by
one thread of one server process, and who searches meanwhile is told so.
What a hit shows is read from the record.
"""

import fcntl
import logging
import os
import sqlite3
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from filing import (
    changes,
    claims,
    search_facets,
    search_file,
    search_hits,
    search_lines,
    search_near,
    search_whole,
    search_words,
)
from filing.listings import Listing
from filing.search_facets import Facets
from filing.search_file import SearchFile, Torn
from filing.search_hits import Asked, Hits, Listed
from registry import modes
from registry.errors import Unavailable
from registry.language import Text

FORM = f"6-{claims.RULE}"
"""Raised with every change of what is indexed or how: files of another form are made anew.

So they are when another rule judges which words claim an approval.
"""
UNWRITTEN = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY)
"""What SQLite tells where nothing can be written, while what is there can be read."""
BUILDER = "search index"
"""The thread that makes the index anew beside the searches."""
AT_ONCE = 200
"""Changed lines that are indexed within a search: a fifth of a second."""
TOGETHER = 10_000
"""Lines of one transaction of the building: as many as a lookup gathers before it writes."""
BUILDING = Text(
    "搜索索引正在后台建立，建好之前不能搜索；公示页面仍可以按备案编号打开。请稍后再试。",
    "The search's index is being built in the background, and nothing can be searched before it is "
    "ready; filed pages still open by their numbers. Try again in a while.",
)
BEHIND = Text(
    "服务器现在不能写入，搜索索引没有跟上：较新的备案可能没有列出，份数也可能不是最新的；列出的每一条，状态都是现在的。",
    "The server can write nothing at the moment, so the search's index is behind: newer filings may "
    "be missing and counts may be old; the state of each filing that is listed is that of now.",
)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: see `filing.catalogue.Page`."""

    listings: tuple[Listed, ...]
    total: int
    more: bool = False
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    partial: bool = False
    near: str = ""
    inside: int = 0
    behind: bool = False


class IndexUnfinished(Unavailable):
    """The search's index is being built: try again when it is ready."""

    retry_after = 15


class SearchIndex:
    """The index in one file, or in memory for one thread.

    `gathered` is the facets of every line as they were last read into memory; None before.

    Args:
        path: the file; None for memory.
        factory: makes sessions for building in the background; None where who searches builds.
    """

    def __init__(
        self, path: Path | None = None, factory: Callable[[], Session] | None = None
    ) -> None:
        check = "SELECT form, mark, number FROM state"
        self._file = SearchFile(path, tables=search_lines.TABLES, check=check, form=FORM)
        self._factory = factory
        self._beginning = threading.Lock()
        self._builder: threading.Thread | None = None
        self._gatherer: threading.Thread | None = None
        self.gathered: Facets | None = None
        self._compared = False
        self._whole = False
        self._looked = threading.local()

    def refresh(self, session: Session) -> None:
        """Bring the index to what the session sees.

        Args:
            session: any session.

        Raises:
            IndexUnfinished: when that takes longer than somebody may wait; it was begun.
        """
        number, mark = changes.latest(session)
        if self._behind(number, mark) is None:
            self._compared = True
            self._require_whole()
            return
        if self._factory is not None and self._takes_long(session, number, mark):
            self._begin_building()
            raise IndexUnfinished(BUILDING.zh, BUILDING.en)
        with self._file.writing() as index:
            after = self._prepared(index, number, mark)
            if after is None:
                return
            for batch in search_lines.changed(session, after, index):
                search_lines.write(index, batch)
            _remember(index, number, mark)

    def _brought_up(self, session: Session) -> bool:
        """Bring the index up to date; False where the disk takes nothing and it is read as it is.

        Raises:
            as `refresh`, where there is no index of this record to be read.
        """
        try:
            self.refresh(session)
        except sqlite3.Error as error:
            code = search_file.primary(error)
            kept = self._state() if code in UNWRITTEN else None
            number, mark = changes.latest(session)
            if kept is None or kept[:2] != (FORM, mark) or not 0 <= kept[2] <= number:
                raise
            log.warning("the search's index is behind: %s", error)
            return False
        return True

    def _behind(self, number: int, mark: str) -> tuple[bool, int] | None:
        """Whether all is made anew, and after which change lines are read; None for nothing."""
        kept = self._state()
        put_back = kept is not None and kept[2] > number and not self._seen_since(kept[2])
        if kept is None or kept[:2] != (FORM, mark) or put_back:
            return True, -1
        return (False, kept[2]) if kept[2] < number else None

    def _seen_since(self, number: int) -> bool:
        """Whether the record is now as far as the index, though whoever searches saw less of it."""
        if self._factory is None:
            return self._compared
        with self._factory() as session:
            return changes.latest(session)[0] >= number

    def _require_whole(self) -> None:
        """See that the tables fit each other, where another wrote and the record had not changed.

        So it is seen to once for each process; afterwards a search asks SQLite for two numbers.

        Raises:
            Torn: when they do not.
        """
        index, state = self._file.connection(), self._state()
        (version,) = index.execute("PRAGMA data_version").fetchone()
        before, at = getattr(self._looked, "at", None), (id(index), state and state[2], version)
        if before == at:
            return
        if not self._whole or (before is not None and before[:2] == at[:2]):
            wrong = search_whole.torn(index)
            if wrong is not None:
                self._whole = False
                raise Torn(wrong.en)
        self._whole, self._looked.at = True, at

    def _takes_long(self, session: Session, number: int, mark: str) -> bool:
        _, after = self._behind(number, mark) or (False, number)
        some = select(Listing.id).where(Listing.change > after).limit(AT_ONCE + 1).subquery()
        return (session.scalar(select(func.count()).select_from(some)) or 0) > AT_ONCE

    def _prepared(self, index: sqlite3.Connection, number: int, mark: str) -> int | None:
        """After which change lines are to be read, within a writing transaction."""
        behind = self._behind(number, mark)
        self._compared = True
        if behind is None:
            return None
        anew, after = behind
        if anew:
            search_lines.empty(index)
            _remember(index, -1, mark)
        return after

    def _begin_building(self) -> None:
        """Build in a thread of this process, unless one does so already."""
        with self._beginning:
            if self._builder is None or not self._builder.is_alive():
                self._builder = threading.Thread(
                    target=self._build_aside, name=BUILDER, daemon=True
                )
                self._builder.start()

    def _build_aside(self) -> None:
        try:
            self._file.using(self.build)
        except Unavailable as error:  # the next search begins again, and goes on from here
            log.warning("the search's index was not finished: %s", error)
        finally:
            self._file.close()

    def build(self) -> bool:
        """Bring the index to the record as it is now, by many transactions; what was done stays.

        Returns:
            Whether it was done; not while another process does it.
        """
        if self._factory is None:
            raise ValueError("an index without sessions of its own is built by who searches")
        with self._alone() as alone, self._factory() as session:
            if not alone:
                return False
            number, mark = changes.latest(session)
            with self._file.writing() as index:
                after = self._prepared(index, number, mark)
            if after is None:
                return True
            batches = search_lines.changed(session, after, index)
            while batch := list(islice(batches, TOGETHER // search_lines.BATCH)):
                with self._file.writing() as index:
                    for lines in batch:
                        search_lines.write(index, lines)
                session.rollback()  # a long look would keep the record from tidying up
            with self._file.writing() as index:
                _remember(index, number, mark)
        return True

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Whether nobody else builds, on this machine; nobody does as long as this lasts."""
        path = self._file.path
        if path is None:
            yield True
            return
        held = os.open(f"{path}-building", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, modes.FILE)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
        finally:
            os.close(held)

    def _state(self) -> tuple[str, str, int] | None:
        found: tuple[str, str, int] | None = (
            self._file.connection().execute("SELECT form, mark, number FROM state").fetchone()
        )
        return found

    def find(self, session: Session, asked: Asked, *, skip: int, size: int) -> Found:
        """One page of what is asked, with counts.

        Args:
            session: any session.
            asked: words and filters.
            skip: hits before the page.
            size: hits on the page.

        Raises:
            DatabaseBusy: when the index cannot be brought up to date soon.
            IndexUnfinished: while it is built.
            Unavailable: when the environment closes its file to us.
        """
        return self._file.using(lambda: self._find(session, asked, skip, size))

    def check(self) -> None:
        """See that the index's file can be opened and read, and holds what the record says.

        One that is missing or damaged is made; one that does not fit the record is made anew in the
        background.

        Raises:
            DatabaseBusy: when another holds it for longer than somebody may wait.
            IndexUnfinished: when it did not fit; with what was found.
            Unavailable: when the environment closes its file to us.
        """
        self._file.using(self._state)
        if self._factory is None:
            return
        wrong = self._file.using(self._fault)
        if wrong is not None:
            log.warning("the search's index is made anew: %s", wrong.en)
            self._file.throw_away()
            self._begin_building()
            raise IndexUnfinished(wrong.zh, wrong.en)

    def _fault(self) -> Text | None:
        """Why the index is not of the record; its tables are counted where another wrote into them."""
        index, state = self._file.connection(), self._state()
        (version,) = index.execute("PRAGMA data_version").fetchone()
        at = (id(index), state, version)
        if self._factory is None or state is None:
            return None
        counting = getattr(self._looked, "counted", None) != at
        wrong = search_whole.fault(index, self._factory, form=FORM, tables=counting)
        self._looked.counted = at if wrong is None else None
        return wrong

    def knows(self, session: Session, facet: str, value: str) -> bool:
        """Whether a filing has, or had, a value of a facet.

        Args:
            session: any session.
            facet: which.
            value: which.

        Raises:
            as `find`.
        """
        return self._file.using(lambda: self._knows(session, facet, value))

    def _knows(self, session: Session, facet: str, value: str) -> bool:
        self._brought_up(session)
        known = "SELECT 1 FROM value WHERE facet = ? AND said = ?"
        return self._file.connection().execute(known, (facet, value)).fetchone() is not None

    def _hits(self, asked: Asked) -> "Hits":
        match, digits = search_words.match(asked.query), search_words.digits(asked.query)
        return Hits(self._file.connection(), match, digits, asked, self.gathered)

    def gather(self) -> None:
        """Read the facets of every line into memory, as of now."""
        index = self._file.connection()
        if search_facets.latest(index) is None:  # written by an earlier release
            with self._file.writing():
                search_facets.note(index, ())
        with _as_written():
            self.gathered = Facets.read(index)

    def _begin_gathering(self) -> None:
        """Do so in a thread of this process; who searches meanwhile looks them up in the file."""
        if self._file.path is None:
            return
        with self._beginning:
            if self._gatherer is None or not self._gatherer.is_alive():
                self._gatherer = threading.Thread(target=self._gather_aside, daemon=True)
                self._gatherer.start()

    def _gather_aside(self) -> None:
        try:
            self._file.using(self.gather)
        except (Unavailable, sqlite3.Error, OSError) as error:
            # Another thread or process may have thrown the file away; the next search begins again.
            log.warning("the facets of the search's index were not read: %s", error)
        finally:
            self._file.close()

    def _find(self, session: Session, asked: Asked, skip: int, size: int) -> Found:
        behind = not self._brought_up(session)
        with _one_look(self._file.connection()) as index, _as_written():
            return replace(self._seen(index, asked, skip, size), behind=behind)

    def _seen(self, index: sqlite3.Connection, asked: Asked, skip: int, size: int) -> Found:
        hits = self._hits(asked)
        counted = hits.counted()
        if not hits.in_memory:
            self._begin_gathering()
        total = hits.total() if counted.passing is None else counted.passing
        most = search_hits.NEWEST
        skip, size = min(skip, most), max(0, min(size, most - skip))
        return Found(
            listings=hits.page(skip, size),
            total=min(total, most),
            more=total > most,
            counts=counted.by_facet,
            partial=counted.partial,
            near="" if total else search_near.near(index, asked.query),
            inside=0 if total or asked.inside else self._inside(asked),
        )

    def _inside(self, asked: Asked) -> int:
        """How many there are inside, up to one more than can be turned to."""
        return self._hits(replace(asked, inside=True)).total()


@contextmanager
def _as_written() -> Iterator[None]:
    """Take what cannot be read as what nobody here wrote.

    Raises:
        Torn: in its place.
    """
    try:
        yield
    except (LookupError, TypeError, ValueError, struct.error) as error:
        raise Torn(f"{type(error).__name__}: {error}") from error


@contextmanager
def _one_look(index: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One state of the index, whatever others write meanwhile."""
    index.execute("BEGIN")
    try:
        yield index
    finally:
        if index.in_transaction:  # SQLite has ended it itself after some errors
            index.execute("ROLLBACK")


def examined(path: Path, factory: Callable[[], Session]) -> tuple[bool, Text]:
    """Whether the index in a file can be used and is of the record, and what to do where not.

    Args:
        path: the file; nothing is changed in it.
        factory: makes sessions on the record.
    """
    return search_file.examined(path, partial(search_whole.fault, factory=factory, form=FORM))


def _remember(index: sqlite3.Connection, number: int, mark: str) -> None:
    index.execute("DELETE FROM state")
    index.execute("INSERT INTO state VALUES (?, ?, ?)", (FORM, mark, number))
