"""The search's index: an SQLite file beside each server, made from the public record.

It is a projection and nothing more: lines of the catalogue that changed (`filing.changes`) are
read before every search. A file of another record is made anew, and one of a later state of it when
a server first opens it: a record that was put back. Afterwards a later state only means that another
request sees more than this one.
What a hit shows is read from the record. Lookups are FTS5 without content; `line` keeps what was
indexed, since such a table forgets only what it is shown again.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import compress
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from filing import changes, editions, listings, search_words, standing
from filing.dossier import Filing
from filing.lifecycle import Status
from filing.listings import Listing
from filing.search_file import SearchFile

FORM = "2"
"""Raised with every change of what is indexed or how: files of another form are made anew."""
NEWEST = 20_000
"""Hits that can be turned to, and of which facets are counted."""
SHORT = 300
BATCH = 500
SINGLE = ("status", "grade", "effect", "city", "district", "personal", "choice", "beyond")
SEVERAL = ("kind", "sector")
FACETS = (*SEVERAL, *SINGLE, "filer", "evaluated")
MOST_FILERS = 10
TABLES = f"""
CREATE TABLE IF NOT EXISTS state (form TEXT, mark TEXT, number INT);
CREATE TABLE IF NOT EXISTS line (
  id INTEGER PRIMARY KEY, listing TEXT UNIQUE, name TEXT, named TEXT, short TEXT, whole TEXT, digits TEXT);
CREATE TABLE IF NOT EXISTS facet (
  id INTEGER PRIMARY KEY, kind TEXT, sector TEXT, {", ".join(f"{each} TEXT" for each in SINGLE)},
  filer TEXT, made REAL);
CREATE VIRTUAL TABLE IF NOT EXISTS named USING fts5(t, content='', prefix='1', tokenize="unicode61 remove_diacritics 0");
CREATE VIRTUAL TABLE IF NOT EXISTS short USING fts5(t, content='', prefix='1', tokenize="unicode61 remove_diacritics 0");
CREATE VIRTUAL TABLE IF NOT EXISTS whole USING fts5(t, content='', prefix='1', tokenize="unicode61 remove_diacritics 0");
CREATE VIRTUAL TABLE IF NOT EXISTS digits USING fts5(t, content='', tokenize='trigram');
"""
LOOKUPS = ("named", "short", "whole", "digits")


@dataclass(frozen=True, slots=True)
class Filters:
    """What a search is narrowed to; an empty value narrows nothing, several mean any of them.

    Args:
        status: public statuses.
        grade: high, medium, low.
        kind, sector, effect: option ids of fields B4, B5 and B14.
        organisation_id: the filer; `filer` several of them.
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
    organisation_id: str = ""
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
        given = [str(each) for each in getattr(self, name)]
        return (
            [*given, self.organisation_id] if name == "filer" and self.organisation_id else given
        )


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


class SearchIndex:
    """The index in one file, or in memory for one thread.

    Args:
        path: the file; None for memory.
    """

    def __init__(self, path: Path | None = None) -> None:
        check = "SELECT form, mark, number FROM state"
        self._file = SearchFile(path, tables=TABLES, check=check, form=FORM)
        self._compared = False

    def refresh(self, session: Session) -> None:
        """Bring the index to what the session sees.

        Args:
            session: any session.
        """
        number, mark = changes.latest(session)
        kept = self._state()
        if kept == (FORM, mark, number):
            self._compared = True
            return
        with self._file.writing() as index:
            kept = self._state()
            put_back = kept is not None and kept[2] > number and not self._compared
            if kept is None or kept[:2] != (FORM, mark) or put_back:
                self._empty(index)
                kept = (FORM, mark, -1)
            self._compared = True
            if kept[2] > number:
                return
            for batch in _changed(session, kept[2]):
                _write(index, batch)
            index.execute("DELETE FROM state")
            index.execute("INSERT INTO state VALUES (?, ?, ?)", (FORM, mark, number))

    def _state(self) -> tuple[str, str, int] | None:
        found: tuple[str, str, int] | None = (
            self._file.connection().execute("SELECT form, mark, number FROM state").fetchone()
        )
        return found

    @staticmethod
    def _empty(index: sqlite3.Connection) -> None:
        for table in ("state", "line", "facet"):
            index.execute(f"DELETE FROM {table}")
        for table in LOOKUPS:
            index.execute(f"INSERT INTO {table}({table}) VALUES ('delete-all')")

    def find(self, session: Session, asked: Asked, *, skip: int, size: int) -> Found:
        """One page of what is asked, with counts.

        Args:
            session: any session.
            asked: words and filters.
            skip: hits before the page.
            size: hits on the page.

        Raises:
            DatabaseBusy: when the index cannot be brought up to date soon.
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

    def count(self, asked: Asked) -> tuple[dict[str, dict[str, int]], bool]:
        """The counts of `find` alone, by the index as it is.

        Args:
            asked: words and filters.

        Returns:
            Hits by facet and value, and whether they are of the newest hits only.
        """
        return self._file.using(lambda: self._hits(asked).counts())

    def _hits(self, asked: Asked) -> "_Hits":
        match, digits = search_words.match(asked.query), search_words.digits(asked.query)
        return _Hits(self._file.connection(), match, digits, asked)

    def _find(self, session: Session, asked: Asked, skip: int, size: int) -> Found:
        self.refresh(session)
        index = self._file.connection()
        match = search_words.match(asked.query)
        if search_words.without_tokens(asked.query):
            return Found((), 0)
        hits = self._hits(asked)
        total = hits.total()
        skip, size = min(skip, NEWEST), max(0, min(size, NEWEST - skip))
        counts, partial = hits.counts()
        return Found(
            listings=hits.page(skip, size),
            total=min(total, NEWEST),
            more=total > NEWEST,
            counts=counts,
            partial=partial,
            near="" if total or not match else _near(index, asked.query),
        )


class _Hits:
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

    def counts(self) -> tuple[dict[str, dict[str, int]], bool]:
        """Per facet and value how many hits there are with the other facets applied."""
        statement, values = self._all(narrowed=False)
        names = [*SEVERAL, *SINGLE, "filer"]
        valid = self.asked.valid.timestamp()
        columns = f"{', '.join(names)}, CASE WHEN made >= {valid} THEN 'yes' ELSE 'no' END"
        rows = self.index.execute(
            f"SELECT {columns} FROM (SELECT r FROM ({statement}) LIMIT {NEWEST}) "
            f"CROSS JOIN facet ON facet.id = r",
            values,
        ).fetchall()
        return self._counted(rows), len(rows) >= NEWEST

    def _counted(self, rows: list[tuple[str, ...]]) -> dict[str, dict[str, int]]:
        """Hits by value: of each facet among those that the filters of all others leave."""
        wanted = {name: set(self.asked.filters.wanted(name)) for name in FACETS}
        # By columns: twenty thousand rows of thirteen values one by one take ten times as long.
        columns = dict(zip(FACETS, zip(*rows, strict=True), strict=True)) if rows else {}
        passing = {
            name: [
                not chosen.isdisjoint(_unbarred(value)) if name in SEVERAL else value in chosen
                for value in columns[name]
            ]
            for name, chosen in wanted.items()
            if chosen and rows
        }
        counted: dict[str, dict[str, int]] = {name: {} for name in FACETS}
        for name, column in columns.items():
            others = [each for facet, each in passing.items() if facet != name]
            left: Iterable[str] = column
            if others:
                left = compress(column, map(all, zip(*others, strict=True)))
            counts = Counter(left)
            counted[name] = _apart(counts) if name in SEVERAL else dict(counts)
        return counted


def _apart(counts: Mapping[str, int]) -> dict[str, int]:
    """Counts of values between bars, by each of the values."""
    found = Counter[str]()
    for barred, number in counts.items():
        for value in _unbarred(barred):
            found[value] += number
    return dict(found)


def _narrowing(asked: Asked) -> tuple[str, list[Any]]:
    """The filters as conditions on table `facet`."""
    conditions, values = "", list[Any]()
    for name in SEVERAL:
        if wanted := asked.filters.wanted(name):
            conditions += f" AND ({' OR '.join(f'instr(facet.{name}, ?)' for _ in wanted)})"
            values += [f"|{each}|" for each in wanted]
    for name in (*SINGLE, "filer"):
        if wanted := asked.filters.wanted(name):
            conditions += f" AND facet.{name} IN ({', '.join('?' for _ in wanted)})"
            values += wanted
    if asked.filters.evaluated is not None:
        conditions += " AND coalesce(facet.made >= ?, 0) = ?"
        values += [asked.valid.timestamp(), int(asked.filters.evaluated)]
    return conditions, values


def _unbarred(barred: str) -> list[str]:
    return [each for each in barred.split("|") if each]


def _changed(
    session: Session, after: int
) -> Iterator[list[tuple[Listing, Filing, dict[str, Any]]]]:
    """The lines that changed, in the order of publication, in batches."""
    found = select(Listing.id).where(Listing.change > after)
    ids = session.scalars(found.order_by(Listing.published, Listing.number)).all()
    for place in range(0, len(ids), BATCH):
        # A dossier is large, and none of it is public.
        chosen = select(Listing, Filing).join(Filing, Filing.id == Listing.filing_id)
        chosen = chosen.options(defer(Filing.answers))
        chosen = chosen.where(Listing.id.in_(ids[place : place + BATCH]))
        rows = session.execute(chosen.order_by(Listing.published, Listing.number)).all()
        yield [(listing, filing, _card(session, listing, filing)) for listing, filing in rows]


def _card(session: Session, listing: Listing, filing: Filing) -> dict[str, Any]:
    """The line's card; of an earlier release's line, with what its edition tells beside it."""
    if "facets" in listing.card:
        return listing.card
    edition = editions.newest(session, filing)
    content = edition.read() if edition else {"answers": [], "reports": []}
    use = next((row.get("said") for row in content["answers"] if row["key"] == "H1"), None)
    return {**listing.card, "use": use, "facets": listings.facets(content)}


def _write(index: sqlite3.Connection, batch: Iterable[tuple[Listing, Filing, Any]]) -> None:
    for listing, filing, card in batch:
        _forget(index, listing.id)
        place = int(listing.published.timestamp() * 1000)
        while index.execute("SELECT 1 FROM line WHERE id = ?", (place,)).fetchone():
            place += 1
        name = card["name"]
        text = _tokens(listing, card)
        index.execute(
            "INSERT INTO line VALUES (?, ?, ?, ?, ?, ?, ?)",
            (place, listing.id, name["zh"], *text.values()),
        )
        for table, tokens in text.items():
            index.execute(f"INSERT INTO {table}(rowid, t) VALUES (?, ?)", (place, tokens))
        _write_facets(index, place, listing, filing, card["facets"])


def _tokens(listing: Listing, card: Mapping[str, Any]) -> dict[str, str]:
    """What each lookup holds of a line; every text is cut up once, though several hold it."""
    called = _called(card["name"]["zh"], card["name"].get("en") or "")
    filer = _called(card["filer"]["zh"], card["filer"]["en"])
    told = search_words.tokens(f"{_both(card['summary'])}\n{_both(card.get('use') or {})}")
    number, words = search_words.tokens(listing.number), search_words.tokens(listing.words)
    return {
        "named": " ".join(called),
        "short": " ".join([*number, *called, *filer, *told]),
        "whole": " ".join([*called, *filer, *words]),
        "digits": listing.slug.replace("-", "").lower(),
    }


@lru_cache(maxsize=10_000)
def _called(zh: str, en: str) -> tuple[str, ...]:
    """The tokens of a name, and how it is read aloud: that is lower case and of one word already."""
    return (*search_words.tokens(f"{zh}\n{en}"), *search_words.spoken(zh))


def _write_facets(
    index: sqlite3.Connection,
    place: int,
    listing: Listing,
    filing: Filing,
    told: Mapping[str, str],
) -> None:
    status = standing.public_status(filing.status).value
    single = {"status": status, "grade": listing.grade, "effect": listing.effect, **told}
    made = listing.evaluated.timestamp() if listing.evaluated else None
    row = [place, listing.kinds, listing.sectors, *(single[each] for each in SINGLE)]
    row += [listing.organisation_id, made]
    index.execute(f"INSERT INTO facet VALUES ({', '.join('?' for _ in row)})", row)


def _forget(index: sqlite3.Connection, listing_id: str) -> None:
    columns = ", ".join(LOOKUPS)
    kept = index.execute(
        f"SELECT id, {columns} FROM line WHERE listing = ?", (listing_id,)
    ).fetchone()
    if kept is None:
        return
    place, *texts = kept
    for table, text in zip(LOOKUPS, texts, strict=True):
        index.execute(
            f"INSERT INTO {table}({table}, rowid, t) VALUES ('delete', ?, ?)", (place, text)
        )
    index.execute("DELETE FROM line WHERE id = ?", (place,))
    index.execute("DELETE FROM facet WHERE id = ?", (place,))


def _both(said: Mapping[str, Any]) -> str:
    return "\n".join(str(said.get(each) or "")[:SHORT] for each in ("zh", "en"))


def _near(index: sqlite3.Connection, query: str) -> str:
    """What is read like the query and stands in a name; empty where nothing does."""
    asked = search_words.syllables_of(query)
    if not asked:
        return ""
    spoken = f'"{"".join(asked)}"*'
    names = index.execute(
        "SELECT name FROM line WHERE id IN (SELECT rowid FROM named WHERE named MATCH ? "
        "ORDER BY rowid DESC LIMIT 20) ORDER BY id DESC",
        (spoken,),
    ).fetchall()
    for (name,) in names:
        for place in range(len(name) - len(asked) + 1):
            part = str(name[place : place + len(asked)])
            if search_words.syllables_of(part) == asked:
                return part
    return ""
