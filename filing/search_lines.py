"""What the search's index keeps of each line of the catalogue, and how it is written there.

Lookups are FTS5 without content; `line` keeps what was indexed, since such a table forgets only
what it is shown again. A value of a facet is a number (`value`), and the numbers of a line lie
packed in one piece beside their columns: the columns are what a search is narrowed by, the pieces
are what twenty thousand hits are counted from at once.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from filing import editions, listings, search_facets, search_near, search_words, standing
from filing.dossier import Filing
from filing.forms import told_by
from filing.lifecycle import Status
from filing.listings import Listing
from filing.meanings import Meaning
from filing.search_facets import CODED, PACKED, SINGLE

SHORT = 300
BATCH = 500
LOOKUPS = ("named", "short", "whole", "digits")
WORDS = """content='', prefix='1', tokenize="unicode61 remove_diacritics 0\""""
TABLES = f"""
CREATE TABLE IF NOT EXISTS state (form TEXT, mark TEXT, number INT);
CREATE TABLE IF NOT EXISTS line (
  id INTEGER PRIMARY KEY, listing TEXT UNIQUE, change INT, name TEXT, {", ".join(f"{each} TEXT" for each in LOOKUPS)});
CREATE TABLE IF NOT EXISTS claim (id INTEGER PRIMARY KEY, words TEXT);
CREATE TABLE IF NOT EXISTS value (code INTEGER PRIMARY KEY, facet TEXT, said TEXT, UNIQUE (facet, said));
CREATE TABLE IF NOT EXISTS facet (
  id INTEGER PRIMARY KEY, packed BLOB, {", ".join(f"{each} INT" for each in CODED)}, made REAL);
CREATE VIRTUAL TABLE IF NOT EXISTS named USING fts5(t, {WORDS});
CREATE VIRTUAL TABLE IF NOT EXISTS short USING fts5(t, {WORDS});
CREATE VIRTUAL TABLE IF NOT EXISTS whole USING fts5(t, {WORDS});
CREATE VIRTUAL TABLE IF NOT EXISTS digits USING fts5(t, content='', tokenize='trigram');
{search_near.TABLE}
{search_facets.TABLE}
"""
GATHERED = 16_000_000
"""Bytes that a lookup gathers before it writes them: FTS5's own million is merged twice as often."""
READ = (
    Listing.id, Listing.number, Listing.slug, Listing.organisation_id, Listing.grade, Listing.kinds,
    Listing.sectors, Listing.effect, Listing.evaluated, Listing.published, Listing.card,
    Listing.words, Listing.change, Listing.filing_id, Filing.status,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it is indexed.

    Args:
        listing: its identifier in the record.
        change: the number of the change with which it was last written.
        published: when.
        name: the Chinese names of filing and filer, as they are written, each on a line.
        latin: the Latin words of its names.
        texts: the tokens of each lookup, in their order.
        values: of each numbered facet, in their order.
        claims: the words of its names and summary that claim an approval.
        made: when the newest evaluation that counts was made, in seconds; NaN for none.
    """

    listing: str
    change: int
    published: datetime
    name: str
    latin: frozenset[str]
    texts: tuple[str, ...]
    values: tuple[str, ...]
    claims: Sequence[str]
    made: float


def changed(session: Session, after: int, index: sqlite3.Connection) -> Iterator[list[Line]]:
    """The lines with a later change, in the order of publication, in batches.

    Args:
        session: any session.
        after: the number of a change.
        index: what is indexed; a line that it has with its newest change is left out.
    """
    order = (Listing.published, Listing.number)
    chosen = select(*READ).join(Filing, Filing.id == Listing.filing_id)
    chosen = chosen.where(Listing.change > after).order_by(*order).limit(BATCH)
    known = "SELECT 1 FROM line WHERE listing = ? AND change = ?"
    rows = session.execute(chosen).all()
    while rows:
        yield [
            _line(session, each)
            for each in rows
            if index.execute(known, (each.id, each.change)).fetchone() is None
        ]
        last = (rows[-1].published, rows[-1].number)
        rows = session.execute(chosen.where(tuple_(*order) > last)).all()


def _line(session: Session, row: Any) -> Line:
    card, words = _card(session, row)
    single = {
        "status": standing.public_status(Status(row.status)).value,
        "grade": row.grade, "effect": row.effect, **card["facets"],
    }  # fmt: skip
    made = row.evaluated.timestamp() if row.evaluated else float("nan")
    return Line(
        listing=row.id,
        change=row.change,
        published=row.published,
        name=f"{card['name']['zh']}\n{card['filer']['zh']}",
        latin=_latin(*card["name"].values()) | _latin(*card["filer"].values()),
        texts=_texts(row, card, words),
        values=(row.kinds, row.sectors, *(single[each] for each in SINGLE), row.organisation_id),
        claims=listings.claimed(card),
        made=made,
    )


def _card(session: Session, row: Any) -> tuple[Mapping[str, Any], str]:
    """A line's card and words; of an earlier release's line, with what its edition tells beside them."""
    card: Mapping[str, Any] = row.card
    if "printed" in card:
        return card, row.words
    edition = editions.newest(session, row.filing_id)
    if edition is None:
        return {"use": None, "facets": listings.UNTOLD, **card}, row.words
    content = edition.read()
    use = told_by(content).of(Meaning.DOES).get("said")
    words = listings.words(session, content)
    return {"use": use, "facets": listings.facets(content), **card}, words


def _texts(row: Any, card: Mapping[str, Any], words: str) -> tuple[str, ...]:
    """What each lookup holds of a line; every text is cut up once, though several hold it."""
    called = _called(card["name"]["zh"], card["name"].get("en") or "")
    filer = _called(card["filer"]["zh"], card["filer"]["en"])
    told = search_words.apart([*_both(card["summary"]), *_both(card.get("use") or {})])
    number, whole = search_words.apart([row.number]), search_words.apart([words])
    return (
        called,
        " ".join([*number, called, filer, *told]),
        " ".join([called, filer, *whole]),
        row.slug.replace("-", "").lower(),
    )


@lru_cache(maxsize=10_000)
def _called(zh: str, en: str) -> str:
    """The tokens of a name, and how it is read aloud: that is lower case and of one word already."""
    return " ".join((*search_words.apart((zh, en)), *search_words.spoken(zh), search_words.END))


@lru_cache(maxsize=10_000)
def _latin(*names: str | None) -> frozenset[str]:
    """The words of names that are not Chinese."""
    every = search_words.tokens("\n".join(each or "" for each in names))
    return frozenset(each for each in every if each.isascii())


def _both(said: Mapping[str, Any]) -> list[str]:
    return [str(said.get(each) or "")[:SHORT] for each in ("zh", "en")]


def empty(index: sqlite3.Connection) -> None:
    """Take everything out of an index."""
    for table in ("state", "line", "claim", "facet", "value", "spelled"):
        index.execute(f"DELETE FROM {table}")
    search_facets.note_all(index)
    for table in LOOKUPS:
        index.execute(f"INSERT INTO {table}({table}) VALUES ('delete-all')")
        index.execute(f"INSERT INTO {table}({table}, rank) VALUES ('hashsize', {GATHERED})")


def write(index: sqlite3.Connection, lines: Sequence[Line]) -> None:
    """Write lines in the place of what an index has of them.

    Args:
        index: an open transaction of it.
        lines: some.
    """
    search_facets.note(index, _forget(index, [each.listing for each in lines]))
    search_near.learn(index, set[str]().union(*(each.latin for each in lines)))
    codes = _codes(
        index, {pair for each in lines for pair in zip(CODED, each.values, strict=True)}
    )
    placed = list(zip(_places(index, lines), lines, strict=True))
    index.executemany(
        f"INSERT INTO line VALUES (?, ?, ?, ?, {', '.join('?' for _ in LOOKUPS)})",
        [(place, each.listing, each.change, each.name, *each.texts) for place, each in placed],
    )
    claiming = [(place, json.dumps(each.claims)) for place, each in placed if each.claims]
    index.executemany("INSERT INTO claim VALUES (?, ?)", claiming)
    for column, table in enumerate(LOOKUPS):
        index.executemany(
            f"INSERT INTO {table}(rowid, t) VALUES (?, ?)",
            [(place, each.texts[column]) for place, each in placed],
        )
    search_facets.note(index, (place for place, _ in placed))
    rows = [(place, *_coded(codes, each)) for place, each in placed]
    index.executemany(f"INSERT INTO facet VALUES (?, ?, {', '.join('?' for _ in CODED)}, ?)", rows)


def _coded(codes: Mapping[tuple[str, str], int], line: Line) -> tuple[Any, ...]:
    numbers = [codes[pair] for pair in zip(CODED, line.values, strict=True)]
    made = None if line.made != line.made else line.made  # NaN is no number for SQLite
    return PACKED.pack(*numbers, line.made), *numbers, made


def _codes(
    index: sqlite3.Connection, wanted: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """The numbers of values, given where they have none yet."""
    pairs = sorted(wanted)
    index.executemany("INSERT OR IGNORE INTO value (facet, said) VALUES (?, ?)", pairs)
    number = "SELECT code FROM value WHERE facet = ? AND said = ?"
    return {pair: index.execute(number, pair).fetchone()[0] for pair in pairs}


def _places(index: sqlite3.Connection, lines: Sequence[Line]) -> list[int]:
    """A free number for each line, in the order of publication: its millisecond, or the next."""
    taken = "SELECT 1 FROM line WHERE id = ?"
    found: dict[int, None] = {}
    for each in lines:
        place = int(each.published.timestamp() * 1000)
        while place in found or index.execute(taken, (place,)).fetchone():
            place += 1
        found[place] = None
    return list(found)


def _forget(index: sqlite3.Connection, ids: Sequence[str]) -> list[int]:
    """Take lines out; returns where they were."""
    forgotten = []
    columns = ", ".join(LOOKUPS)
    for each in ids:
        kept = index.execute(
            f"SELECT id, {columns} FROM line WHERE listing = ?", (each,)
        ).fetchone()
        if kept is None:
            continue
        place, *texts = kept
        for table, text in zip(LOOKUPS, texts, strict=True):
            index.execute(
                f"INSERT INTO {table}({table}, rowid, t) VALUES ('delete', ?, ?)", (place, text)
            )
        for table in ("line", "claim", "facet"):
            index.execute(f"DELETE FROM {table} WHERE id = ?", (place,))
        forgotten.append(place)
    return forgotten


def said(index: sqlite3.Connection, codes: Iterable[int]) -> dict[int, str]:
    """The values that have these numbers.

    Args:
        index: an index.
        codes: some numbers.
    """
    some = "SELECT code, said FROM value WHERE code IN (SELECT value FROM json_each(?))"
    return dict(index.execute(some, (json.dumps(list(codes)),)))
