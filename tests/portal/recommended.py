"""A site with filings in a recommended catalogue, for the tests of pages, API and cache."""

from dataclasses import dataclass, field
from datetime import timedelta

from fastapi import FastAPI
from sqlalchemy.orm import Session

from filing.dossier import Filing
from filing.recommended import applying, deciding, keeping
from filing.recommended.applying import OFFERED, Offer
from filing.recommended.deciding import Taken
from filing.recommended.keeping import Opening
from filing.recommended.records import RecommendedApplication
from filing.recommended.steps import Action
from registry import legal_day
from registry.database import transaction
from registry.organisations import ROLES_OF, Actor, Kind, Organisation, Person, Role, give_role
from tests import cast
from tests.filing import papers
from tests.filing.papers import Scene
from tests.portal.world import World

SAID = {"zh": "评估和说明都完整。", "en": "Evaluation and explanation are whole."}
TIES = {"zh": "没有利害关系。", "en": "No ties."}
VERDICTS: tuple[dict[str, str], ...] = (
    {},
    {"error_parity": "inconclusive"},
    {"error_parity": "disparity", "selection_parity": "disparity"},
)


@dataclass
class Recommended:
    """Filings that an industry body recommends.

    Args:
        site: on whose record they are made.
        slug: of the catalogue.
        entered: how many filings are entered; their findings differ.
    """

    site: FastAPI
    slug: str = "example"
    entered: int = 3
    numbers: list[str] = field(default_factory=list)
    filings: list[str] = field(default_factory=list)
    body: str = ""

    def __post_init__(self) -> None:
        with transaction(self.site.state.factory) as session:
            one = cast.actor(session, Kind.INDUSTRY_BODY)
            self.body = session.get_one(Organisation, one.organisation_id).name_zh
            opening = Opening(self.slug, "shanghai", SAID)
            keeping.open_catalogue(session, by=one, opening=opening)
            two = colleague(session, one)
            for place in range(self.entered):
                scene = Scene(session)
                filing = _published(scene, place)
                enter(session, scene.filer, filing, (one, two), self.slug)
                self.numbers.append(str(filing.number))
                self.filings.append(filing.id)


class Staffed:
    """A catalogue without entries, whose two people and whose applicant have accounts.

    Args:
        world: the people; two more are made in it.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.filer = world.member("enterprise-own", Role.FILER)
        self.one = world.member("industry_body-own", Role.ADMINISTRATOR)
        self.two = world.colleague("industry_body-own", Role.ADMINISTRATOR)
        with transaction(world.site.state.factory) as session:
            opening = Opening("example", "shanghai", SAID)
            keeping.open_catalogue(session, by=self.one.actor, opening=opening)
            scene = Scene(session)
            scene.filer = self.filer.actor
            scene.version = cast.version(session, scene.filer)
            filing = _published(scene, 0)
            self.filing, self.number, self.revision = filing.id, filing.number, filing.revision

    def applied(self) -> str:
        """The identifier of an application for the filing."""
        with transaction(self.world.site.state.factory) as session:
            filing = session.get_one(Filing, self.filing)
            return apply(session, self.filer.actor, filing, "example").id


def _published(scene: Scene, place: int) -> Filing:
    filing = scene.opened(B1={"zh": f"第{place}个算法", "en": f"Algorithm {place}"})
    verdicts = VERDICTS[place % len(VERDICTS)]
    scene.attach(
        filing, papers.report(scene.session, scene.version, scene.tester, verdicts=dict(verdicts))
    )
    scene.file(filing, "check", "submit")
    return scene.rule(filing, "accept", "file", "publish")


def apply(session: Session, filer: Actor, filing: Filing, slug: str) -> RecommendedApplication:
    """Apply for a filing."""
    return applying.apply(
        session,
        by=filer,
        slug=slug,
        filing_id=filing.id,
        filing_revision=filing.revision,
        offer=Offer({name: {"zh": f"{called.zh}写在这里"} for name, called in OFFERED.items()}),
    )


def enter(
    session: Session, filer: Actor, filing: Filing, people: tuple[Actor, Actor], slug: str
) -> RecommendedApplication:
    """Apply for a filing, and have two people enter it for 300 days."""
    made = apply(session, filer, filing, slug)
    until = (legal_day.today() + timedelta(days=300)).isoformat()
    for by, action in zip(people, (Action.PROPOSE_ENTRY, Action.CONFIRM), strict=True):
        taken = Taken(action, made.revision, words=SAID, ties=TIES, until=until)
        deciding.take(session, by=by, application_id=made.id, taken=taken)
    return made


def colleague(session: Session, of: Actor) -> Actor:
    """Another person with every role in the same organisation; both are its members."""
    mark = cast.actor(session).person_id[-8:]
    person = Person(email=f"{mark}@body.test", name="赵强", password_hash="-")
    session.add(person)
    session.flush()
    body = session.get_one(Organisation, of.organisation_id)
    for each in (of.person_id, person.id):
        for role in ROLES_OF[of.kind]:
            give_role(session, person_id=each, organisation=body, role=role, by=None)
    return Actor(person.id, of.organisation_id, of.kind, ROLES_OF[of.kind])
