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
from registry.sealing import JournalSeal


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

    What the database has no longer stays remembered, so that a sealing covers up no removal.

    Args:
        factory: sessions on the database.
        place: the file.

    Raises:
        Unavailable, OperationalError: when the database is away.
        OSError: when the file cannot be written.
    """
    rows = sealing.seal(factory)
    if (rows or not place.exists()) and lost(factory, place=place) is None:
        with factory() as session:
            last = sealing.newest(session)
        if last is not None:
            _write(place, LastSeal(last.number, last.hash, last.at.isoformat()))
    return rows


def lost(factory: sessionmaker[Session], *, place: Path) -> LastSeal | None:
    """The seal that this machine remembers, where the database has it no longer; else None.

    Args:
        factory: sessions on the database.
        place: the file.

    Raises:
        ValueError: when the file cannot be read as one.
    """
    try:
        kept = LastSeal(**json.loads(place.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except TypeError as error:
        raise ValueError(f"{place}: {error}") from error
    with factory() as session:
        found = session.scalar(
            select(JournalSeal.number).where(
                JournalSeal.number == kept.number, JournalSeal.hash == kept.hash
            )
        )
    return kept if found is None else None


def _write(place: Path, last: LastSeal) -> None:
    passing = place.with_name(f"{place.name}.{secrets.token_hex(8)}")
    modes.file(passing)
    passing.write_text(json.dumps(asdict(last)), encoding="utf-8")
    passing.replace(place)
