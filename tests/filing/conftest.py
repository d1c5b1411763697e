"""What the tests of filing share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from registry import database
from tests import tables
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


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def register(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sessionmaker[Session]]:
    """A database that several connections use at once."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'register.db'}"
    else:
        url = request.getfixturevalue("postgres_url")
    engine = database.connect(url)
    tables.make(engine)
    yield database.sessions(engine)
    engine.dispose()
