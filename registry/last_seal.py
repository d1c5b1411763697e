"""The last seal that this machine made, remembered in a file outside the database.

Whoever can write to the database can take away all its seals, or make them anew; nothing in it
would show that. The file does, for whoever cannot write to the data directory of a machine on which
a worker runs. It is a hash that was kept elsewhere (decision 0028), kept by the register itself.
"""

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from registry import modes, sealing
from registry.errors import Conflict
from registry.sealing import JournalSeal


class Forgotten(Conflict):
    """The file holds no seal that could be read: what this machine remembered is lost."""


@dataclass(frozen=True, slots=True)
class LastSeal:
    """One seal, as it was when it was made.

    Args:
        number, hash: of the seal.
        at: when it was made, as it is written in the journal.
    """

    number: int
    hash: str
    at: str


def seal(factory: sessionmaker[Session], *, place: Path) -> int:
    """Seal what is not sealed yet, and remember the last seal; how many rows.

    What the database has no longer stays remembered, so that a sealing covers up no removal; so
    does a file that cannot be read.

    Args:
        factory: sessions on the database.
        place: the file.

    Raises:
        Unavailable, OperationalError: when the database is away.
        SealUnreadable: when the last seal cannot be read, so that none can follow it.
        OSError: when the file cannot be written.
    """
    rows = sealing.seal(factory)
    if (rows or not place.exists()) and _holds(factory, place):
        with factory() as session:
            last = sealing.newest(session)
        if last is not None and last.at is not None:  # a broken one is nothing to remember
            _write(place, LastSeal(last.number, last.hash, last.at.isoformat()))
    return rows


def lost(factory: sessionmaker[Session], *, place: Path) -> LastSeal | None:
    """The seal that this machine remembers, where the database has it no longer; else None.

    Args:
        factory: sessions on the database.
        place: the file.

    Raises:
        Forgotten: when the file cannot be read as one.
    """
    try:
        kept = _read(place.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise Forgotten(
            f"这台机器用来记住最近一次封存的文件 {place} 已读不出来（{error}），是否有封存被删除或重新做过，从这台机器看不出。请查明是谁改了这个文件，并与备份或以前的导出对照；查清以后删除它，从现有的封存记起。",
            f"The file {place}, in which this machine remembers the last seal, cannot be read any "
            f"more ({error}), so this machine cannot tell whether seals were removed or made anew. "
            "Find out who changed it, and compare the journal with a backup or an earlier export; "
            "when it is clear, delete the file, and the seals that are there are remembered "
            "instead.",
        ) from error
    with factory() as session:
        found = session.scalar(
            select(JournalSeal.number).where(
                JournalSeal.number == kept.number, JournalSeal.hash == kept.hash
            )
        )
    return kept if found is None else None


def _holds(factory: sessionmaker[Session], place: Path) -> bool:
    """Whether nothing is lost, as far as this machine remembers."""
    try:
        return lost(factory, place=place) is None
    except Forgotten:
        return False


def _read(written: bytes) -> LastSeal:
    """The seal that is written down.

    Raises:
        ValueError: when it is none.
    """
    value = json.loads(written)
    kinds = {"number": int, "hash": str, "at": str}
    if not isinstance(value, dict) or {k: type(v) for k, v in value.items()} != kinds:
        raise ValueError("number, hash, at")
    return LastSeal(**value)


def _write(place: Path, last: LastSeal) -> None:
    passing = place.with_name(f"{place.name}.{secrets.token_hex(8)}")
    modes.file(passing)
    passing.write_text(json.dumps(asdict(last)), encoding="utf-8")
    passing.replace(place)
