"""Search over a register of many filings: pages, facets, building the index, growth.

Processor time of what the server does for `/zh/catalogue`, in one process, nothing kept; a page
without its facets is the whole less the counting of facets within it. `MINGSUAN_LISTINGS` sets how
many filings the large register has (1,000,000, about 15 minutes and 11 GB); `MINGSUAN_REGISTERS`
names a folder in which registers are kept for the next run, filled and indexed, with what that took; `MINGSUAN_NATIONAL_LISTS` a folder of the national lists, whose words they are made of.
"""

import os
import random
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlencode

from fastapi import FastAPI
from starlette.requests import Request

from benchmarks import filings
from benchmarks.measuring import Line
from filing import search_hits, search_index
from portal.app import create_app
from portal.pages import public
from registry.database import Record
from registry.settings import Settings

LARGE = int(os.environ.get("MINGSUAN_LISTINGS", "1000000"))
SMALL = 10_000
KEPT = os.environ.get("MINGSUAN_REGISTERS", "")
ASKED = 60
TIMES = 3
SHORT_TEXT, WHOLE_TEXT = 60, 1_500
LEAST_BUILT = 1_500
HAN = re.compile("[\u4e00-\u9fff]+")


def lines() -> Iterator[Line]:
    """Two registers: one of 10,000 filings, one of many more."""
    with registered(SMALL, whole=WHOLE_TEXT) as register:
        yield Line(
            what=f"one character of full text indexed ({SMALL:,} filings of {WHOLE_TEXT:,} characters, "
            "a tenth of them four times as many)",
            ours=register.built / register.characters,
            beside="10 µs",
            theirs=1e-5,
            note=f"{register.characters / register.built:,.0f} characters/CPU-s, "
            f"{SMALL / register.built:,.0f} filings/CPU-s; words of {filings.words().source}",
        )
    with registered(SMALL, whole=SHORT_TEXT) as register:
        small = register.measured()
    with registered(LARGE, whole=SHORT_TEXT) as register:
        yield Line(
            what=f"one of {LARGE:,} filings indexed, the short text",
            ours=register.built / LARGE,
            beside=f"{LEAST_BUILT:,} a second",
            theirs=1 / LEAST_BUILT,
            promise=("most", 1.0),
            note=f"{LARGE / register.built:,.0f} filings/CPU-s",
        )
        large = register.measured()
        yield Line(
            what=f"the facets of {LARGE:,} read into memory, once in each server process",
            ours=register.gathered,
            beside="building the index",
            theirs=register.built,
            note=f"{register.in_memory / 1e6:,.0f} MB",
        )
    for name, took in large.items():
        yield Line(
            what=f"page of a search among {LARGE:,} without its facets, p95: {name}",
            ours=_late(took.pages),
            beside="promise",
            theirs=0.01,
            promise=("most", 1.0),
        )
    for name, took in large.items():
        yield Line(
            what=f"facets of a search among {LARGE:,}, p95: {name}",
            ours=_late(took.facets),
            beside="promise",
            theirs=0.1,
            promise=("most", 1.0),
        )
    for name, took in large.items():
        before = small[name]
        for what, ours, theirs in (
            ("without its facets", took.pages, before.pages),
            ("with them", took.wholes, before.wholes),
        ):
            yield Line(
                what=f"the same page among {LARGE:,} {what}, median: {name}",
                ours=statistics.median(ours),
                beside=f"among {SMALL:,}",
                theirs=statistics.median(theirs),
                promise=("most", 5.0),
            )


def asked() -> dict[str, list[str]]:
    """Queries of each kind, drawn from the words that the register is made of."""
    drawn, told = random.Random("asked"), filings.words()  # noqa: S311  # the same ones again

    def parts(length: int) -> list[str]:
        texts = [each for each in (*told.names, *told.uses) if len(each) > length + 4]
        found: list[str] = []
        while len(found) < ASKED:
            text = drawn.choice(texts)
            start = drawn.randrange(len(text) - length)
            part = text[start : start + length]
            if HAN.fullmatch(part):
                found.append(part)
        return found

    return {
        "1 character": parts(1),
        "2 characters": parts(2),
        "4 characters": parts(4),
        "part of a number": [f"{drawn.randrange(10**4):04}" for _ in range(ASKED)],
        "nothing found": [f"{part}龘{part}" for part in parts(2)],
    }


@contextmanager
def registered(count: int, *, whole: int) -> Iterator["Register"]:
    """A register of so many filings with its index built.

    Args:
        count: how many filings.
        whole: characters of a public text in the middle.
    """
    with tempfile.TemporaryDirectory() as passing:
        folder = Path(KEPT or passing) / f"{count}-{whole}"
        app = create_app(Settings(data=folder, sandbox_tier="none", log_level="ERROR"))
        settings: Settings = app.state.settings
        told = folder / "characters"
        if not told.exists():
            Record.metadata.create_all(app.state.engine)
            told.write_text(str(filings.fill(settings.database_url, count, whole=whole)))
        built = folder / f"built-{search_index.FORM}"
        if not built.exists():
            built.write_text(str(_build(app, settings.search_index)))
        yield Register(app, int(told.read_text()), float(built.read_text()))
        app.state.engine.dispose()


def _build(app: FastAPI, index: Path) -> float:
    """Processor seconds of building the index anew."""
    for each in index.parent.glob(f"{index.name}*"):
        each.unlink()
    begun = time.process_time()
    app.state.search.build()
    return time.process_time() - begun


@dataclass
class Register:
    """A filled register.

    Args:
        app: its site.
        characters: of all texts that were indexed.
        built: processor seconds of building the index.
    """

    app: FastAPI
    characters: int
    built: float
    gathered: float = 0.0
    """Processor seconds of reading its facets into memory; set by `measured`."""

    @property
    def in_memory(self) -> int:
        """Bytes that its facets take in memory."""
        facets = self.app.state.search.gathered
        return int(facets.places.nbytes + sum(each.nbytes for each in facets.columns.values()))

    def measured(self) -> dict[str, "Took"]:
        """What pages take, by kind of query."""
        begun = time.process_time()
        self.app.state.search.gather()
        self.gathered = time.process_time() - begun
        with patch.object(search_index, "Hits", TimedHits):
            return {name: self._took(queries) for name, queries in asked().items()}

    def _took(self, queries: list[str]) -> "Took":
        taken = [[self._page(each) for _ in range(TIMES)] for each in queries]
        return Took(
            pages=[
                statistics.median(whole - counting for whole, counting in each) for each in taken
            ],
            facets=[statistics.median(counting for _, counting in each) for each in taken],
            wholes=[statistics.median(whole for whole, _ in each) for each in taken],
        )

    def _page(self, query: str) -> tuple[float, float]:
        """What one page takes, and the counting of its facets as a part of that."""
        scope = {
            "type": "http", "method": "GET", "path": "/zh/catalogue", "headers": [], "state": {},
            "query_string": urlencode({"q": query}).encode(), "app": self.app, "root_path": "",
            "server": ("127.0.0.1", 80), "scheme": "http",
        }  # fmt: skip
        TimedHits.taken = 0.0
        begun = time.process_time()
        with self.app.state.factory() as session:
            public.catalogue_page(Request(scope), "zh", session, self.app.state.search)
        return time.process_time() - begun, TimedHits.taken


class TimedHits(search_hits.Hits):
    """Hits of a search that tell what the counting of their facets took."""

    taken = 0.0

    def counted(self) -> search_hits.Counted:
        """The counts."""
        begun = time.process_time()
        found = super().counted()
        TimedHits.taken += time.process_time() - begun
        return found


@dataclass
class Took:
    """Seconds of each query's page, the middle ones of several times.

    Args:
        pages: without the counting of facets.
        facets: of that counting.
        wholes: of both.
    """

    pages: list[float]
    facets: list[float]
    wholes: list[float]


def _late(took: list[float]) -> float:
    """The 95th of 100."""
    return sorted(took)[int(len(took) * 0.95)]
