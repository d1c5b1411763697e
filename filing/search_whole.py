"""Whether the search's index holds what was written into it, and as many lines as the record."""

import sqlite3
from collections.abc import Callable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from filing import changes
from filing.listings import Listing
from filing.search_lines import LOOKUPS
from registry.language import Text

COUNTED = ("line", "facet", *(f"{each}_docsize" for each in LOOKUPS))
"""The tables that hold each line once."""
BESIDE = ("value", "claim", "spelled", "moved")
"""The others."""
MISSING = Text(
    "缺少搜索要用的表（{what}）：有人改动了 search.db",
    "a table of it is missing ({what}): somebody changed search.db",
)
TORN = Text(
    "各表所记的条目不一致（{what}）：有人改动了 search.db",
    "its tables do not hold the same lines ({what}): somebody changed search.db",
)
AHEAD = Text(
    "索引记到第 {index} 次变更，登记的记录只到第 {record} 次：有人改动了 search.db，或数据库是从备份恢复的",
    "it knows change {index} and the record ends at {record}: somebody changed search.db, or the "
    "database was restored from a backup",
)
FEWER = Text(
    "索引有 {index} 条，登记的记录有 {record} 条：有人改动了其中一个",
    "it holds {index} lines and the record {record}: somebody changed one of them",
)


def torn(index: sqlite3.Connection) -> Text | None:
    """Why the tables of an index do not fit each other; None where they do.

    Args:
        index: a connection to it.

    Raises:
        sqlite3.Error: when it cannot be read.
    """
    lines = ", ".join(f"(SELECT count(*) FROM {each})" for each in COUNTED)
    ends = [f"(SELECT {end}(id) FROM {each})" for end in ("min", "max") for each in COUNTED]
    beside = ", ".join(f"EXISTS (SELECT 1 FROM {each})" for each in BESIDE)
    try:
        found = index.execute(f"SELECT {lines}, {beside}, {', '.join(ends)}").fetchone()
    except sqlite3.OperationalError as error:
        if not str(error).startswith("no such"):
            raise
        return MISSING.format(what=error)
    counts = {**dict(zip(COUNTED, found, strict=False)), "value": found[len(COUNTED)]}
    equal = len({counts[each] for each in COUNTED}) == 1
    first, last = found[-2 * len(COUNTED) : -len(COUNTED)], found[-len(COUNTED) :]
    equal = equal and len(set(first)) == len(set(last)) == 1
    if equal and (counts["value"] or not counts["line"]):
        return None
    return TORN.format(what=", ".join(f"{name} {count}" for name, count in counts.items()))


def fault(
    index: sqlite3.Connection, factory: Callable[[], Session], *, form: str, tables: bool = True
) -> Text | None:
    """Why an index is not of the record; None where it is, or the next search brings it there.

    Args:
        index: a connection to it, in no transaction.
        factory: makes sessions on the record.
        form: of what is indexed now.
        tables: whether the lines are counted, too.

    Raises:
        sqlite3.Error: when it cannot be read.
    """
    kept = index.execute("SELECT form, mark, number FROM state").fetchone()
    if kept is None or kept[0] != form:
        return None
    told = torn(index) if tables else None
    if told is not None:
        return told
    with factory() as session:  # after the index was looked at, so that it sees no less
        number, mark = changes.latest(session)
        if kept[1] != mark:
            return None
        if kept[2] > number:
            return AHEAD.format(index=kept[2], record=number)
        if kept[2] < number or not tables:
            return None
        lines = index.execute("SELECT count(*) FROM line").fetchone()[0]
        record = session.scalar(select(func.count()).select_from(Listing)) or 0
        if lines == record or changes.latest(session)[0] != number:
            return None
    return FEWER.format(index=lines, record=record)
