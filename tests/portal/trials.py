"""Three trials of many workers in another's trouble: a wrong secret, a lost store, two restarts.

They run on a PostgreSQL server and an S3 server of their own, which are really stopped and
started. The tests run them with short times, `python -m benchmarks outages` at full length.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Engine, select

from portal.work import worker
from portal.work.runs import Place
from registry import artifacts, database
from registry.evaluations import Evaluation
from registry.settings import Settings
from registry.worklist import State, Work
from tests import servers
from tests.portal.installation import Installation, installed

# The answers stand in the data: a run reads the store, writes to it and has its report signed, and
# opens no sandbox, which has trials of its own.
PLAN: dict[str, Any] = {
    "title": "贷款审批",
    "columns": {
        "target": "repaid",
        "favourable": 1,
        "sensitive": ["sex"],
        "score": "income",
        "cut": 0.0,
    },
    "probes": [{"id": "selection_parity"}, {"id": "error_parity"}],
}


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long a trial takes.

    Args:
        many: evaluations with a worker whose secret is wrong.
        queued: evaluations while the store is away.
        store_away: seconds without the store.
        restarted: evaluations during the two restarts.
        away: seconds that each restart takes.
        apart: seconds between the two.
        lease: seconds a worker may be silent.
        retry: seconds before the first new try.
        patience: seconds after which a trial gives up.
    """

    many: int
    queued: int
    store_away: float
    restarted: int
    away: float
    apart: float
    lease: float
    retry: float
    patience: float


SHORT = Lengths(
    many=6,
    queued=3,
    store_away=4.0,
    restarted=4,
    away=1.0,
    apart=1.0,
    lease=3.0,
    retry=0.2,
    patience=240.0,
)
FULL = Lengths(
    many=10,
    queued=6,
    store_away=110.0,
    restarted=9,
    away=15.0,
    apart=30.0,
    lease=30.0,
    retry=5.0,
    patience=1800.0,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a trial's evaluations.

    Args:
        rows: their work, as it ended.
    """

    rows: list[Work]

    def count(self, state: State) -> int:
        """How many ended so."""
        return sum(row.state == state for row in self.rows)

    @property
    def attempts(self) -> int:
        """Attempts that were counted."""
        return sum(row.attempts for row in self.rows)

    @property
    def returned(self) -> int:
        """How often work was put off."""
        return sum(row.returned for row in self.rows)


@dataclass
class Ground:
    """An installation on servers that can be stopped, and workers on it."""

    place: Installation
    postgres: servers.Postgres
    s3: servers.S3
    lengths: Lengths
    engines: list[Engine] = field(default_factory=list)

    @contextmanager
    def workers(self, *named: tuple[str, Settings]) -> Iterator[None]:
        """The real work loop under each name, each with its own connections, until the end."""
        ending = threading.Event()
        threads = []
        for name, settings in named:
            engine = database.connect(settings.database_url)
            self.engines.append(engine)
            surroundings = Place(
                settings, database.sessions(engine), artifacts.open_store(settings)
            )
            thread = threading.Thread(
                target=worker.work,
                args=(surroundings, name, {}),
                kwargs={"ending": ending},
                name=name,
            )
            threads.append(thread)
            thread.start()
        try:
            yield
        finally:
            ending.set()
            for thread in threads:
                thread.join()
            for engine in self.engines:
                engine.dispose()

    def request(self, number: int) -> list[Evaluation]:
        """Register so many plans."""
        return [self.place.register(PLAN | {"title": f"第 {n} 次"}) for n in range(number)]

    def rows(self, made: list[Evaluation]) -> list[Work]:
        """Their work as it stands."""
        wanted = select(Work).where(Work.id.in_([each.work_id for each in made]))
        with self.place.factory() as session:
            return list(session.scalars(wanted))

    def until(self, true: Callable[[list[Work]], bool], made: list[Evaluation]) -> list[Work]:
        """The rows as soon as they are so."""
        deadline = time.monotonic() + self.lengths.patience
        while not true(rows := self.rows(made)):
            if time.monotonic() > deadline:
                raise TimeoutError([(row.state, row.said_en, row.error) for row in rows])
            time.sleep(0.02)
        return rows

    def ended(self, made: list[Evaluation]) -> Outcome:
        """What became of them, once each has ended or is parked."""
        on = (State.QUEUED, State.RUNNING)
        return Outcome(self.until(lambda rows: all(row.state not in on for row in rows), made))


@contextmanager
def ground(folder: Path, lengths: Lengths) -> Iterator[Ground]:
    """Servers of the trial's own, and an installation on them.

    Args:
        folder: an empty folder.
        lengths: of the trials to come.
    """
    with ExitStack() as stack:
        postgres = stack.enter_context(servers.own_postgres())
        url = stack.enter_context(servers.fresh_database(postgres.url))
        (folder / "s3").mkdir()
        s3 = stack.enter_context(servers.running(servers.S3(folder / "s3")))
        chosen: dict[str, Any] = {
            "database": url,
            "store": "s3://trials/artifacts",
            "s3_endpoint": s3.where.endpoint,
            "s3_key": s3.where.key,
            "s3_secret": SecretStr(s3.where.secret),
            "lease": lengths.lease,
            "retry_seconds": lengths.retry,
        }
        place = stack.enter_context(installed(folder, **chosen))
        yield Ground(place, postgres, s3, lengths)


def wrong_secret(ground: Ground) -> Outcome:
    """Three workers, one of which has a wrong secret for the store, and many evaluations."""
    right = ground.place.settings
    wrong = right.model_copy(update={"s3_secret": SecretStr("wrong")})
    with ground.workers(("wrong", wrong), ("first", right), ("second", right)):
        return ground.ended(ground.request(ground.lengths.many))


def lost_store(ground: Ground) -> Outcome:
    """The store stops for long while evaluations are queued, and one may run."""
    right = ground.place.settings
    made = ground.request(ground.lengths.queued)
    with ground.workers(*((name, right) for name in ("first", "second", "third"))):
        ground.until(lambda rows: any(row.state == State.RUNNING for row in rows), made)
        ground.s3.stop()
        time.sleep(ground.lengths.store_away)
        ground.s3.start()
        return ground.ended(made)


def two_restarts(ground: Ground) -> Outcome:
    """The database restarts, then the store, while evaluations run."""
    right = ground.place.settings
    made = ground.request(ground.lengths.restarted)
    with ground.workers(*((name, right) for name in ("first", "second", "third"))):
        ground.until(lambda rows: any(row.state == State.RUNNING for row in rows), made)
        ground.postgres.stop()
        time.sleep(ground.lengths.away)
        ground.postgres.start()
        time.sleep(ground.lengths.apart)
        ground.s3.stop()
        time.sleep(ground.lengths.away)
        ground.s3.start()
        return ground.ended(made)
