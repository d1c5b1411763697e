"""What the tests share: a real database, a real store, and actors of each kind."""

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from registry import (  # noqa: F401  # every noun's tables
    credentials,
    database,
    datasets,
    engagements,
    journal,
    organisations,
    outbox,
    reports,
    submission,
    worklist,
)

# The first example of a property may import a library; the machine may be shared.
hypothesis.settings.register_profile("mingsuan", deadline=None)
hypothesis.settings.load_profile("mingsuan")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A fresh SQLite database with every table that has been imported."""
    engine = database.connect(f"sqlite:///{tmp_path / 'test.db'}")
    database.Record.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def factory(engine: Engine) -> sessionmaker[Session]:
    """Sessions on that database."""
    return database.sessions(engine)


@pytest.fixture
def session(factory: sessionmaker[Session]) -> Iterator[Session]:
    """One session, rolled back at the end."""
    with factory() as session:
        yield session
        session.rollback()
