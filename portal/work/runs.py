"""What a worker does with one piece of work: run it, state what came of it, have it signed."""

import io
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.orm import Session, sessionmaker

from evaluators.judging import captions, counted
from evaluators.plan import Plan, PlanInvalid
from evaluators.running import data_doubts, engine, planning
from evaluators.running.data import Source
from evaluators.running.data_doubts import Doubt
from evaluators.running.engine import Outcome
from explainers import explanation
from explainers.plan import ExplanationPlan
from filing.law import FILING_STATEMENT
from portal.work import before, enrolment, predicates, signer
from portal.work.before import OvertakenByAnother
from portal.work.signer import SignerUnreachable
from portal.work.watch import Charge, ChargedScorer, Watch
from registry import (
    artifacts,
    attestation,
    class_names,
    datasets,
    engagements,
    evaluations,
    explanations,
    model_inputs,
    reports,
    statements,
    submission,
    yardsticks,
)
from registry.artifacts import ArtifactStore
from registry.database import now, transaction
from registry.datasets import Dataset
from registry.errors import RegisterError
from registry.evaluations import Evaluation
from registry.reports import Report
from registry.sandbox.child.classes import Classes
from registry.scoring import SandboxScorer
from registry.settings import Settings
from registry.submission import Version
from registry.worklist import Claim

SIGNER_SECONDS = 60.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """What a worker works with: settings, database, store."""

    settings: Settings
    factory: sessionmaker[Session]
    store: ArtifactStore


def evaluate(place: Place, watch: Watch, evaluation_id: str) -> None:
    """Run a registered plan and hand the signed report in.

    Args:
        place: the worker's surroundings.
        watch: the claim on the work.
        evaluation_id: which evaluation.

    Raises:
        RegisterError: whatever keeps the run from a report, in words for its requester.
    """
    started = now()
    with transaction(place.factory) as session:  # committed before anything is drawn from it
        nonce = evaluations.issue_nonce(session, evaluation_id)
    with place.factory() as session:
        made = evaluations.get(session, evaluation_id)
        version = submission.get(session, made.version_id)
        dataset = datasets.get(session, made.dataset_id)
        others = list(_plans_before(session, made))
    plan = planning.parse(attestation.parse(made.plan.encode()))
    asked = plan.columns.inputs  # without inputs the answers stand in the data
    charge = _charge_evaluation(made)
    reading = plan.columns.reading
    rows = datasets.load(place.store, dataset, _words(version) if asked else ())
    source = Source(rows)
    source.check_references(plan)
    asking = _asking(place, watch, version, charge, nonce, reading) if asked else nullcontext()
    with asking as scorer:
        outcome = engine.run(
            plan,
            rows,
            scorer=scorer,
            nonce=nonce,
            progress=watch.progress,
            registered=others,
        )
    watch.check()
    doubts = data_doubts.of(plan, source)
    provenance = _provenance(place, scorer, started)
    while True:
        with place.factory() as session:
            known = before.known(session, place.store, made, plan, model_digest=version.digest)
        try:
            _publish(place, watch, made, plan, outcome.beside(known), doubts, provenance)
        except OvertakenByAnother:
            continue
        return


def _publish(
    place: Place,
    watch: Watch,
    made: Evaluation,
    plan: Plan,
    outcome: Outcome,
    doubts: Sequence[Doubt],
    provenance: Mapping[str, Any],
) -> None:
    """State what came of a run, have it signed and hand it in."""
    sealed = attestation.canonical(outcome.sealed_evidence)
    with place.factory() as session:
        version = submission.get(session, made.version_id)
        dataset = datasets.get(session, made.dataset_id)
        measured = _measured(plan, made, dataset, outcome, doubts) | {
            "evidence": {
                "public": predicates.digested(outcome.public_evidence),
                "sealed": {"digest": place.store.put(io.BytesIO(sealed))},
            },
            "provenance": _asked(provenance, outcome),
        }
        payload = statements.make(
            statements.REPORT,
            subject=reports.subject(session, version),
            digest=version.digest,
            predicate=_recorded(session, made, outcome) | measured,
        )

    def hand_in(session: Session, *, held: Claim, envelope_text: str) -> None:
        before.check(session, made, plan, outcome.evidence.before)
        reports.hand_in(session, held=held, envelope_text=envelope_text)

    _deliver(place, watch, payload, hand_in)


def _asked(provenance: Mapping[str, Any], outcome: Outcome) -> dict[str, Any]:
    """How it was made; how often the model was asked tells how many rows there are."""
    withheld = outcome.evidence.rows is None
    return {**provenance, "asked": {} if withheld else provenance["asked"]}


def _recorded(session: Session, made: Evaluation, outcome: Outcome) -> dict[str, Any]:
    """What is on record, without the number of rows where the audit withholds it."""
    recorded = reports.on_record(session, made)
    return {**recorded, "data": {**recorded["data"], "rows": outcome.evidence.rows}}


def _plans_before(session: Session, made: Evaluation) -> Iterator[Plan]:
    """The other plans registered on the version before this run's nonce was issued."""
    for run in reports.registered(session, made.version_id):
        other, issued = run.evaluation, made.nonce_issued
        if other.id == made.id or issued is None or other.created >= issued:
            continue
        try:
            yield planning.parse(attestation.parse(other.plan.encode()))
        except PlanInvalid:  # a probe that is no longer installed; it must not stop this run
            log.warning("plan_not_counted", evaluation=other.id)


def _charge_evaluation(made: Evaluation) -> Charge:
    def _charge(session: Session, digest: str, predictions: int) -> bool:
        return evaluations.charge(session, made, digest=digest, predictions=predictions)

    return _charge


def _measured(
    plan: Plan, made: Evaluation, dataset: Dataset, outcome: Outcome, doubts: Sequence[Doubt] = ()
) -> dict[str, Any]:
    """The part of the predicate that the run adds to what is on record."""
    given = {"plan.json": made.plan_digest, f"dataset/{dataset.id}": dataset.digest}
    return predicates.measured(plan, outcome, given, doubts)


def explain(place: Place, watch: Watch, explanation_id: str) -> None:
    """Make a requested explanation and hand it in, signed.

    Args:
        place: the worker's surroundings.
        watch: the claim on the work.
        explanation_id: which explanation.

    Raises:
        RegisterError: whatever keeps the run from a text, in words for its requester.
    """
    started = now()
    with transaction(place.factory) as session:
        nonce = explanations.issue_nonce(session, explanation_id)
    with place.factory() as session:
        made = explanations.get(session, explanation_id)
        version = submission.get(session, made.version_id)
        dataset = datasets.get(session, made.dataset_id)
        report = reports.get(session, made.report_id) if made.report_id else None
        counting = yardsticks.counting(session, made.version_id, version.digest)
    if counting and counting[0].differences(made.plan):
        counting = []  # a report that came in since; approval names the differences
    explanations.check_keys(made.plan)  # an earlier release let any into the record
    asked, classes = dict(made.plan), class_names.of_explanation(made.plan)
    for key in ("classes", "favourable"):
        asked.pop(key, None)
    declared = asked.pop("declared", None)
    asked["unit"] = _unit(dataset) or asked.get("unit")

    def charge(session: Session, digest: str, predictions: int) -> bool:
        return engagements.charge(
            session, subject_id=explanation_id, digest=digest, predictions=predictions
        )

    with _asking(place, watch, version, charge, nonce, classes) as scorer:
        table = datasets.load(place.store, dataset, _words(version))
        plan = ExplanationPlan.make(
            table,
            asked.pop("columns"),
            cut=asked.pop("cut", None),
            classes=classes,
            nonce=nonce,
            **asked | {"k": place.settings.k_anonymity},
        )
        content = explanation.explain(
            plan,
            table,
            scorer,
            nonce=nonce,
            report_findings=reports.findings(report) if report else None,
            yardsticks=counting,
            target_kind=yardsticks.Yardstick.of(report).target_kind if report else "outcome",
            **_in_the_words_of(report),
            declared=declared,
            progress=watch.progress,
        )
    watch.check()
    with place.factory() as session:
        payload = statements.make(
            statements.EXPLANATION,
            subject=reports.subject(session, version),
            digest=version.digest,
            predicate=explanations.on_record(session, made, content)
            | {
                "content": content,
                "content_digest": attestation.digest(content),
                "provenance": _provenance(place, scorer, started),
                "statements": [FILING_STATEMENT.as_json()],
            },
        )
    _deliver(place, watch, payload, explanations.hand_in)


def _in_the_words_of(report: Report | None) -> dict[str, Any]:
    """How a report's findings are told without numbers, and which are of people, by its plan."""
    if report is None:
        return {}
    plan: Mapping[str, Any] = reports.statement(report)["predicate"]["plan"]["content"]
    return {
        "caption": lambda finding: captions.concluded(finding, plan),
        "of_people": lambda finding: counted.by_person(finding, plan),
    }


def _words(version: Version) -> frozenset[str]:
    """The columns whose words the model is to get as the file has them."""
    return model_inputs.words(version.inputs)


def _unit(dataset: Dataset) -> str | None:
    """The column that tells people apart, where the data say that they have one."""
    return next((str(c["name"]) for c in dataset.columns if c.get("role") == "user"), None)


@contextmanager
def _asking(
    place: Place,
    watch: Watch,
    version: Version,
    charge: Charge,
    nonce: str,
    classes: Classes | None = None,
) -> Iterator[ChargedScorer]:
    """The version's sandboxes: those kept ahead start at once, while the data are still read."""
    folder = artifacts.cached_directory(place.store, version, place.settings)
    with SandboxScorer(
        folder, inputs=version.inputs, settings=place.settings, classes=classes, nonce=nonce
    ) as scorer:
        scorer.warm()
        yield ChargedScorer(scorer, watch, charge)


def _provenance(place: Place, scorer: ChargedScorer | None, started: datetime) -> dict[str, Any]:
    """Where, when and with what it ran; outside of every digest that runs are compared by."""
    asked = {"rounds": scorer.rounds, "predictions": scorer.predictions} if scorer else {}
    sandbox = dict(scorer.provenance) if scorer else {"tier": "not_used"}
    return {
        "started": started.isoformat(),
        "finished": now().isoformat(),
        **predicates.program(),
        "tier": sandbox["tier"],
        "sandbox": sandbox,
        "asked": asked,
        "platform": {"name": "明算 Mingsuan", "url": place.settings.public_url},
    }


def _deliver(place: Place, watch: Watch, payload: bytes, hand_in: Callable[..., object]) -> None:
    """Have the statement signed and hand it in, in one transaction with the end of the work."""
    made = _signed(place, watch, payload)
    text = attestation.encode(attestation.envelope(payload, {made.key_id: made.value}))
    held: Claim = watch.held
    with transaction(place.factory) as session:
        hand_in(session, held=held, envelope_text=text)
    log.info(
        "handed_in", work=held.work_id, claim=held.token, statement=attestation.sha256(payload)
    )


def _signed(place: Place, watch: Watch, payload: bytes) -> signer.Signature:
    """Sign, waiting a while for a signer that is being restarted: the run was expensive.

    Raises:
        SignerUnreachable: when none came back.
        UnknownPlatformKey: when one with a key that is not on record came back.
    """
    deadline = time.monotonic() + SIGNER_SECONDS
    while True:
        watch.check()
        try:
            enrolment.require_known(place.settings, place.factory)
            return signer.sign_with(place.settings, payload)
        except SignerUnreachable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


RUNS: dict[str, Callable[[Place, Watch, str], None]] = {
    evaluations.KIND: evaluate,
    explanations.KIND: explain,
}


class UnknownWork(RegisterError):
    """The work is of a kind that this release does not know: update the worker."""


def run(place: Place, watch: Watch, *, kind: str, subject_id: str) -> None:
    """Do one piece of work, whatever its kind.

    Raises:
        UnknownWork: when there is no such kind.
        RegisterError: what the requester has to know.
    """
    if kind not in RUNS:
        raise UnknownWork(
            f"这个版本的程序不认识“{kind}”类工作，请升级后重试。",
            f"This release does not know work of the kind {kind}; update it and request again.",
        )
    RUNS[kind](place, watch, subject_id)
