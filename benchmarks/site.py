"""Public pages beside the same server's hello-world: kept, known, and made anew.

The server is a process of its own on loopback, asked over one connection that stays open; its own
processor time is read before and after.
"""

import http.client
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measuring import Line
from tests import servers

ROUNDS = 7
ASKED = 2000
MADE_ANEW = 40
FIRST_VIEW = 15_000
BROWSER = {"Accept": "text/html", "Accept-Encoding": "gzip, deflate, br"}


def lines() -> Iterator[Line]:
    """Published pages of a register with the demo's credit model on it."""
    with running("") as server:
        first = server.cpu(server.page, 1, warm=False)
        other = server.cpu(server.page.replace("/zh/", "/en/", 1), 1, warm=False)
        yield from _kept(server, "SQLite")
        yield from _made(server, first, other)
    with servers.own_postgres() as beside, running(beside.url) as server:
        yield from _kept(server, "PostgreSQL")


@contextmanager
def running(database: str) -> Iterator["_Server"]:
    """A server with a register of its own.

    Args:
        database: its address; empty for SQLite.
    """
    with tempfile.TemporaryDirectory() as folder:
        server = _Server(Path(folder), database)
        try:
            yield server
        finally:
            server.stop()


def _kept(server: "_Server", database: str) -> Iterator[Line]:
    page = server.page
    tag = server.get(page).headers["ETag"]
    known = {**BROWSER, "If-None-Match": str(tag)}
    cases: dict[str, Callable[[], float]] = {
        f"a kept filed page, packed ({database})": lambda: server.cpu(page, ASKED),
        f"a filed page that the reader knows, 304 ({database})": lambda: server.cpu(
            page, ASKED, known
        ),
        "floor": lambda: server.cpu("/hello", ASKED),
    }
    took: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(ROUNDS):  # in turns, so that each meets the same machine
        for name, measure in cases.items():
            took[name].append(measure())
    median = {name: sorted(each)[ROUNDS // 2] for name, each in took.items()}
    floor = median.pop("floor")
    for name, seconds in median.items():
        yield Line(
            what=name,
            ours=seconds,
            beside="the same server's hello-world",
            theirs=floor,
            promise=("least", 0.6),
        )


def _made(server: "_Server", first: float, other: float) -> Iterator[Line]:
    page = server.page
    anew = sorted(server.cpu(page, MADE_ANEW, fresh=True) for _ in range(3))[1]
    changed = sorted(_after_a_change(server) for _ in range(3))[1]
    for what, took in (
        ("a filed page made anew and packed, nothing changed since it was read", anew),
        ("a filed page made anew and packed after each change, its edition read before", changed),
    ):
        yield Line(what=what, ours=took, beside="promise", theirs=0.005, promise=("most", 1.0))
    yield Line(
        what="the first time that an edition is read in English",
        ours=other,
        beside="made anew",
        theirs=anew,
    )
    yield Line(
        what="the first page of a server that has just begun",
        ours=first,
        beside="made anew",
        theirs=anew,
    )
    yield Line(
        what="first view as sent: page, style sheet and icon",
        ours=float(server.first_view()),
        beside="promise",
        theirs=float(FIRST_VIEW),
        unit="bytes",
        promise=("most", 1.0),
    )


def _after_a_change(server: "_Server") -> float:
    """Processor seconds of a page whose record has changed since anybody read it."""
    taken = 0.0
    for _ in range(MADE_ANEW):
        server.get("/change")
        taken += server.cpu(server.page, 1, fresh=True, warm=False)
    return taken / MADE_ANEW


class _Server:
    """The site with one more route, on a port of its own."""

    def __init__(self, folder: Path, database: str) -> None:
        command = [sys.executable, "-m", "benchmarks.site_server", str(folder), database]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        told = self.process.stdout.readline() if self.process.stdout else ""
        port, self.page = told.split()
        self.connection = http.client.HTTPConnection("127.0.0.1", int(port))

    def get(self, path: str, headers: dict[str, str] | None = None) -> http.client.HTTPResponse:
        """One answer, read to its end."""
        self.connection.request("GET", path, headers=headers or BROWSER)
        answer = self.connection.getresponse()
        self.last = answer.read()
        return answer

    def cpu(
        self,
        path: str,
        times: int,
        headers: dict[str, str] | None = None,
        *,
        fresh: bool = False,
        warm: bool = True,
    ) -> float:
        """Processor seconds of the server for one answer.

        Args:
            path: what is asked for.
            times: how often.
            headers: of the request.
            fresh: with a query that was never asked before, so that nothing is kept of it.
            warm: asked once before, unmeasured.
        """
        if warm:
            self.get(path, headers)
        before = self._spent()
        for place in range(times):
            self.get(f"{path}?{time.monotonic_ns()}.{place}" if fresh else path, headers)
        return (self._spent() - before) / times

    def first_view(self) -> int:
        """Bytes of the page, its style sheet and its icon as they are sent, without headers."""
        self.get(self.page)
        sent = len(self.last)
        for name in ("site.css", "icon.svg"):
            self.get(f"/static/{name}")
            sent += len(self.last)
        return sent

    def _spent(self) -> float:
        """Processor seconds of all its threads, to the nanosecond."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        told = (each / "schedstat" for each in tasks)
        return sum(int(each.read_text(encoding="ascii").split()[0]) for each in told) / 1e9

    def stop(self) -> None:
        """End the server."""
        self.connection.close()
        self.process.terminate()
        self.process.wait()
