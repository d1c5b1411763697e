"""A published filing, an industry body with two people, and its catalogue."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from filing.dossier import Filing
from filing.recommended import applying, deciding, publication, weighing
from filing.recommended.applying import OFFERED, Offer
from filing.recommended.deciding import Taken
from filing.recommended.records import RecommendedApplication, RecommendedCatalogue
from filing.recommended.steps import Action, Side
from filing.recommended.weighing import Answered, Proposed
from registry import legal_day, organisations
from registry.organisations import Actor, Organisation, Role
from tests.filing.papers import Scene

SAID = {"zh": "评估和说明都完整。", "en": "Evaluation and explanation are whole."}


NO_TIES = {"zh": "没有利害关系。", "en": "No ties."}


OFFER = Offer({name: {"zh": f"{called.zh}写在这里"} for name, called in OFFERED.items()})


@dataclass
class Room:
    """A published filing, an industry body with two people, and its catalogue."""

    scene: Scene
    filing: Filing
    one: Actor
    two: Actor
    kept: RecommendedCatalogue

    @property
    def session(self) -> Session:
        return self.scene.session

    def apply(self, offer: Offer = OFFER, **changed: Any) -> RecommendedApplication:
        said: dict[str, Any] = {
            "slug": self.kept.slug,
            "filing_revision": self.filing.revision,
        } | changed
        return applying.apply(
            self.session, by=self.scene.filer, filing_id=self.filing.id, offer=offer, **said
        )

    def take(
        self, by: Actor, made: RecommendedApplication, action: Action, **said: Any
    ) -> RecommendedApplication:
        side = Side.FILER if by.organisation_id == made.filer_id else Side.BODY
        told: dict[str, Any] = {
            "words": SAID,
            "ties": NO_TIES,
            "revision": made.revision_of(side),
        } | said
        if action is Action.PROPOSE_ENTRY:
            told = {"until": (legal_day.today() + timedelta(days=300)).isoformat()} | told
        return deciding.take(
            self.session, by=by, application_id=made.id, taken=Taken(action, **told)
        )

    def entered(self, offer: Offer = OFFER) -> RecommendedApplication:
        made = self.take(self.one, self.apply(offer), Action.PROPOSE_ENTRY)
        return self.take(self.two, made, Action.CONFIRM)

    def propose(self, by: Actor, **weights: int) -> None:
        proposed = Proposed(self.kept.revision, weights, SAID, NO_TIES)
        weighing.propose(self.session, by=by, proposed=proposed)

    def answer(self, by: Actor, action: Action) -> None:
        answered = Answered(action, self.kept.revision, NO_TIES)
        weighing.answer(self.session, by=by, answered=answered)

    def weigh(self, **weights: int) -> None:
        self.propose(self.one, **weights)
        self.answer(self.two, Action.CONFIRM)

    def told(self, **how: Any) -> dict[str, Any]:
        return publication.told(self.session, self.kept, **how)

    def listed(self, **how: Any) -> list[str]:
        return [each["number"] for each in self.told(**how)["order"]["places"]]


def joins(session: Session, person_id: str, organisation_id: str) -> None:
    """Give somebody a role in an organisation."""
    organisation = session.get_one(Organisation, organisation_id)
    organisations.give_role(
        session,
        person_id=person_id,
        organisation=organisation,
        role=Role.ADMINISTRATOR,
        by=None,
    )


def moment_before(at: Any) -> Any:
    return at - timedelta(microseconds=1)
