"""Real worker processes on a real model in the sandbox: done, killed, stalled, cancelled, failed."""

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import pyarrow as pa
import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from evaluators.plan import Plan
from evaluators.running import engine as evaluation_engine
from portal.work import runs, signer, signer_key, worker
from portal.work.runs import Place
from portal.work.watch import Watch
from registry import (
    artifacts,
    attendance,
    attestation,
    datasets,
    evaluations,
    explanations,
    journal,
    keys,
    outbox,
    reports,
    worklist,
)
from registry.database import transaction
from registry.engagements import Round
from registry.evaluations import Evaluation
from registry.explanations import Explanation
from registry.reports import Report
from registry.sandbox.limits import Limits
from registry.sandbox.runtime import RuntimeNotReady, not_ready
from registry.sandbox.verdict import SlowToStart
from registry.worklist import State, Work
from tests.portal.installation import PLAN, Installation, installed
from tests.processes import worker_process

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
LEASE = 6.0  # seconds: the machine may be busy, and a beat late is no death
# Asks about everyone with eight other debts: enough rounds to be killed between two of them.
LONG_PLAN = PLAN | {
    "title": "问得多的一次",
    "probes": [
        {
            "id": "counterfactual_flip",
            "change": ["debt"],
            "values": {"debt": [round(-2 + 0.3 * n, 1) for n in range(8)]},
        }
    ],
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation on SQLite, shared by the tests of this module."""
    with installed(tmp_path_factory.mktemp("w"), lease=LEASE) as made:
        yield made


def until(true: Callable[[], Any], seconds: float = 240) -> Any:
    """What `true` returns as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        if time.monotonic() > deadline:
            raise TimeoutError(true)
        time.sleep(0.05)
    return found


def rounds(place: Installation, made: Evaluation | Explanation) -> int:
    """How many rounds were charged so far."""
    mine = select(func.count()).select_from(Round).where(Round.subject_id == made.id)
    with place.factory() as session:
        return session.scalars(mine).one()


def ended(place: Installation, made: Evaluation) -> Work:
    """The work once it has ended."""
    until(lambda: place.work(made).state not in worklist.LIVE)
    return place.work(made)


def holder(place: Installation, made: Evaluation, of: dict[str, Any]) -> str:
    """Which of the processes holds the work."""
    name = str(place.work(made).worker)
    (found,) = [key for key, process in of.items() if name.endswith(f":{process.pid}")]
    return found


def events(place: Installation, subject: str) -> list[str]:
    with place.factory() as session:
        return [event.name for event in journal.history(session, subject)]


class Opened:
    """Our own small model opened in the test itself: an undisturbed second opinion."""

    provenance: Mapping[str, Any] = {"tier": "none"}

    def __init__(self, folder: Path) -> None:
        self.session = onnxruntime.InferenceSession(folder / "model.onnx")

    def score(self, frames: Sequence[pa.Table]) -> list[npt.NDArray[np.float64]]:
        columns = ("income", "debt")
        asked = (np.column_stack([frame[name].to_numpy() for name in columns]) for frame in frames)
        return [self.session.run(None, {"x": rows})[0][:, 0] for rows in asked]


def others(place: Installation, made: Evaluation) -> list[Plan]:
    """The plans that stood on the version when the nonce was issued."""
    with place.factory() as session:
        issued = evaluations.get(session, made.id).nonce_issued
        runs_ = reports.registered(session, made.version_id)
    return [
        Plan.parse(attestation.parse(run.evaluation.plan.encode()))
        for run in runs_
        if run.evaluation.id != made.id and issued and run.evaluation.created < issued
    ]


def before_it(place: Installation, made: Evaluation) -> list[str]:
    """The reports about the same data that were handed in before."""
    older = select(Report.id).order_by(Report.created, Report.id)
    with place.factory() as session:
        mine = session.get_one(Report, made.id)
        return list(session.scalars(older.where(Report.created < mine.created)))


def check_one_report(place: Installation, made: Evaluation) -> None:
    """One report; every round charged once; the findings are those of an undisturbed run."""
    predicate = reports.statement(place.report(made))["predicate"]
    asked = predicate["provenance"]["asked"]
    with place.factory() as session:
        paid = select(func.sum(Round.predictions)).where(Round.subject_id == made.id)
        assert session.scalars(paid).one() == asked["predictions"] <= made.predictions
    assert rounds(place, made) == asked["rounds"]
    public = predicate["evidence"]["public"]["content"]
    assert [one["report"] for one in public.get("earlier", [])] == before_it(place, made)
    assert events(place, made.id).count("report:statement:handed_in") == 1
    assert events(place, made.id).count("evaluation:nonce:issued") == 1
    again = evaluation_engine.run(
        Plan.parse(predicate["plan"]["content"]),
        datasets.load(place.store, place.dataset),
        scorer=Opened(artifacts.cached_directory(place.store, place.version, place.settings)),
        nonce=predicate["nonce"],
        registered=others(place, made),
    )
    assert again.findings_digest == predicate["findings_digest"]
    assert attestation.digest(predicate["findings"]) == predicate["findings_digest"]


def test_a_registered_plan_becomes_a_signed_report(place: Installation, own_signals: None) -> None:
    made = place.register()
    worker.run(place.settings, once=True)
    work = ended(place, made)
    assert (work.state, work.attempts, work.error) == (State.DONE, 0, None)
    report = place.report(made)
    predicate = reports.statement(report)["predicate"]
    assert predicate["task"] == "decision"
    assert {probe["id"] for probe in predicate["probes"]} == {"selection_parity", "error_parity"}
    assert predicate["provenance"]["tier"] in {"A", "B"}
    assert predicate["evidence"]["public"]["content"]["plan"] == made.plan_digest
    assert predicate["statements"]
    with place.factory() as session:
        sealed = reports.sealed_evidence(
            session, place.store, by=place.tester, report_id=report.id
        )
        assert attestation.digest(sealed) == predicate["evidence"]["sealed"]["digest"]
        assert set(keys.platform(session)) == set(
            attestation.signatures(attestation.decode(report.envelope))
        )
    with transaction(place.factory) as session:
        signed = place.countersigned(report)
        reports.countersign(session, by=place.tester, report_id=report.id, envelope_text=signed)


def test_rounds_that_may_break_a_model_are_all_charged(
    place: Installation, own_signals: None
) -> None:
    robust = {"id": "robustness", "kinds": ["missing", "out_of_range"]}
    made = place.register(PLAN | {"title": "缺了和超出", "probes": [robust]})
    worker.run(place.settings, once=True)
    asked = reports.statement(place.report(made))["predicate"]["provenance"]["asked"]
    assert asked["rounds"] == rounds(place, made)
    assert asked["predictions"] == charged(place, made)
    calm, missing, strange = 4 + 2, 2, 4  # four that check it, the rows as they are and again
    assert asked["rounds"] == calm + missing + strange


def charged(place: Installation, made: Evaluation | Explanation) -> int:
    """How many predictions were charged so far."""
    mine = select(func.sum(Round.predictions)).where(Round.subject_id == made.id)
    with place.factory() as session:
        return int(session.scalars(mine).one())


def test_an_explanation_is_made_and_approved(place: Installation, own_signals: None) -> None:
    made = place.explain()
    worker.run(place.settings, once=True)
    assert place.work(made).error is None
    with transaction(place.factory) as session:
        done = explanations.approve(session, by=place.filer, explanation_id=made.id)
        assert done.content is not None
        assert done.content["questions"]
        assert done.digest == attestation.digest(done.content)
    assert rounds(place, made) > 0


def test_a_killed_workers_evaluation_is_finished_by_another(
    place: Installation, tmp_path: Path
) -> None:
    made = place.register(LONG_PLAN)
    with ExitStack() as stack:
        of = {
            name: stack.enter_context(worker_process(place.settings, tmp_path / name))
            for name in ("first", "second")
        }
        until(lambda: rounds(place, made) > 2)
        victim = holder(place, made, of)
        of[victim].send_signal(signal.SIGKILL)
        of[victim].wait()
        begun = rounds(place, made)
        assert place.work(made).state == State.RUNNING
        work = ended(place, made)
        (other,) = set(of) - {victim}
        assert holder(place, made, of) == other
    assert work.state == State.DONE, work.error
    assert (work.attempts, work.claim) == (1, 2)
    assert rounds(place, made) > begun
    check_one_report(place, made)


@pytest.mark.postgres
def test_a_stalled_worker_is_fenced_off_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    with ExitStack() as stack:
        place = stack.enter_context(installed(tmp_path, lease=LEASE, database=postgres_url))
        made = place.register(LONG_PLAN)
        logs = {name: tmp_path / f"{name}.log" for name in ("first", "second")}
        of = {
            name: stack.enter_context(worker_process(place.settings, log))
            for name, log in logs.items()
        }
        until(lambda: rounds(place, made) > 2)
        zombie = holder(place, made, of)
        of[zombie].send_signal(signal.SIGSTOP)
        (other,) = set(of) - {zombie}
        until(lambda: holder(place, made, of) == other)
        of[zombie].send_signal(signal.SIGCONT)
        until(lambda: b'"claim_lost"' in logs[zombie].read_bytes())
        work = ended(place, made)
        assert work.state == State.DONE, work.error
        assert (work.claim, holder(place, made, of)) == (2, other)
        check_one_report(place, made)


def test_cancelled_work_stops_between_rounds_and_leaves_no_report(
    place: Installation, tmp_path: Path
) -> None:
    made = place.register(LONG_PLAN | {"title": "要取消的一次"})
    with worker_process(place.settings, tmp_path / "log"):
        until(lambda: rounds(place, made) > 0)
        with transaction(place.factory) as session:
            worklist.cancel(session, by=place.tester, work_id=str(made.work_id))
        assert ended(place, made).state == State.CANCELLED
    with pytest.raises(reports.ReportNotFound):
        place.report(made)


def test_a_worker_that_is_told_to_end_gives_its_work_back(
    place: Installation, tmp_path: Path
) -> None:
    made = place.register(LONG_PLAN | {"title": "要放回的一次"})
    with worker_process(place.settings, tmp_path / "log") as process:
        until(lambda: rounds(place, made) > 0)
        process.terminate()
        assert process.wait(60) == 0
    work = place.work(made)
    assert (work.state, work.attempts) == (State.QUEUED, 0)
    with transaction(place.factory) as session:
        worklist.cancel(session, by=place.tester, work_id=work.id)


@pytest.mark.parametrize(
    ("wrong", "item"),
    [
        ({"columns": PLAN["columns"] | {"sensitive": ["no_such_column"]}}, "no_such_column"),
        ({"reference": {PLAN["columns"]["sensitive"][0]: "nobody"}}, "reference."),
    ],
)
def test_a_run_that_cannot_be_says_why_in_both_languages(
    place: Installation, own_signals: None, wrong: dict[str, Any], item: str
) -> None:
    made = place.register(PLAN | wrong)
    worker.run(place.settings, once=True)
    work = ended(place, made)
    assert work.state == State.FAILED
    assert work.error is not None
    assert work.error["zh"]
    assert work.error["en"]
    (reason,) = work.error["reasons"]
    assert reason["item"].startswith(item)
    with pytest.raises(reports.ReportNotFound):
        place.report(made)


def test_work_of_an_unknown_kind_and_unforeseen_errors_fail_with_advice(
    place: Installation, own_signals: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_place: Place, _watch: Watch, _subject: str) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(runs.RUNS, "broken", broken)
    made: dict[str, str] = {}
    for kind in ("unknown", "broken"):
        with transaction(place.factory) as session:
            by = place.tester.organisation_id
            made[kind] = worklist.request(
                session, kind=kind, subject_id="x", organisation_id=by, dedup=kind
            ).id
    worker.run(place.settings, once=True)
    with place.factory() as session:
        errors = {kind: worklist.get(session, work_id).error for kind, work_id in made.items()}
    assert errors["unknown"] is not None
    assert errors["unknown"]["kind"] == "UnknownWork"
    assert errors["broken"] is not None
    assert errors["broken"]["kind"] == "Unforeseen"
    assert made["broken"] in errors["broken"]["zh"]


def test_work_does_not_wait_for_what_an_effect_needs(
    place: Installation, own_signals: None
) -> None:
    """The first effect imports MLflow, which takes as long as a small evaluation."""
    go, given, ending = threading.Event(), list[object](), threading.Event()

    class Slow:
        def ready(self) -> None:
            assert go.wait(120)

        def __call__(self, _session: Session, payload: Mapping[str, Any]) -> None:
            given.append(payload["key"])

    with transaction(place.factory) as session:
        outbox.add(session, "slow", "slow", {"key": 1})
    here = Place(place.settings, place.factory, place.store)
    appliers = {"slow": Slow()}
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(worker.work, here, "w", appliers, ending=ending)
        try:
            time.sleep(2 * worker.IDLE_SECONDS)  # the start of the effect is under way
            with transaction(place.factory) as session:
                by = place.tester.organisation_id
                made = worklist.request(
                    session, kind="unheard", subject_id="x", organisation_id=by, dedup="unheard"
                ).id
            until(lambda: _state(place, made) == State.FAILED, 30)
            assert given == []
            go.set()
            until(lambda: given == [1], 30)
        finally:
            go.set()
            ending.set()
        working.result(30)


def _state(place: Installation, work_id: str) -> State:
    with place.factory() as session:
        return State(worklist.get(session, work_id).state)


def test_without_a_signer_nothing_is_begun(tmp_path: Path, own_signals: None) -> None:
    """scale/1: it is not even claimed, so another worker may take it at once."""
    with installed(tmp_path) as place:
        pass
    made = place.register()
    with pytest.raises(signer.SignerUnreachable):
        worker.run(place.settings, once=True)
    work = place.work(made)
    assert (work.state, work.claim, work.worker, work.returned) == (State.QUEUED, 0, None, 0)


def test_a_worker_that_claims_nothing_says_why(tmp_path: Path, own_signals: None) -> None:
    """scale/1, 9: the work stayed queued, and nowhere was it told what is away."""
    with installed(tmp_path) as place:
        pass
    work = place.work(place.register())
    here = Place(place.settings, place.factory, place.store)
    with pytest.raises(signer.SignerUnreachable) as away:
        worker.work(here, "w", {}, once=True)
    with place.factory() as session:
        told = attendance.why_queued(session, work)
    assert told is not None
    assert away.value.said.zh in told.zh
    assert away.value.said.en in told.en


def test_before_the_sandboxs_runtime_is_prepared_nothing_is_claimed(
    place: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaker, issue 7, F2: a slow machine failed evaluations for good, as internal errors."""

    def slow(_settings: object) -> None:
        raise not_ready()

    monkeypatch.setattr(worker, "probe_tier", slow)
    with transaction(
        place.factory
    ) as session:  # workers that other tests killed said nothing of it
        session.execute(delete(attendance.Worker))
    made = place.register()
    here = Place(place.settings, place.factory, place.store)
    with pytest.raises(RuntimeNotReady) as away:
        worker.work(here, "w", {}, once=True)
    work = place.work(made)
    assert (work.state, work.claim, work.attempts, work.returned) == (State.QUEUED, 0, 0, 0)
    with place.factory() as session:
        told = attendance.why_queued(session, work)
    assert told is not None
    assert away.value.said.zh in told.zh
    with transaction(place.factory) as session:
        worklist.cancel(session, by=place.tester, work_id=work.id)


def test_a_sandbox_that_starts_too_slowly_fails_nobody_s_work(
    place: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Issue 7, 13: a slow machine or a cold disk failed an evaluation for good."""
    of = Limits.of
    monkeypatch.setattr(Limits, "of", lambda settings: replace(of(settings), start_seconds=0.0))
    made = place.register(PLAN | {"title": "沙箱起得慢的一次"})
    here = Place(place.settings, place.factory, place.store)
    with pytest.raises(SlowToStart) as away:
        worker.work(here, "w", {}, once=True)
    work = place.work(made)
    assert (work.state, work.attempts, work.returned) == (State.QUEUED, 0, 1)
    assert work.not_before is not None
    assert away.value.said.zh in work.said_zh
    assert away.value.said.en in work.said_en
    with transaction(place.factory) as session:
        worklist.cancel(session, by=place.tester, work_id=work.id)


def test_the_logs_hold_no_secret(place: Installation, tmp_path: Path) -> None:
    log = tmp_path / "log"
    made = place.register(PLAN | {"title": "看日志的一次"})
    with worker_process(place.settings, log):
        ended(place, made)
        until(lambda: '"handed_in"' in log.read_text())  # written after what `ended` sees
    text = log.read_text()
    nonce = reports.statement(place.report(made))["predicate"]["nonce"]
    private = signer_key.key_path(place.settings).read_text().splitlines()[1]
    for secret in (nonce, private):
        assert secret not in text


def test_work_whose_workers_died_goes_on_when_asked_again_and_is_charged_once(
    place: Installation, own_signals: None
) -> None:
    """security/A4: three deaths had ended it for good, with its charge and without a report."""
    plan = PLAN | {"title": "进程三次中断的一次"}
    made = place.register(plan)
    for _ in range(worklist.MAX_ATTEMPTS):
        with transaction(place.factory) as session:
            held = worklist.claim(session, worker="dies", lease=0.0)
            assert held is not None
        with transaction(place.factory) as session:
            evaluations.charge(session, made, digest="ab" * 32, predictions=750)
        time.sleep(0.01)
    with transaction(place.factory) as session:
        assert worklist.claim(session, worker="next", lease=60.0) is None
    parked = place.work(made)
    assert (parked.state, parked.attempts) == (State.PARKED, worklist.MAX_ATTEMPTS)
    assert spent(place, made) == 750

    again = place.register(plan)
    assert again.id == made.id
    assert spent(place, made) == 750
    worker.run(place.settings, once=True)
    assert ended(place, made).state == State.DONE
    asked = reports.statement(place.report(made))["predicate"]["provenance"]["asked"]
    assert spent(place, made) == 750 + asked["predictions"]


def spent(place: Installation, made: Evaluation) -> int:
    """Predictions that were charged to the evaluation."""
    paid = select(func.coalesce(func.sum(Round.predictions), 0)).where(Round.subject_id == made.id)
    with place.factory() as session:
        return session.scalars(paid).one()
