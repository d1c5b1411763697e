"""What the tests share: a real database, a real store, and actors of each kind."""

import gc
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from argon2 import PasswordHasher
from pydantic import SecretStr
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from registry import (  # noqa: F401  # every noun's tables
    credentials,
    database,
    datasets,
    engagements,
    evaluations,
    explanations,
    journal,
    keys,
    organisations,
    outbox,
    reports,
    submission,
    tokens,
    worklist,
)
from registry.artifacts import ArtifactStore, FileStore
from registry.settings import Settings, settings
from tests import one_compiler, one_loop, one_trust, servers, tables
from tests.exhaustive import pytest_collection_modifyitems  # noqa: F401  # for pytest

# A test asks a model once or twice: sandboxes started for rounds to come would be thrown away.
os.environ.setdefault("MINGSUAN_SANDBOX_AHEAD", "0")

one_loop.install()
one_compiler.install()
one_trust.install()

# Nothing that is imported or collected is rubbish: looking through it took a fifth of the collecting.
gc.disable()

# Hashing a password is slow on purpose; a test holds the one that is in use elsewhere.
HASHER = credentials.HASHER
credentials.HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)

# The first example of a property may import a library; the machine may be shared. The examples are
# the same each time: whether a change lands is not left to what is drawn. `make exhaustive` draws more.
MLFLOW = ("MLFLOW_", "_MLFLOW_")
hypothesis.settings.register_profile("mingsuan", deadline=None, derandomize=True, max_examples=30)
hypothesis.settings.register_profile("drawn", deadline=None)  # for `make exhaustive`
hypothesis.settings.load_profile("mingsuan")


def pytest_collection_finish() -> None:
    """Spare every later garbage collection (0.4 s each) what importing and collecting have made."""
    gc.collect()
    gc.freeze()
    # What a session's fixtures keep is looked through again by every full collection: of them few.
    gc.set_threshold(20_000, 10, 20)
    gc.enable()


def pytest_sessionfinish() -> None:
    """End what serves the clients of all tests."""
    one_loop.end()


@pytest.fixture(scope="module", autouse=True)
def environment() -> Iterator[None]:
    """Each module leaves MLflow's environment as it was: a door opened in one sets workspaces.

    And none reads settings that another has cached.
    """
    settings.cache_clear()
    before = {name: value for name, value in os.environ.items() if name.startswith(MLFLOW)}
    yield
    for name in [name for name in os.environ if name.startswith(MLFLOW)]:
        del os.environ[name]
    os.environ.update(before)
    settings.cache_clear()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A fresh SQLite database with every table that has been imported."""
    engine = database.connect(f"sqlite:///{tmp_path / 'test.db'}")
    tables.make(engine)
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


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    """A store of files."""
    return FileStore(tmp_path / "store")


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.S3Server]:
    """A real S3 server on loopback."""
    with servers.s3(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def s3_settings(s3_server: servers.S3Server, tmp_path: Path) -> Settings:
    """Settings with a bucket of this test's own on the S3 server."""
    return Settings(
        data=tmp_path / "data",
        store=f"s3://test-{database.new_id()[:20]}/artifacts",
        s3_endpoint=s3_server.endpoint,
        s3_key=s3_server.key,
        s3_secret=SecretStr(s3_server.secret),
    )


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A real PostgreSQL server; the address of a role that may create databases."""
    with servers.postgres() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """An empty PostgreSQL database of this test's own."""
    with servers.fresh_database(postgres_server) as url:
        yield url


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of two megabytes, gone at the end."""
    place = tmp_path / "small"
    place.mkdir()
    mount = shutil.which("mount")
    command = [str(mount), "-t", "tmpfs", "-o", "size=2m", "none", str(place)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this account may mount nothing")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
