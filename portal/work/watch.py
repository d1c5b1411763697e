"""What keeps a run honest while it goes: the heartbeat, the budget and the way to stop it."""

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from registry import scoring, worklist
from registry.database import transaction
from registry.errors import Unavailable
from registry.language import Text
from registry.scoring import Answers, Failure, Scorer
from registry.worklist import Cancelled, Claim, ClaimLost

FRAMES = 4  # frames between two looks at whether to go on

log = structlog.get_logger(__name__)

Charge = Callable[[Session, str, int], bool]


class Watch:
    """Holds one claim: beats in a thread of its own, and knows when the run has to stop.

    Args:
        factory: sessions on the database.
        held: the claim.
        lease: seconds that each beat buys.
    """

    def __init__(self, factory: sessionmaker[Session], held: Claim, *, lease: float) -> None:
        self.factory, self.held, self.lease = factory, held, lease
        self._over = threading.Event()
        self._reason: ClaimLost | Cancelled | None = None
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._over.wait(self.lease / 3):
            try:
                with transaction(self.factory) as session:
                    worklist.beat(session, self.held, lease=self.lease)
            except (ClaimLost, Cancelled) as reason:
                self._reason = reason
                return
            except (SQLAlchemyError, Unavailable) as error:
                log.warning("beat_missed", work=self.held.work_id, error=type(error).__name__)

    def check(self) -> None:
        """Raise `ClaimLost` or `Cancelled` once a beat has met one."""
        if self._reason is not None:
            raise self._reason

    def progress(self, done: int, total: int, said: Text) -> None:
        """Say how far the run is; raises as `check` does."""
        self.check()
        with transaction(self.factory) as session:
            worklist.progress(session, self.held, done=done, total=total, said=said)


class ChargedScorer:
    """A scorer whose rounds are charged before they run, once however often they run.

    A round is known by its place in the run and the digest of its rows: a run that begins again
    with the same nonce asks the same rounds, and pays for none of them twice.

    Args:
        scorer: what answers.
        watch: asked before each few rounds whether to go on.
        charge: puts a round on the account, in the transaction that holds the claim.
    """

    def __init__(self, scorer: Scorer, watch: Watch, charge: Charge) -> None:
        self._scorer, self._watch, self._charge = scorer, watch, charge
        self.rounds = 0
        self.predictions = 0

    def score(self, frames: Sequence[pa.Table]) -> list[Answers]:
        """One array per frame, in the order of `frames`."""
        answers: list[Answers] = []
        for start in range(0, len(frames), FRAMES):
            few = frames[start : start + FRAMES]
            self._pay(few)
            answers += self._scorer.score(few)
        return answers

    def apart(self, frames: Sequence[pa.Table]) -> list[Answers | Failure]:
        """Per frame its answers or why there are none, in the order of `frames`; all are charged."""
        found: list[Answers | Failure] = []
        for start in range(0, len(frames), FRAMES):
            few = frames[start : start + FRAMES]
            self._pay(few)
            found += scoring.apart(self._scorer, few)
        return found

    def _pay(self, frames: Sequence[pa.Table]) -> None:
        self._watch.check()
        with transaction(self._watch.factory) as session:
            worklist.hold(session, self._watch.held)
            for frame in frames:
                self._charge(session, round_digest(self.rounds, frame), frame.num_rows)
                self.rounds += 1
                self.predictions += frame.num_rows

    @property
    def provenance(self) -> Mapping[str, Any]:
        """How the answers came about."""
        return self._scorer.provenance


def round_digest(place: int, frame: pa.Table) -> str:
    """What identifies a round: its place in the run and the rows that were asked."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, frame.schema) as stream:
        stream.write_table(frame.combine_chunks())
    counted = hashlib.sha256(b"round %d\n" % place)
    counted.update(sink.getvalue())
    return counted.hexdigest()
