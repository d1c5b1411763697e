"""Whether those who test a model are others than those who file it: person by person.

Two organisations are two names; the people behind them may be the same. A tie is looked for at every
act (an engagement is granted or taken on, a plan registered, a report countersigned) and again when
a filing is accepted and published, since people join and leave. What is said names organisations
and what they did, never a person.
"""

from collections.abc import Collection

from sqlalchemy import CompoundSelect, select, union
from sqlalchemy.orm import Session

from registry import journal
from registry.errors import Reason
from registry.journal import Event
from registry.language import Text
from registry.organisations import Membership, Organisation
from registry.submission import Version

REMEDY = Text(
    "请由与对方没有关联的人经手，或者换一家测试机构。",
    "Let people without ties to the other side act, or engage another tester.",
)


GIVEN = "organisation:role:given"


def belonged(session: Session, organisation_id: str) -> set[str]:
    """Everyone who holds or ever held a role in the organisation."""
    given = {
        str(event.details["person"])
        for event in journal.history(session, organisation_id)
        if event.name == GIVEN
    }
    return given | _members(session, organisation_id)


def belongings(person_id: str) -> CompoundSelect[tuple[str]]:
    """The same from the other side: where somebody holds or ever held a role, as a query.

    It leaves out in the database what they may not know of, which is then not even read.

    Args:
        person_id: who.
    """
    held = select(Membership.organisation_id).where(Membership.person_id == person_id)
    given = Event.details["person"].as_string() == person_id
    return union(held, select(Event.subject).where(Event.name == GIVEN, given))


def submitters(session: Session, model_id: str) -> set[str]:
    """Everyone who submitted a version of the model."""
    found = select(Version.submitted_by).where(Version.model_id == model_id)
    return set(session.scalars(found))


def ties(
    session: Session,
    *,
    enterprise_id: str,
    tester_id: str,
    filers: Collection[str] = (),
    testers: Collection[str] = (),
) -> list[Reason]:
    """What ties a tester to the enterprise whose model it tests; nothing when they are independent.

    Args:
        session: any session.
        enterprise_id: who files the model.
        tester_id: who tests it.
        filers: the people who acted for the enterprise in this matter.
        testers: the people who acted for the tester in it.
    """
    enterprise = session.get_one(Organisation, enterprise_id).name
    tester = session.get_one(Organisation, tester_id).name
    inside, outside = belonged(session, enterprise_id), belonged(session, tester_id)
    both = _members(session, enterprise_id) & _members(session, tester_id)
    found = (
        (
            "tester_person",
            set(testers) & (inside | set(filers)),
            Text(
                f"为“{tester.zh}”经手测试的人，属于或曾属于“{enterprise.zh}”，或为它经手过备案。",
                f"Somebody who tests for {tester.en} belongs or belonged to {enterprise.en}, or "
                "acted for it in this matter.",
            ),
        ),
        (
            "filer_person",
            set(filers) & outside,
            Text(
                f"为“{enterprise.zh}”经手备案的人，属于或曾属于“{tester.zh}”。",
                f"Somebody who acts for {enterprise.en} in this matter belongs or belonged to "
                f"{tester.en}.",
            ),
        ),
        (
            "shared_member",
            both,
            Text(
                f"“{enterprise.zh}”和“{tester.zh}”现在有同一个成员。",
                f"{enterprise.en} and {tester.en} have a member in common at present.",
            ),
        ),
    )
    return [Reason(name, said, REMEDY) for name, people, said in found if people]


def _members(session: Session, organisation_id: str) -> set[str]:
    held = select(Membership.person_id).where(Membership.organisation_id == organisation_id)
    return set(session.scalars(held))
