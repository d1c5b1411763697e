"""A site on a fresh database, and people of each kind with passwords and tokens."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from portal.app import create_app
from registry.settings import Settings
from tests import servers, tables
from tests.portal import doors
from tests.portal.doors import Door
from tests.portal.published import Published, on_two_servers
from tests.portal.world import World


@pytest.fixture(autouse=True)
def own_mask() -> Iterator[None]:
    """Give the test's process its file mask back after a command of ours closed it."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


@pytest.fixture
def own_signals() -> Iterator[None]:
    """Give the test's process its SIGTERM back after a worker ran in it."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[FastAPI]:
    """A fresh site with every table and nobody in it."""
    app = create_app(Settings(data=tmp_path / "data", sandbox_tier="none"))
    tables.make(app.state.engine)
    yield app
    app.state.engine.dispose()


@pytest.fixture
def client(site: FastAPI) -> Iterator[TestClient]:
    """An anonymous client that never follows a redirect; failures come back as answers."""
    with TestClient(site, raise_server_exceptions=False, follow_redirects=False) as client:
        yield client


@pytest.fixture
def world(site: FastAPI) -> World:
    """Two enterprises, two testers, an authority and an industry body, each with its people."""
    return World(site)


@pytest.fixture
def published(site: FastAPI) -> Iterator[Published]:
    """One published filing, read at two servers."""
    with on_two_servers(site) as made:
        yield made


@pytest.fixture(scope="session", params=doors.ON_POSTGRES)
def door(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Door]:
    """A site in a process of its own, on each database."""
    with ExitStack() as stack:
        database = ""
        if request.param == "postgresql":
            server = request.getfixturevalue("postgres_server")
            database = stack.enter_context(servers.fresh_database(server))
        yield stack.enter_context(doors.opened(tmp_path_factory.mktemp("door"), database))
