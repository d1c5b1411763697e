"""What is offered where nothing is found: a name that is read alike, or one wrong character away.

Of a query, each run that is found nowhere is set right by itself; what is offered is looked up
first, so that it always finds something. Latin words of names are kept with one letter left out
(`wrd` of `word`): two words of which one letter was left out, added, exchanged or turned round
share such a form. Chinese is looked up by what stands before and behind the wrong character.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator

from filing import search_words

TABLE = (
    "CREATE TABLE IF NOT EXISTS spelled (gap TEXT, word TEXT, PRIMARY KEY (gap, word)) "
    "WITHOUT ROWID;"
)
SPELLED = range(4, 21)
"""Letters of a Latin word in which one wrong letter is looked for."""
WRITTEN = range(3, 21)
"""Characters of a Chinese run in which one wrong character is looked for."""
CANDIDATES = 50
"""Names, the newest, that are read for what might have been meant."""

NAMED = (
    (
        "SELECT name FROM line WHERE id IN (SELECT rowid FROM named WHERE named MATCH ? "
        "ORDER BY rowid DESC LIMIT ?) ORDER BY id DESC"
    ),
    (
        "SELECT name FROM line WHERE id IN (SELECT rowid FROM short WHERE short MATCH ? "
        "ORDER BY rowid DESC LIMIT ?) ORDER BY id DESC"
    ),
)
"""Names of the newest filings that are called so; then of those whose filer is."""


def learn(index: sqlite3.Connection, words: Iterable[str]) -> None:
    """Keep Latin words of names as words that somebody may misspell.

    Args:
        index: an open transaction of it.
        words: some, as the search compares them.
    """
    known = "SELECT 1 FROM spelled WHERE gap = ? AND word = ?"
    for word in {each for each in words if each.isascii() and len(each) in SPELLED}:
        if index.execute(known, (word, word)).fetchone() is None:
            index.executemany(
                "INSERT INTO spelled VALUES (?, ?)", [(gap, word) for gap in sorted(_gaps(word))]
            )


def near(index: sqlite3.Connection, query: str) -> str:
    """What stands in a name and differs little from the query; empty where nothing does.

    Args:
        index: an index that is up to date.
        query: a query that finds nothing.
    """
    if _is_found(index, query):  # what was asked besides words found nothing
        return ""
    words = [search_words.RUN.findall(each) for each in search_words.words(query)]
    mended = " ".join("".join(_mended(index, run) for run in each) for each in words)
    without_signs = " ".join(" ".join(filter(str.isalnum, each)) for each in words)
    for offered in (mended, without_signs):
        if offered != search_words.plain(query) and _is_found(index, offered):
            return offered
    return ""


def _is_found(index: sqlite3.Connection, query: str) -> bool:
    match = search_words.match(query)
    found = "SELECT 1 FROM short WHERE short MATCH ? LIMIT 1"
    return bool(match) and index.execute(found, (match,)).fetchone() is not None


def _mended(index: sqlite3.Connection, run: str) -> str:
    """A run with its one mistake set right; as it is where it is found or nothing is near it."""
    if not run.isalnum() or _is_found(index, run):
        return run
    ways = (_alike, _apart) if search_words.HAN_RUN.match(run) else (_respelled,)
    return next((found for way in ways if (found := way(index, run))), run)


def _alike(index: sqlite3.Connection, run: str) -> str:
    """What is read like a Chinese run."""
    asked = search_words.syllables_of(run)
    if not asked:
        return ""
    for name in _names(index, f'"{"".join(asked)}"*'):
        for place in range(len(name) - len(asked) + 1):
            part = name[place : place + len(asked)]
            if search_words.syllables_of(part) == asked:
                return part
    return ""


def _apart(index: sqlite3.Connection, run: str) -> str:
    """What differs from a Chinese run in one character."""
    if len(run) not in WRITTEN:
        return ""
    for name in _names(index, " OR ".join(_around(run))):
        for length in (len(run), len(run) + 1, len(run) - 1):
            for place in range(len(name) - length + 1):
                part = name[place : place + length]
                # One mistake leaves one end as it is: most parts are told apart by that alone.
                if part[0] != run[0] and part[-1] != run[-1]:
                    continue
                if search_words.HAN_RUN.match(part) and _is_one_apart(part, run):
                    return part
    return ""


def _around(run: str) -> Iterator[str]:
    """What FTS5 is asked for the rest of a run, for each place of the mistake."""
    whole = len(run)
    for place in range(whole + 1):
        for behind in (place, place + 1) if 0 < place < whole else (max(place, 1),):
            parts = [
                each for each in (run[: min(place, whole - 1)], run[behind:]) if len(each) > 1
            ]
            if parts:
                yield "(" + " AND ".join(map(search_words.match, parts)) + ")"


def _respelled(index: sqlite3.Connection, run: str) -> str:
    """A word of a name that differs from a Latin one in one letter."""
    if len(run) not in range(SPELLED.start, SPELLED.stop + 1):
        return ""
    some = "SELECT DISTINCT word FROM spelled WHERE gap IN (SELECT value FROM json_each(?))"
    found = index.execute(some, (json.dumps(sorted(_gaps(run))),))
    words = sorted(word for (word,) in found if _is_one_apart(word, run))
    words.sort(key=lambda each: (len(each) != len(run), each[0] != run[0]))
    return next((each for each in words if _is_found(index, each)), "")


def _gaps(word: str) -> set[str]:
    return {word, *(word[:place] + word[place + 1 :] for place in range(len(word)))}


def _is_one_apart(one: str, other: str) -> bool:
    """Whether two texts differ in one character: another, one more, one less, two turned round."""
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1 or one == other:
        return False
    start = 0
    while start < len(short) and short[start] == long[start]:
        start += 1
    if len(short) != len(long):
        return short[start:] == long[start + 1 :]
    turned = short[start : start + 2] == long[start : start + 2][::-1]
    return short[start + 1 :] == long[start + 1 :] or (
        turned and short[start + 2 :] == long[start + 2 :]
    )


def _names(index: sqlite3.Connection, match: str) -> list[str]:
    """Chinese names of filings and filers: the newest filings so named, then others of such filers."""
    found: dict[str, None] = {}
    for statement in NAMED:
        for (names,) in index.execute(statement, (match, CANDIDATES)):
            found.update((search_words.plain(name), None) for name in names.split("\n"))
    return list(found)
