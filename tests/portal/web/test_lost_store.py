"""Issue 7, E1: a store that goes away while the server runs is told, and nothing is taken for it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from portal.app import create_app
from registry import artifacts, store_mark
from registry.database import transaction
from registry.errors import Unavailable
from registry.organisations import Role
from registry.settings import Settings
from tests import tables
from tests.portal.world import World

ROWS = "age,sex\n" + "".join(f"{n},{'FM'[n % 2]}\n" for n in range(50))
SAID = {"name": "x", "use": "evaluation", "source": "s", "deidentification": "d"}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FastAPI]:
    """A site whose database knows its store, as `mingsuan serve` leaves it."""
    url = "" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))
    app = create_app(Settings(data=tmp_path / "data", database=url, sandbox_tier="none"))
    tables.make(app.state.engine)
    world = World(app)
    with transaction(app.state.factory) as session:
        store_mark.adopt(session, artifacts.open_store(app.state.settings))
    app.state.world = world
    yield app
    app.state.engine.dispose()


def upload(client: TestClient, headers: dict[str, str]) -> Any:
    return client.post(
        "/api/v1/datasets",
        data={"metadata": json.dumps(SAID)},
        files={"file": ("people.csv", ROWS)},
        headers=headers,
    )


def test_a_server_whose_store_goes_away_says_so_and_takes_nothing(site: FastAPI) -> None:
    tester = site.state.world.member("tester-own", Role.TESTER)
    root = site.state.settings.data / "store"
    away = root.with_name("away")
    client = TestClient(site, raise_server_exceptions=False)
    assert client.get("/readyz").status_code == 200
    root.rename(away)
    for anew in (False, True):  # gone, then an empty folder in its place
        if anew:
            root.mkdir()
        for _ in range(2):  # an answer changes nothing about the next
            ready = client.get("/readyz")
            assert ready.headers["Retry-After"] == str(Unavailable.retry_after)
            assert (ready.status_code, ready.json()["checks"]["store"]) == (503, False)
            answer = upload(client, tester.bearer)
            assert answer.status_code == 503, answer.text
            assert int(answer.headers["retry-after"]) > 0
            assert "没有挂载" in answer.json()["detail"]
            assert "not mounted" in answer.json()["detail_en"]
        assert root.exists() == anew
    assert list(root.iterdir()) == []
    assert client.get("/api/v1/datasets", headers=tester.bearer).json()["items"] == []
    root.rmdir()
    away.rename(root)
    assert client.get("/readyz").status_code == 200
    answer = upload(client, tester.bearer)
    assert answer.status_code == 201, answer.text
    assert site.state.store.has(answer.json()["digest"])
