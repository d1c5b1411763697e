"""The facets of every line in memory, so that those of many hits are gathered at once.

To look twenty thousand hits up in the index's file takes most of a search; in memory it takes a
fiftieth. What is kept holds as of one state of the index. Whoever writes a line notes its place
(`moved`), and a hit whose place was noted later is looked up in the file, as all of them are until
the facets have been read. Of a million lines it is 30 MB in each server process.
"""

import json
import secrets
import sqlite3
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

SINGLE = ("status", "grade", "effect", "city", "district", "personal", "choice", "beyond")
SEVERAL = ("kind", "sector")
CODED = (*SEVERAL, *SINGLE, "filer")
"""The facets whose values are numbered; `evaluated` follows from a moment, which is kept itself."""
PACKED = struct.Struct(f"<{len(CODED)}Id")
COLUMNS = np.dtype([*((each, "<u4") for each in CODED), ("made", "<f8")])
"""`PACKED` as NumPy reads many of them."""
Column = npt.NDArray[Any]
Columns = Mapping[str, Column]
TABLE = "CREATE TABLE IF NOT EXISTS moved (seq INTEGER PRIMARY KEY, place INT);"
MOST_MOVED = 2_000
"""Places that are noted; what is kept from before more than these were written is read again."""
AT_ONCE = 20_000
"""Lines that are read at once, so that who searches meanwhile has a turn between."""


def note(index: sqlite3.Connection, places: Iterable[int]) -> None:
    """Note that lines are written or removed.

    Args:
        index: an open transaction of the index.
        places: the numbers of the lines.
    """
    if latest(index) is None:  # by chance, so that what is kept of another file holds for none
        index.execute("INSERT INTO moved (seq) VALUES (?)", (secrets.randbits(60),))
    index.executemany("INSERT INTO moved (place) VALUES (?)", ((each,) for each in places))
    index.execute("DELETE FROM moved WHERE seq <= (SELECT max(seq) FROM moved) - ?", (MOST_MOVED,))


def note_all(index: sqlite3.Connection) -> None:
    """Note that every line is removed.

    Args:
        index: an open transaction of the index.
    """
    index.execute("DELETE FROM moved")
    note(index, ())


def latest(index: sqlite3.Connection) -> int | None:
    """The number of the newest note; None where nothing was ever noted."""
    found: int | None = index.execute("SELECT max(seq) FROM moved").fetchone()[0]
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Facets:
    """The facets of every line as of one state of the index.

    Args:
        upto: the number of the newest note that it is told from.
        places: of the lines, rising (n).
        columns: the number of each line's value by facet, and when it was evaluated (n each).
    """

    upto: int
    places: npt.NDArray[np.int64]
    columns: Columns

    @classmethod
    def read(cls, index: sqlite3.Connection) -> "Facets":
        """Every line's facets, within one reading transaction.

        Args:
            index: a connection with no transaction open; something was noted.
        """
        index.execute("BEGIN")
        try:
            upto, places, pieces = latest(index), list[Column](), list[Column]()
            lines = index.execute("SELECT id, packed FROM facet ORDER BY id")
            while some := lines.fetchmany(AT_ONCE):
                places.append(np.array([place for place, _ in some], dtype=np.int64))
                pieces.append(unpacked(piece for _, piece in some))
        finally:
            index.execute("ROLLBACK")
        empty = np.empty(0, dtype=COLUMNS)
        columns = {
            name: _small(np.concatenate([empty[name], *(each[name] for each in pieces)]))
            for name in COLUMNS.fields or ()
        }
        every = np.concatenate(places) if places else np.empty(0, dtype=np.int64)
        return cls(upto or 0, every, columns)

    def later(self, index: sqlite3.Connection) -> Sequence[int] | None:
        """The lines that were written since; None where that is not known, or not of this file.

        Args:
            index: a connection within a reading transaction.
        """
        now = latest(index)
        if now is None or not 0 <= now - self.upto <= MOST_MOVED:
            return None
        since = "SELECT place FROM moved WHERE seq > ? AND place IS NOT NULL"
        return [place for (place,) in index.execute(since, (self.upto,))]

    def of(
        self, index: sqlite3.Connection, hits: npt.NDArray[np.int64], later: Sequence[int]
    ) -> Columns:
        """The facets of some lines, in their order.

        Args:
            index: a connection within the reading transaction in which the hits were found.
            hits: places of lines (m).
            later: which of all lines were written since.
        """
        if not len(self.places):
            at, known = np.zeros(len(hits), dtype=np.intp), np.zeros(len(hits), dtype=bool)
        else:
            at = np.minimum(np.searchsorted(self.places, hits), len(self.places) - 1)
            known = self.places[at] == hits
        if later:
            known &= ~np.isin(hits, later)
        if known.all():
            return {name: column[at] for name, column in self.columns.items()}
        looked_up = _looked_up(index, hits[~known])
        found = {}
        for name, column in self.columns.items():
            found[name] = np.empty(len(hits), dtype=looked_up[name].dtype)
            found[name][known] = column[at[known]]
            found[name][~known] = looked_up[name]
        return found


def unpacked(pieces: Iterable[bytes]) -> Column:
    """The facets of lines as they lie in the file.

    Args:
        pieces: of each line, as `PACKED` packs them.
    """
    return np.frombuffer(b"".join(pieces), dtype=COLUMNS)


def _looked_up(index: sqlite3.Connection, hits: npt.NDArray[np.int64]) -> Column:
    some = (
        "SELECT packed FROM json_each(?) AS hit CROSS JOIN facet ON facet.id = hit.value "
        "ORDER BY hit.key"
    )
    return unpacked(piece for (piece,) in index.execute(some, (json.dumps(hits.tolist()),)))


def _small(column: Column) -> Column:
    """Numbers in as few bytes as the largest takes; moments as they are."""
    if column.dtype.kind != "u" or not len(column):
        return np.ascontiguousarray(column)
    return column.astype(np.min_scalar_type(column.max()))
