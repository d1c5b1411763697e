"""A published filing, and what strangers send about it."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from filing import catalogue, concerns, handling, receiving
from filing.concern_steps import Action, Side
from filing.concerns import Concern
from filing.dossier import Filing
from filing.handling import Taken
from filing.receiving import Given, Receipt
from filing.routes import Route
from registry.organisations import Actor
from tests.filing.papers import Scene

WORDS = "十一月二十日被拒绝贷款，没有说明理由，请重新看。"


ASKED = "有人反映：年龄大的申请人都被拒绝。请说明年龄怎样用。"


@dataclass
class Filed:
    """A published filing, and what can be sent about it."""

    scene: Scene
    filing: Filing

    @property
    def session(self) -> Session:
        return self.scene.session

    @property
    def authority(self) -> Actor:
        """Whoever published it, and so gets what is not for the filer."""
        return self.scene.publisher

    def send(
        self, route: Route | None = Route.REPORT, *, address: str = "203.0.113.7", **said: object
    ) -> Receipt:
        given = Given(route, **{"situation": "other", "words": WORDS} | said)  # type: ignore[arg-type]
        return receiving.receive(
            self.session, number=str(self.filing.number), given=given, address=address
        )

    def take(self, by: Actor, concern: Concern, action: Action, **said: object) -> Concern:
        side = concerns.side_of(self.session, concern, by)
        read = concerns.revision(self.session, concern, side) if side else 1
        taken = Taken(action, **{"revision": read} | said)  # type: ignore[arg-type]
        return handling.take(self.session, by=by, number=concern.number, taken=taken)

    def counts(self) -> list[tuple[str, int, int, int]]:
        return [
            (each.route.value, each.received, each.closed, each.upheld)
            for each in catalogue.entry(self.session, str(self.filing.number)).concerns
        ]

    def seen(self, by: Actor) -> list[Side]:
        return [side for _, side in concerns.waiting(self.session, by=by)]
