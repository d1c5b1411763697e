"""Who acts in the tests: organisations with people, and the records they work on."""

from typing import Any

from sqlalchemy.orm import Session

from registry import attestation
from registry.database import new_id
from registry.datasets import Dataset, Use
from registry.organisations import ROLES_OF, Actor, Kind, Organisation, Person
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
    organisation = Organisation(kind=kind, name_zh=f"{zh}{mark}", name_en=f"{en} {mark}")
    person = Person(email=f"{mark}@example.test", name="王明", password_hash="-")
    session.add_all([organisation, person])
    session.flush()
    return Actor(person.id, organisation.id, kind, ROLES_OF[kind])


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
        held_out="随机三成",
        registered_by=by.person_id,
    )
    session.add(made)
    session.flush()
    return made
