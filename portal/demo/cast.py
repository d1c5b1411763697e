"""The demo's organisations and people, founded once, with sign-ins that are new on every machine."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from filing.recommended import keeping, records, weighing
from filing.recommended.keeping import Opening
from filing.recommended.steps import Action
from registry import corrections, invitations, legal_day, organisations, verifications
from registry.language import Text
from registry.law import City
from registry.organisations import Actor, Kind, Organisation, Person, Role
from registry.verifications import Document


@dataclass(frozen=True, slots=True)
class Part:
    """One organisation of the demo and the person who acts for it.

    Args:
        kind: what the organisation is.
        name: its name, which says that it is an example.
        credit_code: a well-formed code that belongs to nobody.
        district: where it sits.
        role: what the person does.
        person: the person's name.
        email: what the person signs in with.
    """

    kind: Kind
    name: Text
    credit_code: str | None
    district: str
    role: Role
    person: str
    email: str


PARTS: dict[str, Part] = {
    "lender": Part(
        Kind.ENTERPRISE,
        Text("示例信贷公司", "Example Lending Ltd"),
        "91310000MA1DEM0L1J",
        "黄浦区",
        Role.FILER,
        "林备案",
        "filer@lender.example",
    ),
    "restaurant": Part(
        Kind.ENTERPRISE,
        Text("示例快餐公司", "Example Fast Food Ltd"),
        "91440300MA5DEM0F2U",
        "南山区",
        Role.FILER,
        "陈备案",
        "filer@food.example",
    ),
    "tester": Part(
        Kind.TESTER,
        Text("示例测试研究院", "Example Testing Institute"),
        None,
        "浦东新区",
        Role.TESTER,
        "周测试",
        "tester@institute.example",
    ),
    "authority": Part(
        Kind.AUTHORITY,
        Text("示例主管部门", "Example Authority"),
        None,
        "",
        Role.REVIEWER,
        "吴审核",
        "reviewer@authority.example",
    ),
    "publisher": Part(
        Kind.AUTHORITY,
        Text("示例主管部门", "Example Authority"),
        None,
        "",
        Role.REVIEWER,
        "郑复核",
        "second@authority.example",
    ),
    "association": Part(
        Kind.INDUSTRY_BODY,
        Text("示例行业协会", "Example Industry Association"),
        None,
        "",
        Role.ADMINISTRATOR,
        "冯推荐",
        "catalogue@association.example",
    ),
    "colleague": Part(
        Kind.INDUSTRY_BODY,
        Text("示例行业协会", "Example Industry Association"),
        None,
        "",
        Role.ADMINISTRATOR,
        "许复议",
        "second@association.example",
    ),
}


def sign_ins(folder: Path) -> dict[str, str]:
    """The passwords by e-mail, drawn once for each person and kept beside the demo's data.

    Args:
        folder: where `sign-ins.json` is kept, readable by its owner only.
    """
    place = folder / "sign-ins.json"
    kept: dict[str, str] = json.loads(place.read_text()) if place.exists() else {}
    made = {part.email: f"demo-{secrets.token_urlsafe(9)}" for part in PARTS.values()} | kept
    if made == kept:
        return kept
    place.touch(mode=0o600)
    place.write_text(json.dumps(made, indent=2))
    return made


def enter(session: Session, name: str, password: str) -> Actor:
    """The actor of one part, founding organisation and person where they are missing.

    Args:
        session: the caller's transaction.
        name: a key of `PARTS`.
        password: of the person.
    """
    part = PARTS[name]
    organisation = session.scalar(
        select(Organisation).where(Organisation.name_zh == part.name.zh)
    ) or organisations.found(
        session,
        kind=part.kind,
        name_zh=part.name.zh,
        name_en=part.name.en,
        credit_code=part.credit_code,
        district=part.district,
    )
    _verify(session, organisation)
    person = session.scalar(select(Person).where(Person.email == part.email))
    if person is None:
        person = _invited(session, organisation, part, password)
    return organisations.acting(session, person.id, organisation.id)


def _verify(session: Session, organisation: Organisation) -> None:
    """Record, as the operator, that who files was seen; an earlier run may have done it."""
    if organisation.credit_code is None or verifications.in_force(session, organisation):
        return
    verifications.verify(
        session,
        by=None,
        organisation_id=organisation.id,
        document=Document.BUSINESS_LICENCE,
        seen=legal_day.today(),
        revision=corrections.revision_of(organisation),
    )


CATALOGUE = "example"
WEIGHTS = {"checks": 30, "findings": 30, "explanation": 20, "openness": 10, "appeals": 10}


def open_catalogue(session: Session, by: Actor, second: Actor) -> None:
    """Open the industry body's catalogue and set its weights, unless an earlier run did.

    Args:
        session: the caller's transaction.
        by: one of its people.
        second: another.
    """
    if records.own_catalogue(session, by) is not None:
        return
    guidance = {
        "zh": "（演示）按示例主管部门的意见选定标准，权重由本协会定。",
        "en": "(Demonstration) Criteria as the example authority advised; the weights are ours.",
    }
    kept = keeping.open_catalogue(
        session, by=by, opening=Opening(CATALOGUE, City.SHANGHAI, guidance)
    )
    reason = {
        "zh": "（演示）检验和发现比其他标准重要。",
        "en": "(Demonstration) Checks and findings matter more than the rest.",
    }
    ties = {"zh": "（演示）还没有条目。", "en": "(Demonstration) There is no entry yet."}
    proposed = weighing.Proposed(kept.revision, WEIGHTS, reason, ties)
    weighing.propose(session, by=by, proposed=proposed)
    agreed = weighing.Answered(Action.CONFIRM, kept.revision, ties)
    weighing.answer(session, by=second, answered=agreed)


def _invited(session: Session, organisation: Organisation, part: Part, password: str) -> Person:
    """The person, invited as administrator and in the role of the part."""
    accepted: Person | None = None
    for role in dict.fromkeys((Role.ADMINISTRATOR, part.role)):
        invited = invitations.invite(
            session, organisation_id=organisation.id, email=part.email, role=role, by=None
        )
        accepted = invitations.accept(
            session, secret=invited.secret, name=part.person, password=password
        )
    assert accepted is not None  # noqa: S101  # the loop runs
    return accepted
