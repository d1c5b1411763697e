"""Explanations: requested on one version, handed in under a fencing token, approved by the filer."""

import inspect
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from explainers.plan import ExplanationPlan
from registry import attestation, explanations, journal, reports, statements, worklist
from registry.datasets import Use
from registry.evaluations import Evaluation, NotForThis
from registry.explanations import (
    KEYS,
    ExplanationNotFound,
    KeyUnknown,
    NotCountersigned,
    NotFinished,
)
from registry.organisations import ROLES_OF, Actor, Kind, NotYours, WrongRole
from registry.reports import OtherStatement, Report
from registry.submission import Version
from registry.worklist import Claim, ClaimLost
from tests import cast

PLAN: dict[str, Any] = {
    "cut": 0.5,
    "columns": [{"name": "income", "plain": {"zh": "收入", "en": "income"}}],
}
CONTENT = {
    "sentences": [{"zh": "收入越高，越可能获批。", "en": "Higher income, likelier approval."}]
}


@pytest.fixture
def filer(session: Session) -> Actor:
    return cast.actor(session)


@pytest.fixture
def version(session: Session, filer: Actor) -> Version:
    return cast.version(session, filer)


@pytest.fixture
def platform(session: Session) -> Ed25519PrivateKey:
    return cast.platform_key(session)


def ask(
    session: Session, filer: Actor, version: Version, **changed: Any
) -> explanations.Explanation:
    stated: dict[str, Any] = {"by": filer, "version_id": version.id, "plan": PLAN}
    if "dataset_id" not in changed:
        changed["dataset_id"] = cast.dataset(session, filer, use=Use.EXPLANATION).id
    return explanations.request(session, **stated | changed)


def claimed(session: Session) -> Claim:
    held = worklist.claim(session, worker="w", lease=60)
    assert held is not None
    return held


def envelope(
    session: Session, made: explanations.Explanation, key: Ed25519PrivateKey, **changed: Any
) -> str:
    explanations.issue_nonce(session, made.id)
    version = session.get_one(Version, made.version_id)
    content = changed.pop("told", CONTENT)
    predicate = explanations.on_record(session, made, content) | {
        "content": content,
        "content_digest": attestation.digest(content),
        "provenance": {},
        "statements": [],
    }
    body = statements.make(
        statements.EXPLANATION,
        subject=reports.subject(session, version),
        digest=version.digest,
        predicate=predicate | changed,
    )
    return attestation.encode(attestation.sign(body, key))


def test_an_explanation_is_requested_handed_in_and_approved(
    session: Session, filer: Actor, version: Version, platform: Ed25519PrivateKey
) -> None:
    made = ask(session, filer, version)
    with pytest.raises(NotFinished):
        explanations.approve(session, by=filer, explanation_id=made.id)
    held = claimed(session)
    text = envelope(session, made, platform)
    explanations.hand_in(session, held=held, envelope_text=text)
    with pytest.raises(ClaimLost):
        explanations.hand_in(session, held=held, envelope_text=text)
    assert made.content == CONTENT
    assert made.digest == attestation.digest(CONTENT)
    explanations.approve(session, by=filer, explanation_id=made.id)
    explanations.approve(session, by=filer, explanation_id=made.id)
    assert made.approved_by == filer.person_id
    assert explanations.for_version(session, version.id) == [made]
    assert [event.name for event in journal.history(session, made.id)] == [
        "explanation:run:requested",
        "explanation:nonce:issued",
        "explanation:run:handed_in",
        "explanation:text:approved",
    ]


def test_an_input_that_the_plan_leaves_out_is_named_before_anything_is_queued(
    session: Session, filer: Actor, version: Version
) -> None:
    """It was queued, and failed in the worker."""
    with pytest.raises(explanations.InputsUntold) as refused:
        ask(session, filer, version, plan=PLAN | {"columns": []})
    assert [each.item for each in refused.value.reasons] == [
        f"columns.{each['name']}" for each in version.inputs
    ]


def test_a_column_that_the_model_lacks_is_named_before_anything_is_queued(
    session: Session, filer: Actor, version: Version
) -> None:
    """X12e/P2: it failed in the worker, for data that lack “columns that the model needs”."""
    strange = {"name": "zzz", "plain": {"zh": "别的", "en": "another"}}
    with pytest.raises(explanations.InputUnknown) as refused:
        ask(session, filer, version, plan=PLAN | {"columns": [*PLAN["columns"], strange]})
    (reason,) = refused.value.reasons
    assert (reason.item, "income" in reason.remedy.en) == ("columns.zzz", True)


def test_what_only_a_few_have_is_named_in_no_signed_statement(
    session: Session, filer: Actor, version: Version, platform: Ed25519PrivateKey
) -> None:
    """public/B1: the envelope is public, and the plan in it named levels that the text withholds."""
    east, lone = {"zh": "东边", "en": "the east"}, {"zh": "王家独户", "en": "the Wangs"}
    column = {
        "name": "town",
        "plain": {"zh": "镇", "en": "town"},
        "values": {"e": east, "w": lone},
    }
    version.inputs = [*version.inputs, {"name": "town", "type": "string"}]
    made = ask(session, filer, version, plan={"cut": 0.5, "columns": [*PLAN["columns"], column]})
    held = claimed(session)
    told = {"questions": [{"id": "information", "items": [column | {"values": {"e": east}}]}]}
    whole = {"digest": made.plan_digest, "content": made.plan}
    text = envelope(session, made, platform, told=told, plan=whole)
    with pytest.raises(OtherStatement), session.begin_nested():
        explanations.hand_in(session, held=held, envelope_text=text)
    text = envelope(session, made, platform, told=told)
    explanations.hand_in(session, held=held, envelope_text=text)
    stated = reports.signed_statement(session, text)
    assert stated["predicate"]["plan"] == {"digest": made.plan_digest}
    assert explanations.public_envelope(made) == text
    made.envelope = envelope(session, made, platform, told=told, plan=whole)
    assert explanations.public_envelope(made) is None, "signed before plans were kept back"
    named = explanations.on_record(session, made, {"questions": [{"items": [column]}]})
    assert named["plan"]["content"] == made.plan


def test_the_same_request_is_one_while_it_stands(
    session: Session, filer: Actor, version: Version
) -> None:
    data = cast.dataset(session, filer, use=Use.EXPLANATION).id
    made = ask(session, filer, version, dataset_id=data)
    assert ask(session, filer, version, dataset_id=data) is made
    assert ask(session, filer, version) is not made


def test_only_the_owner_explains_with_its_own_data(
    session: Session, filer: Actor, version: Version
) -> None:
    with pytest.raises(NotYours):
        ask(session, cast.actor(session), version)
    with pytest.raises(WrongRole):
        ask(session, cast.actor(session, Kind.TESTER), version)
    stranger = cast.actor(session)
    with pytest.raises(NotYours):
        ask(
            session,
            filer,
            version,
            dataset_id=cast.dataset(session, stranger, use=Use.EXPLANATION).id,
        )
    with pytest.raises(NotForThis):
        ask(session, filer, version, dataset_id=cast.dataset(session, filer).id)
    with pytest.raises(ExplanationNotFound):
        explanations.approve(session, by=filer, explanation_id="none")


def test_the_report_it_quotes_is_countersigned_and_on_the_same_model(
    session: Session, filer: Actor, version: Version, platform: Ed25519PrivateKey
) -> None:
    report = _report(session, filer, version, platform)
    with pytest.raises(NotCountersigned):
        ask(session, filer, version, report_id=report.id)
    tester = report.organisation_id
    asked = session.get_one(Evaluation, report.evaluation_id).registered_by
    by = Actor(asked, tester, Kind.TESTER, ROLES_OF[Kind.TESTER])
    key = cast.own_key(session, by)
    sealed = attestation.add_signature(attestation.decode(report.envelope), key)
    reports.countersign(
        session, by=by, report_id=report.id, envelope_text=attestation.encode(sealed)
    )
    made = ask(session, filer, version, report_id=report.id)
    assert explanations.on_record(session, made)["report"] == {"digest": report.statement_digest}
    with pytest.raises(NotCountersigned):
        ask(session, filer, cast.version(session, filer), report_id=report.id)


def _report(
    session: Session, filer: Actor, version: Version, platform: Ed25519PrivateKey
) -> Report:
    from registry import evaluations

    tester = cast.actor(session, Kind.TESTER)
    engagement = cast.engaged(session, version, filer=filer, tester=tester)
    made = evaluations.register_plan(
        session,
        by=tester,
        version_id=version.id,
        dataset_id=cast.dataset(session, tester).id,
        plan={"title": "t"},
        engagement_id=engagement.id,
    )
    held = claimed(session)
    evaluations.issue_nonce(session, made.id)
    sealed = attestation.sign(cast.report_statement(session, made), platform)
    return reports.hand_in(session, held=held, envelope_text=attestation.encode(sealed))


def test_an_explanation_of_anything_else_is_not_taken(
    session: Session, filer: Actor, version: Version, platform: Ed25519PrivateKey
) -> None:
    made = ask(session, filer, version)
    held = claimed(session)
    wrong: list[dict[str, Any]] = [
        {"nonce": "0"},
        {"content_digest": "0" * 64},
        {"report": {"digest": "0" * 64}},
        {"explanation": {"id": "another"}},
    ]
    for changed in wrong:
        text = envelope(session, made, platform, **changed)
        with pytest.raises(OtherStatement), session.begin_nested():
            explanations.hand_in(session, held=held, envelope_text=text)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("cutt", "did you mean cut"),
        ("Cut", "did you mean cut"),
        ("nonce", "leave it out; there are: task, cut"),
        ("table", "leave it out"),
    ],
)
def test_a_key_that_no_explanation_reads_is_refused_by_name(
    session: Session, filer: Actor, version: Version, key: str, said: str
) -> None:
    """It was a TypeError in the worker, after the request had waited."""
    with pytest.raises(KeyUnknown) as refused:
        ask(session, filer, version, plan={**PLAN, key: 0.5})
    (reason,) = refused.value.reasons
    assert reason.item == key
    assert said in reason.remedy.en
    assert session.scalar(select(func.count()).select_from(explanations.Explanation)) == 0


def test_every_option_of_a_plan_is_a_key_that_may_be_written() -> None:
    options = inspect.signature(ExplanationPlan.make).parameters
    assert set(KEYS) == set(options) - {"table", "nonce"} | {"favourable", "declared"}


@pytest.mark.parametrize(
    ("part", "item"),
    [
        ({"wording": {"easier": {"zh": "更" * 31, "en": "more"}}}, "wording.easier.zh"),
        ({"wording": {"easier": {"zh": "更", "en": "m" * 91}}}, "wording.easier.en"),
        (
            {"protected": [{"name": "r", "plain": {"zh": "种" * 31, "en": "r"}}]},
            "protected.0.plain.zh",
        ),
        ({"columns": [{"direction": {"zh": ["高" * 31, "低"]}}]}, "columns.0.direction.zh.0"),
        ({"declared": {"who": {"zh": "谁" * 501, "en": "w"}}}, "declared.who.zh"),
    ],
)
def test_a_name_or_phrase_is_as_long_as_a_sentence_bears_and_an_answer_longer(
    part: dict[str, Any], item: str
) -> None:
    """X12/19: a name took 500 characters."""
    assert [each.item for each in explanations.too_long(part)] == [item]
    assert explanations.too_long({"declared": {"who": {"zh": "谁" * 500, "en": "w" * 500}}}) == []
