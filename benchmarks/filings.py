"""Realistic filings for a register of any size: names and uses as filers write them, skewed sizes.

Words come from the national lists of filed algorithms, which are others' and therefore not kept
here: `MINGSUAN_NATIONAL_LISTS` names the folder with the DOCX files as they are published (one table
each; the name is in column 2, the filer in 4, the use in 6). Without it the words are those of this
register's own form and glossary, which are fewer and shorter.
"""

import os
import random
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, insert

from filing import changes, search_options
from filing.dossier import Filing
from filing.forms import current
from filing.lifecycle import Status
from filing.listings import Listing
from filing.numbers import Number
from portal.web.glossary import terms
from registry.organisations import Kind, Organisation

LISTS = "MINGSUAN_NATIONAL_LISTS"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
FILERS = 400
BATCH = 5_000
FIRST = datetime(2020, 1, 1, tzinfo=UTC)
TAILS = ("算法", "模型", "系统", "评分模型", "排序算法", "推荐算法")


@dataclass(frozen=True, slots=True)
class Words:
    """What filings are made of: names of algorithms, of filers, sentences about uses."""

    names: tuple[str, ...]
    filers: tuple[str, ...]
    uses: tuple[str, ...]
    source: str


@lru_cache
def words() -> Words:
    """The words that are at hand."""
    folder = os.environ.get(LISTS, "")
    rows = (
        [row for path in sorted(Path(folder).glob("*.docx")) for row in _rows(path)]
        if folder
        else []
    )
    if rows:
        names, filers, uses = (
            {row[column] for row in rows if row[column]} for column in (1, 3, 5)
        )
        return Words(_ordered(names), _ordered(filers), _ordered(uses), "the national lists")
    names = {field.name.zh for group in current().groups for field in group.fields}
    uses = {each.meaning.zh for each in terms()}
    filers = {f"{name}有限公司" for name in names}
    return Words(_ordered(names), _ordered(filers), _ordered(uses), "our own form and glossary")


def _ordered(texts: set[str]) -> tuple[str, ...]:
    """In an order that is the same in every process, which that of a set is not."""
    return tuple(sorted(texts))


def _rows(path: Path) -> Iterator[list[str]]:
    """The rows of a list's table after its head, eight texts each; merged cells are left out."""
    with zipfile.ZipFile(path) as packed:
        tree = ET.fromstring(packed.read("word/document.xml"))  # noqa: S314  # a file the operator named
    for row in tree.iter(f"{W}tr"):
        told = [
            "".join(each.text or "" for each in cell.iter(f"{W}t")) for cell in row.iter(f"{W}tc")
        ]
        if len(told) == 8 and told[0].strip().isdigit():
            yield [each.strip() for each in told]


def fill(database: str, count: int, *, whole: int) -> int:
    """Write so many published filings into an SQLite database that has the tables and none yet.

    Args:
        database: its address.
        count: how many.
        whole: characters of a public text in the middle; a tenth have four times as many.

    Returns:
        Characters of all texts that the search's index reads.
    """
    drawn = random.Random(f"filings {count}")  # noqa: S311  # the same ones again
    engine = create_engine(database)  # without the foreign keys: models and versions play no part
    characters = 0
    with engine.begin() as connection:
        connection.execute(insert(Organisation), [_filer(place) for place in range(FILERS)])
        for begin in range(0, count, BATCH):
            made = [
                _made(drawn, place, whole) for place in range(begin, min(begin + BATCH, count))
            ]
            connection.execute(insert(Filing), [filing for filing, _ in made])
            connection.execute(insert(Listing), [listing for _, listing in made])
            characters += sum(_read(listing) for _, listing in made)
        connection.execute(insert(changes.PublicChange), [{"id": 1, "number": 1, "mark": "bench"}])
    engine.dispose()
    return characters


def _filer(place: int) -> dict[str, Any]:
    names = words().filers
    return {
        "id": f"{place:032}", "created": FIRST, "kind": Kind.ENTERPRISE, "name_en": f"Filer {place}",
        "name_zh": f"{names[place % len(names)]}{place}", "district": "浦东新区",
    }  # fmt: skip


def _made(drawn: random.Random, place: int, whole: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """One filing and its line."""
    told, published = words(), FIRST + timedelta(minutes=place)
    number = Number("SH" if place % 3 else "SZ", 2020 + place % 7, place + 1)
    name = drawn.choice(told.names).removesuffix("算法") + drawn.choice(TAILS)
    filer = int(FILERS * drawn.random() ** 3)  # a few file much, most little
    use, more = drawn.choice(told.uses), drawn.choice(told.uses)
    length = whole * (4 if drawn.random() < 0.1 else 1)
    text = ""
    while len(text) < length:
        text += drawn.choice(told.uses)
    ids = search_options.options()
    grade = drawn.choices(["low", "medium", "high"], [6, 3, 1])[0]
    evaluated = published if drawn.random() < 0.4 else None
    card = {
        "name": {"zh": name, "en": ""},
        "summary": {"zh": use[:120], "en": "It helps with this work."},
        "filer": {"zh": _filer(filer)["name_zh"], "en": f"Filer {filer}"},
        "use": {"zh": more[:120], "en": "It is used for this."},
        "basis": {
            "published": published.isoformat(), "model": {"version": 1, "sha256": "0" * 64},
            "grade": {"level": grade, "name": {"zh": "低风险", "en": "low"}, "changed": False},
            "service": None, "reports": [], "changed": {}, "explanation": None, "changed_explanation": [],
            "task": None, "due": [],
            "unexplained": [],
        },
        "facets": {
            "city": drawn.choice(list(ids["city"])), "district": f"第{drawn.randrange(20)}区",
            **{each: drawn.choice(["yes", "no"]) for each in ("personal", "choice", "beyond")},
        },
        "printed": True,
    }  # fmt: skip
    key = f"{place:032}"
    filing = {
        "id": key, "created": published, "version_id": key, "model_id": key,
        "organisation_id": f"{filer:032}", "opened_by": key, "schema_version": "1",
        "status": drawn.choices([Status.PUBLISHED, Status.CANCELLED], [19, 1])[0],
        "since": published, "revision": 1, "answers": {}, "report_ids": [], "submissions": 1,
        "number": str(number), "filed": published, "editions": 1, "published": published,
    }  # fmt: skip
    listing = {
        "id": key, "created": published, "filing_id": key, "number": str(number),
        "slug": number.slug, "organisation_id": f"{filer:032}", "grade": grade,
        "kinds": f"|{drawn.choice(list(ids['kind']))}|",
        "sectors": f"|{drawn.choice(list(ids['sector']))}|",
        "effect": drawn.choice(list(ids["effect"])), "evaluated": evaluated, "published": published,
        "card": card, "words": text[:length], "change": 1,
    }  # fmt: skip
    return filing, listing


def _read(listing: dict[str, Any]) -> int:
    card = listing["card"]
    short = sum(
        len(text) for part in ("name", "summary", "filer", "use") for text in card[part].values()
    )
    return short + len(listing["words"])
