"""Who acts in the tests: organisations with people, and the records they work on."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from registry import (
    attestation,
    engagements,
    keys,
    legal_day,
    particulars,
    reports,
    statements,
    verifications,
)
from registry.corrections import revision_of
from registry.database import new_id
from registry.datasets import Dataset, Use
from registry.engagements import Engagement
from registry.evaluations import Evaluation
from registry.organisations import ROLES_OF, Actor, Kind, Organisation, Person
from registry.reidentification import ReidentificationCheck, State
from registry.screening import TrustClass
from registry.submission import Model, Version

NAMES = {
    Kind.ENTERPRISE: ("示例信贷公司", "Example Credit Co."),
    Kind.TESTER: ("示例测评中心", "Example Testing Centre"),
    Kind.AUTHORITY: ("示例主管部门", "Example Authority"),
    Kind.INDUSTRY_BODY: ("示例行业协会", "Example Association"),
}


def actor(session: Session, kind: Kind = Kind.ENTERPRISE) -> Actor:
    """Someone with every role that an organisation of this kind knows; each call makes a new one."""
    zh, en = NAMES[kind]
    mark = new_id()[-8:]
    organisation = Organisation(
        kind=kind,
        name_zh=f"{zh}{mark}",
        name_en=f"{en} {mark}",
        credit_code=credit_code(mark),
        district="浦东新区",
    )
    person = Person(email=f"{mark}@example.test", name="王明", password_hash="-")
    session.add_all([organisation, person])
    session.flush()
    verify(session, organisation)
    return Actor(person.id, organisation.id, kind, ROLES_OF[kind])


def verify(session: Session, organisation: Organisation) -> None:
    """See the organisation's document, as the platform's operator."""
    verifications.verify(
        session,
        by=None,
        organisation_id=organisation.id,
        document=verifications.Document.BUSINESS_LICENCE,
        seen=legal_day.today(),
        revision=revision_of(organisation),
    )


def credit_code(mark: str) -> str:
    """A well-formed unified social credit code that belongs to nobody, of eight hexadecimal digits."""
    body = f"913100000{mark.upper()}"
    return next(
        f"{body}{last}"
        for last in particulars.CREDIT_ALPHABET
        if particulars.credit_code_holds(f"{body}{last}")
    )


def version(session: Session, by: Actor, *, name: str = "credit", mark: str = "") -> Version:
    """A version on record without bytes in any store; the same `name` adds to one model."""
    model = session.query(Model).filter_by(organisation_id=by.organisation_id, name=name).first()
    if model is None:
        model = Model(organisation_id=by.organisation_id, name=name)
        session.add(model)
        session.flush()
    manifest = [{"path": "MLmodel", "sha256": attestation.sha256(new_id().encode()), "size": 1}]
    number = session.query(Version).filter_by(model_id=model.id).count() + 1
    made = Version(
        model_id=model.id,
        organisation_id=by.organisation_id,
        number=number,
        digest=attestation.digest([*manifest, mark]),
        size=1,
        manifest=manifest,
        flavour="sklearn",
        trust_class=TrustClass.LISTED_TYPES,
        inputs=[{"name": "income", "type": "double"}],
        screening={},
        submitted_by=by.person_id,
    )
    session.add(made)
    session.flush()
    return made


def dataset(
    session: Session, by: Actor, *, use: Use = Use.EVALUATION, columns: list[Any] | None = None
) -> Dataset:
    """A data set on record without bytes in any store."""
    made = Dataset(
        organisation_id=by.organisation_id,
        name="留出集",
        use=use,
        digest=attestation.sha256(new_id().encode()),
        format="parquet",
        size=1,
        rows=100,
        columns=columns or [{"name": "income", "type": "double", "role": "input"}],
        source="合成数据",
        period="1990",
        deidentification="合成数据，没有真人",
        held_out="随机三成",
        registered_by=by.person_id,
    )
    session.add(made)
    session.flush()
    checked(session, made)
    return made


def checked(session: Session, dataset: Dataset) -> None:
    """A passed re-identification check of a data set, so that plans may take it."""
    check = ReidentificationCheck(
        dataset_id=dataset.id,
        quasi_identifiers=["race"],
        named=True,
        k=5,
        exposure=None,
        direct=[],
        state=State.PASSED,
        made_by=dataset.registered_by,
    )
    session.add(check)
    session.flush()


def engaged(
    session: Session, made: Version, *, filer: Actor, tester: Actor, budget: int = 1000
) -> Engagement:
    """An engagement that was granted and taken on."""
    granted = engagements.grant(
        session,
        by=filer,
        version_id=made.id,
        tester_id=tester.organisation_id,
        query_budget=budget,
        conflict_filer="无",
    )
    return engagements.take_on(session, by=tester, engagement_id=granted.id, conflict_tester="无")


def platform_key(session: Session) -> Ed25519PrivateKey:
    """A key that the register knows as the platform's."""
    private = Ed25519PrivateKey.generate()
    keys.enrol_platform(session, attestation.public_pem(private.public_key()))
    return private


def own_key(session: Session, by: Actor) -> Ed25519PrivateKey:
    """A key that the actor's organisation registered."""
    private = Ed25519PrivateKey.generate()
    keys.register(session, by=by, proof_text=keys.proof(private, by.organisation_id))
    return private


def report_statement(session: Session, made: Evaluation, **changed: Any) -> bytes:
    """The statement that a worker would make of an evaluation without findings."""
    version = session.get_one(Version, made.version_id)
    sealed = attestation.digest({"cells": []})
    measured: dict[str, Any] = {
        "task": "decision",
        "required_probes": ["selection_parity"],
        "probes": [],
        "findings": [],
        "findings_digest": attestation.digest([]),
        "evidence": {
            "public": {"digest": attestation.digest({}), "content": {}},
            "sealed": {"digest": sealed},
        },
        "provenance": {"tier": "A"},
        "test_result": {
            "result": "PASSED",
            "configuration": [],
            "passedTests": [],
            "warnedTests": [],
            "failedTests": [],
        },
        "statements": [],
    }
    return statements.make(
        statements.REPORT,
        subject=reports.subject(session, version),
        digest=version.digest,
        predicate=reports.on_record(session, made) | measured | changed,
    )
