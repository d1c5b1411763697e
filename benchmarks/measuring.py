"""What a benchmark is: lines of ours against another, each with the ratio that is promised.

Every module of this package that stands in `benchmarks.__main__.TABLE` has a docstring whose first
line is its title, and a function `lines()` that yields `Line`s. Times are CPU seconds of this
process and its children, medians of several runs; ratios are of medians taken in one run, so that
they hold on other machines too.
"""

import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Line:
    """One thing measured beside another.

    Args:
        what: what we did, in words.
        ours: what it took.
        beside: what it is held against, in words.
        theirs: what that took.
        unit: of both.
        promise: `("most", 3.0)` or `("least", 300.0)`; None where nothing is promised.
        note: what else a reader must know.
    """

    what: str
    ours: float
    beside: str
    theirs: float
    unit: str = "CPU-s"
    promise: tuple[Literal["most", "least"], float] | None = None
    note: str = ""

    @property
    def ratio(self) -> float:
        """Ours over theirs; theirs over ours where a least is promised."""
        least = self.promise is not None and self.promise[0] == "least"
        return self.theirs / self.ours if least else self.ours / self.theirs

    @property
    def kept(self) -> bool | None:
        """Whether the promise is kept; None where there is none."""
        if self.promise is None:
            return None
        bound, value = self.promise
        return self.ratio <= value if bound == "most" else self.ratio >= value

    def as_json(self) -> dict[str, Any]:
        """The line as it is kept."""
        return {
            "what": self.what, "ours": self.ours, "beside": self.beside, "theirs": self.theirs,
            "unit": self.unit, "ratio": self.ratio, "kept": self.kept, "note": self.note,
            "promise": None if self.promise is None else list(self.promise),
        }  # fmt: skip


def cpu_seconds(call: Callable[[], object], *, runs: int = 5, warm: int = 1) -> float:
    """The median CPU seconds of `call`, children that have ended included.

    Args:
        call: what is measured.
        runs: how often.
        warm: how often it is called before, unmeasured.
    """
    for _ in range(warm):
        call()
    return statistics.median(_cpu(call) for _ in range(runs))


def beside(
    ours: Callable[[], object], theirs: Callable[[], object], *, runs: int = 5, warm: int = 1
) -> tuple[float, float]:
    """The median CPU seconds of two calls, taken in turns so that both meet the same machine."""
    for _ in range(warm):
        ours()
        theirs()
    taken = [(_cpu(ours), _cpu(theirs)) for _ in range(runs)]
    return statistics.median(t[0] for t in taken), statistics.median(t[1] for t in taken)


def wall_seconds(call: Callable[[], object], *, runs: int = 3) -> float:
    """The median seconds by the clock, where two cores are to take half of them."""
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def _cpu(call: Callable[[], object]) -> float:
    before = _spent()
    call()
    return _spent() - before


def _spent() -> float:
    mine, ended = (
        resource.getrusage(resource.RUSAGE_SELF),
        resource.getrusage(resource.RUSAGE_CHILDREN),
    )
    return mine.ru_utime + mine.ru_stime + ended.ru_utime + ended.ru_stime
