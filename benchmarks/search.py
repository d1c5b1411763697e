"""Search over a register of many filings: pages, facets, building the index, growth.

Processor time of what the server does for `/zh/catalogue`, in one process, nothing kept; a page
without its facets is the whole less the counting of the same facets. `MINGSUAN_LISTINGS` sets how
many filings the large register has (1,000,000); `MINGSUAN_REGISTERS` names a folder in which filled
registers are kept for the next run, since to fill one takes as long as to index it.
"""

import os
import random
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from fastapi import FastAPI
from starlette.requests import Request

from benchmarks import filings
from benchmarks.measuring import Line
from filing import gate
from filing.search_index import Asked, Filters, SearchIndex
from portal.app import create_app
from portal.pages import public
from registry.database import Record, now
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
        small = register.pages()
    with registered(LARGE, whole=SHORT_TEXT) as register:
        yield Line(
            what=f"one of {LARGE:,} filings indexed, the short text",
            ours=register.built / LARGE,
            beside=f"{LEAST_BUILT:,} a second",
            theirs=1 / LEAST_BUILT,
            promise=("most", 1.0),
            note=f"{LARGE / register.built:,.0f} filings/CPU-s",
        )
        large = register.pages()
        counted = register.facets()
    for name, (took, _) in large.items():
        yield Line(
            what=f"page of a search among {LARGE:,} without its facets, p95: {name}",
            ours=took,
            beside="promise",
            theirs=0.01,
            promise=("most", 1.0),
        )
    for name, took in counted.items():
        yield Line(
            what=f"facets of a search among {LARGE:,}, p95: {name}",
            ours=took,
            beside="promise",
            theirs=0.1,
            promise=("most", 1.0),
        )
    for name, (_, middle) in large.items():
        yield Line(
            what=f"the same page among {LARGE:,}, median: {name}",
            ours=middle,
            beside=f"among {SMALL:,}",
            theirs=small[name][1],
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
        for each in folder.glob(f"{settings.search_index.name}*"):
            each.unlink()
        begun = time.process_time()
        app.state.search.build()
        built = time.process_time() - begun
        yield Register(app, int(told.read_text()), built)
        app.state.engine.dispose()


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

    def pages(self) -> dict[str, tuple[float, float]]:
        """Seconds of a page without its facets, by kind of query: the 95th of 100 and the middle one."""
        return {name: self._page(queries) for name, queries in asked().items()}

    def _page(self, queries: list[str]) -> tuple[float, float]:
        took = sorted(_middle(self._whole, each) - _middle(self._counts, each) for each in queries)
        return took[int(len(took) * 0.95)], took[len(took) // 2]

    def facets(self) -> dict[str, float]:
        """Seconds of the facets, by kind of query: the 95th of 100."""
        found = {}
        for name, queries in asked().items():
            took = sorted(_middle(self._counts, each) for each in queries)
            found[name] = took[int(len(took) * 0.95)]
        return found

    def _whole(self, query: str) -> float:
        """What the page takes, facets included."""
        scope = {
            "type": "http", "method": "GET", "path": "/zh/catalogue", "headers": [], "state": {},
            "query_string": urlencode({"q": query}).encode(), "app": self.app, "root_path": "",
            "server": ("127.0.0.1", 80), "scheme": "http",
        }  # fmt: skip
        begun = time.process_time()
        with self.app.state.factory() as session:
            public.catalogue_page(Request(scope), "zh", session, self.app.state.search)
        return time.process_time() - begun

    def _counts(self, query: str) -> float:
        valid = gate.counting_since(now(), self.app.state.settings.evaluation_days)
        index: SearchIndex = self.app.state.search
        begun = time.process_time()
        index.count(Asked(query, Filters(), valid))
        return time.process_time() - begun


def _middle(call: Callable[[str], float], query: str) -> float:
    """The middle one of several times that one query takes."""
    return statistics.median(call(query) for _ in range(TIMES))
