"""From a sealed plan to a countersigned report, and everything that is refused on the way."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from registry import (
    attestation,
    datasets,
    engagements,
    evaluations,
    journal,
    keys,
    organisations,
    reports,
    submission,
    worklist,
)
from registry.artifacts import ArtifactStore
from registry.attestation import BadLayer, Layer
from registry.database import now
from registry.datasets import Dataset, Use
from registry.engagements import BudgetSpent, Engagement, NotIndependent, NotRunning
from registry.evaluations import Evaluation, NotEngaged, NotForThis
from registry.organisations import Actor, Kind, NotYours, Organisation, Role, WrongRole
from registry.reports import AlreadyCountersigned, OtherStatement, Report, Sealed
from registry.submission import Version
from registry.worklist import Claim, ClaimLost, State
from tests import cast

PLAN = {"title": "贷款", "probes": [{"id": "selection_parity"}]}


@dataclass
class Case:
    """One third-party evaluation, ready to be registered."""

    session: Session
    filer: Actor
    tester: Actor
    version: Version
    dataset: Dataset
    engagement: Engagement
    platform: Ed25519PrivateKey
    key: Ed25519PrivateKey

    def register(self, **changed: Any) -> Evaluation:
        stated: dict[str, Any] = {
            "by": self.tester,
            "version_id": self.version.id,
            "dataset_id": self.dataset.id,
            "plan": PLAN,
            "predictions": 100,
            "engagement_id": self.engagement.id,
        }
        return evaluations.register_plan(self.session, **stated | changed)

    def claim(self) -> Claim:
        held = worklist.claim(self.session, worker="w", lease=60)
        assert held is not None
        return held

    def envelope(self, made: Evaluation, **changed: Any) -> str:
        evaluations.issue_nonce(self.session, made.id)
        body = cast.report_statement(self.session, made, **changed)
        return attestation.encode(attestation.sign(body, self.platform))

    def report(self, made: Evaluation | None = None) -> Report:
        made = made or self.register()
        held = self.claim()
        return reports.hand_in(self.session, held=held, envelope_text=self.envelope(made))

    def countersigned(self, report: Report, key: Ed25519PrivateKey | None = None) -> str:
        sealed = attestation.decode(report.envelope)
        return attestation.encode(attestation.add_signature(sealed, key or self.key))


@pytest.fixture
def case(session: Session) -> Case:
    filer, tester = cast.actor(session), cast.actor(session, Kind.TESTER)
    version = cast.version(session, filer)
    return Case(
        session,
        filer,
        tester,
        version,
        cast.dataset(session, tester),
        cast.engaged(session, version, filer=filer, tester=tester),
        cast.platform_key(session),
        cast.own_key(session, tester),
    )


def test_a_plan_is_sealed_as_canonical_json_and_requests_work(case: Case) -> None:
    made = case.register()
    assert made.plan_digest == attestation.digest(PLAN) == attestation.sha256(made.plan.encode())
    assert made.work_id is not None
    work = worklist.get(case.session, made.work_id)
    assert (work.kind, work.subject_id, work.state) == ("evaluation", made.id, State.QUEUED)
    (event,) = journal.history(case.session, made.id)
    assert event.name == "evaluation:plan:registered"
    assert event.details["data"] == case.dataset.digest


@pytest.mark.parametrize(
    "title", [{"zh": "贷款", "en": "Ехample Bаnk"}, {"zh": "a\u0301\u0301"}, {"zh": "贷款⻔"}]
)
def test_a_title_that_is_easily_misread_is_not_registered(case: Case, title: Any) -> None:
    """Breaker, issue 7, F5: a report's title is a public name like any other."""
    with pytest.raises(evaluations.TitleMisread) as caught:
        case.register(plan=PLAN | {"title": title})
    assert caught.value.reasons[0].item.startswith("title.")


def test_the_same_plan_is_one_evaluation_while_it_runs_and_a_new_one_after(case: Case) -> None:
    made = case.register()
    assert case.register() is made
    assert case.register(plan=PLAN | {"title": "别的"}) is not made
    case.report(made)
    assert case.register() is not made


def test_a_third_party_needs_a_running_engagement_on_this_version(case: Case) -> None:
    with pytest.raises(NotEngaged):
        case.register(engagement_id=None)
    with pytest.raises(NotRunning):
        case.register(version_id=cast.version(case.session, case.filer).id)
    stranger = cast.actor(case.session, Kind.TESTER)
    data = cast.dataset(case.session, stranger)
    with pytest.raises(NotYours):
        case.register(by=stranger, dataset_id=data.id)
    engagements.end(case.session, by=case.filer, engagement_id=case.engagement.id)
    with pytest.raises(NotRunning):
        case.register()


def test_the_data_belong_to_the_evaluator_and_are_registered_for_it(case: Case) -> None:
    with pytest.raises(NotYours):
        case.register(dataset_id=cast.dataset(case.session, case.filer).id)
    with pytest.raises(NotForThis):
        case.register(dataset_id=cast.dataset(case.session, case.tester, use=Use.EXPLANATION).id)
    with pytest.raises(datasets.DatasetNotFound):
        case.register(dataset_id="none")
    case.version.withdrawn = now()
    with pytest.raises(NotForThis):
        case.register()
    with pytest.raises(submission.VersionNotFound):
        case.register(version_id="none")


def test_what_a_plan_needs_is_reserved_until_its_work_ends(case: Case) -> None:
    first = case.register(predictions=700)
    with pytest.raises(BudgetSpent, match="300"):
        case.register(plan={"other": 1}, predictions=301)
    second = case.register(plan={"other": 1}, predictions=300)
    evaluations.charge(case.session, first, digest="a" * 64, predictions=700)
    with pytest.raises(BudgetSpent):
        evaluations.charge(case.session, first, digest="b" * 64, predictions=1)
    evaluations.charge(case.session, second, digest="a" * 64, predictions=100)
    assert second.work_id is not None
    worklist.cancel(case.session, by=case.tester, work_id=second.work_id)
    assert case.register(plan={"third": 1}, predictions=200)
    with pytest.raises(BudgetSpent):
        case.register(plan={"fourth": 1}, predictions=1)


def test_an_enterprise_evaluates_its_own_version_without_an_engagement(case: Case) -> None:
    data = cast.dataset(case.session, case.filer)
    made = case.register(by=case.filer, dataset_id=data.id, engagement_id=None, predictions=10**9)
    assert evaluations.charge(case.session, made, digest="a" * 64, predictions=10**9)
    report = case.report(made)
    assert not report.third_party
    assert reports.for_version(case.session, case.version.id) == [report]
    assert reports.statement(report)["predicate"]["report"]["kind"] == "own"
    key = cast.own_key(case.session, case.filer)
    reports.countersign(
        case.session,
        by=case.filer,
        report_id=report.id,
        envelope_text=case.countersigned(report, key),
    )
    assert report.countersigned


def test_the_nonce_is_drawn_once(case: Case) -> None:
    made = case.register()
    assert made.nonce is None
    nonce = evaluations.issue_nonce(case.session, made.id)
    assert evaluations.issue_nonce(case.session, made.id) == nonce
    assert len(bytes.fromhex(nonce)) == 32
    assert made.nonce_issued is not None
    with pytest.raises(evaluations.EvaluationNotFound):
        evaluations.issue_nonce(case.session, "none")
    with pytest.raises(evaluations.EvaluationNotFound):
        evaluations.get(case.session, "none")


def test_a_report_is_handed_in_with_its_work(case: Case) -> None:
    made = case.register()
    report = case.report(made)
    assert report.third_party
    assert report.model_digest == case.version.digest
    assert report.statement_digest == attestation.sha256(
        attestation.payload(attestation.decode(report.envelope))
    )
    predicate = reports.statement(report)["predicate"]
    assert predicate["plan"] == {"digest": made.plan_digest, "content": PLAN}
    assert predicate["report"]["engagement"]["conflict_tester"] == "无"
    assert [each["evaluation"] for each in predicate["report"]["registered"]] == [made.id]
    assert reports.findings(report) == []
    assert reports.for_version(case.session, case.version.id) == [report]
    assert worklist.get(case.session, str(made.work_id)).state == State.DONE


def test_a_report_lists_every_run_registered_on_the_version(case: Case) -> None:
    first, second = case.register(), case.register(plan={"other": 1})
    report = case.report(first)
    runs = reports.registered(case.session, case.version.id)
    assert [(run.evaluation, run.report) for run in runs] == [(first, report), (second, None)]
    listed = reports.statement(report)["predicate"]["report"]["registered"]
    assert [each["evaluation"] for each in listed] == [first.id, second.id]


def test_a_worker_that_lost_its_claim_hands_nothing_in(case: Case) -> None:
    made = case.register()
    stale = case.claim()
    worklist.beat(case.session, stale, lease=-1.0)
    current = case.claim()
    text = case.envelope(made)
    with pytest.raises(ClaimLost):
        reports.hand_in(case.session, held=stale, envelope_text=text)
    reports.hand_in(case.session, held=current, envelope_text=text)
    with pytest.raises(ClaimLost):
        reports.hand_in(case.session, held=current, envelope_text=text)


def test_a_report_about_anything_else_is_not_taken(case: Case) -> None:
    made = case.register()
    evaluations.issue_nonce(case.session, made.id)
    other = case.register(plan={"other": 1})
    recorded = reports.on_record(case.session, made)
    wrong: list[dict[str, Any]] = [
        {"nonce": "0" * 64},
        {"plan": {"digest": attestation.digest({}), "content": {}}},
        {"data": recorded["data"] | {"rows": 1}},
        {"report": recorded["report"] | {"id": other.id}},
    ]
    held = case.claim()
    for changed in wrong:
        with pytest.raises(OtherStatement), case.session.begin_nested():
            reports.hand_in(case.session, held=held, envelope_text=case.envelope(made, **changed))
    other_model = attestation.parse(cast.report_statement(case.session, made))
    other_model["subject"][0]["digest"]["sha256"] = "0" * 64
    sealed = attestation.sign(attestation.canonical(other_model), case.platform)
    with pytest.raises(OtherStatement):
        reports.hand_in(case.session, held=held, envelope_text=attestation.encode(sealed))


def test_only_the_platform_alone_signs_what_a_worker_hands_in(case: Case) -> None:
    made = case.register()
    held = case.claim()
    sealed = attestation.decode(case.envelope(made))
    body = attestation.payload(sealed)
    for wrong in (attestation.sign(body, case.key), attestation.add_signature(sealed, case.key)):
        with pytest.raises(BadLayer) as caught, case.session.begin_nested():
            reports.hand_in(case.session, held=held, envelope_text=attestation.encode(wrong))
        assert caught.value.layer is Layer.PLATFORM_SIGNATURE


def test_the_tester_countersigns_at_home(case: Case) -> None:
    report = case.report()
    text = case.countersigned(report)
    sign: dict[str, Any] = {
        "by": case.tester,
        "report_id": report.id,
        "envelope_text": text + "\n",
    }
    reports.countersign(case.session, **sign)
    assert report.envelope == text
    assert report.countersigned_key_id == attestation.key_id(case.key.public_key())
    assert report.countersigned_by == case.tester.person_id
    with pytest.raises(AlreadyCountersigned):
        reports.countersign(case.session, **sign)
    names = [event.name for event in journal.history(case.session, report.id)]
    assert names[-2:] == ["report:statement:handed_in", "report:statement:countersigned"]


def _revoked(case: Case, report: Report) -> str:
    key = cast.own_key(case.session, case.tester)
    text = case.countersigned(report, key)
    keys.revoke(case.session, by=case.tester, key_id=attestation.key_id(key.public_key()))
    return text


def _forged(case: Case, report: Report) -> str:
    sealed = attestation.decode(report.envelope)
    made = attestation.signatures(sealed)
    made[attestation.key_id(case.key.public_key())] = bytes(64)
    return attestation.encode(attestation.envelope(attestation.payload(sealed), made))


def _twice(case: Case, report: Report) -> str:
    sealed = attestation.decode(case.countersigned(report))
    return attestation.encode(
        attestation.add_signature(sealed, cast.own_key(case.session, case.tester))
    )


BAD_ENVELOPES: dict[str, tuple[Callable[[Case, Report], str], Layer]] = {
    "no file": (lambda _case, _report: "…", Layer.FILE),
    "pretty-printed": (lambda case, report: " " + case.countersigned(report), Layer.ENVELOPE),
    "another payload": (
        lambda case, _report: attestation.encode(attestation.sign(b"{}", case.key)),
        Layer.PAYLOAD,
    ),
    "without the platform": (
        lambda case, report: attestation.encode(
            attestation.sign(attestation.payload(attestation.decode(report.envelope)), case.key)
        ),
        Layer.PLATFORM_SIGNATURE,
    ),
    "not signed": (lambda _case, report: report.envelope, Layer.TESTER_SIGNATURE),
    "unknown key": (
        lambda case, report: case.countersigned(report, Ed25519PrivateKey.generate()),
        Layer.TESTER_SIGNATURE,
    ),
    "revoked key": (_revoked, Layer.TESTER_SIGNATURE),
    "forged": (_forged, Layer.TESTER_SIGNATURE),
    "two keys": (_twice, Layer.TESTER_SIGNATURE),
}


@pytest.mark.parametrize("name", BAD_ENVELOPES)
def test_a_bad_envelope_is_refused_by_layer(case: Case, name: str) -> None:
    make, layer = BAD_ENVELOPES[name]
    report = case.report()
    text = make(case, report)
    with pytest.raises(BadLayer) as caught:
        reports.countersign(case.session, by=case.tester, report_id=report.id, envelope_text=text)
    assert caught.value.layer is layer
    assert report.countersigned is None


def test_nobody_else_countersigns(case: Case) -> None:
    report = case.report()
    text = case.countersigned(report)
    with pytest.raises(NotYours):
        reports.countersign(case.session, by=case.filer, report_id=report.id, envelope_text=text)
    alike = Actor(case.tester.person_id, case.tester.organisation_id, Kind.TESTER, frozenset())
    with pytest.raises(WrongRole):
        reports.countersign(case.session, by=alike, report_id=report.id, envelope_text=text)
    with pytest.raises(reports.ReportNotFound):
        reports.countersign(case.session, by=case.tester, report_id="none", envelope_text=text)


@pytest.mark.parametrize("left", [False, True])
def test_nobody_tied_to_the_enterprise_countersigns(case: Case, *, left: bool) -> None:
    """filing/B3: the last act of a tester is asked like the first; past members count as well."""
    report = case.report()
    signed = case.countersigned(report)
    enterprise = case.session.get_one(Organisation, case.filer.organisation_id)
    held = organisations.give_role(
        case.session,
        person_id=case.tester.person_id,
        organisation=enterprise,
        role=Role.FILER,
        by=None,
    )
    if left:
        case.session.delete(held)
        case.session.flush()
    with pytest.raises(NotIndependent) as refused:
        reports.countersign(
            case.session, by=case.tester, report_id=report.id, envelope_text=signed
        )
    assert "tester_person" in [reason.item for reason in refused.value.reasons]
    assert report.countersigned is None


def test_a_report_on_an_older_version_is_about_an_earlier_version(case: Case) -> None:
    report = case.report()
    assert not reports.about_earlier_version(report.model_digest, case.version)
    assert reports.about_earlier_version(
        report.model_digest, cast.version(case.session, case.filer)
    )


def test_sealed_evidence_is_for_the_authority_and_the_evaluator(
    case: Case, store: ArtifactStore, tmp_path: Any
) -> None:
    report = case.report()
    path = tmp_path / "sealed.json"
    path.write_bytes(attestation.canonical({"cells": []}))
    assert store.put(path) == report.sealed_digest
    assert reports.blobs(case.session) == {report.sealed_digest}
    for by in (case.tester, cast.actor(case.session, Kind.AUTHORITY)):
        assert reports.sealed_evidence(case.session, store, by=by, report_id=report.id) == {
            "cells": []
        }
    for by in (case.filer, cast.actor(case.session, Kind.TESTER), cast.actor(case.session)):
        with pytest.raises(Sealed):
            reports.sealed_evidence(case.session, store, by=by, report_id=report.id)
