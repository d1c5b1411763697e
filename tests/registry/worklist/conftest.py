"""What the tests of the work list share: each runs on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from registry import database
from registry.database import transaction
from tests import cast, tables


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'work.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = database.connect(url)
    tables.make(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def organisation(factory: sessionmaker[Session]) -> str:
    with transaction(factory) as session:
        return cast.actor(session).organisation_id
