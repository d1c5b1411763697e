"""Work that is given back while the database is away is given back before its lease has run out."""

import time
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from portal.work import worker
from portal.work.runs import Place
from registry.artifacts import FileStore
from registry.environment import DatabaseAway, made
from registry.settings import Settings

LEASE = 30.0


def test_a_worker_that_gives_work_back_tries_well_within_its_lease(
    factory: sessionmaker[Session], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """scale/1: after the fifth try it slept past its lease, and one of nine attempts was counted."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    settings = Settings(data=tmp_path, lease=LEASE, retry_seconds=60)
    place = Place(settings, factory, FileStore(tmp_path / "store"))

    def change(session: Session) -> None:
        if len(slept) < 12:
            raise made(DatabaseAway)

    worker._insist(place, change)

    assert len(slept) == 12
    assert max(slept) <= LEASE / worker.WITHIN_LEASE
