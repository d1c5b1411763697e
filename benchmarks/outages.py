"""Another's trouble: evaluations that fail for a wrong secret, a lost store or two restarts.

The trials of `tests.portal.trials` at full length, on a PostgreSQL server and an S3 server of their
own: three workers, one with a wrong S3 secret, and ten evaluations; the store stopped for 110
seconds while six are queued; PostgreSQL stopped for 15 seconds and the store for 15 half a minute
later, while nine run. Each line counts what failed or was parked, and the attempts that were counted
though no process had died, against the number of evaluations. Five minutes and more by the clock.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import Line
from registry.worklist import State
from tests.portal import trials


def lines() -> Iterator[Line]:
    """Each trial, and what it cost the evaluations: nothing is promised."""
    for trial, what in (
        (trials.wrong_secret, "one worker of three with a wrong secret"),
        (trials.lost_store, "the store away for 110 s"),
        (trials.two_restarts, "database and store away for 15 s each"),
    ):
        with (
            tempfile.TemporaryDirectory(prefix="mingsuan-outages-") as folder,
            trials.ground(Path(folder), trials.FULL) as ground,
        ):
            outcome = trial(ground)
        number = len(outcome.rows)
        lost = number - outcome.count(State.DONE)
        yield Line(
            f"{what}: failed or parked",
            float(lost),
            "evaluations",
            float(number),
            unit="evaluations",
            promise=("most", 0.0),
            note=f"put off {outcome.returned} times",
        )
        yield Line(
            f"{what}: attempts counted",
            float(outcome.attempts),
            "evaluations",
            float(number),
            unit="",
            promise=("most", 0.0),
        )
