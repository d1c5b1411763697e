"""The search's index: an SQLite file beside each server, made from the public record.

It is a projection and nothing more: lines of the catalogue that changed (`filing.changes`) are
read before every search. A file of another record is made anew, and one of a later state of it when
a server first opens it: a record that was put back. Afterwards a later state only means that another
request sees more than this one. Few lines are read by who searches; many, as after an upgrade, by
one thread of one server process, and who searches meanwhile is told so.
What a hit shows is read from the record.
"""

import fcntl
import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from filing import changes, search_lines, search_near, search_words
from filing.lifecycle import Status
from filing.listings import Listing
from filing.search_file import SearchFile
from filing.search_lines import CODED, COLUMNS, SEVERAL
from registry import modes
from registry.errors import Unavailable
from registry.language import Text

FORM = "4"
"""Raised with every change of what is indexed or how: files of another form are made anew."""
NEWEST = 20_000
"""Hits that can be turned to, and of which facets are counted."""
AT_ONCE = 200
"""Changed lines that are indexed within a search: a fifth of a second."""
TOGETHER = 10_000
"""Lines of one transaction of the building: as many as a lookup gathers before it writes."""
FACETS = (*CODED, "evaluated")
MOST_FILERS = 10
BUILDING = Text(
    "搜索索引正在后台建立，建好之前不能搜索；公示页面仍可以按备案编号打开。请稍后再试。",
    "The search's index is being built in the background, and nothing can be searched before it is "
    "ready; filed pages still open by their numbers. Try again in a while.",
)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a search is narrowed to; an empty value narrows nothing, several mean any of them.

    Args:
        status: public statuses.
        grade: high, medium, low.
        kind, sector, effect: option ids of fields B4, B5 and B14.
        filer: ids of organisations.
        evaluated: with (True) or without (False) an unexpired third-party evaluation.
        city, district: parts of field A3.
        personal: yes, no: whether a data set has personal information (C7).
        choice: yes, no: whether the filer says how to opt out (H8).
        beyond: yes, no: whether a report found a difference beyond its line.
    """

    status: Sequence[Status] = ()
    grade: Sequence[str] = ()
    kind: Sequence[str] = ()
    sector: Sequence[str] = ()
    effect: Sequence[str] = ()
    evaluated: bool | None = None
    filer: Sequence[str] = ()
    city: Sequence[str] = ()
    district: Sequence[str] = ()
    personal: Sequence[str] = ()
    choice: Sequence[str] = ()
    beyond: Sequence[str] = ()

    def wanted(self, name: str) -> list[str]:
        """The values that one facet is narrowed to."""
        if name == "evaluated":
            return [] if self.evaluated is None else ["yes" if self.evaluated else "no"]
        return [str(each) for each in getattr(self, name)]


@dataclass(frozen=True, slots=True)
class Asked:
    """A search: words, filters, whether the whole text is read, from when an evaluation counts."""

    query: str
    filters: Filters
    valid: datetime
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: see `filing.catalogue.Page`."""

    listings: tuple[str, ...]
    total: int
    more: bool = False
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    partial: bool = False
    near: str = ""


class IndexUnfinished(Unavailable):
    """The search's index is being built: try again when it is ready."""

    retry_after = 15


class SearchIndex:
    """The index in one file, or in memory for one thread.

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
        self._compared = False

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

    def _behind(self, number: int, mark: str) -> tuple[bool, int] | None:
        """Whether all is made anew, and after which change lines are read; None for nothing."""
        kept = self._state()
        put_back = kept is not None and kept[2] > number and not self._compared
        if kept is None or kept[:2] != (FORM, mark) or put_back:
            return True, -1
        return (False, kept[2]) if kept[2] < number else None

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
                self._builder = threading.Thread(target=self._build_aside, daemon=True)
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
        """See that the index's file can be opened and read; one that is missing or damaged is made.

        Raises:
            DatabaseBusy: when another holds it for longer than somebody may wait.
            Unavailable: when the environment closes its file to us.
        """
        self._file.using(self._state)

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
        self.refresh(session)
        known = "SELECT 1 FROM value WHERE facet = ? AND said = ?"
        return self._file.connection().execute(known, (facet, value)).fetchone() is not None

    def _hits(self, asked: Asked) -> "Hits":
        match, digits = search_words.match(asked.query), search_words.digits(asked.query)
        return Hits(self._file.connection(), match, digits, asked)

    def _find(self, session: Session, asked: Asked, skip: int, size: int) -> Found:
        self.refresh(session)
        index = self._file.connection()
        hits = self._hits(asked)
        counted = hits.counted()
        total = hits.total() if counted.passing is None else counted.passing
        skip, size = min(skip, NEWEST), max(0, min(size, NEWEST - skip))
        return Found(
            listings=hits.page(skip, size),
            total=min(total, NEWEST),
            more=total > NEWEST,
            counts=counted.by_facet,
            partial=counted.partial,
            near="" if total else search_near.near(index, asked.query),
        )


def _remember(index: sqlite3.Connection, number: int, mark: str) -> None:
    index.execute("DELETE FROM state")
    index.execute("INSERT INTO state VALUES (?, ?, ?)", (FORM, mark, number))


@dataclass(frozen=True, slots=True)
class Counted:
    """Counts by facet and value; whether of the newest hits only; how many hits pass all filters.

    `passing` is None where the newest hits do not tell.
    """

    by_facet: dict[str, dict[str, int]]
    partial: bool
    passing: int | None


class Hits:
    """The hits of one search, in the order: by number, by name, by text, newest first."""

    def __init__(self, index: sqlite3.Connection, match: str, digits: str, asked: Asked) -> None:
        self.index, self.asked = index, asked
        text = "whole" if asked.inside else "short"
        self.tiers: list[tuple[str, str]] = []
        self.everything: list[tuple[str, str] | None] = [None]
        if digits:
            self.tiers.append(("digits", f'"{digits}"'))
        if match:
            self.tiers += [("named", match), (text, match)]
        self.narrowing, self.values = _narrowing(asked)

    def _rows(self, tier: tuple[str, str] | None, *, narrowed: bool) -> tuple[str, list[Any]]:
        where, values = (self.narrowing, self.values) if narrowed else ("", [])
        if tier is None:
            return f"SELECT facet.id AS r FROM facet WHERE 1{where}", list(values)
        table, match = tier
        joined = f" CROSS JOIN facet ON facet.id = {table}.rowid" if where else ""
        return (
            f"SELECT {table}.rowid AS r FROM {table}{joined} WHERE {table} MATCH ?{where}",
            [match, *values],
        )

    def _all(self, *, narrowed: bool) -> tuple[str, list[Any]]:
        """Every hit, newest first: all tiers that can hold one outside the last."""
        tiers = [each for each in self.tiers if each[0] != "named"]
        asked = [self._rows(each, narrowed=narrowed) for each in tiers or self.everything]
        statement = " UNION ".join(each for each, _ in asked)
        values = [value for _, given in asked for value in given]
        return f"SELECT r FROM ({statement}) ORDER BY r DESC LIMIT {NEWEST + 1}", values

    def total(self) -> int:
        """How many there are, up to one more than can be turned to."""
        statement, values = self._all(narrowed=True)
        return int(self.index.execute(f"SELECT count(*) FROM ({statement})", values).fetchone()[0])

    def page(self, skip: int, size: int) -> tuple[str, ...]:
        """The listings of one page."""
        wanted, known = skip + size, dict[int, None]()
        for tier in self.tiers or self.everything:
            if len(known) >= wanted:
                break
            statement, values = self._rows(tier, narrowed=True)
            most = wanted if not known else wanted + len(known)
            rows = self.index.execute(f"{statement} ORDER BY 1 DESC LIMIT {most}", values)
            known.update((each[0], None) for each in rows)
        ids = list(known)[skip:wanted]
        found = "SELECT listing FROM line WHERE id = ?"
        return tuple(self.index.execute(found, (each,)).fetchone()[0] for each in ids)

    def counted(self) -> Counted:
        """Per facet and value how many hits there are with the other facets applied."""
        statement, values = self._all(narrowed=False)
        packed = self.index.execute(
            f"SELECT packed FROM ({statement}) CROSS JOIN facet ON facet.id = r", values
        ).fetchall()
        partial = len(packed) > NEWEST
        rows = np.frombuffer(b"".join(each for (each,) in packed[:NEWEST]), dtype=COLUMNS)
        codes = {name: np.ascontiguousarray(rows[name]) for name in CODED}
        codes["evaluated"] = rows["made"] >= self.asked.valid.timestamp()
        counts = {name: np.bincount(column) for name, column in codes.items()}
        said = self._said(counts)
        passing = self._passing(codes, said)
        every = [np.asarray(each) for each in passing.values()]
        whole = np.logical_and.reduce(every) if every else np.ones(len(rows), dtype=bool)
        for name in FACETS:
            others = [each for facet, each in passing.items() if facet != name]
            if others:
                counts[name] = np.bincount(codes[name][np.logical_and.reduce(others)])
        found = {name: _in_words(name, each, said[name]) for name, each in counts.items()}
        if not partial:
            return Counted(found, partial, int(whole.sum()))
        return Counted(found, partial, None if self.narrowing else NEWEST + 1)

    def _said(self, counts: Mapping[str, Any]) -> dict[str, dict[int, str]]:
        """The values that the hits have, by facet and number."""
        codes = {name: np.flatnonzero(counts[name]).tolist() for name in CODED}
        every = search_lines.said(self.index, chain.from_iterable(codes.values()))
        found = {name: {code: every[code] for code in each} for name, each in codes.items()}
        return {**found, "evaluated": {0: "no", 1: "yes"}}

    def _passing(
        self, codes: Mapping[str, Any], said: Mapping[str, Mapping[int, str]]
    ) -> dict[str, Any]:
        """By facet that is narrowed, which of the hits pass."""
        found = {}
        for name in FACETS:
            if wanted := set(self.asked.filters.wanted(name)):
                kept = [code for code, value in said[name].items() if _is_one(name, value, wanted)]
                found[name] = np.isin(codes[name], kept)
        return found


def _is_one(name: str, value: str, wanted: set[str]) -> bool:
    return not wanted.isdisjoint(_unbarred(value)) if name in SEVERAL else value in wanted


def _in_words(name: str, counted: Any, said: Mapping[int, str]) -> dict[str, int]:
    """Counts by number as counts by value; of values between bars, by each of them."""
    found: dict[str, int] = {}
    for code in np.flatnonzero(counted):
        value = said[int(code)]
        for each in _unbarred(value) if name in SEVERAL else (value,):
            found[each] = found.get(each, 0) + int(counted[code])
    return found


def _narrowing(asked: Asked) -> tuple[str, list[Any]]:
    """The filters as conditions on table `facet`."""
    conditions, values = "", list[Any]()
    for name in CODED:
        if wanted := asked.filters.wanted(name):
            one = "instr(said, ?)" if name in SEVERAL else "said = ?"
            several = " OR ".join(one for _ in wanted)
            conditions += (
                f" AND facet.{name} IN "
                f"(SELECT code FROM value WHERE value.facet = '{name}' AND ({several}))"
            )
            values += [f"|{each}|" if name in SEVERAL else each for each in wanted]
    if asked.filters.evaluated is not None:
        conditions += " AND coalesce(facet.made >= ?, 0) = ?"
        values += [asked.valid.timestamp(), int(asked.filters.evaluated)]
    return conditions, values


def _unbarred(barred: str) -> list[str]:
    return [each for each in barred.split("|") if each]
