"""What the tests of recommended catalogues share."""

import pytest

from filing.recommended import keeping
from filing.recommended.keeping import Opening
from registry.organisations import Kind
from tests import cast
from tests.filing.papers import Scene
from tests.filing.recommended.room import SAID, Room
from tests.portal.recommended import colleague


@pytest.fixture
def room(scene: Scene) -> Room:
    """A published filing, an industry body with two people, and its catalogue."""
    session = scene.session
    body = cast.actor(session, Kind.INDUSTRY_BODY)
    opening = Opening("example", "shanghai", SAID)
    kept = keeping.open_catalogue(session, by=body, opening=opening)
    return Room(scene, scene.published(), body, colleague(session, body), kept)
