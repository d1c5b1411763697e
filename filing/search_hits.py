"""The hits of one search: which they are, in which order, and how many have each value of a facet."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

import numpy as np

from filing import search_facets, search_lines
from filing.lifecycle import Status
from filing.search_facets import CODED, SEVERAL, Columns, Facets

NEWEST = 20_000
"""Hits that can be turned to, and of which facets are counted."""
FACETS = (*CODED, "evaluated")
MOST_FILERS = 10


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
    """A search: words, filters, whether it looks inside, from when an evaluation counts."""

    query: str
    filters: Filters
    valid: datetime
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """One hit on a page.

    Args:
        listing: its identifier in the record.
        change: the number of the change as of which it was indexed.
        claims: its words that claim an approval (`filing.listings.claimed`), as of then.
    """

    listing: str
    change: int
    claims: Sequence[str]


@dataclass(frozen=True, slots=True)
class Counted:
    """Counts by facet and value; whether of the newest hits only; how many hits pass all filters.

    `passing` is None where the newest hits do not tell.
    """

    by_facet: dict[str, dict[str, int]]
    partial: bool
    passing: int | None


class Hits:
    """The hits of one search, in the order: by number, by name, by text, newest first.

    Args:
        index: a connection within a reading transaction.
        match, digits: what its lookups are asked for.
        asked: the search.
        facets: of every line, where they were read before.
    """

    def __init__(
        self,
        index: sqlite3.Connection,
        match: str,
        digits: str,
        asked: Asked,
        facets: Facets | None = None,
    ) -> None:
        self.index, self.asked, self.facets = index, asked, facets
        self.later = facets.later(index) if facets is not None else None
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

    def page(self, skip: int, size: int) -> tuple[Listed, ...]:
        """The lines of one page."""
        wanted, known = skip + size, dict[int, None]()
        for tier in self.tiers or self.everything:
            if len(known) >= wanted:
                break
            statement, values = self._rows(tier, narrowed=True)
            most = wanted if not known else wanted + len(known)
            rows = self.index.execute(f"{statement} ORDER BY 1 DESC LIMIT {most}", values)
            known.update((each[0], None) for each in rows)
        ids = list(known)[skip:wanted]
        some = (
            "SELECT id, listing, change, words FROM line LEFT JOIN claim USING (id) "
            "WHERE id IN (SELECT value FROM json_each(?))"
        )
        lines = {
            place: Listed(listing, change, json.loads(words) if words else ())
            for place, listing, change, words in self.index.execute(some, (json.dumps(ids),))
        }
        return tuple(lines[each] for each in ids)

    def counted(self) -> Counted:
        """Per facet and value how many hits there are with the other facets applied."""
        rows, partial = self._rows_of_newest()
        codes = {name: np.ascontiguousarray(rows[name]) for name in CODED}
        codes["evaluated"] = rows["made"] >= self.asked.valid.timestamp()
        counts = {name: np.bincount(column) for name, column in codes.items()}
        said = self._said(counts)
        passing = self._passing(codes, said)
        every = [np.asarray(each) for each in passing.values()]
        whole = np.logical_and.reduce(every) if every else np.ones(len(rows["made"]), dtype=bool)
        for name in FACETS:
            others = [each for facet, each in passing.items() if facet != name]
            if others:
                counts[name] = np.bincount(codes[name][np.logical_and.reduce(others)])
        found = {name: _in_words(name, each, said[name]) for name, each in counts.items()}
        if not partial:
            return Counted(found, partial, int(whole.sum()))
        return Counted(found, partial, None if self.narrowing else NEWEST + 1)

    @property
    def in_memory(self) -> bool:
        """Whether the facets that were read before hold for what is seen now."""
        return self.later is not None

    def _rows_of_newest(self) -> tuple[Columns, bool]:
        """The facets of the newest hits, and whether there are more."""
        statement, values = self._all(narrowed=False)
        if self.facets is None or self.later is None:
            packed = self.index.execute(
                f"SELECT packed FROM ({statement}) CROSS JOIN facet ON facet.id = r", values
            ).fetchall()
            rows = search_facets.unpacked(each for (each,) in packed[:NEWEST])
            return {name: rows[name] for name in rows.dtype.names or ()}, len(packed) > NEWEST
        # As one text: twenty thousand rows of one number each take twice as long to be handed over.
        (text,) = self.index.execute(
            f"SELECT group_concat(r, ' ') FROM ({statement})", values
        ).fetchone()
        hits = np.fromstring(text, dtype=np.int64, sep=" ") if text else np.empty(0, np.int64)
        partial = len(hits) > NEWEST
        if partial:
            hits = np.delete(hits, hits.argmin())
        return self.facets.of(self.index, hits, self.later), partial

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
