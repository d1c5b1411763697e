"""What the tests of filing share."""

import pytest
from sqlalchemy.orm import Session

from tests.filing.cases import Filed
from tests.filing.papers import Scene


@pytest.fixture
def scene(session: Session) -> Scene:
    """An enterprise with a version, a tester and a reviewer."""
    return Scene(session)


@pytest.fixture
def filed(scene: Scene) -> Filed:
    """A published filing about which something can be sent."""
    return Filed(scene, scene.published())
